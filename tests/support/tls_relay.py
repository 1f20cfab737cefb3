# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks that are far away, or dead.

    python -m tests.support.tls_relay ROUND-TRIP PORT... --ready-file FILE

is a relay that stands ROUND-TRIP seconds before each of these ports, at the address of 127.0.0.0/8 to which one connects. What passes
it takes half of that. The first bytes take a whole one more: on a real network the TCP handshake does, which here the kernel answers
at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import pathlib
import signal
import socket
import sys

BACKLOG = 4096


class End(asyncio.Protocol):
    """One end of a relayed connection. What arrives goes out of the other end, `lag` seconds later."""

    def __init__(self, lag: float) -> None:
        self.lag = lag
        self.transport: asyncio.Transport | None = None
        self.other: End | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        asyncio.get_running_loop().call_later(self.lag, self.other.send, data)

    def connection_lost(self, exc: Exception | None) -> None:
        asyncio.get_running_loop().call_later(self.lag, self.other.close)

    def send(self, data: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()


class Near(End):
    """The end at the client. The server's is connected to while the TCP handshake would be under way."""

    def __init__(self, round_trip: float, port: int) -> None:
        super().__init__(round_trip / 2)
        self._port, self._opening = port, round_trip

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        transport.pause_reading()
        self.other = End(self.lag)
        self.other.other = self
        self._task = asyncio.get_running_loop().create_task(self._open(transport.get_extra_info("sockname")[0]))

    async def _open(self, host: str) -> None:
        loop = asyncio.get_running_loop()
        ready = loop.time() + self._opening
        try:
            await loop.create_connection(lambda: self.other, host, self._port)
        except OSError:
            self.close()
            return
        await asyncio.sleep(ready - loop.time())
        with contextlib.suppress(RuntimeError):  # the client is gone
            self.transport.resume_reading()


async def relay(round_trip: float, ports: list[int], ready_file: pathlib.Path) -> None:
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    servers = [await loop.create_server(lambda port=port: Near(round_trip, port), "0.0.0.0", 0, backlog=BACKLOG) for port in ports]
    ready_file.write_text(json.dumps(dict(ports=[server.sockets[0].getsockname()[1] for server in servers])), encoding="utf-8")
    await over.wait()
    for server in servers:
        server.close()


class Dead:
    """Two ports of the whole of 127.0.0.0/8 that never say a word. Use it as a context manager.

    silent: the kernel accepts connections, and nothing ever reads from them; black_hole: it drops the first packet, as the queue is full.
    """

    def __enter__(self) -> Dead:
        self._sockets = [socket.create_server(("0.0.0.0", 0), backlog=BACKLOG), socket.create_server(("0.0.0.0", 0), backlog=0)]
        self.silent, self.black_hole = (listener.getsockname()[1] for listener in self._sockets)
        for _connection in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.black_hole))
            self._sockets.append(filler)
        return self

    def __exit__(self, *unused: object) -> None:
        for item in self._sockets:
            item.close()


if __name__ == "__main__":
    asyncio.run(relay(float(sys.argv[1]), [int(port) for port in sys.argv[2:-2]], pathlib.Path(sys.argv[-1])))
