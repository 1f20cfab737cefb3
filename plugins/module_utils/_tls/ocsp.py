# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes OCSP requests and judges OCSP responses (RFC 6960), wherever they come from: no network, no clock. PRIVATE to the collection."""

from __future__ import annotations

from .certificate import MALFORMED
from .model import Revocation
from .signed import Unproved, extension, fresh, issued, moment, show, since, uris

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import ocsp
    from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID
    CRYPTOGRAPHY = True
except ImportError:
    CRYPTOGRAPHY = False  # certificate.need_cryptography tells it

CONTENT_TYPE = "application/ocsp-request"
LIMIT = 64 * 1024  # bytes of a response; with its responder's certificate it has about 2 KB
_MOST_SIGNERS = 8


def responders(leaf):
    """URLs of the responders that the certificate names."""
    access = extension(leaf, x509.AuthorityInformationAccess) or ()
    return uris(item.access_location for item in access if item.access_method == AuthorityInformationAccessOID.OCSP)


def request(leaf, issuer):
    """Request in DER about one certificate. SHA-1 names the issuer, because responders need not know another hash (RFC 5019)."""
    return _request(leaf, issuer, hashes.SHA1()).public_bytes(Encoding.DER)


def judge_response(der, leaf, issuer, now, source="ocsp", url=""):
    """Revocation that a response in DER proves of the leaf (certificates of cryptography); unknown, and why, if it proves nothing."""
    try:
        response = ocsp.load_der_ocsp_response(der)
        if response.response_status != ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise Unproved("the responder answered '%s'" % _words(response.response_status))
        _authenticate(response, issuer, now)
        status, detail, until = _verdict(_single(response, leaf, issuer), now)
    except Unproved as error:
        return Revocation("unknown", source, url, str(error))
    except MALFORMED as error:
        return Revocation("unknown", source, url, "the OCSP response cannot be decoded: %s" % error)
    return Revocation(status, source, url, detail, until)


def _verdict(single, now):
    begin, end = moment(single, "this_update"), moment(single, "next_update")
    status = single.certificate_status
    revoked = since(moment(single, "revocation_time"), single.revocation_reason) if status == ocsp.OCSPCertStatus.REVOKED else ""
    fresh("the OCSP response", begin, end, now, revoked or status.name.lower())
    if status == ocsp.OCSPCertStatus.UNKNOWN:
        raise Unproved("the responder does not know the certificate")
    return ("revoked", revoked, end) if revoked else ("good", "", end)


def _single(response, leaf, issuer):
    """The part of the response that is about this certificate of this issuer."""
    for single in response.responses:
        wanted = _request(leaf, issuer, single.hash_algorithm)
        if all(getattr(single, part) == getattr(wanted, part) for part in ("serial_number", "issuer_name_hash", "issuer_key_hash")):
            return single
    raise Unproved("the OCSP response is about another certificate")


def _request(leaf, issuer, algorithm):
    return ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, algorithm).build()


def _authenticate(response, issuer, now):
    """Unproved unless the issuer has signed, or one to whom it gave the right (RFC 6960, 4.2.2.2)."""
    if _signed_by(response, issuer):
        return
    signer = next((found for found in response.certificates[:_MOST_SIGNERS] if _signed_by(response, found)), None)
    if signer is not None:
        _authorise(signer, issuer, now)
    else:
        raise Unproved("the signature of the OCSP response is not that of the issuer, nor of a certificate that comes with it")


def _authorise(signer, issuer, now):
    usage = extension(signer, x509.ExtendedKeyUsage) or ()
    if not issued(signer, issuer):
        raise Unproved("the OCSP response is signed by somebody whom the issuer has not appointed")
    if ExtendedKeyUsageOID.OCSP_SIGNING not in usage:
        raise Unproved("the OCSP response is signed with a certificate that is not for OCSP signing")
    begin, end = signer.not_valid_before_utc, signer.not_valid_after_utc
    if not begin <= now <= end:
        raise Unproved("the responder's certificate is valid only from %s to %s" % (show(begin), show(end)))


def _signed_by(response, certificate):
    try:
        key, signature, signed = certificate.public_key(), response.signature, response.tbs_response_bytes
        if isinstance(key, rsa.RSAPublicKey):
            return _signed_by_rsa(key, response, signature, signed)
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(response.signature_hash_algorithm))
        else:
            key.verify(signature, signed)  # Ed25519 and Ed448; others raise TypeError, because they want more to be said
    except (InvalidSignature, AttributeError):
        return False
    except MALFORMED:
        return False
    return True


def _signed_by_rsa(key, response, signature, signed):
    """Whether it is, by PKCS #1 v1.5 or by PSS, of which cryptography tells no parameters for a response."""
    if response.signature_algorithm_oid != x509.SignatureAlgorithmOID.RSASSA_PSS:
        key.verify(signature, signed, padding.PKCS1v15(), response.signature_hash_algorithm)
        return True
    for algorithm in (hashes.SHA256(), hashes.SHA384(), hashes.SHA512()):
        try:
            key.verify(signature, signed, padding.PSS(padding.MGF1(algorithm), padding.PSS.AUTO), algorithm)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError):
            continue
        return True
    return False


def _words(status):
    """tryLater and its like, as the RFC spells them."""
    first, *rest = status.name.lower().split("_")
    return first + "".join(part.capitalize() for part in rest)
