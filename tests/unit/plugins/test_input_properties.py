# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is given in the place of a certificate or a key: it is used, or an InputError says what is wrong and quotes nothing of it."""

from __future__ import annotations

import base64
import datetime
import warnings

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509 import load_pem_x509_certificate
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ansible_collections.daas.https.plugins.module_utils._domain.certificate import leaf_facts, read_bundle
from ansible_collections.daas.https.plugins.module_utils._domain.pkcs12 import read_pkcs12
from ansible_collections.daas.https.plugins.module_utils._domain.sm2 import read_sm2
from ansible_collections.daas.https.plugins.module_utils._errors import InputError
from tests.emulator.pki import Authority, split_pem
from tests.support.sm2 import Sm2

NOW = datetime.datetime.now(datetime.timezone.utc)
LATER = NOW + datetime.timedelta(hours=1)
AUTHORITY = Authority.create()
GOOD = AUTHORITY.issue(["www.example.com"], key="ec")
LEAF, INTERMEDIATE = split_pem(GOOD.chain_pem)
PRIVATE = serialization.load_pem_private_key(GOOD.key_pem.encode(), None)
STORE = pkcs12.serialize_key_and_certificates(
    b"shop", PRIVATE, load_pem_x509_certificate(LEAF.encode()), [load_pem_x509_certificate(INTERMEDIATE.encode())],
    serialization.NoEncryption())
LONGEST_QUOTE = 24  # characters of base64 that no message has by chance

many = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return Sm2(tmp_path_factory.mktemp("sm2")).pair("gm.example.com")


def tried(read, *secrets):
    """What read gives, or None after an InputError, whose message, cause and context quote no secret."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the library's, for instance about serial numbers
            return read()
    except InputError as error:
        said = "".join(str(part) for part in (error, error.__cause__ or ""))
        for secret in secrets:
            body = "".join(line for line in secret.splitlines() if not line.startswith("-----"))
            pieces = [body[start:start + LONGEST_QUOTE] for start in range(0, len(body) - LONGEST_QUOTE, 8)]
            assert not [piece for piece in pieces if piece in said and "---" not in piece]  # the messages say how PEM begins
        return None


def numbers(key_pem):
    return serialization.load_pem_private_key(key_pem.encode(), None).private_numbers()


def der_of(pem):
    return base64.b64decode("".join(pem.splitlines()[1:-1]))


def pem_of(kind, der):
    return "-----BEGIN {0}-----\n{1}\n-----END {0}-----\n".format(kind, base64.encodebytes(der).decode().strip())


def spoilt(data):
    """The bytes with some changed, and maybe cut off."""
    changes = st.lists(st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255)), max_size=4)
    return st.tuples(changes, st.integers(0, len(data))).map(lambda drawn: apply(data, drawn[0], drawn[1]))


def apply(data, changes, keep):
    changed = bytearray(data)
    for place, value in changes:
        changed[place] = value
    return bytes(changed[:keep]) if keep < len(data) // 4 else bytes(changed)


WORDS = ["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----",
         "-----BEGIN ", "\n", "MII", "=", "Proc-Type: 4,ENCRYPTED", LEAF, INTERMEDIATE, GOOD.key_pem]
garbage = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(WORDS), max_size=8).map("".join))


@many
@given(certificate=garbage, chain=st.none() | garbage, key=st.none() | garbage, passphrase=st.none() | st.text(max_size=8))
@example(certificate=GOOD.chain_pem, chain=None, key=GOOD.key_pem, passphrase=None)
def test_text_in_the_place_of_a_certificate_and_its_key(certificate, chain, key, passphrase):
    read = tried(lambda: read_bundle(certificate, chain, key, passphrase, AUTHORITY.root_pem, NOW), key or "", GOOD.key_pem)
    assert read is None or read.facts.fingerprint == GOOD.fingerprint


@many
@given(der=spoilt(der_of(LEAF)))
@example(der=der_of(LEAF).replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020101"), 1))  # a version that there is not
def test_a_certificate_with_some_bytes_changed(der):
    text = pem_of("CERTIFICATE", der)
    facts = tried(lambda: leaf_facts(text))
    assert facts is None or len(facts.fingerprint) == 64
    bundle = tried(lambda: read_bundle(text + INTERMEDIATE, None, GOOD.key_pem, None, AUTHORITY.root_pem, NOW), GOOD.key_pem)
    # the authority's signature is over all of it but itself
    assert bundle is None or bundle.facts.fingerprint == facts.fingerprint


@many
@given(der=spoilt(PRIVATE.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())))
def test_a_key_with_some_bytes_changed(der):
    text = pem_of("PRIVATE KEY", der)
    bundle = tried(lambda: read_bundle(GOOD.chain_pem, None, text, None, AUTHORITY.root_pem, NOW), text, GOOD.key_pem)
    assert bundle is None or numbers(bundle.key.reveal()) == PRIVATE.private_numbers()


@many
@given(data=st.one_of(st.binary(max_size=200), spoilt(STORE)), passphrase=st.none() | st.text(max_size=8))
@example(data=STORE, passphrase=None)
@example(data=STORE, passphrase="\0")
def test_a_pkcs12_file_with_some_bytes_changed(data, passphrase):
    content = tried(lambda: read_pkcs12(data, passphrase, "the file"), GOOD.key_pem, base64.b64encode(data).decode())
    assert content is None or content.key.reveal().startswith("-----BEGIN ")


@many
@given(drawn=st.data(), part=st.sampled_from(["sign_certificate", "sign_private_key", "encrypt_certificate", "encrypt_private_key"]))
def test_an_sm2_pair_with_some_bytes_changed(pair, drawn, part):
    kind = "PRIVATE KEY" if part.endswith("key") else "CERTIFICATE"
    whole = der_of(split_pem(pair.options[part])[0] if kind == "CERTIFICATE" else pair.options[part])
    text = drawn.draw(st.one_of(spoilt(whole).map(lambda der: pem_of(kind, der)), garbage))
    bundle = tried(lambda: read_sm2(dict(pair.options, **{part: text}), LATER), text if kind == "PRIVATE KEY" else "", *pair.keys)
    assert bundle is None or bundle.facts.names == ("gm.example.com",)
