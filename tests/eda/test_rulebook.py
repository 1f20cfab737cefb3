# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-rulebook for real: hundreds of events about a certificate that ends soon start one rotation; a change starts the proof."""

from __future__ import annotations

import dataclasses
import hashlib
import pathlib
import signal
import ssl
from typing import Any

import pytest

from tests.e2e.conftest import keys_used, places_of_keys
from tests.e2e.openssl import LEAF, s_client
from tests.e2e.stage import ROOT, Stage
from tests.eda.rulebook import Rulebook, inventory_of, watched, write
from tests.support.leaks import leaks

HOSTS = LB, CDN = "lb-bp1web", "img.example.com"
TIMES = 60  # how often each endpoint is watched, under another label each time
FAST = dict(edge_waves=[1], edge_verify_timeout=20)


@dataclasses.dataclass
class World:
    """A stage, its inventory in one folder, and what the guide's playbook found in it."""

    stage: Stage
    inventory: object
    watch: dict

    def served(self):
        return {host: s_client(endpoint, self.stage.files["ca"]) for host in HOSTS for endpoint in self.stage.endpoints()
                if host in endpoint["label"]}

    def variables(self, name, times=1, **more):
        """The file of variables for a rulebook."""
        endpoints = [dict(endpoint, label="{0} {1}".format(endpoint["label"], number))
                     for number in range(times) for endpoint in self.watch["https_endpoints"]]
        return write(self.stage.folder / (name + ".yml"), dict(
            dict(https_endpoints=endpoints, watch_ca_path=self.stage.files["ca"], watch_interval=4), **more))


def hurried(stage, name, window):
    """A rulebook of the collection that gathers events for less time."""
    text = (ROOT / "extensions" / "eda" / "rulebooks" / (name + ".yml")).read_text(encoding="utf-8")
    assert text.count("once_after: {0}\n".format(window)) == 1
    path = stage.folder / "{0}-hurried.yml".format(name)
    path.write_text(text.replace("once_after: {0}\n".format(window), "once_after: 3 seconds\n"), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("eda")
    with Stage(folder / "stage", calm=True) as stage:
        inventory = inventory_of(stage, HOSTS, FAST)
        yield World(stage, inventory, watched(stage, inventory))
    assert not list(leaks(folder, keys_used(stage), places_of_keys(stage))), "private keys were left behind"


@dataclasses.dataclass
class Story:
    """A rotation that events have started: what was served before and after, and what was written meanwhile."""

    rulebook: Rulebook
    code: int
    before: dict[str, Any]
    after: dict[str, Any]
    writes: list[tuple[str, str]]


@pytest.fixture(scope="module")
def rotated(world):
    before = world.served()
    name = hurried(world.stage, "rotate", "2 minutes")
    with Rulebook(world.stage, name, world.inventory, world.variables("rotate", TIMES)) as rulebook:
        rulebook.until(lambda: rulebook.runs() and rulebook.events("recovered") >= TIMES * len(HOSTS), "the rotation")
        code = rulebook.stop()
    return Story(rulebook, code, before, world.served(), world.stage.writes())


def test_what_is_watched_comes_from_the_inventory(world):
    assert [endpoint["name"] for endpoint in world.watch["https_endpoints"]] == ["www.example.com", CDN]


def test_a_certificate_that_ends_soon_is_rotated(world, rotated):
    renewed = LEAF.search(pathlib.Path(world.stage.files["certificate"]).read_text(encoding="utf-8")).group(0)
    fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(renewed)).hexdigest()
    assert fingerprint not in {seen.fingerprint for seen in rotated.before.values()}
    assert {(seen.fingerprint, seen.verdict) for seen in rotated.after.values()} == {(fingerprint, "0 (ok)")}
    assert not [row for row in rotated.rulebook.rows() if row["status"] in ("failed", "unreachable")]


def test_hundreds_of_events_start_one_rotation(rotated):
    each = TIMES * len(HOSTS)
    assert {kind: rotated.rulebook.events(kind) for kind in ("expiring", "changed", "recovered", "mismatched", "unreachable")} == dict(
        expiring=each, changed=each, recovered=each, mismatched=0, unreachable=0)
    assert rotated.rulebook.runs() == 1
    assert rotated.writes.count(("cas", "UploadUserCertificate")) == 1
    assert rotated.writes.count(("cdn", "SetCdnDomainSSLCertificate")) == 1


def test_it_ends_when_it_is_told_to(rotated):
    output = rotated.rulebook.output()
    assert rotated.code in (0, -signal.SIGTERM, 128 + signal.SIGTERM), output[-3000:]
    assert "Source error" not in output and "Traceback" not in output


def test_a_change_by_somebody_else_is_proved(world, rotated):
    """The endpoint is made to serve what it had before, as if somebody had put it back; what the cloud says is not changed."""
    name = hurried(world.stage, "verify", "1 minute")
    world.stage.forget()
    asked = world.stage.control("GET", "/handshakes")["cdn"]
    with Rulebook(world.stage, name, world.inventory, world.variables("verify", watch_interval=1)) as rulebook:
        rulebook.until(lambda: world.stage.control("GET", "/handshakes")["cdn"] > asked, "the first look")
        world.stage.control("POST", "/dataplane/fault", dict(key="cdn", kind="previous"))
        rulebook.until(rulebook.runs, "the proof")
        rulebook.stop()
    world.stage.control("POST", "/dataplane/fault", dict(key="cdn", kind=None))
    failed = [row for row in rulebook.rows() if row["status"] == "failed"]
    assert rulebook.events("changed") >= 1 and rulebook.runs() == 1
    assert failed and CDN in str(failed[-1]["result"]["msg"])
    assert world.stage.writes() == [], "a proof changes nothing"


@pytest.mark.parametrize("name", ["rotate", "verify"])
def test_bad_arguments_end_it_with_one_message(name, world):
    """Also: both rulebooks are found by their names, and their source with them."""
    variables = write(world.stage.folder / "bad-{0}.yml".format(name), dict(https_endpoints=[dict(name="*.example.com")]))
    with Rulebook(world.stage, "daas.https." + name, world.inventory, variables) as rulebook:
        assert rulebook.wait() != 0
    assert "ArgumentError: Source plugin failed with error message: 'endpoints[0]: '*.example.com' is not a host name" in rulebook.output()
