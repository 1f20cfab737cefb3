# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PKCS#12 files as other tools write them, old encryption included; what cannot be used is named, and nothing of it is quoted."""

from __future__ import annotations

import datetime
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import pkcs12

from ansible_collections.daas.https.plugins.module_utils._domain.certificate import read_bundle
from ansible_collections.daas.https.plugins.module_utils._domain.pkcs12 import read_pkcs12
from ansible_collections.daas.https.plugins.module_utils._errors import InputError
from tests.emulator.pki import Authority, split_pem

PASSPHRASE = "open sesame ä"
WHAT = "the file 'shop.p12'"
AUTHORITY = Authority.create()
RSA = AUTHORITY.issue(["www.example.com", "api.example.com"])
EC = AUTHORITY.issue(["www.example.com"], key="ec")
LEAF, INTERMEDIATE = split_pem(RSA.chain_pem)
ROOT = AUTHORITY.root_pem
STRANGER = Authority.create().root_pem

BEST = serialization.BestAvailableEncryption
OLD = serialization.PrivateFormat.PKCS12.encryption_builder().kdf_rounds(2000).key_cert_algorithm(
    pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC).hmac_hash(hashes.SHA1())


def key_of(material):
    return serialization.load_pem_private_key(material.key_pem.encode(), None)


def certificate(pem):
    return x509.load_pem_x509_certificate(pem.encode())


def packed(key=RSA, leaf=LEAF, others=(INTERMEDIATE,), encryption=None):
    encryption = encryption or BEST(PASSPHRASE.encode())
    return pkcs12.serialize_key_and_certificates(
        b"shop", key_of(key) if key else None, certificate(leaf) if leaf else None, [certificate(pem) for pem in others] or None,
        encryption)


def read(data, passphrase=PASSPHRASE):
    return read_pkcs12(data, passphrase, WHAT)


def numbers(material):
    """What makes the key: the same in every form of it."""
    return key_of(material).private_numbers()


@pytest.mark.parametrize("material, words", [(RSA, "RSA PRIVATE KEY"), (EC, "EC PRIVATE KEY")])
def test_leaf_chain_and_key(material, words):
    leaf, intermediate = split_pem(material.chain_pem)
    content = read(packed(material, leaf, (intermediate,)))
    assert content.certificates == leaf + intermediate
    key = content.key.reveal()
    assert key.startswith("-----BEGIN {0}-----".format(words))
    assert serialization.load_pem_private_key(key.encode(), None).private_numbers() == numbers(material)
    assert not [line for line in key.splitlines()[1:-1] if line in repr(content)]


@pytest.mark.parametrize("others, chain", [
    ((ROOT, INTERMEDIATE), [LEAF, INTERMEDIATE, ROOT]), ((INTERMEDIATE, STRANGER), [LEAF, INTERMEDIATE]), ((), [LEAF]),
    ((STRANGER,), [LEAF]), ((INTERMEDIATE, LEAF, INTERMEDIATE), [LEAF, INTERMEDIATE]),
])
def test_the_chain_is_in_order_and_nothing_else_is_in_it(others, chain):
    assert read(packed(others=others)).certificates == "".join(chain)


def test_what_it_gives_is_what_modules_take():
    content = read(packed())
    bundle = read_bundle(content.certificates, None, content.key.reveal(), None, ROOT, datetime.datetime.now(datetime.timezone.utc),
                         normalize=False)
    assert (bundle.facts.fingerprint, bundle.length, bundle.notes) == (RSA.fingerprint, 2, ())


@pytest.mark.parametrize("passphrase", [None, ""])
def test_without_a_passphrase(passphrase):
    assert read(packed(encryption=serialization.NoEncryption()), passphrase).certificates == RSA.chain_pem


def test_triple_des():
    assert read(packed(encryption=OLD.build(PASSPHRASE.encode()))).certificates == RSA.chain_pem


