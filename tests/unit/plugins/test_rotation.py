# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from what was seen: the decision alone, without a cloud; and what holds whatever was seen."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib

import pytest
from ansible_collections.daas.https.plugins.module_utils._api.cas import Stored
from ansible_collections.daas.https.plugins.module_utils._domain import rotation
from ansible_collections.daas.https.plugins.module_utils._domain.names import covers_all
from ansible_collections.daas.https.plugins.module_utils._domain.rotation import Candidate, Generation, Holder, Terms
from hypothesis import given, settings
from hypothesis import strategies as st

NOW = datetime.datetime(2026, 11, 25, 12, tzinfo=datetime.timezone.utc)
NAMES = ("www.example.com", "api.example.com")
TERMS = Terms(NOW, 30)


def days(number):
    return datetime.timedelta(days=number)


def generation(number, begins=-60, ends=30, names=NAMES, id=None):
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    return Generation(number if id is None else id, "shop-" + digest[:16], digest, digest[:40], names, NOW + days(begins), NOW + days(ends))


def holder(where="cdn/www.example.com", has=None, right=False, **more):
    place = dict(target=where, label=None)
    more = {**(dict(digests=(has.sha256, has.sha1), cas_id=has.id, not_after=has.not_after, names=has.names) if has else {}), **more}
    return Holder(place, right=right, **more)


def decided(series, holders=(), candidate=None, terms=TERMS):
    given = Candidate(candidate) if isinstance(candidate, Generation) else candidate
    choice = rotation.choose(series, given, terms)
    seen = [dataclasses.replace(item, right=bool(choice.reference) and choice.reference.sha256 in item.digests) for item in holders]
    return rotation.decide(choice, seen, terms, "shop")


OLD, NEW = generation(1, -80, 10), generation(2, -1, 89)
EARLY = generation(3, 3, 93, id=0)


# -- the five actions ------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("series, has, candidate, action", [
    ([NEW, OLD], [NEW, NEW], None, "none"),
    ([NEW, OLD], [NEW, NEW], NEW, "none"),
    ([NEW, OLD], [NEW, NEW], OLD, "none"),  # the file is an old one
    ([NEW, OLD], [NEW, OLD], None, "deploy"),  # interrupted
    ([OLD], [OLD, OLD], dataclasses.replace(NEW, id=0), "deploy"),
    ([OLD], [OLD, OLD], None, "obtain"),
    ([OLD], [OLD, OLD], OLD, "obtain"),
    ([], [], None, "obtain"),
    ([generation(9, -90, -1)], [generation(9, -90, -1)], None, "obtain"),
    ([OLD], [OLD, OLD], EARLY, "wait"),
    ([NEW, OLD], [NEW, NEW], EARLY, "wait"),
    ([NEW, OLD], [NEW, OLD], EARLY, "deploy"),  # what can be done now is not waited for
    ([generation(1, -80, 2)], [generation(1, -80, 2)], EARLY, "blocked"),  # ends before the new one begins
    ([OLD], [OLD], generation(4, -1, 89, NAMES[:1], id=0), "blocked"),
    ([OLD], [OLD], generation(4, -1, 9, id=0), "blocked"),
    ([OLD], [OLD], Candidate(dataclasses.replace(NEW, id=0), "The chain is incomplete."), "blocked"),
    ([NEW, OLD], [NEW], Candidate(OLD, "The chain is incomplete."), "none"),  # of an old file nothing is wanted
    ([generation(5, -50, 20), OLD], [OLD], None, "deploy"),  # due itself, and still better than what is there
    ([generation(5, -50, 20), OLD], [generation(5, -50, 20)], None, "obtain"),
    ([OLD], [OLD], generation(6, -90, -1, id=0), "obtain"),  # the file has expired
])
def test_the_action(series, has, candidate, action):
    found = decided(series, [holder("cdn/%d.example.com" % number, item) for number, item in enumerate(has)], candidate)
    assert found["action"] == action, found["message"]
    assert "\n" not in found["message"] and found["message"].endswith(".")
    assert found["message"].startswith("Nothing to do") == (action == "none")


