# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SLB's calls on the wire. The rules are in models, reading PEM as strictly as SLB does in upload."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ...rpc import COMMON, Action, Call, declare, numbered_page
from . import errors, upload
from .models import SECURE, Certificate, Listener, LoadBalancer

VERSION = "2014-05-15"
RAM = "slb"
SDK = "alibabacloud-slb20140515"

# What a listener can be told besides its certificates. Nothing is left out by a change that does not name it.
ATTRIBUTES = (
    "AclId AclStatus AclType Bandwidth:integer CACertificateId Cookie CookieTimeout:integer Description EnableHttp2 Gzip HealthCheck "
    "HealthCheckConnectPort:integer HealthCheckDomain HealthCheckHttpCode HealthCheckInterval:integer HealthCheckMethod "
    "HealthCheckTimeout:integer HealthCheckURI HealthyThreshold:integer IdleTimeout:integer RequestTimeout:integer Scheduler StickySession "
    "StickySessionType TLSCipherPolicy UnhealthyThreshold:integer VServerGroupId XForwardedFor XForwardedFor_ClientSrcPort "
    "XForwardedFor_SLBID XForwardedFor_SLBIP XForwardedFor_SLBPORT XForwardedFor_proto")
SHOWN = {
    "Bandwidth": -1, "EnableHttp2": "on", "Gzip": "on", "HealthCheck": "off", "IdleTimeout": 15, "RequestTimeout": 60, "Scheduler": "wrr",
    "StickySession": "off", "TLSCipherPolicy": "tls_cipher_policy_1_0", "XForwardedFor": "on", "AclStatus": "off", "BackendServerPort": 80,
}
# Where DescribeLoadBalancerListeners has them.
LISTED = ("AclId", "AclStatus", "AclType", "BackendServerPort", "Bandwidth", "Description", "Scheduler", "VServerGroupId")
LISTED_APART = tuple(name for name in (word.partition(":")[0] for word in ATTRIBUTES.split()) if name not in LISTED)
# Of those an HTTP listener has not got the first three, and has two of its own.
PLAIN_ATTRIBUTES = " ".join(word for word in ATTRIBUTES.split() if word not in ("CACertificateId", "EnableHttp2", "TLSCipherPolicy")) + (
    " ForwardPort:integer ListenerForward")
PLAIN_SHOWN = {**{name: value for name, value in SHOWN.items() if name not in ("EnableHttp2", "TLSCipherPolicy", "BackendServerPort")},
               "ListenerForward": "off"}
CONTROL = ("RegionId", "LoadBalancerId", "ListenerPort", "ServerCertificateId", "DryRun", "VServerGroup")


def upload_server_certificate(cloud: Any, call: Call) -> dict[str, Any]:
    region = call.text("RegionId")
    cloud.slb.check_region(region)
    kept = {"tags": _tags(call), "resource_group": call.text("ResourceGroupId")}
    if call.text("AliCloudCertificateId"):
        material, name = upload.from_cas(cloud, call)
        certificate_id = cloud.slb.add_certificate(
            region, call.text("ServerCertificateName") or name, material, cas_id=int(call.text("AliCloudCertificateId")), cas_name=name,
            cas_region=call.text("AliCloudCertificateRegionId"), **kept)
    else:
        material = upload.from_pem(call)
        certificate_id = cloud.slb.add_certificate(region, call.text("ServerCertificateName") or "-", material, **kept)
    row = _certificate(cloud.slb.certificate(certificate_id, region))
    del row["Tags"]
    return row


def describe_server_certificates(cloud: Any, call: Call) -> dict[str, Any]:
    region = call.text("RegionId") or "cn-hangzhou"
    cloud.slb.check_region(region)
    rows = [held for held in cloud.slb.certificates.values() if held.region == region and _tagged(call, held.tags)
            and call.text("ResourceGroupId") in ("", held.resource_group)]
    if call.text("ServerCertificateId"):
        rows = [held for held in rows if held.id == call.text("ServerCertificateId")]
    return {"ServerCertificates": {"ServerCertificate": [_certificate(held) for held in rows]}}


def delete_server_certificate(cloud: Any, call: Call) -> dict[str, Any]:
    cloud.slb.delete_certificate(call.text("ServerCertificateId"), call.text("RegionId") or "cn-hangzhou")
    return {}


