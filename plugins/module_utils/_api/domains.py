# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What CDN, DCDN and Live say about their domains, in common words. PRIVATE to the collection."""

from __future__ import annotations

from dataclasses import dataclass

from .._errors import ApiError


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


def binding_of(row, switch, pem):
    """A Binding of a CertInfo row; switch and pem: the names of the fields that the products call differently."""
    cert_id = str(row.get("CertId") or "")
    return Binding(
        https=row.get(switch) == "on", cert_id=int(cert_id) if cert_id.isdigit() else 0, cert_name=row.get("CertName") or "",
        cert_type=row.get("CertType") or "", cert_region=row.get("CertRegion") or "", status=row.get("Status") or "",
        certificate_pem=row.get(pem) or "")


def binding(cloud, product, action, domain, switch, pem):
    """The domain's Binding. ApiError InvalidDomain.NotFound when the account does not have the domain."""
    try:
        answer = cloud.call(product, action, dict(DomainName=domain), target=domain)
    except ApiError as error:
        if error.code != "InvalidCertificate.NotFound":
            raise
        answer = {}
    rows = (answer.get("CertInfos") or {}).get("CertInfo") or []
    return binding_of(rows[0] if rows else {}, switch, pem)


def statuses(cloud, product, action, field="DomainStatus", size=500):
    """Every domain of the account with its status, read once a page. field: what the product calls the status."""
    rows = cloud.pages(product, action, {}, rows=_page, total=lambda answer: answer.get("TotalCount") or 0, size=size,
                       names=("PageNumber", "PageSize"))
    return _by_name(rows, field)


def status(cloud, product, action, domain, field="DomainStatus"):
    """Status of one domain, or None when the account does not have it."""
    answer = cloud.call(product, action, dict(DomainName=domain, DomainSearchType="full_match", PageSize=20), target=domain)
    return _by_name(_page(answer), field).get(domain)


def _page(answer):
    return (answer.get("Domains") or {}).get("PageData") or []


def _by_name(rows, field):
    return dict((row["DomainName"].lower(), row.get(field) or "") for row in rows)
