# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout over the edge: in waves, seen through by somebody else's hand, undone; on a bad night, and killed half way."""

from __future__ import annotations

import collections
import dataclasses
import json
import pathlib
from typing import Any

import pytest

from tests.e2e.rollout import QUIC, QUICK, Watch, begin, bound, chain, committed, killed, made, places, playbook, served
from tests.e2e.stage import Run

HOSTS = "img.example.com,static.example.com,lb-bp1web,alb-uf6shop"
DEPLOY = ["daas.https.deploy", "--tags", "edge", "--limit", HOSTS]
ROLLBACK = ["daas.https.rollback", "--limit", HOSTS]
CANARY = ["-e", json.dumps(dict(edge_waves=[1, "40%"], edge_canary=["cdn/img*"]))]
WAVES = [["cdn/img.example.com"], ["cdn/static.example.com", "slb/lb-bp1web/443"], ["alb/alb-uf6shop/443", "alb/alb-uf6shop/443/quic"]]


# -- one good night: in waves, again, somebody else's hand, back ----------------------------------------------------------------------

@dataclasses.dataclass
class Story:
    """What happened on the stage, in order."""

    before: dict[str, str]
    check: Run
    check_writes: list[tuple[str, str]]
    first: Run
    watch: Watch
    order: list[str]
    writes: list[tuple[str, str]]
    after: dict[str, str]
    second: Run
    second_writes: list[tuple[str, str]]
    old: str
    new: str
    drift: Run
    report: pathlib.Path
    back_check: Run
    back_check_writes: list[tuple[str, str]]
    back: Run
    back_writes: list[tuple[str, str]]
    back_after: dict[str, str]
    back_bound: dict[str, str]
    back_again: Run
    back_again_writes: list[tuple[str, str]]


@pytest.fixture(scope="module")
def story(stage):
    begin(stage)
    found: dict[str, Any] = dict(before=served(stage, HOSTS))

    def play(name, *arguments):
        stage.forget()
        found[name] = stage.play(*arguments)
        found[name + "_writes"] = stage.writes()

    old = next(item for item in stage.control("GET", "/state")["cas"]["certificates"] if item["name"].startswith("shop-"))
    play("check", *DEPLOY, *CANARY, "--check")
    stage.forget()
    place = places(stage)
    with Watch(stage) as watch:
        first = stage.play(*DEPLOY, *CANARY)
    order = [place(entry) for entry in committed(stage.journal())]
    found.update(first=first, watch=watch, order=[item for item in dict.fromkeys(order) if item], writes=stage.writes())
    found["after"] = served(stage, HOSTS)
    play("second", *DEPLOY, *CANARY)
    new = found["first"].results("daas.https.cas_certificate")[0]["certificate"]["fingerprint"]

    report = stage.folder / "report.json"
    somebody = playbook(stage.folder / "somebody.yml", {"name": "Bind another one", "daas.https.cas_deploy": dict(
        certificate=dict(id=old["id"]),
        resources=[dict(service="alb", region="cn-shanghai", instance="alb-uf6shop", protocol="quic", slot="default")])})
    play("drift", chain(stage.folder / "drift.yml", somebody, info(stage, new), "daas.https.verify"), "--limit", HOSTS + ",localhost",
         "-e", "verify_fingerprint=" + new, "-e", "verify_report_dest={0}".format(report))
    del found["drift_writes"]

    play("back_check", *ROLLBACK, "--check")
    play("back", *ROLLBACK)
    found.update(back_after=served(stage, HOSTS), back_bound=bound(stage))
    play("back_again", *ROLLBACK)
    return Story(old=old["fingerprint"], new=new, report=report, **found)


def info(stage, fingerprint):
    """cas_deploy_info alone, as a user would have it: everything of three services in two regions, two of them looked at on the wire."""
    at = {endpoint["label"]: {key: endpoint[key] for key in ("name", "address", "port", "label")} for endpoint in stage.endpoints()}
    return playbook(stage.folder / "info.yml", dict({"name": "What has drifted?", "daas.https.cas_deploy_info": dict(
        certificate=dict(fingerprint=fingerprint), ca_path=stage.files["ca"], min_days_left=7,
        resources=[dict(service="slb", region="cn-hangzhou", instance="lb-bp1web", endpoints=[at["lb-bp1web:443"]]),
                   dict(service="cdn", domain="img.example.com", endpoints=[at["cdn img.example.com"]])],
        discover=dict(services=["slb", "alb", "cdn"], regions=["cn-hangzhou", "cn-shanghai"], exclude=["lb-uf6web*"]))}, register="found"))


