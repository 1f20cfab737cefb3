# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of certificates of every kind, with OpenSSL's tool as the referee; also of such that cryptography knows only in part."""

from __future__ import annotations

import hashlib
import ssl
import subprocess
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.daas.https.plugins.module_utils._errors import MissingLibrary
from ansible_collections.daas.https.plugins.module_utils._tls import certificate
from ansible_collections.daas.https.plugins.module_utils._tls.certificate import Decoder, decode
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from tests.emulator.pki import split_pem
from tests.unit.tls import zoo

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.utc)
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP384R1())
RSA = ["-newkey", "rsa:2048"]
EC = ["-newkey", "ec", "-pkeyopt"]

# name: (arguments of openssl req, key_type, key, key_bits, signature_hash)
KINDS = {
    "rsa": (RSA, "rsa", "rsa", 2048, "sha256"),
    "rsa-1024": (["-newkey", "rsa:1024"], "rsa", "rsa", 1024, "sha256"),
    "rsa-sha1": (RSA + ["-sha1"], "rsa", "rsa", 2048, "sha1"),
    "rsa-md5": (RSA + ["-md5"], "rsa", "rsa", 2048, "md5"),
    "rsa-sha3": (RSA + ["-sha3-256"], "rsa", "rsa", 2048, "sha3-256"),
    "signed-with-pss": (RSA + ["-sigopt", "rsa_padding_mode:pss"], "rsa", "rsa", 2048, "sha256"),
    "key-for-pss": (["-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"], "rsa", "rsa", 2048, "sha256"),
    "p-256": (EC + ["ec_paramgen_curve:P-256"], "ecdsa", "ecdsa", 256, "sha256"),
    "p-521": (EC + ["ec_paramgen_curve:P-521", "-sha512"], "ecdsa", "ecdsa", 521, "sha512"),
    "ed25519": (["-newkey", "ed25519"], "", "ed25519", 0, ""),
    "ed448": (["-newkey", "ed448"], "", "ed448", 0, ""),
    "sm2": (["-newkey", "sm2", "-sm3"], "", "", 0, "1.2.156.10197.1.501"),  # of a kind that cryptography does not know
}


def openssl(*arguments, **more):
    done = subprocess.run([zoo.OPENSSL, *arguments], capture_output=True, check=False, **more)
    if done.returncode:
        raise AssertionError("openssl %s: %s" % (" ".join(arguments), done.stderr.decode()))
    return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """kind -> DER of a self-signed certificate that openssl has made, each once."""
    folder, known = tmp_path_factory.mktemp("kinds"), {}

    def make(kind):
        if kind not in known:
            path = folder / (kind + ".der")
            openssl("req", "-x509", "-nodes", "-subj", "/O=Example/CN=www.example.com", "-addext", "subjectAltName=DNS:WWW.example.com",
                    "-days", "10", "-keyout", str(folder / "key.pem"), "-outform", "DER", "-out", str(path), *KINDS[kind][0])
            known[kind] = path.read_bytes()
        return known[kind]

    return make


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_keys_and_signatures(kind, made):
    _arguments, key_type, key, bits, signature_hash = KINDS[kind]
    facts = decode(made(kind))
    assert (facts.key_type, facts.key, facts.key_bits, facts.signature_hash) == (key_type, key, bits, signature_hash)
    assert facts.names == ("www.example.com",) and facts.subject == facts.issuer == "www.example.com"


@pytest.mark.parametrize("kind", KINDS)
def test_the_public_key_is_what_openssl_would_pin(kind, made):
    """As it stands in the certificate, so that a key of an unknown kind, or with parameters of its own, has its pin, too."""
    der = made(kind)
    pem = openssl("x509", "-inform", "DER", "-noout", "-pubkey", input=der)
    assert decode(der).public_key == hashlib.sha256(ssl_der(pem)).hexdigest()


def ssl_der(pem):
    return openssl("base64", "-d", input=b"".join(line + b"\n" for line in pem.splitlines() if not line.startswith(b"-----")))


def test_names_are_those_of_the_certificate(good):
    leaf, intermediate = (x509.load_pem_x509_certificate(text.encode()) for text in split_pem(good.chain_pem))
    facts, above = decode(leaf.public_bytes(Encoding.DER)), decode(intermediate.public_bytes(Encoding.DER))
    assert facts.subject_id == leaf.subject.public_bytes() and facts.issuer_id == leaf.issuer.public_bytes() == above.subject_id
    assert facts.fingerprint == good.fingerprint and (facts.is_ca, above.is_ca) == (False, True)


def built(extensions=(), serial=1, subject="www.example.com"):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)] if subject else [])
    builder = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key()).serial_number(serial)
               .not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1)))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


def odd_extension(oid):
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(oid), b"\x02\x01\x07")  # the integer 7, which none of them may be


@pytest.mark.parametrize("extensions, is_ca, must_staple", [
    ([], False, False),
    ([x509.BasicConstraints(ca=True, path_length=0)], True, False), ([x509.BasicConstraints(ca=False, path_length=None)], False, False),
    ([x509.TLSFeature([x509.TLSFeatureType.status_request])], False, True),
    ([x509.TLSFeature([x509.TLSFeatureType.status_request_v2])], False, False),
    ([odd_extension("2.5.29.9")], False, False), ([odd_extension("1.2.3.4")], False, False),
])
def test_extensions(extensions, is_ca, must_staple):
    facts = decode(built(extensions))
    assert (facts.is_ca, facts.must_staple) == (is_ca, must_staple)


