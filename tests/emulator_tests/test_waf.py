# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WAF's rules: one instance in each region, domains that a careless change resets, ports with lists of certificates, what is served."""

from __future__ import annotations

import json

import pytest

from tests.emulator import pki
from tests.support.account import account

REGION = "cn-hangzhou"
LISTEN = {"HttpPorts": [80], "HttpsPorts": [443], "TLSVersion": "tlsv1.2", "EnableTLSv3": True, "CipherSuite": 2, "Http2Enabled": True,
          "XffHeaderMode": 2, "XffHeaders": ["x-client"], "HstsMaxAge": 600, "IPv6Enabled": True}
REDIRECT = {"Backends": ["203.0.113.20", "203.0.113.21"], "BackupBackends": ["203.0.113.30"], "Loadbalance": "roundRobin",
            "ReadTimeout": 60, "RequestHeaders": [{"Key": "x-waf", "Value": "1"}], "RoutingRules": "[]", "CnameEnabled": True}


@pytest.fixture(scope="module")
def authority():
    return pki.Authority.create()


@pytest.fixture(scope="module")
def new(authority):
    return authority.issue(["www.example.com", "api.example.com"], key="ec")


@pytest.fixture
def calm(authority, new):
    with account() as made:
        yield shop(made, authority, new)


@pytest.fixture
def slow(authority, new):
    with account(slow_states=True) as made:
        yield shop(made, authority, new)


def shop(made, authority, new):
    """www.example.com with everything set, and lb-bp1web:443 with one extension certificate; old is everywhere, new in CAS only."""
    made.old, made.new, made.side = authority.issue(["www.example.com"], key="ec"), new, authority.issue(["admin.example.net"], key="ec")
    numbers = [made.upload(name, material) for name, material in (("old", made.old), ("new", new), ("side", made.side))]
    made.old_id, made.new_id, made.side_id = ("{0}-cn-hangzhou".format(number) for number in numbers)
    made.domain = made.cloud.waf.add_domain("www.example.com", numbers[0], listen=LISTEN, redirect=REDIRECT)
    made.port = made.cloud.waf.add_port("clb7", "lb-bp1web", 443, numbers[0], (numbers[2],), TLSVersion="tlsv1.2", CipherSuite=2)
    made.waf = made.cloud.waf.instances[REGION]
    made.here = {"InstanceId": made.waf.id, "RegionId": REGION}
    return made


def detail(made, domain="www.example.com"):
    return made.call("waf", "DescribeDomainDetail", **made.here, Domain=domain)


def port(made):
    [row] = made.call("waf", "DescribeCloudResourceAccessPortDetails", **made.here, ResourceInstanceId="lb-bp1web")["AccessPortDetails"]
    return row


def rows(*pairs):
    return {"Certificates.{0}.{1}".format(number, name): value for number, pair in enumerate(pairs, 1)
            for name, value in zip(("AppliedType", "CertificateId"), pair)}


def write_list(made, *pairs, **where):
    return {**made.here, **(where or {"CloudResourceId": made.port.id}), **rows(*pairs)}


# -- the instance --------------------------------------------------------------------------------------------------------------------

def test_there_is_one_instance_in_a_region():
    with account() as made:
        assert made.call("waf", "DescribeInstance", RegionId=REGION) == {}
        first = made.call("waf", "CreatePostpaidInstance", RegionId=REGION)["InstanceId"]
        assert made.call("waf", "CreatePostpaidInstance", RegionId=REGION)["InstanceId"] == first
        shown = made.call("waf", "DescribeInstance", RegionId=REGION)
        assert (shown["InstanceId"], shown["RegionId"], shown["Status"]) == (first, REGION, 1)
        assert made.call("waf", "DescribeInstance", RegionId="ap-southeast-1") == {}
        abroad = made.call("waf", "CreatePostpaidInstance", RegionId="ap-southeast-1")["InstanceId"]
        for region, wrong, code in [(REGION, abroad, "ComboError"), ("ap-southeast-1", first, "ComboError"),
                                    ("eu-central-1", first, "InvalidRegionId")]:
            assert made.refused("waf", "DescribeDomains", RegionId=region, InstanceId=wrong) == (code, 400)


