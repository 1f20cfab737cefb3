# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the probe sees, with `openssl s_client` as the referee for the verify code and its text."""

from __future__ import annotations

import dataclasses
import gc
import hashlib
import socket
import ssl
import subprocess
import sys
import threading
import warnings
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.daas.https.plugins.module_utils._errors import InputError
from ansible_collections.daas.https.plugins.module_utils._tls import probe
from ansible_collections.daas.https.plugins.module_utils._tls.model import Endpoint
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


def test_nobody_listens(ca_path):
    (seen,), = Prober(str(ca_path)).look([Endpoint(NAME, "127.0.0.1", zoo.unused_port())])
    assert (seen.failure.kind, seen.failure.detail, seen.times) == ("refused", "connection refused while connecting", ())


def test_a_name_that_does_not_resolve(ca_path):
    def resolve(*unused, **more):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    (seen,), = Prober(str(ca_path), resolve=resolve).look([Endpoint(NAME, NAME)])
    assert (seen.failure.kind, seen.failure.detail, seen.address) == ("dns", "Name or service not known", NAME)


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


def names_sent(material, tmp_path, ca_path, name):
    """The SNI values that reach a server."""
    sent = []
    context = zoo.server_context(material, tmp_path)
    context.sni_callback = lambda connection, sni, unused: sent.append(sni)

    def answer(connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(1024)

    with zoo.Server(answer) as server:
        assert look(server, ca_path, name=name).verify_code == 0
    return sent


def test_sni_is_the_name_and_never_an_address(good, ca_path, tmp_path):
    assert names_sent(good, tmp_path, ca_path, NAME) == [NAME]
    assert names_sent(good, tmp_path, ca_path, "127.0.0.1") == [None]


def test_one_context_for_all_endpoints_and_no_resumption(good, ca_path, tmp_path, monkeypatch):
    made, real = [], probe._context
    monkeypatch.setattr(probe, "_context", lambda mode: made.append(mode) or real(mode))
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


def test_unusable_roots(tmp_path):
    (tmp_path / "empty.pem").write_text("nothing\n", encoding="utf-8")
    for path in (tmp_path / "empty.pem", tmp_path / "absent.pem"):
        with pytest.raises(InputError, match="ca_path .* cannot be used: .*PEM form"):
            Prober(str(path))


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
