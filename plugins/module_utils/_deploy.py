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
    """The request with its method settled. Raises InputError for what cannot work; nothing has been asked yet."""
    service, target = request["service"], TARGETS.get(request["service"])
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
    return dict(request, method=method)


def restorable(targets):
    """The changed ones of an earlier result, as requests. Raises InputError for what is not such a result."""
    requests = []
    for row in targets:
        lacking = [key for key in ("service", "changed", "previous") if key not in row]
        if lacking or row["service"] not in TARGETS:
            raise InputError("restore takes deployment.targets of an earlier cas_deploy; %s." % (
                "an entry lacks %s" % ", ".join(lacking) if lacking else "there is no driver for '%s'" % row["service"]))
        if str(row["changed"]).lower() == "true":
            requests.append(dict(row, listener_port=int(row.get("listener_port") or 0) or None, method="product"))
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
        """Put back what the rows of an earlier result had before; a slot that was empty is emptied again."""
        def plan_one(row):
            target, place, old = TARGETS[row["service"]], place_of(row, row.get("slot"), row.get("domain")), row["previous"]
            state = target.read(self.cloud, row, Once())
            slot = Slot(place, target.at(place, state, self.stored))
            if (slot.previous.id if slot.previous else None) == (old["id"] if old else None):
                return [slot]
            if not old:
                return [replace(slot, steps=(target.unbind(slot.target, place, state),))]
            after = Bound(old["id"], int(old["cas_id"] or 0), old["name"], old["fingerprint"], (), old["store"])
            return [replace(slot, after=after, steps=(target.bind(slot.target, place, state, after),))]

        return self._run(requests, plan_one)

    def _run(self, requests, plan_one):
        slots, origin = [], {}
        for request, planned, error in _runner.each(requests, plan_one, self.parallel):
            for slot in planned or [Slot(place_of(request, request.get("slot"), request.get("domain")), error=error)]:
                if slot.target in origin and not error:
                    raise InputError("%s is meant twice in resources; nothing was changed." % slot.target)
                origin[slot.target] = request
                slots.append(slot)
        # what only the user can correct stops everything before the first write; a refusal stops only its own resource
        stop = any(is_wrong_input(slot.error) for slot in slots)
        if stop:
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
            seen = dict((slot.target, (bound, error)) for slot, bound, error in looked)
        return self._result(plan, slots, seen, applied, origin)

    def _confirm(self, step):
        return TARGETS[step.product].confirm(self.cloud, step) if step.product in TARGETS else None

    def _read_back(self, slot, request):
        """What the slot has after the writes, once the product has settled. Raises WaitTimeout."""
        target = TARGETS.get(request["service"])
        if not target:
            return _jobs.read_back(self.cloud, request, self.stored)

        def look():
            state = target.read(self.cloud, request, Once())
            return target.settled(state), target.at(slot.place, state, self.stored)

        if self.wait is None:
            return look()[1]
        return poll(
            look, lambda seen: seen[0] and same(seen[1], slot.after), self.wait[0], self.wait[1],
            "%s to have %s" % (slot.target, slot.after.name if slot.after else "no certificate"),
            lambda seen: "%s%s" % (seen[1].name if seen[1] else "no certificate", "" if seen[0] else ", still changing"))[1]

    def _result(self, plan, slots, seen, applied, origin):
        rows = []
        for slot in slots:
            current, error = seen.get(slot.target) or (slot.after if slot.steps and self.check_mode else slot.previous, None)
            error = slot.error or _failure(slot, applied) or error
            rows.append(_row(slot, current, error, applied, origin[slot.target]["method"], slot.target in seen))
        result = dict(plan.result(), targets=rows)
        if not self.check_mode:
            result.update(changed=bool(applied.done), actions=[step.summary() for step in plan.steps if step in applied.done])
        failed = ["%s: %s" % (row["target"], row["error"]) for row in rows if row["error"]]
        if failed:
            result["failed"] = "\n".join(["%d of %d targets failed; each is reported in deployment." % (len(failed), len(rows))] + failed + [
                "Correct this and run again; what is right already is left alone."])
        return result


def _failure(slot, applied):
    keys = ["job/resource/" + slot.tag] + [step.key for step in slot.steps]
    return next((applied.errors[key] for key in keys if key in applied.errors), None)


def is_wrong_input(error):
    """True for what only the user can correct."""
    return isinstance(error, InputError) or (isinstance(error, ApiError) and "NotFound" in (error.code or ""))


def _row(slot, current, error, applied, method, looked):
    answers = [applied.answers[step.key] for step in slot.steps if step.key in applied.answers]
    return dict(
        slot.place, target=slot.target, method=method, changed=bool(slot.steps) and (not error or isinstance(error, WaitTimeout)),
        previous=slot.previous.view() if slot.previous else None, current=current.view() if current else None,
        verified=not error and (not slot.steps or (looked and same(current, slot.after))),
        request_id=error.request_id if isinstance(error, ApiError) else answers[-1].get("RequestId") if answers else None,
        skipped_reason=None if slot.steps or error else "already so", error=str(error) if error else None)
