# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The codes that AIRec answers with; see the table of the specified contract."""

from __future__ import annotations

from ...state import CloudError


def invalid_token(why: str) -> CloudError:
    return CloudError("InvalidAccessToken", "The access token is not valid: {0}.".format(why), 401)


def instance_not_found(instance_id: str) -> CloudError:
    return CloudError("InvalidInstance.NotFound", "The instance {0} does not exist.".format(instance_id), 404)


def missing(name: str) -> CloudError:
    return CloudError("MissingParameter", "{0} is mandatory for this action.".format(name), 400)


def invalid(name: str, why: str) -> CloudError:
    return CloudError("InvalidParameter", "The parameter {0} is not valid: {1}.".format(name, why), 400)


def mapping_file(kind: str, why: str) -> CloudError:
    return CloudError("InvalidMappingFile.{0}".format(kind), "mapping_file: {0}.".format(why), 400)


def certificate_id_not_found(certificate_id: str, cell: str) -> CloudError:
    return CloudError("InvalidCertificateId.NotFound", "The certificate {0} of the row at {1} does not exist in CAS.".format(
        certificate_id, cell), 400)


def certificate_id_mismatch(certificate_id: str, cell: str) -> CloudError:
    return CloudError("InvalidCertificateId.Mismatch", "The certificate {0} of the row at {1} is not the certificate that was sent.".format(
        certificate_id, cell), 400)


def invalid_certificate(why: str) -> CloudError:
    return CloudError("InvalidCertificate", "The certificate file is not valid: {0}.".format(why), 400)


def invalid_private_key() -> CloudError:
    return CloudError("InvalidPrivateKey", "The private key is not an unencrypted PEM private key.", 400)


def key_mismatch() -> CloudError:
    return CloudError("CertificateKeyMismatch", "The private key does not belong to the first certificate of the file.", 400)


def domain_mismatch(domain: str, cell: str, names: tuple[str, ...]) -> CloudError:
    return CloudError("CertificateDomainMismatch", "The certificate does not cover {0} (cell {1}); its names are {2}.".format(
        domain, cell, ", ".join(names) or "none"), 400)


def expired(when: str) -> CloudError:
    return CloudError("CertificateExpired", "The certificate has expired on {0}.".format(when), 400)


def not_yet_valid(when: str) -> CloudError:
    return CloudError("CertificateNotYetValid", "The certificate is not valid before {0}.".format(when), 400)


def domain_occupied(domain: str, instance_id: str) -> CloudError:
    return CloudError("DomainOccupied", "The domain {0} is bound to the instance {1}.".format(domain, instance_id), 400)


def domain_not_bound(domain: str) -> CloudError:
    return CloudError("InvalidDomain.NotFound", "The domain {0} is not bound to this instance.".format(domain), 404)
