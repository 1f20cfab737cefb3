# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is bound, what is served and what is expected, compared. Pure. PRIVATE to the collection."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any, Mapping, Tuple

from .deployment import is_superseded, name_of, same
from .names import covers, covers_all, normalise

# Each verdict with what it means; the first that applies is given.
VERDICTS = {
    "unreadable": "the service could not be asked",
    "changing": "the service is still carrying out a change",
    "empty": "there is no certificate",
    "other": "another certificate is bound than the expected one",
    "superseded": "the expected certificate makes it superfluous",
    "not_served": "an endpoint serves another certificate than the one that is bound",
    "unseen": "an endpoint could not be looked at",
    "expired": "the bound certificate has expired",
    "expiring": "the bound certificate expires soon",
    "unknown": "the bound certificate is not in CAS, so that it is not known when it expires",
    "ok": "all is as it should be",
}
HEALTHY = ("ok", "unknown")


@dataclass(frozen=True)
class Held:
    """A slot as it is: its place, its Bound or None, whether the service has settled, and why it could not be read."""

    place: Mapping[str, Any]
    bound: Any = None
    settled: bool = True
    error: str = ""

    @property
    def target(self):
        return name_of(self.place) + ("/" + self.place["certificate"] if self.place.get("certificate") else "")


@dataclass(frozen=True)
class Served:
    """What one address of an endpoint serves. sha256, sha1: of the leaf, '' when no handshake came about; why: then the reason."""

    label: str
    name: str
    address: str
    port: int
    sha256: str = ""
    sha1: str = ""
    why: str = ""

    def view(self):
        return dict(label=self.label, address=self.address, port=self.port, fingerprint=self.sha256 or None, error=self.why or None)


def responsible(slots, name, served=""):
    """The slot whose certificate clients get who send this name: an exact one, then a wildcard, then the default; None without slots.

    Where additional certificates are a set, their own names count. served: SHA-256 of what a client got. It may also be the certificate
    of the next such slot that has the other kind of key, because that is for the client to say.
    """
    def names(slot):
        if slot.place["domain"]:
            return (normalise(slot.place["domain"]),)
        return slot.bound.names if slot.bound and slot.place["slot"] == "additional" else ()

    exact = [slot for slot in slots if normalise(name) in names(slot)]
    wild = [slot for slot in slots if covers(names(slot), name)]
    rest = [slot for slot in slots if not slot.place["domain"] and slot.place["slot"] != "additional"]
    first = next(iter(exact + wild + rest), None)
    if first is None or not first.bound or not first.bound.algorithm:
        return first
    other = next((slot for slot in exact + wild + rest if slot.bound and slot.bound.algorithm not in ("", first.bound.algorithm)), first)
    return other if served and other.bound.fingerprint == served else first


def is_meant(slot, wanted):
    """Whether wanted is what this slot should have: its name is covered, or all names of what it has are."""
    if slot.place["domain"]:
        return covers(wanted.names, slot.place["domain"])
    return slot.bound is not None and covers_all(wanted.names, slot.bound.names)


def verdict(slot, wanted, served: Tuple[Served, ...], days_left, least):
    """(code of VERDICTS, what to know about it)."""
    bound, meant = slot.bound, wanted is not None and is_meant(slot, wanted)
    shown = [item for item in served if item.sha256]
    wrong = [item for item in shown if bound and bound.fingerprint and bound.fingerprint not in (item.sha256, item.sha1)]
    code, detail = next((code, detail) for applies, code, detail in (
        (slot.error, "unreadable", slot.error), (not slot.settled, "changing", ""), (bound is None, "empty", ""),
        (meant and not same(bound, wanted) and slot.place.get("certificate") and is_superseded(bound, wanted), "superseded", ""),
        (meant and not same(bound, wanted) and not slot.place.get("certificate"), "other", ""),
        (wrong, "not_served", "%s at %s serves %s" % (wrong[0].label, wrong[0].address, wrong[0].sha256) if wrong else ""),
        (len(shown) < len(served), "unseen", next((item.label + ": " + item.why for item in served if item.why), "")),
        (days_left is not None and days_left < 0, "expired", ""),
        (days_left is not None and days_left < least, "expiring", "%s days are left" % days_left),
        (days_left is None, "unknown", ""), (True, "ok", "")) if applies)
    return code, VERDICTS[code] + (": " + detail if detail else "")


def days_until(end_date, today):
    """Whole days from today until a date as CAS writes it (2027-02-01); None when it did not say."""
    try:
        return (datetime.date(*(int(part) for part in end_date[:10].split("-"))) - today).days
    except (TypeError, ValueError):
        return None
