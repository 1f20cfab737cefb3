# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding what a certificate is for: in all regions and services, no more than it covers, and with a word on what is left alone."""

from __future__ import annotations

import pytest

from tests.support.triple import observed, triple
from tests.unit.modules.test_cas_deploy import NAME, Stage

EVERYWHERE = dict(services=["slb", "alb", "nlb", "cdn", "dcdn"], regions=["cn-hangzhou", "cn-shanghai"])
MEANT = ["alb/cn-shanghai/alb-1:443/default", "cdn/.shop.example.com", "cdn/img.example.com", "cdn/static.example.com",
         "dcdn/www.example.com", "nlb/cn-hangzhou/nlb-1:8883/default", "slb/cn-hangzhou/lb-empty1:443/default",
         "slb/cn-hangzhou/lb-empty1:8443/additional/www.example.com", "slb/cn-shanghai/lb-empty2:8443/default"]


@pytest.fixture(params=[True, False], ids=["calm", "adverse"])
def stage(request, cloud, materials):
    cloud.reset(calm=request.param)
    made = Stage(cloud, materials)
    state = cloud.cloud
    state.alb.add_load_balancer("alb-1", "cn-shanghai", address="203.0.113.21")
    state.alb.add_listener("alb-1", 443, "HTTPS", made.ids["old"])
    state.alb.add_listener("alb-1", 8443, "HTTPS", state.cas.add_certificate("unrelated", materials.unrelated))
    state.nlb.add_load_balancer("nlb-1", "cn-hangzhou", address="203.0.113.13")
    state.nlb.add_listener("nlb-1", 8883, "TCPSSL", made.ids["old"])
    state.dcdn.add_domain("www.example.com")
    state.cdn.add_domain("other.example.net")
    state.cdn.add_domain("off.shop.example.com", status="offline")
    return made


def options(stage, *resources, **discover):
    return stage.options(*resources, discover=dict(EVERYWHERE, **discover))


def targets(result):
    return sorted(row["target"] for row in result["deployment"]["targets"])


def test_all_that_the_certificate_covers_is_found_and_shown_in_check_mode(stage):
    check, real, _again = triple(stage.handle, NAME, options(stage), stage.materials.keys)
    assert targets(check) == targets(real) == MEANT
    passed = {row["target"]: row["reason"] for row in real["deployment"]["passed_over"]}
    assert set(passed) == {"alb/cn-shanghai/alb-1:8443", "cdn/other.example.net", "cdn/off.shop.example.com"}
    assert "does not cover" in passed["cdn/other.example.net"] and "'offline'" in passed["cdn/off.shop.example.com"]
    assert "admin.example.net" in {*stage.served("slb/lb-empty1/443")[1]}, "the unrelated SNI certificate stays"


@pytest.mark.parametrize("pattern, gone", [
    ("*.shop.example.com", {"cdn/.shop.example.com"}), ("cdn/*", {name for name in MEANT if name.startswith("cdn/")}),
    ("lb-empty1:8443", {"slb/cn-hangzhou/lb-empty1:8443/additional/www.example.com"}),
    ("lb-empty1", {name for name in MEANT if "lb-empty1" in name}), ("*", set(MEANT)),
])
def test_what_is_excluded_is_not_even_looked_at(stage, pattern, gone):
    result, _writes = observed(stage.handle, NAME, options(stage, exclude=[pattern]), check=True)
    assert not result["failed"], result["msg"]
    assert set(targets(result)) == set(MEANT) - gone
    if pattern == "*":
        assert any("No resource was meant" in str(text) for text in result["warnings"])


def test_what_is_named_is_done_as_it_is_named(stage):
    named = dict(service="slb", region="cn-hangzhou", instance="lb-empty1", slot="additional", domains=["www.example.com"])
    result, _writes = observed(stage.handle, NAME, options(stage, named), check=True)
    assert not result["failed"], result["msg"]
    # and what else of the listener is found besides does not come twice
    assert targets(result) == sorted(MEANT + ["slb/cn-hangzhou/lb-empty1:443/additional/www.example.com"])


@pytest.mark.parametrize("discover, words", [
    (dict(services=["slb"]), ["needs regions", "'slb'"]), (dict(services=["VOD"]), ["'VOD' cannot be listed", "alb, cdn"]),
])
def test_what_cannot_be_listed_is_refused(stage, discover, words):
    result, writes = observed(stage.handle, NAME, stage.options(discover=discover))
    assert result["failed"] and all(word in result["msg"] for word in words) and writes == []


def test_one_service_of_five_that_may_not_be_listed_stops_none_of_the_others(stage):
    key = stage.handle.key(deny=["dcdn:DescribeDcdnUserDomains"])
    limited = dict(options(stage), access_key_id=key.access_key_id, access_key_secret=key.access_key_secret)
    result, writes = observed(stage.handle, NAME, limited)
    assert result["failed"] and "dcdn:DescribeDcdnUserDomains" in result["msg"] and "1 of 9 targets failed" in result["msg"]
    assert {product for product, _action in writes} == {"slb", "alb", "nlb", "cdn"}
    assert targets(result) == sorted(["dcdn"] + [name for name in MEANT if not name.startswith("dcdn")])


def test_one_service_of_five_that_may_not_be_changed_stops_none_of_the_others(stage):
    key = stage.handle.key(deny=["alb:Update*"])
    limited = dict(options(stage), access_key_id=key.access_key_id, access_key_secret=key.access_key_secret)
    result, writes = observed(stage.handle, NAME, limited)
    assert result["failed"] and "alb:UpdateListenerAttribute" in result["msg"]
    assert {product for product, _action in writes} == {"slb", "nlb", "cdn", "dcdn"}
    failed = [row["target"] for row in result["deployment"]["targets"] if row["error"]]
    assert failed == ["alb/cn-shanghai/alb-1:443/default"]
    again, writes = observed(stage.handle, NAME, options(stage))
    assert not again["failed"] and writes == [("alb", "UpdateListenerAttribute")]
