# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NLB's calls on the wire. Its words differ from ALB's for the same things; what they mean is in services.listeners."""

from __future__ import annotations

from typing import Any

from ...rpc import Action, Call, declare
from ..calls import HOME, among, filled, once, tagged, time_text, token_page, tree
from ..listeners import DISSOCIATING, Listener, LoadBalancer
from ..policies import DEFAULT_POLICY, SYSTEM_POLICIES, Policy
from . import errors
from .models import SECURE

VERSION = "2022-04-30"
RAM = "nlb"
SDK = "alibabacloud-nlb20220430"
MOST_A_CALL = 15  # certificates
# What a listener can be told besides its certificates. Nothing is left out by a change that does not name it.
ATTRIBUTES = (
    "AlpnEnabled:boolean AlpnPolicy Cps:integer IdleTimeout:integer ListenerDescription Mss:integer ProxyProtocolEnabled:boolean "
    "ProxyProtocolV2Config:json SecSensorEnabled:boolean SecurityPolicyId ServerGroupId")
KEPT = tuple(word.partition(":")[0] for word in ATTRIBUTES.split())
ANYWHERE = {"Cps": 0, "Mss": 0, "ProxyProtocolEnabled": False, "SecSensorEnabled": False, "IdleTimeout": 900}
ENCRYPTED = {"AlpnEnabled": False, "CaEnabled": False, "SecurityPolicyId": DEFAULT_POLICY}
ALPN = ("HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred")
PROXY = ("Ppv2PrivateLinkEpIdEnabled", "Ppv2PrivateLinkEpsIdEnabled", "Ppv2VpcIdEnabled")


def region(call: Call) -> str:
    """The region whose endpoint was called. That another RegionId is refused there is assumed."""
    asked = call.text("RegionId")
    if call.region and asked not in ("", call.region):
        raise errors.illegal("RegionId")
    return call.region or asked or HOME


# -- load balancers and listeners ----------------------------------------------------------------------------------------------------

def list_load_balancers(cloud: Any, call: Call) -> dict[str, Any]:
    here = region(call)
    rows = [_balancer(row) for row in cloud.nlb.load_balancers.values()
            if row.region == here and among(call, "LoadBalancerIds", row.id) and among(call, "LoadBalancerNames", row.id)]
    # Load balancers have no tags and no VPC here: who asks for some finds none.
    if call.list("VpcIds") or call.list("Tag"):
        rows = []
    same = ("AddressIpVersion", "AddressType", "DNSName", "Ipv6AddressType", "LoadBalancerBusinessStatus", "LoadBalancerStatus",
            "LoadBalancerType", "ResourceGroupId")
    rows = [row for row in rows if all(call.text(name) in ("", row.get(name)) for name in same)
            and call.text("ZoneId") in ("", row["ZoneMappings"][0]["ZoneId"])]
    page, fields = token_page(cloud, call, rows, 100, errors.illegal)
    return {**fields, "LoadBalancers": page}


def _balancer(row: LoadBalancer) -> dict[str, Any]:
    return {"LoadBalancerId": row.id, "LoadBalancerName": row.id, "LoadBalancerType": "Network", "LoadBalancerStatus": "Active",
            "LoadBalancerBusinessStatus": "Normal", "AddressType": "Internet", "AddressIpVersion": "ipv4", "CrossZoneEnabled": True,
            "DNSName": "{0}.{1}.nlb.example.net".format(row.id, row.region), "RegionId": row.region, "CreateTime": time_text(row.created),
            "LoadBalancerBillingConfig": {"PayType": "PostPay"}, "DeletionProtectionConfig": {"Enabled": False}, "ZoneMappings": [
                {"ZoneId": row.region + "-h", "Status": "Active", "LoadBalancerAddresses": [{"PublicIPv4Address": row.address}]}]}


def list_listeners(cloud: Any, call: Call) -> dict[str, Any]:
    here = region(call)
    rows = [row for row in cloud.nlb.listeners.values()
            if row.region == here and among(call, "ListenerIds", row.id) and tagged(call, row.tags)
            and among(call, "LoadBalancerIds", row.load_balancer_id) and call.text("ListenerProtocol") in ("", row.protocol)
            and call.text("SecSensorEnabled").lower() in ("", str(row.attributes.get("SecSensorEnabled", False)).lower())]
    page, fields = token_page(cloud, call, rows, 100, errors.illegal)
    return {**fields, "Listeners": [_listener(cloud.nlb.watch(row), "") for row in page]}


