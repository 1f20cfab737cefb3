# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SM2 pairs, the Chinese national algorithms: one certificate that signs, one that encrypts, a key for each. PRIVATE to the collection.

The library reads such a certificate and knows nothing of its key, so that no signature is checked here. What can be: form, kind, names,
time, use, and whether a key belongs to its certificate, if the key's file has the public part, as OpenSSL writes it.
"""

from __future__ import annotations

import base64
import binascii
import re
import traceback
from dataclasses import dataclass, replace
from typing import Tuple

from .._errors import InputError, MissingLibrary
from .._secret import Secret
from .certificate import Facts, check_validity, facts_of, names_of, parse_certificates, pem_of, short_name

try:
    from cryptography import x509
    CRYPTOGRAPHY_IMPORT_ERROR = None
except ImportError:
    CRYPTOGRAPHY_IMPORT_ERROR = traceback.format_exc()

SIGNING, ENCRYPTING = "sign_certificate", "encrypt_certificate"
_KEY = re.compile(r"-----BEGIN (EC |SM2 |ENCRYPTED |)PRIVATE KEY-----(.*?)-----END \1PRIVATE KEY-----", re.DOTALL)
_CURVE = bytes.fromhex("06082a811ccf5501822d")  # the object identifier 1.2.156.10197.1.301 in DER
_POINT = bytes.fromhex("03420004")  # a bit string of 66 octets: no bits unused, an uncompressed point, its two coordinates
_COORDINATES = 64  # octets
_UNCHECKED = "SM2: that the certificates are signed by their issuers was not checked, because this can only be done by what knows SM2"


@dataclass(frozen=True)
class Sm2Bundle:
    """Like a Bundle; facts, names and identity are those of the certificate that signs. Both keys are Secrets."""

    facts: Facts
    sign_pem: str
    sign_key: object
    encrypt_pem: str
    encrypt_key: object
    length: int
    notes: Tuple[str, ...]

    @property
    def material(self):
        """The parameters of an upload."""
        return dict(SignCert=self.sign_pem, SignPrivateKey=self.sign_key, EncryptCert=self.encrypt_pem, EncryptPrivateKey=self.encrypt_key)


def read_sm2(texts, now, allow_future=False):
    """The Sm2Bundle of four PEM texts, by the names of the options. Raises InputError, which never quotes a key.

    texts: sign_certificate and encrypt_certificate, each a leaf and its issuers; sign_private_key and encrypt_private_key.
    """
    if CRYPTOGRAPHY_IMPORT_ERROR:
        raise MissingLibrary("cryptography", CRYPTOGRAPHY_IMPORT_ERROR)
    lacking = [option for option in (SIGNING, "sign_private_key", ENCRYPTING, "encrypt_private_key") if not texts.get(option)]
    if lacking:
        raise InputError("An SM2 certificate is a pair of certificates with a key each; %s must be given, too." % " and ".join(lacking))
    signing, encrypting = _chain(texts[SIGNING], SIGNING), _chain(texts[ENCRYPTING], ENCRYPTING)
    _check_use(signing[0], encrypting[0])
    notes = [_UNCHECKED]
    keys = []
    for chain, option in ((signing, "sign_private_key"), (encrypting, "encrypt_private_key")):
        pem, proved = _key(texts[option], option, chain[0])
        keys.append(Secret(pem))
        notes += [] if proved else ["SM2: %s has no public part, so that whether it belongs to its certificate was not checked" % option]
    facts = sm2_facts(signing[0])
    for each in (facts, sm2_facts(encrypting[0])):
        check_validity(each, now, allow_future)
    return Sm2Bundle(facts, pem_of(signing), keys[0], pem_of(encrypting), keys[1], len(signing), tuple(notes))


def sm2_facts(cert):
    return replace(facts_of(cert), key_type="SM2", key_size=256)


def _chain(text, option):
    """The certificates of an option, the leaf first, each issued by the next one as far as their names tell."""
    chain = parse_certificates(text, option)
    if _CURVE not in chain[0].tbs_certificate_bytes:
        raise InputError("%s: '%s' has no SM2 key. Give an RSA or ECDSA certificate as certificate or certificate_path." % (
            option, short_name(chain[0].subject)))
    for child, parent in zip(chain, chain[1:]):
        if child.issuer != parent.subject:
            raise InputError("%s: the chain is broken or in the wrong order: '%s' was issued by '%s', and '%s' comes after it." % (
                option, short_name(child.subject), short_name(child.issuer), short_name(parent.subject)))
    return chain


def _check_use(signing, encrypting):
    if signing == encrypting:
        raise InputError("sign_certificate and encrypt_certificate are the same certificate; an SM2 pair has two.")
    if names_of(signing) != names_of(encrypting) or signing.subject != encrypting.subject:
        raise InputError("sign_certificate is for %s and encrypt_certificate for %s; the two of an SM2 pair are for the same." % (
            ", ".join(names_of(signing)) or short_name(signing.subject), ", ".join(names_of(encrypting)) or short_name(encrypting.subject)))
    if _signs(signing) is False or _encrypts(encrypting) is False:
        raise InputError("sign_certificate may not sign, or encrypt_certificate may not encrypt, by their key usage. Are the two swapped?")


def _usage(cert):
    try:
        return cert.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None


def _signs(cert):
    """None when the certificate does not say what its key is for."""
    usage = _usage(cert)
    return usage and (usage.digital_signature or usage.content_commitment)


def _encrypts(cert):
    usage = _usage(cert)
    return usage and (usage.key_encipherment or usage.data_encipherment or usage.key_agreement)


def _key(text, option, cert):
    """(the key's PEM block alone, whether it is proved to belong to the certificate)."""
    found = _KEY.findall(text)
    if len(found) != 1:
        raise InputError("%s must hold one PEM block of type PRIVATE KEY or EC PRIVATE KEY; it has %d." % (option, len(found)))
    kind, body = found[0]
    if kind == "ENCRYPTED " or "Proc-Type" in body:
        raise InputError("%s is encrypted, and SM2 keys cannot be decrypted here: 'openssl pkey -in KEY -out PLAIN' does it." % option)
    try:
        der = base64.b64decode("".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InputError("%s cannot be read: malformed PEM." % option) from None
    if _CURVE not in der:
        raise InputError("%s is not an SM2 key, but its certificate has one." % option)
    lines = "".join(body.split())
    kind = "EC " if kind else ""  # what OpenSSL 3 calls SM2 has the form that others call EC
    pem = "-----BEGIN %sPRIVATE KEY-----\n%s\n-----END %sPRIVATE KEY-----\n" % (
        kind, "\n".join(lines[start:start + 64] for start in range(0, len(lines), 64)), kind)
    head, point = der[-_COORDINATES - len(_POINT):-_COORDINATES], der[-_COORDINATES:]
    if head != _POINT:
        return pem, False
    if point not in cert.tbs_certificate_bytes:
        raise InputError("%s does not match its certificate '%s'. Take the key that the certificate was requested with." % (
            option, short_name(cert.subject)))
    return pem, True
