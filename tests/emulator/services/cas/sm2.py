# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SM2 pairs as CAS takes them: a certificate that signs and one that encrypts, a key for each.

This cloud stores and lists them. Its endpoints cannot serve them, since Python's TLS knows nothing of SM2.
"""

from __future__ import annotations

import base64
import dataclasses
import re

from cryptography import x509

from ... import pki

ALGORITHM = "SM2"
SERVED_BY = ("DDOS",)  # CDN and DCDN, too, but theirs are real endpoints here
CURVE = bytes.fromhex("06082a811ccf5501822d")  # OID 1.2.156.10197.1.301
KEY_BLOCK = re.compile(r"-----BEGIN (?:EC )?PRIVATE KEY-----(.+?)-----END (?:EC )?PRIVATE KEY-----", re.DOTALL)
POINT_LENGTH = 65


@dataclasses.dataclass(frozen=True)
class Pair:
    """What Cert and Key are for other certificates, as PEM texts."""

    sign_cert: str
    sign_key: str = dataclasses.field(repr=False)
    encrypt_cert: str
    encrypt_key: str = dataclasses.field(repr=False)

    @property
    def fields(self) -> dict[str, str]:
        return {"SignCert": self.sign_cert, "SignPrivateKey": self.sign_key, "EncryptCert": self.encrypt_cert,
                "EncryptPrivateKey": self.encrypt_key}


def material_of(pair: Pair) -> pki.Material:
    """The signing certificate as others know it, without its key, which no endpoint could use. ValueError when the pair is none."""
    for chain, key in ((pair.sign_cert, pair.sign_key), (pair.encrypt_cert, pair.encrypt_key)):
        leaf = x509.load_pem_x509_certificate(pki.parse_material(chain, None).leaf_pem.encode())
        if CURVE not in leaf.tbs_certificate_bytes:
            raise ValueError("no SM2 certificate")
        # Both ends of the pair have the public point: the certificate in the middle, the key, if it is there, at its end.
        der = _der(key)
        if CURVE not in der or (der[-POINT_LENGTH] == 4 and der[-POINT_LENGTH:] not in leaf.tbs_certificate_bytes):
            raise ValueError("the key is not the certificate's")
    return pki.parse_material(pair.sign_cert, None)


def _der(key: str) -> bytes:
    blocks = KEY_BLOCK.findall(key)
    if len(blocks) != 1:
        raise ValueError("not one private key")
    der = base64.b64decode("".join(blocks[0].split()), validate=True)  # binascii.Error is a ValueError
    if len(der) < POINT_LENGTH:
        raise ValueError("too short for a key")
    return der
