# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accelerated domains (CDN, DCDN): one certificate each, by CAS id. PRIVATE to the collection."""

from __future__ import annotations

import hashlib
import ssl

from .._domain.deployment import bound_of, place_of
from .._domain.names import covers
from .._errors import InputError
from .._plan import Ref, Step

MANY = 5  # from so many domains on, the account's list is read instead of each domain's status


def api_name(domain):
    """The products write a wildcard domain as .example.com."""
    domain = domain.strip().lower().rstrip(".")
    return domain[1:] if domain.startswith("*.") else domain


class DomainTarget:
    """The port of registry.py for one product. api: its file in _api."""

    NEEDS = ("domain",)
    REGIONAL = False
    IDENTIFIER = False

    def __init__(self, name, api):
        self.NAME, self.CAS_PRODUCT, self.PRODUCT, self._api = name, name.upper(), api.PRODUCT, api

    def read(self, cloud, request, once):
        """(Binding, DomainStatus or None). No list tells which certificate a domain has, so that is read for each domain."""
        domain = api_name(request["domain"])
        if once.count(self.NAME) < MANY:
            status = self._api.domain_status(cloud, domain)
        else:
            status = self._statuses(cloud, once).get(domain)
        return self._api.binding(cloud, domain), status

    def _statuses(self, cloud, once):
        return once((self.NAME, "domains"), lambda: self._api.domain_statuses(cloud))

    def at(self, place, state, stored):
        binding = state[0]
        if not binding.https:
            return None
        return bound_of(stored, binding.cert_id, id=str(binding.cert_id or ""), name=binding.cert_name,
                        fingerprint=_fingerprint(binding.certificate_pem), store=binding.cert_region)

    def find(self, request, state, wanted, stored):
        domain, status = api_name(request["domain"]), state[1]
        title = self.CAS_PRODUCT
        if status is None:
            raise InputError("This account has no %s domain %s. Check its spelling, the site and the account." % (title, domain))
        if not covers(wanted.names, domain):
            raise InputError("The certificate %s does not cover the %s domain %s." % (wanted.name, title, domain))
        if status not in ("online", "configuring"):  # configuring becomes online by itself; the write is repeated until then
            raise InputError("The %s domain %s is '%s'; certificates can be set only while it is online." % (title, domain, status))
        return self.places(request, state)

    def places(self, request, state):
        return [place_of(request, None, api_name(request["domain"]))]

    def superseded(self, request, state, wanted, stored):
        return []

    def own(self, place, state, wanted):
        return str(wanted.id) if wanted.id else Ref("upload", "CertId"), ()  # in check mode the upload is yet to come

    def bind(self, target, place, state, bound):
        if not bound.cas_id and not bound.id:
            raise InputError("The previous certificate of %s is not in CAS, and %s does not give its key; put it back by hand." % (
                target, self.CAS_PRODUCT))
        # name and region are said although the id is unique: without them some accounts answer SSLPri.MissingParameter
        return self._step(target, place, SSLProtocol="on", CertType="cas", CertId=bound.cas_id, CertName=bound.name,
                          CertRegion=bound.store or None)

    def unbind(self, target, place, state):
        return self._step(target, place, SSLProtocol="off")

    def _step(self, target, place, **params):
        params["DomainName"] = place["domain"]
        return Step(target, self.NAME, self._api.SET_CERTIFICATE, target, params, group=target, stage=1)

    def settled(self, state):
        return state[1] != "configuring" and state[0].status in ("success", "")

    def changing(self, state):
        return state[1] == "configuring"  # a certificate's own state can stay what it is, for instance cname_error

    def confirm(self, cloud, step):
        return None

    def candidates(self, cloud, region, once):
        """Every domain of the account; read() tells for each whether it can get a certificate now."""
        return [dict(domain=domain) for domain in sorted(self._statuses(cloud, once))]


def _fingerprint(pem):
    """sha256 of the first certificate that the product shows, or '' when it shows none."""
    end = "-----END CERTIFICATE-----"
    leaf = pem[:pem.find(end)].strip() + "\n" + end
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(leaf)).hexdigest() if end in pem else ""
