# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What OpenSSL's own client says about an endpoint: the referee that shares no code with this project."""

from __future__ import annotations

import dataclasses
import hashlib
import re
import shlex
import shutil
import ssl
import subprocess
from typing import Any

OPENSSL = shutil.which("openssl")
LEAF = re.compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


@dataclasses.dataclass(frozen=True)
class OpenSSL:
    """verdict: what follows "Verify return code:", for instance "0 (ok)". fingerprint: SHA-256 of the leaf, or ''."""

    label: str
    fingerprint: str
    verdict: str


def s_client_command(endpoint: dict[str, Any], ca_path: str) -> str:
    return shlex.join(_arguments(endpoint, ca_path))


def s_client(endpoint: dict[str, Any], ca_path: str) -> OpenSSL:
    """Make one handshake; the hostname is checked, too."""
    done = subprocess.run([*_arguments(endpoint, ca_path), "-verify_hostname", endpoint["name"]], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
    verdicts = re.findall(r"Verify return code: (.*)", done.stdout)
    leaf = LEAF.search(done.stdout)
    fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(leaf.group(0))).hexdigest() if leaf else ""
    return OpenSSL(endpoint["label"], fingerprint, verdicts[-1].strip() if verdicts else "none: " + done.stdout.strip().splitlines()[-1])


def _arguments(endpoint: dict[str, Any], ca_path: str) -> list[str]:
    return [OPENSSL or "openssl", "s_client", "-connect", "{0}:{1}".format(endpoint["address"], endpoint["port"]),
            "-servername", endpoint["name"], "-CAfile", ca_path]