def set_server_certificate_name(cloud: Any, call: Call) -> dict[str, Any]:
    cloud.slb.certificate(call.text("ServerCertificateId"), call.text("RegionId")).name = call.text("ServerCertificateName")
    return {}


def describe_load_balancers(cloud: Any, call: Call) -> dict[str, Any]:
    cloud.slb.check_region(call.text("RegionId"))
    rows = [_balancer(row) for row in cloud.slb.load_balancers.values() if row.region == call.text("RegionId")]
    if call.text("LoadBalancerId"):
        rows = [row for row in rows if row["LoadBalancerId"] in call.text("LoadBalancerId").split(",")]
    # Load balancers have no tags, zones, networks and servers here: who asks for some finds none.
    wanted = {name: value for name, value in call.params.items() if name not in ("RegionId", "LoadBalancerId", "PageNumber", "PageSize")}
    rows = [row for row in rows if all(value in ("", row.get(name)) for name, value in wanted.items() if name not in COMMON)]
    page, number, size = numbered_page(cloud, call, rows, "PageNumber", "PageSize", 50, 100)
    return {"PageNumber": number, "PageSize": size, "TotalCount": len(rows), "LoadBalancers": {"LoadBalancer": page}}


def describe_load_balancer_listeners(cloud: Any, call: Call) -> dict[str, Any]:
    cloud.slb.check_region(call.text("RegionId"))
    rows = [listener for listener in cloud.slb.all_listeners() if listener.region == call.text("RegionId")]
    if call.list("LoadBalancerId"):
        rows = [row for row in rows if row.load_balancer_id in call.list("LoadBalancerId")]
    rows = [row for row in rows if _tagged(call, row.tags) and call.text("Description") in ("", row.attributes.get("Description"))]
    rows = [row for row in rows if call.text("ListenerProtocol").lower() in ("", row.protocol)]
    if call.text("ListenerPort"):
        rows = [row for row in rows if row.port == call.number("ListenerPort")]
    size = call.number("MaxResults", 20)
    if not 1 <= size <= 100 or not (call.text("NextToken") or "0").isdigit():
        raise errors.bad_format("MaxResults", "from 1 to 100, with the NextToken of the page before")
    size, start = min(size, cloud.setting("page_cap") or size), call.number("NextToken")
    end = start + size
    return {"TotalCount": len(rows), "MaxResults": size, "NextToken": str(end) if end < len(rows) else "",
            "Listeners": [_listed(cloud.slb.watch(row)) for row in rows[start:end]]}


def describe_https_listener(cloud: Any, call: Call) -> dict[str, Any]:
    listener = cloud.slb.watch(_listener(cloud, call))
    return {**_shown(listener), "LoadBalancerId": listener.load_balancer_id, "ListenerPort": listener.port, "Status": _status(listener),
            "ServerCertificateId": listener.certificate_id, "Tags": {"Tag": _tag_rows(listener.tags)}, **_extensions(listener)}


def set_https_listener(cloud: Any, call: Call) -> dict[str, Any]:
    listener = _listener(cloud, call)
    # What is there and empty is not what is not there: SLB refuses it, where others would unbind.
    if "ServerCertificateId" in call.params:
        cloud.slb.certificate(call.text("ServerCertificateId"), listener.region)
    cloud.slb.check_policy(_attributes(call))
    if call.flag("DryRun"):
        return {}
    cloud.slb.begin(listener)
    listener.certificate_id = call.text("ServerCertificateId") or listener.certificate_id
    listener.attributes.update(_attributes(call))
    cloud.slb.finish(listener)
    return {}


def create_https_listener(cloud: Any, call: Call) -> dict[str, Any]:
    cloud.slb.create_listener(call.text("LoadBalancerId"), call.number("ListenerPort"), call.text("RegionId"),
                              call.text("ServerCertificateId"), _attributes(call), _tags(call))
    return {}


def create_http_listener(cloud: Any, call: Call) -> dict[str, Any]:
    cloud.slb.create_plain_listener(call.text("LoadBalancerId"), call.number("ListenerPort"), call.text("RegionId"), _attributes(call),
                                    _tags(call))
    return {}


def start_listener(cloud: Any, call: Call) -> dict[str, Any]:
    listener = _listener(cloud, call, call.text("ListenerProtocol").lower())
    cloud.slb.begin(listener)
    listener.status = "running"
    cloud.slb.finish(listener)
    return {}


