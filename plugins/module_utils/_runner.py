# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies plans: the only place where steps become calls. PRIVATE to the collection."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ._errors import ApiError, CollectionError, OutcomeUnknown
from ._plan import Ref
from ._wait import backoff

FULL = "QuotaExceeded"  # in the code of a refusal because all places are taken
LOOKS, LAG = 3, 0.5  # how often a lost write is looked for, and seconds between the first two looks


@dataclass
class Applied:
    """answers: step key -> the API's answer; errors: step key -> CollectionError; done: the steps that succeeded, in order.

    made_room: the steps for which a place had to be freed first. jobs: id of a resource in CAS -> its worker in a deployment job.
    """

    answers: dict = field(default_factory=dict)
    errors: dict = field(default_factory=dict)
    done: list = field(default_factory=list)
    made_room: list = field(default_factory=list)
    jobs: dict = field(default_factory=dict)

    def made(self, planned):
        """The steps that were made, in the order of the plan; last those that it did not have."""
        done = set(step.key for step in self.done)
        return [step for step in planned if step.key in done] + [
            step for step in self.done if step.key not in set(step.key for step in planned)]


def each(items, work, parallel):
    """work(item) for all items, at most ``parallel`` at a time; a list of (item, value, CollectionError or None) in order."""
    def guarded(item):
        try:
            return item, work(item), None
        except CollectionError as error:
            return item, None, error

    items = list(items)
    if len(items) < 2 or parallel < 2:
        return [guarded(item) for item in items]
    with ThreadPoolExecutor(max_workers=min(parallel, len(items))) as pool:
        return list(pool.map(guarded, items))


def each_in_turn(items, work, parallel, kind):
    """As each(), but begun in turn by kind(item): lists that many items share are then read side by side, not one kind after another."""
    queues, ordered, items = {}, [], list(items)
    for number, item in enumerate(items):
        queues.setdefault(kind(item), []).append(number)
    for turn in itertools.zip_longest(*queues.values()):
        ordered += [number for number in turn if number is not None]
    found = dict(zip(ordered, each([items[number] for number in ordered], work, parallel)))
    return [found[number] for number in range(len(items))]


def apply(cloud, steps, parallel=1, confirm=None, before=None, sleep=time.sleep):
    """Make the calls of all steps; a failed step fails only those that refer to it. Returns Applied.

    confirm(step) reads whether a write whose answer was lost has happened, and returns its answer or None.
    before(step, params) may raise a CollectionError that keeps the step from being made.
    """
    applied = Applied()
    for stage in sorted(set(step.stage for step in steps)):
        groups = {}
        for step in steps:
            if step.stage == stage:
                groups.setdefault(step.group or step.key, []).append(step)

        def run_group(members):
            for step in members:
                _run(cloud, step, applied, confirm, before, sleep)

        each(groups.values(), run_group, parallel)
    return applied


def _run(cloud, step, applied, confirm, before, sleep):
    if step.key in applied.answers:
        return  # made already, to free a place for another one
    try:
        params = dict((name, _resolve(value, applied)) for name, value in step.params.items())
        for key in step.needs:
            _answer(key, applied)
        if before:
            before(step, params)
        try:
            answer = _call(cloud, step, params, confirm, sleep)
        except ApiError as error:
            if not (step.room and FULL in error.code):
                raise
            answer = _make_room(cloud, step, params, applied, confirm, sleep)
        applied.answers[step.key] = answer
        applied.done.append(step)
    except CollectionError as error:
        applied.errors[step.key] = error


def _make_room(cloud, step, params, applied, confirm, sleep):
    """Free a place and make the call again; if that fails, fill the place again with what was there."""
    free, undo = step.room
    applied.answers[free.key] = _call(cloud, free, free.params, confirm, sleep)
    try:
        answer = _call(cloud, step, params, confirm, sleep)
    except CollectionError as error:
        try:
            _call(cloud, undo, undo.params, confirm, sleep)
            del applied.answers[free.key]
        except CollectionError as second:
            applied.done.append(free)
            raise CollectionError("%s To make room for it, %s was taken away, and it could not be put back: %s" % (
                error, free.target, second), **error.extras) from error
        raise
    applied.done.append(free)
    applied.made_room.append(step)
    return answer


def _resolve(value, applied):
    """A parameter with every Ref in it, however deep, replaced by the value that it stands for."""
    if isinstance(value, (list, tuple)):
        return [_resolve(item, applied) for item in value]
    if isinstance(value, dict):
        return dict((name, _resolve(item, applied)) for name, item in value.items())
    if not isinstance(value, Ref):
        return value
    answer = _answer(value.step, applied)
    if value.name not in answer:
        raise CollectionError("Not tried, because the cloud's answer to the step before it has no %s." % value.name)
    return answer[value.name]


def _answer(key, applied):
    """The answer of a step that came before. Raises CollectionError when it failed or was not made."""
    if key not in applied.answers:
        cause = applied.errors.get(key)
        raise CollectionError("Not tried, because a step before it failed: %s" % cause, **(cause.extras if cause else {}))
    return applied.answers[key]


def _call(cloud, step, params, confirm, sleep):
    try:
        return cloud.call(step.product, step.action, params, region=step.region, token=step.token, target=step.target)
    except OutcomeUnknown:
        answer = _happened(confirm, step, sleep) if confirm else None
        if answer is not None:
            return answer
        if confirm is None:
            raise
    return cloud.call(step.product, step.action, params, region=step.region, token=step.token, target=step.target)


def _happened(confirm, step, sleep):
    """What confirm finds, or None. Reads may lag behind a write, so one look does not prove that nothing has happened."""
    for delay in itertools.islice(backoff(LAG), LOOKS):
        sleep(delay)
        answer = confirm(step)
        if answer is not None:
            return answer
    return None


def raise_first(plan, applied):
    """For modules with one subject: turn a failed step into an error that says truthfully what was done and what was not."""
    for step in plan.steps:
        error = applied.errors.get(step.key)
        if error is not None:
            done = [item.summary() for item in applied.done]
            pending = [item.summary() for item in plan.steps if item not in applied.done and item is not step]
            extras = dict(error.extras, changed=bool(done), actions=done, failed_action=step.summary(), pending=pending)
            raise CollectionError(str(error), **extras) from error
