# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Custom domains of OSS buckets: one certificate each, by CAS's identifier. PRIVATE to the collection.

OSS replaces a certificate only if the caller knows which one is there, so that nobody's later change is undone; force does without.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Tuple

from .._api import oss as api
from .._domain.deployment import bound_of, cas_id_of, place_of
from .._domain.names import covers, normalise
from .._errors import InputError
from .._plan import Ref, Step

NAME = "oss"
CAS_PRODUCT = "OSS"
PRODUCT = api.PRODUCT
NEEDS = ("region", "instance", "domain")
PORTS = False
REGIONAL = True
IDENTIFIER = True


@dataclass(frozen=True)
class State:
    """cname: the domain as the bucket has it, or None; domains: all that the bucket has; force: as the resource says."""

    cname: Optional[api.Cname]
    domains: Tuple[str, ...]
    force: bool = False


def read(cloud, request, once):
    """A State; the domains of a bucket are read once for all of them."""
    rows = _rows(cloud, request["region"], request["instance"], once)
    return State(rows.get(normalise(request["domain"])), tuple(sorted(rows)), bool(request.get("force")))


def _rows(cloud, region, bucket, once):
    return once((NAME, region, bucket), lambda: api.cnames(cloud, region, bucket))


def candidates(cloud, region, once):
    """Every custom domain of the region's buckets."""
    return [dict(region=region, instance=bucket, domain=domain)
            for bucket in api.buckets(cloud, region) for domain in sorted(_rows(cloud, region, bucket, once))]


def at(place, state, stored):
    held = state.cname.certificate if state.cname else None
    if held is None:
        return None
    cas_id = cas_id_of(held.id) if held.kind == "CAS" else 0
    name = "%s (not in CAS)" % (held.id or "unknown certificate")
    return bound_of(stored, cas_id, id=held.id, name=name, fingerprint=held.fingerprint)


def find(request, state, wanted, stored):
    domain, bucket = normalise(request["domain"]), request["instance"]
    if state.cname is None:
        raise InputError("The OSS bucket %s has no custom domain %s; it has %s. Check instance and domain, or map the domain to the "
                         "bucket in the OSS console first." % (bucket, domain, ", ".join(state.domains) or "none"))
    if not covers(wanted.names, domain):
        raise InputError("The certificate %s does not cover the custom domain %s of the OSS bucket %s." % (wanted.name, domain, bucket))
    return places(request, state)


def places(request, state):
    return [place_of(request, None, normalise(request["domain"]))]


def superseded(request, state, wanted, stored):
    return []


def own(place, state, wanted):
    return wanted.identifier or Ref("upload", "CertIdentifier"), ()


def bind(target, place, state, bound):
    if not isinstance(bound.id, Ref) and not (bound.id and bound.cas_id):
        raise InputError("The previous certificate of %s is not in CAS, and OSS does not give its key; put it back by hand." % target)
    return _step(target, place, dict(_guard(target, state), CertId=bound.id))


def unbind(target, place, state):
    return _step(target, place, dict(DeleteCertificate=True))


def _guard(target, state):
    """What makes OSS replace the certificate that was seen, and no other."""
    held = state.cname.certificate if state.cname else None
    if state.force or held is None:
        return dict(Force=True)  # OSS wants it where no previous id is said: without a certificate there is none to overwrite
    if not held.id:
        raise InputError("OSS does not say which certificate %s has, so that it cannot be replaced safely; force: true does it." % target)
    return dict(PreviousCertId=held.id)


def _step(target, place, params):
    params.update(Bucket=place["instance"], Domain=place["domain"])
    group = "oss/%s/%s" % (place["region"], place["instance"])
    return Step(target, NAME, "PutCname", target, params, region=place["region"], group=group, stage=1)


def settled(state):
    held = state.cname.certificate if state.cname else None
    return held is None or held.status in ("Enabled", "")


def confirm(cloud, step):
    """{} if the domain has what the step was to give it."""
    cname = api.cnames(cloud, step.region, step.params["Bucket"], step.target).get(step.params["Domain"])
    held = cname.certificate.id if cname and cname.certificate else None
    return {} if cname and held == step.params.get("CertId") else None
