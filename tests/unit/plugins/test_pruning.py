# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificates are of no use any more: each rule alone, and what holds for any certificates and whatever was seen of their use."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest
from hypothesis import given, strategies as st

from ansible_collections.daas.https.plugins.module_utils import _prune
from ansible_collections.daas.https.plugins.module_utils._api.cas import Stored
from ansible_collections.daas.https.plugins.module_utils._api.cas_life import Usage, notice_params
from ansible_collections.daas.https.plugins.module_utils._api.slb import ServerCertificate
from ansible_collections.daas.https.plugins.module_utils._domain import provision, pruning
from ansible_collections.daas.https.plugins.module_utils._domain.deployment import Bound, place_of
from ansible_collections.daas.https.plugins.module_utils._domain.drift import Held, Served
from ansible_collections.daas.https.plugins.module_utils._domain.names import covers_all
from ansible_collections.daas.https.plugins.module_utils._domain.pruning import DAY, Claim, Evidence

NOW = 2000 * DAY
WWW, API = "www.example.com", "api.example.com"
OURS = {provision.MANAGED_BY: provision.OURS}
UNUSED = Usage((), "UPLOAD", "issued", OURS)


def item(number, age=0, days=90, names=(WWW,), **changes):
    """A certificate that began so many days ago."""
    digest = hashlib.sha256(b"%d" % number).hexdigest()
    return Stored(**dict(dict(
        id=number, name=provision.cas_name("shop", digest), sha256=digest, sha1=digest[:40], names=names, uploaded=True,
        expired=days <= age, end_date="2027-02-01", algorithm="RSA", instance_id="cas-%d" % number, not_before=NOW - age * DAY,
        not_after=NOW + (days - age) * DAY), **changes))


def judged(*items, keep_last=1, grace_days=7):
    """{id: (whether it is superseded, codes of its reasons)}; items: newest first."""
    return {one.item.id: (one.superseded, [reason.code for reason in one.reasons])
            for one in pruning.judge({"shop": items}, keep_last, grace_days, NOW)}


# -- by the lists alone --------------------------------------------------------------------------------------------------------------

def test_the_newest_stay_and_the_others_are_superseded():
    three = item(3, 10), item(2, 40), item(1, 70)
    assert judged(*three) == {3: (False, ["newest"]), 2: (True, []), 1: (True, [])}
    assert judged(*three, keep_last=2) == {3: (False, ["newest"]), 2: (True, ["newest"]), 1: (True, [])}
    assert judged(*three, keep_last=9)[1] == (True, ["newest"])


@pytest.mark.parametrize("newer, code", [
    (dict(age=6), "grace"), (dict(age=-1), "successor"), (dict(age=20, days=20), "successor"), (dict(age=20, expired=True), "successor"),
    (dict(age=20, not_before=0), "successor"), (dict(age=20, not_after=0), "successor"), (dict(age=20, names=(API,)), "names"),
    (dict(age=20, names=("*.example.net",)), "names"),
])
def test_who_is_no_successor(newer, code):
    assert judged(item(2, **newer), item(1, 70))[1] == (False, [code])


def test_a_wildcard_is_a_successor_and_so_is_one_behind_the_newest():
    assert judged(item(2, 20, names=("*.example.com",)), item(1, 70)) == {2: (False, ["newest"]), 1: (True, [])}
    assert judged(item(3, 1), item(2, 20), item(1, 70))[1] == (True, []), "the newest is too young, the one before is not"


def test_of_what_has_ended_the_names_do_not_matter():
    assert judged(item(2, 20, names=(API,)), item(1, 95))[1] == (True, [])
    assert judged(item(2, 20), item(1, 70, all_names=False))[1] == (False, ["names"])
    assert judged(item(2, 20), item(1, 95, all_names=False))[1] == (True, [])


def test_kinds_of_keys_and_series_are_told_apart():
    rsa, ecc = item(2, 20), item(3, 10, algorithm="ECC")
    assert judged(ecc, rsa, item(1, 70)) == {3: (False, ["newest"]), 2: (False, ["newest"]), 1: (True, [])}
    names = [(one.series, one.superseded) for one in pruning.judge({"shop": (rsa,), "blog": (item(1, 70),)}, 1, 7, NOW)]
    assert names == [("blog", False), ("shop", False)]


# -- by CAS's word of one ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("usage, changes, codes", [
    (UNUSED, {}, []),
    (dataclasses.replace(UNUSED, products=("CDN",)), {}, ["products"]), (dataclasses.replace(UNUSED, products=("SLB",)), {}, ["copied"]),
    (dataclasses.replace(UNUSED, products=("SLB", "CDN")), {}, ["products"]), (dataclasses.replace(UNUSED, tags={}), {}, ["tag"]),
    (dataclasses.replace(UNUSED, tags={provision.MANAGED_BY: "another"}), {}, ["tag"]), (None, {}, ["unknown"]),
    (ValueError("no answer"), {}, ["unknown"]), (dataclasses.replace(UNUSED, source="BUY"), {}, ["issued"]),
    (dataclasses.replace(UNUSED, source="TEST"), {}, ["issued"]),
    (dataclasses.replace(UNUSED, source=""), dict(uploaded=False), ["issued"]),
    (dataclasses.replace(UNUSED, source="BUY", status="revoked"), {}, []), (dataclasses.replace(UNUSED, source="BUY"), dict(age=95), []),
])
def test_what_cas_says_of_one(usage, changes, codes):
    assert [reason.code for reason in pruning.ownership(item(1, **changes), usage, NOW)] == codes


