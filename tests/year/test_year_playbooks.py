# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks rotate and prune themselves, on chosen days of a year: the story is theirs, and not only that of calls in their order."""

from __future__ import annotations

import dataclasses

import pytest

from tests.e2e.stage import Run
from tests.year.inventory import Player, give
from tests.year.nightly import KEEP_LAST, Operator
from tests.year.platform import DAY, Platform
from tests.year.story import orphans, surplus, uses

PLAYBOOKS = ("early", "old_file", "due", "again", "prune", "prune_again")


@dataclasses.dataclass
class Story:
    """Runs by name, with the writes of each, and what everything served after it; states before and after prune."""

    runs: dict[str, Run] = dataclasses.field(default_factory=dict)
    writes: dict[str, list[tuple[str, str]]] = dataclasses.field(default_factory=dict)
    served: dict[str, dict[str, tuple[str, str]]] = dataclasses.field(default_factory=dict)
    states: dict[str, dict] = dataclasses.field(default_factory=dict)
    first: str = ""
    second: str = ""


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    told = Story()
    with Platform(tmp_path_factory.mktemp("year") / "platform", 1) as platform:
        Operator(platform).begin()
        player = Player(platform)

        def play(name, playbook):
            platform.forget()
            told.runs[name] = player.play(playbook)
            told.writes[name] = [(entry["product"], entry["action"]) for entry in platform.journal()]
            told.served[name], told.states[name] = platform.look(), platform.state()

        give(platform, platform.installed)
        told.first = next(iter(platform.issued))
        platform.advance(5 * DAY)
        play("early", "daas.https.rotate")
        platform.advance(6 * DAY)
        play("old_file", "daas.https.rotate")
        give(platform, platform.issue())
        told.second = list(platform.issued)[-1]
        play("due", "daas.https.rotate")
        platform.advance()
        play("again", "daas.https.rotate")
        platform.advance(6 * DAY)
        play("prune", "daas.https.prune")
        platform.advance(7 * DAY)
        play("prune_again", "daas.https.prune")
        told.others = {endpoint["label"] for endpoint in platform.bystanders()}
    return told


def ours(story, name):
    return {shown for label, shown in story.served[name].items() if label not in story.others}


def said(run):
    return [row["result"].get("msg", "") for row in run.rows if row["status"] == "failed"]


def test_before_it_is_due_rotate_says_so_in_one_line_and_writes_nothing(story):
    run = story.runs["early"]
    assert run.code == 0, run.output
    lines = [line for line in run.output.splitlines() if "Nothing to do" in line]
    assert len(lines) == 1 and story.writes["early"] == [] and run.changed() == 0
    assert ours(story, "early") == {(story.first, "")}


def test_when_it_is_due_and_nobody_has_renewed_the_file_rotate_fails_and_changes_nothing(story):
    run = story.runs["old_file"]
    assert run.code != 0 and story.writes["old_file"] == []
    assert any("What to do: renew the certificate" in text for text in said(run)), run.output
    assert ours(story, "old_file") == {(story.first, "")}


def test_when_it_is_due_rotate_replaces_it_everywhere(story):
    run = story.runs["due"]
    assert run.code == 0, run.output
    assert ours(story, "due") == {(story.second, "")}
    assert story.writes["due"].count(("cas", "UploadUserCertificate")) == 1


def test_the_day_after_there_is_nothing_to_do(story):
    assert story.runs["again"].code == 0, story.runs["again"].output
    assert story.writes["again"] == [] and "Nothing to do" in story.runs["again"].output


def test_prune_deletes_what_nothing_uses_and_nothing_else(story):
    run, before, after = story.runs["prune"], story.states["again"], story.states["prune"]
    assert run.code == 0, run.output
    kept = {item["id"] for item in after["cas"]["certificates"]}
    gone = [item for item in before["cas"]["certificates"] if item["id"] not in kept]
    served = {fingerprint for fingerprint, _error in story.served["prune"].values()}
    assert gone and all(item["tags"].get("managed-by") == "daas.https" for item in gone)
    assert not {item["fingerprint"] for item in gone} & (uses(before) | served)
    assert surplus(after, uses(after), KEEP_LAST) == [] and orphans(after) == []
    assert ours(story, "prune") == {(story.second, "")}


def test_the_week_after_there_is_nothing_to_prune(story):
    assert story.runs["prune_again"].code == 0, story.runs["prune_again"].output
    assert story.writes["prune_again"] == []


def test_what_is_somebody_elses_serves_on(story):
    shown = [{label: story.served[name][label] for label in story.others} for name in PLAYBOOKS]
    assert all(one == shown[0] and not any(error for _fingerprint, error in one.values()) for one in shown)
