# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The codes that NLB answers with. What it calls its things has no capitals where ALB's has, and a certificate that is not there is a 400.

Which names follow "QuotaExceeded." and "IllegalParam.", and the code for an unknown job, is assumed.
"""

from __future__ import annotations

from ...state import CloudError


def unknown_load_balancer(load_balancer_id: str) -> CloudError:
    return CloudError("ResourceNotFound.loadBalancer", "The specified resource {0} is not found.".format(load_balancer_id), 404)


def unknown_listener(listener_id: str) -> CloudError:
    return CloudError("ResourceNotFound.listener", "The specified resource {0} is not found.".format(listener_id), 404)


def unknown_certificate(certificate_id: str) -> CloudError:
    return CloudError("ResourceNotFound.Certificate", "The specified resource {0} is not found.".format(certificate_id))


def unknown_authority(certificate_id: str) -> CloudError:
    return CloudError("ResourceNotFound.CaCertificate", "The specified resource {0} is not found.".format(certificate_id), 404)


def unknown_policy(policy_id: str) -> CloudError:
    return CloudError("ResourceNotFound.securitypolicy", "The specified resource {0} is not found.".format(policy_id), 404)


def unknown_job(job_id: str) -> CloudError:
    return CloudError("ResourceNotFound.job", "The specified resource {0} is not found.".format(job_id), 404)


def configuring(listener_id: str) -> CloudError:
    return CloudError("IncorrectStatus.listener", "The status of listener [{0}] is incorrect.".format(listener_id))


def associated(certificate_id: str) -> CloudError:
    return CloudError("ResourceAlreadyAssociated.Certificate", "The specified resource {0} is already associated.".format(certificate_id))


def quota(used: int, limit: int) -> CloudError:
    return CloudError("QuotaExceeded.AdditionalCertificates", "The quota of AdditionalCertificates is exceeded, usage {0}/{1}.".format(
        used, limit))


def wrong_size(name: str) -> CloudError:
    return CloudError("IllegalParamSize." + name, "The param size of {0} is illegal.".format(name))


def illegal(name: str) -> CloudError:
    return CloudError("IllegalParam." + name, "The param of {0} is illegal.".format(name))


def wrong_protocol(protocol: str) -> CloudError:
    return CloudError("Mismatch.Protocol", "The Protocol is mismatched for Certificate and {0}.".format(protocol))


def token_reused() -> CloudError:
    return CloudError("IdempotenceSignatureMismatch",
                      "The idempotence token of request is same with the prev one, but the signature is different.")


def dry_run() -> CloudError:
    return CloudError("DryRunOperation", "Request validation has been passed with DryRun flag set.")
