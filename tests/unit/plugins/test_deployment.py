# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificate is meant, what a slot has, and what of it becomes one plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.daas.https.plugins.module_utils import _requests
from ansible_collections.daas.https.plugins.module_utils._api.cas import Stored
from ansible_collections.daas.https.plugins.module_utils._batch import is_wrong_input
from ansible_collections.daas.https.plugins.module_utils._domain.deployment import (
    Bound, Slot, Wanted, after_of, bound_of, identify, is_superseded, name_of, place_of, plan_of, same)
from ansible_collections.daas.https.plugins.module_utils._errors import ApiError, CollectionError, InputError
from ansible_collections.daas.https.plugins.module_utils._plan import Ref, Step

A, B = "a" * 64, "b" * 64
STORED = {
    1: Stored(1, "shop-a", A, "1" * 40, ("www.example.com",), True, False, "2027-01-01"),
    2: Stored(2, "shop-b", B, "2" * 40, ("www.example.com",), True, False, "2027-01-01"),
    3: Stored(3, "copy of a", A, "1" * 40, ("www.example.com",), True, False, "2027-01-01"),
    12: Stored(12, "old", "c" * 64, "3" * 40, ("www.example.com",), True, True, "2025-01-01"),
    30: Stored(30, "shop-b", "d" * 64, "4" * 40, ("api.example.com",), False, False, "2027-01-01"),
}
WANTED = Wanted(1, "shop-a", A, "1" * 40, ("www.example.com",), "cn-hangzhou")


@pytest.mark.parametrize("given, number", [
    (dict(id=1), 1), (dict(identifier="2-cn-hangzhou"), 2), (dict(fingerprint=A), 1), (dict(fingerprint=":".join(["BB"] * 32)), 2),
    (dict(fingerprint="2" * 40), 2), (dict(name="shop-a"), 1), (dict(name="another name", fingerprint=A), 1),
    (dict(id=3, fingerprint=A), 3),
    (dict(id=None, identifier=None, name=None, fingerprint=B), 2), (dict(id=30, name="shop-b"), 30),
])
def test_identify(given, number):
    wanted = identify(STORED, given, "cn-hangzhou", False)
    assert (wanted.id, wanted.store) == (number, "cn-hangzhou")
    assert wanted.sha256 == STORED[number].sha256


@pytest.mark.parametrize("given, words", [
    ({}, ["needs one of id"]), (dict(id=None, name=None), ["needs one of id"]), (dict(id=99), ["no certificate with id 99", "site"]),
    (dict(identifier="1"), ["no certificate with identifier 1"]),  # not a prefix of digits only
    (dict(identifier="10-cn-hangzhou"), ["no certificate"]),
    (dict(name="shop-b"), ["several", "2, 30", "give the id"]), (dict(id=12), ["old (id 12) expired on 2025-01-01"]),
    (dict(id=1, fingerprint=B), ["no certificate with id 1, fingerprint " + B]), (dict(fingerprint="abc"), ["neither SHA-256"]),
])
@pytest.mark.parametrize("check", [False, True])
def test_identify_refuses(given, words, check):
    with pytest.raises(InputError) as caught:
        identify(STORED, given, "cn-hangzhou", check)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize("given, name, sha256", [
    (dict(fingerprint="E" * 64, domains=["WWW.example.com"]), "", "e" * 64), (dict(name="new", domains=["www.example.com"]), "new", ""),
    (dict(name="new", fingerprint="e" * 64, domains=["www.example.com"]), "new", "e" * 64),
])
def test_what_is_about_to_be_uploaded_counts_in_check_mode(given, name, sha256):
    wanted = identify(STORED, given, "cn-hangzhou", True)
    assert wanted == Wanted(0, name, sha256, "", ("www.example.com",), "cn-hangzhou")
    with pytest.raises(InputError, match="Upload it"):
        identify(STORED, given, "cn-hangzhou", False)


def bound(own="x", cas_id=0, fingerprint="", name="n"):
    return Bound(own, cas_id, name, fingerprint)