@pytest.mark.parametrize("words", [
    ["-legacy"], ["-legacy", "-certpbe", "PBE-SHA1-RC2-40", "-keypbe", "PBE-SHA1-3DES"], ["-certpbe", "NONE"], ["-nomac"], [],
], ids=" ".join)
def test_files_of_openssl(words, tmp_path):
    for name, text in (("leaf.pem", LEAF), ("chain.pem", INTERMEDIATE + ROOT), ("key.pem", RSA.key_pem)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    subprocess.run(["openssl", "pkcs12", "-export", *words, "-in", "leaf.pem", "-inkey", "key.pem", "-certfile", "chain.pem", "-out",
                    "shop.p12", "-passout", "pass:barley"], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    content = read((tmp_path / "shop.p12").read_bytes(), "barley")
    assert content.certificates == LEAF + INTERMEDIATE + ROOT
    assert serialization.load_pem_private_key(content.key.reveal().encode(), None).private_numbers() == numbers(RSA)


# -- what cannot be used -------------------------------------------------------------------------------------------------------------

def tlv(tag, *parts):
    """DER: tag, length, value."""
    body = b"".join(parts)
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8 or 1, "big")
    return bytes([tag]) + (bytes([len(body)]) if len(body) < 128 else bytes([0x80 | len(size)]) + size) + body


DATA = bytes.fromhex("06092a864886f70d010701")
KEY_BAG = bytes.fromhex("060b2a864886f70d010c0a0101")


def store(*keys):
    """A file with these keys and no certificate, without a lock: RFC 7292, section 4."""
    bags = [tlv(0x30, KEY_BAG, tlv(0xA0, key_of(key).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))) for key in keys]
    content = tlv(0x30, DATA, tlv(0xA0, tlv(0x04, tlv(0x30, *bags))))
    return tlv(0x30, b"\x02\x01\x03", tlv(0x30, DATA, tlv(0xA0, tlv(0x04, tlv(0x30, content)))))


def unserved():
    key = ed25519.Ed25519PrivateKey.generate()
    return pkcs12.serialize_key_and_certificates(b"x", key, None, [certificate(LEAF)], serialization.NoEncryption())


REFUSED = {
    "wrong passphrase": (packed(), "barley", ["cannot be opened", "passphrase is wrong", "damaged"]),
    "no passphrase": (packed(), None, ["cannot be opened", "which was not given"]),
    "old and wrong": (packed(encryption=OLD.build(b"x")), "barley", ["passphrase is wrong", "old encryption", "openssl pkcs12 -legacy"]),
    "nul": (packed(), "open\0sesame", ["NUL character"]),
    "cut off": (packed()[:-60], PASSPHRASE, ["cannot be opened", "damaged"]),
    "no key": (packed(key=None), PASSPHRASE, ["holds no private key", "exported without"]),
    "two keys": (store(RSA, EC), None, ["holds 2 private keys", "file of its own"]),
    "no certificate": (store(RSA), None, ["no certificate"]),
    "foreign key": (packed(key=EC, leaf=None, others=(LEAF, INTERMEDIATE)), PASSPHRASE, ["belongs to none of its 2 certificates"]),
    "unserved key": (unserved(), None, ["type Ed25519"]),
    "pem": (RSA.chain_pem.encode(), PASSPHRASE, ["is a PEM file", "certificate_path"]),
    "pem key": (b"\n" + RSA.key_pem.encode(), PASSPHRASE, ["is a PEM file", "certificate_private_key_path"]),
    "der": (certificate(LEAF).public_bytes(serialization.Encoding.DER), PASSPHRASE, ["is not a PKCS#12 file"]),
    "empty": (b"", None, ["is not a PKCS#12 file"]), "text": (b"shop", None, ["is not a PKCS#12 file"]),
}


@pytest.mark.parametrize("data, passphrase, words", REFUSED.values(), ids=REFUSED)
def test_one_clear_error(data, passphrase, words):
    with pytest.raises(InputError) as caught:
        read(data, passphrase)
    text = str(caught.value)
    assert not [word for word in words if word not in text], text
    assert (WHAT in text or "private key is of type" in text) and caught.value.__cause__ is None
    assert "barley" not in text and PASSPHRASE not in text
    assert not [line for line in (RSA.key_pem + LEAF).splitlines() if len(line) > 40 and line in text]
