# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server with an RSA and an ECDSA certificate, asked as a client does that can use one kind only; OpenSSL's client is the referee."""

from __future__ import annotations

import dataclasses
import hashlib
import re
import ssl
import subprocess
from datetime import datetime, timezone

import pytest
from ansible_collections.daas.https.plugins.module_utils._tls import gate, offers, result
from ansible_collections.daas.https.plugins.module_utils._tls.certificate import decode
from ansible_collections.daas.https.plugins.module_utils._tls.model import OK, VIOLATED, Endpoint, Observation, Policy
from ansible_collections.daas.https.plugins.module_utils._tls.probe import Prober
from ansible_collections.daas.https.plugins.module_utils._tls.wants import read_wants
from tests.emulator.pki import Authority
from tests.unit.tls import zoo

NAME = "www.example.com"
KINDS = {"rsa": "rsa", "ecdsa": "ec"}  # ours -> the emulated CA's


def utc_now():
    return datetime.now(timezone.utc)


@pytest.fixture(scope="module")
def pair(authority):
    return {kind: authority.issue([NAME], key=key) for kind, key in KINDS.items()}


def answering(materials, folder, **settings):
    """A server with all of these certificates."""
    context = zoo.server_context(materials[0], folder, settings)
    for number, material in enumerate(materials[1:]):
        path = folder / "more{0}.pem".format(number)
        path.write_text(material.key_pem + "\n" + material.chain_pem, encoding="utf-8")
        path.chmod(0o600)
        context.load_cert_chain(str(path))

    def answer(connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(1024)

    return zoo.Server(answer)


def openssl_sees(server, ca_path, *offer):
    done = subprocess.run(
        [zoo.OPENSSL, "s_client", "-connect", "{0}:{1}".format(server.host, server.port), "-servername", NAME, "-CAfile", str(ca_path),
         *offer], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    leaf = re.search("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", done.stdout, re.DOTALL)
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(leaf.group(0))).hexdigest() if leaf else ""


def ask(server, ca_path, *kinds):
    rows = Prober(str(ca_path), 20.0).look([Endpoint(NAME, server.host, server.port, key_type=kind) for kind in kinds])
    return [seen for (seen,) in rows]


def test_each_client_gets_the_certificate_that_it_can_use(pair, ca_path, tmp_path):
    with answering(list(pair.values()), tmp_path) as server:
        seen = ask(server, ca_path, "rsa", "ecdsa", "")
        ciphers = [openssl_sees(server, ca_path, "-tls1_2", "-cipher", word) for word in ("aRSA", "aECDSA")]
        signatures = [openssl_sees(server, ca_path, "-tls1_3", "-sigalgs", word) for word in ("rsa_pss_rsae_sha256", "ECDSA+SHA256")]
    expected = [pair["rsa"].fingerprint, pair["ecdsa"].fingerprint]
    assert [item.sha256 for item in seen[:2]] == ciphers == signatures == expected
    assert [(item.verify_code, item.failure) for item in seen] == [(0, None)] * 3
    assert [decode(item.chain[0]).key_type for item in seen[:2]] == ["rsa", "ecdsa"]
    assert seen[2].sha256 in expected and seen[2].version == "TLSv1.3"


@pytest.mark.parametrize("kind, other", [("rsa", "ecdsa"), ("ecdsa", "rsa")])
def test_a_server_without_that_kind_is_not_reached_and_that_is_said(kind, other, pair, ca_path, tmp_path):
    with answering([pair[kind]], tmp_path) as server:
        assert [item.sha256 for item in ask(server, ca_path, kind, "")] == [pair[kind].fingerprint] * 2
        item = dict(name=NAME, address=server.host, port=server.port, label=None, key_type=other, expected_fingerprint=None,
                    previous_fingerprint=None)
        params = dict(endpoints=[item], timeout=20.0, parallel=1, successes=1, wait_interval=1.0, expected_fingerprint=None,
                      previous_fingerprint=None, min_days_left=0, check_hostname=True)
        run = gate.Gate(read_wants(params), Prober(str(ca_path), 20.0).look, lambda der: (decode(der), ""), utc_now)
        run.round(run.wants)
    tls, message, _warnings = result.report(run, lambda der: (decode(der), ""), utc_now())
    assert (tls["endpoints"][0]["label"], tls["endpoints"][0]["key_type"]) == ("{0}:{1} ({2})".format(NAME, server.port, other), None)
    assert not tls["ok"] and "offering {0} only): the server ended the handshake".format(other.upper()) in message


@pytest.mark.parametrize("kind", KINDS)
def test_one_that_is_not_trusted_is_still_seen_by_its_kind(kind, ca_path, tmp_path):
    stranger = Authority.create()
    materials = {kind: stranger.issue([NAME], key=key) for kind, key in KINDS.items()}
    with answering(list(materials.values()), tmp_path) as server:
        seen, = ask(server, ca_path, kind)
    assert (seen.verify_code, seen.sha256) == (20, materials[kind].fingerprint)


def test_one_pair_of_contexts_for_each_kind(pair, ca_path, tmp_path, monkeypatch):
    made, real = [], offers._context
    monkeypatch.setattr(offers, "_context", lambda mode: made.append(mode) or real(mode))
    with answering(list(pair.values()), tmp_path) as server:
        prober = Prober(str(ca_path), 20.0)
        for _round in range(2):
            prober.look([Endpoint(NAME, server.host, server.port, key_type=kind) for kind in ("rsa", "ecdsa", "rsa", "rsa")])
    assert made == [ssl.CERT_REQUIRED, ssl.CERT_NONE] * 3  # of any kind, RSA, ECDSA


class NewContext:
    """What Python 3.15 can do: the signature algorithms are said, so that TLS 1.3 need not be given up."""

    def __init__(self):
        self.maximum_version, self.signatures = ssl.TLSVersion.MAXIMUM_SUPPORTED, ""

    def set_ciphers(self, words):
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).set_ciphers(words)

    def set_server_sigalgs(self, words):
        self.signatures = words


