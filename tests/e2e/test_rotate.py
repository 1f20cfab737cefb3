# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""daas.https.rotate as it is run each day: nothing to do, what stops it, what takes everything back, a run that is killed, and the next.

What it decides is what the module cas_rotation_info returns; that is tested alone.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from tests.e2e.conftest import places_of_keys
from tests.e2e.rollout import killed, served, write
from tests.e2e.stage import FEW, Run, Stage
from tests.emulator.scenarios.demo import NAMES
from tests.support.leaks import leaks, needles

HOSTS = ("lb-bp1web", "img.example.com", "app.example.com", "rec.example.com")  # as their endpoints' labels have them
LB, CDN, APP, REC = HOSTS
ROTATE = ["daas.https.rotate", *FEW, "-e", json.dumps(dict(
    edge_waves=[1], edge_canary=["cdn/*"], edge_verify_timeout=20, airec_verify_timeout=4))]
TOOK_PART = {"Are the application hosts there", "The edge"}


@dataclasses.dataclass
class Story:
    """What happened, in order. Fingerprints are by host; writes are (product, action)."""

    stage: Stage
    old: str
    new: str
    last: str
    runs: dict[str, Run] = dataclasses.field(default_factory=dict)
    writes: dict[str, list[tuple[str, str]]] = dataclasses.field(default_factory=dict)
    after: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)

    def said(self, name: str) -> str:
        """The one message with which a run ended."""
        [row] = [row for row in self.runs[name].rows if row["status"] == "failed" and row["task"].endswith((
            "Fail if it cannot go on, or if something could not be looked at", "Fail if something failed, or could not be looked at"))]
        return row["result"]["msg"]

    def line(self, name: str) -> str:
        [row] = [row for row in self.runs[name].rows if row["task"].endswith(("Say it",)) and row["status"] != "skipped"]
        return row["result"]["msg"]


def seen(stage):
    return {host: next(iter(served(stage, host).values())) for host in HOSTS}


def put(stage, made, name="pair"):
    """A pair in files that keep their names, as an operator or another tool renews them; the variables that name them."""
    files = {part: stage.folder / "{0}-{1}.pem".format(name, part) for part in ("certificate", "private_key")}
    for part, path in files.items():
        path.touch(mode=0o600)
        path.write_text(made[part], encoding="utf-8")
    return {part: str(path) for part, path in files.items()}


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rotate")
    keys: set[bytes] = set()
    with Stage(folder / "stage", calm=True) as stage:
        yield tell(stage, keys)
        home = [*places_of_keys(stage), *(stage.app_root / "tls").glob(".privkey.pem.daas-*"), *stage.folder.glob("*-private_key.pem")]
    assert keys and not list(leaks(folder, keys, home)), "private keys were left behind"


def tell(stage, keys):
    def issue(**more):
        made = stage.control("POST", "/pki/issue", dict(names=NAMES, key="ec", **more))
        keys.update(needles(made["private_key"]))
        return made

    old, new, last = issue(days=12), issue(days=80), issue(days=90)
    files = put(stage, old)
    given = ["-e", json.dumps(dict(certificate_path=files["certificate"], certificate_private_key_path=files["private_key"]))]
    first = stage.play("daas.https.deploy", *FEW, *given)
    assert first.code == 0 and set(seen(stage).values()) == {old["fingerprint"]}, first.output
    story = Story(stage, old["fingerprint"], new["fingerprint"], last["fingerprint"])

    def rotate(name, *more, fault=None):
        stage.forget()
        if fault:
            stage.control("POST", "/dataplane/fault", dict(key=fault[0], kind=fault[1]))
        story.runs[name] = stage.play(*ROTATE, *given, *more)
        if fault:
            stage.control("POST", "/dataplane/fault", dict(key=fault[0], kind=None))
        story.writes[name], story.after[name] = stage.writes(), seen(stage)

    rotate("quiet", "-e", "rotation_within_days=5")
    rotate("old file")
    rotate("lacking", "-e", json.dumps(dict(certificate_source="acme", certificate_domains=["*.example.com"])))
    put(stage, issue(days=60, starts_in=3 * 86400))
    rotate("early")

    put(stage, new)
    away = dict(ansible_connection="ssh", ansible_host="127.0.0.1", ansible_port=1)
    write(stage.folder / "away" / "hosts.yml", dict(all=dict(hosts={APP: away})))
    rotate("unreachable", "-i", str(stage.folder / "away"))
    before = put(stage, old, "before")
    previous = ["-e", json.dumps(dict(rotation_previous_certificate_path=before["certificate"],
                                      rotation_previous_private_key_path=before["private_key"]))]
    rotate("app host fails", "-e", "app_host_validate_command=false")
    rotate("airec fails", *previous, fault=("airec/cn-hangzhou", "old"))
    kill_in_the_second_wave(stage, given)
    story.after["killed"] = seen(stage)
    rotate("next day")
    rotate("twice a day")

    put(stage, last)
    rotate("one is dark", fault=("slb/lb-bp1web/443", "refuse"))
    return story


