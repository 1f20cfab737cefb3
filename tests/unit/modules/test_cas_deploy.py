# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployment to load balancers and CDN domains: exactly the slots that are meant, partial failures, lost answers, and back again."""

from __future__ import annotations

import json

import pytest

from tests.support.modules import connection
from tests.support.triple import leaked, observed, triple

NAME = "cas_deploy"
WEB = dict(service="slb", region="cn-hangzhou", instance="lb-empty1")
SHANGHAI = dict(service="slb", region="cn-shanghai", instance="lb-empty2", listener_port=8443)
IMG, STATIC = dict(service="cdn", domain="img.example.com"), dict(service="cdn", domain="static.example.com")
DEFAULT, EXTENSION = "SetLoadBalancerHTTPSListenerAttribute", "SetDomainExtensionAttribute"
IMPORT, ADD, CDN = "UploadServerCertificate", "CreateDomainExtension", "SetCdnDomainSSLCertificate"


class Stage:
    """An account whose edge serves the old certificate; `ids` are CAS's, by the material's name."""

    def __init__(self, handle, materials):
        self.handle, self.materials, cloud = handle, materials, handle.cloud
        add = cloud.cas.add_certificate
        self.ids = dict((name, add("{0}-{1}".format(name, getattr(materials, name).fingerprint[:16]), getattr(materials, name)))
                        for name in ("old", "new", "narrow", "expired"))
        slb = cloud.slb
        old = dict((region, slb.add_certificate(region, "old", materials.old)) for region in ("cn-hangzhou", "cn-shanghai"))
        self.wider = slb.add_certificate("cn-hangzhou", "wider", materials.wider)
        slb.add_https_listener("lb-empty1", 443, old["cn-hangzhou"])
        slb.add_domain_extension("lb-empty1", 443, "admin.example.net", slb.add_certificate("cn-hangzhou", "admin", materials.unrelated))
        slb.add_https_listener("lb-empty1", 8443, self.wider)
        slb.add_domain_extension("lb-empty1", 8443, "www.example.com", old["cn-hangzhou"])
        slb.add_https_listener("lb-empty2", 8443, old["cn-shanghai"])
        cloud.cdn.add_domain("img.example.com", certificate=materials.old, certificate_name="old", cas_id=self.ids["old"])
        cloud.cdn.add_domain("static.example.com")
        cloud.cdn.add_domain(".shop.example.com", certificate=materials.old, certificate_name="old", cas_id=self.ids["old"])

    def options(self, *resources, certificate=None, **more):
        return dict(connection(self.handle), certificate=certificate or dict(id=self.ids["new"]), resources=list(resources),
                    wait_timeout=20,
                    wait_interval=0.05, **more)

    def restore(self, deployed):
        options = self.options(restore=deployed["deployment"]["targets"])
        return {key: value for key, value in options.items() if key not in ("certificate", "resources")}

    def served(self, key):
        """Names of the materials that an endpoint serves: (default, by SNI)."""
        known = dict((getattr(self.materials, name).fingerprint, name) for name in ("old", "new", "wider", "narrow", "unrelated",
                                                                                    "expired"))
        serving = self.handle.dataplane.serving(key)
        return known.get(serving["default"]), dict((name, known[digest]) for name, digest in serving["sni"].items())

    def deploy(self, *resources, check=False, **more):
        result, writes = observed(self.handle, NAME, self.options(*resources, **more), check=check)
        return result, sorted(action for _product, action in writes)


@pytest.fixture
def stage(cloud, materials):
    return Stage(cloud, materials)


def rows(result):
    return dict((row["target"], row) for row in result["deployment"]["targets"])


