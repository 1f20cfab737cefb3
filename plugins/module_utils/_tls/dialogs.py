# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said before TLS: by an HTTP proxy that is to connect further, and by protocols that ask for TLS. PRIVATE to the collection.

No sockets here. A dialog is a generator: it yields bytes to send (none, to hear more), is sent what came (nothing, when the other side has
closed the connection), and returns bytes to send last. It raises Refusal when TLS must not begin. What comes after the answer that TLS may
begin was not said by whom TLS will prove to be there, so it is a refusal, too.
"""

from __future__ import annotations

import base64
import html
import re
import struct

from .probe import Refusal

LIMIT = 64 * 1024  # bytes of one answer
SHOWN = 100  # characters of what the other side said
HELLO = b"EHLO [127.0.0.1]\r\n"  # an address literal, because a name would have to be ours
_LDAP_START_TLS = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037"
_POSTGRES_SSL_REQUEST = struct.pack(">II", 8, 80877103)
_MYSQL_SSL = 0x800  # CLIENT_SSL
_MYSQL_OFFERED = _MYSQL_SSL | 0x200 | 0x8000  # CLIENT_PROTOCOL_41, CLIENT_SECURE_CONNECTION
_XMPP_TLS = "urn:ietf:params:xml:ns:xmpp-tls"


class Preambles:
    """The dialog of an endpoint, None when TLS begins at once. proxied: by way of an HTTP proxy; user: (name, password) for it or None."""

    def __init__(self, proxied=False, user=None):
        self._proxied = proxied
        self._authorization = base64.b64encode(":".join(user).encode("utf-8")) if user else b""

    def __call__(self, endpoint):
        if self._proxied or endpoint.starttls:
            return self._dialog(endpoint)
        return None

    def _dialog(self, endpoint):
        heard, last = Heard("proxy"), None
        if self._proxied:
            yield from connect(heard, endpoint.address, endpoint.port, self._authorization)
        if endpoint.starttls:
            heard.kind = "starttls"
            last = yield from STARTTLS[endpoint.starttls](heard, endpoint.name)
        heard.must_be_silent()
        return last


class Heard:
    """What came and is not yet used. kind: of the Failure when it is not what it should be."""

    def __init__(self, kind):
        self.kind, self._data = kind, b""

    def answer(self, words, length):
        """Send these words and return the answer. length(data): how long it is, 0 as long as that cannot be told."""
        if words:
            self.must_be_silent()
        while not length(self._data):
            if len(self._data) > LIMIT:
                raise self.refusal("its answer is longer than %d KB" % (LIMIT // 1024))
            more = yield words
            if not more:
                raise self.refusal("it closed the connection" + (" after saying: " + shown(self._data) if self._data else ""))
            self._data, words = self._data + more, b""
        size = length(self._data)
        found, self._data = self._data[:size], self._data[size:]
        return found

    def must_be_silent(self):
        if self._data:
            raise self.refusal("it said more than it was asked, which may be from somebody else: " + shown(self._data))

    def expect(self, good, what, answer):
        if not good:
            raise self.refusal("%s: %s" % (what, shown(answer)))

    def refusal(self, words):
        return Refusal(self.kind, ("the proxy: " if self.kind == "proxy" else "the server did not begin TLS: ") + words)


def shown(data):
    """The beginning of what was said, as far as it can be printed."""
    return "".join(char if char.isprintable() else " " for char in data[:SHOWN].decode("ascii", "replace")).strip()


def connect(heard, host, port, authorization):
    """The proxy connects us to this host. authorization: Base64 of user and password, or nothing."""
    target = ("[%s]:%d" if ":" in host else "%s:%d") % (host, port)
    if not re.fullmatch(r"[!-~]+", target):
        raise heard.refusal("it cannot be asked for %r" % host)
    request = ("CONNECT %s HTTP/1.1\r\nHost: %s" % (target, target)).encode("ascii")
    if authorization:
        request += b"\r\nProxy-Authorization: Basic " + authorization
    answer = yield from heard.answer(request + b"\r\n\r\n", _head)
    status = re.match(rb"HTTP/1\.[01] (\d{3})(?: ([^\r\n]*))?\r?\n", answer)
    heard.expect(status, "it does not answer as an HTTP proxy", answer)
    if status.group(1)[:1] != b"2":
        raise Refusal("proxy", "the proxy answered " + shown(status.group(1) + b" " + (status.group(2) or b"")))


def _head(data):
    end = re.search(rb"\r?\n\r?\n", data)
    # What is no HTTP at all would never end as HTTP does.
    return end.end() if end else 0 if data[:5] == b"HTTP/"[:len(data)] else len(data)


def smtp(heard, name):
    yield from _reply(heard, b"", b"220", "its greeting")
    offers = yield from _reply(heard, HELLO, b"250", "EHLO")
    heard.expect(re.search(rb"(?mi)^250[ -]STARTTLS\s*$", offers), "it does not offer STARTTLS", offers)
    yield from _reply(heard, b"STARTTLS\r\n", b"220", "STARTTLS")


def ftp(heard, name):
    yield from _reply(heard, b"", b"220", "its greeting")
    yield from _reply(heard, b"AUTH TLS\r\n", b"234", "AUTH TLS")


def _reply(heard, words, code, what):
    """An answer of one or several lines, all of which begin with a code or belong to one that does."""
    found = yield from heard.answer(words, _reply_length)
    heard.expect(found.startswith(code), "it answered to %s" % what if words else what, found)
    return found


def _reply_length(data):
    end = re.search(rb"(?m)^" + re.escape(data[:3]) + rb"(?!-)[^\n]*\n", data)
    return end.end() if end else 0


def _line(data):
    return data.find(b"\n") + 1


def imap(heard, name):
    greeting = yield from heard.answer(b"", _line)
    heard.expect(re.match(rb"(?i)\* OK\b", greeting), "its greeting", greeting)
    answer = yield from heard.answer(b"a STARTTLS\r\n", _line)
    while answer.startswith(b"* "):
        answer = yield from heard.answer(b"", _line)
    heard.expect(re.match(rb"(?i)a OK\b", answer), "it answered to STARTTLS", answer)


def pop3(heard, name):
    greeting = yield from heard.answer(b"", _line)
    heard.expect(greeting.startswith(b"+OK"), "its greeting", greeting)
    answer = yield from heard.answer(b"STLS\r\n", _line)
    heard.expect(answer.startswith(b"+OK"), "it answered to STLS", answer)


def postgres(heard, name):
    answer = yield from heard.answer(_POSTGRES_SSL_REQUEST, lambda data: 0 if not data else 1 if data in (b"S", b"N") else len(data))
    heard.expect(answer in (b"S", b"N"), "it answered to SSLRequest", answer)
    heard.expect(answer == b"S", "TLS is switched off (PostgreSQL's ssl = off)", answer)


def mysql(heard, name):
    packet = yield from heard.answer(b"", lambda data: _enough(data, 4, int.from_bytes(data[:3], "little")))
    if packet[4:5] == b"\xff":
        heard.expect(False, "its error %d" % int.from_bytes(packet[5:7], "little"), packet[7:])
    version, found, rest = packet[5:].partition(b"\0")  # then thread id (4), challenge (8), a zero, and what it is capable of
    heard.expect(packet[4:5] == b"\x0a" and found and len(rest) >= 15, "it does not greet as MySQL", packet[4:])
    heard.expect(int.from_bytes(rest[13:15], "little") & _MYSQL_SSL, "it does not offer TLS", version)
    return b"\x20\0\0" + bytes([(packet[3] + 1) % 256]) + struct.pack("<IIB", _MYSQL_OFFERED, 1 << 24, 33) + bytes(23)


def _enough(data, head, size):
    """The length of a message of a head and so many bytes, 0 while it is not all there."""
    return head + size if len(data) >= head + size and len(data) >= head else 0


def ldap(heard, name):
    answer = yield from heard.answer(_LDAP_START_TLS, _ldap_length)
    try:
        tag, message = _element(answer)
        number, rest = _first(message)
        response, _rest = _first(rest)
        code, more = _first(response[1])
        _matched, diagnostic = _first(more)
        words = _element(diagnostic)[1]
    except IndexError:
        raise heard.refusal("it does not answer as LDAP: " + shown(answer)) from None
    heard.expect((tag, number, response[0]) == (0x30, (2, b"\x01"), 0x78), "it does not answer to StartTLS", words)
    heard.expect(code == (10, b"\0"), "it answered to StartTLS with result code %d" % int.from_bytes(code[1], "big"), words)


def _ldap_length(data):
    try:
        start, size = _extent(data)
    except IndexError:
        return 0
    return len(data) if data[0] != 0x30 else _enough(data, start, size)


def _extent(data):
    """(where the contents of a BER element begin, their length); IndexError when that is not all there."""
    if data[1] < 0x80:
        return 2, data[1]
    count = data[1] & 0x7F
    return 2 + count, int.from_bytes(bytes(data[2 + place] for place in range(count)), "big")


def _element(data):
    """(tag, contents) of the BER element at the beginning."""
    start, size = _extent(data)
    return data[0], data[start:start + size]


def _first(data):
    """((tag, contents) of the first element, what comes after it)."""
    start, size = _extent(data)
    return _element(data), data[start + size:]


def xmpp(heard, name):
    opening = ("<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='%s' "
               "version='1.0'>" % html.escape(name))
    offers = yield from heard.answer(opening.encode("utf-8"), _xml(rb"</stream:features>|<stream:features\s*/>|</stream:error>"))
    heard.expect(re.search(rb"<starttls\s[^>]*" + _XMPP_TLS.encode(), offers), "it does not offer STARTTLS", offers)
    request = ("<starttls xmlns='%s'/>" % _XMPP_TLS).encode()
    answer = yield from heard.answer(request, _xml(rb"<proceed\b[^>]*/>|</proceed\s*>|<failure\b[^>]*>|</stream:error>"))
    heard.expect(re.search(rb"<proceed\b", answer), "it answered to STARTTLS", answer)


def _xml(end):
    def length(data):
        found = re.search(end, data)
        return found.end() if found else 0
    return length


STARTTLS = dict(smtp=smtp, imap=imap, pop3=pop3, ftp=ftp, ldap=ldap, postgres=postgres, mysql=mysql, xmpp=xmpp)
