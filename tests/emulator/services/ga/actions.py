# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GA's calls on the wire. What they mean is in models."""

from __future__ import annotations

from typing import Any

from ...rpc import Action, Call, Param, declare, numbered_page
from ..calls import filled, milliseconds, once, tagged, tags_of, token_page, tree
from . import errors
from .models import DEFAULTS, HTTPS, MOST_A_CALL, PROTOCOLS, REGION, Accelerator, Listener

VERSION = "2019-11-20"
RAM = "ga"
SDK = "alibabacloud-ga20191120"
FORWARDED = ("XForwardedForConfig.XForwardedForGaApEnabled:boolean XForwardedForConfig.XForwardedForGaIdEnabled:boolean "
             "XForwardedForConfig.XForwardedForPortEnabled:boolean XForwardedForConfig.XForwardedForProtoEnabled:boolean "
             "XForwardedForConfig.XRealIpEnabled:boolean ")
SETTINGS = "ClientAffinity Description HttpVersion IdleTimeout:integer Name Protocol RequestTimeout:integer SecurityPolicyId " + FORWARDED
KEPT = ("Name", "Description", "BackendPorts")  # what a change leaves alone that does not name it
BOUGHT = ("Name", "Spec", "Bandwidth", "BandwidthBillingType", "InstanceChargeType", "IpSetConfig", "ResourceGroupId")


# -- accelerators --------------------------------------------------------------------------------------------------------------------

@once
def create_accelerator(cloud: Any, call: Call) -> dict[str, Any]:
    _check_region(call)
    if call.flag("DryRun"):
        raise errors.dry_run()
    given = tree(call, CREATE_ACCELERATOR)
    made = cloud.ga.add_accelerator(**{name: given[name] for name in BOUGHT if name in given})
    made.tags = tags_of(call)
    return {"AcceleratorId": made.id, "OrderId": str(cloud.rng.randrange(10 ** 11, 10 ** 12))}


def list_accelerators(cloud: Any, call: Call) -> dict[str, Any]:
    _check_region(call)
    rows = [row for row in cloud.ga.accelerators.values()
            if call.text("AcceleratorId") in ("", row.id) and call.text("State") in ("", row.state) and tagged(call, row.tags)
            and call.text("ResourceGroupId") in ("", row.attributes.get("ResourceGroupId"))]
    page, number, size = numbered_page(cloud, call, rows, "PageNumber", "PageSize", 10, 50)
    return {"TotalCount": len(rows), "PageNumber": number, "PageSize": size, "Accelerators": [_accelerator(row) for row in page]}


def _accelerator(row: Accelerator) -> dict[str, Any]:
    known = {"Name": row.id, "Spec": "1", "BandwidthBillingType": "BandwidthPackage", "InstanceChargeType": "PREPAY",
             "IpSetConfig": {"AccessMode": "UserDefine"}, **row.attributes}
    return filled({**known, "AcceleratorId": row.id, "RegionId": REGION, "State": row.state, "CreateTime": milliseconds(row.created),
                   "DnsName": row.id + ".ga.example.net", "ServiceManaged": False, "UpgradableStatus": "notUpgradable",
                   "Tags": [{"Key": key, "Value": value} for key, value in row.tags.items()]})


# -- listeners -----------------------------------------------------------------------------------------------------------------------

@once
def create_listener(cloud: Any, call: Call) -> dict[str, Any]:
    _check_region(call)
    ga, given = cloud.ga, tree(call, CREATE_LISTENER)
    accelerator, protocol = ga.accelerator(call.text("AcceleratorId")), given.get("Protocol", "TCP").upper()
    # Custom routing and endpoint groups belong to what lies behind the listener, which this cloud does not have.
    if given.get("EndpointGroupConfigurations") or given.get("CustomRoutingEndpointGroupConfigurations") or (
            given.get("Type", "Standard") != "Standard"):
        raise errors.illegal("Type" if "Type" in given else "EndpointGroupConfigurations")
    if protocol not in PROTOCOLS:
        raise errors.illegal("Protocol")
    first, last = _ports(given)
    ga.check_ports(accelerator, protocol, first, last)
    held = _default(cloud, given, protocol)
    if protocol == HTTPS and held is None:
        raise errors.illegal("Certificates")
    if accelerator.state != "active":
        raise errors.accelerator_busy()
    listener = ga.make_listener(accelerator, protocol, first, last)
    listener.default, listener.is_new, listener.attributes = held, True, _attributes(given, {})
    ga.finish(listener)
    return {"ListenerId": listener.id}


