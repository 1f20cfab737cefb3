# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same names under an RSA and an ECDSA key: each client gets what it can use, and each of the two is renewed alone."""

from __future__ import annotations

import dataclasses
import hashlib
import pathlib
import re
import shlex
import ssl
import subprocess
from typing import Any

import pytest

from tests.e2e.openssl import LEAF, s_client_command
from tests.e2e.rollout import begin, made
from tests.e2e.stage import Run
from tests.emulator import pki

ALB, CDN = "alb-uf6shop", "img.example.com"
DEPLOY = ["daas.https.deploy", "--limit", ALB + "," + CDN, "-e", "verify_wait_timeout=4"]
NEW_CLIENT = "new client"
OFFERS = {"RSA": ["-tls1_2", "-cipher", "aRSA"], "ECDSA": ["-tls1_3", "-sigalgs", "ECDSA+SHA256"], NEW_CLIENT: []}


@dataclasses.dataclass
class Outcome:
    """Of one run: what it wrote, and what clients with these offers get from the ALB and from CDN afterwards."""

    run: Run
    writes: list[tuple[str, str]]
    served: dict[str, str]
    on_cdn: dict[str, str]


class Pair:
    """The operator's two pairs, in files that are replaced when one is renewed."""

    def __init__(self, stage: Any) -> None:
        self.stage, self.fingerprint = stage, {}
        self.names = sorted(pki.parse_material(
            pathlib.Path(stage.files["certificate"]).read_text(encoding="utf-8"),
            pathlib.Path(stage.files["private_key"]).read_text(encoding="utf-8")).names)
        self.folder = pathlib.Path(stage.files["certificate"]).parent
        for kind in ("rsa", "ec"):
            self.renew(kind)

    def renew(self, key: str, names: list[str] | None = None, name: str = "") -> None:
        issued = self.stage.control("POST", "/pki/issue", dict(names=names or self.names, days=90, key=key))
        self.save(name or key, pki.parse_material(issued["certificate"], issued["private_key"]))

    def save(self, name: str, material: pki.Material) -> None:
        (self.folder / "pair_{0}.pem".format(name)).write_text(material.chain_pem, encoding="utf-8")
        path = self.folder / "pair_{0}_key.pem".format(name)
        path.unlink(missing_ok=True)
        pki.write_private(path, material.key_pem)
        self.fingerprint[name] = material.fingerprint

    def variables(self, first: str = "rsa", second: str = "ec") -> list[str]:
        given = dict(certificate_path=first, certificate_private_key_path=first + "_key", certificate_alternative_path=second,
                     certificate_alternative_private_key_path=second + "_key")
        return [word for name, file in given.items() for word in ("-e", "{0}={1}/pair_{2}.pem".format(name, self.folder, file))]

    def deploy(self, *arguments: str) -> Outcome:
        self.stage.forget()
        run = self.stage.play(*DEPLOY, *self.variables(), *arguments)
        at = {endpoint["name"]: endpoint for endpoint in self.stage.endpoints() if endpoint["label"] in (ALB + ":443", "cdn " + CDN)}
        shop, cdn = at["www.shop.example.com"], at[CDN]
        return Outcome(run, self.stage.writes(), {offer: self.sees(shop, *words) for offer, words in OFFERS.items()},
                       {offer: self.sees(cdn, *words) for offer, words in OFFERS.items()})

    def sees(self, endpoint: dict[str, Any], *offer: str) -> str:
        """SHA-256 of what OpenSSL's client gets with this offer, if it trusts it; "" for none."""
        done = subprocess.run([*shlex.split(s_client_command(endpoint, self.stage.files["ca"])), *offer], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False)
        leaf = LEAF.search(done.stdout)
        if not leaf:
            return ""
        assert re.findall(r"Verify return code: (.*)", done.stdout)[-1] == "0 (ok)"
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(leaf.group(0))).hexdigest()


@pytest.fixture(scope="module")
def pair(stage):
    begin(stage)
    return Pair(stage)


def both(pair: Pair) -> dict[str, str]:
    return {"RSA": pair.fingerprint["rsa"], "ECDSA": pair.fingerprint["ec"], NEW_CLIENT: pair.fingerprint["ec"]}


def counted(outcome: Outcome, product: str) -> list[str]:
    return [action for name, action in outcome.writes if name == product]


def series(stage: Any) -> list[str]:
    return sorted(item["name"].rpartition("-")[0] for item in stage.control("GET", "/state")["cas"]["certificates"])


