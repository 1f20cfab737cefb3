# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load balancers: which slots are meant, what is written, and what a listener has."""

from __future__ import annotations

import pytest

from ansible_collections.daas.https.plugins.module_utils._api.slb import Extension, Listener, ServerCertificate
from ansible_collections.daas.https.plugins.module_utils._requests import Once
from ansible_collections.daas.https.plugins.module_utils._domain.deployment import Bound, Wanted, name_of
from ansible_collections.daas.https.plugins.module_utils._errors import InputError
from ansible_collections.daas.https.plugins.module_utils._plan import Ref
from ansible_collections.daas.https.plugins.module_utils._targets import slb

A, B = "a" * 64, "b" * 64
NAMES = ("www.example.com", "*.shop.example.com")
WANTED = Wanted(7, "shop-a", A, "1" * 40, NAMES, "cn-hangzhou")
OURS = Bound("own-1", 0, "old", B, ("www.example.com",))
WIDER = Bound("own-2", 0, "wide", B, ("www.example.com", "api.example.com"))
UNKNOWN = Bound("own-3", 0, "odd", B)


def request(slot="auto", domains=None, force=False):
    return dict(service="slb", region="cn-hangzhou", instance="lb-1", listener_port=443, slot=slot, domains=domains, force=force)


def state(default="own-1", extensions=(), certificates=(), status="running"):
    rows = [ServerCertificate("own-1", "old", B, 0, ("www.example.com",))] + list(certificates)
    return Listener(status, default, tuple(extensions)), dict((row.id, row) for row in rows)


@pytest.mark.parametrize("slot, domains, default, held, chosen", [
    # default: exactly that
    ("default", None, OURS, [], (True, [])), ("default", None, None, [], (True, [])), ("default", None, UNKNOWN, [], (True, [])),
    ("default", ["a.shop.example.com"], OURS, ["www.example.com"], (True, [])),
    # additional: what is named, else what is held, else every name
    ("additional", ["WWW.example.com."], WIDER, [], (False, ["www.example.com"])),
    ("additional", [".shop.example.com"], WIDER, [], (False, ["*.shop.example.com"])),
    ("additional", None, WIDER, ["other.example.net", "a.shop.example.com"], (False, ["a.shop.example.com"])),
    ("additional", None, WIDER, [], (False, ["www.example.com", "*.shop.example.com"])),
    # auto: replace what these names have, add what is asked for and has none
    ("auto", None, OURS, [], (True, [])), ("auto", None, None, [], (True, [])),
    ("auto", None, OURS, ["a.shop.example.com", "x.example.net"], (True, ["a.shop.example.com"])),
    ("auto", None, WIDER, ["www.example.com"], (False, ["www.example.com"])),
    ("auto", None, UNKNOWN, ["www.example.com"], (False, ["www.example.com"])),
    ("auto", ["a.shop.example.com"], WIDER, [], (False, ["a.shop.example.com"])),
    ("auto", ["a.shop.example.com"], OURS, [], (True, ["a.shop.example.com"])),
    ("auto", ["www.example.com"], OURS, [], (True, [])),  # the default serves it already
    ("auto", ["www.example.com"], None, [], (True, [])),
    ("auto", ["www.example.com"], OURS, ["www.example.com"], (True, ["www.example.com"])),
])
def test_choose(slot, domains, default, held, chosen):
    assert slb.choose(request(slot, domains), default, held, WANTED) == chosen


@pytest.mark.parametrize("slot, domains, default, held, words", [
    ("default", None, WIDER, [], ["wide", "also covers api.example.com", "slot: additional", "force: true"]),
    ("auto", None, WIDER, [], ["found nothing", "slot: default (which has wide now)", "slot: additional"]),
    ("auto", None, UNKNOWN, ["other.example.net"], ["found nothing", "odd"]),
    ("auto", ["api.example.com"], OURS, [], ["shop-a does not cover api.example.com"]),
    ("additional", ["www.example.com", "a.b.shop.example.com"], OURS, [], ["does not cover a.b.shop.example.com"]),
])
def test_choose_refuses(slot, domains, default, held, words):
    with pytest.raises(InputError) as caught:
        slb.choose(request(slot, domains), default, held, WANTED)
    assert all(word in str(caught.value) for word in words)


def test_force_takes_a_default_that_covers_more():
    assert slb.choose(request("default", force=True), WIDER, [], WANTED) == (True, [])


def test_find_gives_places():
    here = state(extensions=[Extension("ext-1", "a.shop.example.com", "own-1")])
    assert [name_of(place) for place in slb.find(request(), here, WANTED, {})] == [
        "slb/cn-hangzhou/lb-1:443/default", "slb/cn-hangzhou/lb-1:443/additional/a.shop.example.com"]


def place(slot="default", domain=None):
    return slb.place_of(request(), slot, domain)


@pytest.mark.parametrize("where, here, name, names", [
    (place(), state(), "old", ("www.example.com",)), (place(), state(default=""), None, None),
    (place(), state(default="gone"), "(not in this region's list)", ()), (place("additional", "a.example.com"), state(), None, None),
    (place("additional", "a.example.com"), state(extensions=[Extension("e", "a.example.com", "own-1")]), "old", ("www.example.com",)),
])
def test_at(where, here, name, names):
    found = slb.at(where, here, {})
    assert (found and found.name) == name and (found and found.names) == names


