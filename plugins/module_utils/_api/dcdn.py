# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""DCDN, which accelerates dynamic content, too (2018-01-15). PRIVATE to the collection."""

from __future__ import annotations

from . import domains
from .rpc import READ, SET, Product

PRODUCT = Product("dcdn", "2018-01-15", "dcdn", {
    "DescribeDcdnUserDomains": READ,
    "DescribeDcdnDomainCertificateInfo": READ,
    "SetDcdnDomainSSLCertificate": SET,
})
SET_CERTIFICATE = "SetDcdnDomainSSLCertificate"


def domain_statuses(cloud):
    """Every DCDN domain of the account with its DomainStatus, read once a page."""
    return domains.statuses(cloud, "dcdn", "DescribeDcdnUserDomains")


def domain_status(cloud, domain):
    """DomainStatus of one domain, or None when the account does not have it."""
    return domains.status(cloud, "dcdn", "DescribeDcdnUserDomains", domain)


def binding(cloud, domain):
    """The domain's Binding. ApiError InvalidDomain.NotFound when the account does not have the domain."""
    return domains.binding(cloud, "dcdn", "DescribeDcdnDomainCertificateInfo", domain, "SSLProtocol", "SSLPub")
