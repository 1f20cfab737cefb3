# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One emulated account: its clock, its chance, its settings, and its services."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

# What makes the emulated cloud as awkward as the real one. Name -> (adverse default, calm value, why).
NUISANCES: dict[str, tuple[Any, Any, str]] = {
    "page_cap": (3, 0, "lists are cut into pages of this size at most, so that a client that reads one page only is found out; 0: no cap"),
    "slow_states": (True, False, "a change is accepted at once and carried out some reads later, as jobs, listeners, CDN domains do it"),
    "throttle_every": (23, 0, "every n-th call is refused with Throttling.User, as it happens on shared accounts; 0: never"),
    "stale_reads": (1, 0, "so many reads after a write still show what was before, as replicas do"),
    "shuffle": (True, False, "fields and unordered lists come in another order each time; nothing promises one"),
}


class CloudError(Exception):
    """A refusal: the vendor's code, message and HTTP status.

    retry_after  milliseconds after which the cloud wants to be asked again; 0 says nothing
    denied       the RAM action that the caller may not use, for instance "slb:DescribeLoadBalancers"
    """

    def __init__(self, code: str, message: str, status: int = 400, *, retry_after: int = 0, denied: str = "") -> None:
        super().__init__("{0}: {1}".format(code, message))
        self.code, self.message, self.status, self.retry_after, self.denied = code, message, status, retry_after, denied


class Clock:
    """Real time plus what the control port has added."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(timezone.utc) + self.offset

    def advance(self, seconds: float) -> None:
        self.offset += timedelta(seconds=seconds)

    def reset(self) -> None:
        self.offset = timedelta()


class Settings:
    """The nuisances in force."""

    def __init__(self, calm: bool = False, **chosen: Any) -> None:
        self._values = {name: quiet if calm else adverse for name, (adverse, quiet, _why) in NUISANCES.items()}
        self.update(chosen)

    def __call__(self, name: str) -> Any:
        return self._values[name]

    def update(self, chosen: Mapping[str, Any]) -> None:
        """ValueError for an unknown name or a value of another type."""
        for name, value in chosen.items():
            if name not in NUISANCES:
                raise ValueError("unknown setting {0!r}; there are: {1}".format(name, ", ".join(sorted(NUISANCES))))
            if type(value) is not type(NUISANCES[name][0]):
                raise ValueError("{0} takes a {1}".format(name, type(NUISANCES[name][0]).__name__))
        self._values.update(chosen)

    def all(self) -> dict[str, Any]:
        return dict(self._values)


class Cloud:
    """Everything of one account at one site. `lock` is held while a call is answered: calls happen one after another."""

    def __init__(self, authority: Any, dataplane: Any, clock: Clock, *, seed: int = 1, calm: bool = False, site: str = "china") -> None:
        from .services import SERVICES, state_of

        self.authority, self.dataplane, self.clock, self.site = authority, dataplane, clock, site
        self.rng = random.Random(seed)
        self.setting = Settings(calm)
        self.lock = threading.RLock()
        for name in SERVICES:
            setattr(self, name, state_of(name, self))

    @property
    def store(self) -> str:
        """The region that the site's certificates live in; also the only value of CertRegion."""
        return {"china": "cn-hangzhou", "international": "ap-southeast-1"}[self.site]

    def uuid(self) -> str:
        """An id of the form the vendor uses; from the seed, so that runs can be compared."""
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4)).upper()

    def snapshot(self) -> dict[str, Any]:
        """What every service holds, as JSON, without private keys."""
        from .services import SERVICES

        return {name: getattr(self, name).snapshot() for name in SERVICES}
