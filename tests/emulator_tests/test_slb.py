# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SLB's rules: regional certificate stores, strict PEM, listeners that take their time, domain extensions, and what they serve."""

from __future__ import annotations

import socket
import ssl

import pytest

from tests.emulator import pki
from tests.support.account import account

REGION, WEB = "cn-hangzhou", "slb/lb-web/443"
LISTENER = {"LoadBalancerId": "lb-web", "ListenerPort": 443, "RegionId": REGION}


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
    return authority.issue(["www.example.com", "api.example.com"], key="ec")


def shop(made):
    """lb-web :443 in cn-hangzhou with a certificate of its own; lb-uf6 in cn-shanghai without a listener."""
    made.old = made.cloud.authority.issue(["www.example.com"], key="ec")
    made.old_id = made.cloud.slb.add_certificate(REGION, "old", made.old)
    made.cloud.slb.add_load_balancer("lb-web", REGION, address="203.0.113.10")
    made.cloud.slb.add_load_balancer("lb-uf6", "cn-shanghai", address="203.0.113.20")
    made.cloud.slb.add_https_listener("lb-web", 443, made.old_id)
    return made


def upload(made, material, region=REGION, **params):
    return made.call("slb", "UploadServerCertificate", RegionId=region, ServerCertificate=material.chain_pem, PrivateKey=material.key_pem,
                     **params)


def held(made, region=REGION, **params):
    rows = made.call("slb", "DescribeServerCertificates", RegionId=region, **params)["ServerCertificates"]["ServerCertificate"]
    return {row["ServerCertificateId"]: row for row in rows}


def status(made):
    return made.call("slb", "DescribeLoadBalancerHTTPSListenerAttribute", **LISTENER)["Status"]


def colons(digest):
    return ":".join(digest[start:start + 2] for start in range(0, len(digest), 2))


# -- certificates --------------------------------------------------------------------------------------------------------------------

def test_upload_as_pem(calm, new):
    answer = upload(calm, new, ServerCertificateName="new", ResourceGroupId="rg-1", **{"Tag.1.Key": "env", "Tag.1.Value": "prod"})
    assert answer["Fingerprint"] == colons(new.sha1) and answer["IsAliCloudCertificate"] == 0
    assert answer["SubjectAlternativeNames"]["SubjectAlternativeName"] == list(new.names)
    row = held(calm)[answer["ServerCertificateId"]]
    assert {key: value for key, value in row.items() if key != "Tags"} == answer and "PRIVATE" not in str(row)
    assert row["Tags"]["Tag"] == [{"TagKey": "env", "TagValue": "prod"}]
    assert row["ExpireTimeStamp"] == int(new.not_after.timestamp()) * 1000
    assert upload(calm, new)["ServerCertificateId"] != answer["ServerCertificateId"]  # nothing is unique but the id


def test_import_from_cas_shows_the_other_digest(calm, new):
    number = calm.upload("shop", new)
    answer = calm.call("slb", "UploadServerCertificate", RegionId=REGION, AliCloudCertificateId=number, AliCloudCertificateName="shop",
                       AliCloudCertificateRegionId=REGION)
    assert answer["Fingerprint"] == colons(new.fingerprint) and answer["IsAliCloudCertificate"] == 1
    assert (answer["AliCloudCertificateId"], answer["AliCloudCertificateName"]) == (str(number), "shop")
    assert answer["ServerCertificateName"] == "shop"
    for wrong in ({"AliCloudCertificateId": 1}, {"AliCloudCertificateId": "x"}, {"AliCloudCertificateRegionId": "ap-southeast-1"}):
        given = {"RegionId": REGION, "AliCloudCertificateId": number, "AliCloudCertificateRegionId": REGION, **wrong}
        assert calm.refused("slb", "UploadServerCertificate", **given) == ("InvalidParameter", 400)


