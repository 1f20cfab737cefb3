# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECS's rules and storage: instances, and every command and file that Cloud Assistant was ever given, with its content."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import getpass
import grp
import os
import pathlib
import pwd
from datetime import datetime
from typing import Any

from . import errors, shell

PENDING, RUNNING, SUCCESS, FAILED = "Pending", "Running", "Success", "Failed"
READS_UNTIL_DONE = 2
OUTPUT_LIMIT = 24 * 1024  # bytes; the end of a longer output is kept
COMMAND_LIMIT, FILE_LIMIT = 24 * 1024, 32 * 1024  # characters of Base64
TYPES = ("RunShellScript", "RunPowerShellScript", "RunBatScript")


@dataclasses.dataclass
class Instance:
    """root: the folder that its scripts run in; None: nothing can run. deaf: its client takes commands and says nothing of them."""

    id: str
    region: str
    root: pathlib.Path | None
    assistant: bool
    system: str
    created: datetime
    status: str = "Running"
    deaf: bool = False
    invoked: datetime | None = None
    count: int = 0


@dataclasses.dataclass
class Delivery:
    """A command, or a file, on one instance. waiting: so many reads still show it under way."""

    instance_id: str
    created: datetime
    waiting: int
    status: str = RUNNING
    exit_code: int = 0
    output: bytes = b""
    code: str = ""
    info: str = ""
    finished: datetime | None = None

    def fail(self, code: str, info: str, now: datetime) -> None:
        self.code, self.info, self.finished, self.status = code, info, now, FAILED

    def look(self) -> str:
        """The status that a read sees; reading is what brings it forward."""
        if self.waiting:
            self.waiting -= 1
            return PENDING if self.waiting else RUNNING
        return self.status


@dataclasses.dataclass
class Invocation:
    """params: the call's own, as it came; that is what the history shows."""

    id: str
    command_id: str
    region: str
    params: dict[str, str]
    tags: dict[str, str]
    created: datetime
    deliveries: list[Delivery]


class Ecs:
    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud
        self.instances: dict[str, Instance] = {}
        self.commands: dict[str, Invocation] = {}
        self.files: dict[str, Invocation] = {}
        self._tokens: dict[str, tuple[dict[str, str], str]] = {}

    def add_instance(self, instance_id: str, region: str, root: pathlib.Path | None = None, assistant: bool = True,
                     system: str = "Linux") -> Instance:
        """root: a folder in which scripts really run; see shell. assistant: whether its Cloud Assistant runs."""
        made = Instance(instance_id, region, root, assistant, system, self._cloud.clock.now())
        self.instances[instance_id] = made
        return made

    def in_region(self, region: str) -> list[Instance]:
        if not region.count("-"):
            raise errors.unknown_region(region)
        return [instance for instance in self.instances.values() if instance.region == region]

    def run(self, region: str, instance_ids: list[str], params: dict[str, str], tags: dict[str, str]) -> Invocation:
        """A command, from the next moment on carried out on each of the instances. CloudError when it is refused as a whole."""
        if params.get("Type") not in TYPES:
            raise errors.unknown_type()
        script = command_of(params)
        return self._begin("t", self.commands, region, instance_ids, params, tags, lambda instance, delivery: self._start(
            instance, delivery, params, script))

    def send(self, region: str, instance_ids: list[str], params: dict[str, str], tags: dict[str, str]) -> Invocation:
        """A file, written on each of the instances."""
        content = file_of(params)
        return self._begin("f", self.files, region, instance_ids, params, tags, lambda instance, delivery: self._write(
            instance, delivery, params, content))

    def snapshot(self) -> dict[str, Any]:
        def shown(invocation: Invocation) -> dict[str, Any]:
            return {"id": invocation.id, "params": dict(invocation.params), "instances": [
                {"id": item.instance_id, "status": item.status, "code": item.code, "exit_code": item.exit_code,
                 "output": item.output.decode("utf-8", "replace")} for item in invocation.deliveries]}

        return {"instances": [{"id": item.id, "region": item.region, "status": item.status, "assistant": item.assistant}
                              for item in self.instances.values()],
                "commands": [shown(item) for item in self.commands.values()], "files": [shown(item) for item in self.files.values()]}

    def _begin(self, letter: str, kept: dict[str, Invocation], region: str, instance_ids: list[str], params: dict[str, str],
               tags: dict[str, str], work: Any) -> Invocation:
        token = params.get("ClientToken", "")
        if token in self._tokens:
            before, invoke_id = self._tokens[token]
            if before != params:
                raise errors.other_parameters()
            return kept[invoke_id]
        known = {instance.id: instance for instance in self.in_region(region)}
        for instance_id in instance_ids:
            if instance_id not in known:
                raise errors.unknown_instance(instance_id)
        number, now = self._cloud.uuid().replace("-", "").lower(), self._cloud.clock.now()
        made = Invocation("{0}-{1}".format(letter, number), "c-" + number, region, dict(params), tags, now, [])
        kept[made.id] = made
        for instance_id in dict.fromkeys(instance_ids):
            delivery = Delivery(instance_id, now, READS_UNTIL_DONE if self._cloud.setting("slow_states") else 0)
            made.deliveries.append(delivery)
            if self._takes(known[instance_id], delivery):
                work(known[instance_id], delivery)
        if token:
            self._tokens[token] = (dict(params), made.id)
        return made

    def _takes(self, instance: Instance, delivery: Delivery) -> bool:
        """Whether the instance's client gets it at all."""
        now = self._cloud.clock.now()
        if instance.status != "Running":
            delivery.fail("InstanceNotRunning", "The instance is not running.", now)
        elif not instance.assistant:
            delivery.fail("ClientNotRunning", "The Cloud Assistant client is not running on the instance.", now)
        elif instance.deaf:
            delivery.status = RUNNING
        elif instance.root is None:
            delivery.fail("ExecutionException", "Nothing runs on this emulated instance; it has no root folder.", now)
        else:
            instance.invoked, instance.count = now, instance.count + 1
            return True
        return False

    def _start(self, instance: Instance, delivery: Delivery, params: dict[str, str], script: bytes) -> None:
        now, root = self._cloud.clock.now(), instance.root
        folder = inside(root, params.get("WorkingDir") or str(root))
        if instance.system != "Linux" or params["Type"] != "RunShellScript":
            delivery.fail("CommandNotApplicable", "The command is not applicable to the instance.", now)
        elif params.get("Username", "root") not in ("", "root", getpass.getuser()):
            delivery.fail("AccountNotExists", "The user does not exist on the instance.", now)
        elif folder is None or not folder.is_dir():
            delivery.fail("DirectoryNotExists", "The working directory does not exist on the instance.", now)
        else:
            timeout = int(params.get("Timeout") or 60)
            shell.start(script, folder, timeout, lambda code, output: self._finish(delivery, code, output))

    def _finish(self, delivery: Delivery, code: int | None, output: bytes) -> None:
        now = self._cloud.clock.now()
        delivery.output, delivery.exit_code = output, code or 0
        if code is None:
            delivery.fail("ExecutionTimeout", "The command timed out and was ended.", now)
        elif code:
            delivery.fail("ExitCodeNonzero", "The exit code of the command is {0}.".format(code), now)
        else:
            delivery.finished, delivery.status = now, SUCCESS

    def _write(self, instance: Instance, delivery: Delivery, params: dict[str, str], content: bytes) -> None:
        now = self._cloud.clock.now()
        folder = inside(instance.root, params["TargetDir"])
        if folder is None:
            delivery.fail("FilePathInvalid", "The target directory is not inside the emulated instance's root folder.", now)
        elif (folder / params["Name"]).exists() and params.get("Overwrite", "").lower() != "true":
            delivery.fail("FileAlreadyExists", "The file already exists.", now)
        elif owner_of(params) is None:
            delivery.fail("UserGroupNotExists", "The user or the group does not exist on the instance.", now)
        else:
            _store(folder, params, content)
            delivery.finished, delivery.status = now, SUCCESS


