# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What HTTP says at an address: every step of the way as it was, and nothing beyond the endpoint's own host."""

from __future__ import annotations

import socket
import ssl
import time
from urllib.parse import urlsplit

import pytest
from ansible_collections.daas.https.plugins.module_utils._tls.model import Failure, Observation, Policy, Web
from ansible_collections.daas.https.plugins.module_utils._tls.probe import spread
from ansible_collections.daas.https.plugins.module_utils._tls.web import WebClient, absolute, origin
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tls import zoo
from tests.unit.tls.issuer import Http, http_answer
from tests.unit.tls.test_tls_revocation import drip, open_sockets, raw

NAME = "www.example.com"


def look(http_port=80, https_port=443, address="127.0.0.1", name=NAME, timeout=10.0, sni=None, **policy):
    seen = Observation(name, address, https_port)
    return WebClient(timeout)(seen, Policy(http_port=http_port, **policy), sni=sni)


def redirecting(routes):
    """Reply by the path: a Location, (status, Location), or None for 200."""
    def reply(_method, target, *_rest):
        found = routes[target]
        status, location = found if isinstance(found, tuple) else ("301 Moved Permanently", found)
        return http_answer(b"ok") if found is None else http_answer(status=status, Location=location)
    return reply


def at(server, path="/", scheme="http"):
    return "{0}://{1}:{2}{3}".format(scheme, NAME, server.port, path)


@pytest.fixture
def https(good, tmp_path):
    """An HTTPS server; its reply says 200 until the test says otherwise."""
    context = zoo.server_context(good, tmp_path)
    with Http(lambda *unused: http_answer(b"ok"), wrap=context.wrap_socket) as server:
        yield server


# -- the way to HTTPS ------------------------------------------------------------------------------------------------------------------

def test_a_redirect_to_https_is_followed_to_its_answer(https):
    with Http(redirecting({"/": at(https, "/", "https")})) as plain:
        found = look(plain.port, redirect=True)
        (method, target, headers, _body), = plain.requests
    assert found == Web(((at(plain), 301, at(https, "/", "https")), (at(https, "/", "https"), 200, "")))
    assert (method, target, headers["host"]) == ("GET", "/", "{0}:{1}".format(NAME, plain.port))
    assert https.requests[0][2]["host"] == "{0}:{1}".format(NAME, https.port)


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect",
                                    "308 Permanent Redirect"])
@pytest.mark.parametrize("location, leads_to", [
    ("/a", "/a"), ("a", "/a"), ("?q=1", "/?q=1"), ("//{host}/a", "/a"), ("http://{host}/a", "/a"), ("HTTP://{HOST}/a", "/a"),
    ("http://{host}/a#part", "/a#part"), ("/caf\xc3\xa9 au lait", "/caf%C3%A9%20au%20lait")])
def test_locations_are_absolute_or_relative_in_every_form(status, location, leads_to):
    with Http(None) as plain:
        host = "{0}:{1}".format(NAME, plain.port)
        first = http_answer(status=status, Location=location.format(host=host, HOST=host.upper()))
        plain.reply = lambda _method, target, *_rest: first if target == "/" else http_answer(b"ok")
        found = look(plain.port, redirect=True)
    (url, number, there), (last, end, nowhere) = found.steps
    assert (url, number, end, nowhere, found.failure) == (at(plain), int(status[:3]), 200, "", None)
    assert there.lower() == last.lower() == at(plain, leads_to).lower()
    assert plain.requests[1][1] == leads_to.partition("#")[0]


def test_the_headers_name_may_be_in_any_case():
    with zoo.Server(raw(b"HTTP/1.0 302 Found\r\nlOCATION:   https://other.example.com/  \r\n\r\n")) as plain:
        found = look(plain.port, redirect=True)
    assert found.steps == ((at(plain), 302, "https://other.example.com/"),) and found.failure is None


@pytest.mark.parametrize("routes, last", [
    ({"/": "/"}, "/"), ({"/": "/a", "/a": "/b", "/b": "/a"}, "/a"), ({"/": "/#top"}, "/#top")])
