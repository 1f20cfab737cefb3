# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificates in CAS are valid when, and which one is meant by what users say of it. Pure. PRIVATE to the collection."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from .._domain.names import missing
from .._domain.provision import DAY, newest_first
from .._errors import InputError

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def moment_of(milliseconds):
    """An aware datetime, UTC, of milliseconds since 1970."""
    return EPOCH + timedelta(milliseconds=milliseconds)


def stamp(moment):
    """A time as results show it; None for none."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def is_valid(stored, now):
    """Whether its time is now (an aware datetime), as far as CAS says: it knows what has expired also when it gives no times."""
    begun, over = stored.not_before <= _milliseconds(now), 0 < stored.not_after < _milliseconds(now)
    return begun and not over and not stored.expired


def lifetime(stored, now):
    """When it is valid, as results show it: times in UTC, whole days left from now on; None for what CAS does not say."""
    return dict(
        not_before=_moment(stored.not_before), not_after=_moment(stored.not_after), valid=is_valid(stored, now),
        days_left=(stored.not_after - _milliseconds(now)) // DAY if stored.not_after else None)


def newest_valid(found, now, wanted, what, generations=False):
    """The one certificate that is meant: of those found the newest that is valid now. Raises InputError when there is none, or several.

    wanted: names that it has to cover. what: in words, what was looked for. generations: what was found is known to be one certificate
    through time; otherwise it is taken for that only if all have the same names and the same kind of key.
    """
    if not found:
        raise InputError("CAS has no certificate with %s. Is it the right account and site?" % what)
    valid = newest_first(item for item in found if is_valid(item, now))
    if not valid:
        raise InputError("Nothing that CAS has with %s is valid now: %s." % (what, "; ".join(_span(item) for item in found)))
    kinds = set((tuple(sorted(item.names)), item.algorithm) for item in valid)
    if len(kinds) > 1 and not generations:
        raise InputError("Several certificates in CAS are meant by %s: %s. Say more, or give the fingerprint." % (
            what, "; ".join("%s (id %d, %s, for %s)" % (
                item.name, item.id, item.algorithm or "key unknown", ", ".join(item.names)) for item in valid)))
    lacking = missing(valid[0].names, wanted)
    if lacking:
        raise InputError("The certificate %s (id %d) does not cover %s; it covers: %s." % (
            valid[0].name, valid[0].id, ", ".join(lacking), ", ".join(valid[0].names) or "nothing"))
    return valid[0]


def _span(item):
    begin, end = _moment(item.not_before), _moment(item.not_after) or item.end_date
    return "%s (id %d, valid %suntil %s)" % (item.name, item.id, "from %s " % begin if begin else "", end or "an unknown day")


def _milliseconds(moment):
    return int(moment.timestamp() * 1000)


def _moment(milliseconds):
    return stamp(moment_of(milliseconds)) if milliseconds else None
