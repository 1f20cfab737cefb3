# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""GA, Global Accelerator (2019-11-20). PRIVATE to the collection.

All its instances are in one region for the API, wherever they accelerate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping

from .action import CREATE, READ, Product

PRODUCT = Product("ga", "2019-11-20", "ga", {
    "ListAccelerators": READ,
    "ListListeners": READ,
    "ListListenerCertificates": READ,
    "UpdateListener": CREATE,
    "AssociateAdditionalCertificatesWithListener": CREATE,
    "UpdateAdditionalCertificateWithListener": CREATE,
    "DissociateAdditionalCertificatesFromListener": CREATE,
})
REGION = "cn-hangzhou"
PAGE = 50  # the largest that the API gives
# What UpdateListener has a default for. Whether leaving one out resets it is not documented for all, so they are said again as they are.
SETTINGS = ("ClientAffinity", "HttpVersion", "IdleTimeout", "ProxyProtocol", "RequestTimeout", "SecurityPolicyId", "XForwardedForConfig")


@dataclass(frozen=True)
class Listener:
    """An HTTPS listener. state: active, updating, configuring, init, deleting. default: certificate id, '' if the list has none.

    settings: SETTINGS that the API shows, with their values. managed_by: the service that keeps it from being changed, or ''.
    """

    id: str
    accelerator: str
    port: int
    state: str
    default: str
    settings: Mapping[str, Any]
    managed_by: str = ""


@dataclass(frozen=True)
class Certificates:
    """default: certificate id or ''; additional: domain -> certificate id; busy: one of them is being replaced."""

    default: str
    additional: Mapping[str, str]
    busy: bool = False


def accelerators(cloud):
    """The ids of the account's accelerators."""
    rows = cloud.pages(
        "ga", "ListAccelerators", dict(RegionId=REGION), rows=lambda answer: answer.get("Accelerators") or [],
        total=lambda answer: answer.get("TotalCount") or 0, size=PAGE, names=("PageNumber", "PageSize"))
    return list(dict.fromkeys(row["AcceleratorId"] for row in rows))


def listeners(cloud, accelerator):
    """The HTTPS listeners of an accelerator by port. ApiError NotExist.Accelerator when the account does not have it."""
    rows = cloud.pages(
        "ga", "ListListeners", dict(RegionId=REGION, AcceleratorId=accelerator), rows=lambda answer: answer.get("Listeners") or [],
        total=lambda answer: answer.get("TotalCount") or 0, size=PAGE, names=("PageNumber", "PageSize"))
    found = (_listener(accelerator, row) for row in rows if (row.get("Protocol") or "").lower() == "https" and row.get("PortRanges"))
    return dict((item.port, item) for item in found)


def _listener(accelerator, row):
    held = row.get("Certificates") or [{}]
    forbidden = [info for info in row.get("ServiceManagedInfos") or [] if info.get("Action") == "Update" and info.get("IsManaged")]
    return Listener(
        row["ListenerId"], accelerator, row["PortRanges"][0]["FromPort"], row.get("State") or "", held[0].get("Id") or "",
        dict((name, row[name]) for name in SETTINGS if row.get(name) not in (None, "", {})),
        (row.get("ServiceId") or "another service") if forbidden else "")


def certificates(cloud, accelerator, listener):
    """A listener's default certificate and its additional ones."""
    rows = list(cloud.token_pages(
        "ga", "ListListenerCertificates", dict(RegionId=REGION, AcceleratorId=accelerator, ListenerId=listener),
        rows=lambda answer: answer.get("Certificates") or [], size=PAGE))
    return Certificates(
        next((row["CertificateId"] for row in rows if row.get("IsDefault")), ""),
        dict((row["Domain"].lower(), row["CertificateId"]) for row in rows if not row.get("IsDefault") and row.get("Domain")),
        any(row.get("State") == "updating" for row in rows))
