# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges certificate revocation lists (RFC 5280, 5 and 6.3), wherever they come from: no network, no clock. PRIVATE to the collection."""

from __future__ import annotations

from .certificate import MALFORMED
from .model import Revocation
from .signed import Unproved, extension, fresh, moment, since, uris

try:
    from cryptography import x509
    from cryptography.x509.oid import ExtensionOID
    UNDERSTOOD = (ExtensionOID.AUTHORITY_KEY_IDENTIFIER, ExtensionOID.CRL_NUMBER, ExtensionOID.ISSUING_DISTRIBUTION_POINT)
except ImportError:
    UNDERSTOOD = ()  # certificate.need_cryptography tells it

LIMIT = 16 * 1024 * 1024  # bytes of a list; that is some 400,000 revoked certificates


def places(leaf):
    """URLs of the lists that the certificate names, without those that say only a part (of some reasons) or are signed by another CA."""
    points = extension(leaf, x509.CRLDistributionPoints) or ()
    return [url for point in points if not point.reasons and not point.crl_issuer for url in uris(point.full_name)]


def read(data, issuer):
    """The list in DER or PEM, proved to be this issuer's; Unproved."""
    try:
        found = (x509.load_pem_x509_crl if data.lstrip().startswith(b"-----BEGIN") else x509.load_der_x509_crl)(data)
        same, proved = found.issuer == issuer.subject, found.is_signature_valid(issuer.public_key())
    except MALFORMED as error:
        raise Unproved("the CRL cannot be decoded: %s" % error) from error
    usage = extension(issuer, x509.KeyUsage)
    if not same:
        raise Unproved("the CRL is that of another issuer, '%s'" % found.issuer.rfc4514_string())
    if not proved:
        raise Unproved("the signature of the CRL is not that of the issuer")
    if usage is not None and not usage.crl_sign:
        raise Unproved("the issuer's certificate is not for signing CRLs")
    return found


def judge_list(found, leaf, now, url=""):
    """Revocation that a list from read() proves of the leaf; unknown, and why, if it proves nothing."""
    try:
        _covers(found, url)
        entry = found.get_revoked_certificate_by_serial_number(leaf.serial_number)
        revoked = _revoked(entry) if entry is not None else ""
        until = moment(found, "next_update")
        fresh("the CRL", moment(found, "last_update"), until, now, revoked)
    except Unproved as error:
        return Revocation("unknown", "crl", url, str(error))
    except MALFORMED as error:
        return Revocation("unknown", "crl", url, "the CRL cannot be decoded: %s" % error)
    return Revocation("revoked" if revoked else "good", "crl", url, revoked, until)


def _covers(found, url):
    """Unproved unless the list is a whole one, for certificates of servers, and meant for this place.

    The place matters, because CAs cut their lists to pieces: on another piece a revoked certificate is not found, and who can change
    plain HTTP can exchange them.
    """
    odd = [item.oid.dotted_string for item in found.extensions if item.critical and item.oid not in UNDERSTOOD]
    if odd:
        raise Unproved("the CRL is a partial one, or has critical extensions that are not known here: %s" % ", ".join(odd))
    scope = extension(found, x509.IssuingDistributionPoint)
    if scope is None:
        return
    if scope.only_contains_ca_certs or scope.only_contains_attribute_certs or scope.indirect_crl or scope.only_some_reasons:
        raise Unproved("the CRL is not for certificates of this kind, or of some reasons only")
    if scope.relative_name is not None or scope.full_name is not None and url not in uris(scope.full_name):
        raise Unproved("the CRL says that it is for another place: %s" % (", ".join(uris(scope.full_name)) or "one without a URL"))


def _revoked(entry):
    reason = extension(entry, x509.CRLReason)
    return since(moment(entry, "revocation_date"), reason and reason.reason)
