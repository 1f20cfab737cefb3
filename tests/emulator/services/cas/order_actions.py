# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAS's calls for orders. The rules are in orders; the list of orders is ListUserCertificateOrder, in actions."""

from __future__ import annotations

from typing import Any

from ...rpc import Action, Call, declare
from . import errors
from .orders import FREE, ISSUED, PAYED, PENDING, PRODUCTS, VERIFY, Order, proof

SDK = "alibabacloud-cas20200407"
CHECKING, CHECKED_FAIL, WAITING = "CHECKING", "CHECKED_FAIL", "PAYED"


def create_for_package(cloud: Any, call: Call) -> dict[str, Any]:
    if not call.text("Domain") and not call.text("Csr"):
        raise errors.missing("Domain")
    return _create(cloud, call, call.text("Domain").split(","), call.text("ValidateType") or "DNS", "cpack")


def create(cloud: Any, call: Call) -> dict[str, Any]:
    return _create(cloud, call, _only_dv(call, [call.text("Domain")]), call.text("ValidateType"), "buy")


def create_with_csr(cloud: Any, call: Call) -> dict[str, Any]:
    return _create(cloud, call, _only_dv(call, []), call.text("ValidateType"), "buy")


def _only_dv(call: Call, domains: list[str]) -> list[str]:
    if PRODUCTS.get(call.text("ProductCode") or FREE, PRODUCTS[FREE]).level not in ("DV", "FREE"):
        raise errors.invalid("ProductCode")
    return domains


def _create(cloud: Any, call: Call, domains: list[str], method: str, source: str) -> dict[str, Any]:
    tags = {tag["Key"]: tag.get("Value", "") for tag in call.list("Tags") if tag.get("Key")}
    return {"OrderId": cloud.cas.orders.create(call.text("ProductCode"), domains, method, call.text("Csr"), tags, source).id}


def describe_state(cloud: Any, call: Call) -> dict[str, Any]:
    order = cloud.cas.orders.get(call.number("OrderId"))
    state = cloud.cas.orders.watch(order)
    if state == VERIFY:
        return {"Type": state, "ValidateType": order.method, **proof(order, cloud.cas.orders.record_host(order))}
    if state == ISSUED:
        material = order.certificate.material
        key = {"PrivateKey": material.key_pem} if material.key_pem else {}
        return {"Type": state, "CertId": str(order.certificate.id), "Certificate": material.chain_pem, **key}
    return {"Type": state}


def describe_package(cloud: Any, call: Call) -> dict[str, Any]:
    product = call.text("ProductCode") or FREE
    if product not in PRODUCTS:
        raise errors.invalid("ProductCode")
    if product not in cloud.cas.orders.plans:
        raise errors.no_plan()
    return {"ProductCode": product, "TotalCount": cloud.cas.orders.plans[product], "UsedCount": cloud.cas.orders.used(product),
            "IssuedCount": cloud.cas.orders.issued(product)}


def cancel(cloud: Any, call: Call) -> dict[str, Any]:
    cloud.cas.orders.cancel(cloud.cas.orders.get(call.number("OrderId")))
    return {}


def delete(cloud: Any, call: Call) -> dict[str, Any]:
    cloud.cas.orders.delete(cloud.cas.orders.get(call.number("OrderId")))
    return {}


def rows(cloud: Any, call: Call, states: Any) -> list[dict[str, Any]]:
    """The account's orders as ListUserCertificateOrder shows them. states(held): statuses of a certificate, the narrowest first.

    How orders of the extended services are listed is not documented; here as purchases.
    """
    word, source, wanted = call.text("Keyword").lower(), call.text("OrderType") or "CPACK", call.text("Status")
    found = []
    for order in cloud.cas.orders.orders.values():
        words = (*order.domains, order.instance_id)
        status = _status(order, states)
        if order.source == source.lower() and wanted in ("", *status) and any(word in text for text in words):
            found.append(_row(order, status[0]))
    # an order is in no resource group here
    return [] if call.text("ResourceGroupId") else found


def _status(order: Order, states: Any) -> tuple[str, ...]:
    if order.status == ISSUED:
        return states(order.certificate)
    return (CHECKING,) if order.status in PENDING else (WAITING,) if order.status == PAYED else (CHECKED_FAIL,)


def _row(order: Order, status: str) -> dict[str, Any]:
    product, many = PRODUCTS[order.product], len(order.domains) > 1
    kind = ("M_WILDCARD" if many else "WILDCARD") if product.wildcard else ("MULTIPLE" if many else "ONE")
    row = {"OrderId": order.id, "AliyunOrderId": 200000000 + order.id, "InstanceId": order.instance_id, "ProductCode": order.product,
           "ProductName": product.name, "RootBrand": product.brand, "CertType": product.level, "Domain": ",".join(order.domains),
           "DomainType": kind, "DomainCount": 0 if product.wildcard else len(order.domains),
           "WildDomainCount": len(order.domains) if product.wildcard else 0, "BuyDate": int(order.since.timestamp() * 1000),
           "SourceType": order.source, "Status": status, "TrusteeStatus": "unTrustee", "PartnerOrderId": "ca-{0}".format(order.id),
           "Algorithm": "RSA"}
    if order.certificate:
        material = order.certificate.material
        row.update(CertStartTime=int(material.not_before.timestamp()) * 1000, CertEndTime=int(material.not_after.timestamp()) * 1000)
    return row


ORDER = "OrderId!:integer"
TAGS = " Tags.N.Key Tags.N.Value"
ACTIONS = (
    Action("CreateCertificateForPackageRequest", create_for_package, declare(
        "CompanyName Csr Domain Email Phone ProductCode Username ValidateType" + TAGS), writes=True, doc_ref=SDK),
    Action("CreateCertificateRequest", create, declare(
        "Domain! Email! Phone! ProductCode Username! ValidateType!" + TAGS), writes=True, doc_ref=SDK),
    Action("CreateCertificateWithCsrRequest", create_with_csr, declare(
        "Csr! Email! Phone! ProductCode Username! ValidateType!" + TAGS), writes=True, doc_ref=SDK),
    Action("DescribeCertificateState", describe_state, declare(ORDER), doc_ref=SDK),
    Action("DescribePackageState", describe_package, declare("ProductCode"), doc_ref=SDK),
    Action("CancelOrderRequest", cancel, declare(ORDER), writes=True, doc_ref=SDK),
    Action("DeleteCertificateRequest", delete, declare(ORDER), writes=True, doc_ref=SDK),
)
