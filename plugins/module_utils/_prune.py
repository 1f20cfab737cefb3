# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deletes certificates that nothing uses any more, and looks three times before each. PRIVATE to the collection."""

from __future__ import annotations

import threading
import time
from collections import namedtuple
from dataclasses import dataclass

from . import _argspec_airec, _runner
from ._api import airec, cas, cas_life, slb
from ._api.rpc import Cloud
from ._argspec_deploy import DISCOVER, HTTPS_ENDPOINTS, RESOURCES
from ._domain import provision, pruning
from ._domain.binding import SUCCESS
from ._errors import ApiError, CollectionError, InputError
from ._requests import check, known_as
from ._survey import look_at, survey
from ._targets.registry import TARGETS
from ._tls.probe import Prober

CONTRACT = _argspec_airec.AIREC["contract"]["options"]
# documented by the module cas_certificate
OPTIONS = dict(
    names=dict(type="list", elements="str"),
    keep_last=dict(type="int", default=2),
    grace_days=dict(type="int", default=7),
    resources=RESOURCES,
    discover=DISCOVER,
    https_endpoints=HTTPS_ENDPOINTS,
    airec=dict(type="list", elements="dict", options=dict(_argspec_airec.AIREC, contract=dict(type="dict", default={}))),
    regions=dict(type="list", elements="str"),
    mute_notices=dict(type="bool", default=True),
    timeout=dict(type="float", default=10.0),
    parallel=dict(type="int", default=8),
)
FRESH = 60.0  # seconds for which what was seen counts; a deletion that comes later looks again
IN_USE = ("InvalidStatus.DeleteProtection", "CertificateAndPrivateKeyIsRefered")
GONE = ("NotFound", "ServerCertificateId.NotFound")

# A load balancers' copy: region, slb.ServerCertificate, the id in CAS of what it is of, which listeners have it, why else it is kept
Copy = namedtuple("Copy", "region row cas_id users reasons")


class Kept(CollectionError):
    """Something speaks against a deletion that was planned; nothing failed."""


def is_gone(error):
    """Whether a deletion was refused because there is nothing to delete: an attempt whose answer was lost, or somebody else, was first."""
    return isinstance(error, ApiError) and error.code in GONE


def work(params, check_mode):
    """The result of state=pruned. Raises InputError before the first call when it could not be told what is in use."""
    check_options(params)
    requests = [check(request, "product", False) for request in params["resources"] or []]
    products = [cas_life.PRODUCT] + [target.PRODUCT for target in TARGETS.values()]
    with Cloud(params, products, read_only=check_mode) as cloud:
        return Pruning(cloud, params, requests).run(check_mode)


def check_options(params):
    if not (params["resources"] or params["discover"] or params["https_endpoints"]):
        raise InputError("state=pruned needs to know where certificates may be in use: give resources or discover, and https_endpoints. "
                         "Nothing was deleted.")
    if params["keep_last"] < 1:
        raise InputError("keep_last is %d; at least 1 is kept of each name." % params["keep_last"])
    for key in ("grace_days", "timeout", "parallel"):
        if params[key] < (0 if key == "grace_days" else 0.001):
            raise InputError("%s is %s, which makes no sense." % (key, params[key]))
    for instance in params["airec"] or []:
        unknown = sorted(set(instance["contract"]) - set(CONTRACT))
        if unknown:
            raise InputError("airec.contract of %s has no key %s; it has %s." % (
                instance["instance_id"], ", ".join(unknown), ", ".join(sorted(CONTRACT))))


@dataclass
class Case:
    """A certificate of ours, and all that was found about it. muted: whether its tags say that CAS sends no word of its end."""

    judged: pruning.Judged
    reasons: list
    muted: bool

    @property
    def item(self):
        return self.judged.item

    @property
    def candidate(self):
        """Whether it is to go, if nothing that is found about it speaks against that."""
        return self.judged.superseded and not self.judged.reasons

    @property
    def superfluous(self):
        return self.judged.superseded and all(reason.code in pruning.STAYS for reason in self.reasons)

    @property
    def used(self):
        return any(reason.code in pruning.USES for reason in self.reasons)


