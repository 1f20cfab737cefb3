# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the issuer is asked, believed only where it can be, and never believed to say "good" when it says nothing."""

from __future__ import annotations

import dataclasses
import os
import socket
import subprocess
import threading
import time
from datetime import datetime, timezone

import pytest
from ansible_collections.daas.https.plugins.module_utils._errors import MissingLibrary
from ansible_collections.daas.https.plugins.module_utils._tls import certificate, crl, exchange, ocsp, revocation, signed
from ansible_collections.daas.https.plugins.module_utils._tls.exchange import Deadline, Fetcher, NoAnswer
from ansible_collections.daas.https.plugins.module_utils._tls.model import Revocation
from ansible_collections.daas.https.plugins.module_utils._tls.probe import spread
from ansible_collections.daas.https.plugins.module_utils._tls.revocation import Once, Revoker
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp as x509_ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulator.pki import write_private
from tests.unit.tls import zoo
from tests.unit.tls.issuer import DAY, HOUR, KEYS, NOW, Http, Issuer, der, http_answer, point, scope, serving

CA = Issuer()
GOOD, REVOKED, UNKNOWN = x509_ocsp.OCSPCertStatus.GOOD, x509_ocsp.OCSPCertStatus.REVOKED, x509_ocsp.OCSPCertStatus.UNKNOWN


def ask(leaf, mode="ocsp", trusted=None, timeout=10.0, now=NOW, **fetcher):
    return Revoker(timeout, Fetcher(**fetcher))(leaf.chain, trusted, mode, now)


def responding(leaf, body, mode="ocsp", **more):
    """What follows when the responder (or the place of the list) hands this out; leaf: made for the server's URL."""
    with Http(serving(body)) as server:
        made = leaf(server.url("/ca"))
        server.reply = serving(body(made)) if callable(body) else serving(body)
        return ask(made, mode, **more)


def by_ocsp(body, issuer=CA, **more):
    return responding(lambda url: issuer.leaf(responders=[url]), body, **more)


def by_crl(body, issuer=CA, **more):
    return responding(lambda url: issuer.leaf(lists=[url]), body, mode="crl", **more)


def open_sockets():
    return sum(os.readlink("/proc/self/fd/" + name).startswith("socket:") for name in os.listdir("/proc/self/fd")
               if os.path.lexists("/proc/self/fd/" + name))


# -- OCSP ----------------------------------------------------------------------------------------------------------------------------

def test_a_good_leaf_is_good_and_the_request_is_what_the_rfc_wants():
    with Http(serving(b"")) as server:
        leaf = CA.leaf(responders=[server.url("/ocsp?ca=1")])
        server.reply = serving(CA.answer(leaf))
        found = ask(leaf)
        (method, target, headers, body), = server.requests
    assert found == Revocation("good", "ocsp", server.url("/ocsp?ca=1"), "", NOW + DAY)
    assert (method, target) == ("POST", "/ocsp?ca=1")
    assert headers["content-type"] == "application/ocsp-request" and headers["host"] == "127.0.0.1:{0}".format(server.port)
    asked = x509_ocsp.load_der_ocsp_request(body)
    assert asked.serial_number == leaf.cert.serial_number and isinstance(asked.hash_algorithm, hashes.SHA1)


def test_a_revoked_leaf_is_revoked_with_time_and_reason():
    found = by_ocsp(CA.revoked)
    assert (found.status, found.source, found.detail) == ("revoked", "ocsp", "revoked since 2026-11-19 12:00 UTC, reason: keyCompromise")
    assert found.next_update == NOW + DAY
    assert by_ocsp(lambda leaf: CA.answer(leaf, REVOKED, NOW - DAY)).detail == "revoked since 2026-11-19 12:00 UTC"


@pytest.mark.parametrize("kind", ["rsa", "ec", "ed25519", "ed448"])
def test_every_kind_of_key_may_sign(kind):
    issuer = Issuer(kind=kind)
    assert by_ocsp(issuer.answer, issuer).status == "good"
    assert by_ocsp(lambda leaf: issuer.answer(leaf, signer=issuer.responder(kind=kind)), issuer).status == "good"
    assert by_crl(lambda leaf: der(issuer.crl(leaf)), issuer).status == "revoked"


