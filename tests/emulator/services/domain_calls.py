# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What CDN's and DCDN's calls have in common. Which product is called says the call; the rules are in domains."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from .. import pki
from ..rpc import Call, numbered_page
from .cdn import errors
from .domains import Domain, Domains

Row = Callable[[Domain], "dict[str, Any]"]


def service(cloud: Any, call: Call) -> Domains:
    """The state of the product that is called."""
    return getattr(cloud, call.product)


def set_certificate(cloud: Any, call: Call) -> dict[str, Any]:
    domain = service(cloud, call).get(call.text("DomainName"))
    if call.text("SSLProtocol") == "off":
        service(cloud, call).switch_off(domain)
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
    service(cloud, call).bind(domain, material, cloud.cas.name_of(cas_id), "cas", cas_id)


def _bind_upload(cloud: Any, call: Call, domain: Domain) -> None:
    name, material = call.text("CertName"), uploaded(call)
    if name and any(other.cert_name == name and other is not domain for other in service(cloud, call).domains.values()):
        raise errors.name_taken(name)
    service(cloud, call).bind(domain, material, name or new_name(cloud), "upload", 0)


def uploaded(call: Call) -> pki.Material:
    """The certificate and key that came with the call. CloudError when they are not there, cannot be read, or are no pair."""
    chain_pem, key_pem = call.text("SSLPub"), call.text("SSLPri")
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
    return material


def new_name(cloud: Any) -> str:
    return "cert-{0}".format(cloud.rng.randrange(10 ** 7))


def certificate_info(cloud: Any, call: Call, switch: str, pem: str, more: Row) -> dict[str, Any]:
    """switch, pem: what the product calls the fields for whether HTTPS is on and for the certificate; more: fields that only it has."""
    here = service(cloud, call)
    domain = here.watch(here.get(call.text("DomainName")))
    row: dict[str, Any] = {"DomainName": domain.name, switch: "on" if domain.https else "off",
                           "Status": "checking" if domain.busy else "success"}
    if domain.https and domain.material:
        held = domain.material
        row.update({
            "CertDomainName": held.common_name, "CertName": domain.cert_name, "CertType": domain.cert_type,
            "CertOrg": held.issuer_common_name, "CertId": str(domain.cas_id or ""), "CertRegion": cloud.store if domain.cas_id else "",
            "CertLife": life(held), "CertExpireTime": time_text(held.not_after), pem: held.leaf_pem})
    return {"CertInfos": {"CertInfo": [{**row, **more(domain)}]}}


def user_domains(cloud: Any, call: Call, filters: tuple[str, ...], row_of: Row) -> dict[str, Any]:
    """filters: parameters that ask for a field of the row as it is."""
    name, how = call.text("DomainName").lower(), call.text("DomainSearchType") or "full_match"
    tests = {"full_match": name.__eq__, "fuzzy_match": lambda other: name in other, "pre_match": lambda other: other.startswith(name),
             "suf_match": lambda other: other.endswith(name)}
    if how not in tests:
        raise errors.invalid("DomainSearchType", "one of {0} is wanted".format(", ".join(tests)))
    here = service(cloud, call)
    rows = [domain for domain in here.domains.values() if not name or tests[how](domain.name)]
    rows = [domain for domain in rows if _wanted(call, filters, domain, row_of(domain))]
    page, number, size = numbered_page(cloud, call, rows, "PageNumber", "PageSize", 20, 500)
    return {"PageNumber": number, "PageSize": size, "TotalCount": len(rows),
            "Domains": {"PageData": [row_of(here.watch(row)) for row in page]}}


def https_domains(cloud: Any, call: Call, limit: int) -> dict[str, Any]:
    rows = [domain for domain in service(cloud, call).domains.values() if domain.https and call.text("Keyword").lower() in domain.name]
    page, _number, _size = numbered_page(cloud, call, rows, "PageNumber", "PageSize", 20, limit)
    return {"TotalCount": len(rows), "CertInfos": {"CertInfo": [
        {"DomainName": row.name, "CertName": row.cert_name, "CertType": row.cert_type, "CertCommonName": row.material.common_name,
         "CertStartTime": time_text(row.material.not_before), "CertExpireTime": time_text(row.material.not_after),
         "CertUpdateTime": time_text(row.updated), "CertStatus": "ok"} for row in page]}}


