# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployment from the first read to the read-back, over many resources at once. PRIVATE to the collection."""

from __future__ import annotations

import threading
from dataclasses import replace

from . import _jobs, _runner
from ._domain.deployment import Bound, Slot, after_of, place_of, plan_of, same
from ._errors import ApiError, CollectionError, InputError, WaitTimeout
from ._targets.registry import TARGETS
from ._wait import poll


class Once:
    """Remembers what was read, so that resources that share a list share one read of it."""

    def __init__(self):
        self._values, self._locks, self._lock = {}, {}, threading.Lock()

    def __call__(self, key, read):
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._values:
                self._values[key] = read()
            return self._values[key]


def check(request, method, accept_cost):
    """The request with service and method settled. Raises InputError for what cannot work; nothing has been asked yet."""
    service = _known_as(request["service"])
    target = TARGETS.get(service)
    lacking = [option for option in (target.NEEDS if target else ()) if not request.get(option)]
    if lacking:
        raise InputError("A resource of service '%s' needs %s." % (service, " and ".join(lacking)))
    if method == "auto":
        method = "product" if target else "deployment_job"
    if method == "product" and not target:
        raise InputError("method: product knows the services %s, not '%s'." % (", ".join(sorted(TARGETS)), service))
    if method == "deployment_job" and not accept_cost:
        raise InputError("Service '%s' would be reached by a deployment job, which is metered. Set accept_cost: true to use it%s." % (
            service, ", or use method: product, which is free" if target else ""))
    return dict(request, service=service, method=method)


def _known_as(service):
    """The driver's name for what may be written as CAS writes it: SLB is slb, and must not become a metered job."""
    names = (target.NAME for target in TARGETS.values() if service.lower() in (target.NAME, target.CAS_PRODUCT.lower()))
    return next(names, service)


ROW = ("service", "region", "instance", "listener_port", "slot", "domain", "changed", "previous")
PREVIOUS = ("id", "cas_id", "name", "fingerprint", "store")


def restorable(targets):
    """The changed ones of an earlier result, as requests. Raises InputError for what is not such a result."""
    requests = []
    for row in targets:
        old = row.get("previous")
        lacking = [key for key in ROW if key not in row] + [
            "previous.%s" % key for key in PREVIOUS if old is not None and not (isinstance(old, dict) and key in old)]
        if lacking:
            raise InputError("restore takes deployment.targets of an earlier cas_deploy; an entry lacks %s." % ", ".join(lacking))
        if str(row["changed"]).lower() == "true":
            port = str(row["listener_port"] or "")
            requests.append(dict(row, listener_port=int(port) if port.isdigit() else None, method="product"))
    return requests


