# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ESA sites: a set of certificates each, of which the edge picks one by its names. PRIVATE to the collection.

A site has no default certificate. What the new one supersedes is replaced in place, under ESA's own id, if it can be put back: that
takes no further place of the plan's few, and no handshake finds neither. Certificates are known by CAS's id, those that are not from
CAS by ESA's.
"""

from __future__ import annotations

from .._api import esa as api
from .._domain.deployment import bound_of, is_superseded, place_of, same
from .._domain.names import missing, normalise
from .._errors import InputError
from .._plan import Ref, Step

NAME = "esa"
CAS_PRODUCT = "ESA"
PRODUCT = api.PRODUCT
NEEDS = ("instance",)
PORTS = False
REGIONAL = False
IDENTIFIER = False


def read(cloud, request, once):
    """(Site, its certificates as SiteCertificate); the list of sites is read once. instance: a site's id or name."""
    site = _site(_sites(cloud, once), str(request["instance"]).strip().lower().rstrip("."))
    return site, once((NAME, "certificates", site.id), lambda: api.certificates(cloud, site.id))


def _sites(cloud, once):
    return once((NAME, "sites"), lambda: api.sites(cloud))


def _site(known, wanted):
    found = [site for site in known.values() if str(site.id) == wanted] or [
        site for site in known.values() if site.name == wanted and site.status != "moved"]
    if not found:
        raise InputError("This account has no ESA site %s. instance takes a site's id or its name; check the option site and the "
                         "account." % wanted)
    if len(found) > 1:
        raise InputError("This account has several ESA sites %s; set instance to the id of one: %s." % (
            wanted, ", ".join(str(site.id) for site in found)))
    return found[0]


def _place(request, state, certificate, superseded=False):
    # by its id, however the user called it, so that no site is planned twice
    where = dict(request, region=None, instance=str(state[0].id), listener_port=None)
    return place_of(where, "additional", certificate=certificate, superseded=superseded)


def _key(held):
    return str(held.cas_id or held.id)


def _bound(held, stored):
    return bound_of(stored, held.cas_id, id=_key(held), name=held.name, fingerprint=held.sha256, names=held.names, store=held.region,
                    algorithm=held.algorithm)


def _held(place, state):
    """The certificate of the site that a place is about, or None."""
    key = place["certificate"]
    return next((held for held in state[1] if key and key in (held.id, str(held.cas_id))), None)


def at(place, state, stored):
    held = _held(place, state)
    return _bound(held, stored) if held else None


def find(request, state, wanted, stored):
    """The certificate itself if the site has it, else the one that it replaces, else a further one."""
    _check(request, state[0], wanted)
    present = next((held for held in state[1] if same(_bound(held, stored), wanted)), None)
    if present:
        return [_place(request, state, _key(present))]
    old = _superseded(state, wanted, stored)
    return [_place(request, state, old[0].id if old else str(wanted.id or ""))]


def _check(request, site, wanted):
    """InputError for what cannot work on this site."""
    asked = [normalise(domain) for domain in request.get("domains") or []]
    if request["slot"] == "default":
        raise InputError("An ESA site has no default certificate; leave slot out, or use slot: additional.")
    if site.status in ("offline", "moved"):
        raise InputError("The ESA site %s (id %d) is '%s'; it serves nothing." % (site.name, site.id, site.status))
    if missing(wanted.names, asked):
        raise InputError("The certificate %s does not cover %s." % (wanted.name, ", ".join(missing(wanted.names, asked))))
    strangers = [domain for domain in asked if not _inside(domain, site)]
    if strangers or not any(_inside(name, site) for name in wanted.names):
        raise InputError("%s: the ESA site is %s; give the site that the certificate is for." % (
            ", ".join(strangers) or "No name of the certificate %s is in this site" % wanted.name, site.name))


def _inside(name, site):
    return name == site.name or name.endswith("." + site.name)


def _superseded(state, wanted, stored):
    """What wanted makes superfluous, the one that is valid longest first. What CAS does not have could not be put back, and stays."""
    old = [held for held in state[1] if held.cas_id in stored and is_superseded(_bound(held, stored), wanted)]
    return sorted(old, key=lambda held: held.not_after, reverse=True)


def superseded(request, state, wanted, stored):
    meant = _held(find(request, state, wanted, stored)[0], state)
    old = [held for held in _superseded(state, wanted, stored) if held is not meant]
    return [_place(request, state, _key(held), superseded=True) for held in old]


def places(request, state):
    return [_place(request, state, _key(held)) for held in state[1]] or [_place(request, state, "")]


def own(place, state, wanted):
    return str(wanted.id) if wanted.id else Ref("upload", "CertId"), ()


def bind(target, place, state, bound):
    if not bound.cas_id and not isinstance(bound.id, Ref):
        raise InputError("The previous certificate of %s is not in CAS, and ESA does not give its key; put it back by hand." % target)
    held = _held(place, state)
    return _step(target, state, "SetCertificate", 1, Type="cas", CasId=bound.cas_id, Region=bound.store, Id=held.id if held else None)


def unbind(target, place, state):
    return _step(target, state, "DeleteCertificate", 2, Id=_held(place, state).id)


def _step(target, state, action, stage, **params):
    params["SiteId"] = state[0].id
    # the site is the group: it refuses a second change while it applies the first
    return Step(target, NAME, action, target, params, group="%s/%d" % (NAME, state[0].id), stage=stage)


def settled(state):
    return True  # of what the edge has done already, ESA's API says nothing


def confirm(cloud, step):
    """The answer of a write whose answer was lost, if the write has happened."""
    known = api.certificates(cloud, step.params["SiteId"])
    if step.action == "DeleteCertificate":
        return None if any(held.id == step.params["Id"] for held in known) else {}
    return next((dict(Id=held.id) for held in known if held.cas_id == step.params["CasId"]), None)


def candidates(cloud, region, once):
    """Every site of the account; its name goes along, so that it can be excluded by it."""
    return [dict(instance=str(site.id), domain=site.name) for _id, site in sorted(_sites(cloud, once).items())]
