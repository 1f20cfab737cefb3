# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the probe sees, with `openssl s_client` as the referee for the verify code and its text."""

from __future__ import annotations

import dataclasses
import gc
import hashlib
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
import warnings
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.daas.https.plugins.module_utils._errors import InputError
from ansible_collections.daas.https.plugins.module_utils._tls import offers, probe
from ansible_collections.daas.https.plugins.module_utils._tls.model import Endpoint, Failure
from ansible_collections.daas.https.plugins.module_utils._tls.probe import Prober, spread
from tests.emulator import pki
from tests.unit.tls import zoo

NAME = "www.example.com"


def look(server, ca_path, name=NAME, **more):
    settings = dict(dict(timeout=20.0), **more)
    (seen,), = Prober(str(ca_path), **settings).look([Endpoint(name, server.host, server.port)])
    return seen


def misordered(authority):
    material = authority.issue([NAME], key="ec")
    return dataclasses.replace(material, chain_pem=material.leaf_pem + authority.root_pem + authority.intermediate_pem)


def rooted(authority):
    material = authority.issue([NAME], key="ec")
    return dataclasses.replace(material, chain_pem=material.chain_pem + authority.root_pem)


def under_expired_ca():
    """A valid leaf below CA certificates that have expired."""
    long_ago = pki.Authority.create(datetime.now(timezone.utc) - timedelta(days=4000))
    return long_ago, long_ago.issue([NAME], not_before=datetime.now(timezone.utc) - timedelta(hours=1), key="ec")


BROKEN = {
    "good": (0, lambda authority: authority.issue([NAME], key="ec")),
    "rsa": (0, lambda authority: authority.issue([NAME])),
    "expired": (10, lambda authority: authority.expired([NAME], key="ec")),
    "not yet valid": (9, lambda authority: authority.not_yet_valid([NAME], key="ec")),
    "self-signed": (18, lambda authority: authority.self_signed([NAME], key="ec")),
    "unknown issuer": (20, lambda authority: pki.Authority.create().issue([NAME], key="ec")),
    "unknown root in the chain": (19, lambda authority: rooted(pki.Authority.create())),
    "intermediate missing": (20, lambda authority: pki.without_intermediate(authority.issue([NAME], key="ec"))),
    "wrong order": (0, misordered),
    "superfluous root": (0, rooted),
    "wrong host": (0, lambda authority: authority.issue(["other.example.net"], key="ec")),
}


@pytest.mark.parametrize("case", BROKEN)
def test_code_and_text_are_those_of_s_client(case, authority, ca_path, tmp_path):
    expected, make = BROKEN[case]
    material = make(authority)
    with zoo.Server(zoo.tls(material, tmp_path)) as server:
        seen = look(server, ca_path)
        assert (seen.verify_code, seen.verify_text) == zoo.s_client(server, NAME, ca_path)
    assert seen.verify_code == expected
    assert (seen.sha256, seen.sha1, seen.failure) == (material.fingerprint, material.sha1, None)
    assert (seen.trusted is None) == (expected != 0 or sys.version_info < (3, 10))


def test_an_expired_ca_gives_the_same_code_as_s_client(tmp_path):
    authority, material = under_expired_ca()
    roots = tmp_path / "old-ca.pem"
    roots.write_text(authority.root_pem, encoding="utf-8")
    with zoo.Server(zoo.tls(material, tmp_path)) as server:
        seen = look(server, roots)
        assert (seen.verify_code, seen.verify_text) == zoo.s_client(server, NAME, roots) == (10, "certificate has expired")


def test_a_trusted_self_signed_certificate(authority, tmp_path):
    material = authority.self_signed([NAME], key="ec")
    (tmp_path / "own.pem").write_text(material.leaf_pem, encoding="utf-8")
    with zoo.Server(zoo.tls(material, tmp_path)) as server:
        seen = look(server, tmp_path / "own.pem")
        assert (seen.verify_code, seen.verify_text) == zoo.s_client(server, NAME, tmp_path / "own.pem") == (0, "ok")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_version_and_cipher(version, good, ca_path, tmp_path):
    with zoo.Server(zoo.tls(good, tmp_path, minimum_version=version, maximum_version=version)) as server:
        seen = look(server, ca_path)
    assert seen.version == version.name.replace("_", ".") and seen.cipher
    assert [name for name, milliseconds in seen.times] == ["connect", "handshake"]


