# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The change record: of a check as a plan, of what daas.https.deploy and daas.https.rollback did, and of what was put back."""

from __future__ import annotations

import dataclasses
import json
import pathlib

import pytest
import yaml

from tests.e2e.conftest import keys_used, places_of_keys
from tests.e2e.rollout import QUICK, write
from tests.e2e.stage import FEW, Run, Stage
from tests.support.leaks import leaks

EDGE = ["--limit", "lb-bp1web,img.example.com"]
SLB, CDN = "slb/cn-hangzhou/lb-bp1web:443/default", "cdn/img.example.com"


@dataclasses.dataclass
class Story:
    """What happened, in order. records: the texts by name."""

    stage: Stage
    runs: dict[str, Run]
    records: dict[str, str]
    old: str
    new: str


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    folder = tmp_path_factory.mktemp("record")
    with Stage(folder / "stage", calm=True) as stage:
        yield tell(stage)
        home = [*places_of_keys(stage), *(stage.app_root / "tls").glob(".privkey.pem.daas-previous")]
    assert not list(leaks(folder, keys_used(stage), home)), "private keys were left behind"


def tell(stage):
    runs, records = {}, {}

    def play(name, playbook, *arguments):
        path = stage.folder / (name + ".md")
        more = dict(change_record_dest=str(path), change_record_by="operations", change_record_notes=["ticket:  CHG-1042"])
        runs[name] = stage.play(playbook, *arguments, "-e", json.dumps(more))
        records[name] = path.read_text(encoding="utf-8") if path.exists() else ""

    play("plan", "daas.https.deploy", *FEW, "--check")
    play("deploy", "daas.https.deploy", *FEW)
    play("rollback", "daas.https.rollback", *EDGE)
    runs["none"] = stage.play("daas.https.deploy", *FEW, "--check", "--tags", "certificate")
    # it takes the certificate, and goes on serving the old one
    stage.control("POST", "/dataplane/fault", dict(key="slb/lb-bp1web/443", kind="old"))
    play("put_back", always(stage.folder / "always.yml"), *EDGE, *QUICK)
    new = runs["deploy"].results("daas.https.cas_certificate")[0]["certificate"]["fingerprint"]
    old = runs["rollback"].results("daas.https.cas_deploy")[0]["deployment"]["targets"][0]["current"]["fingerprint"]
    return Story(stage, runs, records, old, new)


def always(path):
    """The playbook that the role's README shows."""
    text = (pathlib.Path(__file__).resolve().parents[2] / "roles" / "change_record" / "README.md").read_text(encoding="utf-8")
    [play] = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])
    record = play["tasks"][0]["always"][0]
    assert record["vars"].pop("change_record_dest")  # it comes from the command line here
    return write(path, [play])


def table(text, title):
    """The rows of a section's table, as lists of cells."""
    section = text.split("\n## {0}\n".format(title))[1].split("\n## ")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")][2:]


def test_a_check_gives_a_plan(story):
    text = story.records["plan"]
    assert story.runs["plan"].code == 0, story.runs["plan"].output
    assert text.startswith("# Change record: daas.https.deploy\n\n**A plan: this was a check, nothing was changed.**\n")
    assert sorted(table(text, "Edge")) == sorted([name, story.old[:8], story.new[:8], "planned"] for name in (CDN, SLB))
    assert "outcome: 4 planned" in text and "CAS id: not uploaded yet" in text
    assert table(text, "Application hosts") == [["app.example.com", story.stage.old_app[:8], story.new[:8], "planned"]]


def test_what_was_deployed_is_written_down(story):
    text = story.records["deploy"]
    assert story.runs["deploy"].code == 0, story.runs["deploy"].output
    assert sorted(table(text, "Edge")) == sorted([name, story.old[:8], story.new[:8], "changed"] for name in (CDN, SLB))
    assert table(text, "Application hosts") == [["app.example.com", story.stage.old_app[:8], story.new[:8], "changed"]]
    [[domain, before, after, verdict]] = table(text, "Recommendation instances")
    assert (domain, after, verdict) == ("airec-cn-demo01/rec.example.com", story.new[:8], "changed") and before not in ("", after)
    assert [row[1:] for row in table(text, "Proof: what the endpoints serve")] == [[story.new[:8], "0 (ok)", "ok"]] * 4
    for line in ("- who:     operations", "- outcome: 4 changed", "- proof:   all 4 endpoints serve what they should",
                 "- ticket:  CHG-1042"):
        assert line + "\n" in text


def test_the_certificates_are_named_with_all_their_digits(story):
    text = story.records["deploy"].split("\n## Certificates\n")[1].split("\n## ")[0]
    assert story.new in text and story.old in text and story.stage.old_app in text
    certificate = story.runs["deploy"].results("daas.https.cas_certificate")[0]["certificate"]
    assert text.index("`{0}`, after".format(story.new[:8])) < text.index("`{0}`, before".format(story.old[:8]))
    assert "CAS id: {0}\n".format(certificate["id"]) in text and "name:   {0}\n".format(certificate["name"]) in text
    assert "valid:  {0} to {1}\n".format(certificate["not_before"][:10], certificate["not_after"][:10]) in text


def test_request_ids_are_those_of_the_cloud(story):
    section = story.records["deploy"].split("\n## Requests")[1]
    given = {row["request_id"] for result in story.runs["deploy"].results("daas.https.cas_deploy")
             for row in result["deployment"]["targets"] if row["request_id"]}
    assert len(given) == 2 and all("- {0}  ".format(number) in section for number in given)


def test_what_went_back_is_written_down(story):
    text = story.records["rollback"]
    assert story.runs["rollback"].code == 0, story.runs["rollback"].output
    assert text.startswith("# Change record: daas.https.rollback\n")
    assert sorted(table(text, "Edge")) == sorted([name, story.new[:8], story.old[:8], "changed"] for name in (CDN, SLB))


def test_what_was_put_back_is_written_down_although_the_run_failed(story):
    text = story.records["put_back"]
    assert story.runs["put_back"].code != 0
    assert sorted(table(text, "Edge")) == sorted([name, story.old[:8], story.old[:8], "put back"] for name in (CDN, SLB))
    assert "- outcome: 2 put back\n" in text


@pytest.mark.parametrize("name", ["plan", "deploy", "rollback", "put_back"])
def test_nothing_secret_is_in_it_and_it_reads_well(story, name):
    text, cloud = story.records[name], story.stage.cloud
    assert not [word for word in (cloud["access_key_id"], cloud["access_key_secret"], cloud["airec_token"], "PRIVATE KEY") if word in text]
    assert "\n\n\n" not in text and text.startswith("# ") and text.endswith("\n")
    assert not [line for line in text.splitlines() if len(line) > 90]


def test_it_changes_nothing(story):
    rows = [row for run in story.runs.values() for row in run.rows if row["task"].startswith("daas.https.change_record")]
    assert rows and not [row["task"] for row in rows if row["result"].get("changed")]


def test_without_a_destination_it_costs_no_task_for_each_host(story):
    run = story.runs["none"]
    assert run.code == 0, run.output
    rows = [row for row in run.rows if row["play"] == "The change record, if one is wanted"]
    assert len(rows) == len({row["task"] for row in rows}) <= 2 and {row["status"] for row in rows} <= {"skipped"}