# The tests are one story, in this order.

def test_what_is_no_pair_is_said_before_anything_is_sent(pair):
    pair.renew("rsa", name="twin")
    pair.renew("ec", ["www.example.com", "www.shop.example.com"], name="narrow")
    for second, said in (("twin", "both have RSA keys"), ("narrow", "They have to be for the same names")):
        pair.stage.forget()
        run = pair.stage.play(*DEPLOY, "--tags", "certificate", *pair.variables(second=second))
        failed = [row["result"]["msg"] for row in run.rows if row["status"] == "failed"]
        assert run.code != 0 and said in failed[-1], run.output
        assert pair.stage.writes() == []


def test_a_check_predicts_it_and_writes_nothing(pair):
    before = series(pair.stage)
    check = pair.deploy("--check")
    assert check.run.code == 0, check.run.output
    assert check.writes == [] and series(pair.stage) == before
    pair.check = made(check.run)


def test_each_client_gets_the_certificate_that_it_can_use(pair):
    old = pair.sees(next(item for item in pair.stage.endpoints() if item["label"] == ALB + ":443"))
    first = pair.deploy()
    assert first.run.code == 0, first.run.output
    assert first.served == both(pair) and old not in first.served.values()
    assert first.on_cdn == {"RSA": pair.fingerprint["rsa"], "ECDSA": "", NEW_CLIENT: pair.fingerprint["rsa"]}
    assert made(first.run) == pair.check
    assert counted(first, "alb").count("AssociateAdditionalCertificatesWithListener") == 2  # HTTPS and QUIC
    assert {"shop", "shop-ecdsa"} <= set(series(pair.stage))
    said = [row["result"]["msg"] for row in first.run.rows if row["action"] == "ansible.builtin.debug" and row["status"] != "skipped"]
    assert [text for text in said if "alternative certificate is not deployed to cdn/img.example.com:" in text]
    proofs = [row["result"]["tls"] for row in first.run.rows if row["play"] == "The proof" and "tls" in row["result"]]
    assert {item["label"]: item["key_type"] for item in proofs[0]["endpoints"]} == {
        "alb-uf6shop:443 (rsa)": "rsa", "alb-uf6shop:443 (ecdsa)": "ecdsa", "cdn img.example.com": "rsa"}


def test_a_second_run_changes_nothing(pair):
    second = pair.deploy("-e", "verify_drift=true")
    assert second.run.code == 0, second.run.output
    assert second.run.changed() == 0 and second.writes == [] and second.served == both(pair)


def test_the_alternative_is_renewed_and_the_first_one_stays(pair):
    pair.renew("ec")
    renewed = pair.deploy()
    assert renewed.run.code == 0, renewed.run.output
    assert renewed.served == both(pair) and renewed.on_cdn["RSA"] == pair.fingerprint["rsa"]
    assert "UpdateListenerAttribute" not in counted(renewed, "alb") and counted(renewed, "cdn") == []
    assert counted(renewed, "alb").count("DissociateAdditionalCertificatesFromListener") == 2  # the ECDSA one of before


def test_the_first_one_is_renewed_and_the_alternative_stays(pair):
    pair.renew("rsa")
    renewed = pair.deploy()
    assert renewed.run.code == 0, renewed.run.output
    assert renewed.served == both(pair) and renewed.on_cdn[NEW_CLIENT] == pair.fingerprint["rsa"]
    assert counted(renewed, "alb") == ["UpdateListenerAttribute"] * 2


def test_if_the_alternative_cannot_be_proved_both_go_back(pair):
    """It is of a CA that the proof does not trust; the first one has been proved by then."""
    before = both(pair)
    pair.renew("rsa")
    stranger = pki.Authority.create()
    pair.save("ec", stranger.issue(pair.names, key="ec"))
    roots = pair.folder / "both_roots.pem"
    roots.write_text(pathlib.Path(pair.stage.files["ca"]).read_text(encoding="utf-8") + stranger.root_pem, encoding="utf-8")
    failed = pair.deploy("--tags", "edge", "-e", "certificate_ca_path={0}".format(roots), "-e", "edge_ca_path=" + pair.stage.files["ca"])
    said = [row["result"]["msg"] for row in failed.run.rows if row["status"] == "failed"][-1]
    assert failed.run.code != 0 and "The previous certificates were put back on" in said and "Handshakes prove" in said, failed.run.output
    assert "offering ECDSA only" in said and failed.served == before and failed.on_cdn["RSA"] == before["RSA"]
