# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run: a certificate is issued by ACME with dns-01, uploaded, deployed, bound to AIRec, and proved. Then nothing; then its renewal."""

from __future__ import annotations

import collections
import dataclasses
import stat
from typing import Any

import pytest
from cryptography import x509

from tests.e2e.stage import Run
from tests.e2e_acme.conftest import Searched
from tests.e2e_acme.world import ALL, World, common_name, fingerprint, leaf, public_key


@dataclasses.dataclass
class Step:
    """A run and what it came to. orders: how many pebble has had by then; served: as World.served."""

    run: Run
    writes: list[tuple[str, str]]
    orders: int
    served: set[tuple[str, str]]
    ownership: Any
    journal: list[dict[str, Any]]


@dataclasses.dataclass
class Story:
    world: World
    first: Step
    second: Step
    check: Step
    renewed: Step


def step(world, *arguments, **more):
    run = world.deploy(*arguments, **more)
    stage = world.stage
    return Step(run, stage.writes(), world.pebble.orders(), world.served(), ownership(stage), stage.journal())


def ownership(stage):
    """Which domains AIRec knows to be owned."""
    return [[(domain["domain"], domain["status"], domain["proved"]) for domain in instance["domains"]]
            for instance in stage.control("GET", "/state")["airec"]["instances"]]


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    options = dict(PEBBLE_ALTERNATE_ROOTS="1", PEBBLE_AUTHZREUSE="100")
    with Searched(tmp_path_factory.mktemp("issue"), **options) as world, world.names.door() as door:
        world.follow(door)
        world.trust(world.pebble.root(), world.pebble.root(1))
        first = step(world, "-vvv", "--diff")
        second = step(world)
        more = dict(certificate_renew=True, certificate_acme_preferred_chain=common_name(world.pebble.root(1)))
        check = step(world, "--check", "--diff", **more)
        renewed = step(world, **more)
        yield Story(world, first, second, check, renewed)


def test_one_run_is_the_whole_way(story):
    assert story.first.run.code == 0, story.first.run.output
    assert story.first.orders == 1
    (seen, verdict), = story.first.served
    assert verdict == "0 (ok)"
    chain, key = story.world.pair(seen)
    assert fingerprint(chain) == seen
    issued = leaf(chain)
    assert "Pebble Intermediate" in issued.issuer.rfc4514_string()
    assert set(issued.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)) == set(ALL)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (key, chain.parent)] == [0o600, 0o700]
    assert not (story.world.home / "next").exists()


def test_the_names_were_proved_in_alidns_and_nothing_of_it_is_left(story):
    made = collections.Counter(entry["params"]["RR"] for entry in story.first.journal
                               if entry["action"] == "AddDomainRecord" and entry["committed"] and entry["params"]["Type"] == "TXT")
    # a wildcard and its parent are proved at one name
    alone = [name.partition(".")[0] for name in ALL if "shop.example.com" not in name]
    assert made == {"_acme-challenge.shop": 2, **{"_acme-challenge." + label: 1 for label in alone}}
    assert story.world.records() == []
    assert story.world.names.look("_acme-challenge.shop.example.com", "TXT") == []


def test_it_was_uploaded_once_and_bound(story):
    counted = collections.Counter(story.first.writes)
    assert counted["cas", "UploadUserCertificate"] == 1 and counted["airec", "BindCertificates"] >= 1
    assert {status for rows in story.first.ownership for _name, status, *_rest in rows} == {"SUCCESS"}


def test_the_second_run_changes_nothing_and_orders_nothing(story):
    second = story.second
    assert second.run.code == 0, second.run.output
    assert second.run.changed() == 0 and second.writes == [] and second.orders == 1
    assert second.served == story.first.served
    assert "[WARNING]" not in second.run.output and "[DEPRECATION" not in second.run.output


def test_a_check_of_the_renewal_says_so_and_orders_nothing(story):
    check = story.check
    assert check.run.code == 0, check.run.output
    assert "would be obtained" in check.run.output and check.run.changed()
    assert check.writes == [] and check.orders == 1 and check.served == story.first.served


def test_the_renewal_replaces_it_everywhere(story):
    renewed = story.renewed
    assert renewed.run.code == 0, renewed.run.output
    assert renewed.orders == 2 and story.world.pebble.accounts() == 1
    (old, _verdict), = story.first.served
    (new, verdict), = renewed.served
    assert new != old and verdict == "0 (ok)"
    keys = [story.world.pair(one)[1] for one in (old, new)]
    assert public_key(keys[0]) != public_key(keys[1]), "and with a new key"
    assert renewed.writes.count(("cas", "UploadUserCertificate")) == 1 and story.world.records() == []


def test_the_ownership_of_the_custom_domain_is_kept(story):
    assert story.renewed.ownership == story.first.ownership


def test_names_that_the_authority_still_knows_to_be_ours_are_not_proved_again(story):
    assert story.world.pebble.validated() == len(ALL)
    assert not [entry for entry in story.renewed.journal if entry["action"] == "AddDomainRecord"]


def test_the_preferred_chain_is_served(story, tmp_path):
    """Only the renewal asked for it: the other root alone proves it."""
    other = tmp_path / "root.pem"
    other.write_text(story.world.pebble.root(1), encoding="utf-8")
    assert {verdict for _fingerprint, verdict in story.world.served(ca_path=other)} == {"0 (ok)"}
    other.write_text(story.world.pebble.root(0), encoding="utf-8")
    assert "0 (ok)" not in {verdict for _fingerprint, verdict in story.world.served(ca_path=other)}
