# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ApsaraVideo Live: what its API shows, and that it takes a certificate by its name in CAS, because it has no field for an id."""

from __future__ import annotations

import pytest

from ansible_collections.daas.https.plugins.module_utils._api import live as api
from ansible_collections.daas.https.plugins.module_utils._api.cas import Stored
from ansible_collections.daas.https.plugins.module_utils._api.domains import Binding
from ansible_collections.daas.https.plugins.module_utils._domain.deployment import Bound, Wanted, place_of
from ansible_collections.daas.https.plugins.module_utils._errors import ApiError, InputError
from ansible_collections.daas.https.plugins.module_utils._plan import Ref
from ansible_collections.daas.https.plugins.module_utils._requests import Once
from ansible_collections.daas.https.plugins.module_utils._targets.live import TARGET as live
from tests.emulator.pki import Authority

A = "a" * 64
STREAM = "stream.example.com"
WANTED = Wanted(7, "shop-a", A, "1" * 40, (STREAM, "*.shop.example.com"), "cn-hangzhou")
MATERIAL = Authority.create().issue([STREAM], key="ec")
REQUEST = dict(service="live", domain=STREAM)


def stored(number=5, name="old", sha256=MATERIAL.fingerprint):
    return {number: Stored(number, name, sha256, "", (STREAM,), True, False, "", algorithm="ECC")}


def binding(https=True, kind="cas", name="old", pem=MATERIAL.chain_pem):
    return Binding(https, 0, name, kind, "", "", pem)


def place(domain=STREAM):
    return place_of(REQUEST, None, domain)


def test_what_the_target_is():
    assert (live.NAME, live.CAS_PRODUCT, live.NEEDS, live.REGIONAL, live.IDENTIFIER) == ("live", "LIVE", ("domain",), False, False)
    assert live.PRODUCT is api.PRODUCT


@pytest.mark.parametrize("domain, found", [(STREAM, STREAM), ("Stream.Example.com.", STREAM), ("*.shop.example.com", ".shop.example.com")])
def test_find(domain, found):
    assert live.find(dict(REQUEST, domain=domain), (binding(), "online"), WANTED, {}) == [place(found)]


@pytest.mark.parametrize("domain, status, words", [
    (STREAM, None, "no LIVE domain stream.example.com"), ("www.example.com", "online", "does not cover the LIVE domain www.example.com"),
    (STREAM, "offline", "'offline'"),
])
def test_find_refuses(domain, status, words):
    with pytest.raises(InputError, match=words):
        live.find(dict(REQUEST, domain=domain), (binding(), status), WANTED, {})


@pytest.mark.parametrize("shown, bound", [
    (binding(https=False), None),
    (binding(), Bound("old", 5, "old", MATERIAL.fingerprint, (STREAM,), "", "ECC")),
    (binding(pem=""), Bound("old", 5, "old", MATERIAL.fingerprint, (STREAM,), "", "ECC")),  # the name alone tells it
    (binding(kind="upload"), Bound("", 0, "old", MATERIAL.fingerprint)),  # uploaded under the name of one in CAS
    (binding(name="elsewhere"), Bound("", 0, "elsewhere", MATERIAL.fingerprint)),
])
def test_at(shown, bound):
    assert live.at(place(), (shown, "online"), stored()) == bound


def test_a_name_that_was_given_again_is_not_the_certificate():
    assert live.at(place(), (binding(), "online"), stored(sha256=A)) == Bound("", 0, "old", MATERIAL.fingerprint)
    assert live.at(place(), (binding(), "online"), stored(sha256="")).cas_id == 5  # CAS does not say


@pytest.mark.parametrize("wanted, own", [
    (WANTED, "shop-a"), (Wanted(0, "new", A, "", (), "cn-hangzhou"), "new"),
    (Wanted(0, "", A, "", (), "cn-hangzhou"), Ref("upload", "CertId")),
])
def test_own(wanted, own):
    assert live.own(place(), None, wanted) == (own, ())


