# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said before TLS, byte by byte, and with servers that really begin TLS after it; OpenSSL's client is the referee for these."""

from __future__ import annotations

import base64
import contextlib
import itertools
import re
import socket
import subprocess
import threading

import pytest
from ansible_collections.daas.https.plugins.module_utils._tls import dialogs
from ansible_collections.daas.https.plugins.module_utils._tls.model import Endpoint, Failure
from ansible_collections.daas.https.plugins.module_utils._tls.probe import Prober, Refusal
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.tls import zoo

NAME = "www.example.com"
LDAP_REQUEST = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037"  # RFC 4511, 4.14.1
LDAP_SUCCESS = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"
# With lengths as Windows writes them
LDAP_REFUSED = b"\x30\x84\x00\x00\x00\x13\x02\x01\x01\x78\x84\x00\x00\x00\x0a\x0a\x01\x02\x04\x00\x04\x03off"
FEATURES = (b"<?xml version='1.0'?><stream:stream id='1'><stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/>"
            b"</starttls></stream:features>")


def greeting(capable=0xFFFF):
    """Of MySQL."""
    body = b"\x0a8.0.36\0" b"\x09\0\0\0" b"challeng\0" + capable.to_bytes(2, "little") + b"\xff\x02\0\xff\xdf\x15" + bytes(10)
    return len(body).to_bytes(3, "little") + b"\0" + body


