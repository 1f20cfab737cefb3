# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The codes that WAF answers with.

Version 3 has no published table: these are the codes of version 2, and those that are known from the vendor's other tools
(Waf.Pullin.…, spelled so).
"""

from __future__ import annotations

from ...state import CloudError


def no_instance(instance_id: str) -> CloudError:
    return CloudError("ComboError", "No package information is available for {0}.".format(instance_id))


def unknown_region(region: str) -> CloudError:
    return CloudError("InvalidRegionId", "The region {0} is neither cn-hangzhou nor ap-southeast-1.".format(region))


def unknown_domain(domain: str) -> CloudError:
    return CloudError("DomainNotExist", "The specified domain {0} does not exist.".format(domain))


def unknown_resource(resource_id: str) -> CloudError:
    return CloudError("Waf.Pullin.ResourceNotExist", "The resource {0} does not exist.".format(resource_id))


def resource_exists(name: str) -> CloudError:
    return CloudError("Waf.Pullin.ResourceExsit", "The resource {0} exists already.".format(name))


def processing() -> CloudError:
    return CloudError("Waf.Pullin.ResourceProcessing", "The resource is being processed, please try again later.")


def unknown_certificate(certificate_id: str) -> CloudError:
    return CloudError("CertNotExist", "The certificate {0} does not exist.".format(certificate_id))


def no_https(name: str) -> CloudError:
    return CloudError("HttpsSupportError", "HTTPS is not supported by {0}.".format(name))


def invalid(name: str, why: str) -> CloudError:
    return CloudError("InvalidParameter", "The parameter {0} is not valid: {1}.".format(name, why))
