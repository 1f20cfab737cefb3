# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which endpoints belong to which resource of a host."""

from __future__ import annotations

from ansible_collections.daas.https.plugins.filter.with_endpoints import FilterModule, with_endpoints

LB = dict(service="slb", region="cn-hangzhou", instance="lb-1", listener_port=443)


def endpoint(name="www.example.com", port=443, **more):
    return dict(name=name, address="203.0.113.10", port=port, **more)


def test_a_host_with_one_resource_has_all_its_endpoints_there():
    assert with_endpoints([dict(edge_resources=[LB], https_endpoints=[endpoint(), endpoint(port=8443)])]) == [
        dict(LB, endpoints=[endpoint(), endpoint(port=8443)])]


def test_listeners_by_their_port_or_label():
    other = dict(LB, listener_port=8443)
    found = with_endpoints([dict(edge_resources=[LB, other], https_endpoints=[
        endpoint(), endpoint(port=8443), endpoint(port=31000, label="lb-1:8443"), endpoint(port=9000)])])
    assert [len(item["endpoints"]) for item in found] == [1, 2] and found[1]["endpoints"][1]["label"] == "lb-1:8443"


def test_domains_by_their_name():
    found = with_endpoints([dict(
        edge_resources=[dict(service="cdn", domain="*.example.com"), dict(service="cdn", domain="img.example.net")],
        https_endpoints=[endpoint("a.example.com"), endpoint("img.example.net"), endpoint("other.example.org")])])
    assert [[item["name"] for item in resource["endpoints"]] for resource in found] == [["a.example.com"], ["img.example.net"]]


def test_hosts_that_share_a_resource_and_hosts_without():
    hosts = [dict(edge_resources=[LB], https_endpoints=[endpoint()]), dict(edge_resources=[dict(LB)], https_endpoints=[
        endpoint(), endpoint("api.example.com", expected_fingerprint=["x"])]), {}, dict(edge_resources=[dict(LB, instance="lb-2")])]
    found = with_endpoints(hosts)
    assert [item["instance"] for item in found] == ["lb-1", "lb-2"] and found[1]["endpoints"] == []
    assert [item["name"] for item in found[0]["endpoints"]] == ["www.example.com", "api.example.com"]
    assert "expected_fingerprint" not in found[0]["endpoints"][1]
    assert hosts[0]["edge_resources"] == [LB] and FilterModule().filters() == {"with_endpoints": with_endpoints}
