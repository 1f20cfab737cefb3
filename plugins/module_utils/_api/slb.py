# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CLB, the classic load balancer, called slb by its API (2014-05-15). PRIVATE to the collection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

from .cas import clean
from .rpc import READ, SET, WRITE, Product

PRODUCT = Product("slb", "2014-05-15", "slb", {
    "DescribeServerCertificates": READ,
    "DescribeLoadBalancerListeners": READ,
    "DescribeLoadBalancerHTTPSListenerAttribute": READ,
    "UploadServerCertificate": WRITE,
    "DeleteServerCertificate": SET,
    "SetLoadBalancerHTTPSListenerAttribute": SET,
    "CreateDomainExtension": WRITE,
    "SetDomainExtensionAttribute": SET,
    "DeleteDomainExtension": SET,
})


@dataclass(frozen=True)
class ServerCertificate:
    """A certificate in one region's own store; cas_id is set when it was imported from CAS, and then cas_name may be, too.

    fingerprint: hex, sha1 or sha256.
    """

    id: str
    name: str
    fingerprint: str
    cas_id: int
    names: Tuple[str, ...]
    cas_name: str = ""


@dataclass(frozen=True)
class Listener:
    status: str
    certificate_id: str
    extensions: Tuple[Extension, ...]


@dataclass(frozen=True)
class Extension:
    """One SNI slot of a listener."""

    id: str
    domain: str
    certificate_id: str


def server_certificates(cloud, region):
    """The region's certificates by ServerCertificateId; the list has no pages."""
    answer = cloud.call("slb", "DescribeServerCertificates", dict(RegionId=region), region=region)
    rows = (answer.get("ServerCertificates") or {}).get("ServerCertificate") or []
    return dict((row["ServerCertificateId"], _certificate(row)) for row in rows)


def _certificate(row):
    sans = (row.get("SubjectAlternativeNames") or {}).get("SubjectAlternativeName") or []
    names = [name.lower() for name in [row.get("CommonName") or ""] + list(sans) if name]
    cas_id = str(row.get("AliCloudCertificateId") or "")
    return ServerCertificate(
        row["ServerCertificateId"], row.get("ServerCertificateName") or "", clean(row.get("Fingerprint")),
        int(cas_id) if cas_id.isdigit() else 0, tuple(dict.fromkeys(names)), row.get("AliCloudCertificateName") or "")


def listeners(cloud, region):
    """The region's HTTPS listeners by (instance, port), each without its extensions: this list does not have them."""
    rows = cloud.token_pages(
        "slb", "DescribeLoadBalancerListeners", dict(RegionId=region, ListenerProtocol="https"),
        rows=lambda answer: answer.get("Listeners") or [], region=region)
    return dict(((row["LoadBalancerId"], row["ListenerPort"]), Listener(
        row.get("Status") or "", (row.get("HTTPSListenerConfig") or {}).get("ServerCertificateId") or "", ())) for row in rows)


def listener(cloud, region, instance, port):
    """One HTTPS listener with its default certificate and SNI extensions. ApiError when instance or listener does not exist."""
    answer = cloud.call(
        "slb", "DescribeLoadBalancerHTTPSListenerAttribute", dict(RegionId=region, LoadBalancerId=instance, ListenerPort=port),
        region=region, target="%s:%s in %s" % (instance, port, region))
    rows = (answer.get("DomainExtensions") or {}).get("DomainExtension") or []
    return Listener(
        answer.get("Status") or "", answer.get("ServerCertificateId") or "",
        tuple(Extension(row["DomainExtensionId"], row["Domain"].lower(), row.get("ServerCertificateId") or "") for row in rows))