def test_each_region_has_a_store_of_its_own(calm, new):
    there = upload(calm, new, "cn-shanghai")["ServerCertificateId"]
    assert set(held(calm)) == {calm.old_id} and set(held(calm, "cn-shanghai")) == {there}
    assert calm.refused("slb", "SetLoadBalancerHTTPSListenerAttribute", **LISTENER, ServerCertificateId=there) == (
        "ServerCertificateId.NotFound", 404)
    assert calm.refused("slb", "DeleteServerCertificate", RegionId=REGION, ServerCertificateId=there) == (
        "ServerCertificateId.NotFound", 404)
    for action, params in [("DescribeServerCertificates", {}), ("DescribeLoadBalancers", {}), ("DescribeLoadBalancerListeners", {}),
                           ("UploadServerCertificate", {"ServerCertificate": new.chain_pem, "PrivateKey": new.key_pem})]:
        assert calm.refused("slb", action, RegionId="cn-nowhere", **params) == ("InvalidRegionId.NotFound", 404)


def test_certificates_can_be_searched(calm, new):
    made = upload(calm, new, ResourceGroupId="rg-1", **{"Tag.1.Key": "env", "Tag.1.Value": "prod"})["ServerCertificateId"]
    for params in ({"ServerCertificateId": made}, {"ResourceGroupId": "rg-1"}, {"Tag.1.Key": "env"},
                   {"Tag.1.Key": "env", "Tag.1.Value": "prod"}):
        assert set(held(calm, **params)) == {made}
    assert held(calm, **{"Tag.1.Key": "env", "Tag.1.Value": "test"}) == {}


def test_pem_is_read_strictly(calm, authority, new):
    first, second = pki.split_pem(new.chain_pem)
    body = "".join(first.split("\n")[1:-2])
    long_lines = "-----BEGIN CERTIFICATE-----\n{0}\n{1}\n-----END CERTIFICATE-----\n".format(body[:76], body[76:])
    other = authority.issue(["www.example.com"], key="ec")
    good = {"ServerCertificate": new.chain_pem, "PrivateKey": new.key_pem}
    for change, code in [
        ({"ServerCertificate": first + "\n" + second}, "InvalidParameter"),  # a blank line between the blocks
        ({"ServerCertificate": new.chain_pem.replace("\n", "\r\n")}, "InvalidParameter"),
        ({"ServerCertificate": " " + new.chain_pem}, "InvalidParameter"),
        ({"ServerCertificate": long_lines}, "InvalidParameter"),
        ({"ServerCertificate": first.replace(body[64:128], "A" * 64)}, "InvalidParameter"),
        ({"ServerCertificate": "nonsense"}, "InvalidParameter"),
        ({"PrivateKey": pki.encrypt_key(new.key_pem, "passphrase")}, "PrivateKeyEncryption"),
        ({"PrivateKey": "nonsense"}, "KeyFormatError"), ({"PrivateKey": other.key_pem}, "CertificateNotMatchPrivateKey"),
        ({"PrivateKey": ""}, "MissingParameter"), ({"ServerCertificate": ""}, "MissingParameter"),
    ]:
        assert calm.refused("slb", "UploadServerCertificate", RegionId=REGION, **{**good, **change}) == (code, 400), change
    assert set(held(calm)) == {calm.old_id}


def test_rename_and_delete(calm, new):
    made = upload(calm, new, ServerCertificateName="new")["ServerCertificateId"]
    calm.call("slb", "SetServerCertificateName", RegionId=REGION, ServerCertificateId=made, ServerCertificateName="newer")
    assert held(calm)[made]["ServerCertificateName"] == "newer"
    calm.call("slb", "DeleteServerCertificate", RegionId=REGION, ServerCertificateId=made)
    assert made not in held(calm)
    for action, params in [("DeleteServerCertificate", {}), ("SetServerCertificateName", {"ServerCertificateName": "x"})]:
        assert calm.refused("slb", action, RegionId=REGION, ServerCertificateId=made, **params) == ("ServerCertificateId.NotFound", 404)


def test_what_a_listener_refers_to_is_kept(calm, new):
    made = upload(calm, new)["ServerCertificateId"]
    calm.call("slb", "CreateDomainExtension", **LISTENER, Domain="api.example.com", ServerCertificateId=made)
    for used in (calm.old_id, made):
        assert calm.refused("slb", "DeleteServerCertificate", RegionId=REGION, ServerCertificateId=used) == (
            "CertificateAndPrivateKeyIsRefered", 400)