@pytest.mark.parametrize("kind", KINDS)
def test_where_python_can_say_it_tls_1_3_is_offered_too(kind, pair, ca_path, tmp_path):
    context = offers._offering(NewContext(), kind)
    assert context.maximum_version == ssl.TLSVersion.MAXIMUM_SUPPORTED
    with answering(list(pair.values()), tmp_path, minimum_version=ssl.TLSVersion.TLSv1_3) as server:
        assert openssl_sees(server, ca_path, "-sigalgs", context.signatures) == pair[kind].fingerprint


def same_chain(leaf, chains, asked):
    """Of endpoints that have (kind of key, intermediate) and were asked for these kinds."""
    facts = [dataclasses.replace(leaf, key_type=kind, issuer_id=chain) for kind, chain in chains]
    seen = [Observation(NAME, NAME, 443, trusted=(b"leaf", chain, b"root"), verify_code=0) for _kind, chain in chains]
    run = gate.Gate([], None, lambda der: (leaf, ""), utc_now)
    for number, kind in enumerate(asked):
        want = gate.Want(number, Endpoint(NAME, NAME, label=str(number), key_type=kind), Policy())
        run._rows[number] = [gate.Row(want, seen[number], facts[number], ())]
    return run.chains()[0].status


def test_each_kind_of_key_has_a_chain_of_its_own(pair):
    """CAs sign RSA and ECDSA certificates by different intermediates."""
    leaf = decode(ssl.PEM_cert_to_DER_cert(pair["rsa"].leaf_pem))
    mixed = [("rsa", b"R"), ("ecdsa", b"E"), ("rsa", b"R")]
    assert same_chain(leaf, mixed, ["rsa", "ecdsa", ""]) == OK
    assert same_chain(leaf, mixed, ["", "", ""]) == VIOLATED
    assert same_chain(leaf, [("rsa", b"R"), ("ecdsa", b"E"), ("rsa", b"Q")], ["rsa", "ecdsa", ""]) == VIOLATED
