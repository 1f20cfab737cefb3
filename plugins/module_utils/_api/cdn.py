# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CDN (2018-05-10). PRIVATE to the collection."""

from __future__ import annotations

from dataclasses import dataclass

from .rpc import READ, SET, Product
from .._errors import ApiError

PRODUCT = Product("cdn", "2018-05-10", "cdn", {
    "DescribeUserDomains": READ,
    "DescribeDomainCertificateInfo": READ,
    "SetCdnDomainSSLCertificate": SET,
})


@dataclass(frozen=True)
class Binding:
    """What a domain serves. https: the switch. cert_id is CAS's id when cert_type is cas. status: the certificate's state."""

    https: bool
    cert_id: int
    cert_name: str
    cert_type: str
    cert_region: str
    status: str
    certificate_pem: str = ""


def domain_statuses(cloud):
    """Every CDN domain of the account with its DomainStatus, read once a page."""
    rows = cloud.pages(
        "cdn", "DescribeUserDomains", {}, rows=lambda answer: (answer.get("Domains") or {}).get("PageData") or [],
        total=lambda answer: answer.get("TotalCount") or 0, size=500, names=("PageNumber", "PageSize"))
    return dict((row["DomainName"].lower(), row.get("DomainStatus") or "") for row in rows)


def domain_status(cloud, domain):
    """DomainStatus of one domain, or None when the account does not have it."""
    answer = cloud.call(
        "cdn", "DescribeUserDomains", dict(DomainName=domain, DomainSearchType="full_match", PageSize=20), target=domain)
    rows = (answer.get("Domains") or {}).get("PageData") or []
    return next((row.get("DomainStatus") or "" for row in rows if row["DomainName"].lower() == domain), None)


def binding(cloud, domain):
    """The domain's certificate. ApiError InvalidDomain.NotFound when the account does not have the domain."""
    try:
        answer = cloud.call("cdn", "DescribeDomainCertificateInfo", dict(DomainName=domain), target=domain)
    except ApiError as error:
        if error.code == "InvalidCertificate.NotFound":
            answer = {}
        else:
            raise
    rows = (answer.get("CertInfos") or {}).get("CertInfo") or []
    row = rows[0] if rows else {}
    cert_id = str(row.get("CertId") or "")
    return Binding(
        https=row.get("ServerCertificateStatus") == "on", cert_id=int(cert_id) if cert_id.isdigit() else 0,
        cert_name=row.get("CertName") or "", cert_type=row.get("CertType") or "", cert_region=row.get("CertRegion") or "",
        status=row.get("Status") or "", certificate_pem=row.get("ServerCertificate") or "")
