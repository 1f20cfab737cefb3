# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""edge_https_options against the emulated cloud: predict, do, do nothing; what stays; and what it refuses to take away."""

from __future__ import annotations

import copy
import http.client
import json
import socket
import ssl

import pytest

from ansible_collections.daas.https.plugins.module_utils._api.https_options import Accelerated, Function
from ansible_collections.daas.https.plugins.module_utils._https_targets import DRIVERS
from tests.support.modules import connection, run_module

IMG, STATIC, ASSETS = "img.example.com", "static.example.com", "shop-assets.example.com"
CDN, DCDN = dict(service="cdn", domain=IMG), dict(service="dcdn", domain=ASSETS)
WEB = dict(service="slb", region="cn-hangzhou", instance="lb-bp1web")
SHOP = dict(service="alb", region="cn-hangzhou", instance="alb-bp1shop")
QUEUE = dict(service="nlb", region="cn-hangzhou", instance="nlb-bp1mq", listener_port=8883)
HSTS = dict(enabled=True, max_age=300)


@pytest.fixture
def cloud(emulator):
    emulator.reset("demo", calm=True)
    emulator.forget()
    return emulator


@pytest.fixture
def slow(emulator):
    emulator.reset("demo", calm=False)
    emulator.forget()
    return emulator


def run(handle, *resources, check=False, **options):
    return run_module("edge_https_options", dict(
        connection(handle), resources=list(resources), wait_timeout=20, wait_interval=0.05, **options), check=check)


def writes(handle):
    return [entry["action"] for entry in handle.journal(writes=True) if entry["committed"]]


def triple(handle, *resources, **options):
    """Check, run, run again. Returns the real run's result."""
    handle.forget()
    predicted = run(handle, *resources, check=True, **options)
    assert not predicted["failed"], predicted["msg"]
    assert writes(handle) == []
    real = run(handle, *resources, **options)
    assert not real["failed"], real["msg"]
    for key in ("changed", "diff", "actions", "https_options"):
        assert predicted[key] == real[key]
    assert sorted(writes(handle)) == sorted(step["action"] for step in real["actions"])
    handle.forget()
    again = run(handle, *resources, **options)
    assert not again["failed"] and not again["changed"] and again["actions"] == [] and writes(handle) == []
    assert {row["skipped_reason"].split(";")[0] for row in again["https_options"]} == {"already so"}
    return real


def rows(result):
    return {row["target"]: row for row in result["https_options"]}


def functions(handle, domain=IMG, product="cdn"):
    found = getattr(handle.cloud, product).domains[domain].functions
    return {name: arguments for (name, parent), (_id, arguments) in found.items() if not parent}


def configure(handle, named, domain=IMG, parent=""):
    cdn = handle.cloud.cdn
    with handle.cloud.lock:
        cdn.configure([cdn.domains[domain]], {(name, parent): arguments for name, arguments in named.items()})
    handle.forget()


