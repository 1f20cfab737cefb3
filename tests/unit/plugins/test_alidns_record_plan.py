# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which records a zone needs: as few calls as possible, never a gap, and nothing else is touched."""

from __future__ import annotations

import pytest

from ansible_collections.daas.https.plugins.module_utils._api.alidns import Record
from ansible_collections.daas.https.plugins.module_utils._domain import dns
from ansible_collections.daas.https.plugins.module_utils._errors import InputError

ZONE = "example.com"


def record(number, rr, kind, value, ttl=600, line="default", enabled=True):
    return Record(str(number), rr, kind, value, ttl, line, enabled)


def wanted(*rows, zone=ZONE):
    return dns.read_wanted([dict(dict.fromkeys(("zone", "name", "rr", "value", "ttl")), **row) for row in rows], zone)


def row(rr, kind, value=None, ttl=None):
    return dict(rr=rr, type=kind, value=value, ttl=ttl)


def plan(records, *rows, exact=False, state="present"):
    """[(action, what it is made for)] of the plan's steps."""
    present = {ZONE: records}
    made = dns.plan_present(present, wanted(*rows), exact) if state == "present" else dns.plan_absent(present, wanted(*rows))
    assert made.changed == (made.before != made.after)
    ordered = sorted(made.steps, key=lambda step: step.stage)
    return [(step.action, *(str(step.params[name]) for name in ("RecordId", "Value", "TTL") if name in step.params)) for step in ordered]


A1, A2 = record(1, "www", "A", "203.0.113.10"), record(2, "www", "A", "203.0.113.20")
CNAME = record(3, "img", "CNAME", "edge.example.net")


@pytest.mark.parametrize("records, rows, exact, steps", [
    ([], [row("www", "A", "203.0.113.10")], False, [("AddDomainRecord", "203.0.113.10", "600")]),
    ([], [row("www", "A", "203.0.113.10", 60)], True, [("AddDomainRecord", "203.0.113.10", "60")]),
    ([A1], [row("www", "A", "203.0.113.10")], False, []),
    ([A1, A2], [row("www", "A", "203.0.113.10")], False, []),
    ([A1, A2], [row("www", "A", "203.0.113.10")], True, [("DeleteDomainRecord", "2")]),
    ([A1, A2], [row("www", "A", "203.0.113.30")], True, [("UpdateDomainRecord", "1", "203.0.113.30", "600"), ("DeleteDomainRecord", "2")]),
    ([A1], [row("www", "A", "203.0.113.30"), row("www", "A", "203.0.113.10")], True, [("AddDomainRecord", "203.0.113.30", "600")]),
    ([A1], [row("www", "A", "203.0.113.30")], False, [("AddDomainRecord", "203.0.113.30", "600")]),
    ([A1], [row("www", "A", "203.0.113.10", 60)], False, [("UpdateDomainRecord", "1", "203.0.113.10", "60")]),
    ([CNAME], [row("img", "CNAME", "EDGE.example.net.")], True, []),
    ([CNAME], [row("img", "CNAME", "new.example.net")], True, [("UpdateDomainRecord", "3", "new.example.net", "600")]),
    ([record(4, "v6", "AAAA", "2001:db8::1")], [row("v6", "AAAA", "2001:0DB8:0:0:0:0:0:1")], True, []),
    ([record(5, "t", "TXT", "Case")], [row("t", "TXT", "case")], False, [("AddDomainRecord", "case", "600")]),
    ([record(6, "www", "A", "203.0.113.10", line="telecom")], [row("www", "A", "203.0.113.10")], True,
     [("AddDomainRecord", "203.0.113.10", "600")]),
    ([record(7, "www", "A", "203.0.113.99", enabled=False)], [row("www", "A", "203.0.113.10")], True,
     [("AddDomainRecord", "203.0.113.10", "600")]),
    ([A1, record(8, "www", "TXT", "x"), record(9, "@", "A", "203.0.113.1")], [row("www", "A", "203.0.113.2")], True,
     [("UpdateDomainRecord", "1", "203.0.113.2", "600")]),
    ([], [], True, []),
])
def test_present(records, rows, exact, steps):
    assert plan(records, *rows, exact=exact) == steps


