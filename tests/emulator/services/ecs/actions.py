# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECS's calls on the wire. The rules are in models."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

from ...rpc import Action, Call, declare
from . import errors
from .models import FAILED, OUTPUT_LIMIT, PENDING, RUNNING, SUCCESS, Delivery, Instance, Invocation, overall

VERSION = "2014-05-26"
RAM = "ecs"
SDK = "alibabacloud-ecs20140526"
COMMANDS, FILES, ROWS = 100, 50, 50  # instances of one command, of one file; rows of a page
# Taken note of by the real service, and of no effect here: whoever sends one would be deceived.
NOT_RUN = ("ContainerId", "ContainerName", "Frequency", "Launcher", "OssOutputDelivery", "Parameters", "WindowsPasswordName")
SEEN = ("InstanceIds", "InstanceName", "MaxResults", "NextToken", "PageNumber", "PageSize", "RegionId", "Status")


def run_command(cloud: Any, call: Call) -> dict[str, Any]:
    _refuse(call, NOT_RUN)
    if call.list("ResourceTag") or call.flag("EnableParameter") or call.text("RepeatMode", "Once") not in ("", "Once"):
        raise errors.not_emulated("ResourceTag, EnableParameter or RepeatMode")
    made = cloud.ecs.run(call.text("RegionId"), _instances(call, COMMANDS), call.params, _tags(call))
    return {"CommandId": made.command_id, "InvokeId": made.id}


def send_file(cloud: Any, call: Call) -> dict[str, Any]:
    return {"InvokeId": cloud.ecs.send(call.text("RegionId"), _instances(call, FILES), call.params, _tags(call)).id}


def describe_invocation_results(cloud: Any, call: Call) -> dict[str, Any]:
    if call.flag("IncludeHistory"):
        raise errors.not_emulated("IncludeHistory")
    rows = [(invocation, delivery) for invocation in _chosen(cloud.ecs.commands, call) for delivery in _deliveries(invocation, call)]
    page, paging = _page(cloud, call, rows, ROWS)
    results = [_result(call, invocation, delivery) for invocation, delivery in page]
    return {"Invocation": {**paging, "InvocationResults": {"InvocationResult": results}}}


def describe_invocations(cloud: Any, call: Call) -> dict[str, Any]:
    found = [item for item in _chosen(cloud.ecs.commands, call) if call.text("CommandName") in ("", item.params.get("Name", ""))
             and call.text("CommandType") in ("", item.params["Type"])]
    page, paging = _page(cloud, call, found[::-1], ROWS)  # the newest first
    rows = [_command(call, item) for item in page]
    return {**paging, "Invocations": {"Invocation": [row for row in rows if call.text("InvokeStatus") in ("", row["InvocationStatus"])]}}


def describe_send_file_results(cloud: Any, call: Call) -> dict[str, Any]:
    found = [item for item in _chosen(cloud.ecs.files, call) if call.text("Name") in ("", item.params["Name"])]
    page, paging = _page(cloud, call, found[::-1], ROWS)
    rows = [row for row in map(_file, page) if call.text("InvocationStatus") in ("", row["InvocationStatus"])]
    return {**paging, "Invocations": {"Invocation": rows}}


def describe_cloud_assistant_status(cloud: Any, call: Call) -> dict[str, Any]:
    here, wanted = cloud.ecs.in_region(call.text("RegionId")), call.list("InstanceId")
    if len(wanted) > ROWS:
        raise errors.no_instances(ROWS)
    rows = [item for item in here if (not wanted or item.id in wanted) and call.text("OSType").lower() in ("", item.system.lower())]
    page, paging = _page(cloud, call, rows, ROWS)
    return {**paging, "InstanceCloudAssistantStatusSet": {"InstanceCloudAssistantStatus": [_assistant(cloud, item) for item in page]}}


def describe_instances(cloud: Any, call: Call) -> dict[str, Any]:
    _refuse(call, [name for name in call.params if name not in SEEN])
    wanted = json.loads(call.text("InstanceIds") or "[]")
    if not isinstance(wanted, list) or len(wanted) > COMMANDS:
        raise errors.invalid("InstanceIds", "a JSON list of up to 100 ids is wanted")
    rows = [item for item in cloud.ecs.in_region(call.text("RegionId")) if (not wanted or item.id in wanted)
            and call.text("Status") in ("", item.status) and call.text("InstanceName") in ("", item.id)]
    page, paging = _page(cloud, call, rows, COMMANDS)
    return {**paging, "Instances": {"Instance": [_instance(item) for item in page]}}


# -- parameters ----------------------------------------------------------------------------------------------------------------------

def _refuse(call: Call, names: Any) -> None:
    for name in names:
        if call.text(name):
            raise errors.not_emulated(name)


def _instances(call: Call, limit: int) -> list[str]:
    found = call.list("InstanceId")
    if not 1 <= len(found) <= limit:
        raise errors.no_instances(limit)
    return found


def _tags(call: Call) -> dict[str, str]:
    return {item.get("Key", ""): item.get("Value", "") for item in call.list("Tag")}


