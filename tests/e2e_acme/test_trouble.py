# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong before there is a certificate: nothing is uploaded, what was published is removed, what was served is served."""

from __future__ import annotations

import os

import pytest

from tests.e2e import rollout
from tests.e2e.stage import ROOT
from tests.e2e_acme.conftest import Searched
from tests.e2e_acme.world import ALL, public_key


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with Searched(tmp_path_factory.mktemp("trouble")) as world:
        world.limit = ("--limit", "app.example.com")
        yield world


def said(run):
    """The one message that the run failed with."""
    messages = [row["result"]["msg"] for row in run.rows if row["status"] == "failed"]
    assert len(messages) == 1, run.output
    return messages[0]


@pytest.mark.parametrize(("variables", "words"), [
    (dict(certificate_acme_directory=""), ["certificate_acme_directory", "acme-v02.api.letsencrypt.org"]),
    (dict(certificate_validation="http"), ["certificate_validation_host", "port 80"]),
    (dict(certificate_validation="http", certificate_validation_host="app.example.com"), ["*.shop.example.com", "dns only"]),
], ids=["directory", "host", "wildcard"])
def test_what_cannot_work_is_said_before_anything_is_ordered(made, variables, words):
    run = made.deploy(**variables)
    assert run.code != 0
    assert not [word for word in [*words, "Nothing was ordered."] if word not in said(run)], said(run)
    assert made.pebble.orders() == made.pebble.accounts() == 0 and made.stage.writes() == []


def test_without_the_collection_it_is_said_how_to_install_it(made, tmp_path):
    (tmp_path / "ansible_collections" / "daas").mkdir(parents=True)
    (tmp_path / "ansible_collections" / "daas" / "https").symlink_to(ROOT)
    run = made.deploy(environment=dict(ANSIBLE_COLLECTIONS_PATH=str(tmp_path)))
    assert run.code != 0 and "ansible-galaxy collection install community.crypto" in said(run)
    assert made.stage.writes() == []


def test_a_run_that_fails_and_one_that_is_killed_are_continued(made, monkeypatch):
    """All of it with one key: the authority does not see what the name servers do not show; then they show it."""
    before = made.served(ca_path=made.stage.files["ca"])
    with made.names.door(closed=True) as door:
        made.follow(door)
        failed = made.deploy("-vvv")
    assert failed.code != 0
    message = said(failed)
    for words in ("www.example.com", "_acme-challenge.www.example.com TXT", "Nothing was uploaded", made.pebble.directory[:-3]):
        assert words in message, message
    assert made.uploads() == 0 and made.records() == [] and made.pebble.orders() == 1
    assert made.served(ca_path=made.stage.files["ca"]) == before
    key = public_key(made.home / "next" / "privkey.pem")

    with made.names.door() as door:
        made.follow(door)
        monkeypatch.setattr(rollout, "PATIENCE", 600)  # an order takes its time on a busy machine
        rollout.killed(made.stage, lambda: len(made.records()) == len(ALL), *made.arguments(certificate_acme_dns_settle=600))
        left = made.records()
        assert left and made.uploads() == 0
        run = made.deploy()
    assert run.code == 0, run.output
    assert made.records() == [], "what the killed run had published is removed, too"
    (seen, verdict), = made.served("app.example.com")
    assert verdict == "0 (ok)" and public_key(made.pair(seen)[1]) == key
    assert made.pebble.orders() == 3 and made.uploads() == 1
    assert sorted(os.listdir(made.pair(seen)[0].parent)) == ["fullchain.pem", "privkey.pem", "request.pem"]
