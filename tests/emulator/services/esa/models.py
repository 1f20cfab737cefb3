# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ESA's rules and storage: sites, their certificates, and for each site an edge that picks one by the name it is asked for.

The API shows a change at once; with slow_states the edge makes it some reads later, and until then the site refuses another one.
Of several certificates with one name the edge shows the one that was set last, of an RSA and an ECDSA one that which suits the client:
that the vendor's picks the best of its pool is documented, and no more.
Whether a certificate has a name of the site is not looked at.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

from ... import pki
from .. import pairs
from . import errors

READS_UNTIL_DONE = 2
CUSTOM = ("cas", "upload")  # those that the plan counts, and that can be replaced


@dataclasses.dataclass
class SiteCertificate:
    """kind: cas, upload or free. cas_id is 0 unless it is from CAS. A free one may have no certificate yet (Applying)."""

    id: str
    kind: str
    name: str
    material: pki.Material | None
    created: datetime
    updated: datetime
    cas_id: int = 0


@dataclasses.dataclass
class Site:
    """quota: how many custom certificates the plan lets it have; expired ones count. held: by id, the one that was set last at the end."""

    id: int
    name: str
    created: datetime
    status: str = "active"
    quota: int = 10
    held: dict[str, SiteCertificate] = dataclasses.field(default_factory=dict)
    busy: int = 0  # reads until the edge has the last change

    @property
    def edge(self) -> str:
        """Key of its endpoint."""
        return "esa/{0}".format(self.id)


class Esa:
    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud
        self.sites: dict[int, Site] = {}

    def add_site(self, name: str, *, status: str = "active", quota: int = 10) -> Site:
        """A site of the account without certificates. For scenarios."""
        number = 800_000_000_000_000 + self._cloud.rng.randrange(10 ** 14)
        site = self.sites[number] = Site(number, name, self._cloud.clock.now(), status, quota)
        self.publish(site)
        return site

    def add_certificate(self, site: Site, material: pki.Material | None, *, name: str = "", cas_id: int = 0, kind: str = "") -> str:
        """One more, whatever the quota says; returns its id. For scenarios."""
        entry = self._put(site, "", kind or ("cas" if cas_id else "upload"), name or "cert", material, cas_id)
        self.publish(site)
        return entry.id

    def get(self, site_id: int) -> Site:
        if site_id not in self.sites:
            raise errors.invalid("SiteId", "the account has no such site")
        return self.sites[site_id]

    def certificate(self, site: Site, certificate_id: str) -> SiteCertificate:
        if certificate_id not in site.held:
            raise errors.not_found(certificate_id)
        return site.held[certificate_id]

    def watch(self, site: Site) -> Site:
        """A read of its certificates, which brings a change that is under way one step further."""
        if site.busy:
            site.busy -= 1
            if not site.busy:
                self.publish(site)
        return site

    def set(self, site: Site, certificate_id: str, kind: str, name: str, material: pki.Material, cas_id: int) -> SiteCertificate:
        """One more, or another one in the place of certificate_id, which keeps its id."""
        if certificate_id and self.certificate(site, certificate_id).kind not in CUSTOM:
            raise errors.invalid("Id", "free certificates cannot be replaced")
        if self._cloud.clock.now() >= material.not_after:
            raise errors.wrong_status()
        if any(other.material and other.material.fingerprint == material.fingerprint and other.id != certificate_id
               for other in site.held.values()):
            raise errors.duplicated()
        if not certificate_id and sum(other.kind in CUSTOM for other in site.held.values()) >= site.quota:
            raise errors.quota()
        self._begin(site)
        entry = self._put(site, certificate_id, kind, name, material, cas_id)
        self._finish(site)
        return entry

    def delete(self, site: Site, certificate_id: str) -> None:
        if self.certificate(site, certificate_id).material is None:
            raise errors.wrong_status()  # a free one that is still applied for
        self._begin(site)
        del site.held[certificate_id]
        self._finish(site)

    def _put(self, site: Site, certificate_id: str, kind: str, name: str, material: pki.Material | None, cas_id: int) -> SiteCertificate:
        now = self._cloud.clock.now()
        before = site.held.pop(certificate_id, None)
        number = certificate_id or "baba{0:028x}".format(self._cloud.rng.getrandbits(112))
        site.held[number] = SiteCertificate(number, kind, name, material, before.created if before else now, now, cas_id)
        return site.held[number]

    def _begin(self, site: Site) -> None:
        if site.busy:
            self.watch(site)  # time passes for a client that only tries again, too
            if site.busy:
                raise errors.busy()

    def _finish(self, site: Site) -> None:
        if self._cloud.setting("slow_states"):
            site.busy = READS_UNTIL_DONE
        else:
            self.publish(site)

    def status(self, entry: SiteCertificate) -> str:
        if entry.material is None:
            return "Applying"
        left = entry.material.not_after - self._cloud.clock.now()
        if left <= timedelta(days=30):
            return "Expiring" if left > timedelta() else "Expired"
        return "Issued" if entry.kind == "free" else "OK"

    def uses_of_cas(self, cas_id: int) -> list[str]:
        return sorted(site.edge for site in self.sites.values() if any(entry.cas_id == cas_id for entry in site.held.values()))

    def publish(self, site: Site) -> None:
        """Let the site's edge serve what the site has. One that is not active serves nothing."""
        held = [entry.material for entry in site.held.values() if entry.material and site.status == "active"]
        served, others = pairs.by_name(held)
        self._cloud.dataplane.open(site.edge)
        self._cloud.dataplane.serve(site.edge, default=None, sni=served, alternatives=others)

    def snapshot(self) -> dict[str, Any]:
        return {"sites": [{"id": site.id, "name": site.name, "status": site.status, "certificates": [
            {"id": entry.id, "type": entry.kind, "cas_id": entry.cas_id or None,
             "fingerprint": entry.material.fingerprint if entry.material else None} for entry in site.held.values()]}
            for site in self.sites.values()]}
