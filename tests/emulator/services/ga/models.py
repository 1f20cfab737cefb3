# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GA's rules and storage: accelerators, their listeners, and the endpoints that serve certificates of CAS.

A change is accepted at once and carried out some reads later (slow_states); until then the listener is "updating", its accelerator is
"configuring", and no listener of that accelerator takes another change.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ... import pki
from ...rpc import Call
from ..calls import content
from . import errors

REGION = "cn-hangzhou"
READS_UNTIL_DONE = 2
HTTPS = "HTTPS"
PROTOCOLS = ("TCP", "UDP", "HTTP", HTTPS)
MOST_A_CALL = 10
FORWARDED = ("XForwardedForGaApEnabled", "XForwardedForGaIdEnabled", "XForwardedForPortEnabled", "XForwardedForProtoEnabled",
             "XRealIpEnabled")
# What a change falls back to that does not name it. The reference says so of ClientAffinity and gives a default for each of the others;
# that they fall back too is assumed, as the worst that can be.
DEFAULTS: dict[str, Any] = {
    "ClientAffinity": "NONE", "IdleTimeout": 15, "ProxyProtocol": False, "RequestTimeout": 60, "HttpVersion": "http2",
    "SecurityPolicyId": "tls_cipher_policy_1_0", "XForwardedForConfig": dict.fromkeys(FORWARDED, False)}


@dataclasses.dataclass(frozen=True)
class Held:
    """A certificate with what is served: one that is deleted from CAS afterwards stays."""

    id: str
    material: pki.Material

    @property
    def cas_id(self) -> int:
        return int(self.id.partition("-")[0])


@dataclasses.dataclass
class Listener:
    """additional: domain -> certificate; replacing: the domains whose certificate is being replaced. managed_by: a cloud service."""

    id: str
    accelerator_id: str
    protocol: str
    first: int
    last: int
    created: datetime
    default: Held | None = None
    additional: dict[str, Held] = dataclasses.field(default_factory=dict)
    attributes: dict[str, Any] = dataclasses.field(default_factory=dict)
    managed_by: str = ""
    replacing: set[str] = dataclasses.field(default_factory=set)
    busy: int = 0  # reads until the last change is carried out
    is_new: bool = False  # and that change is the listener itself
    served_at: str = ""

    @property
    def key(self) -> str:
        return "ga/{0}/{1}".format(self.accelerator_id, self.first)

    @property
    def state(self) -> str:
        return ("init" if self.is_new else "updating") if self.busy else "active"


@dataclasses.dataclass
class Accelerator:
    id: str
    created: datetime
    attributes: dict[str, Any] = dataclasses.field(default_factory=dict)
    tags: dict[str, str] = dataclasses.field(default_factory=dict)
    listeners: dict[str, Listener] = dataclasses.field(default_factory=dict)

    @property
    def state(self) -> str:
        return "configuring" if any(listener.busy for listener in self.listeners.values()) else "active"


