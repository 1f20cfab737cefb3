# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""NLB, the network load balancer (2022-04-30). PRIVATE to the collection.

What ALB calls Dissociate…FromListener is Disassociate…WithListener here, and lists of ids are plain.
"""

from __future__ import annotations

from .listeners import Held, TlsListener
from .rpc import CREATE, READ, Product

PRODUCT = Product("nlb", "2022-04-30", "nlb", {
    "ListListeners": READ,
    "ListListenerCertificates": READ,
    "UpdateListenerAttribute": CREATE,
    "AssociateAdditionalCertificatesWithListener": CREATE,
    "DisassociateAdditionalCertificatesWithListener": CREATE,
})


def listeners(cloud, region):
    """The region's TLS listeners by (instance, port, protocol), each with the id of its default certificate."""
    rows = cloud.token_pages(
        "nlb", "ListListeners", dict(RegionId=region, ListenerProtocol="TCPSSL"), rows=lambda answer: answer.get("Listeners") or [],
        region=region)
    found = (TlsListener(
        id=row["ListenerId"], instance=row.get("LoadBalancerId") or "", port=row.get("ListenerPort") or 0, protocol="tcpssl",
        status=row.get("ListenerStatus") or "", default=next(iter(row.get("CertificateIds") or []), ""))
        for row in rows if row.get("ListenerProtocol") == "TCPSSL")
    return dict((item.key, item) for item in found)


def certificates(cloud, region, listener):
    """A listener's server certificates, default and additional, as Held."""
    rows = cloud.token_pages(
        "nlb", "ListListenerCertificates", dict(ListenerId=listener, CertType="Server", RegionId=region),
        rows=lambda answer: answer.get("Certificates") or [], size=50, region=region)
    return tuple(Held(row["CertificateId"], bool(row.get("IsDefault")), row.get("Status") or "") for row in rows)


def default_call(listener, region, certificate):
    """(action, parameters) that make a certificate the default one."""
    return "UpdateListenerAttribute", dict(ListenerId=listener, RegionId=region, CertificateIds=[certificate])


def associate_call(listener, region, certificate):
    return "AssociateAdditionalCertificatesWithListener", dict(
        ListenerId=listener, RegionId=region, AdditionalCertificateIds=[certificate])


def dissociate_call(listener, region, certificate):
    return "DisassociateAdditionalCertificatesWithListener", dict(
        ListenerId=listener, RegionId=region, AdditionalCertificateIds=[certificate])
