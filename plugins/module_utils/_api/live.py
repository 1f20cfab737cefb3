# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ApsaraVideo Live, streaming and ingest domains (2016-11-01). PRIVATE to the collection.

Unlike CDN's calls these know a CAS certificate by its name, which is unique in CAS, and neither take nor show its id.
"""

from __future__ import annotations

from . import domains
from .action import READ, SET, Product

PRODUCT = Product("live", "2016-11-01", "live", {
    "DescribeLiveUserDomains": READ,
    "DescribeLiveDomainCertificateInfo": READ,
    "SetLiveDomainCertificate": SET,
})
SET_CERTIFICATE = "SetLiveDomainCertificate"


def domain_statuses(cloud):
    """Every streaming and ingest domain of the account with its LiveDomainStatus, read once a page."""
    return domains.statuses(cloud, "live", "DescribeLiveUserDomains", "LiveDomainStatus", 50)


def domain_status(cloud, domain):
    """LiveDomainStatus of one domain, or None when the account does not have it."""
    return domains.status(cloud, "live", "DescribeLiveUserDomains", domain, "LiveDomainStatus")


def binding(cloud, domain):
    """The domain's Binding; its cert_id is always 0, its status '' but for free certificates.

    ApiError InvalidDomain.NotFound when the account does not have the domain.
    """
    return domains.binding(cloud, "live", "DescribeLiveDomainCertificateInfo", domain, "SSLProtocol", "SSLPub")