def list_listeners(cloud: Any, call: Call) -> dict[str, Any]:
    _check_region(call)
    rows = [row for row in cloud.ga.accelerator(call.text("AcceleratorId")).listeners.values()
            if call.text("Protocol").upper() in ("", row.protocol)]
    page, number, size = numbered_page(cloud, call, rows, "PageNumber", "PageSize", 10, 50)
    return {"TotalCount": len(rows), "PageNumber": number, "PageSize": size, "Listeners": [
        {**_listener(cloud.ga.watch(row)), "CreateTime": milliseconds(row.created)} for row in page]}


def describe_listener(cloud: Any, call: Call) -> dict[str, Any]:
    _check_region(call)
    listener = cloud.ga.watch(cloud.ga.listener(call.text("ListenerId")))
    return {**_listener(listener), "CreateTime": str(milliseconds(listener.created))}


def _listener(row: Listener) -> dict[str, Any]:
    known = {**{name: value for name, value in DEFAULTS.items() if _has(row.protocol, name)}, **row.attributes}
    managed = {"ServiceId": row.managed_by, "ServiceManagedInfos": [{"Action": "Update", "IsManaged": True}]} if row.managed_by else {}
    return filled({
        **known, **managed, "ListenerId": row.id, "AcceleratorId": row.accelerator_id, "Protocol": row.protocol, "State": row.state,
        "PortRanges": [{"FromPort": row.first, "ToPort": row.last}], "ServiceManaged": bool(row.managed_by), "Type": "Standard",
        "Certificates": [{"Id": row.default.id, "Type": "Server"}] if row.default else []})


@once
def update_listener(cloud: Any, call: Call) -> dict[str, Any]:
    _check_region(call)
    ga, given = cloud.ga, tree(call, UPDATE_LISTENER)
    listener = ga.listener(call.text("ListenerId"))
    if given.get("Protocol", listener.protocol).upper() != listener.protocol:
        raise errors.illegal("Protocol")
    held = _default(cloud, given, listener.protocol)
    first, last = _ports(given) if given.get("PortRanges") else (listener.first, listener.last)
    ga.check_ports(ga.accelerator(listener.accelerator_id), listener.protocol, first, last, listener)
    attributes = _attributes(given, listener.attributes)
    ga.begin(listener)
    listener.first, listener.last, listener.attributes = first, last, attributes
    listener.default = held or listener.default
    ga.finish(listener)
    return {}


def _ports(given: dict[str, Any]) -> tuple[int, int]:
    """The one range that a listener has here."""
    if len(given["PortRanges"]) != 1 or set(given["PortRanges"][0]) != {"FromPort", "ToPort"}:
        raise errors.port_range("one range is wanted, with FromPort and ToPort")
    return given["PortRanges"][0]["FromPort"], given["PortRanges"][0]["ToPort"]


def _default(cloud: Any, given: dict[str, Any], protocol: str) -> Any:
    ids = [held.get("Id", "") for held in given.get("Certificates", [])]
    if not ids:
        return None
    if protocol != HTTPS:
        raise errors.wrong_protocol(protocol)
    if len(ids) > 1:
        raise errors.illegal("Certificates")
    return cloud.ga.certificate(ids[0])


