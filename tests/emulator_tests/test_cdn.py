# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CDN's rules: where certificates come from, what refuses them, how long the edge takes, and what it serves."""

from __future__ import annotations

import json

import pytest

from tests.emulator import pki
from tests.support.account import account

IMG = "img.example.com"
HSTS = {"enabled": "on", "https_hsts_max_age": "300"}


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
    return authority.issue([IMG, "static.example.com"], key="ec")


def shop(made):
    """img.example.com with a certificate that was uploaded to CDN; static.example.com without https."""
    made.old = made.cloud.authority.issue([IMG], key="ec")
    made.cloud.cdn.add_domain(IMG, certificate=made.old, certificate_name="old")
    made.cloud.cdn.add_domain("static.example.com")
    return made


def from_cas(number, domain=IMG, **change):
    return {"DomainName": domain, "SSLProtocol": "on", "CertType": "cas", "CertId": number, "CertRegion": "cn-hangzhou", **change}


def as_pem(material, domain=IMG, **change):
    return {"DomainName": domain, "SSLProtocol": "on", "CertType": "upload", "CertName": "new", "SSLPub": material.chain_pem,
            "SSLPri": material.key_pem, **change}


def bind(made, params):
    assert made.call("cdn", "SetCdnDomainSSLCertificate", **params) == {}


def refused(made, params):
    return made.refused("cdn", "SetCdnDomainSSLCertificate", **params)


def info(made, domain=IMG):
    rows = made.call("cdn", "DescribeDomainCertificateInfo", DomainName=domain)["CertInfos"]["CertInfo"]
    assert len(rows) == 1
    return rows[0]


# -- certificates --------------------------------------------------------------------------------------------------------------------

def test_from_cas(calm, new):
    number = calm.upload("shop", new)
    bind(calm, from_cas(number))
    row = info(calm)
    assert (row["CertId"], row["CertName"], row["CertType"], row["CertRegion"]) == (str(number), "shop", "cas", "cn-hangzhou")
    assert row["ServerCertificateStatus"] == "on" and row["Status"] == "success" and row["CertLife"] == "3 months"
    assert row["ServerCertificate"] == new.leaf_pem and row["CertDomainName"] == new.common_name
    assert row["CertExpireTime"] == "{0:%Y-%m-%dT%H:%M:%SZ}".format(new.not_after)
    assert calm.served("cdn", IMG) == new.fingerprint and calm.served("cdn", "static.example.com") is None


def test_as_pem(calm, new):
    bind(calm, as_pem(new))
    row = info(calm)
    assert (row["CertId"], row["CertName"], row["CertType"], row["CertRegion"]) == ("", "new", "upload", "")
    assert calm.served("cdn", IMG) == new.fingerprint and "PRIVATE" not in str(row)
    bind(calm, as_pem(new, "static.example.com", CertName=""))  # CDN names it
    assert info(calm, "static.example.com")["CertName"].startswith("cert-")


def test_off(calm):
    bind(calm, {"DomainName": IMG, "SSLProtocol": "off"})
    row = info(calm)
    assert row["ServerCertificateStatus"] == "off" and "CertName" not in row and calm.served("cdn", IMG) is None


def test_the_international_site(new):
    with account(site="international") as there:
        shop(there)
        number = there.upload("shop", new)
        for region in ("cn-hangzhou", ""):  # the default is China, whatever the site
            assert refused(there, from_cas(number, CertRegion=region)) == ("SSLPri.MissingParameter", 400)
        bind(there, from_cas(number, CertRegion="ap-southeast-1"))
        assert info(there)["CertRegion"] == "ap-southeast-1"


def test_a_certificate_that_does_not_cover_the_domain_is_accepted(calm, authority):
    """The API does not look: whoever wants to know must look at the wire."""
    other = authority.issue(["admin.example.net"], key="ec")
    bind(calm, from_cas(calm.upload("admin", other)))
    assert calm.served("cdn", IMG) == other.fingerprint


