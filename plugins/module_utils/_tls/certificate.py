# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decodes served certificates, which needs cryptography. PRIVATE to the collection."""

from __future__ import annotations

import hashlib
import traceback

from .._errors import MissingLibrary
from .model import Facts

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
    CRYPTOGRAPHY_IMPORT_ERROR = None
    # What cryptography raises at malformed certificates; KeyError: at TLS features that it does not know.
    MALFORMED = (ValueError, TypeError, KeyError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion,
                 x509.UnsupportedGeneralNameType)
except ImportError:
    CRYPTOGRAPHY_IMPORT_ERROR = traceback.format_exc()
    MALFORMED = (ValueError,)


def need_cryptography():
    if CRYPTOGRAPHY_IMPORT_ERROR:
        raise MissingLibrary("cryptography", CRYPTOGRAPHY_IMPORT_ERROR)


class Decoder:
    """Decodes each distinct certificate once, because parsing costs a tenth of a handshake. link() likewise."""

    def __init__(self):
        need_cryptography()
        self._known, self._links = {}, {}

    def __call__(self, der):
        """(Facts, "") or (None, why it cannot be decoded)."""
        if der not in self._known:
            try:
                self._known[der] = decode(der), ""
            except MALFORMED as error:
                self._known[der] = None, "%s: %s" % (type(error).__name__, error)
        return self._known[der]

    def link(self, der, issuer):
        """Whether one certificate (DER) bears the signature of another one's key; None where that cannot be checked here.

        Names and extensions are not looked at.
        """
        if (der, issuer) not in self._links:
            self._links[der, issuer] = _signed_by(der, issuer)
        return self._links[der, issuer]


def decode(der):
    """Facts of one DER certificate; one of MALFORMED when it cannot be decoded."""
    cert = x509.load_der_x509_certificate(der)
    names, addresses = _alternative_names(cert)
    issuer, subject, public_key = _slices(der)
    kind, bits = _key(cert)
    return Facts(
        subject=_name(cert.subject), issuer=_name(cert.issuer), issuer_id=issuer, names=names, addresses=addresses,
        not_before=cert.not_valid_before_utc, not_after=cert.not_valid_after_utc, fingerprint=hashlib.sha256(der).hexdigest(),
        key_type=kind if kind in ("rsa", "ecdsa") else "", subject_id=subject, key=kind, key_bits=bits,
        public_key=hashlib.sha256(public_key).hexdigest(), signature_hash=_signature_hash(cert), is_ca=_is_ca(cert),
        must_staple=_must_staple(cert))


def _slices(der):
    """Issuer, subject and SubjectPublicKeyInfo as they stand in a certificate that has been parsed: also those of unknown kinds.

    TBSCertificate ::= SEQUENCE { [0] version (if not 1), serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo … }
    """
    at, parts = _element(der, _element(der, 0)[0])[0], []
    if der[at] == 0xA0:
        at = _element(der, at)[1]
    for _part in range(6):
        end = _element(der, at)[1]
        parts.append(der[at:end])
        at = end
    return parts[2], parts[4], parts[5]


def _element(der, at):
    """Where the content of the DER element at this place begins, and where it ends."""
    length, begin = der[at + 1], at + 2
    if length > 127:
        begin += length - 128
        length = int.from_bytes(der[at + 2:begin], "big")
    return begin, begin + length


def _alternative_names(cert):
    san = _extension(cert, x509.SubjectAlternativeName)
    if san is None:
        return (), ()
    return (tuple(name.lower() for name in san.get_values_for_type(x509.DNSName)),
            tuple(str(address) for address in san.get_values_for_type(x509.IPAddress)))


def _key(cert):
    """Kind and bits of the public key, ("", 0) for what this cryptography does not know."""
    try:
        key = cert.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return "", 0
    for kind, known in (("rsa", rsa.RSAPublicKey), ("ecdsa", ec.EllipticCurvePublicKey), ("ed25519", ed25519.Ed25519PublicKey),
                        ("ed448", ed448.Ed448PublicKey), ("dsa", dsa.DSAPublicKey)):
        if isinstance(key, known):
            return kind, getattr(key, "key_size", 0)
    return "", 0


def _signature_hash(cert):
    """Name of the hash, "" where the algorithm has none of its own, the algorithm's OID where it is not known."""
    try:
        found = cert.signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError):
        return cert.signature_algorithm_oid.dotted_string
    return found.name if found else ""


def _is_ca(cert):
    constraints = _extension(cert, x509.BasicConstraints)
    return bool(constraints and constraints.ca)


def _must_staple(cert):
    return x509.TLSFeatureType.status_request in (_extension(cert, x509.TLSFeature) or ())


def _extension(cert, kind):
    try:
        return cert.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _signed_by(der, issuer):
    try:
        x509.load_der_x509_certificate(der).verify_directly_issued_by(x509.load_der_x509_certificate(issuer))
    except InvalidSignature:
        return False
    except MALFORMED:  # also kinds of keys and hashes that cryptography does not check, such as SHA-1
        return None
    return True


def _name(name):
    found = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()