def get_listener(cloud: Any, call: Call) -> dict[str, Any]:
    listener = cloud.nlb.listener(call.text("ListenerId"), region(call))
    if call.flag("DryRun"):
        raise errors.dry_run()
    return _listener(cloud.nlb.watch(listener), "Tag")


def _listener(listener: Listener, prefix: str) -> dict[str, Any]:
    """prefix: of what a tag's key and value are called, which is not the same everywhere."""
    secure = listener.protocol == SECURE
    return filled({
        **ANYWHERE, **(ENCRYPTED if secure else {}), **listener.attributes,
        "ListenerId": listener.id, "LoadBalancerId": listener.load_balancer_id, "ListenerPort": listener.port,
        "ListenerProtocol": listener.protocol, "ListenerStatus": listener.status, "RegionId": listener.region,
        "CertificateIds": [held.id for held in listener.bound if not held.slot],
        "Tags": [{prefix + "Key": key, prefix + "Value": value} for key, value in listener.tags.items()]})


@once
def update_listener(cloud: Any, call: Call) -> dict[str, Any]:
    nlb, here = cloud.nlb, region(call)
    listener, given = nlb.listener(call.text("ListenerId"), here), tree(call, UPDATE)
    nlb.begin(listener)
    _check_attributes(cloud, given, listener)
    wanted = [nlb.check_default(listener, given["CertificateIds"], "certificateIds")] if "CertificateIds" in given else []
    if call.flag("DryRun"):
        raise errors.dry_run()
    for held, material in wanted:
        nlb.set_default(listener, held, material)
    listener.attributes.update((name, given[name]) for name in KEPT if name in given)
    return {"JobId": nlb.finish(listener, call.action, "Update")}


def _check_attributes(cloud: Any, given: dict[str, Any], listener: Listener) -> None:
    if listener.protocol != SECURE and ("CertificateIds" in given or "SecurityPolicyId" in given):
        raise errors.wrong_protocol(listener.protocol)
    if given.get("CaEnabled") or "CaCertificateIds" in given:  # there are no authorities in this cloud's certificate store
        raise errors.unknown_authority(",".join(given.get("CaCertificateIds", [])))
    if "SecurityPolicyId" in given:
        cloud.nlb.check_policy(given["SecurityPolicyId"], listener.region)
    for name, least, most in (("Cps", 0, 1000000), ("Mss", 0, 1500), ("IdleTimeout", 10, 20 if listener.protocol == "UDP" else 900)):
        if not least <= given.get(name, least) <= most:
            raise errors.illegal(name)
    if given.get("AlpnEnabled") and given.get("AlpnPolicy", listener.attributes.get("AlpnPolicy")) not in ALPN:
        raise errors.illegal("AlpnPolicy")
    config = given.get("ProxyProtocolV2Config", {})
    if not isinstance(config, dict) or any(name not in PROXY or not isinstance(value, bool) for name, value in config.items()):
        raise errors.illegal("ProxyProtocolV2Config")


# -- certificates --------------------------------------------------------------------------------------------------------------------

def list_certificates(cloud: Any, call: Call) -> dict[str, Any]:
    listener = cloud.nlb.watch(cloud.nlb.secure_listener(call.text("ListenerId"), region(call)))
    if call.text("CertType") not in ("", "Server", "Ca"):
        raise errors.illegal("CertType")
    held = [row for row in listener.bound if call.text("CertType") != "Ca" and among(call, "CertificateIds", row.id)]
    page, fields = token_page(cloud, call, held, 50, errors.illegal)
    return {**fields, "CertificateIds": [row.id for row in page], "Certificates": [
        {"CertificateId": row.id, "CertificateType": "Server", "IsDefault": not row.slot, "Status": row.status} for row in page]}


@once
def associate(cloud: Any, call: Call) -> dict[str, Any]:
    nlb = cloud.nlb
    listener = nlb.secure_listener(call.text("ListenerId"), region(call))
    nlb.begin(listener)
    wanted = nlb.check_additional(listener, call.list("AdditionalCertificateIds"), "additionalCertificateIds", MOST_A_CALL)
    if call.flag("DryRun"):
        raise errors.dry_run()
    nlb.associate(listener, wanted)
    return {"JobId": nlb.finish(listener, call.action, "Update")}