def certificate_list(cloud: Any, call: Call, limit: int) -> dict[str, Any]:
    rows = [held for held in cloud.cas.certificates.values() if call.text("SearchKeyword").lower() in held.name.lower()
            and (not call.text("DomainName") or pki.covers(held.material.names, call.text("DomainName")))]
    page, number, size = numbered_page(cloud, call, rows, "PageNumber", "PageSize", 20, limit)
    return {"CertificateListModel": {"Count": len(rows), "PageNumber": number, "PageSize": size, "CertList": {"Cert": [
        {"CertId": held.id, "CertName": held.name, "CertRegion": cloud.store, "Common": held.material.common_name,
         "Fingerprint": held.material.sha1.upper(), "Issuer": held.material.issuer_common_name,
         "LastTime": int(held.material.not_after.timestamp())} for held in page]}}}


def describe_configs(cloud: Any, call: Call) -> dict[str, Any]:
    here = service(cloud, call)
    domain = here.watch(here.get(call.text("DomainName")))
    wanted = [name for name in call.text("FunctionNames").split(",") if name]
    return {"DomainConfigs": {"DomainConfig": [
        {"ConfigId": str(number), "FunctionName": name, "ParentId": parent, "Status": "configuring" if domain.busy else "success",
         "FunctionArgs": {"FunctionArg": [{"ArgName": key, "ArgValue": value} for key, value in arguments.items()]}}
        for (name, parent), (number, arguments) in domain.functions.items()
        if (not wanted or name in wanted) and call.text("ConfigId") in ("", str(number))]}}


def set_configs(cloud: Any, call: Call) -> dict[str, Any]:
    here = service(cloud, call)
    domains = [here.get(name) for name in call.text("DomainNames").split(",")]
    try:
        functions = {(function["functionName"], str(function.get("parentId", ""))):
                     {item["argName"]: item["argValue"] for item in function.get("functionArgs", [])}
                     for function in json.loads(call.text("Functions"))}
    except (KeyError, TypeError, AttributeError):
        raise errors.invalid("Functions", "functionName and functionArgs with argName and argValue are wanted") from None
    if not all(isinstance(value, str) for arguments in functions.values() for value in arguments.values()):
        raise errors.invalid("Functions", "the values of arguments are strings")
    here.configure(domains, functions)
    return {"DomainConfigList": {"DomainConfigModel": [
        {"ConfigId": domain.functions[place][0], "DomainName": domain.name, "FunctionName": place[0]}
        for domain in domains for place in functions]}}


def delete_configs(cloud: Any, call: Call) -> dict[str, Any]:
    here = service(cloud, call)
    here.delete_functions(here.get(call.text("DomainName")), [number for number in call.text("ConfigId").split(",") if number])
    return {}


def _wanted(call: Call, filters: tuple[str, ...], domain: Domain, row: dict[str, Any]) -> bool:
    """Whether a row is what a list of domains was asked for, apart from its name. Domains have no tags here."""
    same = all(call.text(name) in ("", row[name]) for name in filters)
    # Times of one form compare as text.
    modified = time_text(domain.modified)
    changed = (call.text("ChangeStartTime") or "0") <= modified < (call.text("ChangeEndTime") or "9999")
    sources = [source["Content"] for source in row["Sources"]["Source"]]
    return same and changed and (not call.text("Source") or call.text("Source") in sources) and not call.list("Tag")


def domain_row(domain: Domain, suffix: str) -> dict[str, Any]:
    """The fields that both products have; suffix: of the CNAME."""
    return {"DomainName": domain.name, "DomainId": domain.id, "DomainStatus": domain.shown_status,
            "Cname": domain.name.lstrip(".") + suffix, "Sandbox": "normal", "ResourceGroupId": "", "Description": "",
            "GmtCreated": time_text(domain.created), "GmtModified": time_text(domain.modified),
            "Sources": {"Source": [{"Content": "203.0.113.10", "Port": 80, "Priority": "20", "Type": "ipaddr", "Weight": "10"}]}}


def life(material: pki.Material) -> str:
    return "{0} months".format(max(round((material.not_after - material.not_before).days / 30), 1))


def time_text(moment: datetime | None) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""
