# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WAF: which slots are meant, what is written, and that nothing of a domain's or a port's configuration is lost by it."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.daas.https.plugins.module_utils import _runner
from ansible_collections.daas.https.plugins.module_utils._api import waf as api
from ansible_collections.daas.https.plugins.module_utils._api.cas import Stored
from ansible_collections.daas.https.plugins.module_utils._api.rpc import Cloud
from ansible_collections.daas.https.plugins.module_utils._domain.deployment import Bound, Wanted, after_of, name_of, same
from ansible_collections.daas.https.plugins.module_utils._errors import InputError
from ansible_collections.daas.https.plugins.module_utils._plan import Ref
from ansible_collections.daas.https.plugins.module_utils._requests import Once
from ansible_collections.daas.https.plugins.module_utils._targets import waf
from ansible_collections.daas.https.plugins.module_utils._transport.signing import flatten
from tests.emulator import pki
from tests.emulator.services.waf.models import LISTEN, PORT, REDIRECT
from tests.support.account import account

A, B = "a" * 64, "b" * 64
OLD, NEW, WIDE, SIDE = "6-cn-hangzhou", "7-cn-hangzhou", "8-cn-hangzhou", "9-cn-hangzhou"
STORED = {6: Stored(6, "old", B, "", ("www.example.com",), True, False, "", algorithm="RSA"),
          7: Stored(7, "new", A, "", ("www.example.com", "*.shop.example.com"), True, False, ""),
          8: Stored(8, "wide", "c" * 64, "", ("www.example.com", "api.example.com"), True, False, ""),
          9: Stored(9, "side", "d" * 64, "", ("admin.example.net",), True, False, "")}
WANTED = Wanted(7, "new", A, "", STORED[7].names, "cn-hangzhou", NEW)
TLS = {"TLSVersion": "tlsv1.2", "EnableTLSv3": True, "CipherSuite": 99, "CustomCiphers": ["X"]}


def held(identifier):
    item = STORED[int(identifier.partition("-")[0])]
    return api.Certificate(identifier, item.name, item.names)


def domain(name="www.example.com", status=1, ports=(443,), certificate=OLD, settings=None):
    return waf.State("cn-hangzhou", "waf-1", api.Domain(
        name, status, ports, certificate and held(certificate), TLS if settings is None else settings))


def port(*extensions, default=OLD, protocol="https", status=1):
    return waf.State("cn-hangzhou", "waf-1", api.Port(
        "lb-1-443-clb7", 443, protocol, status, default and held(default), tuple(map(held, extensions))))


def request(slot="auto", domains=None, force=False, **more):
    return dict(dict(service="waf", region=None, instance="lb-1", listener_port=443, slot=slot, domains=domains, force=force, domain=None),
                **more)


FOR_DOMAIN = request(instance=None, domain="WWW.example.com.")


def names(places):
    return [name_of(place) for place in places]


# -- which slots are meant -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("here, asked, expected", [
    (domain(), FOR_DOMAIN, ["www.example.com"]), (domain(status=3), dict(FOR_DOMAIN, instance="waf-1"), ["www.example.com"]),
    (domain("*.shop.example.com", status=5), FOR_DOMAIN, ["*.shop.example.com"]),
    (port(), request(), ["lb-1:443/default"]), (port(SIDE), request("default"), ["lb-1:443/default"]),
    (port(OLD), request(), ["lb-1:443/default", "lb-1:443/additional/www.example.com"]),
    (port(SIDE, OLD, default=WIDE), request(), ["lb-1:443/additional/www.example.com"]),
    (port(SIDE, default=WIDE), request(domains=["a.shop.example.com"]), ["lb-1:443/additional/a.shop.example.com"]),
    (port(SIDE, default=WIDE), request("additional"), ["lb-1:443/additional/www.example.com"]),
    (port(WIDE), request("additional", domains=["www.example.com"], force=True), ["lb-1:443/additional/www.example.com"]),
    (port(default=WIDE), request("default", force=True), ["lb-1:443/default"]),
])
def test_find(here, asked, expected):
    assert names(waf.find(asked, here, WANTED, STORED)) == ["waf/cn-hangzhou/" + name for name in expected]


