# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that do not come to a handshake, or not with everybody."""

from __future__ import annotations

import socket
import ssl
import struct

from tests.unit.tls import zoo
from tests.unit.tls.misconfigurations.case import Case, failing
from tests.unit.tls.misconfigurations.mint import NAME, answering, tampering

TLS = ssl.TLSVersion
NO_APPLICATION_PROTOCOL = bytes([21, 3, 3, 0, 2, 2, 120])  # alert


def versions(title, low, high, failure=""):
    def make(mint):
        return mint.serve(mint.leaf(), minimum_version=low, maximum_version=high)

    return failing(title, failure, make) if failure else Case(title, 0, make)


def serving(title, code=0, days=(-1, 90), **settings):
    return Case(title, code, lambda mint: mint.serve(mint.leaf(days=days), **settings))


def asking(mode, version, mint, **shape):
    """A server that asks for the client's certificate."""
    context = mint.context(mint.leaf(**shape), mint.intermediate, maximum_version=version, verify_mode=mode)
    context.load_verify_locations(cadata=mint.root.der)
    return answering(context)


def by_name(mint, known, others):
    """Serves one certificate to those who ask for www.example.com, and another one to all others."""
    right, wrong = mint.context(known, mint.intermediate), mint.context(others, mint.intermediate)

    def choose(connection, name, _context):
        connection.context = right if name == NAME else wrong

    wrong.sni_callback = choose
    return answering(wrong)


def refusing(mint, description):
    """Ends every handshake by an alert as soon as it sees which name is asked for."""
    context = mint.context(mint.leaf(), mint.intermediate)
    context.sni_callback = lambda *unused: description
    return answering(context)


def not_for_the_web(mint):
    """Refuses those who name the protocols of the web by ALPN, as a server of another protocol does, and serves all others."""
    serve = mint.serve(mint.leaf())

    def answer(connection):
        if b"\x02h2\x08http/1.1" in connection.recv(4096, socket.MSG_PEEK):
            connection.sendall(NO_APPLICATION_PROTOCOL)
        else:
            serve(connection)

    return answer


def saying(reply, first=False, stays=True):
    """Sends these bytes, before or after it has heard something, and hangs up: when the client has, if it stays."""
    def answer(connection):
        if not first:
            connection.recv(4096)
        connection.sendall(reply)
        if stays:
            zoo.stall(connection)

    return lambda mint: answer


def closing(connection):
    connection.close()


def resetting(connection):
    connection.recv(4096)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def tampered(tamper, ends=False, **settings):
    settings = dict(dict(maximum_version=TLS.TLSv1_2), **settings)
    return lambda mint: tampering(mint.context(mint.leaf(), mint.intermediate, **settings), tamper, ends)


def flip(position):
    """Function that turns one bit of the given byte."""
    def harm(data):
        changed = bytearray(data)
        changed[position] ^= 1
        return bytes(changed)

    return harm


def harmed(harm):
    """Serves a leaf with harm(DER) done to it."""
    return lambda mint: mint.serve_other(harm(mint.leaf().der))


def alert(description):
    return saying(bytes([21, 3, 3, 0, 2, 2, description]))


