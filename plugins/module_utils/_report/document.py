# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as data: what every format renders. Pure. PRIVATE to the collection."""

from __future__ import annotations

from collections import Counter

from .._secret import scrub
from . import reading

SCHEMA = 1
STATUSES = ("ok", "violated", "unknown")
CHANGES = ("replaced", "added", "removed", "lost", "gained", "same", "never")


def build(tls, before, title):
    """The document of docs/tls_reports.md out of one or two results of tls_verify. No clock: the same input gives the same document.

    Raises InputError if the results are not what tls_verify returns. Findings quote what servers sent, so that all of it is scrubbed.
    """
    after = reading.read(tls, "tls")
    earlier = None if before is None else reading.read(before, "before")
    endpoints = [dict(status=status_of(entry), **entry) for entry in after["endpoints"]]
    for entry in endpoints:
        entry.pop("ok")
    same_chain = after["same_chain"]
    chains = same_chain.pop("chains") if same_chain else []
    groups = dict((name, value) for name, value in (("same_chain", same_chain), ("same_leaf", after["same_leaf"])) if value)
    return scrub(dict(
        schema=SCHEMA, title=title, ok=verdict(after["ok"], endpoints, groups), seen_at=after["seen_at"], seen_from=after["seen_from"],
        elapsed=after["elapsed"], rounds=after["rounds"], summary=summary(endpoints, chains), endpoints=endpoints, groups=groups,
        chains=chains, certificates=after["certificates"], rollout=rollout(earlier, after) if earlier else None))


def status_of(entry):
    """One word for all checks of an address: what is violated outweighs what is unknown."""
    seen = set(entry["checks"].values()) | set(finding["status"] for finding in entry["findings"])
    if entry["ok"] is False or "violated" in seen:
        return "violated"
    if "unknown" in seen or (entry["ok"] is None and not seen):
        return "unknown"
    return "ok"


def verdict(said, endpoints, groups):
    """What tls_verify said; of a result that does not say it, whether nothing is violated."""
    if said is not None:
        return said
    violated = any(entry["status"] == "violated" for entry in endpoints)
    return not violated and not any(group["required"] and group["status"] == "violated" for group in groups.values())


def summary(endpoints, chains):
    """Counts, and what expires first."""
    counts = dict((name, sum(entry["status"] == name for entry in endpoints)) for name in STATUSES)
    dated = [entry for entry in endpoints if entry["not_after"]]
    first = min(dated, key=lambda entry: entry["not_after"]) if dated else None
    return dict(
        addresses=len(endpoints), **counts, leaves=len(set(entry["fingerprint"] for entry in endpoints if entry["fingerprint"])),
        chains=len(chains),
        expires_first=first and dict((name, first[name]) for name in ("label", "address", "fingerprint", "not_after", "days_left")))


def rollout(before, after):
    """What became of every address: {before_seen_at, counts, endpoints: [{label, name, address, port, change, before, after}]}."""
    old, rows = keyed(before["endpoints"]), []
    new = keyed(after["endpoints"])
    for key, entry in new.items():
        was = served(old.get(key))
        rows.append(dict(place(entry), change=change(key in old, was, served(entry)), before=was, after=served(entry)))
    for key, entry in old.items():
        if key not in new:
            rows.append(dict(place(entry), change="removed", before=served(entry), after=None))
    counts = dict((name, sum(row["change"] == name for row in rows)) for name in CHANGES)
    return dict(before_seen_at=before["seen_at"], counts=counts, endpoints=rows)


def keyed(endpoints):
    """Addresses by what makes them the same ones in two results. What is named twice keeps its order."""
    found, seen = {}, Counter()
    for entry in endpoints:
        same = tuple(place(entry).values())
        found[same, seen[same]] = entry
        seen[same] += 1
    return found


def place(entry):
    return dict((name, entry[name]) for name in ("label", "name", "address", "port"))


def served(entry):
    """The certificate of an address, or None where none was seen."""
    if not entry or not entry["fingerprint"]:
        return None
    return dict((name, entry[name]) for name in ("fingerprint", "common_name", "issuer", "not_after", "days_left"))


def change(was_there, was, now):
    """One of CHANGES. lost, gained: the address stayed, a certificate is no more, or only now, served there; never: at neither time."""
    if not was_there:
        return "added"
    if was and now:
        return "same" if was["fingerprint"] == now["fingerprint"] else "replaced"
    if was or now:
        return "lost" if was else "gained"
    return "never"
