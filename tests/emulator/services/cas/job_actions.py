# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAS's calls that deploy: jobs as the vendor documents them, and the single call of the specification. The rules are in jobs."""

from __future__ import annotations

import collections
import json
from datetime import datetime, timezone
from typing import Any

from ... import pki
from ...rpc import Action, Call, declare, numbered_page
from ...state import CloudError
from . import errors
from .jobs import BALANCERS, DOMAINS, LISTED, Job, Resource, Worker

SDK = "alibabacloud-cas20200407"
USER = 1000000000000001


def list_contacts(cloud: Any, call: Call) -> dict[str, Any]:
    word = call.text("Keyword").lower()
    rows = [contact for contact in cloud.cas.contacts.values() if word in contact.name.lower() or word in contact.email.lower()]
    page, number, size = numbered_page(cloud, call, rows, "CurrentPage", "ShowSize", 20, 1000)
    return {"CurrentPage": number, "ShowSize": size, "TotalCount": len(rows), "Keyword": call.text("Keyword"), "ContactList": [
        {"ContactId": contact.id, "Name": contact.name, "Email": contact.email, "EmailStatus": 1} for contact in page]}


def list_cloud_resources(cloud: Any, call: Call) -> dict[str, Any]:
    rows = [row for row in (_resource(cloud, resource) for resource in cloud.cas.jobs.resources())
            if call.text("CloudName") in ("", "aliyun") and call.text("CloudProduct") in ("", row["CloudProduct"])
            and call.text("Keyword").lower() in "{InstanceId} {Domain}".format_map(row).lower()]
    if call.text("CertIds"):
        numbers = json.loads(call.text("CertIds"))
        if not isinstance(numbers, list) or not all(isinstance(number, int) and number is not True for number in numbers):
            raise errors.invalid("CertIds")
        names = [name for number in numbers for name in cloud.cas.get(number).material.names]
        rows = [row for row in rows if any(pki.covers(tuple(names), name) for name in row["Domain"].split(","))]
    page, number, size = numbered_page(cloud, call, rows, "CurrentPage", "ShowSize", 20, 1000)
    return {"CurrentPage": number, "ShowSize": size, "Total": len(rows), "Data": page}


def create_job(cloud: Any, call: Call) -> dict[str, Any]:
    if call.text("JobType") not in ("user", "cloud"):
        raise errors.invalid("JobType")
    # Milliseconds, as third-party clients send them; the vendor's reference names no unit.
    when = datetime.fromtimestamp(call.number("ScheduleTime") / 1000, timezone.utc) if call.number("ScheduleTime") > 0 else None
    job = cloud.cas.jobs.create(call.text("Name"), call.text("JobType"), _numbers(call, "CertIds"), _numbers(call, "ResourceIds"),
                                _numbers(call, "ContactIds"), when)
    return {"JobId": job.id}


def set_job_status(cloud: Any, call: Call) -> dict[str, Any]:
    cloud.cas.jobs.set_status(cloud.cas.jobs.get(call.number("JobId")), call.text("Status"))
    return {"Data": True}


def describe_job(cloud: Any, call: Call) -> dict[str, Any]:
    job = cloud.cas.jobs.watch(cloud.cas.jobs.get(call.number("JobId")))
    contacts = [cloud.cas.contacts[number] for number in job.contacts]
    return {**_job(cloud, job), "CasContacts": [
        {"Id": str(contact.id), "Name": contact.name, "Email": contact.email, "Mobile": ""} for contact in contacts]}


def describe_job_status(cloud: Any, call: Call) -> dict[str, Any]:
    jobs = cloud.cas.jobs
    job = jobs.watch(jobs.get(call.number("JobId")))
    count = jobs.counts(job)
    products = collections.Counter(worker.resource.product for worker in job.workers)
    return {"BuyCount": cloud.cas.quota, "UseCount": cloud.cas.quota_used, "CostCount": jobs.cost(job), "CertCount": len(job.certificates),
            "ResourceCount": len({worker.resource.id for worker in job.workers}), "MatchWorkerCount": len(job.workers),
            "WorkerCount": len(job.workers), "SuccessCount": count["success"], "FailedCount": count["error"],
            "RollbackCount": count["rollback"], "RollbackSuccessCount": count["rollback_success"],
            "RollbackFailedCount": count["rollback_error"],
            "ProductWorkerCount": [{"ProductName": name, "Count": number} for name, number in sorted(products.items())]}


def list_jobs(cloud: Any, call: Call) -> dict[str, Any]:
    rows = [job for job in cloud.cas.jobs.jobs.values()
            if call.text("Status") in ("", job.status) and call.text("JobType") in ("", job.kind)
            and call.text("InstanceId") in ("", _instance(job))
            and (not call.text("CertId") or call.number("CertId") in [held.id for held in job.certificates])]
    page, number, size = numbered_page(cloud, call, rows, "CurrentPage", "ShowSize", 50, 1000)
    return {"CurrentPage": number, "ShowSize": size, "Total": len(rows), "Data": [_job(cloud, job) for job in page]}


