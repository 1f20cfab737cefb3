# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The OCSP response that a server staples: `openssl s_server` staples it, and pyOpenSSL has to see it."""

from __future__ import annotations

import contextlib
import re
import subprocess
import time

import pytest
from ansible_collections.daas.https.plugins.module_utils._errors import MissingLibrary
from ansible_collections.daas.https.plugins.module_utils._tls import checks, staple
from ansible_collections.daas.https.plugins.module_utils._tls.exchange import NoAnswer
from ansible_collections.daas.https.plugins.module_utils._tls.model import Extras, Observation, Policy, Revocation
from ansible_collections.daas.https.plugins.module_utils._tls.ocsp import judge_response
from ansible_collections.daas.https.plugins.module_utils._tls.probe import spread
from ansible_collections.daas.https.plugins.module_utils._tls.staple import LOOK_FAILED, Stapler, staple_of

from tests.emulator.pki import write_private
from tests.unit.tls import zoo
from tests.unit.tls.issuer import DAY, NAME, NOW, Issuer
from tests.unit.tls.test_tls_revocation import CA, USELESS, open_sockets

LEAF = CA.leaf()


@contextlib.contextmanager
def s_server(tmp_path, *arguments, response=None, leaf=LEAF):
    """The port of an `openssl s_server` with this leaf, which staples this response."""
    material = leaf.material
    (tmp_path / "chain.pem").write_text(material.chain_pem, encoding="utf-8")
    write_private(tmp_path / "key.pem", material.key_pem)
    command = [zoo.OPENSSL, "s_server", "-accept", "127.0.0.1:0", "-cert", tmp_path / "chain.pem", "-cert_chain", tmp_path / "chain.pem",
               "-key", tmp_path / "key.pem", *arguments]
    if response is not None:
        (tmp_path / "response.der").write_bytes(response)
        command += ["-status_file", tmp_path / "response.der"]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        said = ""
        for line in server.stdout:
            said += line
            found = re.match(r"ACCEPT \S+:(\d+)", line)
            if found:
                yield int(found.group(1))
                break
        else:
            raise AssertionError("s_server did not start:\n" + said)
    finally:
        server.kill()
        server.communicate()


def seen(port, leaf=LEAF, **more):
    return Observation(NAME, "127.0.0.1", port, chain=leaf.chain, **more)


@pytest.fixture(scope="module")
def look():
    return Stapler(20.0)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_good_staple_is_seen_in_every_version(version, tmp_path, look):
    with s_server(tmp_path, version, response=CA.answer(LEAF)) as port:
        assert look(seen(port), NOW) == Revocation("good", "staple", "", "", NOW + DAY)


def test_the_staple_is_the_very_bytes_that_the_server_has(tmp_path):
    response = CA.answer(LEAF)
    with s_server(tmp_path, response=response) as port:
        assert staple_of("127.0.0.1", port, NAME, 20.0) == response
        assert staple_of("127.0.0.1", port, "", 20.0) == response
        assert staple_of("127.0.0.1", port, "127.0.0.1", 20.0) == response


@pytest.mark.parametrize("response, status, words", [
    (CA.revoked(LEAF), "revoked", "revoked since 2026-11-19 12:00 UTC, reason: keyCompromise"),
    (CA.answer(LEAF, begin=NOW - 9 * DAY, end=NOW - DAY), "unknown", "the OCSP response expired at"),
    (CA.answer(CA.leaf()), "unknown", "the OCSP response is about another certificate"),
    (Issuer().answer(LEAF), "unknown", "the signature of the OCSP response is not that of the issuer"),
], ids=["revoked", "expired", "another", "signature"])
def test_a_bad_staple_is_seen_as_what_it_is(response, status, words, tmp_path, look):
    with s_server(tmp_path, response=response) as port:
        found = look(seen(port), NOW)
    assert (found.status, found.source) == (status, "staple") and words in found.detail, found.detail


def verdict(found):
    """What the judge makes of it, where a staple is asked for."""
    finding, = checks.judge_extras(Extras(staple=found), seen(443), None, Policy(staple=True), NOW)
    return finding.status


@pytest.mark.parametrize("case", USELESS)
def test_a_staple_that_proves_nothing_is_a_violation(case):
    """The judge knows it by the words, as it knows a look that failed."""
    body = USELESS[case][0]
    response = body(LEAF) if callable(body) else body
    assert verdict(judge_response(response, LEAF.cert, CA.cert, NOW, "staple")) == "violated"


