# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AliDNS (2015-01-09). PRIVATE to the collection."""

from __future__ import annotations

from dataclasses import dataclass

from .rpc import READ, SET, WRITE, Product

PRODUCT = Product("alidns", "2015-01-09", "alidns", {
    "DescribeDomainRecords": READ,
    "AddDomainRecord": WRITE,
    "UpdateDomainRecord": SET,
    "DeleteDomainRecord": SET,
})


@dataclass(frozen=True)
class Record:
    """rr is the host part: '@' for the zone itself. ttl is in seconds."""

    id: str
    rr: str
    type: str
    value: str
    ttl: int
    line: str
    enabled: bool


def records(cloud, zone):
    """All records of a zone, read once a page. The server's keyword filters are fuzzy, so callers filter exactly."""
    rows = cloud.pages(
        "alidns", "DescribeDomainRecords", dict(DomainName=zone),
        rows=lambda answer: (answer.get("DomainRecords") or {}).get("Record") or [],
        total=lambda answer: answer.get("TotalCount") or 0, size=500, names=("PageNumber", "PageSize"))
    return list(dict((row["RecordId"], _record(row)) for row in rows).values())


def _record(row):
    return Record(
        row["RecordId"], row.get("RR", "").lower(), row.get("Type", "").upper(), row.get("Value", ""), int(row.get("TTL") or 600),
        row.get("Line") or "default", (row.get("Status") or "ENABLE").upper() == "ENABLE")
