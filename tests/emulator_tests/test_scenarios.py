# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scenarios leave on disk for an operator."""

from __future__ import annotations

import pathlib
import stat
import types

import pytest
from cryptography.hazmat.primitives import serialization

from tests.emulator import pki, scenarios

PRIVATE = {"private_key", "expired_key", "other_key", "encrypted_key"}


@pytest.fixture(scope="module")
def cloud():
    return types.SimpleNamespace(authority=pki.Authority.create())


@pytest.fixture(scope="module", params=sorted(scenarios.SCENARIOS))
def files(request, cloud, tmp_path_factory):
    return scenarios.get(request.param).files(cloud, tmp_path_factory.mktemp(request.param) / "files")


def text(files, name):
    return pathlib.Path(files[name]).read_text(encoding="utf-8")


def test_the_good_pair_is_good(files, cloud):
    material = pki.parse_material(text(files, "certificate"), text(files, "private_key"))
    assert pki.key_matches(material)
    assert material.names == tuple(scenarios.demo.NAMES)
    assert len(pki.split_pem(material.chain_pem)) == 2
    assert text(files, "ca") == cloud.authority.root_pem


def test_each_broken_input_is_broken_in_its_own_way(files, cloud):
    chain, key = text(files, "certificate"), text(files, "private_key")
    expired = pki.parse_material(text(files, "expired"), text(files, "expired_key"))
    assert pki.key_matches(expired) and expired.not_after < cloud.authority.now()
    assert not pki.key_matches(pki.parse_material(chain, text(files, "other_key")))
    assert pki.split_pem(text(files, "no_intermediate")) == pki.split_pem(chain)[:1]
    assert pki.split_pem(text(files, "wrong_order")) == pki.split_pem(chain)[::-1]
    assert "ENCRYPTED PRIVATE KEY" in text(files, "encrypted_key")
    with pytest.raises(ValueError, match="unencrypted"):
        pki.parse_material(chain, text(files, "encrypted_key"))
    opened = serialization.load_pem_private_key(text(files, "encrypted_key").encode(), files["passphrase"].encode())
    assert opened.private_numbers() == serialization.load_pem_private_key(key.encode(), None).private_numbers()


def test_private_keys_are_for_the_owner_only(files):
    for name in PRIVATE:
        assert stat.S_IMODE(pathlib.Path(files[name]).stat().st_mode) == 0o600
    for name in set(files) - PRIVATE - {"passphrase"}:
        assert "PRIVATE" not in text(files, name)


def test_an_unknown_scenario_names_the_known_ones():
    with pytest.raises(KeyError, match="demo, empty"):
        scenarios.get("nothing")
