# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run has changed, out of the facts that its roles have left."""

from __future__ import annotations

import pytest
from ansible_collections.daas.https.plugins.filter.change_record import FilterModule, change_record
from ansible_collections.daas.https.plugins.module_utils._domain.record import table

OLD, NEW, SHA1 = "0" * 63 + "1", "f" * 63 + "2", "a" * 40
RESULT = dict(changed=True, certificate=dict(
    id=12345678, name="shop-" + NEW[:16], fingerprint=NEW, domains=["www.example.com", "*.shop.example.com"],
    not_before="2026-11-01T00:00:00Z", not_after="2027-01-30T00:00:00Z"))
BOUND = dict(id="1-cn", cas_id=12345001, name="shop-old", fingerprint=OLD, store="", domains=["www.example.com"])
CURRENT = dict(BOUND, cas_id=12345678, name=RESULT["certificate"]["name"], fingerprint=NEW)


def slot(target="cdn/www.example.com", changed=True, **more):
    return dict(dict(target=target, changed=changed, previous=BOUND, current=CURRENT, supersedes=[], request_id="R-1", error=None), **more)


def edge(*targets, **more):
    return dict(dict(inventory_hostname="edge-1", certificate_result=RESULT, edge_targets_by_account={"edge-1": list(targets)}), **more)


def seen(fingerprint, label="app", name="app.example.com", **more):
    return dict(dict(label=label, name=name, address="192.0.2.1", port=443, fingerprint=fingerprint, sha1="", ok=True,
                     verify_return_code="0 (ok)", findings=[], not_before="2026-01-01T00:00:00Z", not_after="2026-12-01T00:00:00Z",
                     domains=[name]), **more)


def tls(*items):
    return dict(tls=dict(ok=True, endpoints=list(items)))


def app(**more):
    return dict(dict(inventory_hostname="app.example.com", certificate_result=RESULT, app_host_served=tls(seen(OLD)),
                     https_endpoints=[dict(name="app.example.com", label="app")]), **more)


def airec(**more):
    binding = dict(instance_id="airec-1", domains=[dict(domain="rec.example.com", failure_reason=None)])
    return dict(dict(inventory_hostname="airec-1", certificate_result=RESULT, airec_binding=binding, airec_changed=True,
                     airec_served=tls(seen(OLD, "rec", "rec.example.com"))), **more)


def only(rows):
    [row] = rows
    return row["before"], row["after"], row["verdict"]


@pytest.mark.parametrize(("target", "options", "row"), [
    (slot(), {}, (OLD, NEW, "changed")),
    (slot(), dict(check_mode=True), (OLD, NEW, "planned")),
    (slot(changed=False, previous=CURRENT), {}, (NEW, NEW, "already so")),
    (slot(previous=None), {}, ("", NEW, "changed")),
    (slot(current=None), {}, (OLD, "", "taken away")),
    (slot(changed=False, current=BOUND, error="Forbidden"), {}, (OLD, OLD, "failed")),
    (slot(previous=dict(BOUND, fingerprint="")), {}, ("unknown", NEW, "changed")),
    (slot(changed="True"), {}, (OLD, NEW, "changed")),
])
def test_a_slot(target, options, row):
    record = change_record([edge(target)], **options)
    assert only(record["targets"]) == row
    assert record["counts"][row[2]] == 1 and sum(record["counts"].values()) == 1


def test_what_was_put_back_and_what_was_not():
    errors = ["slb/cn-hangzhou/lb-1:443/default: Forbidden.RAM"]
    record = change_record([edge(slot(), slot("slb/cn-hangzhou/lb-1:443/default"), slot("cdn/img.example.com", changed=False),
                                 edge_restored=dict(changed=True), edge_restore_errors=errors)])
    assert [(row["after"], row["verdict"]) for row in record["targets"]] == [(OLD, "put back"), (NEW, "NOT put back"), (NEW, "already so")]
    assert record["failures"] == [dict(target="putting back", error="slb/cn-hangzhou/lb-1:443/default: Forbidden.RAM")]


def test_hosts_of_a_batch_tell_the_same_once_and_batches_add_up():
    twin = edge(slot())
    record = change_record([twin, dict(twin, inventory_hostname="edge-2"), edge(slot("cdn/img.example.com"), inventory_hostname="edge-3")])
    assert [row["target"] for row in record["targets"]] == ["cdn/www.example.com", "cdn/img.example.com"]


def test_a_slot_that_a_later_pass_left_alone_was_changed_all_the_same():
    assert only(change_record([edge(slot(), slot(changed=False, previous=CURRENT))])["targets"]) == (OLD, NEW, "changed")


def test_certificates_are_each_there_once_with_all_that_is_known():
    stored = [dict(id=12345001, name="shop-old", fingerprint=OLD, sha1=SHA1, domains=["www.example.com"], end_date="2026-12-01"),
              dict(id=99, name="unrelated", fingerprint="9" * 64, sha1="", domains=["admin.example.net"], end_date="2027-01-01")]
    second = dict(RESULT, certificate=dict(RESULT["certificate"], id=777))
    record = change_record([edge(slot(previous=dict(BOUND, fingerprint=SHA1, cas_id=None))),
                            edge(slot(), inventory_hostname="edge-2", certificate_result=second)], stored=stored)
    new, old = record["certificates"]
    assert (new["fingerprint"], new["new"], new["ids"], new["not_after"]) == (NEW, True, [12345678, 777], "2027-01-30T00:00:00Z")
    assert (old["fingerprint"], old["new"], old["ids"], old["name"], old["not_after"]) == (OLD, False, [12345001], "shop-old", "2026-12-01")


