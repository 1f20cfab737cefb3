# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SLB's rules and storage: regional certificates, listeners, and the endpoints that serve them.

An HTTP listener either forwards to servers or sends everybody to an HTTPS listener; which of the two is decided when it is made.
On the data plane it is an endpoint whose plain-HTTP port counts; its TLS port refuses every handshake.

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
SECURE, PLAIN = "https", "http"
REDIRECT = 302  # what SLB redirects with; nothing in its API changes that
# TLSCipherPolicy -> the lowest version of TLS
POLICIES = {"tls_cipher_policy_1_0": "1.0", "tls_cipher_policy_1_1": "1.1", "tls_cipher_policy_1_2": "1.2",
            "tls_cipher_policy_1_2_strict": "1.2", "tls_cipher_policy_1_2_strict_with_1_3": "1.2"}


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
    """A listener; one for plain HTTP has no certificates.

    extensions: DomainExtensionId -> (domain, certificate id). attributes: what else was set, as it came.
    """

    load_balancer_id: str
    region: str
    port: int
    certificate_id: str
    status: str = "running"
    extensions: dict[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    attributes: dict[str, str] = dataclasses.field(default_factory=dict)
    tags: dict[str, str] = dataclasses.field(default_factory=dict)
    busy: int = 0  # reads until the last change is carried out
    protocol: str = SECURE

    @property
    def redirects(self) -> bool:
        return self.attributes.get("ListenerForward") == "on"

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

    def add_http_listener(self, load_balancer_id: str, port: int, **attributes: str) -> Listener:
        """One that runs; attributes in the API's words, for instance ListenerForward="on"."""
        listener = self.create_plain_listener(load_balancer_id, port, "", {"BackendServerPort": "80", **attributes}, {})
        listener.status = "running"
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

    def listener(self, load_balancer_id: str, port: int, region: str, protocol: str = SECURE) -> Listener:
        """protocol: "" for any."""
        balancer = self.balancer(load_balancer_id, region)
        if port not in balancer.listeners or protocol not in ("", balancer.listeners[port].protocol):
            raise errors.unknown_listener(port)
        return balancer.listeners[port]

    def all_listeners(self) -> Iterator[Listener]:
        for balancer in self.load_balancers.values():
            yield from balancer.listeners.values()

    def listeners(self) -> Iterator[Listener]:
        """Those that have certificates."""
        return (listener for listener in self.all_listeners() if listener.protocol == SECURE)

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
        balancer = self._room_for(load_balancer_id, port, region)
        self.certificate(certificate_id, balancer.region)
        self.check_policy(attributes)
        listener = Listener(balancer.id, balancer.region, port, certificate_id, "stopped", attributes=attributes, tags=tags)
        balancer.listeners[port] = listener
        return listener

    def create_plain_listener(self, load_balancer_id: str, port: int, region: str, attributes: dict[str, str],
                              tags: dict[str, str]) -> Listener:
        balancer = self._room_for(load_balancer_id, port, region)
        listener = Listener(balancer.id, balancer.region, port, "", "stopped", attributes=attributes, tags=tags, protocol=PLAIN)
        secure = balancer.listeners.get(int(attributes.get("ForwardPort") or 443))
        if listener.redirects and (secure is None or secure.protocol != SECURE):
            raise errors.bad_format("ForwardPort", "there is no HTTPS listener on it")
        if not listener.redirects and not (attributes.get("BackendServerPort") or attributes.get("VServerGroupId")):
            raise errors.bad_format("BackendServerPort", "it or VServerGroupId is needed")
        balancer.listeners[port] = listener
        return listener

    def check_policy(self, attributes: dict[str, str]) -> None:
        if attributes.get("TLSCipherPolicy", "tls_cipher_policy_1_0") not in POLICIES:
            raise errors.bad_format("TLSCipherPolicy", "there are {0}".format(", ".join(POLICIES)))

    def _room_for(self, load_balancer_id: str, port: int, region: str) -> LoadBalancer:
        balancer = self.balancer(load_balancer_id, region)
        if port in balancer.listeners:
            raise errors.listener_exists(port)
        if not 1 <= port <= 65535:
            raise errors.bad_format("ListenerPort", "1 to 65535 are possible")
        return balancer

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
        if listener.protocol == PLAIN:
            self._cloud.dataplane.open(listener.key, http=True)
            self._cloud.dataplane.serve(listener.key, default=None, redirect=listener.redirects, redirect_status=REDIRECT,
                                        https_port=int(listener.attributes.get("ForwardPort") or 443))
            return
        material = {held: certificate.material for held, certificate in self.certificates.items()}
        self._cloud.dataplane.open(listener.key)
        self._cloud.dataplane.serve(
            listener.key, default=material.get(listener.certificate_id),
            sni={domain: material[held] for domain, held in listener.extensions.values() if held in material},
            tls_minimum=POLICIES[listener.attributes.get("TLSCipherPolicy") or "tls_cipher_policy_1_0"])

    def snapshot(self) -> dict[str, Any]:
        return {
            "certificates": [{"id": held.id, "region": held.region, "name": held.name, "fingerprint": held.material.fingerprint,
                              "cas_id": held.cas_id or None} for held in self.certificates.values()],
            "listeners": [{"load_balancer": listener.load_balancer_id, "region": listener.region, "port": listener.port,
                           "status": listener.status, "certificate_id": listener.certificate_id,
                           "extensions": dict(listener.extensions.values())}
                          for listener in self.listeners()],
            "plain_listeners": [{"load_balancer": listener.load_balancer_id, "region": listener.region, "port": listener.port,
                                 "status": listener.status, "redirects": listener.redirects}
                                for listener in self.all_listeners() if listener.protocol == PLAIN]}

    def _new_extension(self, listener: Listener, domain: str, certificate_id: str) -> str:
        self._extension += 1
        extension_id = "de-{0:013x}".format(self._cloud.rng.getrandbits(40) * 4096 + self._extension)
        listener.extensions[extension_id] = (domain.lower(), certificate_id)
        return extension_id
