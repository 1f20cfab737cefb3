# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The codes that CDN answers with, and DCDN as well."""

from __future__ import annotations

from ...state import CloudError


def unknown_domain(domain: str) -> CloudError:
    return CloudError("InvalidDomain.NotFound", "The domain {0} does not belong to you.".format(domain), 404)


def offline(domain: str, status: str) -> CloudError:
    code = "InvalidDomain.Offline" if status == "offline" else "InvalidDomain.notOnline"
    return CloudError(code, "The domain {0} is {1}, not online.".format(domain, status))


def busy() -> CloudError:
    return CloudError("ServiceBusy", "The specified Domain is configuring, please try again later.", 403)


def wrong_protocol() -> CloudError:
    return CloudError("InvalidSSLProtocol.ValueNotSupported", "The parameter SSLProtocol must be on or off.")


def missing_key() -> CloudError:
    return CloudError("SSLPri.MissingParameter", "The parameter SSLPri is mandatory for this action.")


def missing_certificate() -> CloudError:
    return CloudError("SSLPub.MissingParameter", "The parameter SSLPub is mandatory for this action.")


def not_found(certificate_id: str) -> CloudError:
    return CloudError("Certificate.NotFind", "The certificate {0} is not found.".format(certificate_id))


def expired() -> CloudError:
    return CloudError("Certificate.Expired", "The certificate has expired.")


def malformed() -> CloudError:
    return CloudError("Certificate.FormatError", "The certificate is not in PEM form.")


def malformed_key() -> CloudError:
    return CloudError("Key.Malformed", "The private key is not an unencrypted PEM private key.")


def mismatch() -> CloudError:
    return CloudError("Certificate.MissMatch", "The private key does not belong to the certificate.")


def name_taken(name: str) -> CloudError:
    return CloudError("CertNameAlreadyExists", "The certificate name {0} exists already.".format(name))


def invalid(name: str, why: str) -> CloudError:
    return CloudError("InvalidParameter", "The parameter {0} is not valid: {1}.".format(name, why))
