# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rounds of looking and judging, the wait between them, and the report. PRIVATE to the collection."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Optional, Tuple

from .._errors import InputError, WaitTimeout
from .._wait import poll
from . import judge
from .model import OK, UNKNOWN, VIOLATED, Endpoint, Facts, Finding, Observation, Policy

SHOWN_IN_MESSAGE = 20


@dataclass(frozen=True)
class Want:
    """One endpoint of the task, in its order."""

    number: int
    endpoint: Endpoint
    policy: Policy


@dataclass(frozen=True)
class Row:
    """One address of an endpoint, judged."""

    want: Want
    seen: Observation
    facts: Optional[Facts]
    findings: Tuple[Finding, ...]

    @property
    def violated(self):
        return [finding for finding in self.findings if finding.status == VIOLATED]


def read_wants(params):
    """The module's options as a list of Want; raises InputError naming the endpoint and the option."""
    if not params["endpoints"]:
        raise InputError("endpoints is empty, so nothing would be proved. Give at least one endpoint.")
    for key in ("timeout", "parallel", "successes", "wait_interval"):
        if params[key] <= 0:
            raise InputError("%s is %s; it must be more than 0." % (key, params[key]))
    common = dict((key, _fingerprints(params[key], key)) for key in ("expected_fingerprint", "previous_fingerprint"))
    return [_read_want(number, item, params, common) for number, item in enumerate(params["endpoints"])]


def _read_want(number, item, params, common):
    where = "endpoints[%d]" % number
    try:
        name = judge.host(item["name"])
        address = judge.host(item["address"]) if item["address"] else name
    except ValueError as error:
        raise InputError("%s: %s." % (where, error)) from error
    if not 0 < item["port"] < 65536:
        raise InputError("%s (%s): port %d is not between 1 and 65535." % (where, name, item["port"]))
    prints = dict((key, _fingerprints(item[key], "%s (%s): %s" % (where, name, key)) or common[key]) for key in common)
    policy = Policy(prints["expected_fingerprint"], prints["previous_fingerprint"], params["min_days_left"], params["check_hostname"])
    only = item.get("key_type") or ""
    label = item["label"] or "%s:%d%s" % (name, item["port"], " (%s)" % only if only else "")
    return Want(number, Endpoint(name, address, item["port"], label, only), policy)


def _fingerprints(texts, what):
    try:
        return tuple(judge.fingerprint(text) for text in texts or () if text.strip())
    except ValueError as error:
        raise InputError("%s: %s." % (what, error)) from error


