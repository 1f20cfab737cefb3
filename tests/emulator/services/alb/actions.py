# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ALB's calls on the wire, but for forwarding rules, which are in rules. What they mean is in models and services.listeners."""

from __future__ import annotations

from typing import Any

from ...rpc import Action, Call, declare
from ..calls import among, filled, milliseconds, once, region_of, tagged, tags_of, time_text, token_page, tree
from ..listeners import DISSOCIATING, Bound, Listener, LoadBalancer
from ..policies import DEFAULT_POLICY, SYSTEM_POLICIES, Policy
from . import errors, rules
from .models import OVER_UDP, PLAIN, SECURE

VERSION = "2020-06-16"
RAM = "alb"
SDK = "alibabacloud-alb20200616"
MOST_A_CALL = 20  # certificates
FORWARDED = (
    "XForwardedForClientCertClientVerifyAlias XForwardedForClientCertClientVerifyEnabled:boolean XForwardedForClientCertFingerprintAlias "
    "XForwardedForClientCertFingerprintEnabled:boolean XForwardedForClientCertIssuerDNAlias "
    "XForwardedForClientCertIssuerDNEnabled:boolean XForwardedForClientCertSubjectDNAlias "
    "XForwardedForClientCertSubjectDNEnabled:boolean XForwardedForClientSourceIpsEnabled:boolean XForwardedForClientSourceIpsTrusted "
    "XForwardedForClientSrcPortEnabled:boolean XForwardedForEnabled:boolean XForwardedForHostEnabled:boolean "
    "XForwardedForProcessingMode XForwardedForProtoEnabled:boolean XForwardedForSLBIdEnabled:boolean "
    "XForwardedForSLBPortEnabled:boolean").split()
# What a listener can be told besides its certificates. Nothing is left out by a change that does not name it.
ATTRIBUTES = " ".join(("GzipEnabled:boolean Http2Enabled:boolean IdleTimeout:integer ListenerDescription RequestTimeout:integer",
                       "SecurityPolicyId", "QuicConfig.QuicListenerId QuicConfig.QuicUpgradeEnabled:boolean",
                       *("XForwardedForConfig." + name for name in FORWARDED)))
OTHERS = " ClientToken DryRun:boolean CaCertificates.N.CertificateId CaEnabled:boolean Certificates.N.CertificateId "
ANYWHERE = {"GzipEnabled": True, "IdleTimeout": 15, "RequestTimeout": 60, "ListenerDescription": ""}
ENCRYPTED = {"Http2Enabled": True, "SecurityPolicyId": DEFAULT_POLICY}
KEPT = ("GzipEnabled", "Http2Enabled", "IdleTimeout", "ListenerDescription", "RequestTimeout", "SecurityPolicyId", "QuicConfig",
        "XForwardedForConfig", "DefaultActions")


# -- load balancers ------------------------------------------------------------------------------------------------------------------

def list_load_balancers(cloud: Any, call: Call) -> dict[str, Any]:
    rows = [_balancer(row) for row in cloud.alb.load_balancers.values()
            if row.region == region_of(call) and among(call, "LoadBalancerIds", row.id) and among(call, "LoadBalancerNames", row.id)]
    # Load balancers have no tags and no VPC here: who asks for some finds none.
    if call.list("VpcIds") or call.list("Tag"):
        rows = []
    same = ("AddressIpVersion", "AddressType", "DNSName", "Ipv6AddressType", "LoadBalancerBussinessStatus", "LoadBalancerStatus",
            "ResourceGroupId")
    rows = [row for row in rows if all(call.text(name) in ("", row.get(name)) for name in same)
            and call.text("PayType") in ("", "PostPay") and call.text("ZoneId") in ("", _zone(region_of(call)))]
    page, fields = token_page(cloud, call, rows, 100, errors.illegal)
    return {**fields, "LoadBalancers": page}


def get_load_balancer(cloud: Any, call: Call) -> dict[str, Any]:
    row = cloud.alb.balancer(call.text("LoadBalancerId"), region_of(call))
    return {**_balancer(row), "RegionId": row.region, "ZoneMappings": [
        {"ZoneId": _zone(row.region), "Status": "Active", "LoadBalancerAddresses": [{"Address": row.address, "EipType": "Common"}]}]}


