# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GA's rules: accelerators that take one change at a time, listeners, additional certificates by domain, and what they serve."""

from __future__ import annotations

import pytest

from tests.emulator import pki
from tests.support.account import account

HERE = {"RegionId": "cn-hangzhou"}
WEB = "ga/ga-bp1web/443"


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
    """ga-bp1web with HTTPS listeners on 443 and 8443; old is on both, new in CAS only. ids are CAS's identifiers."""
    made.old, made.new = authority.issue(["www.example.com"], key="ec"), new
    numbers = made.upload("old", made.old), made.upload("new", new)
    made.old_id, made.new_id = ("{0}-cn-hangzhou".format(number) for number in numbers)
    made.cloud.ga.add_accelerator("ga-bp1web")
    made.web = made.cloud.ga.add_https_listener("ga-bp1web", 443, numbers[0])
    made.other = made.cloud.ga.add_https_listener("ga-bp1web", 8443, numbers[0], {"admin.example.net": numbers[0]})
    made.place = {**HERE, "AcceleratorId": "ga-bp1web", "ListenerId": made.web.id}
    return made


def default(made, certificate, **params):
    return made.call("ga", "UpdateListener", ListenerId=made.web.id, RegionId="cn-hangzhou", **{"Certificates.1.Id": certificate}, **params)


def associate(made, *pairs, **params):
    rows = {}
    for number, (domain, certificate) in enumerate(pairs, 1):
        rows.update({"Certificates.{0}.Domain".format(number): domain, "Certificates.{0}.Id".format(number): certificate})
    return {**made.place, **rows, **params}


def state(made, listener=None):
    return made.call("ga", "DescribeListener", **HERE, ListenerId=(listener or made.web).id)["State"]


def held(made, **params):
    rows = made.call("ga", "ListListenerCertificates", **made.place, **params)["Certificates"]
    return {row.get("Domain", "(default)"): row["CertificateId"] for row in rows}


# -- a change and its way to the wire ------------------------------------------------------------------------------------------------

def test_a_change_takes_its_time(slow):
    default(slow, slow.new_id)
    assert slow.served(WEB, "www.example.com") == slow.old.fingerprint
    listed = slow.call("ga", "ListAccelerators", **HERE)["Accelerators"]
    assert [row["State"] for row in listed] == ["configuring"]
    assert [state(slow), state(slow)] == ["updating", "active"]
    assert slow.served(WEB, "www.example.com") == slow.new.fingerprint


def test_a_second_change_is_refused_meanwhile_of_the_whole_accelerator(slow):
    default(slow, slow.new_id)
    assert slow.refused("ga", "UpdateListener", **HERE, ListenerId=slow.web.id) == ("NotActive.Listener", 400)
    default(slow, slow.old_id)  # who tries again gets there
    assert slow.refused("ga", "UpdateListener", **HERE, ListenerId=slow.other.id) == ("StateError.Accelerator", 400)
    create = {**HERE, "AcceleratorId": "ga-bp1web", "Protocol": "https", "PortRanges.1.FromPort": 444, "PortRanges.1.ToPort": 444}
    assert slow.refused("ga", "CreateListener", **create, **{"Certificates.1.Id": slow.new_id}) == ("StateError.Accelerator", 400)


def test_a_list_brings_changes_forward_too(slow):
    default(slow, slow.new_id)
    listing = {**HERE, "AcceleratorId": "ga-bp1web"}
    seen = [{row["PortRanges"][0]["FromPort"]: row["State"] for row in slow.call("ga", "ListListeners", **listing)["Listeners"]}
            for _look in range(2)]
    assert seen == [{443: "updating", 8443: "active"}, {443: "active", 8443: "active"}]


