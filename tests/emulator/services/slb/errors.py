# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The codes that SLB answers with."""

from __future__ import annotations

from ...state import CloudError


def unknown_region(region: str) -> CloudError:
    return CloudError("InvalidRegionId.NotFound", "The specified region {0} is not found.".format(region), 404)


def unknown_load_balancer(load_balancer_id: str) -> CloudError:
    return CloudError("InvalidLoadBalancerId.NotFound", "The specified LoadBalancerId {0} does not exist.".format(load_balancer_id), 404)


def unknown_listener(port: int) -> CloudError:
    return CloudError("ListenerNotFound", "The specified listener {0} does not exist.".format(port), 404)


def unknown_certificate(certificate_id: str) -> CloudError:
    return CloudError("ServerCertificateId.NotFound", "The specified ServerCertificateId {0} does not exist.".format(certificate_id), 404)


def unknown_extension(extension_id: str) -> CloudError:
    return CloudError("InvalidParameter.DomainExtensionId", "The DomainExtensionId {0} does not exist.".format(extension_id))


def listener_exists(port: int) -> CloudError:
    return CloudError("ListenerAlreadyExists", "There is already a listener bound to the port {0}.".format(port))


def domain_exists(domain: str) -> CloudError:
    return CloudError("DomainExist", "The domain {0} has an extension on this listener already.".format(domain))


def configuring() -> CloudError:
    return CloudError("ServiceIsConfiguring", "The listener is being configured, please try again later.")


def referenced() -> CloudError:
    return CloudError("CertificateAndPrivateKeyIsRefered", "The server certificate is used by a listener.")


def bad_format(name: str, why: str) -> CloudError:
    return CloudError("InvalidParameter", "The specified parameter {0} format is error: {1}.".format(name, why))


def encrypted_key() -> CloudError:
    return CloudError("PrivateKeyEncryption", "The private key is encrypted.")


def bad_key() -> CloudError:
    return CloudError("KeyFormatError", "The private key is not in PEM form.")


def key_mismatch() -> CloudError:
    return CloudError("CertificateNotMatchPrivateKey", "The private key does not belong to the certificate.")
