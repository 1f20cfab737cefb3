# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""http-01 by files on the application host, with a key on an elliptic curve, at an authority that wants accounts to be bound."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.e2e_acme.conftest import Searched
from tests.e2e_acme.world import ZONE, leaf

HOSTS = ("app.example.com", "airec-cn-demo01")  # what else is served has wildcards, too
NAMES = ("app.example.com", "rec.example.com")
KEY = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with Searched(tmp_path_factory.mktemp("http"), binding=("key-1", KEY)) as world:
        for name in NAMES:
            world.names.put(ZONE, name, "A", "127.0.0.1")
        world.variables.update(
            certificate_domains=list(NAMES), certificate_key_type="ecdsa", certificate_validation="http",
            certificate_validation_host="app.example.com", certificate_validation_root=str(world.stage.app_root / "www"),
            certificate_acme_eab_kid="key-1", certificate_acme_eab_key=KEY, certificate_acme_email="operations@example.com")
        world.limit = ("--limit", ",".join(HOSTS))
        run = world.deploy("-vvvv")
        yield world, run, world.stage.journal()


def test_one_run_is_the_whole_way(made):
    world, run, _journal = made
    assert run.code == 0, run.output
    (seen, verdict), = world.served(*HOSTS)
    assert verdict == "0 (ok)" and world.uploads() == 1 and world.pebble.orders() == 1
    assert isinstance(leaf(world.pair(seen)[0]).public_key(), ec.EllipticCurvePublicKey)


def test_no_record_was_made_for_it_and_no_file_is_left(made):
    world, _run, journal = made
    assert not [entry for entry in journal if entry["action"] == "AddDomainRecord" and entry["params"]["Type"] == "TXT"]
    assert [path for path in (world.stage.app_root / "www").rglob("*") if path.is_file()] == []
    assert world.pebble.validated() == len(NAMES)


def test_the_key_of_the_binding_is_never_shown(made):
    _world, run, _journal = made
    assert KEY not in run.output and KEY.encode() not in run.record.read_bytes()