class Gate:
    """look: as Prober.look; decode: as certificate.Decoder; now: gives an aware datetime."""

    def __init__(self, wants, look, decode, now, same_chain=False):
        self.wants, self._look, self._decode, self._now, self._same_chain = wants, look, decode, now, same_chain
        self._rows = {}
        self.rounds = 0

    def round(self, wants):
        """Look at these endpoints and remember what was seen; a list of rows for each."""
        self.rounds += 1
        found = [self._rows_of(want, seen) for want, seen in zip(wants, self._look([want.endpoint for want in wants]))]
        self._rows.update((want.number, rows) for want, rows in zip(wants, found))
        return found

    def wait(self, timeout, interval, successes=1, may_come_up=False, clock=time.monotonic, sleep=time.sleep):
        """Rounds until every endpoint was good so often in a row, or one is beyond waiting. '' or the text of the time-out."""
        good, hopeless = dict((want.number, 0) for want in self.wants), []

        def pending():
            return [want for want in self.wants if good[want.number] < successes]

        def read():
            for want, rows in zip(pending(), self.round(pending())):
                outlooks = set(judge.outlook(row.seen, row.findings, want.policy, may_come_up) for row in rows)
                good[want.number] = good[want.number] + 1 if outlooks == {"good"} else 0
                hopeless.extend(rows if "bad" in outlooks else ())

        try:
            poll(read, lambda state: hopeless or not pending(), timeout, interval, "the endpoints to serve what they should",
                 lambda state: "%d of %d do not yet, or not often enough" % (len(pending()), len(self.wants)), clock, sleep)
        except WaitTimeout as error:
            return str(error)
        return ""

    def _rows_of(self, want, seen):
        others_seen = any(item.failure is None for item in seen)
        rows = []
        for item in seen:
            facts, problem = self._decode(item.chain[0]) if item.chain else (None, "")
            rows.append(Row(want, item, facts, judge.judge(item, facts, problem, want.policy, self._now(), others_seen)))
        return rows

    @property
    def rows(self):
        return [row for number in sorted(self._rows) for row in self._rows[number]]

    def chains(self):
        """(finding about all endpoints, [{issuers, fingerprints, endpoints}] of the chains that were seen).

        If one was asked for a kind of key, each kind has a chain of its own: CAs have other intermediates for RSA than for ECDSA.
        """
        members, groups = {"": []}, {}
        paired = any(row.want.endpoint.key_type for row in self.rows)
        for row in self.rows:
            path = row.seen.trusted and (row.seen.trusted[1:] or row.seen.trusted)
            kind = row.facts.key_type if paired and row.facts else ""
            members.setdefault(kind, []).append((row.want.endpoint.label, path, row.facts.issuer_id if row.facts else None))
            if path:
                groups.setdefault(path, []).append(row.want.endpoint.label)
        shown = []
        for path, labels in groups.items():
            known = [facts for facts in (self._decode(der)[0] for der in path) if facts]
            shown.append(dict(issuers=[facts.subject for facts in known], fingerprints=[facts.fingerprint for facts in known],
                              endpoints=list(dict.fromkeys(labels))))
        found = [judge.same_chain(alike) for alike in members.values()]
        return min(found, key=lambda finding: (VIOLATED, UNKNOWN, OK).index(finding.status)), shown

    def report(self, timed_out=""):
        """The result's ``tls``, '' or the message to fail with, and warnings."""
        finding, chains = self.chains()
        rows, now = self.rows, self._now()
        bad = [row for row in rows if row.violated]
        apart = self._same_chain and finding.status == VIOLATED
        tls = dict(
            ok=not (bad or apart or timed_out), checked=len(rows), rounds=self.rounds, endpoints=[self._entry(row, now) for row in rows],
            same_chain=dict(required=self._same_chain, status=finding.status, message=finding.message, chains=chains))
        lines = [timed_out] if timed_out else []
        if bad:
            lines.append("%d of %d TLS endpoints %s not as they should be:" % (len(bad), len(rows), "is" if len(bad) == 1 else "are"))
            lines += ["- " + line_of(row) for row in bad[:SHOWN_IN_MESSAGE]]
            if len(bad) > SHOWN_IN_MESSAGE:
                lines.append("- and %d more, see tls.endpoints" % (len(bad) - SHOWN_IN_MESSAGE))
        if apart:
            groups = "; ".join("%s: %s" % (" < ".join(chain["issuers"]), ", ".join(chain["endpoints"][:5])) for chain in chains)
            lines.append("%s%s (%s). %s" % (finding.message[0].upper(), finding.message[1:], groups, finding.hint))
        warnings = []
        if self._same_chain and finding.status == UNKNOWN:
            old = any(row.seen.verify_code == 0 and row.seen.trusted is None for row in rows)
            warnings.append("same_chain: %s.%s" % (finding.message, " Python before 3.10 does not show it." if old else ""))
        return tls, "\n".join(lines), warnings

    def _entry(self, row, now):
        seen, facts, endpoint = row.seen, row.facts, row.want.endpoint
        code = None if seen.verify_code is None else "%d (%s)" % (seen.verify_code, seen.verify_text)
        entry = dict(
            label=endpoint.label, name=seen.name, address=seen.address, port=seen.port, ok=not row.violated,
            verify_code=seen.verify_code, verify_text=seen.verify_text, verify_return_code=code, tls_version=seen.version,
            cipher=seen.cipher, fingerprint=seen.sha256 or None, sha1=seen.sha1 or None, common_name=None, domains=[], issuer=None,
            key_type=None, not_before=None, not_after=None, days_left=None,
            chain=self._subjects(seen) if seen.chain and seen.chain_known else None,
            failure=dict(kind=seen.failure.kind, message=seen.failure.detail) if seen.failure else None, times=dict(seen.times),
            checks=dict((finding.code, finding.status) for finding in row.findings),
            findings=[dict(code=finding.code, status=finding.status, message=finding.message, hint=finding.hint)
                      for finding in row.findings if finding.status != OK])
        if facts:
            entry.update(common_name=facts.subject, domains=list(facts.names + facts.addresses), issuer=facts.issuer,
                         key_type=facts.key_type or None, not_before=_iso(facts.not_before), not_after=_iso(facts.not_after),
                         days_left=judge.days_left(facts, now))
        return entry

    def _subjects(self, seen):
        found = [self._decode(der)[0] for der in seen.chain]
        return [facts.subject if facts else "?" for facts in found]


def line_of(row):
    """One line about one address: what was tried, on what, what was seen, what to do next."""
    seen, facts, endpoint = row.seen, row.facts, row.want.endpoint
    served = ""
    if seen.sha256:
        served = "; served %s%s" % (seen.sha256[:16], " '%s' issued by '%s', valid until %s" % (
            facts.subject, facts.issuer, _iso(facts.not_after)) if facts else "")
    place = "[%s]" % seen.address if ":" in seen.address else seen.address
    hints = dict.fromkeys(finding.hint for finding in row.violated)
    offered = ", offering %s only" % endpoint.key_type.upper() if endpoint.key_type else ""
    return "%s (%s at %s:%d%s): %s%s. %s" % (endpoint.label, seen.name, place, seen.port, offered,
                                             "; ".join(finding.message for finding in row.violated), served, " ".join(hints))


def _iso(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
