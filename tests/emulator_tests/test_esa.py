# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ESA's rules: a site's certificates, what refuses them, how many there may be, and which one its edge shows."""

from __future__ import annotations

import inspect

import pytest

from tests.emulator import pki
from tests.emulator.services.esa import errors
from tests.support.account import account

WWW, NAMES = "www.example.com", ["www.example.com", "*.shop.example.com"]


@pytest.fixture
def calm():
    with account() as made:
        yield shop(made)


@pytest.fixture(scope="module")
def authority():
    return pki.Authority.create()


@pytest.fixture(scope="module")
def new(authority):
    return authority.issue(NAMES, key="ec")


def shop(made):
    """A site with the old certificate, from CAS."""
    made.old = made.cloud.authority.issue([WWW], key="ec")
    made.site = made.cloud.esa.add_site("example.com", quota=2)
    made.stored = made.upload("old", made.old)
    made.held = made.cloud.esa.add_certificate(made.site, made.old, name="old", cas_id=made.stored)
    return made


def from_cas(made, number, **change):
    return {"SiteId": made.site.id, "Type": "cas", "CasId": number, "Region": "cn-hangzhou", **change}


def as_pem(made, material, **change):
    return {"SiteId": made.site.id, "Type": "upload", "Name": "new", "Certificate": material.chain_pem, "PrivateKey": material.key_pem,
            **change}


def put(made, params):
    return made.call("esa", "SetCertificate", **params)["Id"]


def refused(made, params):
    return made.refused("esa", "SetCertificate", **params)


def rows(made, **params):
    return {row["Id"]: row for row in made.call("esa", "ListCertificates", SiteId=made.site.id, **params)["Result"]}


def served(made, name=WWW):
    return made.served(made.site.edge, name)


def test_one_more(calm, new):
    number = calm.upload("shop", new)
    added = put(calm, from_cas(calm, number))
    assert added != calm.held and set(rows(calm)) == {calm.held, added}
    row = rows(calm)[added]
    assert (row["Type"], row["CasId"], row["Name"], row["Region"], row["Status"]) == ("cas", str(number), "shop", "cn-hangzhou", "OK")
    assert (row["FingerprintSha256"], row["SAN"], row["PubAlg"]) == (new.fingerprint, ",".join(NAMES), "ECDSA")
    assert row["NotAfter"] == "{0:%Y-%m-%d %H:%M:%S}".format(new.not_after) and "DCV" not in row
    assert served(calm) == served(calm, "a.shop.example.com") == new.fingerprint and served(calm, "mail.example.com") is None
    assert calm.cloud.cas.uses(number) == [calm.site.edge]


def test_one_in_the_place_of_another(calm, new):
    assert put(calm, from_cas(calm, calm.upload("shop", new), Id=calm.held)) == calm.held
    assert list(rows(calm)) == [calm.held] and rows(calm)[calm.held]["Name"] == "shop" and served(calm) == new.fingerprint
    assert put(calm, from_cas(calm, calm.stored, Id=calm.held)) == calm.held and served(calm) == calm.old.fingerprint
    assert calm.call("esa", "GetCertificate", SiteId=calm.site.id, Id=calm.held)["Certificate"] == calm.old.chain_pem


def test_as_pem(calm, new):
    added = put(calm, as_pem(calm, new))
    assert rows(calm, Type="upload", ValidOnly=True, Keyword="SHOP")[added].get("CasId") is None and served(calm) == new.fingerprint
    assert "PRIVATE" not in str(calm.call("esa", "GetCertificate", SiteId=calm.site.id, Id=added))


def test_delete(calm):
    answer = calm.call("esa", "DeleteCertificate", SiteId=calm.site.id, Id=calm.held)
    assert answer == {"Id": calm.held, "SiteId": calm.site.id, "SiteName": "example.com"}
    assert rows(calm) == {} and served(calm) is None
    assert calm.refused("esa", "DeleteCertificate", SiteId=calm.site.id, Id=calm.held) == ("Certificate.NotFound", 400)


def test_the_plan_counts_expired_ones_too(calm, new):
    calm.cloud.clock.advance(200 * 86400)
    later = calm.cloud.authority.issue(NAMES, key="ec")
    put(calm, as_pem(calm, later))
    assert [row["Status"] for row in rows(calm).values()] == ["Expired", "OK"] and len(rows(calm, ValidOnly=True)) == 1
    more = calm.upload("more", calm.cloud.authority.issue([WWW], key="ec"))
    assert refused(calm, from_cas(calm, more)) == ("CertQuotaCheckFailed", 400)
    put(calm, from_cas(calm, more, Id=calm.held))  # in the place of another one it needs no further one
    calm.cloud.clock.advance(70 * 86400)
    assert {row["Status"] for row in rows(calm).values()} == {"Expiring"}


def test_free_ones_are_not_ours(calm, new):
    applied = calm.cloud.esa.add_certificate(calm.site, None, name=WWW, kind="free")
    issued = calm.cloud.esa.add_certificate(calm.site, calm.cloud.authority.issue([WWW], key="ec"), name=WWW, kind="free")
    shown = rows(calm)
    assert (shown[applied]["Status"], shown[issued]["Status"]) == ("Applying", "Issued") and "SAN" not in shown[applied]
    assert shown[issued]["DCV"][0]["Type"] == "DNS"
    assert refused(calm, as_pem(calm, new, Id=issued)) == ("InvalidParameter", 400)
    assert calm.refused("esa", "DeleteCertificate", SiteId=calm.site.id, Id=applied) == ("Certificate.StatusError", 400)
    put(calm, as_pem(calm, new))  # they take none of the plan's places