def test_what_is_refused(calm, authority, new):
    number, expired = calm.upload("shop", new), authority.expired([IMG], key="ec")
    for params, expected in [
        (from_cas(1), ("Certificate.NotFind", 400)), (from_cas(number, CertRegion="eu-central-1"), ("SSLPri.MissingParameter", 400)),
        (from_cas(number, "www.example.com"), ("InvalidDomain.NotFound", 404)),
        (from_cas(number, "*.example.com"), ("InvalidDomain.NotFound", 404)),
        (from_cas(number, SSLProtocol="maybe"), ("InvalidSSLProtocol.ValueNotSupported", 400)),
        (as_pem(expired), ("Certificate.Expired", 400)), (as_pem(new, SSLPub=""), ("SSLPub.MissingParameter", 400)),
        (as_pem(new, SSLPri=""), ("SSLPri.MissingParameter", 400)), (as_pem(new, SSLPub="nonsense"), ("Certificate.FormatError", 400)),
        (as_pem(new, SSLPri="nonsense"), ("Key.Malformed", 400)),
        (as_pem(new, SSLPri=pki.with_other_key(new).key_pem), ("Certificate.MissMatch", 400)),
        (as_pem(new, "static.example.com", CertName="old"), ("CertNameAlreadyExists", 400)),
    ]:
        assert refused(calm, params) == expected, params["DomainName"]
    assert info(calm)["CertName"] == "old" and calm.served("cdn", IMG) == calm.old.fingerprint
    assert info(calm, "static.example.com")["ServerCertificateStatus"] == "off"


def test_a_stored_certificate_may_have_run_out(calm, authority):
    number = calm.upload("short", authority.issue([IMG], key="ec", days=1))
    calm.cloud.clock.advance(2 * 86400)
    assert refused(calm, from_cas(number)) == ("Certificate.Expired", 400)


@pytest.mark.parametrize("state, code", [("offline", "InvalidDomain.Offline"), ("checking", "InvalidDomain.notOnline")])
def test_only_what_is_online_can_be_changed(calm, new, state, code):
    calm.cloud.cdn.domains[IMG].status = state
    assert refused(calm, from_cas(calm.upload("shop", new))) == (code, 400)
    assert refused(calm, {"DomainName": IMG, "SSLProtocol": "off"}) == (code, 400)
    assert calm.served("cdn", IMG) == calm.old.fingerprint


# -- the edge ------------------------------------------------------------------------------------------------------------------------

def domain_status(made, domain=IMG):
    return made.call("cdn", "DescribeUserDomains", DomainName=domain)["Domains"]["PageData"][0]["DomainStatus"]


def test_the_edge_changes_when_configuring_ends(slow, new):
    number = slow.upload("shop", new)
    bind(slow, from_cas(number))
    assert slow.served("cdn", IMG) == slow.old.fingerprint
    assert refused(slow, from_cas(number)) == ("ServiceBusy", 403) and slow.served("cdn", IMG) == slow.old.fingerprint
    bind(slow, from_cas(number, "static.example.com"))  # each domain by itself
    assert domain_status(slow) == "online" and slow.served("cdn", IMG) == new.fingerprint
    assert slow.served("cdn", "static.example.com") is None
    assert [domain_status(slow, "static.example.com") for _look in range(2)] == ["configuring", "online"]
    assert slow.served("cdn", "static.example.com") == new.fingerprint


def test_the_certificate_is_being_checked_meanwhile(slow, new):
    bind(slow, as_pem(new))
    assert [info(slow)["Status"] for _look in range(2)] == ["checking", "success"]


def test_a_client_that_only_tries_again_gets_there(slow, new):
    bind(slow, as_pem(new))
    off = {"DomainName": IMG, "SSLProtocol": "off"}
    assert refused(slow, off) == ("ServiceBusy", 403)
    bind(slow, off)
    assert slow.served("cdn", IMG) == new.fingerprint  # of the first change; the second is under way


