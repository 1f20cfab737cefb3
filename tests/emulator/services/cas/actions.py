# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAS's calls on the wire for certificates; those for deployment jobs are in job_actions. The rules are in models."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from ... import pki
from ...rpc import Action, Call, declare, numbered_page
from . import errors, job_actions, lifecycle_actions, order_actions, sm2
from .models import Certificate

VERSION = "2020-04-07"
RAM = "yundun-cert"
SDK = "alibabacloud-cas20200407"
SOON = timedelta(days=30)  # how long before its end a certificate counts as about to expire


def upload(cloud: Any, call: Call) -> dict[str, Any]:
    pair = None
    if not call.text("Cert") and not call.text("Key"):  # of both kinds, SM2 is ignored
        pair = _pair(call)
    elif not call.text("Cert") or not call.text("Key"):
        raise errors.missing("Cert" if not call.text("Cert") else "Key")
    tags = {tag["Key"]: tag.get("Value", "") for tag in call.list("Tags") if tag.get("Key")}
    held = cloud.cas.upload(call.text("Name"), call.text("Cert"), call.text("Key"), tags, call.text("ResourceGroupId"),
                            call.text("ClientToken"), pair)
    return {"CertId": held.id, "ResourceId": held.instance_id}


def get_detail(cloud: Any, call: Call) -> dict[str, Any]:
    held = cloud.cas.get(call.number("CertId"))
    material = held.material
    answer = {
        "Id": held.id, "Name": held.name, "CertIdentifier": _identifier(cloud, held), "InstanceId": held.instance_id,
        "BuyInAliyun": bool(held.order), **({"OrderId": held.order} if held.order else {}),
        "Algorithm": _algorithm(held), "Common": material.common_name, "Sans": ",".join(material.names),
        "Issuer": material.issuer_common_name, "SerialNo": "{0:040x}".format(material.serial), "Fingerprint": material.sha1.upper(),
        "Sha2": material.fingerprint.upper(), "CertSha2": material.fingerprint.upper(), "Expired": cloud.cas.is_expired(held),
        "StartDate": "{0:%Y-%m-%d}".format(material.not_before), "EndDate": "{0:%Y-%m-%d}".format(material.not_after),
        "NotBefore": _milliseconds(material.not_before), "NotAfter": _milliseconds(material.not_after),
        "CertChain": [_issuer(cloud, pki.parse_material(block, None)) for block in pki.split_pem(material.chain_pem)[1:]],
        "ResourceGroupId": held.resource_group, "Tags": [{"TagKey": key, "TagValue": value} for key, value in held.tags.items()]}
    if not call.flag("CertFilter"):
        answer.update(held.pair.fields if held.pair else {"Cert": material.chain_pem, "Key": material.key_pem})
    return answer


def delete(cloud: Any, call: Call) -> dict[str, Any]:
    cloud.cas.delete(call.number("CertId"), call.text("ClientToken"))
    return {}


def list_orders(cloud: Any, call: Call) -> dict[str, Any]:
    if call.text("OrderType") not in ("", "CERT", "UPLOAD", "CPACK", "BUY"):
        raise errors.invalid("OrderType")
    if call.text("OrderType") in ("", "CPACK", "BUY"):
        found = order_actions.rows(cloud, call, lambda held: _states(cloud, held))
        page, number, size = numbered_page(cloud, call, found, "CurrentPage", "ShowSize", 50, 1000)
        return {"CurrentPage": number, "ShowSize": size, "TotalCount": len(found), "CertificateOrderList": page}
    rows = [held for held in cloud.cas.certificates.values() if call.text("OrderType") == "CERT" or not held.order]
    word = call.text("Keyword").lower()
    rows = [held for held in rows if any(word in text.lower() for text in (*held.material.names, held.instance_id, held.name))]
    # without Status, only valid ones: a client that takes this list for all of them misses what has expired
    wanted = {call.text("Status")} if call.text("Status") else {"ISSUED", "WILLEXPIRED"}
    rows = [held for held in rows if wanted & set(_states(cloud, held))]
    if call.text("ResourceGroupId"):
        rows = [held for held in rows if held.resource_group == call.text("ResourceGroupId")]
    page, number, size = numbered_page(cloud, call, rows, "CurrentPage", "ShowSize", 50, 1000)
    return {"CurrentPage": number, "ShowSize": size, "TotalCount": len(rows),
            "CertificateOrderList": [_order(cloud, held) for held in page]}


