# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wanted, what was seen, what follows: the values between probe, judge and gate. PRIVATE to the collection."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional, Tuple

OK, VIOLATED, UNKNOWN = "ok", "violated", "unknown"


@dataclass(frozen=True)
class Endpoint:
    """Where to connect and as whom. name: host name in A-labels, or an IP literal; address: host name or IP to connect to.

    key_type: rsa or ecdsa, if certificates with other keys are to be refused.
    """

    name: str
    address: str
    port: int = 443
    label: str = ""
    key_type: str = ""


@dataclass(frozen=True)
class Policy:
    """What an endpoint has to fulfil. expected: fingerprints (hex, SHA-256 or SHA-1), any of them; previous: none of them."""

    expected: Tuple[str, ...] = ()
    previous: Tuple[str, ...] = ()
    min_days_left: int = 0
    check_hostname: bool = True


@dataclass(frozen=True)
class Failure:
    """Why nothing was seen. kind: dns, unreachable, refused, timeout, reset, alert, handshake or protocol."""

    kind: str
    detail: str


@dataclass(frozen=True)
class Observation:
    """One address of an endpoint, as it was.

    verify_code, verify_text  as `openssl s_client -verify_return_error` prints them; None when it did not come to that
    chain                     certificates as served (DER), the leaf first; chain_known is False when this Python shows the leaf only
    trusted                   the path from the leaf to the trust anchor (DER); None when not trusted or not shown by this Python
    times                     milliseconds: connect, handshake
    """

    name: str
    address: str
    port: int
    failure: Optional[Failure] = None
    verify_code: Optional[int] = None
    verify_text: Optional[str] = None
    version: Optional[str] = None
    cipher: Optional[str] = None
    chain: Tuple[bytes, ...] = field(default=(), repr=False)
    chain_known: bool = True
    trusted: Optional[Tuple[bytes, ...]] = field(default=None, repr=False)
    sha256: str = ""
    sha1: str = ""
    times: Tuple[Tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Facts:
    """What a certificate says. Times: aware UTC datetimes; issuer_id: the issuer's name in DER; key_type: rsa, ecdsa or ''."""

    subject: str
    issuer: str
    issuer_id: bytes
    names: Tuple[str, ...]
    addresses: Tuple[str, ...]
    not_before: object
    not_after: object
    fingerprint: str
    key_type: str = ""


@dataclass(frozen=True)
class Finding:
    """One judgement. code: reachable, trust, certificate, hostname, expiry, fingerprint or same_chain; hint: what to do next."""

    code: str
    status: str
    message: str
    hint: str = ""
