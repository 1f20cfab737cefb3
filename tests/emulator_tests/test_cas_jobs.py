# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAS as a deployer: jobs from editing to the wire, what fails without a word, what is paid for; and the specification's single call."""

from __future__ import annotations

import datetime

import pytest

from tests.emulator import pki
from tests.support.account import account

NAMES = ["www.example.com", "img.example.com"]
WEB = "slb/lb-web/443"


@pytest.fixture
def calm():
    with account() as made:
        yield made


@pytest.fixture
def slow():
    with account(slow_states=True) as made:
        yield made


@pytest.fixture(scope="module")
def authority():
    return pki.Authority.create()


@pytest.fixture(scope="module")
def old(authority):
    return authority.issue(NAMES, key="ec", days=12)


@pytest.fixture(scope="module")
def new(authority):
    return authority.issue(NAMES, key="ec")


def shop(made, material, cas_id=0):
    """A listener and a CDN domain that serve `material`, as CAS's list of resources has them: {product: Id}."""
    slb = made.cloud.slb
    slb.add_load_balancer("lb-web", "cn-hangzhou", address="203.0.113.10")
    slb.add_https_listener("lb-web", 443, slb.add_certificate("cn-hangzhou", "shop", material, cas_id=cas_id))
    made.cloud.cdn.add_domain("img.example.com", certificate=material, certificate_name="shop", cas_id=cas_id)
    return {row["CloudProduct"]: row["Id"] for row in made.call("cas", "ListCloudResources", ShowSize=100)["Data"]}


def job(made, certificate, resources, **params):
    contact = made.cloud.cas.add_contact("Operations", "operations@example.com")
    return made.call("cas", "CreateDeploymentJob", Name="deploy", JobType="user", CertIds=certificate, ContactIds=contact,
                     ResourceIds=",".join(map(str, resources)), **params)["JobId"]


def start(made, number, status="pending"):
    return made.call("cas", "UpdateDeploymentJobStatus", JobId=number, Status=status)


def counts(made, number):
    answer = made.call("cas", "DescribeDeploymentJobStatus", JobId=number)
    names = ("Worker", "Success", "Failed", "Cost", "Use", "Buy", "RollbackSuccess", "RollbackFailed")
    return {name: answer[name + "Count"] for name in names}


def workers(made, number):
    return {row["CloudProduct"]: row for row in made.call("cas", "ListWorkerResource", JobId=number)["Data"]}


def test_a_job_from_editing_to_the_wire(slow, old, new):
    before, number = slow.upload("old", old), slow.upload("new", new)
    made = job(slow, number, shop(slow, old, before).values())

    def status():
        return slow.call("cas", "DescribeDeploymentJob", JobId=made)["Status"]

    assert [status(), status()] == ["editing", "editing"]  # nothing runs unasked
    start(slow, made)
    assert [status(), status()] == ["scheduling", "processing"] and slow.served(WEB, "www.example.com") == old.fingerprint
    assert status() == "success"
    assert slow.served(WEB, "www.example.com") == slow.served("cdn", "img.example.com") == new.fingerprint
    done = counts(slow, made)
    assert (done["Worker"], done["Success"], done["Failed"], done["Cost"], done["Use"]) == (2, 2, 0, 2, 2)
    rows = workers(slow, made)
    assert {(row["Status"], row["CertId"], row["ResourceCertId"]) for row in rows.values()} == {("success", number, before)}
    assert rows["SLB"]["Port"] == 443 and rows["SLB"]["InstanceId"] == "lb-web"
    imported = slow.cloud.slb.certificates[slow.cloud.slb.load_balancers["lb-web"].listeners[443].certificate_id]
    assert (imported.cas_id, imported.region) == (number, "cn-hangzhou")


def test_a_calm_cloud_does_it_at_once(calm, old, new):
    made = job(calm, calm.upload("new", new), shop(calm, old).values())
    start(calm, made, "scheduling")
    assert counts(calm, made)["Success"] == 2 and calm.served(WEB, "www.example.com") == new.fingerprint