@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256(), hashes.SHA512()], ids=lambda algorithm: algorithm.name)
def test_the_responder_chooses_how_it_names_the_issuer(algorithm):
    assert by_ocsp(lambda leaf: CA.answer(leaf, algorithm=algorithm)).status == "good"


def impostor():
    """Another CA of the same name."""
    other = Issuer()
    return other.cert, other.key


USELESS = {
    "unknown": (lambda leaf: CA.answer(leaf, UNKNOWN), "the responder does not know the certificate"),
    "expired": (lambda leaf: CA.answer(leaf, begin=NOW - 9 * DAY, end=NOW - DAY), "expired at 2026-11-19 12:00 UTC, and said good"),
    "expired and revoked": (lambda leaf: CA.revoked(leaf, begin=NOW - 9 * DAY, end=NOW - DAY), "and said revoked since 2026-11-19"),
    "not yet valid": (lambda leaf: CA.answer(leaf, begin=NOW + HOUR), "is not valid before 2026-11-20 13:00 UTC"),
    "old without an end": (lambda leaf: CA.answer(leaf, begin=NOW - 2 * DAY, end=None), "says of no time until which it holds"),
    "signed by another key": (lambda leaf: Issuer().answer(leaf, issuer=CA), "the signature of the OCSP response is not"),
    "signed by a namesake": (lambda leaf: CA.answer(leaf, signer=impostor()), "whom the issuer has not appointed"),
    "signed by a delegate without the right": (lambda leaf: CA.answer(leaf, signer=CA.responder(purposes=())), "not for OCSP signing"),
    "signed by a server's certificate": (
        lambda leaf: CA.answer(leaf, signer=CA.responder([ExtendedKeyUsageOID.SERVER_AUTH])), "not for OCSP signing"),
    "signed by the leaf itself": (lambda leaf: CA.answer(leaf, signer=(leaf.cert, leaf.key)), "not for OCSP signing"),
    "signed by a delegate of another CA": (
        lambda leaf: CA.answer(leaf, signer=Issuer("Other CA").responder()), "whom the issuer has not appointed"),
    "signed by an expired delegate": (
        lambda leaf: CA.answer(leaf, signer=CA.responder(end=NOW - DAY)), "the responder's certificate is valid only from"),
    "about another serial number": (lambda leaf: CA.answer(CA.leaf()), "about another certificate"),
    "about another issuer": (lambda leaf: CA.answer(leaf, issuer=Issuer("Other CA")), "about another certificate"),
    "tryLater": (lambda leaf: der(x509_ocsp.OCSPResponseBuilder.build_unsuccessful(x509_ocsp.OCSPResponseStatus.TRY_LATER)), "'tryLater'"),
    "unauthorized": (
        lambda leaf: der(x509_ocsp.OCSPResponseBuilder.build_unsuccessful(x509_ocsp.OCSPResponseStatus.UNAUTHORIZED)), "'unauthorized'"),
    "malformed": (b"\x30\x03\x0a\x01\x00\x00", "the OCSP response cannot be decoded"),
    "an HTML page": (b"<html>Sign in to the hotel</html>", "the OCSP response cannot be decoded"),
    "empty": (b"", "the OCSP response cannot be decoded"),
}


@pytest.mark.parametrize("case", USELESS)
def test_what_proves_nothing_is_unknown_and_says_why(case):
    body, words = USELESS[case]
    found = by_ocsp(body)
    assert (found.status, found.source) == ("unknown", "ocsp") and words in found.detail, found.detail


def test_a_fresh_answer_without_an_end_counts():
    found = by_ocsp(lambda leaf: CA.answer(leaf, end=None))
    assert (found.status, found.next_update) == ("good", None)


