# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin on an emulated account: what becomes a host and with which variables, refusals, the cache, templates in names."""

from __future__ import annotations

import pathlib

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.doc_fragments import constructed, inventory_cache
from ansible.template import Templar

from ansible_collections.daas.https.plugins.doc_fragments.connection import ModuleDocFragment as ConnectionFragment
from ansible_collections.daas.https.plugins.inventory import alicloud
from ansible_collections.daas.https.plugins.module_utils._api import listing, rpc
from ansible_collections.daas.https.plugins.module_utils._api.listeners import TlsListener
from ansible_collections.daas.https.plugins.module_utils._api.slb import Listener
from ansible_collections.daas.https.plugins.module_utils._errors import InputError
from tests.support.emulation import running
from tests.support.modules import connection

REGIONS = ["cn-hangzhou", "cn-shanghai"]
ROLE = "acs:ram::1000000000000001:role/certificates"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory):
    with running("empty", calm=True, tmp_path=tmp_path_factory.mktemp("cloud")) as handle:
        yield handle


@pytest.fixture(scope="module")
def material(emulator):
    return emulator.authority.issue(["www.example.com"], key="ec")


@pytest.fixture
def cloud(emulator, material):
    """Load balancers of all kinds (and some without a TLS listener), and domains in all sorts of states, one both of CDN and of DCDN."""
    emulator.reset("empty", calm=True)
    account = emulator.cloud
    stored = account.cas.add_certificate("shop", material)
    for name, region, address, ports in [
            ("lb-bp1web", "cn-hangzhou", "203.0.113.10", [443]), ("lb-bp1api", "cn-hangzhou", "203.0.113.11", [443]),
            ("lb-uf6web", "cn-shanghai", "203.0.113.20", [443, 8443])]:
        account.slb.add_load_balancer(name, region, address=address)
        held = account.slb.add_certificate(region, "shop", material)
        for port in ports:
            account.slb.add_https_listener(name, port, held)
    for region in REGIONS:  # a regional endpoint is there where there is a load balancer
        account.alb.add_load_balancer("alb-plain-" + region, region, address="203.0.113.30")
        account.nlb.add_load_balancer("nlb-plain-" + region, region, address="203.0.113.40")
    account.alb.add_load_balancer("alb-test1", "cn-hangzhou", address="203.0.113.30")
    account.alb.add_listener("alb-test1", 443, "HTTPS", stored)
    account.alb.add_listener("alb-test1", 80, "HTTP")
    account.nlb.add_load_balancer("nlb-test1", "cn-shanghai", address="203.0.113.40")
    account.nlb.add_listener("nlb-test1", 8443, "TCPSSL", stored)
    for name, status in [("static.example.com", "online"), ("img.example.com", "online"), ("offline.example.com", "offline"),
                         ("gone.example.com", "deleting"), (".wild.example.com", "online")]:
        account.cdn.add_domain(name, status=status)
    for name in ("img.example.com", "api2.example.com"):
        account.dcdn.add_domain(name)
    account.sts.add_role(ROLE)
    return emulator


def new_plugin():
    """As Ansible's loader makes it, but without the loader, which would take over the imports of the whole test process."""
    made, name = alicloud.InventoryModule(), alicloud.InventoryModule.NAME
    fragments = (ConnectionFragment, constructed.ModuleDocFragment, inventory_cache.ModuleDocFragment)
    documented = [yaml.safe_load(fragment.DOCUMENTATION)["options"] for fragment in fragments]
    options = {**documented[0], **documented[1], **documented[2], **yaml.safe_load(alicloud.DOCUMENTATION)["options"]}
    constants.config.initialize_plugin_configuration_definitions("inventory", name, options)
    made._load_name, made._original_path, made._redirected_names = name, alicloud.__file__, [name]
    return made


class World:
    """Inventories out of files, read as Ansible reads them."""

    def __init__(self, folder, handle):
        self.folder, self.handle = folder, handle

    def write(self, **options):
        reach = dict(connection(self.handle), endpoints=self.handle.endpoints)
        given = {**dict(plugin="daas.https.alicloud", regions=REGIONS), **reach, **options}
        path = self.folder / "shop.alicloud.yml"
        path.write_text(yaml.safe_dump({name: value for name, value in given.items() if value is not None}), encoding="utf-8")
        return str(path)

    def read(self, refresh=False, **options):
        path, data = self.write(**options), InventoryData()
        plugin = new_plugin()
        assert plugin.verify_file(path)
        plugin.parse(data, DataLoader(), path, cache=not refresh)
        if options.get("cache"):
            plugin.update_cache_if_changed()
        data.reconcile_inventory()
        return data