# -- slots ---------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("resource, writes, default, extensions", [
    (dict(WEB), [DEFAULT], "new", {}), (dict(WEB, slot="default"), [DEFAULT], "new", {}),
    (dict(WEB, slot="additional", domains=["www.example.com"]), [ADD], "old", {"www.example.com": "new"}),
    (dict(WEB, slot="additional", domains=["www.example.com", "*.shop.example.com"]), [ADD, ADD], "old",
     {"www.example.com": "new", "*.shop.example.com": "new"}),
    (dict(WEB, domains=["www.example.com"]), [DEFAULT], "new", {}),  # the default serves that name
    (dict(WEB, service="SLB"), [DEFAULT], "new", {}),
], ids=["auto", "default", "additional", "two", "auto with domains", "SLB"])
@pytest.mark.parametrize("calm", [True, False], ids=["calm", "adverse"])
def test_slots(cloud, materials, resource, writes, default, extensions, calm):
    cloud.reset(calm=calm)
    stage = Stage(cloud, materials)
    _check, real, _again = triple(cloud, NAME, stage.options(resource), materials.keys)
    assert sorted(action["action"] for action in real["actions"]) == sorted(writes + [IMPORT])
    assert stage.served("slb/lb-empty1/443") == (default, dict(extensions, **{"admin.example.net": "unrelated"}))
    assert all(row["verified"] and row["current"]["fingerprint"] == materials.new.fingerprint for row in rows(real).values())
    assert all(row["current"]["cas_id"] == stage.ids["new"] for row in rows(real).values())


@pytest.mark.parametrize("resource, writes, default, extensions", [
    (dict(slot="auto"), [EXTENSION], "wider", {"www.example.com": "new"}),
    (dict(slot="additional"), [EXTENSION], "wider", {"www.example.com": "new"}),
    (dict(slot="additional", domains=["api.example.com"]), [ADD], "wider", {"www.example.com": "old", "api.example.com": "new"}),
    (dict(slot="auto", domains=["api.example.com"]), [ADD, EXTENSION], "wider", {"www.example.com": "new", "api.example.com": "new"}),
    (dict(slot="default", force=True), [DEFAULT], "new", {"www.example.com": "old"}),
])
def test_a_default_that_covers_more_is_kept(cloud, stage, resource, writes, default, extensions):
    _check, real, _again = triple(cloud, NAME, stage.options(dict(WEB, listener_port=8443, **resource)), stage.materials.keys)
    assert sorted(action["action"] for action in real["actions"]) == sorted(writes + [IMPORT])
    assert stage.served("slb/lb-empty1/8443") == (default, extensions)


@pytest.mark.parametrize("slot, words", [
    ("default", ["also covers mail.example.com", "slot: additional", "force: true"]), ("auto", ["found nothing", "slot: default"]),
])
def test_a_default_that_covers_more_is_not_replaced_silently(stage, slot, words):
    stage.handle.cloud.slb.add_https_listener("lb-empty1", 9443, stage.wider)
    result, writes = stage.deploy(dict(WEB, listener_port=9443, slot=slot))
    assert result["failed"] and writes == [] and all(word in result["msg"] for word in words), result["msg"]
    assert stage.served("slb/lb-empty1/9443") == ("wider", {})


@pytest.mark.parametrize("how", [
    lambda ids, made: dict(id=ids["new"]), lambda ids, made: dict(identifier="{0}-cn-hangzhou".format(ids["new"])),
    lambda ids, made: dict(name="new-" + made.new.fingerprint[:16]), lambda ids, made: dict(fingerprint=made.new.fingerprint.upper()),
    lambda ids, made: dict(fingerprint=made.new.sha1), lambda ids, made: dict(id=ids["new"], fingerprint=made.new.fingerprint,
                                                                              name="other"),
], ids=["id", "identifier", "name", "sha256", "sha1", "several"])
def test_how_a_certificate_is_named(stage, how):
    result, writes = stage.deploy(STATIC, certificate=how(stage.ids, stage.materials))
    assert not result["failed"] and writes == [CDN] and stage.served("cdn")[1]["static.example.com"] == "new"
    assert result["deployment"]["certificate"] == dict(
        id=stage.ids["new"], name="new-" + stage.materials.new.fingerprint[:16], fingerprint=stage.materials.new.fingerprint)


# -- many at once --------------------------------------------------------------------------------------------------------------------

EVERYTHING = [dict(WEB, slot="default"), dict(WEB, listener_port=8443), SHANGHAI, IMG, STATIC, dict(service="cdn",
                                                                                                    domain="*.shop.example.com")]


