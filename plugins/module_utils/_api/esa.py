# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ESA, Edge Security Acceleration (2024-09-10). PRIVATE to the collection.

GetCertificate is not used: it would give no more than the list does, but the certificate's text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

from .action import READ, WRITE, Product
from .cas import clean

PRODUCT = Product("esa", "2024-09-10", "esa", {
    "ListSites": READ,
    "ListCertificates": READ,
    "SetCertificate": WRITE,  # one more certificate; sent twice it is refused as Certificate.Duplicated
    "DeleteCertificate": WRITE,
})
PAGES = ("PageNumber", "PageSize")
KEYS = {"ECDSA": "ECC", "EC": "ECC"}  # kinds of keys that CAS calls differently
NOT_ISSUED = ("Applying", "ApplyFailed", "Canceled")  # free certificates that the edge does not have


@dataclass(frozen=True)
class Site:
    """A website; status: pending, active, offline, moved. Several may have one name, of which all but one have moved."""

    id: int
    name: str
    status: str


@dataclass(frozen=True)
class SiteCertificate:
    """One of a site's certificates; id is ESA's. type: cas, upload, free, keyless; cas_id and region are CAS's, for type cas.

    sha256 in hex, algorithm as CAS has it (RSA, ECC), both '' when the list does not say; not_after: 2026-11-25 08:00:00, UTC.
    """

    id: str
    type: str
    cas_id: int
    name: str
    sha256: str
    names: Tuple[str, ...]
    region: str
    algorithm: str
    not_after: str


def sites(cloud):
    """Every site of the account by its id, read once a page."""
    rows = cloud.pages(
        "esa", "ListSites", {}, rows=lambda answer: answer.get("Sites") or [], total=lambda answer: answer.get("TotalCount") or 0,
        size=500, names=PAGES)
    found = (Site(row["SiteId"], (row.get("SiteName") or "").lower(), row.get("Status") or "") for row in rows)
    return dict((site.id, site) for site in found)


def certificates(cloud, site):
    """The site's certificates that have been issued, expired ones too, as SiteCertificate."""
    rows = cloud.pages(
        "esa", "ListCertificates", dict(SiteId=site), rows=lambda answer: answer.get("Result") or [],
        total=lambda answer: answer.get("TotalCount") or 0, size=100, names=PAGES)
    found = dict((row["Id"], _certificate(row)) for row in rows if row.get("Status") not in NOT_ISSUED)
    return tuple(found.values())


def _certificate(row):
    cas_id = str(row.get("CasId") or "") if row.get("Type") == "cas" else ""
    names = [name.strip().lower() for name in [row.get("CommonName") or ""] + (row.get("SAN") or "").split(",")]
    algorithm = (row.get("PubAlg") or "").upper()
    return SiteCertificate(
        id=row["Id"], type=row.get("Type") or "", cas_id=int(cas_id) if cas_id.isdigit() else 0, name=row.get("Name") or "",
        sha256=clean(row.get("FingerprintSha256")), names=tuple(dict.fromkeys(name for name in names if name)),
        region=row.get("Region") or "", algorithm=KEYS.get(algorithm, algorithm), not_after=row.get("NotAfter") or "")
