# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The wire: what is sent again and what is not, on an injected clock; and real TLS on loopback."""

from __future__ import annotations

import http.server
import socket
import ssl
import threading

import pytest
import requests

from ansible_collections.daas.https.plugins.module_utils._errors import (
    ApiError, InputError, MissingLibrary, MutationInCheckMode, OutcomeUnknown, TransportError)
from ansible_collections.daas.https.plugins.module_utils._transport import http as wire
from tests.emulator.pki import Authority

EVERYTHING = [(writes, repeatable) for writes in (False, True) for repeatable in (False, True)]


class Clock:
    def __init__(self):
        self.now, self.slept = 0.0, []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


class Stub(requests.adapters.BaseAdapter):
    """In place of the network: each request gets the next outcome, the last one for ever."""

    def __init__(self, *outcomes):
        super().__init__()
        self.outcomes, self.sent = list(outcomes), []

    def send(self, request, **options):
        self.sent.append((request, options))
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        answer = requests.Response()
        answer.status_code, answer._content, answer.headers["X-Request"] = outcome, b"{}", "1"
        return answer

    def close(self):
        self.sent = None


def transport(*outcomes, deadline=90, read_only=False, clock=None):
    clock = clock or Clock()
    made = wire.Transport(None, 5, 7, deadline, 1, read_only, clock, clock.sleep)
    stub = Stub(*outcomes)
    made._session.mount("https://", stub)
    return made, stub, clock


def build(url="https://slb.example.com/"):
    return wire.Request("POST", url, {"host": "slb.example.com"}, b"a=1")


def exchange(made, parse, writes=False, repeatable=False):
    return made.exchange("slb Do", build, parse, writes, repeatable)


def refuse(*errors):
    """A parse that refuses with these, one after another, and then accepts."""
    left = list(errors)

    def parse(answer):
        if left:
            raise left.pop(0)
        return answer

    return parse


def refusal(code, status=400, wait=0.0):
    return ApiError("slb Do", code, "no", status, "R-1", wait=wait)


@pytest.mark.parametrize("writes, repeatable", EVERYTHING)
@pytest.mark.parametrize("code", ["Throttling", "Throttling.User", "Rejected.Throttling"] + sorted(wire.BUSY))
def test_what_was_refused_before_anything_was_done_is_sent_again(code, writes, repeatable):
    made, stub, _clock = transport(200)
    assert exchange(made, refuse(refusal(code), refusal(code)), writes, repeatable).status == 200
    assert len(stub.sent) == 3


@pytest.mark.parametrize("code, status, safe_again", [
    ("InternalError", 500, True), ("ServiceUnavailable", 503, True), ("InvalidParameter", 400, False), ("Forbidden.RAM", 403, False),
    ("NameRepeat", 400, False), ("SignatureNonceUsed", 400, False), ("InvalidAction.NotFound", 404, False),
])
@pytest.mark.parametrize("writes, repeatable", EVERYTHING)
def test_other_refusals_are_repeated_only_where_it_is_safe(code, status, safe_again, writes, repeatable):
    made, stub, _clock = transport(200)
    error = refusal(code, status)
    if safe_again and (repeatable or not writes):
        assert exchange(made, refuse(error), writes, repeatable).status == 200 and len(stub.sent) == 2
    else:
        with pytest.raises(ApiError) as caught:
            exchange(made, refuse(error), writes, repeatable)
        assert caught.value is error and len(stub.sent) == 1


LOST = [
    requests.exceptions.ReadTimeout("HTTPSConnectionPool: Read timed out. (read timeout=7)"),
    requests.exceptions.ConnectionError("('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))"),
    requests.exceptions.ChunkedEncodingError("Connection broken: IncompleteRead(5 bytes read)"),
]


@pytest.mark.parametrize("failure", LOST, ids=lambda failure: type(failure).__name__)
@pytest.mark.parametrize("writes, repeatable", EVERYTHING)
def test_a_lost_answer(failure, writes, repeatable):
    made, stub, _clock = transport(failure, 200)
    if writes and not repeatable:
        with pytest.raises(OutcomeUnknown, match=r"slb Do at slb\.example\.com: the answer did not come"):
            exchange(made, refuse(), writes, repeatable)
        assert len(stub.sent) == 1
    else:
        assert exchange(made, refuse(), writes, repeatable).status == 200 and len(stub.sent) == 2


NEVER_LEFT = [
    requests.exceptions.ConnectTimeout("Connection to slb.example.com timed out. (connect timeout=5)"),
    requests.exceptions.ProxyError("Cannot connect to proxy."),
    requests.exceptions.ConnectionError("NewConnectionError(... Connection refused)"),
    requests.exceptions.ConnectionError("NameResolutionError(... not known)"),
]


