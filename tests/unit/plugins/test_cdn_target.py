# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CDN domains: what they serve, what is written, and what cannot be put back."""

from __future__ import annotations

import pytest

from ansible_collections.daas.https.plugins.module_utils._api.domains import Binding
from ansible_collections.daas.https.plugins.module_utils._requests import Once
from ansible_collections.daas.https.plugins.module_utils._domain.deployment import Bound, Wanted, place_of
from ansible_collections.daas.https.plugins.module_utils._errors import ApiError, InputError
from ansible_collections.daas.https.plugins.module_utils._plan import Ref
from ansible_collections.daas.https.plugins.module_utils._targets import cdn as module
from tests.emulator.pki import Authority

cdn = module.TARGET
A = "a" * 64
WANTED = Wanted(7, "shop-a", A, "1" * 40, ("img.example.com", "*.shop.example.com"), "cn-hangzhou")
MATERIAL = Authority.create().issue(["img.example.com"], key="ec")


def binding(https=True, cert_id=5, name="old", region="cn-hangzhou", status="success", pem=""):
    return Binding(https, cert_id, name, "cas" if cert_id else "upload", region, status, pem)


def place(domain="img.example.com"):
    return place_of(dict(service="cdn"), None, domain)


@pytest.mark.parametrize("domain, found", [
    ("img.example.com", "img.example.com"), ("IMG.Example.com.", "img.example.com"), ("*.shop.example.com", ".shop.example.com"),
    (".shop.example.com", ".shop.example.com"), (" a.shop.example.com ", "a.shop.example.com"),
])
def test_find_writes_names_as_cdn_does(domain, found):
    assert cdn.find(dict(service="cdn", domain=domain), (binding(), "online"), WANTED, {}) == [place(found)]


@pytest.mark.parametrize("domain, status, words", [
    ("img.example.com", None, ["no CDN domain img.example.com", "spelling"]),
    ("www.example.com", "online", ["shop-a does not cover the CDN domain www.example.com"]),
    ("*.example.com", "online", ["does not cover the CDN domain .example.com"]),
    ("img.example.com", "offline", ["'offline'", "only while it is online"]),
    ("img.example.com", "checking", ["'checking'"]),
])
def test_find_refuses(domain, status, words):
    with pytest.raises(InputError) as caught:
        cdn.find(dict(service="cdn", domain=domain), (binding(), status), WANTED, {})
    assert all(word in str(caught.value) for word in words)


def test_a_domain_that_is_being_configured_is_waited_for():
    assert cdn.find(dict(service="cdn", domain="img.example.com"), (binding(), "configuring"), WANTED, {})


@pytest.mark.parametrize("shown, bound", [
    (binding(https=False), None), (binding(), Bound("5", 5, "old", "", store="cn-hangzhou")),
    (binding(cert_id=0, region=""), Bound("", 0, "old", "")),
    (binding(pem=MATERIAL.chain_pem), Bound("5", 5, "old", MATERIAL.fingerprint, store="cn-hangzhou")),
    (binding(pem="rubbish"), Bound("5", 5, "old", "", store="cn-hangzhou")),
])
def test_at(shown, bound):
    assert cdn.at(place(), (shown, "online"), {}) == bound


@pytest.mark.parametrize("bound, params", [
    (Bound("7", 7, "shop-a", A, (), "cn-hangzhou"), dict(CertId=7, CertName="shop-a", CertRegion="cn-hangzhou")),
    (Bound("7", 7, "shop-a", A), dict(CertId=7, CertName="shop-a", CertRegion=None)),  # None is left out on the wire
    (Bound(Ref("upload", "CertId"), 0, "shop-a", A, (), "cn-hangzhou"), dict(CertId=0, CertName="shop-a", CertRegion="cn-hangzhou")),
])
def test_bind(bound, params):
    step = cdn.bind("cdn/img.example.com", place(), None, bound)
    assert step.params == dict(params, DomainName="img.example.com", SSLProtocol="on", CertType="cas")
    assert (step.action, step.product, step.group, step.stage) == ("SetCdnDomainSSLCertificate", "cdn", "cdn/img.example.com", 1)


@pytest.mark.parametrize("store", ["", "cn-hangzhou"])
def test_a_certificate_that_is_not_in_cas_cannot_be_put_back(store):
    with pytest.raises(InputError, match=r"cdn/img\.example\.com is not in CAS.*by hand"):
        cdn.bind("cdn/img.example.com", place(), None, Bound("", 0, "uploaded", A, (), store))


@pytest.mark.parametrize("wanted, own", [(WANTED, "7"), (Wanted(0, "new", A, "", (), "cn-hangzhou"), Ref("upload", "CertId"))])
def test_own(wanted, own):
    assert cdn.own(place(), None, wanted) == (own, ())


def test_unbind():
    assert cdn.unbind("t", place(), None).params == dict(DomainName="img.example.com", SSLProtocol="off")


@pytest.mark.parametrize("status, certificate, settled", [
    ("online", "success", True), ("online", "", True), ("configuring", "success", False), ("online", "checking", False),
    ("online", "failed", False),
])
def test_settled(status, certificate, settled):
    assert cdn.settled((binding(status=certificate), status)) is settled


class Shelf:
    def __init__(self, answer, status="online"):
        self.answer, self.status, self.calls = answer, status, []

    def call(self, product, action, params, **more):
        self.calls.append(params["DomainName"])
        if action == "DescribeUserDomains":
            return dict(Domains=dict(PageData=[dict(DomainName="other.example.com", DomainStatus="offline"),
                                               dict(DomainName="IMG.example.com", DomainStatus=self.status)]))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


ROW = dict(ServerCertificateStatus="on", CertId="5", CertName="old", CertType="cas", CertRegion="cn-hangzhou", Status="success")


@pytest.mark.parametrize("answer, shown", [
    (dict(CertInfos=dict(CertInfo=[ROW])), binding()), (dict(CertInfos=dict(CertInfo=[])), Binding(False, 0, "", "", "", "")), ({}, None),
    (ApiError("x", "InvalidCertificate.NotFound", "no"), None), (dict(CertInfos=dict(CertInfo=[dict(ROW, CertId="")])), None),
])
def test_read(answer, shown):
    cloud = Shelf(answer)
    got, status = cdn.read(cloud, dict(domain="IMG.example.com."), Once())
    assert status == "online" and set(cloud.calls) == {"img.example.com"}
    assert shown is None or got == shown
    assert got.cert_id == (shown.cert_id if shown else 0)


def test_read_tells_an_unknown_domain():
    with pytest.raises(ApiError, match=r"InvalidDomain\.NotFound"):
        cdn.read(Shelf(ApiError("x", "InvalidDomain.NotFound", "no")), dict(domain="img.example.com"), Once())
    assert cdn.read(Shelf({}), dict(domain="www.example.com"), Once())[1] is None


def test_a_lost_write_is_simply_repeated():
    assert cdn.confirm(Shelf({}), cdn.unbind("t", place(), None)) is None
