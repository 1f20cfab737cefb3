# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECS's words: its endpoints, how many instances a call takes, and results of many pages."""

from __future__ import annotations

import base64
import json

import pytest

from ansible_collections.daas.https.plugins.module_utils._api import ecs, endpoints
from ansible_collections.daas.https.plugins.module_utils._errors import InputError


class Cloud:
    """Answers each call with what answer(action, params) gives, and remembers it."""

    def __init__(self, answer):
        self._answer, self.calls = answer, []

    def call(self, product, action, params, region=None, target=""):
        self.calls.append((product, action, params, region))
        return self._answer(action, params)

    def token_pages(self, product, action, params, rows, size=100, region=None):
        return rows(self.call(product, action, dict(params, MaxResults=size), region))


@pytest.mark.parametrize("region, host", [
    ("cn-hangzhou", "ecs-cn-hangzhou.aliyuncs.com"), ("cn-shanghai", "ecs.cn-shanghai.aliyuncs.com"),
    ("ap-southeast-1", "ecs.ap-southeast-1.aliyuncs.com"),
])
def test_endpoints(region, host):
    assert endpoints.endpoint("ecs", "china", region) == "https://" + host
    assert endpoints.endpoint("ecs", "china", region, {"ecs": "https://127.0.0.1:1"}) == "https://127.0.0.1:1"


def test_an_unknown_region():
    with pytest.raises(InputError, match="Did you mean 'cn-hangzhou'"):
        endpoints.endpoint("ecs", "china", "cn-hangzou")


def test_instances_are_asked_for_in_slices():
    names = ["i-%d" % number for number in range(120)]
    cloud = Cloud(lambda action, params: {"Instances": {"Instance": [
        {"InstanceId": name, "Status": "Running"} for name in json.loads(params["InstanceIds"])]}})
    assert ecs.statuses(cloud, "cn-hangzhou", names) == dict.fromkeys(names, "Running")
    assert [len(json.loads(call[2]["InstanceIds"])) for call in cloud.calls] == [100, 20]
    cloud = Cloud(lambda action, params: {"InstanceCloudAssistantStatusSet": {"InstanceCloudAssistantStatus": [
        {"InstanceId": name, "CloudAssistantStatus": "true", "OSType": "Linux"} for name in params["InstanceId"]]}})
    assert ecs.assistants(cloud, "cn-hangzhou", names) == dict.fromkeys(names, (True, "Linux"))
    assert [len(call[2]["InstanceId"]) for call in cloud.calls] == [50, 50, 20]


@pytest.mark.parametrize("said, runs", [("true", True), ("True", True), (True, True), ("false", False), (None, False), ("", False)])
def test_the_status_is_text(said, runs):
    cloud = Cloud(lambda action, params: {"InstanceCloudAssistantStatusSet": {"InstanceCloudAssistantStatus": [
        {"InstanceId": "i-1", "CloudAssistantStatus": said}]}})
    assert ecs.assistants(cloud, "cn-hangzhou", ["i-1"]) == {"i-1": (runs, "")}


def test_results_come_in_pages_and_base64():
    pages = {None: ("i-1", "2"), "2": ("i-2", "")}

    def answer(action, params):
        name, following = pages[params["NextToken"]]
        row = {"InstanceId": name, "InvocationStatus": "Success", "ExitCode": 0, "Output": base64.b64encode("ü\n".encode()).decode()}
        return {"Invocation": {"NextToken": following, "InvocationResults": {"InvocationResult": [row]}}}

    cloud = Cloud(answer)
    assert ecs.command_results(cloud, "cn-hangzhou", "t-1") == dict.fromkeys(("i-1", "i-2"), ecs.Result("Success", "", "", 0, "ü\n"))
    assert len(cloud.calls) == 2


def test_an_empty_answer_is_no_result():
    assert ecs.command_results(Cloud(lambda action, params: {}), "cn-hangzhou", "t-1") == {}
    assert ecs.file_results(Cloud(lambda action, params: {}), "cn-hangzhou", "f-1") == {}


def test_a_file_is_for_root_alone():
    cloud = Cloud(lambda action, params: {"InvokeId": "f-1"})
    assert ecs.send_file(cloud, "cn-hangzhou", "i-1", "/run/x", "envelope", b"\0\xff", 60) == "f-1"
    [(_product, _action, params, region)] = cloud.calls
    assert (params["FileMode"], params["Overwrite"], params["Content"], region) == ("0600", True, "AP8=", "cn-hangzhou")
    assert "FileOwner" not in params  # root is what the vendor takes
