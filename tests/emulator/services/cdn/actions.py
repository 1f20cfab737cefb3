# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CDN's calls on the wire. The rules are in models."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from ... import pki
from ...rpc import Action, Call, declare, numbered_page
from . import errors
from .models import Domain

VERSION = "2018-05-10"
RAM = "cdn"
SDK = "alibabacloud-cdn20180510"


def set_certificate(cloud: Any, call: Call) -> dict[str, Any]:
    domain = cloud.cdn.get(call.text("DomainName"))
    if call.text("SSLProtocol") == "off":
        cloud.cdn.switch_off(domain)
    elif call.text("SSLProtocol") != "on":
        raise errors.wrong_protocol()
    elif call.text("CertType") == "cas":
        _bind_from_cas(cloud, call, domain)
    else:
        _bind_upload(cloud, call, domain)
    return {}


def _bind_from_cas(cloud: Any, call: Call, domain: Domain) -> None:
    # A certificate that is not in that store is looked for as an upload, and then it is the key that is missing.
    if (call.text("CertRegion") or "cn-hangzhou") != cloud.store:
        raise errors.missing_key()
    material = cloud.cas.find_material(call.text("CertId"))
    if material is None:
        raise errors.not_found(call.text("CertId"))
    cas_id = call.number("CertId")
    cloud.cdn.bind(domain, material, cloud.cas.name_of(cas_id), "cas", cas_id)


def _bind_upload(cloud: Any, call: Call, domain: Domain) -> None:
    name, chain_pem, key_pem = call.text("CertName"), call.text("SSLPub"), call.text("SSLPri")
    if not chain_pem:
        raise errors.missing_certificate()
    if not key_pem:
        raise errors.missing_key()
    try:
        pki.parse_material(chain_pem, None)
    except ValueError as exc:
        raise errors.malformed() from exc
    try:
        material = pki.parse_material(chain_pem, key_pem)
    except ValueError:
        raise errors.malformed_key() from None
    if not pki.key_matches(material):
        raise errors.mismatch()
    if name and any(other.cert_name == name and other is not domain for other in cloud.cdn.domains.values()):
        raise errors.name_taken(name)
    cloud.cdn.bind(domain, material, name or "cert-{0}".format(cloud.rng.randrange(10 ** 7)), "upload", 0)


def describe_certificate(cloud: Any, call: Call) -> dict[str, Any]:
    domain = cloud.cdn.watch(cloud.cdn.get(call.text("DomainName")))
    row: dict[str, Any] = {"DomainName": domain.name, "ServerCertificateStatus": "on" if domain.https else "off",
                           "DomainCnameStatus": "ok", "Status": "checking" if domain.busy else "success"}
    if domain.https and domain.material:
        held = domain.material
        row.update(
            CertDomainName=held.common_name, CertName=domain.cert_name, CertType=domain.cert_type, CertOrg=held.issuer_common_name,
            CertId=str(domain.cas_id or ""), CertRegion=cloud.store if domain.cas_id else "", CertLife=_life(held),
            CertStartTime=_time(held.not_before), CertExpireTime=_time(held.not_after), CertUpdateTime=_time(domain.updated),
            ServerCertificate=held.leaf_pem)
    return {"CertInfos": {"CertInfo": [row]}}


def describe_domains(cloud: Any, call: Call) -> dict[str, Any]:
    name, how = call.text("DomainName").lower(), call.text("DomainSearchType") or "full_match"
    tests = {"full_match": name.__eq__, "fuzzy_match": lambda other: name in other, "pre_match": lambda other: other.startswith(name),
             "suf_match": lambda other: other.endswith(name)}
    if how not in tests:
        raise errors.invalid("DomainSearchType", "one of {0} is wanted".format(", ".join(tests)))
    rows = [domain for domain in cloud.cdn.domains.values() if not name or tests[how](domain.name)]
    rows = [domain for domain in rows if _wanted(call, _domain(domain))]
    page, number, size = numbered_page(cloud, call, rows, "PageNumber", "PageSize", 20, 500)
    return {"PageNumber": number, "PageSize": size, "TotalCount": len(rows),
            "Domains": {"PageData": [_domain(cloud.cdn.watch(row)) for row in page]}}


def describe_https_domains(cloud: Any, call: Call) -> dict[str, Any]:
    rows = [domain for domain in cloud.cdn.domains.values() if domain.https and call.text("Keyword").lower() in domain.name]
    page, _number, _size = numbered_page(cloud, call, rows, "PageNumber", "PageSize", 20, 100)
    return {"TotalCount": len(rows), "CertInfos": {"CertInfo": [
        {"DomainName": row.name, "CertName": row.cert_name, "CertType": row.cert_type, "CertCommonName": row.material.common_name,
         "CertStartTime": _time(row.material.not_before), "CertExpireTime": _time(row.material.not_after),
         "CertUpdateTime": _time(row.updated), "CertStatus": "ok"} for row in page]}}


def describe_certificate_list(cloud: Any, call: Call) -> dict[str, Any]:
    rows = [held for held in cloud.cas.certificates.values() if call.text("SearchKeyword").lower() in held.name.lower()
            and (not call.text("DomainName") or pki.covers(held.material.names, call.text("DomainName")))]
    page, number, size = numbered_page(cloud, call, rows, "PageNumber", "PageSize", 20, 500)
    return {"CertificateListModel": {"Count": len(rows), "PageNumber": number, "PageSize": size, "CertList": {"Cert": [
        {"CertId": held.id, "CertName": held.name, "CertRegion": cloud.store, "Common": held.material.common_name,
         "Fingerprint": held.material.sha1.upper(), "Issuer": held.material.issuer_common_name,
         "LastTime": int(held.material.not_after.timestamp())} for held in page]}}}


