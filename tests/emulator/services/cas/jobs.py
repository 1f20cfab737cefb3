# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAS's deployment jobs: editing -> pending -> scheduling -> processing -> success or error, one step a read.

A worker is one resource of a job. One that fails says nothing about why.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

from ... import pki
from . import errors

EDITING, PENDING, SCHEDULING, PROCESSING, SUCCESS, ERROR = "editing", "pending", "scheduling", "processing", "success", "error"
WAY = {PENDING: SCHEDULING, SCHEDULING: PROCESSING}
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
class Worker:
    id: int
    certificate_id: int
    resource: Resource
    previous: int | None
    status: str = EDITING


@dataclasses.dataclass
class Job:
    id: int
    name: str
    kind: str
    certificates: list[int]
    contacts: list[int]
    workers: list[Worker]
    created: datetime
    status: str = EDITING
    started: datetime | None = None
    ended: datetime | None = None


class Jobs:
    """bought and used: the purchased deployment quota. stuck: jobs stay in processing. broken: resource ids whose workers fail."""

    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud
        self.bought, self.used = 100, 0
        self.stuck = False
        self.broken: set[int] = set()
        self.jobs: dict[int, Job] = {}
        self._resources: dict[tuple[Any, ...], Resource] = {}
        self._numbers = 9000

    def resources(self) -> list[Resource]:
        """What CAS's cache shows now; reading is what brings it forward."""
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
        return slb + [("CDN", (domain.name,)) for domain in self._cloud.cdn.domains.values() if domain.https]

    def bound(self, resource: Resource) -> tuple[pki.Material | None, int | None]:
        """(certificate, its id in CAS) that the resource has now."""
        if resource.product == "CDN":
            domain = self._cloud.cdn.domains[resource.key[0]]
            return domain.material, domain.cas_id or None
        slb = self._cloud.slb
        listener = slb.load_balancers[resource.key[0]].listeners[resource.key[1]]
        held = slb.certificates.get(listener.certificate_id)
        return (held.material, held.cas_id or None) if held else (None, None)

    def create(self, name: str, kind: str, certificates: list[int], resources: list[int], contacts: list[int]) -> Job:
        known = {resource.id: resource for resource in self._resources.values()}
        if not set(contacts) <= set(self._cloud.cas.contacts) or not contacts or not set(resources) <= set(known):
            raise errors.not_found()
        for certificate in certificates:
            self._cloud.cas.get(certificate)
        if not name.isascii():
            raise errors.invalid("Name")
        workers = [Worker(self._number(), certificate, known[number], self.bound(known[number])[1])
                   for number in resources for certificate in certificates if self._matches(certificate, known[number])]
        job = Job(self._number(), name, kind, certificates, contacts, workers, self._cloud.clock.now())
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
        if status != EDITING:
            if self.cost(job) > self.bought - self.used:
                raise errors.quota("Deployment")
            self.used += self.cost(job)
            job.started = self._cloud.clock.now()
        job.status = status
        for worker in job.workers:
            worker.status = status
        if not self._cloud.setting("slow_states"):
            self._finish(job)

    def watch(self, job: Job) -> Job:
        """A read, which brings a running job one step further."""
        if job.status == PROCESSING:
            self._finish(job)
        elif job.status in WAY:
            job.status = WAY[job.status]
            for worker in job.workers:
                worker.status = job.status
        return job

    def roll_back(self, job: Job, worker_id: int) -> None:
        worker = next((worker for worker in job.workers if worker.id == worker_id), None)
        if worker is None:
            raise errors.not_found()
        if worker.previous is None:
            worker.status = "rollback_error"
            return
        self.deploy(worker.resource, worker.previous)
        worker.status = "rollback_success"

    def deploy(self, resource: Resource, certificate_id: int) -> None:
        if resource.product == "CDN":
            self._cloud.cdn.bind_from_cas(resource.key[0], certificate_id)
        else:
            listener = self._cloud.slb.load_balancers[resource.key[0]].listeners[resource.key[1]]
            self._cloud.slb.bind_from_cas(listener, certificate_id)

    def counts(self, job: Job) -> dict[str, int]:
        return {status: sum(worker.status == status for worker in job.workers)
                for status in (SUCCESS, ERROR, "rollback", "rollback_success", "rollback_error")}

    def snapshot(self) -> list[dict[str, Any]]:
        return [{"id": job.id, "status": job.status, "workers": [worker.status for worker in job.workers]} for job in self.jobs.values()]

    def _finish(self, job: Job) -> None:
        if self.stuck or job.status == EDITING:
            return
        for worker in job.workers:
            worker.status = SUCCESS if self._run(worker) else ERROR
        job.status = ERROR if any(worker.status == ERROR for worker in job.workers) else SUCCESS
        job.ended = self._cloud.clock.now()

    def _run(self, worker: Worker) -> bool:
        old, _cas_id = self.bound(worker.resource)
        new = self._cloud.cas.find_material(str(worker.certificate_id))
        if worker.resource.id in self.broken or new is None:
            return False
        # SLB only replaces a certificate whose names the new one has, too.
        if worker.resource.product == "SLB" and old and not all(pki.covers(new.names, name) for name in old.names):
            return False
        self.deploy(worker.resource, worker.certificate_id)
        return True

    def _matches(self, certificate: int, resource: Resource) -> bool:
        names = self._cloud.cas.get(certificate).material.names
        old, _cas_id = self.bound(resource)
        wanted = [resource.key[0]] if resource.product == "CDN" else list(old.names) if old else []
        return any(pki.covers(names, name) for name in wanted)

    def _number(self) -> int:
        self._numbers += self._cloud.rng.randrange(1, 9)
        return self._numbers
