# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CDN's rules and storage: domains, their certificates and functions, and the edge that serves them.

A change makes a domain "configuring" (slow_states): other changes are refused, and the edge serves what it did before, until it
is online again. Whether a certificate covers the domain is not looked at: the vendor accepts it, too, and clients find out.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

from ... import pki
from . import errors

EDGE = "cdn"  # the one endpoint of all domains
READS_UNTIL_ONLINE = 2


@dataclasses.dataclass
class Domain:
    """One accelerated domain; a wildcard is written ".example.com". cas_id is 0 unless its certificate came from CAS."""

    name: str
    id: int
    created: datetime
    modified: datetime
    status: str = "online"
    https: bool = False
    material: pki.Material | None = None
    cert_name: str = ""
    cert_type: str = ""
    cas_id: int = 0
    updated: datetime | None = None
    functions: dict[str, tuple[int, dict[str, str]]] = dataclasses.field(default_factory=dict)  # name -> (id, arguments)
    busy: int = 0  # reads until the last change is carried out

    @property
    def shown_status(self) -> str:
        return "configuring" if self.busy else self.status

    def redirects(self) -> bool:
        return self.functions.get("https_force", (0, {}))[1].get("enable") == "on"


class Cdn:
    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud
        self.domains: dict[str, Domain] = {}
        self._config = 1000
        self._served: dict[str, pki.Material] = {}
        self._redirected: set[str] = set()

    def add_domain(self, name: str, *, certificate: pki.Material | None = None, certificate_name: str = "", cas_id: int = 0,
                   status: str = "online") -> Domain:
        """A domain of the account, with or without a certificate. For scenarios."""
        now = self._cloud.clock.now()
        domain = self.domains[name] = Domain(name, self._cloud.rng.randrange(10 ** 9), now, now, status)
        if certificate:
            domain.https, domain.material, domain.cert_name, domain.cas_id = True, certificate, certificate_name, cas_id
            domain.cert_type, domain.updated = "cas" if cas_id else "upload", now
        self.publish()
        return domain

    def get(self, name: str) -> Domain:
        """As the account writes it; "*.example.com" is no name here. CloudError when there is none."""
        if name.lower() not in self.domains:
            raise errors.unknown_domain(name)
        return self.domains[name.lower()]

    def watch(self, domain: Domain) -> Domain:
        """A read of the domain, which brings a change that is under way one step further."""
        if domain.busy:
            domain.busy -= 1
            if not domain.busy:
                self.publish()
        return domain

    def begin(self, domain: Domain) -> None:
        """Before a change. CloudError while another one is under way, or when the domain is not online."""
        if domain.busy:
            domain.busy -= 1  # time passes for a client that only tries again, too
            if domain.busy:
                raise errors.busy()
            self.publish()
        if domain.status != "online":
            raise errors.offline(domain.name, domain.status)

    def finish(self, domain: Domain) -> None:
        """After a change was accepted."""
        domain.modified = self._cloud.clock.now()
        if self._cloud.setting("slow_states"):
            domain.busy = READS_UNTIL_ONLINE
        else:
            self.publish()

    def bind(self, domain: Domain, material: pki.Material, name: str, kind: str, cas_id: int) -> None:
        if self._cloud.clock.now() >= material.not_after:
            raise errors.expired()
        self.begin(domain)
        domain.https, domain.material, domain.cert_name, domain.cert_type, domain.cas_id = True, material, name, kind, cas_id
        domain.updated = self._cloud.clock.now()
        self.finish(domain)

    def switch_off(self, domain: Domain) -> None:
        self.begin(domain)
        domain.https = False
        self.finish(domain)

    def configure(self, domains: list[Domain], functions: dict[str, dict[str, str]]) -> None:
        """Set functions (name -> arguments) of domains: of all of them, or of none."""
        for domain in domains:
            if {"https_force", "http_force"} <= {*domain.functions, *functions}:
                raise errors.invalid("Functions", "https_force and http_force exclude each other, even one that is off; delete it first")
        for domain in domains:
            self.begin(domain)
        for domain in domains:
            for name, arguments in functions.items():
                self._config += 1
                domain.functions[name] = (domain.functions.get(name, (self._config, {}))[0], arguments)
            self.finish(domain)

    def delete_function(self, domain: Domain, config_id: str) -> None:
        name = next((name for name, (number, _arguments) in domain.functions.items() if str(number) == config_id), None)
        if name is None:
            raise errors.invalid("ConfigId", "{0} has no such configuration".format(domain.name))
        self.begin(domain)
        del domain.functions[name]
        self.finish(domain)

    def bind_from_cas(self, name: str, cas_id: int) -> None:
        """For deployment jobs and the single call: what they do is done at once."""
        domain = self.get(name)
        domain.https, domain.cas_id, domain.cert_type = True, cas_id, "cas"
        domain.material, domain.cert_name = self._cloud.cas.find_material(str(cas_id)), self._cloud.cas.name_of(cas_id)
        domain.updated = self._cloud.clock.now()
        self.publish()

    def uses_of_cas(self, cas_id: int) -> list[str]:
        return sorted("cdn/" + domain.name for domain in self.domains.values() if domain.https and domain.cas_id == cas_id)

    def publish(self) -> None:
        """Let the edge serve what each domain has; a domain whose change is under way stays as the edge has it."""
        plane = self._cloud.dataplane
        plane.open(EDGE, http=True)
        settled = {domain.name: domain.material for domain in self.domains.values() if not domain.busy and domain.https and domain.material}
        waiting = {domain.name for domain in self.domains.values() if domain.busy}
        kept = {name: material for name, material in self._served.items() if name in waiting}
        self._served = {**settled, **kept}
        self._redirected = self._redirected & waiting | {
            domain.name for domain in self.domains.values() if not domain.busy and domain.redirects()}
        plane.serve(EDGE, default=None, sni=self._served, redirect=self._redirected)

    def snapshot(self) -> dict[str, Any]:
        return {"domains": [{"domain": domain.name, "status": domain.shown_status, "https": domain.https, "cas_id": domain.cas_id or None,
                             "fingerprint": domain.material.fingerprint if domain.material else None} for domain in self.domains.values()]}
