# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ram_policy: what the hosts have is allowed, and nothing else."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.daas.https.plugins.filter.ram_policy import FilterModule, ram_policy
from ansible_collections.daas.https.plugins.module_utils._permissions import PRODUCTS

from tests.support.emulation import running
from tests.support.modules import connection, run_module

SLB = dict(edge_resources=[dict(service="slb", region="cn-hangzhou", instance="lb-1", slot="default")])
ALB = dict(edge_resources=[dict(service="alb", region="cn-hangzhou", instance="alb-1", slot="additional")])
CDN = dict(edge_resources=[dict(service="CDN", domain="*.Example.com")])
WRITING = {product.ram_action(name) for product in PRODUCTS.values() for name, action in product.actions.items() if action.writes}


def allowed(hosts, *playbooks, **options):
    statements = ram_policy(hosts, list(playbooks), **options)["Statement"]
    return {action for statement in statements for action in statement["Action"]}


def of(prefix, actions):
    return {action.partition(":")[2] for action in actions if action.startswith(prefix + ":")}


def test_it_is_a_policy_as_ram_takes_it():
    policy = ram_policy([SLB, ALB, CDN])
    assert policy["Version"] == "1" and list(policy) == ["Version", "Statement"]
    for statement in policy["Statement"]:
        assert set(statement) == {"Effect", "Action", "Resource"} and statement["Effect"] == "Allow"
        assert statement["Action"] == sorted(set(statement["Action"])) and "*" not in "".join(statement["Action"])


def test_only_what_is_there_is_allowed():
    actions = allowed([SLB], "deploy")
    assert {action.partition(":")[0] for action in actions} == {"slb", "yundun-cert"}
    assert of("slb", actions) == {
        "DescribeServerCertificates", "DescribeLoadBalancerListeners", "DescribeLoadBalancerHTTPSListenerAttribute",
        "UploadServerCertificate", "SetLoadBalancerHTTPSListenerAttribute"}
    assert of("yundun-cert", actions) >= {"ListUserCertificateOrder", "GetUserCertificateDetail", "UploadUserCertificate"}


@pytest.mark.parametrize(("slot", "default", "additional"), [("default", 1, 0), ("additional", 0, 1), ("auto", 1, 1), (None, 1, 1)])
@pytest.mark.parametrize(("service", "of_default", "of_additional"), [
    ("slb", "SetLoadBalancerHTTPSListenerAttribute", "CreateDomainExtension"),
    ("alb", "UpdateListenerAttribute", "AssociateAdditionalCertificatesWithListener"),
    ("nlb", "UpdateListenerAttribute", "AssociateAdditionalCertificatesWithListener"),
    ("ga", "UpdateListener", "AssociateAdditionalCertificatesWithListener"),
])
def test_slots_make_a_difference(service, of_default, of_additional, slot, default, additional):
    row = dict(service=service, region="cn-hangzhou", instance="x-1", **({"slot": slot} if slot else {}))
    actions = of(service, allowed([dict(edge_resources=[row])], "deploy"))
    assert (of_default in actions, of_additional in actions) == (bool(default), bool(additional))


def test_waf_domains_and_ports():
    domain = of("yundun-waf", allowed([dict(edge_resources=[dict(service="waf", domain="www.example.com")])], "deploy"))
    row = dict(service="waf", instance="lb-1", listener_port=443, slot="default")
    port = of("yundun-waf", allowed([dict(edge_resources=[row])], "deploy"))
    assert domain == {"DescribeInstance", "DescribeDomainDetail", "ModifyDomainCert"}
    assert port == {"DescribeInstance", "DescribeCloudResourceAccessPortDetails", "DescribeCertDetail", "ModifyCloudResourceDefaultCert"}


