# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nuisances that are no service's own: flow control, replicas that lag behind, and fields in any order."""

from __future__ import annotations

import copy
import random
from datetime import datetime, timedelta
from typing import Any

from .products import Operation
from .state import CloudError

RETRY_AFTER = 100  # milliseconds that a throttled client is told to wait
LAG = timedelta(seconds=3)  # replicas have caught up by then, whoever reads or not
# Reads that are never stale, and why.
ALWAYS_FRESH = {
    ("airec", "GetCertificatesStatus"): "reading the status is what moves the validation on; a replayed answer would stop it",
}


class Throttle:
    """Every n-th call is refused, but never two in a row of one caller."""

    def __init__(self) -> None:
        self._calls = 0
        self._refused: set[str] = set()

    def check(self, every: int, caller: str, status: int) -> None:
        self._calls += 1
        if every and self._calls % every == 0 and caller not in self._refused:
            self._refused.add(caller)
            raise CloudError("Throttling.User", "Request was denied due to user flow control.", status, retry_after=RETRY_AFTER)
        self._refused.discard(caller)


class Replicas:
    """The last answer of each read; after a write to its product it is what the next n such reads see, for LAG at most."""

    def __init__(self) -> None:
        self._seen: dict[tuple[Any, ...], Any] = {}
        self._behind: dict[tuple[Any, ...], tuple[int, datetime]] = {}

    def old(self, operation: Operation, now: datetime) -> dict[str, Any] | None:
        """What a replica that lags behind answers; None when it has caught up."""
        left, until = self._behind.get(operation.key(), (0, now))
        if operation.writes or not left or now >= until:
            return None
        self._behind[operation.key()] = (left - 1, until)
        return copy.deepcopy(self._seen[operation.key()])

    def done(self, operation: Operation, body: dict[str, Any], reads: int, now: datetime) -> None:
        """Remember a fresh answer; a write leaves the replicas of its product behind for so many reads."""
        product = operation.product.name
        if operation.writes:
            self._behind.update((key, (reads, now + LAG)) for key in self._seen if key[0] == product)
        elif (product, operation.name) not in ALWAYS_FRESH:
            self._seen[operation.key()] = copy.deepcopy(body)
            self._behind.pop(operation.key(), None)


def shuffled(data: Any, rng: random.Random) -> Any:
    """The same JSON with the fields of every object in another order; lists stay as they are."""
    if isinstance(data, dict):
        names = list(data)
        rng.shuffle(names)
        return {name: shuffled(data[name], rng) for name in names}
    return [shuffled(item, rng) for item in data] if isinstance(data, list) else data
