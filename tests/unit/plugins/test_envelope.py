# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The envelope: what is in it, that the program openssl opens it, and what it refuses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import subprocess

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from ansible_collections.daas.https.plugins.module_utils._domain import envelope
from ansible_collections.daas.https.plugins.module_utils._errors import CollectionError

SECRET = b"certificate\nprivate key\n" * 100


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(65537, envelope.BITS)


def der(key):
    return base64.b64encode(key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).decode()


def test_its_parts(key, tmp_path):
    """Opened with other means than the instance's script: the HMAC is a plain HMAC, the rest is what openssl enc reads."""
    sealed = envelope.seal(SECRET, envelope.public_key(der(key)))
    wrapped, mac, rest = sealed[:envelope.WRAPPED], sealed[envelope.WRAPPED:envelope.WRAPPED + envelope.MAC], sealed[
        envelope.WRAPPED + envelope.MAC:]
    opened = key.decrypt(wrapped, padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None))
    passphrase, inner, outer = opened[:64], opened[64:128], opened[128:]
    mac_key = bytes(item ^ 0x36 for item in inner)
    assert mac_key == bytes(item ^ 0x5C for item in outer) and len(opened) == 192
    assert hmac.new(mac_key, rest, hashlib.sha256).hexdigest().encode() == mac and rest.startswith(b"Salted__")
    (tmp_path / "passphrase").write_bytes(passphrase)
    done = subprocess.run(["openssl", "enc", "-d", "-aes-256-cbc", "-md", "sha256", "-pass", "file:{0}".format(tmp_path / "passphrase")],
                          input=rest, capture_output=True, check=True)
    assert done.stdout == SECRET


def test_no_two_are_alike_and_none_shows_its_content(key):
    receiver = envelope.public_key(der(key))
    first, second = envelope.seal(SECRET, receiver), envelope.seal(SECRET, receiver)
    assert not [start for start in range(0, len(first) - 16) if first[start:start + 16] in second] and b"private" not in first + second


def test_what_is_too_large_is_not_sent(key):
    receiver = envelope.public_key(der(key))
    fits = envelope.LARGEST - envelope.WRAPPED - envelope.MAC - 16 - 1  # salt, and a byte of padding
    assert len(envelope.seal(b"x" * fits, receiver)) == envelope.LARGEST
    with pytest.raises(CollectionError, match="can be sent"):
        envelope.seal(b"x" * (fits + 1), receiver)


@pytest.mark.parametrize("text", ["", "no Base64!", base64.b64encode(b"no key").decode(), der(ec.generate_private_key(ec.SECP256R1())),
                                  der(rsa.generate_private_key(65537, 2048))])
def test_only_a_key_of_the_agreed_kind_is_sealed_for(text):
    with pytest.raises(CollectionError, match="nothing was sent"):
        envelope.public_key(text)
