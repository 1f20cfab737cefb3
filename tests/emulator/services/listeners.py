# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ALB and NLB have in common: listeners that serve certificates of CAS, a default one and additional ones by SNI.

A change is accepted at once, answered with a job, and carried out some reads later (slow_states); until then the listener is
"Configuring" and refuses another one, and what it serves has not changed yet. A load balancer exists in its region only.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from .. import pki
from ..rpc import Call
from . import pairs
from .calls import content
from .policies import DEFAULT_POLICY, SYSTEM_POLICIES, Policy

READS_UNTIL_DONE = 2
ASSOCIATING, ASSOCIATED, DISSOCIATING = "Associating", "Associated", "Diassociating"  # the last one is spelled so
MOST_ADDITIONAL = 25


@dataclasses.dataclass
class Bound:
    """A certificate at a listener, with what is served: one that is deleted from CAS afterwards stays. slot: 0 is the default one."""

    id: str  # as CAS calls it: "12345678-cn-hangzhou"
    material: pki.Material
    slot: int
    status: str = ASSOCIATED

    @property
    def cas_id(self) -> int:
        return int(self.id.partition("-")[0])


@dataclasses.dataclass
class Job:
    """What was told to a listener. kind: Create, Update or Delete."""

    id: str
    action: str
    kind: str
    resource_type: str
    resource_id: str
    listener_id: str
    region: str
    created: datetime
    ended: datetime | None = None


@dataclasses.dataclass
class Listener:
    """bound: its certificates, the default one first. limit: how many additional ones it takes. attributes: what else was set."""

    id: str
    key: str  # of its endpoint
    load_balancer_id: str
    region: str
    port: int
    protocol: str
    bound: list[Bound] = dataclasses.field(default_factory=list)
    attributes: dict[str, Any] = dataclasses.field(default_factory=dict)
    tags: dict[str, str] = dataclasses.field(default_factory=dict)
    limit: int = MOST_ADDITIONAL
    busy: int = 0  # reads until the last change is carried out
    is_new: bool = False  # and that change is the listener itself
    job: Job | None = None

    @property
    def status(self) -> str:
        return ("Provisioning" if self.is_new else "Configuring") if self.busy else "Running"

    @property
    def additional(self) -> list[Bound]:
        return [held for held in self.bound if held.slot]


@dataclasses.dataclass
class LoadBalancer:
    id: str
    region: str
    address: str
    created: datetime