@once
def disassociate(cloud: Any, call: Call) -> dict[str, Any]:
    nlb = cloud.nlb
    listener = nlb.secure_listener(call.text("ListenerId"), region(call))
    nlb.begin(listener)
    found = nlb.check_dissociated(listener, call.list("AdditionalCertificateIds"), "additionalCertificateIds", MOST_A_CALL)
    if call.flag("DryRun"):
        raise errors.dry_run()
    for held in found:
        held.status = DISSOCIATING
    return {"JobId": nlb.finish(listener, call.action, "Update")}


# -- jobs and security policies ------------------------------------------------------------------------------------------------------

def get_job(cloud: Any, call: Call) -> dict[str, Any]:
    job = cloud.nlb.jobs.get(call.text("JobId"))
    if job is None or call.region not in ("", job.region):
        raise errors.unknown_job(call.text("JobId"))
    cloud.nlb.watch_jobs([job])
    return {"Status": "Succeeded" if job.ended else "processing"}


def list_system_policies(_cloud: Any, call: Call) -> dict[str, Any]:
    region(call)
    return {"SecurityPolicies": [{**_policy(policy), "SecurityPolicyName": policy.id} for policy in SYSTEM_POLICIES.values()]}


def list_policies(cloud: Any, call: Call) -> dict[str, Any]:
    here = region(call)
    rows = [policy for policy in cloud.nlb.policies.values()
            if policy.region == here and among(call, "SecurityPolicyIds", policy.id) and tagged(call, policy.tags)
            and among(call, "SecurityPolicyNames", policy.name) and not call.text("ResourceGroupId")]
    page, fields = token_page(cloud, call, rows, 100, errors.illegal)
    return {**fields, "SecurityPolicies": [
        filled({**_policy(policy), "SecurityPolicyName": policy.name, "SecurityPolicyStatus": "Available", "RegionId": policy.region,
                "RelatedListeners": _related(cloud, policy)}) for policy in page]}


def _policy(policy: Policy) -> dict[str, Any]:
    return {"SecurityPolicyId": policy.id, "TlsVersion": ",".join(policy.versions), "Ciphers": ",".join(policy.ciphers)}


def _related(cloud: Any, policy: Policy) -> list[dict[str, Any]]:
    return [{"ListenerId": row.id, "ListenerPort": row.port, "ListenerProtocol": row.protocol, "LoadBalancerId": row.load_balancer_id}
            for row in cloud.nlb.listeners.values() if row.attributes.get("SecurityPolicyId") == policy.id]


PAGES = " MaxResults:integer NextToken"
TAGS = " Tag.N.Key Tag.N.Value"
UPDATE = declare("ListenerId! RegionId ClientToken DryRun:boolean CaCertificateIds.N CaEnabled:boolean CertificateIds.N " + ATTRIBUTES)
CHANGE = "ListenerId! RegionId AdditionalCertificateIds.N! ClientToken DryRun:boolean"
ACTIONS = (
    Action("ListLoadBalancers", list_load_balancers, declare(
        "RegionId AddressIpVersion AddressType DNSName Ipv6AddressType LoadBalancerBusinessStatus LoadBalancerIds.N LoadBalancerNames.N "
        "LoadBalancerStatus LoadBalancerType ResourceGroupId VpcIds.N ZoneId" + PAGES + TAGS), doc_ref=SDK),
    Action("ListListeners", list_listeners, declare(
        "RegionId ListenerIds.N ListenerProtocol LoadBalancerIds.N SecSensorEnabled" + PAGES + TAGS), doc_ref=SDK),
    Action("GetListenerAttribute", get_listener, declare("ListenerId! RegionId ClientToken DryRun:boolean"), doc_ref=SDK),
    Action("UpdateListenerAttribute", update_listener, UPDATE, writes=True, doc_ref=SDK),
    Action("ListListenerCertificates", list_certificates, declare("ListenerId! RegionId CertificateIds.N CertType" + PAGES), doc_ref=SDK),
    Action("AssociateAdditionalCertificatesWithListener", associate, declare(CHANGE), writes=True, doc_ref=SDK),
    Action("DisassociateAdditionalCertificatesWithListener", disassociate, declare(CHANGE), writes=True, doc_ref=SDK),
    Action("GetJobStatus", get_job, declare("JobId! ClientToken"), doc_ref=SDK),
    Action("ListSystemSecurityPolicy", list_system_policies, declare("RegionId"), doc_ref=SDK),
    Action("ListSecurityPolicy", list_policies, declare(
        "RegionId ResourceGroupId SecurityPolicyIds.N SecurityPolicyNames.N" + PAGES + TAGS), doc_ref=SDK),
)
