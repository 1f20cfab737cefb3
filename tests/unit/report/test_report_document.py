# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as data, its JSON, and the schema and documentation that go with it."""

from __future__ import annotations

import copy
import json
import pathlib
import re

import jsonschema
import pytest
import yaml
from ansible_collections.daas.https.plugins.module_utils._errors import InputError
from ansible_collections.daas.https.plugins.module_utils._report import document, json_, reading
from ansible_collections.daas.https.plugins.modules import tls_verify

from tests.unit.report import data

ROOT = pathlib.Path(__file__).resolve().parents[3]
SCHEMA = json.loads((ROOT / "docs" / "tls_report.schema.json").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "tls_reports.md").read_text(encoding="utf-8")
RETURNED = yaml.safe_load(tls_verify.RETURN)["tls"]["contains"]
BARE = dict(endpoints=[dict(name="www.example.com")])  # the least that there can be


def build(tls, before=None, title="Shop"):
    return document.build(tls, before, title)


@pytest.mark.parametrize(("tls", "before"), [
    (data.good(), None), (data.mixed(), data.earlier()), (data.many(60), data.many(50)), (data.hostile(), data.hostile()), (BARE, BARE),
    (dict(endpoints=[]), None)], ids=["good", "mixed", "many", "hostile", "bare", "empty"])
def test_the_json_is_what_its_schema_says(tls, before):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    text = json_.render(build(tls, before))
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(text))
    assert text.endswith("}\n") and text.isascii()


def test_the_schema_notices_what_is_wrong():
    good = build(data.mixed(), data.earlier())
    for spoil in (lambda report: report.pop("ok"), lambda report: report.update(schema=2),
                  lambda report: report["endpoints"][0].update(status="fine"), lambda report: report["endpoints"][0].update(more=1),
                  lambda report: report["rollout"]["counts"].pop("lost")):
        bad = copy.deepcopy(good)
        spoil(bad)
        assert list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(bad))


