# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""daas.https.rollback takes edge and application host back together: the one by CAS, the other by the pair that it has kept."""

from __future__ import annotations

import dataclasses
import json

import pytest

from tests.e2e.conftest import keys_used, places_of_keys
from tests.e2e.rollout import served
from tests.e2e.stage import Run, Stage
from tests.support.leaks import leaks

CDN, APP = "static.example.com", "app.example.com"
HOSTS = ["--limit", "{0},{1}".format(CDN, APP)]
ROLLBACK = ["daas.https.rollback", *HOSTS]


@dataclasses.dataclass
class Story:
    """What happened, in order. earlier and newer are fingerprints; served is by host."""

    stage: Stage
    earlier: str
    newer: str
    check: Run
    check_served: dict[str, str]
    back: Run
    back_served: dict[str, str]
    again: Run
    remote: Run


def seen(stage):
    return {name: next(iter(served(stage, name).values())) for name in (CDN, APP)}


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rollback")
    with Stage(folder / "stage", calm=True) as stage:
        yield tell(stage)
        home = [*places_of_keys(stage), *(stage.app_root / "tls").glob(".privkey.pem.daas-previous"), stage.folder / "earlier.key"]
    assert not list(leaks(folder, keys_used(stage), home)), "private keys were left behind"


def tell(stage):
    earlier = stage.control("POST", "/pki/issue", dict(names=[CDN, APP], days=60, key="ec"))
    files = {"certificate_path": stage.folder / "earlier.pem", "certificate_private_key_path": stage.folder / "earlier.key"}
    for path, part in zip(files.values(), ("certificate", "private_key")):
        path.touch(mode=0o600)
        path.write_text(earlier[part], encoding="utf-8")
    first = stage.play("daas.https.deploy", *HOSTS, "-e", json.dumps({name: str(path) for name, path in files.items()}))
    assert first.code == 0 and set(seen(stage).values()) == {earlier["fingerprint"]}, first.output
    second = stage.play("daas.https.deploy", *HOSTS)
    assert second.code == 0, second.output
    newer = second.results("daas.https.cas_certificate")[0]["certificate"]["fingerprint"]
    assert set(seen(stage).values()) == {newer}

    found = dict(check=stage.play(*ROLLBACK, "--check"), check_served=seen(stage))
    # by Cloud Assistant it does not go back
    remote = stage.play("daas.https.rollback", "--limit", APP, "--tags", "app_host", "-e", "app_host_method=cloud_assistant")
    assert seen(stage) == found["check_served"]
    found.update(back=stage.play(*ROLLBACK), back_served=seen(stage), again=stage.play(*ROLLBACK))
    return Story(stage, earlier["fingerprint"], newer, remote=remote, **found)


def test_a_check_predicts_it_and_changes_nothing(story):
    assert story.check.code == 0, story.check.output
    assert all(story.check.recap[name]["changed"] for name in (CDN, APP))
    assert story.check_served == {CDN: story.newer, APP: story.newer}


def test_edge_and_application_host_go_back(story):
    assert story.back.code == 0, story.back.output
    assert story.back_served == {CDN: story.earlier, APP: story.earlier}
    assert not story.back.results("ansible.builtin.copy"), "nothing comes from the machine that runs the playbook"


def test_a_second_run_changes_nothing(story):
    assert story.again.code == 0, story.again.output
    assert story.again.changed() == 0


def test_a_host_that_cannot_go_back_says_what_to_do(story):
    assert story.remote.code != 0 and story.remote.changed() == 0
    [said] = [row["result"]["msg"] for row in story.remote.rows if row["status"] == "failed"]
    assert said.startswith("app.example.com: with app_host_method cloud_assistant the role cannot go back")
    assert story.earlier in said and "run daas.https.deploy with the files of that certificate" in said