def test_clocks_may_differ_a_little_and_no_more():
    assert by_ocsp(lambda leaf: CA.answer(leaf, begin=NOW + HOUR / 20)).status == "good"
    assert by_ocsp(lambda leaf: CA.answer(leaf, begin=NOW - DAY, end=NOW - HOUR / 20)).status == "good"
    assert by_ocsp(lambda leaf: CA.answer(leaf, begin=NOW + HOUR / 10)).status == "unknown"
    assert by_ocsp(lambda leaf: CA.answer(leaf, begin=NOW - DAY, end=NOW - HOUR / 10)).status == "unknown"


def test_a_delegated_responder_counts():
    found = by_ocsp(lambda leaf: CA.revoked(leaf, signer=CA.responder()))
    assert found.status == "revoked"


SIGNERS = {"ec": ("ec", []), "rsa": ("rsa", []), "pss": ("rsa", ["-rsigopt", "rsa_padding_mode:pss"])}
INDEX = {  # a line of what `openssl ca` remembers -> what follows
    "V\t491231235959Z\t\t{0}\tunknown\t/CN=www\n": ("good", ""),
    "R\t491231235959Z\t261101000000Z,keyCompromise\t{0}\tunknown\t/CN=www\n": (
        "revoked", "revoked since 2026-11-01 00:00 UTC, reason: keyCompromise"),
    "": ("unknown", "the responder does not know the certificate"),
}


@pytest.mark.parametrize("signer", SIGNERS)
@pytest.mark.parametrize("line", INDEX, ids=[status for status, _words in INDEX.values()])
def test_what_openssl_answers_is_understood(signer, line, tmp_path):
    """A responder that is not built with the library that reads it."""
    (kind, options), (status, words) = SIGNERS[signer], INDEX[line]
    issuer = Issuer(kind=kind)
    leaf = issuer.leaf()
    (tmp_path / "ca.pem").write_bytes(issuer.cert.public_bytes(serialization.Encoding.PEM))
    write_private(tmp_path / "ca.key", issuer.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode())
    serial = "{0:X}".format(leaf.cert.serial_number)
    (tmp_path / "index.txt").write_text(line.format("0" * (len(serial) % 2) + serial), encoding="utf-8")
    (tmp_path / "request.der").write_bytes(ocsp.request(leaf.cert, issuer.cert))
    subprocess.run([zoo.OPENSSL, "ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", "ca.pem", "-rkey", "ca.key", "-ndays", "1",
                    "-reqin", "request.der", "-respout", "answer.der", *options], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    answer, now = (tmp_path / "answer.der").read_bytes(), datetime.now(timezone.utc)
    found = ocsp.judge_response(answer, leaf.cert, issuer.cert, now)
    assert (found.status, found.detail) == (status, words)
    assert "whom the issuer has not appointed" in ocsp.judge_response(answer, leaf.cert, Issuer(kind=kind).cert, now).detail


PROVED = CA.leaf()
RESPONSE = CA.answer(PROVED)


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, len(RESPONSE) - 1), value=st.integers(1, 255))
def test_no_changed_byte_makes_another_verdict_or_an_exception(place, value):
    """Some bytes are outside of what is signed, so "good" may survive; "revoked" can never come of it."""
    changed = bytearray(RESPONSE)
    changed[place] ^= value
    found = ocsp.judge_response(bytes(changed), PROVED.cert, CA.cert, NOW)
    assert found.status in ("good", "unknown")
    if found.status == "good":
        assert found.next_update == NOW + DAY


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=200))
def test_random_bytes_prove_nothing(data):
    assert ocsp.judge_response(data, PROVED.cert, CA.cert, NOW).status == "unknown"
    with pytest.raises(signed.Unproved):
        crl.read(data, CA.cert)


# -- CRL -----------------------------------------------------------------------------------------------------------------------------

def test_a_leaf_that_is_not_on_the_list_is_good():
    with Http(serving(der(CA.crl(CA.leaf())))) as server:
        found = ask(CA.leaf(lists=[server.url("/a.crl")]), "crl")
        assert [request[:2] for request in server.requests] == [("GET", "/a.crl")]
    assert found == Revocation("good", "crl", server.url("/a.crl"), "", NOW + DAY)