def _balancer(row: LoadBalancer) -> dict[str, Any]:
    return {"LoadBalancerId": row.id, "LoadBalancerName": row.id, "LoadBalancerStatus": "Active", "LoadBalancerBussinessStatus": "Normal",
            "LoadBalancerEdition": "Standard", "AddressType": "Internet", "AddressAllocatedMode": "Fixed", "AddressIpVersion": "IPv4",
            "DNSName": "{0}.{1}.alb.example.net".format(row.id, row.region), "CreateTime": time_text(row.created),
            "LoadBalancerBillingConfig": {"PayType": "PostPay"}, "DeletionProtectionConfig": {"Enabled": False}}


def _zone(region: str) -> str:
    return region + "-h"


# -- listeners -----------------------------------------------------------------------------------------------------------------------

def list_listeners(cloud: Any, call: Call) -> dict[str, Any]:
    rows = [row for row in cloud.alb.listeners.values()
            if row.region == region_of(call) and among(call, "ListenerIds", row.id) and tagged(call, row.tags)
            and among(call, "LoadBalancerIds", row.load_balancer_id) and call.text("ListenerProtocol") in ("", row.protocol)]
    page, fields = token_page(cloud, call, rows, 100, errors.illegal)
    return {**fields, "Listeners": [_listener(cloud.alb.watch(row)) for row in page]}


def get_listener(cloud: Any, call: Call) -> dict[str, Any]:
    listener = cloud.alb.watch(cloud.alb.listener(call.text("ListenerId"), region_of(call)))
    row = _listener(listener)
    if listener.protocol == PLAIN:
        return row
    return {**row, "CaEnabled": False, "Certificates": [{"CertificateId": listener.bound[0].id}]}


def _listener(listener: Listener) -> dict[str, Any]:
    """As the list has it: without certificates."""
    known = {**ANYWHERE, **(ENCRYPTED if listener.protocol == SECURE else {}), **listener.attributes}
    forwarded = {"XForwardedForEnabled": listener.protocol != OVER_UDP, **known.get("XForwardedForConfig", {})}
    return filled({
        **known, "XForwardedForConfig": forwarded, "ListenerId": listener.id, "LoadBalancerId": listener.load_balancer_id,
        "ListenerPort": listener.port, "ListenerProtocol": listener.protocol, "ListenerStatus": listener.status,
        "LogConfig": {"AccessLogRecordCustomizedHeadersEnabled": False},
        "Tags": [{"Key": key, "Value": value} for key, value in listener.tags.items()]})


@once
def create_listener(cloud: Any, call: Call) -> dict[str, Any]:
    alb = cloud.alb
    balancer, given = alb.balancer(call.text("LoadBalancerId"), region_of(call)), tree(call, CREATE)
    protocol = given["ListenerProtocol"]
    if protocol not in (PLAIN, SECURE, OVER_UDP):
        raise errors.illegal("ListenerProtocol")
    alb.check_port(balancer.id, given["ListenerPort"], protocol)
    ids = [held["CertificateId"] for held in given.get("Certificates", [])]
    _check_attributes(cloud, given, balancer.id, balancer.region, protocol)
    if protocol != PLAIN and not ids:
        raise errors.missing_certificate()
    if len(ids) > 1:
        raise errors.wrong_size("Certificates")
    wanted = [alb.certificate(held) for held in ids]
    if call.flag("DryRun"):
        raise errors.dry_run()
    listener = alb.make_listener(balancer.id, given["ListenerPort"], protocol, {name: given[name] for name in KEPT if name in given})
    listener.tags, listener.is_new = tags_of(call), True
    listener.bound = [Bound(held, material, 0) for held, material in wanted]
    return {"ListenerId": listener.id, "JobId": alb.finish(listener, call.action, "Create")}


@once
def update_listener(cloud: Any, call: Call) -> dict[str, Any]:
    alb = cloud.alb
    listener, given = alb.listener(call.text("ListenerId"), region_of(call)), tree(call, UPDATE)
    alb.begin(listener)
    _check_attributes(cloud, given, listener.load_balancer_id, listener.region, listener.protocol)
    ids = [held["CertificateId"] for held in given.get("Certificates", [])]
    wanted = [alb.check_default(listener, ids, "Certificates")] if ids else []
    if call.flag("DryRun"):
        raise errors.dry_run()
    for held, material in wanted:
        alb.set_default(listener, held, material)
    listener.attributes.update(_merged(listener, given))
    return {"JobId": alb.finish(listener, call.action, "Update")}


