# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployment to ApsaraVideo Live and ESA, from the first read to the handshake, and back again."""

from __future__ import annotations

import pytest

from ansible_collections.daas.https.plugins.module_utils._targets import esa, live
from ansible_collections.daas.https.plugins.module_utils._targets.registry import TARGETS
from tests.support.modules import connection, run_module
from tests.support.triple import observed, triple

NAME = "cas_deploy"
STREAM = "stream.shop.example.com"
LIVE = dict(service="live", domain=STREAM)
SET_LIVE, SET_ESA, DELETE_ESA = "SetLiveDomainCertificate", "SetCertificate", "DeleteCertificate"


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(TARGETS, "live", live.TARGET)
    monkeypatch.setitem(TARGETS, "esa", esa)


class Stage:
    """An account with a streaming domain and a site that have the old certificate; ids: CAS's, by the material's name."""

    def __init__(self, handle, materials):
        self.handle, self.materials, cloud = handle, materials, handle.cloud
        self.ids = dict((name, cloud.cas.add_certificate("shop-" + name, getattr(materials, name))) for name in ("old", "new", "narrow"))
        cloud.live.add_domain(STREAM, certificate=materials.old, certificate_name="shop-old", cas_id=self.ids["old"])
        self.site = cloud.esa.add_site("example.com", quota=2)
        self.held = cloud.esa.add_certificate(self.site, materials.old, name="shop-old", cas_id=self.ids["old"])
        self.esa = dict(service="esa", instance=str(self.site.id))

    def options(self, *resources, certificate="new", **more):
        return dict(connection(self.handle), certificate=dict(id=self.ids[certificate]), resources=list(resources), wait_timeout=20,
                    wait_interval=0.05, **more)

    def deploy(self, *resources, check=False, **more):
        result, writes = observed(self.handle, NAME, self.options(*resources, **more), check=check)
        return result, sorted(action for _product, action in writes)

    def restore(self, deployed):
        options = self.options(restore=deployed["deployment"]["targets"])
        for option in ("certificate", "resources"):
            del options[option]
        result, writes = observed(self.handle, NAME, options)
        return result, sorted(action for _product, action in writes)

    def served(self, key, name):
        digest = self.handle.dataplane.serving(key)["sni"].get(name)
        return next((known for known in ("old", "new", "narrow") if getattr(self.materials, known).fingerprint == digest), digest)

    @property
    def edge(self):
        return self.served(self.site.edge, "www.example.com")

    @property
    def stream(self):
        return self.served("live", STREAM)

    def on_site(self):
        """CAS ids of what the site has."""
        return sorted(entry.cas_id for entry in self.site.held.values())


@pytest.fixture
def stage(cloud, materials):
    return Stage(cloud, materials)


def rows(result):
    return dict((row["target"], row) for row in result["deployment"]["targets"])


def test_both_from_check_mode_to_the_second_run(stage):
    """Check mode predicts the calls, the run makes them, the next one finds nothing to do."""
    shown, done, _again = triple(stage.handle, NAME, stage.options(LIVE, stage.esa), stage.materials.keys)
    assert shown["diff"] == done["diff"] and len(done["actions"]) == 2
    assert (stage.stream, stage.edge) == ("new", "new") and list(stage.site.held) == [stage.held]  # in place
    assert set(rows(done)) == {"live/" + STREAM, "esa/%d/additional" % stage.site.id}
    for row in rows(done).values():
        assert row["verified"] and row["current"]["fingerprint"] == stage.materials.new.fingerprint
        assert row["previous"]["cas_id"] == stage.ids["old"]
    assert rows(done)["live/" + STREAM]["current"]["id"] == "shop-new"
    assert rows(done)["esa/%d/additional" % stage.site.id]["current"]["id"] == str(stage.ids["new"])


def test_slow_states_and_throttled_calls(stage):
    stage.handle.cloud.setting.update(dict(slow_states=True, throttle_every=7, stale_reads=1, page_cap=1, shuffle=True))
    done, writes = stage.deploy(LIVE, stage.esa)
    assert not done["failed"], done
    assert writes.count(SET_ESA) == writes.count(SET_LIVE) == 1 and stage.stream == "new"


def test_back_again(stage):
    done, _writes = stage.deploy(LIVE, stage.esa)
    back, writes = stage.restore(done)
    assert not back["failed"] and writes == [SET_ESA, SET_LIVE] and (stage.stream, stage.edge) == ("old", "old")
    assert list(stage.site.held) == [stage.held] and stage.on_site() == [stage.ids["old"]]
    assert stage.restore(done)[1] == []  # it is so already


