# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One loop for every bounded wait. PRIVATE to the collection."""

from __future__ import annotations

import random
import time

from ._errors import WaitTimeout


SHORTEST = 0.05  # seconds between two looks at least


def backoff(first, ceiling=None, jitter=random.random):
    """Endless delays in seconds: exponential from ``first``, capped at ``ceiling``, with full jitter over the upper half."""
    delay = first
    while True:
        yield delay * (0.5 + 0.5 * jitter())
        delay = min(delay * 2, ceiling or first * 8)


def poll(read, settled, timeout, interval, what, describe=str, clock=time.monotonic, sleep=time.sleep):
    """Call ``read()`` until ``settled(state)`` is true and return that state.

    timeout and interval are seconds. Raises WaitTimeout with the last state seen; ``what`` completes "Waited for …".
    """
    started = clock()
    for delay in backoff(max(interval, SHORTEST)):
        state = read()
        if settled(state):
            return state
        left = timeout - (clock() - started)
        if left <= 0:
            raise WaitTimeout(
                "Waited %.0f s for %s; the last state seen was: %s. Run again to continue, or raise wait_timeout."
                % (clock() - started, what, describe(state)))
        sleep(min(delay, max(left, 0.01)))