def _merged(listener: Listener, given: dict[str, Any]) -> dict[str, Any]:
    """The attributes that were given; one with parts of its own keeps those that were not."""
    return {name: {**listener.attributes.get(name, {}), **given[name]} if isinstance(given[name], dict) else given[name]
            for name in KEPT if name in given}


def _check_attributes(cloud: Any, given: dict[str, Any], load_balancer_id: str, region: str, protocol: str) -> None:
    if protocol == PLAIN and given.get("Certificates"):
        raise errors.wrong_protocol(protocol)
    if given.get("CaEnabled") or given.get("CaCertificates"):  # there are no authorities in this cloud's certificate store
        raise errors.unknown_certificate((given.get("CaCertificates") or [{}])[0].get("CertificateId", ""))
    if given.get("SecurityPolicyId"):
        cloud.alb.check_policy(given["SecurityPolicyId"], region)
    for name, most in (("IdleTimeout", 600), ("RequestTimeout", 600)):
        if not 1 <= given.get(name, 1) <= most:
            raise errors.illegal(name)
    if any(action.get("Type") != "ForwardGroup" or "ForwardGroupConfig" not in action for action in given.get("DefaultActions", [])):
        raise errors.illegal("DefaultActions")
    quic = given.get("QuicConfig", {})
    if quic.get("QuicUpgradeEnabled"):
        other = cloud.alb.listener(quic.get("QuicListenerId", ""), region)
        if (protocol, other.protocol, other.load_balancer_id) != (SECURE, OVER_UDP, load_balancer_id):
            raise errors.illegal("QuicListenerId")


# -- certificates --------------------------------------------------------------------------------------------------------------------

def list_certificates(cloud: Any, call: Call) -> dict[str, Any]:
    listener = cloud.alb.watch(cloud.alb.secure_listener(call.text("ListenerId"), region_of(call)))
    if call.text("CertificateType") not in ("", "Server", "Ca"):
        raise errors.illegal("CertificateType")
    held = [row for row in listener.bound if call.text("CertificateType") != "Ca" and among(call, "CertificateIds", row.id)]
    page, fields = token_page(cloud, call, held, 100, errors.illegal)
    return {**fields, "Certificates": [
        {"CertificateId": row.id, "CertificateType": "Server", "IsDefault": not row.slot, "Status": row.status} for row in page]}


@once
def associate(cloud: Any, call: Call) -> dict[str, Any]:
    alb = cloud.alb
    listener = alb.secure_listener(call.text("ListenerId"), region_of(call))
    alb.begin(listener)
    wanted = alb.check_additional(listener, _ids(call), "Certificates", MOST_A_CALL)
    if call.flag("DryRun"):
        raise errors.dry_run()
    alb.associate(listener, wanted)
    return {"JobId": alb.finish(listener, call.action, "Update")}


@once
def dissociate(cloud: Any, call: Call) -> dict[str, Any]:
    alb = cloud.alb
    listener = alb.secure_listener(call.text("ListenerId"), region_of(call))
    alb.begin(listener)
    found = alb.check_dissociated(listener, _ids(call), "Certificates", MOST_A_CALL)
    if call.flag("DryRun"):
        raise errors.dry_run()
    for held in found:
        held.status = DISSOCIATING
    return {"JobId": alb.finish(listener, call.action, "Update")}


def _ids(call: Call) -> list[str]:
    return [held.get("CertificateId", "") for held in call.list("Certificates")]


# -- jobs and security policies ------------------------------------------------------------------------------------------------------

