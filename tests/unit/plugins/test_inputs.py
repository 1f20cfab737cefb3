# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users give as text or as a file, and what is said when it cannot be read."""

from __future__ import annotations

import types

import pytest

from ansible_collections.daas.https.plugins.module_utils import _inputs
from ansible_collections.daas.https.plugins.module_utils._domain.certificate import leaf_facts
from ansible_collections.daas.https.plugins.module_utils._errors import InputError
from tests.emulator.pki import Authority, in_wrong_order

AUTHORITY = Authority.create()
GOOD = AUTHORITY.issue(["www.example.com"], key="ec")
EXPIRED = AUTHORITY.expired(["www.example.com"], key="ec")


@pytest.fixture
def folder(tmp_path):
    for name, text in (("cert.pem", GOOD.chain_pem), ("key.pem", GOOD.key_pem), ("ca.pem", AUTHORITY.root_pem)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("params, text", [
    (dict(chain="given"), "given"), (dict(chain_path="cert.pem"), GOOD.chain_pem), ({}, None), (dict(chain=""), None),
    (dict(chain=None, chain_path=None), None), (dict(chain="", chain_path="cert.pem"), GOOD.chain_pem),
])
def test_text_of(params, text, folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert _inputs.text_of(params, "chain") == text


@pytest.mark.parametrize("content, words", [
    (None, ["cannot be read", "No such file"]), (b"\x30\x82\xff\xfe", ["is not text", "PEM is needed", "PKCS#12"]),
    (b"x" * (_inputs.LARGEST + 1), ["larger than 1 MB"]),
])
def test_files_that_cannot_be_used(content, words, tmp_path):
    path = tmp_path / "fullchain.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        _inputs.read_text(str(path), "certificate_path")
    for word in ["certificate_path", str(path)] + words:
        assert word in str(caught.value)
    assert "\\x" not in str(caught.value) and "xxxx" not in str(caught.value)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        _inputs.read_text(str(tmp_path), "private_key_path")


def test_a_file_of_the_largest_size_is_read(tmp_path):
    (tmp_path / "large.pem").write_bytes(b"x" * _inputs.LARGEST)
    assert len(_inputs.read_text(str(tmp_path / "large.pem"), "ca_path")) == _inputs.LARGEST


def test_bundle_from_files(folder):
    bundle = _inputs.bundle_from(dict(
        certificate_path=str(folder / "cert.pem"), private_key_path=str(folder / "key.pem"), ca_path=str(folder / "ca.pem")))
    assert bundle.facts.fingerprint == GOOD.fingerprint and bundle.key.reveal().startswith("-----BEGIN EC PRIVATE KEY-----")


@pytest.mark.parametrize("more, word", [
    (dict(private_key=None), "No private key"), (dict(private_key=""), "No private key"),
    (dict(private_key_path="gone.pem"), "private_key_path"),
    (dict(ca_path="gone.pem"), "ca_path"), (dict(chain_path="gone.pem"), "chain_path"),
    (dict(certificate=EXPIRED.chain_pem), "does not match"),
    (dict(certificate=in_wrong_order(GOOD).chain_pem, normalize_chain=False), "wrong order"),
    (dict(certificate=""), "certificate is given and empty"),
])
def test_bundle_from_refuses(more, word, folder, monkeypatch):
    monkeypatch.chdir(folder)
    params = dict(certificate=GOOD.chain_pem, private_key=GOOD.key_pem, ca_path="ca.pem")
    if "private_key_path" in more:
        params["private_key"] = None
    with pytest.raises(InputError, match=word) as caught:
        _inputs.bundle_from(dict(params, **more))
    assert GOOD.key_pem.splitlines()[1] not in str(caught.value)


def test_nothing_given_is_nothing():
    assert _inputs.bundle_from(dict(certificate=None, certificate_path=None)) is None


def test_the_systems_roots_are_the_default():
    text = _inputs.roots_text({})
    assert isinstance(text, str) and (not text or "BEGIN CERTIFICATE" in text)


@pytest.mark.parametrize("cafile", [None, "/nowhere/roots.pem"])
def test_a_system_without_roots_has_none(cafile, monkeypatch):
    monkeypatch.setattr(_inputs.ssl, "get_default_verify_paths", lambda: types.SimpleNamespace(cafile=cafile))
    assert _inputs.roots_text({}) == ""


def test_the_chain_is_put_right_unless_refused_and_must_be_complete_unless_allowed():
    params = dict(certificate=in_wrong_order(GOOD).chain_pem, private_key=GOOD.key_pem)
    with pytest.raises(InputError, match="incomplete"):
        _inputs.bundle_from(params)
    assert _inputs.bundle_from(dict(params, allow_incomplete_chain=True)).notes
    spec = _inputs.CERTIFICATE
    assert (spec["normalize_chain"]["default"], spec["allow_incomplete_chain"]["default"]) == (True, False)


def test_ca_path_replaces_them(folder):
    assert _inputs.roots_text(dict(ca_path=str(folder / "ca.pem"))) == AUTHORITY.root_pem


@pytest.mark.parametrize("text", [GOOD.chain_pem, in_wrong_order(GOOD).chain_pem, GOOD.leaf_pem])
def test_leaf_facts_ask_for_no_more_than_a_name(text):
    assert leaf_facts(text).fingerprint == GOOD.fingerprint
    assert leaf_facts(EXPIRED.chain_pem).fingerprint == EXPIRED.fingerprint


def test_leaf_facts_of_rubbish():
    with pytest.raises(InputError, match="Malformed PEM"):
        leaf_facts("rubbish")


def test_every_path_option_has_a_text_option_beside_it():
    paths = [name for name, option in _inputs.CERTIFICATE.items() if option["type"] == "path" and name != "ca_path"]
    assert sorted(_inputs.CERTIFICATE_EXCLUSIVE) == sorted((name[:-len("_path")], name) for name in paths)
