# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Event source: looks at TLS endpoints again and again, and tells what became of them."""

from __future__ import annotations

import asyncio
import importlib
import logging
import pathlib
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

DOCUMENTATION = r"""
---
module: certificates
short_description: Events about the certificates that TLS endpoints serve
version_added: 0.1.0
description:
  - Makes a TLS handshake with every address of every endpoint each O(interval) seconds, and judges what it sees as the module
    M(daas.https.tls_verify) does.
  - An event is emitted when something has changed, and not at every look. While a condition lasts, another event follows only if it
    gets wider (another certificate, another check, another address), and after O(repeat_after) seconds.
  - Of an endpoint with several addresses there is one event, which names all addresses that it is about.
  - No state is kept over a restart. What is wrong then is told again, and C(changed) begins with the second look.
  - Arguments that cannot work end it before the first look. A look that fails later is logged as an error, and the next one is made in
    time.
author:
  - daas.https contributors (@daas)
requirements:
  - ansible-core 2.16 or later in the Python environment of ansible-rulebook
  - cryptography 42.0.0 or later
options:
  endpoints:
    description:
      - What to look at. A list of dictionaries with O(endpoints[].name), and if needed C(address) or C(addresses), C(port), C(label),
        C(key_type), C(sni), C(starttls), C(expected_fingerprint), C(previous_fingerprint) and C(public_key).
      - They mean what they mean for M(daas.https.tls_verify).
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Host name, sent as SNI and matched with the certificate.
        type: str
        required: true
  interval:
    description: Seconds from the beginning of one look to the beginning of the next one.
    type: float
    default: 300
  repeat_after:
    description:
      - Seconds after which a condition that lasts is told again.
      - V(0) means never.
    type: float
    default: 0
  min_days_left:
    description: A certificate that is valid for fewer days is C(expiring).
    type: int
    default: 30
  ca_path:
    description: File or folder with the roots to trust. By default the system's.
    type: path
  trust_stores:
    description: Further stores of roots that have to trust it, each with C(name) and C(path).
    type: list
    elements: dict
  expected_fingerprint:
    description: Fingerprints, any of which has to be served.
    type: list
    elements: str
  previous_fingerprint:
    description: Fingerprints that must not be served any more.
    type: list
    elements: str
  public_key:
    description: SHA-256 of public keys (SubjectPublicKeyInfo), any of which has to be served.
    type: list
    elements: str
  check_hostname:
    description: Whether the certificate has to be for O(endpoints[].name).
    type: bool
    default: true
  check_chain:
    description: Whether the chain has to be served in order and complete, without anything superfluous.
    type: bool
    default: false
  min_tls_version:
    description: The least version that has to be agreed on.
    type: str
  forbidden_tls_versions:
    description: Versions that have to be refused.
    type: list
    elements: str
  key_types:
    description: Kinds of keys, C(rsa) and C(ecdsa), each of which has to be served to clients that can use only it.
    type: list
    elements: str
  min_rsa_bits:
    description: The least size of RSA keys.
    type: int
    default: 0
  min_ec_bits:
    description: The least size of elliptic curve keys.
    type: int
    default: 0
  allow_weak_signatures:
    description: Whether SHA-1 and MD5 signatures are allowed.
    type: bool
    default: true
  ocsp_staple:
    description: Whether an OCSP response that says good has to be stapled.
    type: bool
    default: false
  revocation:
    description: Where to ask whether the certificate is revoked, V(ocsp), V(crl) or V(any).
    type: str
  https_redirect:
    description: Whether plain HTTP has to lead to HTTPS.
    type: bool
    default: false
  plain_http_refused:
    description: Whether nothing may answer over plain HTTP.
    type: bool
    default: false
  http_port:
    description: Port of plain HTTP.
    type: int
    default: 80
  hsts_min_age:
    description: The least max-age of Strict-Transport-Security, in seconds.
    type: int
  resolvers:
    description: Name servers to ask instead of the system's.
    type: list
    elements: str
  proxy:
    description: HTTP proxy through which to connect.
    type: str
  proxy_username:
    description: User of the proxy.
    type: str
  proxy_password:
    description: The user's password.
    type: str
  client_certificate_path:
    description: File with a certificate to show to servers that ask for one.
    type: path
  client_private_key_path:
    description: File with its private key.
    type: path
  client_private_key_passphrase:
    description: Passphrase of the private key.
    type: str
  timeout:
    description: Seconds for one connection, handshake included.
    type: float
    default: 10.0
  parallel:
    description: Connections at a time.
    type: int
    default: 64
notes:
  - C(event.type) is one of C(expiring), C(mismatched), C(unreachable), C(changed) and C(recovered).
  - C(expiring) - the certificate is valid for fewer days than O(min_days_left), or has expired.
  - C(mismatched) - not what it should be, which means not trusted, for another name, not an expected one, not valid yet, or against
    anything else that was asked for.
  - C(unreachable) - no certificate was seen.
  - C(changed) - another certificate than at the last look.
  - C(recovered) - one of the first three has ended; C(event.recovered_from) says which.
  - The keys of an event are always the same, with null for what is not known. They are C(type), C(label), C(name), C(address),
    C(addresses), C(port), C(fingerprint), C(previous_fingerprint), C(not_after), C(days_left), C(findings) (each with C(code),
    C(status), C(message) and C(hint)), C(recovered_from), C(message) and C(seen_at).
"""