def test_a_replacement_shows_which_certificate_is_under_way(slow):
    slow.call("ga", "UpdateAdditionalCertificateWithListener", **{**slow.place, "ListenerId": slow.other.id}, Domain="admin.example.net",
              CertificateId=slow.new_id)
    rows = slow.call("ga", "ListListenerCertificates", **{**slow.place, "ListenerId": slow.other.id}, Role="additional")["Certificates"]
    assert [(row["Domain"], row["State"], row["IsDefault"]) for row in rows] == [("admin.example.net", "updating", False)]
    assert state(slow, slow.other) == "active"
    rows = slow.call("ga", "ListListenerCertificates", **{**slow.place, "ListenerId": slow.other.id}, Role="additional")["Certificates"]
    assert [row["State"] for row in rows] == ["active"]


def test_a_client_token_is_answered_once(slow):
    call = associate(slow, ("www.example.com", slow.new_id), ClientToken="t-1")
    answer = slow.call("ga", "AssociateAdditionalCertificatesWithListener", **call)
    assert slow.call("ga", "AssociateAdditionalCertificatesWithListener", **call) == answer == {"ListenerId": slow.web.id}
    other = associate(slow, ("api.example.com", slow.new_id), ClientToken="t-1")
    assert slow.refused("ga", "AssociateAdditionalCertificatesWithListener", **other) == ("IdempotentParameterMismatch", 400)


# -- accelerators and listeners ------------------------------------------------------------------------------------------------------

def test_accelerators_come_in_pages_and_can_be_searched():
    with account(page_cap=2) as made:
        ids = [made.call("ga", "CreateAccelerator", **HERE, Name="n{0}".format(number), ResourceGroupId="rg-{0}".format(number % 2),
                         **{"Tag.1.Key": "n", "Tag.1.Value": number})["AcceleratorId"] for number in range(5)]
        pages = [made.call("ga", "ListAccelerators", **HERE, PageNumber=page, PageSize=50) for page in (1, 2, 3)]
        assert [[row["AcceleratorId"] for row in page["Accelerators"]] for page in pages] == [ids[:2], ids[2:4], ids[4:]]
        assert {page["TotalCount"] for page in pages} == {5} and pages[0]["Accelerators"][0]["Name"] == "n0"
        for params, expected in [({"AcceleratorId": ids[3]}, [ids[3]]), ({"ResourceGroupId": "rg-1"}, [ids[1], ids[3]]),
                                 ({"Tag.1.Key": "n", "Tag.1.Value": 2}, [ids[2]]), ({"State": "init"}, [])]:
            assert [row["AcceleratorId"] for row in made.call("ga", "ListAccelerators", **HERE, **params)["Accelerators"]] == expected
        assert made.refused("ga", "ListAccelerators", **HERE, PageSize=51) == ("InvalidParameter", 400)


@pytest.mark.parametrize("action, params", [
    ("ListAccelerators", {}), ("CreateAccelerator", {}), ("DescribeListener", {"ListenerId": "x"}),
    ("ListListeners", {"AcceleratorId": "ga-bp1web"})])
def test_there_is_one_region(calm, action, params):
    assert calm.refused("ga", action, RegionId="eu-central-1", **params) == ("IllegalParameter.RegionId", 400)


def create(made, **changes):
    params = {**HERE, "AcceleratorId": "ga-bp1web", "Protocol": "https", "PortRanges.1.FromPort": 444, "PortRanges.1.ToPort": 444,
              "Certificates.1.Id": made.new_id, **changes}
    return {name: value for name, value in params.items() if value != ""}


def test_the_life_of_a_listener(slow):
    made = slow.call("ga", "CreateListener", **create(slow, Name="web"))["ListenerId"]
    read = {**HERE, "ListenerId": made}
    assert slow.call("ga", "DescribeListener", **read)["State"] == "init" and "ga/ga-bp1web/444" not in slow.cloud.dataplane.endpoints()
    shown = slow.call("ga", "DescribeListener", **read)
    assert (shown["State"], shown["Protocol"], shown["Name"]) == ("active", "HTTPS", "web")
    assert slow.served("ga/ga-bp1web/444", "www.example.com") == slow.new.fingerprint
    slow.call("ga", "UpdateListener", ListenerId=made, **{"PortRanges.1.FromPort": 445, "PortRanges.1.ToPort": 445})
    for _look in range(2):
        slow.call("ga", "DescribeListener", **read)
    assert "ga/ga-bp1web/444" not in slow.cloud.dataplane.endpoints()
    assert slow.served("ga/ga-bp1web/445", "www.example.com") == slow.new.fingerprint