def test_must_staple_is_what_openssl_calls_it(tmp_path):
    der = tmp_path / "leaf.der"
    openssl("req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=www.example.com", "-addext",
            "tlsfeature=status_request", "-keyout", str(tmp_path / "key.pem"), "-outform", "DER", "-out", str(der))
    assert decode(der.read_bytes()).must_staple


@pytest.mark.parametrize("serial, subject", [(1, ""), (2 ** 159 - 1, "www.example.com"), (127, "x" * 64)])
def test_odd_certificates_are_decoded(serial, subject):
    der = built(serial=serial, subject=subject)
    facts = decode(der)
    assert facts.subject == subject and facts.key == "ecdsa" and facts.public_key == hashlib.sha256(
        KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def test_a_version_1_certificate_is_decoded(tmp_path):
    """It has no version, so that all that follows stands one place earlier, and no extensions."""
    openssl("req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=www.example.com",
            "-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "request.pem"))
    (tmp_path / "no_extensions").write_text("", encoding="utf-8")
    der = openssl("x509", "-req", "-in", str(tmp_path / "request.pem"), "-signkey", str(tmp_path / "key.pem"), "-outform", "DER",
                  "-extfile", str(tmp_path / "no_extensions"))
    facts = decode(der)
    assert x509.load_der_x509_certificate(der).version is x509.Version.v1
    assert facts.subject_id == facts.issuer_id and b"www.example.com" in facts.subject_id and not facts.is_ca
    assert facts.public_key == hashlib.sha256(ssl_der(openssl("x509", "-inform", "DER", "-noout", "-pubkey", input=der))).hexdigest()


def test_links(authority, good, made):
    decoder = Decoder()
    leaf, intermediate = (ssl.PEM_cert_to_DER_cert(text) for text in split_pem(good.chain_pem))
    root, sibling = (ssl.PEM_cert_to_DER_cert(text) for text in (authority.root_pem, authority.sibling().intermediate_pem))
    assert [decoder.link(*pair) for pair in ((leaf, intermediate), (intermediate, root), (root, root), (sibling, root))] == [True] * 4
    assert decoder.link(made("ed25519"), made("ed25519")) and decoder.link(made("key-for-pss"), made("key-for-pss"))
    assert not decoder.link(leaf, sibling) and not decoder.link(leaf, root) and not decoder.link(root, leaf)


def test_a_signature_of_another_key_is_none():
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Example CA")])
    mine, other = ((x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
                    .not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1)).sign(key, hashes.SHA256())
                    .public_bytes(Encoding.DER)) for key in (KEY, OTHER_KEY))
    assert Decoder().link(mine, mine) is True and Decoder().link(mine, other) is False
    changed = mine[:-1] + bytes([mine[-1] ^ 1])
    assert Decoder().link(changed, mine) is False


def test_a_signature_that_cannot_be_checked_is_unknown(made):
    assert Decoder().link(made("sm2"), made("sm2")) is None and Decoder().link(b"garbage", made("rsa")) is None


def test_each_certificate_is_decoded_once(monkeypatch, good):
    calls = []
    der = ssl.PEM_cert_to_DER_cert(good.leaf_pem)
    monkeypatch.setattr(certificate, "decode", lambda der: calls.append(der) or decode(der))
    monkeypatch.setattr(certificate, "_signed_by", lambda *pair: calls.append(pair))
    decoder = Decoder()
    assert decoder(der) is decoder(bytes(der)) and decoder.link(der, der) is decoder.link(der, bytes(der))
    assert calls == [der, (der, der)]


@pytest.mark.parametrize("old, new, words", [
    (b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x01", "InvalidVersion: 1 is not a valid X509 version"),
    (b"\x04\x05\x30\x03\x02\x01\x05", b"\x04\x05\x30\x03\x02\x01\x30", "KeyError: 48"),  # a TLS feature that nobody knows
])
def test_what_cryptography_reports_in_odd_ways_is_a_reason_all_the_same(old, new, words):
    whole = built([x509.TLSFeature([x509.TLSFeatureType.status_request])])
    assert Decoder()(whole)[0] and old in whole
    assert Decoder()(whole.replace(old, new, 1)) == (None, words)


@given(st.data())
def test_whatever_is_served_gives_facts_or_a_reason(data):
    """Also with some bytes changed or missing."""
    whole = data.draw(st.sampled_from(WHOLE))
    cut = data.draw(st.integers(0, len(whole)))
    changed = bytearray(whole[:cut] if data.draw(st.booleans()) else whole)
    for place in data.draw(st.lists(st.integers(0, max(len(changed) - 1, 0)), max_size=3)) if changed else []:
        changed[place] = data.draw(st.integers(0, 255))
    facts, problem = Decoder()(bytes(changed))
    assert (facts is None) == bool(problem)
    assert facts is None or facts.fingerprint == hashlib.sha256(changed).hexdigest() and len(facts.public_key) == 64


WHOLE = [built(), built([x509.BasicConstraints(ca=True, path_length=0), x509.TLSFeature([x509.TLSFeatureType.status_request]),
                         x509.SubjectAlternativeName([x509.DNSName("www.example.com")])])]


def test_without_the_library_it_says_which_one(monkeypatch):
    monkeypatch.setattr(certificate, "CRYPTOGRAPHY_IMPORT_ERROR", "Traceback")
    with pytest.raises(MissingLibrary):
        Decoder()