def test_the_canary_goes_first_and_each_wave_waits_for_the_proof_of_the_one_before(story):
    assert story.first.code == 0, story.first.output
    order = story.order
    assert [order[:1], sorted(order[1:3]), sorted(order[3:])] == WAVES
    for wave, later in zip(WAVES, WAVES[1:]):
        assert story.watch.proved(wave, later), "{0} before {1}".format(wave, later)
    assert set(story.after.values()) == {story.new} and len(story.after) == 4


def test_a_check_predicts_the_writes_of_all_waves(story):
    assert story.check.code == 0, story.check.output
    assert story.check_writes == []
    assert made(story.check) == made(story.first)
    assert collections.Counter((product, action) for product, action, _target in made(story.first)) == collections.Counter(story.writes)


def test_a_second_rollout_changes_nothing(story):
    assert story.second.code == 0, story.second.output
    assert story.second.changed() == 0 and story.second_writes == []


def test_verify_finds_what_no_handshake_can_see(story):
    """QUIC is over UDP: of that listener the drift report is all there is."""
    assert story.drift.code != 0
    verify = [row for row in story.drift.rows if row["play"] == "The proof"]
    assert next(row for row in verify if row["action"] == "daas.https.tls_verify")["result"]["tls"]["ok"]
    failed = [row["result"]["msg"] for row in verify if row["status"] == "failed"]
    assert len(failed) == 1 and failed[0].startswith(QUIC + ": another certificate is bound"), failed
    report = json.loads(story.report.read_text(encoding="utf-8"))
    slots = {slot["target"]: slot for slot in report["slots"]}
    assert not report["ok"] and QUIC in report["message"]
    assert {target for target, slot in slots.items() if slot["verdict"] != "ok"} == {QUIC} and len(slots) == 5
    assert (slots[QUIC]["bound"]["fingerprint"], slots[QUIC]["expected"]) == (story.old, story.new)
    assert [item["fingerprint"] for item in slots["alb/cn-shanghai/alb-uf6shop:443/default"]["served"]] == [story.new]


def test_cas_deploy_info_alone(story):
    drift = story.drift.results("daas.https.cas_deploy_info")[0]["drift"]
    slots = {slot["target"]: slot for slot in drift["slots"]}
    assert drift["certificate"]["fingerprint"] == story.new and not drift["ok"]
    assert {target: slots[target]["verdict"] for target in slots} == {
        "slb/cn-hangzhou/lb-bp1web:443/default": "ok", "cdn/img.example.com": "ok", "cdn/static.example.com": "ok",
        "alb/cn-shanghai/alb-uf6shop:443/default": "ok", QUIC: "other", "slb/cn-hangzhou/lb-bp1api:443/default": "other",
        "slb/cn-hangzhou/lb-bp1api:443/additional/admin.example.net": "unknown", "alb/cn-hangzhou/alb-bp1shop:443/default": "other",
        **{target: "ok" for target in slots if target.startswith("alb/cn-hangzhou/alb-bp1shop:443/additional/")}}
    assert drift["verdicts"] == dict(collections.Counter(slot["verdict"] for slot in slots.values())) and len(slots) == 9
    assert [item["fingerprint"] for item in slots["cdn/img.example.com"]["served"]] == [story.new]
    assert slots["cdn/static.example.com"]["served"] == [] and slots[QUIC]["days_left"] in (11, 12)


def test_rollback_brings_the_generation_before_back_everywhere(story):
    assert story.back.code == 0, story.back.output
    assert set(story.back_after.values()) == {story.old}
    assert {story.back_bound[place] for place in ("cdn/img.example.com", "cdn/static.example.com", "slb/lb-bp1web/443",
                                                  "alb/alb-uf6shop:443 HTTPS", "alb/alb-uf6shop:443 QUIC")} == {story.old}


