# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CDN domains: one certificate each, by CAS id. PRIVATE to the collection."""

from __future__ import annotations

import hashlib
import ssl

from .._api import cdn as api
from .._domain.deployment import bound_of, place_of
from .._domain.names import covers
from .._errors import InputError
from .._plan import Ref, Step

NAME = "cdn"
CAS_PRODUCT = "CDN"
PRODUCT = api.PRODUCT
NEEDS = ("domain",)


def _api_name(domain):
    """CDN writes a wildcard domain as .example.com."""
    domain = domain.strip().lower().rstrip(".")
    return domain[1:] if domain.startswith("*.") else domain


def read(cloud, request, once):
    """(binding, DomainStatus or None)."""
    domain = _api_name(request["domain"])
    return api.binding(cloud, domain), api.domain_status(cloud, domain)


def at(place, state, stored):
    binding = state[0]
    if not binding.https:
        return None
    return bound_of(stored, binding.cert_id, id=str(binding.cert_id or ""), name=binding.cert_name,
                    fingerprint=_fingerprint(binding.certificate_pem), store=binding.cert_region)


def _fingerprint(pem):
    """sha256 of the first certificate that CDN shows, or '' when it shows none."""
    end = "-----END CERTIFICATE-----"
    leaf = pem[:pem.find(end)].strip() + "\n" + end
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(leaf)).hexdigest() if end in pem else ""


def find(request, state, wanted, stored):
    domain, status = _api_name(request["domain"]), state[1]
    if status is None:
        raise InputError("This account has no CDN domain %s. Check its spelling, the site and the account." % domain)
    if not covers(wanted.names, domain):
        raise InputError("The certificate %s does not cover the CDN domain %s." % (wanted.name, domain))
    if status not in ("online", "configuring"):  # configuring becomes online by itself; the write is repeated until then
        raise InputError("The CDN domain %s is '%s'; certificates can be set only while it is online." % (domain, status))
    return [place_of(request, None, domain)]


def own(place, state, wanted):
    return str(wanted.id) if wanted.id else Ref("upload", "CertId"), ()  # in check mode the upload is yet to come


def bind(target, place, state, bound):
    if not bound.cas_id and not bound.id:
        raise InputError("The previous certificate of %s is not in CAS, and CDN does not give its key; put it back by hand." % target)
    # name and region are said although the id is unique: without them some accounts answer SSLPri.MissingParameter
    return _step(target, place, SSLProtocol="on", CertType="cas", CertId=bound.cas_id, CertName=bound.name,
                 CertRegion=bound.store or None)


def unbind(target, place, state):
    return _step(target, place, SSLProtocol="off")


def _step(target, place, **params):
    return Step(target, "cdn", "SetCdnDomainSSLCertificate", target, dict(params, DomainName=place["domain"]), group=target, stage=1)


def settled(state):
    return state[1] != "configuring" and state[0].status in ("success", "")


def confirm(cloud, step):
    return None
