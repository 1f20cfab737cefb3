# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Global Accelerator: which slots are meant, what is written, and what a listener has."""

from __future__ import annotations

import pytest

from ansible_collections.daas.https.plugins.module_utils._api import ga as api
from ansible_collections.daas.https.plugins.module_utils._api.cas import Stored
from ansible_collections.daas.https.plugins.module_utils._api.rpc import Cloud
from ansible_collections.daas.https.plugins.module_utils._domain.deployment import Bound, Wanted, name_of, same
from ansible_collections.daas.https.plugins.module_utils._errors import InputError
from ansible_collections.daas.https.plugins.module_utils._plan import Ref
from ansible_collections.daas.https.plugins.module_utils._requests import Once
from ansible_collections.daas.https.plugins.module_utils._targets import ga

A, B = "a" * 64, "b" * 64
OLD, NEW, WIDE = "6-cn-hangzhou", "7-cn-hangzhou", "8-cn-hangzhou"
STORED = {6: Stored(6, "old", B, "", ("www.example.com",), True, False, "", algorithm="RSA"),
          7: Stored(7, "new", A, "", ("www.example.com", "*.shop.example.com"), True, False, ""),
          8: Stored(8, "wide", "c" * 64, "", ("www.example.com", "api.example.com"), True, False, "")}
WANTED = Wanted(7, "new", A, "", STORED[7].names, "cn-hangzhou", NEW)
SETTINGS = {"ClientAffinity": "SOURCE_IP", "IdleTimeout": 30, "XForwardedForConfig": {"XRealIpEnabled": True}}


def request(slot="auto", domains=None, force=False, **more):
    return dict(dict(service="ga", region=None, instance="ga-1", listener_port=443, slot=slot, domains=domains, force=force), **more)


def state(default=OLD, additional=(), listener="active", busy=False, managed_by="", settings=None):
    shown = api.Listener("lsr-1", "ga-1", 443, listener, default, SETTINGS if settings is None else settings, managed_by)
    return shown, api.Certificates(default, dict(additional), busy)


def names(places):
    return [name_of(place) for place in places]


@pytest.mark.parametrize("here, asked, expected", [
    (state(), request(), ["default"]), (state(default=""), request(), ["default"]),
    (state(additional={"a.shop.example.com": OLD, "x.example.net": OLD}), request(), ["default", "additional/a.shop.example.com"]),
    (state(default=WIDE, additional={"www.example.com": OLD}), request(), ["additional/www.example.com"]),
    (state(default=WIDE), request(domains=["www.example.com"]), ["additional/www.example.com"]),
    (state(default=WIDE), request("additional"), ["additional/www.example.com", "additional/*.shop.example.com"]),
    (state(default=WIDE), request("default", force=True), ["default"]),
])
def test_find(here, asked, expected):
    assert names(ga.find(asked, here, WANTED, STORED)) == ["ga/ga-1:443/" + name for name in expected]


@pytest.mark.parametrize("here, asked, words", [
    (state(default=WIDE), request("default"), ["wide", "also covers api.example.com", "force: true"]),
    (state(default="99-cn-hangzhou"), request(), ["found nothing", "99-cn-hangzhou (not in CAS)"]),
    (state(managed_by="alb"), request(), ["managed by alb", "set the certificate there"]),
    (state(), request(domains=["mail.example.com"]), ["new does not cover mail.example.com"]),
])
def test_find_refuses(here, asked, words):
    with pytest.raises(InputError) as caught:
        ga.find(asked, here, WANTED, STORED)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_the_region_of_a_resource_does_not_matter():
    assert names(ga.places(request(region="eu-central-1"), state(additional={"b.example.com": OLD, "a.example.com": OLD}))) == [
        "ga/ga-1:443/default", "ga/ga-1:443/additional/a.example.com", "ga/ga-1:443/additional/b.example.com"]


def place(slot="default", domain=None):
    return ga._place(request(), slot, domain)


@pytest.mark.parametrize("where, here, bound", [
    (place(), state(), Bound(OLD, 6, "old", B, ("www.example.com",), algorithm="RSA")), (place(), state(default=""), None),
    (place(), state(default="99-cn-hangzhou"), Bound("99-cn-hangzhou", 99, "99-cn-hangzhou (not in CAS)", "")),
    (place(), state(default="odd"), Bound("odd", 0, "odd (not in CAS)", "")),
    (place("additional", "a.example.com"), state(additional={"a.example.com": NEW}), Bound(NEW, 7, "new", A, STORED[7].names)),
    (place("additional", "b.example.com"), state(additional={"a.example.com": NEW}), None),
])
def test_at(where, here, bound):
    assert ga.at(where, here, STORED) == bound


def test_the_certificate_is_named_by_its_identifier_which_a_fresh_upload_tells():
    assert ga.own(place(), state(), WANTED) == (NEW, ())
    assert ga.own(place(), state(), Wanted(0, "new", A, "", (), "cn-hangzhou")) == (Ref("upload", "CertIdentifier"), ())


IN_IT = dict(RegionId="cn-hangzhou", ListenerId="lsr-1")
HERE = dict(IN_IT, AcceleratorId="ga-1")


