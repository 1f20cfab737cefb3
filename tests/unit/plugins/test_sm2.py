# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SM2 pairs, made by OpenSSL: what can be checked without a library that knows SM2, and that the rest is said."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.daas.https.plugins.module_utils._domain.certificate import leaf_facts, read_bundle
from ansible_collections.daas.https.plugins.module_utils._domain.sm2 import read_sm2
from ansible_collections.daas.https.plugins.module_utils._errors import InputError
from tests.emulator.pki import Authority, split_pem
from tests.support.sm2 import Sm2

NOW = datetime.datetime.now(datetime.timezone.utc)
NAMES = ("gm.example.com", "*.gm.example.com")
RSA = Authority.create().issue(list(NAMES))


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Sm2(tmp_path_factory.mktemp("sm2"))


@pytest.fixture(scope="module")
def pair(authority):
    return authority.pair(*NAMES)


@pytest.fixture(scope="module")
def other(authority, pair):
    return authority.pair("other.example.com")


def read(pair, now=NOW + datetime.timedelta(hours=1), allow_future=False, **changed):
    return read_sm2(dict(pair.options, **changed), now, allow_future)


def refused(pair, **changed):
    """The message, in which nothing of a key may be."""
    with pytest.raises(InputError) as caught:
        read(pair, **changed)
    text = str(caught.value)
    keys = [text for text in (*pair.keys, *changed.values()) if isinstance(text, str) and "PRIVATE" in text]
    lines = [line for key in keys for line in key.splitlines()[1:-1]]
    assert lines and not [line for line in lines if line in text]
    return text


def test_a_good_pair(pair):
    bundle = read(pair)
    facts = bundle.facts
    assert (facts.names, facts.common_name, facts.issuer) == (NAMES, NAMES[0], "Emulated SM2 Root CA")
    assert (facts.key_type, facts.key_size, bundle.length) == ("SM2", 256, 2)
    assert (facts.not_after - facts.not_before).days == 90
    [note] = bundle.notes
    assert "was not checked" in note and "issuers" in note
    material = {name: value if isinstance(value, str) else value.reveal() for name, value in bundle.material.items()}
    assert material == pair.fields
    assert not [line for key in pair.keys for line in key.splitlines()[1:-1] if line in repr(bundle)]


def test_its_identity_is_that_of_the_certificate_that_signs(authority, pair, other):
    # leaf_facts reads any certificate, so that state=absent can name an SM2 pair
    assert read(pair).facts.fingerprint == leaf_facts(split_pem(pair.sign_certificate)[0]).fingerprint
    assert read(pair).facts.fingerprint != read(other).facts.fingerprint
    shown = authority.openssl("x509", "-in", "sign.pem", "-noout", "-fingerprint", "-sha256").partition("=")[2]
    assert read(other).facts.fingerprint == shown.strip().replace(":", "").lower()


@pytest.mark.parametrize("words", [
    ("ec", "-out", "{0}"),  # SEC1
    ("pkey", "-out", "{0}"),  # PKCS#8
])
def test_forms_of_a_key(authority, words, tmp_path):
    made = authority.pair(*NAMES)
    target = tmp_path / "key.pem"
    authority.openssl(words[0], "-in", "sign.key", *(word.format(target) for word in words[1:]))
    text = target.read_text()
    bundle = read(made, sign_private_key=text)
    assert bundle.notes == read(made).notes and bundle.sign_key.reveal().partition("-----BEGIN ")[2].startswith(("EC ", "PRIVATE"))
    assert read(made, sign_private_key="-----BEGIN EC PARAMETERS-----\nBggqgRzPVQGCLQ==\n-----END EC PARAMETERS-----\n" + text)


def test_a_key_without_its_public_part_cannot_be_proved_and_that_is_said(authority, tmp_path):
    made = authority.pair(*NAMES)
    authority.openssl("ec", "-in", "encrypt.key", "-no_public", "-out", tmp_path / "bare.pem")
    notes = read(made, encrypt_private_key=(tmp_path / "bare.pem").read_text()).notes
    assert [note for note in notes if "encrypt_private_key has no public part" in note]
    assert len(notes) == 2


