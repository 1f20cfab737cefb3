# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rounds of looking and judging, the wait between them, and the further looks at the end. PRIVATE to the collection."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Optional, Tuple

from .._errors import WaitTimeout
from .._wait import poll
from . import judge
from .model import OK, UNKNOWN, VIOLATED, Extras, Facts, Finding, Observation, Policy
from .wants import Want


NOTHING = Policy()
# What of a Policy the handshake itself answers, beyond judge.judge, and what takes further looks.
MORE = ("public_keys", "min_version", "min_rsa", "min_ec", "weak_signatures", "chain")
FURTHER = ("forbidden_versions", "key_types", "stores", "staple", "revocation", "redirect", "refused", "hsts")


@dataclass(frozen=True)
class Row:
    """One address of an endpoint, judged. extras: None as long as nothing but the handshake was looked at."""

    want: Want
    seen: Observation
    facts: Optional[Facts]
    findings: Tuple[Finding, ...]
    extras: Optional[Extras] = None

    @property
    def violated(self):
        return [finding for finding in self.findings if finding.status == VIOLATED]


class Gate:
    """look: as Prober.look; decode: as certificate.Decoder; now: gives an aware datetime; link: as checks.judge_more has it."""

    def __init__(self, wants, look, decode, now, link=None):
        self.wants, self._look, self._decode, self._now, self._link = wants, look, decode, now, link
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

    def look_further(self, further):
        """Judge what further(rows) finds at the addresses that answered, as further.Further gives it: Extras for each of them.

        Done once, at the end: none of it gets better by waiting for another certificate.
        """
        rows = [row for row in self.rows if asks(row.want.policy)]
        if not rows:
            return
        answered = [row for row in rows if row.seen.failure is None]
        found = dict(zip(map(id, answered), further(answered)))
        for row in rows:
            extras, mine = found.get(id(row)), self._rows[row.want.number]
            more = _checks().judge_extras(extras, row.seen, row.facts, row.want.policy, self._now())
            mine[mine.index(row)] = replace(row, extras=extras, findings=row.findings + tuple(more))

    def _rows_of(self, want, seen):
        others_seen = any(item.failure is None for item in seen)
        rows = []
        for item in seen:
            facts, problem = self._decode(item.chain[0]) if item.chain else (None, "")
            now = self._now()
            findings = judge.judge(item, facts, problem, want.policy, now, others_seen)
            if asks(want.policy, MORE):
                findings += tuple(_checks().judge_more(item, facts, want.policy, now, self._decode, self._link))
            rows.append(Row(want, item, facts, findings))
        return rows

    @property
    def rows(self):
        return [row for number in sorted(self._rows) for row in self._rows[number]]

    def chains(self):
        """(finding about all endpoints, [{issuers, fingerprints, endpoints}] of the chains that were seen).

        If one was asked for a kind of key, each kind has a chain of its own: CAs have other intermediates for RSA than for ECDSA.
        """
        members, groups = {}, {}
        for row, kind in self._kinds():
            path = row.seen.trusted and (row.seen.trusted[1:] or row.seen.trusted)
            members.setdefault(kind, []).append((row.want.endpoint.label, path, row.facts.issuer_id if row.facts else None))
            if path:
                groups.setdefault(path, []).append(row.want.endpoint.label)
        shown = []
        for path, labels in groups.items():
            known = [facts for facts in (self._decode(der)[0] for der in path) if facts]
            shown.append(dict(issuers=[facts.subject for facts in known], fingerprints=[facts.fingerprint for facts in known],
                              endpoints=list(dict.fromkeys(labels))))
        return _worst(judge.same_chain(alike) for alike in members.values()), shown

    def leaves(self):
        """Finding about whether all endpoints serve the same certificate, each kind of key apart if one was asked for."""
        members = {}
        for row, kind in self._kinds():
            members.setdefault(kind, []).append((row.want.endpoint.label, row.seen.sha256))
        return _worst(judge.same_leaf(alike) for alike in members.values())

    def _kinds(self):
        """(row, the kind of key that its group is of, "" if all are one group)."""
        rows = self.rows
        paired = any(row.want.endpoint.key_type for row in rows)
        return [(row, row.facts.key_type if paired and row.facts else "") for row in rows]


def asks(policy, fields=FURTHER):
    """Whether a policy wants more than nothing of these fields."""
    return any(getattr(policy, name) != getattr(NOTHING, name) for name in fields)


def _checks():
    """Imported only where it is asked for: every task compiles what it imports, and most ask for nothing of it."""
    from . import checks
    return checks


def _worst(findings):
    return min(findings, key=lambda finding: (VIOLATED, UNKNOWN, OK).index(finding.status))