def _store(folder: pathlib.Path, params: dict[str, str], content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / params["Name"]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    owner = owner_of(params)
    if owner is not None and os.getuid() == 0:
        os.chown(path, *owner)
    path.chmod(int(params.get("FileMode") or "0644", 8))


def owner_of(params: dict[str, str]) -> tuple[int, int] | None:
    """User and group id of a file. root is whoever the emulator runs as; nobody else can be meant unless that is root."""
    user, group = params.get("FileOwner") or "root", params.get("FileGroup") or "root"
    try:
        owner = os.getuid() if user == "root" else pwd.getpwnam(user).pw_uid
        return owner, os.getgid() if group == "root" else grp.getgrnam(group).gr_gid
    except KeyError:
        return None


def inside(root: pathlib.Path | None, path: str) -> pathlib.Path | None:
    """The folder, if it is the root folder or below it."""
    if root is None:
        return None
    found = pathlib.Path(path).resolve()
    return found if found.is_relative_to(root.resolve()) else None


def command_of(params: dict[str, str]) -> bytes:
    """The script in a call. CloudError when it is too long or cannot be decoded."""
    content = params["CommandContent"]
    if params.get("ContentEncoding", "").lower() != "base64":
        content = base64.b64encode(content.encode()).decode()
    if len(content) > COMMAND_LIMIT:
        raise errors.too_long()
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error:
        raise errors.not_base64() from None


def file_of(params: dict[str, str]) -> bytes:
    """The content of a file in a call. CloudError when it, or its name or mode, cannot be."""
    kind, content = params.get("ContentType") or "PlainText", params["Content"]
    if kind not in ("PlainText", "Base64"):
        raise errors.invalid("ContentType", "PlainText and Base64 are possible")
    if kind == "PlainText":
        content = base64.b64encode(content.encode()).decode()
    if len(content) > FILE_LIMIT:
        raise errors.bad_file("it is larger than 32 KB in Base64")
    if "/" in params["Name"] or params["Name"] in (".", "..") or len(params["Name"]) > 255:
        raise errors.invalid("Name", "a file's name is wanted")
    if not params.get("FileMode", "0644").isdigit() or set(params.get("FileMode", "")) & set("89"):
        raise errors.invalid("FileMode", "an octal number is wanted")
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error:
        raise errors.bad_file("it is not Base64") from None


def overall(statuses: list[str]) -> str:
    """What the statuses on all instances come to."""
    for status in (PENDING, RUNNING):
        if status in statuses:
            return status
    return statuses[0] if len(set(statuses)) == 1 else "PartialFailed"
