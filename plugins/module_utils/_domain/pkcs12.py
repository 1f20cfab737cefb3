# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""PKCS#12 files (.p12, .pfx): a private key with its certificates, under a passphrase. PRIVATE to the collection."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from .._errors import InputError, MissingLibrary
from .._secret import Secret
from .certificate import check_key, continued, key_pem, leaf_of, pem_of, short_name, unreadable

try:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import pkcs12
    CRYPTOGRAPHY_IMPORT_ERROR = None
except ImportError:
    CRYPTOGRAPHY_IMPORT_ERROR = traceback.format_exc()

# Object identifiers in DER, which such a file shows also while it is locked
_KEY_BAGS = tuple(bytes.fromhex("060b2a864886f70d010c0a010" + last) for last in "12")  # a key, a shrouded key
_LEGACY = tuple(bytes.fromhex("060a2a864886f70d010c010" + last) for last in "123456")  # RC4, Triple DES and RC2 with SHA-1
_DATA = bytes.fromhex("06092a864886f70d010701")


@dataclass(frozen=True)
class Content:
    """certificates: PEM, the leaf and then each one's issuer, as far as the file has them. key: a Secret with unencrypted PEM."""

    certificates: str
    key: object


def read_pkcs12(data, passphrase, what):
    """The Content of a file's bytes; what names it in messages. Raises InputError, which quotes nothing of it."""
    if CRYPTOGRAPHY_IMPORT_ERROR:
        raise MissingLibrary("cryptography", CRYPTOGRAPHY_IMPORT_ERROR)
    if data.lstrip().startswith(b"-----BEGIN"):
        raise InputError("%s is a PEM file, not PKCS#12. It can be given as certificate_path or certificate_private_key_path." % what)
    if not data.startswith(b"\x30") or _DATA not in data:
        raise InputError("%s is not a PKCS#12 file." % what)
    keys = sum(data.count(bag) for bag in _KEY_BAGS)
    if keys > 1:
        raise InputError("%s holds %d private keys, and which one is meant cannot be told. Export that one to a file of its own." % (
            what, keys))
    store = _opened(data, passphrase, what)
    if store.key is None:
        raise InputError("%s holds no private key; it may have been exported without. Export certificate and key together." % what)
    check_key(store.key)
    given = [entry.certificate for entry in [store.cert] + store.additional_certs if entry]
    if not given:
        raise InputError("%s holds a private key and no certificate. Export them together." % what)
    try:
        leaf = leaf_of(given, store.key)
    except InputError:
        raise InputError("%s: the private key belongs to none of its %d certificates (first: %s)." % (
            what, len(given), short_name(given[0].subject))) from None
    return Content(pem_of(continued(leaf, given)), Secret(key_pem(store.key)))


def _opened(data, passphrase, what):
    if "\0" in (passphrase or ""):
        raise InputError("%s cannot be opened: no passphrase has a NUL character in it." % what)  # the library would crash
    refused = (TypeError, UnsupportedAlgorithm) + unreadable()
    try:
        return pkcs12.load_pkcs12(data, passphrase.encode("utf-8") if passphrase else None)
    except refused:
        # the cause is not chained: parsers quote their input
        reason = "Its passphrase is wrong, or it is damaged" if passphrase else "It has a passphrase, which was not given, or it is damaged"
        legacy = any(algorithm in data for algorithm in _LEGACY)
        hint = ("; or this machine's OpenSSL refuses its old encryption, which 'openssl pkcs12 -legacy' can read and write anew"
                if legacy else "")
        raise InputError("%s cannot be opened. %s%s." % (what, reason, hint)) from None
