# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every action of ECS, as somebody uses them who runs a command and sends a file. The demo's instance has no folder to run things in."""

from __future__ import annotations

import base64
from typing import Any

STRICTER: dict[tuple[str, str, str], str] = {}
HERE = {"RegionId": "cn-hangzhou"}
TAGS = {"Tag": [{"Key": "managed-by", "Value": "daas.https"}]}


def walk(call: Any, _authority: Any) -> None:
    call("ecs", "DescribeInstances", {**HERE, "InstanceIds": '["i-bp1app"]', "MaxResults": 100})
    call("ecs", "DescribeCloudAssistantStatus", {**HERE, "InstanceId": ["i-bp1app"], "MaxResults": 50})
    command = call("ecs", "RunCommand", {
        **HERE, **TAGS, "Type": "RunShellScript", "CommandContent": base64.b64encode(b"id").decode(), "ContentEncoding": "Base64",
        "InstanceId": ["i-bp1app"], "Name": "who", "Timeout": 60, "ClientToken": "token-ecs-1"})
    file = call("ecs", "SendFile", {
        **HERE, **TAGS, "InstanceId": ["i-bp1app"], "Name": "hello", "TargetDir": "/run", "ContentType": "PlainText", "Content": "hello",
        "FileMode": "0600", "Overwrite": True, "Timeout": 60})
    call("ecs", "DescribeInvocationResults", {**HERE, "InvokeId": command["InvokeId"], "MaxResults": 50})
    call("ecs", "DescribeInvocations", {**HERE, "InvokeId": command["InvokeId"], "IncludeOutput": True, "PageNumber": 1, "PageSize": 10})
    call("ecs", "DescribeSendFileResults", {**HERE, "InvokeId": file["InvokeId"]})
