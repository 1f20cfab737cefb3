# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be done next with a series, read from the cloud and from the wire: one call, no write."""

from __future__ import annotations

import datetime

import pytest

from tests.support.modules import connection
from tests.support.triple import observed

NAME = "cas_rotation_info"
NAMES = ["www.example.com", "api.example.com", "static.example.com", "img.example.com", "*.shop.example.com"]
WEB = dict(service="slb", region="cn-hangzhou", instance="lb-empty1", slot="default")
IMG, STATIC = dict(service="cdn", domain="img.example.com"), dict(service="cdn", domain="static.example.com")
SLOT = "slb/cn-hangzhou/lb-empty1:443/default"
HOST, ADMIN = "www.example.com", "admin.example.net"


class Stage:
    """An account whose edge has the old certificate of the series shop, which is due: a listener with another one by SNI, and a domain."""

    def __init__(self, handle, materials):
        self.handle, self.materials, cloud = handle, materials, handle.cloud
        self.ids = dict(old=self.add(materials.old))
        slb = cloud.slb
        self.own = slb.add_certificate("cn-hangzhou", "old", materials.old)
        slb.add_https_listener("lb-empty1", 443, self.own)
        slb.add_domain_extension("lb-empty1", 443, ADMIN, slb.add_certificate("cn-hangzhou", "admin", materials.unrelated))
        cloud.cdn.add_domain("img.example.com", certificate=materials.old, certificate_name="old", cas_id=self.ids["old"])

    def add(self, material):
        """Into the series; CAS's id."""
        return self.handle.cloud.cas.add_certificate("shop-{0}".format(material.fingerprint[:16]), material)

    def at(self, key, name):
        place = self.handle.data_plane[key]
        return dict(name=name, address=place["host"], port=place["port"], label=name)

    def look(self, *resources, material=None, **more):
        given = dict(certificate=material.chain_pem) if material else {}
        options = {**connection(self.handle), "name": "shop", "ca_path": self.handle.ca_path, "resources": list(resources), **given, **more}
        result, writes = observed(self.handle, NAME, {key: value for key, value in options.items() if value is not None})
        assert writes == []
        if not result["failed"]:
            assert "\n" not in result["rotation"]["message"]
        return result

    def deploy(self, certificate, *resources):
        options = dict(connection(self.handle), certificate=dict(id=certificate), resources=list(resources), wait_timeout=20,
                       wait_interval=0.05)
        result, _writes = observed(self.handle, "cas_deploy", options)
        assert not result["failed"], result["msg"]


@pytest.fixture
def stage(cloud, materials):
    return Stage(cloud, materials)


