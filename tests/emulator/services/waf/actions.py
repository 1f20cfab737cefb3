# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WAF's calls on the wire. What they mean is in models."""

from __future__ import annotations

from typing import Any

from ... import pki
from ...rpc import Action, Call, declare, numbered_page
from ..calls import filled, milliseconds, tagged, tags_of, tree
from . import errors
from .models import CUSTOM, PORT, TLS, Domain, Instance, Port, complete

VERSION = "2021-10-01"
RAM = "yundun-waf"
SDK = "alibabacloud-waf-openapi20211001"
UNSEEN = ("CnameEnabled", "RoutingRules")  # DescribeDomainDetail does not show these


# -- the instance --------------------------------------------------------------------------------------------------------------------

def create_instance(cloud: Any, call: Call) -> dict[str, Any]:
    return {"InstanceId": cloud.waf.add_instance(cloud.waf.check_region(call.text("RegionId"))).id}


def describe_instance(cloud: Any, call: Call) -> dict[str, Any]:
    """Nothing at all when there is none."""
    found = cloud.waf.instances.get(cloud.waf.check_region(call.text("RegionId")))
    if found is None or call.text("ResourceManagerResourceGroupId"):
        return {}
    return {"InstanceId": found.id, "RegionId": found.region, "Status": 1, "Edition": "default_version", "PayType": "POSTPAY",
            "InDebt": "1", "StartTime": milliseconds(found.started), "EndTime": 4809859200000,
            "Details": {"HttpPorts": "80,8080", "HttpsPorts": "443,8443", "Ipv6": True, "ExclusiveIp": True, "Gslb": True,
                        "CnameResourceMaxCount": 500, "BackendMaxCount": 20}}


def _instance(cloud: Any, call: Call) -> Instance:
    return cloud.waf.instance(call.text("InstanceId"), call.text("RegionId"))


# -- domains in CNAME mode -----------------------------------------------------------------------------------------------------------

def create_domain(cloud: Any, call: Call) -> dict[str, Any]:
    given = tree(call, CREATE_DOMAIN)
    domain = cloud.waf.make_domain(_instance(cloud, call), given["Domain"], given["Listen"], given["Redirect"])
    domain.access_type = given.get("AccessType") or "share"
    domain.resource_group, domain.tags, domain.is_new = call.text("ResourceManagerResourceGroupId"), tags_of(call), True
    cloud.waf.finish(domain)
    return {"DomainInfo": _info(domain)}


def describe_domains(cloud: Any, call: Call) -> dict[str, Any]:
    rows = [domain for domain in _instance(cloud, call).domains.values()
            if call.text("Domain").lower() in domain.name and call.text("DomainId") in ("", domain.id) and tagged(call, domain.tags)
            and call.text("Backend") in ("", *domain.redirect["Backends"])
            and call.text("ResourceManagerResourceGroupId") in ("", domain.resource_group)]
    page, _number, _size = numbered_page(cloud, call, rows, "PageNumber", "PageSize", 10, 50)
    return {"TotalCount": len(rows), "Domains": [_listed(cloud.waf.watch(domain)) for domain in page]}


def _listed(domain: Domain) -> dict[str, Any]:
    origins = [{"Backend": backend} for backend in domain.redirect["Backends"]]
    ports = filled({"Http": domain.listen["HttpPorts"], "Https": domain.listen["HttpsPorts"]})
    return filled({**_info(domain), "Status": domain.status, "ListenPorts": ports, "Backeds": {name: origins for name in ports if origins},
                   "ResourceManagerResourceGroupId": domain.resource_group})


def describe_domain(cloud: Any, call: Call) -> dict[str, Any]:
    """Nothing at all when there is no such domain."""
    found = next((domain for domain in _instance(cloud, call).domains.values() if (call.text("Domain") or call.text("DomainId"))
                  and call.text("Domain").lower() in ("", domain.name) and call.text("DomainId") in ("", domain.id)), None)
    if found is None:
        return {}
    domain, redirect = cloud.waf.watch(found), found.redirect
    shown = {name: value for name, value in redirect.items() if name not in (*UNSEEN, "Backends", "BackupBackends")}
    return filled({
        **_info(domain), "Status": domain.status, "ResourceManagerResourceGroupId": domain.resource_group, "Listen": filled(domain.listen),
        "Redirect": filled({
            **shown, "BackendList": redirect["Backends"], "Backends": [{"Backend": backend} for backend in redirect["Backends"]],
            "BackUpBackendList": redirect["BackupBackends"],
            "BackupBackends": [{"Backend": backend} for backend in redirect["BackupBackends"]]}),
        "CertDetail": _certificate_of(cloud, domain.listen["CertId"], domain.material)})


def _certificate_of(cloud: Any, certificate_id: str, material: pki.Material | None) -> dict[str, Any] | None:
    if material is None:
        return None
    return {"Id": certificate_id, "Name": _name(cloud, certificate_id), "CommonName": material.common_name,
            "Sans": list(material.names), "StartTime": milliseconds(material.not_before), "EndTime": milliseconds(material.not_after)}