def test_what_a_job_can_be_told(slow, old, new):
    made = job(slow, slow.upload("new", new), shop(slow, old).values())
    for _again in range(2):
        start(slow, made)
    assert counts(slow, made)["Use"] == 2  # paid for once
    made = job(slow, slow.upload("new2", new), [next(iter(slow.cloud.cas.jobs.resources())).id])
    start(slow, made)
    start(slow, made, "editing")
    assert counts(slow, made)["Use"] == 2  # taken back, given back
    assert slow.refused("cas", "UpdateDeploymentJobStatus", JobId=made, Status="success") == ("InvalidParameter", 400)
    start(slow, made)
    counts(slow, made)
    assert slow.refused("cas", "UpdateDeploymentJobStatus", JobId=made, Status="editing") == ("InvalidParameter", 400)
    assert slow.refused("cas", "DeleteDeploymentJob", JobId=made) == ("InvalidStatus.UpdateProtection", 400)
    assert slow.refused("cas", "UpdateDeploymentJobStatus", JobId=1, Status="pending") == ("NotFound", 400)


def test_a_job_waits_for_its_time(calm, old, new):
    later = calm.cloud.clock.now() + datetime.timedelta(hours=1)
    made = job(calm, calm.upload("new", new), shop(calm, old).values(), ScheduleTime=int(later.timestamp() * 1000))
    start(calm, made)
    assert {calm.call("cas", "DescribeDeploymentJob", JobId=made)["Status"] for _look in range(4)} == {"pending"}
    assert calm.served(WEB, "www.example.com") == old.fingerprint
    calm.cloud.clock.advance(3601)
    seen = [calm.call("cas", "DescribeDeploymentJob", JobId=made)["Status"] for _look in range(3)]
    assert seen == ["scheduling", "processing", "success"] and calm.served(WEB, "www.example.com") == new.fingerprint


def test_quota_is_bought(calm, old, new):
    calm.cloud.cas.quota = 1
    resources = shop(calm, old)
    made = job(calm, calm.upload("new", new), resources.values())
    assert counts(calm, made)["Buy"] == 1
    assert calm.refused("cas", "UpdateDeploymentJobStatus", JobId=made, Status="pending") == ("InsufficientQuota", 400)
    assert calm.call("cas", "DescribeDeploymentJob", JobId=made)["Status"] == "editing" and calm.served(WEB, "a") == old.fingerprint


def test_a_worker_fails_without_a_word(calm, authority, old, new):
    """SLB only replaces what the new certificate covers; an offline domain and a certificate that has run out fail as silently."""
    narrow, resources = authority.issue(["www.example.com"], key="ec"), shop(calm, old)
    made = job(calm, calm.upload("narrow", narrow), resources.values())
    start(calm, made)
    rows = workers(calm, made)
    assert set(rows) == {"SLB"}  # the CDN domain does not match and is no part of the job
    assert rows["SLB"]["Status"] == "error"
    assert not [name for name in rows["SLB"] if any(word in name for word in ("Error", "Message", "Reason"))]
    assert calm.call("cas", "DescribeDeploymentJob", JobId=made)["Status"] == "error" and calm.served(WEB, "a") == old.fingerprint
    calm.cloud.cdn.domains["img.example.com"].status = "offline"
    made = job(calm, calm.upload("new", new), resources.values())
    start(calm, made)
    assert {product: row["Status"] for product, row in workers(calm, made).items()} == {"SLB": "success", "CDN": "error"}
    calm.cloud.cdn.domains["img.example.com"].status = "online"
    calm.call("cas", "UpdateWorkerResourceStatus", JobId=made, WorkerId=workers(calm, made)["CDN"]["Id"], Status="pending")
    assert workers(calm, made)["CDN"]["Status"] == "success" and calm.served("cdn", "img.example.com") == new.fingerprint
    calm.cloud.clock.advance(100 * 86400)
    made = job(calm, calm.upload("fresh", calm.cloud.authority.issue(NAMES, key="ec", days=1)), resources.values())
    calm.cloud.clock.advance(2 * 86400)
    start(calm, made)
    assert counts(calm, made)["Failed"] == 2


