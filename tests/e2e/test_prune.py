# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The weekly clean-up: cas_certificate deletes what nothing uses, and nothing that any host of the inventory may have."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.e2e.stage import Run, Stage
from tests.emulator.scenarios.demo import NAMES
from tests.support.modules import run_module

DAY = 24 * 3600
ONE = ("--limit", "img.example.com")
PRUNE = ["daas.https.prune", *ONE]


@dataclasses.dataclass
class Story:
    """What happened, in order. ids: CAS's, by age in days; that of 20 days is on one domain, that of 78 nearly everywhere else."""

    ids: dict[int, int]
    check: Run
    checked: list[tuple[str, str]]
    first: Run
    written: list[tuple[str, str]]
    left: set[int]
    second: Run
    nothing: Run
    idle: list[tuple[str, str]]


@pytest.fixture(scope="module")
def story(stage):
    ids = {age: upload(stage, age) for age in (85, 50, 20)}
    ids[78] = min(held(stage))  # what the demo begins with
    # an endpoint that shows no certificate at all would keep all of them
    deployed = run_module("cas_deploy", dict(account(stage), certificate=dict(id=ids[20]), resources=[dict(
        service="cdn", domain="static.example.com")]))
    assert not deployed["failed"], deployed["msg"]
    stage.forget()
    check = stage.play(*PRUNE, "--check", "--diff")
    checked = stage.writes()
    first = stage.play(*PRUNE)
    written, left = stage.writes(), held(stage)
    stage.forget()
    second = stage.play(*PRUNE)
    nothing = stage.play(*PRUNE, "-e", '{"prune_names": ["press"]}')
    return Story(ids, check, checked, first, written, left, second, nothing, stage.writes())


def upload(stage: Stage, age: int) -> int:
    """A certificate of the series that began so many days ago; its id."""
    made = stage.control("POST", "/pki/issue", dict(names=NAMES, days=90, starts_in=-age * DAY, key="rsa"))
    result = run_module("cas_certificate", dict(
        account(stage), name="shop", certificate=made["certificate"], private_key=made["private_key"], ca_path=stage.files["ca"]))
    assert not result["failed"], result["msg"]
    return result["certificate"]["id"]


def account(stage: Stage) -> dict[str, Any]:
    cloud = stage.cloud
    return dict(access_key_id=cloud["access_key_id"], access_key_secret=cloud["access_key_secret"], endpoints=cloud["endpoints"],
                api_ca_path=cloud["ca_path"])


def held(stage: Stage) -> set[int]:
    return {item["id"] for item in stage.control("GET", "/state")["cas"]["certificates"]}


def pruning(run: Run) -> dict[str, Any]:
    [result] = run.results("daas.https.cas_certificate")
    return result["pruning"]


def said(run: Run) -> str:
    return str([result["msg"] for result in run.results("ansible.builtin.debug")])


def test_a_check_lists_each_with_its_reasons_and_writes_nothing(story):
    assert story.check.code == 0, story.check.output
    assert story.checked == [] and [row["id"] for row in pruning(story.check)["deleted"]] == [story.ids[85]]
    names = {row["id"]: row["name"] for row in pruning(story.check)["deleted"] + pruning(story.check)["kept"]}
    assert names[story.ids[85]] + ": would be deleted" in said(story.check)
    assert names[story.ids[20]] + ": kept, because it is among the newest 2 of shop" in said(story.check)


def test_what_nothing_uses_is_deleted_and_no_other(story):
    assert story.first.code == 0, story.first.output
    assert story.ids[85] not in story.left and {story.ids[age] for age in (78, 50, 20)} < story.left
    assert story.written == [("cas", "BatchUpdateNoticeStatus"), ("cas", "DeleteUserCertificate"), ("cas", "TagResources")]
    assert story.check.actions() == story.first.actions() and pruning(story.check) == pruning(story.first)


def test_hosts_that_were_not_meant_are_looked_at_all_the_same(story):
    [row] = [row for row in pruning(story.first)["kept"] if row["id"] == story.ids[78]]
    assert row["spared"] and {
        "slb/cn-shanghai/lb-uf6web:8443/default has it", "alb/cn-hangzhou/alb-bp1shop:443/default has it",
        "dcdn/shop-assets.example.com has it"} < set(row["reasons"])
    assert any("serves it" in reason for reason in row["reasons"])
    assert any(reason.startswith("CAS says that it is used by") for reason in row["reasons"])


def test_the_generation_before_the_newest_is_kept_and_its_end_is_no_news(story):
    assert [row["id"] for row in pruning(story.first)["muted"]] == [story.ids[50]]


def test_run_again_it_does_nothing_and_says_what_is_in_the_way(story):
    assert story.second.code == story.nothing.code == 0 and story.idle == []
    assert story.second.changed() == story.nothing.changed() == 0
    assert "has it" in said(story.second) and said(story.nothing) == str(["Nothing to prune: 0 kept."])


def test_a_full_cas_makes_room_for_an_upload(story, stage):
    """Only one generation is kept now: the one before the newest goes, and the new one comes in its place."""
    before = held(stage)
    stage.control("POST", "/service", dict(product="cas", switches=dict(certificate_quota=len(before))))
    run = stage.play("daas.https.deploy", "--tags", "certificate", *ONE, "-e", "prune_keep_last=1")
    assert run.code == 0, run.output
    [new] = held(stage) - before
    assert before - held(stage) == {story.ids[50]}
    uploads = [result for result in run.results("daas.https.cas_certificate") if "certificate" in result]
    assert [result["certificate"]["id"] for result in uploads] == [new]


def test_a_full_cas_in_which_everything_is_used_is_said(stage):
    stage.control("POST", "/service", dict(product="cas", switches=dict(certificate_quota=len(held(stage)))))
    made = stage.control("POST", "/pki/issue", dict(names=NAMES, days=90, key="rsa"))
    files = {name: stage.folder / "cloud" / (name + ".pem") for name in ("certificate", "private_key")}
    before = held(stage)
    for name, path in files.items():
        path.touch(mode=0o600)
        path.write_text(made[name], encoding="utf-8")
    run = stage.play("daas.https.deploy", "--tags", "certificate", *ONE, "-e", "certificate_path={0}".format(files["certificate"]),
                     "-e", "certificate_private_key_path={0}".format(files["private_key"]))
    assert run.code != 0 and "InsufficientQuota" in run.output and held(stage) == before
    assert "has it" in said(run), "what is in the way is listed"
