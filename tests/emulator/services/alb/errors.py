# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The codes that ALB answers with.

Its error tables are not all public: which names follow "QuotaExceeded.", "IllegalParam.", "IllegalParamSize.", "Conflict." and
"ResourceAlreadyExist.", and that a reused token is said as NLB says it, is assumed from NLB's tables.
"""

from __future__ import annotations

from ...state import CloudError


def unknown_load_balancer(load_balancer_id: str) -> CloudError:
    return CloudError("ResourceNotFound.LoadBalancer", "The specified resource {0} is not found.".format(load_balancer_id), 404)


def unknown_listener(listener_id: str) -> CloudError:
    return CloudError("ResourceNotFound.Listener", "The specified resource {0} is not found.".format(listener_id), 404)


def unknown_certificate(certificate_id: str) -> CloudError:
    return CloudError("ResourceNotFound.Certificate", "The specified resource {0} is not found.".format(certificate_id), 404)


def unknown_policy(policy_id: str) -> CloudError:
    return CloudError("ResourceNotFound.SecurityPolicy", "The specified resource {0} is not found.".format(policy_id), 404)


def configuring(listener_id: str) -> CloudError:
    return CloudError("IncorrectStatus.Listener", "The status of listener [{0}] is incorrect.".format(listener_id))


def associated(certificate_id: str) -> CloudError:
    return CloudError("ResourceAlreadyAssociated.Certificate", "The specified resource {0} is already associated.".format(certificate_id))


def quota(used: int, limit: int) -> CloudError:
    return CloudError("QuotaExceeded.AdditionalCertificates", "The quota of AdditionalCertificates is exceeded, usage {0}/{1}.".format(
        used, limit))


def wrong_size(name: str) -> CloudError:
    return CloudError("IllegalParamSize." + name, "The param size of {0} is illegal.".format(name))


def illegal(name: str) -> CloudError:
    return CloudError("IllegalParam." + name, "The param of {0} is illegal.".format(name))


def missing_certificate() -> CloudError:
    return CloudError("MissingParam.Certificate", "The param of Certificate is missing.")


def wrong_protocol(protocol: str) -> CloudError:
    return CloudError("Mismatch.Protocol", "The Protocol is mismatched for Certificate and {0}.".format(protocol))


def port_taken(port: int) -> CloudError:
    return CloudError("ResourceAlreadyExist.Listener", "The specified resource Listener {0} is already exist.".format(port))


def priority_taken(priority: int) -> CloudError:
    return CloudError("Conflict.Priority", "The Priority [{0}] is conflict.".format(priority))


def token_reused() -> CloudError:
    return CloudError("IdempotenceSignatureMismatch",
                      "The idempotence token of request is same with the prev one, but the signature is different.")


def dry_run() -> CloudError:
    return CloudError("DryRunOperation", "Request validation has been passed with DryRun flag set.")