# -- by what was seen ----------------------------------------------------------------------------------------------------------------

def slot(bound=None, settled=True, error="", domain=None):
    place = place_of(dict(service="cdn"), None, domain) if domain else place_of(
        dict(service="slb", region="cn-hangzhou", instance="lb-1", listener_port=443), "default")
    return Held(place, bound, settled, error)


def bound(cas_id=0, fingerprint=""):
    return Bound("own", cas_id, "a name", fingerprint)


ONE = item(1)
OTHER = item(2)


@pytest.mark.parametrize("seen, code", [
    (slot(), None), (slot(bound(1)), "bound"), (slot(bound(0, ONE.sha256)), "bound"), (slot(bound(0, ONE.sha1)), "bound"),
    (slot(bound(2, OTHER.sha256)), None), (slot(bound(2, ONE.sha256)), "bound"), (slot(bound(2)), None), (slot(bound(0, OTHER.sha1)), None),
    (slot(bound()), "unknown"), (slot(bound(0, "ab:cd")), "unknown"), (slot(error="timed out"), "unknown"),
    (slot(bound(2, OTHER.sha256), settled=False), "unknown"), (slot(error="timed out", domain=WWW), "unknown"),
    (slot(error="timed out", domain="films.example.net"), None), (slot(bound(1), domain="films.example.net"), "bound"),
    (slot(bound(), domain="films.example.net"), None), (slot(bound(2), settled=False, domain="films.example.net"), None),
])
def test_slots(seen, code):
    assert [reason.code for reason in pruning.in_use(ONE, Evidence(slots=(seen,)))] == [code] * (code is not None)


@pytest.mark.parametrize("claim, code", [
    (Claim("airec/a", WWW, "1"), "bound"), (Claim("airec/a", WWW, "1-cn-hangzhou"), "bound"),
    (Claim("airec/a", "films.example.net", "1"), "bound"),
    (Claim("airec/a", WWW, "2"), None), (Claim("airec/a", WWW, "2", False), "unknown"), (Claim("airec/a", WWW, "cert-8a9b2c"), "unknown"),
    (Claim("airec/a", WWW, ""), "unknown"), (Claim("airec/a", "films.example.net", ""), None),
    (Claim("airec/a", "films.example.net", "2", False), None), (Claim("airec/a", error="refused"), "unknown"),
])
def test_claims_of_airec(claim, code):
    assert [reason.code for reason in pruning.in_use(ONE, Evidence(claims=(claim,)))] == [code] * (code is not None)


def served(name=WWW, one=None):
    return Served("a", name, "192.0.2.1", 443, one.sha256, one.sha1) if one else Served("a", name, "192.0.2.1", 443, why="refused")


@pytest.mark.parametrize("seen, code", [
    (served(one=ONE), "served"), (served(one=OTHER), None), (served("films.example.net", ONE), "served"), (served(), "unknown"),
    (served("films.example.net"), None),
])
def test_endpoints(seen, code):
    assert [reason.code for reason in pruning.in_use(ONE, Evidence(served=(seen,)))] == [code] * (code is not None)


def test_names_that_are_not_known_may_be_any():
    blind = dataclasses.replace(ONE, all_names=False)
    evidence = Evidence((slot(error="timed out", domain="films.example.net"),), (Claim("airec/a", "films.example.net"),), (
        served("films.example.net"),))
    assert len(pruning.in_use(blind, evidence)) == 3 and pruning.in_use(ONE, evidence) == []


# -- copies and notices --------------------------------------------------------------------------------------------------------------

def copy(**changes):
    return ServerCertificate(**dict(dict(id="own", name="", fingerprint=ONE.sha1, cas_id=1, names=(), cas_name=ONE.name), **changes))


@pytest.mark.parametrize("row, found", [
    (copy(), True), (copy(fingerprint=ONE.sha256), True), (copy(name=ONE.name, cas_name=""), True), (copy(cas_id=0), False),
    (copy(cas_id=2), False), (copy(cas_name="blog-" + ONE.sha256[:16]), False), (copy(cas_name="shop-new"), False),
    (copy(fingerprint=OTHER.sha256), False), (copy(cas_name="shop"), False),
])
def test_whose_copy_has_lost_its_certificate(row, found):
    """2 is in CAS, 1 is not."""
    assert pruning.is_vanished(row, {"shop"}, {2: OTHER}) is found


