# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ApsaraVideo Live, streaming and ingest domains (2016-11-01). PRIVATE to the collection.

Unlike CDN's calls these know a CAS certificate by its name, which is unique in CAS, and neither take nor show its id.
"""

from __future__ import annotations

from .._errors import ApiError
from .action import READ, SET, Product
from .domains import binding_of, page_rows

PRODUCT = Product("live", "2016-11-01", "live", {
    "DescribeLiveUserDomains": READ,
    "DescribeLiveDomainCertificateInfo": READ,
    "SetLiveDomainCertificate": SET,
})
SET_CERTIFICATE = "SetLiveDomainCertificate"


def domain_statuses(cloud):
    """Every streaming and ingest domain of the account with its LiveDomainStatus, read once a page."""
    rows = cloud.pages(
        "live", "DescribeLiveUserDomains", {}, rows=page_rows, total=lambda answer: answer.get("TotalCount") or 0, size=50,
        names=("PageNumber", "PageSize"))
    return _statuses(rows)


def domain_status(cloud, domain):
    """LiveDomainStatus of one domain, or None when the account does not have it."""
    asked = dict(DomainName=domain, DomainSearchType="full_match", PageSize=20)
    answer = cloud.call("live", "DescribeLiveUserDomains", asked, target=domain)
    return _statuses(page_rows(answer)).get(domain)


def _statuses(rows):
    return dict((row["DomainName"].lower(), row.get("LiveDomainStatus") or "") for row in rows)


def binding(cloud, domain):
    """The domain's Binding; its cert_id is always 0, its status '' but for free certificates.

    ApiError InvalidDomain.NotFound when the account does not have the domain.
    """
    try:
        answer = cloud.call("live", "DescribeLiveDomainCertificateInfo", dict(DomainName=domain), target=domain)
    except ApiError as error:
        if error.code != "InvalidCertificate.NotFound":
            raise
        answer = {}
    rows = (answer.get("CertInfos") or {}).get("CertInfo") or []
    return binding_of(rows[0] if rows else {}, "SSLProtocol", "SSLPub")