def modify_domain(cloud: Any, call: Call) -> dict[str, Any]:
    given, instance = tree(call, MODIFY_DOMAIN), _instance(cloud, call)
    by_id = next((domain.name for domain in instance.domains.values() if domain.id == given.get("DomainId")), "")
    domain = cloud.waf.domain(instance, given.get("Domain") or by_id)
    cloud.waf.modify(domain, given["Listen"], given["Redirect"], given.get("AccessType", ""))
    return {"DomainInfo": _info(domain)}


def modify_domain_cert(cloud: Any, call: Call) -> dict[str, Any]:
    given = tree(call, MODIFY_CERT)
    settings = {name: given[name] for name in TLS if name in given}
    if "CipherSuite" in settings:  # a text here, a number everywhere else
        if not settings["CipherSuite"].isdigit():
            raise errors.invalid("CipherSuite", "1, 2 and {0} are possible".format(CUSTOM))
        settings["CipherSuite"] = int(settings["CipherSuite"])
    cloud.waf.modify_certificate(cloud.waf.domain(_instance(cloud, call), given["Domain"]), given["CertId"], settings)
    return {}


def _info(domain: Domain) -> dict[str, Any]:
    return {"Domain": domain.name, "DomainId": domain.id, "Cname": "{0}.waf.example.net".format(domain.name.replace("*", "wildcard"))}


# -- ports in cloud-native mode ------------------------------------------------------------------------------------------------------

def create_resource(cloud: Any, call: Call) -> dict[str, Any]:
    given = tree(call, CREATE_RESOURCE)
    listen, redirect = dict(given["Listen"]), given.get("Redirect", {})
    if not isinstance(redirect, dict) or listen.pop("Domain", ""):
        raise errors.invalid("Listen" if isinstance(redirect, dict) else "Redirect", "only resources with ports are here")
    certificates = [(row.get("AppliedType", ""), row.get("CertificateId", "")) for row in listen.pop("Certificates", [])]
    where = {name: listen.pop(name, "") for name in ("ResourceProduct", "ResourceInstanceId", "ResourceRegionId", "Protocol")}
    number = listen.pop("Port", 0)
    if not where["ResourceInstanceId"] or not isinstance(number, int) or where["Protocol"] not in ("http", "https"):
        raise errors.invalid("Listen", "ResourceInstanceId, Port and Protocol (http or https) are wanted")
    port = cloud.waf.make_port(
        _instance(cloud, call), where["ResourceProduct"], where["ResourceInstanceId"], where["ResourceRegionId"], number,
        where["Protocol"], complete({**listen, **redirect}, PORT, "Listen"), certificates)
    port.resource_group, port.is_new = call.text("ResourceManagerResourceGroupId"), True
    cloud.waf.finish(port)
    return {"CloudResourceId": port.id}


def describe_resources(cloud: Any, call: Call) -> dict[str, Any]:
    """Without a product only those that are protected without ports, of which there are none here."""
    found: dict[str, list[Port]] = {}
    for port in _instance(cloud, call).ports.values():
        if port.product == call.text("ResourceProduct") and call.text("ResourceInstanceId") in ("", port.instance) and call.text(
                "ResourceRegionId") in ("", port.resource_region) and call.text("ResourceManagerResourceGroupId") in (
                    "", port.resource_group):
            found.setdefault(port.instance, []).append(port)
    # These are what FC, MSE and SAE have, or names that nobody has given here.
    if any(call.text(name) for name in ("OwnerUserId", "ResourceDomain", "ResourceFunction", "ResourceRouteName")) or any(
            call.text(name) and call.text(name) not in found for name in ("ResourceInstanceName", "ResourceName")):
        found = {}
    page, _number, _size = numbered_page(cloud, call, list(found), "PageNumber", "PageSize", 10, 50)
    return {"TotalCount": len(found), "CloudResources": [_resource(name, found[name]) for name in page]}


def _resource(name: str, ports: list[Port]) -> dict[str, Any]:
    protocols = [port.protocol for port in ports]
    return {"ResourceInstanceId": name, "ResourceInstance": name, "ResourceInstanceName": name, "ResourceName": name,
            "ResourceProduct": ports[0].product, "ResourceRegionId": ports[0].resource_region, "OwnerUserId": "1000000000000001",
            "ResourceInstanceIp": "203.0.113.10", "HttpPortCount": protocols.count("http"), "HttpsPortCount": protocols.count("https")}


def describe_ports(cloud: Any, call: Call) -> dict[str, Any]:
    rows = [port for port in _instance(cloud, call).ports.values()
            if port.instance == call.text("ResourceInstanceId") and call.text("Port") in ("", str(port.number))
            and call.text("Protocol") in ("", port.protocol) and call.text("ResourceProduct") in ("", port.product)
            and call.text("ResourceManagerResourceGroupId") in ("", port.resource_group)]
    page, _number, _size = numbered_page(cloud, call, rows, "PageNumber", "PageSize", 10, 50)
    return {"TotalCount": len(rows), "AccessPortDetails": [_port(cloud, cloud.waf.watch(port)) for port in page]}


