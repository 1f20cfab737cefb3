# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Option groups that modules share; each has a documentation fragment of the same name. PRIVATE to the collection."""

from __future__ import annotations

# Options that are not given are looked for in the environment by _transport/credentials.py, which must know where each comes from
CONNECTION = dict(
    access_key_id=dict(type="str", no_log=False, aliases=["alicloud_access_key"]),
    access_key_secret=dict(type="str", no_log=True, aliases=["alicloud_secret_key"]),
    security_token=dict(type="str", no_log=True, aliases=["alicloud_security_token"]),
    profile=dict(type="str"),
    config_path=dict(type="path"),
    ecs_ram_role=dict(type="str"),
    assume_role=dict(type="dict", options=dict(
        role_arn=dict(type="str", required=True),
        session_name=dict(type="str", default="daas-https"),
        duration=dict(type="int", default=3600),
        external_id=dict(type="str"),
    )),
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