def list_cert(cloud: Any, call: Call) -> dict[str, Any]:
    rows, word = list(cloud.cas.certificates.values()), call.text("KeyWord").lower()
    rows = [held for held in rows if any(word in text.lower() for text in (*held.material.names, held.name))]
    if call.text("Identifiers"):
        rows = [held for held in rows if _identifier(cloud, held) in call.text("Identifiers").split(",")]
    if call.text("SourceType"):
        rows = [held for held in rows if _source(held) == call.text("SourceType")]
    shown = {"CertType": "CERT", "Status": "ISSUE", "WarehouseId": ""}
    if any(call.text(name) not in ("", value) for name, value in shown.items()):
        rows = []  # there are only leaves, in no warehouse of their own
    page, number, size = numbered_page(cloud, call, rows, "CurrentPage", "ShowSize", 50, 1000)
    return {"CurrentPage": number, "ShowSize": size, "TotalCount": len(rows), "CertList": [
        {"Identifier": _identifier(cloud, held), "CommonName": held.material.common_name, "Sans": ",".join(held.material.names),
         "Issuer": held.material.issuer_common_name, "Algorithm": _algorithm(held), "CertType": "CERT",
         "ExistPrivateKey": bool(held.pair or held.material.key_pem),
         "SerialNo": "{0:040x}".format(held.material.serial), "SignAlgorithm": _signature(held),
         "SourceType": _source(held), "Status": "ISSUE",
         "BeforeDate": _milliseconds(held.material.not_before), "AfterDate": _milliseconds(held.material.not_after)} for held in page]}


def tag_resources(cloud: Any, call: Call) -> dict[str, Any]:
    _check_type(call)
    tags = {tag["Key"]: tag.get("Value", "") for tag in call.list("Tag") if tag.get("Key")}
    for held in [cloud.cas.by_instance(instance_id) for instance_id in call.list("ResourceId")]:
        held.tags.update(tags)
    return {}


def list_tags(cloud: Any, call: Call) -> dict[str, Any]:
    _check_type(call)
    asked, filters = call.list("ResourceId"), call.list("Tag")
    if not asked and not filters:
        raise errors.missing("ResourceId.N")
    rows = [(held, key, value) for held in cloud.cas.certificates.values() if not asked or held.instance_id in asked
            for key, value in held.tags.items()
            if not filters or any(key == wanted.get("Key") and value == wanted.get("Value", value) for wanted in filters)]
    size, token = call.number("MaxResults", 50), call.text("NextToken") or "0"
    if not 1 <= size <= 1000 or not token.isdigit():
        raise errors.invalid("NextToken" if 1 <= size <= 1000 else "MaxResults")
    size, start = min(size, cloud.setting("page_cap") or size), int(token)
    end = start + size
    return {"MaxResults": size, "NextToken": str(end) if end < len(rows) else "", "TagResources": {"TagResource": [
        {"ResourceId": held.instance_id, "ResourceType": "instance", "TagKey": key, "TagValue": value}
        for held, key, value in rows[start:end]]}}


def _source(held: Certificate) -> str:
    return "aliyun" if held.order else "upload"


def _identifier(cloud: Any, held: Certificate) -> str:
    return "{0}-{1}".format(held.id, cloud.store)


def _pair(call: Call) -> sm2.Pair | None:
    """The SM2 pair of an upload; when there is nothing of one, Cert is what lacks."""
    names = ("SignCert", "SignPrivateKey", "EncryptCert", "EncryptPrivateKey")
    lacking = [name for name in names if not call.text(name)]
    if lacking:
        raise errors.missing("Cert" if len(lacking) == len(names) else lacking[0])
    return sm2.Pair(*(call.text(name) for name in names))