@pytest.fixture
def world(cloud, tmp_path):
    return World(tmp_path, cloud)


@pytest.fixture
def warnings(monkeypatch):
    """What is said besides."""
    said = []
    monkeypatch.setattr(alicloud.InventoryModule, "display", None, raising=False)
    original = alicloud.InventoryModule.__init__

    def init(self, *args, **options):
        original(self, *args, **options)
        self.display = type("Said", (), {"warning": lambda _self, text: said.append(text), "vvv": lambda _self, text: None})()

    monkeypatch.setattr(alicloud.InventoryModule, "__init__", init)
    return said


def members(data, group):
    return sorted(host.name for host in data.groups[group].get_hosts())


def variables(data, host):
    return {name: value for name, value in data.hosts[host].get_vars().items() if not name.startswith(("inventory_", "group_"))}


EVERYTHING = ["alb-test1", "lb-bp1api", "lb-bp1web", "lb-uf6web", "nlb-test1"]


def test_groups(world):
    data = world.read()
    assert {group: members(data, group) for group in ("load_balancers", "slb", "alb", "nlb", "cdn", "dcdn", "airec")} == {
        "load_balancers": EVERYTHING, "slb": ["lb-bp1api", "lb-bp1web", "lb-uf6web"], "alb": ["alb-test1"], "nlb": ["nlb-test1"],
        "cdn": [".wild.example.com", "img.example.com", "static.example.com"], "dcdn": ["api2.example.com", "img.example.com"],
        "airec": ["airec-cn-empty01"]}
    assert members(data, "cn_hangzhou") == ["airec-cn-empty01", "alb-test1", "lb-bp1api", "lb-bp1web"]
    assert members(data, "cn_shanghai") == ["lb-uf6web", "nlb-test1"]
    assert set(members(data, "edge")) == set(data.hosts) - {"airec-cn-empty01"}
    assert world.handle.journal(writes=True) == []


def test_the_groups_are_those_of_the_handwritten_example():
    example = yaml.safe_load((pathlib.Path(__file__).parents[3] / "examples" / "inventory" / "hosts.yml").read_text(encoding="utf-8"))
    kinds = example["all"]["children"]
    assert {"cn_hangzhou", "edge", "airec"} <= set(kinds) and set(kinds["edge"]["children"]) <= set(alicloud.GROUPS["edge"])


def test_variables_of_a_load_balancer_with_two_listeners(world):
    data = world.read(slot="default")
    shown = variables(data, "lb-uf6web")
    place = dict(service="slb", region="cn-shanghai", instance="lb-uf6web", slot="default")
    assert shown["edge_resources"] == [dict(place, listener_port=443), dict(place, listener_port=8443)]
    assert shown["cloud_ports"] == [443, 8443] and shown["cloud_address"] == "203.0.113.20" and "https_endpoints" not in shown
    assert shown["cloud_endpoints"][1] == dict(address="203.0.113.20", port=8443, label="lb-uf6web:8443")
    assert {name: shown[name] for name in ("cloud_service", "cloud_id", "cloud_region")} == dict(
        cloud_service="slb", cloud_id="lb-uf6web", cloud_region="cn-shanghai")


@pytest.mark.parametrize("host, resource", [
    ("alb-test1", dict(service="alb", region="cn-hangzhou", instance="alb-test1", listener_port=443, slot="auto")),
    ("nlb-test1", dict(service="nlb", region="cn-shanghai", instance="nlb-test1", listener_port=8443, slot="auto")),
])
def test_variables_of_the_newer_load_balancers(world, host, resource):
    shown = variables(world.read(services=["alb", "nlb"]), host)
    assert shown["edge_resources"] == [resource] and shown["cloud_address"] and shown["cloud_ports"] == [resource["listener_port"]]


def test_variables_of_domains(world):
    data = world.read(services=["cdn", "dcdn"], regions=None)
    assert variables(data, "static.example.com") == dict(
        cloud_service="cdn", cloud_id="static.example.com", cloud_name="static.example.com",
        edge_resources=[dict(service="cdn", domain="static.example.com")],
        https_endpoints=[dict(name="static.example.com", label="cdn static.example.com")])
    both = variables(data, "img.example.com")
    assert [row["service"] for row in both["edge_resources"]] == ["cdn", "dcdn"]
    assert [row["label"] for row in both["https_endpoints"]] == ["cdn img.example.com", "dcdn img.example.com"]
    assert "https_endpoints" not in variables(data, ".wild.example.com")