@pytest.mark.parametrize("one, other, equal", [
    (None, None, True), (bound(), None, False), (None, WANTED, False),
    (bound(fingerprint=A), WANTED, True), (bound(fingerprint="1" * 40), WANTED, True), (bound(cas_id=1), WANTED, True),
    (bound(fingerprint=B, name="shop-a"), WANTED, False), (bound(), Wanted(0, "n", "", "", (), ""), False),
    (bound("x", fingerprint=A), bound("y", fingerprint=A), True), (bound("x", 7), bound("y", 7), True), (bound("x"), bound("x"), True),
    (bound("x"), bound("y"), False),  # two unknown fingerprints are not the same certificate
    (bound(""), bound(""), False), (bound("x", fingerprint=A), bound("y", fingerprint=B), False),
])
def test_same(one, other, equal):
    assert same(one, other) is equal


def test_cas_names_win_wherever_it_is_bound():
    assert bound_of(STORED, 1, id="slb-1", name="imported", fingerprint="ff") == Bound("slb-1", 1, "shop-a", A, ("www.example.com",))
    assert bound_of(STORED, 77, id="slb-1", name="imported", fingerprint="ff") == Bound("slb-1", 77, "imported", "ff")


def test_names_that_may_not_be_all_are_unknown():
    """CAS said a common name alone: what else the certificate covers nobody knows."""
    part = {1: replace(STORED[1], all_names=False, algorithm="RSA")}
    assert bound_of(part, 1, id="slb-1", name="imported", fingerprint="") == Bound("slb-1", 1, "shop-a", A, (), algorithm="RSA")
    told = bound_of(part, 1, id="slb-1", name="imported", fingerprint="", names=("own.example.com",))
    assert told.names == ("own.example.com",), "the product itself may know"


BOTH = replace(WANTED, names=("www.example.com", "*.shop.example.com"), algorithm="RSA")


@pytest.mark.parametrize("names, algorithm, gone", [
    (("www.example.com",), "RSA", True), (("*.shop.example.com", "www.example.com"), "RSA", True), ((), "RSA", False),
    (("www.example.com",), "", False), (("www.example.com",), "ECC", False), (("www.example.com", "api.example.com"), "RSA", False),
    (("a.shop.example.com",), "RSA", False),  # covered by the wildcard only
])
def test_what_the_new_one_makes_superfluous(names, algorithm, gone):
    assert is_superseded(Bound("x", 9, "old", B, names, algorithm=algorithm), BOTH) is gone


def test_nothing_supersedes_itself_and_two_unknown_kinds_are_not_the_same():
    assert not is_superseded(Bound("x", 1, "shop-a", A, ("www.example.com",), algorithm="RSA"), BOTH)
    assert not is_superseded(Bound("x", 9, "old", B, ("www.example.com",)), replace(BOTH, algorithm=""))


def test_in_check_mode_the_kind_of_a_key_is_not_known_before_the_upload():
    pending = replace(BOTH, id=0, algorithm="")
    assert is_superseded(Bound("x", 9, "old", B, ("www.example.com",), algorithm="ECC"), pending)


@pytest.mark.parametrize("bound, key_type, gone", [
    ("RSA", "RSA", True), ("ECC", "ECDSA", True), ("RSA", "ECDSA", False), ("ECC", "RSA", False), ("", "RSA", False), ("SM2", "SM2", True)])
def test_of_a_pair_neither_supersedes_the_other_also_before_the_upload(bound, key_type, gone):
    """A renewed RSA certificate leaves the ECDSA one of the same names alone, and the reverse; in check mode, too."""
    pending = identify({}, dict(fingerprint=A, domains=["www.example.com"], key_type=key_type), "cn-hangzhou", True)
    uploaded = replace(pending, id=7)
    there = Bound("x", 9, "old", B, ("www.example.com",), algorithm=bound)
    assert (is_superseded(there, pending), is_superseded(there, uploaded)) == (gone, gone)