class Pruning:
    """One run in one account. Reading and deciding is the same in check mode."""

    def __init__(self, cloud, params, requests, clock=time.monotonic, now=time.time):
        self.cloud, self.params, self.requests = cloud, params, requests
        self.stored, self.copies = {}, []
        self._clock, self._now, self._lock = clock, now, threading.Lock()
        self._seen = None

    def run(self, check_mode):
        cases = self.cases()
        doomed = [case for case in cases if case.candidate and not case.reasons]
        mute, unmute = self.notices(cases, doomed)
        self.copies = [self.settled(copy, cases) for copy in self.copies]
        copies = [pruning.copy_deletion(copy.row, copy.region) for copy in self.copies if not copy.reasons]
        steps = [pruning.deletion(case.item) for case in doomed]
        for some, wanted in ((mute, False), (unmute, True)):
            steps += pruning.notice_steps([case.item for case in some], wanted, cas_life.notice_params,
                                          lambda *given: cas_life.tag_params(self.cloud, *given))
        applied = _runner.Applied(done=copies + steps)
        if not check_mode:
            applied = self.apply(copies)
            spared = self.spare(doomed, applied)
            rest = self.apply([step for step in steps if step.key not in spared])
            applied.done += rest.done
            applied.errors.update(rest.errors)
        return Outcome(cases, self.copies, mute, unmute, copies + steps, applied).result()

    def settled(self, copy, cases):
        """A copy with the reasons for keeping it: it goes if no listener has it, and nothing but copies speaks for its certificate."""
        mine = [case for case in cases if case.item.id == copy.cas_id]
        kept = any(reason.code != pruning.COPIED for case in mine for reason in case.reasons)
        reasons = ["%s has it" % user for user in copy.users] or ["its certificate is kept"] * kept
        return copy._replace(reasons=reasons)

    def apply(self, steps):
        return _runner.apply(self.cloud, steps, self.params["parallel"], self.confirm, self.guard)

    def spare(self, doomed, applied):
        """Keys of the deletions that are not made, because a copy of the certificate is still there; the reason is noted."""
        spared = set()
        for copy in self.copies:
            error = applied.errors.get(pruning.copy_deletion(copy.row, copy.region).key)
            for case in doomed:
                if error and not is_gone(error) and copy.cas_id == case.item.id:
                    case.reasons.append(pruning.Reason("bound", "its copy in %s is still there: %s" % (copy.region, error)))
                    spared.add(pruning.deletion(case.item).key)
        return spared

    def cases(self):
        """Every certificate of ours that is meant, with what speaks for keeping it."""
        self.stored = cas.list_certificates(self.cloud)
        tags = cas.tagged(self.cloud, *(provision.TAGS + ((pruning.MUTED, None),)))
        series = provision.series_by_name(self.stored, tags)
        meant = [name for name in [self.params["name"]] + (self.params["names"] or []) if name]
        if meant:
            series = dict((name, items) for name, items in series.items() if name in meant)
        judged = pruning.judge(series, self.params["keep_last"], self.params["grace_days"], self.milliseconds())
        cases = [Case(one, list(one.reasons), pruning.MUTED in (tags.get(one.item.instance_id) or {})) for one in judged]
        ours = set(one.series for one in judged if (tags.get(one.item.instance_id) or {}).get(provision.MANAGED_BY) == provision.OURS)
        looked = [case for case in cases if case.judged.superseded and set(reason.code for reason in case.reasons) <= {"newest"}]
        blind = self.find_copies([case.item for case in looked if not case.reasons], ours)
        for case, usage in zip(looked, self.usages([case.item for case in looked])):
            case.reasons += pruning.objections(case.item, usage, self.evidence(), self.milliseconds())
            case.reasons += blind + [pruning.Reason("bound", "%s has a copy of it" % user) for copy in self.copies
                                     for user in copy.users if copy.cas_id == case.item.id]
        return cases

    def milliseconds(self):
        return int(self._now() * 1000)

    def usages(self, items):
        """What CAS says of each of them: a Usage, None for one that is gone, or the error."""
        return [error or usage for _item, usage, error in _runner.each(
            items, lambda item: cas_life.usage(self.cloud, item.id), self.params["parallel"])]

    def notices(self, cases, doomed):
        """(cases whose end is no news any more, cases that were taken for such and are in use again)."""
        if not self.params["mute_notices"]:
            return [], []
        able = [case for case in cases if case.item.instance_id and case not in doomed]
        return [case for case in able if case.superfluous and not case.muted], [case for case in able if case.muted and case.used]

    # -- what is in use --------------------------------------------------------------------------------------------------------------

    def evidence(self):
        """What resources, AIRec and endpoints have now, looked at anew when the last look is too long ago."""
        with self._lock:
            if self._seen is None or self._clock() - self._seen[0] > FRESH:
                found = self.look()
                self._seen = self._clock(), found
            return self._seen[1]

    def look(self):
        parallel = self.params["parallel"]
        rows = survey(self.cloud, self.stored, self.requests, self.params["discover"], parallel)
        prober = Prober(self.params["ca_path"], self.params["timeout"], parallel)
        places = [request for request, _held in rows] + [dict(endpoints=self.params["https_endpoints"] or [])]
        served = [address for addresses in look_at(prober, places) for address in addresses]
        claims = []
        for instance, found, error in _runner.each(self.params["airec"] or [], self.claims, parallel):
            claims += [pruning.Claim("airec/" + instance["instance_id"], error=str(error))] if error else found
        return pruning.Evidence(tuple(slot for _request, held in rows for slot in held), tuple(claims), tuple(served))

    def claims(self, instance):
        """What AIRec says of all domains of an instance."""
        defaults = dict((key, option["default"]) for key, option in CONTRACT.items())
        params = dict(self.params, **dict(instance, contract=dict(defaults, **instance["contract"])))
        with airec.Airec(params, read_only=True) as cloud:
            return [pruning.Claim("airec/" + instance["instance_id"], row["domain"], row["certificate_id"], row["status"] == SUCCESS)
                    for row in cloud.domains().values()]

    # -- copies in the regions of classic load balancers -----------------------------------------------------------------------------

    def find_copies(self, items, ours):
        """Find the copies of these items, and of what was ours and is gone. Returns a Reason for each region that cannot be read."""
        blind = []
        for region, found, error in _runner.each(self.regions(), lambda region: self.region_copies(region, items, ours), 1):
            if error:
                blind.append(pruning.Reason("unknown", "the load balancers of %s could not be read: %s" % (region, error)))
            self.copies += found or []
        return blind

    def regions(self):
        """Where to look for copies: as said, else wherever classic load balancers are looked at."""
        discover = self.params["discover"] or {}
        named = [request["region"] for request in self.requests if request["service"] == slb.PRODUCT.name]
        if any(known_as(service) == slb.PRODUCT.name for service in discover.get("services") or []):
            named += discover["regions"] or []
        return list(dict.fromkeys(named if self.params["regions"] is None else self.params["regions"]))

    def region_copies(self, region, items, ours):
        known, found = dict((item.id, item) for item in items), []
        for row in slb.server_certificates(self.cloud, region).values():
            item = known.get(row.cas_id)
            if item and (not row.fingerprint or row.fingerprint in (item.sha256, item.sha1)):
                found.append(row)
            elif pruning.is_vanished(row, ours, self.stored) and cas_life.usage(self.cloud, row.cas_id) is None:
                found.append(row)
        users = self.users(region) if found else {}
        return [Copy(region, row, row.cas_id, users.get(row.id, []), []) for row in found]

    def users(self, region):
        """The listeners of a region by the certificate that they have: {its id there: [names]}."""
        found = {}
        for (instance, port), listener, error in _runner.each(
                slb.listeners(self.cloud, region), lambda key: slb.listener(self.cloud, region, *key), self.params["parallel"]):
            if error:
                raise error
            for own_id in [listener.certificate_id] + [extension.certificate_id for extension in listener.extensions]:
                found.setdefault(own_id, []).append("slb/%s/%s:%d" % (region, instance, port))
        return found

    # -- while deleting --------------------------------------------------------------------------------------------------------------

    def guard(self, step, params):
        """Right before a deletion: whether CAS, the resources, AIRec and the endpoints still say that nothing uses it."""
        if step.action != "DeleteUserCertificate":
            return
        item = self.stored[params["CertId"]]
        usage = cas_life.usage(self.cloud, item.id)
        if usage is not None:
            reasons = pruning.objections(item, usage, self.evidence(), self.milliseconds())
            if reasons:
                raise Kept("; ".join(reason.text for reason in reasons))

    def confirm(self, step):
        """The answer of a deletion whose answer was lost, if it has happened."""
        if step.action == "DeleteUserCertificate":
            return {} if cas_life.usage(self.cloud, step.params["CertId"]) is None else None
        if step.action == "DeleteServerCertificate":
            there = slb.server_certificates(self.cloud, step.region)
            return None if step.params["ServerCertificateId"] in there else {}
        return None