def test_the_chain_as_served(authority, ca_path, tmp_path):
    with zoo.Server(zoo.tls(misordered(authority), tmp_path)) as server:
        seen = look(server, ca_path)
    leaf, root, intermediate = seen.chain[0], der(authority.root_pem), der(authority.intermediate_pem)
    assert hashlib.sha256(leaf).hexdigest() == seen.sha256
    if sys.version_info < (3, 10):
        assert (seen.chain, seen.chain_known) == ((leaf,), False)
    else:
        assert (seen.chain, seen.chain_known) == ((leaf, root, intermediate), True)
        assert seen.trusted == (leaf, intermediate, root)


def test_older_pythons_have_the_chain_of_the_inner_object():
    class Certificate:
        def public_bytes(self, form):
            return b"DER" if form == 2 else b"PEM"

    class Inner:
        def get_verified_chain(self):
            return [Certificate()]

    class Socket:
        _sslobj = Inner()

    assert probe._chain(Socket(), "get_verified_chain") == [b"DER"]
    assert probe._chain(Socket(), "get_unverified_chain") is None


FAILURES = {
    "reset": ("reset", lambda good, folder: zoo.hang_up),
    "http": ("protocol", lambda good, folder: zoo.plain_http),
    "garbage": ("protocol", lambda good, folder: zoo.garbage),
    "alert": ("alert", zoo.refusing_names),
    "stall": ("timeout", lambda good, folder: zoo.stall),
}


@pytest.mark.parametrize("case", FAILURES)
def test_failures_have_a_type(case, good, ca_path, tmp_path):
    kind, answer = FAILURES[case]
    with zoo.Server(answer(good, tmp_path)) as server:
        seen = look(server, ca_path, timeout=0.3 if case == "stall" else 20.0)
    assert seen.failure.kind == kind
    assert (seen.verify_code, seen.sha256, seen.chain) == (None, "", ())
    assert "handshake" in seen.failure.detail


def test_the_alert_is_named(good, ca_path, tmp_path):
    with zoo.Server(zoo.refusing_names(good, tmp_path)) as server:
        assert "'unrecognized name'" in look(server, ca_path).failure.detail


def test_an_alert_that_python_has_no_word_for_is_named_by_openssl():
    error = ssl.SSLError(1, "[SSL] tlsv1 alert no application protocol (_ssl.c:1020)")
    assert probe.failure_of(error, True) == Failure("alert", "the server ended the handshake with the TLS alert 'no application protocol'")
    error = ssl.SSLError(1, "unknown error (_ssl.c:1)")
    assert probe.failure_of(error, True) == Failure("handshake", "the TLS handshake failed: unknown error")


def test_nobody_listens(ca_path):
    (seen,), = Prober(str(ca_path)).look([Endpoint(NAME, "127.0.0.1", zoo.unused_port())])
    assert (seen.failure.kind, seen.failure.detail, seen.times) == ("refused", "connection refused while connecting", ())


def test_a_name_that_does_not_resolve(ca_path):
    def resolve(*unused, **more):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    (seen,), = Prober(str(ca_path), resolve=resolve).look([Endpoint(NAME, NAME)])
    assert (seen.failure.kind, seen.failure.detail, seen.address) == ("dns", "Name or service not known", NAME)


def test_an_address_is_not_resolved(good, ca_path, tmp_path):
    with zoo.Server(zoo.tls(good, tmp_path)) as server:
        seen = look(server, ca_path, resolve=None)
    assert (seen.verify_code, [name for name, _milliseconds in seen.times]) == (0, ["connect", "handshake"])


@pytest.mark.parametrize("host, expected", [
    ("192.0.2.1", (socket.AF_INET, ("192.0.2.1", 443))), ("2001:db8::1", (socket.AF_INET6, ("2001:db8::1", 443, 0, 0))),
    ("www.example.com", None), ("192.0.2", None), ("", None), ("a\0b", None), ("b\u00fccher.example.com", None)])
def test_what_is_an_address(host, expected):
    assert probe.literal(host, 443) == expected


def test_a_name_without_addresses(ca_path):
    (seen,), = Prober(str(ca_path), resolve=lambda *unused, **more: []).look([Endpoint(NAME, NAME)])
    assert seen.failure.kind == "dns"


