# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates and keys as files have them: parse, put in order, complete, prove the pair. PRIVATE to the collection.

Nothing here talks to anyone; the time and the roots come in.
"""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass
from typing import Tuple

from .._domain.names import missing
from .._errors import InputError, MissingLibrary
from .._secret import Secret

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    CRYPTOGRAPHY_IMPORT_ERROR = None
except ImportError:
    CRYPTOGRAPHY_IMPORT_ERROR = traceback.format_exc()

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
RSA_BITS = 2048  # the least that CAs and browsers still accept


@dataclass(frozen=True)
class Facts:
    """What may be shown of a certificate. Digests: lower-case hex of the DER. Times: aware UTC datetimes."""

    fingerprint: str
    sha1: str
    serial: int
    common_name: str
    names: Tuple[str, ...]
    issuer: str
    not_before: object
    not_after: object
    key_type: str
    key_size: int


@dataclass(frozen=True)
class Bundle:
    """A leaf with its intermediates, leaf first, without the root; key is a Secret with unencrypted PEM, or None.

    notes tell what had to be put right.
    """

    facts: Facts
    chain_pem: str
    length: int
    key: object
    notes: Tuple[str, ...]

    @property
    def material(self):
        """The parameters of an upload."""
        return dict(Cert=self.chain_pem, Key=self.key)


def read_bundle(certificate, chain, key, passphrase, roots, now, normalize=True, allow_incomplete=False, require_key=True,
                allow_future=False):
    """Parse and check everything that can be checked without asking anyone; raises InputError naming what, where, what to do.

    certificate, chain, key: PEM text (chain and key may be None). roots: PEM text of the trust anchors. allow_future: whether it may be
    one that is not valid yet.
    """
    if CRYPTOGRAPHY_IMPORT_ERROR:
        raise MissingLibrary("cryptography", CRYPTOGRAPHY_IMPORT_ERROR)
    given = parse_certificates(certificate, "certificate")
    if chain:
        given += parse_certificates(chain, "chain")
    private = load_key(key, passphrase) if key else None
    if private is None and require_key:
        raise InputError("No private key: give private_key or private_key_path; CAS cannot deploy a certificate without it.")
    leaf = leaf_of(given, private)
    facts = facts_of(leaf)
    _check_strength(facts)
    ordered, notes = _order(leaf, given)
    _complete(ordered, given, roots, allow_incomplete)
    if notes and not normalize:
        raise InputError("The chain is not clean: %s. Put it right, or let normalize_chain do it." % "; ".join(notes))
    check_validity(facts, now, allow_future)
    return Bundle(facts, pem_of(ordered), len(ordered), Secret(key_pem(private)) if private is not None else None, tuple(notes))


def check_coverage(facts, wanted, what="the certificate"):
    """Raises InputError when the certificate lacks one of the wanted names."""
    lacking = missing(facts.names, wanted)
    if lacking:
        raise InputError("%s does not cover %s; it covers: %s. Use a certificate that has the name, or correct the name." % (
            what[0].upper() + what[1:], ", ".join(lacking), ", ".join(facts.names) or "nothing"))


def parse_certificates(text, what):
    """All certificates of a PEM text, in its order."""
    if "PRIVATE KEY-----" in text:
        option = what.replace("certificate", "private_key") if "certificate" in what else "private_key"
        raise InputError("%s holds a private key. Keep the key apart and give it as %s or %s_path." % (what.capitalize(), option, option))
    found = []
    for number, match in enumerate(_BLOCK.finditer(text), 1):
        if match.group(1) not in ("CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"):
            raise InputError("Block %d of %s is '%s', and only CERTIFICATE belongs there." % (number, what, match.group(1)))
        block = "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n" % "\n".join(match.group(2).split())
        try:
            cert = x509.load_pem_x509_certificate(block.encode("ascii"))
            facts_of(cert)  # the library reads the parts only when they are asked for
            found.append(cert)
        except unreadable() as error:
            raise InputError("Malformed PEM: block %d of %s cannot be read as a certificate (%s). Export it again; line breaks or "
                             "characters may have been lost." % (number, what, error)) from error
    if not found or text.count("-----BEGIN ") != len(found):
        raise InputError("Malformed PEM: %s has %d complete certificate(s) and %d BEGIN line(s). Expected one or more blocks "
                         "'-----BEGIN CERTIFICATE-----' … '-----END CERTIFICATE-----'." % (what, len(found), text.count("-----BEGIN ")))
    return found


def _public(cert):
    """The certificate's public key, or None for a kind that the library does not know, SM2 for instance."""
    try:
        return cert.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return None


