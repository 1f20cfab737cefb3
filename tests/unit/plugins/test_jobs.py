# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two ways through CAS: which resource is meant, one job for all, and what its end says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.daas.https.plugins.module_utils import _jobs
from ansible_collections.daas.https.plugins.module_utils._api.cas import Stored
from ansible_collections.daas.https.plugins.module_utils._domain.deployment import Bound, Slot, Wanted, place_of, plan_of
from ansible_collections.daas.https.plugins.module_utils._errors import CollectionError, InputError, WaitTimeout
from ansible_collections.daas.https.plugins.module_utils._plan import Ref
from ansible_collections.daas.https.plugins.module_utils._runner import Applied

A = "a" * 64
WANTED = Wanted(7, "shop-a", A, "1" * 40, ("www.example.com",), "cn-hangzhou")
STORED = {7: Stored(7, "shop-a", A, "1" * 40, ("www.example.com",), True, False, "2027-01-01"),
          5: Stored(5, "old", "b" * 64, "2" * 40, ("www.example.com",), True, False, "2027-01-01")}


class Desk:
    """CAS: resources, contacts, and the statuses of a job, one a read."""

    def __init__(self, resources=(), contacts=(), statuses=(), workers=()):
        self.resources, self.contacts, self.statuses, self.workers = list(resources), list(contacts), list(statuses), list(workers)
        self.asked, self.running = [], {}

    def pages(self, product, action, params, rows, total, **more):
        self.asked.append((action, params))
        return rows(dict(
            ListCloudResources=dict(Data=self.resources), ListContact=dict(ContactList=self.contacts),
            ListWorkerResource=dict(Data=self.workers), ListDeploymentJob=dict(Data=self.running.get(params.get("Status"), [])))[action])

    def call(self, product, action, params, target=""):
        self.asked.append((action, params))
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


def row(number=1, instance="", port="", domain="", cert=5, **more):
    return dict(dict(Id=number, InstanceId=instance, ListenerPort=port, Domain=domain, CertId=cert, CertName="seen"), **more)


def request(service="VOD", domain="files.example.com", instance=None, method="deployment_job", region=None):
    return dict(service=service, domain=domain, instance=instance, listener_port=443, method=method, region=region)


CONTACT = dict(ContactId=11, Name="Operations", Email="operations@example.com")


@pytest.mark.parametrize("rows, asked, number", [
    ([row(1, domain="files.example.com")], request(), 1),
    ([row(1, domain="files.example.com"), row(2, domain="x.files.example.com")], request(), 1),  # the keyword is fuzzy
    ([row(3, "alb-1", "443"), row(4, "alb-1", "8443"), row(5, "alb-10", "443")], request("ALB", None, "alb-1"), 3),
    ([row(3, "alb-1", 443, DefaultResource=1), row(4, "alb-1", 443, DefaultResource=0)], request("ALB", None, "alb-1"), 3),
    ([row(6, "fc-1")], request("FC", None, "fc-1"), 6),  # a product without listeners
])
def test_the_resource_that_is_meant(rows, asked, number):
    assert _jobs._resource(Desk(rows), asked)["Id"] == number


@pytest.mark.parametrize("rows, asked, words", [
    ([], request(), ["CAS lists 0 resources for VOD files.example.com", "cache"]),
    ([row(1, domain="files.example.com"), row(2, domain="files.example.com")], request(), ["CAS lists 2 resources"]),
    ([], request("ALB", None), ["service 'ALB' needs instance or domain"]),
])
def test_none_or_several_is_refused(rows, asked, words):
    with pytest.raises(InputError) as caught:
        _jobs._resource(Desk(rows), asked)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("cert, bound", [
    (5, Bound("5", 5, "old", "b" * 64, ("www.example.com",))), (9, Bound("9", 9, "seen", "")), (0, None), (None, None),
])
def test_read_back(cert, bound):
    assert _jobs.read_back(Desk([row(1, domain="files.example.com", cert=cert)]), request(), STORED) == bound


def plan(desk, asked=None, contacts=()):
    (slot,) = _jobs.plan(desk, asked or request(), WANTED, STORED, contacts)
    return slot


@pytest.mark.parametrize("given, ids", [((), "11"), ((3, 4), "3,4")])
def test_a_job_is_made_and_then_started(given, ids):
    slot = plan(Desk([row(1, domain="files.example.com")], [CONTACT, dict(CONTACT, ContactId=12)]), contacts=given)
    create, start = slot.steps
    assert create.params == dict(Name="shop-a", JobType="user", CertIds="7", ResourceIds="1", ContactIds=ids)
    assert (start.action, start.params) == ("UpdateDeploymentJobStatus", dict(JobId=Ref("job/create", "JobId"), Status="pending"))
    assert create.stage < start.stage and slot.tag == "1" and slot.after.fingerprint == A


