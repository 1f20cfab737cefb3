# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAS's calls for who tidies up: who uses a certificate, whether word is sent before it expires, and tags that are taken away."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from ... import pki
from ...rpc import Action, Call, declare
from . import errors, sm2

SDK = "alibabacloud-cas20200407"
SOON = timedelta(days=30)  # how long before its end a certificate counts as about to expire
MANY = 50  # resources in one call about tags


def get_certificate_detail(cloud: Any, call: Call) -> dict[str, Any]:
    held = cloud.cas.get(call.number("CertificateId"))
    material = held.material
    algorithm, size = _key(held)
    return {
        "CertificateId": held.id, "CertificateName": held.name, "CertIdentifier": "{0}-{1}".format(held.id, cloud.store),
        "InstanceId": held.instance_id, "CertificateSource": "BUY" if held.order else "UPLOAD",
        "CertificateStatus": _status(cloud, held), "CommonName": material.common_name, "Domain": ",".join(material.names),
        "SubjectAlternativeNames": list(material.names), "Issuer": material.issuer_common_name,
        "Serial": "{0:040x}".format(material.serial), "FingerPrint": material.sha1.upper(),
        "Algorithm": algorithm, "KeySize": size, "ExistPrivateKey": bool(held.pair or material.key_pem),
        "NotBefore": _milliseconds(material.not_before), "NotAfter": _milliseconds(material.not_after),
        "CertificateChainList": [_issuer(cloud, pki.parse_material(block, None)) for block in pki.split_pem(material.chain_pem)[1:]],
        "DeploymentDesc": json.dumps({"Scope": "all"}), "Tags": [{"TagKey": key, "TagValue": value} for key, value in held.tags.items()],
        "UsingProductList": products(cloud, held.id)}


def products(cloud: Any, certificate_id: int) -> list[str]:
    """CAS's names of the products that have it. AIRec is none of them: it gets the files, and CAS does not hear of it."""
    return sorted({use.partition("/")[0].upper() for use in cloud.cas.uses(certificate_id)})


def update_notices(cloud: Any, call: Call) -> dict[str, Any]:
    if call.text("NoticeStatus") not in ("enable", "disable"):
        raise errors.invalid("NoticeStatus")
    if call.text("NoticeBiz") not in ("", "ssl"):
        raise errors.invalid("NoticeBiz")
    ids = call.text("Ids").split(",")
    if not all(number.isdigit() for number in ids):
        raise errors.invalid("Ids")
    for held in [cloud.cas.get(int(number)) for number in ids]:
        (cloud.cas.muted.add if call.text("NoticeStatus") == "disable" else cloud.cas.muted.discard)(held.id)
    return {}


def untag_resources(cloud: Any, call: Call) -> dict[str, Any]:
    if call.text("ResourceType") != "instance":
        raise errors.invalid("ResourceType")
    if not 1 <= len(call.list("ResourceId")) <= MANY:
        raise errors.invalid("ResourceId.N")
    if not call.list("TagKey") and not call.flag("All"):
        raise errors.missing("TagKey.N")
    for held in [cloud.cas.by_instance(instance_id) for instance_id in call.list("ResourceId")]:
        for key in call.list("TagKey") or list(held.tags):
            held.tags.pop(key, None)
    return {}


def _status(cloud: Any, held: Any) -> str:
    left = held.material.not_after - cloud.clock.now()
    return "expired" if left <= timedelta(0) else "willExpire" if left < SOON else "issued"


def _key(held: Any) -> tuple[str, int]:
    if held.pair:
        return sm2.ALGORITHM, 256
    public = x509.load_pem_x509_certificate(held.material.leaf_pem.encode()).public_key()
    return "RSA" if isinstance(public, rsa.RSAPublicKey) else "ECC", public.key_size


def _issuer(cloud: Any, issuer: pki.Material) -> dict[str, Any]:
    return {"Subject": issuer.common_name, "Issuer": issuer.issuer_common_name, "NotBefore": _milliseconds(issuer.not_before),
            "NotAfter": _milliseconds(issuer.not_after), "RemainDay": (issuer.not_after - cloud.clock.now()).days}


def _milliseconds(moment: Any) -> int:
    return int(moment.timestamp()) * 1000


ACTIONS = (
    Action("GetCertificateDetail", get_certificate_detail, declare("CertificateId!:integer"), doc_ref=SDK),
    Action("BatchUpdateNoticeStatus", update_notices, declare("Ids! NoticeStatus! NoticeBiz"), writes=True, doc_ref=SDK),
    Action("UntagResources", untag_resources, declare("RegionId! ResourceId.N! ResourceType! All:boolean TagKey.N"), writes=True,
           doc_ref=SDK),
)