@pytest.mark.parametrize("calm, parallel", [(True, 1), (True, 8), (False, 8)], ids=["one by one", "parallel", "adverse"])
def test_everything_at_once(cloud, materials, calm, parallel):
    cloud.reset(calm=calm)
    stage = Stage(cloud, materials)
    _check, real, again = triple(cloud, NAME, stage.options(*EVERYTHING, parallel=parallel), materials.keys)
    assert sorted(action["action"] for action in real["actions"]) == sorted([DEFAULT, DEFAULT, EXTENSION, IMPORT, IMPORT, CDN, CDN, CDN])
    assert stage.served("slb/lb-empty1/443") == ("new", {"admin.example.net": "unrelated"})
    assert stage.served("slb/lb-empty1/8443") == ("wider", {"www.example.com": "new"})
    assert stage.served("slb/lb-empty2/8443") == ("new", {})
    assert set(stage.served("cdn")[1].values()) == {"new"}
    assert rows(real)["cdn/img.example.com"]["previous"]["fingerprint"] == materials.old.fingerprint
    assert rows(real)["cdn/static.example.com"]["previous"] is None
    assert {row["skipped_reason"] for row in rows(again).values()} == {"already so"}


def test_lists_are_read_once_a_region(cloud, stage):
    stage.deploy(*EVERYTHING, check=True)
    asked = [(entry["action"], entry["params"].get("RegionId")) for entry in cloud.journal()]
    assert asked.count(("DescribeServerCertificates", "cn-hangzhou")) == asked.count(("DescribeServerCertificates", "cn-shanghai")) == 1
    assert asked.count(("ListUserCertificateOrder", None)) == 2, "the valid ones, and the expired ones"


def test_check_mode_before_the_upload(cloud, stage):
    """The certificate is not in CAS yet; the prediction is that of the run after the upload."""
    cloud.cloud.cas.add_certificate("newer", stage.materials.unrelated)
    known = dict(fingerprint="e" * 64, name="next", domains=list(stage.materials.new.names))
    result, writes = stage.deploy(*EVERYTHING, certificate=known, check=True)
    assert not result["failed"] and result["changed"] and writes == []
    assert result["deployment"]["certificate"] == dict(id=None, name="next", fingerprint="e" * 64)
    assert len(result["actions"]) == 8
    assert {row["current"]["id"] for row in rows(result).values()} == {None}
    assert "Ref(" not in json.dumps(result)


# -- what cannot work ----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("resource, words", [
    (dict(WEB, region="cn-shanghai"), ["lb-empty1:443 in cn-shanghai", "InvalidLoadBalancerId", "own region"]),
    (dict(WEB, region="cn-hangzhuo"), ["Unknown region 'cn-hangzhuo'", "Did you mean 'cn-hangzhou'"]),
    (dict(WEB, instance="lb-nothing"), ["lb-nothing:443 in cn-hangzhou", "InvalidLoadBalancerId"]),
    (dict(WEB, listener_port=444), ["lb-empty1:444", "ListenerNotFound", "listener_port"]),
    (dict(WEB, domains=["other.example.net"]), ["does not cover other.example.net"]),
    (dict(service="cdn", domain="other.example.com"), ["other.example.com", "spelling"]),
    (dict(service="cdn", domain="mail.example.com"), ["does not cover the CDN domain mail.example.com"]),
    (dict(service="cdn", domain="api.example.com"), ["api.example.com", "offline"]),
], ids=["other region", "unknown region", "instance", "port", "name", "cdn domain", "cdn name", "cdn offline"])
@pytest.mark.parametrize("check", [False, True])
def test_what_cannot_work_stops_everything_before_the_first_write(stage, resource, words, check):
    endpoints = dict(stage.handle.endpoints)
    if resource.get("region") == "cn-hangzhuo":
        del endpoints["slb"]  # with an endpoint of one's own, the region is the endpoint's matter
    for domain in ("mail.example.com", "api.example.com"):
        stage.handle.cloud.cdn.add_domain(domain, certificate=stage.materials.wider, certificate_name="wider")
    set_offline(stage, "api.example.com")
    result, writes = stage.deploy(IMG, resource, STATIC, endpoints=endpoints, check=check)
    assert result["failed"] and writes == [] and result["actions"] == [] and not result["changed"]
    assert all(word in result["msg"] for word in words), result["msg"]
    assert "3 of 3 targets failed" in result["msg"] and "another resource of this call" in rows(result)["cdn/img.example.com"]["error"]


def set_offline(stage, domain):
    stage.handle.cloud.cdn.domains[domain].status = "offline"


