# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate that CAS issues, from nothing to a CDN domain: a run is ended in between, the next goes on, the third does nothing."""

from __future__ import annotations

import dataclasses
import json
import pathlib

import pytest

from tests.e2e.openssl import s_client
from tests.e2e.stage import Run, overlay_hosts
from tests.emulator import pki
from tests.support.leaks import leaks, needles

HOST = "img.example.com"
MODULE = "daas.https.cas_certificate_order"
CREATE = ("cas", "CreateCertificateForPackageRequest")


@dataclasses.dataclass
class Story:
    ended: Run
    published: list[dict[str, str]]
    first: Run
    writes: list[tuple[str, str]]
    second: Run
    second_writes: list[tuple[str, str]]
    state: dict
    served: str
    kept: pathlib.Path


def records(stage):
    rows = stage.control("GET", "/state")["alidns"]["zones"]["example.com"]
    return [row for row in rows if row["rr"].startswith("_dnsauth")]


@pytest.fixture(scope="module")
def story(stage):
    kept = stage.folder / "kept"
    kept.mkdir(mode=0o700)
    # the key of what is bound at the beginning is not here, and nothing is to be done with it
    command = ["daas.https.deploy", "--tags", "edge", "--limit", HOST, "-e", json.dumps(dict(
        certificate_source="order", certificate_name="images", certificate_domains=[HOST], certificate_directory=str(kept),
        certificate_dns_zone="example.com", certificate_order_wait_timeout=60))]
    stage.control("POST", "/faults", dict(kind="error", product="cas", action="DescribeCertificateState", code="InternalError", after=2))
    stage.forget()
    ended = stage.play(*command)
    published = records(stage)
    first = stage.play(*command)
    writes = stage.writes()
    stage.forget()
    second = stage.play(*command)
    [endpoint] = overlay_hosts(stage)[HOST]
    return Story(ended, published, first, writes, second, stage.writes(), stage.control("GET", "/state"),
                 s_client(endpoint, stage.files["ca"]).fingerprint, kept)


def test_a_run_that_is_ended_leaves_its_order_and_its_record(story):
    assert story.ended.code != 0 and "InternalError" in story.ended.output
    assert len(story.published) == 1


def test_the_next_run_goes_on_with_the_order(story):
    assert story.first.code == 0, story.first.output
    assert story.writes.count(CREATE) == 1 and ("cas", "UploadUserCertificate") not in story.writes
    [order] = story.state["cas"]["orders"]
    assert (order["status"], order["domains"]) == ("certificate", [HOST])
    assert {result["order"]["id"] for result in story.first.results(MODULE)} == {order["id"]}


def test_the_domain_serves_it(story):
    [order] = story.state["cas"]["orders"]
    [held] = [item for item in story.state["cas"]["certificates"] if item["id"] == order["certificate"]]
    assert story.served == held["fingerprint"] and held["domains"] == [HOST]
    assert held["tags"] == {"managed-by": "daas.https", "daas-https-name": "images"}


def test_no_record_is_left(story, stage):
    assert records(stage) == []


def test_the_pair_is_kept_under_its_fingerprint(story):
    folder = story.kept / story.served[:16]
    assert sorted(path.name for path in story.kept.iterdir()) == [folder.name]
    assert sorted(path.name for path in folder.iterdir()) == ["fullchain.pem", "privkey.pem"]
    assert (folder / "privkey.pem").stat().st_mode & 0o777 == 0o600 and folder.stat().st_mode & 0o777 == 0o700
    assert pki.key_matches(pki.parse_material((folder / "fullchain.pem").read_text(), (folder / "privkey.pem").read_text()))


def test_the_third_run_does_nothing(story):
    assert story.second.code == 0, story.second.output
    assert story.second.changed() == 0 and story.second_writes == []


def test_the_key_is_nowhere_else(story, stage):
    key = story.kept / story.served[:16] / "privkey.pem"
    assert not list(leaks(stage.folder, needles(key.read_text()), [key]))
