# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ALB's rules: certificates of CAS at listeners, changes that take their time, redirects by rules, and an endpoint in each region."""

from __future__ import annotations

import inspect

import pytest

from tests.emulator import pki
from tests.emulator.services.alb import errors
from tests.support.account import account
from tests.support.emulation import Client, running

REGION, SHOP, WEB = "cn-hangzhou", "alb-shop", "alb/alb-shop/443"
FORWARD = {"DefaultActions.1.Type": "ForwardGroup", "DefaultActions.1.ForwardGroupConfig.ServerGroupTuples.1.ServerGroupId": "sgp-1"}
ASSOCIATE, DISSOCIATE = "AssociateAdditionalCertificatesWithListener", "DissociateAdditionalCertificatesFromListener"


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


@pytest.fixture(scope="module")
def wild(authority):
    return authority.issue(["*.example.com"], key="ec")


def shop(made):
    """alb-shop in cn-hangzhou: HTTPS :443 with a certificate of its own, QUIC :443, HTTP :80."""
    made.old = made.cloud.authority.issue(["www.example.com"], key="ec")
    made.old_id = identifier(made.upload("old", made.old))
    made.cloud.alb.add_load_balancer(SHOP, REGION, address="203.0.113.12")
    made.secure, made.quic = (made.cloud.alb.add_listener(SHOP, 443, protocol, made.old_id) for protocol in ("HTTPS", "QUIC"))
    made.plain_listener = made.cloud.alb.add_listener(SHOP, 80, "HTTP")
    return made


def identifier(number):
    return "{0}-cn-hangzhou".format(number)


def ids(*certificates):
    return {"Certificates.{0}.CertificateId".format(number): held for number, held in enumerate(certificates, 1)}


def update(made, **params):
    return made.call("alb", "UpdateListenerAttribute", ListenerId=made.secure, **params)


def associate(made, *certificates, **params):
    return made.call("alb", ASSOCIATE, ListenerId=made.secure, **ids(*certificates), **params)


def dissociate(made, *certificates):
    return made.call("alb", DISSOCIATE, ListenerId=made.secure, **ids(*certificates))


def attribute(made, listener=None):
    return made.call("alb", "GetListenerAttribute", ListenerId=listener or made.secure)


def rows(made, **params):
    """Certificate -> (default, status), without bringing anything forward in a calm account."""
    found = made.call("alb", "ListListenerCertificates", ListenerId=made.secure, **params)["Certificates"]
    return {row["CertificateId"]: (row["IsDefault"], row["Status"]) for row in found}


def job(made, answer):
    [row] = made.call("alb", "ListAsynJobs", **{"JobIds.1": answer["JobId"]})["Jobs"]
    return row["Status"]


# -- certificates --------------------------------------------------------------------------------------------------------------------

def test_the_default_certificate(calm, new):
    number = identifier(calm.upload("new", new))
    answer = update(calm, **ids(number), SecurityPolicyId="tls_cipher_policy_1_2")
    assert job(calm, answer) == "Succeeded" and rows(calm) == {number: (True, "Associated")}
    shown = attribute(calm)
    assert (shown["Certificates"], shown["SecurityPolicyId"]) == ([{"CertificateId": number}], "tls_cipher_policy_1_2")
    assert calm.served(WEB, "www.example.com") == calm.served(WEB, "other.example.org") == new.fingerprint
    # The QUIC listener on the same port is another one, and has no endpoint.
    assert attribute(calm, calm.quic)["Certificates"] == [{"CertificateId": calm.old_id}]
    assert set(calm.cloud.dataplane.endpoints()) == {WEB, "alb/alb-shop/80"}


def test_the_list_of_listeners_has_no_certificates(calm):
    found = calm.call("alb", "ListListeners", **{"LoadBalancerIds.1": SHOP})["Listeners"]
    assert {row["ListenerProtocol"] for row in found} == {"HTTPS", "QUIC", "HTTP"}
    assert not any("Certificates" in row for row in found)
    assert "SecurityPolicyId" in found[0] and "Certificates" not in attribute(calm, calm.plain_listener)