class Balancers:
    """One product's load balancers. What differs is in the class attributes, and in publish()."""

    _product = ""
    _errors: Any = None
    _tls: tuple[str, ...] = ()  # the protocols that have certificates
    _pairs = False  # whether an RSA and an ECDSA certificate of a name are both served; of ALB that is documented, of NLB it is not

    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud
        self.load_balancers: dict[str, LoadBalancer] = {}
        self.listeners: dict[str, Listener] = {}
        self.jobs: dict[str, Job] = {}
        self.policies: dict[str, Policy] = {}
        self._slots = 0
        self._tokens: dict[str, tuple[Any, dict[str, Any]]] = {}

    # What scenarios use.

    def add_load_balancer(self, load_balancer_id: str, region: str, *, address: str) -> LoadBalancer:
        self._cloud.slb.check_region(region)
        balancer = LoadBalancer(load_balancer_id, region, address, self._cloud.clock.now())
        self.load_balancers[load_balancer_id] = balancer
        return balancer

    def add_listener(self, load_balancer_id: str, port: int, protocol: str, certificate_id: int | str = "",
                     additional: list[int | str] | tuple[int | str, ...] = (), **attributes: Any) -> str:
        """A running listener. Certificates are those of CAS, by number or with their region. Returns the listener's id."""
        listener = self.make_listener(load_balancer_id, port, protocol, attributes)
        if protocol in self._tls:
            wanted = [self.certificate(self._identifier(held)) for held in (certificate_id, *additional)]
            listener.bound = [Bound(held, material, number and self._next_slot()) for number, (held, material) in enumerate(wanted)]
        self.publish(listener)
        return listener.id

    def add_security_policy(self, policy_id: str, name: str, region: str, versions: tuple[str, ...], ciphers: tuple[str, ...]) -> Policy:
        self.policies[policy_id] = Policy(policy_id, versions, ciphers, name, region, self._cloud.clock.now())
        return self.policies[policy_id]

    def regions(self) -> list[str]:
        """Where there are load balancers, and where people look for some."""
        return sorted({balancer.region for balancer in list(self.load_balancers.values())} | {"cn-hangzhou", "cn-shanghai"})

    # What the API's actions use. A region is the one whose endpoint was called.

    def balancer(self, load_balancer_id: str, region: str) -> LoadBalancer:
        balancer = self.load_balancers.get(load_balancer_id)
        if balancer is None or balancer.region != region:
            raise self._errors.unknown_load_balancer(load_balancer_id)
        return balancer

    def listener(self, listener_id: str, region: str) -> Listener:
        listener = self.listeners.get(listener_id)
        if listener is None or listener.region != region:
            raise self._errors.unknown_listener(listener_id)
        return listener

    def secure_listener(self, listener_id: str, region: str) -> Listener:
        """One that has certificates."""
        listener = self.listener(listener_id, region)
        if listener.protocol not in self._tls:
            raise self._errors.wrong_protocol(listener.protocol)
        return listener

    def certificate(self, certificate_id: str) -> tuple[str, pki.Material]:
        """(id, what is served). A bare number is no id here, and neither is one of another region's store."""
        material = self._cloud.cas.find_material(certificate_id) if "-" in certificate_id else None
        if material is None:
            raise self._errors.unknown_certificate(certificate_id)
        return certificate_id, material

    def check_policy(self, policy_id: str, region: str) -> None:
        own = self.policies.get(policy_id)
        if policy_id not in SYSTEM_POLICIES and (own is None or own.region != region):
            raise self._errors.unknown_policy(policy_id)

    def repeated(self, call: Call) -> dict[str, Any] | None:
        """What this ClientToken was answered before. CloudError when it came with something else."""
        answered = self._tokens.get(call.text("ClientToken"))
        if answered and answered[0] != content(call):
            raise self._errors.token_reused()
        return dict(answered[1]) if answered else None

    def remember(self, call: Call, answer: dict[str, Any]) -> dict[str, Any]:
        if call.text("ClientToken"):
            self._tokens[call.text("ClientToken")] = (content(call), dict(answer))
        return answer

    def check_default(self, listener: Listener, ids: list[str], name: str) -> tuple[str, pki.Material]:
        """What may become the listener's default certificate: exactly one, and none of the additional ones."""
        if len(ids) != 1:
            raise self._errors.wrong_size(name)
        if any(held.id == ids[0] for held in listener.additional):
            raise self._errors.associated(ids[0])
        if listener.bound and listener.bound[0].id == ids[0]:  # it may be gone from CAS by now
            return ids[0], listener.bound[0].material
        return self.certificate(ids[0])

    def set_default(self, listener: Listener, certificate_id: str, material: pki.Material) -> None:
        if not listener.bound or listener.bound[0].id != certificate_id:
            listener.bound[:1] = [Bound(certificate_id, material, 0, ASSOCIATING)]

    def check_additional(self, listener: Listener, ids: list[str], name: str, most: int) -> list[tuple[str, pki.Material]]:
        """What may become additional certificates of the listener, so many a call."""
        if not 1 <= len(ids) <= most or len(set(ids)) < len(ids):
            raise self._errors.wrong_size(name)
        wanted = [self.certificate(held) for held in ids]
        there = [held for held in ids if held in [other.id for other in listener.bound]]
        if there:
            raise self._errors.associated(there[0])
        used = len(listener.additional)
        if used + len(ids) > listener.limit:
            raise self._errors.quota(used, listener.limit)
        return wanted

    def associate(self, listener: Listener, wanted: list[tuple[str, pki.Material]]) -> None:
        listener.bound += [Bound(held, material, self._next_slot(), ASSOCIATING) for held, material in wanted]

    def check_dissociated(self, listener: Listener, ids: list[str], name: str, most: int) -> list[Bound]:
        """The additional certificates of those ids; also of those that CAS has no longer."""
        if not 1 <= len(ids) <= most or len(set(ids)) < len(ids):
            raise self._errors.wrong_size(name)
        found = {held.id: held for held in listener.additional}
        for wanted in ids:
            if wanted not in found:
                raise self._errors.unknown_certificate(wanted)
        return [found[wanted] for wanted in ids]

    # A change and its way to the wire.

    def watch(self, listener: Listener) -> Listener:
        """A read of the listener, which brings a change that is under way one step further."""
        if listener.busy:
            listener.busy -= 1
            if not listener.busy:
                self._settle(listener)
        return listener

    def begin(self, listener: Listener) -> None:
        """Before a change. CloudError while another one is under way."""
        self.watch(listener)  # time passes for a client that only tries again, too
        if listener.busy:
            raise self._errors.configuring(listener.id)

    def finish(self, listener: Listener, action: str, kind: str, resource: tuple[str, str] | None = None) -> str:
        """After a change was accepted. resource: (type, id) of what was changed, the listener if it is nothing else. The job's id."""
        resource_type, resource_id = resource or ("listener", listener.id)
        job = Job(self._cloud.uuid().lower(), action, kind, resource_type, resource_id, listener.id, listener.region,
                  self._cloud.clock.now())
        self.jobs[job.id] = listener.job = job
        if self._cloud.setting("slow_states"):
            listener.busy = READS_UNTIL_DONE
        else:
            self._settle(listener)
        return job.id

    def watch_jobs(self, jobs: list[Job]) -> None:
        """A read of jobs, which brings their listeners forward."""
        for listener_id in dict.fromkeys(job.listener_id for job in jobs if not job.ended):
            self.watch(self.listeners[listener_id])

    def publish(self, listener: Listener) -> None:
        """Let the endpoint serve what the listener has.

        Names decide, those in the additional certificates, an exact one before a wildcard; then the default one is left. That the
        certificate which came last wins where two have the same name is assumed. Where the product takes pairs, one of each kind of key
        is served for a name, and the default one counts, too.
        """
        plane = self._cloud.dataplane
        plane.open(listener.key)
        policy_id = listener.attributes.get("SecurityPolicyId") or DEFAULT_POLICY
        policy = SYSTEM_POLICIES.get(policy_id) or self.policies[policy_id]
        default = listener.bound[0].material if listener.bound else None
        sni, others = pairs.by_name([held.material for held in listener.additional], default)
        plane.serve(listener.key, default=default, sni=sni, alternatives=others if self._pairs else {}, tls_minimum=policy.minimum)

    # What CAS uses.

    def secure_listeners(self) -> Iterator[Listener]:
        return (listener for listener in self.listeners.values() if listener.protocol in self._tls)

    def find_port(self, load_balancer_id: str, region: str, port: int) -> Listener:
        """The listener with certificates on a port; of two, the one over TCP."""
        self.balancer(load_balancer_id, region)
        found = [listener for listener in self.secure_listeners() if (listener.load_balancer_id, listener.port) == (load_balancer_id, port)]
        if not found:
            raise self._errors.unknown_listener(str(port))
        return min(found, key=lambda listener: self._tls.index(listener.protocol))

    def slot(self, listener_id: str, slot: int) -> Bound | None:
        """None when it has been dissociated meanwhile."""
        return next((held for held in self.listeners[listener_id].bound if held.slot == slot), None)

    def bind_from_cas(self, listener: Listener, slot: int, cas_id: int) -> None:
        """Another certificate in a slot, for deployment jobs and the single call: what they do is done at once."""
        held = next(held for held in listener.bound if held.slot == slot)
        held.id, held.material = self.certificate(self._identifier(cas_id))
        self.publish(listener)

    def has(self, listener: Listener, cas_id: int, but: int) -> bool:
        """Whether the certificate is in another slot than that one already."""
        return any(held.cas_id == cas_id and held.slot != but for held in listener.bound)

    def uses_of_cas(self, cas_id: int) -> list[str]:
        return sorted(listener.key for listener in self.listeners.values() if any(held.cas_id == cas_id for held in listener.bound))

    def snapshot(self) -> dict[str, Any]:
        return {"load_balancers": [{"id": balancer.id, "region": balancer.region} for balancer in self.load_balancers.values()],
                "listeners": [{"id": listener.id, "load_balancer": listener.load_balancer_id, "region": listener.region,
                               "port": listener.port, "protocol": listener.protocol, "status": listener.status,
                               "security_policy": listener.attributes.get("SecurityPolicyId"),
                               "certificates": [{"id": held.id, "default": not held.slot, "status": held.status,
                                                 "fingerprint": held.material.fingerprint} for held in listener.bound]}
                              for listener in self.listeners.values()]}

    # Parts of the above.

    def make_listener(self, load_balancer_id: str, port: int, protocol: str, attributes: dict[str, Any]) -> Listener:
        balancer = self.load_balancers[load_balancer_id]
        listener = Listener(self._listener_id(port), self._key(load_balancer_id, port, protocol), load_balancer_id, balancer.region, port,
                            protocol, attributes=attributes)
        self.listeners[listener.id] = listener
        return listener

    def _settle(self, listener: Listener) -> None:
        """Carry out what was accepted."""
        listener.bound = [held for held in listener.bound if held.status != DISSOCIATING]
        for held in listener.bound:
            held.status = ASSOCIATED
        listener.is_new = False
        if listener.job:
            listener.job.ended = self._cloud.clock.now()
        self.publish(listener)

    def _key(self, load_balancer_id: str, port: int, _protocol: str) -> str:
        return "{0}/{1}/{2}".format(self._product, load_balancer_id, port)

    def _listener_id(self, _port: int) -> str:
        return "lsn-{0:018x}".format(self._cloud.rng.getrandbits(70))

    def _identifier(self, certificate_id: int | str) -> str:
        return str(certificate_id) if "-" in str(certificate_id) else "{0}-{1}".format(certificate_id, self._cloud.store)

    def _next_slot(self) -> int:
        self._slots += 1
        return self._slots
