# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Global Accelerator: an HTTPS listener's default certificate and its additional ones, one a domain. PRIVATE to the collection.

Certificates are named by CAS's identifier. A change takes hold of the whole accelerator, and other changes of it are refused meanwhile.
"""

from __future__ import annotations

from .._api import ga as api
from .._domain.deployment import bound_by_identifier, place_of
from .._errors import InputError
from .._plan import Ref, Step
from .slb import choose

NAME = "ga"
CAS_PRODUCT = "GA"
PRODUCT = api.PRODUCT
NEEDS = ("instance",)
REGIONAL = False
IDENTIFIER = True


def read(cloud, request, once):
    """(listener, its certificates); an accelerator's list of listeners is read once for all of them."""
    instance, port = request["instance"], request["listener_port"]
    known = _listeners(cloud, instance, once)
    if port not in known:
        raise InputError("%s has no HTTPS listener on port %s%s. Check instance and listener_port." % (
            instance, port, "; it has some on %s" % ", ".join(str(other) for other in sorted(known)) if known else ""))
    listener = known[port]
    if request.get("slot") == "default" and listener.default:
        return listener, api.Certificates(listener.default, {})  # the list tells enough
    return listener, once((NAME, "certificates", listener.id), lambda: api.certificates(cloud, instance, listener.id))


def _listeners(cloud, instance, once):
    return once((NAME, instance), lambda: api.listeners(cloud, instance))


def candidates(cloud, region, once):
    """Every HTTPS listener of the account; a list of each accelerator's is needed for that."""
    return [dict(instance=instance, listener_port=port)
            for instance in sorted(api.accelerators(cloud)) for port in sorted(_listeners(cloud, instance, once))]


def at(place, state, stored):
    """The Bound of a slot, or None when it is empty."""
    held = state[1].default if place["slot"] == "default" else state[1].additional.get(place["domain"])
    return bound_by_identifier(stored, held) if held else None


def find(request, state, wanted, stored):
    """The slots that the request means."""
    if state[0].managed_by:
        raise InputError("The listener of %s on port %s is managed by %s and cannot be changed here; set the certificate there." % (
            request["instance"], request["listener_port"], state[0].managed_by))
    default = at(_place(request, "default"), state, stored)
    take_default, domains = choose(request, default, list(state[1].additional), wanted)
    return ([_place(request, "default")] if take_default else []) + [_place(request, "additional", domain) for domain in domains]


def _place(request, slot, domain=None):
    return place_of(dict(request, region=None), slot, domain)  # whatever a resource says: there is one region only


def places(request, state):
    return [_place(request, "default")] + [_place(request, "additional", domain) for domain in sorted(state[1].additional)]


def superseded(request, state, wanted, stored):
    return []  # an additional certificate has a domain, and is replaced in place


def own(place, state, wanted):
    return wanted.identifier or Ref("upload", "CertIdentifier"), ()


def bind(target, place, state, bound):
    """The step that puts bound.id (an identifier or a Ref) into the slot."""
    domain = place["domain"]
    if place["slot"] == "default":
        return _step(target, state, "UpdateListener", Certificates=[dict(Id=bound.id)], **state[0].settings)
    if domain in state[1].additional:
        return _step(target, state, "UpdateAdditionalCertificateWithListener", AcceleratorId=state[0].accelerator, Domain=domain,
                     CertificateId=bound.id)
    return _step(target, state, "AssociateAdditionalCertificatesWithListener", AcceleratorId=state[0].accelerator,
                 Certificates=[dict(Domain=domain, Id=bound.id)])


def unbind(target, place, state):
    if place["slot"] == "default":
        raise InputError("%s had no certificate before, and a listener cannot be left without one; nothing is put back." % target)
    return _step(target, state, "DissociateAdditionalCertificatesFromListener", AcceleratorId=state[0].accelerator,
                 Domains=[place["domain"]])


def _step(target, state, action, **params):
    # the accelerator is the group: it refuses a second change while it applies the first, even of another listener
    params = dict(params, RegionId=api.REGION, ListenerId=state[0].id)
    return Step(target, NAME, action, target, params, group="ga/%s" % state[0].accelerator, stage=1)


def settled(state):
    return state[0].state in ("active", "") and not state[1].busy


def confirm(cloud, step):
    return None  # every write carries a ClientToken, so it can simply be repeated
