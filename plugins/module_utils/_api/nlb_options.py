# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an NLB says about TLS. PRIVATE to the collection."""

from __future__ import annotations

from . import nlb
from .https_options import SETTLED, Secure

PRODUCT = nlb.PRODUCT


def listeners(cloud, region):
    """The Secure of the region's TLS listeners by (instance, port)."""
    rows = cloud.token_pages(
        "nlb", "ListListeners", dict(RegionId=region, ListenerProtocol="TCPSSL"), rows=lambda answer: answer.get("Listeners") or [],
        region=region)
    return dict(((row.get("LoadBalancerId"), row.get("ListenerPort")), Secure(
        row["ListenerId"], row.get("SecurityPolicyId") or "", None, row.get("ListenerStatus") in SETTLED)) for row in rows)
