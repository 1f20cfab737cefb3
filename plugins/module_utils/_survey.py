# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every slot of many resources as it is now, and what their endpoints serve. PRIVATE to the collection."""

from __future__ import annotations

from . import _runner
from ._domain.deployment import place_of
from ._domain.drift import Held, Served
from ._errors import InputError
from ._requests import gathered, kind_of
from ._targets.registry import TARGETS
from ._tls.model import Endpoint


def survey(cloud, stored, requests, discover, parallel):
    """A list of (request, [Held]); a resource that cannot be read is one Held that says why."""
    def look(request, once):
        target = TARGETS[request["service"]]
        state = target.read(cloud, dict(request, slot=None), once)
        settled = target.settled(state)
        return [Held(place, target.at(place, state, stored), settled) for place in target.places(request, state)]

    return read_all(gathered(cloud, requests, discover, parallel), look, lambda place, error: [Held(place, error=str(error))],
                    lambda slots: [slot.target for slot in slots], parallel)


def read_all(asked, look, unread, names, parallel):
    """[(request, what was found)] of what gathered() gives; what is found as well as named is reported as it is named.

    look(request, once) -> what was found. unread(place, error) -> the same of what cannot be read. names(found) -> the names of its places.
    """
    requests, failed, once = asked
    rows, seen = [({}, unread(slot.place, slot.error)) for slot in failed], set()
    for request, found, error in _runner.each_in_turn(requests, lambda request: look(request, once), parallel, kind_of):
        found = found or unread(place_of(request, None, request.get("domain")), error)
        if not request.get("found") or not seen & set(names(found)):
            rows.append((request, found))
        seen.update(names(found))
    return rows


def look_at(prober, requests):
    """For each request the Served of every address of all its endpoints; all of them are looked at together, and each of them once."""
    wanted = [[endpoint_of(item) for item in request.get("endpoints") or []] for request in requests]
    distinct = list(dict.fromkeys(where for endpoints in wanted for where in endpoints))
    found = dict(zip(distinct, prober.look(distinct) if distinct else []))
    return [[Served(
        where.label, where.name, seen.address, seen.port, seen.sha256, seen.sha1, seen.failure.detail if seen.failure else "")
        for where in endpoints for seen in found[where]] for endpoints in wanted]


def endpoint_of(item):
    """An Endpoint out of the options name, address, port and label."""
    if not 0 < item["port"] < 65536:
        raise InputError("Endpoint %s: port %d is not between 1 and 65535." % (item["name"], item["port"]))
    name = item["name"].strip().lower().rstrip(".")
    return Endpoint(name, item["address"] or name, item["port"], item["label"] or "%s:%d" % (name, item["port"]))
