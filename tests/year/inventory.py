# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The platform as an operator's inventory, and playbooks whose modules run on the moved clock; Ansible itself has no use for it."""

from __future__ import annotations

import getpass
import grp
import os
import pathlib
import shlex
import subprocess
import sys
import time
from typing import Any

import yaml

from tests.e2e.stage import ROOT, Run, ansible, environment
from tests.emulator.scenarios import year
from tests.year.nightly import GRACE_DAYS, KEEP_LAST, SERIES
from tests.year.platform import Platform

Hosts = dict[str, dict[str, Any]]


def write(platform: Platform) -> pathlib.Path:
    """The inventory's file: a host for each service and region. The certificate's files are in the folder that the link `given` shows."""
    edge: Hosts = {}
    for resource in platform.resources():
        name = "-".join(filter(None, (resource["service"], resource.get("region"))))
        host = edge.setdefault(name, dict(edge_resources=[], https_endpoints=[]))
        host["edge_resources"].append({key: resource[key] for key in resource if key != "endpoints"})
        host["https_endpoints"] += resource["endpoints"]
    groups: dict[str, Hosts] = dict(edge=edge, app_hosts={"app.example.com": _app_host(platform)}, airec={year.AIREC_INSTANCE: dict(
        airec_instance_id=year.AIREC_INSTANCE, airec_region=year.REGIONS[0], airec_domains=[year.AIREC_DOMAIN],
        airec_dns_zone="example.com", https_endpoints=[platform.airec_endpoint()])})
    path = platform.folder / "inventory.yml"
    path.write_text(yaml.safe_dump(dict(all=dict(
        vars=_everywhere(platform), hosts={"localhost": {}}, children={name: dict(hosts=hosts) for name, hosts in groups.items()})),
        width=1000), encoding="utf-8")
    path.chmod(0o600)
    return path


def give(platform: Platform, pair: pathlib.Path) -> None:
    """Put a renewed pair where the inventory says that it is."""
    draft = platform.folder / "given.new"
    draft.symlink_to(pair)
    draft.replace(platform.folder / "given")


def _python(platform: Platform) -> str:
    """A Python on the moved clock, as a program of its own."""
    program, before = platform.folder / "python", environment()
    moved = {name: value for name, value in platform.clock.environment(before).items() if before.get(name) != value}
    program.write_text("#!/bin/sh\nexec env {0} {1} \"$@\"\n".format(
        " ".join(shlex.quote("{0}={1}".format(*pair)) for pair in moved.items()), shlex.quote(sys.executable)), encoding="utf-8")
    program.chmod(0o700)
    return str(program)


def _everywhere(platform: Platform) -> dict[str, Any]:
    given = platform.folder / "given"
    return dict(
        ansible_connection="local", ansible_python_interpreter=_python(platform),
        daas_https_connection={key: value for key, value in platform.connection().items() if not key.endswith("_timeout")},
        certificate_name=SERIES, certificate_path=str(given / "fullchain.pem"), certificate_ca_path=platform.cloud["ca_path"],
        certificate_private_key_path=str(given / "privkey.pem"), airec_access_token=platform.cloud["airec_token"],
        prune_all=True, prune_keep_last=KEEP_LAST, prune_grace_days=GRACE_DAYS,
        # one thread at a time: on the moved clock Python's threads are in each other's way
        rotation_parallel=1, edge_parallel=1, prune_parallel=1)


def _app_host(platform: Platform) -> dict[str, Any]:
    tls, python = platform.app_root / "tls", shlex.quote(sys.executable)
    return dict(
        app_host_certificate_dest=str(tls / "fullchain.pem"), app_host_private_key_dest=str(tls / "privkey.pem"),
        app_host_owner=getpass.getuser(), app_host_group=grp.getgrgid(os.getgid()).gr_name,
        app_host_validate_command="env PYTHONPATH={0} {1} -m tests.emulator.apphost --root {2} --test".format(
            shlex.quote(str(ROOT)), python, shlex.quote(str(platform.app_root))),
        app_host_reload_command="kill -HUP {0}".format(platform.app["pid"]), https_endpoints=[platform.app_endpoint()])


class Player:
    """Runs playbooks as a scheduler would, at the platform's time."""

    def __init__(self, platform: Platform) -> None:
        self.platform, self._inventory, self._runs = platform, write(platform), 0

    def play(self, playbook: str, *arguments: str) -> Run:
        self._runs += 1
        record = self.platform.folder / "run{0}.jsonl".format(self._runs)
        env = dict(environment(self.platform.folder), DAAS_RECORD=str(record))
        begin = time.monotonic()
        done = subprocess.run([ansible("ansible-playbook"), playbook, "-i", str(self._inventory), *arguments], cwd=ROOT, env=env, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        record.with_suffix(".log").write_text(done.stdout, encoding="utf-8")
        return Run(done.returncode, done.stdout, record, time.monotonic() - begin)
