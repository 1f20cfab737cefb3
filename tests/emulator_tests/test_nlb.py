# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NLB's rules, where they or its words are not ALB's; and both as places of CAS's deployment jobs."""

from __future__ import annotations

import inspect

import pytest

from tests.emulator import pki
from tests.emulator.services.nlb import errors
from tests.support.account import account
from tests.support.emulation import Client, running

REGION, QUEUE, WIRE = "cn-hangzhou", "nlb-mq", "nlb/nlb-mq/8883"
ASSOCIATE, DISASSOCIATE = "AssociateAdditionalCertificatesWithListener", "DisassociateAdditionalCertificatesWithListener"


@pytest.fixture
def calm():
    with account() as made:
        yield queue(made)


@pytest.fixture
def slow():
    with account(slow_states=True) as made:
        yield queue(made)


@pytest.fixture(scope="module")
def new():
    return pki.Authority.create().issue(["mq.example.com", "mq2.example.com"], key="ec")


def queue(made):
    """nlb-mq in cn-hangzhou: TCPSSL :8883 with a certificate of its own, TCP :1883."""
    made.old = made.cloud.authority.issue(["mq.example.com"], key="ec")
    made.old_id = identifier(made.upload("old", made.old))
    made.cloud.nlb.add_load_balancer(QUEUE, REGION, address="203.0.113.13")
    made.secure = made.cloud.nlb.add_listener(QUEUE, 8883, "TCPSSL", made.old_id)
    made.open = made.cloud.nlb.add_listener(QUEUE, 1883, "TCP")
    return made


def identifier(number):
    return "{0}-cn-hangzhou".format(number)


def call(made, action, listener=None, **params):
    return made.call("nlb", action, RegionId=REGION, ListenerId=listener or made.secure, **params)


def additional(*certificates):
    return {"AdditionalCertificateIds.{0}".format(number): held for number, held in enumerate(certificates, 1)}


def rows(made, **params):
    answer = call(made, "ListListenerCertificates", **params)
    assert answer["CertificateIds"] == [row["CertificateId"] for row in answer["Certificates"]]
    return {row["CertificateId"]: (row["IsDefault"], row["Status"]) for row in answer["Certificates"]}


def test_the_default_certificate(calm, new):
    number = identifier(calm.upload("new", new))
    answer = call(calm, "UpdateListenerAttribute", **{"CertificateIds.1": number})
    assert calm.call("nlb", "GetJobStatus", JobId=answer["JobId"]) == {"Status": "Succeeded"}
    assert calm.secure.endswith("@8883") and call(calm, "GetListenerAttribute")["CertificateIds"] == [number]
    assert rows(calm) == {number: (True, "Associated")} and calm.served(WIRE, "mq.example.com") == new.fingerprint
    assert set(calm.cloud.dataplane.endpoints()) == {WIRE}
    assert "CertificateIds" not in call(calm, "GetListenerAttribute", calm.open)


def test_a_change_takes_its_time(slow, new):
    number = identifier(slow.upload("new", new))
    job = {"JobId": call(slow, ASSOCIATE, **additional(number))["JobId"]}
    assert call(slow, "GetListenerAttribute")["ListenerStatus"] == "Configuring"
    assert slow.served(WIRE, "mq2.example.com") == slow.old.fingerprint
    assert slow.call("nlb", "GetJobStatus", **job) == {"Status": "Succeeded"} and slow.served(WIRE, "mq2.example.com") == new.fingerprint
    job = {"JobId": call(slow, DISASSOCIATE, **additional(number))["JobId"]}
    assert slow.call("nlb", "GetJobStatus", **job) == {"Status": "processing"}
    assert rows(slow) == {slow.old_id: (True, "Associated")} and slow.served(WIRE, "mq2.example.com") == slow.old.fingerprint


def test_tags_are_called_by_two_names(calm):
    calm.cloud.nlb.listeners[calm.secure].tags["env"] = "prod"
    [row] = calm.call("nlb", "ListListeners", ListenerProtocol="TCPSSL", **{"Tag.1.Key": "env"})["Listeners"]
    assert row["Tags"] == [{"Key": "env", "Value": "prod"}] and row["CertificateIds"] == [calm.old_id]
    assert call(calm, "GetListenerAttribute")["Tags"] == [{"TagKey": "env", "TagValue": "prod"}]