@pytest.mark.parametrize("here, asked, words", [
    (domain(status=4), FOR_DOMAIN, ["about to release"]), (domain(ports=()), FOR_DOMAIN, ["no HTTPS port", "console"]),
    (domain("api.example.com"), FOR_DOMAIN, ["new does not cover the WAF domain api.example.com"]),
    (port(protocol="http"), request(), ["protected for http", "no certificate"]), (port(status=4), request(), ["about to release"]),
    (port(SIDE, default=None), request(), ["does not say which default certificate", "might take away others"]),
    (port(default=WIDE), request("default"), ["wide", "also covers api.example.com"]),
    (port(SIDE, default=WIDE), request(), ["found nothing"]),
    (port(WIDE), request("additional", domains=["www.example.com"]), ["wide", "also covers api.example.com", "force: true"]),
    (port(OLD, WIDE), request("additional", domains=["www.example.com"]), ["old and wide", "one certificate only"]),
])
def test_find_refuses(here, asked, words):
    with pytest.raises(InputError) as caught:
        waf.find(asked, here, WANTED, STORED)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_places():
    assert names(waf.places(FOR_DOMAIN, domain())) == ["waf/cn-hangzhou/www.example.com"]
    assert names(waf.places(request(), port(WIDE, SIDE))) == [
        "waf/cn-hangzhou/lb-1:443/default", "waf/cn-hangzhou/lb-1:443/additional/admin.example.net",
        "waf/cn-hangzhou/lb-1:443/additional/www.example.com"]
    assert waf.superseded(request(), port(OLD), WANTED, STORED) == []


# -- what a slot has -----------------------------------------------------------------------------------------------------------------

def place(slot=None, name="www.example.com"):
    asked = request() if slot else FOR_DOMAIN
    return waf.place_of(dict(asked, region="cn-hangzhou"), slot, None if slot == "default" else name)


@pytest.mark.parametrize("where, here, bound", [
    (place(), domain(), Bound(OLD, 6, "old", B, ("www.example.com",), algorithm="RSA")), (place(), domain(certificate=None), None),
    (place("default"), port(), Bound(OLD, 6, "old", B, ("www.example.com",), algorithm="RSA")),
    (place("default"), port(default=None), None),
    (place("additional"), port(SIDE, NEW), Bound(NEW, 7, "new", A, STORED[7].names)), (place("additional"), port(SIDE), None),
    (place("additional", "a.shop.example.com"), port(SIDE, NEW), Bound(NEW, 7, "new", A, STORED[7].names)),
])
def test_at(where, here, bound):
    assert waf.at(where, here, STORED) == bound


def test_what_cas_does_not_know_is_named_as_waf_does():
    item = api.Domain("www.example.com", 1, (443,), api.Certificate("99-cn-hangzhou", "", ("www.example.com",)), {})
    assert waf.at(place(), waf.State("cn-hangzhou", "waf-1", item), STORED) == Bound(
        "99-cn-hangzhou", 99, "99-cn-hangzhou (not in CAS)", "", ("www.example.com",))
    odd = api.Domain("www.example.com", 1, (443,), api.Certificate("odd", "shop"), {})
    assert waf.at(place(), waf.State("cn-hangzhou", "waf-1", odd), STORED) == Bound("odd", 0, "shop", "")


def test_the_certificate_is_named_by_its_identifier_which_a_fresh_upload_tells():
    assert waf.own(place(), domain(), WANTED) == (NEW, ())
    assert waf.own(place(), domain(), Wanted(0, "new", A, "", (), "cn-hangzhou")) == (Ref("upload", "CertIdentifier"), ())


# -- what is written -----------------------------------------------------------------------------------------------------------------

IN_IT = dict(RegionId="cn-hangzhou", InstanceId="waf-1")


def rows(default, *extensions):
    return [dict(AppliedType="default", CertificateId=default)] + [
        dict(AppliedType="extension", CertificateId=identifier) for identifier in extensions]


@pytest.mark.parametrize("where, here, action, params, group, stage", [
    (place(), domain(), "ModifyDomainCert", dict(IN_IT, Domain="www.example.com", CertId=NEW, **TLS), "www.example.com", 1),
    (place(), domain(settings={}), "ModifyDomainCert", dict(IN_IT, Domain="www.example.com", CertId=NEW), "www.example.com", 1),
    (place("default"), port(SIDE), "ModifyCloudResourceDefaultCert", dict(IN_IT, CloudResourceId="lb-1-443-clb7", CertId=NEW),
     "lb-1-443-clb7", 2),
    (place("additional"), port(SIDE), "ModifyCloudResourceCert",
     dict(IN_IT, CloudResourceId="lb-1-443-clb7", Certificates=rows(OLD, SIDE, NEW)), "lb-1-443-clb7", 1),
    (place("additional"), port(OLD, SIDE), "ModifyCloudResourceCert",
     dict(IN_IT, CloudResourceId="lb-1-443-clb7", Certificates=rows(OLD, SIDE, NEW)), "lb-1-443-clb7", 1),
])
def test_bind(where, here, action, params, group, stage):
    step = waf.bind(name_of(where), where, here, Bound(NEW, 7, "new", A))
    assert (step.product, step.action, step.params, step.key, step.region) == ("waf", action, params, name_of(where), "cn-hangzhou")
    assert (step.group, step.stage) == ("waf/cn-hangzhou/" + group, stage)