EXAMPLES = r"""
- daas.https.certificates:
    endpoints:
      - name: www.example.com
      - name: api.example.com
        port: 8443
      - name: mail.example.com
        starttls: smtp
    min_days_left: 21
    interval: 600
    repeat_after: 86400
"""

NAME = "daas.https.certificates"
# What tls_verify takes and this does not: it is a gate at the end of a change, and what it says of
# all endpoints together has no endpoint.
LEFT_OUT = (
    "wait", "wait_timeout", "wait_interval", "wait_for_reachable", "successes",
    "fail_on_violation", "same_chain", "same_leaf",
)
CONDITIONS = UNREACHABLE, MISMATCHED, EXPIRING = "unreachable", "mismatched", "expiring"
HAS_EXPIRED = 10  # OpenSSL's verify return code

Row = dict[str, Any]  # an entry of tls.endpoints, as tls_verify returns them
Finding = dict[str, str]
Mark = tuple[str, ...]
Key = tuple[str, str, int, int]  # label, name, port, and which of those that are called the same
logger = logging.getLogger(__name__)


def _collection() -> tuple[Any, type[Exception]]:
    """Return the module tls_verify, and the base of all errors, of the collection around this file.

    ansible-rulebook runs this as a plain file, and does not make collections importable. Ansible's
    own finder of collections is no help: ansible-rulebook then cannot run its filters any more.
    """
    root = pathlib.Path(__file__).absolute().parents[6]
    if root.name == "ansible_collections":
        if str(root.parent) not in sys.path:
            sys.path.append(str(root.parent))
        package = importlib.import_module(root.name)
        if str(root) not in package.__path__:  # that of the Ansible package, which has no others
            package.__path__.append(str(root))
    plugins = "ansible_collections.daas.https.plugins."
    errors = importlib.import_module(plugins + "module_utils._errors")
    return importlib.import_module(plugins + "modules.tls_verify"), errors.CollectionError


tls_verify, CollectionError = _collection()


class ArgumentError(Exception):
    """An argument cannot work; the text says which one, and why."""


@dataclass
class Reported:
    """A condition that was told. marks: what it was about, see marks_of; at: when, monotonic."""

    marks: set[Mark]
    at: float


@dataclass
class Endpoint:
    """What is known of one endpoint. served: fingerprint by address, as last seen."""

    served: dict[str, str] = field(default_factory=dict)
    reported: dict[str, Reported] = field(default_factory=dict)


