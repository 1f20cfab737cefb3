# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which endpoints prove which targets."""

from __future__ import annotations

import pytest
from ansible_collections.daas.https.plugins.filter.endpoints_of import covers, endpoints_of

NEW, OLD = {"fingerprint": "aa" * 32}, {"fingerprint": "bb" * 32}


def slb(port=443, slot="default", domain=None, instance="lb-1", **more):
    given = dict(service="slb", region="cn-hangzhou", instance=instance, listener_port=port, slot=slot, domain=domain, changed=True,
                 previous=OLD, current=NEW)
    return dict(given, **more)


def cdn(domain, **more):
    given = dict(service="cdn", region=None, instance=None, listener_port=None, slot=None, domain=domain, changed=True,
                 previous=OLD, current=NEW)
    return dict(given, **more)


def balancer(*ports, instance="lb-1", **more):
    return dict(more, edge_resources=[
        dict(service="slb", region="cn-hangzhou", instance=instance, listener_port=port) for port in ports])


def names(found):
    return [(endpoint["name"], endpoint.get("port")) for endpoint in found]


def test_only_hosts_whose_resources_changed_are_proved():
    hosts = [balancer(443, https_endpoints=[dict(name="www.example.com", address="192.0.2.1")]),
             balancer(443, instance="lb-2", https_endpoints=[dict(name="api.example.com", address="192.0.2.2")])]
    assert endpoints_of([slb()], hosts) == [dict(name="www.example.com", address="192.0.2.1", fingerprint=NEW["fingerprint"])]


def test_each_listener_has_its_own_endpoints():
    endpoints = [dict(name="www.example.com", port=443), dict(name="www.example.com", port=8443)]
    host = balancer(443, 8443, https_endpoints=endpoints)
    assert names(endpoints_of([slb(8443)], [host])) == [("www.example.com", 8443)]
    assert names(endpoints_of([slb(443), slb(8443)], [host])) == [("www.example.com", 443), ("www.example.com", 8443)]


def test_a_label_names_the_listener_behind_another_port():
    endpoints = [dict(name="www.example.com", port=31001, label="lb-1:443"), dict(name="www.example.com", port=31002, label="lb-1:8443")]
    assert names(endpoints_of([slb(8443)], [balancer(443, 8443, https_endpoints=endpoints)])) == [("www.example.com", 31002)]


def test_a_single_listener_is_behind_whatever_port():
    assert names(endpoints_of([slb()], [balancer(443, https_endpoints=[dict(name="www.example.com", port=31001)])])) == [
        ("www.example.com", 31001)]


def test_the_sni_slot_goes_before_the_default():
    other = {"fingerprint": "cc" * 32}
    host = balancer(443, https_endpoints=[dict(name="shop.example.com"), dict(name="www.example.com")])
    found = endpoints_of([slb(), slb(slot="additional", domain="shop.example.com", previous=other)], [host], expect="previous")
    prints = [(endpoint["name"], endpoint["fingerprint"][:2]) for endpoint in found]
    assert prints == [("shop.example.com", "cc"), ("www.example.com", "bb")]


def test_what_the_certificate_does_not_cover_is_left_out():
    host = balancer(443, https_endpoints=[dict(name="www.example.com"), dict(name="admin.example.net")])
    assert names(endpoints_of([slb()], [host], domains=["*.example.com"])) == [("www.example.com", None)]


def test_where_nothing_was_served_before_there_is_nothing_to_prove():
    host = dict(edge_resources=[dict(service="cdn", domain="static.example.com")], https_endpoints=[dict(name="static.example.com")])
    assert endpoints_of([cdn("static.example.com", previous=None)], [host], expect="previous") == []
    assert len(endpoints_of([cdn("static.example.com", previous=None)], [host])) == 1


def test_hosts_without_endpoints_or_resources_are_no_error():
    assert endpoints_of([slb()], [balancer(443), dict(https_endpoints=[dict(name="www.example.com")]), {}]) == []


def test_the_same_endpoint_of_two_hosts_is_proved_once():
    host = balancer(443, https_endpoints=[dict(name="www.example.com", address="192.0.2.1")])
    assert len(endpoints_of([slb()], [host, dict(host)])) == 1


@pytest.mark.parametrize("domain, name, expected", [
    ("www.example.com", "WWW.example.com.", True),
    ("www.example.com", "example.com", False),
    ("*.example.com", "a.example.com", True),
    ("*.example.com", "a.b.example.com", False),
    ("*.example.com", "example.com", False),
    (".example.com", "a.b.example.com", True),
    (".example.com", "example.com", False),
])
def test_covers(domain, name, expected):
    assert covers(domain, name) is expected


@pytest.mark.parametrize("services, kind, key_type", [
    (["alb"], "ECDSA", "ecdsa"), (["alb", "esa"], "RSA", "rsa"), (["alb"], "SM2", None), (["alb"], None, None), (["esa"], "RSA", None),
    ([], "RSA", None)])
def test_where_there_is_one_of_each_kind_the_handshake_says_which_it_is_about(services, kind, key_type):
    place = dict(service="alb", region="cn-hangzhou", instance="alb-1", listener_port=443, slot="default", domain=None)
    target = dict(place, current=dict(fingerprint="aa", key_type=kind), previous=dict(fingerprint="bb", key_type="RSA"))
    resource = dict(service="alb", region="cn-hangzhou", instance="alb-1")
    host = dict(edge_resources=[resource], https_endpoints=[dict(name="www.example.com")])
    (found,) = endpoints_of([target], [host], key_types_of=services)
    assert (found["fingerprint"], found.get("key_type")) == ("aa", key_type)
    (before,) = endpoints_of([target], [host], expect="previous", key_types_of=services)
    assert (before["fingerprint"], before.get("key_type")) == ("bb", "rsa" if "alb" in services else None)