@pytest.mark.parametrize("algorithm, shown", [("RSA", "RSA"), ("ECC", "ECDSA"), ("SM2", "SM2"), ("", None)])
def test_the_kind_of_a_key_is_shown_as_cas_certificate_shows_it(algorithm, shown):
    assert Bound("x", 9, "old", B, algorithm=algorithm).view()["key_type"] == shown


@pytest.mark.parametrize("own, shown", [("slb-1", "slb-1"), (Ref("register", "Id"), None), (5, "5")])
def test_an_id_that_is_not_known_yet_is_null(own, shown):
    assert after_of(WANTED, own).view() == dict(
        id=shown, cas_id=1, name="shop-a", fingerprint=A, store="cn-hangzhou", domains=["www.example.com"], key_type=None)


@pytest.mark.parametrize("request_, slot, domain, name", [
    (dict(service="slb", region="cn-hangzhou", instance="lb-1", listener_port=443), "default", None, "slb/cn-hangzhou/lb-1:443/default"),
    (dict(service="slb", region="cn-hangzhou", instance="lb-1", listener_port=443), "additional", "a.example.com",
     "slb/cn-hangzhou/lb-1:443/additional/a.example.com"),
    (dict(service="cdn", listener_port=443, domain="img.example.com"), None, "img.example.com", "cdn/img.example.com"),
    (dict(service="VOD", region="cn-hangzhou", listener_port=443), None, "f.example.com", "vod/cn-hangzhou/f.example.com"),
])
def test_names_of_slots(request_, slot, domain, name):
    place = place_of(request_, slot, domain)
    assert name_of(place) == name and Slot(place).target == name
    assert (place["listener_port"] is None) == (not request_.get("instance"))


ALB = dict(service="alb", region="cn-hangzhou", instance="alb-1", listener_port=443)


@pytest.mark.parametrize("request_, more, name", [
    (dict(ALB, protocol="quic"), {}, "alb/cn-hangzhou/alb-1:443/quic/additional"),
    (dict(ALB, protocol="https"), {}, "alb/cn-hangzhou/alb-1:443/additional"),
    (ALB, dict(certificate="9-cn-hangzhou"), "alb/cn-hangzhou/alb-1:443/additional"),  # in check mode its id may not be known
    (ALB, dict(certificate="9-cn-hangzhou", superseded=True), "alb/cn-hangzhou/alb-1:443/additional/9-cn-hangzhou"),
    (dict(ALB, instance=None, protocol="quic"), {}, "alb/cn-hangzhou/additional"),  # no instance: neither port nor protocol
    (dict(service="waf", region="cn-hangzhou", instance="waf-1", listener_port=None), {}, "waf/cn-hangzhou/waf-1/additional"),
])
def test_names_of_listeners_and_of_what_is_to_go(request_, more, name):
    assert name_of(place_of(request_, "additional", **more)) == name


def slot(domain, previous=None, after=None, steps=(), **more):
    return Slot(place_of(dict(service="cdn"), None, domain), previous, after, steps, **more)


def step(key, stage=1):
    return Step(key, "slb", "Do", key, {}, stage=stage)


def test_plan_makes_shared_steps_once_and_registers_first():
    old, new = bound(name="old", fingerprint=B), bound(name="new", fingerprint=A)
    plan = plan_of([
        slot("a", old, new, (step("register", 0), step("a"))), slot("b", None, new, (step("register", 0), step("b"))), slot("c", new),
        slot("d", error=CollectionError("no"))])
    assert [item.key for item in plan.steps] == ["register", "a", "b"]
    shown_old, shown_new = dict(certificate="old", fingerprint=B), dict(certificate="new", fingerprint=A)
    assert plan.before == {"cdn/a": shown_old, "cdn/b": None, "cdn/c": shown_new}
    assert plan.after == {"cdn/a": shown_new, "cdn/b": shown_new, "cdn/c": shown_new}


# -- what a request means, before anything is asked ----------------------------------------------------------------------------------

