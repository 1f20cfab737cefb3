# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be deployed, where, and what is there now. Pure. PRIVATE to the collection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Mapping, Tuple

from .._errors import InputError
from .._plan import Plan, Ref, Step
from .provision import KEY_TYPES, digest

SM2_SERVICES = ("DDOS",)


@dataclass(frozen=True)
class Wanted:
    """The certificate to deploy. id is 0 in check mode while it is not in CAS yet; sha256 is the identity.

    identifier is CAS's CertIdentifier as the API gave it, '' if no target wants it. algorithm: the key's, '' when CAS did not say.
    """

    id: int
    name: str
    sha256: str
    sha1: str
    names: Tuple[str, ...]
    store: str
    identifier: str = ""
    algorithm: str = ""


@dataclass(frozen=True)
class Bound:
    """What a slot has. id is the product's own, cas_id is CAS's (0: not from CAS); fingerprint: sha256 when known, else sha1."""

    id: Any
    cas_id: int
    name: str
    fingerprint: str
    names: Tuple[str, ...] = ()
    store: str = ""
    algorithm: str = ""

    def view(self):
        own = None if isinstance(self.id, Ref) else str(self.id)
        return dict(id=own, cas_id=self.cas_id or None, name=self.name, fingerprint=self.fingerprint, store=self.store,
                    domains=list(self.names), key_type=KEY_TYPES.get(self.algorithm))


@dataclass(frozen=True)
class Slot:
    """One place for a certificate. place: the keys by which a user knows it; error: why it cannot be planned; tag: CAS's resource id.

    supersedes: slots of the additional certificates that after makes superfluous. changing: the product is still carrying out what it
    accepted, maybe of a run that was ended; then also a slot that has the right certificate is waited for.
    """

    place: Mapping[str, Any]
    previous: Any = None
    after: Any = None
    steps: Tuple[Step, ...] = ()
    error: Any = None
    tag: str = ""
    supersedes: Tuple[Slot, ...] = ()
    changing: bool = False

    @property
    def target(self):
        return name_of(self.place)


def place_of(request, slot=None, domain=None, certificate=None, superseded=False):
    """The keys of a slot.

    certificate: where additional certificates are a set, the product's id of the one that this is about ('' if not known yet);
    superseded: it is about one that is to go, because another one takes its place.
    """
    port = request.get("listener_port") if request.get("instance") else None
    protocol = "quic" if port and request.get("protocol") == "quic" else None
    return dict(service=request["service"], region=request.get("region"), instance=request.get("instance"), listener_port=port,
                protocol=protocol, slot=slot, domain=domain, certificate=certificate, superseded=superseded)


def name_of(place):
    """slb/cn-hangzhou/lb-1:443/default, cdn/static.example.com: a slot's name in messages, diffs and results.

    Of an additional certificate the name does not say which one it is: in check mode its id may not be known yet.
    """
    port = place["listener_port"]
    instance = place["instance"] and (place["instance"] if port is None else "%s:%s" % (place["instance"], port))
    gone = place.get("certificate") if place.get("superseded") else None
    parts = (place["service"].lower(), place["region"], instance, place.get("protocol"), place["slot"], place["domain"], gone)
    return "/".join(part for part in parts if part)


def same(bound, wanted):
    """Whether a slot has the certificate (a Wanted or another Bound): by an id or by digest, never by name; unknown is not the same."""
    if bound is None or wanted is None:
        return bound is wanted
    if isinstance(wanted, Bound):
        pairs = (bound.fingerprint, wanted.fingerprint), (bound.cas_id, wanted.cas_id), (bound.id, wanted.id)
        return any(one and one == other for one, other in pairs)
    digests = [known for known in (wanted.sha256, wanted.sha1) if known]
    return bound.fingerprint in digests or bool(wanted.id and bound.cas_id == wanted.id)


def bound_of(stored, cas_id, **own):
    """A Bound whose name and fingerprint are CAS's where CAS knows it, so that it looks the same wherever it is bound.

    Names that may not be all count as unknown.
    """
    item = stored.get(cas_id)
    if item:
        own.update(name=item.name, fingerprint=item.sha256 or item.sha1, algorithm=item.algorithm,
                   names=item.names if item.all_names else own.get("names", ()))
    return Bound(cas_id=cas_id, **own)


def cas_id_of(identifier):
    """CAS's id as its identifier has it, 0 if there is none. It is read out of it, in every form that was seen, and never put together."""
    head = identifier.partition("-")[0]
    return int(head) if head.isdigit() else 0


