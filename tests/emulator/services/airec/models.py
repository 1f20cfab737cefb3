# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AIRec's rules and storage: instances, their custom domains, the proof of ownership, what the edge serves.

A domain goes PENDING -> VALIDATING -> SUCCESS or FAILED, one step for each time its status is read. The proof is looked up
for real: a CNAME in the emulated AliDNS, or a file over HTTP from the address registered for the domain.
"""

from __future__ import annotations

import dataclasses
import http.client
from datetime import datetime, timedelta
from typing import Any

from ... import pki
from . import errors
from .sheet import Row

PENDING, VALIDATING, SUCCESS, FAILED = "PENDING", "VALIDATING", "SUCCESS", "FAILED"

CHECKS_OF_A_WRONG_PROOF = 3  # a wrong record may be on its way out of a cache; after so many checks it is taken for an answer
VALIDATION_WINDOW = timedelta(hours=1)  # how long a proof may be absent (virtual time)
FETCH_TIMEOUT = 3.0  # seconds
MAX_PROOF = 4096  # bytes of a validation file


@dataclasses.dataclass
class Domain:
    """One custom domain of an instance. `live` is what the edge serves: nothing, or a certificate that is being replaced."""

    name: str
    certificate_id: str
    cert_type: str
    material: pki.Material
    token: str
    since: datetime
    status: str = PENDING
    proved: bool = False
    failure: str | None = None
    wrong_proofs: int = 0
    live: pki.Material | None = None

    @property
    def record_name(self) -> str:
        return "_airec-challenge.{0}".format(self.name[2:] if self.name.startswith("*.") else self.name)

    @property
    def record_value(self) -> str:
        return "{0}.validate.airec-edge.example".format(self.token)

    @property
    def path(self) -> str:
        return "/.well-known/airec-validation/{0}.txt".format(self.token)

    def restart(self, now: datetime) -> None:
        self.status, self.failure, self.wrong_proofs, self.since = PENDING, None, 0, now


@dataclasses.dataclass
class Instance:
    id: str
    region: str
    name: str
    created: datetime
    modified: datetime
    https_enforced: bool = False
    domains: dict[str, Domain] = dataclasses.field(default_factory=dict)

    def cname(self) -> str:
        return "{0}.{1}.airec-edge.example".format(self.id, self.region)

    def status(self) -> str:
        states = {domain.status for domain in self.domains.values()}
        return FAILED if FAILED in states else VALIDATING if states - {SUCCESS} else SUCCESS


class Airec:
    """All of AIRec in one account. `cloud` gives clock, rng, authority, dataplane, settings and the other services."""

    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud
        self.instances: dict[str, Instance] = {}
        self.http_hosts: dict[str, tuple[str, int]] = {}
        self._tokens: dict[str, datetime | None] = {}
        self._front: dict[str, pki.Material] = {}

    # What scenarios and the control port use.

    def add_instance(self, instance_id: str, region: str, name: str = "recommendation") -> Instance:
        """A running instance; its region's edge listens from now on, under the vendor's own certificate."""
        now = self._cloud.clock.now()
        instance = self.instances[instance_id] = Instance(instance_id, region, name, now, now)
        if region not in self._front:
            self._front[region] = self._cloud.authority.issue(["airec.{0}.aliyuncs.com".format(region)], days=200, key="ec")
        self._publish(region)
        return instance

    def add_token(self, token: str, *, seconds: float | None = None) -> None:
        """A bearer token that is taken for so many (virtual) seconds, or for ever."""
        self._tokens[token] = None if seconds is None else self._cloud.clock.now() + timedelta(seconds=seconds)

    def check_token(self, token: str) -> None:
        """CloudError InvalidAccessToken when the token is unknown or has expired."""
        if token not in self._tokens:
            raise errors.invalid_token("it is unknown")
        ends = self._tokens[token]
        if ends is not None and self._cloud.clock.now() >= ends:
            raise errors.invalid_token("it has expired")

    def set_http_host(self, domain: str, host: str, port: int) -> None:
        """Where plain HTTP for `domain` goes: what its A record would say, with a port."""
        self.http_hosts[domain.lower()] = (host, port)

    def snapshot(self) -> dict[str, Any]:
        return {"instances": [
            {"id": instance.id, "region": instance.region, "httpsEnforced": instance.https_enforced, "status": instance.status(),
             "domains": [{"domain": domain.name, "status": domain.status, "proved": domain.proved,
                          "certificateId": domain.certificate_id, "fingerprint": domain.material.fingerprint,
                          "live": domain.live.fingerprint if domain.live else None} for domain in instance.domains.values()]}
            for instance in self.instances.values()],
            "http_hosts": {name: list(address) for name, address in self.http_hosts.items()}}

    # What the API's actions use.

    def get(self, instance_id: str) -> Instance:
        if instance_id not in self.instances:
            raise errors.instance_not_found(instance_id)
        return self.instances[instance_id]

    def bind(self, instance_id: str, rows: list[Row], material: pki.Material) -> Instance:
        """Bind every row's domain, or none. Same domain and certificate: nothing happens, unless its validation had failed."""
        instance = self.get(instance_id)
        for row in rows:
            self._check_row(instance, row, material)
        now = self._cloud.clock.now()
        if now >= material.not_after:
            raise errors.expired("{0:%Y-%m-%d %H:%M:%S}".format(material.not_after))
        if now < material.not_before:
            raise errors.not_yet_valid("{0:%Y-%m-%d %H:%M:%S}".format(material.not_before))
        for row in rows:
            self._bind_row(instance, row, material, now)
        instance.modified = now
        return instance

    def unbind(self, instance_id: str, names: list[str]) -> Instance:
        instance = self.get(instance_id)
        for name in names:
            if name.lower() not in instance.domains:
                raise errors.domain_not_bound(name)
        for name in names:
            instance.domains.pop(name.lower(), None)
        instance.modified = self._cloud.clock.now()
        self._publish(instance.region)
        return instance

    def enforce(self, instance_id: str, wanted: bool) -> Instance:
        instance = self.get(instance_id)
        instance.https_enforced = wanted
        instance.modified = self._cloud.clock.now()
        self._publish(instance.region)
        return instance

    def read_status(self, instance_id: str) -> Instance:
        """The instance, each of its domains one step further."""
        instance = self.get(instance_id)
        for domain in instance.domains.values():
            self._step(domain)
        self._publish(instance.region)
        return instance

    def _check_row(self, instance: Instance, row: Row, material: pki.Material) -> None:
        stored = self._cloud.cas.find_material(row.certificate_id)
        if stored is None:
            raise errors.certificate_id_not_found(row.certificate_id, row.cell)
        if stored.fingerprint != material.fingerprint:
            raise errors.certificate_id_mismatch(row.certificate_id, row.cell)
        if not pki.covers(material.names, row.domain):
            raise errors.domain_mismatch(row.domain, row.cell, material.names)
        for other in self.instances.values():
            if other is not instance and row.domain in other.domains:
                raise errors.domain_occupied(row.domain, other.id)

    def _bind_row(self, instance: Instance, row: Row, material: pki.Material, now: datetime) -> None:
        bound = instance.domains.get(row.domain)
        if bound is None:
            token = "{0:032x}".format(self._cloud.rng.getrandbits(128))
            instance.domains[row.domain] = Domain(row.domain, row.certificate_id, row.cert_type, material, token, now)
            return
        same = bound.material.fingerprint == material.fingerprint and bound.certificate_id == row.certificate_id
        bound.cert_type = row.cert_type
        if not same or bound.status == FAILED:
            bound.certificate_id, bound.material = row.certificate_id, material
            bound.restart(now)

    def _step(self, domain: Domain) -> None:
        if domain.status in (SUCCESS, FAILED):
            return
        if domain.status == PENDING:
            domain.status = VALIDATING
            if self._cloud.setting("slow_states"):
                return
        if not domain.proved:
            self._look_for_proof(domain)
        if domain.proved:
            domain.status, domain.live, domain.failure = SUCCESS, domain.material, None

    def _look_for_proof(self, domain: Domain) -> None:
        found = [self._dns_proof(domain), self._file_proof(domain)]
        wrong = [why for verdict, why in found if verdict is False]
        if any(verdict for verdict, _why in found):
            domain.proved = True
            return
        domain.failure = "; ".join(wrong or [why for _verdict, why in found])
        domain.wrong_proofs = domain.wrong_proofs + 1 if wrong else 0
        late = self._cloud.clock.now() - domain.since > VALIDATION_WINDOW
        if late or domain.wrong_proofs >= CHECKS_OF_A_WRONG_PROOF:
            domain.status = FAILED

    def _dns_proof(self, domain: Domain) -> tuple[bool | None, str]:
        """(True proved, False wrong, None absent; what was found)."""
        values = [value.lower().rstrip(".") for value in self._cloud.alidns.lookup(domain.record_name, "CNAME")]
        if domain.record_value in values:
            return True, ""
        if values:
            return False, "CNAME {0} is {1}, expected {2}".format(domain.record_name, ", ".join(values), domain.record_value)
        return None, "CNAME {0} not found".format(domain.record_name)

    def _file_proof(self, domain: Domain) -> tuple[bool | None, str]:
        address = self.http_hosts.get(domain.name)
        if address is None:
            return None, "no HTTP host answers for {0}".format(domain.name)
        url = "http://{0}{1}".format(domain.name, domain.path)
        connection = http.client.HTTPConnection(*address, timeout=FETCH_TIMEOUT)
        try:
            connection.request("GET", domain.path, headers={"Host": domain.name})
            answer = connection.getresponse()
            content = answer.read(MAX_PROOF).decode("utf-8", "replace").strip()
        except (OSError, http.client.HTTPException) as exc:
            return None, "{0} could not be fetched: {1}".format(url, type(exc).__name__)
        finally:
            connection.close()
        if answer.status != 200:
            return None, "{0} answers {1}".format(url, answer.status)
        if content != domain.token:
            return False, "{0} does not hold the expected content".format(url)
        return True, ""

    def _publish(self, region: str) -> None:
        """Let the region's edge serve what has been proved."""
        instances = [instance for instance in self.instances.values() if instance.region == region]
        live = {domain.name: domain.live for instance in instances for domain in instance.domains.values() if domain.live}
        redirect = {domain.name for instance in instances if instance.https_enforced
                    for domain in instance.domains.values() if domain.live}
        key = "airec/{0}".format(region)
        self._cloud.dataplane.open(key, http=True)
        self._cloud.dataplane.serve(key, default=self._front[region], sni=live, redirect=redirect)