async def main(queue: asyncio.Queue, args: dict[str, Any]) -> None:
    """Put events into the queue until cancelled. Raises ArgumentError, and nothing else."""
    params = read_arguments(args)
    watch, looked = Watch(params["min_days_left"], params["repeat_after"]), False
    while True:
        begin = time.monotonic()
        # returned, not raised: whatever happens in one look must not end the source
        work = asyncio.to_thread(look, params)
        [found] = await asyncio.gather(work, return_exceptions=True)
        if isinstance(found, CollectionError) and not looked:
            raise ArgumentError(str(found))
        if isinstance(found, BaseException):
            what = type(found).__name__
            logger.error("%s: a look failed, the next one follows: %s: %s", NAME, what, found)
        else:
            looked = True
            for event in watch.events(found, time.monotonic()):
                await queue.put(event)
        await asyncio.sleep(max(begin + params["interval"] - time.monotonic(), 0))


def read_arguments(args: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of tls_verify, with interval and repeat_after.

    Raises ArgumentError, which names everything that is wrong.
    """
    given = {key: value for key, value in args.items() if key != "eda_feedback_queue"}
    validator = ArgumentSpecValidator(specification(), required_by=tls_verify.REQUIRED_BY)
    checked = validator.validate(given)
    params = checked.validated_parameters
    wrong = [
        f"unknown arguments: {error.msg}" if isinstance(error, UnsupportedError) else error.msg
        for error in checked.errors
    ]
    if not wrong and params["interval"] <= 0:
        wrong.append(f"interval is {params['interval']}; it must be more than 0")
    if not wrong and params["repeat_after"] < 0:
        wrong.append(f"repeat_after is {params['repeat_after']}; it must be 0 (never) or more")
    if wrong:
        message = "; ".join(text.rstrip(".") for text in wrong)
        raise ArgumentError(message)
    spec = tls_verify.ARGUMENT_SPEC
    return {**{name: spec[name].get("default") for name in LEFT_OUT if name in spec}, **params}


def specification() -> dict[str, Any]:
    """Return an argument_spec: what tls_verify takes to look and to judge, and what is our own."""
    theirs = tls_verify.ARGUMENT_SPEC
    shared = {key: option for key, option in theirs.items() if key not in LEFT_OUT}
    return {
        **shared,
        "min_days_left": {"type": "int", "default": 30},
        "interval": {"type": "float", "default": 300.0},
        "repeat_after": {"type": "float", "default": 0.0},
    }


def look(params: dict[str, Any]) -> dict[str, Any]:
    """Look at everything once; the result ``tls`` of tls_verify."""
    once = {**params, "wait": False, "fail_on_violation": False}
    return tls_verify.work(once, check_mode=True)["tls"]


class Watch:
    """Remembers what was told, and makes events of what is new. No network, no clock."""

    def __init__(self, min_days_left: int, repeat_after: float) -> None:
        """min_days_left: days; repeat_after: seconds, 0 for never."""
        self._least, self._repeat_after = min_days_left, repeat_after
        self._known: dict[Key, Endpoint] = {}

    def events(self, tls: dict[str, Any], now: float) -> list[dict[str, Any]]:
        """Return what has to be told after this look, by endpoint. now: seconds, monotonic."""
        found = []
        for key, rows in by_endpoint(tls["endpoints"]).items():
            known = self._known.setdefault(key, Endpoint())
            found += changes(known, rows)
            # an address to which this machine has no way, while others answer, says nothing
            judged = [row for row in rows if row["checks"]["reachable"] != "unknown"]
            for condition in CONDITIONS:
                found += self._told(condition, known, judged, now)
        return [{**event, "seen_at": tls["seen_at"]} for event in found]

    def _told(self, condition: str, known: Endpoint, rows: list[Row], now: float) -> list[dict]:
        """Return the event that a condition begins, gets wider, lasts for long, or has ended."""
        told = known.reported.get(condition)
        hit = {row["address"]: violations(row, self._least)[condition] for row in rows}
        bad = [row for row in rows if hit[row["address"]]]
        if bad:
            marks = {mark for row in bad for mark in marks_of(condition, row, hit[row["address"]])}
            again = self._repeat_after and told and now - told.at >= self._repeat_after
            if told and not again and marks <= told.marks:
                return []
            known.reported[condition] = Reported(marks | (told.marks if told else set()), now)
            return [event_of(condition, bad, hit[bad[0]["address"]])]
        if told and not any(undecided(condition, row, told.marks) for row in rows):
            del known.reported[condition]
            return [event_of("recovered", rows, [], recovered_from=condition)]
        return []


def by_endpoint(rows: list[Row]) -> dict[Key, list[Row]]:
    """Return the addresses of each endpoint. What is looked at twice, say for two keys, is two."""
    found: dict[Key, list[Row]] = {}
    times: dict[tuple, int] = {}
    for row in rows:
        same = row["label"], row["name"], row["port"]
        times[same, row["address"]] = times.get((same, row["address"]), 0) + 1
        found.setdefault((*same, times[same, row["address"]]), []).append(row)
    return found


def changes(known: Endpoint, rows: list[Row]) -> list[dict[str, Any]]:
    """Return an event for each certificate that no address served at the last look; remember."""
    before = known.served
    seen = {row["address"]: row["fingerprint"] or before.get(row["address"]) for row in rows}
    served = {address: fingerprint for address, fingerprint in seen.items() if fingerprint}
    known.served = served or before  # where nothing at all was seen, nothing has changed
    found = []
    for fingerprint in dict.fromkeys(served.values()):
        if before and fingerprint not in before.values():
            having = [row for row in rows if row["fingerprint"] == fingerprint]
            previous = before.get(having[0]["address"]) or next(iter(before.values()))
            found.append(event_of("changed", having, [], previous=previous))
    return found


def violations(row: Row, least: int) -> dict[str, list[Finding]]:
    """Return the violated findings of one address by condition.

    That a certificate which has expired is not trusted is the same condition.
    """
    found: dict[str, list[Finding]] = {condition: [] for condition in CONDITIONS}
    left = row["days_left"]
    expiring, over = (left is not None and left < limit for limit in (least, 0))
    for finding in row["findings"]:
        code = finding["code"]
        expired = over and code == "trust" and row["verify_code"] == HAS_EXPIRED
        if finding["status"] != "violated":
            continue
        if code == "reachable":
            found[UNREACHABLE].append(finding)
        elif expired or (expiring and code == "expiry"):
            found[EXPIRING].append(finding)
        else:
            found[MISMATCHED].append(finding)
    return found


def marks_of(condition: str, row: Row, findings: list[Finding]) -> set[Mark]:
    """Return what a condition is about at one address; if another mark joins, it is told again."""
    if condition == UNREACHABLE:
        return {(row["address"],)}
    if condition == EXPIRING:
        return {(row["fingerprint"],)}
    return {(row["fingerprint"] or row["address"], finding["code"]) for finding in findings}


def undecided(condition: str, row: Row, marks: set[Mark]) -> bool:
    """Return whether this address leaves open if a condition has ended: not seen is not good."""
    if condition == UNREACHABLE:
        return False
    codes = {"expiry"} if condition == EXPIRING else {mark[-1] for mark in marks}
    return any(row["checks"].get(code) == "unknown" for code in codes)


def event_of(
        kind: str, rows: list[Row], findings: list[Finding], *, previous: str | None = None,
        recovered_from: str | None = None) -> dict[str, Any]:
    """Return an event about these addresses of one endpoint; the first of them stands for all."""
    row = rows[0]
    texts = {
        "changed": f"it serves {str(row['fingerprint'])[:16]} instead of {str(previous)[:16]}",
        "recovered": f"it is not {recovered_from} any more",
    }
    text = texts.get(kind) or "; ".join(finding["message"] for finding in findings)
    place = f"[{row['address']}]" if ":" in row["address"] else row["address"]
    return {
        "type": kind,
        "label": row["label"],
        "name": row["name"],
        "address": row["address"],
        "addresses": [one["address"] for one in rows],
        "port": row["port"],
        "fingerprint": row["fingerprint"],
        "previous_fingerprint": previous,
        "not_after": row["not_after"],
        "days_left": row["days_left"],
        "findings": [dict(finding) for finding in findings],
        "recovered_from": recovered_from,
        "message": f"{row['label']} ({place}:{row['port']}): {text}",
    }
