# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployment to Global Accelerator and WAF, from the first read to the handshake, and back again."""

from __future__ import annotations

import pytest

from ansible_collections.daas.https.plugins.module_utils._targets import ga, waf
from ansible_collections.daas.https.plugins.module_utils._targets.registry import TARGETS
from tests.support.modules import connection, run_module
from tests.support.triple import observed, triple

NAME = "cas_deploy"
WWW, SHOP = "www.example.com", "a.shop.example.com"
GA = dict(service="ga", instance="ga-bp1web")
DOMAIN, PORT = dict(service="waf", domain=WWW), dict(service="waf", instance="lb-1")
UPDATE, REPLACE, ADD, REMOVE = ("UpdateListener", "UpdateAdditionalCertificateWithListener", "AssociateAdditionalCertificatesWithListener",
                                "DissociateAdditionalCertificatesFromListener")
CERT, LIST, FIRST = "ModifyDomainCert", "ModifyCloudResourceCert", "ModifyCloudResourceDefaultCert"
LISTEN = {"HttpPorts": [80], "TLSVersion": "tlsv1.2", "EnableTLSv3": True, "CipherSuite": 2, "Http2Enabled": True, "HstsMaxAge": 600}


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(TARGETS, "ga", ga)
    monkeypatch.setitem(TARGETS, "waf", waf)


class Stage:
    """Two listeners of one accelerator, a domain and a port behind WAF; all have the old certificate, and others beside it."""

    def __init__(self, handle, materials):
        self.handle, self.materials, cloud = handle, materials, handle.cloud
        self.ids = dict((name, cloud.cas.add_certificate("shop-" + name, getattr(materials, name)))
                        for name in ("old", "new", "wider", "narrow", "unrelated"))
        old, wider, unrelated = (self.ids[name] for name in ("old", "wider", "unrelated"))
        cloud.ga.add_accelerator("ga-bp1web")
        self.web = cloud.ga.add_https_listener("ga-bp1web", 443, old, {WWW: old, "admin.example.net": unrelated})
        self.web.attributes.update({"ClientAffinity": "SOURCE_IP", "IdleTimeout": 30, "Name": "web"})
        cloud.ga.add_https_listener("ga-bp1web", 8443, wider)
        self.domain = cloud.waf.add_domain(WWW, old, listen=LISTEN, redirect={"RoutingRules": "[]", "ReadTimeout": 60})
        self.port = cloud.waf.add_port("clb7", "lb-1", 443, old, (unrelated, old), CipherSuite=2, TLSVersion="tlsv1.2")
        self.waf = cloud.waf.instances["cn-hangzhou"].id

    def options(self, *resources, certificate="new", **more):
        return dict(connection(self.handle), certificate=dict(id=self.ids[certificate]), resources=list(resources), wait_timeout=20,
                    wait_interval=0.05, **more)

    def deploy(self, *resources, check=False, **more):
        result, writes = observed(self.handle, NAME, self.options(*resources, **more), check=check)
        return result, sorted(action for _product, action in writes)

    def restore(self, deployed):
        options = self.options(restore=deployed["deployment"]["targets"])
        for option in ("certificate", "resources"):
            del options[option]
        result, writes = observed(self.handle, NAME, options)
        return result, sorted(action for _product, action in writes)

    def served(self, key):
        """Names of the materials that an endpoint serves: (default, by SNI)."""
        known = dict((getattr(self.materials, name).fingerprint, name) for name in self.ids)
        serving = self.handle.dataplane.serving(key)
        return known.get(serving["default"]), dict((name, known[digest]) for name, digest in serving["sni"].items())


@pytest.fixture
def stage(cloud, materials):
    return Stage(cloud, materials)


def rows(result):
    return dict((row["target"], row) for row in result["deployment"]["targets"])