def describe_configs(cloud: Any, call: Call) -> dict[str, Any]:
    domain = cloud.cdn.watch(cloud.cdn.get(call.text("DomainName")))
    wanted = [name for name in call.text("FunctionNames").split(",") if name]
    return {"DomainConfigs": {"DomainConfig": [
        {"ConfigId": str(number), "FunctionName": name, "ParentId": "", "Status": "configuring" if domain.busy else "success",
         "FunctionArgs": {"FunctionArg": [{"ArgName": key, "ArgValue": value} for key, value in arguments.items()]}}
        for name, (number, arguments) in domain.functions.items()
        if (not wanted or name in wanted) and call.text("ConfigId") in ("", str(number))]}}


def set_configs(cloud: Any, call: Call) -> dict[str, Any]:
    domains = [cloud.cdn.get(name) for name in call.text("DomainNames").split(",")]
    try:
        functions = {function["functionName"]: {item["argName"]: item["argValue"] for item in function.get("functionArgs", [])}
                     for function in json.loads(call.text("Functions"))}
    except (KeyError, TypeError, AttributeError):
        raise errors.invalid("Functions", "functionName and functionArgs with argName and argValue are wanted") from None
    if not all(isinstance(value, str) for arguments in functions.values() for value in arguments.values()):
        raise errors.invalid("Functions", "the values of arguments are strings")
    cloud.cdn.configure(domains, functions)
    return {"DomainConfigList": {"DomainConfigModel": [
        {"ConfigId": domain.functions[name][0], "DomainName": domain.name, "FunctionName": name}
        for domain in domains for name in functions]}}


def delete_config(cloud: Any, call: Call) -> dict[str, Any]:
    cloud.cdn.delete_function(cloud.cdn.get(call.text("DomainName")), call.text("ConfigId"))
    return {}


def _wanted(call: Call, row: dict[str, Any]) -> bool:
    """Whether a row is what DescribeUserDomains was asked for, apart from its name. Domains have no tags here."""
    same = all(call.text(name) in ("", row[name]) for name in ("CdnType", "Coverage", "DomainStatus", "ResourceGroupId"))
    sources = [source["Content"] for source in row["Sources"]["Source"]]
    # Times of one form compare as text.
    changed = (call.text("ChangeStartTime") or "0") <= row["GmtModified"] < (call.text("ChangeEndTime") or "9999")
    return same and changed and (not call.text("Source") or call.text("Source") in sources) and not call.list("Tag")


def _domain(domain: Domain) -> dict[str, Any]:
    return {"DomainName": domain.name, "DomainId": domain.id, "DomainStatus": domain.shown_status, "CdnType": "web", "Coverage": "domestic",
            "Cname": domain.name.lstrip(".") + ".cdn.example.net", "SslProtocol": "on" if domain.https else "off", "Sandbox": "normal",
            "ResourceGroupId": "", "Description": "",
            "GmtCreated": _time(domain.created), "GmtModified": _time(domain.modified),
            "Sources": {"Source": [{"Content": "203.0.113.10", "Port": 80, "Priority": "20", "Type": "ipaddr", "Weight": "10"}]}}


def _life(material: pki.Material) -> str:
    return "{0} months".format(max(round((material.not_after - material.not_before).days / 30), 1))


def _time(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


TOKEN = " SecurityToken"  # the vendor's model has it as a parameter, too; what counts is the signed header
ACTIONS = (
    Action("SetCdnDomainSSLCertificate", set_certificate, declare(
        "DomainName! SSLProtocol! CertId:integer CertName CertRegion CertType SSLPri SSLPub" + TOKEN), writes=True, doc_ref=SDK),
    Action("DescribeDomainCertificateInfo", describe_certificate, declare("DomainName!"), doc_ref=SDK),
    Action("DescribeUserDomains", describe_domains, declare(
        "CdnType ChangeEndTime ChangeStartTime CheckDomainShow:boolean Coverage DomainName DomainSearchType DomainStatus "
        "PageNumber:integer PageSize:integer ResourceGroupId Source Tag.N.Key Tag.N.Value" + TOKEN), doc_ref=SDK),
    Action("DescribeCdnHttpsDomainList", describe_https_domains, declare("Keyword PageNumber:integer PageSize:integer"), doc_ref=SDK),
    Action("DescribeCdnSSLCertificateList", describe_certificate_list, declare(
        "DomainName PageNumber:integer PageSize:integer SearchKeyword" + TOKEN), doc_ref=SDK),
    Action("DescribeCdnDomainConfigs", describe_configs, declare("DomainName! ConfigId FunctionNames" + TOKEN), doc_ref=SDK),
    Action("BatchSetCdnDomainConfig", set_configs, declare("DomainNames! Functions!:json" + TOKEN), writes=True, doc_ref=SDK),
    Action("DeleteSpecificConfig", delete_config, declare("DomainName! ConfigId!" + TOKEN), writes=True, doc_ref=SDK),
)