@pytest.mark.parametrize("hosts", [[SLB], [ALB, CDN], [SLB, dict(verify_discover=dict(services=["ga", "waf", "oss"]))]])
def test_verify_writes_nothing(hosts):
    actions = allowed(hosts, "verify")
    assert actions and not actions & WRITING
    assert "yundun-cert:ListUserCertificateOrder" in actions


def test_verify_without_drift_needs_nothing():
    assert ram_policy([dict(SLB, verify_drift=False)], ["verify"]) == dict(Version="1", Statement=[])


def test_read_only_is_what_a_check_needs():
    both = allowed([SLB, ALB, CDN], "deploy", "rollback")
    assert allowed([SLB, ALB, CDN], "deploy", "rollback", read_only=True) == both - WRITING


def test_rollback_uploads_nothing_and_leaves_what_it_cannot_reach():
    hosts = [SLB, dict(app_host_method="cloud_assistant"), dict(airec_region="cn-hangzhou", airec_auth="signature")]
    assert of("yundun-cert", allowed(hosts, "rollback")) == {"ListUserCertificateOrder", "ListTagResources"}
    assert not {action for action in allowed(hosts, "rollback") if action.startswith(("ecs:", "airec:", "alidns:"))}


def test_several_playbooks_are_the_sum_of_each():
    hosts = [SLB, ALB, dict(airec_region="cn-hangzhou")]
    each = [allowed(hosts, playbook) for playbook in ("deploy", "verify", "rollback")]
    assert allowed(hosts, "deploy", "verify", "rollback") == set().union(*each)


def test_discovering_takes_every_slot_and_the_lists():
    found = allowed([dict(edge_discover=dict(services=["GA", "oss"], regions=["cn-hangzhou"]))], "deploy")
    assert of("ga", found) == set(PRODUCTS["ga"].actions)
    assert of("oss", found) == {"ListBuckets", "ListCname", "PutCname"}
    assert "yundun-cert:DescribeSSLCertificatePrivateKey" in found, "OSS takes the certificate in the caller's name"
    assert of("ga", allowed([dict(edge_discover=dict(services=["ga"]))], "verify")) == set()


def test_options_are_allowed_where_they_are_set():
    plain, with_options = allowed([CDN], "deploy"), allowed([dict(CDN, edge_https_options={"cdn": {"http2": True}, "alb": {}})], "deploy")
    assert of("cdn", with_options - plain) == {"DescribeCdnDomainConfigs", "BatchSetCdnDomainConfig", "DeleteSpecificConfig"}
    assert not of("alb", with_options)


@pytest.mark.parametrize(("more", "wanted", "unwanted"), [
    (dict(edge_method="deployment_job"), "CreateDeploymentJob", "DeployCertificateToCloudResource"),
    (dict(edge_method="cloud_resource"), "DeployCertificateToCloudResource", "CreateDeploymentJob"),
])
def test_ways_through_cas(more, wanted, unwanted):
    actions = allowed([dict(SLB, **more)], "deploy")
    assert wanted in of("yundun-cert", actions) and unwanted not in of("yundun-cert", actions)
    assert not of("slb", actions) & {"SetLoadBalancerHTTPSListenerAttribute"} and "DescribeServerCertificates" in of("slb", actions)


def test_what_has_no_driver_goes_by_a_job():
    actions = allowed([dict(edge_resources=[dict(service="FC", domain="www.example.com")])], "deploy")
    assert {"ListCloudResources", "CreateDeploymentJob", "ListContact"} <= of("yundun-cert", actions)


def test_an_alternative_stands_beside_the_default_one():
    row = dict(edge_resources=[dict(service="alb", region="cn-hangzhou", instance="alb-1", slot="default")])
    action = "alb:AssociateAdditionalCertificatesWithListener"
    assert action not in allowed([row], "deploy") and action in allowed([dict(row, certificate_alternative_path="/x")], "deploy")