def test_what_is_there_needs_no_job():
    slot = plan(Desk([row(1, domain="files.example.com", cert=7)]))
    assert not slot.steps and slot.previous.fingerprint == A


def test_a_job_needs_a_contact():
    with pytest.raises(InputError, match="needs a contact.*CAS console"):
        plan(Desk([row(1, domain="files.example.com")]))


def test_a_job_cannot_set_an_sni_slot():
    slot = Slot(place_of(dict(service="slb", region="cn-hangzhou", instance="lb-1", listener_port=443), "additional", "a.example.com"))
    with pytest.raises(InputError, match="cannot set the SNI slot slb/cn-hangzhou/lb-1:443/additional/a.example.com"):
        _jobs.replace_steps(Desk(), request("slb"), [slot], WANTED, (1,))


WIDE = Bound("9", 9, "wide", "c" * 64, ("www.example.com", "api.example.com"))
SAME = replace(WIDE, names=WANTED.names)


@pytest.mark.parametrize("service, old, words", [
    (service, None, ["only replaces a certificate that", "has already, and %s/" % service.lower(), "Bind one first"])
    for service in ("slb", "ga", "SAE", "FC", "MSE", "APIGateway", "ACK")] + [
    ("slb", WIDE, ["only by one with all its names", "shop-a lacks api.example.com of wide on slb/"]),
    ("ga", WIDE, ["lacks api.example.com"]),
])
def test_what_a_job_is_known_to_refuse_is_refused_before_there_is_one(service, old, words):
    desk, asked = Desk([row(1, "i-1", "443")], [CONTACT]), request(service, None, "i-1", region="cn-hangzhou")
    with pytest.raises(InputError) as caught:
        _jobs.replace_steps(desk, asked, [Slot(place_of(asked, "default"), old)], WANTED, ())
    assert all(word in str(caught.value) for word in words) and desk.asked == []


@pytest.mark.parametrize("service, old", [
    ("slb", SAME), ("ga", SAME), ("slb", replace(WIDE, names=())),  # unknown names are not known to be lost
    ("alb", None), ("alb", WIDE), ("VOD", None), ("FC", WIDE),
])
def test_what_a_job_can_do(service, old):
    desk, asked = Desk([row(1, "i-1", "443")], [CONTACT]), request(service, None, "i-1", region="cn-hangzhou")
    (slot,) = _jobs.replace_steps(desk, asked, [Slot(place_of(asked, None), old)], WANTED, ())
    assert [step.action for step in slot.steps] == ["CreateDeploymentJob", "UpdateDeploymentJobStatus"]


# -- failed workers, and back again ---------------------------------------------------------------------------------------------------

AFTER = Bound(None, 7, "shop-a", A, WANTED.names)


@pytest.mark.parametrize("previous, now, words", [
    (SAME, AFTER, ["has the new certificate nevertheless"]), (SAME, SAME, ["has wide, as before", "method: product"]),
    (SAME, None, ["has no certificate"]), (None, None, ["has no certificate"]),
    (SAME, Bound("8", 8, "third", "d" * 64), ["has third."]),
])
def test_what_can_be_said_of_a_failed_worker(previous, now, words):
    text = _jobs.explanation(Slot(place_of(request(), None, "files.example.com"), previous, AFTER), now)
    assert all(word in text for word in words) and ("as before" in text) == (now is SAME)


def changed(previous=5, **more):
    """A row of a result, as a job left it."""
    old = dict(id=str(previous), cas_id=previous, name="old", fingerprint="b" * 64, store="cn-hangzhou") if previous else None
    return dict(request(), slot=None, previous=old, **more)


def back(given, now):
    desk = Desk([row(1, domain="files.example.com", cert=now)])
    (slot,) = _jobs.roll_back(desk, place_of(given, None, given["domain"]), given, STORED)
    return slot


@pytest.mark.parametrize("job", [dict(id=3, worker=8), dict(id="3", worker="8")])  # a result that went through a template holds text
def test_a_worker_puts_back_what_it_replaced(job):
    slot = back(changed(job=job), 7)
    (step,) = slot.steps
    assert (step.action, step.params) == ("UpdateWorkerResourceStatus", dict(JobId=3, WorkerId=8, Status="rollback"))
    assert (slot.previous.name, slot.after.name, slot.after.cas_id) == ("shop-a", "old", 5)


def test_a_worker_empties_what_was_empty():
    slot = back(changed(None, job=dict(id=3, worker=8)), 7)
    assert slot.after is None and len(slot.steps) == 1


@pytest.mark.parametrize("previous, now", [(5, 5), (None, 0)])
def test_what_is_back_already_needs_no_worker(previous, now):
    assert not back(changed(previous, job=dict(id=3, worker=8)), now).steps


