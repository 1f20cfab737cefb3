# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decodes served certificates; the only file of _tls that needs cryptography. PRIVATE to the collection."""

from __future__ import annotations

import traceback

from .._errors import MissingLibrary
from .model import Facts

try:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    CRYPTOGRAPHY_IMPORT_ERROR = None
except ImportError:
    CRYPTOGRAPHY_IMPORT_ERROR = traceback.format_exc()


class Decoder:
    """Decodes each distinct certificate once, because parsing costs a tenth of a handshake."""

    def __init__(self):
        if CRYPTOGRAPHY_IMPORT_ERROR:
            raise MissingLibrary("cryptography", CRYPTOGRAPHY_IMPORT_ERROR)
        self._known = {}

    def __call__(self, der):
        """(Facts, "") or (None, why it cannot be decoded)."""
        if der not in self._known:
            try:
                self._known[der] = decode(der), ""
            except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
                self._known[der] = None, str(error) or type(error).__name__
        return self._known[der]


def decode(der):
    """Facts of one DER certificate; ValueError and its kin when it is malformed."""
    cert = x509.load_der_x509_certificate(der)
    names, addresses = _alternative_names(cert)
    return Facts(
        subject=_name(cert.subject), issuer=_name(cert.issuer), issuer_id=cert.issuer.public_bytes(), names=names, addresses=addresses,
        not_before=cert.not_valid_before_utc, not_after=cert.not_valid_after_utc, fingerprint=cert.fingerprint(hashes.SHA256()).hex(),
        key_type=_key_type(cert))


def _alternative_names(cert):
    try:
        san = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return (), ()
    return (tuple(name.lower() for name in san.get_values_for_type(x509.DNSName)),
            tuple(str(address) for address in san.get_values_for_type(x509.IPAddress)))


def _key_type(cert):
    try:
        key = cert.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return ""
    return "rsa" if isinstance(key, rsa.RSAPublicKey) else "ecdsa" if isinstance(key, ec.EllipticCurvePublicKey) else ""


def _name(name):
    found = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()
