# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drift report: what is bound, what is served and what is expected, each read for itself."""

from __future__ import annotations

import pytest

from tests.support.modules import connection
from tests.support.triple import observed
from tests.unit.modules.test_cas_deploy import IMG, STATIC, WEB, Stage

NAME = "cas_deploy_info"


@pytest.fixture
def stage(cloud, materials):
    return Stage(cloud, materials)


def report(stage, *resources, certificate="new", **more):
    wanted = dict(id=stage.ids[certificate]) if isinstance(certificate, str) else certificate
    expected = dict(certificate=wanted) if wanted else {}
    options = {**connection(stage.handle), "resources": list(resources), "ca_path": stage.handle.ca_path, **expected, **more}
    result, writes = observed(stage.handle, NAME, {key: value for key, value in options.items() if value is not None})
    assert writes == []
    return result


def verdicts(result):
    assert not result["failed"], result["msg"]
    return {row["target"]: row["verdict"] for row in result["drift"]["slots"]}


def at(stage, key, name):
    place = stage.handle.data_plane[key]
    return dict(name=name, address=place["host"], port=place["port"])


def test_every_slot_of_a_listener_is_looked_at(stage):
    result = report(stage, WEB)
    assert verdicts(result) == {
        "slb/cn-hangzhou/lb-empty1:443/default": "other", "slb/cn-hangzhou/lb-empty1:443/additional/admin.example.net": "unknown"}
    default, admin = result["drift"]["slots"]
    assert default["expected"] == stage.materials.new.fingerprint and admin["expected"] is None
    assert default["bound"]["domains"] and not result["drift"]["ok"]
    assert result["drift"]["verdicts"] == {"other": 1, "unknown": 1}


def test_after_a_deployment_all_is_well(stage):
    deployed, _writes = stage.deploy(WEB, IMG, STATIC)
    assert not deployed["failed"]
    endpoint = at(stage, "slb/lb-empty1/443", "www.example.com")
    result = report(stage, dict(WEB, endpoints=[endpoint]), dict(IMG, endpoints=[at(stage, "cdn", "img.example.com")]), STATIC)
    assert set(verdicts(result).values()) <= {"ok", "unknown"} and result["drift"]["ok"]
    row = next(row for row in result["drift"]["slots"] if row["target"].endswith("443/default"))
    assert row["days_left"] in (89, 90) and row["bound"]["cas_id"] == stage.ids["new"]
    assert [served["fingerprint"] for served in row["served"]] == [stage.materials.new.fingerprint]


def test_a_wire_that_shows_something_else(stage):
    key = "slb/lb-empty1/443"
    stage.handle.dataplane.fault(key, "old")
    stage.deploy(WEB)
    result = report(stage, dict(WEB, endpoints=[at(stage, key, "www.example.com"), at(stage, key, "admin.example.net")]))
    found = verdicts(result)
    assert found["slb/cn-hangzhou/lb-empty1:443/default"] == "not_served"
    assert stage.materials.old.fingerprint in str(result["drift"]["slots"])
    assert found["slb/cn-hangzhou/lb-empty1:443/additional/admin.example.net"] == "unknown", "its own endpoint is right"


def test_an_endpoint_that_cannot_be_looked_at(stage):
    stage.deploy(IMG)
    stage.handle.dataplane.fault("cdn", "refuse")
    result = report(stage, dict(IMG, endpoints=[at(stage, "cdn", "img.example.com")]))
    assert verdicts(result) == {"cdn/img.example.com": "unseen"} and "could not be looked at: " in result["drift"]["slots"][0]["message"]


@pytest.mark.parametrize("certificate, least, verdict", [
    (None, 30, "expiring"), (None, 5, "ok"), ("old", 5, "ok"), ("new", 5, "other"), ("narrow", 5, "ok"),
])
def test_what_is_expected_and_how_long_it_must_last(stage, certificate, least, verdict):
    """narrow does not cover the domain, so nothing says that it should be there."""
    result = report(stage, IMG, certificate=certificate, min_days_left=least)
    assert verdicts(result) == {"cdn/img.example.com": verdict} and result["drift"]["slots"][0]["days_left"] in (11, 12)


def test_expired_empty_and_changing(stage):
    domains = stage.handle.cloud.cdn
    domains.add_domain("old.example.com", certificate=stage.materials.expired, certificate_name="expired", cas_id=stage.ids["expired"])
    domains.domains["img.example.com"].busy = 3
    result = report(stage, dict(service="cdn", domain="old.example.com"), STATIC, IMG, certificate=None)
    assert verdicts(result) == {"cdn/old.example.com": "expired", "cdn/static.example.com": "empty", "cdn/img.example.com": "changing"}


def test_a_service_that_may_not_be_read_is_a_verdict_and_no_failure(stage):
    key = stage.handle.key(deny=["cdn:*"])
    result = report(stage, WEB, IMG, access_key_id=key.access_key_id, access_key_secret=key.access_key_secret)
    assert verdicts(result)["cdn/img.example.com"] == "unreadable" and not result["drift"]["ok"]
    assert "cdn:" in next(row["message"] for row in result["drift"]["slots"] if row["verdict"] == "unreadable")


def test_what_is_found_and_what_is_named_come_once(stage):
    result = report(stage, IMG, discover=dict(services=["cdn", "slb"], regions=["cn-hangzhou", "cn-shanghai"]))
    names = [row["target"] for row in result["drift"]["slots"]]
    assert len(names) == len(set(names)) == 8


def test_additional_certificates_of_a_set(stage):
    state = stage.handle.cloud
    state.alb.add_load_balancer("alb-1", "cn-hangzhou", address="203.0.113.12")
    wider = state.cas.add_certificate("wider-1", stage.materials.wider)
    unrelated = state.cas.add_certificate("unrelated-1", stage.materials.unrelated)
    state.alb.add_listener("alb-1", 443, "HTTPS", wider, [stage.ids["old"], unrelated])
    alb = dict(service="alb", region="cn-hangzhou", instance="alb-1", endpoints=[
        at(stage, "alb/alb-1/443", name) for name in ("www.example.com", "admin.example.net", "mail.example.com")])
    result = report(stage, alb, min_days_left=5)
    assert sorted(verdicts(result).values()) == ["ok", "ok", "superseded"]
    assert [[served["label"] for served in row["served"]] for row in result["drift"]["slots"]] == [
        ["mail.example.com:%d" % alb["endpoints"][0]["port"]], ["www.example.com:%d" % alb["endpoints"][0]["port"]],
        ["admin.example.net:%d" % alb["endpoints"][0]["port"]]]


@pytest.mark.parametrize("more, words", [
    (dict(resources=[dict(service="VOD", domain="a.example.com")]), ["knows the services"]),
    (dict(resources=None), ["one of the following"]), (dict(certificate=dict(name="nothing")), ["no certificate with name nothing"]),
    (dict(resources=[dict(IMG, endpoints=[dict(name="img.example.com", port=0)])]), ["port 0"]),
])
def test_what_is_refused(stage, more, words):
    result = report(stage, IMG, **more)
    assert result["failed"] and all(word in result["msg"] for word in words), result["msg"]
