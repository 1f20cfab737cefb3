# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""alidns_record against the emulated cloud: predict, do, do nothing; and what it says on bad nights."""

from __future__ import annotations

import pytest

from ansible_collections.daas.https.plugins.module_utils import _runner
from tests.support.modules import connection, run_module

ZONE = "example.com"
CHALLENGE = dict(name="_airec-challenge.rec.example.com", type="CNAME", value="t.validate.airec-edge.example", ttl=600)


@pytest.fixture
def cloud(emulator):
    emulator.reset("demo", calm=True)
    emulator.forget()
    return emulator


def run(emulator, *records, check=False, **options):
    return run_module("alidns_record", dict(connection(emulator), zone=ZONE, records=list(records), **options), check=check)


def writes(emulator):
    return [entry["action"] for entry in emulator.journal(writes=True)]


def others(emulator, *names):
    """Every record but those of these names."""
    seen = run_module("alidns_record", dict(connection(emulator), records=[dict(zone=ZONE, rr=rr, type=kind) for rr, kind in (
        ("www", "A"), ("api", "A"), ("*.shop", "A"), ("static", "CNAME"), ("img", "CNAME"), ("rec", "CNAME")) if rr not in names],
        state="absent"), check=True)
    return [(item["name"], item["value"]) for item in seen["records"]]


def triple(emulator, *records, **options):
    """Check, run, run again. Returns the real run's result."""
    emulator.forget()
    predicted = run(emulator, *records, check=True, **options)
    assert not predicted["failed"] and writes(emulator) == []
    real = run(emulator, *records, **options)
    assert not real["failed"], real["msg"]
    for key in ("changed", "diff", "actions"):
        assert predicted[key] == real[key]
    assert [dict(item, id=None) for item in predicted["records"]] == [dict(item, id=None) for item in real["records"]]
    done = [entry["action"] for entry in emulator.journal(writes=True) if entry["committed"]]
    assert done == [step["action"] for step in real["actions"]]
    emulator.forget()
    again = run(emulator, *records, **options)
    assert not again["failed"] and not again["changed"] and again["actions"] == [] and writes(emulator) == []
    return real


def test_a_challenge_is_published_and_removed(cloud):
    added = triple(cloud, CHALLENGE)
    assert added["actions"] == [dict(action="AddDomainRecord", product="alidns", target="_airec-challenge.rec.example.com CNAME")]
    assert added["records"][0]["id"] and added["records"][0]["rr"] == "_airec-challenge.rec"
    assert added["diff"]["after"] == {"_airec-challenge.rec.example.com CNAME": [dict(value=CHALLENGE["value"], ttl=600)]}
    assert cloud.cloud.alidns.lookup(CHALLENGE["name"], "CNAME") == [CHALLENGE["value"]]
    gone = triple(cloud, CHALLENGE, state="absent")
    assert gone["records"][0]["value"] == CHALLENGE["value"] and cloud.cloud.alidns.lookup(CHALLENGE["name"], "CNAME") == []


def test_on_an_adverse_cloud(cloud):
    cloud.reset(calm=False)
    before = others(cloud)
    triple(cloud, CHALLENGE, dict(rr="www", type="A", value="203.0.113.99"), dict(name="example.com", type="TXT", value="v=spf1 -all"))
    triple(cloud, dict(rr="www", type="A", value="203.0.113.10"), exact=True)
    assert [row for row in others(cloud) if "www" not in row[0]] == [row for row in before if "www" not in row[0]]
    assert cloud.cloud.alidns.lookup("www.example.com", "A") == ["203.0.113.10"]


def test_exact_replaces_and_touches_nothing_else(cloud):
    before = others(cloud, "www")
    changed = triple(cloud, dict(rr="www", type="A", value="203.0.113.50"), exact=True)
    assert [step["action"] for step in changed["actions"]] == ["UpdateDomainRecord", "DeleteDomainRecord"]
    assert cloud.cloud.alidns.lookup("www.example.com", "A") == ["203.0.113.50"]
    moved = triple(cloud, dict(name="img.example.com", type="CNAME", value="new.example.net"), exact=True)
    assert [step["action"] for step in moved["actions"]] == ["UpdateDomainRecord"]
    cloud.cloud.alidns.lookup("img.example.com", "CNAME")
    assert [row for row in others(cloud, "www") if "img" not in row[0]] == [row for row in before if "img" not in row[0]]


