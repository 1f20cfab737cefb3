# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan is data, and shows no parameters."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.daas.https.plugins.module_utils._plan import Plan, Ref, Step

STEP = Step("key", "cas", "UploadUserCertificate", "shop", dict(Key="-----BEGIN PRIVATE KEY-----"), token="t")


def test_summary_and_repr_show_no_parameters():
    assert STEP.summary() == dict(action="UploadUserCertificate", product="cas", target="shop")
    assert "PRIVATE" not in repr(STEP) + repr(Plan({}, {}, (STEP,)))


@pytest.mark.parametrize("steps, changed", [((), False), ((STEP,), True)])
def test_result(steps, changed):
    before, after = dict(a=1), dict(a=2)
    result = Plan(before, after, steps).result()
    assert result == dict(changed=changed, diff=dict(before=dict(a=1), after=dict(a=2)), actions=[step.summary() for step in steps])
    result["diff"]["after"]["a"] = 3
    assert after == dict(a=2), "a result is a copy"


@pytest.mark.parametrize("thing, name", [(STEP, "action"), (Plan({}, {}), "steps"), (Ref("a", "b"), "step")])
def test_plans_do_not_change(thing, name):
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(thing, name, "other")
