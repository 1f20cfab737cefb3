# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the certificate may come from: a PKCS#12 file by way of the lookup, and CAS itself, by name, by tags and by fingerprint."""

from __future__ import annotations

import json
import pathlib
import subprocess

import pytest

from tests.e2e.openssl import s_client
from tests.e2e.rollout import playbook, write
from tests.emulator import pki
from tests.emulator.scenarios import demo

PLAYBOOK = "daas.https.deploy"
EDGE = ("--limit", "lb-bp1web,img.example.com")  # one that is told to, and one that takes what it gets
PASSPHRASE = "open sesame"
NO_FILES = dict(certificate_path="", certificate_private_key_path="")


def extra(**variables):
    return ["-e", json.dumps(dict(NO_FILES, **variables))]


def served(stage):
    return {endpoint["label"]: s_client(endpoint, stage.files["ca"]).fingerprint for endpoint in stage.endpoints()
            if "lb-bp1web" in endpoint["label"] or "img.example.com" in endpoint["label"]}


def play(stage, *arguments, playbook=PLAYBOOK):
    """The run, and the writing calls that the cloud carried out for it."""
    stage.forget()
    run = stage.play(playbook, *EDGE, *arguments)
    return run, stage.writes()


@pytest.fixture(scope="module")
def store(stage):
    """Arguments that have the role take the pair of the stage out of a PKCS#12 file."""
    path = stage.folder / "shop.p12"
    subprocess.run(
        ["openssl", "pkcs12", "-export", "-in", stage.files["certificate"], "-inkey", stage.files["private_key"], "-out", path, "-passout",
         "pass:" + PASSPHRASE], check=True, capture_output=True, timeout=60)
    variables = dict(NO_FILES, shop_certificate="{{ lookup('daas.https.pkcs12', '%s', passphrase='%s') }}" % (path, PASSPHRASE),
                     certificate_content="{{ shop_certificate.certificate }}", certificate_private_key="{{ shop_certificate.private_key }}")
    return ["-e", "@" + write(stage.folder / "store.yml", variables)]


@pytest.fixture(scope="module")
def first(stage, store):
    run, writes = play(stage, "-vvv", *store)
    assert run.code == 0, run.output
    return run, writes


def test_a_pkcs12_file_is_deployed(stage, first):
    run, writes = first
    assert ("cas", "UploadUserCertificate") in writes and "PRIVATE" not in run.output
    fingerprint = pki.parse_material(pathlib.Path(stage.files["certificate"]).read_text(encoding="utf-8"), None).fingerprint
    assert set(served(stage).values()) == {fingerprint}
    assert fingerprint in {item["fingerprint"] for item in stage.control("GET", "/state")["cas"]["certificates"]}


def test_again_it_changes_nothing(stage, first, store):
    run, writes = play(stage, *store)
    assert run.code == 0, run.output
    assert run.changed() == 0 and writes == []


def test_a_wrong_passphrase_is_said_and_nothing_is_written(stage, first, store):
    variables = dict(shop_certificate="{{ lookup('daas.https.pkcs12', '%s', passphrase='barley') }}" % (stage.folder / "shop.p12"))
    run, writes = play(stage, *store, "-e", json.dumps(variables))
    assert run.code != 0 and writes == [] and "passphrase is wrong" in run.output and "barley" not in run.output


# -- what CAS has --------------------------------------------------------------------------------------------------------------------

def test_by_name_nobody_needs_a_file(stage, first):
    run, writes = play(stage, *extra(certificate_source="cas"))
    assert run.code == 0, run.output
    assert run.changed() == 0 and writes == [] and run.results("daas.https.cas_certificate") == []


@pytest.fixture(scope="module")
def bought(stage, first):
    """Fingerprint of a certificate that somebody else has put into CAS, with a tag."""
    issued = stage.control("POST", "/pki/issue", dict(names=demo.NAMES, days=200, key="rsa"))
    home = pathlib.Path(stage.files["private_key"]).parent
    for name in ("certificate", "private_key"):
        path = home / "bought-{0}.pem".format(name)
        path.touch(mode=0o600)
        path.write_text(issued[name], encoding="utf-8")
    run = stage.play(playbook(stage.folder / "bought.yml", {"name": "Upload", "daas.https.cas_certificate": dict(
        name="bought", certificate_path=str(home / "bought-certificate.pem"), private_key_path=str(home / "bought-private_key.pem"),
        ca_path=stage.files["ca"], tags=dict(team="edge"))}))
    assert run.code == 0, run.output
    return issued["fingerprint"]


REFUSED = {
    "no such tag": (dict(certificate_cas_tags=dict(team="nobody")), "CAS has no certificate with the tags team=nobody"),
    "no such name": (dict(certificate_name="nothing"), "CAS has no certificate with the series nothing"),
    "no fingerprint": (dict(certificate_fingerprint="abc"), "neither SHA-256"),
    "lacks a name": (dict(certificate_covers=["www.example.com", "other.example.org"]), "does not cover other.example.org"),
    "a file that lacks a name": (dict(certificate_source="pem", certificate_covers=["other.example.org"]), "does not cover other.example"),
}


@pytest.mark.parametrize("variables, message", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_meant_is_said_and_nothing_is_written(stage, bought, store, variables, message):
    role = write(stage.folder / "role.yml", [dict(name="The role", hosts="all", gather_facts=False, roles=["daas.https.certificate"])])
    run, writes = play(stage, *store, "-e", json.dumps(dict(dict(certificate_source="cas"), **variables)), playbook=role)
    assert run.code != 0 and writes == [] and message in " ".join(run.output.split()), run.output


def test_by_tag_it_is_deployed_and_by_fingerprint_it_is_the_same(stage, bought):
    assert bought not in served(stage).values()
    run, writes = play(stage, *extra(certificate_source="cas", certificate_cas_tags=dict(team="edge"), certificate_covers=demo.NAMES))
    assert run.code == 0, run.output
    assert writes and not [action for product, action in writes if product == "cas"]
    assert set(served(stage).values()) == {bought}
    run, writes = play(stage, *extra(certificate_source="cas", certificate_fingerprint=bought.upper()))
    assert run.code == 0, run.output
    assert run.changed() == 0 and writes == []
