# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real TLS endpoints on loopback, each serving exactly the certificate that the control plane has bound.

One thread runs one asyncio loop for all endpoints; what a handshake gets is decided when its ClientHello has come.
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import http
import re
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Union

from . import wire
from .pki import Material

HOST = "127.0.0.1"
PATIENCE = 15.0  # seconds a client may take to finish the handshake, and again to send its request

Files = Union[Mapping[str, Union[str, bytes]], Callable[[str], Union[bytes, None]]]
Redirect = Union[bool, "set[str]", "frozenset[str]", Mapping[str, Union[int, None]]]


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """Where an endpoint listens."""

    host: str
    port: int
    http_port: int | None


@dataclasses.dataclass(frozen=True)
class _Serving:
    """What an endpoint serves, as one value: replaced whole, so that no handshake sees half a change."""

    default: Material | None = None
    sni: Mapping[str, Material] = dataclasses.field(default_factory=dict)
    alternatives: Mapping[str, Material] = dataclasses.field(default_factory=dict)
    redirect: Redirect = False
    files: Files = dataclasses.field(default_factory=dict)
    page: bool = True
    hsts: Mapping[str, str] = dataclasses.field(default_factory=dict)
    tls_minimum: Mapping[str, str] = dataclasses.field(default_factory=dict)
    https_port: int = 443
    status: int | None = None

    def certificates(self) -> tuple[Material | None, dict[str, Material], dict[str, Material]]:
        return self.default, dict(self.sni), dict(self.alternatives)

    def certificates_for(self, name: str | None) -> tuple[Material, ...]:
        """One, or one of each kind of key, of which OpenSSL takes what the client can use; none if the name is not known."""
        known = match_name(self.sni, name) or ""
        found = self.sni.get(known, self.default), self.alternatives.get(known)
        return tuple(material for material in found if material)

    def redirects(self, host: str) -> bool:
        return self.redirect if isinstance(self.redirect, bool) else "" in self.redirect or match_name(self.redirect, host) is not None

    def redirect_status(self, host: str, method: str) -> int:
        """As the redirect says, or if it does not, what keeps the method."""
        said = self.redirect.get(match_name(self.redirect, host) or "") if isinstance(self.redirect, Mapping) else self.status
        return said or (301 if method in ("GET", "HEAD") else 308)

    def minimum(self, name: str | None) -> str:
        return self.tls_minimum.get(match_name(self.tls_minimum, name) or "", self.tls_minimum.get("", wire.MINIMUM))

    def file(self, path: str) -> bytes | None:
        found = self.files(path) if callable(self.files) else self.files.get(path)
        return found.encode() if isinstance(found, str) else found


@dataclasses.dataclass(frozen=True)
class _Fault:
    kind: str
    handshakes: int = 0
    seconds: float = 0.0

    @classmethod
    def parse(cls, text: str) -> _Fault:
        if text in ("stall", "refuse", "old", "previous"):
            return cls(text)
        match = re.fullmatch(r"propagation:(?:(\d+)|(\d+(?:\.\d+)?)s)", text)
        if match:
            return cls("propagation", int(match.group(1) or 0), float(match.group(2) or 0))
        raise ValueError("unknown fault {0!r}: stall, refuse, old, previous, propagation:<handshakes> "
                         "or propagation:<seconds>s".format(text))