def describe_domain_extensions(cloud: Any, call: Call) -> dict[str, Any]:
    found = _extensions(cloud.slb.watch(_listener(cloud, call)))
    if call.text("DomainExtensionId"):
        rows = found["DomainExtensions"]["DomainExtension"]
        found["DomainExtensions"]["DomainExtension"] = [row for row in rows if row["DomainExtensionId"] == call.text("DomainExtensionId")]
    return found


def create_domain_extension(cloud: Any, call: Call) -> dict[str, Any]:
    listener = _listener(cloud, call)
    extension_id = cloud.slb.create_extension(listener, call.text("Domain"), call.text("ServerCertificateId"))
    return {"DomainExtensionId": extension_id, "ListenerPort": listener.port}


def set_domain_extension(cloud: Any, call: Call) -> dict[str, Any]:
    extension_id = call.text("DomainExtensionId")
    listener = cloud.slb.find_extension(extension_id, call.text("RegionId"))
    cloud.slb.certificate(call.text("ServerCertificateId"), listener.region)
    cloud.slb.begin(listener)
    listener.extensions[extension_id] = (listener.extensions[extension_id][0], call.text("ServerCertificateId"))
    cloud.slb.finish(listener)
    return {}


def delete_domain_extension(cloud: Any, call: Call) -> dict[str, Any]:
    listener = cloud.slb.find_extension(call.text("DomainExtensionId"), call.text("RegionId"))
    cloud.slb.begin(listener)
    del listener.extensions[call.text("DomainExtensionId")]
    cloud.slb.finish(listener)
    return {}


def _listener(cloud: Any, call: Call, protocol: str = SECURE) -> Listener:
    return cloud.slb.listener(call.text("LoadBalancerId"), call.number("ListenerPort"), call.text("RegionId"), protocol)


def _attributes(call: Call) -> dict[str, str]:
    return {name: value for name, value in call.params.items()
            if name not in CONTROL and name not in COMMON and not name.startswith("Tag.")}


def _typed(name: str, value: str) -> Any:
    return int(value) if name + ":integer" in (ATTRIBUTES + " " + PLAIN_ATTRIBUTES).split() or name == "BackendServerPort" else value


def _shown(listener: Listener) -> dict[str, Any]:
    usual = SHOWN if listener.protocol == SECURE else PLAIN_SHOWN
    return {**usual, **{name: _typed(name, value) for name, value in listener.attributes.items()}}


def _listed(listener: Listener) -> dict[str, Any]:
    """As DescribeLoadBalancerListeners has it: what not every kind of listener has stands apart."""
    shown = _shown(listener)
    secure = listener.protocol == SECURE
    apart = {name: shown[name] for name in (*LISTED_APART, "ForwardPort", "ListenerForward") if name in shown}
    return {"LoadBalancerId": listener.load_balancer_id, "ListenerPort": listener.port, "ListenerProtocol": listener.protocol,
            "Status": _status(listener), "Tags": _tag_rows(listener.tags),
            "HTTPSListenerConfig" if secure else "HTTPListenerConfig": {"ServerCertificateId": listener.certificate_id, **apart}
            if secure else apart,
            **{name: shown[name] for name in LISTED if name in shown}}


def _balancer(row: LoadBalancer) -> dict[str, Any]:
    return {"LoadBalancerId": row.id, "LoadBalancerName": row.id, "LoadBalancerStatus": "active", "Address": row.address,
            "RegionId": row.region, "AddressType": "internet", "AddressIPVersion": "ipv4", "NetworkType": "vpc",
            "CreateTime": _time(row.created), "CreateTimeStamp": _milliseconds(row.created)}


def _tags(call: Call) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in call.list("Tag") if tag.get("Key")}


def _tag_rows(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]


def _tagged(call: Call, tags: dict[str, str]) -> bool:
    """Whether these tags are what the call asks for; a key without a value asks for the key."""
    return all(key in tags and value in ("", tags[key]) for key, value in _tags(call).items())


def _status(listener: Listener) -> str:
    return "configuring" if listener.busy else listener.status


def _extensions(listener: Listener) -> dict[str, Any]:
    return {"DomainExtensions": {"DomainExtension": [
        {"Domain": domain, "DomainExtensionId": extension_id, "ServerCertificateId": held}
        for extension_id, (domain, held) in listener.extensions.items()]}}


