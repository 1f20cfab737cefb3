# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CDN (2018-05-10). PRIVATE to the collection."""

from __future__ import annotations

from . import domains
from .rpc import READ, SET, Product

PRODUCT = Product("cdn", "2018-05-10", "cdn", {
    "DescribeUserDomains": READ,
    "DescribeDomainCertificateInfo": READ,
    "SetCdnDomainSSLCertificate": SET,
})
SET_CERTIFICATE = "SetCdnDomainSSLCertificate"


def domain_statuses(cloud):
    """Every CDN domain of the account with its DomainStatus, read once a page."""
    return domains.statuses(cloud, "cdn", "DescribeUserDomains")


def domain_status(cloud, domain):
    """DomainStatus of one domain, or None when the account does not have it."""
    return domains.status(cloud, "cdn", "DescribeUserDomains", domain)


def binding(cloud, domain):
    """The domain's Binding. ApiError InvalidDomain.NotFound when the account does not have the domain."""
    return domains.binding(cloud, "cdn", "DescribeDomainCertificateInfo", domain, "ServerCertificateStatus", "ServerCertificate")
