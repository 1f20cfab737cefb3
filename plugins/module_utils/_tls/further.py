# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks beyond the one handshake, each only where it is asked for: other versions, keys and roots, revocation, plain HTTP.

PRIVATE to the collection.
"""

from __future__ import annotations

import collections
from dataclasses import replace

from .model import Extras, Revocation


class Further:
    """look: as Prober.look; spread(work, items): [work(item) …], side by side; the others look at one row each:

    web(row) -> Web, revoke(row) -> Revocation, staple(row) -> Revocation.
    """

    def __init__(self, look, spread, web=None, revoke=None, staple=None):
        self._look, self._spread, self._web, self._revoke, self._staple = look, spread, web, revoke, staple

    def __call__(self, rows):
        """Extras of each of these rows of a Gate, in their order."""
        found = [collections.defaultdict(list) for row in rows]
        self._handshakes(rows, found)
        jobs = [(number, row, name) for number, row in enumerate(rows) for name in _asked(row.want)]
        for (number, _row, name), seen in zip(jobs, self._spread(self._work, jobs)):
            found[number][name] = seen
        return [Extras(**dict((name, tuple(seen) if isinstance(seen, list) else seen) for name, seen in item.items())) for item in found]

    def _handshakes(self, rows, found):
        """All further handshakes in one go, at the address that the row is about."""
        wanted = [(number, field, name, endpoint) for number, row in enumerate(rows) for field, name, endpoint in _variants(row)]
        for (number, field, name, _endpoint), seen in zip(wanted, self._look([endpoint for *_rest, endpoint in wanted])):
            found[number][field].append((name, seen[0]))

    def _work(self, job):
        _number, row, name = job
        if name == "web":
            return self._web(row)
        if name == "revocation":
            return self._revoke(row)
        if row.want.endpoint.starttls:
            return Revocation("unknown", "staple", detail="a staple is not looked at behind STARTTLS")
        return self._staple(row)


def _variants(row):
    """(field of Extras, name, Endpoint) of the handshakes that the policy asks for."""
    policy, here = row.want.policy, replace(row.want.endpoint, address=row.seen.address)
    for version in policy.forbidden_versions:
        yield "versions", version, replace(here, tls_version=version)
    for kind in policy.key_types:
        yield "key_types", kind, replace(here, key_type=kind)
    for name in policy.stores:
        yield "stores", name, replace(here, store=name)


def _asked(want):
    policy = want.policy
    asked = dict(web=policy.redirect or policy.refused or policy.hsts is not None, revocation=bool(policy.revocation), staple=policy.staple)
    return [name for name, wanted in asked.items() if wanted]
