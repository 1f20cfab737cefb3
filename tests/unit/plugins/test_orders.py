# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificate will do, which order is the same, what has to be ordered, and how the records are called."""

from __future__ import annotations

import dataclasses
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.daas.https.plugins.module_utils import _orders
from ansible_collections.daas.https.plugins.module_utils._api.cas import Stored
from ansible_collections.daas.https.plugins.module_utils._api.cas_orders import Order, Proof
from ansible_collections.daas.https.plugins.module_utils._domain import certificate, csr, orders
from ansible_collections.daas.https.plugins.module_utils._errors import CollectionError, InputError

DAY = 86400 * 1000
NOW = 1_800_000_000_000
WWW = ("www.example.com",)
PARAMS = dict(name="shop", domains=list(WWW), product="", paid=False, accept_cost=False, validation="dns", dns_zone="", company_name="",
              email="", phone="", username="", tags={}, private_key_path=None, csr=None, csr_path=None)
QUOTA = dict(total=2, used=2, issued=1)


def stored(number, names=WWW, days=60.0, **more):
    return Stored(number, "cert-%d" % number, "a" * 64, "1" * 40, tuple(names), more.get("uploaded", False), more.get("expired", False),
                  "2027-01-01", not_after=more.get("not_after", NOW + int(days * DAY)))


def order(number, status="CHECKING", domains=WWW, product=orders.FREE, instance="i"):
    return Order(number, instance, product, tuple(domains), status)


def wanted(**changes):
    return orders.wanted_of(dict(PARAMS, **changes))


def test_what_is_wanted():
    found = wanted(domains=["WWW.example.com.", "www.example.com", "api.example.com"], tags=dict(team="edge"), email="ops@example.com")
    assert found.domains == ("www.example.com", "api.example.com") and found.product == orders.FREE and found.method == "DNS"
    assert found.tags == {"team": "edge", "managed-by": "daas.https", "daas-https-name": "shop"}
    assert found.contact == dict(Email="ops@example.com", Phone=None, Username=None, CompanyName=None) and not found.own_key
    assert wanted(private_key_path="/k").own_key and wanted(csr_path="/r").own_key


@pytest.mark.parametrize("items, good", [
    ([stored(1)], [1]), ([stored(1, days=30.01)], [1]), ([stored(1, days=30)], []), ([stored(1, days=-1)], []),
    ([stored(1, not_after=0)], []), ([stored(1, expired=True)], []), ([stored(1, uploaded=True)], []),
    ([stored(1, ["*.example.com"])], [1]), ([stored(1, ["api.example.com"])], []),
    ([stored(2, ["*.example.com"]), stored(1)], [2, 1]), ([], []),
])
def test_what_will_do(items, good):
    assert [item.id for item in orders.good(items, WWW, NOW, 30)] == good


def test_the_same_order():
    two = ("www.example.com", "api.example.com")
    rows = [order(4, domains=two[::-1]), order(3, domains=two), order(2, product="x"), order(1)]
    assert [row.id for row in orders.same(rows, two, orders.FREE, {}, "shop")] == [4, 3]
    assert [row.id for row in orders.same(rows, WWW, orders.FREE, {}, "shop")] == [1]
    assert [row.id for row in orders.same(rows, WWW, "", {}, "shop")] == [2, 1]
    assert orders.same([order(1)], WWW, orders.FREE, {"i": {"daas-https-name": "other"}}, "shop") == []
    assert orders.same([order(1)], WWW, orders.FREE, {"i": {"daas-https-name": "shop"}}, "shop")


def test_the_plan_of_an_order():
    plan = orders.plan_order(wanted(), [order(7, "CHECKED_FAIL")])
    assert [(step.action, step.stage) for step in plan.steps] == [
        ("DeleteCertificateRequest", 0), ("CreateCertificateForPackageRequest", 1)]
    params = plan.steps[-1].params
    assert (params["Domain"], params["ProductCode"], params["ValidateType"]) == ("www.example.com", orders.FREE, "DNS")
    assert "Csr" not in params
    assert [tag["Key"] for tag in params["Tags"]] == ["daas-https-name", "managed-by"]


@pytest.mark.parametrize("own, action, names", [
    (False, "CreateCertificateRequest", {"Domain"}), (True, "CreateCertificateWithCsrRequest", {"Csr"})])
def test_a_paid_order_has_either_domain_or_request(own, action, names):
    paid = wanted(paid=True, accept_cost=True, product="x", email="e", phone="p", username="u", private_key_path="/k" if own else None)
    step = orders.plan_order(dataclasses.replace(paid, csr="request" if own else ""), []).steps[-1]
    assert step.action == action and "CompanyName" not in step.params and {"Domain", "Csr"} & set(step.params) == names


def test_quota_and_failed_orders():
    with pytest.raises(CollectionError, match="none is left") as caught:
        orders.check_order(wanted(), QUOTA, [])
    assert caught.value.extras["quota"]["product"] == orders.FREE
    orders.check_order(wanted(), QUOTA, [order(1, "CHECKED_FAIL")])  # whose place is given back
    paid = wanted(paid=True, accept_cost=True, product="x", email="e", phone="p", username="u")
    with pytest.raises(CollectionError, match="a new one costs again"):
        orders.check_order(paid, dict(QUOTA, used=0), [order(1, "CHECKED_FAIL")])