def test_names_decide_what_is_served(calm, authority, new, wild):
    exact = authority.issue(["shop.example.com"], key="ec")
    numbers = [identifier(calm.upload(name, material)) for name, material in (("wild", wild), ("exact", exact))]
    associate(calm, *numbers)
    assert rows(calm) == {calm.old_id: (True, "Associated"), **dict.fromkeys(numbers, (False, "Associated"))}
    assert calm.served(WEB, "shop.example.com") == exact.fingerprint
    assert calm.served(WEB, "SHOP2.example.com") == wild.fingerprint
    assert calm.served(WEB, "a.b.example.com") == calm.served(WEB, "example.net") == calm.old.fingerprint
    dissociate(calm, numbers[1])
    assert calm.served(WEB, "shop.example.com") == wild.fingerprint and set(rows(calm)) == {calm.old_id, numbers[0]}


def test_a_change_takes_its_time_and_another_one_waits(slow, new, wild):
    first, second = identifier(slow.upload("new", new)), identifier(slow.upload("wild", wild))
    answer = associate(slow, first)
    assert slow.served(WEB, "api.example.com") == slow.old.fingerprint
    assert slow.refused("alb", ASSOCIATE, ListenerId=slow.secure, **ids(second)) == ("IncorrectStatus.Listener", 400)
    assert rows(slow)[first] == (False, "Associated") and job(slow, answer) == "Succeeded"
    assert slow.served(WEB, "api.example.com") == new.fingerprint

    dissociate(slow, first)
    assert rows(slow)[first] == (False, "Diassociating") and slow.served(WEB, "api.example.com") == new.fingerprint
    assert first not in rows(slow) and slow.served(WEB, "api.example.com") == slow.old.fingerprint

    answer = update(slow, **ids(second))
    assert [job(slow, answer), attribute(slow)["ListenerStatus"]] == ["Processing", "Running"]
    assert slow.served(WEB, "www.example.com") == wild.fingerprint


def test_what_is_under_way_is_seen(slow, new):
    number = identifier(slow.upload("new", new))
    associate(slow, number)
    assert attribute(slow)["ListenerStatus"] == "Configuring"
    assert slow.call("alb", "ListListeners", **{"ListenerIds.1": slow.secure})["Listeners"][0]["ListenerStatus"] == "Running"
    dissociate(slow, number)
    assert slow.refused("alb", "UpdateListenerAttribute", ListenerId=slow.secure) == ("IncorrectStatus.Listener", 400)
    assert update(slow)["JobId"]  # who only tries again gets there
    assert rows(slow) == {slow.old_id: (True, "Associated")}


def test_a_certificate_that_cas_has_no_longer_is_served_on(calm, new):
    number = calm.upload("new", new)
    associate(calm, identifier(number))
    assert calm.refused("cas", "DeleteUserCertificate", CertId=number) == ("InvalidStatus.DeleteProtection", 400)
    for held in (number, int(calm.old_id.partition("-")[0])):
        del calm.cloud.cas.certificates[held]
    assert set(rows(calm)) == {calm.old_id, identifier(number)}
    assert calm.served(WEB, "api.example.com") == new.fingerprint and calm.served(WEB, "example.net") == calm.old.fingerprint
    update(calm, **ids(calm.old_id), IdleTimeout=30)  # what is there may be named again
    dissociate(calm, identifier(number))
    assert set(rows(calm)) == {calm.old_id}
    assert calm.refused("alb", ASSOCIATE, ListenerId=calm.secure, **ids(identifier(number))) == ("ResourceNotFound.Certificate", 404)


def test_a_token_is_answered_once(slow, new):
    number = identifier(slow.upload("new", new))
    first = associate(slow, number, ClientToken="t-1")
    assert associate(slow, number, ClientToken="t-1") == first and len(slow.cloud.alb.jobs) == 1
    with pytest.raises(Exception, match="IdempotenceSignatureMismatch"):
        associate(slow, slow.old_id, ClientToken="t-1")


def test_a_dry_run_checks_all_and_changes_nothing(calm, new):
    number = identifier(calm.upload("new", new))
    before = calm.cloud.snapshot()
    for name in ("UpdateListenerAttribute", ASSOCIATE):
        assert calm.refused("alb", name, ListenerId=calm.secure, DryRun=True, **ids(number)) == ("DryRunOperation", 400)
        assert calm.refused("alb", name, ListenerId=calm.secure, DryRun=True, **ids("1-cn-hangzhou"))[1] == 404
    assert calm.cloud.snapshot() == before