# -- domains in CNAME mode -----------------------------------------------------------------------------------------------------------

def test_a_domain_shows_what_it_was_told_but_not_all(calm):
    shown = detail(calm)
    assert {name: shown["Listen"][name] for name in LISTEN} == LISTEN and shown["Listen"]["CertId"] == calm.old_id
    redirect = shown["Redirect"]
    assert redirect["BackendList"] == REDIRECT["Backends"] == [row["Backend"] for row in redirect["Backends"]]
    assert (redirect["BackUpBackendList"], redirect["RequestHeaders"]) == (["203.0.113.30"], REDIRECT["RequestHeaders"])
    assert "RoutingRules" not in redirect and "CnameEnabled" not in redirect
    assert (shown["CertDetail"]["Name"], shown["CertDetail"]["Sans"], shown["Status"]) == ("old", ["www.example.com"], 1)
    assert detail(calm, "nowhere.example.com") == {} == calm.call("waf", "DescribeDomainDetail", **calm.here)
    assert calm.call("waf", "DescribeDomainDetail", **calm.here, DomainId=shown["DomainId"]) == shown


def test_the_certificate_alone_can_be_changed(slow):
    before = slow.cloud.snapshot()["waf"]
    keep = {"TLSVersion": "tlsv1.2", "EnableTLSv3": True, "CipherSuite": "2"}
    slow.call("waf", "ModifyDomainCert", **slow.here, Domain="WWW.example.com", CertId=slow.new_id, **keep)
    assert slow.served(slow.waf.key, "www.example.com") == slow.old.fingerprint
    assert [detail(slow)["Status"], detail(slow)["Status"]] == [3, 1]
    assert slow.served(slow.waf.key, "www.example.com") == slow.new.fingerprint
    after = json.loads(json.dumps(slow.cloud.snapshot()["waf"]).replace(slow.new_id, slow.old_id))
    assert after == before
    slow.call("waf", "ModifyDomainCert", **slow.here, Domain="www.example.com", CertId=slow.old_id)
    listen = detail(slow)["Listen"]
    assert (listen["TLSVersion"], listen["EnableTLSv3"], listen["CipherSuite"]) == ("tlsv1", False, 1)
    assert listen["Http2Enabled"] is True


def test_a_careless_change_of_the_domain_resets_it(calm):
    calm.call("waf", "ModifyDomain", **calm.here, Domain="www.example.com", Listen=json.dumps({"HttpsPorts": [443], "CertId": calm.new_id}),
              Redirect=json.dumps({"Loadbalance": "iphash"}))
    shown = detail(calm)
    assert calm.served(calm.waf.key, "www.example.com") == calm.new.fingerprint
    assert shown["Listen"]["Http2Enabled"] is False and "Backends" not in shown["Redirect"] and "HttpPorts" not in shown["Listen"]


def test_a_change_is_refused_while_another_one_is_under_way(slow):
    change = {**slow.here, "Domain": "www.example.com", "CertId": slow.new_id}
    slow.call("waf", "ModifyDomainCert", **change)
    assert slow.refused("waf", "ModifyDomainCert", **change) == ("Waf.Pullin.ResourceProcessing", 400)
    slow.call("waf", "ModifyDomainCert", **change)  # who tries again gets there
    slow.call("waf", "ModifyCloudResourceDefaultCert", **slow.here, CloudResourceId=slow.port.id, CertId=slow.new_id)
    assert slow.refused("waf", "ModifyCloudResourceCert", **write_list(slow, ("default", slow.old_id))) == (
        "Waf.Pullin.ResourceProcessing", 400)