@pytest.mark.parametrize("certificate, known", [
    (ServerCertificate("own-9", "x", "", 7, ()), True), (ServerCertificate("own-9", "x", A, 0, ()), True),
    (ServerCertificate("own-9", "x", "1" * 40, 0, ()), True), (ServerCertificate("own-9", "shop-a", "", 0, ()), False),
    (ServerCertificate("own-9", "shop-a", B, 8, NAMES), False),
])
def test_one_import_serves_a_region(certificate, known):
    own, steps = slb.own(place(), state(certificates=[certificate]), WANTED)
    if known:
        assert (own, steps) == ("own-9", ())
        return
    assert own == Ref("register/slb/cn-hangzhou", "ServerCertificateId")
    (step,) = steps
    assert (step.key, step.action, step.stage, step.region) == (own.step, "UploadServerCertificate", 0, "cn-hangzhou")
    assert step.params == dict(RegionId="cn-hangzhou", AliCloudCertificateId="7", AliCloudCertificateName="shop-a",
                               AliCloudCertificateRegionId="cn-hangzhou")


EXTENSION = state(extensions=[Extension("ext-1", "a.example.com", "own-1")])
LISTENER = dict(LoadBalancerId="lb-1", ListenerPort=443, RegionId="cn-hangzhou")


@pytest.mark.parametrize("where, here, action, params", [
    (place(), state(), "SetLoadBalancerHTTPSListenerAttribute", dict(LISTENER, ServerCertificateId="own-9")),
    (place("additional", "a.example.com"), EXTENSION, "SetDomainExtensionAttribute",
     dict(RegionId="cn-hangzhou", DomainExtensionId="ext-1", ServerCertificateId="own-9")),
    (place("additional", "b.example.com"), EXTENSION, "CreateDomainExtension",
     dict(LISTENER, Domain="b.example.com", ServerCertificateId="own-9")),
])
def test_bind(where, here, action, params):
    step = slb.bind(name_of(where), where, here, Bound("own-9", 7, "shop-a", A))
    assert (step.action, step.params, step.key, step.target) == (action, params, name_of(where), name_of(where))
    assert (step.group, step.stage, step.region) == ("slb/cn-hangzhou/lb-1:443", 1, "cn-hangzhou")


def test_unbind():
    where = place("additional", "a.example.com")
    step = slb.unbind(name_of(where), where, EXTENSION)
    assert (step.action, step.params) == ("DeleteDomainExtension", dict(RegionId="cn-hangzhou", DomainExtensionId="ext-1"))
    with pytest.raises(InputError, match="cannot be left without one"):
        slb.unbind("slb/x", place(), EXTENSION)


@pytest.mark.parametrize("status, settled", [("running", True), ("stopped", True), ("", True), ("configuring", False), ("starting", False)])
def test_settled(status, settled):
    assert slb.settled(state(status=status)) is settled


class Shelf:
    """Answers reads; counts them."""

    def __init__(self, certificates=(), extensions=()):
        self.reads = []
        self._answers = {
            "DescribeServerCertificates": dict(ServerCertificates=dict(ServerCertificate=list(certificates))),
            "DescribeLoadBalancerHTTPSListenerAttribute": dict(
                Status="running", ServerCertificateId="own-1", DomainExtensions=dict(DomainExtension=list(extensions)))}

    def call(self, product, action, params, **more):
        self.reads.append((action, params["RegionId"]))
        return self._answers[action]


ROW = dict(ServerCertificateId="own-9", ServerCertificateName="x", Fingerprint="AA:BB", AliCloudCertificateId="7",
           CommonName="WWW.example.com",
           SubjectAlternativeNames=dict(SubjectAlternativeName=["www.example.com", "a.example.com"]))


def test_read_makes_one_read_of_each_list():
    cloud, once = Shelf([ROW]), Once()
    for port in (443, 8443, 443):
        listener, certificates = slb.read(cloud, dict(request(), listener_port=port), once)
    assert cloud.reads.count(("DescribeServerCertificates", "cn-hangzhou")) == 1 and len(cloud.reads) == 3
    assert certificates == {"own-9": ServerCertificate("own-9", "x", "aabb", 7, ("www.example.com", "a.example.com"))}
    assert listener == Listener("running", "own-1", ())


@pytest.mark.parametrize("certificates, extensions, make, answer", [
    ([ROW], (), lambda: slb.own(place(), state(), WANTED)[1][0], dict(ServerCertificateId="own-9")),
    ([dict(ROW, AliCloudCertificateId="8")], (), lambda: slb.own(place(), state(), WANTED)[1][0], None),
    ((), [dict(DomainExtensionId="ext-5", Domain="B.example.com")],
     lambda: slb.bind("t", place("additional", "b.example.com"), state(), WIDER), dict(DomainExtensionId="ext-5")),
    ((), (), lambda: slb.bind("t", place("additional", "b.example.com"), state(), WIDER), None),
    ((), (), lambda: slb.bind("t", place(), state(), WIDER), None),
])
def test_confirm_reads_whether_a_lost_write_has_happened(certificates, extensions, make, answer):
    assert slb.confirm(Shelf(certificates, extensions), make()) == answer
