# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pebble, the ACME server that Let's Encrypt made for testing clients: the real protocol, real validation, and a root of its own."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from typing import Any

from tests.support import dns

PACKAGES = "pebble bind9 bind9-dnsutils openssl"
COLLECTION = "community.crypto"


class PebbleError(Exception):
    """It did not come up; the text shows what was said."""


def missing() -> str:
    """Why this machine cannot run ACME for real, in one line; empty if it can."""
    absent = [program for program in ("pebble", *dns.PROGRAMS, "openssl") if not shutil.which(program, path=dns.SYSTEM_PATH)]
    return "needs {0} (Debian packages: {1})".format(", ".join(absent), PACKAGES) if absent else ""


class Pebble:
    """Use it as a context manager.

    folder: must be absent; pair: (chain, key) in PEM that it shows as localhost, with the file of their root; name_server: port on
    loopback; http_port: where it fetches files for http-01; binding: (key id, key in base64url) that accounts have to be bound with;
    variables: PEBBLE_… of the environment, over ours.
    """

    def __init__(self, folder: pathlib.Path, pair: tuple[str, str], ca_path: str, name_server: int, *, http_port: int = 1,
                 binding: tuple[str, str] | None = None, **variables: str) -> None:
        folder.mkdir(mode=0o700)
        self.ca_path, self.port, self._management = ca_path, dns.free_port(), dns.free_port()
        self.directory = "https://localhost:{0}/dir".format(self.port)
        self.log = folder / "pebble.log"
        for name, text in zip(("chain.pem", "key.pem"), pair):
            (folder / name).touch(mode=0o600)
            (folder / name).write_text(text, encoding="utf-8")
        config = dict(
            listenAddress="127.0.0.1:{0}".format(self.port), managementListenAddress="127.0.0.1:{0}".format(self._management),
            certificate=str(folder / "chain.pem"), privateKey=str(folder / "key.pem"), httpPort=http_port, tlsPort=1,
            certificateValidityPeriod=90 * 86400, externalAccountBindingRequired=bool(binding),
            externalAccountMACKeys=dict([binding] if binding else []))
        (folder / "config.json").write_text(json.dumps({"pebble": config}), encoding="utf-8")
        # each order is validated anew if nothing else is said; nonces are refused now and then, as by default
        env = {**os.environ, "PATH": dns.SYSTEM_PATH, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_AUTHZREUSE": "0", **variables}
        with self.log.open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                ["pebble", "-config", str(folder / "config.json"), "-dnsserver", "127.0.0.1:{0}".format(name_server), "-strict"],
                env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _wait(self) -> None:
        end = time.monotonic() + dns.PATIENCE
        while True:
            try:
                self._get(self.port, "/dir")
                self.root()
                return
            except (OSError, urllib.error.URLError) as exc:
                if self._process.poll() is not None or time.monotonic() > end:
                    raise PebbleError("pebble did not come up: {0}\n{1}".format(exc, self.log.read_text(encoding="utf-8"))) from exc
                time.sleep(0.05)

    def __enter__(self) -> Pebble:
        return self

    def __exit__(self, *unused: object) -> None:
        self.stop()

    def stop(self) -> None:
        dns.end(self._process)

    def root(self, number: int = 0) -> str:
        """A root in PEM that its certificates lead to; others than the first with PEBBLE_ALTERNATE_ROOTS."""
        return self._get(self._management, "/roots/{0}".format(number))

    def _get(self, port: int, path: str) -> str:
        context: Any = ssl.create_default_context(cafile=self.ca_path)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
        with opener.open("https://localhost:{0}{1}".format(port, path), timeout=10) as answer:
            return answer.read().decode()

    def orders(self) -> int:
        """How many it has taken. Refused requests do not count."""
        return self._said('Added order "')

    def accounts(self) -> int:
        return self._said("accounts in memory")

    def issued(self) -> int:
        return self._said("Issued certificate serial")

    def validated(self) -> int:
        """How many names, each time."""
        return self._said("set VALID by completed challenge")

    def _said(self, words: str) -> int:
        return self.log.read_text(encoding="utf-8").count(words)


if __name__ == "__main__":
    print(missing())  # what the session e2e_acme of noxfile.py asks
