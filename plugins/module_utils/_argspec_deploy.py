# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that name resources of the cloud; the documentation fragment resources describes them. PRIVATE to the collection."""

from __future__ import annotations

RESOURCES = dict(type="list", elements="dict", options=dict(
    service=dict(type="str", required=True),
    region=dict(type="str"),
    instance=dict(type="str"),
    listener_port=dict(type="int", default=443),
    protocol=dict(type="str", default="https", choices=["https", "quic"]),
    slot=dict(type="str", default="auto", choices=["auto", "default", "additional"]),
    domains=dict(type="list", elements="str"),
    domain=dict(type="str"),
    force=dict(type="bool", default=False),
    endpoints=dict(type="list", elements="dict", options=dict(
        name=dict(type="str", required=True),
        address=dict(type="str"),
        port=dict(type="int", default=443),
        label=dict(type="str"),
    )),
))
HTTPS_ENDPOINTS = dict(type="list", elements="dict", options=RESOURCES["options"]["endpoints"]["options"])
DISCOVER = dict(type="dict", options=dict(
    services=dict(type="list", elements="str", required=True),
    regions=dict(type="list", elements="str"),
    exclude=dict(type="list", elements="str"),
))