def test_wildcard_domains(calm, authority):
    shops = authority.issue(["*.shop.example.com"], key="ec")
    calm.cloud.cdn.add_domain(".shop.example.com", certificate=shops, certificate_name="shops")
    assert calm.served("cdn", "a.shop.example.com") == calm.served("cdn", "a.b.shop.example.com") == shops.fingerprint
    assert calm.served("cdn", "unknown.example.com") is None


# -- functions -----------------------------------------------------------------------------------------------------------------------

def functions(**named):
    return json.dumps([{"functionName": name, "functionArgs": [{"argName": key, "argValue": value} for key, value in arguments.items()]}
                       for name, arguments in named.items()])


def configs(made, domain=IMG, **params):
    rows = made.call("cdn", "DescribeCdnDomainConfigs", DomainName=domain, **params)["DomainConfigs"]["DomainConfig"]
    return {row["FunctionName"]: (
        row["ConfigId"], row["Status"], {item["ArgName"]: item["ArgValue"] for item in row["FunctionArgs"]["FunctionArg"]}) for row in rows}


def configure(made, domains=IMG, **named):
    answer = made.call("cdn", "BatchSetCdnDomainConfig", DomainNames=domains, Functions=functions(**named))
    return {(row["DomainName"], row["FunctionName"]): row["ConfigId"] for row in answer["DomainConfigList"]["DomainConfigModel"]}


def test_https_is_forced(calm):
    assert calm.plain("cdn", IMG)[0] == 200
    ids = configure(calm, IMG + ",static.example.com", https_force={"enable": "on", "https_rewrite": "301"}, HSTS=HSTS)
    assert len(set(ids.values())) == 4
    status, where = calm.plain("cdn", IMG)
    assert status == 301 and where.startswith("https://" + IMG)
    shown = configs(calm, FunctionNames="https_force")
    assert shown == {"https_force": (str(ids[IMG, "https_force"]), "success", {"enable": "on", "https_rewrite": "301"})}
    assert set(configs(calm)) == {"https_force", "HSTS"} and set(configs(calm, ConfigId=ids[IMG, "HSTS"])) == {"HSTS"}
    again = configure(calm, https_force={"enable": "off"})
    assert again == {(IMG, "https_force"): ids[IMG, "https_force"]} and calm.plain("cdn", IMG)[0] == 200


def test_a_redirect_takes_its_time_as_well(slow):
    configure(slow, https_force={"enable": "on"}, HSTS=HSTS)
    configure(slow, "static.example.com", https_force={"enable": "on"})
    assert configs(slow)["https_force"][1] == "configuring" and slow.plain("cdn", IMG)[0] == 200
    assert configs(slow)["https_force"][1] == "success" and slow.plain("cdn", IMG)[0] == 301
    assert slow.plain("cdn", "static.example.com")[0] == 200
    configure(slow, https_force={"enable": "off"})
    assert slow.plain("cdn", IMG)[0] == 301
    assert slow.refused("cdn", "BatchSetCdnDomainConfig", DomainNames=IMG, Functions=functions(HSTS=HSTS)) == ("ServiceBusy", 403)


def test_functions_that_exclude_each_other(calm):
    number = configure(calm, http_force={"enable": "off"})[IMG, "http_force"]
    both = {"DomainNames": "static.example.com," + IMG, "Functions": functions(https_force={"enable": "on"})}
    assert calm.refused("cdn", "BatchSetCdnDomainConfig", **both) == ("InvalidParameter", 400)
    assert configs(calm, "static.example.com") == {}  # of all or of none
    assert calm.refused("cdn", "DeleteSpecificConfig", DomainName=IMG, ConfigId=1) == ("InvalidParameter", 400)
    calm.call("cdn", "DeleteSpecificConfig", DomainName=IMG, ConfigId=number)
    calm.call("cdn", "BatchSetCdnDomainConfig", **both)
    assert calm.plain("cdn", IMG)[0] == 301


