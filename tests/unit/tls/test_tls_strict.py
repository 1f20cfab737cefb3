# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module with all that it can be asked for, on real sockets: each expectation once kept and once broken."""

from __future__ import annotations

import contextlib
import datetime
import ssl

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests.emulator.pki import Authority, write_private
from tests.support.modules import run_module
from tests.unit.tls import zoo
from tests.unit.tls.issuer import Http, Issuer, http_answer, serving

NAME = "www.example.com"
STRICT = dict(
    min_days_left=14, check_chain=True, min_tls_version="TLSv1.3", forbidden_tls_versions=["TLSv1", "TLSv1.1"],
    key_types=["rsa", "ecdsa"], min_rsa_bits=2048, min_ec_bits=256, allow_weak_signatures=False, https_redirect=True, hsts_min_age=3600,
    same_leaf=True, same_chain=True)
STRICTER = STRICT | {"min_ec_bits": 384, "min_days_left": 90, "public_key": ["ab" * 32]}


def verify(ca_path, server, endpoint=None, **options):
    item = dict(dict(name=NAME, address=server.host, port=server.port, label="web"), **(endpoint or {}))
    result = run_module("tls_verify", dict(dict(endpoints=[item], ca_path=str(ca_path), timeout=20.0), **options))
    return result, result["tls"]["endpoints"][0] if "tls" in result else None


@pytest.fixture(scope="module")
def materials(authority):
    return [authority.issue([NAME], key=key) for key in ("ec", "rsa")]


@contextlib.contextmanager
def web_server(materials, folder, hsts="max-age=31536000", floor=ssl.TLSVersion.TLSv1_2):
    """An HTTPS server that says what the header has to say, with a certificate of each kind."""
    context = zoo.server_context(materials[0], folder)
    context.minimum_version = floor
    context.set_ciphers("ALL:@SECLEVEL=0")
    for number, material in enumerate(materials[1:]):
        path = folder / "more{0}.pem".format(number)
        path.write_text("")
        write_private(path, material.key_pem + "\n" + material.chain_pem)
        context.load_cert_chain(str(path))
    headers = {"Strict-Transport-Security": hsts} if hsts else {}
    with Http(lambda *unused: http_answer(b"ok", **headers), wrap=context.wrap_socket) as server:
        yield server


@contextlib.contextmanager
def redirecting_to(port):
    with Http(lambda *unused: http_answer(status="308 Permanent Redirect", Location="https://%s:%d/" % (NAME, port))) as server:
        yield server


def test_a_web_server_as_it_should_be(materials, ca_path, tmp_path):
    with web_server(materials, tmp_path) as server, redirecting_to(server.port) as plain:
        result, entry = verify(ca_path, server, http_port=plain.port, trust_stores=[dict(name="phones", path=str(ca_path))], **STRICT)
    assert not result["failed"], result["msg"]
    assert set(entry["checks"].values()) == {"ok"}, str(entry["findings"])
    assert set(entry["checks"]) == {
        "reachable", "trust", "hostname", "expiry", "version", "key", "signature", "chain", "forbidden_versions", "key_types", "stores",
        "redirect", "hsts"}
    assert entry["versions"] == {"TLSv1": "refused", "TLSv1.1": "refused"} and entry["stores"] == {"phones": "0 (ok)"}
    assert entry["key_types"] == dict(zip(("ecdsa", "rsa"), (material.fingerprint for material in materials)))
    web = "https://%s:%d/" % (NAME, server.port)
    assert entry["redirects"] == [
        dict(url="http://%s:%d/" % (NAME, plain.port), status=308, location=web), dict(url=web, status=200, location=None)]
    assert entry["hsts"] == "max-age=31536000"
    known = {item["fingerprint"]: item for item in result["tls"]["certificates"]}
    assert set(entry["chain_fingerprints"]) <= set(known) and known[entry["fingerprint"]]["key_bits"] == 256
    assert result["tls"]["same_leaf"] == dict(required=True, status="ok", message="")


def test_a_web_server_that_does_nothing_right(authority, ca_path, tmp_path):
    leaf_alone = authority.issue([NAME], key="ec")
    strangers = tmp_path / "strangers.pem"
    strangers.write_text(Authority.create().root_pem, encoding="utf-8")
    with web_server([leaf_alone], tmp_path, hsts="", floor=ssl.TLSVersion.TLSv1) as server, Http(serving(b"ok")) as plain:
        result, entry = verify(
            ca_path, server, http_port=plain.port, trust_stores=[dict(name="phones", path=str(strangers))], **STRICTER)
    assert result["failed"]
    broken = {code for code, status in entry["checks"].items() if status == "violated"}
    assert broken == {"expiry", "public_key", "key", "forbidden_versions", "key_types", "stores", "redirect", "hsts"}, entry["findings"]
    assert entry["versions"] == {"TLSv1": "accepted", "TLSv1.1": "accepted"} and entry["key_types"]["rsa"] is None
    for words in ("TLSv1 is accepted", "a client that can use RSA only is refused", "phones does not trust it: 20"):
        assert words in result["msg"], result["msg"]
    assert all(finding["hint"] for finding in entry["findings"] if finding["status"] == "violated")


