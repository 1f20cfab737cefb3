# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAS for who tidies up: who uses a certificate, word before its end, tags that go."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.account import account


@pytest.fixture
def made():
    with account() as one:
        yield one


@pytest.fixture
def stored(made):
    """(material, CAS's id) of one certificate."""
    material = made.cloud.authority.issue(["www.example.com", "api.example.com"], days=90, key="ec")
    return material, made.upload("shop", material, **{"Tags.1.Key": "env", "Tags.1.Value": "prod"})


def detail(made, number):
    return made.call("cas", "GetCertificateDetail", CertificateId=number)


def test_what_it_says_of_a_certificate_that_nothing_uses(made, stored):
    material, number = stored
    answer = detail(made, number)
    assert (answer["CertificateId"], answer["CertificateName"], answer["CertificateSource"]) == (number, "shop", "UPLOAD")
    assert answer["UsingProductList"] == [] and answer["Tags"] == [{"TagKey": "env", "TagValue": "prod"}]
    assert answer["SubjectAlternativeNames"] == list(material.names) and (answer["Algorithm"], answer["KeySize"]) == ("ECC", 256)
    assert not {"Cert", "Key"} & set(answer), "neither certificate nor key"
    assert [issuer["RemainDay"] > 0 for issuer in answer["CertificateChainList"]] == [True]


def test_the_products_that_use_it(made, stored):
    material, number = stored
    cloud = made.cloud
    cloud.cdn.add_domain("www.example.com", certificate=material, certificate_name="shop", cas_id=number)
    cloud.slb.add_load_balancer("lb-1", "cn-hangzhou", address="203.0.113.1")
    unused = cloud.slb.add_certificate("cn-hangzhou", "shop", material, cas_id=number, cas_name="shop", cas_region=cloud.store)
    assert detail(made, number)["UsingProductList"] == ["CDN"], "a copy that no listener has uses nothing"
    cloud.slb.add_https_listener("lb-1", 443, unused)
    assert detail(made, number)["UsingProductList"] == ["CDN", "SLB"]
    assert made.refused("slb", "DeleteServerCertificate", RegionId="cn-hangzhou", ServerCertificateId=unused) == (
        "CertificateAndPrivateKeyIsRefered", 400)
    assert made.refused("cas", "DeleteUserCertificate", CertId=number) == ("InvalidStatus.DeleteProtection", 400)


def test_its_state_follows_the_clock(made, stored):
    states = []
    for days in (0, 65, 30):
        made.cloud.clock.advance(timedelta(days=days).total_seconds())
        states.append(detail(made, stored[1])["CertificateStatus"])
    assert states == ["issued", "willExpire", "expired"]


def test_what_was_issued_says_so_and_stays_until_it_has_expired(made):
    material = made.cloud.authority.issue(["www.example.com"], days=10)
    held = made.cloud.cas.add_issued("cert-1", material, "cas-dv-1", {}, 77)
    assert detail(made, held.id)["CertificateSource"] == "BUY"
    assert made.refused("cas", "DeleteUserCertificate", CertId=held.id) == ("InvalidStatus.DeleteProtection", 400)
    made.cloud.clock.advance(timedelta(days=11).total_seconds())
    made.call("cas", "DeleteUserCertificate", CertId=held.id)
    assert made.refused("cas", "GetCertificateDetail", CertificateId=held.id) == ("NotFound", 400)


def test_word_before_the_end(made, stored):
    other = made.upload("other", stored[0])
    both = "{0},{1}".format(stored[1], other)
    made.call("cas", "BatchUpdateNoticeStatus", Ids=both, NoticeStatus="disable", NoticeBiz="ssl")
    assert made.cloud.cas.muted == {stored[1], other}
    made.call("cas", "BatchUpdateNoticeStatus", Ids=other, NoticeStatus="enable")
    assert made.cloud.cas.muted == {stored[1]}


@pytest.mark.parametrize("params, code", [
    (dict(NoticeStatus="off"), "InvalidParameter"), (dict(NoticeBiz="mail"), "InvalidParameter"), (dict(Ids="shop"), "InvalidParameter"),
    (dict(Ids="4711"), "NotFound"),
])
def test_notices_that_cannot_be_changed(made, stored, params, code):
    given = {"Ids": str(stored[1]), "NoticeStatus": "disable", **params}
    assert made.refused("cas", "BatchUpdateNoticeStatus", **given) == (code, 400) and made.cloud.cas.muted == set()


@pytest.mark.parametrize("params, left", [
    ({"TagKey.1": "env"}, {"team"}), ({"TagKey.1": "env", "TagKey.2": "nothing"}, {"team"}), ({"All": True}, set()),
])
def test_tags_that_go(made, stored, params, left):
    held = made.cloud.cas.certificates[stored[1]]
    held.tags["team"] = "shop"
    made.call("cas", "UntagResources", RegionId="cn-hangzhou", ResourceType="instance", **{"ResourceId.1": held.instance_id, **params})
    assert set(held.tags) == left


@pytest.mark.parametrize("params, code", [
    ({"TagKey.1": "env", "ResourceType": "order"}, "InvalidParameter"), ({}, "MissingParameter"),
    ({"TagKey.1": "env", "ResourceId.1": "cas-nowhere"}, "NotFound"),
])
def test_tags_that_cannot_go(made, stored, params, code):
    held = made.cloud.cas.certificates[stored[1]]
    given = {"RegionId": "cn-hangzhou", "ResourceType": "instance", "ResourceId.1": held.instance_id, **params}
    assert made.refused("cas", "UntagResources", **given) == (code, 400) and held.tags