class Deployment:
    """One run over many resources. wait: (timeout, interval) in seconds, or None to look only once."""

    def __init__(self, cloud, stored, parallel, wait, check_mode):
        self.cloud, self.stored, self.parallel, self.wait, self.check_mode = cloud, stored, parallel, wait, check_mode

    def deploy(self, requests, wanted, contacts=()):
        """Put wanted into every slot that the requests mean."""
        once = Once()

        def plan_one(request):
            target = TARGETS.get(request["service"])
            if not target:
                return _jobs.plan(self.cloud, request, wanted, self.stored, contacts)
            state = target.read(self.cloud, request, once)
            slots = [self._slot(target, place, state, wanted) for place in target.find(request, state, wanted, self.stored)]
            return slots if request["method"] == "product" else _jobs.replace_steps(self.cloud, request, slots, wanted, contacts)

        return self._run(requests, plan_one)

    def _slot(self, target, place, state, wanted):
        slot = Slot(place, target.at(place, state, self.stored))
        if same(slot.previous, wanted):
            return slot
        own_id, steps = target.own(place, state, wanted)
        after = after_of(wanted, own_id)
        return replace(slot, after=after, steps=steps + (target.bind(slot.target, place, state, after),))

    def restore(self, requests):
        """Put back what the rows of an earlier result had before; a slot that was empty is emptied again.

        One that cannot be put back keeps none of the others from it.
        """
        once = Once()

        def plan_one(row):
            target, place, old = TARGETS.get(row["service"]), place_of(row, row["slot"], row["domain"]), row["previous"]
            if not target:
                raise InputError("There is no driver for '%s'; put its certificate back in the product's console." % row["service"])
            after = Bound(old["id"], int(old["cas_id"] or 0), old["name"], old["fingerprint"], (), old["store"]) if old else None
            state = target.read(self.cloud, row, once)
            slot = Slot(place, target.at(place, state, self.stored))
            if same(slot.previous, after):
                return [slot]
            step = target.bind(slot.target, place, state, after) if old else target.unbind(slot.target, place, state)
            return [replace(slot, after=after, steps=(step,))]

        return self._run(requests, plan_one, all_or_none=False)

    def _run(self, requests, plan_one, all_or_none=True):
        slots, origin = [], {}
        for request, planned, error in _runner.each(requests, plan_one, self.parallel):
            for slot in planned or [Slot(place_of(request, request.get("slot"), request.get("domain")), error=error)]:
                if slot.target in origin and not error:
                    raise InputError("%s is meant twice in resources; nothing was changed." % slot.target)
                origin[slot.target] = request
                slots.append(slot)
        # what only the user can correct stops everything before the first write; a refusal stops only its own resource
        if all_or_none and any(is_wrong_input(slot.error) for slot in slots):
            slots = [slot if slot.error or not slot.steps else replace(slot, steps=(), error=CollectionError(
                "Not tried, because another resource of this call cannot work as given.")) for slot in slots]
        slots = _jobs.merge(slots)
        plan, applied, seen = plan_of(slots), _runner.Applied(), {}
        if not self.check_mode:
            applied = _runner.apply(self.cloud, plan.steps, self.parallel, self._confirm,
                                    lambda step, params: _jobs.preflight(self.cloud, step, params))
            _jobs.wait(self.cloud, applied, self.wait)
            written = [slot for slot in slots if slot.steps and not _failure(slot, applied)]
            looked = _runner.each(written, lambda slot: self._read_back(slot, origin[slot.target]), self.parallel)
            seen = dict((slot.target, found or (None, error)) for slot, found, error in looked)
        return self._result(plan, slots, seen, applied, origin)

    def _confirm(self, step):
        return TARGETS[step.product].confirm(self.cloud, step) if step.product in TARGETS else None

    def _read_back(self, slot, request):
        """(what the slot has after the writes, None or the WaitTimeout if the product has not settled on it)."""
        target = TARGETS.get(request["service"])
        if not target:
            return _jobs.read_back(self.cloud, request, self.stored), None
        last = None

        def look():
            nonlocal last
            state = target.read(self.cloud, request, Once())
            last = target.at(slot.place, state, self.stored)
            return target.settled(state)

        if self.wait is None:
            look()
            return last, None
        try:
            poll(look, lambda settled: settled and same(last, slot.after), self.wait[0], self.wait[1],
                 "%s to have %s" % (slot.target, slot.after.name if slot.after else "no certificate"),
                 lambda settled: "%s%s" % (last.name if last else "no certificate", "" if settled else ", still changing"))
        except WaitTimeout as error:
            return last, error
        return last, None

    def _result(self, plan, slots, seen, applied, origin):
        rows = []
        for slot in slots:
            current, error = seen.get(slot.target) or (slot.after if slot.steps and self.check_mode else slot.previous, None)
            error = slot.error or _failure(slot, applied) or error
            changed = self._changed(slot, applied)
            rows.append(_row(slot, current, error, applied, origin[slot.target]["method"], changed, slot.target in seen))
        result = dict(plan.result(), targets=rows)
        if not self.check_mode:
            done = set(step.key for step in applied.done)
            result.update(changed=bool(done), actions=[step.summary() for step in plan.steps if step.key in done])
            before, after = result["diff"]["before"], result["diff"]["after"]
            after.update((row["target"], before[row["target"]]) for row in rows if row["target"] in before and not row["changed"])
        failed = ["%s: %s" % (row["target"], row["error"]) for row in rows if row["error"]]
        if failed:
            head = "%d of %d targets failed; each is reported in deployment." % (len(failed), len(rows))
            result["failed"] = "\n".join([head] + failed + ["Correct this and run again; what is right already is left alone."])
        return result

    def _changed(self, slot, applied):
        """Whether the slot was changed (in check mode: would be), whatever the read-back says."""
        if slot.error or not slot.steps or "job/resource/" + slot.tag in applied.errors:
            return False
        return self.check_mode or slot.steps[-1].key in applied.answers


def _failure(slot, applied):
    keys = ["job/resource/" + slot.tag] + [step.key for step in slot.steps]
    return next((applied.errors[key] for key in keys if key in applied.errors), None)


def is_wrong_input(error):
    """True for what only the user can correct."""
    return isinstance(error, InputError) or (isinstance(error, ApiError) and "NotFound" in (error.code or ""))


def _row(slot, current, error, applied, method, changed, looked):
    answers = [applied.answers[step.key] for step in slot.steps if step.key in applied.answers]
    return dict(
        slot.place, target=slot.target, method=method, changed=changed,
        previous=slot.previous.view() if slot.previous else None, current=current.view() if current else None,
        verified=not error and (not slot.steps or (looked and same(current, slot.after))),
        request_id=error.request_id if isinstance(error, ApiError) else answers[-1].get("RequestId") if answers else None,
        skipped_reason=None if slot.steps or error else "already so", error=str(error) if error else None)