def test_variables_of_an_airec_instance(world):
    shown = variables(world.read(services=["airec"]), "airec-cn-empty01")
    assert (shown["airec_instance_id"], shown["airec_region"], shown["cloud_region"]) == ("airec-cn-empty01", "cn-hangzhou", "cn-hangzhou")
    assert "edge_resources" not in shown


def test_airec_is_asked_only_where_it_is(world):
    assert alicloud.places(["airec", "slb"], ["cn-chengdu", "cn-beijing"]) == [
        ("airec", "cn-beijing"), ("slb", "cn-chengdu"), ("slb", "cn-beijing")]


def test_the_resources_are_what_cas_deploy_takes(world):
    """Each key is one that the module has, so that the role can hand it on."""
    from ansible_collections.daas.https.plugins.modules import cas_deploy

    known = set(cas_deploy.ARGUMENT_SPEC["resources"]["options"])
    data = world.read()
    keys = set().union(*(set(row) for host in data.hosts for row in variables(data, host).get("edge_resources", [])))
    assert keys and keys <= known


@pytest.mark.parametrize("options, hosts", [
    (dict(services=["slb"], exclude=["lb-bp1*"]), ["lb-uf6web"]),
    (dict(services=["slb"], hostname_prefix="shop-", regions=["cn-shanghai"]), ["shop-lb-uf6web"]),
    (dict(services=["slb"], hostname_prefix="shop-", exclude=["shop-*", "*-uf6*"]), ["shop-lb-bp1api", "shop-lb-bp1web"]),
    (dict(services=["cdn"], exclude=["*"]), []),
])
def test_names(world, options, hosts):
    assert sorted(world.read(**options).hosts) == hosts


def test_composed_variables_and_groups(world):
    names = "{'lb-bp1web': 'www.example.com'}[cloud_id]"
    data = world.read(
        services=["slb", "cdn"], compose=dict(https_endpoints="cloud_endpoints | map('combine', {'name': %s})" % names),
        groups=dict(web="cloud_id is search('web')"), keyed_groups=[dict(key="cloud_region", prefix="in")])
    assert variables(data, "lb-bp1web")["https_endpoints"] == [
        dict(name="www.example.com", address="203.0.113.10", port=443, label="lb-bp1web:443")]
    assert "https_endpoints" not in variables(data, "lb-bp1api")
    assert variables(data, "static.example.com")["https_endpoints"][0]["name"] == "static.example.com"
    assert members(data, "web") == ["lb-bp1web", "lb-uf6web"] and members(data, "in_cn_shanghai") == ["lb-uf6web"]


def test_strict_makes_an_expression_that_fails_an_error(world):
    with pytest.raises(Exception, match="nothing_of_the_kind"):
        world.read(services=["slb"], strict=True, compose=dict(x="nothing_of_the_kind"))
    assert world.read(services=["slb"], compose=dict(x="nothing_of_the_kind")).hosts


# -- what cannot be read -------------------------------------------------------------------------------------------------------------

def limited(handle, *denied):
    key = handle.key(deny=list(denied))
    return dict(access_key_id=key.access_key_id, access_key_secret=key.access_key_secret)


@pytest.mark.parametrize("denied, service", [
    ("slb:DescribeLoadBalancers", "slb in cn-hangzhou"), ("slb:DescribeLoadBalancerListeners", "slb in cn-hangzhou"),
    ("alb:ListListeners", "alb in cn-hangzhou"), ("nlb:ListLoadBalancers", "nlb in cn-hangzhou"), ("cdn:DescribeUserDomains", "cdn"),
    ("dcdn:DescribeDcdnUserDomains", "dcdn"),
])
def test_one_refused_service_does_not_stop_the_others(world, warnings, denied, service):
    data = world.read(**limited(world.handle, denied))
    own = service.partition(" ")[0]
    assert data.groups[own].get_hosts() == [] and len(data.hosts) >= 5
    assert all("Grant the RAM action %s" % denied in text for text in warnings)
    assert warnings[0].startswith("%s is left out of the inventory: " % service)


def test_airec_too(world, warnings):
    """Its envelope has no detail of what was denied; the name is ours."""
    data = world.read(**limited(world.handle, "airec:*"))
    assert members(data, "airec") == [] and "Grant the RAM action airec:ListInstance" in warnings[0]