def test_a_worker_that_is_told_to_fail_and_jobs_that_never_end(slow, old, new):
    resources, number = shop(slow, old), slow.upload("new", new)
    slow.cloud.cas.jobs.broken.add(resources["CDN"])
    made = job(slow, number, resources.values())
    start(slow, made)
    slow.cloud.cas.jobs_stuck = True
    for _look in range(6):
        assert counts(slow, made)["Success"] == 0
    assert slow.call("cas", "DescribeDeploymentJob", JobId=made)["Status"] == "processing"
    slow.cloud.cas.jobs_stuck = False
    done = counts(slow, made)
    assert (done["Success"], done["Failed"]) == (1, 1) and slow.served("cdn", "img.example.com") == old.fingerprint


def test_rollback(calm, old, new):
    before, number = calm.upload("old", old), calm.upload("new", new)
    resources = shop(calm, old, before)
    made = job(calm, number, resources.values())
    ids = {product: row["Id"] for product, row in workers(calm, made).items()}
    back = {"JobId": made, "WorkerId": ids["SLB"], "Status": "rollback"}
    assert calm.refused("cas", "UpdateWorkerResourceStatus", **back) == ("InvalidParameter", 400)  # nothing has been done yet
    start(calm, made)
    calm.call("cas", "UpdateWorkerResourceStatus", **back)
    assert calm.served(WEB, "www.example.com") == old.fingerprint and calm.served("cdn", "img.example.com") == new.fingerprint
    calm.call("cas", "DeleteUserCertificate", CertId=calm.upload("other", old))
    calm.cloud.cas.certificates.pop(before)
    calm.call("cas", "UpdateWorkerResourceStatus", JobId=made, WorkerId=ids["CDN"], Status="rollback")
    assert workers(calm, made)["CDN"]["Status"] == "rollback_error" and calm.served("cdn", "img.example.com") == new.fingerprint
    done = counts(calm, made)
    assert (done["RollbackSuccess"], done["RollbackFailed"]) == (1, 1)
    assert calm.refused("cas", "UpdateWorkerResourceStatus", JobId=made, WorkerId=1, Status="rollback") == ("NotFound", 400)


# A job's status, and what UpdateDeploymentJobStatus and DeleteDeploymentJob do to it then: the status they lead to, or None when refused.
TRANSITIONS = {
    "editing": {"editing": "editing", "pending": "pending", "scheduling": "scheduling", "delete": "gone"},
    "pending": {"editing": "editing", "pending": "pending", "scheduling": "scheduling", "delete": None},
    "scheduling": {"editing": None, "pending": None, "scheduling": None, "delete": None},
    "processing": {"editing": None, "pending": None, "scheduling": None, "delete": None},
    "success": {"editing": None, "pending": None, "scheduling": None, "delete": "gone"},
    "error": {"editing": None, "pending": None, "scheduling": None, "delete": "gone"},
}


def job_in(made, old, new, status):
    """A job that has come to this status."""
    resources = shop(made, old)
    number = job(made, made.upload("new", new), resources.values())
    if status == "error":
        made.cloud.cas.jobs.broken.update(resources.values())
    if status != "editing":
        start(made, number)
    for _look in range(5):
        if made.cloud.cas.jobs.get(number).status == status:
            return number
        counts(made, number)
    return pytest.fail("the job never came to {0}".format(status))