@pytest.mark.parametrize("changes, code", [
    ({"PortRanges.1.FromPort": 443, "PortRanges.1.ToPort": 443}, "PortConflict.Listener"),
    ({"PortRanges.1.FromPort": 443}, "PortRangeIllegal.Listener"), ({"PortRanges.1.FromPort": 0}, "PortRangeIllegal.Listener"),
    ({"PortRanges.2.FromPort": 1, "PortRanges.2.ToPort": 1}, "PortRangeIllegal.Listener"),
    ({"Certificates.1.Id": ""}, "IllegalParameter.Certificates"), ({"Certificates.2.Id": "x"}, "IllegalParameter.Certificates"),
    ({"Certificates.1.Id": "1-cn-hangzhou"}, "NotExist.Certificate"), ({"Protocol": "http"}, "NotSupport.Protocol"),
    ({"Protocol": "quic"}, "IllegalParameter.Protocol"), ({"Type": "CustomRouting"}, "IllegalParameter.Type"),
    ({"EndpointGroupConfigurations.1.EndpointGroupRegion": "cn-hangzhou"}, "IllegalParameter.EndpointGroupConfigurations"),
    ({"IdleTimeout": 901}, "IllegalParameter.IdleTimeout"), ({"ClientAffinity": "X"}, "IllegalParameter.ClientAffinity"),
    ({"HttpVersion": "http9"}, "IllegalParameter.HttpVersion"), ({"AcceleratorId": "ga-x"}, "NotExist.Accelerator"),
])
def test_listeners_that_make_no_sense(calm, changes, code):
    assert calm.refused("ga", "CreateListener", **create(calm, **changes)) == (code, 400)


def test_a_listener_without_tls_has_no_certificates(calm):
    plain = calm.call("ga", "CreateListener", **create(calm, Protocol="tcp", **{"Certificates.1.Id": "", "PortRanges.1.ToPort": 460}))
    place = {**calm.place, "ListenerId": plain["ListenerId"]}
    shown = calm.call("ga", "DescribeListener", **HERE, ListenerId=plain["ListenerId"])
    assert "Certificates" not in shown and "SecurityPolicyId" not in shown
    assert calm.refused("ga", "ListListenerCertificates", **place) == ("NotSupport.Protocol", 400)
    params = {**place, "Domains.1": "www.example.com"}
    assert calm.refused("ga", "DissociateAdditionalCertificatesFromListener", **params) == ("NotSupport.Protocol", 400)
    listing = calm.call("ga", "ListListeners", **HERE, AcceleratorId="ga-bp1web", Protocol="tcp")["Listeners"]
    assert [row["ListenerId"] for row in listing] == [plain["ListenerId"]]


def test_a_dry_run_makes_nothing(calm):
    assert calm.refused("ga", "CreateAccelerator", **HERE, DryRun=True) == ("DryRunOperation", 400)
    assert list(calm.cloud.ga.accelerators) == ["ga-bp1web"]


SET = {"ClientAffinity": "SOURCE_IP", "IdleTimeout": 30, "RequestTimeout": 90, "HttpVersion": "http3", "ProxyProtocol": "true",
       "SecurityPolicyId": "tls_cipher_policy_1_2", "XForwardedForConfig.XRealIpEnabled": True, "Name": "web", "Description": "the shop",
       "BackendPorts.1.FromPort": 8443, "BackendPorts.1.ToPort": 8443}


