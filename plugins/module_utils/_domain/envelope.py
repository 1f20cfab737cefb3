# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A secret on its way through a service that remembers what it carries. Pure. PRIVATE to the collection.

Hybrid encryption in pieces that the program openssl opens with what its versions 1.0.2 to 3.x have in common (tested with 3.0), and
with no secret on a command line:

    bytes 0-383    RSA-OAEP (SHA-256, MGF1 with SHA-256), for the receiver's fresh 3072-bit key, of
                   64 hex digits (the passphrase), then the two padded keys of an HMAC-SHA-256, 64 bytes each
    bytes 384-447  HMAC-SHA-256 of the rest, in hex
    bytes 448-     what ``openssl enc -aes-256-cbc -md sha256`` writes: "Salted__", 8 bytes of salt, the ciphertext

CMS would need cryptography 43 here and has no authenticated form that OpenSSL 1.0.2 reads. The passphrase has 256 random bits, so that
the plain key derivation of ``openssl enc`` is as good as any. The padded keys travel instead of the key, because the receiver makes the
HMAC of two runs of ``openssl dgst``: its own HMAC wants the key as an argument, where every user of the machine can read it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import traceback

from .._errors import CollectionError, MissingLibrary

try:
    from cryptography.hazmat.primitives import hashes, padding, serialization
    from cryptography.hazmat.primitives.asymmetric import padding as asymmetric
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    CRYPTOGRAPHY_IMPORT_ERROR = None
except ImportError:
    CRYPTOGRAPHY_IMPORT_ERROR = traceback.format_exc()

BITS = 3072
WRAPPED = BITS // 8  # bytes
MAC = 64  # hex digits
BLOCK = 64  # bytes of SHA-256's input block
LARGEST = 24 * 1024  # bytes; SendFile takes 32 KB of Base64


def public_key(text):
    """The receiver's RSA key out of Base64 of its DER. Raises CollectionError for anything else, or for another size."""
    if CRYPTOGRAPHY_IMPORT_ERROR:
        raise MissingLibrary("cryptography", CRYPTOGRAPHY_IMPORT_ERROR)
    try:
        key = serialization.load_der_public_key(base64.b64decode(text, validate=True))
    except ValueError as error:
        raise CollectionError("The instance answered with something that is not a public key; nothing was sent to it.") from error
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size != BITS:
        raise CollectionError("The instance answered with a public key that is not RSA with %d bits; nothing was sent to it." % BITS)
    return key


def seal(secret, receiver, random=os.urandom):
    """The envelope's bytes for ``secret`` (bytes). Raises CollectionError when it would be larger than what can be sent."""
    passphrase, salt = random(32).hex().encode("ascii"), random(8)
    # keys of one block need no padding of their own
    mac_key = random(BLOCK)
    wrapped = receiver.encrypt(passphrase + _xor(mac_key, 0x36) + _xor(mac_key, 0x5C), asymmetric.OAEP(
        mgf=asymmetric.MGF1(algorithm=hashes.SHA256()), algorithm=hashes.SHA256(), label=None))
    rest = b"Salted__" + salt + _encrypt(secret, passphrase, salt)
    envelope = wrapped + hmac.new(mac_key, rest, hashlib.sha256).hexdigest().encode("ascii") + rest
    if len(envelope) > LARGEST:
        raise CollectionError("Certificate, chain and key have %d bytes encrypted, and %d can be sent. Leave out certificates that clients "
                              "do not need." % (len(envelope), LARGEST))
    return envelope


def _encrypt(secret, passphrase, salt):
    # EVP_BytesToKey with one round of SHA-256, as ``openssl enc -md sha256`` derives them
    key = hashlib.sha256(passphrase + salt).digest()
    vector = hashlib.sha256(key + passphrase + salt).digest()[:16]
    padder, cipher = padding.PKCS7(128).padder(), Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return cipher.update(padder.update(secret) + padder.finalize()) + cipher.finalize()


def _xor(data, value):
    return bytes(item ^ value for item in data)
