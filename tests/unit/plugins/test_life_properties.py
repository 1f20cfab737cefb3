# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for any certificates and bindings: the planners of rotation, pruning and orders, each alone and one after the other.

A small world is all that they see: certificates in CAS, slots that have some of them, and time. Hypothesis makes up the worlds.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib

import hypothesis
import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ansible_collections.daas.https.plugins.module_utils._api.cas import Stored
from ansible_collections.daas.https.plugins.module_utils._api.cas_life import Usage
from ansible_collections.daas.https.plugins.module_utils._domain import orders, provision, pruning, rotation
from ansible_collections.daas.https.plugins.module_utils._domain.deployment import Bound, place_of
from ansible_collections.daas.https.plugins.module_utils._domain.drift import Held, Served
from ansible_collections.daas.https.plugins.module_utils._domain.names import covers_all

START = datetime.datetime(2026, 11, 1, tzinfo=datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
WITHIN, LIFE = 30, 90
WWW, API, WILD = "www.example.com", "api.example.com", "*.example.com"
NAME_SETS = ((WWW,), (WWW, API), (WILD,), (WWW, API, WILD))
OURS = {provision.MANAGED_BY: provision.OURS}
many = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def milliseconds(moment):
    return int(moment.timestamp() * 1000)


def certificate(number, series, begin, days=LIFE, names=(WWW,), algorithm="RSA", uploaded=True, now=START):
    """A certificate as CAS lists it; its name is made as ours are."""
    digest = hashlib.sha256(b"%d" % number).hexdigest()
    end = begin + days * DAY
    return Stored(number, provision.cas_name(series, digest), digest, digest[:40], names, uploaded, end <= now, end.strftime("%Y-%m-%d"),
                  "Example CA", algorithm, True, "cas-%d" % number, milliseconds(begin), milliseconds(end))


# -- worlds ------------------------------------------------------------------------------------------------------------------------------

@st.composite
def worlds(draw):
    """(certificates, tags by instance_id, slots, addresses): what CAS has, and what is bound and served."""
    found, tags = {}, {}
    for number in range(1, 1 + draw(st.integers(1, 9))):
        series = draw(st.sampled_from(("shop", "blog")))
        item = certificate(
            number, series, START - draw(st.integers(-3, 130)) * DAY, draw(st.sampled_from((30, 90, 400))),
            draw(st.sampled_from(NAME_SETS)), draw(st.sampled_from(("RSA", "ECC"))), draw(st.booleans()))
        if draw(st.integers(0, 9)) == 0:
            item = dataclasses.replace(item, not_before=0, not_after=0)
        found[number] = item
        if draw(st.integers(0, 4)):
            tags[item.instance_id] = dict(OURS, **{provision.NAME_TAG: series})
    slots = [draw(held(found, place)) for place in range(draw(st.integers(0, 5)))]
    served = [draw(address(found, place)) for place in range(draw(st.integers(0, 4)))]
    return found, tags, slots, served


@st.composite
def held(draw, found, number):
    """A slot: empty, unreadable, or with one of the certificates, by CAS's id or by fingerprint alone."""
    domain = draw(st.sampled_from((None, WWW, API, "films.example.net")))
    place = place_of(dict(service="cdn"), None, domain) if domain else place_of(
        dict(service="slb", region="cn-hangzhou", instance="lb-%d" % number, listener_port=443), "default")
    kind = draw(st.sampled_from(("empty", "unread", "by id", "by digest", "changing")))
    item = found[draw(st.sampled_from(sorted(found)))]
    bound = None if kind in ("empty", "unread") else Bound(
        "own", item.id if kind == "by id" else 0, item.name, "" if kind == "by id" else item.sha256, item.names)
    return Held(place, bound, kind != "changing", "timed out" if kind == "unread" else "")


@st.composite
def address(draw, found, number):
    """An address of an endpoint that serves one of the certificates, or could not be looked at."""
    name = draw(st.sampled_from((WWW, API, "films.example.net")))
    item = found[draw(st.sampled_from(sorted(found)))]
    if draw(st.booleans()):
        return Served("endpoint %d" % number, name, "192.0.2.1", 443, item.sha256, item.sha1)
    return Served("endpoint %d" % number, name, "192.0.2.1", 443, why="connection refused")


def superfluous(found, tags, slots, served, keep_last=2, grace_days=7, now=START):
    """Ids of what pruning would delete; what CAS itself says of use is what the slots with CAS's id have."""
    evidence = pruning.Evidence(tuple(slots), (), tuple(served))
    doomed = set()
    for one in pruning.judge(provision.series_by_name(found, tags), keep_last, grace_days, milliseconds(now)):
        products = tuple(slot.target for slot in slots if slot.bound and slot.bound.cas_id == one.item.id)
        usage = usage_of(one.item, tags, products)
        if one.superseded and not one.reasons and not pruning.objections(one.item, usage, evidence, milliseconds(now)):
            doomed.add(one.item.id)
    return doomed


def usage_of(item, tags, products=()):
    return Usage(products, "UPLOAD" if item.uploaded else "BUY", "issued", tags.get(item.instance_id) or {})


# -- pruning -----------------------------------------------------------------------------------------------------------------------------

LIMITS = dict(keep_last=st.integers(1, 4), grace_days=st.integers(0, 30))


@many
@given(world=worlds(), **LIMITS)
def test_what_is_used_or_may_be_is_kept(world, keep_last, grace_days):
    found, tags, slots, served = world
    for number in superfluous(found, tags, slots, served, keep_last, grace_days):
        item = found[number]
        for slot in slots:
            assert not slot.bound or (slot.bound.cas_id != number and slot.bound.fingerprint != item.sha256)
            # whoever could not be asked may have it, unless it is for no name of the place
            assert not slot.error or (slot.place["domain"] and not covers_all(item.names, [slot.place["domain"]]))
        for seen in served:
            assert seen.sha256 != item.sha256 and (seen.sha256 or not covers_all(item.names, [seen.name]))


@many
@given(world=worlds(), **LIMITS)
def test_the_newest_of_each_series_and_what_is_not_tagged_as_ours_are_kept(world, keep_last, grace_days):
    found, tags, slots, served = world
    doomed = superfluous(found, tags, slots, served, keep_last, grace_days)
    assert all((tags.get(found[number].instance_id) or {}).get(provision.MANAGED_BY) == provision.OURS for number in doomed)
    for items in provision.series_by_name(found, tags).values():
        for algorithm in ("RSA", "ECC"):
            assert not doomed & {item.id for item in [item for item in items if item.algorithm == algorithm][:keep_last]}


@many
@given(world=worlds(), **LIMITS)
def test_what_is_deleted_has_a_successor_that_stays_valid_and_for_all_of_its_names(world, keep_last, grace_days):
    found, tags, slots, served = world
    doomed = superfluous(found, tags, slots, served, keep_last, grace_days)
    for items in provision.series_by_name(found, tags).values():
        for place, item in enumerate(items):
            heirs = [other for other in items[:place] if other.id not in doomed and other.algorithm == item.algorithm
                     and other.not_before <= milliseconds(START) - grace_days * pruning.DAY and other.not_after > milliseconds(START)]
            ended = pruning.has_ended(item, milliseconds(START))
            assert item.id not in doomed or any(ended or covers_all(heir.names, item.names) for heir in heirs)


@many
@given(world=worlds(), chance=st.randoms(use_true_random=False), **LIMITS)
def test_pruning_does_not_depend_on_any_order_and_is_done_at_once(world, chance, keep_last, grace_days):
    found, tags, slots, served = world
    doomed = superfluous(found, tags, slots, served, keep_last, grace_days)
    mixed = [shuffled(part, chance) for part in (list(found.items()), slots, served)]
    assert superfluous(dict(mixed[0]), tags, mixed[1], mixed[2], keep_last, grace_days) == doomed
    left = {number: item for number, item in found.items() if number not in doomed}
    assert superfluous(left, tags, slots, served, keep_last, grace_days) == set()


def shuffled(items, chance):
    items = list(items)
    chance.shuffle(items)
    return items


@many
@given(world=worlds(), other=worlds(), more=st.integers(0, 2), longer=st.integers(0, 10), **LIMITS)
def test_more_caution_and_more_use_never_delete_more(world, other, more, longer, keep_last, grace_days):
    found, tags, slots, served = world
    doomed = superfluous(found, tags, slots, served, keep_last, grace_days)
    assert superfluous(found, tags, slots, served, keep_last + more, grace_days + longer) <= doomed
    assert superfluous(found, tags, slots + other[2], served + other[3], keep_last, grace_days) <= doomed


# -- rotation ----------------------------------------------------------------------------------------------------------------------------

@dataclasses.dataclass(frozen=True)
class Place:
    """What is to have the certificate: a slot's name, what it has (a Generation or None), and whether it can be read."""

    name: str
    has: object
    readable: bool = True


@st.composite
def generations(draw):
    """Certificates of one series, the newest first, all for the same names."""
    ages = sorted(draw(st.lists(st.integers(-5, 120), max_size=4, unique=True)))
    return [rotation.generation_of(certificate(number, "shop", START - age * DAY, names=(WWW, API)))
            for number, age in zip(range(len(ages), 0, -1), ages)]


@st.composite
def places(draw, series):
    choices = [None, *series, rotation.generation_of(certificate(99, "old", START - draw(st.integers(0, 100)) * DAY, names=(WWW,)))]
    return [Place("cdn/%d" % number, draw(st.sampled_from(choices)), draw(st.integers(0, 5)) > 0)
            for number in range(draw(st.integers(1, 6)))]


@st.composite
def situations(draw):
    series = draw(generations())
    return series, draw(places(series))


def holder(place, choice):
    where = dict(target=place.name, label=None)
    if not place.readable:
        return rotation.Holder(where, error="timed out")
    has, wanted = place.has, choice.reference
    if has is None:
        return rotation.Holder(where, empty=True)
    return rotation.Holder(where, right=wanted is not None and has.sha256 == wanted.sha256, digests=(has.sha256, has.sha1), cas_id=has.id,
                           names=has.names, not_after=has.not_after)


def decided(series, seen, candidate=None, now=START, within=WITHIN):
    """(what is decided, the Choice) as cas_rotation_info does it."""
    terms = rotation.Terms(now, within)
    choice = rotation.choose(series, rotation.Candidate(candidate) if candidate else None, terms)
    return rotation.decide(choice, [holder(place, choice) for place in seen], terms, "shop"), choice


def fresh(now=START, number=50):
    return rotation.generation_of(certificate(number, "shop", now, names=(WWW, API)))


@many
@given(situations(), st.integers(1, 60))
def test_a_rotation_never_says_none_while_something_that_can_be_read_ends_soon(situation, within):
    series, seen = situation
    found, _choice = decided(series, seen, within=within)
    ending = [place for place in seen if place.readable and (place.has is None or (place.has.not_after - START).days < within)]
    assert found["action"] in rotation.ACTIONS and "\n" not in found["message"]
    if ending:
        assert found["action"] != "none" and (found["due"] or found["action"] in ("wait", "blocked"))
    assert {item["target"] for item in found["unknown"]} == {place.name for place in seen if not place.readable}
    assert not found["unknown"] or "NOT looked at" in found["message"]


@many
@given(situations(), st.randoms(use_true_random=False))
def test_a_rotation_does_not_depend_on_any_order(situation, chance):
    series, seen = situation
    one, other = decided(series, seen)[0], decided(series, shuffled(seen, chance))[0]
    assert (one["action"], one["covers"], one["missing"]) == (other["action"], other["covers"], other["missing"])
    assert sorted(item["target"] for item in one["due"]) == sorted(item["target"] for item in other["due"])


@many
@given(situations(), st.integers(0, 30))
def test_who_looks_further_ahead_never_finds_less_to_do(situation, further):
    series, seen = situation
    if decided(series, seen)[0]["action"] != "none":
        assert decided(series, seen, within=WITHIN + further)[0]["action"] != "none"


@many
@given(situations(), st.integers(1, 200))
def test_nothing_gets_well_by_itself(situation, days):
    """What had to be done and was not has still to be done later, whatever time has passed; but waiting does end."""
    series, seen = situation[0], [place for place in situation[1] if place.readable]
    hypothesis.assume(seen and not decided(series, seen)[1].pending)
    if decided(series, seen)[0]["action"] != "none":
        assert decided(series, seen, now=START + days * DAY)[0]["action"] != "none"


@many
@given(situations())
def test_a_new_certificate_puts_everything_right_and_then_there_is_nothing_to_do(situation):
    series, seen = situation
    seen = [dataclasses.replace(place, readable=True) for place in seen]
    for _night in range(3):
        found, choice = decided(series, seen, fresh() if not series or series[0].sha256 != fresh().sha256 else None)
        if found["action"] != "deploy":
            break
        due = {item["target"] for item in found["due"]}
        assert due and choice.wanted
        seen = [dataclasses.replace(place, has=choice.wanted) if place.name in due else place for place in seen]
        series = series if choice.wanted in series else [choice.wanted, *series]
    # one that is newer than the fresh one and not valid yet is waited for, once nothing ends before it
    assert choice.pending or found["action"] == "none"
    assert choice.pending or all((place.has.not_after - START).days >= WITHIN for place in seen)


# -- orders ------------------------------------------------------------------------------------------------------------------------------

@many
@given(worlds(), st.integers(0, 60), st.integers(0, 60))
def test_what_is_good_needs_no_order_and_who_looks_further_ahead_finds_less_of_it(world, within, further):
    """A certificate that rotation would replace is never good enough for an order to be saved."""
    found, tags, _slots, _served = world
    for items in provision.series_by_name(found, tags).values():
        kept = orders.good(items, [WWW], milliseconds(START), within)
        terms = rotation.Terms(START, within)
        assert all(not item.uploaded and not item.expired and covers_all(item.names, [WWW]) for item in kept)
        assert not any(terms.due(rotation.generation_of(item).not_after) for item in kept)
        assert orders.good(items, [WWW], milliseconds(START), within + further) == [
            item for item in kept if item.not_after - milliseconds(START) > (within + further) * pruning.DAY]


# -- all of them, one after the other ----------------------------------------------------------------------------------------------------

class Life(RuleBasedStateMachine):
    """A platform through time: runs that are complete or are not, somebody's own hand, and what cannot be read for a while."""

    KEEP_LAST, GRACE, SLOTS = 2, 7, 5

    @initialize()
    def begin(self):
        self.now, self.number, self.found, self.tags = START, 0, {}, {}
        first = self.upload()
        self.bound = dict.fromkeys(range(self.SLOTS), first.id)
        self.unread, self.renewed = set(), self.now

    def upload(self):
        self.number += 1
        item = certificate(self.number, "shop", self.now, names=(WWW, API), now=self.now)
        self.found[item.id] = item
        self.tags[item.instance_id] = dict(OURS, **{provision.NAME_TAG: "shop"})
        return item

    def stored(self):
        now = milliseconds(self.now)
        return {number: dataclasses.replace(item, expired=item.not_after <= now) for number, item in self.found.items()}

    def look(self):
        series = [rotation.generation_of(item) for item in provision.series(self.stored(), self.tags, "shop")]
        seen = [Place("cdn/%d" % place, rotation.generation_of(self.found[number]), place not in self.unread)
                for place, number in self.bound.items()]
        return decided(series, seen, now=self.now)

    @rule(days=st.integers(1, 14))
    def time_passes(self, days):
        self.now += days * DAY

    @rule(reached=st.integers(0, SLOTS))
    def rotate(self, reached):
        """A run that comes so far, and is ended then."""
        found, choice = self.look()
        assert found["action"] in ("none", "obtain", "deploy")
        if found["action"] == "obtain":
            self.upload()
            found, choice = self.look()
        if found["action"] == "deploy":
            for item in found["due"][:reached]:
                self.bound[int(item["target"].partition("/")[2])] = choice.wanted.id
            if reached >= len(found["due"]):
                assert self.look()[0]["action"] == "none"

    @rule(place=st.integers(0, SLOTS - 1), chance=st.integers(0, 10))
    def somebody_binds_an_old_one(self, place, chance):
        valid = [number for number, item in self.found.items() if item.not_after > milliseconds(self.now)]
        if valid:
            self.bound[place] = valid[chance % len(valid)]

    @rule(places=st.sets(st.integers(0, SLOTS - 1)))
    def some_cannot_be_read(self, places):
        self.unread = places

    @rule()
    def prune(self):
        where = place_of(dict(service="cdn"), None, WWW)
        slots = [Held(where, error="timed out") if place in self.unread else Held(where, Bound("own", number, "", ""))
                 for place, number in self.bound.items()]
        doomed = superfluous(self.stored(), self.tags, slots, [], self.KEEP_LAST, self.GRACE, self.now)
        assert not doomed & set(self.bound.values())
        for number in doomed:
            del self.found[number]
        if not self.unread:
            newest = sorted(self.found)[-self.KEEP_LAST:]
            valid_for = self.now - self.GRACE * DAY
            # whatever is left besides the newest is used, or its successor is in its days of grace
            heirs = [item for item in self.found.values() if item.not_before <= milliseconds(valid_for)]
            assert all(number in newest or number in self.bound.values() or not [heir for heir in heirs if heir.id > number]
                       or all(pruning.has_ended(heir, milliseconds(self.now)) for heir in heirs if heir.id > number)
                       for number in self.found)

    @precondition(lambda self: not self.unread)
    @rule()
    def a_whole_night(self):
        """Whoever runs to the end has nothing left that ends soon."""
        self.rotate(self.SLOTS)
        assert all((rotation.generation_of(self.found[number]).not_after - self.now).days >= WITHIN for number in self.bound.values())
        assert self.look()[0]["action"] == "none"

    @invariant()
    def what_is_bound_is_there(self):
        assert set(self.bound.values()) <= set(self.found)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