def test_a_circle_is_found(routes, last):
    with Http(redirecting(routes)) as plain:
        found = look(plain.port, redirect=True)
    assert [urlsplit(url).path for url, _status, _location in found.steps] == list(routes)
    assert found.failure == Failure("protocol", "the redirects go round in a circle, back to " + at(plain, last))


def test_a_circle_between_http_and_https_is_found(https):
    """What "flexible" TLS at the edge does with a server that redirects by itself."""
    with Http(redirecting({"/": at(https, "/", "https")})) as plain:
        https.reply = redirecting({"/": at(plain)})
        found = look(plain.port, redirect=True)
    assert [step[1] for step in found.steps] == [301, 301] and "in a circle, back to " + at(plain) in found.failure.detail


def test_redirects_without_end_end():
    def reply(_method, target, *_rest):
        return http_answer(status="302 Found", Location="/{0}".format(len(target)) + target)

    with Http(reply) as plain:
        found = look(plain.port, redirect=True)
        assert len(plain.requests) == 10
    assert len(found.steps) == 10 and found.failure == Failure("protocol", "more than 10 redirects")


@pytest.mark.parametrize("location", [
    "https://other.example.com/", "https://example.com/", "https://www.example.com.example.net/", "http://169.254.169.254/latest/",
    "https://www.example.com@other.example.com/", "//127.0.0.1:1/"])
def test_another_host_is_noted_and_not_asked(location):
    with Http(redirecting({"/": location})) as plain:
        found = look(plain.port, redirect=True)
        assert plain.connections == 1
    (step,), failure = found.steps, found.failure
    assert step == (at(plain), 301, "http:" + location if location.startswith("//") else location) and failure is None


@pytest.mark.parametrize("location", ["ftp://www.example.com/", "javascript:alert(1)", "https://www.example.com:99999/", "http://:80/",
                                      "http://[::1", "https://www.example.com:abc/", "https://www.example.com:0/"])
def test_a_location_that_leads_nowhere_is_a_failure(location):
    with Http(redirecting({"/": location})) as plain:
        found = look(plain.port, redirect=True)
    assert len(found.steps) == 1 and found.failure.kind == "protocol" and "its Location is not a URL of HTTP: " in found.failure.detail


def test_a_redirect_without_location_is_where_the_way_ends():
    with zoo.Server(raw(b"HTTP/1.1 302 Found\r\n\r\n")) as plain:
        assert look(plain.port, redirect=True) == Web(((at(plain), 302, ""),))


def test_where_https_does_not_answer_the_failure_says_which_url():
    url = "https://{0}:{1}/".format(NAME, zoo.unused_port())
    with Http(redirecting({"/": url})) as plain:
        found = look(plain.port, redirect=True)
    assert found.steps == ((at(plain), 301, url),)
    assert found.failure == Failure("refused", url + ": connection refused while connecting")


def test_all_connections_go_to_the_observed_address_by_ipv6_too():
    with Http(redirecting({"/": "/a", "/a": None}), host="::1") as plain:
        found = look(plain.port, address="::1", redirect=True)
        assert len(found.steps) == 2 and plain.requests[0][2]["host"] == "{0}:{1}".format(NAME, plain.port)
        found = look(plain.port, address="::1", name="::1", redirect=True)
        assert found.steps[0][0] == "http://[::1]:{0}/".format(plain.port) and len(found.steps) == 2
        assert plain.requests[-1][2]["host"] == "[::1]:{0}".format(plain.port)


def test_the_usual_port_is_not_in_the_url():
    assert [origin("http", NAME, 80), origin("https", NAME, 443), origin("https", "2001:db8::1", 8443)] == [
        "http://www.example.com/", "https://www.example.com/", "https://[2001:db8::1]:8443/"]


@given(location=st.text(st.characters(max_codepoint=255), max_size=40))
def test_any_location_becomes_a_url_that_can_stand_in_a_request_or_is_refused(location):
    target, malformed = absolute("http://www.example.com/a", location)
    if not malformed:
        assert target.isascii() and not set(target) & set(" \r\n\t\x00") and urlsplit(target).scheme in ("http", "https")