def test_notices_of_many_are_changed_in_few_calls():
    items = [item(number) for number in range(1, 121)]
    steps = pruning.notice_steps(items, False, notice_params, lambda ids, key, value: dict(ids=ids, key=key, value=value))
    assert [step.action for step in steps] == ["BatchUpdateNoticeStatus", "TagResources"] * 3 and steps[1].needs == (steps[0].key,)
    assert [number for step in steps[::2] for number in step.params["Ids"].split(",")] == [str(one.id) for one in items]
    assert {step.params["NoticeStatus"] for step in steps[::2]} == {"disable"} and steps[1].params["value"]
    [again, untag] = pruning.notice_steps(items[:1], True, notice_params, lambda ids, key, value: dict(value=value))
    assert (again.params["NoticeStatus"], untag.action, untag.params) == ("enable", "UntagResources", dict(value=None))


# -- how long what was seen counts ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seconds, looks", [(0, 1), (59, 1), (61, 2)])
def test_a_look_that_is_too_long_ago_is_repeated(monkeypatch, seconds, looks):
    now, seen = [100.0], []
    run = _prune.Pruning(None, {}, [], clock=lambda: now[0])
    monkeypatch.setattr(run, "look", lambda: seen.append(now[0]) or len(seen))
    first = run.evidence()
    now[0] += seconds
    assert (first, run.evidence(), len(seen)) == (1, looks, looks)


# -- for any certificates ------------------------------------------------------------------------------------------------------------

@st.composite
def shelves(draw):
    """Certificates of one series, newest first."""
    items = [item(number, draw(st.integers(-5, 120)), draw(st.sampled_from((30, 90, 400))), draw(st.sampled_from(
        ((WWW,), (API,), (WWW, API), ("*.example.com",)))), algorithm=draw(st.sampled_from(("RSA", "ECC", ""))),
        all_names=draw(st.integers(0, 9)) > 0) for number in range(1, 1 + draw(st.integers(1, 8)))]
    return tuple(sorted(items, key=lambda one: (one.not_before, one.id), reverse=True))


@st.composite
def sights(draw, shelf):
    """One more thing that was seen: of a slot, of AIRec, or of an endpoint."""
    one, name = draw(st.sampled_from(shelf)), draw(st.sampled_from((WWW, API, "films.example.net")))
    return draw(st.sampled_from((
        Evidence(slots=(slot(bound(one.id)),)), Evidence(slots=(slot(bound(0, one.sha1), domain=name),)),
        Evidence(slots=(slot(error="timed out"),)), Evidence(slots=(slot(error="timed out", domain=name),)),
        Evidence(claims=(Claim("airec/a", name, str(one.id), False),)), Evidence(claims=(Claim("airec/a", name, str(one.id)),)),
        Evidence(claims=(Claim("airec/a", name, "cert-1"),)), Evidence(served=(served(name, one),)), Evidence(served=(served(name),)))))


def doomed(shelf, keep_last, grace_days, evidence):
    return {one.item.id for one in pruning.judge({"shop": shelf}, keep_last, grace_days, NOW)
            if one.superseded and not one.reasons and not pruning.objections(one.item, UNUSED, evidence, NOW)}


LIMITS = dict(keep_last=st.integers(1, 4), grace_days=st.integers(0, 40))


@given(shelf=shelves(), data=st.data(), **LIMITS)
def test_what_was_seen_only_ever_keeps_more(shelf, data, keep_last, grace_days):
    found = data.draw(st.lists(sights(shelf), max_size=3))
    evidence = Evidence(*(tuple(seen for one in found for seen in getattr(one, field)) for field in ("slots", "claims", "served")))
    fewer = doomed(shelf, keep_last, grace_days, evidence)
    assert fewer <= doomed(shelf, keep_last, grace_days, Evidence())
    used = {seen.bound.cas_id for seen in evidence.slots if seen.bound}
    used |= {one.id for one in shelf for seen in evidence.slots if seen.bound and seen.bound.fingerprint in (one.sha256, one.sha1)}
    used |= {one.id for one in shelf for seen in evidence.claims if seen.certificate_id == str(one.id)}
    used |= {one.id for one in shelf for seen in evidence.served if seen.sha256 == one.sha256}
    assert not fewer & used


@given(shelf=shelves(), **LIMITS)
def test_what_goes_has_a_valid_successor_that_stays(shelf, keep_last, grace_days):
    gone = doomed(shelf, keep_last, grace_days, Evidence())
    stays = [one for one in shelf if one.id not in gone and not pruning.has_ended(one, NOW) and one.not_before <= NOW - grace_days * DAY]
    for one in shelf:
        if one.id in gone:
            assert any(heir.algorithm == one.algorithm and (pruning.has_ended(one, NOW) or covers_all(heir.names, one.names))
                       for heir in stays), one
    for kind in {one.algorithm for one in shelf}:
        mine = [one.id for one in shelf if one.algorithm == kind]
        assert not gone & set(mine[:keep_last])


@given(shelf=shelves(), **LIMITS)
def test_stricter_limits_never_delete_more_and_what_is_done_is_done(shelf, keep_last, grace_days):
    gone = doomed(shelf, keep_last, grace_days, Evidence())
    assert doomed(shelf, keep_last + 1, grace_days, Evidence()) <= gone
    assert doomed(shelf, keep_last, grace_days + 1, Evidence()) <= gone
    assert doomed(tuple(one for one in shelf if one.id not in gone), keep_last, grace_days, Evidence()) == set()