@pytest.mark.parametrize("failure", NEVER_LEFT, ids=lambda failure: str(failure)[:18])
@pytest.mark.parametrize("writes, repeatable", EVERYTHING)
def test_what_never_left_is_tried_three_times(failure, writes, repeatable):
    made, stub, _clock = transport(failure, failure, 200)
    assert exchange(made, refuse(), writes, repeatable).status == 200 and len(stub.sent) == 3
    made, stub, _clock = transport(failure)
    with pytest.raises(TransportError, match="no connection.*Check endpoints") as caught:
        exchange(made, refuse(), writes, repeatable)
    assert len(stub.sent) == wire.ATTEMPTS_TO_CONNECT and not isinstance(caught.value, OutcomeUnknown)


@pytest.mark.parametrize("text", ["[SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC] decryption failed", "EOF occurred in violation of protocol"])
@pytest.mark.parametrize("repeatable", [True, False])
def test_tls_that_breaks_may_have_broken_after_the_request_was_sent(text, repeatable):
    made, stub = transport(requests.exceptions.SSLError(text), 200)[:2]
    if repeatable:
        exchange(made, refuse(), True, True)
        assert len(stub.sent) == 2
        return
    with pytest.raises(OutcomeUnknown, match="the answer did not come whole"):
        exchange(made, refuse(), True, False)
    assert len(stub.sent) == 1


@pytest.mark.parametrize("failure", [requests.exceptions.SSLError("certificate verify failed"), None])
def test_what_will_not_get_better_is_not_tried_again(failure):
    made, stub, _clock = transport(failure or 200)
    parse = refuse(*[TransportError("not the API", final=True)] * 3)
    with pytest.raises(TransportError):
        exchange(made, parse)
    assert len(stub.sent) == 1


def test_all_attempts_end_with_the_deadline():
    made, stub, clock = transport(200, deadline=20)
    with pytest.raises(ApiError, match=r"Throttling\.User"):
        exchange(made, refuse(*[refusal("Throttling.User")] * 999))
    assert clock.now <= 20 and 4 <= len(stub.sent) <= 12
    assert max(clock.slept) <= 8


@pytest.mark.parametrize("wait, sends, least", [(5.0, 2, 5.0), (30.0, 1, 0.0)])
def test_the_cloud_may_ask_to_wait_but_not_beyond_the_deadline(wait, sends, least):
    made, stub, clock = transport(200, deadline=20)
    if sends == 1:
        with pytest.raises(ApiError):
            exchange(made, refuse(refusal("Throttling.User", wait=wait)))
    else:
        exchange(made, refuse(refusal("Throttling.User", wait=wait)))
    assert len(stub.sent) == sends and clock.now >= least


def test_every_attempt_is_built_anew():
    made, stub, _clock = transport(200)
    numbers = iter(range(9))
    made.exchange("x", lambda: build("https://slb.example.com/?%d" % next(numbers)), refuse(refusal("Throttling"), refusal("Throttling")),
                  True, False)
    assert [request.url[-1] for request, _options in stub.sent] == ["0", "1", "2"]


@pytest.mark.parametrize("repeatable", [False, True])
def test_check_mode_cannot_write(repeatable):
    made, stub, _clock = transport(200, read_only=True)
    with pytest.raises(MutationInCheckMode, match="slb Do would write"):
        exchange(made, refuse(), True, repeatable)
    assert stub.sent == [] and exchange(made, refuse()).status == 200