def test_a_leaf_on_the_list_is_revoked_in_der_and_in_pem():
    found = by_crl(lambda leaf: der(CA.crl((leaf, x509.ReasonFlags.superseded))))
    assert (found.status, found.detail) == ("revoked", "revoked since 2026-11-19 12:00 UTC, reason: superseded")
    found = by_crl(lambda leaf: CA.crl(leaf).public_bytes(serialization.Encoding.PEM))
    assert (found.status, found.detail) == ("revoked", "revoked since 2026-11-19 12:00 UTC")


NO_SIGNER = Issuer("No List CA", crl_sign=False)
USELESS_LISTS = {
    "expired": (lambda leaf: CA.crl(begin=NOW - 9 * DAY, end=NOW - DAY), CA, "the CRL expired at 2026-11-19 12:00 UTC"),
    "expired and revoked": (lambda leaf: CA.crl(leaf, begin=NOW - 9 * DAY, end=NOW - DAY), CA, "and said revoked since"),
    "not yet valid": (lambda leaf: CA.crl(begin=NOW + HOUR), CA, "the CRL is not valid before"),
    "of another issuer": (lambda leaf: Issuer("Other CA").crl(leaf), CA, "that of another issuer, 'CN=Other CA'"),
    "in another's name": (lambda leaf: CA.crl(name="Other CA"), CA, "that of another issuer"),
    "signed by a namesake": (lambda leaf: CA.crl(key=KEYS["ec"]()), CA, "the signature of the CRL is not that of the issuer"),
    "signed with another kind of key": (lambda leaf: CA.crl(key=KEYS["ed25519"]()), CA, "the CRL"),
    "of a CA that may not": (lambda leaf: NO_SIGNER.crl(), NO_SIGNER, "not for signing CRLs"),
    "for CA certificates": (lambda leaf: CA.crl(extensions=[scope(only_contains_ca_certs=True)]), CA, "not for certificates of this kind"),
    "for attribute certificates": (
        lambda leaf: CA.crl(extensions=[scope(only_contains_attribute_certs=True)]), CA, "not for certificates of this kind"),
    "for a place that is named by half": (lambda leaf: CA.crl(extensions=[scope(relative_name=x509.RelativeDistinguishedName(
        [x509.NameAttribute(x509.NameOID.COMMON_NAME, "2")]))]), CA, "for another place: one without a URL"),
    "indirect": (lambda leaf: CA.crl(extensions=[scope(indirect_crl=True)]), CA, "not for certificates of this kind"),
    "of some reasons": (
        lambda leaf: CA.crl(extensions=[scope(only_some_reasons=frozenset([x509.ReasonFlags.superseded]))]), CA, "of some reasons only"),
    "for another place": (lambda leaf: CA.crl(extensions=[scope("http://crl.example.com/2.crl")]), CA, "for another place: http://crl.ex"),
    "a delta": (lambda leaf: CA.crl(extensions=[(x509.DeltaCRLIndicator(6), True)]), CA, "partial"),
    "with an unknown critical extension": (
        lambda leaf: CA.crl(extensions=[(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)]), CA, "1.2.3.4"),
}


@pytest.mark.parametrize("case", USELESS_LISTS)
def test_a_list_that_proves_nothing_is_unknown_and_says_why(case):
    body, issuer, words = USELESS_LISTS[case]
    found = by_crl(lambda leaf: der(body(leaf)), issuer)
    assert (found.status, found.source) == ("unknown", "crl") and words in found.detail, found.detail


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", b"\x30\x80"])
def test_what_is_no_list_is_unknown(body):
    found = by_crl(body)
    assert found.status == "unknown" and "the CRL cannot be decoded" in found.detail


