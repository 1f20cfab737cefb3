# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""WAF 3, the web application firewall (2021-10-01). PRIVATE to the collection.

An account has at most one instance in each of the two regions: cn-hangzhou stands for the Chinese mainland, ap-southeast-1 for all else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, Tuple

from .action import READ, SET, Product

PRODUCT = Product("waf", "2021-10-01", "yundun-waf", {
    "DescribeInstance": READ,
    "DescribeDomains": READ,
    "DescribeDomainDetail": READ,
    "DescribeCloudResources": READ,
    "DescribeCloudResourceAccessPortDetails": READ,
    "DescribeCertDetail": READ,
    "ModifyDomainCert": SET,
    "ModifyCloudResourceDefaultCert": SET,
    "ModifyCloudResourceCert": SET,
})
REGIONS = ("cn-hangzhou", "ap-southeast-1")
PAGE = 50
# The cloud services whose ports have certificates of WAF's own. ALB, MSE, FC and SAE keep theirs to themselves.
WITH_PORTS = ("clb4", "clb7", "ecs", "nlb")
# What ModifyDomainCert can change beside the certificate. Whether leaving one out resets it is not documented, so they are said again.
SETTINGS = ("TLSVersion", "EnableTLSv3", "CipherSuite", "CustomCiphers")


@dataclass(frozen=True)
class Certificate:
    """As WAF shows it; id is CAS's identifier. names: () when it was not asked for them."""

    id: str
    name: str = ""
    names: Tuple[str, ...] = ()


@dataclass(frozen=True)
class Domain:
    """A domain in CNAME mode. status: 1 normal, 2 being created, 3 being changed, 4 being released, 5 not forwarded.

    certificate: None when it has none; settings: SETTINGS that the API shows, with their values.
    """

    name: str
    status: int
    https_ports: Tuple[int, ...]
    certificate: Any
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Port:
    """A port of a cloud service in cloud-native mode. resource: WAF's id of it. status: as of a Domain, 1 to 4."""

    resource: str
    number: int
    protocol: str
    status: int
    default: Any
    extensions: Tuple[Certificate, ...]


def instance(cloud, region):
    """The id of the account's WAF instance in a region, '' when there is none."""
    return cloud.call("waf", "DescribeInstance", dict(RegionId=region), region=region).get("InstanceId") or ""


def domains(cloud, region, waf):
    """The names of the domains in CNAME mode that listen for HTTPS."""
    rows = _pages(cloud, region, waf, "DescribeDomains", "Domains")
    return sorted(set(row["Domain"].lower() for row in rows if (row.get("ListenPorts") or {}).get("Https")))


def domain(cloud, region, waf, name):
    """A Domain, or None when the instance does not have it: WAF answers with nothing then."""
    answer = cloud.call("waf", "DescribeDomainDetail", dict(RegionId=region, InstanceId=waf, Domain=name), region=region, target=name)
    if not answer.get("Domain"):
        return None
    listen, shown = answer.get("Listen") or {}, answer.get("CertDetail") or {}
    held = listen.get("CertId") or shown.get("Id")
    return Domain(
        answer["Domain"].lower(), answer.get("Status") or 0, tuple(listen.get("HttpsPorts") or ()),
        Certificate(held, shown.get("Name") or "", _names(shown)) if held else None,
        dict((key, listen[key]) for key in SETTINGS if listen.get(key) not in (None, "", [])))


def resources(cloud, region, waf):
    """The instance ids of the cloud services in cloud-native mode that have ports."""
    rows = [row for product in WITH_PORTS for row in _pages(
        cloud, region, waf, "DescribeCloudResources", "CloudResources", ResourceProduct=product)]
    return sorted(set(row["ResourceInstanceId"] for row in rows if row.get("ResourceInstanceId")))


def ports(cloud, region, waf, resource):
    """The Ports of a cloud service's instance by number. Of their certificates the names are not known."""
    rows = _pages(cloud, region, waf, "DescribeCloudResourceAccessPortDetails", "AccessPortDetails", ResourceInstanceId=resource)
    return dict((row["Port"], _port(row)) for row in rows)


def _port(row):
    held = [(item.get("AppliedType"), Certificate(item["CertificateId"], item.get("CertificateName") or ""))
            for item in row.get("Certificates") or []]
    return Port(
        row.get("CloudResourceId") or "", row["Port"], (row.get("Protocol") or "").lower(), row.get("Status") or 0,
        next((item for kind, item in held if kind == "default"), None), tuple(item for kind, item in held if kind != "default"))


def certificate(cloud, region, waf, identifier):
    """A Certificate with its names."""
    answer = cloud.call("waf", "DescribeCertDetail", dict(RegionId=region, InstanceId=waf, CertIdentifier=identifier), region=region,
                        target=identifier)
    shown = answer.get("CertDetail") or {}
    return Certificate(identifier, shown.get("CertName") or "", _names(shown))


def _names(shown):
    names = [(name or "").strip().lower() for name in [shown.get("CommonName")] + list(shown.get("Sans") or ())]
    return tuple(dict.fromkeys(name for name in names if name))


def _pages(cloud, region, waf, action, field, **params):
    return cloud.pages(
        "waf", action, dict(params, RegionId=region, InstanceId=waf), rows=lambda answer: answer.get(field) or [],
        total=lambda answer: answer.get("TotalCount") or 0, size=PAGE, names=("PageNumber", "PageSize"), region=region)
