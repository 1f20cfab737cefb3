# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thousands of TLS endpoints on loopback: one server, a certificate for every ten of a thousand names, and all addresses of 127.0.0.0/8.

The server is nginx where there is one. Without it OpenSSL's own serves all names with one certificate, one connection at a time.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import socket
import subprocess
import time

from tests.emulator.pki import Authority, write_private
from tests.support.measured import pinned

NAMES, SHARE, PORTS = 1000, 10, 2  # SHARE: how many names have a certificate in common
PATIENCE = 30  # seconds for the server to come up; the machine may be busy
NGINX = shutil.which("nginx", path=os.environ.get("PATH", os.defpath) + ":/usr/local/sbin:/usr/sbin")
OPENSSL = shutil.which("openssl")
CONFIGURATION = """
daemon off;
master_process {master};
{user}
worker_processes 1;
worker_rlimit_nofile 16384;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log crit;
events {{ worker_connections 8000; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    {listen}
    ssl_certificate {folder}/pairs/$ssl_server_name.pem;
    ssl_certificate_key {folder}/pairs/$ssl_server_name.key;
    location / {{ return 204; }}
  }}
}}
"""


class FarmError(Exception):
    """There is no server, or it did not come up; the text says why."""


class Farm:
    """Use it as a context manager. folder: where certificates and logs are written, absent or empty. cpus: the server's processors."""

    def __init__(self, folder: pathlib.Path, cpus: set[int] | None = None) -> None:
        self.folder, self._cpus = folder, cpus
        self.ca_path = folder / "ca.pem"
        self.ports = [_unused_port() for _port in range(PORTS)]
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Farm:
        (self.folder / "pairs").mkdir(parents=True, mode=0o700)
        self._issue()
        try:
            for command in [self._nginx()] if NGINX else [self._s_server(port) for port in self.ports]:
                self._start(command)
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused: object) -> None:
        for process in self._processes:
            process.terminate()
        while self._processes:
            try:
                self._processes[-1].wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._processes[-1].kill()
            else:
                self._processes.pop()

    def _issue(self) -> None:
        authority = Authority.create()
        self.ca_path.write_text(authority.root_pem, encoding="utf-8")
        groups = [[_name(number) for number in range(first, first + SHARE)] for first in range(0, NAMES, SHARE)]
        for names in groups if NGINX else [["*.example.com"]]:
            material = authority.issue(names, key="ec")
            for name in names:  # nginx finds them by the name that the client sends
                (self.folder / "pairs" / (name + ".pem")).write_text(material.chain_pem, encoding="utf-8")
                write_private(self.folder / "pairs" / (name + ".key"), material.key_pem)

    @property
    def server(self) -> str:
        return "nginx" if NGINX else "openssl s_server"

    def endpoints(self, count: int) -> list[tuple[str, int, str]]:
        """(address, port, name): names and ports in turn, and an address of its own for each."""
        return [(address(8, number), self.ports[number % PORTS], _name(number % NAMES)) for number in range(count)]

    def write(self, count: int) -> pathlib.Path:
        """The endpoints as a file with "ADDRESS PORT NAME" a line."""
        return write_endpoints(self.folder / "endpoints{0}.txt".format(count), self.endpoints(count))

    def _nginx(self) -> list[str]:
        root = os.geteuid() == 0
        path = self.folder / "nginx.conf"
        path.write_text(CONFIGURATION.format(  # as root the workers would be somebody else, who may not read the keys
            folder=self.folder, master="on" if root else "off", user="user root;" if root else "",
            listen="\n    ".join("listen 0.0.0.0:{0} ssl backlog=4096;".format(port) for port in self.ports)), encoding="utf-8")
        return [str(NGINX), "-p", str(self.folder), "-c", str(path), "-e", str(self.folder / "nginx.log")]

    def _s_server(self, port: int) -> list[str]:
        if not OPENSSL:
            raise FarmError("there is neither nginx nor openssl on this machine")
        pair = str(self.folder / "pairs" / "*.example.com")
        return [OPENSSL, "s_server", "-4", "-quiet", "-www", "-accept", "0.0.0.0:{0}".format(port), "-cert", pair + ".pem",
                "-cert_chain", pair + ".pem", "-key", pair + ".key"]

    def _start(self, command: list[str]) -> None:
        with (self.folder / "server.log").open("ab") as log, pinned(self._cpus):
            self._processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def _wait(self) -> None:
        end = time.monotonic() + PATIENCE
        for port in self.ports:
            while not _answers(port):
                if time.monotonic() > end or any(process.poll() is not None for process in self._processes):
                    said = (self.folder / "server.log").read_text(encoding="utf-8")[-2000:]
                    raise FarmError("{0} did not come up:\n{1}".format(self.server, said))
                time.sleep(0.05)


def write_endpoints(path: pathlib.Path, endpoints: list[tuple[str, int, str]]) -> pathlib.Path:
    path.write_text("".join("{0} {1} {2}\n".format(*endpoint) for endpoint in endpoints), encoding="utf-8")
    return path


def address(net: int, number: int) -> str:
    """The number-th address of 127.<net>.0.0/16, without those that end in 0 or 255."""
    return "127.{0}.{1}.{2}".format(net, number // 250, number % 250 + 1)


def _name(number: int) -> str:
    return "host{0}.example.com".format(number)


def _unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
