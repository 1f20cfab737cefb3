# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage of the end-to-end tests, and beside it what a certificate comes from: a real ACME server, and a real name server."""

from __future__ import annotations

import contextlib
import json
import pathlib
import subprocess
from collections.abc import Iterator
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tests.e2e.openssl import OPENSSL, s_client
from tests.e2e.stage import FEW, Run, Stage, overlay_hosts
from tests.emulator.scenarios.demo import NAMES
from tests.support.dns import NameServer
from tests.support.pebble import Pebble

PLAYBOOK = "daas.https.deploy"
ZONE = "example.com"
ALL = [*NAMES, "shop.example.com"]  # what the demo serves, and the parent of its wildcard


class World:
    """home: the certificate's directory; names: the name server; door: where AliDNS reports what it is told to hold."""

    def __init__(self, folder: pathlib.Path, stage: Stage, names: NameServer, pebble: Pebble) -> None:
        self.stage, self.names, self.pebble = stage, names, pebble
        self.home, self.roots = folder / "certificates", folder / "roots.pem"
        self.limit = FEW
        self.home.mkdir(mode=0o700)
        self.variables: dict[str, Any] = dict(
            certificate_source="acme", certificate_domains=ALL, certificate_directory=str(self.home),
            certificate_ca_path=str(self.roots), certificate_acme_directory=pebble.directory,
            certificate_acme_ca_path=stage.files["ca"], certificate_acme_terms_agreed=True, certificate_acme_dns_settle=0)

    def follow(self, door: str) -> None:
        """From now on AliDNS reports its changes there."""
        self.stage.control("POST", "/service", dict(product="alidns", switches=dict(follower=door)))

    def arguments(self, **more: Any) -> list[str]:
        # in a file: what is secret may not be on the command line
        path = self.home.parent / "variables.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps({**self.variables, **more}), encoding="utf-8")
        return [PLAYBOOK, *self.limit, "-e", "@{0}".format(path)]

    def deploy(self, *arguments: str, environment: dict[str, str] | None = None, **more: Any) -> Run:
        """The main job; more: variables over those of this world. The journal begins anew."""
        self.stage.forget()
        return self.stage.play(*self.arguments(**more), *arguments, variables=environment)

    def trust(self, *roots: str) -> None:
        self.roots.write_text("".join(roots), encoding="utf-8")

    def served(self, *hosts: str, ca_path: str | pathlib.Path | None = None) -> set[tuple[str, str]]:
        """(fingerprint, OpenSSL's verdict) over the endpoints of the few hosts: one pair when all is well."""
        found = overlay_hosts(self.stage)
        endpoints = [endpoint for host in hosts or FEW[1].split(",") for endpoint in found[host]]
        seen = [s_client(endpoint, str(ca_path or self.roots)) for endpoint in endpoints]
        return {(one.fingerprint, one.verdict) for one in seen}

    def records(self, kind: str = "TXT") -> list[tuple[str, str]]:
        """(name before the zone, value) of what AliDNS has."""
        return [(row["rr"], row["value"]) for row in self.stage.control("GET", "/state")["alidns"]["zones"][ZONE] if row["type"] == kind]

    def uploads(self) -> int:
        return self.stage.writes().count(("cas", "UploadUserCertificate"))

    def pair(self, fingerprint: str) -> tuple[pathlib.Path, pathlib.Path]:
        """The files in which that generation is kept."""
        return self.home / fingerprint[:16] / "fullchain.pem", self.home / fingerprint[:16] / "privkey.pem"

    def keys(self) -> list[pathlib.Path]:
        """All files with private keys that the role has made."""
        return [path for path in self.home.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]


@contextlib.contextmanager
def world(folder: pathlib.Path, **options: Any) -> Iterator[World]:
    """options: those of Pebble."""
    with Stage(folder / "stage") as stage, NameServer(folder / "names", ZONE) as names:
        pair = stage.control("POST", "/pki/issue", dict(names=["localhost"], days=30))
        http_port = stage.app["http_port"]
        with Pebble(folder / "pebble", (pair["certificate"], pair["private_key"]), stage.files["ca"], names.port,
                    http_port=http_port, **options) as pebble:
            made = World(folder, stage, names, pebble)
            made.trust(pebble.root())
            yield made


def leaf(path: pathlib.Path) -> x509.Certificate:
    return x509.load_pem_x509_certificates(path.read_bytes())[0]


def fingerprint(path: pathlib.Path) -> str:
    return leaf(path).fingerprint(hashes.SHA256()).hex()


def public_key(path: pathlib.Path) -> str:
    """What OpenSSL makes of a private key."""
    return subprocess.run([OPENSSL or "openssl", "pkey", "-in", str(path), "-pubout"], capture_output=True, text=True, check=True).stdout


def common_name(root: str) -> str:
    return x509.load_pem_x509_certificate(root.encode()).subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