def test_what_is_due_and_why():
    places = [holder("right", NEW), holder("old", OLD), holder("expired", generation(7, -99, -1)), holder("behind", generation(8, -30, 60)),
              holder("empty", empty=True), holder("elsewhere", OLD, elsewhere=True), holder("not in CAS", digests=("ab" * 20,))]
    found = decided([NEW, OLD], places)
    assert {row["target"]: (row["reason"], row["days_left"]) for row in found["due"]} == {
        "old": ("expiring", 10), "expired": ("expired", -1), "behind": ("behind", 60), "empty": ("empty", None),
        "elsewhere": ("not_served", 10), "not in CAS": ("behind", None)}
    assert next(row for row in found["due"] if row["target"] == "old")["fingerprint"] == OLD.sha256


def test_what_is_not_meant_is_no_reason_but_said():
    foreign = [holder("foreign", generation(7, -99, 5), meant=False), holder("long", generation(8, -99, 70), meant=False)]
    found = decided([NEW], [holder("right", NEW), *foreign])
    assert found["action"] == "none" and [row["target"] for row in found["others"]] == ["foreign"] and "foreign" in found["message"]


def test_what_could_not_be_looked_at():
    found = decided([NEW], [holder("right", NEW), holder("dark", error="It was\nrefused.")])
    assert found["action"] == "none" and [(row["target"], row["message"]) for row in found["unknown"]] == [("dark", "It was\nrefused.")]
    assert found["message"].startswith("Nothing to do where it could be looked at") and "dark (It was refused)" in found["message"]


def test_a_place_that_cannot_have_it_stops_it():
    found = decided([NEW, OLD], [holder("there", OLD), holder("here", OLD, cannot="It also covers more.")])
    assert found["action"] == "blocked" and found["message"].startswith("here: It also covers more.")


def test_the_names_to_cover_are_those_of_what_is_replaced():
    host = generation(4, -10, 5, ("app.example.com", "www.example.com"))
    found = decided([NEW, OLD], [holder("right", NEW), holder("app", host)])
    assert found["action"] == "blocked" and found["covers"] == sorted(host.names) and found["missing"] == ["app.example.com"]
    assert "app.example.com, as what it would replace at app does" in found["message"]
    assert decided([OLD], [holder("right", OLD), holder("app", OLD)])["covers"] == sorted(NAMES)


def test_a_new_one_settles_first():
    terms = Terms(NOW, 30, datetime.timedelta(hours=48))
    found = decided([OLD], [holder(has=OLD)], dataclasses.replace(NEW, id=0), terms)
    assert found["action"] == "wait" and "can be used from 2026-11-26T12:00:00Z on" in found["message"]
    assert "valid until 2026-12-05" in found["message"]
    assert decided([NEW, OLD], [holder(has=OLD)], None, terms)["action"] == "wait", "also one that is in CAS"


def test_a_message_names_no_more_than_fit_on_a_line():
    found = decided([NEW, OLD], [holder("cdn/%02d.example.com" % number, OLD) for number in range(40)])
    assert "35 more" in found["message"] and len(found["due"]) == 40 and len(found["message"]) < 600


def test_what_cas_says_of_a_certificate():
    row = dict(id=7, name="shop-1", sha256="ab" * 32, sha1="cd" * 20, names=NAMES, uploaded=True, expired=False, end_date="2027-02-01")
    known = rotation.generation_of(Stored(not_before=1764072000000, not_after=1771848000000, **row))
    assert (rotation.stamp(known.not_before), rotation.stamp(known.not_after)) == ("2025-11-25T12:00:00Z", "2026-02-23T12:00:00Z")
    unsaid = rotation.generation_of(Stored(**row))
    assert (unsaid.not_before, rotation.stamp(unsaid.not_after)) == (rotation.EPOCH, "2027-02-01T00:00:00Z")
    row["end_date"] = ""
    assert rotation.generation_of(Stored(**row)).not_after == rotation.EPOCH


def test_what_cas_does_not_know_is_completed_by_what_is_served():
    unknown = holder("slb", digests=(OLD.sha1,))
    found = rotation.with_leaf(unknown, {OLD.sha1: OLD})
    assert (found.not_after, found.names) == (OLD.not_after, OLD.names)
    assert rotation.with_leaf(holder("slb", NEW), {NEW.sha1: OLD}) == holder("slb", NEW), "what CAS says goes before"
    assert rotation.with_leaf(unknown, {}) == unknown


# -- whatever was seen -----------------------------------------------------------------------------------------------------------------

