# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ApsaraVideo Live's rules: certificates by their name in CAS, what is refused, how long the edge takes, and what it serves."""

from __future__ import annotations

import pytest

from tests.emulator import pki
from tests.emulator.services.live.models import Kind
from tests.support.account import account

STREAM, PUSH = "stream.example.com", "push.example.com"


@pytest.fixture
def calm():
    with account() as made:
        yield shop(made)


@pytest.fixture
def slow():
    with account(slow_states=True) as made:
        yield shop(made)


@pytest.fixture(scope="module")
def authority():
    return pki.Authority.create()


@pytest.fixture(scope="module")
def new(authority):
    return authority.issue([STREAM, PUSH], key="ec")


def shop(made):
    """A streaming domain with a certificate that was uploaded to Live; an ingest domain without https."""
    made.old = made.cloud.authority.issue([STREAM], key="ec")
    made.cloud.live.add_domain(STREAM, certificate=made.old, certificate_name="old")
    made.cloud.live.add_domain(PUSH, kind=Kind("liveEdge", "cn-beijing"))
    return made


def from_cas(name="shop", domain=STREAM, **change):
    return {"DomainName": domain, "SSLProtocol": "on", "CertType": "cas", "CertName": name, **change}


def as_pem(material, domain=STREAM, **change):
    return {"DomainName": domain, "SSLProtocol": "on", "CertType": "upload", "CertName": "new", "SSLPub": material.chain_pem,
            "SSLPri": material.key_pem, **change}


def bind(made, params):
    assert made.call("live", "SetLiveDomainCertificate", **params) == {}


def info(made, domain=STREAM):
    [row] = made.call("live", "DescribeLiveDomainCertificateInfo", DomainName=domain)["CertInfos"]["CertInfo"]
    return row


def test_from_cas(calm, new):
    calm.upload("shop", new)
    bind(calm, from_cas())
    row = info(calm)
    assert (row["CertName"], row["CertType"], row["SSLProtocol"], row["Status"]) == ("shop", "cas", "on", "")
    assert row["SSLPub"].startswith(new.leaf_pem) and "CertId" not in row and row["CertLife"] == "3 months"
    assert calm.served("live", STREAM) == new.fingerprint and calm.served("live", PUSH) is None
    assert calm.cloud.cas.uses(next(iter(calm.cloud.cas.certificates))) == ["live/" + STREAM]
    bind(calm, from_cas(domain=PUSH))
    assert calm.served("live", PUSH) == new.fingerprint


def test_as_pem(calm, new):
    bind(calm, as_pem(new))
    assert (info(calm)["CertName"], info(calm)["CertType"]) == ("new", "upload") and "PRIVATE" not in str(info(calm))
    assert calm.served("live", STREAM) == new.fingerprint
    bind(calm, as_pem(new, PUSH, ForceSet="1"))
    bind(calm, as_pem(new, PUSH, CertName="", CertType=""))
    assert info(calm, PUSH)["CertName"].startswith("cert-")


def test_off(calm):
    bind(calm, {"DomainName": STREAM, "SSLProtocol": "off"})
    assert info(calm)["SSLProtocol"] == "off" and "SSLPub" not in info(calm) and calm.served("live", STREAM) is None


def test_a_dry_run_changes_nothing(calm, new):
    calm.upload("shop", new)
    before = calm.cloud.snapshot()
    bind(calm, from_cas(DryRun=True))
    bind(calm, {"DomainName": STREAM, "SSLProtocol": "off", "DryRun": True})
    assert calm.cloud.snapshot() == before and calm.served("live", STREAM) == calm.old.fingerprint
    assert calm.refused("live", "SetLiveDomainCertificate", **from_cas("nothing", DryRun=True)) == ("SSLPri.MissingParameter", 400)


