# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of it in one process: one account's cloud, an HTTPS port for each product's API, the control port, the data plane."""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import pathlib
import tempfile
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from . import control, pki, scenarios, wire
from .auth import Key, Keyring, random_text
from .dataplane import DataPlane, Endpoint
from .gateway import Gateway
from .products import products
from .server import HOST, Server
from .services import REGIONAL, SERVICES
from .services.calls import HOME
from .state import Clock, Cloud, Settings

PORTS = tuple(SERVICES)  # with a fixed port, the first is it and the others follow, then those of the regions


class EmulatorError(Exception):
    """The emulator cannot start; the text is one line that says why."""


class StickyPlane(DataPlane):
    """Endpoints that come back after a reset come back on the ports they had, if these are still free."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._known: dict[str, dict[str, Any]] = {}

    def reset(self) -> None:
        self._known.update(self.endpoints())
        super().reset()

    def open(self, key: str, *, http: bool = False, port: int = 0, http_port: int = 0) -> Endpoint:
        known = self._known.get(key, {})
        where = self._open(key, False, port=port or known.get("port", 0))
        return self._open(key, True, http_port=http_port or known.get("http_port") or 0) if http else where

    def _open(self, key: str, http: bool, **wanted: int) -> Endpoint:
        try:
            return super().open(key, http=http, **wanted)
        except OSError:
            return super().open(key, http=http)


class Emulator:
    """Runs from its making until close(). EmulatorError when it cannot.

    folder    keeps the certificate authority and the credentials, so that the next one with it has the same
    settings  nuisances by name, over what `calm` says
    """

    def __init__(self, folder: pathlib.Path, *, scenario: str = "empty", seed: int = 1, calm: bool = False, site: str = "china",
                 settings: Mapping[str, Any] | None = None, port: int = 0, control_port: int = 0) -> None:
        self.folder, self.scenario, self.seed, self.calm, self.site = folder, scenario, seed, calm, site
        self._settings = dict(settings or {})
        self._files: dict[str, dict[str, str]] = {}
        self._files_lock, self._regions_lock = threading.Lock(), threading.Lock()
        self.clock = Clock()
        self.authority, credentials = _kept(folder, self.clock)
        self.ca_path = str(folder / "ca.pem")
        self.access_key_id, self.access_key_secret = credentials["access_key_id"], credentials["access_key_secret"]
        self.airec_token = credentials["airec_token"]
        self.gateway = Gateway(products(), self.clock)
        with contextlib.ExitStack() as undo:
            self.dataplane = StickyPlane(self.clock)
            undo.callback(self.dataplane.close)
            undo.callback(self.gateway.close)
            self.reset()
            self._servers = self._listen(undo, port)
            self._open_regions(undo, port)
            self._control = _serve(undo, control.Control(self).answer, control_port)
            self._undo = undo.pop_all()

    def _listen(self, undo: contextlib.ExitStack, port: int) -> dict[str, Server]:
        self._context = wire.context_for(self.authority.issue(["localhost", HOST], days=800, key="ec"))
        return {name: _serve(undo, self.gateway.answerer(name, HOME if name in REGIONAL else ""), port and port + number, self._context)
                for number, name in enumerate(PORTS)}

    def _open_regions(self, undo: contextlib.ExitStack, port: int = 0) -> None:
        """A port for each region with load balancers ("alb/cn-shanghai"), which stays, whatever comes after a reset."""
        with self._regions_lock:
            servers, free = dict(self._servers), itertools.count(port + len(PORTS))
            for name, region in [(product, region) for product in REGIONAL for region in getattr(self.cloud, product).regions()]:
                key = "{0}/{1}".format(name, region)
                if key not in servers:
                    servers[key] = servers[name] if region == HOME else _serve(
                        undo, self.gateway.answerer(name, region), port and next(free), self._context)
            self._servers = servers

    def close(self) -> None:
        self._undo.close()

    # What tests and the control port use.

    @property
    def cloud(self) -> Cloud:
        """The account's state; hold its lock while looking at what a call may change."""
        return self.gateway.cloud

    @property
    def endpoints(self) -> dict[str, str]:
        """URLs by product, and for products that are regional by product/region, too. One without a region is that of HOME."""
        self._open_regions(self._undo)  # for regions that have come since the start
        return {name: server.url for name, server in self._servers.items()}

    @property
    def control_url(self) -> str:
        return self._control.url

    @property
    def data_plane(self) -> dict[str, dict[str, Any]]:
        return self.dataplane.endpoints()

    @property
    def files(self) -> dict[str, str]:
        """The scenario's files, written when they are first asked for."""
        with self._files_lock:
            if self.scenario not in self._files:
                self._files[self.scenario] = scenarios.get(self.scenario).files(self.cloud, self.folder / "files")
            return dict(self._files[self.scenario])

    def journal(self, writes: bool | None = None) -> list[dict[str, Any]]:
        return self.gateway.journal.entries(writes)

    def forget(self) -> None:
        """Empty the journal."""
        self.gateway.journal.clear()

    def fault(self, **spec: Any) -> Any:
        """Order trouble: see faults. The Fault that comes back counts how often it has fired."""
        return self.gateway.faults.add(spec)

    def key(self, **wanted: Any) -> Key:
        """Another access key: deny (patterns of RAM actions), enabled, seconds (then it is temporary, with a security token)."""
        return self.gateway.keys.add(**wanted)

    def reset(self, scenario: str | None = None, seed: int | None = None, calm: bool | None = None) -> None:
        """As it was at the start, or with another scenario, seed or calm from now on. KeyError for an unknown scenario.

        The API's ports, the CA and the account's own credentials stay; other keys, faults, the journal and what the clock was
        moved by are gone.
        """
        story = scenarios.get(self.scenario if scenario is None else scenario)
        self.scenario, self.seed = scenario or self.scenario, self.seed if seed is None else seed
        self.calm = self.calm if calm is None else calm
        keys = Keyring(self.clock)
        keys.add(access_key_id=self.access_key_id, access_key_secret=self.access_key_secret)
        self.gateway.reset(lambda: self._new_cloud(story, keys), keys, self.seed)

    def _new_cloud(self, story: Any, keys: Keyring) -> Cloud:
        self.clock.reset()
        self.dataplane.reset()
        cloud = Cloud(self.authority, self.dataplane, self.clock, seed=self.seed, calm=self.calm, site=self.site)
        cloud.setting.update(self._settings)
        cloud.sts.keys = keys
        story.seed(cloud)
        cloud.airec.add_token(self.airec_token)
        return cloud