def list_job_certificates(cloud: Any, call: Call) -> dict[str, Any]:
    held = cloud.cas.jobs.get(call.number("JobId")).certificates
    return {"Data": [{"CertId": item.id, "CertName": item.name, "CertInstanceId": item.instance_id, "CertOrderType": "upload",
                      "CertType": "DV", "CommonName": item.material.common_name, "Sans": list(item.material.names), "StatusCode": "upload",
                      "IsTrustee": False, "NotBeforeTime": int(item.material.not_before.timestamp()),
                      "NotAfterTime": int(item.material.not_after.timestamp())} for item in held]}


def list_job_resources(cloud: Any, call: Call) -> dict[str, Any]:
    job = cloud.cas.jobs.get(call.number("JobId"))
    return {"Data": [_resource(cloud, worker.resource) for worker in job.workers]}


def list_workers(cloud: Any, call: Call) -> dict[str, Any]:
    job = cloud.cas.jobs.watch(cloud.cas.jobs.get(call.number("JobId")))
    rows = [worker for worker in job.workers
            if call.text("Status") in ("", worker.status) and call.text("CloudProduct") in ("", worker.resource.product)]
    page, number, size = numbered_page(cloud, call, rows, "CurrentPage", "ShowSize", 50, 1000)
    return {"CurrentPage": number, "ShowSize": size, "Total": len(rows), "Data": [_worker(cloud, job, worker) for worker in page]}


def set_worker_status(cloud: Any, call: Call) -> dict[str, Any]:
    jobs = cloud.cas.jobs
    jobs.set_worker_status(jobs.get(call.number("JobId")), call.number("WorkerId"), call.text("Status"))
    return {"Data": True}


def delete_job(cloud: Any, call: Call) -> dict[str, Any]:
    job = cloud.cas.jobs.get(call.number("JobId"))
    if job.status not in ("success", "error", "editing"):
        raise CloudError("InvalidStatus.UpdateProtection", "任务正在执行，无法删除。")
    del cloud.cas.jobs.jobs[job.id]
    return {}


def deploy_to_cloud_resource(cloud: Any, call: Call) -> dict[str, Any]:
    """The specification's single call; ListenerPort and Domain are assumed."""
    if not cloud.cas.offers_single_call:
        raise errors.no_such_call()
    digits = call.text("CertificateId").partition("-")[0]
    if cloud.cas.find_material(call.text("CertificateId")) is None:
        raise errors.not_found()
    if cloud.cas.is_expired(cloud.cas.get(int(digits))):
        raise errors.expired()
    kind, instance = call.text("CloudServiceType"), call.text("CloudServiceInstanceId")
    if kind in DOMAINS:
        accelerated = cloud.cas.jobs.accelerated(kind)
        accelerated.begin(accelerated.get(instance))
        accelerated.bind_from_cas(instance, int(digits))
    elif kind == "SLB":
        listener = cloud.slb.listener(instance, call.number("ListenerPort", 443), call.text("RegionId"))
        cloud.slb.begin(listener)
        cloud.slb.bind_from_cas(listener, int(digits), call.text("Domain"))
    elif kind in BALANCERS:
        balancers = cloud.cas.jobs.balancers(kind)
        listener = balancers.find_port(instance, call.text("RegionId"), call.number("ListenerPort", 443))
        balancers.begin(listener)
        if balancers.has(listener, int(digits), 0):
            raise errors.deploy_failed("the certificate is an additional one of the listener")
        balancers.bind_from_cas(listener, 0, int(digits))
    else:
        raise errors.deploy_failed("{0} is not part of this cloud".format(kind))
    return {"DeploymentStatus": "success"}


def _numbers(call: Call, name: str) -> list[int]:
    parts = [part.strip() for part in call.text(name).split(",") if part.strip()]
    if not parts or not all(part.isdigit() for part in parts):
        raise errors.invalid(name)
    return [int(part) for part in parts]


def _resource(cloud: Any, resource: Resource) -> dict[str, Any]:
    material, cas_id = cloud.cas.jobs.bound(resource)
    row: dict[str, Any] = {
        "Id": resource.id, "CloudName": "aliyun", "CloudProduct": resource.product, "UserId": USER, "EnableHttps": 1, "UseSsl": 1,
        "DefaultResource": 1, "Status": "online", "GmtCreate": _milliseconds(resource.created),
        "GmtModified": _milliseconds(resource.created),
        "CertId": cas_id or 0, "CertName": cloud.cas.name_of(cas_id) if cas_id in cloud.cas.certificates else "",
        "CertStartTime": _milliseconds(material.not_before) if material else "",
        "CertEndTime": _milliseconds(material.not_after) if material else ""}
    if resource.product in DOMAINS or resource.product in LISTED:
        return {**row, "InstanceId": resource.key[0], "Domain": resource.key[0], "ListenerId": "", "ListenerPort": "", "RegionId": ""}
    if resource.product in BALANCERS:
        listener = cloud.cas.jobs.balancers(resource.product).listeners[resource.key[0]]
        return {**row, "InstanceId": listener.load_balancer_id, "Domain": ",".join(material.names) if material else "",
                "RegionId": listener.region, "CloudRegion": listener.region, "ListenerId": listener.id, "ListenerPort": str(listener.port),
                "DefaultResource": int(not resource.key[1])}
    region = cloud.slb.load_balancers[resource.key[0]].region
    return {**row, "InstanceId": resource.key[0], "Domain": ",".join(material.names) if material else "", "RegionId": region,
            "CloudRegion": region, "ListenerId": str(resource.key[1]), "ListenerPort": str(resource.key[1])}


