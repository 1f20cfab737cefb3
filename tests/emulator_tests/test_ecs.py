# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulated Cloud Assistant: commands really run, files really arrive, results come in their time, and nothing is forgotten."""

from __future__ import annotations

import base64
import getpass
import json
import os
import time

import pytest

from tests.support.account import account

HERE = {"RegionId": "cn-hangzhou"}
ENDED = ("Success", "Failed")


@pytest.fixture
def made():
    with account() as found:
        yield found


@pytest.fixture
def root(made, tmp_path):
    made.cloud.ecs.add_instance("i-1", "cn-hangzhou", root=tmp_path)
    return tmp_path


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def command(made, script, *instances, **more):
    names = {"InstanceId.{0}".format(number): name for number, name in enumerate(instances or ("i-1",), 1)}
    params = {**HERE, "Type": "RunShellScript", "ContentEncoding": "Base64", "CommandContent": encoded(script), **names, **more}
    return made.call("ecs", "RunCommand", **params)["InvokeId"]


def rows(made, invoke_id, **more):
    return made.call("ecs", "DescribeInvocationResults", **HERE, InvokeId=invoke_id, **more)["Invocation"]["InvocationResults"][
        "InvocationResult"]


def result(made, invoke_id, **more):
    """The one row, when it has ended."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        [row] = rows(made, invoke_id, **more)
        if row["InvocationStatus"] in ENDED:
            return row
        time.sleep(0.01)
    raise AssertionError("it did not end")


def send(made, folder, **more):
    params = {**HERE, "InstanceId.1": "i-1", "Name": "file", "TargetDir": str(folder), "ContentType": "Base64",
              "Content": encoded("hello"), **more}
    return made.call("ecs", "SendFile", **params)["InvokeId"]


def sent(made, invoke_id):
    [invocation] = made.call("ecs", "DescribeSendFileResults", **HERE, InvokeId=invoke_id)["Invocations"]["Invocation"]
    return invocation


# -- commands ------------------------------------------------------------------------------------------------------------------------

def test_a_command_runs_in_the_instances_folder_without_our_environment(made, root, monkeypatch):
    monkeypatch.setenv("NOT_FOR_THEM", "x")
    row = result(made, command(made, 'pwd; echo "[${NOT_FOR_THEM-none}]"; echo err >&2'))
    output = base64.b64decode(row["Output"]).decode()
    assert output == "{0}\n[none]\nerr\n".format(os.path.realpath(root)) and (row["ExitCode"], row["ErrorCode"]) == (0, "")
    assert row["InvokeRecordStatus"] == "Finished" and row["InvokeId"].startswith("t-") and row["CommandId"].startswith("c-")


def test_plain_text_both_ways(made, root):
    row = result(made, command(made, "", ContentEncoding="PlainText", CommandContent="printf 'a b'"), ContentEncoding="PlainText")
    assert row["Output"] == "a b"


def test_a_command_that_fails(made, root):
    row = result(made, command(made, "exit 3"))
    assert (row["InvocationStatus"], row["ExitCode"], row["ErrorCode"]) == ("Failed", 3, "ExitCodeNonzero")


def test_a_command_that_takes_too_long_is_ended_with_its_children(made, root):
    row = result(made, command(made, "sleep 60 & echo $! >child; sleep 60", Timeout=1))
    assert (row["InvocationStatus"], row["ErrorCode"]) == ("Failed", "ExecutionTimeout")
    child, end = int((root / "child").read_text()), time.monotonic() + 5
    while running(child) and time.monotonic() < end:
        time.sleep(0.01)
    assert not running(child)


def running(pid):
    """A child that has ended and that nobody has asked for is not running."""
    try:
        with open("/proc/{0}/stat".format(pid), encoding="ascii") as stream:
            return stream.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_long_output_loses_its_beginning(made, root):
    row = result(made, command(made, "head -c 30000 /dev/zero | tr '\\0' x; echo end"))
    output = base64.b64decode(row["Output"])
    assert len(output) == 24 * 1024 and output.endswith(b"xend\n") and row["Dropped"] == 30004 - 24 * 1024


def test_states_come_one_after_another(made, root):
    made.cloud.setting.update({"slow_states": True})
    invoke_id = command(made, "true")
    assert [rows(made, invoke_id)[0]["InvocationStatus"] for _look in range(2)] == ["Pending", "Running"]
    assert rows(made, invoke_id)[0]["InvocationStatus"] in ("Running", "Success") and result(made, invoke_id)["ExitCode"] == 0


@pytest.mark.parametrize("change, code", [
    (dict(assistant=False), "ClientNotRunning"), (dict(status="Stopped"), "InstanceNotRunning"), (dict(root=None), "ExecutionException"),
    (dict(system="Windows"), "CommandNotApplicable"),
])
def test_what_fails_on_one_instance_is_not_refused(made, root, change, code):
    for name, value in change.items():
        setattr(made.cloud.ecs.instances["i-1"], name, value)
    row = result(made, command(made, "touch ran"))
    assert row["ErrorCode"] == code and row["ErrorInfo"] and not (root / "ran").exists()


@pytest.mark.parametrize("more, code", [
    (dict(Username="nobody-has-this-name"), "AccountNotExists"), (dict(WorkingDir="/"), "DirectoryNotExists"),
    (dict(Type="RunBatScript"), "CommandNotApplicable"),
])
def test_what_an_instance_does_not_have(made, root, more, code):
    assert result(made, command(made, "touch ran", **more))["ErrorCode"] == code and not (root / "ran").exists()


def test_own_user_and_folders_inside(made, root):
    (root / "sub").mkdir()
    row = result(made, command(made, "pwd", WorkingDir=str(root / "sub"), Username=getpass.getuser()), ContentEncoding="PlainText")
    assert row["Output"].rstrip().endswith("/sub")


def test_one_that_says_nothing_goes_on_running(made, root):
    made.cloud.ecs.instances["i-1"].deaf = True
    invoke_id = command(made, "touch ran")
    assert [rows(made, invoke_id)[0]["InvocationStatus"] for _look in range(3)] == ["Running"] * 3 and not (root / "ran").exists()


def test_the_same_token_is_the_same_command(made, root):
    first = command(made, "echo x >>ran", ClientToken="t-1")
    result(made, first)
    assert command(made, "echo x >>ran", ClientToken="t-1") == first and (root / "ran").read_text() == "x\n"
    with pytest.raises(Exception, match="IdempotentParameterMismatch"):
        command(made, "echo y", ClientToken="t-1")


def test_many_instances_and_pages(made, root):
    for number in range(2, 8):
        made.cloud.ecs.add_instance("i-{0}".format(number), "cn-hangzhou")
    names = ["i-{0}".format(number) for number in range(1, 8)]
    invoke_id = command(made, "true", *names)
    assert len(rows(made, invoke_id, MaxResults=50)) == 7 and len(rows(made, invoke_id, PageNumber=2, PageSize=5)) == 2
    made.cloud.setting.update({"page_cap": 3})
    seen, token = [], ""
    while True:
        answer = made.call("ecs", "DescribeInvocationResults", **HERE, InvokeId=invoke_id, MaxResults=50, NextToken=token)
        page, token = answer["Invocation"]["InvocationResults"]["InvocationResult"], answer["Invocation"]["NextToken"]
        assert len(page) <= 3
        seen += [row["InstanceId"] for row in page]
        if not token:
            break
    assert seen == names and [row["InstanceId"] for row in rows(made, invoke_id, InstanceId="i-3")] == ["i-3"]


# -- the history ---------------------------------------------------------------------------------------------------------------------

def test_commands_and_output_can_be_read_afterwards(made, root):
    invoke_id = command(made, "echo said", Name="who", **{"Tag.1.Key": "team", "Tag.1.Value": "shop"})
    result(made, invoke_id)
    [row] = made.call("ecs", "DescribeInvocations", **HERE, IncludeOutput="true", InstanceId="i-1", CommandName="who")["Invocations"][
        "Invocation"]
    assert base64.b64decode(row["CommandContent"]) == b"echo said" and row["InvokeStatus"] == "Finished"
    assert base64.b64decode(row["InvokeInstances"]["InvokeInstance"][0]["Output"]) == b"said\n"
    assert row["Tags"]["Tag"] == [{"TagKey": "team", "TagValue": "shop"}]
    [row] = made.call("ecs", "DescribeInvocations", **HERE, ContentEncoding="PlainText", **{"Tag.1.Key": "team", "Tag.1.Value": "shop"})[
        "Invocations"]["Invocation"]
    assert row["CommandContent"] == "echo said" and row["InvokeInstances"]["InvokeInstance"][0]["Output"] == ""
    assert "said" in json.dumps(made.cloud.snapshot()["ecs"])


def test_a_file_arrives_and_its_content_can_be_read_afterwards(made, root):
    row = sent(made, send(made, root / "new" / "folder", FileMode="0600"))
    path = root / "new" / "folder" / "file"
    assert path.read_text() == "hello" and path.stat().st_mode & 0o777 == 0o600
    assert (row["Content"], row["ContentType"], row["FileMode"], row["InvocationStatus"]) == (encoded("hello"), "Base64", "0600", "Success")
    assert row["VmCount"] == 1 and row["InvokeInstances"]["InvokeInstance"][0]["FinishTime"]


@pytest.mark.parametrize("more, code", [
    (dict(TargetDir="/"), "FilePathInvalid"), ({}, "FileAlreadyExists"),
    (dict(FileOwner="nobody-has-this-name", Overwrite=True), "UserGroupNotExists"),
])
def test_a_file_that_cannot_be_written(made, root, more, code):
    (root / "file").write_text("old", encoding="utf-8")
    row = sent(made, send(made, **{"folder": root, **more}))
    assert row["InvokeInstances"]["InvokeInstance"][0]["ErrorCode"] == code and (root / "file").read_text() == "old"


def test_a_file_that_may_be_overwritten(made, root):
    (root / "file").write_text("old", encoding="utf-8")
    send(made, root, Overwrite=True, ContentType="PlainText", Content="new", FileOwner=getpass.getuser())
    assert (root / "file").read_text() == "new"


# -- instances -----------------------------------------------------------------------------------------------------------------------

def test_instances_and_their_clients(made, root):
    made.cloud.ecs.add_instance("i-2", "cn-hangzhou", assistant=False)
    made.cloud.ecs.add_instance("i-3", "cn-shanghai", system="Windows")
    found = made.call("ecs", "DescribeInstances", **HERE, InstanceIds='["i-1", "i-3"]')["Instances"]["Instance"]
    assert [(row["InstanceId"], row["Status"]) for row in found] == [("i-1", "Running")]
    found = made.call("ecs", "DescribeCloudAssistantStatus", **HERE)["InstanceCloudAssistantStatusSet"]["InstanceCloudAssistantStatus"]
    assert [(row["InstanceId"], row["CloudAssistantStatus"]) for row in found] == [("i-1", "true"), ("i-2", "false")]
    assert made.call("ecs", "DescribeInstances", RegionId="cn-shanghai", Status="Stopped")["Instances"]["Instance"] == []


# -- refusals ------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("action, change, code, status", [
    ("RunCommand", {"RegionId": "moon"}, "InvalidRegionId.NotFound", 404),
    ("RunCommand", {"InstanceId.1": "i-9"}, "InvalidInstance.NotFound", 404),
    ("RunCommand", {"InstanceId.1": "i-1", "RegionId": "cn-shanghai"}, "InvalidInstance.NotFound", 404),
    ("RunCommand", {"InstanceId.{0}".format(number): "i-1" for number in range(1, 102)}, "InstanceIds.ExceedLimit", 400),
    ("RunCommand", {"Type": "RunPython"}, "InvalidCmdType.NotFound", 404),
    ("RunCommand", {"CommandContent": encoded("x" * 18433)}, "CmdContent.ExceedLimit", 400),
    ("RunCommand", {"CommandContent": "no Base64!"}, "CmdContent.DecodeError", 400),
    ("RunCommand", {"Frequency": "rate(5m)"}, "InvalidParameter", 400),
    ("RunCommand", {"EnableParameter": "true"}, "InvalidParameter", 400),
    ("SendFile", {"InstanceId.{0}".format(number): "i-1" for number in range(1, 52)}, "InstanceIds.ExceedLimit", 400),
    ("SendFile", {"Content": encoded("x" * 24577)}, "InvalidParameter.FileContent", 400),
    ("SendFile", {"Content": "no Base64!"}, "InvalidParameter.FileContent", 400),
    ("SendFile", {"Name": "../file"}, "InvalidParameter", 400),
    ("SendFile", {"FileMode": "0888"}, "InvalidParameter", 400),
    ("SendFile", {"ContentType": "Hex"}, "InvalidParameter", 400),
    ("DescribeInvocationResults", {"MaxResults": 51}, "InvalidParameter", 400),
    ("DescribeInvocationResults", {"IncludeHistory": "true"}, "InvalidParameter", 400),
    ("DescribeInstances", {"InstanceIds": '"i-1"'}, "InvalidParameter", 400),
    ("DescribeInstances", {"VpcId": "vpc-1"}, "InvalidParameter", 400),
])
def test_refusals(made, root, action, change, code, status):
    given = {"RunCommand": {"Type": "RunShellScript", "CommandContent": encoded("touch ran"), "ContentEncoding": "Base64",
                            "InstanceId.1": "i-1"},
             "SendFile": {"InstanceId.1": "i-1", "Name": "file", "TargetDir": str(root), "ContentType": "Base64", "Content": encoded("x")}}
    assert made.refused("ecs", action, **{**HERE, **given.get(action, {}), **change}) == (code, status)
    assert not list(root.iterdir()) and not made.cloud.ecs.commands and not made.cloud.ecs.files
