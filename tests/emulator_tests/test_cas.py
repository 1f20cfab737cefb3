# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAS's rules: names, tokens, formats, lists, tags and deletion; then its deployment jobs and the specification's single call."""

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


# -- certificates --------------------------------------------------------------------------------------------------------------------

def test_upload_and_look_at_it(calm, new):
    answer = calm.call("cas", "UploadUserCertificate", Name="shop", Cert=new.chain_pem, Key=new.key_pem, ResourceGroupId="rg-1",
                       **{"Tags.1.Key": "env", "Tags.1.Value": "prod"})
    assert len(str(answer["CertId"])) == 8 and set(answer) == {"CertId", "ResourceId"}
    detail = calm.call("cas", "GetUserCertificateDetail", CertId=answer["CertId"])
    assert detail["CertIdentifier"] == "{0}-cn-hangzhou".format(answer["CertId"]) and detail["InstanceId"] == answer["ResourceId"]
    assert (detail["Fingerprint"], detail["Sha2"]) == (new.sha1.upper(), new.fingerprint.upper())
    assert (detail["Cert"], detail["Key"]) == (new.chain_pem, new.key_pem)
    assert detail["Tags"] == [{"TagKey": "env", "TagValue": "prod"}] and detail["ResourceGroupId"] == "rg-1"
    assert detail["Algorithm"] == "ECC" and detail["Sans"] == ",".join(NAMES) and detail["Expired"] is False
    assert detail["NotAfter"] == int(new.not_after.timestamp()) * 1000 and detail["EndDate"] == "{0:%Y-%m-%d}".format(new.not_after)
    assert [link["IssuerCommonName"] for link in detail["CertChain"]] == ["Emulated Cloud Root CA"]
    filtered = calm.call("cas", "GetUserCertificateDetail", CertId=answer["CertId"], CertFilter=True)
    assert set(detail) - set(filtered) == {"Cert", "Key"} and "PRIVATE KEY" not in str(filtered)


def test_ids_grow(calm, old, new):
    assert calm.upload("a", old) < calm.upload("b", new)


def test_the_international_site_has_its_own_store(new):
    with account(site="international") as there:
        number = there.upload("shop", new)
        assert there.call("cas", "GetUserCertificateDetail", CertId=number)["CertIdentifier"] == "{0}-ap-southeast-1".format(number)
        assert there.cloud.cas.find_material("{0}-ap-southeast-1".format(number)) == new
        assert there.cloud.cas.find_material("{0}-cn-hangzhou".format(number)) is None


def test_names_are_unique_and_certificates_are_not(calm, old, new):
    calm.upload("shop", old)
    assert calm.refused("cas", "UploadUserCertificate", Name="shop", Cert=new.chain_pem, Key=new.key_pem) == ("NameRepeat", 400)
    assert calm.upload("x" * 63, old)  # the same certificate under another name is another object
    assert calm.refused("cas", "UploadUserCertificate", Name="x" * 64, Cert=new.chain_pem, Key=new.key_pem) == ("DataTooLongException", 400)
    assert len(calm.cloud.cas.certificates) == 2


def test_a_client_token_is_good_for_one_request(calm, old, new):
    first = calm.upload("shop", old, ClientToken="t-1")
    assert calm.upload("shop", old, ClientToken="t-1") == first and len(calm.cloud.cas.certificates) == 1
    other = {"Name": "shop2", "Cert": new.chain_pem, "Key": new.key_pem, "ClientToken": "t-1"}
    assert calm.refused("cas", "UploadUserCertificate", **other) == ("InvalidParameter", 400)
    assert calm.refused("cas", "DeleteUserCertificate", CertId=first, ClientToken="t-1") == ("InvalidParameter", 400)
    for _again in range(2):
        assert calm.call("cas", "DeleteUserCertificate", CertId=first, ClientToken="t-2") == {}
    assert calm.upload("shop", old, ClientToken="t-1") == first and not calm.cloud.cas.certificates
    assert calm.refused("cas", "DeleteUserCertificate", CertId=first) == ("NotFound", 400)


