# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTTP exchange over one socket, bounded in time and size, and nothing followed silently. PRIVATE to the collection.

The HTTP library of the transport does not travel with the verifier, follows redirects, reads proxies from the environment, and starts its
timeout anew with each piece that arrives. Here one Deadline covers all, from the name's resolution to the last byte.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import io
import ipaddress
import queue
import socket
import ssl
import threading
import time
from urllib.parse import urljoin, urlsplit

from .._errors import CollectionError
from .model import Failure

HEAD = 128 * 1024  # bytes of status line and headers; http.client bounds each line to 64 KB, and their number to 100
REDIRECTS = (301, 302, 303, 307, 308)
_PIECE = 64 * 1024
_HOPS = 3
# Where clouds answer with the credentials of this machine (Alibaba Cloud; the link-local rest is refused as such)
_METADATA = frozenset(ipaddress.ip_address(text) for text in ("100.100.100.200", "fd00:ec2::254"))
_KINDS = (((socket.timeout, TimeoutError), "timeout", "no answer"), (ConnectionRefusedError, "refused", "connection refused"),
          ((ConnectionResetError, BrokenPipeError, ConnectionAbortedError), "reset", "the connection was closed"),
          (ssl.SSLError, "handshake", ""))


class NoAnswer(CollectionError):
    """There is no usable answer. failure: as in an Observation."""

    def __init__(self, kind, detail):
        super().__init__(detail)
        self.failure = Failure(kind, detail)


class Deadline:
    """The moment, so many seconds from now, at which everything has to be over."""

    def __init__(self, seconds, clock=time.monotonic):
        self._clock, self._end = clock, clock() + seconds

    def left(self):
        """Seconds, more than 0; socket.timeout when there are none."""
        left = self._end - self._clock()
        if left <= 0:
            raise socket.timeout("timed out")
        return left

    def share(self, parts):
        """A Deadline for the first of so many parts of the work that is left; the whole is never exceeded."""
        return Deadline(max(self._end - self._clock(), 0) / parts, self._clock)


@contextlib.contextmanager
def during(phase):
    """What goes wrong in here becomes NoAnswer, with a kind and the phase in words."""
    try:
        yield
    except OSError as error:  # also of TLS, and of http.client when the other side has gone
        for errors, kind, words in _KINDS:
            if isinstance(error, errors):
                words = words or (error.reason or str(error)).lower().replace("_", " ")
                raise NoAnswer(kind, "%s %s" % (words, phase)) from error
        raise NoAnswer("unreachable", "%s %s" % ((error.strerror or str(error)).lower(), phase)) from error
    except (http.client.HTTPException, ValueError) as error:  # ValueError: http.client, of sizes that are no sizes
        raise NoAnswer("protocol", _not_http(error)) from error


def connected(address, port, deadline):
    """A connected socket; NoAnswer."""
    with during("while connecting"):
        return socket.create_connection((address, port), timeout=deadline.left())


def ask(sock, method, url, deadline, headers=(), body=b"", target=None, limit=0):
    """(status, headers, body) of the answer to one request; the body is read only if limit, its greatest size in bytes, is not 0.

    headers: pairs, beside Host and what every request has; target: what is asked for if not the URL's path. Raises NoAnswer.
    """
    parts = urlsplit(url)
    lines = ["%s %s HTTP/1.1" % (method, target or (parts.path or "/") + ("?" + parts.query if parts.query else "")),
             "Host: " + parts.netloc.rpartition("@")[2], "User-Agent: daas.https", "Accept: */*", "Connection: close"]
    lines += ["%s: %s" % pair for pair in headers] + (["Content-Length: %d" % len(body)] if body else [])
    with during("while waiting for the HTTP answer"):
        sock.settimeout(deadline.left())
        sock.sendall("\r\n".join(lines + ["", ""]).encode("ascii") + body)
        with http.client.HTTPResponse(_Channel(sock, deadline, HEAD + limit), method=method) as response:
            response.begin()
            return response.status, response.headers, _body(response, limit) if limit else b""


