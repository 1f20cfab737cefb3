# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call of ApsaraVideo Live, as somebody uses them who puts a certificate on a streaming domain and looks at it."""

from __future__ import annotations

from typing import Any

STRICTER: dict[tuple[str, str, str], str] = {}
DOMAIN = {"DomainName": "stream.shop.example.com"}


def walk(call: Any, authority: Any) -> None:
    material = authority.issue(["stream.shop.example.com"], key="ec")
    call("cas", "UploadUserCertificate", {"Name": "stream-new", "Cert": material.chain_pem, "Key": material.key_pem})
    call("live", "SetLiveDomainCertificate", {**DOMAIN, "SSLProtocol": "on", "CertType": "cas", "CertName": "stream-new", "DryRun": True})
    call("live", "SetLiveDomainCertificate", {**DOMAIN, "SSLProtocol": "on", "CertType": "cas", "CertName": "stream-new", "ForceSet": "1"})
    call("live", "DescribeLiveDomainCertificateInfo", {**DOMAIN, "RegionId": "cn-shanghai"})
    call("live", "DescribeLiveDomainDetail", DOMAIN)
    call("live", "DescribeLiveUserDomains", {
        "DomainName": "example.com", "DomainSearchType": "fuzzy_match", "LiveDomainType": "liveVideo", "PageNumber": 1, "PageSize": 50})
