# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of CAS's walk of somebody who tidies up: who uses what is there, no word before its end, a tag taken away."""

from __future__ import annotations

STRICTER = {}


def walk(call, authority):
    rows = call("cas", "ListUserCertificateOrder", {"OrderType": "CERT", "CurrentPage": 1, "ShowSize": 50})["CertificateOrderList"]
    used = next(row for row in rows if row["Name"].startswith("shop-"))
    call("cas", "GetCertificateDetail", {"CertificateId": used["CertificateId"]})
    notices = {"Ids": str(used["CertificateId"]), "NoticeBiz": "ssl"}
    call("cas", "BatchUpdateNoticeStatus", {**notices, "NoticeStatus": "disable"})
    call("cas", "BatchUpdateNoticeStatus", {**notices, "NoticeStatus": "enable"})
    place = {"RegionId": "cn-hangzhou", "ResourceType": "instance", "ResourceId": [used["InstanceId"]]}
    call("cas", "TagResources", {**place, "Tag": [{"Key": "left", "Value": "over"}]})
    call("cas", "UntagResources", {**place, "TagKey": ["left"], "All": False})
