# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an account holds after a scenario has been seeded: in the services, in the snapshot, and on the wire."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.emulator import scenarios
from tests.support.account import account


@pytest.fixture(scope="module")
def demo():
    with account(calm=False) as made:
        scenarios.get("demo").seed(made.cloud)
        yield made


@pytest.fixture(scope="module")
def empty():
    with account(calm=False) as made:
        scenarios.get("empty").seed(made.cloud)
        yield made


def test_the_demo_is_one_certificate_everywhere(demo):
    state = demo.cloud.snapshot()
    stored, other = state["cas"]["certificates"]
    old = stored["fingerprint"]
    assert stored["name"] == "shop-" + old[:16] and stored["tags"] == {"managed-by": "daas.https"}
    assert other["name"] == "admin" and other["domains"] == ["admin.example.net"]
    left = demo.cloud.cas.certificates[stored["id"]].material.not_after - demo.cloud.clock.now()
    assert timedelta(days=11) < left < timedelta(days=13)
    assert {(row["region"], row["name"]) for row in state["slb"]["certificates"]} == {
        ("cn-hangzhou", "shop-old"), ("cn-shanghai", "shop-old"), ("cn-hangzhou", "admin")}
    assert [(row["domain"], row["https"], row["cas_id"], row["fingerprint"]) for row in state["cdn"]["domains"]] == [
        ("static.example.com", False, None, None), ("img.example.com", True, stored["id"], old)]
    bound = {(row["load_balancer"], row["protocol"], row["port"]): [held["fingerprint"] for held in row["certificates"]]
             for name in ("alb", "nlb") for row in state[name]["listeners"]}
    assert bound == {
        ("alb-bp1shop", "HTTPS", 443): [old, other["fingerprint"]], ("alb-bp1shop", "HTTP", 80): [], ("alb-uf6shop", "HTTPS", 443): [old],
        ("alb-uf6shop", "QUIC", 443): [old], ("nlb-bp1mq", "TCPSSL", 8883): [old], ("nlb-uf6mq", "TCPSSL", 8883): [old]}


def test_the_demos_wire(demo):
    old = demo.cloud.snapshot()["cas"]["certificates"][0]["fingerprint"]
    listeners = {"slb/lb-bp1web/443", "slb/lb-bp1api/443", "slb/lb-uf6web/443", "slb/lb-uf6web/8443", "alb/alb-bp1shop/443",
                 "alb/alb-uf6shop/443", "nlb/nlb-bp1mq/8883", "nlb/nlb-uf6mq/8883"}
    endpoints = set(demo.cloud.dataplane.endpoints())
    assert {key for key in endpoints if "lb/" in key} == listeners | {"alb/alb-bp1shop/80"}
    assert {"cdn", "airec/cn-hangzhou"} <= endpoints
    assert {demo.served(key, "www.example.com") for key in listeners} == {old}
    admin = demo.served("slb/lb-bp1api/443", "admin.example.net")
    assert demo.served("alb/alb-bp1shop/443", "admin.example.net") == admin and demo.plain("alb/alb-bp1shop/80", "x")[0] == 200
    assert admin not in (None, old) and demo.served("slb/lb-bp1web/443", "admin.example.net") == old
    assert demo.served("cdn", "img.example.com") == old and demo.served("cdn", "static.example.com") is None
    assert demo.served("dcdn", "shop-assets.example.com") == old
    assert demo.served("airec/cn-hangzhou", "rec.example.com") not in (None, old)
    assert demo.plain("cdn", "img.example.com")[0] == 200


def test_the_demos_zone(demo):
    lookup = demo.cloud.alidns.lookup
    assert lookup("www.example.com", "A") == ["203.0.113.10", "203.0.113.20"] and lookup("a.shop.example.com", "A") == ["203.0.113.10"]
    assert lookup("rec.example.com", "CNAME") == ["airec-cn-demo01.cn-hangzhou.airec-edge.example"]


def test_what_the_demo_has_runs_through_the_api(demo):
    """Paging as adverse as it is: three rows at most, so that a client must ask on."""
    page = demo.call("slb", "DescribeLoadBalancerListeners", RegionId="cn-hangzhou")
    assert [(row["LoadBalancerId"], row["Status"]) for row in page["Listeners"]] == [("lb-bp1web", "running"), ("lb-bp1api", "running")]
    assert demo.call("cas", "ListCloudResources", CloudProduct="SLB")["Total"] == 4
    assert len(demo.call("cas", "ListCloudResources", CloudProduct="SLB")["Data"]) == 3
    assert demo.call("cas", "ListContact")["ContactList"][0]["Email"] == "operations@example.com"


