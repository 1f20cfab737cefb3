# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AliDNS's rules: records and what excludes them, searches that find too much, and what a resolver would find."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading

import pytest

from tests.support.account import account


@pytest.fixture
def dns():
    with account() as made:
        made.cloud.alidns.add_zone("example.com")
        yield made


def add(made, rr, kind, value, **params):
    return made.call("alidns", "AddDomainRecord", DomainName="example.com", RR=rr, Type=kind, Value=value, **params)["RecordId"]


def refused_add(made, rr, kind, value, **params):
    return made.refused("alidns", "AddDomainRecord", **{"DomainName": "example.com", "RR": rr, "Type": kind, "Value": value, **params})


def records(made, **params):
    return made.call("alidns", "DescribeDomainRecords", DomainName="example.com", **params)["DomainRecords"]["Record"]


def found(made, **params):
    return sorted(row["RR"] for row in records(made, **params))


def test_the_life_of_a_record(dns):
    made = add(dns, "www", "A", "203.0.113.10")
    row = records(dns)[0]
    assert {key: row[key] for key in ("RecordId", "RR", "Type", "Value", "TTL", "Line", "Status", "Locked")} == {
        "RecordId": made, "RR": "www", "Type": "A", "Value": "203.0.113.10", "TTL": 600, "Line": "default", "Status": "ENABLE",
        "Locked": False}
    assert "Priority" not in row and row["CreateTimestamp"] == row["UpdateTimestamp"]
    dns.cloud.clock.advance(60)
    changed = {"RecordId": made, "RR": "www", "Type": "A", "Value": "203.0.113.20", "TTL": 300}
    assert dns.call("alidns", "UpdateDomainRecord", **changed) == {"RecordId": made}
    row = records(dns)[0]
    assert (row["Value"], row["TTL"]) == ("203.0.113.20", 300) and row["UpdateTimestamp"] - row["CreateTimestamp"] >= 60000
    assert dns.refused("alidns", "UpdateDomainRecord", **changed) == ("DomainRecordDuplicate", 400)  # nothing would change
    assert dns.call("alidns", "DeleteDomainRecord", RecordId=made) == {"RecordId": made} and records(dns) == []
    for action, params in [("DeleteDomainRecord", {"RecordId": made}), ("UpdateDomainRecord", changed)]:
        assert dns.refused("alidns", action, **params) == ("DomainRecordNotBelongToUser", 400)


def test_what_excludes_a_record(dns):
    add(dns, "www", "A", "203.0.113.10")
    second = add(dns, "www", "A", "203.0.113.20")
    add(dns, "img", "CNAME", "img.example.net")
    add(dns, "www", "CNAME", "www.example.net", Line="telecom")  # another line is another world
    for rr, kind, value, code in [
        ("WWW", "a", "203.0.113.10", "DomainRecordDuplicate"), ("www", "CNAME", "x.example.net", "DomainRecordConflict"),
        ("img", "A", "203.0.113.1", "DomainRecordConflict"), ("x", "NONSENSE", "y", "InvalidParameter"),
    ]:
        assert refused_add(dns, rr, kind, value) == (code, 400), rr
    changes = {"RecordId": second, "RR": "www"}
    assert dns.refused("alidns", "UpdateDomainRecord", **changes, Type="A", Value="203.0.113.10") == ("DomainRecordDuplicate", 400)
    assert dns.refused("alidns", "UpdateDomainRecord", **changes, Type="CNAME", Value="x.example.net") == ("DomainRecordConflict", 400)
    assert len(records(dns)) == 4


def test_limits(dns):
    assert refused_add(dns, "www", "A", "203.0.113.1", TTL=0) == ("InvalidParameter", 400)
    assert refused_add(dns, "www", "A", "203.0.113.1", TTL=86401) == ("InvalidParameter", 400)
    assert refused_add(dns, "www", "A", "203.0.113.1", DomainName="example.org") == ("InvalidDomainName.NoExist", 400)
    assert refused_add(dns, "@", "MX", "mail.example.com") == ("InvalidParameter", 400)
    add(dns, "@", "MX", "mail.example.com", Priority=10)
    assert records(dns)[0]["Priority"] == 10
    assert dns.refused("alidns", "DescribeDomainRecords", DomainName="example.org") == ("InvalidDomainName.NoExist", 400)


@pytest.fixture
def zone(dns):
    for rr, kind, value in [("www", "A", "203.0.113.10"), ("www2", "A", "203.0.113.11"), ("_acme.www", "TXT", "www"),
                            ("img", "CNAME", "www.example.net"), ("@", "AAAA", "2001:db8::1")]:
        add(dns, rr, kind, value)
    return dns


def test_searches_find_too_much(zone):
    assert found(zone, KeyWord="www") == found(zone, KeyWord="www", SearchMode="LIKE") == ["_acme.www", "img", "www", "www2"]
    assert found(zone, KeyWord="www", SearchMode="EXACT") == ["_acme.www", "www"]  # one by its value
    assert found(zone, RRKeyWord="www") == found(zone, RRKeyWord="WWW", SearchMode="ADVANCED") == ["_acme.www", "www", "www2"]
    assert found(zone, RRKeyWord="www", SearchMode="COMBINATION") == ["www"]
    assert found(zone, ValueKeyWord="203.0.113.1") == ["www", "www2"]
    assert found(zone, ValueKeyWord="203.0.113.1", SearchMode="COMBINATION") == []
    assert found(zone, TypeKeyWord="a") == ["www", "www2"]  # not AAAA: types are the one thing that is exact
    assert found(zone, Type="TXT") == ["_acme.www"] and found(zone, Line="default", Type="AAAA") == ["@"]
    assert found(zone, Status="Disable") == []
    assert found(zone, KeyWord="www", SearchMode="LIKE", Type="TXT") == found(zone, KeyWord="www")  # LIKE heeds the keyword only
    assert found(zone, GroupId=0) == [] and len(found(zone, GroupId=-2)) == 5
    assert zone.refused("alidns", "DescribeDomainRecords", DomainName="example.com", SearchMode="x") == ("InvalidParameter", 400)