def test_every_address_of_a_name_is_looked_at_once(good, ca_path, tmp_path):
    asked = []
    with zoo.Server(zoo.tls(good, tmp_path)) as server:
        def resolve(name, port, **more):
            asked.append(name)
            found = ("127.0.0.1", "127.0.0.2", "127.0.0.1")
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, server.port)) for address in found]

        endpoints = [Endpoint(NAME, "lb.example.com", server.port), Endpoint("a.shop.example.com", "lb.example.com", server.port)]
        first, second = Prober(str(ca_path), resolve=resolve).look(endpoints)
    assert asked == ["lb.example.com"]
    assert [(seen.address, seen.failure and seen.failure.kind) for seen in first] == [("127.0.0.1", None), ("127.0.0.2", "refused")]
    assert [seen.name for seen in second] == ["a.shop.example.com"] * 2


def test_ipv6(good, ca_path, tmp_path):
    try:
        server = zoo.Server(zoo.tls(good, tmp_path), host="::1")
    except OSError:
        # No IPv6 on this machine: then that is what has to be reported.
        (seen,), = Prober(str(ca_path)).look([Endpoint(NAME, "::1", 443)])
        assert seen.failure.kind in ("unreachable", "refused")
        return
    with server:
        seen = look(server, ca_path)
    assert (seen.verify_code, seen.address) == (0, "::1")