def test_strict_makes_a_refusal_an_error(world):
    with pytest.raises(AnsibleParserError, match="Grant the RAM action slb:DescribeLoadBalancers"):
        world.read(strict=True, **limited(world.handle, "slb:DescribeLoadBalancers"))


def test_if_nothing_can_be_read_the_inventory_is_not_empty_but_wrong(world):
    with pytest.raises(AnsibleParserError, match="Grant the RAM action"):
        world.read(**limited(world.handle, "*"))


@pytest.mark.parametrize("options, words", [
    (dict(regions=None), "regions is empty, and slb, alb, nlb, airec can only be listed"),
    (dict(services=["slb"], regions=["cn-hangzou"], endpoints={}), "Did you mean 'cn-hangzhou'"),
    (dict(access_key_id=None), "access_key_id not given"),
    (dict(access_key_id=None, access_key_secret=None), "none of access_key_id"),
    (dict(profile="shop"), "access_key_id and profile are given"),
    (dict(assume_role=dict(session_name="x")), "role_arn"), (dict(assume_role=dict(role="x")), "role"),
    (dict(endpoints=dict(cdn="http://127.0.0.1:1")), "plain http"), (dict(services=["moon"]), "moon"),
    (dict(site="moon"), "moon"),
])
def test_what_cannot_work_is_an_error_at_once(world, monkeypatch, options, words):
    for name in ("ALIBABA_CLOUD_PROFILE", "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_ECS_METADATA"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Exception, match=words) as caught:
        world.read(**options)
    assert world.handle.access_key_secret not in str(caught.value) and world.handle.journal() == []


def test_adverse_nights_give_the_same_inventory(world):
    calm = world.read()
    world.handle.cloud.setting.update(dict(page_cap=1, throttle_every=7, shuffle=True))
    adverse = world.read()
    assert {host: variables(adverse, host) for host in adverse.hosts} == {host: variables(calm, host) for host in calm.hosts}


# -- credentials ---------------------------------------------------------------------------------------------------------------------

def test_a_role_and_secrets_by_lookup(world, monkeypatch):
    monkeypatch.setenv("SHOP_SECRET", world.handle.access_key_secret)
    data = world.read(services=["slb"], access_key_secret="{{ lookup('env', 'SHOP_SECRET') }}", assume_role=dict(role_arn=ROLE))
    assert len(data.hosts) == 3
    assert all(entry["principal"].startswith("STS.") for entry in world.handle.journal() if entry["product"] == "slb")
    assert len([entry for entry in world.handle.journal() if entry["product"] == "sts"]) == 1


def test_the_other_names_of_the_keys(world):
    keys = dict(access_key_id=None, access_key_secret=None, alicloud_access_key=world.handle.access_key_id,
                alicloud_secret_key=world.handle.access_key_secret)
    assert world.read(services=["cdn"], **keys).hosts


# -- the cache -----------------------------------------------------------------------------------------------------------------------

def cached(folder):
    return dict(cache=True, cache_plugin="jsonfile", cache_connection=str(folder / "cache"))


def test_the_cache_spares_the_cloud(world, tmp_path):
    first = world.read(**cached(tmp_path))
    world.handle.forget()
    again = world.read(**cached(tmp_path))
    assert world.handle.journal() == [] and {host: variables(again, host) for host in again.hosts} == {
        host: variables(first, host) for host in first.hosts}
    world.handle.cloud.cdn.add_domain("new.example.com")
    assert "new.example.com" not in world.read(**cached(tmp_path)).hosts
    assert "new.example.com" in world.read(refresh=True, **cached(tmp_path)).hosts  # as --flush-cache and refresh_inventory do
    assert "new.example.com" in world.read(**cached(tmp_path)).hosts


def test_half_an_inventory_is_not_kept(world, warnings, tmp_path):
    world.read(**cached(tmp_path), **limited(world.handle, "cdn:*"))
    assert warnings and "static.example.com" in world.read(**cached(tmp_path)).hosts


def test_no_secret_is_in_the_cache(world, tmp_path):
    world.read(**cached(tmp_path))
    files = [path.read_text(encoding="utf-8") for path in (tmp_path / "cache").iterdir()]
    assert files and not [text for text in files if world.handle.access_key_secret in text]


# -- pure --------------------------------------------------------------------------------------------------------------------------------

