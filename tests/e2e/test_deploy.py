# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job as a user runs it: look first, do it, do it again; and OpenSSL as the judge of what came of it."""

from __future__ import annotations

import collections
import dataclasses
import json
import pathlib
from typing import Any

import pytest
import yaml

from tests.e2e.openssl import s_client
from tests.e2e.stage import Run, Stage

PLAYBOOK = "daas.https.deploy"
MODULES = ("cas_certificate", "cas_deploy", "airec_cert_bind", "airec_cert_bind_info", "alidns_record", "tls_verify")


@dataclasses.dataclass
class Story:
    """What happened on the stage, in order. Writes are (product, action) as the cloud carried them out."""

    stage: Stage
    before: dict[str, Any]
    check: Run
    check_journal: list[dict[str, Any]]
    first: Run
    first_writes: list[tuple[str, str]]
    between: dict[str, Any]
    second: Run
    second_journal: list[dict[str, Any]]
    client: pathlib.Path


@pytest.fixture(scope="module")
def story(stage):
    client = stage.folder / "client.json"
    extra = ["-e", "airec_client_config_dest={0}".format(client)]
    before = stage.control("GET", "/served")
    check = stage.play(PLAYBOOK, "--check", "--diff", *extra)
    check_journal = stage.journal()
    stage.forget()
    first = stage.play(PLAYBOOK, "--diff", *extra)
    first_writes = stage.writes()
    between = stage.control("GET", "/served")
    stage.forget()
    second = stage.play(PLAYBOOK, *extra)
    return Story(stage, before, check, check_journal, first, first_writes, between, second, stage.journal(), client)


def test_check_mode_reads_only(story):
    assert story.check.code == 0, story.check.output
    assert not [entry["action"] for entry in story.check_journal if entry["writes"]]


def test_check_mode_says_what_it_would_do(story):
    assert story.check.changed()
    lines = story.check.output
    assert "lb-bp1web:443/default" in lines and "static.example.com" in lines


def test_the_first_run_works(story):
    assert story.first.code == 0, story.first.output
    assert story.first.changed()
    assert not [row["task"] for row in story.first.rows if row["status"] in ("failed", "unreachable")]


def test_the_predicted_writes_are_the_writes_made(story):
    """Plan fidelity: what --check says, what the modules say they did, and what the cloud saw."""
    predicted = collections.Counter((product, action) for product, action, _target in story.check.actions())
    said = collections.Counter((product, action) for product, action, _target in story.first.actions())
    assert predicted == said == collections.Counter(story.first_writes)
    assert story.check.actions() == story.first.actions(), "also for the same targets"


def test_the_second_run_changes_nothing(story):
    assert story.second.code == 0, story.second.output
    assert story.second.changed() == 0
    assert not [entry["action"] for entry in story.second_journal if entry["writes"]]


def test_the_output_fits_a_terminal_and_says_changed_0(story):
    recap = [line for line in story.second.output.splitlines() if "changed=" in line]
    assert recap and all("changed=0" in line and "failed=0" in line and "unreachable=0" in line for line in recap)
    assert "[WARNING]" not in story.second.output and "[DEPRECATION" not in story.second.output


def test_openssl_agrees_on_every_endpoint(story):
    fingerprint = story.first.results("daas.https.cas_certificate")[0]["certificate"]["fingerprint"]
    endpoints = story.stage.endpoints()
    assert len(endpoints) == 13
    for endpoint in endpoints:
        seen = s_client(endpoint, story.stage.files["ca"])
        assert (seen.verdict, seen.fingerprint) == ("0 (ok)", fingerprint), endpoint["label"]


def test_the_unrelated_sni_certificate_stays(story):
    key = "slb/lb-bp1api/443"
    assert story.between[key]["sni"]["admin.example.net"] == story.before[key]["sni"]["admin.example.net"]
    assert story.between[key]["default"] != story.before[key]["default"]


def test_one_certificate_was_uploaded(story):
    assert collections.Counter(story.first_writes)["cas", "UploadUserCertificate"] == 1
    held = story.stage.control("GET", "/state")["cas"]["certificates"]
    fingerprint = story.first.results("daas.https.cas_certificate")[0]["certificate"]["fingerprint"]
    assert [item["name"] for item in held if item["fingerprint"] == fingerprint] == ["shop-" + fingerprint[:16]]


def test_the_client_is_pointed_at_the_custom_domain(story):
    config = json.loads(story.client.read_text(encoding="utf-8"))
    assert "https://rec.example.com" in config.values()
    assert "http://" not in story.client.read_text(encoding="utf-8")


def test_plain_http_is_redirected_by_airec(story):
    assert [instance["httpsEnforced"] for instance in story.stage.control("GET", "/state")["airec"]["instances"]] == [True]
    assert story.between["airec/cn-hangzhou"]["redirect"] == ["rec.example.com"]


def test_the_proof_is_a_playbook_of_its_own(story):
    story.stage.forget()
    run = story.stage.play("daas.https.verify", "-e", "verify_drift=false")
    assert run.code == 0, run.output
    assert run.changed() == 0 and not story.stage.journal(), "without the drift report it calls no API"
    tls = run.results("daas.https.tls_verify")[-1]["tls"]
    assert tls["ok"] and len(tls["endpoints"]) == 13 and tls["same_chain"]["status"] == "ok"


def test_every_module_took_part(story):
    used = {row["action"] for row in story.first.rows}
    assert {"daas.https." + name for name in MODULES} <= used


def test_limit_works_on_one_instance(story):
    run = story.stage.play(PLAYBOOK, "--limit", "lb-uf6web")
    assert run.code == 0, run.output
    assert run.changed() == 0 and set(run.recap) <= {"lb-uf6web", "localhost"}


def test_a_certificate_list_never_has_a_key(story, tmp_path):
    """cas_certificate_info as an ad-hoc task would use it."""
    play = [dict(name="List", hosts="localhost", gather_facts=False, connection="local",
                 vars=dict(ansible_python_interpreter="{{ ansible_playbook_python }}"),
                 module_defaults={"group/daas.https.alicloud": "{{ daas_https_connection }}"},
                 tasks=[dict({"name": "List", "daas.https.cas_certificate_info": dict(managed=True)}, register="found")])]
    path = tmp_path / "list.yml"
    path.write_text(yaml.safe_dump(play), encoding="utf-8")
    run = story.stage.play(str(path))
    assert run.code == 0, run.output
    found = run.results("daas.https.cas_certificate_info")[0]["certificates"]
    assert len(found) == 2 and "PRIVATE" not in run.output