def test_the_newest_comes_first(zone):
    assert [row["RR"] for row in records(zone)] == ["@", "img", "_acme.www", "www2", "www"]
    assert records(zone, Direction="ASC") == records(zone)[::-1]


def test_pages(zone):
    zone.cloud.setting.update({"page_cap": 2})
    seen = [[row["RR"] for row in records(zone, PageSize=500, PageNumber=page)] for page in (1, 2, 3, 4)]
    assert seen == [["@", "img"], ["_acme.www", "www2"], ["www"], []]
    answer = zone.call("alidns", "DescribeDomainRecords", DomainName="example.com", PageSize=500)
    assert (answer["TotalCount"], answer["PageSize"], answer["PageNumber"]) == (5, 2, 1)
    assert zone.refused("alidns", "DescribeDomainRecords", DomainName="example.com", PageSize=501) == ("InvalidParameter", 400)


def test_records_of_one_name(zone):
    add(zone, "www", "A", "203.0.113.30")

    def values(name, **params):
        rows = zone.call("alidns", "DescribeSubDomainRecords", SubDomain=name, **params)["DomainRecords"]["Record"]
        return [row["Value"] for row in rows]

    assert values("WWW.example.com") == ["203.0.113.10", "203.0.113.30"] and values("example.com") == ["2001:db8::1"]
    assert values("www.example.com", DomainName="example.com", Type="A", Line="default") == values("www.example.com")
    assert values("www.example.com", Type="TXT") == values("nothing.example.com") == []
    for params in ({"SubDomain": "www.example.org"}, {"SubDomain": "www.example.com", "DomainName": "example.org"}):
        assert zone.refused("alidns", "DescribeSubDomainRecords", **params) == ("InvalidDomainName.NoExist", 400)


def test_what_a_resolver_finds(dns):
    dns.cloud.alidns.add_zone("example.net")
    dns.cloud.alidns.add_record("example.net", "*", "A", "192.0.2.1")
    for rr, kind, value in [("*", "A", "203.0.113.1"), ("*.shop", "A", "203.0.113.2"), ("www", "A", "203.0.113.10"),
                            ("www", "A", "203.0.113.20"), ("a.deep", "TXT", "there"), ("@", "TXT", "apex")]:
        add(dns, rr, kind, value)
    lookup = dns.cloud.alidns.lookup
    assert lookup("WWW.Example.com.", "a") == ["203.0.113.10", "203.0.113.20"] and lookup("www.example.com", "CNAME") == []
    assert lookup("example.com", "TXT") == ["apex"] and lookup("example.com", "A") == []
    assert lookup("other.example.com", "A") == lookup("x.y.example.com", "A") == ["203.0.113.1"]
    assert lookup("x.shop.example.com", "A") == ["203.0.113.2"] and lookup("shop.example.com", "A") == []  # it exists, without records
    assert lookup("b.deep.example.com", "A") == []  # the closest name that exists has no wildcard below it
    assert lookup("any.example.net", "A") == ["192.0.2.1"] and lookup("www.example.org", "A") == []


def test_a_record_that_is_switched_off_is_none(dns):
    made = add(dns, "rec", "CNAME", "rec.example.net")
    dns.cloud.alidns.record(made).status = "DISABLE"
    assert dns.cloud.alidns.lookup("rec.example.com", "CNAME") == []
    assert found(dns, Status="Disable") == ["rec"]
    assert refused_add(dns, "rec", "CNAME", "rec.example.net") == ("DomainRecordDuplicate", 400)


def test_the_snapshot(dns):
    made = add(dns, "www", "A", "203.0.113.10")
    assert dns.cloud.snapshot()["alidns"] == {
        "zones": {"example.com": [{"id": made, "rr": "www", "type": "A", "value": "203.0.113.10", "ttl": 600}]}}


# -- who follows a zone ------------------------------------------------------------------------------------------------------------------

@contextlib.contextmanager
def follower(status=200):
    """(its URL, what it was told)."""
    told = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *unused):
            """Nothing is printed."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs=dict(poll_interval=0.02))
    thread.start()
    try:
        yield "http://127.0.0.1:{0}/".format(server.server_address[1]), told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_follower_is_told_what_a_name_has_before_the_call_is_answered(dns):
    with follower() as (url, told):
        dns.cloud.alidns.follower = url
        add(dns, "_acme-challenge", "TXT", "one")
        second = add(dns, "_acme-challenge", "TXT", "two")
        dns.call("alidns", "UpdateDomainRecord", RecordId=second, RR="other", Type="TXT", Value="two")
        dns.call("alidns", "DeleteDomainRecord", RecordId=second)
    assert {row["zone"] for row in told} == {"example.com"}
    assert [[(item["name"], item["type"], item["values"]) for item in row["sets"]] for row in told] == [
        [("_acme-challenge.example.com", "TXT", ["one"])],
        [("_acme-challenge.example.com", "TXT", ["one", "two"])],
        [("_acme-challenge.example.com", "TXT", ["one"]), ("other.example.com", "TXT", ["two"])],
        [("other.example.com", "TXT", [])],
    ]


def test_a_follower_that_does_not_take_it_is_noticed(dns):
    with follower(status=500) as (url, told):
        dns.cloud.alidns.follower = url
        assert refused_add(dns, "www", "A", "203.0.113.10") == ("InternalError", 500) and len(told) == 1