def test_what_is_not_named_stays(calm):
    call(calm, "UpdateListenerAttribute", IdleTimeout=60, ProxyProtocolV2Config='{"Ppv2VpcIdEnabled": true}')
    call(calm, "UpdateListenerAttribute", SecSensorEnabled=True)
    shown = call(calm, "GetListenerAttribute")
    assert (shown["IdleTimeout"], shown["ProxyProtocolV2Config"], shown["SecSensorEnabled"]) == (60, {"Ppv2VpcIdEnabled": True}, True)
    assert [row["ListenerId"] for row in calm.call("nlb", "ListListeners", SecSensorEnabled="true")["Listeners"]] == [calm.secure]


def test_a_region_is_said_by_the_parameter_or_the_endpoint(calm, tmp_path):
    assert calm.refused("nlb", "GetListenerAttribute", RegionId="cn-shanghai", ListenerId=calm.secure) == ("ResourceNotFound.listener", 404)
    assert calm.call("nlb", "ListListeners", RegionId="cn-shanghai")["Listeners"] == []
    with running("demo", tmp_path=tmp_path) as cloud:
        client = Client(cloud.endpoints["nlb/cn-shanghai"], cloud.ca_path, cloud)
        for params in ({}, {"RegionId": "cn-shanghai"}):
            [row] = client.rpc("2022-04-30", "ListListeners", params).json["Listeners"]
            assert (row["LoadBalancerId"], row["RegionId"]) == ("nlb-uf6mq", "cn-shanghai")
        assert client.rpc("2022-04-30", "ListListeners", {"RegionId": "cn-hangzhou"}).json["Code"] == "IllegalParam.RegionId"
        client.close()


def test_pages_and_their_limits(calm):
    answer = call(calm, "ListListenerCertificates", MaxResults=1)
    assert (answer["TotalCount"], answer["NextToken"]) == (1, "")
    first = calm.call("nlb", "ListListeners", MaxResults=1)
    second = calm.call("nlb", "ListListeners", MaxResults=1, NextToken=first["NextToken"])
    assert [row["ListenerId"] for row in first["Listeners"] + second["Listeners"]] == [calm.secure, calm.open]
    assert calm.refused("nlb", "ListListenerCertificates", ListenerId=calm.secure, MaxResults=51) == ("IllegalParam.MaxResults", 400)


def test_security_policies_are_told_as_text(calm):
    calm.cloud.nlb.add_security_policy("tls-own", "own", REGION, ("TLSv1.2", "TLSv1.3"), ("A", "B"))
    call(calm, "UpdateListenerAttribute", SecurityPolicyId="tls-own")
    [row] = calm.call("nlb", "ListSecurityPolicy", RegionId=REGION)["SecurityPolicies"]
    assert (row["TlsVersion"], row["Ciphers"]) == ("TLSv1.2,TLSv1.3", "A,B")
    assert [related["ListenerId"] for related in row["RelatedListeners"]] == [calm.secure]
    system = calm.call("nlb", "ListSystemSecurityPolicy")["SecurityPolicies"]
    assert {row["SecurityPolicyId"]: row["TlsVersion"] for row in system}["tls_cipher_policy_1_2"] == "TLSv1.2"


# -- refusals ------------------------------------------------------------------------------------------------------------------------

def full(made, new):
    made.cloud.nlb.listeners[made.secure].limit = 0
    return ASSOCIATE, {"ListenerId": made.secure, **additional(identifier(made.upload("new", new)))}


def after(made, params, then, **settings):
    made.cloud.setting.update(settings)
    made.call("nlb", "UpdateListenerAttribute", ListenerId=made.secure, **params)
    return "UpdateListenerAttribute", {"ListenerId": made.secure, **params, **then}


def update(made, **params):
    return "UpdateListenerAttribute", {"ListenerId": made.secure, **params}


