# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rotation has to know: every slot and every endpoint as it is, for _domain/rotation.py to decide. PRIVATE to the collection."""

from __future__ import annotations

from dataclasses import replace

from ._api import cas
from ._domain.deployment import Wanted, name_of, same
from ._domain.drift import Held, responsible
from ._domain.names import covers, normalise
from ._domain.rotation import Generation, Holder, generation_of, with_leaf
from ._errors import InputError
from ._requests import gathered
from ._survey import endpoint_of, look_at, read_all
from ._targets.registry import TARGETS

KEYS = ("service", "region", "instance", "listener_port", "protocol", "slot", "domain")
WHERE = ("label", "name", "address", "port")


class Leaves:
    """Looks as its Prober does, and remembers what the served leaves say: known has a Generation by both digests of each.

    An IPv6 address to which this machine has no route does not count while another address of the endpoint answers.
    """

    def __init__(self, prober, decode):
        self._prober, self._decode, self.known = prober, decode, {}

    def look(self, endpoints):
        found = [self._reached(addresses) for addresses in self._prober.look(endpoints)]
        for seen in (seen for addresses in found for seen in addresses if seen.chain):
            facts = None if seen.sha256 in self.known else self._decode(seen.chain[0])[0]
            if facts:
                self.known[seen.sha256] = self.known[seen.sha1] = Generation(
                    0, facts.subject, seen.sha256, seen.sha1, facts.names + facts.addresses, facts.not_before, facts.not_after)
        return found

    def _reached(self, addresses):
        answered = any(not seen.failure for seen in addresses)
        return [seen for seen in addresses if not (
            answered and seen.failure and seen.failure.kind == "unreachable" and ":" in seen.address)]