# -- plain HTTP refused ------------------------------------------------------------------------------------------------------------------

def test_a_closed_port_is_seen_as_refused():
    assert look(zoo.unused_port(), refused=True) == Web(failure=Failure("refused", "connection refused while connecting"))


def test_if_nothing_may_answer_one_answer_is_enough_and_nothing_is_followed():
    with Http(redirecting({"/": "/a"})) as plain:
        assert look(plain.port, refused=True) == Web(((at(plain), 301, at(plain, "/a")),))
        assert len(plain.requests) == 1


def test_what_is_not_asked_for_is_not_looked_at():
    def connect(*unused):
        raise AssertionError("nobody asked for this")

    assert WebClient(connect=connect)(Observation(NAME, "127.0.0.1", 443), Policy()) == Web()


MISBEHAVIOUR = {
    "silent": (zoo.stall, "timeout", "no answer while waiting for the HTTP answer"),
    "dripping": (drip, "timeout", "no answer while waiting for the HTTP answer"),
    "gone": (zoo.hang_up, "reset", "the connection was closed while waiting for the HTTP answer"),
    "another protocol": (zoo.garbage, "protocol", "the answer is not proper HTTP: 220 mail.example.com ESMTP ready"),
    "bytes": (raw(bytes(range(256)) * 8), "protocol", "the answer is not proper HTTP: "),
    "a TLS alert": (raw(b"\x15\x03\x01\x00\x02\x02\x46"), "protocol", "TLS is spoken here, not plain HTTP"),
    "one huge header": (
        raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200000 + b"\r\n\r\n"), "protocol", "the answer is not proper HTTP: got more"),
    "too many headers": (raw(b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 5000 + b"\r\n"), "protocol", "the answer is not proper HTTP: got more"),
    "many large headers": (
        raw(b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"x" * 60000 + b"\r\n") * 50), "protocol", "the answer is larger than allowed"),
    "only continue": (raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 20000), "protocol", "the answer is larger than allowed"),
    "no number": (raw(b"HTTP/1.1 OK\r\n\r\n"), "protocol", "the answer is not proper HTTP: HTTP/1.1 OK"),
}


@pytest.mark.parametrize("case", MISBEHAVIOUR)
def test_a_bad_server_costs_the_timeout_at_most_and_leaves_no_socket(case):
    answer, kind, words = MISBEHAVIOUR[case]
    before = open_sockets()
    with zoo.Server(answer) as server:
        begin = time.monotonic()
        found = look(server.port, timeout=0.4, redirect=True)
        elapsed = time.monotonic() - begin
    assert found.steps == () and found.failure.kind == kind and found.failure.detail.startswith(words), found.failure
    assert elapsed < 2 and open_sockets() <= before


def test_tls_at_the_plain_port_is_seen(good, tmp_path):
    with zoo.Server(zoo.tls(good, tmp_path)) as server:
        found = look(server.port, timeout=5.0, refused=True)
    assert found.steps == () and found.failure.kind in ("protocol", "reset")


def test_an_answer_of_http_0_9_is_none():
    with zoo.Server(raw(b"<html>hello</html>")) as server:
        assert look(server.port, refused=True).failure.detail == "the answer is not proper HTTP: <html>hello</html>"


def test_the_body_is_not_waited_for():
    def answer(connection):
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        zoo.stall(connection)

    with zoo.Server(answer) as server:
        begin = time.monotonic()
        assert look(server.port, redirect=True).steps == ((at(server), 200, ""),)
        assert time.monotonic() - begin < 5


# -- Strict-Transport-Security -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("status", ["200 OK", "301 Moved Permanently", "404 Not Found", "503 Service Unavailable"])
def test_the_header_is_read_over_https_whatever_the_status(https, status):
    https.reply = lambda *unused: http_answer(status=status, Location="https://other.example.com/",
                                              strict_transport_security="max-age=31536000; includeSubDomains")
    found = look(https_port=https.port, hsts=1)
    assert found == Web(hsts="max-age=31536000; includeSubDomains")
    assert https.requests[0][:2] == ("GET", "/") and len(https.requests) == 1


