# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The codes that ESA answers with, from the vendor's reference and from reports of its users."""

from __future__ import annotations

from ...state import CloudError


def busy() -> CloudError:
    return CloudError("Site.ServiceBusy", "The site is being configured. Try again later.")


def not_found(certificate_id: str) -> CloudError:
    return CloudError("Certificate.NotFound", "The certificate {0} does not exist.".format(certificate_id))


def duplicated() -> CloudError:
    return CloudError("Certificate.Duplicated", "The certificate exists already.")


def wrong_status() -> CloudError:
    return CloudError("Certificate.StatusError", "The status of the certificate is invalid.")


def quota() -> CloudError:
    return CloudError("CertQuotaCheckFailed", "The custom certificate quota verification failed. The number of uploaded certificates "
                                              "exceeds the upper limit allowed for the plan.")


def invalid(name: str, why: str) -> CloudError:
    return CloudError("InvalidParameter", "The parameter {0} is not valid: {1}.".format(name, why))