def test_unbind():
    step = waf.unbind("t", place("additional"), port(NEW, SIDE))
    assert (step.action, step.params["Certificates"]) == ("ModifyCloudResourceCert", rows(OLD, SIDE))
    for where, here in [(place("default"), port()), (place(), domain())]:
        with pytest.raises(InputError, match="cannot be left without one"):
            waf.unbind("t", where, here)
    with pytest.raises(InputError, match="put it back by hand"):
        waf.bind("t", place(), domain(), Bound("", 0, "x", ""))


@pytest.mark.parametrize("status, settled", [(1, True), (2, False), (3, False), (5, True), (0, True)])
def test_settled(status, settled):
    assert waf.settled(domain(status=status)) is settled and waf.settled(port(status=status)) is settled


def test_every_write_can_be_repeated():
    assert waf.confirm(None, None) is None
    assert all(action.repeat for action in api.PRODUCT.actions.values() if action.writes)


# -- the emulated WAF, without the wire ----------------------------------------------------------------------------------------------

class Bridge(Cloud):
    """Calls go to an emulated account as the gateway hands them on."""

    def __init__(self, made, site="china"):
        self.site, self.made, self.writes, self.reads = site, made, [], []

    def call(self, product, action, params=None, region=None, token="", target=""):
        assert params.get("RegionId") == region, "the region of the call is that of its endpoint"
        (self.writes if api.PRODUCT.actions[action].writes else self.reads).append(action)
        return self.made.call(product, action, **flatten(params))


SIDES = ["n{0}.example.net".format(number) for number in range(4)]


@pytest.fixture(scope="module")
def stage():
    """An account with several certificates in CAS: ids by name, and all of them as CAS lists them."""
    with account(page_cap=2) as made:
        made.names = {"old": ["www.example.com", "*.shop.example.com"], "new": ["www.example.com", "*.shop.example.com"],
                      "wide": ["www.example.com", "api.example.com"], **{name: [name] for name in SIDES}}
        material = {name: made.cloud.authority.issue(covered, key="ec") for name, covered in made.names.items()}
        made.ids = {name: made.upload(name, material[name]) for name in material}
        made.stored = {
            made.ids[name]: Stored(made.ids[name], name, material[name].fingerprint, "", tuple(covered), True, False, "", algorithm="EC")
            for name, covered in made.names.items()}
        made.material = material
        made.cloud.waf.add_instance()
        yield made


def wanted(stage, name="new"):
    item = stage.stored[stage.ids[name]]
    return Wanted(item.id, item.name, item.sha256, "", item.names, "cn-hangzhou", "{0}-cn-hangzhou".format(item.id), "EC")


def deploy(stage, asked):
    """As _deploy does it: read, find, plan, apply, read back. Returns what the slots had before."""
    cloud = Bridge(stage)
    state = waf.read(cloud, asked, Once())
    places, steps, before = waf.find(asked, state, wanted(stage), stage.stored), [], {}
    for where in places:
        before[name_of(where)] = bound = waf.at(where, state, stage.stored)
        if not same(bound, wanted(stage)):
            own, more = waf.own(where, state, wanted(stage))
            steps += [*more, waf.bind(name_of(where), where, state, after_of(wanted(stage), own))]
    applied = _runner.apply(cloud, steps)
    assert not applied.errors
    now = waf.read(cloud, asked, Once())
    assert all(same(waf.at(where, now, stage.stored), wanted(stage)) for where in places)
    return places, before


def restore(stage, asked, places, before):
    """As _deploy puts back what a result says was there."""
    cloud = Bridge(stage)
    state = waf.read(cloud, dict(asked, slot=None), Once())
    steps = [waf.bind(name_of(where), where, state, before[name_of(where)]) if before[name_of(where)]
             else waf.unbind(name_of(where), where, state) for where in places]
    assert not _runner.apply(cloud, steps).errors


def value_like(example):
    """Values of the type that an entry of a configuration has."""
    if isinstance(example, bool):
        return st.booleans()
    if isinstance(example, int):
        return st.integers(0, 1000)
    return st.lists(st.sampled_from(["203.0.113.1", "203.0.113.2", "x-client"]), max_size=2, unique=True) if isinstance(
        example, list) else st.text("abc-1", max_size=8)