def test_what_a_change_does_not_name_falls_back_or_stays(calm):
    calm.call("ga", "UpdateListener", ListenerId=calm.web.id, **SET)
    shown = calm.call("ga", "DescribeListener", **HERE, ListenerId=calm.web.id)
    assert (shown["ClientAffinity"], shown["IdleTimeout"], shown["ProxyProtocol"], shown["HttpVersion"]) == ("SOURCE_IP", 30, True, "http3")
    assert shown["XForwardedForConfig"]["XRealIpEnabled"] is True and shown["BackendPorts"] == [{"FromPort": "8443", "ToPort": "8443"}]
    default(calm, calm.new_id)
    shown = calm.call("ga", "DescribeListener", **HERE, ListenerId=calm.web.id)
    assert (shown["ClientAffinity"], shown["IdleTimeout"], shown["ProxyProtocol"], shown["HttpVersion"]) == ("NONE", 15, False, "http2")
    assert shown["XForwardedForConfig"]["XRealIpEnabled"] is False and shown["SecurityPolicyId"] == "tls_cipher_policy_1_0"
    assert (shown["Name"], shown["Description"], shown["BackendPorts"][0]["ToPort"]) == ("web", "the shop", "8443")


def test_changes_that_make_no_sense(calm):
    for changes, code in [({"Protocol": "http"}, "IllegalParameter.Protocol"), ({"Certificates.1.Id": "5"}, "NotExist.Certificate"),
                          ({"PortRanges.1.FromPort": 8443, "PortRanges.1.ToPort": 8443}, "PortConflict.Listener"),
                          ({"ListenerId": "lsr-x"}, "NotExist.Listener"), ({"RequestTimeout": 181}, "IllegalParameter.RequestTimeout")]:
        assert calm.refused("ga", "UpdateListener", **{"ListenerId": calm.web.id, **changes}) == (code, 400)
    assert calm.served(WEB, "www.example.com") == calm.old.fingerprint


# -- certificates --------------------------------------------------------------------------------------------------------------------

def test_the_life_of_an_additional_certificate(calm):
    calm.call("ga", "AssociateAdditionalCertificatesWithListener",
              **associate(calm, ("API.example.com", calm.new_id), ("*.shop.example.com", calm.new_id)))
    assert held(calm) == {"(default)": calm.old_id, "api.example.com": calm.new_id, "*.shop.example.com": calm.new_id}
    assert held(calm, Role="default") == {"(default)": calm.old_id}
    assert calm.served(WEB, "api.example.com") == calm.new.fingerprint == calm.served(WEB, "a.shop.example.com")
    assert calm.served(WEB, "other.example.com") == calm.old.fingerprint
    replace = {**calm.place, "Domain": "api.example.com", "CertificateId": calm.old_id}
    assert calm.refused("ga", "UpdateAdditionalCertificateWithListener", **replace, DryRun=True) == ("DryRunOperation", 400)
    calm.call("ga", "UpdateAdditionalCertificateWithListener", **replace)
    assert calm.served(WEB, "api.example.com") == calm.old.fingerprint
    calm.call("ga", "DissociateAdditionalCertificatesFromListener", **calm.place,
              **{"Domains.1": "api.example.com", "Domains.2": "*.shop.example.com"})
    assert held(calm) == {"(default)": calm.old_id}