# Function of errors.py -> the code and HTTP status, and the call that is refused so.
REFUSALS = {
    "unknown_listener": ("ResourceNotFound.listener", 404, lambda made, _new: ("GetListenerAttribute", {"ListenerId": "lsn-x@1"})),
    "unknown_certificate": ("ResourceNotFound.Certificate", 400, lambda made, _new: update(made, **{"CertificateIds.1": "1-cn-hangzhou"})),
    "unknown_authority": ("ResourceNotFound.CaCertificate", 404, lambda made, _new: update(made, CaEnabled=True)),
    "unknown_policy": ("ResourceNotFound.securitypolicy", 404, lambda made, _new: update(made, SecurityPolicyId="x")),
    "unknown_job": ("ResourceNotFound.job", 404, lambda made, _new: ("GetJobStatus", {"JobId": "x"})),
    "configuring": ("IncorrectStatus.listener", 400, lambda made, _new: after(made, {}, {}, slow_states=True)),
    "associated": ("ResourceAlreadyAssociated.Certificate", 400, lambda made, _new: (
        ASSOCIATE, {"ListenerId": made.secure, **additional(made.old_id)})),
    "quota": ("QuotaExceeded.AdditionalCertificates", 400, full),
    "wrong_size": ("IllegalParamSize.certificateIds", 400, lambda made, _new: update(
        made, **{"CertificateIds.1": made.old_id, "CertificateIds.2": made.old_id})),
    "illegal": ("IllegalParam.IdleTimeout", 400, lambda made, _new: update(made, IdleTimeout=5)),
    "wrong_protocol": ("Mismatch.Protocol", 400, lambda made, _new: ("ListListenerCertificates", {"ListenerId": made.open})),
    "token_reused": ("IdempotenceSignatureMismatch", 400, lambda made, _new: after(made, {"ClientToken": "t"}, {"IdleTimeout": 30})),
    "dry_run": ("DryRunOperation", 400, lambda made, _new: update(made, IdleTimeout=30, DryRun=True)),
}


def test_every_refusal_has_its_call():
    """But for a load balancer that is not there, which only the single call of CAS names; see test_the_single_call."""
    assert {name for name, found in vars(errors).items() if inspect.isfunction(found)} == {*REFUSALS, "unknown_load_balancer"}


@pytest.mark.parametrize("function", sorted(REFUSALS))
def test_a_call_is_refused(calm, new, monkeypatch, function):
    """By this very function, in the vendor's words; and nothing has changed."""
    code, status, make = REFUSALS[function]
    action, params = make(calm, new)
    met, real = [], getattr(errors, function)
    monkeypatch.setattr(errors, function, lambda *given: met.append(given) or real(*given))
    before = calm.cloud.snapshot()
    assert calm.refused("nlb", action, **params) == (code, status)
    assert len(met) == 1 and calm.cloud.snapshot() == before


@pytest.mark.parametrize("params, name", [
    ({"AlpnEnabled": True}, "AlpnPolicy"), ({"ProxyProtocolV2Config": "[]"}, "ProxyProtocolV2Config"), ({"Mss": 1501}, "Mss"),
    ({"ProxyProtocolV2Config": '{"Ppv2VpcIdEnabled": 1}'}, "ProxyProtocolV2Config"),
])
def test_more_that_is_refused(calm, params, name):
    assert calm.refused("nlb", "UpdateListenerAttribute", ListenerId=calm.secure, **params) == ("IllegalParam." + name, 400)


def test_a_token_is_answered_once(calm, new):
    number = identifier(calm.upload("new", new))
    answer = call(calm, ASSOCIATE, ClientToken="t-1", **additional(number))
    assert call(calm, ASSOCIATE, ClientToken="t-1", **additional(number)) == answer and len(calm.cloud.nlb.jobs) == 1


# -- as places of CAS's deployment jobs ----------------------------------------------------------------------------------------------

def resources(made, product):
    found = made.call("cas", "ListCloudResources", CloudProduct=product, ShowSize=100)["Data"]
    return {(row["ListenerPort"], row["DefaultResource"], row["CertId"]): row for row in found}


def deployed(made, certificate, *wanted):
    contact = made.cloud.cas.add_contact("Operations", "operations@example.com")
    job = made.call("cas", "CreateDeploymentJob", Name="deploy", JobType="user", CertIds=certificate, ContactIds=contact,
                    ResourceIds=",".join(str(row["Id"]) for row in wanted))["JobId"]
    made.call("cas", "UpdateDeploymentJobStatus", JobId=job, Status="pending")
    return job, {row["ResourceId"]: row for row in made.call("cas", "ListWorkerResource", JobId=job)["Data"]}


