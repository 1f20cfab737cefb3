# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An application host: a small web server that treats its certificate as nginx does.

    python -m tests.emulator.apphost --root DIR [--tls-port N] [--http-port N] [--ready-file FILE]
    python -m tests.emulator.apphost --root DIR --test

DIR/tls/fullchain.pem and DIR/tls/privkey.pem are read at start and then only on SIGHUP; a pair that does not fit leaves the
one in use alone. DIR/www is served on both ports. DIR/apphost.pid holds the process id, DIR/log what happened.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import queue
import signal
import sys
from datetime import datetime, timezone

from .dataplane import DataPlane, Endpoint
from .pki import Material, key_matches, parse_material

KEY = "app"


class PairError(Exception):
    """The certificate and key on disk cannot be used; the text says which file and why."""


def read_pair(root: pathlib.Path) -> Material:
    """The pair under root/tls. PairError names the file at fault."""
    chain_path, key_path = root / "tls" / "fullchain.pem", root / "tls" / "privkey.pem"
    texts = {}
    for path in (chain_path, key_path):
        try:
            texts[path] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise PairError("cannot read {0}: {1}".format(path, getattr(exc, "strerror", None) or "not text")) from exc
    try:
        chain = parse_material(texts[chain_path], None)
    except ValueError as exc:
        raise PairError("cannot load certificate {0}: {1}".format(chain_path, exc)) from exc
    try:
        material = parse_material(texts[chain_path], texts[key_path] or "empty")
    except ValueError as exc:
        raise PairError("cannot load certificate key {0}: {1}".format(key_path, exc)) from exc
    if not key_matches(material):
        raise PairError("certificate key {0} does not belong to {1} ({2})".format(key_path, chain_path, chain.common_name))
    return material


class AppHost:
    """The running server. Nothing on disk is looked at again before reload(), except the files under www."""

    def __init__(self, root: pathlib.Path, *, tls_port: int = 0, http_port: int = 0) -> None:
        self.root = root
        self._plane = DataPlane()
        try:
            self.endpoint: Endpoint = self._plane.open(KEY, http=True, port=tls_port, http_port=http_port)
        except OSError:
            self._plane.close()
            raise
        self._serve(None)
        self.reload("start")

    def reload(self, why: str) -> bool:
        """Take over the pair on disk; False (and a line in the log) when it cannot be used."""
        try:
            material = read_pair(self.root)
        except PairError as exc:
            self.log("[emerg] {0}: {1}; serving what was served before".format(why, exc))
            return False
        self._serve(material)
        self.log("[notice] {0}: serving {1} sha256 {2}".format(why, material.common_name, material.fingerprint))
        return True

    def close(self) -> None:
        self._plane.close()
        self.log("[notice] stopped")

    def log(self, text: str) -> None:
        with open(self.root / "log", "a", encoding="utf-8") as stream:
            stream.write("{0} {1}\n".format(datetime.now(timezone.utc).isoformat(timespec="milliseconds"), text))

    def _serve(self, material: Material | None) -> None:
        self._plane.serve(KEY, default=material, files=self._file, page=False)

    def _file(self, path: str) -> bytes | None:
        """What is under www for the path of a request; "/" is index.html, or a line of our own."""
        www = (self.root / "www").resolve()
        wanted = (www / path.lstrip("/")).resolve()
        found = wanted / "index.html" if wanted.is_dir() else wanted
        if wanted.is_relative_to(www) and found.is_file():
            return found.read_bytes()
        return b"app host is up\n" if path == "/" else None


def run(root: pathlib.Path, tls_port: int, http_port: int, ready_file: pathlib.Path | None) -> int:
    """Serve until SIGTERM or SIGINT; SIGHUP reloads."""
    wishes: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: wishes.put(received))
    host = AppHost(root, tls_port=tls_port, http_port=http_port)
    pid_file = root / "apphost.pid"
    pid_file.write_text("{0}\n".format(os.getpid()), encoding="utf-8")
    try:
        where = host.endpoint
        print("app host {0}: https://{1}:{2} http://{1}:{3}".format(root, where.host, where.port, where.http_port), flush=True)
        if ready_file:
            _announce(ready_file, where)
        while wishes.get() == signal.SIGHUP:
            host.reload("reload")
    finally:
        host.close()
        pid_file.unlink(missing_ok=True)
    return 0


def _announce(ready_file: pathlib.Path, where: Endpoint) -> None:
    # Written beside and renamed: whoever waits for the file never reads half of it.
    text = json.dumps({"host": where.host, "tls_port": where.port, "http_port": where.http_port, "pid": os.getpid()})
    draft = ready_file.with_name(ready_file.name + ".part")
    draft.write_text(text + "\n", encoding="utf-8")
    draft.replace(ready_file)


def check(root: pathlib.Path) -> int:
    """As `nginx -t`: 0 when the pair on disk could be served, else 1 and the reason on stderr."""
    try:
        material = read_pair(root)
    except PairError as exc:
        print("apphost: [emerg] {0}".format(exc), file=sys.stderr)
        print("apphost: test of {0} failed".format(root), file=sys.stderr)
        return 1
    print("apphost: {0} sha256 {1}".format(material.common_name, material.fingerprint), file=sys.stderr)
    print("apphost: test of {0} is successful".format(root), file=sys.stderr)
    return 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.emulator.apphost", description="A web server that reloads as nginx does.")
    parser.add_argument("--root", type=pathlib.Path, required=True, help="the host's folder: tls, www, log, apphost.pid")
    parser.add_argument("--tls-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--http-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--ready-file", type=pathlib.Path, help="JSON with the ports and the pid, written when it listens")
    parser.add_argument("--test", action="store_true", help="check the pair on disk and exit")
    options = parser.parse_args(arguments)
    root = options.root.resolve()
    if not root.is_dir():
        parser.error("{0} is not a folder".format(root))
    if options.test:
        return check(root)
    try:
        return run(root, options.tls_port, options.http_port, options.ready_file)
    except OSError as exc:
        print("apphost: [emerg] cannot listen or write: {0}".format(exc), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