@pytest.mark.parametrize(("source", "wanted", "unwanted"), [
    ("pem", {"UploadUserCertificate"}, {"ListTagResources", "CreateCertificateForPackageRequest"}),
    ("cas", {"ListTagResources"}, {"UploadUserCertificate", "CreateCertificateForPackageRequest"}),
    ("order", {"CreateCertificateForPackageRequest", "DescribeCertificateState", "TagResources"}, {"CreateCertificateRequest"}),
    ("acme", {"UploadUserCertificate", "ListTagResources"}, {"CreateCertificateForPackageRequest", "DescribeCertificateState"}),
])
def test_where_the_certificate_comes_from(source, wanted, unwanted):
    actions = allowed([dict(SLB, certificate_source=source)], "deploy")
    cas = of("yundun-cert", actions)
    assert wanted <= cas and not cas & unwanted
    assert bool(of("alidns", actions)) == (source in ("order", "acme"))


def test_orders_that_cost_are_allowed_only_where_they_are_meant():
    host = dict(SLB, certificate_source="order", certificate_validation="http", certificate_order_paid=True)
    actions = allowed([host], "rotate")
    assert "yundun-cert:CreateCertificateRequest" in actions and not of("alidns", actions)


def test_prune_deletes_and_binds_nothing():
    hosts = [SLB, ALB, dict(airec_region="cn-hangzhou", airec_auth="signature")]
    actions = allowed(hosts, "prune")
    assert actions & WRITING == {
        "yundun-cert:DeleteUserCertificate", "yundun-cert:BatchUpdateNoticeStatus", "yundun-cert:TagResources",
        "yundun-cert:UntagResources", "slb:DeleteServerCertificate"}
    assert of("airec", actions) == {"GetCertificatesStatus"} and "ListListenerCertificates" in of("alb", actions)
    assert "yundun-cert:BatchUpdateNoticeStatus" not in allowed([dict(host, prune_mute_notices=False) for host in hosts], "prune")


def test_prune_looks_through_what_may_have_been_discovered():
    assert {"ListAccelerators", "ListListeners"} <= of("ga", allowed([dict(edge_discover=dict(services=["ga"]))], "prune"))
    assert not of("slb", allowed([ALB], "prune"))


def test_hosts_without_ssh():
    assert not of("ecs", allowed([dict(app_host_certificate_dest="/x")], "deploy"))
    assert of("ecs", allowed([dict(app_host_method="cloud_assistant")], "deploy")) == set(PRODUCTS["ecs"].actions)


def test_airec():
    token = allowed([dict(airec_region="cn-hangzhou", airec_validation="http")], "deploy")
    assert not of("airec", token) and not of("alidns", token)
    signed = allowed([dict(airec_region="cn-hangzhou", airec_auth="signature")], "deploy")
    assert of("airec", signed) == {"BindCertificates", "GetCertificatesStatus", "GetSettings", "PutSettings"}
    assert "AddDomainRecord" in of("alidns", signed)
    assert not of("airec", allowed([dict(airec_region="cn-hangzhou", airec_auth="signature", airec_method="endpoint")], "deploy"))


def test_the_inventory_plugin():
    assert allowed([], "verify", inventory_services=["slb", "airec"]) == {
        "slb:DescribeLoadBalancers", "slb:DescribeLoadBalancerListeners", "airec:ListInstance"}


def test_resources_are_named_where_that_is_documented():
    named = {tuple(statement["Resource"]): set(statement["Action"]) for statement in ram_policy([ALB, CDN, SLB], ["deploy"])["Statement"]
             if statement["Resource"] != "*"}
    [alb] = [actions for names, actions in named.items() if "acs:alb:cn-hangzhou:*:loadbalancer/alb-1" in names]
    assert named["acs:cdn:*:*:domain/.example.com",] == {"cdn:SetCdnDomainSSLCertificate"}
    assert alb and alb <= WRITING and len(named) == 2