class Outcome:
    """What has come of it, as the module returns it."""

    def __init__(self, cases, copies, mute, unmute, steps, applied):
        self.cases, self.copies, self.mute, self.unmute, self.steps, self.applied = cases, copies, mute, unmute, steps, applied
        self.done = set(step.key for step in applied.done) | set(key for key, error in applied.errors.items() if is_gone(error))

    def result(self):
        deleted = [case for case in self.cases if pruning.deletion(case.item).key in self.done]
        kept = [case for case in self.cases if case not in deleted]
        copies = [self._copy(copy) for copy in self.copies]
        remembered = [(some, [case for case in some if self._noticed(case, wanted)])
                      for some, wanted in ((self.mute, False), (self.unmute, True))]
        made = [step for step in self.steps if step.key in self.done]
        result = dict(
            changed=bool(made), actions=[step.summary() for step in made], diff=self._diff(deleted, copies, remembered),
            pruning=dict(
                deleted=[pruning.view(case.item) for case in deleted],
                kept=[pruning.view(case.item, spared=self._spared(case), reasons=self._reasons(case)) for case in kept],
                muted=[pruning.view(case.item) for case in remembered[0][1]],
                unmuted=[pruning.view(case.item) for case in remembered[1][1]], copies=copies))
        failed = ["%s for %s: %s" % (step.action, step.target, self.applied.errors[step.key]) for step in self.steps if self._failed(step)]
        if failed:
            head = "%d of %d calls failed; what was done and what was not is in pruning." % (len(failed), len(self.steps))
            result["failed"] = "\n".join([head] + failed + ["Run again when this is put right; what is done already is left alone."])
        return result

    def _failed(self, step):
        """Whether a step's error is a failure; that something is in use, or is gone, is none."""
        error = self.applied.errors.get(step.key)
        if error is None or step.key in self.done or isinstance(error, Kept):
            return False
        if isinstance(error, ApiError):
            return error.code not in IN_USE
        # not tried, because a step before it did not succeed: that one's failure is told
        return not any(need in self.applied.errors for need in step.needs)

    def _reasons(self, case):
        error = self.applied.errors.get(pruning.deletion(case.item).key)
        return [reason.text for reason in case.reasons] + ([str(error)] if error else [])

    def _spared(self, case):
        """Whether it is kept only because something has it, or may have it."""
        stays = [reason for reason in case.reasons if reason.code in ("tag", "issued")]
        return case.candidate and not stays

    def _copy(self, copy):
        key = pruning.copy_deletion(copy.row, copy.region).key
        error = None if key in self.done else self.applied.errors.get(key)
        return dict(region=copy.region, id=copy.row.id, name=copy.row.name, fingerprint=copy.row.fingerprint, cas_id=copy.cas_id,
                    deleted=key in self.done, reasons=copy.reasons + ([str(error)] if error else []))

    def _noticed(self, case, wanted):
        expected = cas_life.notice_params([case.item.id], wanted)
        return any(step.key in self.done and step.action == "BatchUpdateNoticeStatus" and expected["Ids"] in step.params["Ids"].split(",")
                   and step.params["NoticeStatus"] == expected["NoticeStatus"] for step in self.steps)

    def _diff(self, deleted, copies, remembered):
        """Only what is touched, as it was and as it is then."""
        planned = set(step.key for step in self.steps)
        before = dict((str(case.item.id), dict(name=case.item.name, fingerprint=case.item.sha256)) for case in self.cases
                      if pruning.deletion(case.item).key in planned)
        before.update((_named(shown), dict(name=shown["name"], fingerprint=shown["fingerprint"]))
                      for copy, shown in zip(self.copies, copies) if not copy.reasons)
        gone = set(str(case.item.id) for case in deleted) | set(_named(shown) for shown in copies if shown["deleted"])
        after = dict((key, value) for key, value in before.items() if key not in gone)
        for (some, noticed), words in zip(remembered, (("on", "off"), ("off", "on"))):
            for case in some:
                shown = dict(name=case.item.name, fingerprint=case.item.sha256)
                before[str(case.item.id)] = dict(shown, notices=words[0])
                after[str(case.item.id)] = dict(shown, notices=words[case in noticed])
        return dict(before=before, after=after)


def _named(copy):
    return "slb/%s/%s" % (copy["region"], copy["id"])
