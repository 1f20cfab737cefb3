# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two ways a certificate comes into a region: as PEM, read as strictly as the vendor's pages say, or imported from CAS."""

from __future__ import annotations

import re
from typing import Any

from ... import pki
from ...rpc import Call
from ...state import CloudError
from . import errors

STRICT = re.compile(r"-----BEGIN CERTIFICATE-----\n(?:[A-Za-z0-9+/=]{64}\n)*[A-Za-z0-9+/=]{1,64}\n-----END CERTIFICATE-----\n?")


def from_pem(call: Call) -> pki.Material:
    """CloudError for blank lines, spaces, lines of another length, and keys that do not fit."""
    chain_pem, key_pem = call.text("ServerCertificate"), call.text("PrivateKey")
    if not chain_pem or not key_pem:
        raise CloudError("MissingParameter", "ServerCertificate and PrivateKey, or AliCloudCertificateId, are mandatory for this action.")
    if not re.fullmatch("(?:{0})+".format(STRICT.pattern), chain_pem):
        raise errors.bad_format("ServerCertificate", "blocks without blank lines, of lines of 64 characters, are wanted")
    if "ENCRYPTED" in key_pem:
        raise errors.encrypted_key()
    try:
        material = pki.parse_material(chain_pem, None)
    except ValueError as exc:
        raise errors.bad_format("ServerCertificate", str(exc)) from exc
    try:
        material = pki.parse_material(chain_pem, key_pem)
    except ValueError:
        raise errors.bad_key() from None
    if not pki.key_matches(material):
        raise errors.key_mismatch()
    return material


def from_cas(cloud: Any, call: Call) -> tuple[pki.Material, str]:
    """The certificate and its name in CAS."""
    cas_id, store = call.text("AliCloudCertificateId"), call.text("AliCloudCertificateRegionId")
    if store and store != cloud.store:
        raise CloudError("InvalidParameter", "The specified parameter AliCloudCertificateRegionId {0} is not valid.".format(store))
    material = cloud.cas.find_material(cas_id) if cas_id.isdigit() else None
    if material is None:
        raise CloudError("InvalidParameter", "The specified parameter AliCloudCertificateId {0} is not found.".format(cas_id))
    return material, cloud.cas.name_of(int(cas_id))
