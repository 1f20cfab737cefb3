# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real hosts with real ssh on one machine: each has its own network, files, name and processes, by way of Linux namespaces.

All of them are inside one outer set of namespaces whose first process ends when this process does, even by a signal that nobody can
catch: nothing is left, neither a process nor a mount, and no packet leaves. The real files below / are seen, and never written.
"""

from __future__ import annotations

import os
import pathlib
import platform
import shutil
import subprocess
import time
from typing import Any

PROGRAMS = ("unshare", "nsenter", "ip", "ssh", "ssh-keygen", "sshd", "nginx", "apachectl", "haproxy", "openssl")
PACKAGES = "util-linux iproute2 openssh-client openssh-server nginx-light apache2 haproxy openssl"
SCRIPT = pathlib.Path(__file__).with_suffix(".sh")
PATIENCE = 60  # seconds for all hosts to come up; the machine may be busy
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class HostsError(Exception):
    """The hosts could not be set up, or a command on one failed; the text shows what was said."""


def missing() -> str:
    """Why this machine cannot have such hosts, in one line; empty if it can."""
    if platform.system() != "Linux" or os.geteuid() != 0:
        return "needs Linux and root, for network namespaces"
    absent = [program for program in PROGRAMS if not shutil.which(program, path=SYSTEM_PATH)]
    if absent:
        return "needs {0} (Debian packages: {1})".format(", ".join(absent), PACKAGES)
    trial = subprocess.run(["unshare", "--net", "--mount", "--pid", "--uts", "--fork", "mount", "-t", "tmpfs", "tmpfs", "/run"],
                           capture_output=True, text=True, check=False)
    return "" if trial.returncode == 0 else "needs namespaces, which are not allowed here: {0}".format(trial.stderr.strip())


class Hosts:
    """Use it as a context manager. folder: where keys and logs are written; addresses: name -> IPv4 address in 192.0.2.0/24."""

    def __init__(self, folder: pathlib.Path, addresses: dict[str, str]) -> None:
        self.folder, self.key, self.known_hosts = folder, folder / "id", folder / "known_hosts"
        reason = missing()
        if reason:
            raise HostsError(reason)
        (folder / "disks").mkdir(parents=True, mode=0o700)
        self._log = folder / "network.log"
        with self._log.open("w", encoding="utf-8") as log:
            self._outer = subprocess.Popen(
                ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "bash", str(SCRIPT), "network", str(folder),
                 *("{0}={1}".format(*item) for item in addresses.items())],
                stdin=subprocess.PIPE, stdout=log, stderr=log, env=dict(os.environ, PATH=SYSTEM_PATH))
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise
        self._first = int((folder / "pid").read_text(encoding="utf-8"))
        self.hosts = {name: Host(self, name, address, number) for number, (name, address) in enumerate(addresses.items(), 1)}

    def _wait(self) -> None:
        end = time.monotonic() + PATIENCE
        while not (self.folder / "ready").exists():
            if self._outer.poll() is not None or time.monotonic() > end:
                raise HostsError("the hosts did not come up:\n" + "\n".join(
                    path.read_text(encoding="utf-8") for path in sorted(self.folder.glob("*.log"))))
            time.sleep(0.02)

    def __enter__(self) -> Hosts:
        return self

    def __exit__(self, *unused: object) -> None:
        self.stop()

    def stop(self) -> None:
        if self._outer.stdin:
            self._outer.stdin.close()
        try:
            self._outer.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._outer.kill()
            self._outer.wait()

    def inside(self, *command: str, folder: pathlib.Path | None = None) -> list[str]:
        """The command line that runs a command where the hosts can be reached: on the machine of the operator, so to speak."""
        return ["nsenter", "--target", str(self._first), "--net", "--mount", "--pid", "--",
                *(["env", "-C", str(folder)] if folder else []), *command]


class Host:
    """One host. What is done here is done on it directly, not by ssh, so that it also works when the host cannot be reached."""

    def __init__(self, hosts: Hosts, name: str, address: str, port: int) -> None:
        self._hosts, self.name, self.address, self._port = hosts, name, address, "port{0}".format(port)

    def try_run(self, script: str, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a shell script on the host. arguments: its $1, $2, …; text: its input."""
        process = (self._hosts.folder / (self.name + ".pid")).read_text(encoding="utf-8").strip()
        command = self._hosts.inside("nsenter", "--target", process, "--mount", "--uts", "--net", "--pid", "--root", "--wd",
                                     "--", "sh", "-c", script, "sh", *arguments)
        return subprocess.run(command, input=text if text is not None else "", capture_output=True, text=True, timeout=60, check=False,
                              env=dict(PATH=SYSTEM_PATH, LC_ALL="C", HOME="/root"))

    def run(self, script: str, *arguments: str, text: str | None = None) -> str:
        """As try_run; what was printed, or HostsError."""
        done = self.try_run(script, *arguments, text=text)
        if done.returncode:
            raise HostsError("{0}: {1}\nended with {2}:\n{3}{4}".format(self.name, script, done.returncode, done.stdout, done.stderr))
        return done.stdout

    def write(self, path: str, content: str, mode: str = "0644") -> None:
        self.run('mkdir -p -- "$(dirname -- "$1")" && rm -f -- "$1" && umask 077 && cat >"$1" && chmod "$2" "$1"', path, mode, text=content)

    def read(self, path: str) -> str:
        return self.run('cat -- "$1"', path)

    def exists(self, path: str) -> bool:
        return self.try_run('test -e "$1"', path).returncode == 0

    def attributes(self, path: str) -> str:
        """For instance "600 root root"."""
        return self.run('stat -c "%a %U %G" -- "$1"', path).strip()

    def unplug(self) -> None:
        """Take it off the network; it goes on running."""
        self._wire("down")

    def plug(self) -> None:
        self._wire("up")

    def _wire(self, state: str) -> None:
        subprocess.run(self._hosts.inside("ip", "link", "set", self._port, state), check=True, timeout=60)


def as_inventory(host: Host, hosts: Hosts) -> dict[str, Any]:
    """The variables with which Ansible reaches a host by ssh, and knows that it is the right one."""
    arguments = "-F /dev/null -o UserKnownHostsFile={0} -o StrictHostKeyChecking=yes -o ConnectTimeout=5".format(hosts.known_hosts)
    return dict(ansible_host=host.address, ansible_user="root", ansible_become=False, ansible_ssh_private_key_file=str(hosts.key),
                ansible_ssh_common_args=arguments, ansible_python_interpreter="/usr/bin/python3")


if __name__ == "__main__":
    print(missing())  # what the session e2e_hosts of noxfile.py asks