@pytest.mark.parametrize("wanted", ["editing", "pending", "scheduling", "delete"])
@pytest.mark.parametrize("status", list(TRANSITIONS))
def test_the_states_of_a_job(slow, old, new, status, wanted):
    number, expected = job_in(slow, old, new, status), TRANSITIONS[status][wanted]
    action, params = ("DeleteDeploymentJob", {}) if wanted == "delete" else ("UpdateDeploymentJobStatus", {"Status": wanted})
    if expected is None:
        code = "InvalidStatus.UpdateProtection" if wanted == "delete" else "InvalidParameter"
        assert slow.refused("cas", action, JobId=number, **params) == (code, 400)
        assert slow.cloud.cas.jobs.get(number).status == status
        return
    slow.call("cas", action, JobId=number, **params)
    known = slow.cloud.cas.jobs.jobs
    assert (known[number].status if number in known else "gone") == expected
    free = expected == "editing" or (status, wanted) == ("editing", "delete")
    assert slow.cloud.cas.quota_used == (0 if free else 2)


@pytest.mark.parametrize("status", ["success", "error", "processing", "rollback", "Pending", "x"])
def test_no_other_state_can_be_asked_for(slow, old, new, status):
    number = job_in(slow, old, new, "editing")
    assert slow.refused("cas", "UpdateDeploymentJobStatus", JobId=number, Status=status) == ("InvalidParameter", 400)


def test_a_rollback_takes_its_time(slow, old, new):
    before = slow.upload("old", old)
    resources = shop(slow, old, before)
    made = job(slow, slow.upload("new", new), resources.values())
    start(slow, made)
    for _look in range(3):
        counts(slow, made)
    back = {"JobId": made, "WorkerId": workers(slow, made)["SLB"]["Id"], "Status": "rollback"}
    slow.call("cas", "UpdateWorkerResourceStatus", **back)
    for again in ("rollback", "pending"):
        assert slow.refused("cas", "UpdateWorkerResourceStatus", **{**back, "Status": again}) == ("InvalidParameter", 400)
    status = slow.call("cas", "DescribeDeploymentJobStatus", JobId=made)
    assert (status["RollbackCount"], status["RollbackSuccessCount"], status["SuccessCount"]) == (1, 0, 1)
    assert slow.served(WEB, "www.example.com") == new.fingerprint
    status = slow.call("cas", "DescribeDeploymentJobStatus", JobId=made)
    assert (status["RollbackCount"], status["RollbackSuccessCount"], status["SuccessCount"]) == (0, 1, 1)
    assert slow.served(WEB, "www.example.com") == old.fingerprint and slow.served("cdn", "img.example.com") == new.fingerprint
    assert slow.call("cas", "DescribeDeploymentJob", JobId=made)["Status"] == "success"


@pytest.mark.parametrize("told", ["pending", "editing"])
def test_a_worker_is_tried_again_and_the_job_recovers(calm, old, new, told):
    before = calm.upload("old", old)
    resources = shop(calm, old, before)
    calm.cloud.cas.jobs.broken.add(resources["CDN"])
    made = job(calm, calm.upload("new", new), resources.values())
    start(calm, made)
    assert calm.call("cas", "DescribeDeploymentJob", JobId=made)["Status"] == "error"
    calm.cloud.cas.jobs.broken.clear()
    for row in workers(calm, made).values():  # the one that had gone well as well
        calm.call("cas", "UpdateWorkerResourceStatus", JobId=made, WorkerId=row["Id"], Status=told)
    assert calm.call("cas", "DescribeDeploymentJob", JobId=made)["Status"] == "success" and counts(calm, made)["Use"] == 2
    assert calm.served("cdn", "img.example.com") == new.fingerprint
    assert {row["ResourceCertId"] for row in workers(calm, made).values()} == {before}  # what a rollback would put back


