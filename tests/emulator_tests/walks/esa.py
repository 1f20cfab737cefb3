# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call of ESA, as somebody uses them who renews a certificate of a site and tidies up."""

from __future__ import annotations

from typing import Any

STRICTER: dict[tuple[str, str, str], str] = {}


def walk(call: Any, authority: Any) -> None:
    old, new = (authority.issue(["www.shop.example.com"], key="ec") for _which in range(2))
    stored = call("cas", "UploadUserCertificate", {"Name": "net-new", "Cert": new.chain_pem, "Key": new.key_pem})["CertId"]
    sites = call("esa", "ListSites", {"SiteName": "shop.example.com", "SiteSearchType": "exact", "PageNumber": 1, "PageSize": 500})["Sites"]
    site = {"SiteId": sites[0]["SiteId"]}
    call("esa", "GetSite", site)
    held = call("esa", "SetCertificate", {
        **site, "Type": "upload", "Name": "net-old", "Certificate": old.chain_pem, "PrivateKey": old.key_pem})
    call("esa", "SetCertificate", {**site, "Id": held["Id"], "Type": "cas", "CasId": stored, "Region": "cn-hangzhou"})
    call("esa", "ListCertificates", {**site, "Keyword": "shop.example.com", "ValidOnly": True, "PageNumber": 1, "PageSize": 100})
    call("esa", "GetCertificate", {**site, **held})
    call("esa", "DeleteCertificate", {**site, **held})