def test_bind():
    step = live.bind("live/stream.example.com", place(), None, Bound("shop-a", 7, "shop-a", A, (), "cn-hangzhou"))
    assert step.params == dict(DomainName=STREAM, SSLProtocol="on", CertType="cas", CertName="shop-a")
    assert (step.action, step.product, step.group, step.stage) == ("SetLiveDomainCertificate", "live", "live/stream.example.com", 1)
    assert live.unbind("t", place(), None).params == dict(DomainName=STREAM, SSLProtocol="off")


def test_a_certificate_that_is_not_in_cas_cannot_be_put_back():
    with pytest.raises(InputError, match=r"live/stream\.example\.com is not in CAS, and LIVE does not give its key; put it back by hand"):
        live.bind("live/stream.example.com", place(), None, live.at(place(), (binding(kind="upload"), "online"), stored()))


def test_there_is_one_certificate_and_nothing_to_tidy_up():
    state = binding(), "online"
    assert live.places(REQUEST, state) == [place()] and live.superseded(REQUEST, state, WANTED, stored()) == []
    assert live.settled(state) and not live.settled((binding(), "configuring"))
    assert live.confirm(None, live.unbind("t", place(), None)) is None  # it is simply repeated


ROW = dict(SSLProtocol="on", CertName="old", CertType="cas", SSLPub=MATERIAL.chain_pem, Status="")


class Shelf:
    """The account's domains, two a page, and what DescribeLiveDomainCertificateInfo answers."""

    def __init__(self, answer, **domains):
        self.answer, self.calls = answer, []
        self.rows = [dict(DomainName=name.replace("_", ".") + ".example.com", LiveDomainStatus=status) for name, status in domains.items()]

    def call(self, product, action, params, target=""):
        self.calls.append((action, params))
        if action == "DescribeLiveUserDomains":
            return dict(Domains=dict(PageData=[row for row in self.rows if params["DomainName"] in row["DomainName"].lower()]))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def pages(self, product, action, params, rows, total, size, names):
        assert (action, size, names) == ("DescribeLiveUserDomains", 50, ("PageNumber", "PageSize"))
        answer = dict(Domains=dict(PageData=self.rows), TotalCount=len(self.rows))
        assert total(answer) == len(self.rows)
        yield from rows(answer)


@pytest.mark.parametrize("answer, https", [
    (dict(CertInfos=dict(CertInfo=[ROW])), True), (dict(CertInfos=dict(CertInfo=[])), False), ({}, False),
    (ApiError("x", "InvalidCertificate.NotFound", "no"), False),
])
def test_read_of_one_domain(answer, https):
    cloud = Shelf(answer, Stream="online", other_stream="offline")
    shown, status = live.read(cloud, dict(REQUEST, domain="Stream.example.com"), Once([REQUEST]))
    assert status == "online" and shown.https is https
    assert cloud.calls[0] == ("DescribeLiveUserDomains", dict(DomainName=STREAM, DomainSearchType="full_match", PageSize=20))
    assert (shown.cert_name, shown.cert_type, shown.certificate_pem) == (("old", "cas", MATERIAL.chain_pem) if https else ("", "", ""))


def test_read_of_many_domains_reads_the_list_once():
    requests = [dict(service="live", domain="d%d.example.com" % number) for number in range(6)]
    once, cloud = Once(requests), Shelf({}, **dict(("d%d" % number, "online") for number in range(6)))
    assert [live.read(cloud, request, once)[1] for request in requests] == ["online"] * 6
    assert {action for action, _params in cloud.calls} == {"DescribeLiveDomainCertificateInfo"} and len(cloud.calls) == 6
    assert live.candidates(cloud, None, once) == [dict(domain="d%d.example.com" % number) for number in range(6)]


def test_read_tells_a_refusal():
    with pytest.raises(ApiError, match=r"InvalidDomain\.NotFound"):
        live.read(Shelf(ApiError("x", "InvalidDomain.NotFound", "no")), REQUEST, Once([REQUEST]))
