# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ALB, the application load balancer (2020-06-16). PRIVATE to the collection.

Its endpoints are regional: the region is in the host, no call has it as a parameter.
"""

from __future__ import annotations

from .listeners import Held, TlsListener
from .rpc import CREATE, READ, Product

PRODUCT = Product("alb", "2020-06-16", "alb", {
    "ListListeners": READ,
    "ListListenerCertificates": READ,
    "UpdateListenerAttribute": CREATE,
    "AssociateAdditionalCertificatesWithListener": CREATE,
    "DissociateAdditionalCertificatesFromListener": CREATE,
})
PROTOCOLS = ("https", "quic")


def listeners(cloud, region):
    """The region's HTTPS and QUIC listeners by (instance, port, protocol); the list does not say which certificates they have."""
    rows = cloud.token_pages("alb", "ListListeners", {}, rows=lambda answer: answer.get("Listeners") or [], region=region)
    found = (TlsListener(
        id=row["ListenerId"], instance=row.get("LoadBalancerId") or "", port=row.get("ListenerPort") or 0,
        protocol=(row.get("ListenerProtocol") or "").lower(), status=row.get("ListenerStatus") or "") for row in rows)
    return dict((item.key, item) for item in found if item.protocol in PROTOCOLS)


def certificates(cloud, region, listener):
    """A listener's server certificates, default and additional, as Held."""
    rows = cloud.token_pages(
        "alb", "ListListenerCertificates", dict(ListenerId=listener, CertificateType="Server"),
        rows=lambda answer: answer.get("Certificates") or [], region=region)
    return tuple(Held(row["CertificateId"], bool(row.get("IsDefault")), row.get("Status") or "") for row in rows)


def default_call(listener, region, certificate):
    """(action, parameters) that make a certificate the default one."""
    return "UpdateListenerAttribute", dict(ListenerId=listener, Certificates=[dict(CertificateId=certificate)])


def associate_call(listener, region, certificate):
    return "AssociateAdditionalCertificatesWithListener", dict(ListenerId=listener, Certificates=[dict(CertificateId=certificate)])


def dissociate_call(listener, region, certificate):
    return "DissociateAdditionalCertificatesFromListener", dict(ListenerId=listener, Certificates=[dict(CertificateId=certificate)])