@pytest.mark.parametrize("records, rows, exact, words", [
    ([CNAME], [row("img", "CNAME", "new.example.net")], False, ["img.example.com", "CNAME edge.example.net", "exact: true"]),
    ([A1], [row("www", "CNAME", "edge.example.net")], True, ["www.example.com", "A 203.0.113.10", "Remove it first"]),
    ([CNAME], [row("img", "A", "203.0.113.1")], True, ["img.example.com", "CNAME edge.example.net", "Remove it first"]),
    ([], [row("x", "CNAME", "a.example.net"), row("x", "CNAME", "b.example.net")], True, ["one CNAME", "a.example.net, b.example.net"]),
    ([], [row("x", "CNAME", "a.example.net"), row("x", "TXT", "b")], True, ["x.example.com", "TXT is asked for as well"]),
    ([record(1, "www", "A", "203.0.113.10", enabled=False)], [row("www", "A", "203.0.113.10")], False, ["disabled", "console"]),
])
def test_what_cannot_be_together_says_what_is_there(records, rows, exact, words):
    with pytest.raises(InputError) as caught:
        plan(records, *rows, exact=exact)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("rows, steps", [
    ([row("www", "A", "203.0.113.10")], [("DeleteDomainRecord", "1")]),
    ([row("www", "A")], [("DeleteDomainRecord", "1"), ("DeleteDomainRecord", "2")]),
    ([row("www", "A"), row("www", "A", "203.0.113.20")], [("DeleteDomainRecord", "1"), ("DeleteDomainRecord", "2")]),
    ([row("www", "A", "203.0.113.99")], []), ([row("www", "TXT")], []), ([row("@", "A")], []),
])
def test_absent(rows, steps):
    assert plan([A1, A2, CNAME], *rows, state="absent") == steps


def test_a_disabled_record_can_be_deleted():
    assert plan([record(1, "www", "A", "203.0.113.10", enabled=False)], row("www", "A"), state="absent") == [("DeleteDomainRecord", "1")]


def test_names_and_zones():
    found = wanted(dict(name="_Airec-Challenge.Rec.example.com.", type="CNAME", value=" t.example "),
                   dict(name="example.com", type="A", value="1"), dict(zone="example.net", rr="*", type="TXT", value="x"),
                   dict(rr="www", type="A", value="203.0.113.1"), dict(rr="www", type="A", value="203.0.113.1"))
    assert [(item.zone, item.rr, item.value) for item in found] == [
        ("example.com", "_airec-challenge.rec", "t.example"), ("example.com", "@", "1"), ("example.net", "*", "x"),
        ("example.com", "www", "203.0.113.1")]
    assert dns.name_of("example.com", "@") == "example.com" and dns.name_of("example.com", "a.b") == "a.b.example.com"


@pytest.mark.parametrize("rows, zone, words", [
    ([dict(name="www.example.net", type="A", value="1")], ZONE, ["records[0]", "www.example.net", "not in the zone 'example.com'"]),
    ([dict(name="badexample.com", type="A", value="1")], ZONE, ["not in the zone"]),
    ([dict(name="www.example.com", type="A", value="1")], None, ["records[0]: no zone"]),
    ([dict(name="www.example.com", rr="www", type="A", value="1")], ZONE, ["either name", "or rr"]),
    ([dict(type="A", value="1")], ZONE, ["either name"]),
    ([dict(rr="www", type="A", value=" ")], ZONE, ["the value is empty"]),
    ([row("www", "A", "1", 60), row("www", "A", "1", 600)], ZONE, ["records[1]", "asked for twice", "another ttl"]),
])
def test_records_that_cannot_be_meant(rows, zone, words):
    with pytest.raises(InputError) as caught:
        wanted(*rows, zone=zone)
    for word in words:
        assert word in str(caught.value)


def test_what_is_shown():
    items = wanted(row("www", "A", "203.0.113.10", 60), row("new", "CNAME", "x.example"), row("img", "CNAME", "edge.example.net"))
    shown = dns.views_present({ZONE: [A1, CNAME]}, items)
    assert [(item["name"], item["ttl"], item["id"]) for item in shown] == [
        ("www.example.com", 60, "1"), ("new.example.com", 600, None), ("img.example.com", 600, "3")]
    plan = dns.plan_present({ZONE: [A1, CNAME]}, items, False)
    assert plan.before["www.example.com A"] == [dict(value="203.0.113.10", ttl=600)] and plan.before["new.example.com CNAME"] == []
    assert plan.after["www.example.com A"] == [dict(value="203.0.113.10", ttl=60)]
    assert plan.after["new.example.com CNAME"] == [dict(value="x.example", ttl=600)]