def test_a_part_of_a_list_counts_at_its_own_place():
    with Http(serving(b"")) as server:
        leaf = CA.leaf(lists=[server.url("/7.crl")])
        server.reply = serving(der(CA.crl(leaf, extensions=[scope(server.url("/7.crl"))])))
        assert ask(leaf, "crl").status == "revoked"


def test_places_of_partial_lists_are_left_out():
    leaf = CA.leaf(points=[point("http://crl.example.com/a", reasons=frozenset([x509.ReasonFlags.key_compromise])),
                           point("http://crl.example.com/b", crl_issuer="Other CA"), point("http://crl.example.com/c"),
                           point(None, crl_issuer="Other CA")])
    assert crl.places(leaf.cert) == ["http://crl.example.com/c"]


def test_many_endpoints_of_one_ca_fetch_the_list_once():
    begun = threading.Event()

    def slowly(*_request):
        begun.wait(0.1)  # the others come meanwhile
        return http_answer(body)

    with Http(slowly) as server:
        leaves = [CA.leaf(lists=[server.url("/ca.crl")]) for unused in range(24)]
        body = der(CA.crl(*leaves[:5]))
        revoke = Revoker(10.0)
        found = spread(lambda leaf: revoke(leaf.chain, None, "crl", NOW), leaves, 12)
        assert len(server.requests) == 1
    assert [item.status for item in found] == ["revoked"] * 5 + ["good"] * 19


def test_a_list_belongs_to_its_issuer_even_from_the_same_place():
    other = Issuer("Other CA")
    with Http(serving(der(CA.crl()))) as server:
        revoke = Revoker(10.0)
        leaves = [issuer.leaf(lists=[server.url("/ca.crl")]) for issuer in (CA, other)]
        assert [revoke(leaf.chain, None, "crl", NOW).status for leaf in leaves] == ["good", "unknown"]
        assert len(server.requests) == 1


# -- what is asked, and what is not ----------------------------------------------------------------------------------------------------

def test_a_certificate_is_asked_about_once_however_often_it_is_served():
    with Http(serving(b"")) as server:
        leaf = CA.leaf(responders=[server.url()])
        server.reply = serving(CA.answer(leaf))
        revoke = Revoker(10.0)
        assert set(spread(lambda unused: revoke(leaf.chain, None, "ocsp", NOW).status, range(10), 5)) == {"good"}
        assert len(server.requests) == 1


def test_any_asks_the_list_only_when_ocsp_says_nothing():
    with Http(serving(b"")) as responder, Http(serving(b"")) as lists:
        leaf = CA.leaf(responders=[responder.url()], lists=[lists.url()])
        responder.reply, lists.reply = serving(CA.answer(leaf)), serving(der(CA.crl(leaf)))
        assert (ask(leaf, "any").source, lists.requests) == ("ocsp", [])
        responder.reply = lambda *unused: http_answer(status="500 Internal Server Error")
        found = ask(leaf, "any")
        assert (found.status, found.source, found.url) == ("revoked", "crl", lists.url())
        lists.reply = responder.reply
        found = ask(leaf, "any")
        assert (found.status, found.source) == ("unknown", "ocsp")
        assert found.detail == "{0}: HTTP status 500; {1}: HTTP status 500".format(responder.url(), lists.url())


def test_a_silent_responder_leaves_time_for_the_list():
    with zoo.Server(zoo.stall) as responder, Http(serving(der(CA.crl()))) as lists:
        begin = time.monotonic()
        found = ask(CA.leaf(responders=["http://127.0.0.1:{0}/".format(responder.port)], lists=[lists.url()]), "any", timeout=0.8)
        elapsed = time.monotonic() - begin
    assert (found.status, found.source) == ("good", "crl") and elapsed < 2


def test_further_urls_are_tried_when_the_first_says_nothing():
    with Http(serving(b"")) as server:
        leaf = CA.leaf(responders=["http://127.0.0.1:{0}/".format(zoo.unused_port()), server.url("/2")])
        server.reply = serving(CA.revoked(leaf))
        found = ask(leaf)
    assert (found.status, found.url) == ("revoked", server.url("/2"))


