# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan is data: what is, what will be, and the writes between. PRIVATE to the collection."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, Tuple


@dataclass(frozen=True)
class Ref:
    """Stands for a value in the answer of another step, known only once that step has run."""

    step: str
    name: str


@dataclass(frozen=True)
class Step:
    """One writing call.

    key names the step for Ref; target is what the user sees; stages run one after another; within a stage, steps of one
    group run in order and groups run side by side. token is a ClientToken for calls that take one. needs: keys of steps without
    whose success it is not made. room: a step that frees a place for this one, made only if the cloud says that all places are taken,
    and the step that undoes it.
    """

    key: str
    product: str
    action: str
    target: str
    params: Mapping[str, Any] = field(repr=False)
    region: str = ""
    group: str = ""
    stage: int = 0
    token: str = ""
    needs: Tuple[str, ...] = ()
    room: Tuple[Step, ...] = ()

    def summary(self):
        """What results and messages show: never parameters, because those may hold a key."""
        return dict(action=self.action, product=self.product, target=self.target)


@dataclass(frozen=True)
class Plan:
    """before and after are views made by the same mapper as the result; a plan without steps changes nothing."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    steps: Tuple[Step, ...] = ()

    @property
    def changed(self):
        return bool(self.steps)

    def result(self):
        """The keys that every planning module returns, the same in check mode and after a run."""
        return dict(
            changed=self.changed,
            diff=dict(before=dict(self.before), after=dict(self.after)),
            actions=[step.summary() for step in self.steps],
        )
