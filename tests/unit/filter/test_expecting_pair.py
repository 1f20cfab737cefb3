# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts are looked at for both kinds of keys, and what each look has to show."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.daas.https.plugins.filter.expecting import expecting
from ansible_collections.daas.https.plugins.filter.expecting_pair import FilterModule

expecting_pair = FilterModule().filters()["expecting_pair"]
FIRST, SECOND = "a" * 64, "b" * 64
WWW = dict(name="www.example.com", address="192.0.2.1")
ECDSA = dict(fingerprint=SECOND, key_type="ECDSA")
BOTH = [dict(WWW, label="www.example.com:443 (rsa)", key_type="rsa", expected_fingerprint=[FIRST]),
        dict(WWW, label="www.example.com:443 (ecdsa)", key_type="ecdsa", expected_fingerprint=[SECOND])]


def host(*services, **more):
    return dict(https_endpoints=[dict(WWW)], edge_resources=[dict(service=service) for service in services], **more)


@pytest.mark.parametrize("one", [
    host("alb"), host("ALB", "esa"), dict(https_endpoints=[WWW], app_host_alternative_certificate_dest="/etc/nginx/tls/ec.pem"),
    dict(https_endpoints=[WWW], app_host_alternative_combined_dest="/etc/haproxy/certs/site.pem.ecdsa")])
def test_a_host_that_has_both_is_looked_at_twice(one):
    before = copy.deepcopy(one)
    assert expecting_pair([one], FIRST, ECDSA, ["*.example.com"]) == BOTH
    assert one == before


def test_the_first_one_may_be_the_ecdsa_one():
    found = expecting_pair([host("alb")], FIRST, dict(fingerprint=SECOND, key_type="RSA"))
    assert [(item["key_type"], item["expected_fingerprint"]) for item in found] == [("ecdsa", [FIRST]), ("rsa", [SECOND])]


def test_of_a_host_of_which_a_part_has_both_either_will_do():
    assert [item["expected_fingerprint"] for item in expecting_pair([host("alb", "slb")], FIRST, ECDSA)] == [[FIRST, SECOND]]


@pytest.mark.parametrize("hosts, alternative", [
    ([host("slb"), host("nlb", "cdn"), host(), dict(https_endpoints=[WWW]), {}], ECDSA),
    ([host("alb")], {}), ([host("alb")], dict(fingerprint=None, key_type="ECDSA"))])
def test_all_others_are_as_without_an_alternative(hosts, alternative):
    plain = [endpoint for one in hosts for endpoint in one.get("https_endpoints", [])]
    assert expecting_pair(hosts, FIRST, alternative, ["*.example.com"]) == expecting(plain, FIRST, ["*.example.com"])


def test_what_is_not_expected_and_what_says_itself_what_it_serves_is_left_alone():
    other = dict(name="www.example.net")
    own = dict(WWW, expected_fingerprint=["c" * 64])
    hosts = [dict(host("alb"), https_endpoints=[other, own])]
    assert expecting_pair(hosts, FIRST, ECDSA, ["www.example.com"]) == expecting([other, own], FIRST, ["www.example.com"])
    assert expecting_pair([host("alb")], "", ECDSA) == expecting([WWW], "")
