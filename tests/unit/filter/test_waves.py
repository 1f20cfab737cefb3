# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resources in waves: every one once, all slots of one in the same wave, the canary first."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.daas.https.plugins.filter.waves import FilterModule, waves

LB = dict(service="slb", region="cn-hangzhou", instance="lb-1", listener_port=443)


def domain(name):
    return dict(service="cdn", domain=name)


def target(resource, slot=None, sni=None):
    port = resource.get("listener_port")
    name = "/".join(part for part in (resource["service"], resource.get("region"), resource.get("instance"), slot,
                                      sni or resource.get("domain")) if part)
    return dict(resource, target=name, region=resource.get("region"), instance=resource.get("instance"), listener_port=port, slot=slot,
                protocol=resource.get("protocol"), domain=sni or resource.get("domain"))


DOMAINS = [domain("d{0}.example.com".format(number)) for number in range(8)]


@pytest.mark.parametrize("sizes, lengths", [
    (None, [8]), (["100%"], [8]), ([1, "50%"], [1, 4, 3]), (["1", 2], [1, 2, 2, 2, 1]), (["25%"], [2, 2, 2, 2]), (["1%"], [1] * 8),
    ([0], [1] * 8),
])
def test_sizes(sizes, lengths):
    found = waves([target(item) for item in DOMAINS], DOMAINS, sizes)
    assert [len(wave) for wave in found] == lengths and [item for wave in found for item in wave] == DOMAINS


@pytest.mark.parametrize("size", ["many", "-1", "", "10 %x", "1.5"])
def test_a_size_that_is_none(size):
    with pytest.raises(AnsibleFilterError, match="number or percents"):
        waves([target(DOMAINS[0])], DOMAINS, [size])


def test_all_slots_of_a_resource_are_in_one_wave():
    found = waves([target(LB, "default"), target(DOMAINS[0]), target(LB, "additional", "www.example.com")], [LB] + DOMAINS, [1])
    assert found == [[LB], [DOMAINS[0]]]


def test_the_canary_is_first():
    found = waves([target(item) for item in DOMAINS], DOMAINS, [1, "100%"], ["cdn/d5.*"])
    assert found[0] == [DOMAINS[5]] and len(found[1]) == 7


def test_options_of_a_resource_are_kept_and_what_was_discovered_is_named():
    mine = dict(LB, slot="additional", domains=["www.example.com"], force=True)
    other = dict(LB, instance="lb-2")
    assert waves([target(LB, "additional", "www.example.com"), target(other, "default")], [mine]) == [[mine, dict(other)]]


def test_listeners_are_told_apart_by_port_protocol_and_region():
    alb = dict(service="ALB", region="cn-hangzhou", instance="alb-1")
    resources = [dict(alb, protocol="quic"), dict(alb, listener_port=8443), dict(alb, region="cn-shanghai"), alb]
    row = dict(target(dict(LB, service="alb", instance="alb-1"), "default"), protocol=None)
    assert waves([row], resources) == [[alb]]
    assert waves([dict(row, protocol="quic")], resources) == [[resources[0]]]
    assert waves([dict(row, listener_port=8443)], resources) == [[resources[1]]]


def test_nothing_gives_no_wave():
    assert waves([], DOMAINS, [1]) == [] and FilterModule().filters() == {"waves": waves}


@given(st.integers(0, 30), st.lists(st.one_of(st.integers(0, 9), st.integers(0, 100).map("{0}%".format)), min_size=1, max_size=4))
def test_each_is_in_exactly_one_wave(number, sizes):
    resources = [domain("d{0}.example.com".format(item)) for item in range(number)]
    found = waves([target(item) for item in resources], resources, sizes)
    assert [item for wave in found for item in wave] == resources and all(found)


def test_two_domains_of_a_bucket_and_a_site_by_its_name_are_told_apart():
    """A target says itself which resource it comes from: what results call by an id may have been named by a name."""
    shop, files = (dict(service="oss", region="cn-hangzhou", instance="assets", domain=name) for name in ("a.example.com", "b.example.com"))
    site = dict(service="esa", instance="shop.example.com", force=True)
    rows = [dict(target(shop), resource=shop), dict(target(files), resource=files), dict(target(dict(site, instance="123")), resource=site)]
    assert waves(rows, [], [1]) == [[shop], [files], [site]]
    without = [{key: value for key, value in row.items() if key != "resource"} for row in rows[:2]]
    assert waves(without, [files, shop]) == [[shop, files]] and waves(without, []) == [[shop, files]]