def test_what_is_refused(calm, authority, new):
    number = calm.upload("shop", new)
    met = []
    for params, expected in [
        (from_cas(calm, 1), "Certificate.NotFound"), (from_cas(calm, number, Region="ap-southeast-1"), "Certificate.NotFound"),
        (from_cas(calm, number, Region=""), "InvalidParameter"), (from_cas(calm, ""), "InvalidParameter"),
        (from_cas(calm, number, Type="keyless"), "InvalidParameter"), (from_cas(calm, number, SiteId=1), "InvalidParameter"),
        (from_cas(calm, number, Id="x"), "Certificate.NotFound"), (from_cas(calm, calm.stored), "Certificate.Duplicated"),
        (as_pem(calm, calm.old), "Certificate.Duplicated"), (as_pem(calm, authority.expired([WWW], key="ec")), "Certificate.StatusError"),
        (as_pem(calm, new, Certificate=""), "InvalidParameter"), (as_pem(calm, new, Certificate="nonsense"), "InvalidParameter"),
        (as_pem(calm, new, PrivateKey=pki.with_other_key(new).key_pem), "InvalidParameter"),
    ]:
        before = calm.cloud.snapshot()
        assert refused(calm, params) == (expected, 400), params
        assert calm.cloud.snapshot() == before
        met.append(expected)
    assert served(calm) == calm.old.fingerprint
    # the others are met above and below
    known = {function(*["x"] * len(inspect.signature(function).parameters)).code
             for _name, function in inspect.getmembers(errors, inspect.isfunction)}
    assert {*met, "CertQuotaCheckFailed", "Site.ServiceBusy"} == known


def test_the_edge_takes_its_time(new):
    with account(slow_states=True) as slow:
        shop(slow)
        number = slow.upload("shop", new)
        put(slow, from_cas(slow, number, Id=slow.held))
        assert served(slow) == slow.old.fingerprint
        assert refused(slow, from_cas(slow, slow.stored)) == ("Site.ServiceBusy", 400)
        other = slow.cloud.esa.add_site("example.net")
        put(slow, from_cas(slow, number, SiteId=other.id))  # each site by itself
        assert rows(slow)[slow.held]["CasId"] == str(number) and served(slow) == new.fingerprint  # the list knows at once
        slow.call("esa", "DeleteCertificate", SiteId=slow.site.id, Id=slow.held)
        assert slow.refused("esa", "DeleteCertificate", SiteId=slow.site.id, Id=slow.held) == ("Certificate.NotFound", 400)
        assert rows(slow) == {} and served(slow) == new.fingerprint
        assert rows(slow) == {} and served(slow) is None


def test_the_international_site(new):
    with account(site="international") as there:
        shop(there)
        number = there.upload("shop", new)
        assert refused(there, from_cas(there, number)) == ("Certificate.NotFound", 400)
        added = put(there, from_cas(there, number, Region="ap-southeast-1"))
        assert rows(there)[added]["Region"] == "ap-southeast-1"


def sites(made, **params):
    return [row["SiteName"] for row in made.call("esa", "ListSites", **params)["Sites"]]


def test_sites(calm, new):
    off = calm.cloud.esa.add_site("example.net", status="offline")
    calm.cloud.esa.add_certificate(off, new, kind="upload")
    assert calm.served(off.edge, WWW) is None
    assert sites(calm) == ["example.com", "example.net"] and sites(calm, SiteName="example") == []
    assert sites(calm, SiteName="example.net") == sites(calm, Status="offline") == ["example.net"]
    assert sites(calm, SiteName="EXAMPLE", SiteSearchType="prefix") == sites(calm, SiteName="ple", SiteSearchType="fuzzy") == sites(calm)
    assert sites(calm, SiteName=".com", SiteSearchType="suffix") == ["example.com"]
    assert sites(calm, AccessType="NS", Coverage="overseas", PlanSubscribeType="basicplan", TagFilter="[]") == sites(calm)
    for nothing in ({"OnlyEnterprise": True}, {"ResourceGroupId": "rg-1"}, {"TagFilter": '[{"Key": "env"}]'}, {"AccessType": "CNAME"}):
        assert sites(calm, **nothing) == []
    for wrong in ({"SiteSearchType": "x"}, {"PageSize": 501}):
        assert calm.refused("esa", "ListSites", **wrong) == ("InvalidParameter", 400)
    shown = calm.call("esa", "GetSite", SiteId=off.id)["SiteModel"]
    assert (shown["SiteName"], shown["Status"], shown["OfflineReason"]) == ("example.net", "offline", "proactively_disabled")
    assert calm.refused("esa", "GetSite", SiteId=1) == ("InvalidParameter", 400)


def test_pages():
    with account(page_cap=2) as capped:
        shop(capped)
        for number in range(2):
            capped.cloud.esa.add_site("s{0}.example.net".format(number))
            capped.cloud.esa.add_certificate(capped.site, capped.cloud.authority.issue(["s{0}.example.com".format(number)], key="ec"))
        answer = capped.call("esa", "ListCertificates", SiteId=capped.site.id, PageSize=100)
        assert (answer["TotalCount"], answer["PageSize"], len(answer["Result"])) == (3, 2, 2)
        assert len(rows(capped, PageNumber=2)) == 1 and sites(capped, PageNumber=2) == ["s1.example.net"]


def test_the_snapshot(calm, new):
    put(calm, as_pem(calm, new))
    [shown] = calm.cloud.snapshot()["esa"]["sites"]
    assert [(row["type"], row["fingerprint"]) for row in shown["certificates"]] == [
        ("cas", calm.old.fingerprint), ("upload", new.fingerprint)]
    assert new.key_pem.splitlines()[1] not in repr(shown) + repr(calm.cloud.esa.sites)
