# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ApsaraVideo Live domains: one certificate each, by its name in CAS. PRIVATE to the collection."""

from __future__ import annotations

from dataclasses import replace

from .._api import live as api
from .._domain.deployment import bound_of
from .._errors import InputError
from .._plan import Ref
from .domains import DomainTarget


class LiveTarget(DomainTarget):
    """What differs from CDN: the product's id of a certificate is its name in CAS, '' if it is not from there."""

    def at(self, place, state, stored):
        shown = super().at(place, state, stored)
        cas_id = _cas_id(state[0], shown, stored) if shown else 0
        if not cas_id:
            return shown and replace(shown, id="")
        return bound_of(stored, cas_id, id=shown.name, name=shown.name, fingerprint=shown.fingerprint)

    def own(self, place, state, wanted):
        return wanted.name or Ref("upload", "CertId"), ()  # in check mode a fresh upload may have no name yet

    def bind(self, target, place, state, bound):
        if not bound.id:
            raise InputError("The previous certificate of %s is not in CAS, and %s does not give its key; put it back by hand." % (
                target, self.CAS_PRODUCT))
        return self._step(target, place, SSLProtocol="on", CertType="cas", CertName=bound.name)


def _cas_id(binding, shown, stored):
    """CAS's id of what a domain has, or 0. Names are unique in CAS, but one may have been given again to another certificate."""
    named = next((item for item in stored.values() if item.name == shown.name), None) if binding.cert_type == "cas" else None
    if named is None or (shown.fingerprint and named.sha256 and shown.fingerprint != named.sha256):
        return 0
    return named.id


TARGET = LiveTarget("live", api)