def kill_in_the_second_wave(stage, given):
    """The first wave is done and proved; in the second the load balancer is refused as if too much were asked, until the run is dead."""
    stage.control("POST", "/settings", dict(slow_states=False))  # what is accepted is carried out, whether somebody looks or not
    stage.control("POST", "/faults", dict(
        product="slb", action="SetLoadBalancerHTTPSListenerAttribute", kind="error", code="Throttling.User", times=1000))
    killed(stage, lambda: stage.control("GET", "/faults")["faults"][0]["fired"], *ROTATE, *given)
    stage.control("DELETE", "/faults")


def test_nothing_to_do_is_one_line_and_no_write(story):
    run = story.runs["quiet"]
    assert run.code == 0 and run.changed() == 0 and story.writes["quiet"] == [], run.output
    name = "shop-{0}".format(story.old[:16])
    assert story.line("quiet").startswith("Nothing to do: 6 slots and endpoints have {0}, which is valid for 11 days".format(name))
    assert run.output.count("Nothing to do") == 1 and "[WARNING]" not in run.output
    assert {row["play"] for row in run.rows} == {"What is due"}


def test_as_long_as_the_files_are_the_old_ones_it_says_what_to_do(story):
    assert story.runs["old file"].code != 0 and story.writes["old file"] == []
    assert set(story.after["old file"].values()) == {story.old}
    said = story.said("old file")
    assert "pair-certificate.pem on localhost is still the old one" in said and "What is there is valid until" in said
    assert "renew the certificate, put it there with its private key" in said


def test_what_is_obtained_has_to_have_the_names_of_what_it_replaces(story):
    """Before it is ordered."""
    assert story.runs["lacking"].code != 0 and story.writes["lacking"] == []
    assert "certificate_domains lacks *.shop.example.com, which is among" in story.said("lacking")


def test_a_certificate_of_the_future_is_waited_for(story):
    assert story.runs["early"].code == 0 and story.writes["early"] == [], story.runs["early"].output
    assert story.line("early").startswith("Waiting: shop-") and "What is in use is valid until" in story.line("early")


def test_a_host_that_cannot_be_reached_stops_it_before_anything_is_changed(story):
    assert story.runs["unreachable"].code != 0 and story.writes["unreachable"] == []
    assert story.after["unreachable"] == dict.fromkeys(HOSTS, story.old)
    assert "app.example.com cannot be reached: " in story.said("unreachable")


@pytest.mark.parametrize("name", ["app host fails", "airec fails"])
def test_a_failure_leaves_everything_on_the_old_certificate(story, name):
    assert story.runs[name].code != 0
    assert story.after[name] == dict.fromkeys(HOSTS, story.old)
    said = story.said(name)
    assert said.startswith("The rotation of shop failed:") and "What to do:" in said
    assert "The edge has what it had before: cdn/img.example.com, slb/cn-hangzhou/lb-bp1web:443/default." in said
    assert "app.example.com has what it had before." in said
    assert ("airec-cn-demo01 has the certificate bound again that it had before." in said) == (name == "airec fails")


def test_a_run_that_was_killed_is_finished_by_the_next(story):
    assert story.after["killed"] == {**dict.fromkeys(HOSTS, story.old), CDN: story.new}
    run = story.runs["next day"]
    assert run.code == 0, run.output
    assert story.after["next day"] == dict.fromkeys(HOSTS, story.new)
    assert ("cas", "UploadUserCertificate") not in story.writes["next day"]
    assert story.writes["next day"].count(("cdn", "SetCdnDomainSSLCertificate")) == 0, "what was done is left alone"


def test_the_second_run_of_a_day_has_nothing_to_do(story):
    assert story.runs["twice a day"].code == 0 and story.writes["twice a day"] == []
    assert story.line("twice a day").startswith("Nothing to do: 6 slots and endpoints have shop-{0}".format(story.new[:16]))


def test_what_cannot_be_looked_at_is_left_alone_and_the_others_are_done(story):
    run = story.runs["one is dark"]
    assert run.code != 0 and story.after["one is dark"] == {**dict.fromkeys(HOSTS, story.last), LB: story.new}
    assert "were left alone:\nlb-bp1web:443: " in story.said("one is dark")
    assert not [row for row in run.rows if row["host"] == LB and row["play"] in TOOK_PART]


def test_the_look_is_one_call_of_the_module(story):
    looks: list[Any] = story.runs["quiet"].results("daas.https.cas_rotation_info")
    assert len(looks) == 1 and looks[0]["rotation"]["action"] == "none"