SLB = dict(service="slb", region="cn-hangzhou", instance="lb-1", listener_port=443)


@pytest.mark.parametrize("request_, method, cost, service, settled", [
    (SLB, "auto", False, "slb", "product"), (SLB, "deployment_job", True, "slb", "deployment_job"),
    (dict(SLB, service="SLB"), "auto", True, "slb", "product"), (dict(service="CDN", domain="a"), "auto", True, "cdn", "product"),
    (SLB, "cloud_resource", False, "slb", "cloud_resource"), (dict(service="VOD", domain="a"), "auto", True, "VOD", "deployment_job"),
    (dict(service="VOD", domain="a"), "cloud_resource", False, "VOD", "cloud_resource"),
])
def test_method_is_settled_and_free_wherever_it_can_be(request_, method, cost, service, settled):
    checked = _requests.check(request_, method, cost)
    assert (checked["service"], checked["method"], checked["listener_port"]) == (service, settled, request_.get("listener_port"))


def test_what_has_no_ports_is_not_named_by_one():
    """Although the option has a default."""
    bucket = dict(service="oss", region="cn-hangzhou", instance="shop", domain="a.example.com", listener_port=443)
    assert _requests.check(bucket, "auto", False)["listener_port"] is None


@pytest.mark.parametrize("request_, method, words", [
    (dict(service="slb", region="cn-hangzhou"), "auto", ["service 'slb' needs instance"]),
    (dict(service="slb"), "product", ["needs region and instance"]), (dict(service="cdn"), "auto", ["needs domain"]),
    (dict(service="VOD", domain="a"), "product", ["knows the services alb, cdn", "not 'VOD'"]),
    (dict(service="VOD", domain="a"), "auto", ["metered", "accept_cost: true"]),
    (SLB, "deployment_job", ["metered", "accept_cost: true", "method: product, which is free"]),
])
def test_what_cannot_work_is_refused(request_, method, words):
    with pytest.raises(InputError) as caught:
        _requests.check(request_, method, False)
    assert all(word in str(caught.value) for word in words)


OLD = dict(id="slb-1", cas_id=None, name="old", fingerprint=B, store="")
ROW = dict(service="slb", region="cn-hangzhou", instance="lb-1", listener_port="443", slot="default", domain=None, changed=True,
           previous=OLD)


@pytest.mark.parametrize("row, port", [
    (ROW, 443), (dict(ROW, changed="True"), 443), (dict(ROW, previous=None), 443), (dict(ROW, service="cdn", listener_port=None), None),
    (dict(ROW, service="VOD"), 443),
])
def test_restorable(row, port):
    requests = _requests.restorable([row, dict(row, changed=False)])
    assert [(item["listener_port"], item["method"]) for item in requests] == [(port, "product")]


@pytest.mark.parametrize("row, word", [
    ({}, "lacks service"), (dict(service="slb", changed=True, previous=None), "lacks region, instance"),
    (dict(ROW, previous={}), "previous.id, previous.cas_id"), (dict(ROW, previous="old"), "previous.id"),
])
def test_what_is_no_result_cannot_be_restored(row, word):
    with pytest.raises(InputError, match=word):
        _requests.restorable([row])


@pytest.mark.parametrize("error, wrong", [
    (None, False), (InputError("x"), True), (CollectionError("x"), False), (ApiError("a", "InvalidLoadBalancerId.NotFound", "m"), True),
    (ApiError("a", "Forbidden.RAM", "m"), False), (ApiError("a", "Throttling.User", "m"), False),
])
def test_what_only_the_user_can_correct(error, wrong):
    assert is_wrong_input(error) is wrong


def test_once_reads_once_and_again_after_a_failure():
    once, reads = _requests.Once(), []

    def read(fail=False):
        reads.append(1)
        if fail:
            raise CollectionError("no")
        return len(reads)

    with pytest.raises(CollectionError):
        once("key", lambda: read(fail=True))
    assert [once("key", read), once("key", read), once("other", read)] == [2, 2, 3]
