# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Classic load balancers: a listener's default certificate and its SNI slots (domain extensions). PRIVATE to the collection.

They take neither of CAS's ids: the certificate is imported into the load balancer's region, which gives a ServerCertificateId;
one import serves every listener of the region.
"""

from __future__ import annotations

from .._api import slb as api
from .._domain.deployment import Bound, bound_of, place_of
from .._domain.names import covers, covers_all, missing, normalise
from .._errors import InputError
from .._plan import Ref, Step

NAME = "slb"
CAS_PRODUCT = "SLB"
PRODUCT = api.PRODUCT
NEEDS = ("region", "instance")
REGIONAL = True
IDENTIFIER = False
MANY = 5  # from so many listeners on, the region's list is read instead of each of them


def read(cloud, request, once):
    """(listener, the region's certificates); each is read once, however many resources share it."""
    region, instance, port = request["region"], request["instance"], request["listener_port"]
    certificates = once(("slb", region), lambda: api.server_certificates(cloud, region))
    # the list has everything but the SNI slots
    if request.get("slot") == "default" and once.count(NAME) >= MANY and (instance, port) in _listeners(cloud, region, once):
        return _listeners(cloud, region, once)[instance, port], certificates
    return once(("slb", region, instance, port), lambda: api.listener(cloud, region, instance, port)), certificates


def _listeners(cloud, region, once):
    return once(("slb", region, "listeners"), lambda: api.listeners(cloud, region))


def candidates(cloud, region, once):
    """Every HTTPS listener of the region."""
    return [dict(region=region, instance=instance, listener_port=port) for instance, port in sorted(_listeners(cloud, region, once))]


def _extension(state, domain):
    return next((item for item in state[0].extensions if item.domain == domain), None)


def at(place, state, stored):
    """The Bound of a slot, or None when it is empty."""
    extension = _extension(state, place["domain"])
    own_id = state[0].certificate_id if place["slot"] == "default" else extension and extension.certificate_id
    row = state[1].get(own_id)
    if row:
        return bound_of(stored, row.cas_id, id=row.id, name=row.name, fingerprint=row.fingerprint, names=row.names)
    return Bound(own_id, 0, "(not in this region's list)", "") if own_id else None


def find(request, state, wanted, stored):
    """The slots that the request means."""
    default = at(place_of(request, "default"), state, stored)
    take_default, domains = choose(request, default, [item.domain for item in state[0].extensions], wanted)
    places = [place_of(request, "default")] if take_default else []
    return places + [place_of(request, "additional", domain) for domain in domains]


def places(request, state):
    return [place_of(request, "default")] + [
        place_of(request, "additional", domain) for domain in sorted(item.domain for item in state[0].extensions)]


def superseded(request, state, wanted, stored):
    return []  # an SNI slot has a name, and its certificate is replaced in place


def choose(request, default, extensions, wanted):
    """(whether the default slot is meant, the SNI names that are meant). Pure.

    auto replaces what already covers these names and adds what was asked for by name; it never takes a default certificate
    that covers more than the new one, or whose names are unknown.
    """
    slot, names = request["slot"], wanted.names
    asked = [normalise(domain) for domain in request["domains"] or []]
    if missing(names, asked):
        raise InputError("The certificate %s does not cover %s." % (wanted.name, ", ".join(missing(names, asked))))
    held = [domain for domain in sorted(extensions) if covers(names, domain)]
    lost = missing(names, default.names) if default else []
    if slot == "default":
        if lost and not request["force"]:
            raise InputError(
                "The default certificate %s of this listener also covers %s, and %s does not; their clients would get a wrong "
                "certificate. Use slot: additional, or force: true." % (default.name, ", ".join(lost), wanted.name))
        return True, []
    if slot == "additional":
        return False, asked or held or list(names)
    take = default is None or covers_all(names, default.names)
    extra = [domain for domain in asked if domain not in held and not (take and covers(default.names if default else names, domain))]
    if not take and not held and not extra:
        raise InputError("slot: auto found nothing on this listener that %s would replace; say slot: default (which has %s now) or "
                         "slot: additional." % (wanted.name, default.name))
    return take, held + extra


def own(place, state, wanted):
    """(the region's id of wanted or a Ref to it, the step that imports it if it is not there)."""
    region = place["region"]
    for row in state[1].values():
        if (wanted.id and row.cas_id == wanted.id) or (row.fingerprint and row.fingerprint in (wanted.sha256, wanted.sha1)):
            return row.id, ()
    key = "register/slb/" + region
    return Ref(key, "ServerCertificateId"), (Step(
        key, "slb", "UploadServerCertificate", "slb/%s/%s" % (region, wanted.name), region=region,
        params=dict(RegionId=region, AliCloudCertificateId=str(wanted.id), AliCloudCertificateName=wanted.name,
                    AliCloudCertificateRegionId=wanted.store)),)


def bind(target, place, state, bound):
    """The step that puts bound.id (an id or a Ref) into the slot."""
    extension = _extension(state, place["domain"])
    listener = dict(LoadBalancerId=place["instance"], ListenerPort=place["listener_port"])
    if place["slot"] == "default":
        return _step(target, place, "SetLoadBalancerHTTPSListenerAttribute", ServerCertificateId=bound.id, **listener)
    if extension:
        return _step(target, place, "SetDomainExtensionAttribute", DomainExtensionId=extension.id, ServerCertificateId=bound.id)
    return _step(target, place, "CreateDomainExtension", Domain=place["domain"], ServerCertificateId=bound.id, **listener)


def unbind(target, place, state):
    if place["slot"] == "default":
        raise InputError("%s had no certificate before, and a listener cannot be left without one; nothing is put back." % target)
    return _step(target, place, "DeleteDomainExtension", DomainExtensionId=_extension(state, place["domain"]).id)


def _step(target, place, action, **params):
    # the listener is the group: it refuses a second change while it applies the first
    group = "slb/%s/%s:%s" % (place["region"], place["instance"], place["listener_port"])
    return Step(target, "slb", action, target, dict(params, RegionId=place["region"]), place["region"], group, 1)


def settled(state):
    return state[0].status in ("running", "stopped", "")


def changing(state):
    return not settled(state)


def confirm(cloud, step):
    """The answer of a write whose answer was lost, if the write has happened."""
    if step.action == "UploadServerCertificate":
        rows = api.server_certificates(cloud, step.region).values()
        return next((dict(ServerCertificateId=row.id) for row in rows if str(row.cas_id) == step.params["AliCloudCertificateId"]), None)
    if step.action == "CreateDomainExtension":
        rows = api.listener(cloud, step.region, step.params["LoadBalancerId"], step.params["ListenerPort"]).extensions
        return next((dict(DomainExtensionId=row.id) for row in rows if row.domain == step.params["Domain"]), None)
    return None