@contextlib.contextmanager
def running(scenario: str = "empty", calm: bool = True, tmp_path: pathlib.Path | None = None, *, seed: int = 1, site: str = "china",
            **settings: Any) -> Iterator[Emulator]:
    """An emulator for a test, in this process. tmp_path: where its folder is made; settings: single nuisances by name."""
    with contextlib.ExitStack() as stack:
        parent = tmp_path or pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="emulator-")))
        emulator = Emulator(parent / "emulator", scenario=scenario, calm=calm, seed=seed, site=site, settings=settings)
        stack.callback(emulator.close)
        yield emulator


def check_settings(chosen: Mapping[str, Any]) -> None:
    """ValueError for settings that do not exist or have another type."""
    Settings(False, **chosen)


def _serve(undo: contextlib.ExitStack, answer: Any, port: int, context: Any = None) -> Server:
    try:
        server = Server(answer, port, context)
    except (OSError, OverflowError) as exc:  # the latter for a port beyond the last one
        why = "it is taken" if getattr(exc, "errno", None) == errno.EADDRINUSE else getattr(exc, "strerror", None) or str(exc)
        raise EmulatorError("cannot listen on {0}:{1}: {2}".format(HOST, port, why)) from exc
    undo.callback(server.close)
    return server


def _kept(folder: pathlib.Path, clock: Clock) -> tuple[pki.Authority, dict[str, str]]:
    """The authority and the credentials of the folder, made on first use."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _authority(folder, clock), _credentials(folder / "credentials.json")
    except OSError as exc:
        raise EmulatorError("cannot use the folder {0}: {1}".format(folder, exc.strerror or exc)) from exc
    except (ValueError, KeyError, TypeError) as exc:
        raise EmulatorError("the folder {0} holds a certificate authority or credentials that cannot be read; empty it and start "
                            "again".format(folder)) from exc


def _authority(folder: pathlib.Path, clock: Clock) -> pki.Authority:
    if (folder / "ca.pem").exists():
        return pki.Authority.load(folder, clock.now)
    authority = pki.Authority.create(clock.now)
    authority.save(folder)
    return authority


def _credentials(path: pathlib.Path) -> dict[str, str]:
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
        return {name: str(found[name]) for name in ("access_key_id", "access_key_secret", "airec_token")}
    made = {"access_key_id": "LTAI5t" + random_text(18), "access_key_secret": random_text(30), "airec_token": random_text(40)}
    pki.write_private(path, json.dumps(made, indent=1) + "\n")
    return made