def test_a_ttl_is_corrected_only_when_it_is_given(cloud):
    assert not run(cloud, dict(rr="www", type="A", value="203.0.113.10"))["changed"]
    assert triple(cloud, dict(rr="www", type="A", value="203.0.113.10", ttl=1200))["records"][0]["ttl"] == 1200


def test_many_records_one_read_a_page(cloud):
    rows = [dict(name="_c%d.example.com" % number, type="CNAME", value="t%d.example.net" % number) for number in range(12)]
    run(cloud, *rows, check=True)
    assert [entry["action"] for entry in cloud.journal()] == ["DescribeDomainRecords"]
    assert len(triple(cloud, *rows)["actions"]) == 12
    assert not run(cloud)["changed"]


@pytest.mark.parametrize("rows, options, words", [
    ([dict(rr="img", type="CNAME", value="x.example.net")], {}, ["img.example.com", "img.example.com.cdn.example.net", "exact: true"]),
    ([dict(rr="www", type="CNAME", value="x.example.net")], dict(exact=True), ["www.example.com", "A 203.0.113.10", "Remove it first"]),
    ([dict(rr="www", type="A")], {}, ["www.example.com A", "needs a value"]),
    ([dict(zone="example.org", rr="www", type="A", value="203.0.113.1")], {}, ["no zone 'example.org'", "Check zone"]),
    ([dict(name="www.example.net", type="A", value="203.0.113.1")], {}, ["not in the zone"]),
])
def test_what_cannot_be_is_said_and_nothing_is_written(cloud, rows, options, words):
    result = run(cloud, CHALLENGE, *rows, **options)
    assert result["failed"]
    for word in words:
        assert word in result["msg"]
    assert writes(cloud) == []


@pytest.mark.parametrize("rows, options, action", [
    ([CHALLENGE], {}, "AddDomainRecord"),
    ([dict(rr="img", type="CNAME", value="new.example.net")], dict(exact=True), "UpdateDomainRecord"),
    ([dict(rr="img", type="CNAME")], dict(state="absent"), "DeleteDomainRecord"),
])
@pytest.mark.parametrize("kind", ["cut_after", "truncated_json", "refuse_before", "html"])
def test_a_lost_answer_does_no_harm(cloud, monkeypatch, rows, options, action, kind):
    monkeypatch.setattr(_runner, "LAG", 0.01)
    fault = cloud.fault(product="alidns", action=action, kind=kind)
    result = run(cloud, *rows, **options)
    assert not result["failed"], result["msg"]
    assert fault.fired == 1 and result["changed"] and not run(cloud, *rows, **options)["changed"]


def test_a_failure_in_the_middle_is_told_truthfully(cloud):
    cloud.fault(product="alidns", action="AddDomainRecord", kind="error", code="RecordForbidden.DNSChange", after=1)
    rows = [dict(rr="_c%d" % number, type="TXT", value="x") for number in range(3)]
    result = run(cloud, *rows)
    assert result["failed"] and result["changed"] and "RecordForbidden.DNSChange" in result["msg"]
    assert [step["target"] for step in result["actions"]] == ["_c0.example.com TXT", "_c2.example.com TXT"]
    assert result["failed_action"]["target"] == "_c1.example.com TXT" and result["pending"] == []
    assert [step["target"] for step in run(cloud, *rows)["actions"]] == ["_c1.example.com TXT"]


def test_a_key_without_the_right(cloud):
    key = cloud.key(deny=["alidns:AddDomainRecord"])
    result = run_module("alidns_record", dict(
        connection(cloud), access_key_id=key.access_key_id, access_key_secret=key.access_key_secret, zone=ZONE, records=[CHALLENGE]))
    assert result["failed"] and "alidns:AddDomainRecord" in result["msg"]
