# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two ways through CAS: metered deployment jobs, and the specified single call. PRIVATE to the collection.

One job is made for all resources of a call. It stays in status editing, and free, until it is started; quota is looked at in
between. A failed worker carries no error text, so the product's own read-back tells what really is, and what a job is known to refuse
is refused before there is one.
"""

from __future__ import annotations

from dataclasses import replace

from ._api import cas_jobs
from ._domain.deployment import Bound, Slot, after_of, bound_of, place_of, same
from ._domain.names import missing
from ._errors import CollectionError, InputError
from ._plan import Ref, Step
from ._targets.registry import TARGETS
from ._wait import poll

CREATE, START = "job/create", "job/start"
# Source: the vendor's page on deployment jobs
UPDATE_ONLY = ("SLB", "GA", "SAE", "FC", "MSE", "APIGATEWAY", "ACK")  # these only replace what is bound already
COVERED = ("SLB", "GA")  # of these the new certificate must have all names of the old one


def plan(cloud, request, wanted, stored, contacts):
    """The slot of a resource that has no driver, as CAS's own list of resources shows it."""
    slot = Slot(place_of(request, None, request.get("domain")), read_back(cloud, request, stored))
    return replace_steps(cloud, request, [slot], wanted, contacts)


def read_back(cloud, request, stored):
    """What CAS's list shows for a resource; its cache may lag."""
    row = _resource(cloud, request)
    cas_id = row.get("CertId") or 0
    return bound_of(stored, cas_id, id=str(cas_id), name=row.get("CertName") or "", fingerprint="") if cas_id else None


def _product(request):
    target = TARGETS.get(request["service"])
    return target.CAS_PRODUCT if target else request["service"]


def _resource(cloud, request):
    """The row of ListCloudResources that is this resource; its Id is what a job wants."""
    keyword = request.get("instance") or request.get("domain")
    if not keyword:
        raise InputError("A resource of service '%s' needs instance or domain." % request["service"])
    ports = ("", str(request["listener_port"]))
    rows = [
        row for row in cas_jobs.cloud_resources(cloud, _product(request), keyword)
        if (row.get("InstanceId") == keyword and str(row.get("ListenerPort") or "") in ports and row.get("DefaultResource") != 0)
        or (not request.get("instance") and row.get("Domain") == keyword)]
    if len(rows) != 1:
        raise InputError("CAS lists %d resources for %s %s, not one. Its list is a cache that may lag, and holds only what has HTTPS "
                         "enabled." % (len(rows), _product(request), keyword))
    return rows[0]


def replace_steps(cloud, request, slots, wanted, contacts):
    """The same slots, reached through CAS instead of the product."""
    way = _single_call if request["method"] == "cloud_resource" else _job
    return [slot if same(slot.previous, wanted) else way(
        cloud, request, replace(slot, after=after_of(wanted, "")), wanted, contacts) for slot in slots]


def _single_call(cloud, request, slot, wanted, contacts):
    instance = request.get("instance") or request["domain"]
    return replace(slot, steps=(Step(
        slot.target, "cas", "DeployCertificateToCloudResource", slot.target, stage=1, group=instance, params=dict(
            CertificateId=str(wanted.id), CloudServiceType=_product(request).upper(), CloudServiceInstanceId=instance,
            RegionId=request.get("region") or wanted.store, ListenerPort=slot.place["listener_port"], Domain=slot.place["domain"])),))


def _job(cloud, request, slot, wanted, contacts):
    if slot.place["slot"] == "additional":
        raise InputError("Deployment jobs cannot set the SNI slot %s; use method: product." % slot.target)
    product, old = _product(request), slot.previous
    if product.upper() in UPDATE_ONLY and old is None:
        raise InputError("A deployment job only replaces a certificate that %s has already, and %s has none. Bind one first." % (
            product, slot.target))
    lost = missing(wanted.names, old.names) if old and product.upper() in COVERED else []
    if lost:
        raise InputError("A deployment job replaces a certificate of %s only by one with all its names; %s lacks %s of %s on %s." % (
            product, wanted.name, ", ".join(lost), old.name, slot.target))
    contacts = contacts or [row["ContactId"] for row in cas_jobs.contacts(cloud)[:1]]
    if not contacts:
        raise InputError("A deployment job needs a contact, and CAS has none; make one in the CAS console.")
    resource, name = str(_resource(cloud, request)["Id"]), "job for " + wanted.name
    create = Step(CREATE, "cas", "CreateDeploymentJob", name, stage=1, params=dict(
        Name=wanted.name, JobType="user", CertIds=str(wanted.id), ResourceIds=resource,
        ContactIds=",".join(str(item) for item in contacts)))
    start = Step(START, "cas", "UpdateDeploymentJobStatus", name, dict(JobId=Ref(CREATE, "JobId"), Status="pending"), stage=2)
    return replace(slot, steps=(create, start), tag=resource)