# -- one resource --------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("resource, writes, key, default, sni", [
    (GA, [REPLACE, UPDATE], "ga/ga-bp1web/443", "new", {WWW: "new"}),
    (dict(GA, service="GA", slot="default"), [UPDATE], "ga/ga-bp1web/443", "new", {WWW: "old"}),
    (dict(GA, slot="additional", domains=[SHOP]), [ADD], "ga/ga-bp1web/443", "old", {WWW: "old", SHOP: "new"}),
    (dict(GA, slot="additional", domains=[WWW, SHOP]), [ADD, REPLACE], "ga/ga-bp1web/443", "old", {WWW: "new", SHOP: "new"}),
], ids=["auto", "default", "additional", "both"])
@pytest.mark.parametrize("calm", [True, False], ids=["calm", "adverse"])
def test_accelerators(cloud, materials, resource, writes, key, default, sni, calm):
    cloud.reset(calm=calm)
    stage = Stage(cloud, materials)
    _check, real, _again = triple(cloud, NAME, stage.options(resource), materials.keys)
    assert sorted(action["action"] for action in real["actions"]) == writes
    assert stage.served(key) == (default, dict(sni, **{"admin.example.net": "unrelated"}))
    assert (stage.web.attributes["ClientAffinity"], stage.web.attributes["IdleTimeout"], stage.web.attributes["Name"]) == (
        "SOURCE_IP", 30, "web")
    assert all(row["verified"] and row["current"]["cas_id"] == stage.ids["new"] for row in rows(real).values())


@pytest.mark.parametrize("resource, writes, default, extension", [
    (DOMAIN, [CERT], None, None), (dict(DOMAIN, domain="WWW.example.com.", service="WAF", region="cn-hangzhou"), [CERT], None, None),
    (PORT, [LIST, FIRST], "new", "new"), (dict(PORT, slot="default"), [FIRST], "new", "old"),
    (dict(PORT, slot="additional"), [LIST], "old", "new"),
], ids=["domain", "domain, spelled otherwise", "port, auto", "port, default", "port, additional"])
@pytest.mark.parametrize("calm", [True, False], ids=["calm", "adverse"])
def test_firewalls(cloud, materials, resource, writes, default, extension, calm):
    cloud.reset(calm=calm)
    stage = Stage(cloud, materials)
    _check, real, _again = triple(cloud, NAME, stage.options(resource), materials.keys)
    assert sorted(action["action"] for action in real["actions"]) == sorted(writes)
    assert stage.served("waf/" + stage.waf) == (None, {WWW: "old" if default else "new"})
    assert {name: stage.domain.listen[name] for name in LISTEN} == LISTEN and stage.domain.redirect["RoutingRules"] == "[]"
    first, others = stage.served("waf/lb-1/443")
    assert (first, others[WWW], others["admin.example.net"]) == (default or "old", extension or "old", "unrelated")
    assert all(row["verified"] and row["current"]["cas_id"] == stage.ids["new"] for row in rows(real).values())


# -- many at once, and back again ----------------------------------------------------------------------------------------------------

EVERYTHING = [GA, dict(GA, listener_port=8443, slot="additional", domains=[SHOP]), DOMAIN, PORT]


@pytest.mark.parametrize("calm, parallel", [(True, 1), (True, 8), (False, 8)], ids=["one by one", "parallel", "adverse"])
def test_everything_at_once_and_back_again(cloud, materials, calm, parallel):
    cloud.reset(calm=calm)
    stage = Stage(cloud, materials)
    keys = ["ga/ga-bp1web/443", "ga/ga-bp1web/8443", "waf/" + stage.waf, "waf/lb-1/443"]
    before = [stage.served(key) for key in keys], cloud.cloud.waf.snapshot()
    _check, real, _again = triple(cloud, NAME, stage.options(*EVERYTHING, parallel=parallel), materials.keys)
    assert [stage.served(key)[0] for key in keys] == ["new", "wider", None, "new"]
    assert sorted(rows(real)) == [
        "ga/ga-bp1web:443/additional/www.example.com", "ga/ga-bp1web:443/default", "ga/ga-bp1web:8443/additional/a.shop.example.com",
        "waf/cn-hangzhou/lb-1:443/additional/www.example.com", "waf/cn-hangzhou/lb-1:443/default", "waf/cn-hangzhou/www.example.com"]
    result, writes = stage.restore(real)
    assert not result["failed"], result["msg"]
    assert writes == sorted([UPDATE, REPLACE, REMOVE, CERT, LIST, FIRST])
    assert [stage.served(key) for key in keys] == before[0]
    domain, port = (cloud.cloud.waf.snapshot()["instances"][0][part] for part in ("domains", "ports"))
    assert domain == before[1]["instances"][0]["domains"]
    assert sorted(port["waf/lb-1/443"]["certificates"]) == sorted(before[1]["instances"][0]["ports"]["waf/lb-1/443"]["certificates"])