def test_additional_certificates_that_make_no_sense(calm):
    calm.call("ga", "AssociateAdditionalCertificatesWithListener", **associate(calm, ("api.example.com", calm.new_id)))
    many = [("n{0}.example.com".format(number), calm.new_id) for number in range(11)]
    for pairs, code in [([("api.example.com", calm.new_id)], "Exist.AdditionalCertificate"), (many, "IllegalParameter.Certificates"),
                        ([("b.example.com", "1-cn-hangzhou")], "NotExist.Certificate"),
                        ([("no name", calm.new_id)], "IllegalParameter.Domain"),
                        ([("b.example.com", calm.new_id), ("B.example.com", calm.new_id)], "IllegalParameter.Certificates"),
                        ([("b.example.com", calm.new_id), ("api.example.com", calm.new_id)], "Exist.AdditionalCertificate")]:
        assert calm.refused("ga", "AssociateAdditionalCertificatesWithListener", **associate(calm, *pairs)) == (code, 400)
    replace = {**calm.place, "CertificateId": calm.new_id}
    assert calm.refused("ga", "UpdateAdditionalCertificateWithListener", **replace, Domain="b.example.com") == (
        "NotExist.AdditionalCertificate", 400)
    gone = {"Domains.1": "api.example.com", "Domains.2": "b.example.com"}
    assert calm.refused("ga", "DissociateAdditionalCertificatesFromListener", **calm.place, **gone) == (
        "NotExist.AdditionalCertificate", 400)
    assert calm.refused("ga", "DissociateAdditionalCertificatesFromListener", **calm.place, **{
        "Domains.1": "api.example.com", "Domains.2": "API.example.com"}) == ("IllegalParameter.Domains", 400)
    assert calm.refused("ga", "ListListenerCertificates", **calm.place, Role="x") == ("IllegalParameter.Role", 400)
    assert calm.refused("ga", "ListListenerCertificates", **{**calm.place, "AcceleratorId": "ga-x"}) == ("NotExist.Accelerator", 400)
    assert set(held(calm)) == {"(default)", "api.example.com"}


def test_certificates_come_in_pages_with_a_token():
    with account(page_cap=2) as made:
        shop(made, made.cloud.authority, made.cloud.authority.issue(["www.example.com"], key="ec"))
        made.call("ga", "AssociateAdditionalCertificatesWithListener",
                  **associate(made, *[("n{0}.example.com".format(number), made.new_id) for number in range(4)]))
        pages, token = [], ""
        while True:
            answer = made.call("ga", "ListListenerCertificates", **made.place, MaxResults=50, NextToken=token)
            pages.append([row.get("Domain", "") for row in answer["Certificates"]])
            token = answer["NextToken"]
            if not token:
                break
        assert pages == [["", "n0.example.com"], ["n1.example.com", "n2.example.com"], ["n3.example.com"]]
        assert made.refused("ga", "ListListenerCertificates", **made.place, MaxResults=51) == ("IllegalParameter.MaxResults", 400)


def test_a_listener_that_a_service_manages_is_left_alone(calm):
    number = int(calm.new_id.partition("-")[0])
    listener = calm.cloud.ga.add_https_listener("ga-bp1web", 9443, number, managed_by="alb")
    shown = calm.call("ga", "DescribeListener", **HERE, ListenerId=listener.id)
    assert (shown["ServiceManaged"], shown["ServiceId"], shown["ServiceManagedInfos"][0]["IsManaged"]) == (True, "alb", True)
    assert calm.refused("ga", "UpdateListener", ListenerId=listener.id, **{"Certificates.1.Id": calm.old_id}) == (
        "OperationDenied.ServiceManaged", 403)


def test_what_is_deleted_from_cas_is_served_on(calm):
    number = int(calm.old_id.partition("-")[0])
    assert calm.cloud.ga.uses_of_cas(number) == ["ga/ga-bp1web/443", "ga/ga-bp1web/8443"]
    del calm.cloud.cas.certificates[number]
    default(calm, calm.new_id)
    assert calm.served("ga/ga-bp1web/8443", "www.example.com") == calm.old.fingerprint and calm.cloud.ga.uses_of_cas(number) == [
        "ga/ga-bp1web/8443"]


def test_the_snapshot_and_refusals_have_no_secret(calm):
    shown = repr(calm.cloud.snapshot()["ga"])
    assert calm.old_id in shown and not any(line in shown for line in calm.old.key_pem.splitlines()[1:-1])
