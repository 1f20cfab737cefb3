# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup: finds the file, opens it also when Ansible Vault has encrypted it, leaves no copy; errors hold no secret."""

from __future__ import annotations

import pathlib

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12 as library

from ansible_collections.daas.https.plugins.lookup import pkcs12
from tests.emulator.pki import Authority, split_pem

PASSPHRASE = "open sesame"
MATERIAL = Authority.create().issue(["www.example.com"], key="ec")
VAULT = [("default", VaultSecret(b"the vault's password"))]


@pytest.fixture(scope="module")
def data():
    leaf, intermediate = [x509.load_pem_x509_certificate(pem.encode()) for pem in split_pem(MATERIAL.chain_pem)]
    key = serialization.load_pem_private_key(MATERIAL.key_pem.encode(), None)
    return library.serialize_key_and_certificates(
        b"shop", key, leaf, [intermediate], serialization.BestAvailableEncryption(PASSPHRASE.encode()))


@pytest.fixture
def loader(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path / "local"))
    (tmp_path / "local").mkdir()
    (tmp_path / "files").mkdir()
    made = DataLoader()
    made.set_basedir(str(tmp_path))
    return made


def lookup(loader, *terms, **options):
    """As Ansible's loader makes it, but without the loader, which would take over the imports of the whole test process."""
    made = pkcs12.LookupModule(loader=loader, templar=None)
    constants.config.initialize_plugin_configuration_definitions(
        "lookup", "daas.https.pkcs12", yaml.safe_load(pkcs12.DOCUMENTATION)["options"])
    made._load_name, made._original_path, made._redirected_names = "daas.https.pkcs12", pkcs12.__file__, ["daas.https.pkcs12"]
    return made.run(list(terms), variables={}, **options)


def right(content):
    key = serialization.load_pem_private_key(content["private_key"].encode(), None)
    wanted = serialization.load_pem_private_key(MATERIAL.key_pem.encode(), None)
    return content["certificate"] == MATERIAL.chain_pem and key.private_numbers() == wanted.private_numbers() and set(content) == {
        "certificate", "private_key"}


def test_it_gives_certificate_and_key(loader, data, tmp_path):
    (tmp_path / "shop.p12").write_bytes(data)
    [content] = lookup(loader, str(tmp_path / "shop.p12"), passphrase=PASSPHRASE)
    assert right(content)


def test_a_relative_path_is_looked_for_in_files(loader, data, tmp_path):
    (tmp_path / "files" / "shop.p12").write_bytes(data)
    assert [right(content) for content in lookup(loader, "shop.p12", "shop.p12", passphrase=PASSPHRASE)] == [True, True]


def test_a_file_of_the_vault(loader, data, tmp_path):
    (tmp_path / "shop.p12").write_bytes(VaultLib(VAULT).encrypt(data))
    with pytest.raises(AnsibleError, match="vault"):
        lookup(loader, str(tmp_path / "shop.p12"), passphrase=PASSPHRASE)
    loader.set_vault_secrets(VAULT)
    [content] = lookup(loader, str(tmp_path / "shop.p12"), passphrase=PASSPHRASE)
    assert right(content)
    assert not [path for path in (tmp_path / "local").rglob("*") if path.is_file()], "a copy was left"


def test_no_copy_is_left_when_it_fails(loader, data, tmp_path):
    (tmp_path / "shop.p12").write_bytes(VaultLib(VAULT).encrypt(data))
    loader.set_vault_secrets(VAULT)
    with pytest.raises(AnsibleLookupError, match="passphrase is wrong"):
        lookup(loader, str(tmp_path / "shop.p12"), passphrase="barley")
    assert not [path for path in (tmp_path / "local").rglob("*") if path.is_file()]


@pytest.mark.parametrize("content, passphrase, words", [
    (None, None, ["there is no file", "machine that Ansible runs on"]), (b"rubbish", None, ["is not a PKCS#12 file"]),
    (b"0" * (pkcs12.LARGEST + 1), None, ["larger than 1 MB"]),
    ("data", "barley", ["passphrase is wrong"]), ("data", None, ["which was not given"]),
])
def test_one_clear_error(loader, data, tmp_path, content, passphrase, words):
    path = tmp_path / "shop.p12"
    if content is not None:
        path.write_bytes(data if content == "data" else content)
    with pytest.raises(AnsibleLookupError) as caught:
        lookup(loader, str(path), passphrase=passphrase)
    text = str(caught.value)
    assert not [word for word in [*words, str(path), "pkcs12: "] if word not in text], text
    assert "barley" not in text and caught.value.__cause__ is None


def test_what_cannot_be_read(loader, tmp_path, monkeypatch):
    (tmp_path / "shop.p12").write_bytes(b"0")

    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(pkcs12.os.path, "getsize", refuse)
    with pytest.raises(AnsibleLookupError, match="cannot be read: Permission denied"):
        lookup(loader, str(tmp_path / "shop.p12"))


def test_its_documentation():
    documented = yaml.safe_load(pkcs12.DOCUMENTATION)
    assert documented["name"] == pathlib.Path(pkcs12.__file__).stem and set(documented["options"]) == {"_terms", "passphrase"}
    everywhere, alone = yaml.safe_load(pkcs12.EXAMPLES)
    assert {"certificate_content", "certificate_private_key"} <= set(everywhere["roles"][0]["vars"])
    assert "daas.https.cas_certificate" in alone["tasks"][0]
    assert set(yaml.safe_load(pkcs12.RETURN)["_list"]["contains"]) == {"certificate", "private_key"}
