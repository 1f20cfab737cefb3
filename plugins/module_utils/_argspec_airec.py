# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that the AIRec modules share; documented by the fragment airec. PRIVATE to the collection."""

from __future__ import annotations

from ansible.module_utils.basic import env_fallback

AIREC = dict(
    instance_id=dict(type="str", required=True),
    region=dict(type="str", required=True),
    auth=dict(type="str", default="bearer", choices=["bearer", "signature"]),
    access_token=dict(type="str", no_log=True, fallback=(env_fallback, ["AIREC_ACCESS_TOKEN"])),
    contract=dict(type="dict", apply_defaults=True, options=dict(
        bind_path=dict(type="str", default="/v2/openapi/instances/{instance_id}/certificates/bind"),
        status_path=dict(type="str", default="/v2/openapi/instances/{instance_id}/certificates/status"),
        unbind_path=dict(type="str", default="/v2/openapi/instances/{instance_id}/certificates/unbind"),
        settings_path=dict(type="str", default="/v2/openapi/instances/{instance_id}/settings"),
        mapping_field=dict(type="str", default="mapping_file"),
        certificate_field=dict(type="str", default="certificate"),
        key_field=dict(type="str", default="key", no_log=False),
        domains_field=dict(type="str", default="domains"),
        https_field=dict(type="str", default="httpsEnforced"),
    )),
)