def test_timeouts_headers_and_proxies(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.net:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    made, stub, _clock = transport(200)
    answer = exchange(made, refuse())
    request, options = stub.sent[0]
    assert options["timeout"] == (5, 7) and options["proxies"]["https"] == "http://proxy.example.net:3128"
    assert (request.body, request.headers["host"]) == (b"a=1", "slb.example.com") and "authorization" not in request.headers
    assert answer.headers == {"x-request": "1"}, "header names come in lower case"
    made.exchange("x", lambda: build("https://127.0.0.1:8443/"), refuse(), False, False)
    assert not stub.sent[1][1]["proxies"], "loopback is never behind a proxy"


def test_netrc_and_ca_variables_change_nothing(monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine slb.example.com login a password b\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nothing.pem"))
    made, stub, _clock = transport(200)
    exchange(made, refuse())
    assert "Authorization" not in stub.sent[0][0].headers and stub.sent[0][1]["verify"] is True


@pytest.mark.parametrize("url, good", [
    ("https://127.0.0.1:8443", True), ("https://cas.example.com/", True), ("http://cas.example.com", False), ("cas.example.com", False),
    ("https://", False), ("https://cas.example.com/path", False), ("https://cas.example.com?x=1", False), ("", False),
])
def test_endpoints_are_https_hosts(url, good):
    if good:
        assert wire.check_endpoint(url) == url.rstrip("/")
    else:
        with pytest.raises(InputError, match="plain http is never used"):
            wire.check_endpoint(url)


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setattr(wire, "IMPORT_ERROR", "Traceback …")
    with pytest.raises(MissingLibrary, match="'requests' cannot be imported.*pip install requests"):
        transport(200)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_file_that_cannot_be_used(content, tmp_path):
    path = tmp_path / "ca.pem"
    if content:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="api_ca_path: the file '.*ca.pem' cannot be used"):
        wire.Transport(str(path), 5, 5, 5, 1, False)


# -- real sockets --------------------------------------------------------------------------------------------------------------------

class Handler(http.server.BaseHTTPRequestHandler):
    """Does what the path says, and counts connections."""

    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.server.connections += 1

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.bodies.append(body)
        how = self.path.strip("/")
        if how == "cut":
            self.close_connection = True
            return
        if how == "half":
            self._answer(200, b'{"RequestId": "R', length=500)
            self.close_connection = True
            return
        if how == "redirect":
            self._answer(302, b"", location="https://127.0.0.1:%d/elsewhere" % self.server.server_address[1])
            return
        self._answer(200, b'{"RequestId": "R-1"}')

    def _answer(self, status, body, length=None, location=None):
        self.send_response(status)
        self.send_header("Content-Length", str(length or len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *unused):
        """Silence."""


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A client that leaves during the handshake is part of the test."""


@pytest.fixture(scope="module")
def authority():
    return Authority.create()


@pytest.fixture(scope="module")
def server(authority, tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    pair = authority.issue(["127.0.0.1"], key="ec")
    (folder / "pair.pem").write_text(pair.key_pem + pair.chain_pem, encoding="utf-8")
    (folder / "ca.pem").write_text(authority.root_pem, encoding="utf-8")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pair.pem")
    with Server(("127.0.0.1", 0), Handler) as made:
        made.socket = context.wrap_socket(made.socket, server_side=True)
        made.ca_path, made.connections, made.bodies = str(folder / "ca.pem"), 0, []
        thread = threading.Thread(target=made.serve_forever, kwargs=dict(poll_interval=0.05))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def real(server, path="", ca_path=None, deadline=1, writes=True, repeatable=False, host="127.0.0.1"):
    """The answer, or the error, of one exchange with the server."""
    made = wire.Transport(ca_path or server.ca_path, 5, 5, deadline, 2, False)
    url = "https://%s:%d/%s" % (host, server.server_address[1], path)
    try:
        return made.exchange("cas Do", lambda: wire.Request("POST", url, {"x": "y"}, b"body"), lambda answer: answer, writes, repeatable)
    finally:
        made.close()


def test_an_exchange(server):
    answer = real(server)
    assert (answer.status, answer.body) == (200, b'{"RequestId": "R-1"}') and server.bodies[-1] == b"body"


def test_connections_are_kept(server):
    made = wire.Transport(server.ca_path, 5, 5, 5, 2, False)
    before, url = server.connections, "https://127.0.0.1:%d/" % server.server_address[1]
    for _number in range(5):
        made.exchange("x", lambda: wire.Request("POST", url, {}, b""), lambda answer: answer, False, False)
    made.close()
    assert server.connections == before + 1


def test_redirects_are_not_followed(server):
    before = len(server.bodies)
    answer = real(server, "redirect")
    assert answer.status == 302 and len(server.bodies) == before + 1


@pytest.mark.parametrize("path", ["cut", "half"])
def test_a_write_whose_answer_is_cut_is_of_unknown_outcome_and_is_not_sent_twice(server, path):
    before = len(server.bodies)
    with pytest.raises(OutcomeUnknown, match="cas Do at 127.0.0.1:[0-9]+: the answer did not come: .+"):
        real(server, path)
    assert len(server.bodies) == before + 1


def test_a_read_whose_answer_is_cut_is_sent_again(server):
    before = len(server.bodies)
    with pytest.raises(OutcomeUnknown):
        real(server, "cut", deadline=1, writes=False)
    assert len(server.bodies) > before + 1


@pytest.mark.parametrize("host, ca, words", [
    ("127.0.0.1", "other", "certificate verify failed"), ("localhost", None, "certificate verify failed|doesn't match|not valid for"),
])
def test_the_api_must_prove_who_it_is(server, tmp_path, host, ca, words):
    if ca:
        (tmp_path / "other.pem").write_text(Authority.create().root_pem, encoding="utf-8")
    before = len(server.bodies)
    with pytest.raises(TransportError, match=words) as caught:
        real(server, host=host, ca_path=str(tmp_path / "other.pem") if ca else None)
    assert "api_ca_path" in str(caught.value) and not isinstance(caught.value, OutcomeUnknown) and len(server.bodies) == before


def test_a_closed_port_is_no_connection(server):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = wire.Transport(server.ca_path, 1, 1, 2, 1, False, sleep=lambda seconds: None)
        url = "https://127.0.0.1:%d/" % free.getsockname()[1]
        with pytest.raises(TransportError, match=r"cas Do at 127\.0\.0\.1:[0-9]+: no connection: .*refused") as caught:
            closed.exchange("cas Do", lambda: wire.Request("POST", url, {}, b""), lambda answer: answer, True, False)
    assert not isinstance(caught.value, OutcomeUnknown) and "0x" not in str(caught.value)


def test_a_silent_server_is_given_up(server):
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        slow = wire.Transport(server.ca_path, 0.2, 0.2, 0.1, 1, False)
        url = "https://127.0.0.1:%d/" % mute.getsockname()[1]
        with pytest.raises(TransportError):
            slow.exchange("cas Do", lambda: wire.Request("POST", url, {}, b""), lambda answer: answer, True, False)