def test_every_certificate_of_a_listener_is_a_place(calm, new):
    old = int(calm.old_id.partition("-")[0])
    extra = calm.upload("extra", calm.cloud.authority.issue(["mq2.example.com"], key="ec"))
    call(calm, ASSOCIATE, **additional(identifier(extra)))
    found = resources(calm, "NLB")
    assert set(found) == {("8883", 1, old), ("8883", 0, extra)}
    row = found["8883", 0, extra]
    assert (row["InstanceId"], row["ListenerId"], row["RegionId"], row["Domain"]) == (QUEUE, calm.secure, REGION, "mq2.example.com")

    number = calm.upload("new", new)
    job, workers = deployed(calm, number, row)
    [worker] = workers.values()
    assert (worker["Status"], worker["Port"], worker["DefaultResource"], worker["ResourceCertId"]) == ("success", 8883, False, extra)
    assert rows(calm) == {calm.old_id: (True, "Associated"), identifier(number): (False, "Associated")}
    assert calm.served(WIRE, "mq2.example.com") == new.fingerprint
    # A listener has a certificate once: the default place cannot have it, too.
    _job, second = deployed(calm, number, found["8883", 1, old])
    assert [worker["Status"] for worker in second.values()] == ["error"]
    calm.call("cas", "UpdateWorkerResourceStatus", JobId=job, WorkerId=worker["Id"], Status="rollback")
    assert set(rows(calm)) == {calm.old_id, identifier(extra)}


def test_a_place_that_has_gone_meanwhile(calm, new):
    extra, number = calm.upload("extra", calm.cloud.authority.issue(["mq2.example.com"], key="ec")), calm.upload("new", new)
    call(calm, ASSOCIATE, **additional(identifier(extra)))
    place = resources(calm, "NLB")["8883", 0, extra]
    call(calm, DISASSOCIATE, **additional(identifier(extra)))
    contact = calm.cloud.cas.add_contact("Operations", "operations@example.com")
    job = calm.call("cas", "CreateDeploymentJob", Name="deploy", JobType="user", CertIds=number, ContactIds=contact,
                    ResourceIds=place["Id"])["JobId"]
    assert calm.call("cas", "DescribeDeploymentJobStatus", JobId=job)["WorkerCount"] == 0


def test_alb_is_a_place_over_https_and_over_quic(calm, new):
    alb, number = calm.cloud.alb, calm.upload("new", new)
    alb.add_load_balancer("alb-shop", REGION, address="203.0.113.12")
    for protocol in ("HTTPS", "QUIC"):
        alb.add_listener("alb-shop", 443, protocol, calm.old_id)
    alb.add_listener("alb-shop", 80, "HTTP")
    found = calm.call("cas", "ListCloudResources", CloudProduct="ALB", ShowSize=100)["Data"]
    assert [(row["ListenerPort"], row["DefaultResource"]) for row in found] == [("443", 1)] * 2
    assert [worker["Status"] for worker in deployed(calm, number, *found)[1].values()] == ["success"] * 2
    assert calm.served("alb/alb-shop/443", "mq.example.com") == new.fingerprint
    assert {held.id for listener in alb.secure_listeners() for held in listener.bound} == {identifier(number)}


def test_what_is_bound_is_protected(calm):
    old = int(calm.old_id.partition("-")[0])
    assert calm.cloud.cas.uses(old) == [WIRE]
    assert calm.refused("cas", "DeleteUserCertificate", CertId=old) == ("InvalidStatus.DeleteProtection", 400)


def test_the_single_call(calm, new):
    calm.cloud.cas.offers_single_call = True
    place = {"CertificateId": calm.upload("new", new), "CloudServiceType": "NLB", "CloudServiceInstanceId": QUEUE, "RegionId": REGION}
    single = "DeployCertificateToCloudResource"
    assert calm.call("cas", single, **place, ListenerPort=8883)["DeploymentStatus"] == "success"
    assert calm.served(WIRE, "mq.example.com") == new.fingerprint
    call(calm, ASSOCIATE, **additional(calm.old_id))
    place_of_old = {**place, "CertificateId": calm.old_id.partition("-")[0], "ListenerPort": 8883}
    assert calm.refused("cas", single, **place_of_old) == ("DeployFailed", 400)  # a listener has a certificate once
    assert calm.refused("cas", single, **place) == ("ResourceNotFound.listener", 404)  # there is nothing on 443
    assert calm.refused("cas", single, **{**place, "CloudServiceInstanceId": "nlb-x"}) == ("ResourceNotFound.loadBalancer", 404)