def test_what_is_not_named_stays(calm):
    update(calm, IdleTimeout=30, **{"XForwardedForConfig.XForwardedForProtoEnabled": True})
    update(calm, GzipEnabled=False, **{"XForwardedForConfig.XForwardedForHostEnabled": True})
    shown = attribute(calm)
    assert (shown["IdleTimeout"], shown["GzipEnabled"], shown["RequestTimeout"]) == (30, False, 60)
    assert shown["XForwardedForConfig"] == {
        "XForwardedForEnabled": True, "XForwardedForProtoEnabled": True, "XForwardedForHostEnabled": True}
    assert shown["Certificates"] == [{"CertificateId": calm.old_id}]


def test_lists_come_in_pages_with_a_token(authority):
    with account(page_cap=2) as capped:
        shop(capped)
        numbers = [identifier(capped.upload("c{0}".format(number), authority.issue(["c{0}.example.com".format(number)], key="ec")))
                   for number in range(3)]
        associate(capped, *numbers)
        pages, token = [], ""
        while True:
            answer = capped.call("alb", "ListListenerCertificates", ListenerId=capped.secure, MaxResults=100, NextToken=token)
            pages.append([row["CertificateId"] for row in answer["Certificates"]])
            token = answer["NextToken"]
            if not token:
                break
        assert pages == [[capped.old_id, numbers[0]], numbers[1:]] and (answer["TotalCount"], answer["MaxResults"]) == (4, 2)
        assert set(rows(capped, **{"CertificateIds.1": numbers[2]})) == {numbers[2]} and rows(capped, CertificateType="Ca") == {}
        for wrong in ({"MaxResults": 101}, {"MaxResults": 0}, {"NextToken": "?"}):
            assert capped.refused("alb", "ListListeners", **wrong)[0] == "IllegalParam." + next(iter(wrong))


# -- listeners and rules -------------------------------------------------------------------------------------------------------------

def test_a_listener_is_made(slow, new):
    number = identifier(slow.upload("new", new))
    place = {"LoadBalancerId": SHOP, "ListenerPort": 8443, "ListenerProtocol": "HTTPS", **FORWARD, **ids(number)}
    made = slow.call("alb", "CreateListener", **place, **{"Tag.1.Key": "env", "Tag.1.Value": "prod"})
    assert attribute(slow, made["ListenerId"])["ListenerStatus"] == "Provisioning"
    assert "alb/alb-shop/8443" not in slow.cloud.dataplane.endpoints()
    [row] = slow.call("alb", "ListListeners", **{"Tag.1.Key": "env"})["Listeners"]
    assert (row["ListenerId"], row["ListenerStatus"], row["Tags"]) == (made["ListenerId"], "Running", [{"Key": "env", "Value": "prod"}])
    assert slow.served("alb/alb-shop/8443", "www.example.com") == new.fingerprint
    # QUIC is over UDP: it may have the same port.
    assert slow.call("alb", "CreateListener", **{**place, "ListenerProtocol": "QUIC"})["ListenerId"]


def rule(made, listener=None, **change):
    params = {
        "ListenerId": listener or made.plain_listener, "RuleName": "to-https", "Priority": 10, "RuleConditions.1.Type": "Path",
        "RuleConditions.1.PathConfig.Values.1": "/*", "RuleActions.1.Type": "Redirect", "RuleActions.1.Order": 1,
        "RuleActions.1.RedirectConfig.Protocol": "HTTPS", "RuleActions.1.RedirectConfig.Port": "443", **change}
    return {name: value for name, value in params.items() if value is not None}


def test_a_rule_sends_plain_http_to_https(slow):
    assert slow.plain("alb/alb-shop/80", "www.example.com") == (200, None)
    made = slow.call("alb", "CreateRule", **rule(slow))
    status = [slow.call("alb", "ListRules", **{"LoadBalancerIds.1": SHOP})["Rules"][0]["RuleStatus"] for _look in range(2)]
    assert status == ["Provisioning", "Available"]
    assert slow.plain("alb/alb-shop/80", "www.example.com") == (301, "https://www.example.com/")
    [row] = slow.call("alb", "ListRules", **{"RuleIds.1": made["RuleId"]})["Rules"]
    assert row["RuleActions"] == [{"Type": "Redirect", "Order": 1, "RedirectConfig": {"Protocol": "HTTPS", "Port": "443"}}]
    assert row["RuleConditions"] == [{"Type": "Path", "PathConfig": {"Values": ["/*"]}}] and row["Priority"] == 10
    assert slow.call("alb", "ListRules", Direction="Response")["Rules"] == []
    assert slow.served("alb/alb-shop/80", "www.example.com") is None  # nobody speaks TLS there