def test_without_https_there_is_no_certificate(calm):
    calm.cloud.waf.add_domain("plain.example.com")
    assert "CertDetail" not in detail(calm, "plain.example.com") and calm.served(calm.waf.key, "plain.example.com") is None
    assert calm.refused("waf", "ModifyDomainCert", **calm.here, Domain="plain.example.com", CertId=calm.new_id) == (
        "HttpsSupportError", 400)
    listed = calm.call("waf", "DescribeDomains", **calm.here, Domain="plain")["Domains"][0]
    assert listed["ListenPorts"] == {"Http": [80]} and listed["Backeds"] == {"Http": [{"Backend": "203.0.113.20"}]}


@pytest.mark.parametrize("changes, code", [
    ({"Domain": "x.example.com"}, "DomainNotExist"), ({"CertId": "1-cn-hangzhou"}, "CertNotExist"), ({"CertId": "1"}, "CertNotExist"),
    ({"TLSVersion": "tlsv9"}, "InvalidParameter"), ({"TLSVersion": "tlsv1.3"}, "InvalidParameter"),
    ({"CipherSuite": "2"}, "InvalidParameter"), ({"CipherSuite": "99"}, "InvalidParameter"), ({"CipherSuite": "all"}, "InvalidParameter"),
    ({"CustomCiphers.1": "X"}, "InvalidParameter"),
])
def test_certificates_that_make_no_sense(calm, changes, code):
    assert calm.refused("waf", "ModifyDomainCert", **{**calm.here, "Domain": "www.example.com", "CertId": calm.new_id, **changes}) == (
        code, 400)
    assert detail(calm)["Listen"]["CertId"] == calm.old_id


@pytest.mark.parametrize("listen, redirect, code", [
    ({"HttpsPorts": [443]}, {}, "CertNotExist"), ({"HttpPorts": []}, {}, "InvalidParameter"), ([], {}, "InvalidParameter"),
    ({"HttpPorts": [80], "Nonsense": 1}, {}, "InvalidParameter"), ({"HttpPorts": "80"}, {}, "InvalidParameter"),
    ({"HttpPorts": [80]}, {"Backends": "203.0.113.20"}, "InvalidParameter"),
    ({"HttpPorts": [80], "IPv6Enabled": 1}, {}, "InvalidParameter"),
])
def test_domains_that_make_no_sense(calm, listen, redirect, code):
    params = {"Domain": "new.example.com", "Listen": json.dumps(listen), "Redirect": json.dumps({"Loadbalance": "iphash", **redirect})}
    assert calm.refused("waf", "CreateDomain", **calm.here, **params) == (code, 400)
    assert detail(calm, "new.example.com") == {}
    again = {"Domain": "www.example.com", "Listen": json.dumps({"HttpPorts": [80]}), "Redirect": json.dumps({"Loadbalance": "iphash"})}
    assert calm.refused("waf", "CreateDomain", **calm.here, **again) == ("Waf.Pullin.ResourceExsit", 400)


def test_the_life_of_a_domain(slow):
    listen = json.dumps({"HttpsPorts": [443], "CertId": slow.new_id})
    slow.call("waf", "CreateDomain", **slow.here, Domain="*.shop.example.com", Listen=listen,
              Redirect=json.dumps({"Loadbalance": "iphash"}))
    assert slow.served(slow.waf.key, "a.shop.example.com") is None
    assert [detail(slow, "*.shop.example.com")["Status"] for _look in range(2)] == [2, 1]
    assert slow.served(slow.waf.key, "a.shop.example.com") == slow.new.fingerprint


def test_domains_come_in_pages_and_can_be_searched():
    with account(page_cap=2) as made:
        for number in range(5):
            made.cloud.waf.add_domain("n{0}.example.com".format(number), redirect={"Backends": ["203.0.113.{0}".format(number)]})
        here = {"InstanceId": made.cloud.waf.instances[REGION].id, "RegionId": REGION}
        pages = [made.call("waf", "DescribeDomains", **here, PageNumber=page, PageSize=50) for page in (1, 2, 3)]
        assert [len(page["Domains"]) for page in pages] == [2, 2, 1] and {page["TotalCount"] for page in pages} == {5}
        for params, expected in [({"Domain": "n3"}, 1), ({"Backend": "203.0.113.4"}, 1), ({"Tag.1.Key": "env"}, 0),
                                 ({"ResourceManagerResourceGroupId": "rg-1"}, 0), ({"DomainId": "n2.example.com-waf"}, 1)]:
            assert made.call("waf", "DescribeDomains", **here, **params)["TotalCount"] == expected
        assert made.refused("waf", "DescribeDomains", **here, PageSize=51) == ("InvalidParameter", 400)


