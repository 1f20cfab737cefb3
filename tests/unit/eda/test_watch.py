# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When the event source tells something, and when it is silent: endpoints of several addresses, and what cannot be seen."""

from __future__ import annotations

import pytest
from ansible_collections.daas.https.extensions.eda.plugins.event_source.certificates import Watch

ONE, TWO, THREE = "192.0.2.1", "192.0.2.2", "2001:db8::1"
OLD, NEW = "0d" * 32, "4e" * 32
BEGIN = "2026-11-25T17:00:00Z"


def row(address=ONE, fingerprint=NEW, days_left=60, verify_code=0, label="shop", **checks):
    """An entry of tls.endpoints; checks: code=status of what is not ok."""
    judged = dict(dict(reachable="ok", trust="ok", hostname="ok", expiry="ok"), **checks)
    return dict(label=label, name="www.example.com", port=443, address=address, fingerprint=fingerprint, days_left=days_left,
                not_after="2027-02-01T00:00:00Z" if fingerprint else None, verify_code=verify_code, checks=judged,
                findings=[dict(code=code, status=status, message=code + " is " + status, hint="") for code, status in judged.items()
                          if status != "ok"])


def expiring(address=ONE, fingerprint=OLD, **more):
    return row(address, fingerprint, days_left=12, expiry="violated", **more)


def gone(address=ONE, reachable="violated"):
    return row(address, None, None, None, reachable=reachable, trust="unknown", hostname="unknown", expiry="unknown")


class Story:
    """Looks one after the other, a second apart. Says of each what was told, as words."""

    def __init__(self, repeat_after=0.0):
        self._watch, self._now = Watch(30, repeat_after), 0.0
        self.last = []

    def look(self, *rows):
        self._now += 1
        self.last = self._watch.events(dict(endpoints=list(rows), seen_at=BEGIN), self._now)
        return [" ".join(filter(None, [event["type"], event["recovered_from"]])) for event in self.last]


@pytest.fixture
def story():
    return Story()


def test_what_is_well_is_not_told(story):
    assert story.look(row()) == story.look(row()) == []


def test_several_addresses_are_one_endpoint_and_one_event(story):
    assert story.look(expiring(ONE), expiring(TWO), row(THREE)) == ["expiring"]
    assert story.last[0]["addresses"] == [ONE, TWO] and story.last[0]["address"] == ONE
    assert story.look(expiring(TWO), row(ONE)) == [], "one address is still behind"
    assert story.look(row(ONE), row(TWO)) == ["recovered expiring"]
    assert story.last[0]["addresses"] == [ONE, TWO]


def test_what_gets_wider_is_told_again(story):
    assert story.look(gone(ONE), row(TWO)) == ["unreachable"]
    assert story.look(gone(ONE), gone(TWO)) == ["unreachable"]
    assert story.last[0]["addresses"] == [ONE, TWO]
    assert story.look(gone(TWO), row(ONE)) == story.look(gone(ONE), row(TWO)) == [], "both are known"
    assert story.look(row(ONE), row(TWO)) == ["recovered unreachable"]


def test_another_check_and_another_certificate_are_told(story):
    assert story.look(row(trust="violated")) == ["mismatched"]
    assert story.look(row(trust="violated", hostname="violated")) == ["mismatched"]
    assert story.look(row(hostname="violated")) == []
    assert story.look(row(fingerprint=OLD, hostname="violated")) == ["changed", "mismatched"]
    assert story.look(row(fingerprint=OLD)) == ["recovered mismatched"]


def test_conditions_are_apart(story):
    assert story.look(expiring(hostname="violated")) == ["mismatched", "expiring"]
    assert [finding["code"] for finding in story.last[0]["findings"]] == ["hostname"]
    assert [finding["code"] for finding in story.last[1]["findings"]] == ["expiry"]
    assert story.look(expiring()) == ["recovered mismatched"]
    assert story.look(row(fingerprint=OLD)) == ["recovered expiring"]