def _chosen(kept: dict[str, Invocation], call: Call) -> list[Invocation]:
    tags = _tags(call)
    return [item for item in kept.values() if item.region == call.text("RegionId") and call.text("InvokeId") in ("", item.id)
            and call.text("CommandId") in ("", item.command_id) and tags.items() <= item.tags.items() and _deliveries(item, call)]


def _deliveries(invocation: Invocation, call: Call) -> list[Delivery]:
    return [item for item in invocation.deliveries if call.text("InstanceId") in ("", item.instance_id)]


def _page(cloud: Any, call: Call, rows: list[Any], limit: int) -> tuple[list[Any], dict[str, Any]]:
    """(rows of the wanted page, the fields that say which one): by NextToken, or by number as it was done before."""
    name = "MaxResults" if call.text("MaxResults") or call.text("NextToken") else "PageSize"
    number, size, token = call.number("PageNumber", 1), call.number(name, 10), call.text("NextToken", "0") or "0"
    if number < 1 or not 1 <= size <= limit or not token.isdigit():
        raise errors.invalid(name, "a page has 1 to {0} rows".format(limit))
    size = min(size, cloud.setting("page_cap") or size)
    begin = int(token) if name == "MaxResults" else (number - 1) * size
    following = str(begin + size) if begin + size < len(rows) else ""
    return rows[begin:begin + size], {"NextToken": following, "PageNumber": number, "PageSize": size, "TotalCount": len(rows)}


# -- answers -------------------------------------------------------------------------------------------------------------------------