# -- load balancers and listeners ----------------------------------------------------------------------------------------------------

def balancers(made, **params):
    rows = made.call("slb", "DescribeLoadBalancers", **{"RegionId": REGION, **params})["LoadBalancers"]["LoadBalancer"]
    return [row["LoadBalancerId"] for row in rows]


def test_load_balancers_can_be_searched(calm):
    calm.cloud.slb.add_load_balancer("lb-api", REGION, address="203.0.113.11")
    assert balancers(calm) == ["lb-web", "lb-api"] and balancers(calm, RegionId="cn-shanghai") == ["lb-uf6"]
    assert balancers(calm, LoadBalancerId="lb-api,lb-uf6") == ["lb-api"] and balancers(calm, Address="203.0.113.10") == ["lb-web"]
    assert balancers(calm, LoadBalancerStatus="active", NetworkType="vpc", AddressType="internet") == ["lb-web", "lb-api"]
    for nothing in ({"LoadBalancerStatus": "locked"}, {"VpcId": "vpc-1"}, {"Tag.1.Key": "env"}, {"LoadBalancerName": "x"}):
        assert balancers(calm, **nothing) == []
    assert balancers(calm, PageSize=1, PageNumber=2) == ["lb-api"]
    assert calm.refused("slb", "DescribeLoadBalancers", RegionId=REGION, PageSize=101) == ("InvalidParameter", 400)


def listeners(made, **params):
    return made.call("slb", "DescribeLoadBalancerListeners", RegionId=REGION, **params)


def test_listeners_come_in_pages_with_a_token():
    with account(page_cap=2) as capped:
        shop(capped)
        for port in (444, 445, 446, 447):
            capped.cloud.slb.add_https_listener("lb-web", port, capped.old_id)
        pages, token = [], ""
        while True:
            answer = listeners(capped, MaxResults=100, NextToken=token)
            pages.append([row["ListenerPort"] for row in answer["Listeners"]])
            token = answer["NextToken"]
            if not token:
                break
        assert pages == [[443, 444], [445, 446], [447]] and answer["TotalCount"] == 5
        for wrong in ({"MaxResults": 101}, {"MaxResults": 0}, {"NextToken": "x"}):
            assert capped.refused("slb", "DescribeLoadBalancerListeners", RegionId=REGION, **wrong) == ("InvalidParameter", 400)


def test_listeners_can_be_searched(calm):
    calm.call("slb", "CreateLoadBalancerHTTPSListener", LoadBalancerId="lb-web", ListenerPort=8443, RegionId=REGION, Bandwidth=-1,
              HealthCheck="off", ServerCertificateId=calm.old_id, Description="second", **{"Tag.1.Key": "env", "Tag.1.Value": "prod"})

    def ports(**params):
        return [row["ListenerPort"] for row in listeners(calm, **params)["Listeners"]]

    assert ports() == [443, 8443] and ports(ListenerProtocol="https", ListenerPort=443) == [443] and ports(ListenerProtocol="tcp") == []
    assert ports(Description="second") == [8443] and ports(**{"Tag.1.Key": "env"}) == [8443]
    assert ports(**{"LoadBalancerId.1": "lb-web"}) == [443, 8443] and ports(**{"LoadBalancerId.1": "lb-uf6"}) == []
    row = listeners(calm, ListenerPort=8443)["Listeners"][0]
    assert row["Status"] == "stopped" and row["HTTPSListenerConfig"]["ServerCertificateId"] == calm.old_id
    assert row["Bandwidth"] == -1 and "Bandwidth" not in row["HTTPSListenerConfig"]