def bound_by_identifier(stored, identifier):
    """The Bound of a product that says nothing but CAS's identifier."""
    return bound_of(stored, cas_id_of(identifier), id=identifier, name="%s (not in CAS)" % identifier, fingerprint="")


def after_of(wanted, own_id):
    return Bound(own_id, wanted.id, wanted.name, wanted.sha256 or wanted.sha1, wanted.names, wanted.store, wanted.algorithm)


def is_superseded(bound, wanted):
    """Whether wanted makes an additional certificate superfluous: its own names are a subset of wanted's, its key is of the same kind.

    Unknown names or an unknown kind of key mean no: what is not provably superfluous stays. So does a certificate of a name that
    wanted covers only by a wildcard: that one may be there on purpose.
    """
    if same(bound, wanted) or not bound.names or not set(bound.names) <= set(wanted.names):
        return False
    if not wanted.id and not wanted.algorithm:
        return True  # about to be uploaded, and nobody has said what it is
    return bool(bound.algorithm) and bound.algorithm == wanted.algorithm


def identify(stored, given, store, pending_allowed, now=0):
    """The certificate that the user means, out of CAS's list. Raises InputError when it is not there, not one, or expired.

    now: milliseconds since 1970, if it is to be valid already; 0 if not.
    With pending_allowed (check mode) a fingerprint or a name that is not in CAS counts as about to be uploaded.
    """
    digits = digest(given.get("fingerprint"))
    tests = {
        "id": lambda item: item.id == given["id"],
        # opaque, but in every form that was seen its digits before the first dash are the id
        "identifier": lambda item: given["identifier"].startswith("%d-" % item.id),
        "fingerprint": lambda item: digits in (item.sha256, item.sha1),
        "name": lambda item: item.name == given["name"],
    }
    asked = [key for key in tests if given.get(key)]
    if digits:
        asked = [key for key in asked if key != "name"]  # the same leaf may be there under another name
    if not asked:
        raise InputError("certificate needs one of id, identifier, fingerprint and name.")
    found = [item for item in stored.values() if all(tests[key](item) for key in asked)]
    words = ", ".join("%s %s" % (key, given[key]) for key in asked)
    if not found and pending_allowed and asked[0] in ("fingerprint", "name"):
        algorithm = next((ours for ours, kind in KEY_TYPES.items() if kind == (given.get("key_type") or "").upper()), "")
        names = tuple(name.lower() for name in given.get("domains") or ())
        return Wanted(0, given.get("name") or "", digits, "", names, store, algorithm=algorithm)
    if not found:
        raise InputError("CAS has no certificate with %s. Upload it with daas.https.cas_certificate, or check site and account." % words)
    if len(set(item.sha256 or item.id for item in found)) > 1:
        raise InputError("%s means several certificates in CAS (ids %s); give the id." % (words, ", ".join(str(i.id) for i in found)))
    best = min(found, key=lambda item: item.id)
    if best.expired:
        raise InputError("The certificate %s (id %d) expired on %s; it is not deployed." % (best.name, best.id, best.end_date))
    if now and best.not_before > now:
        raise InputError("The certificate %s (id %d) is not valid before %s UTC; it is not deployed until then." % (
            best.name, best.id, time_of(best.not_before)))
    return Wanted(best.id, best.name, best.sha256, best.sha1, best.names, store, algorithm=best.algorithm)


def time_of(milliseconds):
    return datetime.fromtimestamp(milliseconds / 1000.0, timezone.utc).strftime("%Y-%m-%d %H:%M")


def check_sm2(wanted, request):
    """Raises InputError for an SM2 pair, the Chinese national algorithms, on what cannot serve one."""
    if wanted.algorithm == "SM2" and (request["service"].upper() not in SM2_SERVICES or request["method"] != "deployment_job"):
        raise InputError(
            "%s is an SM2 pair, and a resource of service '%s' cannot be given one here: only Anti-DDoS can (service: DDOS, method: "
            "deployment_job). CDN and DCDN take SM2 in the CAS console; that they have it cannot be read back, so that each run would be "
            "billed." % (wanted.name, request["service"]))


def plan_of(slots):
    """One Plan for all slots; a step that several of them need (a registration, a job) is made once."""
    steps = {}
    for slot in slots:
        for step in slot.steps:
            steps.setdefault(step.key, step)
    known = [slot for slot in slots if not slot.error]
    return Plan(
        dict((slot.target, _short(slot.previous)) for slot in known),
        dict((slot.target, _short(slot.after if slot.steps else slot.previous)) for slot in known),
        tuple(sorted(steps.values(), key=lambda step: step.stage)))


def _short(bound):
    return dict(certificate=bound.name, fingerprint=bound.fingerprint) if bound else None
