# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real name server, BIND, for zones of our own on loopback, and a door for the emulated AliDNS to keep it up to date."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import os
import pathlib
import secrets
import socket
import subprocess
import threading
import time
from typing import Any

PROGRAMS = ("named", "nsupdate", "dig")
PATIENCE = 30  # seconds for it to come up; the machine may be busy
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CONFIG = """\
options {{
    directory "{folder}"; pid-file "named.pid"; session-keyfile "session.key"; managed-keys-directory "{folder}";
    listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
    recursion no; dnssec-validation no; notify no; allow-transfer {{ none; }};
}};
controls {{ }};
key "{key}" {{ algorithm hmac-sha256; secret "{secret}"; }};
"""
ZONE = "@ 60 IN SOA ns hostmaster 1 3600 600 86400 1\n@ 60 IN NS ns\nns 60 IN A 127.0.0.1\n"


class NameServerError(Exception):
    """The name server did not come up, or refused an update; the text shows what was said."""


class NameServer:
    """Use it as a context manager. folder: must be absent; zones: their names; nothing is cached for longer than a second."""

    def __init__(self, folder: pathlib.Path, *zones: str) -> None:
        folder.mkdir(mode=0o700)
        self.folder, self.port, self._zones = folder, free_port(), zones
        self._key = folder / "update.key"
        key, secret = "update.example", base64.b64encode(secrets.token_bytes(32)).decode()
        text = CONFIG.format(folder=folder, port=self.port, key=key, secret=secret)
        for zone in zones:
            (folder / (zone + ".zone")).write_text(ZONE, encoding="utf-8")
            text += 'zone "{0}" {{ type primary; file "{0}.zone"; allow-update {{ key "{1}"; }}; }};\n'.format(zone, key)
        (folder / "named.conf").write_text(text, encoding="utf-8")
        self._key.write_text('key "{0}" {{ algorithm hmac-sha256; secret "{1}"; }};\n'.format(key, secret), encoding="utf-8")
        self._log = folder / "named.log"
        with self._log.open("w", encoding="utf-8") as log:
            # in the foreground, on one processor, so that it is ours to end
            self._process = subprocess.Popen(["named", "-g", "-n", "1", "-c", str(folder / "named.conf")], env=surroundings(),
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _wait(self) -> None:
        end = time.monotonic() + PATIENCE
        while not all(self.look(zone, "SOA") for zone in self._zones):
            if self._process.poll() is not None or time.monotonic() > end:
                raise NameServerError("named did not come up:\n" + self._log.read_text(encoding="utf-8"))
            time.sleep(0.02)

    def __enter__(self) -> NameServer:
        return self

    def __exit__(self, *unused: object) -> None:
        self.stop()

    def stop(self) -> None:
        end(self._process)

    def look(self, name: str, kind: str) -> list[str]:
        """Values, as dig prints them."""
        done = subprocess.run(["dig", "+short", "+time=2", "+tries=1", "-p", str(self.port), "@127.0.0.1", name, kind], env=surroundings(),
                              capture_output=True, text=True, check=False)
        return done.stdout.splitlines() if done.returncode == 0 else []

    def put(self, zone: str, name: str, kind: str, *values: str) -> None:
        """Make these the only values of a name; none removes them."""
        self.update(zone, [dict(name=name, type=kind, values=list(values))])

    def update(self, zone: str, sets: list[dict[str, Any]]) -> None:
        lines = ["server 127.0.0.1 {0}".format(self.port), "zone {0}.".format(zone)]
        for row in sets:
            lines.append("update delete {0}. {1}".format(row["name"], row["type"]))
            for value in row["values"]:
                lines.append("update add {0}. 1 {1} {2}".format(row["name"], row["type"], written(row["type"], value)))
        done = subprocess.run(["nsupdate", "-k", str(self._key)], input="\n".join([*lines, "send", ""]), env=surroundings(),
                              capture_output=True, text=True, check=False)
        if done.returncode:
            raise NameServerError("nsupdate: {0}{1}".format(done.stdout, done.stderr))

    @contextlib.contextmanager
    def door(self, closed: bool = False) -> Any:
        """The URL where the emulated AliDNS reports changes. closed: they are taken, and nothing is done."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
        server.name_server = None if closed else self
        thread = threading.Thread(target=server.serve_forever, kwargs=dict(poll_interval=0.05))
        thread.start()
        try:
            yield "http://127.0.0.1:{0}/".format(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class Door(http.server.BaseHTTPRequestHandler):
    """Takes what tests.emulator.services.alidns.follower tells."""

    def do_POST(self) -> None:
        told, status = json.loads(self.rfile.read(int(self.headers["Content-Length"]))), 200
        if self.server.name_server:
            try:
                self.server.name_server.update(told["zone"], told["sets"])
            except NameServerError:
                status = 500
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *unused: object) -> None:
        """What went wrong is in the answer."""


def written(kind: str, value: str) -> str:
    """A value as a zone file has it."""
    if kind == "TXT":
        return '"{0}"'.format(value.replace("\\", "\\\\").replace('"', '\\"'))
    return value + "." if kind in ("CNAME", "NS") and not value.endswith(".") else value


def free_port() -> int:
    """One that is free for TCP and UDP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            with contextlib.suppress(OSError):
                udp.bind(tcp.getsockname())
                return tcp.getsockname()[1]


def surroundings() -> dict[str, str]:
    return dict(os.environ, PATH=SYSTEM_PATH)


def end(process: subprocess.Popen[Any]) -> None:
    """End a child of ours."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
