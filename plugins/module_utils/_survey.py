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
    requests, failed, once = gathered(cloud, requests, discover, parallel)

    def look(request):
        target = TARGETS[request["service"]]
        state = target.read(cloud, dict(request, slot=None), once)
        settled = target.settled(state)
        return [Held(place, target.at(place, state, stored), settled) for place in target.places(request, state)]

    rows = [({}, [Held(slot.place, error=str(slot.error))]) for slot in failed]
    seen = set()
    for request, slots, error in _runner.each_in_turn(requests, look, parallel, kind_of):
        slots = slots or [Held(place_of(request, None, request.get("domain")), error=str(error))]
        if not request.get("found") or not seen & set(slot.target for slot in slots):
            rows.append((request, slots))  # what is named as well is reported as it is named
        seen.update(slot.target for slot in slots)
    return rows


def look_at(prober, requests):
    """For each request the Served of every address of all its endpoints; all of them are looked at together."""
    wanted = [[_endpoint(item) for item in request.get("endpoints") or []] for request in requests]
    flat = [where for endpoints in wanted for where in endpoints]
    found = iter(zip(flat, prober.look(flat) if flat else []))
    return [[Served(
        where.label, where.name, seen.address, seen.port, seen.sha256, seen.sha1, seen.failure.detail if seen.failure else "")
        for where, addresses in (next(found) for _where in endpoints) for seen in addresses] for endpoints in wanted]


def _endpoint(item):
    if not 0 < item["port"] < 65536:
        raise InputError("Endpoint %s: port %d is not between 1 and 65535." % (item["name"], item["port"]))
    name = item["name"].strip().lower().rstrip(".")
    return Endpoint(name, item["address"] or name, item["port"], item["label"] or "%s:%d" % (name, item["port"]))