# protocol -> what the server says, and what the client is to answer to it (a pattern; None: TLS begins)
TALKS = {
    "smtp": [(b"220-mail.example.com\r\n220 ESMTP\r\n", rb"EHLO \[127\.0\.0\.1\]\r\n"),
             (b"250-mail.example.com\r\n250-SIZE 1000\r\n250-starttls\r\n250 HELP\r\n", rb"STARTTLS\r\n"), (b"220 Go ahead\r\n", None)],
    "imap": [(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n", rb"a STARTTLS\r\n"), (b"* 1 EXISTS\r\na OK Begin TLS\r\n", None)],
    "pop3": [(b"+OK ready\r\n", rb"STLS\r\n"), (b"+OK\r\n", None)],
    "ftp": [(b"220-Welcome\r\n  to all\r\n220 ready\r\n", rb"AUTH TLS\r\n"), (b"234 AUTH TLS successful\r\n", None)],
    "ldap": [(b"", re.escape(LDAP_REQUEST)), (LDAP_SUCCESS, None)],
    "postgres": [(b"", re.escape(b"\0\0\0\x08\x04\xd2\x16\x2f")), (b"S", None)],
    "mysql": [(greeting(), rb"\x20\0\0\x01(?s:.){4}\0\0\0\x01!\0{23}")],
    "xmpp": [(b"", rb"<\?xml version='1.0'\?><stream:stream [^>]*to='www\.example\.com'[^>]*>"),
             (FEATURES, rb"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"),
             (b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", None)],
}


def dialog_of(starttls, proxied=False, user=None, address="192.0.2.7", port=25):
    return dialogs.Preambles(proxied, user)(Endpoint(NAME, address, port, starttls=starttls))


def talk(dialog, answers, size=None):
    """[what was sent, after the answers so far]; size: how much of an answer comes at once."""
    said, last = [next(dialog)], b""
    try:
        for answer in answers:
            for start in range(0, max(len(answer), 1), size or max(len(answer), 1)):
                if answer:
                    said.append(dialog.send(answer[start:start + (size or len(answer))]))
        raise AssertionError("it waits for more after %r" % said)
    except StopIteration as end:
        last = end.value or b""
    return b"".join(said) + last


@pytest.mark.parametrize("size", [None, 1, 3])
@pytest.mark.parametrize("starttls", TALKS)
def test_what_is_said(starttls, size):
    said = talk(dialog_of(starttls), [answer for answer, _reply in TALKS[starttls]], size)
    assert re.fullmatch(b"".join(reply for _answer, reply in TALKS[starttls] if reply), said)


@pytest.mark.parametrize("starttls", TALKS)
def test_nothing_may_follow_the_answer_that_lets_tls_begin(starttls):
    """Whoever sits on the line could have put it there, to be read as if it had come by TLS (CVE-2021-23222, CVE-2011-0411)."""
    answers = [answer for answer, _reply in TALKS[starttls]]
    with pytest.raises(Refusal) as caught:
        talk(dialog_of(starttls), answers[:-1] + [answers[-1] + b"injected"])
    assert caught.value.failure.kind == "starttls"
    assert "more than it was asked" in str(caught.value) or starttls == "postgres"


def test_nothing_may_come_ahead_of_a_request():
    with pytest.raises(Refusal, match="more than it was asked.*: 250 injected"):
        talk(dialog_of("smtp"), [b"220 ESMTP\r\n250 injected\r\n"])


REFUSALS = [
    ("smtp", [b"554 go away\r\n"], "its greeting: 554 go away"),
    ("smtp", [b"220 x\r\n", b"502 what?\r\n"], "it answered to EHLO: 502 what?"),
    ("smtp", [b"220 x\r\n", b"250-mail\r\n250 NOSTARTTLS\r\n"], "it does not offer STARTTLS: 250-mail"),
    ("smtp", [b"220 x\r\n", b"250 STARTTLS\r\n", b"454 no certificate\r\n"], "it answered to STARTTLS: 454 no certificate"),
    ("ftp", [b"220 x\r\n", b"530 not here\r\n"], "it answered to AUTH TLS: 530 not here"),
    ("imap", [b"* BYE too many\r\n"], r"its greeting: \* BYE too many"),
    ("imap", [b"* OK\r\n", b"a BAD unknown\r\n"], "it answered to STARTTLS: a BAD unknown"),
    ("pop3", [b"-ERR\r\n"], "its greeting: -ERR"),
    ("pop3", [b"+OK\r\n", b"-ERR no TLS\r\n"], "it answered to STLS: -ERR no TLS"),
    ("ldap", [LDAP_REFUSED], "it answered to StartTLS with result code 2: off"),
    ("ldap", [b"HTTP/1.1 400 Bad Request\r\n"], "it does not answer as LDAP: HTTP/1.1 400"),
    ("ldap", [b"\x30\x0c\x02\x01\x00\x78\x07\x0a\x01\x00\x04\x00\x04\x00"], "it does not answer to StartTLS"),
    ("postgres", [b"N"], "TLS is switched off"),
    ("postgres", [b"EFATAL: no"], "it answered to SSLRequest: EFATAL: no"),
    ("postgres", [b"Sjunk"], "it answered to SSLRequest: Sjunk"),
    ("mysql", [greeting(0xF7FF)], "it does not offer TLS: 8.0.36"),
    ("mysql", [b"\x11\0\0\0\xff\x10\x04Too many users"], "its error 1040: Too many users"),
    ("mysql", [b"\x05\0\0\0hello"], "it does not greet as MySQL: hello"),
    ("mysql", [b"\x03\0\0\0\x0a8\0"], "it does not greet as MySQL"),
    ("xmpp", [b"<stream:stream><stream:features/>"], "it does not offer STARTTLS: <stream:stream><stream:features/>"),
    ("xmpp", [b"<stream:stream><stream:error><host-unknown/></stream:error>"], "it does not offer STARTTLS"),
    ("xmpp", [FEATURES, b"<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:stream>"], "it answered to STARTTLS: <failure"),
]


@pytest.mark.parametrize("starttls, answers, words", REFUSALS)
def test_refusals_say_what_the_server_said(starttls, answers, words):
    with pytest.raises(Refusal, match="the server did not begin TLS: " + words) as caught:
        talk(dialog_of(starttls), answers)
    assert caught.value.failure.kind == "starttls"


def test_what_the_server_said_is_shown_in_part_and_only_what_can_be_printed():
    with pytest.raises(Refusal) as caught:
        talk(dialog_of("smtp"), [b"554 \x1b[31m\xff\x00" + b"x" * 5000 + b"\r\n"])
    assert caught.value.failure.detail.isprintable() and len(caught.value.failure.detail) < 250


@pytest.mark.parametrize("starttls", TALKS)
def test_an_answer_without_end_is_not_waited_for(starttls):
    first = {"mysql": b"\xff\xff\xff\0" + b"x" * 100, "ldap": b"\x30\x84\x7f\xff\xff\xff", "postgres": b"x"}.get(starttls, b"220-endless<")
    with pytest.raises(Refusal) as caught:
        talk(dialog_of(starttls), itertools.chain([first], itertools.repeat(b"more " * 1000, 100)))
    assert "longer than 64 KB" in str(caught.value) or starttls == "postgres"


@pytest.mark.parametrize("starttls", TALKS)
def test_a_connection_that_is_closed(starttls):
    dialog = dialog_of(starttls)
    next(dialog)
    with pytest.raises(Refusal, match="it closed the connection$"):
        dialog.send(b"")


def test_a_connection_that_is_closed_in_the_middle_of_an_answer():
    dialog = dialog_of("smtp")
    next(dialog)
    dialog.send(b"220-mail")
    with pytest.raises(Refusal, match="it closed the connection after saying: 220-mail"):
        dialog.send(b"")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([*TALKS, ""]), st.lists(st.binary(min_size=1, max_size=60), max_size=5))
def test_whatever_is_said_a_dialog_ends_in_words(starttls, answers):
    """Or in TLS, or it waits for more; with nothing but a Refusal."""
    dialog = dialog_of(starttls, proxied=not starttls)
    with contextlib.suppress(Refusal, StopIteration):
        next(dialog)
        for answer in answers:
            dialog.send(answer)


# -- HTTP proxies --------------------------------------------------------------------------------------------------------------------

def test_connect():
    said = talk(dialog_of("", True), [b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n"])
    assert said == b"CONNECT 192.0.2.7:25 HTTP/1.1\r\nHost: 192.0.2.7:25\r\n\r\n"


def test_connect_to_ipv6_with_a_user():
    said = talk(dialog_of("", True, ("ops", "se:cret"), "2001:db8::7", 443), [b"HTTP/1.0 200\r\n\r\n"])
    assert said.startswith(b"CONNECT [2001:db8::7]:443 HTTP/1.1\r\nHost: [2001:db8::7]:443\r\n")
    assert said.endswith(b"Proxy-Authorization: Basic " + base64.b64encode(b"ops:se:cret") + b"\r\n\r\n")


def test_connect_and_then_starttls_in_one_packet():
    """A server's greeting may come along with the proxy's answer."""
    said = talk(dialog_of("pop3", True), [b"HTTP/1.1 200 OK\r\n\r\n+OK ready\r\n", b"+OK\r\n"])
    assert said.endswith(b"\r\n\r\nSTLS\r\n")


@pytest.mark.parametrize("answer, words", [
    (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "the proxy answered 407 Proxy Authentication Required"),
    (b"HTTP/1.1 503\r\n\r\n", "the proxy answered 503"),
    (b"SSH-2.0-OpenSSH_9.6\r\n", "the proxy: it does not answer as an HTTP proxy: SSH-2.0-OpenSSH_9.6"),
    (b"HTTP/1.1 200 OK\r\n\r\ninjected", "the proxy: it said more than it was asked, which may be from somebody else: injected"),
])
def test_a_proxy_that_does_not_connect(answer, words):
    with pytest.raises(Refusal) as caught:
        talk(dialog_of("", True), [answer])
    assert caught.value.failure == Failure("proxy", words)


def test_no_line_of_its_own_gets_into_a_request():
    with pytest.raises(Refusal, match="it cannot be asked for"):
        talk(dialog_of("", True, address="www.example.com HTTP/1.1\r\nX: y"), [])


def test_most_endpoints_need_no_dialog():
    assert dialog_of("") is None


# -- with real sockets and TLS -------------------------------------------------------------------------------------------------------

def speaking(starttls, answer):
    """Answer of zoo.Server that speaks the protocol before TLS."""
    def speak(connection):
        for words, expected in TALKS[starttls]:
            connection.sendall(words)
            if expected:
                heard = b""
                while not re.fullmatch(expected, heard):
                    more = connection.recv(1)  # what follows may be TLS already
                    if not more:
                        return
                    heard += more
        answer(connection)
    return speak


def relaying(refuse=b"", seen=None):
    """Answer that is an HTTP proxy; seen: list for the requests."""
    def serve(connection):
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(4096)
        if seen is not None:
            seen.append(request)
        if refuse:
            connection.sendall(refuse)
            return
        host, port = request.split()[1].decode("ascii").rsplit(":", 1)
        with socket.create_connection(("127.0.0.1" if host == NAME else host.strip("[]"), int(port)), timeout=zoo.PATIENCE) as far:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=copy, args=(far, connection), daemon=True)
            back.start()
            copy(connection, far)
            back.join()
    return serve


def copy(source, sink):
    with contextlib.suppress(OSError):
        for data in iter(lambda: source.recv(65536), b""):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def look(ca_path, *endpoints, proxy=None, user=None, timeout=20.0):
    preambles = dialogs.Preambles(proxy is not None, user)
    return [seen for (seen,) in Prober(str(ca_path), timeout, preamble=preambles, proxy=proxy).look(list(endpoints))]


def s_client(server, starttls, ca_path):
    done = subprocess.run(
        [zoo.OPENSSL, "s_client", "-connect", "127.0.0.1:%d" % server.port, "-servername", NAME, "-CAfile", str(ca_path),
         "-starttls", starttls],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    return [int(code) for code in re.findall(r"Verify return code: (\d+)", done.stdout)]


@pytest.mark.parametrize("starttls", TALKS)
def test_tls_after_starttls(starttls, good, ca_path, tmp_path):
    with zoo.Server(speaking(starttls, zoo.tls(good, tmp_path))) as server:
        seen, = look(ca_path, Endpoint(NAME, "127.0.0.1", server.port, starttls=starttls))
    assert (seen.failure, seen.verify_code, seen.sha256, seen.alpn) == (None, 0, good.fingerprint, None)


@pytest.mark.parametrize("starttls", ["pop3", "postgres", "ldap"])
def test_openssls_client_takes_our_servers_for_real(starttls, good, ca_path, tmp_path):
    with zoo.Server(speaking(starttls, zoo.tls(good, tmp_path))) as server:
        assert set(s_client(server, starttls, ca_path)) == {0}


def test_a_second_look_speaks_again(authority, ca_path, tmp_path):
    expired = authority.expired([NAME], key="ec")
    with zoo.Server(speaking("imap", zoo.tls(expired, tmp_path))) as server:
        seen, = look(ca_path, Endpoint(NAME, "127.0.0.1", server.port, starttls="imap"))
        assert (seen.verify_code, seen.sha256, server.connections) == (10, expired.fingerprint, 2)


@pytest.mark.parametrize("answer, kind, words", [
    (lambda connection: connection.sendall(b"554 no\r\n"), "starttls", "the server did not begin TLS: its greeting: 554 no"),
    (lambda connection: None, "starttls", "the server did not begin TLS: it closed the connection"),
    (zoo.stall, "timeout", "no answer before the TLS handshake")])
def test_failures_before_tls(answer, kind, words, ca_path):
    with zoo.Server(answer) as server:
        seen, = look(ca_path, Endpoint(NAME, "127.0.0.1", server.port, starttls="smtp"), timeout=0.4 if kind == "timeout" else 20.0)
    assert seen.failure == Failure(kind, words)
    assert [name for name, _milliseconds in seen.times] == ["connect"]


def test_a_proxy_connects_us_and_resolves_the_names(good, ca_path, tmp_path):
    requests = []
    with zoo.Server(zoo.tls(good, tmp_path)) as web, zoo.Server(speaking("smtp", zoo.tls(good, tmp_path))) as mail, zoo.Server(
            relaying(seen=requests)) as proxy:
        endpoints = [Endpoint(NAME, NAME, web.port), Endpoint(NAME, "127.0.0.1", mail.port, starttls="smtp")]
        found = look(ca_path, *endpoints, proxy=("127.0.0.1", proxy.port), user=("ops", "secret"))
    assert [(seen.failure, seen.verify_code, seen.address) for seen in found] == [(None, 0, NAME), (None, 0, "127.0.0.1")]
    assert all(b"Basic " + base64.b64encode(b"ops:secret") in request for request in requests) and len(requests) == 2


def test_a_proxy_that_wants_a_password(ca_path):
    with zoo.Server(relaying(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n")) as proxy:
        seen, = look(ca_path, Endpoint(NAME, NAME, 443), proxy=("127.0.0.1", proxy.port))
    assert seen.failure == Failure("proxy", "the proxy answered 407 Proxy Authentication Required")


def test_a_proxy_that_is_not_there(ca_path):
    seen, = look(ca_path, Endpoint(NAME, NAME, 443), proxy=("127.0.0.1", zoo.unused_port()))
    assert seen.failure == Failure("proxy", "connection refused while connecting to the proxy")
    endpoint = Endpoint(NAME, NAME, 443)

    def resolve(*unused, **more):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    (seen,), = Prober(str(ca_path), resolve=resolve, preamble=dialogs.Preambles(True), proxy=("proxy.example.com", 3128)).look([endpoint])
    assert seen.failure == Failure("proxy", "the proxy proxy.example.com: Name or service not known")


def test_the_first_address_of_a_proxy_that_answers_counts(good, ca_path, tmp_path):
    with zoo.Server(zoo.tls(good, tmp_path)) as web, zoo.Server(relaying()) as proxy:
        def resolve(name, port, **more):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.9", "127.0.0.1")]

        prober = Prober(str(ca_path), 20.0, resolve=resolve, preamble=dialogs.Preambles(True), proxy=("proxy.example.com", proxy.port))
        (seen,), = prober.look([Endpoint(NAME, NAME, web.port)])
    assert (seen.failure, seen.verify_code) == (None, 0)
    assert [name for name, _milliseconds in seen.times] == ["resolve", "connect", "handshake"]