@pytest.mark.parametrize("options, words", [
    (dict(certificate=dict(id=1)), ["no certificate with id 1", "cas_certificate"]),
    (dict(certificate=dict(name="nothing")), ["name nothing"]),
    (dict(certificate={}), ["needs one of id"]), (dict(certificate=dict(fingerprint="abc")), ["neither SHA-256"]),
    (dict(method="product", resources=[dict(service="VOD", domain="a.example.com")]), ["knows the services alb, cdn", "VOD"]),
    (dict(resources=[dict(service="VOD", domain="a.example.com")]), ["metered", "accept_cost: true"]),
    (dict(resources=[dict(service="slb", region="cn-hangzhou")]), ["needs instance"]), (dict(resources=[IMG, IMG]), ["meant twice"]),
    (dict(restore=[dict(service="slb")]), ["mutually exclusive"]),
])
def test_what_is_refused_at_once(stage, options, words):
    result, writes = observed(stage.handle, NAME, dict(stage.options(IMG), **options))
    assert result["failed"] and writes == [] and all(word in result["msg"] for word in words), result["msg"]


def test_an_expired_certificate_is_not_deployed(stage):
    result, writes = stage.deploy(IMG, certificate=dict(id=stage.ids["expired"]))
    assert result["failed"] and writes == [] and "expired on" in result["msg"]


# -- partial failure -----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("deny, failing, action", [
    ("cdn:SetCdnDomainSSLCertificate", ["cdn/img.example.com", "cdn/static.example.com"], CDN),
    ("slb:UploadServerCertificate", ["slb/cn-hangzhou/lb-empty1:443/default", "slb/cn-shanghai/lb-empty2:8443/default"], IMPORT),
    ("slb:SetLoadBalancerHTTPSListenerAttribute", ["slb/cn-hangzhou/lb-empty1:443/default", "slb/cn-shanghai/lb-empty2:8443/default"],
     DEFAULT),
    ("slb:DescribeLoadBalancerHTTPSListenerAttribute", ["slb/cn-hangzhou/lb-empty1:443/default", "slb/cn-shanghai/lb-empty2:8443/auto"],
     None),
])
def test_a_permission_that_lacks_for_one_product_leaves_the_other_to_proceed(cloud, stage, deny, failing, action):
    key, four = cloud.key(deny=[deny]), [dict(WEB, slot="default"), SHANGHAI, IMG, STATIC]
    keys = dict(access_key_id=key.access_key_id, access_key_secret=key.access_key_secret)
    result, writes = observed(cloud, NAME, dict(stage.options(*four), **keys))
    assert result["failed"] and result["changed"] and "2 of 4 targets failed" in result["msg"]
    assert result["msg"].count("Grant the RAM action " + deny) == 2
    by_name = rows(result)
    assert sorted(name for name, row in by_name.items() if row["error"]) == sorted(failing)
    assert all(row["verified"] and row["changed"] for name, row in by_name.items() if name not in failing)
    assert not any(by_name[name]["changed"] or by_name[name]["verified"] for name in failing)
    assert action not in [name for _product, name in writes]
    assert sorted(writes) == sorted((item["product"], item["action"]) for item in result["actions"])
    for name in failing:
        assert result["diff"]["before"].get(name) == result["diff"]["after"].get(name)
    again, _writes = stage.deploy(*four)
    assert not again["failed"] and sorted(name for name, row in rows(again).items() if row["changed"]) == sorted(
        name.replace("/auto", "/default") for name in failing)


# -- the wire at its worst -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("product, action, made", [
    ("slb", IMPORT, 1), ("slb", ADD, 1), ("slb", EXTENSION, 2), ("slb", DEFAULT, 2), ("cdn", CDN, 2),
])
@pytest.mark.parametrize("kind", ["cut_after", "truncated_json"])
@pytest.mark.parametrize("stale", [0, 1])
def test_lost_answers(cloud, stage, product, action, made, kind, stale):
    """What cannot be repeated is looked for, also when reads lag; what can be is repeated. Nothing is there twice."""
    cloud.cloud.setting.update(dict(stale_reads=stale))
    struck = cloud.fault(product=product, action=action, kind=kind)
    resources = [dict(WEB, slot="default"), dict(WEB, listener_port=8443, domains=["api.example.com"]), IMG]
    result, writes = stage.deploy(*resources)
    assert not result["failed"], result["msg"]
    assert struck.fired == 1
    assert writes.count(action) == made
    imported = [item for item in cloud.cloud.snapshot()["slb"]["certificates"] if str(stage.ids["new"]) in json.dumps(item)]
    assert len(imported) == 1
    assert stage.served("slb/lb-empty1/443")[0] == "new" and stage.served("slb/lb-empty1/8443")[1] == {
        "www.example.com": "new", "api.example.com": "new"}
    assert observed(cloud, NAME, stage.options(*resources))[0]["changed"] is False


