# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SLB's rules and storage: regional certificates, listeners, and the endpoints that serve them.

A change of a listener is carried out some reads later (slow_states); until then it is "configuring" and refuses another one,
and what it serves has not changed yet.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ... import pki
from . import errors

REGIONS = frozenset((
    "cn-hangzhou cn-shanghai cn-beijing cn-shenzhen cn-qingdao cn-zhangjiakou cn-huhehaote cn-chengdu cn-guangzhou cn-hongkong "
    "ap-southeast-1 ap-southeast-3 ap-southeast-5 ap-northeast-1 eu-central-1 eu-west-1 us-east-1 us-west-1 me-east-1").split())
READS_UNTIL_DONE = 2


@dataclasses.dataclass
class Certificate:
    """A certificate in one region's store. cas_id is 0 unless it was imported from CAS."""

    id: str
    region: str
    name: str
    material: pki.Material
    created: datetime
    cas_id: int = 0
    cas_name: str = ""
    cas_region: str = ""
    resource_group: str = ""
    tags: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """The vendor's page says SHA-256 and its example is SHA-1: imported ones show the one, others the other."""
        digest = self.material.fingerprint if self.cas_id else self.material.sha1
        return ":".join(digest[start:start + 2] for start in range(0, len(digest), 2))


@dataclasses.dataclass
class Listener:
    """An HTTPS listener. extensions: DomainExtensionId -> (domain, certificate id). attributes: what else was set, as it came."""

    load_balancer_id: str
    region: str
    port: int
    certificate_id: str
    status: str = "running"
    extensions: dict[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    attributes: dict[str, str] = dataclasses.field(default_factory=dict)
    tags: dict[str, str] = dataclasses.field(default_factory=dict)
    busy: int = 0  # reads until the last change is carried out

    @property
    def key(self) -> str:
        return "slb/{0}/{1}".format(self.load_balancer_id, self.port)

    def certificate_ids(self) -> set[str]:
        return {self.certificate_id, *(certificate for _domain, certificate in self.extensions.values())}


@dataclasses.dataclass
class LoadBalancer:
    id: str
    region: str
    address: str
    created: datetime
    listeners: dict[int, Listener] = dataclasses.field(default_factory=dict)


class Slb:
    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud
        self.load_balancers: dict[str, LoadBalancer] = {}
        self.certificates: dict[str, Certificate] = {}
        self._extension = 0

    # What scenarios use.

    def add_load_balancer(self, load_balancer_id: str, region: str, *, address: str) -> LoadBalancer:
        self.check_region(region)
        balancer = LoadBalancer(load_balancer_id, region, address, self._cloud.clock.now())
        self.load_balancers[load_balancer_id] = balancer
        return balancer

    def add_certificate(self, region: str, name: str, material: pki.Material, **imported: Any) -> str:
        """Store a certificate in a region; cas_id, cas_name, cas_region when it comes from CAS. Returns its id."""
        rng = self._cloud.rng
        new_id = "{0}_{1:011x}_{2}_{3}".format(rng.randrange(10 ** 15, 10 ** 16), rng.getrandbits(44), rng.randrange(10 ** 9),
                                               rng.randrange(10 ** 9))
        self.certificates[new_id] = Certificate(new_id, region, name, material, self._cloud.clock.now(), **imported)
        return new_id

    def add_https_listener(self, load_balancer_id: str, port: int, certificate_id: str) -> Listener:
        balancer = self.load_balancers[load_balancer_id]
        listener = balancer.listeners[port] = Listener(load_balancer_id, balancer.region, port, certificate_id)
        self.publish(listener)
        return listener

    def add_domain_extension(self, load_balancer_id: str, port: int, domain: str, certificate_id: str) -> str:
        listener = self.load_balancers[load_balancer_id].listeners[port]
        extension_id = self._new_extension(listener, domain, certificate_id)
        self.publish(listener)
        return extension_id

    # What the API's actions use.

    def check_region(self, region: str) -> None:
        if region not in REGIONS:
            raise errors.unknown_region(region)

    def balancer(self, load_balancer_id: str, region: str) -> LoadBalancer:
        """In its own region only: elsewhere it does not exist."""
        if region:
            self.check_region(region)
        balancer = self.load_balancers.get(load_balancer_id)
        if balancer is None or (region and balancer.region != region):
            raise errors.unknown_load_balancer(load_balancer_id)
        return balancer

    def listener(self, load_balancer_id: str, port: int, region: str) -> Listener:
        balancer = self.balancer(load_balancer_id, region)
        if port not in balancer.listeners:
            raise errors.unknown_listener(port)
        return balancer.listeners[port]

    def listeners(self) -> Iterator[Listener]:
        for balancer in self.load_balancers.values():
            yield from balancer.listeners.values()

    def find_extension(self, extension_id: str, region: str) -> Listener:
        """The listener that has this extension."""
        self.check_region(region)
        for listener in self.listeners():
            if extension_id in listener.extensions and listener.region == region:
                return listener
        raise errors.unknown_extension(extension_id)

    def certificate(self, certificate_id: str, region: str) -> Certificate:
        found = self.certificates.get(certificate_id)
        if found is None or found.region != region:
            raise errors.unknown_certificate(certificate_id)
        return found

    def watch(self, listener: Listener) -> Listener:
        """A read of the listener, which brings a change that is under way one step further."""
        if listener.busy:
            listener.busy -= 1
            if not listener.busy:
                self.publish(listener)
        return listener

    def begin(self, listener: Listener) -> None:
        """Before a change. CloudError while another one is under way."""
        if listener.busy:
            listener.busy -= 1  # time passes for a client that only tries again, too
            if listener.busy:
                raise errors.configuring()
            self.publish(listener)

    def finish(self, listener: Listener) -> None:
        """After a change was accepted."""
        if self._cloud.setting("slow_states"):
            listener.busy = READS_UNTIL_DONE
        else:
            self.publish(listener)

    def create_listener(self, load_balancer_id: str, port: int, region: str, certificate_id: str, attributes: dict[str, str],
                        tags: dict[str, str]) -> Listener:
        balancer = self.balancer(load_balancer_id, region)
        if port in balancer.listeners:
            raise errors.listener_exists(port)
        self.certificate(certificate_id, balancer.region)
        if not 1 <= port <= 65535:
            raise errors.bad_format("ListenerPort", "1 to 65535 are possible")
        listener = Listener(balancer.id, balancer.region, port, certificate_id, "stopped", attributes=attributes, tags=tags)
        balancer.listeners[port] = listener
        return listener

    def create_extension(self, listener: Listener, domain: str, certificate_id: str) -> str:
        domain = domain.lower()
        if not re.fullmatch(r"(\*\.)?([a-z0-9-]+\.)+[a-z0-9-]+", domain):
            raise errors.bad_format("Domain", "not a domain name")
        if any(held == domain for held, _certificate in listener.extensions.values()):
            raise errors.domain_exists(domain)
        self.certificate(certificate_id, listener.region)
        self.begin(listener)
        extension_id = self._new_extension(listener, domain, certificate_id)
        self.finish(listener)
        return extension_id

    def delete_certificate(self, certificate_id: str, region: str) -> None:
        self.certificate(certificate_id, region)
        if any(certificate_id in listener.certificate_ids() for listener in self.listeners()):
            raise errors.referenced()
        del self.certificates[certificate_id]

    def import_from_cas(self, region: str, cas_id: int) -> str:
        """The region's copy of a CAS certificate, made when it is not there; for deployment jobs and the single call."""
        for held in self.certificates.values():
            if held.cas_id == cas_id and held.region == region:
                return held.id
        material, name = self._cloud.cas.find_material(str(cas_id)), self._cloud.cas.name_of(cas_id)
        return self.add_certificate(region, name, material, cas_id=cas_id, cas_name=name, cas_region=self._cloud.store)

    def bind_from_cas(self, listener: Listener, cas_id: int, domain: str = "") -> None:
        """Into the default slot, or into the SNI slot of a domain, made when missing."""
        own_id = self.import_from_cas(listener.region, cas_id)
        held = next((number for number, (name, _certificate) in listener.extensions.items() if name == domain.lower()), None)
        if not domain:
            listener.certificate_id = own_id
        elif held:
            listener.extensions[held] = (domain.lower(), own_id)
        else:
            self._new_extension(listener, domain, own_id)
        self.publish(listener)

    def uses_of_cas(self, cas_id: int) -> list[str]:
        """The listeners that serve a copy of this CAS certificate."""
        return sorted(listener.key for listener in self.listeners()
                      if any(self.certificates[held].cas_id == cas_id for held in listener.certificate_ids() if held in self.certificates))

    def publish(self, listener: Listener) -> None:
        """Let the endpoint serve what the listener has; a stopped one has no endpoint."""
        if listener.status != "running":
            return
        material = {held: certificate.material for held, certificate in self.certificates.items()}
        self._cloud.dataplane.open(listener.key)
        self._cloud.dataplane.serve(listener.key, default=material.get(listener.certificate_id), sni={
            domain: material[held] for domain, held in listener.extensions.values() if held in material})

    def snapshot(self) -> dict[str, Any]:
        return {
            "certificates": [{"id": held.id, "region": held.region, "name": held.name, "fingerprint": held.material.fingerprint,
                              "cas_id": held.cas_id or None} for held in self.certificates.values()],
            "listeners": [{"load_balancer": listener.load_balancer_id, "region": listener.region, "port": listener.port,
                           "status": listener.status, "certificate_id": listener.certificate_id,
                           "extensions": dict(listener.extensions.values())}
                          for listener in self.listeners()]}

    def _new_extension(self, listener: Listener, domain: str, certificate_id: str) -> str:
        self._extension += 1
        extension_id = "de-{0:013x}".format(self._cloud.rng.getrandbits(40) * 4096 + self._extension)
        listener.extensions[extension_id] = (domain.lower(), certificate_id)
        return extension_id