@pytest.mark.parametrize("where, action, params", [
    (place(), "UpdateListener", dict(IN_IT, Certificates=[dict(Id=NEW)], **SETTINGS)),
    (place("additional", "a.example.com"), "UpdateAdditionalCertificateWithListener",
     dict(HERE, Domain="a.example.com", CertificateId=NEW)),
    (place("additional", "b.example.com"), "AssociateAdditionalCertificatesWithListener",
     dict(HERE, Certificates=[dict(Domain="b.example.com", Id=NEW)])),
])
def test_bind(where, action, params):
    step = ga.bind(name_of(where), where, state(additional={"a.example.com": OLD}), Bound(NEW, 7, "new", A))
    assert (step.product, step.action, step.params, step.key) == ("ga", action, params, name_of(where))
    assert (step.group, step.stage) == ("ga/ga-1", 1)  # no two changes of one accelerator at a time


def test_unbind():
    where = place("additional", "a.example.com")
    step = ga.unbind(name_of(where), where, state(additional={"a.example.com": NEW}))
    assert (step.action, step.params) == ("DissociateAdditionalCertificatesFromListener", dict(HERE, Domains=["a.example.com"]))
    with pytest.raises(InputError, match="cannot be left without one"):
        ga.unbind("ga/x", place(), state())


@pytest.mark.parametrize("listener, busy, settled", [
    ("active", False, True), ("", False, True), ("updating", False, False), ("configuring", False, False), ("init", False, False),
    ("active", True, False)])
def test_settled(listener, busy, settled):
    assert ga.settled(state(listener=listener, busy=busy)) is settled


def test_every_write_can_be_repeated():
    assert ga.confirm(None, None) is None and ga.superseded(request(), state(), WANTED, STORED) == []
    assert all(action.token for action in api.PRODUCT.actions.values() if action.writes)


class Shelf(Cloud):
    """Answers reads out of pages of one row each; counts them."""

    def __init__(self, **rows):
        self.reads, self._rows = [], rows

    def call(self, product, action, params=None, region=None, token="", target=""):
        field = {"ListAccelerators": "Accelerators", "ListListeners": "Listeners", "ListListenerCertificates": "Certificates"}[action]
        rows, number = self._rows[field], int(params.get("NextToken") or params.get("PageNumber", 1) - 1)
        self.reads.append(action)
        following = str(number + 1) if number + 1 < len(rows) else ""
        return {field: rows[number:number + 1], "TotalCount": len(rows), "NextToken": following}


def row(port, protocol="HTTPS", **more):
    return dict(dict(ListenerId="lsr-%d" % port, Protocol=protocol, State="active", PortRanges=[dict(FromPort=port, ToPort=port)]), **more)


ROWS = [row(443, Certificates=[dict(Id=OLD, Type="Server")], ClientAffinity="SOURCE_IP", ProxyProtocol=False, Name="web", HttpVersion="",
            XForwardedForConfig=dict(XRealIpEnabled=False)),
        row(80, "HTTP"), row(8443, "https"),
        row(9443, ServiceManaged=True, ServiceId="alb", ServiceManagedInfos=[dict(Action="Update", IsManaged=True)]),
        row(9444, ServiceManaged=True, ServiceManagedInfos=[dict(Action="Delete", IsManaged=True)])]
HELD = [dict(CertificateId=OLD, IsDefault=True, State="active"),
        dict(CertificateId=NEW, IsDefault=False, Domain="A.example.com", State="updating")]


def test_read_makes_one_read_of_each_list():
    cloud, once = Shelf(Listeners=ROWS, Certificates=HELD), Once()
    listener, certificates = ga.read(cloud, request(), once)
    assert listener == api.Listener("lsr-443", "ga-1", 443, "active", OLD, {
        "ClientAffinity": "SOURCE_IP", "ProxyProtocol": False, "XForwardedForConfig": {"XRealIpEnabled": False}})
    assert certificates == api.Certificates(OLD, {"a.example.com": NEW}, True)
    ga.read(cloud, request(), once)
    assert ga.read(cloud, request("default"), once) == (listener, api.Certificates(OLD, {}))
    assert (cloud.reads.count("ListListeners"), cloud.reads.count("ListListenerCertificates")) == (5, 2)
    managed = [ga.read(cloud, request(listener_port=port), once)[0].managed_by for port in (9443, 9444)]
    assert managed == ["alb", ""]


def test_a_listener_that_is_not_there():
    for port, rows, words in [(80, ROWS, "it has some on 443, 8443, 9443, 9444"), (443, [], "no HTTPS listener on port 443. Check")]:
        with pytest.raises(InputError, match=words):
            ga.read(Shelf(Listeners=rows), request(listener_port=port), Once())


def test_candidates_are_all_https_listeners():
    cloud = Shelf(Accelerators=[dict(AcceleratorId="ga-2"), dict(AcceleratorId="ga-1")], Listeners=ROWS[:3])
    assert ga.candidates(cloud, None, Once()) == [
        dict(instance=instance, listener_port=port) for instance in ("ga-1", "ga-2") for port in (443, 8443)]
    assert same(ga.at(place(), state(), STORED), Bound(OLD, 0, "", ""))
