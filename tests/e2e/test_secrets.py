# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing secret is shown, at any verbosity, on the good path and on the bad ones. The stage's end searches all files for keys, too."""

from __future__ import annotations

import pathlib

import pytest
import yaml

from tests.e2e.conftest import keys_used
from tests.e2e.stage import FEW
from tests.support.leaks import needles

PLAYBOOK = "daas.https.deploy"


@pytest.fixture
def inline(stage, tmp_path):
    """Extra variables that give the key as text, as from a vault."""
    def write(key="private_key", **more):
        text = pathlib.Path(stage.files[key]).read_text(encoding="utf-8")
        path = tmp_path / "vault.yml"
        path.write_text(yaml.safe_dump(dict(more, certificate_private_key=text)), encoding="utf-8")
        return ["-e", "@{0}".format(path)]
    return write


def secrets(stage):
    cloud = stage.cloud
    return keys_used(stage) | {cloud["access_key_secret"].encode(), cloud["airec_token"].encode(), stage.files["passphrase"].encode()}


@pytest.mark.parametrize("verbosity", ["-v", "-vvvv"])
def test_a_key_from_a_vault_is_never_shown(stage, inline, verbosity):
    run = stage.play(PLAYBOOK, *FEW, verbosity, "--diff", *inline())
    assert run.code == 0, run.output
    assert not [secret for secret in secrets(stage) if secret in run.output.encode()]
    assert not [secret for secret in secrets(stage) if secret in run.record.read_bytes()]


@pytest.mark.parametrize(("key", "more"), [
    ("other_key", {}),
    ("encrypted_key", {}),
    ("encrypted_key", dict(certificate_private_key_passphrase="wrong passphrase, not to be shown")),
    ("private_key", dict(airec_access_token="wrong-token-not-to-be-shown")),
    ("private_key", dict(app_host_validate_command="false")),
])
def test_nor_when_it_fails(fresh, tmp_path, key, more):
    text = pathlib.Path(fresh.files[key]).read_text(encoding="utf-8")
    variables = tmp_path / "vault.yml"
    variables.write_text(yaml.safe_dump(dict(more, certificate_private_key=text)), encoding="utf-8")
    run = fresh.play(PLAYBOOK, *FEW, "-vvv", "--diff", "-e", "@{0}".format(variables))
    variables.unlink()
    assert run.code != 0
    shown = run.output.encode() + run.record.read_bytes()
    assert b"censored" in shown or "msg" in run.output
    hidden = secrets(fresh) | {value.encode() for name, value in more.items() if "passphrase" in name or "token" in name}
    assert not [secret for secret in hidden if secret in shown]


def test_the_search_finds_what_it_looks_for(stage, tmp_path):
    """A search that never finds anything proves nothing."""
    key = pathlib.Path(stage.files["private_key"]).read_text(encoding="utf-8")
    wanted = needles(key)
    assert any(needle in key.encode() for needle in wanted)
    assert any(needle in key.replace("\n", "\\n").encode() for needle in wanted)
    assert any(needle in "".join(key.splitlines()[1:-1]).encode() for needle in wanted)
    assert not [needle for needle in wanted if needle in pathlib.Path(stage.files["certificate"]).read_bytes()]
