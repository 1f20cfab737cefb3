# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-rulebook as a child process, on the embedded cloud, with an inventory in one folder, as it wants it."""

from __future__ import annotations

import json
import os
import pathlib
import re
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

import yaml

from tests.e2e.stage import INVENTORY, ROOT, Stage, ansible, environment
from tests.eda import java

PATIENCE = 400  # seconds for what is bound to come; a rotation is among it
GUIDE = ROOT / "docs" / "event_driven.md"


class Rulebook:
    """Use it as a context manager. name: of a collection, or a file; variables: path of the file for --vars."""

    def __init__(self, stage: Stage, name: str, inventory: pathlib.Path, variables: pathlib.Path) -> None:
        self.folder = stage.folder / "rulebook-{0}".format(variables.stem)
        (self.folder / "tmp").mkdir(parents=True)
        self.log, self.record = self.folder / "output.log", self.folder / "record.jsonl"
        self._command = [ansible("ansible-rulebook"), "--rulebook", name, "--inventory", str(inventory), "--vars", str(variables),
                         "--print-events", "--shutdown-delay", "1"]
        self._env = dict(environment(stage.folder), JAVA_HOME=java.home(), DAAS_RECORD=str(self.record), TMPDIR=str(self.folder / "tmp"))

    def __enter__(self) -> Rulebook:
        with self.log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self.folder, env=self._env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def __exit__(self, *unused: object) -> None:
        self.stop()

    def stop(self) -> int:
        """End it as a service manager does; its exit code, which is its Java's."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
                raise AssertionError("it did not end when it was told to:\n{0}".format(self.output()[-3000:])) from None
        return self._process.returncode

    def wait(self) -> int:
        """Its exit code, when it has ended by itself."""
        return self._process.wait(timeout=PATIENCE)

    def until(self, reached: Callable[[], Any], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not reached():
            if time.monotonic() > end or self._process.poll() is not None:
                raise AssertionError("{0} did not come about:\n{1}".format(what, self.output()[-6000:]))
            time.sleep(0.2)

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def events(self, kind: str) -> int:
        """How many events of this type it has printed."""
        return len(re.findall(r"'type': '{0}'".format(kind), self.output()))

    def rows(self) -> list[dict[str, Any]]:
        """Of every task of every playbook that it has run."""
        return [json.loads(line) for line in self.record.read_text(encoding="utf-8").splitlines()] if self.record.exists() else []

    def runs(self) -> int:
        """How many playbooks have ended; 0 as long as something that was made for one of them is still there."""
        return 0 if any((self.folder / "tmp").iterdir()) else sum(row["status"] == "stats" for row in self.rows())


def inventory_of(stage: Stage, hosts: tuple[str, ...], more: dict[str, Any]) -> pathlib.Path:
    """The inventory of a stage in one folder, with these hosts only; more: variables of all of them."""
    target = stage.folder / "eda-inventory"
    for number, source in enumerate((INVENTORY, stage.overlay)):
        for path in source.glob("*_vars/*.yml"):
            copy(path, target / path.parent.name / path.stem / "{0}.yml".format(number))
    write(target / "group_vars" / "all" / "9.yml", more)
    groups = yaml.safe_load((INVENTORY / "hosts.yml").read_text(encoding="utf-8"))
    write(target / "hosts.yml", dict(all=only(groups["all"], hosts)))
    return target


def only(group: dict[str, Any], hosts: tuple[str, ...]) -> dict[str, Any]:
    """The same groups with these hosts alone."""
    found = dict(group)
    if "hosts" in group:
        found["hosts"] = {host: group["hosts"][host] for host in group["hosts"] if host in hosts}
    if "children" in group:
        found["children"] = {name: only(child, hosts) for name, child in group["children"].items()}
    return found


def copy(source: pathlib.Path, target: pathlib.Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.touch(mode=0o600)
    target.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")


def write(path: pathlib.Path, data: Any) -> pathlib.Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(data, sort_keys=False, width=1000), encoding="utf-8")
    return path


def watched(stage: Stage, inventory: pathlib.Path) -> dict[str, Any]:
    """What the playbook of docs/event_driven.md writes down for this inventory."""
    folder = stage.folder / "watch"
    [text] = [block for block in re.findall(r"^```yaml\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
              if "ansible.builtin.copy" in block]
    playbook = folder / "watch_list.yml"
    folder.mkdir()
    playbook.write_text(text, encoding="utf-8")
    command = [ansible("ansible-playbook"), str(playbook), "-i", str(inventory)]
    env = dict(environment(stage.folder), DAAS_RECORD=os.devnull)
    done = subprocess.run(command, cwd=folder, env=env, text=True, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)
    return yaml.safe_load((folder / "watch.yml").read_text(encoding="utf-8"))