def _certificate(held: Certificate) -> dict[str, Any]:
    row = {"ServerCertificateId": held.id, "ServerCertificateName": held.name, "RegionId": held.region, "Fingerprint": held.fingerprint,
           "CommonName": held.material.common_name, "SubjectAlternativeNames": {"SubjectAlternativeName": list(held.material.names)},
           "CreateTime": _time(held.created), "CreateTimeStamp": _milliseconds(held.created),
           "ExpireTime": _time(held.material.not_after), "ExpireTimeStamp": _milliseconds(held.material.not_after),
           "IsAliCloudCertificate": int(bool(held.cas_id)), "ResourceGroupId": held.resource_group,
           "Tags": {"Tag": _tag_rows(held.tags)}}
    if held.cas_id:
        row.update(AliCloudCertificateId=str(held.cas_id), AliCloudCertificateName=held.cas_name)
    return row


def _time(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000


LISTENER = "ListenerPort!:integer LoadBalancerId! "
ACTIONS = (
    Action("UploadServerCertificate", upload_server_certificate, declare(
        "RegionId! AliCloudCertificateId AliCloudCertificateName AliCloudCertificateRegionId PrivateKey ResourceGroupId ServerCertificate "
        "ServerCertificateName Tag.N.Key Tag.N.Value"), writes=True, doc_ref=SDK),
    Action("DescribeServerCertificates", describe_server_certificates, declare(
        "RegionId ResourceGroupId ServerCertificateId Tag.N.Key Tag.N.Value"), doc_ref=SDK),
    Action("DeleteServerCertificate", delete_server_certificate, declare("ServerCertificateId! RegionId"), writes=True, doc_ref=SDK),
    Action("SetServerCertificateName", set_server_certificate_name, declare("RegionId! ServerCertificateId! ServerCertificateName!"),
           writes=True, doc_ref=SDK),
    Action("DescribeLoadBalancers", describe_load_balancers, declare(
        "RegionId! Address AddressIPVersion AddressType InternetChargeType LoadBalancerId LoadBalancerName LoadBalancerStatus MasterZoneId "
        "NetworkType PageNumber:integer PageSize:integer PayType ResourceGroupId ServerId ServerIntranetAddress SlaveZoneId Tag.N.Key "
        "Tag.N.Value Tags VSwitchId VpcId"), doc_ref=SDK),
    Action("DescribeLoadBalancerListeners", describe_load_balancer_listeners, declare(
        "RegionId! LoadBalancerId.N ListenerProtocol ListenerPort:integer Description MaxResults:integer NextToken Tag.N.Key Tag.N.Value"),
        doc_ref=SDK),
    Action("DescribeLoadBalancerHTTPSListenerAttribute", describe_https_listener, declare(LISTENER + "RegionId"), doc_ref=SDK),
    Action("SetLoadBalancerHTTPSListenerAttribute", set_https_listener, declare(
        LISTENER + "RegionId DryRun:boolean ServerCertificateId VServerGroup " + ATTRIBUTES), writes=True, doc_ref=SDK),
    Action("CreateLoadBalancerHTTPSListener", create_https_listener, declare(
        LISTENER + "RegionId ServerCertificateId BackendServerPort:integer Tag.N.Key Tag.N.Value "
        + ATTRIBUTES.replace("Bandwidth:", "Bandwidth!:").replace("HealthCheck ", "HealthCheck! ")), writes=True, doc_ref=SDK),
    Action("CreateLoadBalancerHTTPListener", create_http_listener, declare(
        LISTENER + "RegionId BackendServerPort:integer Tag.N.Key Tag.N.Value "
        + PLAIN_ATTRIBUTES.replace("HealthCheck ", "HealthCheck! ")), writes=True, doc_ref=SDK),
    Action("StartLoadBalancerListener", start_listener, declare(LISTENER + "ListenerProtocol RegionId"), writes=True, doc_ref=SDK),
    Action("DescribeDomainExtensions", describe_domain_extensions, declare(LISTENER + "RegionId! DomainExtensionId"), doc_ref=SDK),
    Action("CreateDomainExtension", create_domain_extension, declare(LISTENER + "Domain! RegionId! ServerCertificateId"),
           writes=True, doc_ref=SDK),
    Action("SetDomainExtensionAttribute", set_domain_extension, declare("DomainExtensionId! RegionId! ServerCertificateId"),
           writes=True, doc_ref=SDK),
    Action("DeleteDomainExtension", delete_domain_extension, declare("DomainExtensionId! RegionId!"), writes=True, doc_ref=SDK),
)
