# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AliDNS's calls on the wire. The rules are in models."""

from __future__ import annotations

from typing import Any

from ...rpc import Action, Call, declare, numbered_page
from . import errors
from .models import Record

VERSION = "2015-01-09"
RAM = "alidns"
SDK = "alibabacloud-alidns20150109"


def add_domain_record(cloud: Any, call: Call) -> dict[str, Any]:
    record = cloud.alidns.add_record(call.text("DomainName"), call.text("RR"), call.text("Type"), call.text("Value"),
                                     call.number("TTL", 600), call.text("Line") or "default", call.number("Priority"))
    return {"RecordId": record.id}


def update_domain_record(cloud: Any, call: Call) -> dict[str, Any]:
    old = cloud.alidns.record(call.text("RecordId"))
    record = cloud.alidns.update(
        old.id, rr=call.text("RR").lower(), type=call.text("Type").upper(), value=call.text("Value"),
        ttl=call.number("TTL", old.ttl), line=call.text("Line") or old.line, priority=call.number("Priority", old.priority))
    return {"RecordId": record.id}


def delete_domain_record(cloud: Any, call: Call) -> dict[str, Any]:
    cloud.alidns.delete(call.text("RecordId"))
    return {"RecordId": call.text("RecordId")}


def describe_domain_records(cloud: Any, call: Call) -> dict[str, Any]:
    rows = list(cloud.alidns.zone(call.text("DomainName")).values())
    mode, word = call.text("SearchMode").upper() or ("LIKE" if call.text("KeyWord") else "ADVANCED"), call.text("KeyWord").lower()
    if mode == "LIKE":
        rows = [row for row in rows if word in row.rr or word in row.value.lower()]
    elif mode == "EXACT":
        rows = [row for row in rows if word in (row.rr, row.value.lower())]
    elif mode in ("ADVANCED", "COMBINATION"):
        rows = _filtered(call, _searched(call, rows, fuzzy=mode == "ADVANCED"))
    else:
        raise errors.invalid("SearchMode", "LIKE, EXACT, ADVANCED or COMBINATION is wanted")
    if call.text("GroupId") not in ("", "-1", "-2"):
        rows = []  # no zone is in a group
    if call.text("Direction").upper() != "ASC":
        rows.reverse()  # the newest first
    answer = _answer(cloud, call, rows)
    for row in answer["DomainRecords"]["Record"]:
        record = cloud.alidns.record(row["RecordId"])
        row.update(CreateTimestamp=record.created, UpdateTimestamp=record.updated)
    return answer


def describe_sub_domain_records(cloud: Any, call: Call) -> dict[str, Any]:
    wanted = call.text("SubDomain").lower().rstrip(".")
    zones = [call.text("DomainName").lower()] if call.text("DomainName") else list(cloud.alidns.zones)
    rows = [row for zone in zones for row in cloud.alidns.zone(zone).values() if row.name == wanted]
    if not any(wanted == zone or wanted.endswith("." + zone) for zone in zones):
        raise errors.no_zone(wanted)
    return _answer(cloud, call, _filtered(call, rows))


def _searched(call: Call, rows: list[Record], *, fuzzy: bool) -> list[Record]:
    """By keywords. Fuzzy ones stand anywhere in the field: a client that takes the first hit for its record has a wrong one."""
    rr, kind, value = (call.text(name).lower() for name in ("RRKeyWord", "TypeKeyWord", "ValueKeyWord"))
    if fuzzy:
        rows = [row for row in rows if rr in row.rr and value in row.value.lower()]
    return [row for row in rows if kind in ("", row.type.lower()) and (fuzzy or rr in ("", row.rr) and value in ("", row.value.lower()))]


def _filtered(call: Call, rows: list[Record]) -> list[Record]:
    tests = {"Type": lambda row: row.type, "Line": lambda row: row.line, "Status": lambda row: row.status}
    for name, field in tests.items():
        if call.text(name):
            rows = [row for row in rows if field(row).lower() == call.text(name).lower()]
    return rows


def _answer(cloud: Any, call: Call, rows: list[Record]) -> dict[str, Any]:
    page, number, size = numbered_page(cloud, call, rows, "PageNumber", "PageSize", 20, 500)
    return {"DomainRecords": {"Record": [_row(record) for record in page]}, "PageNumber": number, "PageSize": size, "TotalCount": len(rows)}


def _row(record: Record) -> dict[str, Any]:
    row = {"DomainName": record.zone, "RR": record.rr, "RecordId": record.id, "Type": record.type, "Value": record.value,
           "TTL": record.ttl, "Line": record.line, "Status": record.status, "Locked": False, "Weight": 1}
    return {**row, "Priority": record.priority} if record.type == "MX" else row


ACTIONS = (
    Action("AddDomainRecord", add_domain_record, declare("DomainName! RR! Type! Value! Line Priority:integer TTL:integer UserClientIp"),
           writes=True, doc_ref=SDK),
    Action("UpdateDomainRecord", update_domain_record,
           declare("RR! RecordId! Type! Value! Line Priority:integer TTL:integer UserClientIp"), writes=True, doc_ref=SDK),
    Action("DeleteDomainRecord", delete_domain_record, declare("RecordId! UserClientIp"), writes=True, doc_ref=SDK),
    Action("DescribeDomainRecords", describe_domain_records, declare(
        "DomainName! Direction GroupId:integer KeyWord Line OrderBy PageNumber:integer PageSize:integer RRKeyWord SearchMode Status Type "
        "TypeKeyWord ValueKeyWord"), doc_ref=SDK),
    Action("DescribeSubDomainRecords", describe_sub_domain_records,
           declare("SubDomain! DomainName Line PageNumber:integer PageSize:integer Type UserClientIp"), doc_ref=SDK),
)