def load_key(text, passphrase):
    """The private key object. RSA keys are validated while they are loaded (27 ms for 2048 bits), so load each one once."""
    if CRYPTOGRAPHY_IMPORT_ERROR:
        raise MissingLibrary("cryptography", CRYPTOGRAPHY_IMPORT_ERROR)
    try:
        private = serialization.load_pem_private_key(text.encode("utf-8"), passphrase.encode("utf-8") if passphrase else None)
    except TypeError as error:
        hint = "is encrypted: give private_key_passphrase" if not passphrase else "is not encrypted: leave private_key_passphrase out"
        raise InputError("The private key %s." % hint) from error
    except UnsupportedAlgorithm:
        raise InputError("The private key is of a kind, or encrypted in a way, that is not known here. The keys of an SM2 pair are given "
                         "to daas.https.cas_certificate as sign_private_key and encrypt_private_key.") from None
    except ValueError:
        # the cause is not chained: parsers quote their input
        reason = "or the passphrase is wrong" if passphrase else "expected one PEM block of type PRIVATE KEY"
        raise InputError("The private key cannot be read: malformed PEM, %s." % reason) from None
    check_key(private)
    return private


def check_key(private):
    """Raises InputError for a key of a kind that is not served."""
    if not isinstance(private, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        raise InputError("The private key is of type %s; Alibaba Cloud takes RSA and ECDSA (P-256, P-384)."
                         % type(private).__name__.replace("PrivateKey", "").strip("_"))


def leaf_of(given, private):
    """The certificate that belongs to the key; without a key, the one that issued none of the others."""
    if private is not None:
        public = private.public_key()
        for cert in given:
            if _public(cert) == public:
                return cert
        raise InputError(
            "The private key does not match: it belongs to none of the %d given certificates (first: %s). Take the key that the "
            "certificate was requested with." % (len(given), short_name(given[0].subject)))
    leaves = [cert for cert in given if not any(other is not cert and _issued(other, cert) for other in given)]
    return leaves[0] if leaves else given[0]


def _issued(child, parent):
    """True when parent's key signed child."""
    if child.issuer != parent.subject:
        return False
    try:
        child.verify_directly_issued_by(parent)
        return True
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False


def continued(leaf, given):
    """The leaf and then each one's issuer, as far as they are given, the root too; what has nothing to do with it is left out."""
    chain = [leaf]
    while True:
        parent = next((cert for cert in given if cert not in chain and _issued(chain[-1], cert)), None)
        if parent is None:
            return chain
        chain.append(parent)


def _order(leaf, given):
    """(leaf-first chain without root, notes about what was not so in the input)."""
    ordered, notes, rest = [leaf], [], []
    for cert in given:
        if cert == leaf or cert in rest:
            continue
        rest.append(cert)
    if len(rest) + 1 < len(given):
        notes.append("a certificate was given twice")
    while rest:
        parent = next((cert for cert in rest if _issued(ordered[-1], cert)), None)
        if parent is None:
            break
        rest.remove(parent)
        if _issued(parent, parent):
            notes.append("the root '%s' was given and is not sent" % short_name(parent.subject))
            break
        ordered.append(parent)
    if rest:
        raise InputError(
            "The chain is broken: '%s' was issued by '%s', and what else was given does not continue it: %s. Give the intermediates that "
            "the CA delivered with this certificate." % (
                short_name(ordered[-1].subject), short_name(ordered[-1].issuer),
                ", ".join("'%s'" % short_name(cert.subject) for cert in rest)))
    kept = [cert for number, cert in enumerate(given) if cert in ordered and cert not in given[:number]]
    if kept != ordered:
        notes.append("the certificates were in the wrong order")
    return ordered, notes


def _complete(ordered, given, roots, allow_incomplete):
    """The last one must be signed by a trust anchor: one that was given along, or one of the roots."""
    top = ordered[-1]
    if _issued(top, top) or any(_issued(top, cert) for cert in given if _issued(cert, cert)) or allow_incomplete:
        return
    anchors = [cert for cert in _roots(roots) if cert.subject == top.issuer]
    if not any(_issued(top, cert) for cert in anchors):
        raise InputError(
            "The chain is incomplete: '%s' was issued by '%s', which is neither among the given certificates nor among the trusted roots. "
            "Append the missing intermediate, or name the CA's root in ca_path." % (short_name(top.subject), short_name(top.issuer)))


def _roots(text):
    if not text:
        return []
    try:
        return x509.load_pem_x509_certificates(text.encode("utf-8"))
    except unreadable() as error:
        raise InputError("ca_path does not hold CA certificates in PEM form (%s)." % error) from error


def facts_of(cert):
    public = _public(cert)
    kind = "RSA" if isinstance(public, rsa.RSAPublicKey) else "ECDSA" if isinstance(public, ec.EllipticCurvePublicKey) else "other"
    return Facts(
        fingerprint=cert.fingerprint(hashes.SHA256()).hex(), sha1=cert.fingerprint(hashes.SHA1()).hex(), serial=cert.serial_number,
        common_name=short_name(cert.subject), names=names_of(cert), issuer=short_name(cert.issuer), not_before=cert.not_valid_before_utc,
        not_after=cert.not_valid_after_utc, key_type=kind, key_size=getattr(public, "key_size", 0))


def pem_of(certificates):
    return "".join(cert.public_bytes(serialization.Encoding.PEM).decode("ascii") for cert in certificates)


def unreadable():
    """What the library raises for a certificate that it cannot read."""
    return ValueError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType


def leaf_facts(text):
    """Facts of the leaf in a PEM text, and no more is asked of it: to name a certificate, also an expired one. Raises InputError."""
    if CRYPTOGRAPHY_IMPORT_ERROR:
        raise MissingLibrary("cryptography", CRYPTOGRAPHY_IMPORT_ERROR)
    return facts_of(leaf_of(parse_certificates(text, "certificate"), None))


def parse_facts(pem):
    """Facts of the first certificate in a PEM text, or None when it cannot be read: for what the cloud shows, not for input."""
    try:
        return facts_of(parse_certificates(pem, "certificate")[0])
    except InputError:
        return None


def short_name(name):
    found = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def names_of(cert):
    """DNS names and IP addresses of the SAN extension, lower case; browsers ignore the common name, so do we."""
    try:
        san = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple([name.lower() for name in san.get_values_for_type(x509.DNSName)] + [
        str(address) for address in san.get_values_for_type(x509.IPAddress)])


def check_validity(facts, now, allow_future=False):
    """Raises InputError, with the date, when nobody would accept the certificate: now, or with allow_future ever."""
    if now > facts.not_after:
        raise InputError("The certificate for %s has expired: it was valid until %s. Use its successor." % (
            facts.common_name, facts.not_after.strftime("%Y-%m-%d %H:%M UTC")))
    if now < facts.not_before and not allow_future:
        raise InputError("The certificate for %s is not valid yet: it becomes so at %s." % (
            facts.common_name, facts.not_before.strftime("%Y-%m-%d %H:%M UTC")))
    if not facts.names:
        raise InputError("The certificate for %s has no subjectAltName; no client would accept it." % facts.common_name)


def _check_strength(facts):
    if facts.key_type == "other":
        raise InputError("The certificate for %s has a key that is neither RSA nor ECDSA. An SM2 pair is given to "
                         "daas.https.cas_certificate as sign_certificate and encrypt_certificate." % facts.common_name)
    if facts.key_type == "RSA" and facts.key_size < RSA_BITS:
        raise InputError("The certificate's RSA key has %d bits; at least %d are needed." % (facts.key_size, RSA_BITS))
    if facts.key_type == "ECDSA" and facts.key_size not in (256, 384):
        raise InputError("The certificate's ECDSA key is on a curve of %d bits; P-256 and P-384 are served." % facts.key_size)


def key_pem(private):
    """PKCS#1 for RSA and SEC1 for EC: the forms that every product takes."""
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()).decode("ascii")