def _attributes(given: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """What the listener has afterwards: what is kept stays, all else is as given or falls back."""
    for name, most in (("IdleTimeout", 900), ("RequestTimeout", 180)):
        if not 1 <= given.get(name, 1) <= most:
            raise errors.illegal(name)
    if given.get("ClientAffinity", "NONE") not in ("NONE", "SOURCE_IP") or given.get("HttpVersion", "http2") not in (
            "http3", "http2", "http1.1"):
        raise errors.illegal("ClientAffinity" if given.get("ClientAffinity", "NONE") not in ("NONE", "SOURCE_IP") else "HttpVersion")
    now = {name: given.get(name, before.get(name)) for name in KEPT if given.get(name, before.get(name))}
    for ports in now.get("BackendPorts", []):
        ports.update({name: str(value) for name, value in ports.items()})  # answers have them as texts
    for name in DEFAULTS:
        if name in given:
            now[name] = {**DEFAULTS[name], **given[name]} if isinstance(DEFAULTS[name], dict) else given[name]
    if "ProxyProtocol" in now:
        now["ProxyProtocol"] = str(now["ProxyProtocol"]).lower() == "true"
    return now


def _has(protocol: str, name: str) -> bool:
    """Whether listeners of a protocol have a setting."""
    return name in ("ClientAffinity", "IdleTimeout", "ProxyProtocol") or protocol == HTTPS or (
        protocol == "HTTP" and name in ("RequestTimeout", "XForwardedForConfig"))


# -- certificates --------------------------------------------------------------------------------------------------------------------

def list_certificates(cloud: Any, call: Call) -> dict[str, Any]:
    _check_region(call)
    listener = cloud.ga.watch(cloud.ga.secure_listener(call.text("ListenerId"), call.text("AcceleratorId")))
    role = call.text("Role")
    if role not in ("", "default", "additional"):
        raise errors.illegal("Role")
    default = [{"CertificateId": listener.default.id, "IsDefault": True, "State": "active"}] if role != "additional" else []
    additional = [{"CertificateId": held.id, "IsDefault": False, "Domain": domain,
                   "State": "updating" if domain in listener.replacing else "active"} for domain, held in listener.additional.items()]
    page, fields = token_page(cloud, call, default + (additional if role != "default" else []), 50, errors.illegal)
    return {**fields, "Certificates": page}


@once
def associate(cloud: Any, call: Call) -> dict[str, Any]:
    _check_region(call)
    listener, rows = _secure(cloud, call), call.list("Certificates")
    wanted = {row.get("Domain", "").lower(): row.get("Id", "") for row in rows}
    if len(rows) > MOST_A_CALL or len(wanted) < len(rows):
        raise errors.illegal("Certificates")
    cloud.ga.associate(listener, wanted)
    return {"ListenerId": listener.id}


@once
def update_additional(cloud: Any, call: Call) -> dict[str, Any]:
    _check_region(call)
    listener = _secure(cloud, call)
    cloud.ga.replace(listener, call.text("Domain").lower(), call.text("CertificateId"), call.flag("DryRun"))
    return {"ListenerId": listener.id}


@once
def dissociate(cloud: Any, call: Call) -> dict[str, Any]:
    _check_region(call)
    domains = [domain.lower() for domain in call.list("Domains")]
    if len(domains) > MOST_A_CALL or len(set(domains)) < len(domains):
        raise errors.illegal("Domains")
    cloud.ga.dissociate(_secure(cloud, call), domains)
    return {}


def _secure(cloud: Any, call: Call) -> Listener:
    return cloud.ga.secure_listener(call.text("ListenerId"), call.text("AcceleratorId"))


def _check_region(call: Call) -> None:
    """There is one, wherever an accelerator accelerates."""
    if call.text("RegionId", REGION) != REGION:
        raise errors.illegal("RegionId")


def _prefixed(prefix: str, names: str) -> str:
    return " ".join(prefix + name for name in names.split()) + " "


PAGES = "PageNumber:integer PageSize:integer "
PLACE = "RegionId! AcceleratorId! ListenerId! "
TAGS = "Tag.N.Key Tag.N.Value "
PORTS = "PortRanges.N.FromPort{0}:integer PortRanges.N.ToPort{0}:integer Certificates.N.Id "
# The SDK's model has these; what they are about does not exist here.
BEHIND = _prefixed("EndpointGroupConfigurations.N.", (
    "EndpointGroupDescription EndpointGroupName EndpointGroupRegion EndpointGroupType EndpointIpVersion EndpointProtocolVersion "
    "EndpointRequestProtocol HealthCheckEnabled:boolean HealthCheckHost HealthCheckIntervalSeconds:integer HealthCheckPath "
    "HealthCheckPort:integer HealthCheckProtocol PortOverrides.N.EndpointPort:integer PortOverrides.N.ListenerPort:integer "
    "ThresholdCount:integer TrafficPercentage:integer " + _prefixed(
        "EndpointConfigurations.N.", "ApiKeys.N EnableClientIPPreservation:boolean EnableProxyProtocol:boolean Endpoint Provider "
        "SubAddress Type VSwitchIds.N VpcId Weight:integer"))) + _prefixed("CustomRoutingEndpointGroupConfigurations.N.", (
            "Description EndpointGroupRegion Name DestinationConfigurations.N.FromPort:integer DestinationConfigurations.N.Protocols.N "
            "DestinationConfigurations.N.ToPort:integer " + _prefixed(
                "EndpointConfigurations.N.", "Endpoint TrafficToEndpointPolicy Type PolicyConfigurations.N.Address "
                "PolicyConfigurations.N.PortRanges.N.FromPort:integer PolicyConfigurations.N.PortRanges.N.ToPort:integer")))
CREATE_ACCELERATOR: tuple[Param, ...] = declare(
    "RegionId! AutoPay:boolean AutoRenew:boolean AutoRenewDuration:integer AutoUseCoupon Bandwidth:integer BandwidthBillingType "
    "ClientToken DryRun:boolean Duration:integer InstanceChargeType IpSetConfig.AccessMode Name PricingCycle PromotionOptionNo "
    "ResourceGroupId Spec " + TAGS)
CREATE_LISTENER: tuple[Param, ...] = declare("RegionId! AcceleratorId! ClientToken Type " + PORTS.format("!") + SETTINGS + BEHIND)
UPDATE_LISTENER: tuple[Param, ...] = declare(
    "RegionId ListenerId! ClientToken ProxyProtocol BackendPorts.N.FromPort:integer BackendPorts.N.ToPort:integer " + PORTS.format("")
    + SETTINGS)
ACTIONS = (
    Action("CreateAccelerator", create_accelerator, CREATE_ACCELERATOR, writes=True, doc_ref=SDK),
    Action("ListAccelerators", list_accelerators, declare("RegionId! AcceleratorId ResourceGroupId State " + PAGES + TAGS), doc_ref=SDK),
    Action("CreateListener", create_listener, CREATE_LISTENER, writes=True, doc_ref=SDK),
    Action("ListListeners", list_listeners, declare("RegionId! AcceleratorId! Protocol " + PAGES), doc_ref=SDK),
    Action("DescribeListener", describe_listener, declare("RegionId! ListenerId!"), doc_ref=SDK),
    Action("UpdateListener", update_listener, UPDATE_LISTENER, writes=True, doc_ref=SDK),
    Action("ListListenerCertificates", list_certificates, declare(PLACE + "MaxResults:integer NextToken Role"), doc_ref=SDK),
    Action("AssociateAdditionalCertificatesWithListener", associate, declare(
        PLACE + "ClientToken Certificates.N.Domain! Certificates.N.Id!"), writes=True, doc_ref=SDK),
    Action("UpdateAdditionalCertificateWithListener", update_additional, declare(
        PLACE + "ClientToken CertificateId! Domain! DryRun:boolean"), writes=True, doc_ref=SDK),
    Action("DissociateAdditionalCertificatesFromListener", dissociate, declare(PLACE + "ClientToken Domains.N!"), writes=True, doc_ref=SDK),
)