class Survey:
    """One look at everything. reference: the Generation by which it is told what is meant, None if there never was one.

    supersede: whether additional certificates that it makes superfluous are to go. beside: digests of those that are served beside it, to
    clients that ask for another kind of key.
    """

    def __init__(self, cloud, stored, reference, supersede, parallel, beside=()):
        self._cloud, self._stored, self._supersede, self._parallel = cloud, stored, supersede, parallel
        self._beside = frozenset(beside)
        self._known = dict((digest, item) for item in stored.values() for digest in (item.sha1, item.sha256) if digest)
        item = stored.get(reference.id) if reference else None
        self._wanted = Wanted(
            reference.id, reference.name, reference.sha256, reference.sha1, reference.names, "",
            algorithm=item.algorithm if item else "") if reference else None

    def slots(self, requests, discover):
        """[(request, [Held], [Holder])]; what cannot be read is one Holder that says why."""
        requests, failed, once = gathered(self._cloud, requests, discover, self._parallel)
        rows = read_all((self._with_identifier(requests), failed, once), self._read, lambda place, error: ([], [_unread(place, error)]),
                        lambda found: [holder.where for holder in found[1]], self._parallel)
        return [(request, held, holders) for request, (held, holders) in rows]

    def _with_identifier(self, requests):
        """The requests with CAS's identifier of the certificate, if a product of theirs knows certificates by it."""
        known = self._wanted and self._wanted.id and any(TARGETS[request["service"]].IDENTIFIER for request in requests)
        detail = cas.certificate_detail(self._cloud, self._wanted.id) if known else None
        if detail:
            self._wanted = replace(self._wanted, identifier=detail.identifier)
        return [dict(request, identifier=detail.identifier if detail else "") for request in requests]

    def _read(self, request, once):
        """([Held] of all slots, [Holder])."""
        target = TARGETS[request["service"]]
        state = target.read(self._cloud, dict(request, slot=None), once)

        def bound(place):
            return target.at(place, state, self._stored)

        held = [Held(place, bound(place)) for place in target.places(request, state)]
        meant, cannot = self._meant(target, request, state, bound)
        holders = [self._holder(request, place, bound(place)) for place in meant]
        known = [_key(place) for place in meant]
        for slot in held:
            if _key(slot.place) not in known:
                holders.append(self._holder(request, slot.place, slot.bound, cannot=cannot, meant=bool(
                    cannot and not request.get("found") and self._concerns(slot))))
        return held, holders

    def _meant(self, target, request, state, bound):
        """(places that the certificate is for, or that it makes superfluous; why it cannot be had here)."""
        if self._wanted is None:
            return [], ""
        try:
            meant = list(target.find(request, state, self._wanted, self._stored))
        except InputError as error:
            return [], str(error)
        if request.get("found"):
            meant = [place for place in meant if bound(place)]  # nobody has said that what was found is to have a certificate
        there = all(same(bound(place), self._wanted) for place in meant)
        gone = target.superseded(request, state, self._wanted, self._stored) if self._supersede or not there else []
        # where it is added to a set, it takes the place of what it makes superfluous
        return [place for place in meant if not gone or bound(place)] + list(gone), ""

    def _concerns(self, slot):
        """Whether a slot that cannot have the certificate ought to: the certificate has one of its names."""
        if slot.place["certificate"]:
            return False
        own = [slot.place["domain"]] if slot.place["domain"] else list(slot.bound.names) if slot.bound else []
        return not own or any(covers(self._wanted.names, name) for name in own)

    def _holder(self, request, place, bound, meant=True, cannot=""):
        item = (self._stored.get(bound.cas_id) or self._known.get(bound.fingerprint)) if bound else None
        digests = (item.sha256, item.sha1) if item else (bound.fingerprint,) if bound else ()
        names = (normalise(place["domain"]),) if place["domain"] else bound.names if bound else ()
        return Holder(
            _slot(place), meant, same(bound, self._wanted) if bound else False, tuple(digest for digest in digests if digest),
            item.id if item else 0, () if request.get("force") else tuple(names),
            generation_of(item).not_after if item else None, empty=bound is None, cannot=cannot)

    def endpoints(self, rows, extra, leaves):
        """A Holder of every address of the endpoints of the rows' requests, and of the extra ones that are not among them."""
        named = set(_where(item) for request, _held, _holders in rows for item in request.get("endpoints") or [])
        alone = [item for item in extra if _where(item) not in named]
        rows = list(rows) + [(dict(endpoints=alone), [], [])]
        served = look_at(leaves, [request for request, _held, _holders in rows])
        found = [self._endpoint(held, holders, item, leaves)
                 for (_request, held, holders), addresses in zip(rows, served) for item in addresses]
        return [holder for holder in found if holder]

    def _endpoint(self, held, holders, served, leaves):
        """The Holder of an address; None when there is nothing to be said about it that the slot behind it does not say."""
        place = dict.fromkeys(("target",) + KEYS, None)
        place.update((key, getattr(served, key)) for key in WHERE)
        slot = responsible(held, served.name)
        covered = self._wanted is None or covers(self._wanted.names, served.name)
        if not served.sha256:
            nothing = slot is not None and slot.bound is None  # so that nothing can be served
            return None if nothing or not covered else Holder(place, error=served.why or "no handshake came about")
        behind = next((holder for holder in holders if slot and holder.place["target"] == slot.target), None)
        right = bool(self._wanted) and self._wanted.sha256 == served.sha256
        leaf = leaves.known.get(served.sha256)
        item = self._known.get(served.sha256)
        # of a slot it is known which names it is for; a host may serve all those that its certificate has
        names = leaf.names if leaf and not held else (normalise(served.name),)
        meant = bool(self._wanted) and covered and served.sha256 not in self._beside and (behind is None or behind.meant)
        return Holder(place, meant, right, (served.sha256, served.sha1), item.id if item else 0, names,
                      leaf.not_after if leaf else None, elsewhere=bool(behind and behind.right and not right))


def completed(rows, leaves):
    """The Holders of the rows' slots; where CAS does not know a certificate, with what an endpoint shows of the same one."""
    return [with_leaf(holder, leaves.known) for _request, _held, holders in rows for holder in holders]


def _unread(place, error):
    return Holder(_slot(place), error=str(error))


def _key(place):
    return name_of(dict(place, superseded=False)), place["certificate"]


def _slot(place):
    """What names a slot in the result."""
    return dict(dict.fromkeys(WHERE), target=Held(dict(place, superseded=False)).target, **dict((key, place[key]) for key in KEYS))


def _where(item):
    """What tells an endpoint from others: the same one may be given with its resource and by itself."""
    endpoint = endpoint_of(item)
    return endpoint.name, endpoint.address, endpoint.port