def test_the_status_is_the_rules(calm):
    calm.call("alb", "CreateRule", **rule(calm, **{"RuleActions.1.RedirectConfig.HttpCode": "308"}))
    assert calm.plain("alb/alb-shop/80", "www.example.com") == (308, "https://www.example.com/")


def test_a_rule_for_some_hosts(calm):
    host = {"RuleConditions.1.Type": "Host", "RuleConditions.1.PathConfig.Values.1": None, "RuleConditions.1.HostConfig.Values.1":
            "www.example.com"}
    calm.call("alb", "CreateRule", **rule(calm, **host))
    assert calm.plain("alb/alb-shop/80", "www.example.com")[0] == 301 and calm.plain("alb/alb-shop/80", "api.example.com")[0] == 200
    # What the data plane cannot carry out is kept, and changes nothing there.
    for number, change in enumerate([{"RuleConditions.1.PathConfig.Values.1": "/old"}, {"RuleActions.1.RedirectConfig.Port": "8443"},
                                     {"RuleActions.1.RedirectConfig.Host": "m.example.com"}], 20):
        calm.call("alb", "CreateRule", **rule(calm, Priority=number, **change))
    assert calm.plain("alb/alb-shop/80", "api.example.com")[0] == 200
    assert len(calm.call("alb", "ListRules", **{"ListenerIds.1": calm.plain_listener})["Rules"]) == 4


@pytest.mark.parametrize("change, name", [
    ({"Priority": 0}, "Priority"), ({"RuleName": "-x"}, "RuleName"), ({"Direction": "Both"}, "Direction"),
    ({"RuleConditions.1.Type": "Host"}, "RuleConditions"), ({"RuleConditions.1.Type": "Moon"}, "RuleConditions"),
    ({"RuleActions.1.Type": "Moon"}, "RuleActions"), ({"RuleActions.1.Order": 50001}, "RuleActions"),
    ({"RuleActions.2.Type": "InsertHeader", "RuleActions.2.Order": 2}, "RuleActions"),  # after what must be the last
    ({"RuleActions.2.Type": "InsertHeader", "RuleActions.2.Order": 1}, "RuleActions"),
    ({"RuleActions.1.RedirectConfig.HttpCode": "300"}, "RedirectConfig"),
    ({"RuleActions.1.RedirectConfig.Protocol": "${protocol}", "RuleActions.1.RedirectConfig.Port": None}, "RedirectConfig"),
])
def test_rules_that_make_no_sense(calm, change, name):
    assert calm.refused("alb", "CreateRule", **rule(calm, **change)) == ("IllegalParam." + name, 400)


def test_https_is_not_sent_to_http(calm):
    http = {"RuleActions.1.RedirectConfig.Protocol": "HTTP", "RuleActions.1.RedirectConfig.Port": "80"}
    assert calm.refused("alb", "CreateRule", **rule(calm, calm.secure, **http)) == ("IllegalParam.RedirectConfig", 400)


# -- load balancers, policies, regions -----------------------------------------------------------------------------------------------

def test_load_balancers_can_be_searched(calm):
    calm.cloud.alb.add_load_balancer("alb-far", "cn-shanghai", address="203.0.113.21")

    def found(**params):
        return [row["LoadBalancerId"] for row in calm.call("alb", "ListLoadBalancers", **params)["LoadBalancers"]]

    assert found() == found(**{"LoadBalancerIds.1": SHOP}) == found(LoadBalancerStatus="Active", PayType="PostPay") == [SHOP]
    for nothing in ({"LoadBalancerIds.1": "alb-far"}, {"AddressType": "Intranet"}, {"VpcIds.1": "vpc-1"}, {"Tag.1.Key": "env"},
                    {"ZoneId": "cn-hangzhou-x"}, {"LoadBalancerNames.1": "x"}):
        assert found(**nothing) == []
    shown = calm.call("alb", "GetLoadBalancerAttribute", LoadBalancerId=SHOP)
    assert shown["ZoneMappings"][0]["LoadBalancerAddresses"][0]["Address"] == "203.0.113.12" and shown["RegionId"] == REGION
    assert shown["LoadBalancerBussinessStatus"] == "Normal"
    assert calm.refused("alb", "GetLoadBalancerAttribute", LoadBalancerId="alb-far") == ("ResourceNotFound.LoadBalancer", 404)


