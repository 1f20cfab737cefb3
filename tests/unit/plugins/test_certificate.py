# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains and keys as people have them: put right what can be, refuse the rest with one clear sentence."""

from __future__ import annotations

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from ansible_collections.daas.https.plugins.module_utils._domain.certificate import check_coverage, parse_facts, read_bundle
from ansible_collections.daas.https.plugins.module_utils._errors import InputError
from tests.emulator.pki import Authority

NOW = datetime.datetime.now(datetime.timezone.utc)
AUTHORITY = Authority.create()
GOOD = AUTHORITY.issue(["www.example.com", "api.example.com"])
OTHER = AUTHORITY.issue(["www.example.com"], key="ec")
END = "-----END CERTIFICATE-----\n"
LEAF, INTERMEDIATE = (block + END for block in GOOD.chain_pem.split(END)[:2])
ROOT = AUTHORITY.root_pem


def read(certificate=GOOD.chain_pem, key=GOOD.key_pem, chain=None, passphrase=None, roots=ROOT, now=NOW, **options):
    return read_bundle(certificate, chain, key, passphrase, roots, now, **options)


def encrypted(key_pem, passphrase):
    key = serialization.load_pem_private_key(key_pem.encode(), None)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(passphrase.encode())).decode()


def test_a_good_bundle():
    bundle = read()
    assert (bundle.facts.fingerprint, bundle.facts.sha1) == (GOOD.fingerprint, GOOD.sha1)
    assert bundle.facts.names == ("www.example.com", "api.example.com")
    assert (bundle.facts.key_type, bundle.facts.key_size, bundle.length, bundle.notes) == ("RSA", 2048, 2, ())
    assert bundle.chain_pem == LEAF + INTERMEDIATE
    assert bundle.key.reveal().startswith("-----BEGIN RSA PRIVATE KEY-----")


def test_the_key_shows_nowhere():
    bundle = read()
    line = bundle.key.reveal().splitlines()[3]
    assert line not in repr(bundle) and line not in str(bundle.key)


@pytest.mark.parametrize("text, note", [
    (INTERMEDIATE + LEAF, "wrong order"), (LEAF + INTERMEDIATE + ROOT, "root"), (LEAF + LEAF + INTERMEDIATE, "twice"),
    (ROOT + INTERMEDIATE + LEAF, "wrong order"),
])
def test_what_can_be_put_right(text, note):
    bundle = read(text)
    assert bundle.chain_pem == LEAF + INTERMEDIATE
    assert any(note in line for line in bundle.notes)
    with pytest.raises(InputError, match=note):
        read(text, normalize=False)


@pytest.mark.parametrize("text", [
    LEAF + "\n\n" + INTERMEDIATE, (LEAF + INTERMEDIATE).replace("\n", "\r\n"), "Bag Attributes\n" + LEAF + "subject=x\n" + INTERMEDIATE,
])
def test_blank_lines_and_remarks_do_no_harm(text):
    assert read(text).chain_pem == LEAF + INTERMEDIATE


def test_the_chain_can_come_apart():
    assert read(LEAF, chain=INTERMEDIATE).chain_pem == LEAF + INTERMEDIATE


def test_a_root_given_along_completes_the_chain():
    assert read(LEAF + INTERMEDIATE + ROOT, roots="").length == 2


def test_encrypted_keys():
    locked = encrypted(GOOD.key_pem, "open sesame")
    assert read(key=locked, passphrase="open sesame").key.reveal() == read().key.reveal()
    with pytest.raises(InputError, match="private_key_passphrase"):
        read(key=locked)
    with pytest.raises(InputError, match="passphrase is wrong"):
        read(key=locked, passphrase="open barley")
    with pytest.raises(InputError, match="leave private_key_passphrase out"):
        read(passphrase="superfluous")


def weak():
    return rsa.generate_private_key(65537, 1024)


def self_signed(key, names=("www.example.com",)):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "www.example.com")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(NOW - datetime.timedelta(1)).not_valid_after(NOW + datetime.timedelta(9))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    signed = builder.sign(key, algorithm)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    return signed.public_bytes(serialization.Encoding.PEM).decode(), pem


@pytest.mark.parametrize("arguments, words", [
    (dict(key=OTHER.key_pem), ["does not match", "www.example.com"]),
    (dict(now=NOW + datetime.timedelta(days=200)), ["expired", "UTC"]),
    (dict(now=NOW - datetime.timedelta(days=200)), ["not valid yet"]),
    (dict(certificate=LEAF), ["incomplete", "Issuing CA", "intermediate"]),
    (dict(roots=""), ["incomplete", "ca_path"]),
    (dict(certificate=LEAF + Authority.create().issue(["x.example.com"]).chain_pem), ["broken", "Issuing CA"]),
    (dict(certificate=LEAF.replace("MII", "XII")), ["Malformed PEM", "block 1"]),
    (dict(certificate="no pem at all"), ["Malformed PEM", "0 complete"]),
    (dict(certificate=LEAF[:200]), ["Malformed PEM", "1 BEGIN line"]),
    (dict(certificate=GOOD.key_pem + LEAF), ["private key", "apart"]),
    (dict(certificate=LEAF.replace("CERTIFICATE", "CERTIFICATE REQUEST")), ["Block 1", "CERTIFICATE REQUEST"]),
    (dict(key="not a key"), ["cannot be read", "malformed PEM"]),
    (dict(key=None), ["No private key", "private_key_path"]),
    (dict(roots="rubbish"), ["incomplete"]),
])
def test_bad_input_gets_one_clear_error(arguments, words):
    if arguments.get("roots") == "rubbish":
        words = ["ca_path"]
    with pytest.raises(InputError) as caught:
        read(**arguments)
    for word in words:
        assert word in str(caught.value)
    assert "PRIVATE KEY-----" not in str(caught.value)


@pytest.mark.parametrize("key, names, word", [
    (weak, ("www.example.com",), "1024 bits"), (ed25519.Ed25519PrivateKey.generate, ("www.example.com",), "Ed25519"),
])
def test_keys_that_no_edge_serves(key, names, word):
    certificate, pem = self_signed(key(), names)
    with pytest.raises(InputError, match=word):
        read(certificate, key=pem, roots="")


def test_a_certificate_without_names():
    certificate, pem = self_signed(rsa.generate_private_key(65537, 2048), ())
    with pytest.raises(InputError, match="subjectAltName"):
        read(certificate, key=pem, roots="")


def test_coverage():
    check_coverage(read().facts, ["www.example.com"])
    with pytest.raises(InputError, match="does not cover rec.example.com"):
        check_coverage(read().facts, ["www.example.com", "rec.example.com"])


def test_facts_of_what_the_cloud_shows():
    assert parse_facts(GOOD.chain_pem).fingerprint == GOOD.fingerprint
    assert parse_facts("rubbish") is None