def _body(response, limit):
    """In pieces, because a length that a server merely claims must not be allocated."""
    pieces = []
    while True:
        piece = response.read(_PIECE)
        if not piece:
            break
        pieces.append(piece)
        if sum(map(len, pieces)) > limit:
            raise NoAnswer("protocol", "the answer is larger than %d KB" % (limit // 1024))
    if response.length:
        raise NoAnswer("reset", "the connection was closed in the middle of the answer")
    return b"".join(pieces)


class _Channel(io.RawIOBase):
    """What HTTPResponse takes for a socket, and what it reads from: no more than ``limit`` bytes, and only until the deadline."""

    def __init__(self, sock, deadline, limit):
        self._sock, self._deadline, self._left = sock, deadline, limit

    def makefile(self, _mode):
        return io.BufferedReader(self)

    def readable(self):
        return True

    def readinto(self, buffer):
        self._sock.settimeout(self._deadline.left())
        count = self._sock.recv_into(buffer)
        self._left -= count
        if self._left < 0:
            raise NoAnswer("protocol", "the answer is larger than allowed")
        return count


def _not_http(error):
    line = getattr(error, "line", "")
    if line.startswith(("\x15\x03", "\x16\x03")):
        return "TLS is spoken here, not plain HTTP"
    shown = "".join(char if " " <= char <= "~" else "." for char in (line or str(error) or type(error).__name__)[:80])
    return "the answer is not proper HTTP: " + shown


def plain(url):
    """The URL, if it can stand in a request as it is (printable ASCII, a host, a valid port); else ValueError."""
    parts = urlsplit(url)
    if not url.isascii() or any(char <= " " or char == "\x7f" for char in url) or not parts.hostname or parts.port == 0:
        raise ValueError("not a URL")
    return url


class Fetcher:
    """Fetches http:// URLs that certificates name, which anybody may have written: neither other schemes nor the cloud's metadata.

    resolve: as socket.getaddrinfo; proxy: (host, port) of an HTTP proxy, which then resolves the names; authorization: (user, password)
    for it. A host that could not be connected to is not tried again, so that a dead one costs one timeout and not one a certificate.
    """

    def __init__(self, resolve=socket.getaddrinfo, proxy=None, authorization=None, connect=connected):
        self._resolve, self._proxy, self._connect, self._dead = resolve, proxy, connect, {}
        self._proxy_headers = ()
        if proxy and authorization:
            pair = base64.b64encode(":".join(authorization).encode("utf-8")).decode("ascii")
            self._proxy_headers = (("Proxy-Authorization", "Basic " + pair),)

    def __call__(self, url, deadline, limit, body=b"", content_type=""):
        """The answer's body, to a POST if a body is given. Redirects are followed for GET only. Raises NoAnswer."""
        seen = [url]
        while True:
            status, headers, answer = self._once(seen[-1], deadline, limit, body, content_type)
            if status == 200:
                return answer
            if body or status not in REDIRECTS or not headers.get("Location"):
                raise NoAnswer("protocol", "HTTP status %d" % status)
            seen.append(urljoin(seen[-1], headers["Location"]))
            if len(seen) > _HOPS + 1:
                raise NoAnswer("protocol", "more than %d redirects" % _HOPS)

    def _once(self, url, deadline, limit, body, content_type):
        try:
            parts = urlsplit(plain(url))
            origin = parts.hostname, parts.port or 80
        except ValueError as error:
            raise NoAnswer("protocol", "not a URL: %.100s" % ascii(url)) from error
        if parts.scheme != "http":
            raise NoAnswer("protocol", "%s: is not fetched, only http: is" % parts.scheme)
        with contextlib.closing(self._open(origin, deadline)) as sock:
            headers = (("Content-Type", content_type),) if body else ()
            target = url.partition("#")[0] if self._proxy else None
            return ask(sock, "POST" if body else "GET", url, deadline, headers + self._proxy_headers, body, target, limit)

    def _open(self, origin, deadline):
        if origin in self._dead:
            raise NoAnswer(*self._dead[origin])
        try:
            if self._proxy:
                forbid(origin[0])
                return self._connect(*self._proxy, deadline)
            return self._first(addresses(self._resolve, *origin, deadline), origin[1], deadline)
        except NoAnswer as error:
            self._dead[origin] = error.failure.kind, error.failure.detail
            raise

    def _first(self, found, port, deadline):
        """The first address that answers. All are looked at first: a name that also leads to a forbidden one is a trap."""
        for address in found:
            forbid(address)
        for number, address in enumerate(found):
            try:
                return self._connect(address, port, deadline.share(len(found) - number))
            except NoAnswer:
                if number == len(found) - 1:
                    raise


def addresses(resolve, host, port, deadline):
    """The IP addresses of a name; NoAnswer. A thread asks, and may be left behind, because getaddrinfo knows no timeout."""
    answer = queue.SimpleQueue()

    def work():
        try:
            answer.put([item[4][0] for item in resolve(host, port, type=socket.SOCK_STREAM)])
        except Exception as error:  # raised again below, where it is waited for
            answer.put(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        found = answer.get(timeout=deadline.left())
    except (queue.Empty, socket.timeout) as error:
        raise NoAnswer("dns", "no answer of the name service for %s" % host) from error
    if isinstance(found, (OSError, UnicodeError)):
        raise NoAnswer("dns", "%s: %s" % (host, getattr(found, "strerror", None) or found)) from found
    if isinstance(found, Exception):
        raise found
    if not found:
        raise NoAnswer("dns", "%s has no address" % host)
    return list(dict.fromkeys(found))


def forbid(host):
    """NoAnswer if this is an address that nobody's certificate may send us to; names pass."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_link_local or address.is_multicast or address.is_unspecified or address in _METADATA:
        raise NoAnswer("protocol", "%s is an address of this machine or its cloud, which is not asked" % address)
