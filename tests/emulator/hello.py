# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server name in a ClientHello, read before the handshake: which versions of TLS are offered depends on it (RFC 8446, 6066)."""

from __future__ import annotations

HANDSHAKE, CLIENT_HELLO, SERVER_NAME, HOST_NAME = 22, 1, 0, 0
LARGEST = 65536  # bytes; what is longer is no ClientHello


class IncompleteHello(Exception):
    """More bytes are needed."""


class _Reader:
    """Reads numbers, and blocks with their length before them."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def __len__(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        if len(self) < count:
            raise IncompleteHello()
        self._at += count
        return self._data[self._at - count:self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def block(self, size: int) -> bytes:
        """What follows a length that is written in so many bytes."""
        return self.take(self.number(size))


def server_name(data: bytes) -> str | None:
    """The name that the client sends; None when it sends none, or when this is no ClientHello. IncompleteHello while more must come."""
    message = _Reader(_handshake(data))
    if len(data) > LARGEST or message.number(1) != CLIENT_HELLO:
        return None
    hello = _Reader(message.block(3))
    try:
        return _extension(hello)
    except IncompleteHello:
        return None  # it is all there, but not what its lengths say; the handshake will find out


def _extension(hello: _Reader) -> str | None:
    hello.take(2 + 32)  # version and random
    for size in (1, 2, 1):  # session id, cipher suites, compression methods
        hello.block(size)
    extensions = _Reader(hello.block(2) if len(hello) else b"")
    while len(extensions):
        kind, content = extensions.number(2), extensions.block(2)
        if kind == SERVER_NAME:
            return _host(_Reader(_Reader(content).block(2)))
    return None


def _handshake(data: bytes) -> bytes:
    """The handshake bytes out of the records so far; something that is no ClientHello for other records."""
    records, found = _Reader(data), b""
    while len(records):
        if records.number(1) != HANDSHAKE:
            return found or b"\xff"
        records.take(2)  # version
        if len(records) < 2:
            raise IncompleteHello()
        found += records.block(2)
    return found


def _host(names: _Reader) -> str | None:
    while len(names):
        kind, name = names.number(1), names.block(2)
        if kind == HOST_NAME:
            return name.decode("ascii", "replace")
    return None