class _Slot:
    """One endpoint: its sockets, what it serves, what it pretends to serve."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.port = 0
        self.http_port: int | None = None
        self.servers: dict[str, asyncio.AbstractServer] = {}
        self.reserved: socket.socket | None = None  # keeps the port while connections are refused
        self.live = self.previous = _Serving()
        self.fault: _Fault | None = None
        self.handshakes = 0
        self._shown: _Serving | None = None  # what the wire shows instead of `live`
        self._left = 0
        self._until: datetime | None = None

    def put(self, serving: _Serving, now: datetime) -> None:
        if serving.certificates() != self.live.certificates():
            if self.fault and self.fault.kind == "propagation":
                self._shown = self._shown or self.live
                self._left = self.fault.handshakes
                self._until = now + timedelta(seconds=self.fault.seconds) if self.fault.seconds else None
            self.previous = self.live
        self.live = serving

    def set_fault(self, fault: _Fault | None) -> None:
        self.fault, self._left, self._until = fault, 0, None
        self._shown = {"old": self.live, "previous": self.previous}.get(fault.kind) if fault else None

    def next_handshake(self, now: datetime) -> _Serving:
        """What this handshake is shown; counts it."""
        self.handshakes += 1
        if self.fault and self.fault.kind == "propagation" and self._shown:
            if self._left > 0:
                self._left -= 1
            elif self._until is None or now >= self._until:
                self._shown = None
        return self._shown or self.live


class DataPlane:
    """All endpoints of the emulated cloud. Safe to call from any thread."""

    def __init__(self, clock: Any = None) -> None:
        """`clock` has now() -> aware datetime; without one the real clock counts."""
        self._now = clock.now if clock else lambda: datetime.now(timezone.utc)
        self._slots: dict[str, _Slot] = {}
        self._admin = threading.RLock()  # one opens, shuts or breaks sockets at a time; held while waiting for the loop
        self._lock = threading.RLock()  # guards the slots; the loop takes it too, so nobody waits for the loop while holding it
        self._connections: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="data-plane", daemon=True)
        self._thread.start()

    def open(self, key: str, *, http: bool = False, port: int = 0, http_port: int = 0) -> Endpoint:
        """Listen for `key`; asking again gives the same endpoint (and adds the plain-HTTP port if wanted now).

        Port 0 takes a free one; a fixed port counts only for the first call. OSError when it is taken.
        """
        with self._admin:
            slot = self._slots.get(key) or _Slot(key)
            if not slot.port:
                slot.port = self._run(self._listen(slot, "tls", _bind(port)))
            if http and slot.http_port is None:
                slot.http_port = self._run(self._listen(slot, "http", _bind(http_port)))
            with self._lock:
                self._slots[key] = slot
            return Endpoint(HOST, slot.port, slot.http_port)

    def serve(self, key: str, *, default: Material | None, sni: Mapping[str, Material] | None = None,
              alternatives: Mapping[str, Material] | None = None, redirect: Redirect = False, files: Files | None = None,
              page: bool = True, hsts: Mapping[str, str] | None = None,
              tls_minimum: str | Mapping[str, str] | None = None, https_port: int = 443, redirect_status: int | None = None) -> None:
        """Swap what an open endpoint serves; handshakes under way finish with what they began with.

        sni       name -> certificate; "*.example.com" stands for one label, ".example.com" for any number
        alternatives     name of sni ("": the default one) -> a second certificate, with a key of the other kind
        redirect  hosts whose plain-HTTP requests are sent to https, or True for all; a mapping gives each its status ("": any other host)
        files     path -> content, or a function; answered on both ports, before any redirect
        page      whether other paths get the endpoint's own page (else 404)
        hsts      host -> value of the header Strict-Transport-Security in answers over TLS
        tls_minimum      the lowest version of TLS, "1.0" to "1.3": of the endpoint, or name -> version ("": of all other names)
        https_port       where a redirect leads; redirect_status: with which status, if redirect does not say it
        ValueError when a chain cannot be served with its key; the endpoint then stays as it was. KeyError when not open.
        """
        serving = _Serving(
            default, _lower(sni or {}), _lower(alternatives or {}),
            _lower(redirect) if isinstance(redirect, Mapping) else redirect if isinstance(redirect, bool) else frozenset(
                name.lower() for name in redirect), files if callable(files) else dict(files or {}), page,
            _lower(hsts or {}), {"": tls_minimum} if isinstance(tls_minimum, str) else _lower(tls_minimum or {}), https_port,
            redirect_status)
        unknown = set(serving.tls_minimum.values()) - set(wire.VERSIONS)
        if unknown:
            raise ValueError("unknown versions of TLS: {0}".format(", ".join(sorted(unknown))))
        for material in [serving.default, *serving.sni.values(), *serving.alternatives.values()]:
            if material:
                wire.context_for(material)
        with self._lock:
            self._slots[key].put(serving, self._now())

    def shut(self, key: str) -> None:
        """Stop listening for `key` (nothing happens when it is not open)."""
        with self._admin:
            with self._lock:
                slot = self._slots.pop(key, None)
            if slot:
                self._run(self._unlisten(slot))

    def reset(self) -> None:
        """Shut every endpoint."""
        with self._admin:
            for key in list(self._slots):
                self.shut(key)

    def endpoints(self) -> dict[str, dict[str, Any]]:
        with self._lock:
            return {key: {"host": HOST, "port": slot.port, "http_port": slot.http_port} for key, slot in sorted(self._slots.items())}

    def handshakes(self) -> dict[str, int]:
        """How often each endpoint was asked for a certificate (refused and stalled connections do not count)."""
        with self._lock:
            return {key: slot.handshakes for key, slot in sorted(self._slots.items())}

    def serving(self, key: str) -> dict[str, Any]:
        """What the control plane last bound, as fingerprints: {"default", "sni": {name: …}, "redirect", "hsts", "tls_minimum", "fault"}.

        With certificates of the other kind of key, there is "alternatives": {name: …}, too. tls_minimum has "" for the names that have
        none of their own, if that is not the usual one.
        """
        with self._lock:
            slot = self._slots[key]
            live = slot.live
            return {"default": live.default.fingerprint if live.default else None,
                    "sni": {name: material.fingerprint for name, material in sorted(live.sni.items())},
                    **({"alternatives": {name: material.fingerprint for name, material in sorted(live.alternatives.items())}}
                       if live.alternatives else {}),
                    "redirect": live.redirect if isinstance(live.redirect, bool) else sorted(live.redirect),
                    "hsts": dict(sorted(live.hsts.items())), "tls_minimum": dict(sorted(live.tls_minimum.items())),
                    "fault": dataclasses.asdict(slot.fault) if slot.fault else None}

    def fault(self, key: str, kind: str | None) -> None:
        """Make an endpoint misbehave on its TLS port; None makes it well again. KeyError when not open.

        stall              accepts and never answers
        refuse             connection refused
        old                shows what it serves now, whatever is bound later: the wire lies
        previous           shows what it served before the last change
        propagation:<n>    after each change, n handshakes still see what was shown before; propagation:<t>s for t seconds
        """
        fault = _Fault.parse(kind) if kind else None
        with self._admin:
            with self._lock:
                slot = self._slots[key]
                slot.set_fault(fault)
            self._run(self._refuse(slot) if fault and fault.kind == "refuse" else self._accept(slot))

    def close(self) -> None:
        """Shut everything and end the thread. Calling it again does nothing."""
        if self._loop.is_closed():
            return
        self.reset()
        self._run(self._hang_up())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    async def _listen(self, slot: _Slot, kind: str, listener: socket.socket) -> int:
        answer = self._answer_tls if kind == "tls" else self._answer_http
        slot.servers[kind] = await asyncio.start_server(functools.partial(self._connection, answer, slot), sock=listener, backlog=256)
        return listener.getsockname()[1]

    async def _unlisten(self, slot: _Slot) -> None:
        for server in slot.servers.values():
            server.close()
        slot.servers.clear()
        if slot.reserved:
            slot.reserved.close()

    async def _refuse(self, slot: _Slot) -> None:
        # Bound but not listening: connections are refused, and nobody else can get the port.
        if "tls" in slot.servers:
            slot.servers.pop("tls").close()
            await asyncio.sleep(0)
            slot.reserved = _bind(slot.port)

    async def _accept(self, slot: _Slot) -> None:
        if slot.reserved:
            listener, slot.reserved = slot.reserved, None
            await self._listen(slot, "tls", listener)

    async def _hang_up(self) -> None:
        tasks = list(self._connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connection(self, answer: Callable[..., Coroutine[Any, Any, None]], slot: _Slot, reader: asyncio.StreamReader,
                          writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._connections.add(task)
        try:
            await answer(slot, reader, writer)
        except (OSError, EOFError, asyncio.TimeoutError, asyncio.LimitOverrunError, asyncio.CancelledError):
            # The client went away, was too slow, or did not like what it saw: its own business. (ssl.SSLError is an OSError.)
            writer.transport.abort()
        finally:
            writer.close()
            self._connections.discard(task)

    async def _answer_tls(self, slot: _Slot, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if slot.fault and slot.fault.kind == "stall":
            while await reader.read(4096):
                continue
            return
        tls = wire.TlsStream(reader, writer)
        await asyncio.wait_for(tls.handshake(functools.partial(self._hello_context, slot)), PATIENCE)
        head = await asyncio.wait_for(tls.read_head(), PATIENCE)
        if head:
            await tls.send(_reply(slot, head, secure=True))
        await tls.finish()

    async def _answer_http(self, slot: _Slot, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
        writer.write(_reply(slot, head, secure=False))
        await writer.drain()

    def _hello_context(self, slot: _Slot, server_name: str | None) -> ssl.SSLContext:
        # A fresh context for each connection: TLS 1.2 sessions live in the first context, and must not outlive a swap. What
        # decides about versions is this context; OpenSSL has chosen one before it asks for the certificate of the name.
        minimum = slot.live.minimum(server_name)
        context = wire.bare_context(minimum)

        def choose(connection: ssl.SSLObject, name: str | None, _context_of_hello: ssl.SSLContext) -> int | None:
            with self._lock:
                materials = slot.next_handshake(self._now()).certificates_for(name)
            if not materials:
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            connection.context = wire.context_for(*materials, minimum=minimum)
            return None

        context.sni_callback = choose
        return context


def match_name(names: Any, name: str | None) -> str | None:
    """The most exact of `names` that stands for the host: itself, "*.parent", or the longest ".suffix"."""
    host = (name or "").lower().rstrip(".")
    labels = host.split(".")
    candidates = [host, "*." + ".".join(labels[1:]), *("." + ".".join(labels[start:]) for start in range(1, len(labels)))]
    return next((candidate for candidate in candidates if host and candidate in names), None)


def _lower(named: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in named.items()}


def _bind(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    return listener


def _reply(slot: _Slot, head: bytes, *, secure: bool) -> bytes:
    """One small HTTP/1.1 response to a request's head."""
    lines = head.decode("latin-1").split("\r\n")
    method, _space, rest = lines[0].partition(" ")
    target = rest.partition(" ")[0]
    path = target.partition("?")[0]
    headers = {name.strip().lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines[1:])}
    host = re.sub(r":\d+$", "", headers.get("host", ""))
    serving = slot.live
    content = serving.file(path)
    hsts = serving.hsts.get(match_name(serving.hsts, host) or "") if secure else None
    extra = "Strict-Transport-Security: {0}\r\n".format(hsts) if hsts else ""
    if content is not None:
        return wire.response("200 OK", content, method, extra)
    if not secure and serving.redirects(host):
        port = "" if serving.https_port == 443 else ":{0}".format(serving.https_port)
        status = http.HTTPStatus(serving.redirect_status(host, method))
        return wire.response("{0.value} {0.phrase}".format(status), b"", method, "Location: https://{0}{1}{2}\r\n".format(
            host, port, target))
    if not serving.page:
        return wire.response("404 Not Found", b"not found\n", method, extra)
    text = "endpoint: {0}\nscheme: {1}\nhost: {2}\n".format(slot.key, "https" if secure else "http", host)
    return wire.response("200 OK", text.encode(), method, extra)
