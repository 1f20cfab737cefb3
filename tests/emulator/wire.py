# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the data plane puts on a connection: TLS contexts, TLS records over asyncio streams, HTTP responses.

The TLS records go through memory BIOs instead of asyncio's own TLS, because that drops the alert of a refused handshake,
and a probe must see the alert that a real edge sends.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import ssl
import tempfile
from collections.abc import Callable
from typing import Any

from .hello import IncompleteHello, server_name
from .pki import Material

MINIMUM = "1.2"  # of TLS, where nothing else is said
VERSIONS = {"1.0": ssl.TLSVersion.MINIMUM_SUPPORTED, "1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2,
            "1.3": ssl.TLSVersion.TLSv1_3}
MAX_REQUEST = 16384  # bytes of request line and headers


class TlsStream:
    """The server side of one TLS connection over asyncio streams; alerts are always sent."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()

    async def handshake(self, context_of: Callable[[str | None], ssl.SSLContext]) -> None:
        """context_of(server name) is asked when the ClientHello has come."""
        hello, name = b"", None
        while True:
            data = await self._reader.read(16384)
            if not data:
                raise EOFError("the client hung up")
            hello += data
            with contextlib.suppress(IncompleteHello):
                name = server_name(hello)
                break
        self._incoming.write(hello)
        self._tls = context_of(name).wrap_bio(self._incoming, self._outgoing, server_side=True)
        await self._drive(self._tls.do_handshake)

    async def read_head(self) -> bytes:
        """Request line and headers; b"" when the client left without asking."""
        head = b""
        while b"\r\n\r\n" not in head:
            chunk = await self._drive(self._tls.read, 4096)
            if not chunk:
                return b""
            head += chunk
            if len(head) > MAX_REQUEST:
                raise EOFError("request too large")
        return head

    async def send(self, data: bytes) -> None:
        await self._drive(self._tls.write, data)

    async def finish(self) -> None:
        """Say goodbye, without waiting for the client's goodbye."""
        with contextlib.suppress(ssl.SSLWantReadError):  # ours is written; the client's answer may never come
            self._tls.unwrap()
        await self._flush()

    async def _flush(self) -> None:
        self._writer.write(self._outgoing.read())
        await self._writer.drain()

    async def _drive(self, step: Callable[..., Any], *args: Any) -> Any:
        while True:
            try:
                result = step(*args)
            except ssl.SSLWantReadError:
                await self._flush()
                data = await self._reader.read(16384)
                if not data:
                    raise EOFError("the client hung up") from None
                self._incoming.write(data)
            except ssl.SSLZeroReturnError:
                return b""
            except ssl.SSLError:
                await self._flush()
                self._writer.close()  # not an abort: that would throw the alert away
                await self._writer.wait_closed()
                raise
            else:
                await self._flush()
                return result


def bare_context(minimum: str = MINIMUM) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if minimum < MINIMUM:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # OpenSSL does without these versions otherwise
    context.minimum_version = VERSIONS[minimum]
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    return context


@functools.lru_cache(maxsize=4096)
def context_for(*materials: Material, minimum: str = MINIMUM) -> ssl.SSLContext:
    """A server context for a chain and key, or for two whose keys are of different kinds; OpenSSL then goes by what the client offers."""
    context = bare_context(minimum)
    for material in materials:
        _load(context, material)
    return context


def _load(context: ssl.SSLContext, material: Material) -> None:
    """A chain and its key, of which nothing touches the disk where the system allows that."""
    text = (material.key_pem + "\n" + material.chain_pem).encode()
    try:
        if hasattr(os, "memfd_create"):
            descriptor = os.memfd_create("pair")
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(text)
                stream.flush()
                context.load_cert_chain("/proc/self/fd/{0}".format(descriptor))
        else:
            with tempfile.NamedTemporaryFile() as stream:  # mode 0600
                stream.write(text)
                stream.flush()
                context.load_cert_chain(stream.name)
    except ssl.SSLError as exc:
        raise ValueError("certificate {0} cannot be served with its key: {1}".format(
            material.fingerprint[:16], exc.reason or "not readable")) from None


def response(status: str, body: bytes, method: str, extra: str = "") -> bytes:
    head = "HTTP/1.1 {0}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {1}\r\nConnection: close\r\n{2}\r\n".format(
        status, len(body), extra)
    return head.encode() + (b"" if method == "HEAD" else body)