def test_what_is_no_pair_is_refused(calm, authority, new):
    expired = authority.expired(NAMES, key="ec")
    for chain, key, code in [
        ("nonsense", new.key_pem, "CertificateFormatException"), (new.chain_pem, "nonsense", "CertificateFormatException"),
        (new.chain_pem, pki.encrypt_key(new.key_pem, "passphrase"), "CertificateFormatException"),
        (new.chain_pem, pki.with_other_key(new).key_pem, "CertificateFormatException"),
        (expired.chain_pem, expired.key_pem, "CertificateExpired"),
        (new.chain_pem, "", "MissingParameter"), ("", new.key_pem, "MissingParameter"),
    ]:
        assert calm.refused("cas", "UploadUserCertificate", Name="shop", Cert=chain, Key=key) == (code, 400)
    assert not calm.cloud.cas.certificates


def test_the_account_may_be_full(calm, old, new):
    calm.cloud.cas.certificate_quota = 1
    calm.upload("a", old)
    assert calm.refused("cas", "UploadUserCertificate", Name="b", Cert=new.chain_pem, Key=new.key_pem) == ("InsufficientQuota", 400)


def test_unknown_ids_are_a_400(calm):
    for action in ("GetUserCertificateDetail", "DeleteUserCertificate"):
        assert calm.refused("cas", action, CertId=1) == ("NotFound", 400)


def orders(made, **params):
    answer = made.call("cas", "ListUserCertificateOrder", **{"OrderType": "CERT", **params})
    return [row["Name"] for row in answer["CertificateOrderList"]]


def test_the_list_of_orders(calm, authority, old, new):
    number = calm.upload("shop-old", old)
    calm.upload("shop-new", new, ResourceGroupId="rg-1")
    calm.upload("admin", authority.issue(["admin.example.net"], key="ec"))
    assert orders(calm) == orders(calm, OrderType="UPLOAD") == ["shop-old", "shop-new", "admin"]
    assert orders(calm, OrderType="BUY") == orders(calm, OrderType="CPACK") == []
    assert calm.call("cas", "ListUserCertificateOrder")["TotalCount"] == 0  # CPACK is what one gets unasked
    assert calm.refused("cas", "ListUserCertificateOrder", OrderType="ALL") == ("InvalidParameter", 400)
    assert orders(calm, Keyword="EXAMPLE.NET") == ["admin"] and orders(calm, Keyword="shop-") == ["shop-old", "shop-new"]
    assert orders(calm, ResourceGroupId="rg-1") == ["shop-new"]
    assert orders(calm, Status="WILLEXPIRED") == ["shop-old"] and orders(calm, Status="EXPIRED") == []
    row = calm.call("cas", "ListUserCertificateOrder", OrderType="CERT", Keyword="shop-old")["CertificateOrderList"][0]
    assert (row["CertificateId"], row["Sha2"], row["Upload"]) == (number, old.fingerprint.upper(), True)
    calm.cloud.clock.advance(13 * 86400)
    assert orders(calm, Status="EXPIRED") == ["shop-old"] and "shop-old" not in orders(calm) + orders(calm, Status="ISSUED")
    assert calm.call("cas", "GetUserCertificateDetail", CertId=number)["Expired"] is True


def test_pages(authority):
    with account(page_cap=2) as capped:
        material = authority.issue(["www.example.com"], key="ec")
        for number in range(5):
            capped.upload("c{0}".format(number), material)
        seen = [orders(capped, CurrentPage=page, ShowSize=50) for page in (1, 2, 3, 4)]
        assert seen == [["c0", "c1"], ["c2", "c3"], ["c4"], []]
        answer = capped.call("cas", "ListUserCertificateOrder", OrderType="CERT", ShowSize=1, CurrentPage=2)
        assert (answer["TotalCount"], answer["ShowSize"], answer["CurrentPage"]) == (5, 1, 2)
        for params in ({"ShowSize": 0}, {"CurrentPage": 0}, {"ShowSize": 1001}):
            assert capped.refused("cas", "ListUserCertificateOrder", **params) == ("InvalidParameter", 400)