def plain(handle, key, host, method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", handle.data_plane[key]["http_port"], timeout=10)
    connection.request(method, "/", headers={"Host": host})
    answer = connection.getresponse()
    connection.close()
    return answer.status, answer.getheader("Location")


def secure(handle, key, host, version=None):
    """The headers of an answer over TLS; None if there is no handshake with that version alone."""
    context = ssl.create_default_context(cafile=handle.ca_path)
    if version:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", handle.data_plane[key]["port"]), timeout=10) as raw:
        try:
            wrapped = context.wrap_socket(raw, server_hostname=host)
        except ssl.SSLError:
            return None
        connection = http.client.HTTPConnection(host)
        connection.sock = wrapped
        connection.request("GET", "/")
        headers = dict(connection.getresponse().getheaders())
        connection.close()
        return headers


# -- accelerated domains -------------------------------------------------------------------------------------------------------------

def test_domains_of_both_products_get_everything(cloud):
    result = triple(cloud, CDN, DCDN, redirect="308", hsts=HSTS, tls_minimum="1.3", cipher_policy="strict", http2=True, ocsp_stapling=True)
    assert [step["action"] for step in result["actions"]] == ["BatchSetCdnDomainConfig", "BatchSetDcdnDomainConfigs"]
    wanted = dict(redirect="308", hsts=dict(enabled=True, max_age=300, include_subdomains=False), tls_minimum="1.3", cipher_policy="strict",
                  http2=True, ocsp_stapling=True)
    for target, key, host in (("cdn/" + IMG, "cdn", IMG), ("dcdn/" + ASSETS, "dcdn", ASSETS)):
        row = rows(result)[target]
        assert row["after"] == wanted and row["before"]["redirect"] == "off" and row["changed"] and row["error"] is None
        assert plain(cloud, key, host) == (308, "https://{0}/".format(host))
        assert secure(cloud, key, host)["Strict-Transport-Security"] == "max-age=300"
        assert secure(cloud, key, host, ssl.TLSVersion.TLSv1_2) is None and secure(cloud, key, host, ssl.TLSVersion.TLSv1_3)
    assert result["diff"]["after"]["cdn/" + IMG] == wanted


def test_what_was_there_stays(cloud):
    """One argument of a function is changed, the function is written as a whole, and nothing else of the domain is written."""
    configure(cloud, {"https_option": {"http2": "on", "ocsp_stapling": "on"}, "https_tls_version": {"tls12": "on", "tls10": "on"},
                      "HSTS": {"enabled": "on", "https_hsts_max_age": "99", "https_hsts_include_subdomains": "on"},
                      "filetype_based_ttl_set": {"ttl": "60"}, "condition": {"rule": "{}"}})
    number = cloud.cloud.cdn.domains[IMG].functions["condition", ""][0]
    configure(cloud, {"HSTS": {"enabled": "on", "https_hsts_max_age": "5"}}, parent=str(number))
    before = copy.deepcopy(functions(cloud))
    triple(cloud, CDN, http2=False, hsts=dict(enabled=False))
    before["https_option"]["http2"] = before["HSTS"]["enabled"] = "off"
    assert functions(cloud) == before
    assert cloud.cloud.cdn.domains[IMG].functions["HSTS", str(number)][1] == {"enabled": "on", "https_hsts_max_age": "5"}


def test_a_certificate_and_its_domain_are_not_touched(cloud):
    domain = cloud.cloud.cdn.domains[IMG]
    before = domain.https, domain.material.fingerprint, domain.cas_id
    triple(cloud, CDN, http2=True)
    assert (domain.https, domain.material.fingerprint, domain.cas_id) == before


def test_the_opposite_redirect_that_is_off_is_removed_first(cloud):
    configure(cloud, {"http_force": {"enable": "off"}})
    result = triple(cloud, CDN, redirect="301")
    assert [step["action"] for step in result["actions"]] == ["DeleteSpecificConfig", "BatchSetCdnDomainConfig"]
    assert set(functions(cloud)) == {"https_force"}


def test_the_opposite_redirect_that_is_on_is_not_taken_away(cloud):
    configure(cloud, {"http_force": {"enable": "on"}})
    result = run(cloud, CDN, DCDN, redirect="301")
    assert result["failed"] and "http_force" in rows(result)["cdn/" + IMG]["error"] and writes(cloud) == []
    assert rows(result)["dcdn/" + ASSETS]["error"].startswith("Not tried") and not result["changed"]


def test_nobody_is_sent_to_a_domain_without_https(cloud):
    static = dict(service="CDN", domain=STATIC)
    for options in (dict(redirect="on"), dict(hsts=HSTS)):
        result = run(cloud, static, **options)
        assert result["failed"] and "HTTPS is off for static.example.com" in result["msg"] and writes(cloud) == []
        predicted = run(cloud, static, check=True, **options)
        assert not predicted["failed"] and predicted["changed"] and "outside check mode" in str(predicted["warnings"])
    triple(cloud, static, http2=True)  # this hurts nobody


def test_a_wildcard_domain_and_one_that_is_there_twice(cloud):
    with cloud.cloud.lock:
        cloud.cloud.cdn.add_domain(".shop.example.com", certificate=cloud.cloud.cdn.domains[IMG].material, certificate_name="x")
    result = triple(cloud, *[dict(service="cdn", domain=name) for name in ("*.shop.example.com", ".SHOP.example.com")], redirect="on")
    assert list(rows(result)) == ["cdn/.shop.example.com"] and plain(cloud, "cdn", "a.shop.example.com")[0] == 301


def test_an_edge_that_takes_its_time(slow):
    result = run(slow, CDN, DCDN, redirect="301", hsts=HSTS)
    assert not result["failed"], result["msg"]
    assert plain(slow, "cdn", IMG)[0] == plain(slow, "dcdn", ASSETS)[0] == 301
    assert rows(result)["cdn/" + IMG]["after"]["redirect"] == "301"


def test_what_is_not_done_in_time_is_said_and_a_later_run_finds_it(slow):
    result = run_module("edge_https_options", dict(connection(slow), resources=[CDN], redirect="301", wait_timeout=0, wait_interval=0.05))
    assert result["failed"] and "raise wait_timeout" in result["msg"] and rows(result)["cdn/" + IMG]["changed"]
    again = run(slow, CDN, redirect="301")
    assert not again["failed"] and plain(slow, "cdn", IMG)[0] == 301


def test_what_the_product_could_not_do_is_said():
    present = Accelerated((Function("1", "HSTS", {}, status="failed"), Function("2", "https_force", {})))
    assert DRIVERS["cdn"].unsettled(present) == "HSTS is failed" and DRIVERS["dcdn"].unsettled(Accelerated()) == ""


def test_without_waiting_what_was_accepted_is_believed(slow):
    result = run(slow, CDN, redirect="301", wait=False)
    assert not result["failed"] and result["changed"] and rows(result)["cdn/" + IMG]["after"]["redirect"] == "301"


def test_a_deletion_whose_answer_was_lost(cloud):
    configure(cloud, {"http_force": {"enable": "off"}})
    cloud.fault(action="DeleteSpecificConfig", kind="cut_after", times=1)
    result = run(cloud, CDN, redirect="301")
    assert not result["failed"], result["msg"]
    assert set(functions(cloud)) == {"https_force"}


def test_one_domain_that_is_refused_keeps_no_other(cloud):
    cloud.cloud.cdn.domains[IMG].status = "offline"
    result = run(cloud, CDN, DCDN, http2=True)
    assert result["failed"] and "1 of 2 resources failed" in result["msg"] and result["changed"]
    row = rows(result)["cdn/" + IMG]
    assert "InvalidDomain.Offline" in row["error"] and not row["changed"] and row["after"]["http2"] is None
    assert functions(cloud, ASSETS, "dcdn") == {"https_option": {"http2": "on"}}
    assert set(result["diff"]["after"]) == {"cdn/" + IMG, "dcdn/" + ASSETS}


# -- load balancers ------------------------------------------------------------------------------------------------------------------

@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_load_balancers_get_a_policy_and_http2(cloud):
    old = ssl.TLSVersion.TLSv1
    keys = ("slb/lb-bp1web/443", "alb/alb-bp1shop/443")
    assert all(secure(cloud, key, "www.example.com", old) for key in keys)
    result = triple(cloud, WEB, SHOP, tls_minimum="1.2", http2=False)
    assert {row["after"]["cipher_policy"] for row in result["https_options"]} == {"tls_cipher_policy_1_2"}
    assert {(row["after"]["tls_minimum"], row["after"]["http2"], row["after"]["redirect"]) for row in result["https_options"]} == {
        ("1.2", False, None)}
    assert [secure(cloud, key, "www.example.com", old) for key in keys] == [None, None] and secure(cloud, keys[0], "www.example.com")
    assert rows(result)["slb/cn-hangzhou/lb-bp1web:443"]["before"]["cipher_policy"] == "tls_cipher_policy_1_0"


def test_an_nlb_gets_a_policy(cloud):
    result = triple(cloud, QUEUE, cipher_policy="tls_cipher_policy_1_2_strict_with_1_3")
    [row] = result["https_options"]
    assert row["after"]["tls_minimum"] == "1.2" and row["after"]["http2"] is None and row["target"] == "nlb/cn-hangzhou/nlb-bp1mq:8883"


def test_certificates_of_listeners_stay(cloud):
    keys = ("slb/lb-bp1api/443", "alb/alb-bp1shop/443", "nlb/nlb-bp1mq/8883")
    before = [cloud.dataplane.serving(key)["sni"] for key in keys], [cloud.dataplane.serving(key)["default"] for key in keys]
    triple(cloud, dict(WEB, instance="lb-bp1api"), SHOP, QUEUE, cipher_policy="tls_cipher_policy_1_2")
    assert before == ([cloud.dataplane.serving(key)["sni"] for key in keys], [cloud.dataplane.serving(key)["default"] for key in keys])


def test_a_redirect_of_a_classic_load_balancer_is_a_listener(cloud):
    result = triple(cloud, WEB, redirect="on")
    assert [step["action"] for step in result["actions"]] == ["CreateLoadBalancerHTTPListener", "StartLoadBalancerListener"]
    assert rows(result)["slb/cn-hangzhou/lb-bp1web:443"]["after"]["redirect"] == "302"
    assert plain(cloud, "slb/lb-bp1web/80", "www.example.com") == (302, "https://www.example.com/")


def test_a_redirect_leads_to_one_of_several_ports(cloud):
    both = [dict(WEB, region="cn-shanghai", instance="lb-uf6web", listener_port=port) for port in (8443, 443)]
    result = triple(cloud, *both, redirect="on")
    assert cloud.cloud.slb.load_balancers["lb-uf6web"].listeners[80].attributes["ForwardPort"] == "443"
    other = rows(result)["slb/cn-shanghai/lb-uf6web:8443"]
    assert not other["changed"] and "another port" in other["skipped_reason"]
    refused = run(cloud, both[0], redirect="on")
    assert refused["failed"] and "to 443, not to 8443" in refused["msg"]


def test_a_listener_in_the_way_is_not_replaced(cloud):
    with cloud.cloud.lock:
        cloud.cloud.slb.add_http_listener("lb-bp1web", 80)
    result = run(cloud, WEB, dict(WEB, instance="lb-bp1api"), redirect="on", http2=False)
    assert result["failed"] and "Delete it by hand" in result["msg"] and writes(cloud) == [] and not result["changed"]


def test_a_redirect_that_was_made_and_not_started(cloud):
    cloud.fault(action="StartLoadBalancerListener", kind="error", code="OperationDenied", times=1)
    result = run(cloud, WEB, redirect="on")
    assert result["failed"] and result["changed"] and rows(result)["slb/cn-hangzhou/lb-bp1web:443"]["after"]["redirect"] == "off"
    assert [step["action"] for step in triple(cloud, WEB, redirect="on")["actions"]] == ["StartLoadBalancerListener"]


def test_a_listener_whose_creation_got_no_answer(cloud):
    cloud.fault(action="CreateLoadBalancerHTTPListener", kind="cut_after", times=1)
    result = run(cloud, WEB, redirect="on")
    assert not result["failed"], result["msg"]
    assert plain(cloud, "slb/lb-bp1web/80", "www.example.com")[0] == 302


def test_a_redirect_of_an_alb_is_a_rule_after_all_others(cloud):
    alb = cloud.cloud.alb
    with cloud.cloud.lock:
        [listener] = [item for item in alb.listeners.values() if (item.load_balancer_id, item.port) == ("alb-bp1shop", 80)]
        fixed = [{"Type": "FixedResponse", "Order": 1, "FixedResponseConfig": {"Content": "x"}}]
        alb.add_rule(listener, "challenges", 7, "Request", fixed, [{"Type": "Path", "PathConfig": {"Values": ["/.well-known/*"]}}], {})
    result = triple(cloud, SHOP, redirect="308")
    assert [step["action"] for step in result["actions"]] == ["CreateRule"]
    assert [(rule.name, rule.priority) for rule in alb.rules_of(listener)] == [("challenges", 7), ("redirect-to-https", 8)]
    assert plain(cloud, "alb/alb-bp1shop/80", "www.example.com") == (308, "https://www.example.com/")
    assert not run(cloud, SHOP, redirect="on")["changed"]
    for redirect, word in (("301", "redirects with 308"), ("off", "Delete the rule redirect-to-https")):
        refused = run(cloud, SHOP, redirect=redirect)
        assert refused["failed"] and word in refused["msg"]


def test_an_alb_without_a_listener_for_plain_http(cloud):
    shanghai = dict(SHOP, region="cn-shanghai", instance="alb-uf6shop")
    assert "no listener" in run(cloud, shanghai, redirect="on")["msg"] and run(cloud, shanghai, redirect="off")["changed"] is False
    assert "QUIC" in run(cloud, dict(shanghai, protocol="quic"), http2=True)["msg"]


def test_load_balancers_that_take_their_time(slow):
    result = run(slow, WEB, SHOP, redirect="on", tls_minimum="1.2")
    assert not result["failed"], result["msg"]
    assert plain(slow, "slb/lb-bp1web/80", "www.example.com")[0] == 302 and plain(slow, "alb/alb-bp1shop/80", "www.example.com")[0] == 301
    assert {row["after"]["tls_minimum"] for row in result["https_options"]} == {"1.2"}


# -- input ---------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("resource, options, words", [
    (dict(service="OSS", domain=IMG), dict(http2=True), "alb, cdn, dcdn, nlb, slb"), (CDN, dict(), "one of the following is required"),
    (dict(service="slb", instance="lb-bp1web"), dict(http2=True), "needs region"), (WEB, dict(redirect="308"), "say redirect: on"),
    (QUEUE, dict(redirect="on"), "alb, cdn, dcdn, slb"), (WEB, dict(hsts=HSTS), "cdn, dcdn"),
    (dict(WEB, listener_port=80), dict(http2=True), "ListenerNotFound"), (dict(QUEUE, listener_port=1), dict(tls_minimum="1.2"), "no TLS"),
    (dict(SHOP, listener_port=444), dict(http2=True), "no https listener"), (dict(service="cdn"), dict(http2=True), "needs domain"),
    (dict(CDN, domain="www.example.org"), dict(http2=True), "InvalidDomain.NotFound"),
    (CDN, dict(hsts=dict(enabled=True)), "max_age is needed"),
])
def test_what_cannot_work_is_said_and_nothing_is_done(cloud, resource, options, words):
    result = run(cloud, DCDN, resource, **options) if options and "hsts" not in options and "redirect" not in options else run(
        cloud, resource, **options)
    assert result["failed"] and words in result["msg"] and writes(cloud) == []


def test_yaml_makes_booleans_of_words(cloud):
    assert rows(run(cloud, CDN, redirect=True))["cdn/" + IMG]["after"]["redirect"] == "301"
    assert rows(run(cloud, CDN, redirect=False))["cdn/" + IMG]["after"]["redirect"] == "off"
    assert rows(run(cloud, CDN, redirect=308, tls_minimum=1.2))["cdn/" + IMG]["after"]["tls_minimum"] == "1.2"


def test_the_list_of_cas_deploy_serves_as_it_is(cloud):
    slots = [dict(WEB, slot="default", force=True), dict(WEB, slot="additional", domains=["www.example.com"])]
    result = run(cloud, *slots, dict(CDN, listener_port=443, slot="auto"), http2=False)
    assert not result["failed"] and len(result["https_options"]) == 2
    assert json.dumps(result["https_options"]).count('"listener_port": 443') == 1