def named(schema, path=""):
    """Paths of all properties of the schema, with references followed."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    for part in schema.get("anyOf", []):
        yield from named(part, path)
    if "items" in schema:
        yield from named(schema["items"], path + "[]")
    for name, item in schema.get("properties", {}).items():
        yield (path + "." + name).lstrip(".")
        yield from named(item, path + "." + name)


def test_every_field_is_documented_and_no_other():
    described = set(re.findall(r"^\| `([a-z0-9_.\[\]]+)` \|", PAGE.split("\n## JSON\n")[1].split("\n## ")[0], re.MULTILINE))
    assert described == set(named(SCHEMA))


def fields(reader_of_dict):
    """Names that a reader made by record() takes."""
    return set(next(cell.cell_contents for cell in reader_of_dict.__closure__
                    if isinstance(cell.cell_contents, dict)))


def test_every_field_that_tls_verify_returns_has_its_place():
    assert set(RETURNED["endpoints"]["contains"]) == fields(reading.ENDPOINT)
    assert set(RETURNED["certificates"]["contains"]) == fields(reading.CERTIFICATE)
    assert set(RETURNED["endpoints"]["contains"]["findings"]["contains"]) == fields(reading.FINDING)
    assert set(RETURNED) - {"checked"} == fields(reading.TLS)  # how many were checked is how many endpoints there are


def test_the_handmade_results_have_the_fields_that_tls_verify_returns():
    for tls in (data.good(), data.mixed()):
        assert set(tls) == set(RETURNED)
        for entry in tls["endpoints"]:
            assert set(entry) == set(RETURNED["endpoints"]["contains"])


def test_what_is_read_is_kept():
    tls = data.mixed()
    report = build(tls)
    for entry, written in zip(tls["endpoints"], report["endpoints"]):
        kept = {name: value for name, value in written.items() if name != "status"}
        assert kept == {name: value for name, value in entry.items() if name != "ok"}
    assert report["chains"] == tls["same_chain"]["chains"] and report["certificates"] == tls["certificates"]
    assert (report["title"], report["ok"], report["seen_at"], report["elapsed"]) == ("Shop", False, tls["seen_at"], 1.204)


def test_counts_and_what_expires_first():
    summary = build(data.mixed())["summary"]
    assert (summary["addresses"], summary["ok"], summary["violated"], summary["unknown"]) == (9, 3, 5, 1)
    assert (summary["leaves"], summary["chains"]) == (6, 2)
    assert (summary["expires_first"]["label"], summary["expires_first"]["days_left"]) == ("shop.example.com:443", -4)
    assert build(dict(endpoints=[]))["summary"]["expires_first"] is None


@pytest.mark.parametrize(("entry", "status"), [
    (dict(ok=True, checks=dict(trust="ok")), "ok"), (dict(ok=True, checks=dict(trust="ok", expiry="unknown")), "unknown"),
    (dict(ok=False), "violated"), (dict(checks=dict(trust="violated", expiry="unknown")), "violated"), (dict(ok=True), "ok"),
    ({}, "unknown"), (dict(findings=[dict(code="trust", status="violated")]), "violated")])
def test_one_word_for_an_address(entry, status):
    report = build(dict(endpoints=[dict(entry, name="www.example.com")]))
    assert report["endpoints"][0]["status"] == status
    assert report["ok"] == (status != "violated")


def test_what_tls_verify_says_goes_before_what_could_be_counted():
    assert build(dict(data.good(), ok=False))["ok"] is False


def test_a_result_without_a_verdict_is_judged_by_its_groups_too():
    tls = data.good()
    del tls["ok"]
    assert build(tls)["ok"] is True
    tls["same_chain"].update(status="violated", required=False)
    assert build(tls)["ok"] is True
    tls["same_chain"].update(required=True)
    assert build(tls)["ok"] is False


def test_older_and_partial_results_are_read():
    entry = build(BARE)["endpoints"][0]
    assert (entry["label"], entry["address"], entry["port"]) == ("www.example.com:443", "www.example.com", 443)
    old = data.mixed()
    for name in ("seen_at", "seen_from", "elapsed", "certificates", "same_leaf"):
        del old[name]
    for entry in old["endpoints"]:
        for name in ("alpn", "chain_fingerprints", "versions", "key_types", "stores", "redirects", "hsts", "revocation", "staple"):
            del entry[name]
    report = build(old)
    assert report["seen_at"] is None and report["certificates"] == [] and set(report["groups"]) == {"same_chain"}


def test_newer_results_are_read_as_far_as_they_are_known():
    tls = data.good()
    tls["endpoints"][0]["quantum"] = True
    assert build(tls) == build(data.good())


def test_rollout():
    rollout = build(data.mixed(), data.earlier())["rollout"]
    assert rollout["counts"] == dict(replaced=3, added=1, removed=1, lost=1, gained=0, same=4, never=0)
    assert rollout["before_seen_at"] == "2026-11-25T15:00:00Z"
    changed = {(row["label"], row["address"]): row for row in rollout["endpoints"]}
    first = changed["lb-bp1web:443", "203.0.113.10"]
    assert first["change"] == "replaced"
    assert (first["before"]["fingerprint"], first["after"]["fingerprint"]) == (data.sha256("old"), data.sha256("new"))
    assert changed["rec.example.com:443", "203.0.113.50"]["change"] == "lost"
    assert changed["gone.example.com:443", "203.0.113.99"]["after"] is None
    assert build(data.mixed())["rollout"] is None


@pytest.mark.parametrize(("before", "after", "change"), [
    ("old", None, "lost"), (None, "new", "gained"), (None, None, "never"), ("new", "new", "same"), ("old", "new", "replaced")])
def test_what_became_of_an_address(before, after, change):
    rows = build(data.tls(data.endpoint(leaf=after)), data.tls(data.endpoint(leaf=before)))["rollout"]["endpoints"]
    assert [row["change"] for row in rows] == [change]


def test_endpoints_that_are_named_twice_are_paired_in_their_order():
    before = data.tls(data.endpoint(leaf="rsa"), data.endpoint(leaf="ecdsa"))
    after = data.tls(data.endpoint(leaf="rsa"), data.endpoint(leaf="newer"), data.endpoint(leaf="third"))
    assert [row["change"] for row in build(after, before)["rollout"]["endpoints"]] == ["same", "replaced", "added"]


def spoilt(name, value):
    tls = data.good()
    tls["endpoints"][1][name] = value
    return tls


@pytest.mark.parametrize(("tls", "words"), [
    ([], "tls is []; it has to be a dict"), (dict(tls=data.good()), "tls holds a whole result"), ({}, "tls has no endpoints"),
    (dict(msg="connection refused"), "tls has no endpoints"), (dict(endpoints={}), "tls.endpoints is {}; it has to be a list"),
    (dict(endpoints=["www.example.com"]), "tls.endpoints[0] is 'www.example.com'; it has to be a dict"),
    (dict(endpoints=[dict(port=443)]), "tls.endpoints[0] has no name"), (spoilt("days_left", "69"), "tls.endpoints[1].days_left is '69'"),
    (spoilt("days_left", True), "has to be a whole number"), (spoilt("label", 5), "tls.endpoints[1].label is 5; it has to be a text"),
    (spoilt("ok", "yes"), "true or false"), (spoilt("not_after", "tomorrow"), "such as 2026-11-25T17:00:00Z"),
    (spoilt("times", dict(connect=float("nan"))), "tls.endpoints[1].times.connect is nan; it has to be a number"),
    (spoilt("checks", dict(trust="fine")), "tls.endpoints[1].checks.trust is 'fine'; it has to be ok, violated or unknown"),
    (spoilt("findings", [dict(code="trust")]), "tls.endpoints[1].findings[0] has no status"),
    (spoilt("domains", "www.example.com"), "tls.endpoints[1].domains is 'www.example.com'; it has to be a list"),
    (spoilt("revocation", "good"), "tls.endpoints[1].revocation is 'good'; it has to be a dict")])
def test_what_is_no_result_is_told_by_its_place(tls, words):
    with pytest.raises(InputError) as caught:
        build(tls)
    assert words in str(caught.value)
    with pytest.raises(InputError) as caught:
        build(data.good(), tls)
    assert words.replace("tls", "before", 1) in str(caught.value)


def test_a_private_key_in_a_finding_does_not_come_through():
    block = "-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----"
    report = build(data.tls(data.endpoint(findings=[data.finding("trust", "the server sent " + block)])), None, block)
    assert "MIGHAgEA" not in json_.render(report)


def test_the_same_input_gives_the_same_bytes():
    assert json_.render(build(data.mixed(), data.earlier())) == json_.render(build(data.mixed(), data.earlier()))
