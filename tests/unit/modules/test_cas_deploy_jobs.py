# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployment jobs that do not end, or not well: what is said, what is done about it, and how a job's work is taken back."""

from __future__ import annotations

import pytest

from tests.support.triple import observed, triple
from tests.unit.modules.test_cas_deploy import DEFAULT, IMG, JOB, NAME, SHANGHAI, Stage, rows

CREATE, START, BACK = "CreateDeploymentJob", "UpdateDeploymentJobStatus", "UpdateWorkerResourceStatus"
LISTENER, DOMAIN = "slb/cn-shanghai/lb-empty2:8443/default", "cdn/img.example.com"
VOD = dict(service="VOD", domain="media.shop.example.com")  # a product without a driver
FILMS = "vod/media.shop.example.com"


@pytest.fixture
def stage(cloud, materials):
    return listed(cloud, materials)


def listed(cloud, materials):
    """The stage, with domains of products that only CAS's list of resources has."""
    stage = Stage(cloud, materials)
    cloud.cloud.cas.jobs.add_listed("VOD", VOD["domain"], stage.ids["old"])
    cloud.cloud.cas.jobs.add_listed("FC", "api.example.com")
    cloud.cloud.cas.jobs.resources()
    return stage


def run(stage, *resources, check=False, **more):
    """As Stage.deploy, by a job; more overrides options."""
    return noted(stage, {**stage.options(*resources, **JOB), **more}, check)


def restore(stage, deployed, **more):
    return noted(stage, {**stage.restore(deployed), **more})


def noted(stage, options, check=False):
    result, writes = observed(stage.handle, NAME, options, check=check)
    return result, [action for _product, action in writes]


def jobs(stage):
    return stage.handle.cloud.cas.jobs


def breaks(stage, product, name):
    """From now on the worker of this resource fails."""
    [resource] = [resource for resource in jobs(stage).resources() if resource.product == product and resource.key[0] == name]
    jobs(stage).broken.add(resource.id)
    return resource.id


def films(stage):
    """The name of the material that the domain without a driver has."""
    held = jobs(stage).listed["VOD", VOD["domain"]].material
    return next(name for name in ("old", "new") if getattr(stage.materials, name) is held)


# -- a job that does not end ---------------------------------------------------------------------------------------------------------

def test_a_job_that_never_ends_is_waited_for_so_long_and_said(stage):
    stage.handle.cloud.cas.jobs_stuck = True
    result, writes = run(stage, SHANGHAI, IMG, wait_timeout=1)
    assert result["failed"] and writes == [CREATE, START]
    [job] = jobs(stage).jobs.values()
    assert "2 of 2 targets failed" in result["msg"]
    for row in rows(result).values():
        assert all(word in row["error"] for word in ("deployment job %d to end" % job.id, "0 of 2 workers done", "wait_timeout"))
        assert not row["verified"] and row["current"] == row["previous"]
    assert result["changed"], "the job was started"


def test_while_it_is_running_no_second_one_is_made_and_paid_for(stage):
    stage.handle.cloud.cas.jobs_stuck = True
    run(stage, SHANGHAI, IMG, wait_timeout=1)
    [job] = jobs(stage).jobs.values()
    result, writes = run(stage, SHANGHAI, IMG, wait_timeout=1)
    assert result["failed"] and writes == [] and not result["changed"] and len(jobs(stage).jobs) == 1
    assert "job %d of this certificate is still running" % job.id in result["msg"]


def test_the_next_run_goes_by_what_is_there(stage):
    """The job ended after all while nobody looked: no second one is made, and none is paid for."""
    stage.handle.cloud.cas.jobs_stuck = True
    run(stage, SHANGHAI, IMG, wait_timeout=1)
    stage.handle.cloud.cas.jobs_stuck = False
    [job] = jobs(stage).jobs.values()
    with stage.handle.cloud.lock:
        jobs(stage).watch(job)
    result, writes = run(stage, SHANGHAI, IMG)
    assert not result["failed"] and not result["changed"] and writes == []
    assert {row["skipped_reason"] for row in rows(result).values()} == {"already so"}


def test_without_waiting_a_job_is_only_started(stage):
    stage.handle.cloud.cas.jobs_stuck = True
    result, writes = run(stage, IMG, wait=False)
    assert not result["failed"] and result["changed"] and writes == [CREATE, START]
    assert not rows(result)[DOMAIN]["verified"] and rows(result)[DOMAIN]["current"]["fingerprint"] == stage.materials.old.fingerprint


# -- a job that fails in part ----------------------------------------------------------------------------------------------------------

