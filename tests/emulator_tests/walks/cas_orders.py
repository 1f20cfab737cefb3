# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAS's calls for orders, as somebody uses them who has certificates issued, and changes his mind; see test_sdk_models."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

STRICTER: dict[tuple[str, str, str], str] = {}
DOMAIN = "orders.example.com"
CONTACT = {"Email": "operations@example.com", "Phone": "10086", "Username": "Operations"}


def walk(call, authority):
    """call(product, action, params) -> answer; params as the SDK's models write them."""
    made = call("cas", "CreateCertificateForPackageRequest", {
        **CONTACT, "CompanyName": "Example", "Domain": DOMAIN, "ProductCode": "digicert-free-1-free", "ValidateType": "DNS",
        "Tags": [{"Key": "daas-https-name", "Value": "walk"}]})
    order = {"OrderId": made["OrderId"]}
    asked = state(call, order, "domain_verify")
    call("alidns", "AddDomainRecord", {"DomainName": "example.com", "RR": asked["RecordDomain"], "Type": asked["RecordType"],
                                       "Value": asked["RecordValue"], "TTL": 600})
    issued = state(call, order, "certificate")
    call("cas", "GetUserCertificateDetail", {"CertId": int(issued["CertId"]), "CertFilter": True})
    call("cas", "ListUserCertificateOrder", {"OrderType": "CPACK", "Keyword": DOMAIN, "CurrentPage": 1, "ShowSize": 50})
    call("cas", "DescribePackageState", {"ProductCode": "digicert-free-1-free"})
    walk_others(call)


def walk_others(call):
    """Of the free product, because this account has bought no plan."""
    for action, params in (("CreateCertificateRequest", {"Domain": "other.example.com"}),
                           ("CreateCertificateWithCsrRequest", {"Csr": request("third.example.com")})):
        made = call("cas", action, {**CONTACT, "ProductCode": "digicert-free-1-free", "ValidateType": "FILE",
                                    "Tags": [{"Key": "env", "Value": "prod"}], **params})
        state(call, {"OrderId": made["OrderId"]}, "domain_verify")
        call("cas", "CancelOrderRequest", {"OrderId": made["OrderId"]})
        call("cas", "ListUserCertificateOrder", {"OrderType": "BUY", "Status": "PAYED"})
        call("cas", "DeleteCertificateRequest", {"OrderId": made["OrderId"]})


def state(call, order, wanted):
    """What the order says when it is so far; it moves on with each look."""
    for _look in range(10):
        answer = call("cas", "DescribeCertificateState", order)
        if answer["Type"] == wanted:
            return answer
    raise AssertionError("the order does not come to {0}".format(wanted))


def request(domain):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, domain)])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()