def _algorithm(held: Certificate) -> str:
    if held.pair:
        return sm2.ALGORITHM
    public = x509.load_pem_x509_certificate(held.material.leaf_pem.encode()).public_key()
    return "RSA" if isinstance(public, rsa.RSAPublicKey) else "ECC"


def _signature(held: Certificate) -> str:
    if held.pair:
        return "SM3WITHSM2"
    leaf = x509.load_pem_x509_certificate(held.material.leaf_pem.encode())
    digest = leaf.signature_hash_algorithm.name.upper() if leaf.signature_hash_algorithm else ""
    return "{0}WITH{1}".format(digest, "ECDSA" if "ecdsa" in leaf.signature_algorithm_oid._name else "RSA")


def _issuer(cloud: Any, issuer: pki.Material) -> dict[str, Any]:
    return {"CommonName": issuer.common_name, "IssuerCommonName": issuer.issuer_common_name, "NotBefore": _milliseconds(issuer.not_before),
            "NotAfter": _milliseconds(issuer.not_after), "RemainDay": (issuer.not_after - cloud.clock.now()).days}


def _check_type(call: Call) -> None:
    if call.text("ResourceType") != "instance":
        raise errors.invalid("ResourceType")


def _states(cloud: Any, held: Certificate) -> tuple[str, ...]:
    if cloud.cas.is_expired(held):
        return ("EXPIRED",)
    return ("WILLEXPIRED", "ISSUED") if held.material.not_after - cloud.clock.now() < SOON else ("ISSUED",)


def _order(cloud: Any, held: Certificate) -> dict[str, Any]:
    material = held.material
    return {
        "CertificateId": held.id, "Name": held.name, "InstanceId": held.instance_id, "CommonName": material.common_name,
        "Sans": ",".join(material.names), "Issuer": material.issuer_common_name, "Algorithm": _algorithm(held),
        "SerialNo": "{0:040x}".format(material.serial), "Fingerprint": material.sha1.upper(), "Sha2": material.fingerprint.upper(),
        "StartDate": "{0:%Y-%m-%d}".format(material.not_before), "EndDate": "{0:%Y-%m-%d}".format(material.not_after),
        "CertStartTime": _milliseconds(material.not_before), "CertEndTime": _milliseconds(material.not_after),
        "Expired": cloud.cas.is_expired(held), "Status": _states(cloud, held)[0],
        "Upload": not held.order, "ResourceGroupId": held.resource_group}


def _milliseconds(moment: Any) -> int:
    return int(moment.timestamp()) * 1000


PAGES = " CurrentPage:integer ShowSize:integer"
ACTIONS = (
    Action("UploadUserCertificate", upload, declare(
        "Name! Cert ClientToken EncryptCert EncryptPrivateKey Key ResourceGroupId SignCert SignPrivateKey Tags.N.Key Tags.N.Value"),
        writes=True, doc_ref=SDK),
    Action("GetUserCertificateDetail", get_detail, declare("CertId!:integer CertFilter:boolean"), doc_ref=SDK),
    Action("DeleteUserCertificate", delete, declare("CertId!:integer ClientToken"), writes=True, doc_ref=SDK),
    Action("ListUserCertificateOrder", list_orders, declare("Keyword OrderType ResourceGroupId Status" + PAGES), doc_ref=SDK),
    Action("ListCert", list_cert, declare("CertType Identifiers KeyWord SourceType Status WarehouseId:integer" + PAGES), doc_ref=SDK),
    Action("TagResources", tag_resources, declare("RegionId! ResourceId.N! ResourceType! Tag.N.Key Tag.N.Value"), writes=True, doc_ref=SDK),
    Action("ListTagResources", list_tags, declare(
        "RegionId! ResourceType! MaxResults:integer NextToken ResourceId.N Tag.N.Key Tag.N.Value"), doc_ref=SDK),
    *job_actions.ACTIONS,
    *lifecycle_actions.ACTIONS,
    *order_actions.ACTIONS,
)