@pytest.mark.parametrize("lacking", ["sign_certificate", "sign_private_key", "encrypt_certificate", "encrypt_private_key"])
@pytest.mark.parametrize("nothing", [None, ""])
def test_all_four_are_needed(pair, lacking, nothing):
    with pytest.raises(InputError, match="a key each; {0} must be given".format(lacking)):
        read(pair, **{lacking: nothing})


def test_keys_that_do_not_fit(pair, other):
    assert "sign_private_key does not match" in refused(pair, sign_private_key=other.sign_private_key)
    assert "encrypt_private_key does not match" in refused(pair, encrypt_private_key=other.encrypt_private_key)
    assert "sign_private_key does not match" in refused(
        pair, sign_private_key=pair.encrypt_private_key, encrypt_private_key=pair.sign_private_key)


def test_certificates_that_are_no_pair(pair, other):
    assert "is for other.example.com" in refused(pair, sign_certificate=other.sign_certificate)
    assert "the same certificate" in refused(pair, encrypt_certificate=pair.sign_certificate)
    swapped = refused(pair, sign_certificate=pair.encrypt_certificate, encrypt_certificate=pair.sign_certificate)
    assert "swapped" in swapped


def test_what_is_not_sm2_is_called_by_its_name(pair):
    text = refused(pair, sign_certificate=RSA.chain_pem)
    assert "has no SM2 key" in text and "certificate_path" in text
    assert "is not an SM2 key" in refused(pair, sign_private_key=RSA.key_pem)
    assert "it has 0" in refused(pair, sign_private_key=RSA.key_pem.replace("PRIVATE", "RSA PRIVATE"))
    with pytest.raises(InputError, match="neither RSA nor ECDSA.*sign_certificate"):
        read_bundle(pair.sign_certificate, None, None, None, "", NOW, allow_incomplete=True, require_key=False)
    with pytest.raises(InputError, match="not known here.*sign_private_key"):
        read_bundle(pair.sign_certificate, None, pair.sign_private_key, None, "", NOW)
    with pytest.raises(InputError, match="does not match"):
        read_bundle(pair.sign_certificate, None, RSA.key_pem, None, "", NOW)


def test_an_encrypted_key(authority, pair, tmp_path):
    authority.openssl("pkey", "-in", "sign.key", "-aes256", "-passout", "pass:open sesame", "-out", tmp_path / "locked.pem")
    text = refused(pair, sign_private_key=(tmp_path / "locked.pem").read_text())
    assert "sign_private_key is encrypted" in text and "openssl pkey" in text


@pytest.mark.parametrize("spoil, word", [
    (lambda text: text.replace("\n", "\n!", 2), "malformed PEM"), (lambda text: "rubbish", "it has 0"), (lambda text: text * 2, "it has 2"),
])
def test_a_spoilt_key(pair, spoil, word):
    assert word in refused(pair, encrypt_private_key=spoil(pair.encrypt_private_key))


def test_a_spoilt_certificate(pair):
    assert "Malformed PEM: block 1 of encrypt_certificate" in refused(
        pair, encrypt_certificate=pair.encrypt_certificate.replace("MII", "!!!", 1))
    assert "give it as sign_private_key or sign_private_key_path" in refused(
        pair, sign_certificate=pair.sign_certificate + pair.sign_private_key)
    leaf, root = split_pem(pair.sign_certificate)
    assert "wrong order" in refused(pair, sign_certificate=leaf + leaf + root)


def test_time(pair):
    assert "has expired" in refused(pair, now=NOW + datetime.timedelta(days=91))
    early = NOW - datetime.timedelta(days=1)
    assert "not valid yet" in refused(pair, now=early)
    assert read(pair, now=early, allow_future=True).facts.names == NAMES