def test_of_several_headers_the_first_counts_as_the_rfc_says(good, tmp_path):
    def answer(connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(4096)
            secure.sendall(b"HTTP/1.1 200 OK\r\nSTRICT-transport-security: max-age=1\r\nStrict-Transport-Security: max-age=2\r\n\r\n")

    context = zoo.server_context(good, tmp_path)
    with zoo.Server(answer) as server:
        assert look(https_port=server.port, hsts=1).hsts == "max-age=1"


def test_no_header_is_none(https):
    assert look(https_port=https.port, hsts=1) == Web()


def test_the_header_over_plain_http_does_not_count(https):
    with Http(lambda *unused: http_answer(strict_transport_security="max-age=1")) as plain:
        found = look(plain.port, https.port, hsts=1, redirect=True)
    assert found == Web(((at(plain), 200, ""),))


def test_the_server_is_asked_by_name_and_need_not_be_trusted(good, tmp_path):
    asked = []
    context = zoo.server_context(good, tmp_path, dict(sni_callback=lambda _sock, name, _context: asked.append(name)))
    with Http(lambda *unused: http_answer(strict_transport_security="max-age=5"), wrap=context.wrap_socket) as server:
        variants = ({}, dict(sni="other.example.com"), dict(sni=""), dict(name="127.0.0.1"))
        found = [look(https_port=server.port, hsts=1, **more).hsts for more in variants]
        assert {request[2]["host"].rpartition(":")[0] for request in server.requests} == {NAME, "127.0.0.1"}
    assert found == ["max-age=5"] * 4 and asked == [NAME, "other.example.com", None, None]


@pytest.mark.parametrize("answer, kind", [(zoo.stall, "timeout"), (zoo.hang_up, "handshake"), (zoo.plain_http, "handshake")],
                         ids=["stall", "hang_up", "plain_http"])
def test_where_https_fails_it_is_said_why_and_plain_http_is_still_looked_at(answer, kind):
    before = open_sockets()
    with zoo.Server(answer) as server, Http(redirecting({"/": "https://other.example.com/"})) as plain:
        begin = time.monotonic()
        found = look(plain.port, server.port, timeout=0.6, hsts=1, redirect=True)
        elapsed = time.monotonic() - begin
        assert found.hsts is None and found.hsts_failure.kind == kind and "during the TLS handshake" in found.hsts_failure.detail
        assert found.steps == ((at(plain), 301, "https://other.example.com/"),) and found.failure is None
        assert elapsed < 2
    assert open_sockets() <= before


def test_a_server_that_shakes_hands_and_is_silent_is_a_timeout(good, tmp_path):
    with zoo.Server(zoo.tls(good, tmp_path)) as server:
        found = look(https_port=server.port, timeout=0.3, hsts=1)
    assert found.hsts_failure == Failure("timeout", "no answer while waiting for the HTTP answer")


def test_a_context_of_the_callers_own_is_used(https):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # one that trusts nobody
    found = WebClient(5.0, context)(Observation(NAME, "127.0.0.1", https.port), Policy(hsts=1))
    assert found.hsts_failure.kind == "handshake" and "certificate verify failed" in found.hsts_failure.detail


def test_connections_may_be_made_by_the_caller(https):
    def connect(address, port, deadline):
        places.append((address, port))
        return socket.create_connection((address, https.port), deadline.left())

    places = []
    seen = Observation(NAME, "127.0.0.1", 443)
    assert WebClient(connect=connect)(seen, Policy(hsts=1)) == Web() and places == [("127.0.0.1", 443)]


def test_many_looks_at_once(https):
    https.reply = lambda *unused: http_answer(strict_transport_security="max-age=7")
    with Http(redirecting({"/": at(https, "/", "https")})) as plain:
        client, seen = WebClient(20.0), Observation(NAME, "127.0.0.1", https.port)
        found = spread(lambda unused: client(seen, Policy(http_port=plain.port, redirect=True, hsts=1)), range(40), 8)
    assert {(item.hsts, item.failure, len(item.steps)) for item in found} == {("max-age=7", None, 2)}