SETS = st.sets(st.sampled_from([*NAMES, "img.example.com"]), min_size=1).map(lambda names: tuple(sorted(names)))


@st.composite
def worlds(draw):
    """(series, candidate or None, holders, terms): certificates of all ages, and places that have one of them, another one, or none."""
    spans = draw(st.lists(st.tuples(st.integers(-120, 20), st.integers(1, 120), SETS), max_size=5, unique_by=lambda span: span[0]))
    made = [generation(number, begins, begins + length, names) for number, (begins, length, names) in enumerate(spans, 1)]
    series = sorted(made, key=lambda item: item.not_before, reverse=True)
    begins, length, names = draw(st.tuples(st.integers(-120, 20), st.integers(1, 120), SETS))
    fresh = generation(99, begins, begins + length, names, id=0)
    candidate = draw(st.sampled_from([None, Candidate(fresh), Candidate(fresh, "broken")] + [Candidate(item) for item in series]))
    foreign = generation(77, -90, draw(st.integers(-5, 90)))
    holders = []
    for number, (item, meant, error) in enumerate(draw(st.lists(st.tuples(
            st.sampled_from([None, foreign, fresh, *series]), st.booleans(), st.sampled_from(["", "", "refused"])), max_size=6))):
        where = "place-%d" % number
        holders.append(holder(where, error=error) if error else holder(where, item, meant=meant, empty=item is None))
    return series, candidate, holders, Terms(NOW, draw(st.integers(1, 40)), datetime.timedelta(hours=draw(st.sampled_from([0, 0, 30]))))


def judged(world):
    series, candidate, holders, terms = world
    return decided(series, holders, candidate, terms), rotation.choose(series, candidate, terms)


@settings(deadline=None, max_examples=100)
@given(worlds())
def test_nothing_to_do_means_that_nothing_ends_soon(world):
    found, choice = judged(world)
    if found["action"] == "none":
        ours = [item for item in world[2] if item.meant and not item.error]
        assert all(choice.wanted.sha256 in item.digests for item in ours)
        assert not [item for item in ours if world[3].due(item.not_after)]
        assert found["due"] == []


@settings(deadline=None, max_examples=100)
@given(worlds())
def test_what_is_deployed_is_valid_and_loses_nothing(world):
    found, choice = judged(world)
    if found["action"] == "deploy":
        wanted, terms = choice.wanted, world[3]
        assert wanted.not_before + terms.settle <= NOW < wanted.not_after and found["due"] and found["missing"] == []
        assert not found["covers"] or covers_all(wanted.names, found["covers"])
        assert all(row["not_after"] is None or row["not_after"] <= rotation.stamp(wanted.not_after) for row in found["due"])


@settings(deadline=None, max_examples=100)
@given(worlds())
def test_after_the_deployment_nothing_is_left_to_deploy(world):
    """Idempotent; and a run that came half way is finished by the next one."""
    found, choice = judged(world)
    if found["action"] == "deploy":
        series, candidate, holders, terms = world
        there = dataclasses.replace(choice.wanted, id=choice.wanted.id or 100)
        series = sorted([there] + [item for item in series if item.sha256 != there.sha256], key=lambda item: item.not_before, reverse=True)
        done = [item if item.error or not item.meant else holder(item.where, there, names=item.names) for item in holders]
        assert decided(series, done, candidate, terms)["action"] in ("none", "obtain", "wait", "blocked")
        half = [after if number % 2 else before for number, (before, after) in enumerate(zip(holders, done))]
        again = decided(series, half, candidate, terms)
        left = [item.where for item in half if item.meant and not item.error and there.sha256 not in item.digests]
        assert again["action"] == ("deploy" if left else decided(series, done, candidate, terms)["action"])
        assert sorted(row["target"] for row in again["due"]) == sorted(left) or not left


@settings(deadline=None, max_examples=100)
@given(worlds())
def test_the_unknown_is_always_named_and_every_message_is_one_line(world):
    found, _choice = judged(world)
    dark = [item.where for item in world[2] if item.error]
    assert [row["target"] for row in found["unknown"]] == dark
    assert ("NOT looked at" in found["message"]) == bool(dark) and "\n" not in found["message"]
    assert found["action"] in rotation.ACTIONS
    assert found == judged(world)[0]