def test_workers_come_in_small_pages(calm, authority):
    """The cap of the cloud is three, whatever the caller asks for."""
    names = ["d{0}.example.com".format(number) for number in range(7)]
    for name in names:
        calm.cloud.cdn.add_domain(name, certificate=authority.issue([name], key="ec"), certificate_name=name)
    rows = calm.call("cas", "ListCloudResources", ShowSize=100)["Data"]
    made = job(calm, calm.upload("wild", authority.issue(["*.example.com"], key="ec")), [row["Id"] for row in rows])
    calm.cloud.setting.update({"page_cap": 3})
    pages = [calm.call("cas", "ListWorkerResource", JobId=made, CurrentPage=page, ShowSize=50) for page in (1, 2, 3, 4)]
    assert [len(page["Data"]) for page in pages] == [3, 3, 1, 0] and {page["Total"] for page in pages} == {7}
    assert sorted(row["ResourceDomain"] for page in pages for row in page["Data"]) == names
    assert calm.call("cas", "ListWorkerResource", JobId=made, CloudProduct="SLB")["Total"] == 0
    assert calm.call("cas", "ListWorkerResource", JobId=made, Status="success")["Total"] == 0
    status = calm.call("cas", "DescribeDeploymentJobStatus", JobId=made)
    assert status["ProductWorkerCount"] == [{"ProductName": "CDN", "Count": 7}] and status["MatchWorkerCount"] == 7


def test_a_wildcard_covers_one_level(calm, authority):
    for name in ("a.example.com", "a.b.example.com"):
        calm.cloud.cdn.add_domain(name, certificate=authority.issue([name], key="ec"), certificate_name=name)
    rows = calm.call("cas", "ListCloudResources")["Data"]
    made = job(calm, calm.upload("wild", authority.issue(["*.example.com"], key="ec")), [row["Id"] for row in rows])
    assert [row["ResourceDomain"] for row in calm.call("cas", "ListWorkerResource", JobId=made)["Data"]] == ["a.example.com"]
    assert counts(calm, made)["Cost"] == 1


def test_what_makes_no_job(calm, old, new):
    resources, number = shop(calm, old), calm.upload("new", new)
    contact = calm.cloud.cas.add_contact("Operations", "operations@example.com")
    good = {"Name": "deploy", "JobType": "user", "CertIds": number, "ResourceIds": resources["SLB"], "ContactIds": contact}
    for change, code in [({"JobType": "other"}, "InvalidParameter"), ({"CertIds": "x"}, "InvalidParameter"), ({"CertIds": 1}, "NotFound"),
                         ({"ResourceIds": 1}, "NotFound"), ({"ContactIds": 1}, "NotFound"), ({"ContactIds": ""}, "MissingContactIds"),
                         ({"CertIds": calm.upload("证书", old)}, "InvalidParameter")]:
        assert calm.refused("cas", "CreateDeploymentJob", **{**good, **change}) == (code, 400), change
    assert not calm.cloud.cas.jobs.jobs and calm.call("cas", "CreateDeploymentJob", **good)["JobId"]


def test_jobs_are_listed_and_outlive_their_certificates(calm, old, new):
    number = calm.upload("new", new)
    made = job(calm, number, shop(calm, old).values())
    calm.call("cas", "DeleteUserCertificate", CertId=number)
    listed = calm.call("cas", "ListDeploymentJob", Status="editing", CertId=number)["Data"]
    assert [(row["Id"], row["CertDomain"], row["ProductName"]) for row in listed] == [(made, ",".join(NAMES), "CDN,SLB")]
    assert calm.call("cas", "ListDeploymentJob", InstanceId=listed[0]["InstanceId"])["Total"] == 1
    for nothing in ({"Status": "success"}, {"JobType": "cloud"}, {"CertId": 1}, {"InstanceId": "x"}):
        assert calm.call("cas", "ListDeploymentJob", **nothing)["Total"] == 0
    assert [row["CertId"] for row in calm.call("cas", "ListDeploymentJobCert", JobId=made)["Data"]] == [number]
    assert {row["CloudProduct"] for row in calm.call("cas", "ListDeploymentJobResource", JobId=made)["Data"]} == {"SLB", "CDN"}
    start(calm, made)
    assert counts(calm, made)["Failed"] == 2 and {row["CertName"] for row in workers(calm, made).values()} == {"new"}
    calm.call("cas", "DeleteDeploymentJob", JobId=made)
    assert calm.refused("cas", "DescribeDeploymentJob", JobId=made) == ("NotFound", 400)


