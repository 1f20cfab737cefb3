# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Live's calls on the wire. The rules are CDN's, in services.domains."""

from __future__ import annotations

import functools
from typing import Any

from ... import pki
from ...rpc import Action, Call, declare, numbered_page
from ..cdn import errors
from ..domain_calls import life, new_name, time_text, uploaded
from ..domains import Domain

VERSION = "2016-11-01"
RAM = "live"
SDK = "alibabacloud-live20161101"


def set_certificate(cloud: Any, call: Call) -> dict[str, Any]:
    domain, kind = cloud.live.get(call.text("DomainName")), call.text("CertType") or "upload"
    if call.text("SSLProtocol") == "off":
        change = functools.partial(cloud.live.switch_off, domain)
    elif call.text("SSLProtocol") != "on":
        raise errors.wrong_protocol()
    elif kind in CHOOSE:
        change = functools.partial(cloud.live.bind, domain, *CHOOSE[kind](cloud, call, domain))
    else:
        raise errors.invalid("CertType", "one of upload and cas is wanted; free certificates are not emulated")
    if call.flag("DryRun"):
        cloud.live.begin(domain)
    else:
        change()
    return {}


def _from_cas(cloud: Any, call: Call, _domain: Domain) -> tuple[pki.Material, str, str, int]:
    # By name: the call has no parameter for CAS's id. One that CAS does not have is taken for an upload without its key, as CDN does.
    held = next((held for held in cloud.cas.certificates.values() if held.name == call.text("CertName")), None)
    if held is None:
        raise errors.missing_key()
    return held.material, held.name, "cas", held.id


def _uploaded(cloud: Any, call: Call, domain: Domain) -> tuple[pki.Material, str, str, int]:
    name, material = call.text("CertName"), uploaded(call)
    taken = any(other.cert_name == name and other is not domain for other in cloud.live.domains.values())
    if name and taken and call.text("ForceSet") != "1":
        raise errors.name_taken(name)
    return material, name or new_name(cloud), "upload", 0


CHOOSE = {"cas": _from_cas, "upload": _uploaded}


def describe_certificate(cloud: Any, call: Call) -> dict[str, Any]:
    domain = cloud.live.watch(cloud.live.get(call.text("DomainName")))
    # Status is about free certificates only and otherwise empty.
    row: dict[str, Any] = {"DomainName": domain.name, "SSLProtocol": "on" if domain.https else "off", "Status": ""}
    if domain.https and domain.material:
        held = domain.material
        row.update(CertDomainName=held.common_name, CertName=domain.cert_name, CertType=domain.cert_type, CertOrg=held.issuer_common_name,
                   CertLife=life(held), CertExpireTime=time_text(held.not_after), SSLPub=held.chain_pem)
    return {"CertInfos": {"CertInfo": [row]}}


def describe_domains(cloud: Any, call: Call) -> dict[str, Any]:
    name, how = call.text("DomainName").lower(), call.text("DomainSearchType") or "fuzzy_match"
    tests = {"full_match": name.__eq__, "fuzzy_match": lambda other: name in other, "pre_match": lambda other: other.startswith(name),
             "suf_match": lambda other: other.endswith(name)}
    if how not in tests:
        raise errors.invalid("DomainSearchType", "one of {0} is wanted".format(", ".join(tests)))
    rows = [domain for domain in cloud.live.domains.values()
            if (not name or tests[how](domain.name)) and _wanted(call, _domain(cloud, domain))]
    page, number, size = numbered_page(cloud, call, rows, "PageNumber", "PageSize", 20, 50)
    return {"PageNumber": number, "PageSize": size, "TotalCount": len(rows),
            "Domains": {"PageData": [_domain(cloud, cloud.live.watch(row)) for row in page]}}


def _wanted(call: Call, row: dict[str, Any]) -> bool:
    """Whether a row is what DescribeLiveUserDomains was asked for, apart from its name. Domains have no tags here."""
    found = {"DomainStatus": row["LiveDomainStatus"], **{name: row[name] for name in ("LiveDomainType", "RegionName", "ResourceGroupId")}}
    return all(call.text(name) in ("", value) for name, value in found.items()) and not call.list("Tag")


def _domain(cloud: Any, domain: Domain) -> dict[str, Any]:
    about = cloud.live.kinds[domain.name]
    return {"DomainName": domain.name, "LiveDomainStatus": domain.shown_status, "LiveDomainType": about.kind, "RegionName": about.region,
            "Cname": _cname(domain), "Description": "", "ResourceGroupId": "",
            "GmtCreated": time_text(domain.created), "GmtModified": time_text(domain.modified)}


def describe_detail(cloud: Any, call: Call) -> dict[str, Any]:
    domain = cloud.live.watch(cloud.live.get(call.text("DomainName")))
    held, about = domain.material if domain.https else None, cloud.live.kinds[domain.name]
    return {"DomainDetail": {
        "DomainName": domain.name, "DomainStatus": domain.shown_status, "LiveDomainType": about.kind, "Region": about.region,
        "Cname": _cname(domain), "Description": "", "ResourceGroupId": "", "Scope": "domestic",
        "SSLProtocol": "on" if domain.https else "off", "CertName": domain.cert_name if held else "",
        "SSLPub": held.chain_pem if held else "",
        "GmtCreated": time_text(domain.created), "GmtModified": time_text(domain.modified)}}


def _cname(domain: Domain) -> str:
    return domain.name.lstrip(".") + ".live.example.net"


TOKEN = " SecurityToken"  # the vendor's model has it as a parameter, too; what counts is the signed header
ACTIONS = (
    Action("SetLiveDomainCertificate", set_certificate, declare(
        "DomainName! SSLProtocol! CertName CertType DryRun:boolean ForceSet SSLPri SSLPub" + TOKEN), writes=True, doc_ref=SDK),
    Action("DescribeLiveDomainCertificateInfo", describe_certificate, declare("DomainName! RegionId"), doc_ref=SDK),
    Action("DescribeLiveUserDomains", describe_domains, declare(
        "DomainName DomainSearchType DomainStatus LiveDomainType PageNumber:integer PageSize:integer RegionName ResourceGroupId "
        "Tag.N.Key Tag.N.Value" + TOKEN), doc_ref=SDK),
    Action("DescribeLiveDomainDetail", describe_detail, declare("DomainName!" + TOKEN), doc_ref=SDK),
)