@pytest.mark.parametrize("mode, words", [
    ("ocsp", "the certificate names no OCSP responder"), ("crl", "the certificate names no place of a complete CRL"),
    ("any", "the certificate names no OCSP responder; the certificate names no place of a complete CRL")])
def test_a_certificate_without_urls_is_unknown(mode, words):
    found = ask(CA.leaf(), mode)
    assert (found.status, found.detail, found.url) == ("unknown", words, "")


def test_the_issuer_may_come_from_the_trusted_path_alone():
    with Http(serving(b"")) as server:
        leaf = CA.leaf(responders=[server.url()])
        server.reply = serving(CA.answer(leaf))
        alone = dataclasses.replace(leaf, chain=leaf.chain[:1])
        assert ask(alone, trusted=leaf.chain).status == "good"
        odd = dataclasses.replace(leaf, chain=(leaf.chain[0], b"\x30\x00", der(Issuer().cert), leaf.chain[1]))
        assert ask(odd).status == "good", "neither a malformed certificate nor a namesake of the issuer disturbs"


def test_without_the_issuers_certificate_nobody_is_asked():
    leaf = CA.leaf(responders=["http://127.0.0.1:1/"])
    found = ask(dataclasses.replace(leaf, chain=(leaf.chain[0], der(Issuer().cert))))
    assert (found.status, found.detail) == ("unknown", "the issuer's certificate was not served, and is not in a trusted chain")
    assert "self-signed" in ask(dataclasses.replace(leaf, chain=(der(CA.cert),))).detail
    assert "cannot be decoded" in ask(dataclasses.replace(leaf, chain=(b"\x30\x00",))).detail
    assert ask(dataclasses.replace(leaf, chain=())).detail == "no certificate was seen"


@pytest.mark.parametrize("url, words", [
    ("https://ocsp.example.com/", "https: is not fetched"), ("ldap://ldap.example.com/cn=CA", "ldap: is not fetched"),
    ("file:///etc/passwd", "not a URL"), ("ftp://ftp.example.com/a.crl", "ftp: is not fetched"),
    ("http:///nowhere", "not a URL"), ("http://a.example.com:99999/", "not a URL"),
    ("http://a.example.com/ HTTP/1.1\r\nX-Evil: 1", "not a URL")])
def test_other_urls_are_not_fetched(url, words):
    for mode, leaf in (("ocsp", CA.leaf(responders=[url])), ("crl", CA.leaf(lists=[url]))):
        found = ask(leaf, mode, resolve=None, connect=None)
        assert found.status == "unknown" and words in found.detail, found.detail


@pytest.mark.parametrize("address", ["169.254.169.254", "100.100.100.200", "[fe80::1]", "[::ffff:169.254.169.254]", "0.0.0.0", "224.0.0.1",
                                     "[::ffff:100.100.100.200]", "[fd00:ec2::254]", "2852039166"])
def test_the_clouds_metadata_is_not_asked(address):
    found = ask(CA.leaf(responders=["http://{0}/latest/".format(address)]), connect=None)
    assert found.status == "unknown" and "which is not asked" in found.detail


def test_a_name_that_leads_to_the_metadata_is_not_asked_either():
    def resolve(*_name, **_more):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("127.0.0.1", "169.254.169.254")]

    found = ask(CA.leaf(responders=["http://ocsp.example.com/"]), resolve=resolve, connect=None)
    assert "169.254.169.254 is an address of this machine or its cloud" in found.detail


def test_a_redirect_is_followed_for_lists_a_few_times_and_not_to_where_the_first_url_might_not_lead():
    def reply(_method, target, *_rest):
        number = int(target.strip("/"))
        places = {9: "http://169.254.169.254/", 8: "https://127.0.0.1/", 3: None}
        location = places.get(number, "/{0}".format(number + 1))
        return http_answer(status="302 Found", Location=location) if location else http_answer(body)

    with Http(reply) as server:
        body = der(CA.crl())
        assert ask(CA.leaf(lists=[server.url("/1")]), "crl").status == "good"
        assert ask(CA.leaf(lists=[server.url("/9")]), "crl").detail.endswith("which is not asked")
        assert "https: is not fetched" in ask(CA.leaf(lists=[server.url("/8")]), "crl").detail
        assert "more than 3 redirects" in ask(CA.leaf(lists=[server.url("/4")]), "crl").detail
        assert ask(CA.leaf(responders=[server.url("/1")])).detail == "HTTP status 302"