@pytest.mark.parametrize("job", [None, {}, dict(id=3, worker=None)])
def test_without_a_worker_nothing_can_be_put_back(job):
    desk = Desk([row(1, domain="files.example.com", cert=7)])
    for given in (changed(job=job), changed()):
        with pytest.raises(InputError, match="no driver for 'VOD'; put its certificate back in the product's console"):
            _jobs.roll_back(desk, place_of(given, None, given["domain"]), given, STORED)
    assert desk.asked == []


def test_one_job_for_all():
    slots = [plan(Desk([row(number, domain="files.example.com")]), contacts=(1,)) for number in (1, 2, 1)]
    merged = _jobs.merge(slots + [Slot(slots[0].place, tag="9")])
    steps = plan_of(merged).steps
    assert [step.action for step in steps] == ["CreateDeploymentJob", "UpdateDeploymentJobStatus"]
    assert steps[0].params["ResourceIds"] == "1,2"


@pytest.mark.parametrize("asked, params", [
    (request(method="cloud_resource"), dict(CloudServiceType="VOD", CloudServiceInstanceId="files.example.com", RegionId="cn-hangzhou")),
    (request("ALB", None, "alb-1", "cloud_resource", "cn-shanghai"),
     dict(CloudServiceType="ALB", CloudServiceInstanceId="alb-1", RegionId="cn-shanghai")),
])
def test_the_single_call(asked, params):
    slot = plan(Desk([row(1, asked["instance"] or "", domain=asked["domain"] or "")]), asked)
    (step,) = slot.steps
    assert step.action == "DeployCertificateToCloudResource"
    assert params.items() <= step.params.items() and step.params["CertificateId"] == "7"


def status(**counts):
    return dict(dict(MatchWorkerCount=1, BuyCount=5, UseCount=4, CostCount=1), **counts)


def steps():
    return plan(Desk([row(1, domain="files.example.com")]), contacts=(1,)).steps


@pytest.mark.parametrize("counts, words", [
    ({}, None), (dict(CostCount=0, BuyCount=0, UseCount=0), None), (dict(CostCount=None), None),
    (dict(CostCount=2), ["costs 2 of quota and 1 are left", "was not started", "method: product"]),
    (dict(BuyCount=None, UseCount=None), ["0 are left"]), (dict(MatchWorkerCount=0), ["matches no resource", "was not started"]),
])
def test_quota_is_looked_at_before_a_job_is_started(counts, words):
    desk = Desk(statuses=[status(**counts)])
    _jobs.preflight(desk, steps()[0], dict(CertIds="7"))
    assert {action for action, _params in desk.asked} == {"ListDeploymentJob"}, "making a job is free"
    if words is None:
        _jobs.preflight(desk, steps()[1], dict(JobId=3))
        return
    with pytest.raises(CollectionError) as caught:
        _jobs.preflight(desk, steps()[1], dict(JobId=3))
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("state", ["pending", "scheduling", "processing"])
def test_no_second_job_is_made_while_one_is_running(state):
    desk = Desk()
    desk.running[state] = [dict(Id=12)]
    with pytest.raises(CollectionError, match=r"job 12 of this certificate is still running.*billed.*Run again"):
        _jobs.preflight(desk, steps()[0], dict(CertIds="7"))
    assert all(params["CertId"] == 7 and params["JobType"] == "user" for _action, params in desk.asked)


def started():
    return Applied(answers={_jobs.CREATE: dict(JobId=3), _jobs.START: {}})


RUNNING = [dict(WorkerCount=0), dict(WorkerCount=2, SuccessCount=0), dict(WorkerCount=2, SuccessCount=1), dict(
    WorkerCount=2, SuccessCount=1, FailedCount=1)]


def test_waiting_for_a_job():
    desk, applied = Desk(statuses=RUNNING, workers=[
        dict(Id=8, Status="success", ResourceId=1), dict(Id=9, Status="error", ResourceId=2)]), started()
    _jobs.wait(desk, applied, (5, 0.01))
    assert list(applied.errors) == ["job/resource/2"] and "deployment job 3 failed" in str(applied.errors["job/resource/2"])
    assert len(desk.asked) == len(RUNNING) + 1 and applied.jobs == {"1": dict(id=3, worker=8), "2": dict(id=3, worker=9)}


def test_a_job_that_takes_too_long():
    applied = started()
    _jobs.wait(Desk(statuses=[RUNNING[2]]), applied, (0, 0.01))
    assert isinstance(applied.errors[_jobs.START], WaitTimeout) and "1 of 2 workers done" in str(applied.errors[_jobs.START])


@pytest.mark.parametrize("applied, timing", [(started(), None), (Applied(), (5, 1)), (Applied(answers={_jobs.CREATE: dict(JobId=3)}), (5,
                                                                                                                                       1))])
def test_nothing_is_waited_for_without_reason(applied, timing):
    desk = Desk(statuses=[RUNNING[0]])
    _jobs.wait(desk, applied, timing)
    assert desk.asked == [] and not applied.errors