def anything(defaults, without):
    return st.fixed_dictionaries({}, optional={name: value_like(value) for name, value in defaults.items() if name not in without})


TLS_CHOICES = st.sampled_from([
    {}, {"TLSVersion": "tlsv1.1"}, {"TLSVersion": "tlsv1.2", "CipherSuite": 2}, {"TLSVersion": "tlsv1.2", "EnableTLSv3": True},
    {"TLSVersion": "tlsv1.3", "EnableTLSv3": True}, {"CipherSuite": 99, "CustomCiphers": ["ECDHE-RSA-AES128-GCM-SHA256", "AES128-SHA"]}])
CHOSEN = ("TLSVersion", "EnableTLSv3", "CipherSuite", "CustomCiphers", "CertId", "HttpsPorts", "HttpPorts", "BackendPorts",
          "RequestHeaders", "SM2CertId")
PORTS = st.lists(st.integers(1, 65535), min_size=1, max_size=3, unique=True)


@settings(max_examples=60, deadline=None)
@given(listen=anything(LISTEN, CHOSEN), redirect=anything(REDIRECT, CHOSEN), tls=TLS_CHOICES, https=PORTS, http=st.booleans(),
       headers=st.lists(st.fixed_dictionaries({"Key": st.just("x-waf"), "Value": st.text("ab", max_size=3)}), max_size=2),
       backends=st.lists(st.integers(1, 65535), max_size=2))
def test_nothing_of_a_domain_is_lost(stage, listen, redirect, tls, https, http, headers, backends):
    """Whatever is set, shown by the API or not: afterwards the certificate is another one, and all else is as it was; and back again."""
    service = stage.cloud.waf
    instance = service.instances["cn-hangzhou"]
    instance.domains.clear()
    made = service.add_domain("www.example.com", stage.ids["old"], listen={
        **listen, **tls, "HttpsPorts": https, "HttpPorts": [80] if http else [], "SM2CertId": "1-cn-hangzhou"}, redirect={
            **redirect, "RequestHeaders": headers,
            "BackendPorts": [{"ListenPort": number, "BackendPort": 8080, "Protocol": "https"} for number in backends]})
    before = copy.deepcopy((made.listen, made.redirect, made.access_type))
    places, had = deploy(stage, FOR_DOMAIN)
    new, old = ("{0}-cn-hangzhou".format(stage.ids[name]) for name in ("new", "old"))
    assert made.listen == {**before[0], "CertId": new} and (made.redirect, made.access_type) == before[1:]
    restore(stage, FOR_DOMAIN, places, had)
    assert (made.listen, made.redirect, made.access_type) == before and made.listen["CertId"] == old


@settings(max_examples=40, deadline=None)
@given(tls=TLS_CHOICES, more=anything(PORT, CHOSEN), others=st.lists(st.sampled_from(SIDES), unique=True),
       default=st.sampled_from(["old", "wide"]), extension=st.booleans(), slot=st.sampled_from(["auto", "default", "additional"]),
       named=st.booleans(), seed=st.randoms())
def test_nothing_of_a_port_is_lost(stage, tls, more, others, default, extension, slot, named, seed):
    """All other certificates stay, in whatever order they came, and so does all that is set; and back again."""
    service = stage.cloud.waf
    service.instances["cn-hangzhou"].ports.clear()
    names = others + (["old"] if extension else [])
    seed.shuffle(names)
    made = service.add_port("clb7", "lb-1", 443, stage.ids[default], tuple(stage.ids[name] for name in names), **more, **tls)
    asked = request(slot, ["a.shop.example.com"] if named and slot != "default" else None, force=True)
    before = copy.deepcopy(made.settings), sorted((held.kind, held.id) for held in made.certificates)
    try:
        places, had = deploy(stage, asked)
    except InputError as error:
        assert "found nothing" in str(error) and (default, extension, slot, named) == ("wide", False, "auto", False)
        return
    slots = {where["slot"] for where in places}
    expected = {"default": "new" if "default" in slots else default}
    replaced = [name for name in names if not (name == "old" and "additional" in slots)] + (["new"] if "additional" in slots else [])
    assert made.settings == before[0]
    assert sorted((held.kind, held.id) for held in made.certificates) == sorted(
        [("default", "{0}-cn-hangzhou".format(stage.ids[expected["default"]]))]
        + [("extension", "{0}-cn-hangzhou".format(stage.ids[name])) for name in replaced])
    restore(stage, asked, places, had)
    assert (made.settings, sorted((held.kind, held.id) for held in made.certificates)) == before