def names_sent(material, tmp_path, ca_path, name, sni=None):
    """The SNI values that reach a server."""
    sent = []
    context = zoo.server_context(material, tmp_path)
    context.sni_callback = lambda connection, sni, unused: sent.append(sni)

    def answer(connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(1024)

    with zoo.Server(answer) as server:
        (seen,), = Prober(str(ca_path), 20.0).look([Endpoint(name, server.host, server.port, sni=sni)])
        assert seen.verify_code == 0 and seen.name == name
    return sent


def test_sni_is_the_name_and_never_an_address(good, ca_path, tmp_path):
    assert names_sent(good, tmp_path, ca_path, NAME) == [NAME]
    assert names_sent(good, tmp_path, ca_path, "127.0.0.1") == [None]


def test_another_server_name_may_be_sent_or_none(good, ca_path, tmp_path):
    assert names_sent(good, tmp_path, ca_path, NAME, sni="other.example.net") == ["other.example.net"]
    assert names_sent(good, tmp_path, ca_path, NAME, sni="") == [None]


def test_an_international_name_is_sent_in_a_labels(good, ca_path, tmp_path):
    assert names_sent(good, tmp_path, ca_path, "b\u00fccher.example.com") == ["xn--bcher-kva.example.com"]


def test_a_name_that_cannot_be_sent_is_a_failure(good, ca_path, tmp_path):
    with zoo.Server(zoo.tls(good, tmp_path)) as server:
        failure = look(server, ca_path, name="\u00fc" * 70).failure
    assert failure.kind == "handshake" and "label" in failure.detail


def test_one_context_for_all_endpoints_and_no_resumption(good, ca_path, tmp_path, monkeypatch):
    made, real = [], offers._context
    monkeypatch.setattr(offers, "_context", lambda mode: made.append(mode) or real(mode))
    reused = []
    context = zoo.server_context(good, tmp_path)

    def answer(connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            reused.append(secure.session_reused)
            secure.recv(1024)

    with zoo.Server(answer) as server:
        prober = Prober(str(ca_path), 20.0, 4)
        for _time in range(3):
            seen = prober.look([Endpoint(NAME, server.host, server.port)] * 8)
    assert all(row[0].verify_code == 0 for row in seen)
    assert made == [ssl.CERT_REQUIRED, ssl.CERT_NONE]
    assert reused == [False] * 24
    assert len(set(id(row[0].chain) for row in seen)) == 1  # equal chains are kept once


def test_a_second_look_only_when_verification_failed(authority, good, ca_path, tmp_path):
    for material, connections in ((good, 1), (authority.expired([NAME], key="ec"), 2)):
        with zoo.Server(zoo.tls(material, tmp_path)) as server:
            look(server, ca_path)
            assert server.connections == connections


def test_the_verdict_survives_when_the_second_look_fails(authority, ca_path, tmp_path):
    expired = zoo.tls(authority.expired([NAME], key="ec"), tmp_path)
    with zoo.Server(expired) as server:
        def once(connection):
            server.answer = zoo.hang_up
            expired(connection)

        server.answer = once
        seen = look(server, ca_path)
    assert (seen.verify_code, seen.sha256, seen.chain, seen.failure) == (10, "", (), None)


def test_no_socket_and_no_thread_is_left(authority, good, ca_path, tmp_path):
    before = set(threading.enumerate())
    with zoo.Server(zoo.tls(good, tmp_path)) as one, zoo.Server(zoo.hang_up) as two, zoo.Server(
            zoo.tls(authority.expired([NAME], key="ec"), tmp_path)) as three:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            Prober(str(ca_path), 20.0, 4).look([Endpoint(NAME, server.host, server.port) for server in (one, two, three)] * 3)
            gc.collect()
    assert [str(item.message) for item in caught if item.category is ResourceWarning] == []
    assert set(threading.enumerate()) <= before


def open_sockets():
    return [link for link in (os.readlink("/proc/self/fd/" + name) for name in os.listdir("/proc/self/fd")
                              if os.path.islink("/proc/self/fd/" + name)) if link.startswith("socket:")]


def test_300_endpoints_at_once(good, ca_path, tmp_path):
    before = len(open_sockets())
    with zoo.Server(zoo.tls(good, tmp_path)) as server:
        found = Prober(str(ca_path), 60.0).look([Endpoint(NAME, server.host, server.port)] * 300)
        assert server.connections == 300
    assert [(seen.verify_code, seen.failure) for (seen,) in found] == [(0, None)] * 300
    assert len(open_sockets()) <= before


def test_dead_endpoints_cost_one_timeout_and_do_not_stop_the_others(good, ca_path, tmp_path):
    """4 at a time: 40 of them, one after the other, would take 10 timeouts."""
    with zoo.Server(zoo.tls(good, tmp_path)) as server, socket.create_server(("127.0.0.1", 0), backlog=256) as silent:
        dead, alive = Endpoint(NAME, *silent.getsockname()), Endpoint(NAME, server.host, server.port)
        begin = time.monotonic()
        found = Prober(str(ca_path), 1.0, 4).look([dead] * 40 + [alive] * 5)
        seconds = time.monotonic() - begin
    assert [seen.failure for (seen,) in found[:40]] == [Failure("timeout", "no answer during the TLS handshake")] * 40
    assert [seen.verify_code for (seen,) in found[40:]] == [0] * 5
    assert seconds < 3


def test_an_interrupt_leaves_no_socket(good, ca_path, tmp_path, monkeypatch):
    before = len(open_sockets())
    with zoo.Server(zoo.tls(good, tmp_path)) as server, socket.create_server(("127.0.0.1", 0), backlog=256) as silent:
        prober, real = Prober(str(ca_path), 20.0), probe._take_leave

        def interrupt(sock):
            real(sock)
            raise KeyboardInterrupt

        monkeypatch.setattr(probe, "_take_leave", interrupt)
        with pytest.raises(KeyboardInterrupt):
            prober.look([Endpoint(NAME, *silent.getsockname())] * 20 + [Endpoint(NAME, server.host, server.port)])
    assert len(open_sockets()) <= before


# -- what is offered -----------------------------------------------------------------------------------------------------------------

def test_alpn_is_offered_and_what_was_agreed_on_is_seen(good, ca_path, tmp_path):
    context = zoo.server_context(good, tmp_path)
    for offered, agreed in (["h2"], "h2"), (["http/1.1"], "http/1.1"), (["smtp"], None):
        context.set_alpn_protocols(offered)

        def answer(connection):
            with context.wrap_socket(connection, server_side=True) as secure:
                secure.recv(1024)

        with zoo.Server(answer) as server:
            assert look(server, ca_path).alpn == agreed


def test_a_server_that_is_not_for_the_web_is_asked_again_without_alpn(good, ca_path, tmp_path):
    zoo.server_context(good, tmp_path)  # writes the files
    stem = tmp_path / good.fingerprint[:16]
    command = [zoo.OPENSSL, "s_server", "-accept", "127.0.0.1:0", "-cert", stem.with_suffix(".pem"), "-key", stem.with_suffix(".key"),
               "-cert_chain", stem.with_suffix(".pem"), "-alpn", "smtp"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            port = next(int(found.group(1)) for found in (re.match(r"ACCEPT .*:(\d+)", line) for line in process.stdout) if found)
            (seen,), = Prober(str(ca_path), 20.0).look([Endpoint(NAME, "127.0.0.1", port)])
        finally:
            process.kill()
    assert (seen.failure, seen.verify_code, seen.sha256, seen.alpn) == (None, 0, good.fingerprint, None)


def serving(version, material, folder):
    context = zoo.server_context(material, folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version.replace(".", "_")]

    def answer(connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(1024)

    return zoo.Server(answer)


VERSIONS = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]


@pytest.mark.parametrize("served", VERSIONS)
def test_one_version_is_offered_and_no_other(served, good, ca_path, tmp_path):
    with serving(served, good, tmp_path) as server, warnings.catch_warnings():
        warnings.simplefilter("error")
        found = Prober(str(ca_path), 20.0).look([Endpoint(NAME, server.host, server.port, tls_version=version) for version in VERSIONS])
    for version, (seen,) in zip(VERSIONS, found):
        if version == served:
            assert (seen.failure, seen.version, seen.verify_code) == (None, version, 0)
        else:
            assert seen.failure.kind in ("alert", "protocol") and not zoo.cannot_offer(seen.failure)


def test_what_this_openssl_cannot_offer_is_told_apart(good, ca_path, tmp_path, monkeypatch):
    """Before Python 3.15 a kind of key can be said only where TLS 1.3 is not offered."""
    if hasattr(ssl.SSLContext, "set_server_sigalgs"):
        monkeypatch.delattr(ssl.SSLContext, "set_server_sigalgs")
    with zoo.Server(zoo.tls(good, tmp_path)) as server:
        (seen,), = Prober(str(ca_path), 20.0).look([Endpoint(NAME, server.host, server.port, key_type="ecdsa", tls_version="TLSv1.3")])
    assert seen.failure == Failure("protocol", "this machine's OpenSSL cannot offer TLSv1.3") and zoo.cannot_offer(seen.failure)
    assert not zoo.cannot_offer(None) and not zoo.cannot_offer(Failure("protocol", "the TLS handshake failed: no protocols available"))


def test_a_version_that_python_was_built_without(ca_path, monkeypatch):
    def limit(context, version):
        raise ValueError("Unsupported TLS/SSL version 0x301")

    monkeypatch.setattr(offers, "_limit", limit)
    (seen,), = Prober(str(ca_path)).look([Endpoint(NAME, "127.0.0.1", zoo.unused_port(), tls_version="TLSv1")])
    assert zoo.cannot_offer(seen.failure)


# -- client certificates -------------------------------------------------------------------------------------------------------------

def demanding(version, material, trusted, folder, subjects):
    """A server that wants a client certificate."""
    context = zoo.server_context(material, folder, dict(minimum_version=version, maximum_version=version))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(str(trusted))

    def answer(connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            subjects.append(dict(item[0] for item in secure.getpeercert()["subject"])["commonName"])
            secure.recv(1024)

    return zoo.Server(answer)


def client_files(folder):
    certificate, key = str(folder / "client.pem"), str(folder / "client.key")
    done = subprocess.run(
        [zoo.OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-subj", "/CN=client.example.com",
         "-addext", "extendedKeyUsage=clientAuth", "-out", certificate, "-keyout", key], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return certificate, key


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_certificate_is_shown(version, good, ca_path, tmp_path):
    subjects, client = [], client_files(tmp_path) + (None,)
    with demanding(version, good, client[0], tmp_path, subjects) as server:
        seen = look(server, ca_path, client=client)
    assert (seen.failure, seen.verify_code, subjects) == (None, 0, ["client.example.com"])


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_without_one_the_server_is_seen_all_the_same(version, good, ca_path, tmp_path):
    """As s_client sees it: the server's own certificate has been verified when ours is missed."""
    with demanding(version, good, ca_path, tmp_path, []) as server:
        seen = look(server, ca_path)
        assert (seen.verify_code, seen.verify_text) == zoo.s_client(server, NAME, ca_path) == (0, "ok")
    if version == ssl.TLSVersion.TLSv1_3:
        assert seen.failure is None  # its alert comes after our handshake
    else:
        assert seen.failure.kind == "alert" and "handshake failure" in seen.failure.detail
    if sys.version_info >= (3, 10):
        assert (seen.sha256, len(seen.chain), len(seen.trusted)) == (good.fingerprint, 2, 3)


def test_an_encrypted_key_needs_its_passphrase(good, ca_path, tmp_path):
    certificate, key = client_files(tmp_path)
    done = subprocess.run([zoo.OPENSSL, "pkey", "-in", key, "-aes256", "-passout", "pass:secret", "-out", str(tmp_path / "locked.key")],
                          capture_output=True, check=False)
    assert done.returncode == 0
    locked, subjects = str(tmp_path / "locked.key"), []
    with demanding(ssl.TLSVersion.TLSv1_3, good, certificate, tmp_path, subjects) as server:
        assert look(server, ca_path, client=(certificate, locked, "secret")).failure is None
    assert subjects == ["client.example.com"]
    for passphrase in (None, "wrong"):  # and nobody is asked at the terminal
        with pytest.raises(InputError, match="client_certificate_path .*, client_private_key_path .*locked.key: cannot be used") as caught:
            Prober(str(ca_path), client=(certificate, locked, passphrase))
        assert "wrong" not in str(caught.value)


def test_unusable_client_certificates(authority, ca_path, tmp_path):
    certificate, key = client_files(tmp_path)
    pki.write_private(tmp_path / "other.key", authority.issue(["other.example.com"], key="ec").key_pem)
    secret = (tmp_path / "other.key").read_text(encoding="utf-8").splitlines()[1]
    for files in ((certificate, str(tmp_path / "absent.key")), (certificate, str(tmp_path / "other.key")), (certificate, None), (key, key)):
        with pytest.raises(InputError, match="cannot be used: .*client_private_key_passphrase") as caught:
            Prober(str(ca_path), client=files + (None,))
        assert secret not in str(caught.value)


def test_unusable_roots(tmp_path):
    (tmp_path / "empty.pem").write_text("nothing\n", encoding="utf-8")
    for path in (tmp_path / "empty.pem", tmp_path / "absent.pem"):
        with pytest.raises(InputError, match="ca_path .* cannot be used: .*PEM form"):
            Prober(str(path))


def test_the_message_names_the_store(ca_path, tmp_path):
    with pytest.raises(InputError, match="trust store phones: .*absent.pem cannot be used"):
        Prober(str(ca_path), stores={"phones": str(tmp_path / "absent.pem")})


def test_an_endpoint_is_judged_by_the_store_that_it_names(authority, good, ca_path, tmp_path):
    (tmp_path / "others.pem").write_text(pki.Authority.create().root_pem, encoding="utf-8")
    with zoo.Server(zoo.tls(good, tmp_path)) as server:
        prober = Prober(str(ca_path), 20.0, stores={"phones": str(tmp_path / "others.pem"), "same": str(ca_path)})
        found = prober.look([Endpoint(NAME, server.host, server.port, store=name) for name in ("", "phones", "same")])
    assert [seen.verify_code for (seen,) in found] == [0, 20, 0]
    assert [seen.sha256 for (seen,) in found] == [good.fingerprint] * 3


def test_a_folder_of_roots(good, ca_path, tmp_path):
    folder = tmp_path / "roots"
    folder.mkdir()
    done = subprocess.run([zoo.OPENSSL, "x509", "-hash", "-noout", "-in", str(ca_path)], capture_output=True, text=True, check=True)
    (folder / (done.stdout.strip() + ".0")).write_text(ca_path.read_text(encoding="utf-8"), encoding="utf-8")
    with zoo.Server(zoo.tls(good, tmp_path)) as server:
        assert look(server, folder).verify_code == 0


def test_spread_keeps_the_order_and_raises():
    assert spread(lambda item: item * 2, list(range(100)), 8) == [item * 2 for item in range(100)]
    assert spread(str, [], 8) == []
    with pytest.raises(ZeroDivisionError):
        spread(lambda item: 1 // item, [3, 2, 1, 0, 5], 3)


def der(pem):
    return ssl.PEM_cert_to_DER_cert(pem)
