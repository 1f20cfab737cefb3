# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wanted, what was seen, what follows: the values between probe, judge and gate. PRIVATE to the collection."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional, Tuple

OK, VIOLATED, UNKNOWN = "ok", "violated", "unknown"
STARTTLS_PORTS = dict(smtp=25, imap=143, pop3=110, ftp=21, ldap=389, postgres=5432, mysql=3306, xmpp=5222)


def usual_port(starttls=""):
    """Where a service listens that says nothing else; starttls as in an Endpoint, "" or None for HTTPS."""
    return STARTTLS_PORTS[starttls] if starttls else 443


@dataclass(frozen=True)
class Endpoint:
    """Where to connect and as whom. name: host name in A-labels, or an IP literal; address: host name or IP to connect to.

    key_type     rsa or ecdsa, if certificates with other keys are to be refused
    sni          what to send as server name: None for ``name``, "" for nothing at all
    starttls     protocol that asks for TLS before the handshake: smtp, imap, pop3, ftp, ldap, postgres, mysql or xmpp; "" for none
    tls_version  TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3, if only that one is to be offered
    store        name of the roots to trust, see Prober; "" for those of all
    """

    name: str
    address: str
    port: int = 443
    label: str = ""
    key_type: str = ""
    sni: Optional[str] = None
    starttls: str = ""
    tls_version: str = ""
    store: str = ""


@dataclass(frozen=True)
class Policy:
    """What an endpoint has to fulfil. What is empty, None or 0 is not asked for.

    expected, previous   fingerprints (hex, SHA-256 or SHA-1): any of the expected ones, none of the previous ones
    public_keys          SHA-256 of the SubjectPublicKeyInfo (hex), any of them
    min_version          TLSv1 to TLSv1.3: what is agreed on has to be at least this
    forbidden_versions   versions that must be refused; each costs a handshake
    key_types            rsa, ecdsa: both have to be served to clients that can use only one; each costs a handshake
    min_rsa, min_ec      bits of the keys of the leaf and of what was served above it
    weak_signatures      whether SHA-1 and MD5 signatures are allowed (a root's own signature never counts)
    chain                whether what is served has to be in order and complete, without anything superfluous
    stores               names of further stores of roots, each of which has to trust it; each costs a handshake
    staple               whether an OCSP response has to be stapled that says good
    revocation           "ocsp", "crl" or "any": where the issuer is asked whether the leaf is revoked; "" for nowhere
    redirect             whether plain HTTP (http_port) has to lead to HTTPS; refused: whether nothing may answer there
    hsts                 least max-age of Strict-Transport-Security in seconds, None for not asked
    """

    expected: Tuple[str, ...] = ()
    previous: Tuple[str, ...] = ()
    min_days_left: int = 0
    check_hostname: bool = True
    public_keys: Tuple[str, ...] = ()
    min_version: str = ""
    forbidden_versions: Tuple[str, ...] = ()
    key_types: Tuple[str, ...] = ()
    min_rsa: int = 0
    min_ec: int = 0
    weak_signatures: bool = True
    chain: bool = False
    stores: Tuple[str, ...] = ()
    staple: bool = False
    revocation: str = ""
    redirect: bool = False
    refused: bool = False
    hsts: Optional[int] = None
    http_port: int = 80


@dataclass(frozen=True)
class Failure:
    """Why nothing was seen. kind: dns, unreachable, refused, timeout, reset, alert, handshake, protocol, proxy or starttls."""

    kind: str
    detail: str


@dataclass(frozen=True)
class Observation:
    """One address of an endpoint, as it was.

    verify_code, verify_text  as `openssl s_client -verify_return_error` prints them; None when it did not come to that
    chain                     certificates as served (DER), the leaf first; chain_known is False when this Python shows the leaf only
    trusted                   the path from the leaf to the trust anchor (DER); None when not trusted or not shown by this Python
    alpn                      protocol that was agreed on by ALPN, None for none
    times                     milliseconds: resolve, connect, handshake
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
    alpn: Optional[str] = None
    times: Tuple[Tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Web:
    """What HTTP says at one address. steps: (URL, status, Location) of each answer on the way from http://, in their order.

    failure: why there is no (further) answer; hsts: Strict-Transport-Security over HTTPS, None if the header is absent;
    hsts_failure: why HTTPS gave no answer to read it from. What was not asked for is empty.
    """

    steps: Tuple[Tuple[str, int, str], ...] = ()
    failure: Optional[Failure] = None
    hsts: Optional[str] = None
    hsts_failure: Optional[Failure] = None


@dataclass(frozen=True)
class Revocation:
    """What is known of the leaf's revocation. status: good, revoked or unknown; source: ocsp, crl or staple, with its URL; detail: words.

    next_update: aware datetime until which the answer holds, None if it does not say.
    """

    status: str
    source: str
    url: str = ""
    detail: str = ""
    next_update: object = None


@dataclass(frozen=True)
class Extras:
    """Further looks at an address that answered, each only if the policy asks for it. Pairs of a name and what was seen under it."""

    versions: Tuple[Tuple[str, Observation], ...] = ()
    key_types: Tuple[Tuple[str, Observation], ...] = ()
    stores: Tuple[Tuple[str, Observation], ...] = ()
    web: Optional[Web] = None
    revocation: Optional[Revocation] = None
    staple: Optional[Revocation] = None


@dataclass(frozen=True)
class Facts:
    """What a certificate says. Times: aware UTC datetimes; issuer_id, subject_id: the names in DER; key_type: rsa, ecdsa or ''.

    key             what kind of key in words of its own: rsa, ecdsa, ed25519, ed448, dsa or ''; key_bits: its size, 0 if it has none
    public_key      SHA-256 of the SubjectPublicKeyInfo, hex
    signature_hash  sha1, md5, sha256 …; '' where the algorithm has none of its own (Ed25519)
    is_ca           whether basicConstraints says so
    must_staple     whether the TLS feature extension demands a stapled OCSP response
    """

    subject: str
    issuer: str
    issuer_id: bytes
    names: Tuple[str, ...]
    addresses: Tuple[str, ...]
    not_before: object
    not_after: object
    fingerprint: str
    key_type: str = ""
    subject_id: bytes = b""
    key: str = ""
    key_bits: int = 0
    public_key: str = ""
    signature_hash: str = ""
    is_ca: bool = False
    must_staple: bool = False


@dataclass(frozen=True)
class Finding:
    """One judgement. code: a stable word, see CODES of judge.py; hint: what to do next."""

    code: str
    status: str
    message: str
    hint: str = ""