@pytest.mark.parametrize(("revoked", "status"), [(False, "ok"), (True, "violated")])
def test_the_issuer_is_asked_about_revocation(revoked, status, tmp_path):
    issuer = Issuer()
    with Http(serving(b"")) as responder:
        leaf = issuer.leaf(responders=[responder.url()])
        now = datetime.datetime.now(datetime.timezone.utc)
        fresh = dict(begin=now - datetime.timedelta(hours=1), end=now + datetime.timedelta(days=1))
        responder.reply = serving(issuer.revoked(leaf, **fresh) if revoked else issuer.answer(leaf, **fresh))
        roots = tmp_path / "root.pem"
        roots.write_bytes(issuer.cert.public_bytes(Encoding.PEM))
        with zoo.Server(zoo.tls(leaf.material, tmp_path)) as server:
            result, entry = verify(roots, server, revocation="any", check_hostname=False)
    assert entry["revocation"]["source"] == "ocsp" and entry["checks"]["revocation"] == status, str(entry["revocation"])
    assert result["failed"] == revoked


def test_a_mail_server_behind_a_proxy(good, ca_path, tmp_path):
    """CONNECT, then SMTP, then TLS; the proxy wants to know who it is."""
    secure, heard = zoo.tls(good, tmp_path), []

    def answer(connection):
        heard.append(connection.recv(4096))
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n220 mail.example.com ESMTP\r\n")
        connection.recv(4096)
        connection.sendall(b"250-mail.example.com\r\n250 STARTTLS\r\n")
        connection.recv(4096)
        connection.sendall(b"220 Go ahead\r\n")
        secure(connection)

    with zoo.Server(answer) as proxy:
        result, entry = verify(
            ca_path, proxy, dict(address="mail.example.com", port=25, starttls="smtp"), proxy="127.0.0.1:%d" % proxy.port,
            proxy_username="ops", proxy_password="hidden-word", expected_fingerprint=[good.fingerprint])
    assert not result["failed"], result
    assert b"CONNECT mail.example.com:25 HTTP/1.1" in heard[0] and b"Proxy-Authorization: Basic " in heard[0]
    assert (entry["address"], entry["alpn"], entry["ok"]) == ("mail.example.com", None, True)


def test_a_server_that_asks_who_we_are(good, ca_path, tmp_path):
    theirs = Issuer()
    client = theirs.leaf().material
    certificate, key = tmp_path / "client.pem", tmp_path / "client.key"
    certificate.write_text(client.chain_pem, encoding="utf-8")
    write_private(key, client.key_pem)
    context = zoo.server_context(good, tmp_path)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=theirs.cert.public_bytes(Encoding.PEM).decode())
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    def answer(connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(1024)

    with zoo.Server(answer) as server:
        known = verify(ca_path, server, client_certificate_path=str(certificate), client_private_key_path=str(key))
        unknown = verify(ca_path, server)
        wrong = run_module("tls_verify", dict(endpoints=[dict(name=NAME)], client_certificate_path=str(certificate),
                                              client_private_key_path=str(ca_path)))
    assert not known[0]["failed"] and known[1]["ok"], known
    assert unknown[1]["checks"]["reachable"] == "violated" and unknown[1]["failure"]["kind"] in ("alert", "reset"), unknown[1]
    assert wrong["failed"] and "client_certificate_path" in wrong["msg"] and "PRIVATE KEY" not in wrong["msg"], wrong["msg"]


@pytest.mark.parametrize(("open_port", "status"), [(True, "violated"), (False, "ok")])
def test_plain_http_is_to_be_refused(open_port, status, good, ca_path, tmp_path):
    with zoo.Server(zoo.tls(good, tmp_path)) as server, Http(serving(b"ok")) as plain:
        port = plain.port if open_port else zoo.unused_port()
        entry = verify(ca_path, server, plain_http_refused=True, http_port=port)[1]
    assert entry["checks"]["plain_http"] == status, entry["findings"]


def test_what_is_not_reached_says_nothing_about_the_rest(ca_path):
    class Nobody:
        host, port = "127.0.0.1", zoo.unused_port()

    result, entry = verify(ca_path, Nobody, revocation="any", **STRICT)
    assert entry["checks"].pop("reachable") == "violated" and set(entry["checks"].values()) == {"unknown"}
    assert len(entry["checks"]) == 12 and result["failed"]