def merge(slots):
    """One job for all: every create step gets the resource ids of all slots."""
    ids = ",".join(dict.fromkeys(slot.tag for slot in slots if slot.tag and slot.steps))
    return [replace(slot, steps=tuple(
        replace(step, params=dict(step.params, ResourceIds=ids)) if step.key == CREATE else step for step in slot.steps)) for slot in slots]


def preflight(cloud, step, params):
    """Before a job is made: is one under way already? Before it is started: does it match anything, and is there quota?

    Raises CollectionError; nothing is billed then.
    """
    if step.key == CREATE:
        others = cas_jobs.running(cloud, int(params["CertIds"]))
        if others:
            raise CollectionError("Deployment job %s of this certificate is still running; no second one was made, which would be billed, "
                                  "too. Run again when it has ended." % ", ".join(str(job) for job in others))
    if step.key != START:
        return
    status = _status(cloud, params["JobId"])
    left = (status.get("BuyCount") or 0) - (status.get("UseCount") or 0)
    if not status.get("MatchWorkerCount"):
        raise CollectionError("Deployment job %s matches no resource; the certificate's names do not fit. It was not started."
                              % params["JobId"])
    if (status.get("CostCount") or 0) > left:
        raise CollectionError("Deployment job %s costs %s of quota and %d are left; it was not started. Buy quota in the CAS console, or "
                              "use method: product, which is free." % (params["JobId"], status["CostCount"], left))


def _status(cloud, job):
    return cloud.call("cas", "DescribeDeploymentJobStatus", dict(JobId=job), target="job %s" % job)


def _done(status):
    return (status.get("SuccessCount") or 0) + (status.get("FailedCount") or 0)


def wait(cloud, applied, timing):
    """Wait for a started job to end; failed workers become errors of their resources. timing: (timeout, interval), or None not to wait."""
    if START not in applied.answers or timing is None:
        return
    job, (timeout, interval) = applied.answers[CREATE]["JobId"], timing
    try:
        # 0 of 0 is a job that has not begun
        poll(lambda: _status(cloud, job), lambda status: 0 < (status.get("WorkerCount") or 0) <= _done(status), timeout, interval,
             "deployment job %s to end" % job, lambda status: "%d of %s workers done" % (_done(status), status.get("WorkerCount")))
        workers = cas_jobs.workers(cloud, job)
    except CollectionError as error:
        applied.errors[START] = error
        return
    for worker in workers:
        resource = str(worker.get("ResourceId"))
        applied.jobs[resource] = dict(id=job, worker=worker.get("Id"))
        if worker.get("Status") == "error":
            applied.errors["job/resource/" + resource] = CollectionError("Its worker in deployment job %s failed." % job)


def worker_key(slot):
    """Under this key of Applied.errors stands that the slot's worker failed."""
    return "job/resource/" + slot.tag


def explanation(slot, now):
    """What can be said of a failed worker, by what the product has now."""
    if same(now, slot.after):
        return "The product has the new certificate nevertheless."
    left = "%s, as before" % now.name if now and same(now, slot.previous) else now.name if now else "no certificate"
    return ("CAS gives no reason; the product has %s. Often HTTPS is off there, the resource was being changed, or CAS's service role may "
            "not change it; method: product, where there is a driver, tells more." % left)


def roll_back(cloud, place, row, stored):
    """The slot that puts back what a job replaced: its worker is told to. Raises InputError when the row has no worker."""
    job, old = row.get("job") or {}, row["previous"]
    if not job.get("worker"):
        raise InputError("There is no driver for '%s'; put its certificate back in the product's console." % row["service"])
    slot = Slot(place, read_back(cloud, row, stored))
    after = Bound(old["id"], int(old["cas_id"] or 0), old["name"], old["fingerprint"], (), old["store"]) if old else None
    if same(slot.previous, after):
        return [slot]
    return [replace(slot, after=after, steps=(Step(
        slot.target, "cas", "UpdateWorkerResourceStatus", slot.target, dict(
            JobId=int(job["id"]), WorkerId=int(job["worker"]), Status="rollback"), stage=1),))]