@pytest.mark.parametrize("product, action, fault", [
    ("slb", DEFAULT, dict(code="ServiceIsConfiguring")), ("slb", DEFAULT, dict(code="OperationBusy")),
    ("cdn", CDN, dict(code="ServiceBusy", status=403)),
    ("slb", IMPORT, dict(code="Throttling.User", retry_after=50)), ("slb", ADD, dict(code="DomainExtensionProcessing")),
])
def test_a_busy_product_is_asked_again(cloud, stage, product, action, fault):
    struck = cloud.fault(product=product, action=action, kind="error", times=2, **fault)
    result, writes = stage.deploy(dict(WEB, slot="default"), dict(WEB, listener_port=8443, slot="additional",
                                                                  domains=["api.example.com"]), IMG)
    assert not result["failed"] and struck.fired == 2 and writes == sorted([IMPORT, DEFAULT, ADD, CDN]), result


def test_two_changes_of_a_listener_wait_for_each_other(cloud, stage):
    """While it applies the first change, a listener refuses a second one."""
    cloud.cloud.setting.update(dict(slow_states=True))
    result, writes = stage.deploy(dict(WEB, slot="default"), dict(WEB, slot="additional", domains=["www.example.com", "api.example.com"]))
    assert not result["failed"] and writes == sorted([IMPORT, DEFAULT, ADD, ADD]), result
    assert all(row["verified"] for row in rows(result).values())


def test_an_answer_without_its_id(cloud, stage):
    cloud.fault(product="slb", action=IMPORT, kind="drop_field", name="ServerCertificateId")
    result, _writes = stage.deploy(dict(WEB, slot="default"), IMG)
    assert result["failed"] and "has no ServerCertificateId" in result["msg"] and rows(result)["cdn/img.example.com"]["verified"]
    assert not stage.deploy(dict(WEB, slot="default"), IMG)[0]["failed"], "and the next run goes on from there"


# -- back again ----------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("calm", [True, False], ids=["calm", "adverse"])
def test_restore(cloud, materials, calm):
    cloud.reset(calm=calm)
    stage = Stage(cloud, materials)
    keys = ("slb/lb-empty1/443", "slb/lb-empty1/8443", "slb/lb-empty2/8443", "cdn")
    before = [stage.served(key) for key in keys]
    deployed, _writes = stage.deploy(*EVERYTHING, dict(WEB, slot="additional", domains=["api.example.com"]))
    assert not deployed["failed"] and [stage.served(key) for key in keys] != before
    restore = stage.restore(deployed)
    _check, real, _again = triple(cloud, NAME, restore, materials.keys)
    assert real["deployment"]["certificate"] is None and [stage.served(key) for key in keys] == before
    assert all(row["verified"] for row in rows(real).values())


def test_restore_of_a_cdn_certificate_that_is_not_in_cas_keeps_none_of_the_others_from_it(cloud, stage):
    cloud.cloud.cdn.add_domain("api.example.com", certificate=stage.materials.old, certificate_name="uploaded")
    deployed, _writes = stage.deploy(dict(WEB, slot="default"), dict(service="cdn", domain="api.example.com"))
    assert not deployed["failed"]
    restore = stage.restore(deployed)
    result, writes = observed(cloud, NAME, restore)
    assert result["failed"] and "is not in CAS" in result["msg"] and "by hand" in result["msg"] and "1 of 2 targets failed" in result["msg"]
    assert writes == [("slb", DEFAULT)] and stage.served("slb/lb-empty1/443")[0] == "old"


# -- through CAS ---------------------------------------------------------------------------------------------------------------------

JOB = dict(method="deployment_job", accept_cost=True)


