# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CDN (2018-05-10). PRIVATE to the collection."""

from __future__ import annotations

from .._errors import ApiError
from .domains import binding_of, page_rows, status_of
from .rpc import READ, SET, Product

PRODUCT = Product("cdn", "2018-05-10", "cdn", {
    "DescribeUserDomains": READ,
    "DescribeDomainCertificateInfo": READ,
    "SetCdnDomainSSLCertificate": SET,
})
SET_CERTIFICATE = "SetCdnDomainSSLCertificate"


def domain_statuses(cloud):
    """Every CDN domain of the account with its DomainStatus, read once a page."""
    rows = cloud.pages(
        "cdn", "DescribeUserDomains", {}, rows=page_rows, total=lambda answer: answer.get("TotalCount") or 0, size=500,
        names=("PageNumber", "PageSize"))
    return dict((row["DomainName"].lower(), row.get("DomainStatus") or "") for row in rows)


def domain_status(cloud, domain):
    """DomainStatus of one domain, or None when the account does not have it."""
    answer = cloud.call("cdn", "DescribeUserDomains", dict(DomainName=domain, DomainSearchType="full_match", PageSize=20), target=domain)
    return status_of(page_rows(answer), domain)


def binding(cloud, domain):
    """The domain's Binding. ApiError InvalidDomain.NotFound when the account does not have the domain."""
    try:
        answer = cloud.call("cdn", "DescribeDomainCertificateInfo", dict(DomainName=domain), target=domain)
    except ApiError as error:
        if error.code != "InvalidCertificate.NotFound":
            raise
        answer = {}
    rows = (answer.get("CertInfos") or {}).get("CertInfo") or []
    return binding_of(rows[0] if rows else {}, "ServerCertificateStatus", "ServerCertificate")
