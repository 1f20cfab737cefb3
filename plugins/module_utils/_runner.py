# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies plans: the only place where steps become calls. PRIVATE to the collection."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ._errors import CollectionError, OutcomeUnknown
from ._plan import Ref
from ._wait import backoff

LOOKS, LAG = 3, 0.5  # how often a lost write is looked for, and seconds between the first two looks


@dataclass
class Applied:
    """answers: step key -> the API's answer; errors: step key -> CollectionError; done: the steps that succeeded, in order."""

    answers: dict = field(default_factory=dict)
    errors: dict = field(default_factory=dict)
    done: list = field(default_factory=list)


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
    try:
        params = _resolve(step, applied)
        if before:
            before(step, params)
        applied.answers[step.key] = _call(cloud, step, params, confirm, sleep)
        applied.done.append(step)
    except CollectionError as error:
        applied.errors[step.key] = error


def _resolve(step, applied):
    params = {}
    for name, value in step.params.items():
        if isinstance(value, Ref):
            if value.step not in applied.answers:
                cause = applied.errors.get(value.step)
                raise CollectionError("Not tried, because a step before it failed: %s" % cause, **(cause.extras if cause else {}))
            if value.name not in applied.answers[value.step]:
                raise CollectionError("Not tried, because the cloud's answer to the step before it has no %s." % value.name)
            value = applied.answers[value.step][value.name]
        params[name] = value
    return params


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
