# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Option groups that modules share; each has a documentation fragment of the same name. PRIVATE to the collection."""

from __future__ import annotations

from ansible.module_utils.basic import env_fallback

CONNECTION = dict(
    access_key_id=dict(type="str", no_log=False, aliases=["alicloud_access_key"], fallback=(
        env_fallback, ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY"])),
    access_key_secret=dict(type="str", no_log=True, aliases=["alicloud_secret_key"], fallback=(
        env_fallback, ["ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALICLOUD_SECRET_KEY"])),
    security_token=dict(type="str", no_log=True, aliases=["alicloud_security_token"], fallback=(
        env_fallback, ["ALIBABA_CLOUD_SECURITY_TOKEN", "ALICLOUD_SECURITY_TOKEN"])),
    site=dict(type="str", default="china", choices=["china", "international"]),
    endpoints=dict(type="dict", default={}),
    api_ca_path=dict(type="path"),
    connect_timeout=dict(type="float", default=10.0),
    read_timeout=dict(type="float", default=30.0),
    api_timeout=dict(type="float", default=90.0),
    parameters_in=dict(type="str", default="body", choices=["body", "query"]),
)

WAIT = dict(
    wait=dict(type="bool", default=True),
    wait_timeout=dict(type="float", default=300.0),
    wait_interval=dict(type="float", default=2.0),
)


def spec(*groups, **own):
    """One argument_spec out of groups and a module's own options."""
    merged = {}
    for group in groups:
        merged.update(group)
    merged.update(own)
    return merged