def test_no_staple_is_said_to_be_none(tmp_path, look):
    with s_server(tmp_path) as port:
        assert staple_of("127.0.0.1", port, NAME, 20.0) is None
        found = look(seen(port), NOW)
    assert found == Revocation("unknown", "staple", detail="the server staples no OCSP response")
    assert verdict(found) == "violated"


def test_what_python_serves_has_no_staple(tmp_path, look):
    with zoo.Server(zoo.tls(LEAF.material, tmp_path)) as server:
        assert look(seen(server.port), NOW).detail == "the server staples no OCSP response"


def test_a_staple_is_seen_where_a_certificate_is_demanded_of_the_client(tmp_path, look):
    for version in ("-tls1_2", "-tls1_3"):
        with s_server(tmp_path, "-Verify", "1", version, response=CA.answer(LEAF)) as port:
            assert look(seen(port), NOW).status == "good", version


def test_the_name_is_sent_and_a_kind_of_key_can_be_asked_for(tmp_path, look):
    names = []

    def remember(_sock, name, _context):
        names.append(name)

    with zoo.Server(zoo.tls(LEAF.material, tmp_path, sni_callback=remember)) as server:
        look(seen(server.port), NOW)
        look(seen(server.port), NOW, sni="other.example.com")
        look(seen(server.port), NOW, sni="")
        assert names == [NAME, "other.example.com", None]
        assert look(seen(server.port), NOW, key_type="ecdsa").detail == "the server staples no OCSP response"
        failed = look(seen(server.port), NOW, key_type="rsa")
    assert failed.detail.startswith(LOOK_FAILED + ": the TLS handshake failed: ") and "handshake failure" in failed.detail


def test_without_the_issuer_a_staple_proves_nothing(tmp_path, look):
    with s_server(tmp_path, response=CA.answer(LEAF)) as port:
        lonely = Observation(NAME, "127.0.0.1", port, chain=LEAF.chain[:1])
        assert "the issuer's certificate was not served" in look(lonely, NOW).detail
        assert look(Observation(NAME, "127.0.0.1", port, chain=LEAF.chain[:1], trusted=LEAF.chain), NOW).status == "good"


@pytest.mark.parametrize("answer, words", [
    (zoo.stall, "no answer during the TLS handshake"), (zoo.hang_up, "the connection was closed during the TLS handshake"),
    (zoo.plain_http, "the TLS handshake failed: "), (zoo.garbage, "the TLS handshake failed: "),
], ids=["stall", "hang_up", "plain_http", "garbage"])
def test_a_look_that_fails_says_so_in_time_and_leaves_no_socket(answer, words):
    before = open_sockets()
    with zoo.Server(answer) as server:
        begin = time.monotonic()
        found = Stapler(0.4)(seen(server.port), NOW)
        elapsed = time.monotonic() - begin
    assert found.status == "unknown" and found.detail.startswith("{0}: {1}".format(LOOK_FAILED, words)), found.detail
    assert elapsed < 2 and open_sockets() <= before


def test_a_closed_port_is_a_failed_look(look):
    found = look(seen(zoo.unused_port()), NOW)
    assert found.detail == LOOK_FAILED + ": connection refused while connecting" and verdict(found) == "unknown"
    with pytest.raises(NoAnswer):
        staple_of("127.0.0.1", zoo.unused_port(), NAME, 5.0)


def test_many_looks_at_once_do_not_disturb_each_other(tmp_path, look):
    with s_server(tmp_path, response=CA.revoked(LEAF)) as port, zoo.Server(zoo.tls(LEAF.material, tmp_path)) as plain:
        ports = [port, plain.port] * 10
        found = spread(lambda item: look(seen(item), NOW).status, ports, 8)
    assert found == ["revoked", "unknown"] * 10


def test_without_pyopenssl_the_package_is_named(monkeypatch):
    monkeypatch.setattr(staple, "PYOPENSSL_IMPORT_ERROR", "ImportError")
    with pytest.raises(MissingLibrary, match="pip install pyOpenSSL"):
        Stapler()
    with pytest.raises(MissingLibrary):
        staple.context_for("")
