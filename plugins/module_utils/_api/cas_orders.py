# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAS as an issuer: orders of certificates, and the plans that they are taken from. PRIVATE to the collection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional, Tuple

from . import cas
from .rpc import READ, SET, WRITE
from .._errors import ApiError
from .._secret import Secret

PRODUCT = cas.PRODUCT._replace(actions=dict(cas.PRODUCT.actions, **{
    "DescribePackageState": READ,
    "DescribeCertificateState": READ,
    # None of them takes a ClientToken, and each order costs: not sent again before it was looked whether the first has arrived
    "CreateCertificateForPackageRequest": WRITE,
    "CreateCertificateRequest": WRITE,
    "CreateCertificateWithCsrRequest": WRITE,
    "CancelOrderRequest": WRITE,
    "DeleteCertificateRequest": WRITE,
    "TagResources": SET,
}))


@dataclass(frozen=True)
class Order:
    """A row of the list of orders. status is the list's word: PAYED, CHECKING, CHECKED_FAIL, ISSUED, WILLEXPIRED, EXPIRED, REVOKED …"""

    id: int
    instance_id: str
    product: str
    domains: Tuple[str, ...]
    status: str


@dataclass(frozen=True)
class Proof:
    """What has to be published: a record (its host as CAS says it, type, value), or a file (of a domain: path, content)."""

    record: Tuple[str, ...] = ()
    file: Tuple[str, ...] = ()


@dataclass(frozen=True)
class State:
    """type is CAS's word: domain_verify, process, verify_fail, certificate, payed, unknow. certificate: PEM. key: a Secret, or None."""

    type: str
    proof: Optional[Proof] = None
    certificate: str = ""
    key: Any = None
    certificate_id: int = 0


def orders(cloud, word):
    """Orders in which the word occurs, those from plans and those bought, newest first."""
    rows = (row for kind in ("CPACK", "BUY") for row in cas.listed(cloud, OrderType=kind, Keyword=word))
    found = dict((row["OrderId"], _order(row)) for row in rows)
    return [found[number] for number in sorted(found, reverse=True)]


def _order(row):
    domains = tuple(name.strip().lower() for name in (row.get("Domain") or "").split(",") if name.strip())
    return Order(row["OrderId"], row.get("InstanceId") or "", row.get("ProductCode") or "", domains, row.get("Status") or "")


def state(cloud, order_id):
    """How far an order is. The answer for an issued one holds the private key that CAS has made; it is wrapped up at once."""
    answer = cloud.call("cas", "DescribeCertificateState", dict(OrderId=order_id), target="order %d" % order_id)
    key, proof = answer.get("PrivateKey"), None
    if answer.get("RecordValue"):
        proof = Proof(record=(answer.get("RecordDomain") or "", answer.get("RecordType") or "TXT", answer["RecordValue"]))
    elif answer.get("Content"):
        proof = Proof(file=(answer.get("Domain") or "", answer.get("Uri") or "", answer["Content"]))
    return State(answer.get("Type") or "unknow", proof, answer.get("Certificate") or "", Secret(key) if key else None,
                 int(answer.get("CertId") or 0))


def quota(cloud, product):
    """{total, used, issued} of the plan of a product; every order counts as used, whether it led to a certificate or not."""
    try:
        answer = cloud.call("cas", "DescribePackageState", dict(ProductCode=product), target=product)
    except ApiError as error:
        if error.code != "NotFoundPackage":
            raise
        answer = {}  # the account has no such plan
    return dict(total=answer.get("TotalCount") or 0, used=answer.get("UsedCount") or 0, issued=answer.get("IssuedCount") or 0)
