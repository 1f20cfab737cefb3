# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts themselves: what they are, and that nothing of them is left, however the tests end."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import time

from tests.e2e.stage import ROOT

KEEPER = """
import pathlib, sys
from tests.support.hosts import Hosts
with Hosts(pathlib.Path(sys.argv[1]), {"ecs-app1": "192.0.2.11"}) as hosts:
    hosts.hosts["ecs-app1"].run("service nginx start")
    print("up", flush=True)
    sys.stdin.read()
"""


def ours(folder):
    """Processes of these hosts: their root is below the folder, or their command line names it."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            root, command = str((process / "root").readlink()), (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:  # ended meanwhile, or a kernel thread
            continue
        if str(folder) in root or str(folder) in command:
            found.append(command.replace("\0", " "))
    return found


def test_nothing_is_left_when_the_tests_are_killed(tmp_path):
    folder = tmp_path / "hosts"
    command = [sys.executable, "-c", KEEPER, str(folder)]
    keeper = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert keeper.stdout.readline().strip() == "up"
        assert any("nginx" in command for command in ours(folder)) and any("sshd" in command for command in ours(folder))
    finally:
        keeper.kill()
        keeper.communicate()
    end = time.monotonic() + 20
    while ours(folder):
        assert time.monotonic() < end, ours(folder)
        time.sleep(0.05)
    assert str(folder) not in pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8")
    assert not list((folder / "disks").iterdir())


def test_each_host_has_its_own_files_and_none_writes_ours(whole_site):
    one, two = whole_site[1], whole_site[2]
    one.write("/etc/daas-only-here", "one\n")
    assert one.exists("/etc/daas-only-here") and not two.exists("/etc/daas-only-here")
    assert not pathlib.Path("/etc/daas-only-here").exists()
    assert one.run("hostname").strip() == "ecs-app1"