# -- reads ---------------------------------------------------------------------------------------------------------------------------

@pytest.fixture
def fresh(stage):
    for instance in stage.cloud.waf.instances.values():
        instance.domains.clear()
        instance.ports.clear()
    return stage


@pytest.mark.parametrize("asked, words", [
    (request(region="cn-shanghai"), "not 'cn-shanghai'"), (request(region="ap-southeast-1"), "no WAF 3 instance in ap-southeast-1"),
    (request(instance=None), "needs domain, or instance"), (request(), "does not protect port 443 of lb-1. Check"),
    (FOR_DOMAIN, "has no domain www.example.com in CNAME mode"), (dict(FOR_DOMAIN, instance="waf-2"), "give no instance"),
    (request(listener_port=444, instance="i-1"), "it does 80, 443"),
])
def test_what_is_not_there(fresh, asked, words):
    fresh.cloud.waf.add_port("ecs", "i-1", 80, protocol="http")
    fresh.cloud.waf.add_port("ecs", "i-1", 443, fresh.ids["old"])
    with pytest.raises(InputError, match=words):
        waf.read(Bridge(fresh), asked, Once())


def test_lists_are_read_once(fresh):
    for number in (443, 8443, 9443):
        fresh.cloud.waf.add_port("clb7", "lb-1", number, fresh.ids["old"], (fresh.ids["wide"],))
    cloud, once = Bridge(fresh), Once()
    for number in (443, 8443, 9443, 443):
        state = waf.read(cloud, request(listener_port=number), once)
        assert [held.names for held in state.item.extensions] == [("www.example.com", "api.example.com")]
        assert waf.read(cloud, request("default", listener_port=number), once).item.extensions[0].names == ()
    assert sorted(cloud.reads) == ["DescribeCertDetail", *["DescribeCloudResourceAccessPortDetails"] * 2, "DescribeInstance"]


def test_the_region_is_the_sites_unless_a_resource_says_so(fresh):
    abroad = fresh.cloud.waf.add_instance("ap-southeast-1")
    try:
        fresh.cloud.waf.add_domain("www.example.com", fresh.ids["old"], region="ap-southeast-1")
        for cloud, asked in [(Bridge(fresh, "international"), FOR_DOMAIN), (Bridge(fresh), dict(FOR_DOMAIN, region="ap-southeast-1"))]:
            state = waf.read(cloud, asked, Once())
            assert (state.region, state.waf, state.item.name) == ("ap-southeast-1", abroad.id, "www.example.com")
            assert waf.find(asked, state, WANTED, STORED)[0]["region"] == "ap-southeast-1"
    finally:
        del fresh.cloud.waf.instances["ap-southeast-1"]


def test_candidates_are_all_that_has_a_certificate_of_wafs_own(fresh):
    for number in range(5):
        fresh.cloud.waf.add_domain("n{0}.example.com".format(number), fresh.ids["old"])
    fresh.cloud.waf.add_domain("plain.example.com")
    fresh.cloud.waf.add_port("clb7", "lb-1", 80, protocol="http")
    for product, instance, number in [("clb7", "lb-1", 443), ("clb4", "lb-2", 8443), ("ecs", "i-1", 443), ("nlb", "nlb-1", 443)]:
        fresh.cloud.waf.add_port(product, instance, number, fresh.ids["old"])
    found = waf.candidates(Bridge(fresh), None, Once())
    assert [more["domain"] for more in found if "domain" in more] == ["n{0}.example.com".format(number) for number in range(5)]
    assert [(more["instance"], more["listener_port"]) for more in found if "instance" in more] == [
        ("i-1", 443), ("lb-1", 443), ("lb-2", 8443), ("nlb-1", 443)]
    assert {more["region"] for more in found} == {"cn-hangzhou"}


def test_a_certificate_of_another_authority_is_served_as_bound(fresh):
    """The data plane shows what was deployed, for each name of the port."""
    material = pki.Authority.create().issue(["b.example.com"], key="ec")
    side = fresh.upload("b-{0}".format(material.fingerprint[:8]), material)
    fresh.cloud.waf.add_port("clb7", "lb-9", 443, fresh.ids["wide"], (side,))
    deploy(fresh, request("additional", instance="lb-9"))
    assert fresh.served("waf/lb-9/443", "b.example.com") == material.fingerprint
    assert fresh.served("waf/lb-9/443", "a.shop.example.com") == fresh.material["new"].fingerprint
    assert fresh.served("waf/lb-9/443", "other.example.com") == fresh.material["wide"].fingerprint