def test_what_is_found_is_deployed_to(stage):
    stage.handle.cloud.waf.add_domain("plain.example.com")
    stage.handle.cloud.waf.add_domain("other.example.net", stage.ids["unrelated"])
    options = stage.options(discover=dict(services=["ga", "waf"]))
    del options["resources"]
    _check, real, _again = triple(stage.handle, NAME, options, stage.materials.keys)
    assert sorted(row["target"] for row in real["deployment"]["targets"]) == [
        "ga/ga-bp1web:443/additional/www.example.com", "ga/ga-bp1web:443/default",
        "waf/cn-hangzhou/lb-1:443/additional/www.example.com", "waf/cn-hangzhou/lb-1:443/default", "waf/cn-hangzhou/www.example.com"]


# -- what goes wrong -----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("resource, words", [
    (dict(service="ga"), ["A resource of service 'ga' needs instance"]), (dict(GA, listener_port=80), ["it has some on 443, 8443"]),
    (dict(GA, listener_port=8443), ["found nothing", "slot: additional"]), (dict(service="waf"), ["needs domain, or instance"]),
    (dict(DOMAIN, domain="nowhere.example.com"), ["has no domain nowhere.example.com"]),
    (dict(DOMAIN, region="cn-shanghai"), ["not 'cn-shanghai'"]), (dict(PORT, listener_port=80), ["it does 443"]),
])
def test_what_cannot_be_stops_everything(stage, resource, words):
    result, writes = stage.deploy(resource, DOMAIN)
    assert result["failed"] and writes == [] and all(word in result["msg"] for word in words), result["msg"]


def test_a_refusal_stops_its_own_resource_only(stage):
    result, writes = stage.deploy(dict(GA, instance="ga-x"), DOMAIN)
    assert result["failed"] and writes == [CERT] and "NotExist.Accelerator" in result["msg"] and "Check instance (ga-…)" in result["msg"]


@pytest.mark.parametrize("product, action, resource", [
    ("ga", UPDATE, dict(GA, slot="default")), ("ga", REPLACE, dict(GA, slot="additional", domains=[WWW])),
    ("ga", ADD, dict(GA, slot="additional", domains=[SHOP])), ("waf", CERT, DOMAIN), ("waf", LIST, dict(PORT, slot="additional")),
    ("waf", FIRST, dict(PORT, slot="default"))])
@pytest.mark.parametrize("kind", ["cut_after", "cut_mid_body"])
def test_a_lost_answer(stage, product, action, resource, kind):
    stage.handle.fault(product=product, action=action, kind=kind)
    result, _writes = stage.deploy(resource)
    assert not result["failed"], result["msg"]
    [row] = rows(result).values()
    assert row["changed"] and row["verified"] and row["current"]["cas_id"] == stage.ids["new"]


def test_a_narrower_certificate_takes_no_names_away(stage):
    result, writes = stage.deploy(dict(PORT, slot="additional"), certificate="narrow")
    assert result["failed"] and writes == [] and "also covers" in result["msg"] and "force: true" in result["msg"]
    result, writes = stage.deploy(dict(PORT, slot="additional", force=True), certificate="narrow")
    assert not result["failed"] and writes == [LIST] and stage.served("waf/lb-1/443")[1][WWW] == "narrow"


def test_what_is_not_in_cas_yet_is_predicted(stage):
    material = stage.handle.authority.issue([WWW, "*.shop.example.com"], days=90)
    options = stage.options(GA, DOMAIN, dict(PORT, slot="additional", force=True))
    options["certificate"] = dict(fingerprint=material.fingerprint, name="shop-later", domains=list(material.names))
    result = run_module(NAME, options, check=True)
    assert not result["failed"], result["msg"]
    assert {row["current"]["fingerprint"] for row in rows(result).values()} == {material.fingerprint}


def test_what_is_bound_is_reported(stage):
    options = dict(connection(stage.handle), resources=[GA, DOMAIN, PORT], certificate=dict(id=stage.ids["old"]))
    slots = run_module("cas_deploy_info", options)["drift"]["slots"]
    assert {slot["target"]: slot["bound"]["name"] for slot in slots} == {
        "ga/ga-bp1web:443/default": "shop-old", "ga/ga-bp1web:443/additional/www.example.com": "shop-old",
        "ga/ga-bp1web:443/additional/admin.example.net": "shop-unrelated", "waf/cn-hangzhou/www.example.com": "shop-old",
        "waf/cn-hangzhou/lb-1:443/default": "shop-old", "waf/cn-hangzhou/lb-1:443/additional/www.example.com": "shop-old",
        "waf/cn-hangzhou/lb-1:443/additional/admin.example.net": "shop-unrelated"}
