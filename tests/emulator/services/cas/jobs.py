# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAS's deployment jobs: editing -> pending -> scheduling -> processing -> success or error, one step a read.

A worker is one resource of a job. One that fails says nothing about why. When the job has ended, each can be rolled back or tried
again, which takes its time as well.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

from ... import pki
from . import errors, sm2

EDITING, PENDING, SCHEDULING, PROCESSING, SUCCESS, ERROR = "editing", "pending", "scheduling", "processing", "success", "error"
ROLLBACK, ROLLBACK_SUCCESS, ROLLBACK_ERROR = "rollback", "rollback_success", "rollback_error"
WAY = {PENDING: SCHEDULING, SCHEDULING: PROCESSING}
READS_UNTIL_SETTLED = 2
DOMAINS = {"CDN": "cdn", "DCDN": "dcdn"}
BALANCERS = {"ALB": "alb", "NLB": "nlb"}  # each certificate of their listeners is a place of its own
LISTED = ("VOD", "DDOS", "FC", "SAE", "MSE", "APIGateway")  # this cloud has them only in CAS's list
UPDATE_ONLY = ("FC", "SAE", "MSE", "APIGateway")  # a job replaces a certificate of theirs, and never binds a first one
READS_UNTIL_SEEN = 2  # the list of resources is a cache that learns of a new resource so many reads later


@dataclasses.dataclass
class Resource:
    """A place that CAS can deploy to, as its own list has it. key: what it is; the rest is looked up when it is shown."""

    id: int
    product: str
    key: tuple[Any, ...]
    created: datetime
    unseen: int = 0


@dataclasses.dataclass
class Listed:
    """What a domain of a product in LISTED has. Nothing of it is on the wire, and no API but CAS's tells of it."""

    material: pki.Material | None
    cas_id: int | None


@dataclasses.dataclass
class Worker:
    """previous: id in CAS of what the resource had before. busy: reads until what it was told by itself is done."""

    id: int
    certificate: Any
    resource: Resource
    previous: int | None
    status: str = EDITING
    busy: int = 0


@dataclasses.dataclass
class Job:
    """certificates: as CAS holds them; a job keeps them in its record when CAS has them no longer. paid: what it took of the quota."""

    id: int
    name: str
    kind: str
    certificates: list[Any]
    contacts: list[int]
    workers: list[Worker]
    created: datetime
    scheduled: datetime | None = None
    status: str = EDITING
    paid: int = 0
    started: datetime | None = None
    ended: datetime | None = None


