# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The codes that GA answers with.

What its tables have no code for is refused with one formed as theirs: NotExist.Certificate, Exist.AdditionalCertificate,
NotExist.AdditionalCertificate, NotSupport.Protocol.
"""

from __future__ import annotations

from ...state import CloudError


def unknown_accelerator(accelerator_id: str) -> CloudError:
    return CloudError("NotExist.Accelerator", "The accelerated instance {0} does not exist.".format(accelerator_id))


def unknown_listener(listener_id: str) -> CloudError:
    return CloudError("NotExist.Listener", "The listener {0} does not exist.".format(listener_id))


def listener_busy() -> CloudError:
    return CloudError("NotActive.Listener", "The state of the listener is not active.")


def accelerator_busy() -> CloudError:
    return CloudError("StateError.Accelerator", "The state of the accelerated instance is invalid.")


def port_range(why: str) -> CloudError:
    return CloudError("PortRangeIllegal.Listener", "The specified listener port range is invalid: {0}.".format(why))


def port_conflict(port: int) -> CloudError:
    return CloudError("PortConflict.Listener", "The listener port configuration is in conflict: {0} is taken.".format(port))


def unknown_certificate(certificate_id: str) -> CloudError:
    return CloudError("NotExist.Certificate", "The certificate {0} does not exist.".format(certificate_id))


def additional_exists(domain: str) -> CloudError:
    return CloudError("Exist.AdditionalCertificate", "The domain {0} has an additional certificate already.".format(domain))


def no_additional(domain: str) -> CloudError:
    return CloudError("NotExist.AdditionalCertificate", "The domain {0} has no additional certificate.".format(domain))


def wrong_protocol(protocol: str) -> CloudError:
    return CloudError("NotSupport.Protocol", "A listener for {0} has no certificates.".format(protocol))


def illegal(name: str) -> CloudError:
    return CloudError("IllegalParameter." + name, "The specified parameter {0} is not valid.".format(name))


def token_reused() -> CloudError:
    return CloudError("IdempotentParameterMismatch", "The ClientToken came with other parameters before.")


def dry_run() -> CloudError:
    return CloudError("DryRunOperation", "The request would have succeeded.")


def managed() -> CloudError:
    return CloudError("OperationDenied.ServiceManaged", "The instance is managed by another service.", 403)
