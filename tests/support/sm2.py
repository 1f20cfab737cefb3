# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SM2 pairs made by the openssl command: the library that the rest of the tests uses has no SM2."""

from __future__ import annotations

import base64
import dataclasses
import pathlib
import subprocess
from typing import Any

IDENTITY = ("-sm3", "-sigopt", "distid:1234567812345678")  # the identity that GM/T 0009 signs with unless another is agreed on
SIGN, ENCRYPT = "digitalSignature,nonRepudiation", "keyEncipherment,dataEncipherment,keyAgreement"


@dataclasses.dataclass(frozen=True)
class Pair:
    """PEM texts, each certificate followed by its issuer."""

    sign_certificate: str
    sign_private_key: str = dataclasses.field(repr=False)
    encrypt_certificate: str
    encrypt_private_key: str = dataclasses.field(repr=False)

    @property
    def options(self) -> dict[str, str]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @property
    def fields(self) -> dict[str, str]:
        """As the cloud's API calls them."""
        return {"SignCert": self.sign_certificate, "SignPrivateKey": self.sign_private_key,
                "EncryptCert": self.encrypt_certificate, "EncryptPrivateKey": self.encrypt_private_key}

    @property
    def keys(self) -> tuple[str, str]:
        return self.sign_private_key, self.encrypt_private_key

    def leaked(self, text: str) -> list[str]:
        """Pieces of the private keys that the text holds: as PEM has them, and the numbers that nobody may know, in hex and base64."""
        pieces = []
        for key in self.keys:
            lines = key.splitlines()[1:-1]
            der = base64.b64decode("".join(lines))
            start = der.index(b"\x02\x01\x01\x04\x20") + 5  # an ECPrivateKey: version 1, then 32 octets
            number = der[start:start + 32]
            pieces += [lines[0][-16:], lines[1][:24], number.hex()]
            pieces += [base64.b64encode(number[shift:shift + 24]).decode() for shift in range(3)]
        return [piece for piece in pieces if piece in text]


class Sm2:
    """An authority whose certificates are signed with SM2, in a folder of its own."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.root = self._certificate("root", "Emulated SM2 Root CA", "basicConstraints=critical,CA:TRUE", days=3650)

    def pair(self, *names: str, days: int = 90, encrypt_names: tuple[str, ...] = ()) -> Pair:
        sign = self._leaf("sign", SIGN, names, days)
        encrypt = self._leaf("encrypt", ENCRYPT, encrypt_names or names, days)
        return Pair(sign + self.root, self.key("sign"), encrypt + self.root, self.key("encrypt"))

    def key(self, name: str) -> str:
        return (self.folder / (name + ".key")).read_text(encoding="utf-8")

    def openssl(self, *words: Any) -> str:
        done = subprocess.run(["openssl", *map(str, words)], cwd=self.folder, check=True, capture_output=True, text=True, timeout=60)
        return done.stdout

    def _leaf(self, name: str, usage: str, names: tuple[str, ...], days: int) -> str:
        return self._certificate(
            name, names[0], "basicConstraints=critical,CA:FALSE", "keyUsage=critical," + usage,
            "subjectAltName=" + ",".join("DNS:" + each for each in names), days=days, issuer=("-CA", "root.pem", "-CAkey", "root.key"))

    def _certificate(self, name: str, common_name: str, *extensions: str, days: int, issuer: tuple[str, ...] = ()) -> str:
        self.openssl("genpkey", "-algorithm", "SM2", "-out", name + ".key")
        added = [word for extension in extensions for word in ("-addext", extension)]
        self.openssl("req", "-x509", "-new", "-key", name + ".key", *IDENTITY, "-subj", "/CN=" + common_name, "-days", days, *added,
                     *issuer, "-out", name + ".pem")
        return (self.folder / (name + ".pem")).read_text(encoding="utf-8")