class Jobs:
    """broken: ids of resources whose workers fail."""

    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud
        self.broken: set[int] = set()
        self.jobs: dict[int, Job] = {}
        self.listed: dict[tuple[str, str], Listed] = {}
        self._resources: dict[tuple[Any, ...], Resource] = {}
        self._numbers = 9000

    def add_listed(self, product: str, domain: str, certificate_id: int | None = None) -> None:
        """For scenarios: a domain of a product in LISTED, and CAS's id of the certificate that it has."""
        if product not in LISTED:
            raise ValueError("not in LISTED: " + product)
        held = self._cloud.cas.get(certificate_id) if certificate_id else None
        self.listed[product, domain] = Listed(held.material if held else None, certificate_id)

    def resources(self) -> list[Resource]:
        """What CAS's cache shows now; reading is what brings it forward, and what single workers do."""
        for job in self.jobs.values():
            if job.status in (SUCCESS, ERROR):
                self._settle(job)
        first = not self._resources
        for product, key in self._places():
            place = (product, *key)
            if place not in self._resources:
                unseen = READS_UNTIL_SEEN if self._cloud.setting("slow_states") and not first else 0
                self._resources[place] = Resource(self._number(), product, key, self._cloud.clock.now(), unseen)
        for resource in self._resources.values():
            resource.unseen = max(resource.unseen - 1, 0)
        there = {(product, *key) for product, key in self._places()}
        return [resource for place, resource in self._resources.items() if place in there and not resource.unseen]

    def _places(self) -> list[tuple[str, tuple[Any, ...]]]:
        slb = [("SLB", (listener.load_balancer_id, listener.port)) for listener in self._cloud.slb.listeners()]
        domains = [(product, (domain.name,)) for product in DOMAINS
                   for domain in self.accelerated(product).domains.values() if domain.https]
        listeners = [(product, (listener.id, held.slot)) for product in BALANCERS
                     for listener in self.balancers(product).secure_listeners() for held in listener.bound]
        return slb + domains + listeners + [(product, (domain,)) for product, domain in self.listed]

    def accelerated(self, product: str) -> Any:
        """The state of CDN or DCDN."""
        return getattr(self._cloud, DOMAINS[product])

    def balancers(self, product: str) -> Any:
        """The state of ALB or NLB."""
        return getattr(self._cloud, BALANCERS[product])

    def bound(self, resource: Resource) -> tuple[pki.Material | None, int | None]:
        """(certificate, its id in CAS) that the resource has now."""
        if resource.product in DOMAINS:
            domain = self.accelerated(resource.product).domains[resource.key[0]]
            return domain.material, domain.cas_id or None
        if resource.product in BALANCERS:
            place = self.balancers(resource.product).slot(*resource.key)
            return (place.material, place.cas_id) if place else (None, None)
        if resource.product in LISTED:
            listed = self.listed[resource.product, resource.key[0]]
            return listed.material, listed.cas_id
        slb = self._cloud.slb
        listener = slb.load_balancers[resource.key[0]].listeners[resource.key[1]]
        held = slb.certificates.get(listener.certificate_id)
        return (held.material, held.cas_id or None) if held else (None, None)

    def create(self, name: str, kind: str, certificate_ids: list[int], resources: list[int], contacts: list[int],
               scheduled: datetime | None) -> Job:
        known = {resource.id: resource for resource in self._resources.values()}
        if not set(contacts) <= set(self._cloud.cas.contacts) or not contacts or not set(resources) <= set(known):
            raise errors.not_found()
        certificates = [self._cloud.cas.get(number) for number in certificate_ids]
        if not all(certificate.name.isascii() for certificate in certificates):
            raise errors.invalid("CertIds")  # a certificate with a Chinese name cannot be deployed
        workers = [Worker(self._number(), certificate, known[number], self.bound(known[number])[1])
                   for number in resources for certificate in certificates if self._matches(certificate, known[number])]
        job = Job(self._number(), name, kind, certificates, contacts, workers, self._cloud.clock.now(), scheduled)
        self.jobs[job.id] = job
        return job

    def get(self, job_id: int) -> Job:
        if job_id not in self.jobs:
            raise errors.not_found()
        return self.jobs[job_id]

    def cost(self, job: Job) -> int:
        return len(job.workers)

    def set_status(self, job: Job, status: str) -> None:
        """pending and scheduling start it, editing takes it back; only before it runs."""
        if status not in (PENDING, SCHEDULING, EDITING) or job.status not in (EDITING, PENDING):
            raise errors.invalid("Status")
        if status == EDITING:
            self._cloud.cas.quota_used -= job.paid
            job.paid = 0
        elif not job.paid:
            self._pay(job)
        self._move(job, status)
        if status != EDITING and self._due(job) and not self._cloud.setting("slow_states"):
            self._finish(job)

    def watch(self, job: Job) -> Job:
        """A read, which brings a running job one step further."""
        if job.status == PROCESSING:
            self._finish(job)
        elif job.status in WAY and self._due(job):
            self._move(job, WAY[job.status])
            job.started = job.started or self._cloud.clock.now()
        elif job.status in (SUCCESS, ERROR):
            self._settle(job)
        return job

    def set_worker_status(self, job: Job, worker_id: int, status: str) -> None:
        """rollback puts back what was there, pending and editing try again; only when the worker has ended."""
        worker = next((worker for worker in job.workers if worker.id == worker_id), None)
        if worker is None:
            raise errors.not_found()
        if status not in (ROLLBACK, PENDING, EDITING) or job.status not in (SUCCESS, ERROR) or worker.busy:
            raise errors.invalid("Status")
        if status == ROLLBACK and worker.status != SUCCESS:
            raise errors.invalid("Status")
        worker.status, worker.busy = status, READS_UNTIL_SETTLED if self._cloud.setting("slow_states") else 1
        if worker.busy == 1:
            self._settle(job)

    def deploy(self, resource: Resource, certificate_id: int) -> None:
        if resource.product in DOMAINS:
            self.accelerated(resource.product).bind_from_cas(resource.key[0], certificate_id)
        elif resource.product in BALANCERS:
            balancers, (listener_id, slot) = self.balancers(resource.product), resource.key
            balancers.bind_from_cas(balancers.listeners[listener_id], slot, certificate_id)
        elif resource.product in LISTED:
            self.listed[resource.product, resource.key[0]] = Listed(self._cloud.cas.get(certificate_id).material, certificate_id)
        else:
            listener = self._cloud.slb.load_balancers[resource.key[0]].listeners[resource.key[1]]
            self._cloud.slb.bind_from_cas(listener, certificate_id)

    def counts(self, job: Job) -> dict[str, int]:
        return {status: sum(worker.status == status for worker in job.workers)
                for status in (SUCCESS, ERROR, ROLLBACK, ROLLBACK_SUCCESS, ROLLBACK_ERROR)}

    def snapshot(self) -> list[dict[str, Any]]:
        return [{"id": job.id, "status": job.status, "workers": [worker.status for worker in job.workers]} for job in self.jobs.values()]

    def _pay(self, job: Job) -> None:
        cas, cost = self._cloud.cas, self.cost(job)
        if cost > cas.quota - cas.quota_used:
            raise errors.quota("Deployment")
        cas.quota_used += cost
        job.paid = cost

    def _due(self, job: Job) -> bool:
        """Only pending waits for the time that was set."""
        return job.status != PENDING or job.scheduled is None or self._cloud.clock.now() >= job.scheduled

    def _move(self, job: Job, status: str) -> None:
        job.status = status
        for worker in job.workers:
            worker.status = status

    def _finish(self, job: Job) -> None:
        if self._cloud.cas.jobs_stuck:
            self._move(job, PROCESSING)
            return
        job.started = job.started or self._cloud.clock.now()
        for worker in job.workers:
            worker.status = self._try(worker)
        self._end(job)

    def _settle(self, job: Job) -> None:
        """Do what single workers of a job that has ended were told, when it is time."""
        for worker in [worker for worker in job.workers if worker.busy]:
            worker.busy -= 1
            if not worker.busy:
                worker.status = self._roll_back(worker) if worker.status == ROLLBACK else self._try(worker)
                self._end(job)

    def _end(self, job: Job) -> None:
        job.status = ERROR if any(worker.status == ERROR for worker in job.workers) else SUCCESS
        job.ended = self._cloud.clock.now()

    def _has_room(self, resource: Resource, certificate_id: int) -> bool:
        """Whether the place of a listener is still there, and the certificate is in none of its others."""
        balancers, (listener_id, slot) = self.balancers(resource.product), resource.key
        there = balancers.slot(listener_id, slot) is not None
        return there and not balancers.has(balancers.listeners[listener_id], certificate_id, slot)

    def _roll_back(self, worker: Worker) -> str:
        gone = worker.resource.product in BALANCERS and not self._has_room(worker.resource, worker.previous or 0)
        if gone or worker.previous not in self._cloud.cas.certificates:
            return ROLLBACK_ERROR
        self.deploy(worker.resource, worker.previous)
        return ROLLBACK_SUCCESS

    def _try(self, worker: Worker) -> str:
        return SUCCESS if self._run(worker) else ERROR

    def _run(self, worker: Worker) -> bool:
        old, previous = self.bound(worker.resource)
        new, cas = worker.certificate, self._cloud.cas
        served = worker.resource.product in sm2.SERVED_BY if new.pair else cas.find_material(str(new.id)) is not None
        if worker.resource.id in self.broken or new.id not in cas.certificates or not served or cas.is_expired(new):
            return False
        place = worker.resource.key[0]
        if worker.resource.product in DOMAINS and self.accelerated(worker.resource.product).domains[place].status != "online":
            return False
        if worker.resource.product in BALANCERS and not self._has_room(worker.resource, new.id):
            return False
        if worker.resource.product in UPDATE_ONLY and old is None:
            return False
        # SLB only replaces a certificate whose names the new one has, too.
        if worker.resource.product == "SLB" and old and not all(pki.covers(new.material.names, name) for name in old.names):
            return False
        if previous != new.id:  # tried again, it still knows what was there first
            worker.previous = previous
        self.deploy(worker.resource, new.id)
        return True

    def _matches(self, certificate: Any, resource: Resource) -> bool:
        names = certificate.material.names
        old, _cas_id = self.bound(resource)
        named = resource.product in DOMAINS or resource.product in LISTED
        wanted = [resource.key[0]] if named else list(old.names) if old else []
        return any(pki.covers(names, name) for name in wanted)

    def _number(self) -> int:
        self._numbers += self._cloud.rng.randrange(1, 9)
        return self._numbers
