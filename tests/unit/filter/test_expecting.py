# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each endpoint has to serve."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.daas.https.plugins.filter.expecting import FilterModule, expecting
from ansible_collections.daas.https.plugins.module_utils._tls.wants import read_wants

NEW = "aa" * 32


@pytest.mark.parametrize(("name", "domains", "meant"), [
    ("www.example.com", ["www.example.com"], True),
    ("WWW.Example.com.", ["www.example.com"], True),
    ("www.example.com", ["WWW.example.com"], True),
    ("a.shop.example.com", ["*.shop.example.com"], True),
    ("a.b.shop.example.com", ["*.shop.example.com"], False),
    ("shop.example.com", ["*.shop.example.com"], False),
    ("admin.example.net", ["www.example.com", "*.shop.example.com"], False),
    ("admin.example.net", [], True),
    ("admin.example.net", None, True),
])
def test_only_endpoints_that_the_certificate_covers_have_to_serve_it(name, domains, meant):
    given = dict(name=name, label="x")
    assert expecting([given], NEW, domains) == [dict(given, expected_fingerprint=[NEW]) if meant else given]


@pytest.mark.parametrize("nothing", ["", None])
def test_without_a_fingerprint_nothing_is_expected(nothing):
    given = dict(name="www.example.com", label="x")
    assert expecting([given], nothing, ["www.example.com"]) == [given]


@pytest.mark.parametrize("word", ["expected_fingerprint", "fingerprint"])
def test_what_an_endpoint_says_itself_stays(word):
    own = {"name": "www.example.com", "label": "x", word: ["bb" * 32]}
    assert expecting([own], NEW, ["www.example.com"]) == [own]


def test_order_and_other_keys_stay_and_the_input_too():
    given = [dict(name="www.example.com", port=8443, label="b"), dict(name="other.example.net"), dict(name="www.example.com", label="a")]
    before = copy.deepcopy(given)
    found = expecting(given, NEW, ["www.example.com"])
    assert [endpoint.get("label") for endpoint in found] == ["b", "other.example.net:443", "a"] and found[0]["port"] == 8443
    assert given == before


@pytest.mark.parametrize(("endpoint", "label"), [
    (dict(name="WWW.example.com."), "www.example.com:443"),
    (dict(name="www.example.com", port="8443"), "www.example.com:8443"),
    (dict(name="www.example.com", label=None, address="192.0.2.1"), "www.example.com:443"),
])
def test_a_missing_label_is_the_one_of_tls_verify(endpoint, label):
    params = dict(expected_fingerprint=None, previous_fingerprint=None, min_days_left=0, check_hostname=True)
    option = dict(dict(address=None, label=None, **params), **dict(endpoint, port=int(endpoint.get("port", 443))))
    gate = read_wants(dict(params, endpoints=[option], timeout=1, parallel=1, successes=1, wait_interval=1))
    assert [found["label"] for found in expecting([endpoint], NEW)] == [label] == [want.endpoint.label for want in gate]


def test_the_filter_is_found_by_its_name():
    assert FilterModule().filters() == {"expecting": expecting}