# -- ports in cloud-native mode ------------------------------------------------------------------------------------------------------

def test_a_port_shows_its_certificates_and_serves_them(calm):
    shown = port(calm)
    assert [(row["AppliedType"], row["CertificateId"], row["CertificateName"]) for row in shown["Certificates"]] == [
        ("default", calm.old_id, "old"), ("extension", calm.side_id, "side")]
    assert (shown["TLSVersion"], shown["CipherSuite"], shown["Status"], shown["CloudResourceId"]) == ("tlsv1.2", 2, 1, calm.port.id)
    assert calm.served("waf/lb-bp1web/443", "admin.example.net") == calm.side.fingerprint
    assert calm.served("waf/lb-bp1web/443", "other.example.com") == calm.old.fingerprint


def test_a_list_is_replaced_as_a_whole(slow):
    slow.call("waf", "ModifyCloudResourceCert", **write_list(
        slow, ("default", slow.old_id), ("extension", slow.new_id), ResourceInstanceId="lb-bp1web", Port=443, ResourceProduct="clb7"))
    assert slow.served("waf/lb-bp1web/443", "admin.example.net") == slow.side.fingerprint
    assert [port(slow)["Status"], port(slow)["Status"]] == [3, 1]
    assert slow.served("waf/lb-bp1web/443", "admin.example.net") == slow.old.fingerprint
    assert slow.served("waf/lb-bp1web/443", "api.example.com") == slow.new.fingerprint


def test_the_default_certificate_has_a_call_of_its_own(calm):
    calm.call("waf", "ModifyCloudResourceDefaultCert", **calm.here, CloudResourceId=calm.port.id, CertId=calm.new_id)
    assert calm.served("waf/lb-bp1web/443", "other.example.com") == calm.new.fingerprint
    assert calm.served("waf/lb-bp1web/443", "admin.example.net") == calm.side.fingerprint


def test_lists_that_make_no_sense(calm):
    calm.cloud.waf.add_port("ecs", "i-bp1app", 80, protocol="http")
    good = [("default", calm.old_id)]
    for pairs, where, code in [
            ([("extension", calm.new_id)], {}, "InvalidParameter"), (good * 2, {}, "InvalidParameter"),
            ([*good, ("default", calm.new_id)], {}, "InvalidParameter"), ([*good, ("odd", calm.new_id)], {}, "InvalidParameter"),
            ([*good, ("extension", "1-cn-hangzhou")], {}, "CertNotExist"), (good, {"CloudResourceId": "x"}, "Waf.Pullin.ResourceNotExist"),
            (good, {"ResourceInstanceId": "lb-bp1web", "Port": 444}, "Waf.Pullin.ResourceNotExist"),
            (good, {"ResourceInstanceId": "lb-bp1web", "Port": 443, "ResourceProduct": "nlb"}, "Waf.Pullin.ResourceNotExist"),
            (good, {"ResourceInstanceId": "i-bp1app", "Port": 80}, "HttpsSupportError")]:
        assert calm.refused("waf", "ModifyCloudResourceCert", **write_list(calm, *pairs, **where)) == (code, 400)
    assert len(port(calm)["Certificates"]) == 2


def create(calm, **listen):
    certificates = [{"AppliedType": "default", "CertificateId": calm.new_id}]
    return {**calm.here, "Listen": json.dumps({
        "ResourceProduct": "nlb", "ResourceInstanceId": "nlb-1", "ResourceRegionId": REGION, "Port": 8443, "Protocol": "https",
        "Certificates": certificates, **listen})}


