# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Private keys and the requests that are made of them. PRIVATE to the collection."""

from __future__ import annotations

import traceback

from .._errors import InputError, MissingLibrary
from .._secret import Secret
from .certificate import RSA_BITS, load_key
from .names import normalise

try:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    IMPORT_ERROR = None
except ImportError:
    IMPORT_ERROR = traceback.format_exc()

LONGEST_COMMON_NAME = 64  # X.520


def new_key(kind):
    """A Secret with a new private key in unencrypted PEM: rsa with 2048 bits, or ecdsa on P-256."""
    if IMPORT_ERROR:
        raise MissingLibrary("cryptography", IMPORT_ERROR)
    private = rsa.generate_private_key(65537, RSA_BITS) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    return Secret(private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode("ascii"))


def request_for(key, domains):
    """PEM of a certificate request: the first domain is its common name, all of them are its names. key: a Secret with PEM."""
    private, first = load_key(key.reveal(), None), domains[0]
    if len(first) > LONGEST_COMMON_NAME:
        raise InputError("'%s' has %d characters; CAS takes the domain out of the request's common name, which has %d at most." % (
            first, len(first), LONGEST_COMMON_NAME))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, first)]))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in domains]), critical=False)
    return builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode("ascii")


def check_request(pem, domains):
    """Raises InputError unless it is a request, signed with its own key, whose common name is the first of the domains."""
    request = _request(pem)
    common = [normalise(str(item.value)) for item in request.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]
    if not request.is_signature_valid:
        raise InputError("The certificate request is not signed with its own key; make it anew.")
    if common != [domains[0]]:
        raise InputError("The common name of the certificate request is %s, and CAS binds the certificate to that; domains begins with "
                         "%s." % (", ".join(common) or "missing", domains[0]))


def public_of_request(pem):
    """DER of the public key in a request, to be compared."""
    return _der(_request(pem).public_key())


def public_of_certificate(pem):
    """DER of the public key of the first certificate in a PEM text, or None for a kind that is not known here."""
    try:
        return _der(x509.load_pem_x509_certificate(pem.encode("ascii")).public_key())
    except (ValueError, UnicodeEncodeError, UnsupportedAlgorithm):
        return None


def _request(pem):
    if IMPORT_ERROR:
        raise MissingLibrary("cryptography", IMPORT_ERROR)
    if "PRIVATE KEY-----" in pem:
        raise InputError("csr holds a private key. That never leaves: give the request alone, or the key's file as private_key_path.")
    try:
        return x509.load_pem_x509_csr(pem.encode("ascii"))
    except (ValueError, UnicodeEncodeError) as error:
        raise InputError("csr cannot be read as a certificate request (%s); expected one PEM block of type CERTIFICATE REQUEST."
                         % error) from error


def _der(public):
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