def test_a_stream_without_a_certificate(stage):
    stage.handle.cloud.live.add_domain("push.shop.example.com")
    done, _writes = stage.deploy(dict(LIVE, domain="push.shop.example.com"))
    assert rows(done)["live/push.shop.example.com"]["previous"] is None and stage.served("live", "push.shop.example.com") == "new"
    assert stage.restore(done)[1] == [SET_LIVE] and stage.served("live", "push.shop.example.com") is None


def test_one_more_on_a_site(stage):
    """The narrow certificate supersedes nothing: it is added, named by CAS's id, and taken away again."""
    done, writes = stage.deploy(stage.esa, certificate="narrow")
    [row] = done["deployment"]["targets"]
    assert writes == [SET_ESA] and (row["previous"], row["certificate"]) == (None, str(stage.ids["narrow"]))
    assert stage.on_site() == sorted([stage.ids["old"], stage.ids["narrow"]]) and stage.edge == "narrow"
    assert stage.restore(done)[1] == [DELETE_ESA] and stage.on_site() == [stage.ids["old"]] and stage.edge == "old"


def test_what_is_superfluous_goes_afterwards(stage):
    """Two old ones, as earlier renewals leave them: one is replaced in place, the other one is taken away when asked."""
    stage.handle.cloud.esa.add_certificate(stage.site, stage.materials.narrow, name="shop-narrow", cas_id=stage.ids["narrow"])
    done, writes = stage.deploy(stage.esa)
    [row] = done["deployment"]["targets"]
    assert writes == [SET_ESA] and [old["cas_id"] for old in row["supersedes"]] and len(stage.site.held) == 2
    tidy, writes = stage.deploy(stage.esa, supersede=True)
    assert writes == [DELETE_ESA] and stage.on_site() == [stage.ids["new"]] and stage.edge == "new"
    assert stage.deploy(stage.esa, supersede=True)[1] == []
    back, writes = stage.restore(dict(deployment=dict(targets=tidy["deployment"]["targets"] + done["deployment"]["targets"])))
    assert not back["failed"] and stage.on_site() == sorted([stage.ids["old"], stage.ids["narrow"]]), back


def test_a_full_plan(stage):
    stage.site.quota = 1
    done, _writes = stage.deploy(stage.esa)  # in place: no further one is needed
    assert not done["failed"] and stage.edge == "new"
    refused, _writes = stage.deploy(stage.esa, certificate="narrow")
    assert refused["failed"] and "CertQuotaCheckFailed" in refused["msg"] and "delete one in the ESA console" in refused["msg"]
    assert stage.edge == "new"


@pytest.mark.parametrize("resource, action", [("esa", SET_ESA), ("live", SET_LIVE)])
def test_a_lost_answer(stage, resource, action):
    stage.handle.fault(product=resource, action=action, kind="cut_after")
    done, writes = stage.deploy(dict(live=LIVE, esa=stage.esa)[resource], certificate="narrow" if resource == "esa" else "new")
    assert not done["failed"], done
    assert set(writes) == {action} and (stage.edge == "narrow" or stage.stream == "new")
    assert len(writes) == (1 if resource == "esa" else 2)  # ESA is asked what has happened, Live is simply told again


def test_by_the_sites_name_and_twice(stage):
    done, _writes = stage.deploy(dict(service="ESA", instance="Example.com"))
    assert list(rows(done)) == ["esa/%d/additional" % stage.site.id]
    twice, writes = stage.deploy(stage.esa, dict(service="esa", instance="example.com"))
    assert twice["failed"] and "is meant twice" in twice["msg"] and writes == []


def test_discovery(stage):
    stage.handle.cloud.esa.add_site("example.net")
    stage.handle.cloud.live.add_domain("stream.example.net")
    options = stage.options(discover=dict(services=["live", "esa"], exclude=["push.*"]))
    done = run_module(NAME, options)
    assert not done["failed"] and set(rows(done)) == {"live/" + STREAM, "esa/%d/additional" % stage.site.id}
    assert len(done["deployment"]["passed_over"]) == 2 and (stage.stream, stage.edge) == ("new", "new")
    assert set(rows(run_module(NAME, dict(options, discover=dict(services=["live", "esa"], exclude=["example.com"])), check=True))) == {
        "live/" + STREAM}


def test_an_upload_cannot_be_put_back(stage):
    stage.handle.cloud.live.add_domain(STREAM, certificate=stage.materials.old, certificate_name="by-hand")
    stage.handle.cloud.live.domains[STREAM].cert_type = "upload"
    done, _writes = stage.deploy(LIVE)
    back, writes = stage.restore(done)
    assert back["failed"] and "put it back by hand" in back["msg"] and writes == [] and stage.stream == "new"
