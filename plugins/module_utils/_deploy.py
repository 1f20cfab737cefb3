# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployment from the first read to the read-back, over many resources at once. PRIVATE to the collection."""

from __future__ import annotations

from dataclasses import replace

from . import _jobs, _runner
from ._api import cas
from ._batch import failures, is_wrong_input, not_tried
from ._domain.deployment import Bound, Slot, after_of, check_sm2, place_of, plan_of, same
from ._domain.matching import named
from ._errors import ApiError, CollectionError, InputError, WaitTimeout
from ._requests import Once, gathered, kind_of
from ._targets.registry import TARGETS
from ._wait import poll


class Deployment:
    """One run over many resources. wait: (timeout, interval) in seconds, or None to look only once."""

    def __init__(self, cloud, stored, parallel, wait, check_mode):
        self.cloud, self.stored, self.parallel, self.wait, self.check_mode = cloud, stored, parallel, wait, check_mode

    def deploy(self, requests, wanted, contacts=(), supersede=False, discover=None):
        """Put wanted into every slot that the requests mean, and that fits among what discover finds.

        supersede: then take away the additional certificates that it makes superfluous.
        """
        requests, failed, once = gathered(self.cloud, requests, discover, self.parallel)
        wanted = self._with_identifier(wanted, requests)
        requests = [dict(request, identifier=wanted.identifier) for request in requests]

        def plan_one(request):
            check_sm2(wanted, request)
            target = TARGETS.get(request["service"])
            if not target:
                return _jobs.plan(self.cloud, request, wanted, self.stored, contacts)
            state = target.read(self.cloud, request, once)
            slots = [self._slot(target, place, state, wanted) for place in target.find(request, state, wanted, self.stored)]
            if getattr(target, "changing", lambda state: False)(state):
                slots = [replace(slot, after=slot.after or slot.previous, changing=True) for slot in slots]
            if request["method"] != "product":
                return _jobs.replace_steps(self.cloud, request, slots, wanted, contacts)
            return self._with_superseded(target, request, state, wanted, slots, supersede)

        return self._run(requests, plan_one, failed=failed)

    def _with_identifier(self, wanted, requests):
        """wanted with CAS's identifier, if a product wants it: asked for, and never put together from its parts."""
        drivers = [TARGETS[request["service"]] for request in requests if request["service"] in TARGETS]
        if not wanted.id or not any(target.IDENTIFIER for target in drivers):
            return wanted
        detail = cas.certificate_detail(self.cloud, wanted.id)
        if detail is None or not detail.identifier:
            raise InputError("CAS lists the certificate %s (id %d) and gives no identifier of it; it may just have been deleted." % (
                wanted.name, wanted.id))
        return replace(wanted, identifier=detail.identifier)

    def _slot(self, target, place, state, wanted):
        slot = Slot(place, target.at(place, state, self.stored))
        if same(slot.previous, wanted):
            return slot
        own_id, steps = target.own(place, state, wanted)
        after = after_of(wanted, own_id)
        return replace(slot, after=after, steps=steps + (target.bind(slot.target, place, state, after),))

    def _with_superseded(self, target, request, state, wanted, slots, supersede):
        """The slots, which know what they supersede, and slots for that if it is to go: not before the new one is bound."""
        gone = []
        for place in target.superseded(request, state, wanted, self.stored):
            slot = Slot(place, target.at(place, state, self.stored))
            step = target.unbind(slot.target, place, state)
            needs = tuple(step.key for bound in slots for step in bound.steps[-1:])
            gone.append(replace(slot, steps=(replace(step, needs=needs),)))
        if not gone:
            return slots
        first = gone[0]
        room = replace(first.steps[0], needs=()), target.bind(first.target, first.place, state, first.previous)
        slots = [replace(slot, supersedes=tuple(gone), steps=tuple(
            replace(step, room=room) if slot.place["slot"] == "additional" else step for step in slot.steps)) for slot in slots]
        return slots + gone if supersede else slots

    def restore(self, requests):
        """Put back what the rows of an earlier result had before; a slot that was empty is emptied again.

        One that cannot be put back keeps none of the others from it.
        """
        once = Once(requests)

        def plan_one(row):
            target, old = TARGETS.get(row["service"]), row["previous"]
            place = place_of(row, row["slot"], row["domain"], row["certificate"], row["superseded"])
            if not target:
                return _jobs.roll_back(self.cloud, place, row, self.stored)
            after = Bound(old["id"], int(old["cas_id"] or 0), old["name"], old["fingerprint"], (), old["store"]) if old else None
            state = target.read(self.cloud, dict(row, slot=None), once)
            slot = Slot(place, target.at(place, state, self.stored))
            if same(slot.previous, after):
                return [slot]
            step = target.bind(slot.target, place, state, after) if old else target.unbind(slot.target, place, state)
            return [replace(slot, after=after, steps=(step,))]

        return self._run(requests, plan_one, all_or_none=False)

    def _run(self, requests, plan_one, all_or_none=True, failed=()):
        slots, origin, passed = list(failed), dict((slot.target, {}) for slot in failed), []
        for request, planned, error in _runner.each_in_turn(requests, plan_one, self.parallel, kind_of):
            if request.get("found") and isinstance(error, InputError):
                passed.append(dict(target=Slot(place_of(request, None, request.get("domain"))).target, reason=str(error)))
                continue
            for slot in planned or [Slot(_unplanned(request), error=error)]:
                if slot.target in origin and request.get("found"):
                    continue  # what is named has been planned as it was named
                if slot.target in origin and not error:
                    raise InputError("%s is meant twice in resources; nothing was changed." % slot.target)
                origin[slot.target] = request
                slots.append(slot)
        # what only the user can correct stops everything before the first write; a refusal stops only its own resource
        if all_or_none and any(is_wrong_input(slot.error) for slot in slots):
            slots = [slot if slot.error or not slot.steps else replace(slot, steps=(), error=not_tried()) for slot in slots]
        slots = _jobs.merge(slots)
        plan, applied, seen = plan_of(slots), _runner.Applied(), {}
        if not self.check_mode:
            applied = _runner.apply(self.cloud, plan.steps, self.parallel, self._confirm,
                                    lambda step, params: _jobs.preflight(self.cloud, step, params))
            _jobs.wait(self.cloud, applied, self.wait)
            slots = slots + _freed(slots, applied, origin)
            plan = plan_of(slots)
            looked = [slot for slot in slots if (slot.steps or slot.changing) and not slot.error and not _failure(slot, applied)]
            seen = self._read_back(looked, origin)
            seen.update(self._explain(slots, origin, applied))
        return dict(self._result(plan, slots, seen, applied, origin), passed_over=passed)

    def _confirm(self, step):
        return TARGETS[step.product].confirm(self.cloud, step) if step.product in TARGETS else None

    def _read_back(self, slots, origin):
        """target -> (what it has after the writes, None or an error such as WaitTimeout); lists are read once a round, for all."""
        seen, left = {}, list(slots)

        def look():
            once, now = Once(origin[slot.target] for slot in left), []
            for slot, found, error in _runner.each_in_turn(
                    left, lambda slot: self._look(slot, origin[slot.target], once), self.parallel, lambda slot: kind_of(slot.place)):
                bound, settled = found or (None, True)
                seen[slot.target] = bound, error
                if not error and not (settled and same(bound, slot.after)):
                    now.append((slot, bound, settled))
            left[:] = [slot for slot, _bound, _settled in now]
            return now

        if self.wait is None or not left:
            look()
            return seen
        last = []

        def again():
            last[:] = look()
            return last

        try:
            poll(again, lambda now: not now, self.wait[0], self.wait[1], "the slots")
        except WaitTimeout:
            for slot, bound, settled in last:
                seen[slot.target] = bound, self._too_late(slot, bound, settled)
        return seen

    def _too_late(self, slot, bound, settled):
        now = (bound.name if bound else "no certificate") + ("" if settled else ", still changing")
        return WaitTimeout("Waited %.0f s for %s to have %s; the last state seen was: %s. Run again to continue, or raise wait_timeout." % (
            self.wait[0], slot.target, slot.after.name if slot.after else "no certificate", now))

    def _look(self, slot, request, once):
        target = TARGETS.get(request["service"])
        if not target:
            return _jobs.read_back(self.cloud, request, self.stored), True
        state = target.read(self.cloud, request, once)
        return target.at(slot.place, state, self.stored), target.settled(state)

    def _explain(self, slots, origin, applied):
        """A failed worker of a job has no reason with it: what the product has now is read, and said. target -> (Bound, error)."""
        failed = [slot for slot in slots if slot.tag and _jobs.worker_key(slot) in applied.errors]
        once, seen = Once(origin[slot.target] for slot in failed), {}
        for slot, found, error in _runner.each(failed, lambda slot: self._look(slot, origin[slot.target], once), self.parallel):
            bound = found[0] if found else None
            cause = applied.errors[_jobs.worker_key(slot)]
            seen[slot.target] = bound, CollectionError("%s %s" % (cause, error or _jobs.explanation(slot, bound)), **cause.extras)
        return seen

    def _result(self, plan, slots, seen, applied, origin):
        rows = []
        for slot in slots:
            current, error = seen.get(slot.target) or (slot.after if slot.steps and self.check_mode else slot.previous, None)
            error = error or slot.error or _failure(slot, applied)
            changed = self._changed(slot, applied, current)
            rows.append(_row(slot, current, error, applied, origin[slot.target], changed, slot.target in seen))
        result = dict(plan.result(), targets=rows)
        if not self.check_mode:
            done = set(step.key for step in applied.done)
            result.update(changed=bool(done), actions=[step.summary() for step in applied.made(plan.steps)])
            before, after = result["diff"]["before"], result["diff"]["after"]
            after.update((row["target"], before[row["target"]]) for row in rows if row["target"] in before and not row["changed"])
        failed = failures(rows, "targets", "deployment")
        if failed:
            result["failed"] = failed
        result["warnings"] = [
            "%s had no room for one more certificate: %s was taken away before the new one was added, so that its names were served "
            "with the default certificate for a moment." % (step.target, step.room[0].target) for step in applied.made_room]
        if not rows:
            result["warnings"].append("No resource was meant: the certificate fits none of those that were found.")
        return result

    def _changed(self, slot, applied, current):
        """Whether the slot was changed (in check mode: would be), whatever the read-back says."""
        if slot.error or not slot.steps:
            return False
        if slot.tag and _jobs.worker_key(slot) in applied.errors:
            return not same(slot.previous, current)  # a failed worker may have come half way
        return self.check_mode or slot.steps[-1].key in applied.answers