def test_a_listener_is_made_stopped_and_serves_when_started(slow):
    place = {**LISTENER, "ListenerPort": 8443}
    create = {**place, "Bandwidth": -1, "HealthCheck": "off", "ServerCertificateId": slow.old_id}
    slow.call("slb", "CreateLoadBalancerHTTPSListener", **create)
    assert "slb/lb-web/8443" not in slow.cloud.dataplane.endpoints()
    assert slow.refused("slb", "CreateLoadBalancerHTTPSListener", **create) == ("ListenerAlreadyExists", 400)
    slow.call("slb", "StartLoadBalancerListener", **place)

    def now():
        return slow.call("slb", "DescribeLoadBalancerHTTPSListenerAttribute", **place)["Status"]

    assert now() == "configuring" and "slb/lb-web/8443" not in slow.cloud.dataplane.endpoints()
    assert now() == "running" and slow.served("slb/lb-web/8443", "www.example.com") == slow.old.fingerprint
    for wrong, code in [({"ListenerPort": 0}, "InvalidParameter"), ({"ListenerPort": 65536}, "InvalidParameter"),
                        ({"ListenerPort": 1, "Bandwidth": ""}, "MissingBandwidth")]:
        assert slow.refused("slb", "CreateLoadBalancerHTTPSListener", **{**create, **wrong}) == (code, 400)


PLAIN = {"LoadBalancerId": "lb-web", "ListenerPort": 80, "RegionId": REGION}
FORWARD = {**PLAIN, "ListenerForward": "on", "ForwardPort": 443, "HealthCheck": "off"}


def test_a_redirect_is_a_listener_of_its_own(slow):
    slow.call("slb", "CreateLoadBalancerHTTPListener", **FORWARD)
    assert "slb/lb-web/80" not in slow.cloud.dataplane.endpoints()  # made stopped, as all are
    assert slow.refused("slb", "CreateLoadBalancerHTTPListener", **FORWARD) == ("ListenerAlreadyExists", 400)
    assert slow.refused("slb", "StartLoadBalancerListener", **PLAIN, ListenerProtocol="https") == ("ListenerNotFound", 404)
    slow.call("slb", "StartLoadBalancerListener", **PLAIN, ListenerProtocol="http")
    rows = [listeners(slow, ListenerPort=80)["Listeners"][0] for _look in range(2)]
    assert [row["Status"] for row in rows] == ["configuring", "running"]
    assert rows[1]["ListenerProtocol"] == "http" and rows[1]["HTTPListenerConfig"]["ListenerForward"] == "on"
    assert rows[1]["HTTPListenerConfig"]["ForwardPort"] == 443 and "HTTPSListenerConfig" not in rows[1]
    assert slow.plain("slb/lb-web/80", "www.example.com") == (302, "https://www.example.com/")
    assert slow.served("slb/lb-web/80", "www.example.com") is None
    assert [row["ListenerPort"] for row in listeners(slow, ListenerProtocol="http")["Listeners"]] == [80]
    assert slow.refused("slb", "DescribeLoadBalancerHTTPSListenerAttribute", **PLAIN) == ("ListenerNotFound", 404)
    assert slow.call("cas", "ListCloudResources", CloudProduct="SLB")["Total"] == 1  # nothing of it can have a certificate


def test_a_redirect_needs_a_target(calm):
    assert calm.refused("slb", "CreateLoadBalancerHTTPListener", **{**FORWARD, "ForwardPort": 8443}) == ("InvalidParameter", 400)
    assert calm.refused("slb", "CreateLoadBalancerHTTPListener", **PLAIN, HealthCheck="off") == ("InvalidParameter", 400)
    calm.cloud.slb.add_http_listener("lb-web", 80)
    assert calm.plain("slb/lb-web/80", "www.example.com")[0] == 200
    [row] = calm.cloud.snapshot()["slb"]["plain_listeners"]
    assert (row["port"], row["status"], row["redirects"]) == (80, "running", False)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_the_policy_decides_about_versions_of_tls(calm):
    def oldest():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
        where = calm.cloud.dataplane.endpoints()[WEB]
        with socket.create_connection((where["host"], where["port"]), timeout=10) as raw:
            try:
                return context.wrap_socket(raw, server_hostname="www.example.com").version()
            except ssl.SSLError:
                return None

    assert oldest() == "TLSv1"
    calm.call("slb", "SetLoadBalancerHTTPSListenerAttribute", **LISTENER, TLSCipherPolicy="tls_cipher_policy_1_2_strict")
    assert oldest() is None and calm.served(WEB, "www.example.com") == calm.old.fingerprint
    assert calm.refused("slb", "SetLoadBalancerHTTPSListenerAttribute", **LISTENER, TLSCipherPolicy="tls_1_2") == ("InvalidParameter", 400)


