# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which slot answers for what a client got, where there are an RSA and an ECDSA certificate of one name."""

from __future__ import annotations

import pytest
from ansible_collections.daas.https.plugins.module_utils._domain.deployment import Bound
from ansible_collections.daas.https.plugins.module_utils._domain.drift import Held, responsible

WWW = "www.example.com"
PRINTS = {"rsa": "a" * 64, "ec": "b" * 64, "older ec": "c" * 64, "unknown": "d" * 64}
KINDS = {"rsa": "RSA", "ec": "ECC", "older ec": "ECC", "unknown": ""}


def slot(what, kind="additional"):
    place = dict(service="alb", region="cn-hangzhou", instance="alb-1", listener_port=443, protocol=None, slot=kind, domain=None,
                 certificate=what, superseded=False)
    return Held(place, Bound(what, 1, what, PRINTS[what], (WWW,), algorithm=KINDS[what]))


@pytest.mark.parametrize("default, additional, served, answers", [
    ("rsa", ["ec"], "rsa", "rsa"), ("rsa", ["ec"], "ec", "ec"), ("rsa", ["ec"], "unknown", "ec"), ("rsa", ["ec"], "", "ec"),
    ("ec", ["rsa"], "ec", "ec"), ("rsa", [], "ec", "rsa"),
    # of one kind the first one counts: that another one is served is what has to be found
    ("ec", ["older ec"], "ec", "older ec"), ("rsa", ["unknown"], "rsa", "unknown")])
def test_the_one_of_the_other_kind_answers_if_it_is_served(default, additional, served, answers):
    slots = [slot(default, "default")] + [slot(what) for what in additional]
    assert responsible(slots, WWW, PRINTS.get(served, "")).bound.id == answers


def test_without_slots_or_certificates():
    empty = Held(dict(slot("rsa", "default").place), None)
    assert responsible([], WWW, "a") is None and responsible([empty], WWW, "a") is empty
    assert responsible([slot("rsa"), empty], WWW, PRINTS["ec"]).bound.id == "rsa"