@pytest.mark.parametrize(("more", "options", "row"), [
    (dict(app_host_differs=True, verify_result=tls(seen(NEW))), {}, (OLD, NEW, "changed")),
    (dict(app_host_differs="True", verify_result=tls(seen(OLD))), dict(check_mode=True), (OLD, NEW, "planned")),
    (dict(app_host_differs=False, verify_result=tls(seen(OLD))), {}, (OLD, OLD, "already so")),
    (dict(app_host_differs=True, app_host_put_back=dict(rc=0, stdout="/x")), {}, (OLD, "", "put back")),
    (dict(app_host_differs=True, app_host_put_back=dict(rc=1, stdout="")), {}, (OLD, "", "NOT put back")),
    (dict(app_host_put_back=dict(rc=0, stdout="")), {}, (OLD, "", "failed")),
    (dict(app_host_assistant=dict(instances=[dict(changed=True, previous=OLD, current=NEW, error=None, invocations=dict(install="t-1"))])),
     {}, (OLD, NEW, "changed")),
    (dict(app_host_assistant=dict(instances=[]), app_host_assistant_back=dict(changed=True)), {}, (OLD, "", "put back")),
    (dict(app_host_assistant=dict(instances=[]), app_host_assistant_back=dict(msg="no")), {}, (OLD, "", "NOT put back")),
])
def test_an_application_host(more, options, row):
    assert only(change_record([app(**more)], alive=["app.example.com"], **options)["app_hosts"]) == row


def test_an_application_host_that_has_failed_before_it_began():
    assert only(change_record([app()], alive=[])["app_hosts"])[2] == "failed"


@pytest.mark.parametrize(("more", "options", "row"), [
    (dict(verify_result=tls(seen(NEW, "rec", "rec.example.com"))), {}, (OLD, NEW, "changed")),
    (dict(airec_changed=False, verify_result=tls(seen(NEW, "rec", "rec.example.com"))), {}, (NEW, NEW, "already so")),
    (dict(verify_result=tls(seen(OLD, "rec", "rec.example.com"))), dict(check_mode=True), (OLD, NEW, "planned")),
])
def test_a_domain_of_airec(more, options, row):
    record = change_record([airec(**more)], alive=["airec-1"], **options)
    assert only(record["airec"]) == row and record["airec"][0]["target"] == "airec-1/rec.example.com"


def test_an_instance_of_airec_that_was_refused():
    host = airec(airec_bound=dict(msg="AIRec refused it"))
    del host["airec_binding"]
    record = change_record([host], alive=[])
    assert only(record["airec"])[2] == "failed" and record["failures"] == [dict(target="airec-1", error="AIRec refused it")]
    assert change_record([airec(airec_binding={})], alive=["airec-1"])["airec"] == []


@pytest.mark.parametrize(("said", "row"), [
    ("app.example.com has what it had before.", (OLD, OLD, "put back")), ("NOT taken back: no way", (OLD, NEW, "NOT put back"))])
def test_what_a_rotation_has_taken_back(said, row):
    due = [dict(target="cdn/www.example.com", label=None, name=None, fingerprint=SHA1),
           dict(target=None, label="app", name="app.example.com", fingerprint=OLD)]
    host = app(app_host_differs=True, app_host_served=tls(seen(NEW)), rotation_due=due, rotation_back=said, rotation_failure="Too bad.",
               verify_result=tls(seen(NEW)))
    record = change_record([host, edge(slot(), rotation_failure="Too bad.")], alive=["app.example.com"])
    assert only(record["app_hosts"]) == row
    assert record["undone"] == [said] and record["failures"] == [dict(target="rotation", error="Too bad.")]


def test_airec_stays_where_its_key_from_before_is_not_there():
    due = [dict(target=None, label="rec", name="rec.example.com", fingerprint=OLD)]
    host = airec(rotation_due=due, rotation_back="airec-1 STAYS", verify_result=tls(seen(NEW, "rec", "rec.example.com")))
    assert only(change_record([host], alive=["airec-1"])["airec"])[1:] == (NEW, "changed")
    host = dict(host, rotation_previous=dict(stat=dict(exists=True)), rotation_back="airec-1 has it again.")
    assert only(change_record([host], alive=["airec-1"])["airec"]) == (OLD, OLD, "put back")


def test_endpoints_are_there_once_with_what_was_found():
    item = seen(OLD, ok=False, findings=[dict(code="trust", message="expired"), dict(code="expiry", message="expired")])
    found = change_record([app(verify_result=tls(item)), edge(verify_result=tls(item))])["endpoints"]
    assert found == [dict(label="app", fingerprint=OLD, verify_return_code="0 (ok)", ok=False, findings=["expired"])]


def test_tables_are_tables_to_the_eye_too():
    lines = table(["target", "n"], [["a", "1"], ["longer one", "22"]])
    assert lines == ["| target     | n  |", "|------------|----|", "| a          | 1  |", "| longer one | 22 |"]
    assert table(["target"], []) == []


def test_no_secret_comes_along():
    keys = dict(access_key_id="LTAI-hidden", access_key_secret="hidden")
    host = edge(slot(), daas_https_connection=keys, certificate_private_key="hidden")
    assert "hidden" not in str(change_record([host]))


def test_without_anything_there_is_nothing():
    record = change_record([dict(inventory_hostname="a")])
    assert not any(record[key] for key in ("certificates", "targets", "app_hosts", "airec", "endpoints", "failures", "passed_over"))
    assert FilterModule().filters() == {"change_record": change_record}