def test_security_policies(calm):
    calm.cloud.alb.add_security_policy("tls-own", "own", REGION, ("TLSv1.2",), ("ECDHE-RSA-AES128-GCM-SHA256",))
    calm.cloud.alb.add_security_policy("tls-far", "far", "cn-shanghai", ("TLSv1.2",), ("ECDHE-RSA-AES128-GCM-SHA256",))
    system = {row["SecurityPolicyId"]: row for row in calm.call("alb", "ListSystemSecurityPolicies")["SecurityPolicies"]}
    assert system["tls_cipher_policy_1_2_strict_with_1_3"]["TLSVersions"] == ["TLSv1.2", "TLSv1.3"] and len(system) == 5
    [own] = calm.call("alb", "ListSecurityPolicies")["SecurityPolicies"]
    assert (own["SecurityPolicyId"], own["Ciphers"]) == ("tls-own", ["ECDHE-RSA-AES128-GCM-SHA256"])
    update(calm, SecurityPolicyId="tls-own")
    assert attribute(calm)["SecurityPolicyId"] == "tls-own"
    assert calm.cloud.dataplane.serving(WEB)["tls_minimum"] == {"": "1.2"}
    assert calm.refused("alb", "UpdateListenerAttribute", ListenerId=calm.secure, SecurityPolicyId="tls-far") == (
        "ResourceNotFound.SecurityPolicy", 404)


def test_every_region_has_its_endpoint(tmp_path):
    """What is in one region does not exist at the endpoint of another; the endpoint without a region is that of cn-hangzhou."""
    with running("demo", tmp_path=tmp_path, stale_reads=1) as cloud:
        before = cloud.endpoints
        assert before["alb"] == before["alb/cn-hangzhou"] != before["alb/cn-shanghai"]
        clients = {name: Client(before[name], cloud.ca_path, cloud) for name in ("alb", "alb/cn-shanghai")}

        def found(name, action="ListListeners", **params):
            return clients[name].rpc("2020-06-16", action, params).json

        seen = {name: {row["LoadBalancerId"]: row["ListenerId"] for row in found(name)["Listeners"]} for name in clients}
        assert {name: list(rows) for name, rows in seen.items()} == {"alb": ["alb-bp1shop"], "alb/cn-shanghai": ["alb-uf6shop"]}
        far = seen["alb/cn-shanghai"]["alb-uf6shop"]
        assert found("alb", "GetListenerAttribute", ListenerId=far)["Code"] == "ResourceNotFound.Listener"
        assert found("alb/cn-shanghai", "UpdateListenerAttribute", ListenerId=far, IdleTimeout="30")["JobId"]
        # A replica that lags behind is that of its own region.
        assert {row["LoadBalancerId"] for row in found("alb/cn-shanghai")["Listeners"]} == {"alb-uf6shop"}
        cloud.reset(scenario="empty")
        assert {name: cloud.endpoints[name] for name in before} == before and found("alb/cn-shanghai")["Listeners"] == []
        cloud.cloud.alb.add_load_balancer("alb-far", "cn-beijing", address="203.0.113.21")
        assert len({*before.values(), cloud.endpoints["alb/cn-beijing"]}) == len(set(before.values())) + 1
        for client in clients.values():
            client.close()


# -- refusals ------------------------------------------------------------------------------------------------------------------------

def full(made, new):
    made.cloud.alb.listeners[made.secure].limit = 0
    return ASSOCIATE, {"ListenerId": made.secure, **ids(identifier(made.upload("new", new)))}


def after(made, action, params, then):
    made.call("alb", action, **params)
    return action, {**params, **then}


def twice(made):
    made.cloud.setting.update({"slow_states": True})
    return after(made, "UpdateListenerAttribute", {"ListenerId": made.secure, "IdleTimeout": 30}, {})


def created(made, **change):
    return "CreateListener", {"LoadBalancerId": SHOP, "ListenerPort": 8443, "ListenerProtocol": "HTTPS", **FORWARD, **ids(made.old_id),
                              **change}


