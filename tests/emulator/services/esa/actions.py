# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ESA's calls on the wire. The rules are in models."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from ... import pki
from ...rpc import Action, Call, declare, numbered_page
from . import errors
from .models import Site, SiteCertificate

VERSION = "2024-09-10"
RAM = "esa"
SDK = "alibabacloud-esa20240910"


def list_sites(cloud: Any, call: Call) -> dict[str, Any]:
    name, how = call.text("SiteName").lower(), call.text("SiteSearchType") or "exact"
    tests = {"exact": name.__eq__, "fuzzy": lambda other: name in other, "prefix": lambda other: other.startswith(name),
             "suffix": lambda other: other.endswith(name)}
    if how not in tests:
        raise errors.invalid("SiteSearchType", "one of {0} is wanted".format(", ".join(tests)))
    rows = [site for site in cloud.esa.sites.values() if (not name or tests[how](site.name)) and _wanted(call, site)]
    page, number, size = numbered_page(cloud, call, rows, "PageNumber", "PageSize", 20, 500)
    return {"PageNumber": number, "PageSize": size, "TotalCount": len(rows), "Sites": [_site(site) for site in page]}


def _wanted(call: Call, site: Site) -> bool:
    """Whether a site is what ListSites was asked for, apart from its name. Sites have no tags and no resource groups here."""
    row = _site(site)
    same = all(call.text(name) in ("", row[name]) for name in ("AccessType", "Coverage", "Status"))
    plan = call.text("PlanSubscribeType") in ("", row["PlanName"]) and not call.flag("OnlyEnterprise")
    return same and plan and not call.text("ResourceGroupId") and call.text("TagFilter") in ("", "[]")


def _site(site: Site) -> dict[str, Any]:
    row = {"SiteId": site.id, "SiteName": site.name, "Status": site.status, "AccessType": "NS", "Coverage": "overseas",
           "PlanName": "basicplan", "InstanceId": "sp-xcdn-{0:x}".format(site.id), "NameServerList": "ns1.example.net,ns2.example.net",
           "CreateTime": "{0:%Y-%m-%dT%H:%M:%SZ}".format(site.created), "UpdateTime": "{0:%Y-%m-%dT%H:%M:%SZ}".format(site.created)}
    return {**row, "OfflineReason": "proactively_disabled"} if site.status == "offline" else row


def get_site(cloud: Any, call: Call) -> dict[str, Any]:
    return {"SiteModel": _site(cloud.esa.get(call.number("SiteId")))}


def list_certificates(cloud: Any, call: Call) -> dict[str, Any]:
    site = cloud.esa.watch(cloud.esa.get(call.number("SiteId")))
    word = call.text("Keyword").lower()
    rows = [row for row in (_certificate(cloud, entry) for entry in site.held.values())
            if word in row["Name"].lower() + row.get("SAN", "") and call.text("Type") in ("", row["Type"])
            and not (call.flag("ValidOnly") and row["Status"] not in ("OK", "Expiring", "Issued"))]
    page, number, size = numbered_page(cloud, call, rows, "PageNumber", "PageSize", 20, 500)
    return {"PageNumber": number, "PageSize": size, "TotalCount": len(rows), "SiteId": site.id, "SiteName": site.name, "Result": page}


def get_certificate(cloud: Any, call: Call) -> dict[str, Any]:
    site = cloud.esa.watch(cloud.esa.get(call.number("SiteId")))
    entry = cloud.esa.certificate(site, call.text("Id"))
    row = _certificate(cloud, entry)
    return {"SiteId": site.id, "SiteName": site.name, "Status": row["Status"], "Result": row,
            "Certificate": entry.material.chain_pem if entry.material else ""}