def test_what_cannot_be_seen_is_not_taken_for_good(story):
    assert story.look(expiring()) == ["expiring"]
    assert story.look(gone()) == ["unreachable"]
    assert story.look(expiring()) == ["recovered unreachable"]
    assert story.look(row()) == ["changed", "recovered expiring"]


def test_a_check_that_is_left_open_ends_nothing(story):
    assert story.look(row(revocation="violated")) == ["mismatched"]
    assert story.look(row(revocation="unknown")) == []
    assert story.look(row(revocation="ok")) == ["recovered mismatched"]


def test_an_address_to_which_there_is_no_way_says_nothing(story):
    assert story.look(expiring(), gone(THREE, reachable="unknown")) == ["expiring"]
    assert story.look(row(fingerprint=OLD), gone(THREE, reachable="unknown")) == ["recovered expiring"]


@pytest.mark.parametrize(("seen", "types"), [
    (row(days_left=-1, verify_code=10, trust="violated", expiry="violated"), ["expiring"]),
    (row(days_left=50, verify_code=10, trust="violated"), ["mismatched"]),  # a CA above it has expired
    (row(days_left=90, verify_code=9, trust="violated", expiry="violated"), ["mismatched"]),  # it is not valid yet
    (row(days_left=-1, verify_code=20, trust="violated", expiry="violated"), ["mismatched", "expiring"]),
    (row(days_left=None, expiry="unknown", certificate="violated"), ["mismatched"]),
])
def test_what_is_called_what(seen, types, story):
    assert story.look(seen) == types


def test_a_change_is_told_once_with_what_was_there(story):
    assert story.look(row(fingerprint=OLD), row(TWO, fingerprint=OLD)) == []
    assert story.look(row(), row(TWO, fingerprint=OLD)) == ["changed"]
    assert (story.last[0]["fingerprint"], story.last[0]["previous_fingerprint"], story.last[0]["addresses"]) == (NEW, OLD, [ONE])
    assert story.look(row(), row(TWO)) == [], "the other address has followed"
    assert story.look(row(), row(TWO, fingerprint=OLD)) == ["changed"], "and it is put back"


def test_a_change_behind_a_pause_is_seen(story):
    assert story.look(row(fingerprint=OLD)) == []
    assert story.look(gone("www.example.com")) == ["unreachable"], "the name has no address"
    assert story.look(row()) == ["changed", "recovered unreachable"]
    assert story.last[0]["previous_fingerprint"] == OLD


def test_other_addresses_with_the_same_certificate_are_no_change(story):
    assert story.look(row(ONE)) == story.look(row(TWO), row(THREE)) == []


def test_two_that_are_called_the_same_are_two(story):
    """As an endpoint is that is looked at once for each kind of key."""
    assert story.look(row(), row(fingerprint=OLD)) == []
    assert story.look(row(fingerprint="aa" * 32), row(fingerprint=OLD)) == ["changed"]
    assert story.last[0]["previous_fingerprint"] == NEW
    assert story.look(row(fingerprint="aa" * 32), expiring()) == ["expiring"]


def test_what_lasts_is_told_again_after_the_time_and_not_before():
    story = Story(repeat_after=3)
    told = [story.look(expiring()) for _number in range(8)]
    assert told == [["expiring"], [], [], ["expiring"], [], [], ["expiring"], []]


def test_what_comes_back_is_told_again(story):
    assert story.look(expiring()) == ["expiring"]
    assert story.look(row(fingerprint=OLD)) == ["recovered expiring"]
    assert story.look(expiring()) == ["expiring"]


def test_an_address_of_version_six_reads_well(story):
    story.look(expiring(THREE))
    assert story.last[0]["message"] == "shop ([2001:db8::1]:443): expiry is violated"
    assert story.last[0]["seen_at"] == BEGIN
