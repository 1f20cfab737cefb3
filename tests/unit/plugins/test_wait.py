# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bounded waits on an injected clock."""

from __future__ import annotations

import itertools

import pytest

from ansible_collections.daas.https.plugins.module_utils import _wait
from ansible_collections.daas.https.plugins.module_utils._errors import WaitTimeout


class Clock:
    """Time passes only by sleeping."""

    def __init__(self):
        self.now, self.slept = 0.0, []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


def poll(states, timeout=10, interval=1, clock=None):
    clock, left = clock or Clock(), iter(states)
    return _wait.poll(lambda: next(left), lambda state: state == "done", timeout, interval, "the job", "<{}>".format, clock, clock.sleep)


@pytest.mark.parametrize("first, ceiling, delays", [
    (1, None, [1, 2, 4, 8, 8, 8]), (0.25, 8, [0.25, 0.5, 1, 2, 4, 8, 8]), (2, 3, [2, 3, 3]), (1, 1, [1, 1, 1]),
])
@pytest.mark.parametrize("jitter, share", [(0.0, 0.5), (1.0, 1.0), (0.5, 0.75)])
def test_backoff(first, ceiling, delays, jitter, share):
    got = list(itertools.islice(_wait.backoff(first, ceiling, lambda: jitter), len(delays)))
    assert got == [delay * share for delay in delays]


@pytest.mark.parametrize("states, reads", [(["done"], 1), (["x", "done"], 2), (["x", "y", "z", "done"], 4)])
def test_poll_returns_the_settled_state(states, reads):
    clock = Clock()
    assert poll(states, clock=clock) == "done" and len(clock.slept) == reads - 1


def test_poll_ends_with_the_last_state_seen():
    clock = Clock()
    with pytest.raises(WaitTimeout) as caught:
        poll(itertools.repeat("pending"), 10, 1, clock)
    assert str(caught.value) == (
        "Waited 10 s for the job; the last state seen was: <pending>. Run again to continue, or raise wait_timeout.")
    assert clock.now == pytest.approx(10, abs=0.02)


def test_a_last_look_is_taken_at_the_end():
    clock = Clock()
    assert _wait.poll(lambda: clock.now, lambda now: now >= 10, 10, 3, "x", str, clock, clock.sleep) >= 10


@pytest.mark.parametrize("timeout", [0, -1])
def test_without_time_one_look_is_taken(timeout):
    clock = Clock()
    with pytest.raises(WaitTimeout, match="Waited 0 s"):
        poll(["x", "done"], timeout, 1, clock)
    assert clock.slept == [] and poll(["done"], timeout) == "done"


@pytest.mark.parametrize("interval", [0, -5])
def test_an_interval_of_nothing_does_not_flood_the_cloud(interval):
    clock = Clock()
    with pytest.raises(WaitTimeout):
        poll(itertools.repeat("x"), 1, interval, clock)
    assert min(clock.slept[:-1]) >= 0.02 and len(clock.slept) < 20


def test_errors_of_the_read_are_not_waited_away():
    with pytest.raises(ZeroDivisionError):
        _wait.poll(lambda: 1 / 0, bool, 10, 1, "x")