def test_a_change_takes_its_time_and_another_one_waits(slow, new):
    made = upload(slow, new)["ServerCertificateId"]
    slow.call("slb", "SetLoadBalancerHTTPSListenerAttribute", **LISTENER, ServerCertificateId=made)
    assert slow.served(WEB, "www.example.com") == slow.old.fingerprint
    assert slow.refused("slb", "SetLoadBalancerHTTPSListenerAttribute", **LISTENER, ServerCertificateId=slow.old_id) == (
        "ServiceIsConfiguring", 400)
    assert status(slow) == "running" and slow.served(WEB, "www.example.com") == new.fingerprint


def test_a_client_that_only_tries_again_gets_there(slow, new):
    made = upload(slow, new)["ServerCertificateId"]
    change = {**LISTENER, "Domain": "api.example.com", "ServerCertificateId": made}
    slow.call("slb", "SetLoadBalancerHTTPSListenerAttribute", **LISTENER, ServerCertificateId=made)
    assert slow.refused("slb", "CreateDomainExtension", **change) == ("ServiceIsConfiguring", 400)
    assert slow.call("slb", "CreateDomainExtension", **change)["ListenerPort"] == 443


def test_a_list_of_listeners_brings_changes_forward_too(slow, new):
    slow.call("slb", "SetLoadBalancerHTTPSListenerAttribute", **LISTENER, ServerCertificateId=upload(slow, new)["ServerCertificateId"])
    assert [listeners(slow)["Listeners"][0]["Status"] for _look in range(2)] == ["configuring", "running"]
    assert slow.served(WEB, "www.example.com") == new.fingerprint


def test_what_is_not_named_stays(calm, new):
    made = upload(calm, new)["ServerCertificateId"]
    calm.call("slb", "SetLoadBalancerHTTPSListenerAttribute", **LISTENER, IdleTimeout=30, TLSCipherPolicy="tls_cipher_policy_1_2")
    calm.call("slb", "SetLoadBalancerHTTPSListenerAttribute", **LISTENER, ServerCertificateId=made, Lang="en")
    shown = calm.call("slb", "DescribeLoadBalancerHTTPSListenerAttribute", **LISTENER)
    assert (shown["ServerCertificateId"], shown["IdleTimeout"], shown["TLSCipherPolicy"]) == (made, 30, "tls_cipher_policy_1_2")
    assert "Lang" not in shown and shown["Scheduler"] == "wrr"
    # An empty id is no way to unbind.
    assert calm.refused("slb", "SetLoadBalancerHTTPSListenerAttribute", **LISTENER, ServerCertificateId="") == (
        "ServerCertificateId.NotFound", 404)


def test_a_dry_run_changes_nothing(calm, new):
    made = upload(calm, new)["ServerCertificateId"]
    assert calm.call("slb", "SetLoadBalancerHTTPSListenerAttribute", **LISTENER, ServerCertificateId=made, DryRun=True) == {}
    assert calm.served(WEB, "www.example.com") == calm.old.fingerprint
    assert calm.refused("slb", "SetLoadBalancerHTTPSListenerAttribute", **LISTENER, ServerCertificateId="x", DryRun=True)[1] == 404


def test_a_load_balancer_is_in_one_region_only(calm):
    read = "DescribeLoadBalancerHTTPSListenerAttribute"
    assert calm.refused("slb", read, **{**LISTENER, "RegionId": "cn-shanghai"}) == ("InvalidLoadBalancerId.NotFound", 404)
    assert calm.refused("slb", read, **{**LISTENER, "LoadBalancerId": "lb-x"}) == ("InvalidLoadBalancerId.NotFound", 404)
    assert calm.refused("slb", read, **{**LISTENER, "ListenerPort": 80}) == ("ListenerNotFound", 404)
    assert calm.refused("slb", read, **{**LISTENER, "RegionId": "cn-nowhere"}) == ("InvalidRegionId.NotFound", 404)


