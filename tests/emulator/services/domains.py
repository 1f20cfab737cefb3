# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CDN's and DCDN's rules and storage: domains, their certificates and functions, and the edge that serves them.

A change makes a domain "configuring" (slow_states): other changes are refused, and the edge serves what it did before, until it
is online again. Whether a certificate covers the domain is not looked at: the vendor accepts it, too, and clients find out.
A function that is set has the arguments that came with it and no others: what was there before and is not said again is gone.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

from .. import pki
from .cdn import errors

READS_UNTIL_ONLINE = 2
SWITCH = ("on", "off")
# function -> argument -> the values it may have, () for any. Of other functions nothing is known here.
FUNCTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "https_force": {"enable": SWITCH, "https_rewrite": ("301", "308")},
    "http_force": {"enable": SWITCH, "http_rewrite": ("301", "308")},
    "https_tls_version": {**dict.fromkeys(("tls10", "tls11", "tls12", "tls13"), SWITCH),
                          "ciphersuitegroup": ("all", "strict", "custom"), "ciphersuite": ()},
    "HSTS": {"enabled": SWITCH, "https_hsts_max_age": (), "https_hsts_include_subdomains": SWITCH},
    "https_option": {"http2": SWITCH, "ocsp_stapling": SWITCH},
}
NEEDED = {"https_force": ("enable",), "http_force": ("enable",), "HSTS": ("enabled", "https_hsts_max_age")}
VERSIONS = {"tls10": "1.0", "tls11": "1.1", "tls12": "1.2", "tls13": "1.3"}


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
    functions: dict[tuple[str, str], tuple[int, dict[str, str]]] = dataclasses.field(default_factory=dict)  # (name, parent) -> …
    busy: int = 0  # reads until the last change is carried out

    @property
    def shown_status(self) -> str:
        return "configuring" if self.busy else self.status

    def arguments(self, function: str) -> dict[str, str]:
        """Of a function that holds always."""
        return self.functions.get((function, ""), (0, {}))[1]

    def front(self) -> Front:
        """How the edge answers for the domain."""
        force, hsts = self.arguments("https_force"), self.arguments("HSTS")
        header = "max-age=" + hsts.get("https_hsts_max_age", "0")
        if hsts.get("https_hsts_include_subdomains") == "on":
            header += "; includeSubDomains"
        versions = [VERSIONS[name] for name, value in sorted(self.arguments("https_tls_version").items())
                    if name in VERSIONS and value == "on"]
        return Front(
            self.material if self.https else None, force.get("enable") == "on", int(force.get("https_rewrite") or 0) or None,
            header if hsts.get("enabled") == "on" else "", min(versions, default=""))


@dataclasses.dataclass(frozen=True)
class Front:
    """redirect_status: None if the function does not say it. minimum: of TLS, "" for the edge's own."""

    material: pki.Material | None = None
    redirects: bool = False
    redirect_status: int | None = None
    hsts: str = ""
    minimum: str = ""


class Domains:
    """What both products are, but for their name: it is that of their state in the Cloud and of the one endpoint of all domains."""

    NAME = ""

    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud
        self.domains: dict[str, Domain] = {}
        self._config = 1000
        self._fronts: dict[str, Front] = {}

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

    def configure(self, domains: list[Domain], functions: dict[tuple[str, str], dict[str, str]]) -> None:
        """Set functions (place -> arguments) of domains: of all of them, or of none."""
        for (name, _parent), arguments in functions.items():
            _check(name, arguments)
        for domain in domains:
            if {"https_force", "http_force"} <= {name for name, _parent in (*domain.functions, *functions)}:
                raise errors.invalid("Functions", "https_force and http_force exclude each other, even one that is off; delete it first")
            conditions = {str(number) for (name, _parent), (number, _arguments) in domain.functions.items() if name == "condition"}
            if not {parent for _name, parent in functions if parent} <= conditions:
                raise errors.invalid("Functions", "parentId is not a condition of {0}".format(domain.name))
        for domain in domains:
            self.begin(domain)
        for domain in domains:
            for place, arguments in functions.items():
                self._config += 1
                domain.functions[place] = (domain.functions.get(place, (self._config, {}))[0], arguments)
            self.finish(domain)

    def delete_functions(self, domain: Domain, config_ids: list[str]) -> None:
        places = {str(number): place for place, (number, _arguments) in domain.functions.items()}
        if not config_ids or not set(config_ids) <= set(places):
            raise errors.invalid("ConfigId", "{0} has no such configuration".format(domain.name))
        self.begin(domain)
        for config_id in set(config_ids):
            del domain.functions[places[config_id]]
        self.finish(domain)

    def bind_from_cas(self, name: str, cas_id: int) -> None:
        """For deployment jobs and the single call: what they do is done at once."""
        domain = self.get(name)
        domain.https, domain.cas_id, domain.cert_type = True, cas_id, "cas"
        domain.material, domain.cert_name = self._cloud.cas.find_material(str(cas_id)), self._cloud.cas.name_of(cas_id)
        domain.updated = self._cloud.clock.now()
        self.publish()

    def uses_of_cas(self, cas_id: int) -> list[str]:
        return sorted(self.NAME + "/" + domain.name for domain in self.domains.values() if domain.https and domain.cas_id == cas_id)

    def publish(self) -> None:
        """Let the edge serve what each domain has; a domain whose change is under way stays as the edge has it."""
        plane = self._cloud.dataplane
        plane.open(self.NAME, http=True)
        self._fronts = {domain.name: self._fronts.get(domain.name, Front()) if domain.busy else domain.front()
                        for domain in self.domains.values()}
        fronts = self._fronts
        plane.serve(
            self.NAME, default=None, sni={name: front.material for name, front in fronts.items() if front.material},
            redirect={name: front.redirect_status for name, front in fronts.items() if front.redirects},
            hsts={name: front.hsts for name, front in fronts.items() if front.hsts},
            tls_minimum={name: front.minimum for name, front in fronts.items() if front.minimum})

    def snapshot(self) -> dict[str, Any]:
        return {"domains": [{"domain": domain.name, "status": domain.shown_status, "https": domain.https, "cas_id": domain.cas_id or None,
                             "fingerprint": domain.material.fingerprint if domain.material else None} for domain in self.domains.values()]}


def _check(name: str, arguments: dict[str, str]) -> None:
    """CloudError for arguments that a known function does not have, or that it lacks."""
    known = FUNCTIONS.get(name)
    if known is None:
        return
    for argument, value in arguments.items():
        if argument not in known or (known[argument] and value not in known[argument]):
            raise errors.invalid("Functions", "{0} of {1} cannot be {2}".format(argument, name, value[:40]))
    lacking = [argument for argument in NEEDED.get(name, ()) if not arguments.get(argument)]
    if lacking or (name == "HSTS" and not arguments["https_hsts_max_age"].isdigit()):
        raise errors.invalid("Functions", "{0} needs {1}".format(name, " and ".join(NEEDED[name])))