@pytest.mark.parametrize("calm", [True, False], ids=["calm", "adverse"])
def test_a_deployment_job(cloud, materials, calm):
    cloud.reset(calm=calm)
    stage = Stage(cloud, materials)
    if not calm:  # CAS's list of resources lags
        for _look in range(6):
            stage.deploy(SHANGHAI, IMG, check=True, **JOB)
    _check, real, _again = triple(cloud, NAME, stage.options(SHANGHAI, IMG, **JOB), materials.keys)
    assert [action["action"] for action in real["actions"]] == ["CreateDeploymentJob", "UpdateDeploymentJobStatus"]
    assert {row["method"] for row in rows(real).values()} == {"deployment_job"} and all(row["verified"] for row in rows(real).values())
    assert stage.served("slb/lb-empty2/8443")[0] == "new" and stage.served("cdn")[1]["img.example.com"] == "new"


@pytest.mark.parametrize("given", [True, False])
def test_who_is_told_of_a_job(cloud, stage, given):
    first = min(cloud.cloud.cas.contacts)
    second = cloud.cloud.cas.add_contact("Night shift", "night@example.com")
    result, _writes = stage.deploy(IMG, **dict(JOB, contacts=[second] if given else []))
    assert not result["failed"], result["msg"]
    told = [entry["params"]["ContactIds"] for entry in cloud.journal(writes=True) if entry["action"] == "CreateDeploymentJob"]
    assert told == [str(second if given else first)]


def test_a_job_costs_and_is_not_made_unasked(stage):
    result, writes = stage.deploy(IMG, method="deployment_job")
    assert result["failed"] and writes == [] and "accept_cost: true" in result["msg"] and "method: product, which is free" in result["msg"]


def test_without_quota_no_job_is_started(cloud, stage):
    exhaust(cloud)
    result, writes = stage.deploy(SHANGHAI, IMG, **JOB)
    assert result["failed"] and writes == ["CreateDeploymentJob"] and "was not started" in result["msg"] and "quota" in result["msg"]
    assert stage.served("slb/lb-empty2/8443")[0] == "old"


def exhaust(cloud):
    cloud.cloud.cas.quota = 0


def test_the_specified_call_where_the_cloud_has_it(cloud, stage):
    cloud.cloud.cas.offers_single_call = True
    _check, real, _again = triple(cloud, NAME, stage.options(SHANGHAI, IMG, method="cloud_resource"), stage.materials.keys)
    assert [action["action"] for action in real["actions"]] == ["DeployCertificateToCloudResource"] * 2
    assert stage.served("slb/lb-empty2/8443")[0] == "new" and stage.served("cdn")[1]["img.example.com"] == "new"


def test_the_specified_call_where_the_cloud_does_not(stage):
    result, writes = stage.deploy(SHANGHAI, IMG, method="cloud_resource")
    assert result["failed"] and writes == [] and not result["changed"]
    assert result["msg"].count("InvalidAction.NotFound") == 2
    assert "does not offer the call" in result["msg"] and "method: product" in result["msg"]


def test_no_key_is_anywhere(cloud, stage):
    result, _writes = stage.deploy(*EVERYTHING)
    assert not leaked(json.dumps([result, cloud.journal(), cloud.cloud.snapshot()]), stage.materials.keys)


# -- a run that was ended in the middle ------------------------------------------------------------------------------------------------

def test_what_an_ended_run_left_under_way_is_waited_for(cloud, materials):
    """It has the right certificate already as far as the API says, and serves the old one until the change has been carried out."""
    cloud.reset(calm=True)
    stage = Stage(cloud, materials)
    cloud.cloud.setting.update({"slow_states": True})
    first, _writes = stage.deploy(WEB, wait=False)
    assert first["changed"] and stage.served("slb/lb-empty1/443")[0] == "old"
    again, writes = stage.deploy(WEB)
    assert not again["failed"] and not again["changed"] and writes == [] and stage.served("slb/lb-empty1/443")[0] == "new"


def test_a_domain_that_is_configuring_is_waited_for_although_it_is_right(cloud, stage):
    stage.deploy(IMG)
    domain = cloud.cloud.cdn.domains["img.example.com"]
    domain.busy = 6
    again, writes = stage.deploy(IMG)
    assert not again["failed"] and not again["changed"] and writes == [] and domain.busy == 0
    domain.busy = 9999
    late, _writes = observed(cloud, NAME, dict(stage.options(IMG), wait_timeout=0.2))
    assert late["failed"] and "still changing" in late["msg"] and not late["changed"]