def test_the_life_of_a_port(slow):
    made = slow.call("waf", "CreateCloudResource", **create(slow), Redirect=json.dumps({"ReadTimeout": 30}))["CloudResourceId"]
    look = {**slow.here, "ResourceInstanceId": "nlb-1", "Port": "8443", "Protocol": "https", "ResourceProduct": "nlb"}

    def now():
        [row] = slow.call("waf", "DescribeCloudResourceAccessPortDetails", **look)["AccessPortDetails"]
        return row["CloudResourceId"], row["Status"], row["ReadTimeout"]

    assert [now(), now()] == [(made, 2, 30), (made, 1, 30)]
    assert slow.served("waf/nlb-1/8443", "www.example.com") == slow.new.fingerprint
    assert slow.refused("waf", "CreateCloudResource", **create(slow)) == ("Waf.Pullin.ResourceExsit", 400)
    for wrong in ({"ResourceProduct": "alb"}, {"Protocol": "tcp"}, {"ResourceInstanceId": ""}, {"Domain": "fc.example.com"},
                  {"Port": "444"}, {"Certificates": []}, {"Nonsense": 1}):
        assert slow.refused("waf", "CreateCloudResource", **create(slow, **{"Port": 444, **wrong})) == ("InvalidParameter", 400)
    assert slow.refused("waf", "CreateCloudResource", **create(slow, Port=444), Redirect="[]") == ("InvalidParameter", 400)


def test_resources_are_listed_by_product(calm):
    calm.cloud.waf.add_port("clb7", "lb-bp1web", 80, protocol="http")
    calm.cloud.waf.add_port("clb7", "lb-bp1api", 443, int(calm.new_id.partition("-")[0]))

    def listed(**params):
        return {row["ResourceInstanceId"]: (row["HttpPortCount"], row["HttpsPortCount"]) for row in calm.call(
            "waf", "DescribeCloudResources", **calm.here, **params)["CloudResources"]}

    assert listed() == {} and listed(ResourceProduct="clb7") == {"lb-bp1web": (1, 1), "lb-bp1api": (0, 1)}
    assert listed(ResourceProduct="clb7", ResourceInstanceId="lb-bp1api") == {"lb-bp1api": (0, 1)} == listed(
        ResourceProduct="clb7", ResourceInstanceId="lb-bp1api", ResourceName="lb-bp1api", ResourceRegionId=REGION)
    for nothing in ({"ResourceProduct": "ecs"}, {"ResourceProduct": "clb7", "ResourceDomain": "x"},
                    {"ResourceProduct": "clb7", "ResourceRegionId": "cn-shanghai"}, {"ResourceProduct": "clb7", "ResourceName": "x"}):
        assert listed(**nothing) == {}


# -- certificates --------------------------------------------------------------------------------------------------------------------

def test_a_certificate_shows_its_names(calm):
    shown = calm.call("waf", "DescribeCertDetail", **calm.here, CertIdentifier=calm.new_id)["CertDetail"]
    assert (shown["Sans"], shown["CertName"], shown["CertIdentifier"]) == (["www.example.com", "api.example.com"], "new", calm.new_id)
    assert calm.refused("waf", "DescribeCertDetail", **calm.here, CertIdentifier="1-cn-hangzhou") == ("CertNotExist", 400)


def test_what_is_deleted_from_cas_is_served_on(calm):
    number = int(calm.old_id.partition("-")[0])
    assert calm.cloud.waf.uses_of_cas(number) == ["waf/lb-bp1web/443", "waf/www.example.com"]
    del calm.cloud.cas.certificates[number]
    assert detail(calm)["CertDetail"]["Name"] == calm.old_id and calm.served(calm.waf.key, "www.example.com") == calm.old.fingerprint


def test_the_snapshot_has_no_secret(calm):
    shown = repr(calm.cloud.snapshot()["waf"])
    assert calm.old_id in shown and not any(line in shown for line in calm.old.key_pem.splitlines()[1:-1])
