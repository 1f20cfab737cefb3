# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECS instances and their Cloud Assistant (2014-05-26). PRIVATE to the collection."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from .rpc import CREATE, READ, Product

PRODUCT = Product("ecs", "2014-05-26", "ecs", {
    "DescribeInstances": READ,
    "DescribeCloudAssistantStatus": READ,
    "RunCommand": CREATE,
    "DescribeInvocationResults": READ,
    "SendFile": CREATE,
    "DescribeSendFileResults": READ,
})
COMMAND_INSTANCES = 100  # that one RunCommand takes, and one DescribeInstances
STATUS_INSTANCES = 50
# of an instance in a command or in the sending of a file; in all others it has ended there
UNDER_WAY = ("Pending", "Scheduled", "Running", "Stopping")


@dataclass(frozen=True)
class Result:
    """What became of a command, or of a file, on one instance. code and info: why it failed; output: what the command printed."""

    status: str
    code: str
    info: str
    exit_code: int = 0
    output: str = ""


def statuses(cloud, region, instances):
    """{instance: its Status, for instance Running}; an instance that the account does not have in the region is not in it."""
    rows = [row for some in _slices(instances, COMMAND_INSTANCES) for row in cloud.token_pages(
        "ecs", "DescribeInstances", dict(RegionId=region, InstanceIds=json.dumps(some)),
        rows=lambda answer: (answer.get("Instances") or {}).get("Instance") or [], region=region)]
    return dict((row["InstanceId"], row.get("Status") or "") for row in rows)


def assistants(cloud, region, instances):
    """{instance: (whether its Cloud Assistant runs, the system: Linux, Windows, FreeBSD)}."""
    rows = [row for some in _slices(instances, STATUS_INSTANCES) for row in cloud.token_pages(
        "ecs", "DescribeCloudAssistantStatus", dict(RegionId=region, InstanceId=some), size=STATUS_INSTANCES, region=region,
        rows=lambda answer: (answer.get("InstanceCloudAssistantStatusSet") or {}).get("InstanceCloudAssistantStatus") or [])]
    return dict((row["InstanceId"], (str(row.get("CloudAssistantStatus")).lower() == "true", row.get("OSType") or "")) for row in rows)


def run_command(cloud, region, instances, script, name, timeout):
    """Run a shell script (text) as root on up to 100 instances; returns the InvokeId. timeout: seconds until it is killed."""
    return cloud.call("ecs", "RunCommand", dict(
        RegionId=region, Type="RunShellScript", ContentEncoding="Base64", CommandContent=_encoded(script.encode("utf-8")),
        InstanceId=list(instances), Name=name, Timeout=timeout), region=region, target=_target(region, instances))["InvokeId"]


def command_results(cloud, region, invoke_id):
    """{instance: Result} of a command so far."""
    found, token = {}, None
    while True:
        answer = cloud.call("ecs", "DescribeInvocationResults", dict(
            RegionId=region, InvokeId=invoke_id, MaxResults=50, NextToken=token), region=region, target=invoke_id).get("Invocation") or {}
        for row in (answer.get("InvocationResults") or {}).get("InvocationResult") or []:
            found[row["InstanceId"]] = Result(row.get("InvocationStatus") or "", row.get("ErrorCode") or "", row.get("ErrorInfo") or "",
                                              int(row.get("ExitCode") or 0), _decoded(row.get("Output")))
        following = answer.get("NextToken")
        if not following or following == token:
            return found
        token = following


def send_file(cloud, region, instance, folder, name, content, timeout):
    """Write a file (bytes) that only root can read; returns the InvokeId. timeout: seconds."""
    return cloud.call("ecs", "SendFile", dict(
        RegionId=region, InstanceId=[instance], TargetDir=folder, Name=name, ContentType="Base64", Content=_encoded(content),
        FileMode="0600", Overwrite=True, Timeout=timeout), region=region, target=_target(region, [instance]))["InvokeId"]


def file_results(cloud, region, invoke_id):
    """{instance: Result} of a file that was sent so far."""
    answer = cloud.call("ecs", "DescribeSendFileResults", dict(RegionId=region, InvokeId=invoke_id), region=region, target=invoke_id)
    rows = [row for sent in (answer.get("Invocations") or {}).get("Invocation") or []
            for row in (sent.get("InvokeInstances") or {}).get("InvokeInstance") or []]
    return dict((row["InstanceId"], Result(
        row.get("InvocationStatus") or "", row.get("ErrorCode") or "", row.get("ErrorInfo") or "")) for row in rows)


def _target(region, instances):
    more = " and %d more" % (len(instances) - 1) if len(instances) > 1 else ""
    return "%s%s in %s" % (instances[0], more, region)


def _slices(items, size):
    items = list(items)
    return [items[start:start + size] for start in range(0, len(items), size)]


def _encoded(data):
    return base64.b64encode(data).decode("ascii")


def _decoded(text):
    try:
        return base64.b64decode(text or "").decode("utf-8", "replace")
    except ValueError:  # not Base64, so it is the text itself
        return text
