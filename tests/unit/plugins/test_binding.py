# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which calls an AIRec instance needs, and what is shown of it."""

from __future__ import annotations

import pytest

from ansible_collections.daas.https.plugins.module_utils._domain import binding
from ansible_collections.daas.https.plugins.module_utils._domain.mapping import Row

A, B = Row("a.example.com", "101", "CAS"), Row("*.b.example.com", "101", "CAS")
ROWS = [A, B]
DNS = dict(type="DNS_CNAME", record_name="_airec-challenge.a.example.com", record_value="t.example", path=None, content=None)


def there(row, status="SUCCESS", **changes):
    shown = dict(domain=row.domain, certificate_id=row.certificate_id, cert_type=row.cert_type, status=status, failure_reason=None,
                 cname="edge.example", validations=[] if status == "SUCCESS" else [DNS])
    return {row.domain: dict(shown, **changes)}


ALL = dict(there(A), **there(B))


@pytest.mark.parametrize("present, need", [
    ({}, ROWS), (ALL, []), (there(A), [B]),
    (dict(ALL, **there(A, certificate_id="99")), [A]), (dict(ALL, **there(A, cert_type="OTHER")), [A]),
    (dict(ALL, **there(A, "FAILED")), [A]), (dict(ALL, **there(A, "VALIDATING")), []), (dict(ALL, **there(A, "PENDING")), []),
])
def test_only_what_differs_is_bound(present, need):
    assert binding.to_bind(present, ROWS) == need
    plan = binding.plan_present(present, ROWS, None, None, True, {})
    assert [(step.action, step.target) for step in plan.steps] == (
        [("BindCertificates", ", ".join(row.domain for row in need))] if need else [])
    assert plan.after == dict(https_enforced=None, domains=dict((row.domain, dict(certificate_id="101", cert_type="CAS")) for row in ROWS))
    assert plan.changed == (plan.before != plan.after) or "FAILED" in [item["status"] for item in present.values()]


@pytest.mark.parametrize("present, enforced, https, wait, actions, after, pending", [
    (ALL, False, True, False, ["enforce"], True, False),
    (ALL, True, True, False, [], True, False),
    (ALL, True, False, False, ["relax"], False, False),
    (ALL, False, False, False, [], False, False),
    (ALL, None, None, True, [], None, False),
    ({}, False, True, True, ["bind", "enforce"], True, False),
    ({}, False, True, False, ["bind"], False, True),
    ({}, True, True, False, ["bind"], True, False),
    ({}, True, False, True, ["relax", "bind"], False, False),
    (dict(ALL, **there(A, "VALIDATING")), False, True, False, [], False, True),
    (dict(ALL, **there(A, "VALIDATING")), False, True, True, ["enforce"], True, False),
])
def test_https_waits_for_the_validation(present, enforced, https, wait, actions, after, pending):
    plan = binding.plan_present(present, ROWS, enforced, https, wait, {})
    assert [step.key for step in plan.steps] == actions
    assert plan.after["https_enforced"] is after
    assert binding.pending(present, ROWS, enforced, https, wait) is pending
    settings = [step.params for step in plan.steps if step.action == "PutSettings"]
    assert settings == [dict(https_field=https)] * len(settings)


@pytest.mark.parametrize("present, names, enforced, https, steps", [
    (ALL, ["a.example.com", "*.b.example.com"], None, None, [("unbind", ["a.example.com", "*.b.example.com"])]),
    (there(A), ["a.example.com", "*.b.example.com"], None, None, [("unbind", ["a.example.com"])]),
    ({}, ["a.example.com"], None, None, []),
    (there(A), ["a.example.com"], True, False, [("relax", None), ("unbind", ["a.example.com"])]),
])
def test_unbinding(present, names, enforced, https, steps):
    plan = binding.plan_absent(present, names, enforced, https)
    assert [(step.key, step.params.get("domains_field")) for step in plan.steps] == steps
    assert set(plan.after["domains"].values()) == {None}
    assert plan.changed == (plan.before != plan.after)


@pytest.mark.parametrize("present, done, failed, listed", [
    (ALL, True, [], True), ({}, False, [], False), (there(A), False, [], False),
    (dict(ALL, **there(A, "VALIDATING")), False, [], True), (dict(ALL, **there(A, "FAILED")), False, ["a.example.com"], True),
    (dict(ALL, **there(A, certificate_id="99")), False, [], False),
    (dict(ALL, **there(A, "FAILED", certificate_id="99")), False, [], False),
])
def test_where_a_validation_stands(present, done, failed, listed):
    """What is said of another certificate, for instance by a read that lags behind, does not count."""
    assert binding.done(present, ROWS) is done
    assert [domain["domain"] for domain in binding.failed(present, ROWS)] == failed
    assert binding.listed(present, ROWS) is listed


def view(present, names=("a.example.com", "*.b.example.com"), enforced=True, **options):
    return binding.view("airec-1", "cn-hangzhou", present, list(names), enforced, **options)


@pytest.mark.parametrize("present, enforced, status, base", [
    (ALL, True, "SUCCESS", "https://a.example.com"), (ALL, False, "SUCCESS", None), (ALL, None, "SUCCESS", None),
    ({}, True, None, None), (there(A), True, "VALIDATING", None), (dict(ALL, **there(A, "PENDING")), True, "VALIDATING", None),
    (dict(there(A, "FAILED"), **there(B, "VALIDATING")), True, "FAILED", None), (dict(ALL, **there(A, "")), True, "VALIDATING", None),
])
def test_the_overall_status_is_that_of_the_asked_domains(present, enforced, status, base):
    shown = view(present, enforced=enforced)
    assert (shown["status"], shown["base_url"], shown["https_enforced"]) == (status, base, enforced)


def test_other_domains_do_not_count_and_a_wildcard_is_no_address():
    assert view(dict(ALL, **there(A, "FAILED")), ["*.b.example.com"])["status"] == "SUCCESS"
    assert view(ALL, ["*.b.example.com"])["base_url"] is None
    assert view(ALL, ["*.b.example.com", "a.example.com"])["base_url"] == "https://a.example.com"
    assert [domain["domain"] for domain in view(ALL, ["*.b.example.com", "gone.example.com", "a.example.com"])["domains"]] == [
        "*.b.example.com", "a.example.com"]


def test_the_prediction_has_the_same_shape_and_promises_nothing():
    predicted = binding.predicted({}, [A, B._replace(certificate_id="")])
    assert predicted["a.example.com"] == dict(
        domain="a.example.com", certificate_id="101", cert_type="CAS", status="PENDING", failure_reason=None, cname=None, validations=[])
    assert predicted["*.b.example.com"]["certificate_id"] is None
    assert set(predicted["a.example.com"]) == set(there(A)["a.example.com"])
    renewed = binding.predicted(there(A, certificate_id="99"), [A])["a.example.com"]
    assert (renewed["certificate_id"], renewed["status"], renewed["cname"]) == ("101", "PENDING", "edge.example")
    assert binding.predicted(ALL, ROWS) == ALL


def test_the_state_in_words():
    present = dict(there(A, "VALIDATING", failure_reason="CNAME not found"), **there(B))
    assert binding.told(present, ["a.example.com", "*.b.example.com", "c.example.com"]) == (
        "a.example.com is VALIDATING (CNAME not found), to be proved by the CNAME _airec-challenge.a.example.com -> t.example; "
        "*.b.example.com is SUCCESS; c.example.com is not bound")