@pytest.mark.parametrize("options", [dict(any_resource=True), {}])
def test_resources_are_not_named_where_they_are_not_known(options):
    hosts = [ALB, CDN] if options else [ALB, CDN, dict(edge_discover=dict(services=["alb", "cdn"], regions=["cn-hangzhou"]))]
    policy = ram_policy(hosts, ["deploy"], **options)
    assert {statement["Resource"] for statement in policy["Statement"]} == {"*"}
    assert {action for statement in policy["Statement"] for action in statement["Action"]} >= allowed([ALB, CDN], "deploy")


def test_who_takes_a_role_may_take_that_role():
    arn = "acs:ram::1000000000000002:role/certificates"
    hosts = [dict(SLB, daas_https_connection=dict(assume_role=dict(role_arn=arn)))]
    assert ram_policy(hosts, caller=True)["Statement"] == [dict(Effect="Allow", Action=["sts:AssumeRole"], Resource=[arn])]
    assert not of("sts", allowed(hosts, "deploy")), "the role itself takes none"
    assert ram_policy([SLB], caller=True)["Statement"] == []


@pytest.mark.parametrize(("options", "said"), [
    (dict(playbooks=["deploi"]), "ram_policy: playbooks can be deploy, verify, rotate, rollback, prune, not 'deploi'."),
    (dict(playbooks="deploy"), "ram_policy: playbooks is a list, not 'deploy'."),
    (dict(inventory_services=["oss"]), "ram_policy: inventory_services can be airec, alb, cdn, dcdn, nlb, slb, not 'oss'."),
])
def test_what_cannot_be_meant_is_refused(options, said):
    with pytest.raises(AnsibleFilterError) as caught:
        ram_policy([SLB], **options)
    assert str(caught.value) == said


def test_it_is_a_filter():
    assert FilterModule().filters() == {"ram_policy": ram_policy}


# -- with less than that -------------------------------------------------------------------------------------------------------------

DEMO = dict(edge_resources=[
    dict(service="slb", region="cn-hangzhou", instance="lb-bp1web", listener_port=443, slot="default"),
    dict(service="alb", region="cn-hangzhou", instance="alb-bp1shop", listener_port=443, slot="default"),
    dict(service="nlb", region="cn-hangzhou", instance="nlb-bp1mq", listener_port=8883, slot="default"),
    dict(service="cdn", domain="img.example.com"), dict(service="dcdn", domain="shop-assets.example.com"),
    dict(service="live", domain="stream.shop.example.com"), dict(service="esa", instance="shop.example.com")])
# What a plain deployment does not come to.
NOT_CALLED = {"slb:DescribeLoadBalancerListeners", "alb:DissociateAdditionalCertificatesFromListener",
              "nlb:DisassociateAdditionalCertificatesWithListener", "esa:DeleteCertificate"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with running("demo", calm=True, tmp_path=tmp_path_factory.mktemp("demo")) as handle:
        yield handle, handle.authority.issue(["img.example.com", "shop-assets.example.com", "*.shop.example.com", "shop.example.com",
                                              "www.example.com", "api.example.com", "static.example.com", "app.example.com",
                                              "rec.example.com"])


@pytest.mark.parametrize("lacking", sorted(allowed([DEMO], "deploy") - NOT_CALLED))
def test_without_any_one_of_them_the_refusal_names_it(demo, lacking):
    cloud, new = demo
    cloud.reset("demo", calm=True)
    key = cloud.key(deny=[lacking])
    reach = dict(connection(cloud), access_key_id=key.access_key_id, access_key_secret=key.access_key_secret)
    result = run_module("cas_certificate", dict(
        reach, name="shop", certificate=new.chain_pem, private_key=new.key_pem, ca_path=str(cloud.ca_path)))
    if not result["failed"]:
        result = run_module("cas_deploy", dict(reach, certificate=dict(fingerprint=new.fingerprint), resources=DEMO["edge_resources"]))
    assert result["failed"] and "Grant the RAM action {0} to this access key".format(lacking) in result["msg"]