class Ga:
    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud
        self.accelerators: dict[str, Accelerator] = {}
        self._tokens: dict[str, tuple[Any, dict[str, Any]]] = {}

    # What scenarios use.

    def add_accelerator(self, accelerator_id: str = "", **attributes: Any) -> Accelerator:
        new_id = accelerator_id or self._id("ga-bp1")
        self.accelerators[new_id] = Accelerator(new_id, self._cloud.clock.now(), attributes)
        return self.accelerators[new_id]

    def add_https_listener(self, accelerator_id: str, port: int, cas_id: int, additional: dict[str, int] | None = None,
                           managed_by: str = "") -> Listener:
        """An active listener; certificates by their number in CAS."""
        listener = self.make_listener(self.accelerators[accelerator_id], HTTPS, port, port)
        listener.default = self.certificate(self._identifier(cas_id))
        listener.additional = {domain: self.certificate(self._identifier(held)) for domain, held in (additional or {}).items()}
        listener.managed_by = managed_by
        self.publish(listener)
        return listener

    # What the API's actions use.

    def accelerator(self, accelerator_id: str) -> Accelerator:
        if accelerator_id not in self.accelerators:
            raise errors.unknown_accelerator(accelerator_id)
        return self.accelerators[accelerator_id]

    def listeners(self) -> Iterator[Listener]:
        for accelerator in self.accelerators.values():
            yield from accelerator.listeners.values()

    def listener(self, listener_id: str, accelerator_id: str = "") -> Listener:
        found = next((listener for listener in self.listeners() if listener.id == listener_id), None)
        if accelerator_id:
            self.accelerator(accelerator_id)
        if found is None or accelerator_id not in ("", found.accelerator_id):
            raise errors.unknown_listener(listener_id)
        return found

    def secure_listener(self, listener_id: str, accelerator_id: str) -> Listener:
        listener = self.listener(listener_id, accelerator_id)
        if listener.protocol != HTTPS:
            raise errors.wrong_protocol(listener.protocol)
        return listener

    def certificate(self, certificate_id: str) -> Held:
        """A certificate of CAS by its identifier; a bare number is none, and neither is one of another site's store."""
        material = self._cloud.cas.find_material(certificate_id) if "-" in certificate_id else None
        if material is None:
            raise errors.unknown_certificate(certificate_id)
        return Held(certificate_id, material)

    def repeated(self, call: Call) -> dict[str, Any] | None:
        """What this ClientToken was answered before. CloudError when it came with something else."""
        answered = self._tokens.get(call.text("ClientToken"))
        if answered and answered[0] != content(call):
            raise errors.token_reused()
        return dict(answered[1]) if answered else None

    def remember(self, call: Call, answer: dict[str, Any]) -> dict[str, Any]:
        if call.text("ClientToken"):
            self._tokens[call.text("ClientToken")] = (content(call), dict(answer))
        return answer

    def check_ports(self, accelerator: Accelerator, protocol: str, first: int, last: int, but: Listener | None = None) -> None:
        if not 1 <= first <= last <= 65499:
            raise errors.port_range("1 to 65499 are possible")
        if protocol in ("HTTP", HTTPS) and first != last:
            raise errors.port_range("a listener for {0} has one port".format(protocol))
        for other in accelerator.listeners.values():
            if other is not but and (other.protocol == "UDP") == (protocol == "UDP") and other.first <= last and first <= other.last:
                raise errors.port_conflict(first)

    def make_listener(self, accelerator: Accelerator, protocol: str, first: int, last: int) -> Listener:
        listener = Listener(self._id("lsr-bp1"), accelerator.id, protocol, first, last, self._cloud.clock.now())
        accelerator.listeners[listener.id] = listener
        return listener

    def associate(self, listener: Listener, wanted: dict[str, str]) -> None:
        """Additional certificates for domains that have none: for all of them, or for none."""
        held = {domain: self.certificate(certificate_id) for domain, certificate_id in wanted.items()}
        for domain in held:
            if not re.fullmatch(r"(\*\.)?([a-z0-9-]+\.)+[a-z0-9-]+", domain):
                raise errors.illegal("Domain")
            if domain in listener.additional:
                raise errors.additional_exists(domain)
        self.begin(listener)
        listener.additional.update(held)
        self.finish(listener)

    def replace(self, listener: Listener, domain: str, certificate_id: str, dry_run: bool) -> None:
        held = self.certificate(certificate_id)
        if domain not in listener.additional:
            raise errors.no_additional(domain)
        if dry_run:
            raise errors.dry_run()
        self.begin(listener)
        listener.additional[domain] = held
        listener.replacing.add(domain)
        self.finish(listener)

    def dissociate(self, listener: Listener, domains: list[str]) -> None:
        for domain in domains:
            if domain not in listener.additional:
                raise errors.no_additional(domain)
        self.begin(listener)
        for domain in domains:
            del listener.additional[domain]
        self.finish(listener)

    # A change and its way to the wire.

    def watch(self, listener: Listener) -> Listener:
        """A read of the listener, which brings a change that is under way one step further."""
        if listener.busy:
            listener.busy -= 1
            if not listener.busy:
                self._settle(listener)
        return listener

    def begin(self, listener: Listener) -> None:
        """Before a change. CloudError while another one of this accelerator is under way, and when a service keeps it to itself."""
        if listener.managed_by:
            raise errors.managed()
        for other in self.accelerators[listener.accelerator_id].listeners.values():
            self.watch(other)  # time passes for a client that only tries again, too
        if listener.busy:
            raise errors.listener_busy()
        if self.accelerators[listener.accelerator_id].state != "active":
            raise errors.accelerator_busy()

    def finish(self, listener: Listener) -> None:
        """After a change was accepted."""
        if self._cloud.setting("slow_states"):
            listener.busy = READS_UNTIL_DONE
        else:
            self._settle(listener)

    def publish(self, listener: Listener) -> None:
        """Let the endpoint serve what the listener has; only HTTPS has one here."""
        plane = self._cloud.dataplane
        if listener.served_at not in ("", listener.key):
            plane.shut(listener.served_at)
        if listener.protocol == HTTPS and listener.default:
            plane.open(listener.key)
            plane.serve(listener.key, default=listener.default.material,
                        sni={domain: held.material for domain, held in listener.additional.items()})
            listener.served_at = listener.key

    def uses_of_cas(self, cas_id: int) -> list[str]:
        return sorted(listener.key for listener in self.listeners()
                      if any(held and held.cas_id == cas_id for held in (listener.default, *listener.additional.values())))

    def snapshot(self) -> dict[str, Any]:
        return {"listeners": [
            {"accelerator": listener.accelerator_id, "id": listener.id, "protocol": listener.protocol, "port": listener.first,
             "state": listener.state, "default": listener.default.id if listener.default else None,
             "additional": {domain: held.id for domain, held in listener.additional.items()}} for listener in self.listeners()]}

    def _settle(self, listener: Listener) -> None:
        listener.is_new = False
        listener.replacing.clear()
        self.publish(listener)

    def _identifier(self, cas_id: int) -> str:
        return "{0}-{1}".format(cas_id, self._cloud.store)

    def _id(self, prefix: str) -> str:
        return "{0}{1:018x}".format(prefix, self._cloud.rng.getrandbits(70))
