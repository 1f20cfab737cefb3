# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What OCSP responses and CRLs have in common: an issuer, a signature, and a time for which they hold. PRIVATE to the collection."""

from __future__ import annotations

import contextlib
from datetime import timedelta, timezone

from .certificate import MALFORMED

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
except ImportError:
    InvalidSignature = ValueError  # certificate.need_cryptography tells it

SKEW = timedelta(minutes=5)  # clocks differ
_NEWS = timedelta(days=1)  # without nextUpdate, newer information is "available all the time" (RFC 6960, 4.2.2.1): this is not it


class Unproved(ValueError):
    """Why an answer proves nothing about the certificate."""


def load(der):
    """The certificate; Unproved if it is malformed."""
    try:
        return x509.load_der_x509_certificate(der)
    except MALFORMED as error:
        raise Unproved("the certificate cannot be decoded: %s" % error) from error


def issuer_of(leaf, candidates):
    """The certificate among the candidates (DER) whose name and key have issued this one; Unproved if there is none."""
    for der in candidates:
        with contextlib.suppress(Unproved):  # a malformed one may stand beside the right one
            candidate = load(der)
            if issued(leaf, candidate):
                return candidate
    if issued(leaf, leaf):
        raise Unproved("the certificate is self-signed, so nobody can revoke it")
    raise Unproved("the issuer's certificate was not served, and is not in a trusted chain")


def issued(certificate, issuer):
    """Whether names and signature say so."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except InvalidSignature:
        return False
    except MALFORMED:
        return False
    return True


def extension(owner, kind):
    """Value of an extension, None if there is none; Unproved if the extensions are malformed."""
    try:
        return owner.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
    except MALFORMED as error:
        raise Unproved("its extensions cannot be decoded: %s" % error) from error


def uris(names):
    return [name.value for name in names or () if isinstance(name, x509.UniformResourceIdentifier)]


def moment(owner, name):
    """Aware UTC datetime or None; cryptography 42 has the OCSP ones only without a time zone."""
    if hasattr(owner, name + "_utc"):
        return getattr(owner, name + "_utc")
    naive = getattr(owner, name)
    return naive and naive.replace(tzinfo=timezone.utc)


def fresh(what, begin, end, now, verdict=""):
    """Unproved unless ``now`` is in the time for which the answer holds."""
    said = ", and said " + verdict if verdict else ""
    if begin is None or begin > now + SKEW:
        raise Unproved("%s is not valid before %s%s" % (what, show(begin), said))
    if end is None and now - begin > _NEWS:
        raise Unproved("%s is of %s and says of no time until which it holds%s" % (what, show(begin), said))
    if end is not None and end < now - SKEW:
        raise Unproved("%s expired at %s%s" % (what, show(end), said))


def since(date, reason):
    """Words for a revocation."""
    return "revoked since %s%s" % (show(date), ", reason: " + reason.value if reason else "")


def show(date):
    return date.strftime("%Y-%m-%d %H:%M UTC") if date else "an unknown time"
