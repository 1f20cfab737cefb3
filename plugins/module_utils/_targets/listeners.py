# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listeners with one default certificate and a set of additional ones (ALB, NLB), all by CAS's identifier. PRIVATE to the collection.

The load balancer picks an additional certificate by its own names, so a slot is about a certificate, not about a name: the new one
is added, and what it supersedes is taken away later.
"""

from __future__ import annotations

from dataclasses import replace

from .._api.listeners import Held
from .._domain.deployment import bound_by_identifier, is_superseded, name_of, place_of, same
from .._domain.names import covers_all, missing, normalise
from .._errors import InputError
from .._plan import Ref, Step

GONE = "Diassociating"
UNSETTLED = ("Configuring", "Provisioning", "Starting", "Stopping", "Associating", GONE)


class ListenerTarget:
    """The port of registry.py for one product. api: its file in _api; protocols: the first is meant if a resource does not say."""

    NEEDS = ("region", "instance")
    REGIONAL = True
    IDENTIFIER = True

    def __init__(self, name, api, protocols):
        self.NAME, self.CAS_PRODUCT, self.PRODUCT = name, name.upper(), api.PRODUCT
        self._api, self._protocols = api, protocols

    def read(self, cloud, request, once):
        """(listener, its certificates as Held); the region's list of listeners is read once for all of them."""
        region, instance, port = request["region"], request["instance"], request["listener_port"]
        known = self._listeners(cloud, region, once)
        protocol = request.get("protocol") if request.get("protocol") in self._protocols else self._protocols[0]
        listener = known.get((instance, port, protocol))
        if listener is None:
            ports = ", ".join("%d (%s)" % key[1:] for key in sorted(known) if key[0] == instance)
            raise InputError("%s in %s has no %s listener on port %s%s. Check instance, region, listener_port and account." % (
                instance, region, protocol, port, "; it has %s" % ports if ports else ", as far as the list of listeners shows"))
        if request.get("slot") == "default" and listener.default and listener.default == request.get("identifier"):
            return listener, (Held(listener.default, True),)  # the list tells enough: there is nothing to do
        return listener, once((self.NAME, "certificates", listener.id), lambda: self._api.certificates(cloud, region, listener.id))

    def _listeners(self, cloud, region, once):
        return once((self.NAME, region), lambda: self._api.listeners(cloud, region))

    def find(self, request, state, wanted, stored):
        default = self.at(place_of(request, "default"), state, stored)
        old = self._superseded(state, wanted, stored)
        there = any(same(bound_by_identifier(stored, held.id), wanted) for held in state[1])
        if choose(request, default, old, wanted, there) == "default":
            return [place_of(request, "default")]
        return [place_of(request, "additional", certificate=wanted.identifier)]

    def places(self, request, state):
        return [place_of(request, "default")] + [
            place_of(request, "additional", certificate=held.id) for held in state[1] if not held.default and held.status != GONE]

    def superseded(self, request, state, wanted, stored):
        if request["slot"] == "default":
            return []
        return [place_of(request, "additional", certificate=old.id, superseded=True) for old in self._superseded(state, wanted, stored)]

    def _superseded(self, state, wanted, stored):
        bounds = [bound_by_identifier(stored, held.id) for held in state[1] if not held.default and held.status != GONE]
        return [bound for bound in bounds if is_superseded(bound, wanted)]

    def at(self, place, state, stored):
        if place["slot"] == "default":
            found = [held for held in state[1] if held.default]
        else:
            # a default certificate is picked by its names, too, and cannot be added once more
            found = [held for held in state[1] if held.id == place["certificate"] and held.status != GONE]
        return bound_by_identifier(stored, found[0].id) if found else None

    def own(self, place, state, wanted):
        """An additional certificate cannot become the default one while it is additional."""
        identifier, before = wanted.identifier or Ref("upload", "CertIdentifier"), ()
        if place["slot"] == "default" and any(held.id == identifier and not held.default for held in state[1]):
            before = (replace(
                self._step(name_of(place), place, state, self._api.dissociate_call, identifier, 0), key="release/" + state[0].id),)
        return identifier, before

    def bind(self, target, place, state, bound):
        call = self._api.default_call if place["slot"] == "default" else self._api.associate_call
        return self._step(target, place, state, call, bound.id, 1)

    def unbind(self, target, place, state):
        if place["slot"] == "default":
            raise InputError("%s had no certificate before, and a listener cannot be left without one; nothing is put back." % target)
        return self._step(target, place, state, self._api.dissociate_call, place["certificate"], 2)

    def _step(self, target, place, state, call, certificate, stage):
        action, params = call(state[0].id, place["region"], certificate)
        # the listener is the group: it refuses a second change while it applies the first
        return Step(target, self.NAME, action, target, params, place["region"], "%s/%s" % (self.NAME, state[0].id), stage)

    def settled(self, state):
        return state[0].status not in UNSETTLED and not any(held.status in UNSETTLED for held in state[1])

    def changing(self, state):
        return not self.settled(state)

    def confirm(self, cloud, step):
        return None  # every write carries a ClientToken, so it can simply be repeated

    def candidates(self, cloud, region, once):
        return [dict(region=region, instance=instance, listener_port=port, protocol="quic" if protocol == "quic" else "https")
                for instance, port, protocol in sorted(self._listeners(cloud, region, once))]


def choose(request, default, superseded, wanted, there=False):
    """'default' or 'additional': which slot a request means; there: the listener has wanted already. Pure.

    auto replaces what already covers these names and adds what was asked for by name; it never takes a default certificate that
    covers more than the new one, or whose names are unknown. Where certificates of two kinds of keys stand side by side, it takes
    the one whose key is of the new one's kind.
    """
    slot, names = request["slot"], wanted.names
    asked = [normalise(domain) for domain in request.get("domains") or []]
    if missing(names, asked):
        raise InputError("The certificate %s does not cover %s." % (wanted.name, ", ".join(missing(names, asked))))
    lost = missing(names, default.names) if default else []
    if slot == "default" and lost and not request.get("force"):
        raise InputError(
            "The default certificate %s of this listener also covers %s, and %s does not; their clients would get a wrong certificate. "
            "Use slot: additional, or force: true." % (default.name, ", ".join(lost), wanted.name))
    if slot != "auto":
        return slot
    beside = superseded and default and default.algorithm and wanted.algorithm and default.algorithm != wanted.algorithm
    if (default is None or same(default, wanted) or covers_all(names, default.names)) and not beside:
        return "default"
    if not superseded and not asked and not there:
        raise InputError("slot: auto found nothing on this listener that %s would replace; say slot: default (which has %s now) or "
                         "slot: additional." % (wanted.name, default.name))
    return "additional"