def test_giving_up_cancels_only_what_is_under_way():
    plan = orders.plan_cancelled([order(3), order(2, "CHECKED_FAIL"), order(1, "PAYED")])
    assert [step.key for step in plan.steps] == ["cancel-3", "delete-3", "delete-2", "delete-1"]
    assert plan.steps[1].needs == ("cancel-3",) and plan.steps[2].needs == () and plan.after == {}


@pytest.mark.parametrize("host, domains, zone, name", [
    ("_dnsauth.www", WWW, "", "_dnsauth.www.example.com"), ("_dnsauth.www.example.com", WWW, "", "_dnsauth.www.example.com"),
    ("_dnsauth", ("example.com",), "", "_dnsauth.example.com"), ("_dnsauth", WWW, "", "_dnsauth.example.com"),
    ("_dnsauth.example.com", WWW, "", "_dnsauth.example.com"),
    ("_dnsauth.www.shop", ("www.shop.example.com",), "", "_dnsauth.www.shop.example.com"),
    ("_dnsauth.www", ("www.shop.example.com",), "shop.example.com", "_dnsauth.www.shop.example.com"),
    ("_dnsauth", ("www.shop.example.com",), "shop.example.com", "_dnsauth.shop.example.com"),
    ("_dnsauth", ("www.example.com.cn",), "", "_dnsauth.example.com.cn"),
    ("_dnsauth.shop", ("*.shop.example.com",), "", "_dnsauth.shop.example.com"),
    ("_dnsauth.api", ("www.example.com", "api.example.com"), "", "_dnsauth.api.example.com"),
])
def test_names_of_records(host, domains, zone, name):
    assert orders.full_name(host, domains, zone) == name


LABEL = st.from_regex(r"[a-z][a-z0-9]{0,6}", fullmatch=True)


@given(st.lists(LABEL, min_size=0, max_size=3), st.sampled_from(["example.com", "example.com.cn", "example.co.uk"]), st.booleans())
def test_a_record_below_the_domain_is_found_however_it_is_said(labels, zone, full):
    """With the zone or without, whatever the depth."""
    domain, name = ".".join(labels + [zone]), ".".join(["_dnsauth"] + labels + [zone])
    host = name if full else ".".join(["_dnsauth"] + labels)
    assert orders.full_name(host, (domain,)) == name


def test_what_has_to_be_published():
    [dns] = orders.validations(Proof(record=("_dnsauth.www", "TXT", "v")), WWW)
    assert (dns["type"], dns["record_name"], dns["record_value"], dns["path"]) == ("dns", "_dnsauth.www.example.com", "v", None)
    [file] = orders.validations(Proof(file=("", "x/y.txt", "c")), WWW)
    assert (file["type"], file["domain"], file["path"], file["content"]) == ("file", "www.example.com", "/x/y.txt", "c")
    assert orders.validations(None, WWW) == [] and set(dns) == set(file)
    assert not orders.further([], []) and not orders.further([dns], [dns]) and orders.further([file], [dns]) and orders.further([dns], [])
    assert "_dnsauth.www.example.com TXT" in orders.said([dns]) and "http://www.example.com/x/y.txt" in orders.said([file])


def test_tags_are_set_where_they_lack():
    region = "cn-hangzhou"
    [step] = orders.plan_tags(wanted(), stored(1), {"managed-by": "daas.https"}, region)
    assert step.params["Tag"] == [dict(Key="daas-https-name", Value="shop")]
    assert orders.plan_tags(wanted(), stored(1), wanted().tags, region) == ()


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_keys_and_requests(kind):
    key = csr.new_key(kind)
    pem = csr.request_for(key, ("www.example.com", "api.example.com"))
    csr.check_request(pem, ("www.example.com",))
    assert key.reveal() not in repr(key) and "PRIVATE" not in pem
    with pytest.raises(InputError, match="common name"):
        csr.check_request(pem, ("api.example.com",))
    assert csr.public_of_request(pem) == csr.public_of_request(csr.request_for(key, ("www.example.com",)))
    assert csr.public_of_request(pem) != csr.public_of_request(csr.request_for(csr.new_key(kind), ("www.example.com",)))
    assert certificate.load_key(key.reveal(), None).key_size == (2048 if kind == "rsa" else 256)
    with pytest.raises(InputError, match="at most"):
        csr.request_for(key, ("x" * 61 + ".com",))


def test_what_is_no_request():
    for text in ("nonsense", "", "商店"):
        with pytest.raises(InputError, match="cannot be read"):
            csr.check_request(text, WWW)
    assert csr.public_of_certificate("nonsense") is None


def test_files_are_written_whole_or_not_at_all(tmp_path):
    path = str(tmp_path / "privkey.pem")
    assert _orders.write(path, "one\n", 0o600, "x") and not _orders.write(path, "one\n", 0o600, "x")
    assert (os.stat(path).st_mode & 0o777) == 0o600
    os.chmod(path, 0o644)
    assert _orders.write(path, "one\n", 0o600, "x", check_mode=True) and (os.stat(path).st_mode & 0o777) == 0o644
    assert _orders.write(path, "one\n", 0o600, "x") and (os.stat(path).st_mode & 0o777) == 0o600
    with pytest.raises(InputError, match="x: the file .* cannot be read"):
        _orders.write(str(tmp_path), "one\n", 0o600, "x")
    with pytest.raises(InputError, match="cannot be written"):
        _orders.write(str(tmp_path / "nowhere" / "file"), "one\n", 0o600, "x")
    assert os.listdir(tmp_path) == ["privkey.pem"]