def test_a_check_predicts_the_rollback(story):
    assert story.back_check.code == 0, story.back_check.output
    assert story.back_check_writes == [] and story.back_check.changed()
    assert made(story.back_check) == made(story.back)
    assert collections.Counter((product, action) for product, action, _target in made(story.back)) == collections.Counter(story.back_writes)


def test_a_second_rollback_changes_nothing(story):
    assert story.back_again.code == 0, story.back_again.output
    assert story.back_again.changed() == 0 and story.back_again_writes == []


# -- bad nights --------------------------------------------------------------------------------------------------------------------------

def test_with_one_generation_there_is_nothing_to_go_back_to(stage):
    begin(stage)
    before = served(stage, HOSTS)
    run = stage.play(*ROLLBACK)
    assert run.code != 0 and stage.writes() == [] and served(stage, HOSTS) == before
    said = [row["result"]["msg"] for row in run.rows if row["status"] == "failed"]
    assert said and all("no earlier generation of shop to go back to" in text and "Nothing was changed." in text for text in said)


def test_a_third_wave_that_cannot_be_proved_takes_all_back(stage):
    begin(stage)
    before = served(stage, HOSTS)
    stage.control("POST", "/dataplane/fault", dict(key="slb/lb-bp1web/443", kind="old"))
    place = places(stage)
    run = stage.play(*DEPLOY, *QUICK, "-e", json.dumps(dict(edge_waves=[1])))
    assert run.code != 0
    assert served(stage, HOSTS) == before
    written = {place(entry) for entry in committed(stage.journal())} - {""}
    assert written == {"cdn/static.example.com", "cdn/img.example.com", "slb/lb-bp1web/443"}, "what comes later was not begun"
    said = next(row["result"]["msg"] for row in run.rows if row["status"] == "failed")
    assert "lb-bp1web:443" in said.split("put back on")[0]
    assert "put back on cdn/static.example.com, cdn/img.example.com, slb/cn-hangzhou/lb-bp1web:443/default." in said
    assert "Handshakes prove that they are served again at 2 endpoint(s)." in said, "static.example.com had none"
    assert "\nThe waves after this one (2) were not started: alb/cn-shanghai/alb-uf6shop:443/default, {0}.\n".format(QUIC) in said

    stage.control("POST", "/dataplane/fault", dict(key="slb/lb-bp1web/443", kind=None))
    again = stage.play(*DEPLOY)
    assert again.code == 0, again.output
    assert len(set(served(stage, HOSTS).values())) == 1


def kill_in_the_second_wave(stage):
    """The canary and half of the second wave are done: the load balancer is refused as if too much were asked, until the run is dead."""
    begin(stage)
    before = served(stage, HOSTS)
    place = places(stage)
    stage.control("POST", "/settings", dict(slow_states=False))  # what is accepted is carried out, whether somebody looks or not
    stage.control("POST", "/faults", dict(
        product="slb", action="SetLoadBalancerHTTPSListenerAttribute", kind="error", code="Throttling.User", times=1000))

    def half_way():
        return stage.control("GET", "/faults")["faults"][0]["fired"] and "cdn/static.example.com" in map(place, committed(stage.journal()))

    killed(stage, half_way, *DEPLOY, *CANARY)
    stage.control("DELETE", "/faults")
    after = served(stage, HOSTS)
    assert {label for label in after if after[label] != before[label]} == {"cdn img.example.com", "cdn static.example.com"}
    return before


def test_a_rollout_that_was_killed_is_finished_by_the_next(stage):
    before = kill_in_the_second_wave(stage)
    run = stage.play(*DEPLOY, *CANARY)
    assert run.code == 0, run.output
    after = served(stage, HOSTS)
    assert len(set(after.values())) == 1 and not set(after.values()) & set(before.values())


def test_a_rollout_that_was_killed_can_be_undone_instead(stage):
    before = kill_in_the_second_wave(stage)
    old = before["lb-bp1web:443"]
    run = stage.play(*ROLLBACK)
    assert run.code == 0, run.output
    assert set(served(stage, HOSTS).values()) == {old}
    state = bound(stage)
    assert {state[key] for key in state if key.startswith(("cdn/", "alb/alb-uf6shop", "slb/lb-bp1web"))} == {old}
