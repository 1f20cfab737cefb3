# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do next, by the start of the vendor's error code. PRIVATE to the collection."""

from __future__ import annotations

HINTS = {
    "Throttling": "The account's API rate limit is reached; run again later or lower parallel.",
    "InvalidAccessKeyId": "Check access_key_id: disabled, deleted, or of the other site?",
    "SignatureDoesNotMatch": "Check access_key_secret.",
    "InvalidTimeStamp": "The clock where the module runs is more than 15 minutes off; correct it (NTP).",
    "InvalidSecurityToken": "The STS token is invalid or has expired; get a new one.",
    "InvalidRegionId": "Check the region's spelling.",
    "InvalidLoadBalancerId": "Check instance and region: load balancers are found only in their own region.",
    "ListenerNotFound": "Check listener_port; it must be an HTTPS listener that exists.",
    "InvalidDomain.": "Check the CDN domain's spelling, the account, and that it is online.",
    "NotExist.Accelerator": "Check instance (ga-…) and the account.",
    "SSLPri.MissingParameter": "CDN found no such CAS certificate; check the option site.",
    "InvalidStatus.DeleteProtection": "CAS protects it from deletion; it may still be in use.",
    "InvalidInstance.NotFound": "Check instance and region: ECS instances are found only in their own region.",
    "InvalidInstanceId": "Check instance and region: ECS instances are found only in their own region.",
    "CertQuotaCheckFailed": "The site's plan has no room for a further certificate, and expired ones count: delete one in the ESA console.",
    "CertificateInvalidCasId": "OSS found no such CAS certificate; check the option site, and that the bucket is of the same account.",
    "NeedVerifyDomainOwnership": "The domain is no longer mapped to the bucket; map it again in the OSS console, which wants a TXT record.",
    "NoSuchCnameInRecord": "The domain has no ICP filing, which buckets in China's mainland need for their custom domains.",
    "RequestTimeTooSkewed": "The clock where the module runs is more than 15 minutes off; correct it (NTP).",
    "SecurityTokenExpired": "The STS token has expired; get a new one.",
    "InsufficientQuota": "Buy quota in the CAS console, or use the product method, which is free.",
    "InvalidAction.NotFound": "The account's cloud does not offer the call; with cas_deploy use method: product.",
}
DENIED = ("Forbidden", "NoPermission", "AccessDenied", "PermissionDenied")


def hint(code, ram_action):
    """A sentence for the operator, or ''."""
    if any(word in code for word in DENIED):
        return "Grant the RAM action %s to this access key (see the permissions table in the README)." % ram_action
    return next((text for start, text in HINTS.items() if code.startswith(start)), "")