def test_names_of_the_cloud_are_no_templates():
    """Who may name a load balancer must not run code on the controller."""
    evil = "{{ lookup('pipe', 'id') }}"
    data, plugin = InventoryData(), alicloud.InventoryModule()
    balancers = {"lb-1": listing.Balancer("lb-1", evil, "203.0.113.1", {"application": evil})}
    hosts = alicloud.balancer_hosts("slb", "cn-hangzhou", balancers, {("lb-1", 443): Listener("running", "c", ())}, "auto")
    plugin.inventory, plugin._options = data, dict(
        hostname_prefix="", exclude=[], strict=True, compose={}, groups={}, keyed_groups=[])
    plugin.get_option = plugin._options.__getitem__
    plugin._fill(hosts)
    shown = variables(data, "lb-1")
    templar = Templar(DataLoader(), variables=shown)
    assert templar.template(shown["cloud_name"]) == evil and templar.template(shown["cloud_tags"]) == {"application": evil}


def test_listeners_that_are_stopped_and_quic():
    listeners = {("alb-1", 443, "https"): TlsListener("l-1", "alb-1", 443, "https", "Running"),
                 ("alb-1", 443, "quic"): TlsListener("l-2", "alb-1", 443, "quic", "Running"),
                 ("alb-1", 8443, "https"): TlsListener("l-3", "alb-1", 8443, "https", "Stopped")}
    [host] = alicloud.balancer_hosts("alb", "cn-hangzhou", {}, listeners, "auto")
    assert host["vars"]["cloud_ports"] == [443] and host["vars"]["cloud_address"] == "" and host["vars"]["cloud_tags"] == {}
    assert [(row["listener_port"], row.get("protocol")) for row in host["vars"]["edge_resources"]] == [
        (443, None), (443, "quic"), (8443, None)]


class Answers:
    """A transport that answers with these dicts, one after another."""

    def __init__(self, *answers):
        self.answers, self.sent = list(answers), []

    def exchange(self, what, build, parse, writes, repeatable):
        self.sent.append(build())
        return self.answers.pop(0)


def made(*answers):
    params = dict(site="china", access_key_id="AK", access_key_secret="x", connect_timeout=1, read_timeout=1, api_timeout=1)
    return rpc.Cloud(params, listing.PRODUCTS, read_only=True, transport=Answers(*answers))


def test_rows_of_the_lists():
    row = dict(LoadBalancerId="lb-1", LoadBalancerName="web", Address="203.0.113.1", Tags=dict(Tag=[dict(TagKey="a", TagValue="b")]))
    answer = dict(TotalCount=2, LoadBalancers=dict(LoadBalancer=[row, dict(LoadBalancerId="lb-2")]))
    assert listing.slb_balancers(made(answer), REGIONS[0]) == {
        "lb-1": listing.Balancer("lb-1", "web", "203.0.113.1", {"a": "b"}), "lb-2": listing.Balancer("lb-2", "", "", {})}
    row = dict(LoadBalancerId="x-1", LoadBalancerName="web", DNSName="x-1.example.net", Tags=[dict(Key="a", Value="b"), dict(Key="c")])
    for read in (listing.alb_balancers, listing.nlb_balancers):
        assert read(made(dict(LoadBalancers=[row], NextToken="2"), dict(LoadBalancers=[dict(LoadBalancerId="x-2")])), REGIONS[0]) == {
            "x-1": listing.Balancer("x-1", "web", "x-1.example.net", {"a": "b", "c": ""}), "x-2": listing.Balancer("x-2", "", "", {})}


def test_instances_are_read_until_nothing_new_comes():
    rows = [dict(instanceId="airec-%d" % number, name="n%d" % number, regionId=REGIONS[0]) for number in range(3)]
    cloud = made(dict(result=rows[:2]), dict(result=rows[1:]), dict(result=rows[1:]))
    assert listing.airec_instances(cloud, REGIONS[0]) == {"airec-0": "n0", "airec-1": "n1", "airec-2": "n2"}
    assert [request.url.partition("?")[2] for request in cloud.transport.sent] == ["page=%d&size=50" % page for page in (1, 2, 3)]
    assert listing.airec_instances(made(dict(result=rows), dict(result=None)), "cn-beijing") == {}


def test_nothing_to_look_for():
    assert alicloud.places(["cdn"], []) == [("cdn", None)]
    with pytest.raises(InputError):
        alicloud.places(["slb"], [])


@pytest.mark.parametrize("name, mine", [
    ("shop.alicloud.yml", True), ("alicloud.yaml", True), ("hosts.yml", False), ("alicloud.json", False)])
def test_whose_file_it_is(tmp_path, name, mine):
    (tmp_path / name).write_text("plugin: daas.https.alicloud\n", encoding="utf-8")
    assert alicloud.InventoryModule().verify_file(str(tmp_path / name)) is mine
