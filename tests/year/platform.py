# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The platform that a year passes on: the embedded cloud, an application host, and two processes on the moved clock, which run the
modules and look at the endpoints. Everything is a child process; the cloud's own clock moves in step with the others'.
"""

from __future__ import annotations

import contextlib
import datetime
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from typing import Any
from urllib.parse import urlsplit

from tests.e2e.stage import ROOT, Child, environment
from tests.emulator.scenarios import year
from tests.emulator.scenarios.demo import NAMES
from tests.support.clock import Clock

DAY = 86400
QUICK = 60  # by how much waiting for the cloud is shortened; the cloud itself waits for nothing
PATIENCE = 60  # seconds for a child to answer; the machine may be busy
APP, AIREC = "app host app.example.com", "airec " + year.AIREC_DOMAIN


class Killed(Exception):
    """The process that ran a module has killed itself, as it was told to."""


class Lines:
    """A child process on the moved clock that answers each line of JSON with another one."""

    def __init__(self, name: str, folder: pathlib.Path, clock: Clock, module: str, *arguments: str) -> None:
        with (folder / (name + ".log")).open("a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments], cwd=ROOT, env=clock.environment(environment(), QUICK), text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)

    def ask(self, data: Any) -> Any:
        """Killed when the process ends instead of answering."""
        try:
            self.process.stdin.write(json.dumps(data) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise Killed("the process ended with {0}".format(self.process.wait(PATIENCE)))
        return json.loads(answer)

    def stop(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Platform:
    """Use it as a context manager. folder: where everything is written; it must be absent, and only ours."""

    def __init__(self, folder: pathlib.Path, seed: int) -> None:
        folder.mkdir(parents=True, mode=0o700)
        self.folder, self.clock = folder, Clock(folder)
        self.keys: list[str] = []  # the private keys that were handed out, to be looked for afterwards
        self.written: set[tuple[str, str]] = set()  # (product, action) of what a rollout writes
        self.issued: dict[str, datetime.datetime] = {}  # SHA-256 -> end of validity, of all certificates that were handed out
        with contextlib.ExitStack() as undo:
            self.cloud = self._child(undo, "emulator", "tests.emulator", "--scenario", "year", "--calm", "--seed", str(seed),
                                     "--state-dir", str(folder / "cloud"))
            self._pairs(undo)
            self.witness = Lines("witness", folder, self.clock, "tests.year.witness", self.cloud["ca_path"])
            undo.callback(self.witness.stop)
            self._worker: Lines | None = None
            undo.callback(self._dismiss)
            self.writes = [row["action"] for row in self.control("GET", "/provenance")["actions"] if row["writes"]]
            self.dies_at: list[Any] | None = None  # told with the next call: which write the process does not survive, counted from there
            self._undo = undo.pop_all()

    def __enter__(self) -> Platform:
        return self

    def __exit__(self, *unused: object) -> None:
        self._undo.close()

    def _child(self, undo: contextlib.ExitStack, name: str, *arguments: str) -> dict[str, Any]:
        child = Child(name, self.folder, *arguments)
        undo.callback(child.stop)
        return child.ready

    def _pairs(self, undo: contextlib.ExitStack) -> None:
        """The folder of pairs, as role certificate keeps it, with the first one; the application host has that, too."""
        self.app_root = self.folder / "app"
        for name in ("tls", "www"):
            (self.app_root / name).mkdir(parents=True)
        self.pairs = self.folder / "pairs"
        self.pairs.mkdir(mode=0o700)
        self.install(self.issue(starts_in=-DAY * (year.AGE - 2)))
        self.app = self._child(undo, "apphost", "tests.emulator.apphost", "--root", str(self.app_root))

    def _dismiss(self) -> None:
        if self._worker:
            self._worker.stop()
            self._worker = None

    # The cloud, and time.

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the emulator's control port."""
        with contextlib.closing(http.client.HTTPConnection(urlsplit(self.cloud["control"]).netloc, timeout=PATIENCE)) as line:
            line.request(method, path, None if body is None else json.dumps(body).encode())
            answer = line.getresponse()
            data = json.loads(answer.read())
        if answer.status != 200:
            raise ValueError("{0} {1}: {2}".format(method, path, data))
        return data

    def advance(self, seconds: int = DAY) -> None:
        """All clocks."""
        self.control("POST", "/clock", dict(advance=seconds))
        self.clock.advance(seconds)

    def now(self) -> datetime.datetime:
        return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.clock.offset)

    def state(self) -> dict[str, Any]:
        return self.control("GET", "/state")

    def journal(self) -> list[dict[str, Any]]:
        """The writing calls that were carried out since it was emptied."""
        return [entry for entry in self.control("GET", "/journal?writes=1")["entries"] if entry["committed"]]

    def forget(self) -> None:
        self.control("DELETE", "/journal")

    # Certificates and their keys.

    def issue(self, starts_in: int = -3600) -> pathlib.Path:
        """A certificate of the cloud's authority, valid from so many seconds from now on, with its key in a folder of pairs/: that."""
        order = dict(names=NAMES, days=year.LIFE, key="ec", starts_in=starts_in)
        made = self.control("POST", "/pki/issue", order)
        folder = self.pairs / made["fingerprint"][:16]
        folder.mkdir(mode=0o700)
        (folder / "fullchain.pem").write_text(made["certificate"], encoding="utf-8")
        key = folder / "privkey.pem"
        key.touch(mode=0o600)
        key.write_text(made["private_key"], encoding="utf-8")
        self.keys.append(made["private_key"])
        self.issued[made["fingerprint"]] = datetime.datetime.fromisoformat(made["not_after"])
        return folder

    def install(self, pair: pathlib.Path) -> None:
        """On the application host, which has to be told to read it."""
        self.installed = pair
        for name in ("fullchain.pem", "privkey.pem"):
            draft = self.app_root / "tls" / (name + ".part")
            draft.touch(mode=0o600)
            draft.write_text((pair / name).read_text(encoding="utf-8"), encoding="utf-8")
            draft.replace(self.app_root / "tls" / name)

    def reload(self) -> None:
        """Let the application host read its pair; back when it has."""
        log, before = self.app_root / "log", (self.app_root / "log").stat().st_size
        os.kill(self.app["pid"], signal.SIGHUP)
        end = time.monotonic() + PATIENCE
        while log.stat().st_size == before and time.monotonic() < end:
            time.sleep(0.002)

    # The modules, and who looks at their work.

    def module(self, name: str, /, **params: Any) -> dict[str, Any]:
        """The module's result, `failed` always in it. Killed when the process was told to die on the way."""
        self._worker = self._worker or Lines("worker", self.folder, self.clock, "tests.year.worker")
        fate, self.dies_at = self.dies_at, None
        try:
            return self._worker.ask(dict(module=name, params=params, writes=self.writes, **(dict(dies_at=fate) if fate else {})))
        except Killed:
            self._worker.stop()
            self._worker = None
            raise

    def spare(self) -> None:
        """Who has not died tonight lives on."""
        self.dies_at = [0, ""]

    def connection(self) -> dict[str, Any]:
        cloud = self.cloud
        return dict(access_key_id=cloud["access_key_id"], access_key_secret=cloud["access_key_secret"], endpoints=cloud["endpoints"],
                    api_ca_path=cloud["ca_path"], connect_timeout=10, read_timeout=10, api_timeout=2.5)

    def look(self) -> dict[str, tuple[str, str]]:
        """label -> (SHA-256 of what is served, what is wrong with it or "")."""
        return {label: tuple(seen) for label, seen in self.witness.ask(self.endpoints() + self.bystanders()).items()}

    def resources(self) -> list[dict[str, Any]]:
        """What has the shop's certificate, in the words of cas_deploy, with its endpoints."""
        found = []
        for service, region, instance, port in year.listeners():
            place = self.cloud["data_plane"]["{0}/{1}/{2}".format(service, instance, port)]
            found.append(dict(
                service=service, region=region, instance=instance, listener_port=port, slot="default",
                endpoints=[_at(place, year.NAMES[service], "{0}:{1}".format(instance, port))]))
        for service, domain in year.domains():
            found.append(dict(service=service, domain=domain, endpoints=[
                _at(self.cloud["data_plane"][service], domain, "{0} {1}".format(service, domain))]))
        return found

    def endpoints(self) -> list[dict[str, Any]]:
        """All that have to serve the shop's certificate."""
        edge = [endpoint for resource in self.resources() for endpoint in resource["endpoints"]]
        return edge + [self.app_endpoint(), self.airec_endpoint()]

    def app_endpoint(self) -> dict[str, Any]:
        return dict(name="app.example.com", address=self.app["host"], port=self.app["tls_port"], label=APP)

    def airec_endpoint(self) -> dict[str, Any]:
        return _at(self.cloud["data_plane"]["airec/" + year.REGIONS[0]], year.AIREC_DOMAIN, AIREC)

    def bystanders(self) -> list[dict[str, Any]]:
        """Endpoints that serve certificates of others, or of another series."""
        plane = self.cloud["data_plane"]
        return [_at(plane["slb/lb-year01/443"], year.ADMIN, "slb " + year.ADMIN), _at(plane["cdn"], year.PRESS, "cdn " + year.PRESS),
                _at(plane["alb/alb-year01/8443"], year.ADMIN, "alb " + year.ADMIN)]


def _at(place: dict[str, Any], name: str, label: str) -> dict[str, Any]:
    return dict(name=name, address=place["host"], port=place["port"], label=label)