def _port(cloud: Any, port: Port) -> dict[str, Any]:
    settings = {("LogHeaders" if name == "RequestHeaders" else name): value for name, value in port.settings.items()}
    return filled({
        **settings, "CloudResourceId": port.id, "Port": port.number, "Protocol": port.protocol, "Status": port.status,
        "OwnerUserId": "1000000000000001", "Certificates": [
            {"AppliedType": held.kind, "CertificateId": held.id, "CertificateName": _name(cloud, held.id)}
            for held in port.certificates]})


def modify_port_list(cloud: Any, call: Call) -> dict[str, Any]:
    port = cloud.waf.port(_instance(cloud, call), call.text("CloudResourceId"), call.text("ResourceInstanceId"), call.number("Port"))
    if call.text("ResourceProduct") not in ("", port.product):
        raise errors.unknown_resource(port.id)
    cloud.waf.modify_list(port, [(row.get("AppliedType", ""), row.get("CertificateId", "")) for row in call.list("Certificates")])
    return {}


def modify_port_default(cloud: Any, call: Call) -> dict[str, Any]:
    cloud.waf.modify_default(cloud.waf.port(_instance(cloud, call), call.text("CloudResourceId")), call.text("CertId"))
    return {}


# -- certificates --------------------------------------------------------------------------------------------------------------------

def describe_certificate(cloud: Any, call: Call) -> dict[str, Any]:
    _instance(cloud, call)
    identifier = call.text("CertIdentifier")
    material = cloud.waf.certificate(identifier)
    return {"CertDetail": {**_certificate(cloud, identifier, material), "Sans": list(material.names)}}


def _certificate(cloud: Any, identifier: str, material: pki.Material) -> dict[str, Any]:
    return {"CertIdentifier": identifier, "CertName": _name(cloud, identifier),
            "CommonName": material.common_name, "Domain": material.names[0], "BeforeDate": milliseconds(material.not_before),
            "AfterDate": milliseconds(material.not_after)}


def _name(cloud: Any, identifier: str) -> str:
    """In CAS; of one that has been deleted there nothing is left but its identifier."""
    held = cloud.cas.certificates.get(int(identifier.partition("-")[0]))
    return held.name if held else identifier


HERE, GROUP = "InstanceId! RegionId ", "ResourceManagerResourceGroupId "
THERE = "InstanceId! RegionId! "
PAGES, TAGS = "PageNumber:integer PageSize:integer ", "Tag.N.Key Tag.N.Value "
CREATE_DOMAIN = declare(THERE + "Domain! Listen!:json Redirect!:json AccessType " + GROUP + TAGS)
MODIFY_DOMAIN = declare(THERE + "Listen!:json Redirect!:json AccessType Domain DomainId")
MODIFY_CERT = declare(THERE + "CertId! Domain! CipherSuite CustomCiphers.N EnableTLSv3:boolean TLSVersion")
CREATE_RESOURCE = declare(THERE + "Listen!:json Redirect:json OwnerUserId " + GROUP + TAGS)
ACTIONS = (
    Action("CreatePostpaidInstance", create_instance, declare("RegionId " + GROUP), writes=True, doc_ref=SDK),
    Action("DescribeInstance", describe_instance, declare("RegionId " + GROUP), doc_ref=SDK),
    Action("CreateDomain", create_domain, CREATE_DOMAIN, writes=True, doc_ref=SDK),
    Action("DescribeDomains", describe_domains, declare(HERE + "Backend Domain DomainId " + GROUP + PAGES + TAGS), doc_ref=SDK),
    Action("DescribeDomainDetail", describe_domain, declare(HERE + "Domain DomainId"), doc_ref=SDK),
    Action("ModifyDomain", modify_domain, MODIFY_DOMAIN, writes=True, doc_ref=SDK),
    Action("ModifyDomainCert", modify_domain_cert, MODIFY_CERT, writes=True, doc_ref=SDK),
    Action("CreateCloudResource", create_resource, CREATE_RESOURCE, writes=True, doc_ref=SDK),
    Action("DescribeCloudResources", describe_resources, declare(
        HERE + "OwnerUserId ResourceDomain ResourceFunction ResourceInstanceId ResourceInstanceName ResourceName ResourceProduct "
        "ResourceRegionId ResourceRouteName " + GROUP + PAGES), doc_ref=SDK),
    Action("DescribeCloudResourceAccessPortDetails", describe_ports, declare(
        HERE + "ResourceInstanceId! Port Protocol ResourceProduct " + GROUP + PAGES), doc_ref=SDK),
    Action("ModifyCloudResourceCert", modify_port_list, declare(
        THERE + "Certificates.N.AppliedType! Certificates.N.CertificateId! CloudResourceId Port:integer ResourceInstanceId "
        "ResourceProduct"), writes=True, doc_ref=SDK),
    Action("ModifyCloudResourceDefaultCert", modify_port_default, declare(THERE + "CertId! CloudResourceId! " + GROUP), writes=True,
           doc_ref=SDK),
    Action("DescribeCertDetail", describe_certificate, declare(HERE + "CertIdentifier! " + GROUP), doc_ref=SDK),
)