def _worker(cloud: Any, job: Job, worker: Worker) -> dict[str, Any]:
    shown, held = _resource(cloud, worker.resource), worker.certificate
    return {"Id": worker.id, "JobId": job.id, "CertId": held.id, "CertName": held.name, "CertInstanceId": held.instance_id,
            "CertDomain": ",".join(held.material.names), "ListenerId": shown["ListenerId"],
            "GmtCreate": _time(job.created), "GmtModified": _time(job.ended or job.started or job.created),
            "CloudName": "aliyun", "CloudProduct": worker.resource.product, "InstanceId": shown["InstanceId"],
            "RegionId": shown["RegionId"], "Port": int(shown["ListenerPort"] or 0), "ResourceDomain": shown["Domain"],
            "ResourceId": worker.resource.id,
            "ResourceCertId": worker.previous or 0, "DefaultResource": bool(shown["DefaultResource"]), "Status": worker.status,
            "UserId": USER}


def _job(cloud: Any, job: Job) -> dict[str, Any]:
    names = [name for held in job.certificates for name in held.material.names]
    return {"Id": job.id, "InstanceId": _instance(job), "Name": job.name, "JobType": job.kind, "Status": job.status,
            "CertType": "upload", "UserId": USER, "Del": 0,
            "CertDomain": ",".join(names), "ProductName": ",".join(sorted({worker.resource.product for worker in job.workers})),
            "Rollback": 0, "GmtCreate": _time(job.created), "GmtModified": _time(job.ended or job.started or job.created),
            "StartTime": _time(job.started), "EndTime": _time(job.ended), "ScheduleTime": _time(job.scheduled)}


def _instance(job: Job) -> str:
    return "cas-cn-{0:08x}".format(job.id)


def _time(moment: datetime | None) -> str:
    """Jobs tell their times in seconds and resources in milliseconds, as text both: the vendor's own examples do."""
    return str(int(moment.timestamp())) if moment else ""


def _milliseconds(moment: datetime) -> str:
    return str(int(moment.timestamp()) * 1000)


PAGES = " CurrentPage:integer ShowSize:integer"
ACTIONS = (
    Action("ListContact", list_contacts, declare("Keyword" + PAGES), doc_ref=SDK),
    Action("ListCloudResources", list_cloud_resources, declare("CertIds:json CloudName CloudProduct Keyword SecretId" + PAGES),
           doc_ref=SDK),
    Action("CreateDeploymentJob", create_job, declare("CertIds! ContactIds! JobType! Name! ResourceIds! ScheduleTime:integer"),
           writes=True, doc_ref=SDK),
    Action("UpdateDeploymentJobStatus", set_job_status, declare("JobId!:integer Status!"), writes=True, doc_ref=SDK),
    Action("DescribeDeploymentJob", describe_job, declare("JobId!:integer"), doc_ref=SDK, ram="DescribeDeployment"),
    Action("DescribeDeploymentJobStatus", describe_job_status, declare("JobId!:integer"), doc_ref=SDK),
    Action("ListDeploymentJob", list_jobs, declare("CertId:integer InstanceId JobType Status" + PAGES), doc_ref=SDK),
    Action("ListDeploymentJobCert", list_job_certificates, declare("JobId!:integer"), doc_ref=SDK),
    Action("ListDeploymentJobResource", list_job_resources, declare("JobId!:integer"), doc_ref=SDK),
    Action("ListWorkerResource", list_workers, declare("JobId!:integer CloudProduct Status" + PAGES), doc_ref=SDK),
    Action("UpdateWorkerResourceStatus", set_worker_status, declare("JobId!:integer Status! WorkerId!:integer"), writes=True, doc_ref=SDK),
    Action("DeleteDeploymentJob", delete_job, declare("JobId!:integer"), writes=True, doc_ref=SDK),
    Action("DeployCertificateToCloudResource", deploy_to_cloud_resource, declare(
        "CertificateId! CloudServiceType! CloudServiceInstanceId! RegionId! ListenerPort:integer Domain"),
        writes=True, provenance="specified", doc_ref="specification, deployment to cloud resources"),
)