def test_what_is_refused(calm, authority, new):
    calm.upload("shop", new)
    calm.cloud.live.add_domain("off.example.com", status="offline")
    for params, expected in [
        (from_cas("nothing"), ("SSLPri.MissingParameter", 400)), (from_cas(domain="www.example.com"), ("InvalidDomain.NotFound", 404)),
        (from_cas(domain="off.example.com"), ("InvalidDomain.Offline", 400)),
        (from_cas(SSLProtocol="maybe"), ("InvalidSSLProtocol.ValueNotSupported", 400)),
        (from_cas(CertType="free"), ("InvalidParameter", 400)),
        (as_pem(new, SSLPub=""), ("SSLPub.MissingParameter", 400)), (as_pem(new, SSLPri=""), ("SSLPri.MissingParameter", 400)),
        (as_pem(new, SSLPub="nonsense"), ("Certificate.FormatError", 400)), (as_pem(new, SSLPri="nonsense"), ("Key.Malformed", 400)),
        (as_pem(new, SSLPri=pki.with_other_key(new).key_pem), ("Certificate.MissMatch", 400)),
        (as_pem(authority.expired([STREAM], key="ec")), ("Certificate.Expired", 400)),
        (as_pem(new, PUSH, CertName="old"), ("CertNameAlreadyExists", 400)),
    ]:
        assert calm.refused("live", "SetLiveDomainCertificate", **params) == expected, params
    assert info(calm)["CertName"] == "old" and calm.served("live", STREAM) == calm.old.fingerprint
    for action in ("DescribeLiveDomainCertificateInfo", "DescribeLiveDomainDetail"):
        assert calm.refused("live", action, DomainName="www.example.com") == ("InvalidDomain.NotFound", 404)


def test_the_edge_changes_when_configuring_ends(slow, new):
    slow.upload("shop", new)
    bind(slow, from_cas())
    assert slow.served("live", STREAM) == slow.old.fingerprint
    assert slow.refused("live", "SetLiveDomainCertificate", **from_cas()) == ("ServiceBusy", 403)
    detail = slow.call("live", "DescribeLiveDomainDetail", DomainName=STREAM)["DomainDetail"]
    assert detail["DomainStatus"] == "online" and slow.served("live", STREAM) == new.fingerprint
    bind(slow, from_cas(domain=PUSH))
    assert [found(slow, DomainStatus="configuring") for _look in range(3)] == [[PUSH], [PUSH], []]


def found(made, **params):
    return [row["DomainName"] for row in made.call("live", "DescribeLiveUserDomains", **params)["Domains"]["PageData"]]


def test_domains_can_be_searched(calm):
    assert found(calm) == [STREAM, PUSH] and found(calm, DomainName="example") == [STREAM, PUSH]  # fuzzy, unless asked otherwise
    assert found(calm, DomainName="stream", DomainSearchType="full_match") == []
    assert found(calm, DomainName=STREAM, DomainSearchType="full_match") == [STREAM]
    assert found(calm, DomainName="push", DomainSearchType="pre_match") == found(calm, LiveDomainType="liveEdge") == [PUSH]
    assert found(calm, RegionName="cn-shanghai", DomainStatus="online") == [STREAM]
    assert found(calm, **{"Tag.1.Key": "env"}) == found(calm, ResourceGroupId="rg-1") == []
    for wrong in ({"DomainSearchType": "x"}, {"PageSize": 51}, {"PageNumber": 0}):
        assert calm.refused("live", "DescribeLiveUserDomains", **wrong) == ("InvalidParameter", 400)


def test_pages():
    with account(page_cap=2) as capped:
        for number in range(3):
            capped.cloud.live.add_domain("d{0}.example.com".format(number))
        answer = capped.call("live", "DescribeLiveUserDomains", PageSize=50)
        assert (answer["TotalCount"], answer["PageSize"], len(answer["Domains"]["PageData"])) == (3, 2, 2)
        assert found(capped, PageNumber=2) == ["d2.example.com"]


def test_the_snapshot(calm, new):
    bind(calm, as_pem(new))
    shown = calm.cloud.snapshot()["live"]["domains"]
    assert [(row["domain"], row["https"], row["fingerprint"]) for row in shown] == [(STREAM, True, new.fingerprint), (PUSH, False, None)]
    assert new.key_pem.splitlines()[1] not in repr(shown) + repr(calm.cloud.live.domains)