def test_the_empty_account(empty):
    state = empty.cloud.snapshot()
    nothing = [state["cas"]["certificates"], state["slb"]["certificates"]]
    nothing += [state[name]["listeners"] for name in ("slb", "alb", "nlb")] + [state[name]["domains"] for name in ("cdn", "dcdn")]
    assert nothing == [[]] * len(nothing)
    assert state["alidns"]["zones"] == {"example.com": []} and len(state["cas"]["contacts"]) == 1
    assert set(empty.cloud.dataplane.endpoints()) == {"airec/cn-hangzhou"}
    for region in ("cn-hangzhou", "cn-shanghai"):
        rows = empty.call("slb", "DescribeLoadBalancers", RegionId=region)["LoadBalancers"]["LoadBalancer"]
        assert len(rows) == 1 and empty.call("slb", "DescribeLoadBalancerListeners", RegionId=region)["Listeners"] == []


@pytest.fixture(scope="module")
def fleet():
    with account(calm=True) as made:
        scenarios.get("fleet").seed(made.cloud)
        yield made


@pytest.fixture(scope="module")
def year():
    with account(calm=True) as made:
        scenarios.get("year").seed(made.cloud)
        yield made


def test_the_fleet_is_two_hundred_resources_with_one_certificate(fleet):
    state = fleet.cloud.snapshot()
    [stored] = state["cas"]["certificates"]
    old, resources = stored["fingerprint"], scenarios.get("fleet").resources()
    assert stored["name"] == "shop-" + old[:16] and len(resources) == 200
    bound = {("alb", row["load_balancer"], row["port"]): [held["fingerprint"] for held in row["certificates"]]
             for row in state["alb"]["listeners"]}
    held = {row["id"]: row["fingerprint"] for row in state["slb"]["certificates"]}
    bound.update({("slb", row["load_balancer"], row["port"]): [held[row["certificate_id"]]] for row in state["slb"]["listeners"]})
    bound.update({("cdn", row["domain"], None): [row["fingerprint"]] for row in state["cdn"]["domains"]})
    named = {(row["service"], row.get("instance") or row["domain"], row.get("listener_port")) for row in resources}
    assert set(bound) == named and len(named) == 200 and {tuple(held) for held in bound.values()} == {(old,)}
    regions = {name: balancer.region for part in (fleet.cloud.slb, fleet.cloud.alb) for name, balancer in part.load_balancers.items()}
    assert {row["region"] for row in resources if "region" in row} == {"cn-hangzhou", "cn-shanghai"}
    assert all(regions[row["instance"]] == row["region"] for row in resources if "instance" in row)
    assert fleet.served("slb/lb-fleet10/8010", "www.example.com") == fleet.served("cdn", "d50.shop.example.com") == old
    assert fleet.served("alb/alb-fleet01/8001", "www.example.com") == old


def test_the_year_begins_with_one_certificate_on_all_of_its_resources(year):
    bound = [held for held in year.cloud.cas.certificates.values() if held.name.startswith("shop-")][-1].material.fingerprint
    places = ["{0}/{2}/{3}".format(*row) for row in scenarios.year.listeners()]
    assert len(places) + len(scenarios.year.domains()) == 38
    assert {year.served(place, scenarios.year.NAMES[place.partition("/")[0]]) for place in places} == {bound}
    assert {year.served(service, domain) for service, domain in scenarios.year.domains()} == {bound}
    others = {year.served("slb/lb-year01/443", "admin.example.net"), year.served("alb/alb-year01/8443", "admin.example.net")}
    assert len(others) == 1 and others != {bound} and year.served("cdn", "press.example.net") not in others | {bound}


@pytest.mark.parametrize("name", sorted(scenarios.SCENARIOS))
def test_a_snapshot_is_json_without_keys(request, name):
    made = request.getfixturevalue(name)
    text = json.dumps(made.cloud.snapshot())
    assert "PRIVATE" not in text
    keys = [held.material.key_pem for held in (*made.cloud.cas.certificates.values(), *made.cloud.slb.certificates.values())]
    assert len(keys) == {"demo": 5, "empty": 0, "fleet": 3, "year": 14}[name]
    assert not any(line in text for key in keys for line in key.splitlines()[1:-1])


def test_a_seed_decides_the_ids():
    """The same seed gives the same account, so that runs can be compared."""
    ids = []
    for _again in range(2):
        with account() as made:
            scenarios.get("empty").seed(made.cloud)
            material = made.cloud.authority.issue(["www.example.com"], key="ec")
            ids.append((made.upload("shop", material), made.cloud.slb.add_certificate("cn-hangzhou", "shop", material), made.cloud.uuid()))
    assert ids[0] == ids[1]
