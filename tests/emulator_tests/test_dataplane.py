# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data plane seen from outside, through real sockets."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import http.client
import socket
import ssl
import subprocess
import threading

import pytest

from tests.emulator import dataplane, pki


class Clock:
    def __init__(self):
        self.moment = datetime.datetime.now(datetime.timezone.utc)

    def now(self):
        return self.moment

    def advance(self, seconds):
        self.moment += datetime.timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def authority():
    return pki.Authority.create()


@pytest.fixture(scope="module")
def old(authority):
    return authority.issue(["www.example.com"], key="ec")


@pytest.fixture(scope="module")
def new(authority):
    return authority.issue(["www.example.com"], key="rsa")


@pytest.fixture(scope="module")
def wild(authority):
    return authority.issue(["*.example.net"], key="ec")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def plane(clock):
    plane = dataplane.DataPlane(clock)
    yield plane
    plane.close()


def seen(endpoint, name="www.example.com", context=None, session=None):
    """The fingerprint of the leaf that a handshake gets; with a context also whether the session was resumed."""
    if context is None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((endpoint.host, endpoint.port), timeout=10) as raw:
        with context.wrap_socket(raw, server_hostname=name, session=session) as tls:
            return hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()


def ask(port, host, path="/", method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Location"), answer.read()
    finally:
        connection.close()


def test_opening_twice_gives_the_same_endpoint(plane, old):
    first = plane.open("slb/lb-bp1web/443")
    plane.serve("slb/lb-bp1web/443", default=old)
    second = plane.open("slb/lb-bp1web/443", http=True)

    assert first.host == "127.0.0.1" and first.http_port is None
    assert (second.host, second.port) == (first.host, first.port) and second.http_port
    assert seen(second) == old.fingerprint
    assert plane.endpoints() == {"slb/lb-bp1web/443": {"host": "127.0.0.1", "port": first.port, "http_port": second.http_port}}


def test_a_swapped_certificate_is_seen_at_once(plane, old, new):
    endpoint = plane.open("a")
    plane.serve("a", default=old)
    assert seen(endpoint) == old.fingerprint
    plane.serve("a", default=new)
    assert seen(endpoint) == new.fingerprint


@pytest.mark.parametrize("name, which", [
    ("www.example.com", "exact"), ("WWW.example.com", "exact"), ("a.example.net", "wild"), ("a.b.example.net", "suffix"),
    ("other.example.org", "default"), (None, "default"),
])
def test_sni_chooses_the_most_exact_name(plane, authority, name, which):
    materials = {key: authority.issue([key + ".example.com"], key="ec") for key in ("default", "exact", "wild", "suffix")}
    endpoint = plane.open("a")
    plane.serve("a", default=materials["default"], sni={
        "www.example.com": materials["exact"], "*.example.net": materials["wild"], ".example.net": materials["suffix"]})

    assert seen(endpoint, name) == materials[which].fingerprint


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_without_a_certificate_the_client_gets_the_alert(plane, old, version):
    endpoint = plane.open("cdn")
    plane.serve("cdn", default=None, sni={"img.example.com": old})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = version

    for name in ("static.example.com", None):
        with pytest.raises(ssl.SSLError) as caught:
            seen(endpoint, name, context)
        assert "UNRECOGNIZED_NAME" in caught.value.reason
    assert seen(endpoint, "img.example.com", context) == old.fingerprint


def test_an_endpoint_that_serves_nothing_yet_refuses_every_name(plane):
    with pytest.raises(ssl.SSLError):
        seen(plane.open("empty"))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_sessions_are_never_resumed(plane, old, new, version):
    endpoint = plane.open("a")
    plane.serve("a", default=old)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = version
    with socket.create_connection((endpoint.host, endpoint.port), timeout=10) as raw:
        with context.wrap_socket(raw, server_hostname="www.example.com") as tls:
            tls.sendall(b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n")
            assert tls.recv(4096).startswith(b"HTTP/1.1 200 OK")
            session = tls.session
    plane.serve("a", default=new)

    with socket.create_connection((endpoint.host, endpoint.port), timeout=10) as raw:
        with context.wrap_socket(raw, server_hostname="www.example.com", session=session) as tls:
            assert not tls.session_reused
            assert hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest() == new.fingerprint


@pytest.mark.parametrize("extra", [["-tls1_2"], ["-tls1_3"]])
def test_openssl_s_client_is_content(tmp_path, plane, authority, new, extra):
    (tmp_path / "ca.pem").write_text(authority.root_pem, encoding="utf-8")
    endpoint = plane.open("a")
    plane.serve("a", default=new)
    command = ["openssl", "s_client", "-connect", "127.0.0.1:{0}".format(endpoint.port), "-servername", "www.example.com",
               "-verify_hostname", "www.example.com", "-CAfile", "ca.pem", "-no-CApath", *extra]
    result = subprocess.run(command, cwd=tmp_path, input="", capture_output=True, text=True, check=False, timeout=60)

    assert "Verify return code: 0 (ok)" in result.stdout, result.stdout + result.stderr


def test_a_pair_that_cannot_be_served_changes_nothing(plane, old, new):
    endpoint = plane.open("a")
    plane.serve("a", default=old)
    with pytest.raises(ValueError) as caught:
        plane.serve("a", default=old, sni={"x.example.com": pki.with_other_key(new)})
    assert new.fingerprint[:16] in str(caught.value)
    assert "PRIVATE" not in str(caught.value)
    assert seen(endpoint, "x.example.com") == old.fingerprint
    with pytest.raises(KeyError):
        plane.serve("never opened", default=old)


def test_the_page_names_the_endpoint_over_tls(plane, authority, old):
    endpoint = plane.open("slb/lb-bp1web/443")
    plane.serve("slb/lb-bp1web/443", default=old)
    context = ssl.create_default_context(cadata=authority.root_pem)
    with socket.create_connection((endpoint.host, endpoint.port), timeout=10) as raw:
        with context.wrap_socket(raw, server_hostname="www.example.com") as tls:
            tls.sendall(b"GET / HTTP/1.1\r\nHost: www.example.com:443\r\n\r\n")
            answer = b"".join(iter(lambda: tls.recv(4096), b""))  # a clean end of TLS, or this raises
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"endpoint: slb/lb-bp1web/443\nscheme: https\nhost: www.example.com\n" in answer


def test_redirects_and_files_on_the_plain_port(plane, old):
    port = plane.open("cdn", http=True).http_port
    plane.serve("cdn", default=old, redirect={"img.example.com", "*.shop.example.com"},
                files={"/.well-known/airec-validation/t.txt": "proof"})

    assert ask(port, "img.example.com:8080", "/a?b=c")[:2] == (301, "https://img.example.com/a?b=c")
    assert ask(port, "a.shop.example.com", "/", "POST")[:2] == (308, "https://a.shop.example.com/")
    assert ask(port, "static.example.com") == (200, None, b"endpoint: cdn\nscheme: http\nhost: static.example.com\n")
    assert ask(port, "img.example.com", "/.well-known/airec-validation/t.txt") == (200, None, b"proof")
    assert ask(port, "static.example.com", "/", "HEAD") == (200, None, b"")

    plane.serve("cdn", default=old, redirect=True, page=False, files=lambda path: b"x" if path == "/x" else None)
    assert ask(port, "static.example.com")[0] == 301
    plane.serve("cdn", default=old, page=False)
    assert ask(port, "static.example.com")[0] == 404


def test_a_redirect_says_where_and_how(plane, old):
    port = plane.open("slb/lb-bp1web/80", http=True).http_port
    plane.serve("slb/lb-bp1web/80", default=None, redirect=True, redirect_status=302, https_port=8443)
    assert ask(port, "www.example.com", "/a", "POST")[:2] == (302, "https://www.example.com:8443/a")
    plane.serve("slb/lb-bp1web/80", default=None, redirect={"a.example.com": 308, "*.example.net": None})
    assert [ask(port, host)[0] for host in ("A.example.com", "b.example.net", "b.example.com")] == [308, 301, 200]
    assert plane.serving("slb/lb-bp1web/80")["redirect"] == ["*.example.net", "a.example.com"]


def versions(endpoint, name):
    """The versions of TLS with which a name gets a handshake."""
    found = []
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        with contextlib.suppress(ssl.SSLError):
            seen(endpoint, name, context)
            found.append(version.name)
    return found


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_the_lowest_version_of_tls_is_the_endpoints_or_the_names(plane, old):
    endpoint = plane.open("cdn")
    plane.serve("cdn", default=old)
    assert versions(endpoint, "www.example.com") == ["TLSv1_2", "TLSv1_3"]
    plane.serve("cdn", default=old, tls_minimum="1.1")
    assert versions(endpoint, None) == ["TLSv1_1", "TLSv1_2", "TLSv1_3"]
    plane.serve("cdn", default=old, tls_minimum={"": "1.3", "Old.example.com": "1.0", "*.example.net": "1.2"})
    assert [len(versions(endpoint, name)) for name in ("www.example.com", "old.example.com", "a.example.net", None)] == [1, 4, 2, 1]
    with pytest.raises(ValueError):
        plane.serve("cdn", default=old, tls_minimum="1.4")


def test_a_client_hello_in_pieces(plane, old):
    endpoint = plane.open("cdn")
    plane.serve("cdn", default=None, sni={"www.example.com": old}, tls_minimum={"www.example.com": "1.3"})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="www.example.com")
    with socket.create_connection((endpoint.host, endpoint.port), timeout=10) as raw:
        with pytest.raises(ssl.SSLWantReadError):
            tls.do_handshake()
        hello = outgoing.read()
        for start in (0, 3, 40, 90):
            raw.sendall(hello[start:{0: 3, 3: 40, 40: 90}.get(start, len(hello))])
        while tls.version() is None:
            incoming.write(raw.recv(16384))
            with contextlib.suppress(ssl.SSLWantReadError):
                tls.do_handshake()
    assert hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest() == old.fingerprint


def test_what_is_no_client_hello_gets_an_end(plane, old):
    endpoint = plane.open("cdn")
    plane.serve("cdn", default=old)
    for junk in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x04\x01\x00\x00\x00"):
        with socket.create_connection((endpoint.host, endpoint.port), timeout=10) as raw:
            raw.sendall(junk)
            with contextlib.suppress(ConnectionResetError):
                assert not raw.recv(1) or raw.recv(4096)  # an alert, or nothing; and then the end
                while raw.recv(4096):
                    continue
    assert seen(endpoint) == old.fingerprint


def test_the_old_fault_makes_the_wire_lie(plane, old, new, wild):
    endpoint = plane.open("a")
    plane.serve("a", default=old)
    plane.fault("a", "old")
    plane.serve("a", default=new)
    plane.serve("a", default=wild)
    assert seen(endpoint) == old.fingerprint
    assert plane.serving("a")["default"] == wild.fingerprint
    plane.fault("a", "previous")
    assert seen(endpoint) == new.fingerprint
    plane.fault("a", None)
    assert seen(endpoint) == wild.fingerprint


def test_propagation_by_handshakes(plane, old, new):
    endpoint = plane.open("a")
    plane.serve("a", default=old)
    plane.fault("a", "propagation:2")
    assert [seen(endpoint) for _again in range(3)] == [old.fingerprint] * 3
    plane.serve("a", default=new)
    plane.serve("a", default=new, redirect=True)  # the certificate is the same: this starts no new wait
    assert [seen(endpoint) for _again in range(3)] == [old.fingerprint, old.fingerprint, new.fingerprint]
    plane.serve("a", default=old)
    assert [seen(endpoint) for _again in range(3)] == [new.fingerprint, new.fingerprint, old.fingerprint]


def test_propagation_by_time(plane, clock, old, new):
    endpoint = plane.open("a")
    plane.serve("a", default=old)
    plane.fault("a", "propagation:1.5s")
    plane.serve("a", default=new)
    clock.advance(1)
    assert seen(endpoint) == old.fingerprint
    clock.advance(1)
    assert seen(endpoint) == new.fingerprint


def test_refusing_and_recovering_on_the_same_port(plane, old):
    endpoint = plane.open("a")
    plane.serve("a", default=old)
    seen(endpoint)
    plane.fault("a", "refuse")
    for _again in range(2):
        with pytest.raises(ConnectionRefusedError):
            seen(endpoint)
    plane.fault("a", "refuse")
    plane.fault("a", None)
    assert seen(endpoint) == old.fingerprint
    assert plane.handshakes() == {"a": 2}


def test_stalling_answers_nothing(plane, old):
    endpoint = plane.open("a")
    plane.serve("a", default=old)
    plane.fault("a", "stall")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((endpoint.host, endpoint.port), timeout=0.2) as raw:
        with pytest.raises(socket.timeout):
            context.wrap_socket(raw, server_hostname="www.example.com")
    plane.fault("a", None)
    assert seen(endpoint) == old.fingerprint


@pytest.mark.parametrize("kind", ["nonsense", "propagation", "propagation:x", "propagation:1m"])
def test_unknown_faults_are_refused(plane, kind):
    plane.open("a")
    with pytest.raises(ValueError, match="unknown fault"):
        plane.fault("a", kind)


def test_a_slow_client_delays_nobody(plane, old):
    endpoint = plane.open("a")
    plane.serve("a", default=old)
    with socket.create_connection((endpoint.host, endpoint.port), timeout=10):
        assert seen(endpoint) == old.fingerprint


def test_many_endpoints_and_swaps_at_the_same_time(plane, old, new):
    endpoints = [plane.open("slb/lb-{0}/443".format(number)) for number in range(300)]
    for number in range(300):
        plane.serve("slb/lb-{0}/443".format(number), default=old)
    stop = threading.Event()

    def swap():
        while not stop.is_set():
            for material in (new, old):
                plane.serve("slb/lb-0/443", default=material)
                plane.fault("slb/lb-1/443", "old")
                plane.fault("slb/lb-1/443", None)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        results = {seen(endpoints[number % 3]) for number in range(60)}
    finally:
        stop.set()
        thread.join(10)
    assert old.fingerprint in results and results <= {old.fingerprint, new.fingerprint}
    assert sum(plane.handshakes().values()) == 60
    assert len({endpoint.port for endpoint in endpoints}) == 300


def test_shut_reset_and_close_free_the_ports(clock, old):
    plane = dataplane.DataPlane(clock)
    one, two = plane.open("one"), plane.open("two", http=True)
    plane.serve("one", default=old)
    plane.shut("one")
    plane.shut("one")
    with pytest.raises(ConnectionRefusedError):
        seen(one)
    plane.fault("two", "refuse")
    plane.reset()
    assert plane.endpoints() == {}
    again = plane.open("two", port=two.port, http=True, http_port=two.http_port)
    assert (again.port, again.http_port) == (two.port, two.http_port)
    plane.close()
    plane.close()
    with pytest.raises(ConnectionRefusedError):
        seen(again)
    assert not [thread for thread in threading.enumerate() if thread is plane._thread]


def test_the_key_needs_no_file(plane, authority, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a file was made")

    material = authority.issue(["fresh.example.com"], key="ec")
    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse)
    endpoint = plane.open("a")
    plane.serve("a", default=material)
    assert seen(endpoint) == material.fingerprint
