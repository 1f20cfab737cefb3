# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CDN's calls on the wire: its names of what services.domain_calls does."""

from __future__ import annotations

from functools import partial
from typing import Any

from ...rpc import Action, Call, declare
from ..domain_calls import (
    certificate_info, certificate_list, delete_configs, describe_configs, domain_row, https_domains, set_certificate, set_configs,
    time_text, user_domains)
from ..domains import Domain

VERSION = "2018-05-10"
RAM = "cdn"
SDK = "alibabacloud-cdn20180510"


def describe_certificate(cloud: Any, call: Call) -> dict[str, Any]:
    return certificate_info(cloud, call, "ServerCertificateStatus", "ServerCertificate", _more)


def _more(domain: Domain) -> dict[str, Any]:
    if not (domain.https and domain.material):
        return {"DomainCnameStatus": "ok"}
    return {"DomainCnameStatus": "ok", "CertStartTime": time_text(domain.material.not_before), "CertUpdateTime": time_text(domain.updated)}


def describe_domains(cloud: Any, call: Call) -> dict[str, Any]:
    return user_domains(cloud, call, ("CdnType", "Coverage", "DomainStatus", "ResourceGroupId"), _domain)


def _domain(domain: Domain) -> dict[str, Any]:
    return {**domain_row(domain, ".cdn.example.net"), "CdnType": "web", "Coverage": "domestic",
            "SslProtocol": "on" if domain.https else "off"}


TOKEN = " SecurityToken"  # the vendor's model has it as a parameter, too; what counts is the signed header
ACTIONS = (
    Action("SetCdnDomainSSLCertificate", set_certificate, declare(
        "DomainName! SSLProtocol! CertId:integer CertName CertRegion CertType SSLPri SSLPub" + TOKEN), writes=True, doc_ref=SDK),
    Action("DescribeDomainCertificateInfo", describe_certificate, declare("DomainName!"), doc_ref=SDK),
    Action("DescribeUserDomains", describe_domains, declare(
        "CdnType ChangeEndTime ChangeStartTime CheckDomainShow:boolean Coverage DomainName DomainSearchType DomainStatus "
        "PageNumber:integer PageSize:integer ResourceGroupId Source Tag.N.Key Tag.N.Value" + TOKEN), doc_ref=SDK),
    Action("DescribeCdnHttpsDomainList", partial(https_domains, limit=100), declare("Keyword PageNumber:integer PageSize:integer"),
           doc_ref=SDK),
    Action("DescribeCdnSSLCertificateList", partial(certificate_list, limit=500), declare(
        "DomainName PageNumber:integer PageSize:integer SearchKeyword" + TOKEN), doc_ref=SDK),
    Action("DescribeCdnDomainConfigs", describe_configs, declare("DomainName! ConfigId FunctionNames" + TOKEN), doc_ref=SDK),
    Action("BatchSetCdnDomainConfig", set_configs, declare("DomainNames! Functions!:json" + TOKEN), writes=True, doc_ref=SDK),
    Action("DeleteSpecificConfig", delete_configs, declare("DomainName! ConfigId!" + TOKEN), writes=True, doc_ref=SDK),
)