CASES = [
    versions("TLS 1.0 only", TLS.TLSv1, TLS.TLSv1, "alert"),
    versions("TLS 1.1 only", TLS.TLSv1_1, TLS.TLSv1_1, "alert"),
    versions("TLS 1.2 only", TLS.TLSv1_2, TLS.TLSv1_2),
    versions("TLS 1.3 only", TLS.TLSv1_3, TLS.TLSv1_3),
    versions("all versions", TLS.TLSv1, TLS.TLSv1_3),
    serving("expired, TLS 1.2 only", 10, (-60, -30), maximum_version=TLS.TLSv1_2),
    serving("only ciphers with SHA-1 MACs", ciphers="ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0", maximum_version=TLS.TLSv1_2),
    Case("only RSA key exchange", 0, lambda mint: mint.serve(
        mint.leaf(key="rsa"), ciphers="AES128-GCM-SHA256:@SECLEVEL=0", maximum_version=TLS.TLSv1_2)),
    failing("no cipher in common", "alert", lambda mint: mint.serve(
        mint.leaf(), ciphers="ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0", maximum_version=TLS.TLSv1_2)),
    serving("another ALPN protocol", alpn=["acme-tls/1"]),
    Case("alert: no application protocol, for those who offer any", 0, not_for_the_web),
    Case("client certificate wanted, TLS 1.2", 0, lambda mint: asking(ssl.CERT_OPTIONAL, TLS.TLSv1_2, mint)),
    Case("client certificate wanted, TLS 1.3", 0, lambda mint: asking(ssl.CERT_OPTIONAL, TLS.TLSv1_3, mint)),
    failing("client certificate required, TLS 1.2", "alert", lambda mint: asking(ssl.CERT_REQUIRED, TLS.TLSv1_2, mint), 0),
    Case("client certificate required, TLS 1.3", 0, lambda mint: asking(ssl.CERT_REQUIRED, TLS.TLSv1_3, mint)),
    Case("client certificate required, the own one expired", 10, lambda mint: asking(ssl.CERT_REQUIRED, TLS.TLSv1_3, mint, days=(-9, -3))),
    Case("right certificate for the name, another by default", 0, lambda mint: by_name(mint, mint.leaf(), mint.leaf(["a.example.net"]))),
    Case("right certificate for another name only", 0, lambda mint: by_name(mint, mint.leaf(["a.example.net"]), mint.leaf()), host=False),
    Case("no name sent for an address, the default one served", 0, lambda mint: by_name(mint, mint.leaf(), mint.leaf(["127.0.0.1"])),
         ask="127.0.0.1"),
    Case("expired for the name, good by default", 10, lambda mint: by_name(mint, mint.leaf(days=(-60, -30)), mint.leaf())),
    failing("alert: unrecognized name", "alert", lambda mint: refusing(mint, ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME)),
    failing("alert: access denied", "alert", lambda mint: refusing(mint, ssl.ALERT_DESCRIPTION_ACCESS_DENIED)),
    failing("alert: internal error", "alert", alert(80)),
    failing("alert: handshake failure", "alert", alert(40)),
    failing("alert: protocol version", "alert", alert(70)),
    failing("alert: no application protocol", "alert", saying(NO_APPLICATION_PROTOCOL)),
    failing("alert: close notify", "reset", saying(bytes([21, 3, 3, 0, 2, 1, 0]), stays=False)),
    failing("nobody listens", "refused", lambda mint: None),
    failing("closed after accept", "reset", lambda mint: closing),
    failing("closed after ClientHello", "reset", lambda mint: zoo.hang_up),
    failing("reset after ClientHello", "reset", lambda mint: resetting),
    failing("stalled after accept", "timeout", lambda mint: zoo.stall),
    failing("stalled after half a ServerHello", "timeout", saying(bytes([22, 3, 3, 0, 80, 2, 0, 0, 76, 3, 3]) + b"x" * 20)),
    failing("closed after half a ServerHello", "reset", tampered(lambda flight: flight[:40], ends=True)),
    failing("closed after the ServerHello", "reset", tampered(lambda flight: flight[:5 + int.from_bytes(flight[3:5], "big")], ends=True)),
    failing("plain HTTP", "protocol", lambda mint: zoo.plain_http),
    failing("SMTP banner after ClientHello", "protocol", lambda mint: zoo.garbage),
    failing("SMTP banner at once", "protocol", saying(b"220 mail.example.com ESMTP ready\r\n", first=True)),
    failing("SSH banner at once", "protocol", saying(b"SSH-2.0-OpenSSH_9.6\r\n", first=True)),
    failing("zeros", "protocol", saying(bytes(1024))),
    failing("random bytes", "protocol", saying(bytes(range(255, 0, -1)))),
    failing("application data instead of a handshake", "protocol", saying(bytes([23, 3, 3, 0, 4]) + b"text")),
    failing("record that is too long", "protocol", saying(bytes([22, 3, 3, 0x50, 0]) + bytes(0x5000))),
    failing("ServerHello of SSL 3.0", "protocol", tampered(lambda flight: flight[:9] + b"\x03\x00" + flight[11:])),
    failing("ServerHello with an unknown cipher", "handshake", tampered(lambda flight: flight[:76] + b"\xfa\xfa" + flight[78:])),
    failing("key exchange signed by another key", "handshake", lambda mint: mint.serve_other(mint.leaf(key="p384").der), 0),
    Case("expired certificate whose key is another one", 10, lambda mint: mint.serve_other(mint.leaf(key="p384", days=(-60, -30)).der)),
    failing("leaf that is not DER", "handshake", harmed(flip(0))),
    failing("leaf with a wrong inner length", "handshake", harmed(flip(3))),
    Case("leaf whose last byte changed on the way", 7, harmed(flip(-1))),
]
