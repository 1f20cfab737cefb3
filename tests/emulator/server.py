# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP/1.1 on loopback, over TLS or plain: bytes from a socket become a Request, a Reply becomes bytes. Nothing here knows a cloud."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import http.server
import json
import socket
import socketserver
import ssl
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

HOST = "127.0.0.1"
PATIENCE = 15.0  # seconds a client may take for the TLS handshake
IDLE = 300.0  # seconds a kept-alive connection may be silent
LARGEST = 4 * 1024 * 1024  # bytes of a body
FORM = "application/x-www-form-urlencoded"

# What becomes of the connection instead of the whole reply.
CUT_NOW, CUT_MIDWAY = "now", "midway"


@dataclasses.dataclass(frozen=True)
class Request:
    """A request as it came. `target` is the raw path and query; header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: bytes = dataclasses.field(default=b"", repr=False)

    @property
    def path(self) -> str:
        """Percent-encoded, as it was sent."""
        return self.target.partition("?")[0]

    @functools.cached_property
    def query(self) -> list[tuple[str, str]]:
        """Decoded pairs. ValueError when they cannot be decoded."""
        return _pairs(self.target.partition("?")[2])

    @property
    def media(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @functools.cached_property
    def form(self) -> list[tuple[str, str]]:
        """Decoded pairs of a form body; empty for other bodies. ValueError when they cannot be decoded."""
        return _pairs(self.body.decode("ascii")) if self.media == FORM else []

    def json(self) -> Any:
        """The JSON body. ValueError when it is none."""
        return json.loads(self.body.decode("utf-8"))


@dataclasses.dataclass(frozen=True)
class Reply:
    """A reply. cut: CUT_NOW closes the connection instead of answering, CUT_MIDWAY after half of the body."""

    status: int
    body: bytes = b""
    media: str = "application/json;charset=utf-8"
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    cut: str = ""


def json_reply(status: int, data: Any, **headers: str) -> Reply:
    """Underscores in the names of headers stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(data, ensure_ascii=False).encode(), headers=named)


def _pairs(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict") if text else []


class Server(http.server.ThreadingHTTPServer):
    """One listening port; answer(request) runs in a thread for each connection. OSError when the port is taken."""

    request_queue_size = 256
    daemon_threads = True
    allow_reuse_port = False  # a port that is taken must be an error

    def __init__(self, answer: Callable[[Request], Reply], port: int = 0, context: ssl.SSLContext | None = None) -> None:
        self.answer, self._context = answer, context
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closing = False
        super().__init__((HOST, port), _Handler)
        self._thread = threading.Thread(target=self._accept, daemon=True, name="port-{0}".format(self.port))
        self._thread.start()

    @property
    def port(self) -> int:
        return self.server_address[1]

    @property
    def url(self) -> str:
        return "{0}://{1}:{2}".format("https" if self._context else "http", HOST, self.port)

    def server_bind(self) -> None:
        # HTTPServer would look its own name up in DNS, which may take seconds and is of no use here.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.port

    def _accept(self) -> None:
        """Instead of serve_forever(), which wakes up again and again to see whether it shall end."""
        while True:
            try:
                request, address = self.get_request()
            except OSError:  # the client has gone already, or there are too many connections
                time.sleep(0.05)
                continue
            if self._closing:
                request.close()
                return
            self.process_request(request, address)

    def finish_request(self, request: socket.socket, client_address: Any) -> None:
        """In the connection's thread: a client that is slow to shake hands holds up nobody else."""
        with self._connection(request) as connection:
            _Handler(connection, client_address, self)

    @contextlib.contextmanager
    def _connection(self, request: socket.socket) -> Iterator[socket.socket]:
        request.settimeout(PATIENCE)
        connection = self._context.wrap_socket(request, server_side=True) if self._context else request
        with self._lock:
            self._connections.add(connection)
        try:
            yield connection
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that goes away, is slow or does not trust us is its own business (ssl.SSLError is an OSError).
        if not isinstance(sys.exc_info()[1], OSError):
            traceback.print_exc()

    def close(self) -> None:
        """Stop listening and hang up on everybody. Calling it again does nothing."""
        if self._closing:
            return
        self._closing = True
        with contextlib.suppress(OSError):
            socket.create_connection((HOST, self.port), timeout=5).close()  # wakes the thread
        self._thread.join(timeout=5)
        self.server_close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            hang_up(connection)


def hang_up(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "emulator", ""
    wbufsize = -1  # one write a reply
    disable_nagle_algorithm = True
    timeout = IDLE
    server: Server

    def _serve(self) -> None:
        length = self._length()
        if length is None:
            return
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True  # the client left
            return
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            name = name.lower()
            headers[name] = "{0},{1}".format(headers[name], value.strip()) if name in headers else value.strip()
        self._send(self.server.answer(Request(self.command, self.path, headers, body)))

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = _serve

    def _length(self) -> int | None:
        """Bytes of the body; None when it was refused. Chunks are not taken: a client of this cloud hashes the body beforehand."""
        text = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding") or not text.isdigit():
            self.close_connection = True
            self.send_error(411, "Content-Length is wanted")
        elif int(text) > LARGEST:
            self.close_connection = True
            self.send_error(413, "The body is larger than {0} bytes".format(LARGEST))
        else:
            return int(text)
        return None

    def _send(self, reply: Reply) -> None:
        if reply.cut == CUT_NOW:
            self._drop()
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.media)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        half = len(reply.body) // 2 if reply.cut == CUT_MIDWAY else None
        if self.command != "HEAD":
            self.wfile.write(reply.body[:half])
        self.wfile.flush()
        if reply.cut:
            self._drop()

    def _drop(self) -> None:
        self.close_connection = True
        hang_up(self.connection)

    def handle_expect_100(self) -> bool:
        going_on = super().handle_expect_100()
        self.wfile.flush()  # the client waits for it before it sends the body
        return going_on

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the journal knows more, and holds no secret."""
