# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DCDN's calls on the wire: its names of what services.domain_calls does."""

from __future__ import annotations

from functools import partial
from typing import Any

from ...rpc import Action, Call, declare
from ..domain_calls import (
    certificate_info, certificate_list, delete_configs, describe_configs, domain_row, https_domains, set_certificate, set_configs,
    user_domains)
from ..domains import Domain

VERSION = "2018-01-15"
RAM = "dcdn"
SDK = "alibabacloud-dcdn20180115"


def describe_certificate(cloud: Any, call: Call) -> dict[str, Any]:
    return certificate_info(cloud, call, "SSLProtocol", "SSLPub", lambda _domain: {})


def describe_domains(cloud: Any, call: Call) -> dict[str, Any]:
    found = user_domains(cloud, call, ("DomainStatus", "ResourceGroupId"), _domain)
    # All domains here are ordinary ones in the Chinese mainland; "dynamic" is what the call asks for if it does not say.
    if "dynamic" in (call.text("WebSiteType") or "dynamic").split(",") and call.text("Coverage") in ("", "domestic"):
        return found
    return {**found, "TotalCount": 0, "Domains": {"PageData": []}}


def _domain(domain: Domain) -> dict[str, Any]:
    return {**domain_row(domain, ".dcdn.example.net"), "SSLProtocol": "on" if domain.https else "off", "Scene": "staticscene"}


TOKEN = " SecurityToken"  # the vendor's model has it as a parameter, too; what counts is the signed header
ACTIONS = (
    Action("SetDcdnDomainSSLCertificate", set_certificate, declare(
        "DomainName! SSLProtocol! CertId:integer CertName CertRegion CertType SSLPri SSLPub" + TOKEN), writes=True, doc_ref=SDK),
    Action("DescribeDcdnDomainCertificateInfo", describe_certificate, declare("DomainName!"), doc_ref=SDK),
    Action("DescribeDcdnUserDomains", describe_domains, declare(
        "ChangeEndTime ChangeStartTime CheckDomainShow:boolean Coverage DomainName DomainSearchType DomainStatus PageNumber:integer "
        "PageSize:integer ResourceGroupId Tag.N.Key Tag.N.Value WebSiteType" + TOKEN), doc_ref=SDK),
    Action("DescribeDcdnHttpsDomainList", partial(https_domains, limit=500), declare("Keyword PageNumber:integer PageSize:integer"),
           doc_ref=SDK),
    Action("DescribeDcdnSSLCertificateList", partial(certificate_list, limit=1000), declare(
        "DomainName PageNumber:integer PageSize:integer SearchKeyword" + TOKEN), doc_ref=SDK),
    Action("DescribeDcdnDomainConfigs", describe_configs, declare("DomainName! ConfigId FunctionNames" + TOKEN), doc_ref=SDK),
    Action("BatchSetDcdnDomainConfigs", set_configs, declare("DomainNames! Functions!:json" + TOKEN), writes=True, doc_ref=SDK),
    Action("DeleteDcdnSpecificConfig", delete_configs, declare("DomainName! ConfigId!" + TOKEN), writes=True, doc_ref=SDK),
)