@pytest.fixture(scope="session")
def early(emulator):
    """One that becomes valid in two days."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return emulator.authority.issue(NAMES, not_before=now + datetime.timedelta(days=2))


def rotation(result):
    assert not result["failed"], result["msg"]
    return result["rotation"]


def reasons(found, key="due"):
    return {row["target"] or row["label"]: row.get("reason") for row in found[key]}


def test_the_newest_is_due_and_nothing_newer_is_given(stage):
    found = rotation(stage.look(WEB, IMG))
    assert found["action"] == "obtain" and reasons(found) == {SLOT: "expiring", "cdn/img.example.com": "expiring"}
    assert found["current"]["id"] == stage.ids["old"] == found["wanted"]["id"] and found["candidate"] is None
    assert set(NAMES) == set(found["covers"]) and found["missing"] == [] and found["unknown"] == []
    assert "A new certificate is needed" in found["message"]


@pytest.mark.parametrize("days, action", [(5, "none"), (30, "obtain")])
def test_how_near_the_end_must_be(stage, days, action):
    assert rotation(stage.look(WEB, IMG, within_days=days))["action"] == action


def test_a_newer_certificate_is_given(stage):
    found = rotation(stage.look(WEB, IMG, material=stage.materials.new))
    assert found["action"] == "deploy" and reasons(found) == {SLOT: "expiring", "cdn/img.example.com": "expiring"}
    assert found["wanted"] == {key: value for key, value in found["candidate"].items() if key not in ("problem", "newer")}
    assert found["wanted"]["id"] is None and found["candidate"]["newer"] and found["candidate"]["problem"] == ""


def test_the_file_is_still_the_old_one(stage):
    found = rotation(stage.look(WEB, IMG, material=stage.materials.old))
    assert found["action"] == "obtain" and not found["candidate"]["newer"]


def test_a_rotation_that_was_interrupted(stage):
    new = stage.add(stage.materials.new)
    stage.deploy(new, IMG)
    found = rotation(stage.look(WEB, IMG))
    assert found["action"] == "deploy" and reasons(found) == {SLOT: "expiring"}
    assert found["wanted"]["id"] == new == found["current"]["id"]


def test_nothing_to_do(stage):
    new = stage.add(stage.materials.new)
    stage.deploy(new, WEB, IMG)
    served = [stage.at("slb/lb-empty1/443", HOST), stage.at("slb/lb-empty1/443", ADMIN)]
    found = rotation(stage.look(dict(WEB, endpoints=served), IMG, https_endpoints=[*served, stage.at("cdn", "img.example.com")],
                                material=stage.materials.new))
    assert found["action"] == "none" and found["due"] == [] and found["others"] == []
    assert found["message"].startswith("Nothing to do: 4 slots and endpoints have shop-{0}".format(stage.materials.new.fingerprint[:16]))


def test_a_domain_that_was_named_and_has_none_gets_one_and_one_that_was_found_does_not(stage):
    stage.handle.cloud.cdn.add_domain("static.example.com")
    new = stage.add(stage.materials.new)
    stage.deploy(new, WEB, IMG)
    endpoint = stage.at("cdn", "static.example.com")
    found = rotation(stage.look(dict(STATIC, endpoints=[endpoint])))
    assert found["action"] == "deploy" and reasons(found) == {"cdn/static.example.com": "empty"} and found["unknown"] == []
    found = rotation(stage.look(WEB, discover=dict(services=["cdn"])))
    assert found["action"] == "none"


def test_an_endpoint_alone(stage):
    """As application hosts and AIRec are: nothing but what they serve is known. The listener stands for such a host here."""
    new = stage.add(stage.materials.new)
    stage.deploy(new, IMG)
    host = stage.at("slb/lb-empty1/443", HOST)
    found = rotation(stage.look(https_endpoints=[host, stage.at("slb/lb-empty1/443", ADMIN)]))
    assert found["action"] == "deploy" and reasons(found) == {HOST: "expiring"}
    row = found["due"][0]
    assert (row["fingerprint"], row["id"], row["address"], row["port"], row["days_left"]) == (
        stage.materials.old.fingerprint, stage.ids["old"], host["address"], host["port"], 11)


def test_a_slot_that_is_right_and_an_endpoint_that_serves_something_else(stage):
    key = "slb/lb-empty1/443"
    new = stage.add(stage.materials.new)
    stage.handle.dataplane.fault(key, "old")
    stage.deploy(new, WEB)
    found = rotation(stage.look(dict(WEB, endpoints=[stage.at(key, HOST)])))
    assert found["action"] == "deploy" and reasons(found) == {HOST: "not_served"}


def test_what_is_not_of_the_series_is_left_alone_and_said_when_it_ends_soon(stage):
    new = stage.add(stage.materials.new)
    stage.deploy(new, WEB, IMG)
    served = [stage.at("slb/lb-empty1/443", HOST), stage.at("slb/lb-empty1/443", ADMIN)]
    found = rotation(stage.look(dict(WEB, endpoints=served), IMG, within_days=80))
    assert found["action"] == "none" and found["others"] == []
    stage.handle.cloud.cdn.add_domain(ADMIN, certificate=stage.handle.authority.issue([ADMIN], days=9), certificate_name="admin", cas_id=0)
    found = rotation(stage.look(WEB, IMG, https_endpoints=[stage.at("cdn", ADMIN)]))
    assert found["action"] == "none" and reasons(found, "others") == {ADMIN: "expiring"} and ADMIN in found["message"]


# -- what stops it ---------------------------------------------------------------------------------------------------------------------

def test_a_certificate_that_is_not_valid_yet_is_waited_for(stage, early):
    found = rotation(stage.look(WEB, IMG, material=early))
    assert found["action"] == "wait" and early.fingerprint[:16] in found["message"]
    assert "can be used from {0}".format(found["candidate"]["not_before"]) in found["message"]
    assert "What is in use is valid until {0}".format(found["current"]["not_after"][:10]) in found["message"]


def test_a_certificate_settles_before_it_is_used(stage):
    assert rotation(stage.look(WEB, IMG, material=stage.materials.new, settle_hours=0))["action"] == "deploy"
    assert rotation(stage.look(WEB, IMG, material=stage.materials.new, settle_hours=1000))["action"] == "blocked", "the old one ends before"
    assert rotation(stage.look(WEB, IMG, material=stage.materials.new, settle_hours=200))["action"] == "wait"


def test_names_that_would_be_lost(stage):
    found = rotation(stage.look(WEB, IMG, material=stage.materials.narrow))
    assert found["action"] == "blocked" and SLOT in found["message"] and "also covers" in found["message"]
    found = rotation(stage.look(dict(WEB, slot="auto"), material=stage.materials.narrow))
    assert found["action"] == "blocked"
    found = rotation(stage.look(https_endpoints=[stage.at("slb/lb-empty1/443", HOST)], material=stage.materials.narrow))
    assert found["action"] == "blocked" and found["missing"] == sorted(set(NAMES) - {HOST})
    assert "does not cover" in found["message"] and HOST in found["message"]


def test_an_end_before_that_of_what_is_replaced(stage):
    short = stage.handle.authority.issue(NAMES, days=3)
    found = rotation(stage.look(WEB, IMG, material=short))
    assert found["action"] == "blocked" and "before what it would replace" in found["message"]


def test_a_chain_that_is_not_complete(stage):
    bare = stage.materials.new.chain_pem.split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----"
    found = rotation(stage.look(WEB, IMG, certificate=bare))
    assert found["action"] == "blocked" and "chain is incomplete" in found["message"]
    assert "chain is incomplete" in found["candidate"]["problem"]


def test_what_cannot_be_looked_at_is_never_fine(stage):
    new = stage.add(stage.materials.new)
    stage.deploy(new, WEB, IMG)
    key = stage.handle.key(deny=["cdn:*"])
    endpoint = stage.at("slb/lb-empty1/443", HOST)
    stage.handle.dataplane.fault("slb/lb-empty1/443", "refuse")
    found = rotation(stage.look(dict(WEB, endpoints=[endpoint]), IMG, access_key_id=key.access_key_id,
                                access_key_secret=key.access_key_secret))
    assert found["action"] == "none" and set(reasons(found, "unknown")) == {"cdn/img.example.com", HOST}
    assert found["message"].startswith("Nothing to do where it could be looked at:")
    assert "NOT looked at: cdn/img.example.com" in found["message"]


def test_a_series_that_is_not_there(stage):
    found = rotation(stage.look(WEB, IMG, name="other"))
    assert found["action"] == "obtain" and found["current"] is None and found["covers"] == []
    assert set(reasons(found, "others")) == {SLOT, "cdn/img.example.com"}


def test_additional_certificates_of_a_set(stage):
    state, materials = stage.handle.cloud, stage.materials
    state.alb.add_load_balancer("alb-1", "cn-hangzhou", address="203.0.113.12")
    wider = state.cas.add_certificate("wider-1", materials.wider)
    state.alb.add_listener("alb-1", 443, "HTTPS", wider, [stage.ids["old"], state.cas.add_certificate("unrelated-1", materials.unrelated)])
    alb = dict(service="alb", region="cn-hangzhou", instance="alb-1")
    found = rotation(stage.look(alb, material=materials.new))
    assert found["action"] == "deploy" and [row["reason"] for row in found["due"]] == ["expiring"]
    new = stage.add(materials.new)
    stage.deploy(new, alb)
    found = rotation(stage.look(alb))
    assert found["action"] == "deploy", "the superseded one is there still"
    assert [row["target"].rpartition("/")[0] for row in found["due"]] == ["alb/cn-hangzhou/alb-1:443/additional"]
    assert rotation(stage.look(alb, supersede=False))["action"] == "none"


def test_one_of_another_kind_of_key_is_served_beside_it(stage):
    """Which of the two an endpoint shows depends on who asks."""
    material = stage.handle.authority.issue(NAMES, days=20, key="ec")
    stage.handle.cloud.cas.add_certificate("shop-ecdsa-{0}".format(material.fingerprint[:16]), material)
    stage.deploy(stage.add(stage.materials.new), IMG)
    stage.handle.cloud.cdn.add_domain("api.example.com", certificate=material, certificate_name="shop-ecdsa", cas_id=0)
    endpoint = stage.at("cdn", "api.example.com")
    assert rotation(stage.look(https_endpoints=[endpoint]))["action"] == "deploy"
    found = rotation(stage.look(https_endpoints=[endpoint], alternatives=["shop-ecdsa"]))
    assert found["action"] == "none" and reasons(found, "others") == {"api.example.com": "expiring"}


@pytest.mark.parametrize("more, words", [
    (dict(resources=None), ["one of the following"]), (dict(certificate="no certificate"), ["Malformed PEM"]),
    (dict(https_endpoints=[dict(name="img.example.com", port=0)]), ["port 0"]),
    (dict(certificate_path="/nowhere/fullchain.pem"), ["/nowhere/fullchain.pem"]),
])
def test_what_is_refused(stage, more, words):
    result = stage.look(IMG, **more)
    assert result["failed"] and all(word in result["msg"] for word in words), result["msg"]
