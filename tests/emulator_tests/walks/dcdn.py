# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DCDN's part of the walk: the demo's domain gets another certificate, and a redirect."""

from __future__ import annotations

import json

from tests.emulator.scenarios import demo

STRICTER = {("dcdn", "BatchSetDcdnDomainConfigs", "Functions"): "a string for the SDK, but its content is JSON"}
DOMAIN = {"DomainName": "shop-assets.example.com"}
FORCE = {"functionName": "https_force", "functionArgs": [{"argName": "enable", "argValue": "on"}]}


def walk(call, authority):
    material = authority.issue(demo.NAMES, key="ec")
    made = call("cas", "UploadUserCertificate", {"Name": "assets-new", "Cert": material.chain_pem, "Key": material.key_pem})
    call("dcdn", "SetDcdnDomainSSLCertificate", {
        **DOMAIN, "SSLProtocol": "on", "CertType": "cas", "CertId": made["CertId"], "CertName": "assets-new", "CertRegion": "cn-hangzhou"})
    call("dcdn", "DescribeDcdnDomainCertificateInfo", DOMAIN)
    call("dcdn", "DescribeDcdnUserDomains", {"DomainName": "shop-", "DomainSearchType": "pre_match", "PageNumber": 1, "PageSize": 500})
    call("dcdn", "DescribeDcdnHttpsDomainList", {"Keyword": "example.com", "PageNumber": 1, "PageSize": 500})
    call("dcdn", "DescribeDcdnSSLCertificateList", {**DOMAIN, "PageNumber": 1, "PageSize": 20, "SearchKeyword": "assets"})
    done = call("dcdn", "BatchSetDcdnDomainConfigs", {"DomainNames": DOMAIN["DomainName"], "Functions": json.dumps([FORCE])})
    call("dcdn", "DescribeDcdnDomainConfigs", {**DOMAIN, "FunctionNames": "https_force,HSTS"})
    call("dcdn", "DeleteDcdnSpecificConfig", {
        **DOMAIN, "ConfigId": str(done["DomainConfigList"]["DomainConfigModel"][0]["ConfigId"])})