def test_the_list_of_resources_lags_behind(slow, old):
    shop(slow, old)
    slow.cloud.slb.add_https_listener("lb-web", 8443, next(iter(slow.cloud.slb.certificates)))

    def ports():
        return [row["ListenerPort"] for row in slow.call("cas", "ListCloudResources", CloudProduct="SLB")["Data"]]

    assert ports() == ["443"] and ports() == ["443", "8443"]


def test_the_list_of_resources_can_be_searched(calm, old, new):
    number = calm.upload("old", old)
    shop(calm, old, number)
    calm.cloud.cdn.add_domain("static.example.net")  # without HTTPS it is no resource

    def found(**params):
        return [row["CloudProduct"] for row in calm.call("cas", "ListCloudResources", **params)["Data"]]

    assert found() == ["SLB", "CDN"] and found(CloudName="aliyun", Keyword="lb-web") == ["SLB"] and found(CloudName="Aws") == []
    assert found(CertIds="[{0}]".format(number)) == ["SLB", "CDN"]
    row = calm.call("cas", "ListCloudResources", CloudProduct="SLB")["Data"][0]
    assert (row["CertId"], row["RegionId"], row["ListenerPort"], row["Domain"]) == (number, "cn-hangzhou", "443", ",".join(NAMES))
    for wrong in ("5", "[\"x\"]", "{}"):
        assert calm.refused("cas", "ListCloudResources", CertIds=wrong) == ("InvalidParameter", 400)
    assert calm.refused("cas", "ListCloudResources", CertIds="1,2") == ("InvalidParameter", 400)


def test_contacts(calm):
    for name in ("Operations", "Security"):
        calm.cloud.cas.add_contact(name, "{0}@example.com".format(name.lower()))
    assert calm.call("cas", "ListContact")["TotalCount"] == 2
    assert [row["Name"] for row in calm.call("cas", "ListContact", Keyword="secur")["ContactList"]] == ["Security"]


# -- the specification's single call -------------------------------------------------------------------------------------------------

def single(number, **change):
    return {"CertificateId": number, "CloudServiceType": "SLB", "CloudServiceInstanceId": "lb-web", "RegionId": "cn-hangzhou", **change}


def test_todays_cloud_does_not_have_it(calm, old, new):
    shop(calm, old)
    assert calm.refused("cas", "DeployCertificateToCloudResource", **single(calm.upload("new", new))) == ("InvalidAction.NotFound", 404)


def test_where_it_exists_it_does_what_it_says(calm, authority, old, new):
    shop(calm, old)
    number, short = calm.upload("new", new), calm.upload("short", authority.issue(NAMES, key="ec", days=1))
    calm.cloud.cas.offers_single_call = True
    calm.call("cas", "DeployCertificateToCloudResource", **single("{0}-cn-hangzhou".format(number)))
    assert calm.served(WEB, "www.example.com") == new.fingerprint and calm.served("cdn", "img.example.com") == old.fingerprint
    calm.call("cas", "DeployCertificateToCloudResource", **single(number, CloudServiceType="CDN", CloudServiceInstanceId="img.example.com"))
    assert calm.served("cdn", "img.example.com") == new.fingerprint
    for change, expected in [
        ({"CertificateId": "cert-8a9b2c"}, ("NotFound", 400)), ({"CloudServiceType": "OSS"}, ("DeployFailed", 400)),
        ({"RegionId": "cn-shanghai"}, ("InvalidLoadBalancerId.NotFound", 404)), ({"ListenerPort": 8443}, ("ListenerNotFound", 404)),
    ]:
        assert calm.refused("cas", "DeployCertificateToCloudResource", **single(number, **change)) == expected
    calm.cloud.clock.advance(2 * 86400)
    assert calm.refused("cas", "DeployCertificateToCloudResource", **single(short)) == ("CertificateExpired", 400)