# -- domain extensions ---------------------------------------------------------------------------------------------------------------

def extensions(made, **params):
    rows = made.call("slb", "DescribeDomainExtensions", **LISTENER, **params)["DomainExtensions"]["DomainExtension"]
    return {row["Domain"]: row for row in rows}


def test_the_life_of_an_extension(calm, authority, new):
    first = upload(calm, new)["ServerCertificateId"]
    newer = authority.issue(["api.example.com"], key="ec")
    second = upload(calm, newer)["ServerCertificateId"]
    made = calm.call("slb", "CreateDomainExtension", **LISTENER, Domain="API.example.com", ServerCertificateId=first)["DomainExtensionId"]
    assert extensions(calm) == {
        "api.example.com": {"Domain": "api.example.com", "DomainExtensionId": made, "ServerCertificateId": first}}
    assert calm.served(WEB, "api.example.com") == new.fingerprint and calm.served(WEB, "www.example.com") == calm.old.fingerprint
    one = {"DomainExtensionId": made, "RegionId": REGION}
    calm.call("slb", "SetDomainExtensionAttribute", **one, ServerCertificateId=second)
    assert calm.served(WEB, "api.example.com") == newer.fingerprint
    shown = calm.call("slb", "DescribeLoadBalancerHTTPSListenerAttribute", **LISTENER)["DomainExtensions"]["DomainExtension"]
    assert [(row["DomainExtensionId"], row["ServerCertificateId"]) for row in shown] == [(made, second)]
    calm.call("slb", "DeleteDomainExtension", **one)
    assert extensions(calm) == {} and calm.served(WEB, "api.example.com") == calm.old.fingerprint
    for action, params in [("DeleteDomainExtension", {}), ("SetDomainExtensionAttribute", {"ServerCertificateId": second})]:
        assert calm.refused("slb", action, **one, **params) == ("InvalidParameter.DomainExtensionId", 400)


def test_wildcards_stand_for_one_label(calm, authority):
    shops = authority.issue(["*.shop.example.com"], key="ec")
    calm.call("slb", "CreateDomainExtension", **LISTENER, Domain="*.shop.example.com",
              ServerCertificateId=upload(calm, shops)["ServerCertificateId"])
    assert calm.served(WEB, "a.shop.example.com") == shops.fingerprint
    assert calm.served(WEB, "a.b.shop.example.com") == calm.old.fingerprint


def test_extensions_that_make_no_sense(calm, new):
    made = upload(calm, new)["ServerCertificateId"]
    good = {**LISTENER, "Domain": "api.example.com", "ServerCertificateId": made}
    kept = calm.call("slb", "CreateDomainExtension", **good)["DomainExtensionId"]
    for change, expected in [({}, ("DomainExist", 400)), ({"Domain": "no name"}, ("InvalidParameter", 400)),
                             ({"Domain": "b.example.com", "ServerCertificateId": "x"}, ("ServerCertificateId.NotFound", 404)),
                             ({"ListenerPort": 80}, ("ListenerNotFound", 404))]:
        assert calm.refused("slb", "CreateDomainExtension", **{**good, **change}) == expected
    elsewhere = {"DomainExtensionId": kept, "RegionId": "cn-shanghai"}
    assert calm.refused("slb", "DeleteDomainExtension", **elsewhere) == ("InvalidParameter.DomainExtensionId", 400)
    assert set(extensions(calm, DomainExtensionId=kept)) == {"api.example.com"} and extensions(calm, DomainExtensionId="x") == {}


def test_the_snapshot(calm, new):
    calm.call("slb", "CreateDomainExtension", **LISTENER, Domain="api.example.com",
              ServerCertificateId=upload(calm, new)["ServerCertificateId"])
    shown = calm.cloud.snapshot()["slb"]
    assert [(row["load_balancer"], row["port"], row["certificate_id"]) for row in shown["listeners"]] == [("lb-web", 443, calm.old_id)]
    assert set(shown["listeners"][0]["extensions"]) == {"api.example.com"} and new.key_pem.splitlines()[1] not in repr(shown)
