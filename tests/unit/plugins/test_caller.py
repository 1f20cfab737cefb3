# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Temporary keys: fetched late, kept, renewed in time, and what becomes of a renewal that fails."""

from __future__ import annotations

import datetime
import threading

import pytest

from ansible_collections.daas.https.plugins.module_utils._errors import ApiError, OutcomeUnknown, TransportError
from ansible_collections.daas.https.plugins.module_utils._transport.caller import Caller, utc_now
from ansible_collections.daas.https.plugins.module_utils._transport.credentials import Credentials, Origin, Role

STATIC = Credentials("static", None, None)
ROLES = (Role("acs:ram::1:role/a", "s", 900, ""), Role("acs:ram::1:role/b", "s", 900, ""))


class World:
    """A clock and a cloud that gives keys for 900 seconds."""

    def __init__(self):
        self.time, self.asked, self.errors = datetime.datetime(2026, 5, 1, tzinfo=datetime.timezone.utc), [], []

    def caller(self, keys=STATIC, instance_role=None, roles=()):
        return Caller(Origin(keys, instance_role, roles), self.instance, self.assume, lambda: self.time)

    def give(self, *what):
        self.asked.append(what)
        for error in self.errors:
            raise error
        return Credentials("temporary-%d" % len(self.asked), None, None, self.time + datetime.timedelta(seconds=900))

    def instance(self, role):
        return self.give("instance", role)

    def assume(self, keys, role):
        return self.give(keys.access_key_id, role.arn)

    def pass_by(self, seconds):
        self.time += datetime.timedelta(seconds=seconds)


@pytest.fixture
def world():
    return World()


def test_static_keys_ask_nobody(world):
    caller = world.caller()
    world.pass_by(10 ** 8)
    assert caller.keys() is STATIC and world.asked == []


def test_nothing_is_asked_before_it_is_needed_and_then_once(world):
    caller = world.caller(roles=ROLES[:1])
    assert world.asked == []
    assert [caller.keys().access_key_id for _each in range(3)] == ["temporary-1"] * 3
    assert world.asked == [("static", ROLES[0].arn)]


def test_one_role_is_taken_with_the_keys_of_the_one_before(world):
    assert world.caller(roles=ROLES).keys().access_key_id == "temporary-2"
    assert world.asked == [("static", ROLES[0].arn), ("temporary-1", ROLES[1].arn)]


def test_the_instances_role_and_another_with_its_keys(world):
    caller = world.caller(None, "", ROLES[:1])
    assert caller.keys().access_key_id == "temporary-2"
    assert world.asked == [("instance", ""), ("temporary-1", ROLES[0].arn)]


@pytest.mark.parametrize("seconds, renewed", [(0, False), (600, False), (601, True), (899, True), (5000, True)])
def test_keys_are_renewed_five_minutes_before_their_end(world, seconds, renewed):
    caller = world.caller(roles=ROLES[:1])
    caller.keys()
    world.pass_by(seconds)
    assert caller.keys().access_key_id == ("temporary-2" if renewed else "temporary-1")
    assert caller.keys() is caller.keys() and len(world.asked) == 1 + renewed


def test_a_renewal_that_fails_does_not_matter_while_the_old_keys_are_good(world):
    caller = world.caller(roles=ROLES[:1])
    caller.keys()
    world.errors = [TransportError("STS is out of reach")]
    world.pass_by(700)
    assert caller.keys().access_key_id == "temporary-1"
    world.pass_by(200)
    with pytest.raises(TransportError, match="out of reach"):
        caller.keys()
    world.errors = []
    assert caller.keys().access_key_id.startswith("temporary-") and caller.keys().expires > world.time


@pytest.mark.parametrize("error", [TransportError("x"), OutcomeUnknown("x")])
def test_what_failed_is_never_the_call_that_wanted_the_keys(world, error):
    """Of a write one would have to say that its outcome is unknown; but it has not begun."""
    world.errors = [error]
    with pytest.raises(TransportError) as caught:
        world.caller(roles=ROLES[:1]).keys()
    assert not isinstance(caught.value, OutcomeUnknown) and caught.value.final and str(caught.value) == "x"


def test_a_refusal_stays_what_it_is(world):
    world.errors = [ApiError("sts AssumeRole", "NoPermission", "no")]
    with pytest.raises(ApiError) as caught:
        world.caller(roles=ROLES[:1]).keys()
    assert caught.value is world.errors[0]


def test_many_threads_share_one_fetch(world):
    caller, got = world.caller(roles=ROLES[:1]), []
    threads = [threading.Thread(target=lambda: got.append(caller.keys())) for _each in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(world.asked) == 1 and len(set(id(keys) for keys in got)) == 1


def test_the_clock_is_the_worlds():
    assert abs((utc_now() - datetime.datetime.now(datetime.timezone.utc)).total_seconds()) < 5
