# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What CDN and DCDN say about their domains, in common words. PRIVATE to the collection."""

from __future__ import annotations

from dataclasses import dataclass


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


def page_rows(answer):
    return (answer.get("Domains") or {}).get("PageData") or []


def status_of(rows, domain):
    """DomainStatus of one domain, or None when it is not among the rows."""
    return next((row.get("DomainStatus") or "" for row in rows if row["DomainName"].lower() == domain), None)