# Function of errors.py -> the code and HTTP status, and the call that is refused so.
REFUSALS = {
    "unknown_load_balancer": ("ResourceNotFound.LoadBalancer", 404, lambda made, _new: created(made, LoadBalancerId="alb-x")),
    "unknown_listener": ("ResourceNotFound.Listener", 404, lambda made, _new: ("GetListenerAttribute", {"ListenerId": "lsn-x"})),
    # without the region of its store, an id is none
    "unknown_certificate": ("ResourceNotFound.Certificate", 404, lambda made, _new: (
        ASSOCIATE, {"ListenerId": made.secure, **ids(made.old_id.partition("-")[0])})),
    "unknown_policy": ("ResourceNotFound.SecurityPolicy", 404, lambda made, _new: (
        "UpdateListenerAttribute", {"ListenerId": made.secure, "SecurityPolicyId": "x"})),
    "configuring": ("IncorrectStatus.Listener", 400, lambda made, _new: twice(made)),
    "associated": ("ResourceAlreadyAssociated.Certificate", 400, lambda made, _new: (
        ASSOCIATE, {"ListenerId": made.secure, **ids(made.old_id)})),
    "quota": ("QuotaExceeded.AdditionalCertificates", 400, full),
    "wrong_size": ("IllegalParamSize.Certificates", 400, lambda made, _new: (
        "UpdateListenerAttribute", {"ListenerId": made.secure, **ids(made.old_id, made.old_id)})),
    "illegal": ("IllegalParam.IdleTimeout", 400, lambda made, _new: (
        "UpdateListenerAttribute", {"ListenerId": made.secure, "IdleTimeout": 601})),
    "missing_certificate": ("MissingParam.Certificate", 400, lambda made, _new: (
        "CreateListener", {"LoadBalancerId": SHOP, "ListenerPort": 8443, "ListenerProtocol": "HTTPS", **FORWARD})),
    "wrong_protocol": ("Mismatch.Protocol", 400, lambda made, _new: (
        ASSOCIATE, {"ListenerId": made.plain_listener, **ids(made.old_id)})),
    "port_taken": ("ResourceAlreadyExist.Listener", 400, lambda made, _new: created(made, ListenerPort=443)),
    "priority_taken": ("Conflict.Priority", 400, lambda made, _new: after(made, "CreateRule", rule(made), {"RuleName": "second"})),
    "token_reused": ("IdempotenceSignatureMismatch", 400, lambda made, _new: after(
        made, "UpdateListenerAttribute", {"ListenerId": made.secure, "ClientToken": "t"}, {"IdleTimeout": 30})),
    "dry_run": ("DryRunOperation", 400, lambda made, _new: created(made, DryRun=True)),
}


def test_every_refusal_has_its_call():
    assert {name for name, found in vars(errors).items() if inspect.isfunction(found)} == set(REFUSALS)


@pytest.mark.parametrize("function", sorted(REFUSALS))
def test_a_call_is_refused(calm, new, monkeypatch, function):
    """By this very function, in the vendor's words; and nothing has changed."""
    code, status, make = REFUSALS[function]
    action, params = make(calm, new)
    met, real = [], getattr(errors, function)
    monkeypatch.setattr(errors, function, lambda *given: met.append(given) or real(*given))
    before = calm.cloud.snapshot()
    assert calm.refused("alb", action, **params) == (code, status)
    assert len(met) == 1 and calm.cloud.snapshot() == before


@pytest.mark.parametrize("params, code", [
    ({"CaEnabled": True, "CaCertificates.1.CertificateId": "1-cn-hangzhou"}, "ResourceNotFound.Certificate"),
    ({"DefaultActions.1.Type": "Redirect"}, "IllegalParam.DefaultActions"),  # a redirect takes a rule
    ({"QuicConfig.QuicUpgradeEnabled": True, "QuicConfig.QuicListenerId": "lsn-x"}, "ResourceNotFound.Listener"),
    ({"Certificates.1.CertificateId": ""}, "ResourceNotFound.Certificate"),  # no way to unbind
])
def test_more_that_is_refused(calm, params, code):
    assert calm.refused("alb", "UpdateListenerAttribute", ListenerId=calm.secure, **params)[0] == code


def test_an_additional_certificate_does_not_become_the_default_one(calm, new):
    number = identifier(calm.upload("new", new))
    associate(calm, number)
    assert calm.refused("alb", "UpdateListenerAttribute", ListenerId=calm.secure, **ids(number)) == (
        "ResourceAlreadyAssociated.Certificate", 400)
    assert calm.refused("alb", DISSOCIATE, ListenerId=calm.secure, **ids(calm.old_id)) == ("ResourceNotFound.Certificate", 404)
    assert calm.refused("alb", "UpdateListenerAttribute", ListenerId=calm.plain_listener, **ids(number)) == ("Mismatch.Protocol", 400)
    assert calm.refused("alb", "UpdateListenerAttribute", ListenerId=calm.secure, **{
        "QuicConfig.QuicUpgradeEnabled": True, "QuicConfig.QuicListenerId": calm.plain_listener}) == ("IllegalParam.QuicListenerId", 400)