# -- servers that do not behave ---------------------------------------------------------------------------------------------------------

def drip(connection):
    """A byte now and then, so that no single wait is long."""
    connection.recv(4096)
    for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Slow: 1\r\n" * 1000:
        connection.sendall(bytes([byte]))
        time.sleep(0.02)


def raw(text):
    def answer(connection):
        connection.recv(4096)
        connection.sendall(text)
    return answer


MISBEHAVIOUR = {
    "silent": (zoo.stall, "no answer while waiting for the HTTP answer"),
    "dripping": (drip, "no answer while waiting for the HTTP answer"),
    "gone": (zoo.hang_up, "the connection was closed while waiting for the HTTP answer"),
    "no HTTP": (zoo.garbage, "the answer is not proper HTTP: 220 mail.example.com ESMTP ready"),
    "cut off": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"), "closed in the middle of the answer"),
    "cut off in a chunk": (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc"), "not proper HTTP: IncompleteRead"),
    "claims a terabyte": (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\nabc"), "closed in the middle of the answer"),
    "claims a huge chunk": (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\nabc"), "IncompleteRead"),
    "a chunk of no size": (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc"), "not proper HTTP"),
    "a chunk of less than nothing": (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc"), "not proper HTTP"),
    "too large": (raw(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 70000), "the answer is larger than 64 KB"),
    "endless header": (raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70000), "not proper HTTP"),
    "500": (raw(b"HTTP/1.1 500 Internal Server Error\r\n\r\n"), "HTTP status 500"),
    "204": (raw(b"HTTP/1.1 204 No Content\r\n\r\n"), "HTTP status 204"),
}


@pytest.mark.parametrize("case", MISBEHAVIOUR)
def test_a_bad_server_costs_the_timeout_at_most_and_leaves_no_socket(case):
    answer, words = MISBEHAVIOUR[case]
    before = open_sockets()
    with zoo.Server(answer) as server:
        begin = time.monotonic()
        found = ask(CA.leaf(responders=["http://127.0.0.1:{0}/".format(server.port)]), timeout=0.4)
        elapsed = time.monotonic() - begin
    assert found.status == "unknown" and words in found.detail, found.detail
    assert elapsed < 2.0 and open_sockets() <= before


def test_chunks_are_read():
    def reply(*_request):
        pieces = [body[:7], body[7:100], body[100:]]
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
        return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"

    with Http(reply) as server:
        body = der(CA.crl())
        assert ask(CA.leaf(lists=[server.url()]), "crl").status == "good"


def test_a_dead_responder_costs_one_timeout_and_not_one_for_each_certificate():
    dialled = []

    def connect(address, port, _deadline):
        dialled.append((address, port))
        raise NoAnswer("timeout", "no answer while connecting")

    revoke = Revoker(10.0, Fetcher(connect=connect))
    found = [revoke(CA.leaf(responders=["http://127.0.0.1:81/{0}".format(number)]).chain, None, "ocsp", NOW) for number in range(5)]
    assert dialled == [("127.0.0.1", 81)]
    assert {item.detail for item in found} == {"no answer while connecting"}


def test_a_slow_name_service_is_not_waited_for_longer_than_the_timeout():
    over = threading.Event()

    def resolve(*_name, **_more):
        over.wait(20)
        return []

    begin = time.monotonic()
    found = ask(CA.leaf(responders=["http://ocsp.example.com/"]), timeout=0.2, resolve=resolve)
    elapsed = time.monotonic() - begin
    over.set()
    assert found.detail == "no answer of the name service for ocsp.example.com" and elapsed < 2


def test_an_unknown_name_and_a_name_without_addresses():
    def unknown(*_name, **_more):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    leaf = CA.leaf(responders=["http://ocsp.example.com/"])
    assert ask(leaf, resolve=unknown).detail == "ocsp.example.com: Name or service not known"
    assert ask(leaf, resolve=lambda *unused, **more: []).detail == "ocsp.example.com has no address"


def test_a_fault_of_the_resolver_is_not_hidden():
    def broken(*_name, **_more):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask(CA.leaf(responders=["http://ocsp.example.com/"]), resolve=broken)


def test_the_second_address_is_tried_when_the_first_is_dead():
    def resolve(_host, port, **_more):
        return [(family, socket.SOCK_STREAM, 6, "", (address, port)) for family, address in (
            (socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1"))]

    with Http(serving(b"")) as server:
        leaf = CA.leaf(responders=["http://ocsp.example.com:{0}/".format(server.port)])
        server.reply = serving(CA.answer(leaf))
        assert ask(leaf, resolve=resolve).status == "good"
        assert server.requests[0][2]["host"] == "ocsp.example.com:{0}".format(server.port)


def test_a_proxy_gets_the_whole_url_and_its_authorization_and_resolves_the_name_itself():
    with Http(serving(b"")) as proxy:
        leaf = CA.leaf(responders=["http://ocsp.example.com/a"])
        proxy.reply = serving(CA.answer(leaf))
        found = ask(leaf, resolve=None, proxy=("127.0.0.1", proxy.port), authorization=("user", "example-password"))
        (method, target, headers, _body), = proxy.requests
    assert (found.status, method, target) == ("good", "POST", "http://ocsp.example.com/a")
    assert headers["host"] == "ocsp.example.com" and headers["proxy-authorization"] == "basic dxnlcjplegftcgxllxbhc3n3b3jk"
    assert "example-password" not in repr(found)


# -- parts -----------------------------------------------------------------------------------------------------------------------------

def test_once_hands_on_what_went_wrong_and_waits_no_longer_than_asked():
    once, begun, over = Once(), threading.Event(), threading.Event()

    def work():
        begun.set()
        over.wait(20)
        raise NoAnswer("reset", "closed")

    thread = threading.Thread(target=lambda: pytest.raises(NoAnswer, once, "key", Deadline(20), work))
    thread.start()
    begun.wait(20)
    with pytest.raises(NoAnswer, match="no answer in time"):
        once("key", Deadline(0.05), work)
    over.set()
    with pytest.raises(NoAnswer, match="closed"):
        once("key", Deadline(20), lambda: 1)
    thread.join()
    assert once("other", Deadline(20), lambda: 1) == 1


def test_a_share_of_a_deadline_never_exceeds_it():
    times = iter([100.0, 104.0, 104.0, 105.0, 107.0, 111.0, 112.0, 112.0, 113.0])
    deadline = Deadline(10.0, lambda: next(times))
    part = deadline.share(2)
    assert part.left() == 2.0
    for late in (part, deadline, deadline.share(3)):
        with pytest.raises(socket.timeout):
            late.left()


def test_without_cryptography_the_package_is_named(monkeypatch):
    monkeypatch.setattr(certificate, "CRYPTOGRAPHY_IMPORT_ERROR", "ImportError")
    with pytest.raises(MissingLibrary, match="pip install cryptography"):
        revocation.Revoker()


def test_times_without_zone_are_read_as_utc():
    """cryptography 42 has no other for OCSP."""
    class Old:
        this_update = NOW.replace(tzinfo=None)
        next_update = None

    assert signed.moment(Old(), "this_update") == NOW and signed.moment(Old(), "next_update") is None


def test_ordinary_addresses_and_names_are_allowed():
    for text in ("10.0.0.1", "127.0.0.1", "192.0.2.1", "2001:db8::1", "ocsp.example.com"):
        exchange.forbid(text)