def _time(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def _shown(call: Call, data: bytes) -> str:
    """Commands and output are shown in Base64, unless the caller wants them plain."""
    return data.decode("utf-8", "replace") if call.text("ContentEncoding").lower() == "plaintext" else base64.b64encode(data).decode()


def _tag_rows(invocation: Invocation) -> dict[str, Any]:
    return {"Tag": [{"TagKey": key, "TagValue": value} for key, value in invocation.tags.items()]}


def _old_status(status: str) -> str:
    """The older field has other words for it."""
    return {PENDING: "Running", SUCCESS: "Finished"}.get(status, status)


def _outcome(status: str, delivery: Delivery) -> dict[str, Any]:
    """What is known of a delivery while it has this status."""
    ended = status not in (PENDING, RUNNING)
    return {"InstanceId": delivery.instance_id, "InvocationStatus": status, "ErrorCode": delivery.code if ended else "",
            "ErrorInfo": delivery.info if ended else "", "StartTime": "" if status == PENDING else _time(delivery.created)}


def _output(call: Call, status: str, delivery: Delivery) -> dict[str, Any]:
    ended = status in (SUCCESS, FAILED)
    output = delivery.output if ended else b""
    return {"Output": _shown(call, output[-OUTPUT_LIMIT:]), "Dropped": max(len(output) - OUTPUT_LIMIT, 0),
            "ExitCode": delivery.exit_code if ended else 0, "Repeats": int(ended), "StopTime": ""}


def _result(call: Call, invocation: Invocation, delivery: Delivery) -> dict[str, Any]:
    status = delivery.look()
    return {**_outcome(status, delivery), **_output(call, status, delivery), "InvokeId": invocation.id, "CommandId": invocation.command_id,
            "InvokeRecordStatus": _old_status(status), "FinishedTime": _time(delivery.finished) if status in (SUCCESS, FAILED) else "",
            "Username": invocation.params.get("Username", ""), "Tags": _tag_rows(invocation)}


def _command(call: Call, invocation: Invocation) -> dict[str, Any]:
    content = invocation.params["CommandContent"]
    if invocation.params.get("ContentEncoding", "").lower() == "base64":
        content = base64.b64decode(content).decode("utf-8", "replace")
    rows, statuses = [], []
    for delivery in invocation.deliveries:
        status = delivery.look()
        output = _output(call, status, delivery)
        rows.append({**_outcome(status, delivery), **{**output, "Output": output["Output"] if call.flag("IncludeOutput") else ""},
                     "InstanceInvokeStatus": _old_status(status), "CreationTime": _time(delivery.created), "Timed": False,
                     "FinishTime": _time(delivery.finished) if status in (SUCCESS, FAILED) else "", "UpdateTime": _time(delivery.created)})
        statuses.append(status)
    whole = overall(statuses)
    return {"InvokeId": invocation.id, "CommandId": invocation.command_id, "CommandContent": _shown(call, content.encode()),
            "CommandName": invocation.params.get("Name", ""), "CommandDescription": invocation.params.get("Description", ""),
            "CommandType": invocation.params["Type"], "CreationTime": _time(invocation.created), "Frequency": "", "InvocationStatus": whole,
            "InvokeStatus": _old_status(whole), "InvokeInstances": {"InvokeInstance": rows}, "Parameters": "{}", "RepeatMode": "Once",
            "Timed": False, "Timeout": int(invocation.params.get("Timeout") or 60), "Username": invocation.params.get("Username", ""),
            "WorkingDir": invocation.params.get("WorkingDir", ""), "Tags": _tag_rows(invocation)}


def _file(invocation: Invocation) -> dict[str, Any]:
    params, rows = invocation.params, []
    for delivery in invocation.deliveries:
        status = delivery.look()
        ended = _time(delivery.finished) if status in (SUCCESS, FAILED) else ""
        rows.append({**_outcome(status, delivery), "CreationTime": _time(delivery.created), "FinishTime": ended, "UpdateTime": ended})
    return {"InvokeId": invocation.id, "Name": params["Name"], "TargetDir": params["TargetDir"], "Content": params["Content"],
            "ContentType": params.get("ContentType") or "PlainText", "FileOwner": params.get("FileOwner") or "root",
            "FileGroup": params.get("FileGroup") or "root", "FileMode": params.get("FileMode") or "0644",
            "Overwrite": params.get("Overwrite", "false").lower(), "Description": params.get("Description", ""),
            "InvocationStatus": overall([row["InvocationStatus"] for row in rows]), "VmCount": len(rows),
            "CreationTime": _time(invocation.created), "InvokeInstances": {"InvokeInstance": rows}, "Tags": _tag_rows(invocation)}


def _assistant(cloud: Any, instance: Instance) -> dict[str, Any]:
    runs = instance.assistant and instance.status == "Running"
    return {"InstanceId": instance.id, "CloudAssistantStatus": str(runs).lower(), "CloudAssistantVersion": "2.2.3.857" if runs else "",
            "OSType": instance.system, "ActiveTaskCount": 0, "InvocationCount": instance.count, "SupportSessionManager": runs,
            "LastInvokedTime": _time(instance.invoked), "LastHeartbeatTime": _time(cloud.clock.now() if runs else instance.created)}


def _instance(instance: Instance) -> dict[str, Any]:
    return {"InstanceId": instance.id, "InstanceName": instance.id, "HostName": instance.id, "RegionId": instance.region,
            "ZoneId": instance.region + "-a", "Status": instance.status, "OSType": instance.system.lower(),
            "CreationTime": _time(instance.created)}


ACTIONS = (
    Action("RunCommand", run_command, declare(
        "ClientToken CommandContent! ContainerId ContainerName ContentEncoding Description EnableParameter:boolean Frequency InstanceId.N "
        "KeepCommand:boolean Launcher Name OssOutputDelivery Parameters:json RegionId! RepeatMode ResourceGroupId ResourceTag.N.Key "
        "ResourceTag.N.Value Tag.N.Key Tag.N.Value TerminationMode Timed:boolean Timeout:integer Type! Username WindowsPasswordName "
        "WorkingDir"), writes=True, doc_ref=SDK),
    Action("SendFile", send_file, declare(
        "ClientToken Content! ContentType Description FileGroup FileMode FileOwner InstanceId.N! Name! Overwrite:boolean RegionId! "
        "ResourceGroupId Tag.N.Key Tag.N.Value TargetDir! Timeout:integer"), writes=True, doc_ref=SDK),
    Action("DescribeInvocationResults", describe_invocation_results, declare(
        "CommandId ContentEncoding IncludeHistory:boolean InstanceId InvokeId InvokeRecordStatus MaxResults:integer NextToken "
        "PageNumber:integer PageSize:integer RegionId! ResourceGroupId Tag.N.Key Tag.N.Value"), doc_ref=SDK),
    Action("DescribeInvocations", describe_invocations, declare(
        "CommandId CommandName CommandType ContentEncoding IncludeOutput:boolean InstanceId InvokeId InvokeStatus MaxResults:integer "
        "NextToken PageNumber:integer PageSize:integer RegionId! RepeatMode ResourceGroupId Tag.N.Key Tag.N.Value Timed:boolean"),
        doc_ref=SDK),
    Action("DescribeSendFileResults", describe_send_file_results, declare(
        "InstanceId InvocationStatus InvokeId MaxResults:integer Name NextToken PageNumber:integer PageSize:integer RegionId! "
        "ResourceGroupId Tag.N.Key Tag.N.Value"), doc_ref=SDK),
    Action("DescribeCloudAssistantStatus", describe_cloud_assistant_status, declare(
        "InstanceId.N MaxResults:integer NextToken OSType PageNumber:integer PageSize:integer RegionId!"), doc_ref=SDK),
    Action("DescribeInstances", describe_instances, declare(
        "AdditionalAttributes.N DeviceAvailable:boolean DryRun:boolean EipAddresses Filter.N.Key Filter.N.Value HpcClusterId HttpEndpoint "
        "HttpPutResponseHopLimit:integer HttpTokens ImageId InnerIpAddresses InstanceChargeType InstanceIds InstanceName "
        "InstanceNetworkType InstanceType InstanceTypeFamily InternetChargeType IoOptimized:boolean Ipv6Address.N KeyPairName LockReason "
        "MaxResults:integer NeedSaleCycle:boolean NextToken PageNumber:integer PageSize:integer PrivateIpAddresses PublicIpAddresses "
        "RdmaIpAddresses RegionId! ResourceGroupId SecurityGroupId Status Tag.N.Key Tag.N.Value VSwitchId VpcId ZoneId"), doc_ref=SDK),
)
