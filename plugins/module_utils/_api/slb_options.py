# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a classic load balancer says about TLS and about its port for plain HTTP. PRIVATE to the collection."""

from __future__ import annotations

from . import slb
from .https_options import Plain, Secure
from .rpc import SET, WRITE

PRODUCT = slb.PRODUCT._replace(actions=dict(slb.PRODUCT.actions, **{
    "CreateLoadBalancerHTTPListener": WRITE,
    "StartLoadBalancerListener": SET,
}))
REDIRECT = "302"  # what the product redirects with; its API has no way to choose (source: the vendor's guide, except for eu-west-1)


def secure(cloud, region, instance, port):
    """The HTTPS listener's Secure. ApiError when instance or listener does not exist."""
    answer = cloud.call(
        "slb", "DescribeLoadBalancerHTTPSListenerAttribute", dict(RegionId=region, LoadBalancerId=instance, ListenerPort=port),
        region=region, target="%s:%s in %s" % (instance, port, region))
    return Secure("", answer.get("TLSCipherPolicy") or "", _yes(answer.get("EnableHttp2")), answer.get("Status") in ("running", "stopped"))


def plain(cloud, region, instance, port):
    """What listens on the port for plain HTTP, as Plain. UDP has ports of its own."""
    rows = cloud.token_pages(
        "slb", "DescribeLoadBalancerListeners", {"RegionId": region, "LoadBalancerId": [instance], "ListenerPort": port},
        rows=lambda answer: answer.get("Listeners") or [], region=region)
    row = next((row for row in rows if row.get("ListenerPort") == port and row.get("ListenerProtocol") != "udp"), None)
    if row is None:
        return Plain()
    config = row.get("HTTPListenerConfig") or {}
    redirects = _yes(config.get("ListenerForward"))
    status = row.get("Status")
    return Plain(
        protocol=row.get("ListenerProtocol") or "", running=status != "stopped", settled=status in ("running", "stopped"),
        code=REDIRECT if redirects else "", to=(config.get("ForwardPort") or 443) if redirects else 0)


def _yes(word):
    return word == "on" if word else None