def test_a_failed_worker_is_explained_and_the_others_work_is_kept(stage):
    breaks(stage, "CDN", "img.example.com")
    result, writes = run(stage, SHANGHAI, IMG)
    assert result["failed"] and "1 of 2 targets failed" in result["msg"] and writes == [CREATE, START]
    done, failed = rows(result)[LISTENER], rows(result)[DOMAIN]
    assert done["verified"] and done["changed"] and done["error"] is None and stage.served("slb/lb-empty2/8443")[0] == "new"
    assert all(word in failed["error"] for word in ("worker in deployment job", "CAS gives no reason", "as before", "method: product"))
    assert (failed["changed"], failed["verified"]) == (False, False) and failed["previous"] == failed["current"]
    assert stage.served("cdn")[1]["img.example.com"] == "old"
    assert done["job"]["id"] == failed["job"]["id"] and done["job"]["worker"] != failed["job"]["worker"]
    assert result["diff"]["after"][DOMAIN] == result["diff"]["before"][DOMAIN] != result["diff"]["after"][LISTENER]


def test_what_the_job_did_is_put_back_by_the_driver(stage):
    breaks(stage, "CDN", "img.example.com")
    deployed, _writes = run(stage, SHANGHAI, IMG)
    _check, real, _again = triple(stage.handle, NAME, stage.restore(deployed), stage.materials.keys)
    assert [action["action"] for action in real["actions"]] == [DEFAULT] and list(rows(real)) == [LISTENER]
    assert stage.served("slb/lb-empty2/8443")[0] == "old"


def test_the_next_run_does_only_what_failed(stage):
    broken = breaks(stage, "CDN", "img.example.com")
    run(stage, SHANGHAI, IMG)
    jobs(stage).broken.clear()
    result, _writes = run(stage, SHANGHAI, IMG)
    assert not result["failed"], result["msg"]
    assert [row["changed"] for row in (rows(result)[LISTENER], rows(result)[DOMAIN])] == [False, True]
    assert [worker.resource.id for worker in list(jobs(stage).jobs.values())[-1].workers] == [broken]


# -- a product without a driver --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("calm", [True, False], ids=["calm", "adverse"])
def test_its_worker_puts_back_what_it_replaced(cloud, materials, calm):
    cloud.reset(calm=calm)
    stage = listed(cloud, materials)
    _check, deployed, _again = triple(cloud, NAME, stage.options(VOD, IMG, **JOB), materials.keys)
    assert films(stage) == "new" and rows(deployed)[FILMS]["verified"] and rows(deployed)[FILMS]["method"] == "deployment_job"
    _check, real, _again = triple(cloud, NAME, stage.restore(deployed), materials.keys)
    assert sorted(action["action"] for action in real["actions"]) == ["SetCdnDomainSSLCertificate", BACK]
    assert films(stage) == "old" and stage.served("cdn")[1]["img.example.com"] == "old"
    assert all(row["verified"] for row in rows(real).values())


def test_a_worker_that_failed_there_is_explained_by_cas_list(stage):
    breaks(stage, "VOD", VOD["domain"])
    result, _writes = run(stage, VOD)
    assert result["failed"] and "as before" in rows(result)[FILMS]["error"] and not rows(result)[FILMS]["changed"]
    again, writes = restore(stage, result)
    assert not again["failed"] and writes == [] and not rows(again), "there is nothing to put back"


def test_a_worker_that_cannot_put_back_is_waited_for_so_long_and_said(stage):
    """What it replaced is in CAS no more."""
    deployed, _writes = run(stage, VOD)
    del stage.handle.cloud.cas.certificates[stage.ids["old"]]
    result, writes = restore(stage, deployed, wait_timeout=1)
    assert result["failed"] and writes == [BACK] and films(stage) == "new"
    assert all(word in rows(result)[FILMS]["error"] for word in ("Waited", FILMS, "the last state seen was: new-"))


# -- what is refused before there is a job ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("resource, certificate, words", [
    (dict(service="FC", domain="api.example.com"), "new", ["only replaces a certificate that FC has already", "Bind one first"]),
    (dict(SHANGHAI, slot="default", force=True), "narrow", ["only by one with all its names", "SLB", "lacks", "api.example.com"]),
    (dict(SHANGHAI, slot="additional", domains=["www.example.com"]), "new", ["cannot set the SNI slot", "method: product"]),
])
@pytest.mark.parametrize("check", [True, False])
def test_what_a_job_cannot_do_is_refused_before_there_is_one(stage, resource, certificate, words, check):
    result, writes = run(stage, resource, IMG, certificate=dict(id=stage.ids[certificate]), check=check)
    assert result["failed"] and writes == [] and not result["changed"] and not jobs(stage).jobs
    assert all(word in result["msg"] for word in words), result["msg"]


def test_the_cloud_refuses_a_first_binding_as_well(stage):
    """What the refusal spares: a job that costs, and fails without a word."""
    number = breaks(stage, "FC", "api.example.com")
    jobs(stage).broken.clear()
    job = jobs(stage).create("renew", "user", [stage.ids["new"]], [number], [min(stage.handle.cloud.cas.contacts)], None)
    jobs(stage).set_status(job, "pending")
    assert [worker.status for worker in job.workers] == ["error"] and stage.handle.cloud.cas.quota_used == 1