def _unplanned(request):
    """The place of a resource of which it could not be found out which slots are meant; only instances have several."""
    return place_of(request, request.get("slot") if request.get("instance") else None, request.get("domain"))


def _freed(slots, applied, origin):
    """Slots of what was taken away to make room although it was not to go yet; so that it is reported, and can be put back."""
    known, found = set(slot.target for slot in slots), []
    for slot in slots:
        for old in slot.supersedes:
            if old.target not in known and old.steps[0].key in applied.answers:
                origin[old.target] = origin[slot.target]
                found.append(old)
    return found


def _failure(slot, applied):
    keys = ([_jobs.worker_key(slot)] if slot.tag else []) + [step.key for step in slot.steps]
    return next((applied.errors[key] for key in keys if key in applied.errors), None)


def _row(slot, current, error, applied, request, changed, looked):
    answers = [applied.answers[step.key] for step in slot.steps if step.key in applied.answers]
    return dict(
        slot.place, target=slot.target, resource=request.get("resource") or named(request), method=request.get("method"), changed=changed,
        previous=slot.previous.view() if slot.previous else None, current=current.view() if current else None,
        supersedes=[old.previous.view() for old in slot.supersedes],
        verified=not error and (not slot.steps or (looked and same(current, slot.after))),
        request_id=error.request_id if isinstance(error, ApiError) else answers[-1].get("RequestId") if answers else None,
        skipped_reason=None if slot.steps or error else "already so", error=str(error) if error else None,
        job=applied.jobs.get(slot.tag) if slot.tag else None)
