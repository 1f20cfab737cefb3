# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates issued by CAS, from the first look to the files. PRIVATE to the collection.

What is there or under way is found in the cloud, so that a run that was ended anywhere is continued by the next one: the order by its
names, the issued certificate by its tags.
"""

from __future__ import annotations

import os
from dataclasses import replace

from . import _runner
from ._api import cas, cas_orders
from ._api.endpoints import SITES
from ._domain import csr, orders, provision
from ._domain.certificate import check_coverage, read_bundle
from ._errors import ApiError, CollectionError, InputError
from ._files import replace_file
from ._inputs import read_text, text_of
from ._plan import Plan
from ._secret import Secret
from ._wait import poll

KNOWN_WITHIN = 60  # seconds until CAS lists a new order, and says what it wants to be proved
PUBLIC, PRIVATE = 0o644, 0o600
ENDS = (orders.ISSUED, orders.FAILED)


class Desk:
    """One series of certificates at CAS. params: the module's. now: an aware datetime, in UTC."""

    def __init__(self, cloud, params, wanted, now, check_mode):
        self.cloud, self.params, self.wanted, self.now, self.check_mode = cloud, params, wanted, now, check_mode
        self.key, self.asked, self.done = None, (), []

    # -- present ---------------------------------------------------------------------------------------------------------------------

    def present(self):
        """Have a certificate: take the one that is there, go on with the order that is under way, or order. Returns the result."""
        self._read_request()
        quota = cas_orders.quota(self.cloud, self.wanted.product)
        stored = cas.list_certificates(self.cloud)
        tags = cas.tagged(self.cloud, *provision.TAGS)
        found = cas_orders.orders(self.cloud, _word(self.wanted.domains))
        rows = orders.same(found, self.wanted.domains, self.wanted.product, tags, self.wanted.name)
        order_id, item = self._there(stored, tags, rows)
        plan = Plan({}, {})
        if not (order_id or item):
            failed = orders.with_status(rows, orders.CHECKED_FAIL)
            plan, answer = self._order(failed, quota, found)
            quota = dict(quota, used=quota["used"] - len(failed) + 1)
            order_id = 0 if self.check_mode else self._made(answer.get("OrderId"))
        return self._result(plan, quota, order_id, item)

    def _there(self, stored, tags, rows):
        """(order id or 0, Stored or None): the order that the caller named, the certificate that will do, or the order under way."""
        named = self.params["order_id"]
        if named and self._of_use(named, rows):
            return named, None
        series = () if self._lacks_key() else provision.series(stored, tags, self.wanted.name)
        for item in orders.good(series, self.wanted.domains, self.now.timestamp() * 1000, self.params["renew_within_days"]):
            if not self._asks():
                return 0, item
            number = getattr(cas.certificate_detail(self.cloud, item.id), "order_id", 0)
            if number and self._fits(cas_orders.state(self.cloud, number)):
                return number, item
        pending = orders.with_status(rows, orders.CHECKING)
        if pending and self._lacks_key():
            raise InputError(
                "Order %d for %s is under way already, and the key at %s is not there. Put it back if the order was made with it, or give "
                "the order up with state: cancelled." % (pending[0].id, self.wanted.label, self.params["private_key_path"]))
        return (pending[0].id if pending else 0), None

    def _lacks_key(self):
        """Whether the key is to be here and has to be made yet, so that nothing can be for it."""
        return bool(self.params["private_key_path"]) and self.key is None

    def _asks(self):
        """Whether it matters which key a certificate has, or what it looks like."""
        return bool(self.wanted.csr or self._files())

    def _fits(self, state):
        """Whether a certificate is for the key that is here; without one, whether CAS has its key, if that is asked for."""
        if state.type != orders.ISSUED:
            return False
        if self.wanted.csr:
            return csr.public_of_certificate(state.certificate) == csr.public_of_request(self.wanted.csr)
        return bool(state.key) or not self.params["private_key_dest"]

    def _of_use(self, number, rows):
        """Whether an order that an earlier call has made still leads to something. It may be too new for the list."""
        row = next((row for row in rows if row.id == number), None)
        if row and row.status in (orders.CHECKED_FAIL, orders.WAITING):
            return False
        try:
            return row is not None or cas_orders.state(self.cloud, number).type != orders.FAILED
        except ApiError as error:
            if error.code == "NotFound":
                return False
            raise

    def _read_request(self):
        """The key and the request, as far as they are there."""
        given, path = text_of(self.params, "csr"), self.params["private_key_path"]
        if given:
            csr.check_request(given, self.wanted.domains)
            self.wanted = replace(self.wanted, csr=given)
        elif path and os.path.exists(path):
            self._use(Secret(read_text(path, "private_key_path")))

    def _use(self, key):
        self.key = key
        self.wanted = replace(self.wanted, csr=csr.request_for(key, self.wanted.domains))

    # -- ordering --------------------------------------------------------------------------------------------------------------------

    def _order(self, failed, quota, found):
        """(the plan of an order, the answer to it). It is carried out unless this is check mode."""
        orders.check_order(self.wanted, quota, failed)
        if self._lacks_key() and not self.check_mode:
            self._use(csr.new_key(self.params["key_type"]))
            write(self.params["private_key_path"], self.key.reveal(), PRIVATE, "private_key_path")
        plan = orders.plan_order(self.wanted, failed)
        if self.check_mode:
            return plan, {}
        before = set(order.id for order in found)
        self._apply(plan, plan.steps[:-1], self._is_gone)
        return plan, self._apply(plan, plan.steps[-1:], lambda step: self._arrived(before)).answers[orders.CREATE]

    def _apply(self, plan, steps, confirm=None):
        """Make the calls, and return what came of it; what was to go and is gone is as good as done."""
        applied = _runner.apply(self.cloud, steps, confirm=confirm)
        for key, error in list(applied.errors.items()):
            if isinstance(error, ApiError) and error.code == "NotFound" and key.startswith("delete-"):
                del applied.errors[key]
        self.done = applied.done = self.done + applied.done
        _runner.raise_first(plan, applied)
        return applied

    def _arrived(self, before):
        """The answer of an order whose own was lost: one for the same that was not there before, or None."""
        rows = orders.same(cas_orders.orders(self.cloud, _word(self.wanted.domains)), self.wanted.domains, self.wanted.product, {}, "")
        new = [row.id for row in orders.with_status(rows, orders.CHECKING) if row.id not in before]
        return dict(OrderId=new[0]) if new else None

    def _made(self, number):
        """The id of the order that was made; not before CAS lists it, so that a run that comes soon finds it."""
        rows = poll(lambda: [row for row in cas_orders.orders(self.cloud, _word(self.wanted.domains)) if number in (None, row.id)], bool,
                    KNOWN_WITHIN, 0.2, "CAS to list the order for %s" % self.wanted.label, lambda rows: "not listed")
        return number or rows[0].id

    # -- the end of it ---------------------------------------------------------------------------------------------------------------

    def _result(self, plan, quota, order_id, item):
        state = self._follow(order_id) if order_id else None
        bundle = self._bundle(order_id, state) if state and state.type == orders.ISSUED else None
        written = self._write(bundle, order_id or plan.changed)
        new = bundle and not item
        item = self._listed(state.certificate_id) if new else item
        detail = cas.certificate_detail(self.cloud, item.id) if item else None
        steps, detail = self._tagged(plan.steps, item, detail, new) if detail else (plan.steps, detail)
        status = state.type if state else orders.ISSUED if item or self.params["wait"] else orders.VERIFY
        after = dict(plan.after, files=written) if steps or written else {}
        return dict(
            Plan({}, after, steps).result(), changed=bool(steps or written), files=written,
            order=orders.view(order_id or None, status, self.wanted, self._validations(state)),
            certificate=provision.view(item, detail) if item else self._predicted(), quota=dict(quota, product=self.wanted.product))

    def _tagged(self, steps, item, detail, new):
        """(the steps, Detail) when the certificate has its tags, and CAS lists them: by these the next run finds it."""
        further = orders.plan_tags(self.wanted, item, detail.tags, SITES[self.cloud.site])
        if further and not self.check_mode:
            self._apply(Plan({}, {}, further), further)
            detail = replace(detail, tags=dict(detail.tags, **self.wanted.tags))
        if (new or further) and not self.check_mode:
            name = {provision.NAME_TAG: self.wanted.name}
            poll(lambda: cas.tagged(self.cloud, *provision.TAGS).get(item.instance_id) or {}, lambda tags: name.items() <= tags.items(),
                 KNOWN_WITHIN, 0.2, "CAS to list the tags of %s" % item.name, str)
        return steps + further, detail

    def _predicted(self):
        """In check mode what can be known of a certificate that would be waited for; else nothing, as long as it is not issued."""
        if not (self.check_mode and self.params["wait"]):
            return None
        unknown = provision.view(cas.Stored(0, "", "", "", self.wanted.domains, False, False, ""))
        return dict(dict((name, unknown[name] or None) for name in unknown), expired=False, uploaded=False, managed=False,
                    tags=dict(self.wanted.tags))

    def _validations(self, state):
        return orders.validations(state.proof, self.wanted.domains, self.wanted.zone) if state else []

    def _follow(self, order_id):
        """The state of an order: when CAS says what it wants to be proved, or, if that is to be waited for, when it is decided."""
        def look():
            state = cas_orders.state(self.cloud, order_id)
            self.asked = self._validations(state) or self.asked
            return state

        interval, timeout = self.params["wait_interval"], self.params["wait_timeout"]
        state = poll(look, lambda state: state.proof or state.type in (orders.PROCESS, *ENDS), KNOWN_WITHIN, min(interval, 1),
                     "order %d to begin" % order_id, lambda state: state.type)
        if self.params["wait"] and not self.check_mode:
            known = self.params["published"] or self._validations(state)
            state = poll(look, lambda state: state.type in ENDS or orders.further(self._validations(state), known), timeout, interval,
                         "the certificate of order %d for %s" % (order_id, self.wanted.label), self._progress)
            if state.type not in ENDS:
                raise CollectionError("CAS asks for a further proof of order %d: %s. Publish that, too, and run again." % (
                    order_id, orders.said(self.asked)), further=True, order=orders.view(order_id, state.type, self.wanted, self.asked))
        if state.type == orders.FAILED:
            raise CollectionError(orders.refusal(order_id, self.wanted, self.asked), order=orders.view(
                order_id, state.type, self.wanted, self.asked))
        return state

    def _progress(self, state):
        return "%s, which asks for %s" % (state.type, orders.said(self.asked)) if state.proof else state.type

    def _bundle(self, order_id, state):
        """What was issued, checked: the names, and the key if it is here or CAS has made it."""
        key = self.key or state.key
        try:
            bundle = read_bundle(state.certificate, None, key.reveal() if key else None, None, "", self.now, allow_incomplete=True,
                                 require_key=False, allow_future=True)
            check_coverage(bundle.facts, self.wanted.domains, "the certificate of order %d" % order_id)
        except InputError as error:
            raise CollectionError("Order %d has led to a certificate that is of no use here: %s" % (order_id, error)) from error
        if self.wanted.csr and csr.public_of_certificate(bundle.chain_pem) != csr.public_of_request(self.wanted.csr):
            raise CollectionError("Order %d was made with another certificate request than the one given; run again without order_id, and "
                                  "a new one is made." % order_id)
        if self.params["private_key_dest"] and not state.key:
            raise CollectionError("Order %d was made with a certificate request, so that CAS has no key of it to write to "
                                  "private_key_dest; its owner has it." % order_id)
        return bundle

    def _files(self):
        return [self.params[option] for option in ("private_key_dest", "certificate_dest") if self.params[option]]

    def _write(self, bundle, expected):
        """Write the key, then the chain: who finds the chain finds the key. Paths of those that changed, or in check mode would."""
        if bundle is None:
            # what is to be issued yet has another content than whatever is there
            return self._files() if self.check_mode and self.params["wait"] and expected else []
        texts = dict(private_key_dest=bundle.key.reveal() if bundle.key else None, certificate_dest=bundle.chain_pem)
        modes = dict(private_key_dest=PRIVATE, certificate_dest=PUBLIC)
        return [self.params[option] for option in ("private_key_dest", "certificate_dest") if self.params[option] and write(
            self.params[option], texts[option], modes[option], option, self.check_mode)]

    def _listed(self, certificate_id):
        return poll(lambda: cas.list_certificates(self.cloud).get(certificate_id), bool, KNOWN_WITHIN, 0.2,
                    "CAS to list the certificate %d" % certificate_id, lambda state: "not listed")

    # -- cancelled -------------------------------------------------------------------------------------------------------------------

    def cancelled(self):
        """Give up what is under way or has failed for exactly these names; an issued certificate is left alone."""
        tags = cas.tagged(self.cloud, *provision.TAGS)
        found = cas_orders.orders(self.cloud, _word(self.wanted.domains))
        rows = orders.same(found, self.wanted.domains, self.params["product"] or "", tags, self.wanted.name)
        rows = [row for row in orders.with_status(rows, orders.CHECKING, orders.CHECKED_FAIL, orders.WAITING)
                if self.params["order_id"] in (None, row.id)]
        plan = orders.plan_cancelled(rows)
        quota = cas_orders.quota(self.cloud, self.wanted.product)
        quota["used"] -= sum(row.product == self.wanted.product for row in rows)
        if plan.changed and not self.check_mode:
            self._apply(plan, plan.steps, self._is_gone)
        shown = replace(self.wanted, product=rows[0].product) if rows else self.wanted
        return dict(plan.result(), files=[], order=orders.view(rows[0].id, "cancelled", shown) if rows else None, certificate=None,
                    quota=dict(quota, product=self.wanted.product))

    def _is_gone(self, step):
        """The answer of a cancelling or deleting call whose own was lost, if it has happened."""
        number = step.params["OrderId"]
        row = next((row for row in cas_orders.orders(self.cloud, _word(self.wanted.domains)) if row.id == number), None)
        return {} if row is None or (step.action == "CancelOrderRequest" and row.status == orders.WAITING) else None


def _word(domains):
    """What orders are searched by: an asterisk might mean something there."""
    return domains[0][2:] if domains[0].startswith("*.") else domains[0]


def write(path, text, mode, option, check_mode=False):
    """Have a file with this text and mode, at no moment half of it, nor open to others. True when it was not so."""
    if _is_so(path, text, mode, option):
        return False
    if not check_mode:
        replace_file(path, text.encode("utf-8"), mode, option)
    return True


def _is_so(path, text, mode, option):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read() == text and (os.fstat(file.fileno()).st_mode & 0o777) == mode
    except (FileNotFoundError, UnicodeDecodeError):
        return False
    except OSError as error:
        raise InputError("%s: the file '%s' cannot be read: %s." % (option, path, error.strerror)) from error