def list_jobs(cloud: Any, call: Call) -> dict[str, Any]:
    rows = [job for job in cloud.alb.jobs.values()
            if job.region == region_of(call) and among(call, "JobIds", job.id) and among(call, "ResourceIds", job.resource_id)
            and call.text("ApiName") in ("", job.action) and call.text("ResourceType") in ("", job.resource_type)
            and call.number("BeginTime") <= milliseconds(job.created) <= call.number("EndTime", 10 ** 15)]
    page, fields = token_page(cloud, call, rows, 100, errors.illegal)
    cloud.alb.watch_jobs(page)
    return {**fields, "Jobs": [
        {"Id": job.id, "ApiName": job.action, "OperateType": job.kind, "ResourceType": job.resource_type, "ResourceId": job.resource_id,
         "Status": "Succeeded" if job.ended else "Processing", "CreateTime": milliseconds(job.created),
         "ModifyTime": milliseconds(job.ended or job.created), "ErrorCode": "", "ErrorMessage": ""} for job in page]}


def list_system_policies(_cloud: Any, _call: Call) -> dict[str, Any]:
    return {"SecurityPolicies": [_policy(policy) for policy in SYSTEM_POLICIES.values()]}


def list_policies(cloud: Any, call: Call) -> dict[str, Any]:
    rows = [policy for policy in cloud.alb.policies.values()
            if policy.region == region_of(call) and among(call, "SecurityPolicyIds", policy.id) and tagged(call, policy.tags)
            and among(call, "SecurityPolicyNames", policy.name) and not call.text("ResourceGroupId")]
    page, fields = token_page(cloud, call, rows, 100, errors.illegal)
    return {**fields, "SecurityPolicies": [
        {**_policy(policy), "SecurityPolicyName": policy.name, "SecurityPolicyStatus": "Available", "CreateTime": time_text(policy.created)}
        for policy in page]}


def _policy(policy: Policy) -> dict[str, Any]:
    return {"SecurityPolicyId": policy.id, "TLSVersions": list(policy.versions), "Ciphers": list(policy.ciphers)}


PAGES = " MaxResults:integer NextToken"
TAGS = " Tag.N.Key Tag.N.Value"
DEFAULT_ACTION = "DefaultActions.N.ForwardGroupConfig.ServerGroupTuples.N.ServerGroupId "
CREATE = declare(
    "LoadBalancerId! ListenerPort!:integer ListenerProtocol! DefaultActions.N.Type! " + DEFAULT_ACTION + ATTRIBUTES + OTHERS + TAGS)
UPDATE = declare("ListenerId! DefaultActions.N.Type " + DEFAULT_ACTION + ATTRIBUTES + OTHERS)
CHANGE = "ListenerId! Certificates.N.CertificateId! ClientToken DryRun:boolean"
ACTIONS = (
    Action("ListLoadBalancers", list_load_balancers, declare(
        "AddressIpVersion AddressType DNSName Ipv6AddressType LoadBalancerBussinessStatus LoadBalancerIds.N LoadBalancerNames.N "
        "LoadBalancerStatus PayType ResourceGroupId VpcIds.N ZoneId" + PAGES + TAGS), doc_ref=SDK),
    Action("GetLoadBalancerAttribute", get_load_balancer, declare("LoadBalancerId!"), doc_ref=SDK),
    Action("ListListeners", list_listeners, declare("ListenerIds.N ListenerProtocol LoadBalancerIds.N" + PAGES + TAGS), doc_ref=SDK),
    Action("GetListenerAttribute", get_listener, declare("ListenerId!"), doc_ref=SDK),
    Action("CreateListener", create_listener, CREATE, writes=True, doc_ref=SDK),
    Action("UpdateListenerAttribute", update_listener, UPDATE, writes=True, doc_ref=SDK),
    Action("ListListenerCertificates", list_certificates, declare("ListenerId! CertificateIds.N CertificateType" + PAGES), doc_ref=SDK),
    Action("AssociateAdditionalCertificatesWithListener", associate, declare(CHANGE), writes=True, doc_ref=SDK),
    Action("DissociateAdditionalCertificatesFromListener", dissociate, declare(CHANGE), writes=True, doc_ref=SDK),
    Action("ListAsynJobs", list_jobs, declare(
        "ApiName BeginTime:integer EndTime:integer JobIds.N ResourceIds.N ResourceType" + PAGES), doc_ref=SDK),
    Action("ListSystemSecurityPolicies", list_system_policies, (), doc_ref=SDK),
    Action("ListSecurityPolicies", list_policies, declare("ResourceGroupId SecurityPolicyIds.N SecurityPolicyNames.N" + PAGES + TAGS),
           doc_ref=SDK),
    *rules.ACTIONS,
)
