# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The security policies that ALB and NLB have in common: those of the system, and the account's own."""

from __future__ import annotations

import dataclasses
from datetime import datetime

CBC = ("ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA")
GCM = ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA384",
       "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-SHA256", "ECDHE-RSA-AES256-SHA384")
NO_SECRECY = ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA256", "AES256-SHA256", "AES128-SHA", "AES256-SHA", "DES-CBC3-SHA")
TLS_1_3 = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_CCM_SHA256",
           "TLS_AES_128_CCM_8_SHA256")


@dataclasses.dataclass
class Policy:
    """A security policy: which versions of TLS and which ciphers a listener takes."""

    id: str
    versions: tuple[str, ...]
    ciphers: tuple[str, ...]
    name: str = ""
    region: str = ""
    created: datetime | None = None
    tags: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def minimum(self) -> str:
        """The lowest version of TLS: "1.2"."""
        return min(self.versions).removeprefix("TLSv")


DEFAULT_POLICY = "tls_cipher_policy_1_0"
SYSTEM_POLICIES = {policy.id: policy for policy in (
    Policy("tls_cipher_policy_1_0", ("TLSv1.0", "TLSv1.1", "TLSv1.2"), GCM + CBC + NO_SECRECY),
    Policy("tls_cipher_policy_1_1", ("TLSv1.1", "TLSv1.2"), GCM + CBC + NO_SECRECY),
    Policy("tls_cipher_policy_1_2", ("TLSv1.2",), GCM + CBC + NO_SECRECY),
    Policy("tls_cipher_policy_1_2_strict", ("TLSv1.2",), GCM + CBC),
    Policy("tls_cipher_policy_1_2_strict_with_1_3", ("TLSv1.2", "TLSv1.3"), TLS_1_3 + GCM + CBC),
)}