def _certificate(cloud: Any, entry: SiteCertificate) -> dict[str, Any]:
    row: dict[str, Any] = {"Id": entry.id, "Name": entry.name, "Type": entry.kind, "Status": cloud.esa.status(entry),
                           "CreateTime": _time(entry.created), "UpdateTime": _time(entry.updated)}
    if entry.cas_id:
        row.update(CasId=str(entry.cas_id), Region=cloud.store)
    if entry.kind == "free":
        row["DCV"] = [{"Id": entry.id[:8], "Key": "_acme-challenge.{0}".format(entry.name), "Value": entry.id, "Type": "DNS",
                       "Status": "valid" if entry.material else "pending"}]
    if entry.material:
        held = entry.material
        row.update(CommonName=held.common_name, SAN=",".join(held.names), FingerprintSha256=held.fingerprint,
                   IssuerCN=held.issuer_common_name, Issuer="Emulated Cloud", SerialNumber="{0:x}".format(held.serial),
                   NotBefore=_time(held.not_before), NotAfter=_time(held.not_after), PubAlg=_algorithm(held), SigAlg="ECDSA-SHA256")
    return row


def _algorithm(held: pki.Material) -> str:
    public = x509.load_pem_x509_certificate(held.leaf_pem.encode()).public_key()
    return "RSA" if isinstance(public, rsa.RSAPublicKey) else "ECDSA"


def _time(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S")


def set_certificate(cloud: Any, call: Call) -> dict[str, Any]:
    site, kind = cloud.esa.get(call.number("SiteId")), call.text("Type")
    if kind not in ("cas", "upload"):
        raise errors.invalid("Type", "one of cas and upload is wanted; keyless certificates are not emulated")
    name, material, cas_id = _from_cas(cloud, call) if kind == "cas" else _uploaded(call)
    return {"Id": cloud.esa.set(site, call.text("Id"), kind, name, material, cas_id).id}


def _from_cas(cloud: Any, call: Call) -> tuple[str, pki.Material, int]:
    for name in ("CasId", "Region"):
        if not call.text(name):
            raise errors.invalid(name, "it is required for the type cas")
    material = cloud.cas.find_material(call.text("CasId"))
    if material is None or call.text("Region") != cloud.store:
        raise errors.not_found(call.text("CasId"))
    return cloud.cas.name_of(call.number("CasId")), material, call.number("CasId")


def _uploaded(call: Call) -> tuple[str, pki.Material, int]:
    for name in ("Name", "Certificate", "PrivateKey"):
        if not call.text(name):
            raise errors.invalid(name, "it is required for the type upload")
    try:
        material = pki.parse_material(call.text("Certificate"), call.text("PrivateKey"))
    except ValueError:
        raise errors.invalid("Certificate", "certificate or private key cannot be read") from None
    if not pki.key_matches(material):
        raise errors.invalid("PrivateKey", "it does not belong to the certificate")
    return call.text("Name"), material, 0


def delete_certificate(cloud: Any, call: Call) -> dict[str, Any]:
    site = cloud.esa.get(call.number("SiteId"))
    cloud.esa.delete(site, call.text("Id"))
    return {"Id": call.text("Id"), "SiteId": site.id, "SiteName": site.name}


ONE = "SiteId!:integer Id!"
ACTIONS = (
    Action("ListSites", list_sites, declare(
        "AccessType Coverage OnlyEnterprise:boolean OrderBy PageNumber:integer PageSize:integer PlanSubscribeType ResourceGroupId "
        "SiteName SiteSearchType Status TagFilter:json"), doc_ref=SDK),
    Action("GetSite", get_site, declare("SiteId!:integer"), doc_ref=SDK),
    Action("ListCertificates", list_certificates, declare(
        "SiteId!:integer Keyword PageNumber:integer PageSize:integer Type ValidOnly:boolean"), doc_ref=SDK),
    Action("GetCertificate", get_certificate, declare(ONE), doc_ref=SDK),
    Action("SetCertificate", set_certificate, declare(
        "SiteId!:integer Type! CasId:integer Certificate Id KeyServerId Name PrivateKey Region SecurityToken"), writes=True, doc_ref=SDK),
    Action("DeleteCertificate", delete_certificate, declare(ONE), writes=True, doc_ref=SDK),
)