@pytest.mark.parametrize("text", ["5", "{}5", "[1]", "[{}]", '[{"functionName": "HSTS", "functionArgs": [{"argName": "enabled"}]}]',
                                  '[{"functionName": "HSTS", "functionArgs": [{"argName": "enabled", "argValue": true}]}]'])
def test_functions_that_are_none(calm, text):
    assert calm.refused("cdn", "BatchSetCdnDomainConfig", DomainNames=IMG, Functions=text) == ("InvalidParameter", 400)
    assert configs(calm) == {}


# -- lists ---------------------------------------------------------------------------------------------------------------------------

def found(made, **params):
    return [row["DomainName"] for row in made.call("cdn", "DescribeUserDomains", **params)["Domains"]["PageData"]]


def test_domains_can_be_searched(calm):
    calm.cloud.cdn.add_domain("img.example.net", status="offline")
    assert found(calm) == [IMG, "static.example.com", "img.example.net"]
    assert found(calm, DomainName=IMG) == [IMG] and found(calm, DomainName="example.com") == []  # as a whole, unless asked otherwise
    assert found(calm, DomainName="example.com", DomainSearchType="fuzzy_match") == [IMG, "static.example.com"]
    assert found(calm, DomainName="img.", DomainSearchType="pre_match") == [IMG, "img.example.net"]
    assert found(calm, DomainName=".net", DomainSearchType="suf_match") == ["img.example.net"]
    assert found(calm, DomainStatus="offline") == ["img.example.net"]
    assert len(found(calm, CdnType="web", Coverage="domestic", Source="203.0.113.10", ChangeStartTime="2020-01-01T00:00:00Z")) == 3
    for nothing in ({"CdnType": "video"}, {"Source": "192.0.2.1"}, {"ChangeEndTime": "2020-01-01T00:00:00Z"}, {"Tag.1.Key": "env"}):
        assert found(calm, **nothing) == []
    for wrong in ({"DomainSearchType": "x"}, {"PageSize": 501}, {"PageNumber": 0}):
        assert calm.refused("cdn", "DescribeUserDomains", **wrong) == ("InvalidParameter", 400)


def test_pages():
    with account(page_cap=2) as capped:
        for number in range(3):
            capped.cloud.cdn.add_domain("d{0}.example.com".format(number))
        answer = capped.call("cdn", "DescribeUserDomains", PageSize=500)
        assert (answer["TotalCount"], answer["PageSize"], len(answer["Domains"]["PageData"])) == (3, 2, 2)
        assert found(capped, PageNumber=2) == ["d2.example.com"]


def test_the_other_lists(calm, new):
    number = calm.upload("shop", new)
    bind(calm, from_cas(number, "static.example.com"))
    rows = calm.call("cdn", "DescribeCdnHttpsDomainList")["CertInfos"]["CertInfo"]
    assert {(row["DomainName"], row["CertName"]) for row in rows} == {(IMG, "old"), ("static.example.com", "shop")}
    assert calm.call("cdn", "DescribeCdnHttpsDomainList", Keyword="static")["TotalCount"] == 1

    def certificates(**params):
        model = calm.call("cdn", "DescribeCdnSSLCertificateList", **params)["CertificateListModel"]
        return [row["CertId"] for row in model["CertList"]["Cert"]]

    assert certificates() == certificates(SearchKeyword="SHOP") == certificates(DomainName="static.example.com") == [number]
    assert certificates(DomainName="admin.example.net") == certificates(SearchKeyword="x") == []


def test_the_snapshot(calm, new):
    bind(calm, as_pem(new))
    shown = calm.cloud.snapshot()["cdn"]["domains"]
    assert [(row["domain"], row["https"], row["fingerprint"]) for row in shown] == [
        (IMG, True, new.fingerprint), ("static.example.com", False, None)]
    assert new.key_pem.splitlines()[1] not in repr(shown) + repr(calm.cloud.cdn.domains)