def test_the_warehouse_view(calm, authority, old):
    number = calm.upload("shop", old)
    calm.upload("rsa", authority.issue(["admin.example.net"], key="rsa"))
    rows = calm.call("cas", "ListCert")["CertList"]
    assert [(row["Algorithm"], row["SignAlgorithm"]) for row in rows] == [("ECC", "SHA256WITHECDSA"), ("RSA", "SHA256WITHECDSA")]
    identifier = "{0}-cn-hangzhou".format(number)
    assert [row["Identifier"] for row in calm.call("cas", "ListCert", Identifiers=identifier)["CertList"]] == [identifier]
    assert calm.call("cas", "ListCert", KeyWord="admin")["TotalCount"] == 1
    for nothing in ({"SourceType": "aliyun"}, {"CertType": "CA"}, {"Status": "REVOKE"}, {"WarehouseId": 3}):
        assert calm.call("cas", "ListCert", **nothing)["TotalCount"] == 0


def test_tags(old, new):
    with account(page_cap=2) as made:
        first, second = (made.call("cas", "GetUserCertificateDetail", CertId=made.upload(name, material))["InstanceId"]
                         for name, material in (("a", old), ("b", new)))
        common = {"RegionId": "cn-hangzhou", "ResourceType": "instance"}
        made.call("cas", "TagResources", **common, **{"ResourceId.1": first, "ResourceId.2": second, "Tag.1.Key": "env",
                                                      "Tag.1.Value": "prod", "Tag.2.Key": "by", "Tag.2.Value": "us"})
        made.call("cas", "TagResources", **common, **{"ResourceId.1": first, "Tag.1.Key": "env", "Tag.1.Value": "test"})
        page = made.call("cas", "ListTagResources", **common)
        more = made.call("cas", "ListTagResources", **common, NextToken=page["NextToken"])
        rows = [(row["ResourceId"], row["TagKey"], row["TagValue"])
                for answer in (page, more) for row in answer["TagResources"]["TagResource"]]
        assert rows == [(first, "env", "test"), (first, "by", "us"), (second, "env", "prod"), (second, "by", "us")]
        assert not more["NextToken"]
        one = made.call("cas", "ListTagResources", **common, **{"Tag.1.Key": "env", "Tag.1.Value": "prod"})
        assert [row["ResourceId"] for row in one["TagResources"]["TagResource"]] == [second]
        unknown = {"ResourceId.1": "cas-nothing", "Tag.1.Key": "env"}
        assert made.refused("cas", "TagResources", **common, **unknown) == ("NotFound", 400)
        assert made.refused("cas", "ListTagResources", **{**common, "ResourceType": "thing"}) == ("InvalidParameter", 400)
        for wrong in ({"MaxResults": 0}, {"NextToken": "x"}):
            assert made.refused("cas", "ListTagResources", **common, **wrong) == ("InvalidParameter", 400)


def test_what_is_in_use_cannot_be_deleted(calm, old, new):
    number, spare = calm.upload("shop", old), calm.upload("spare", new)
    calm.cloud.cdn.add_domain("img.example.com", certificate=old, certificate_name="shop", cas_id=number)
    assert calm.refused("cas", "DeleteUserCertificate", CertId=number) == ("InvalidStatus.DeleteProtection", 400)
    calm.call("cdn", "SetCdnDomainSSLCertificate", DomainName="img.example.com", SSLProtocol="off")
    shop(calm, old, number)
    assert calm.cloud.cas.uses(number) == [WEB]
    assert calm.refused("cas", "DeleteUserCertificate", CertId=number) == ("InvalidStatus.DeleteProtection", 400)
    calm.call("cas", "DeleteUserCertificate", CertId=spare)
    assert list(calm.cloud.cas.certificates) == [number]


def test_no_private_key_in_snapshot_or_repr(calm, old):
    calm.upload("shop", old)
    body = old.key_pem.splitlines()[1]
    assert body not in repr(calm.cloud.snapshot()) and body not in repr(calm.cloud.cas.certificates)


# -- deployment jobs -----------------------------------------------------------------------------------------------------------------

def shop(made, material, cas_id=0):
    """A listener and a CDN domain that serve `material`, as CAS's list of resources has them: {product: Id}."""
    slb = made.cloud.slb
    slb.add_load_balancer("lb-web", "cn-hangzhou", address="203.0.113.10")
    slb.add_https_listener("lb-web", 443, slb.add_certificate("cn-hangzhou", "shop", material, cas_id=cas_id))
    if "img.example.com" not in made.cloud.cdn.domains:
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
