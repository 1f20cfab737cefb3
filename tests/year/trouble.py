# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong in a year, by seed. Kinds are dealt from a shuffled pack, so that every one of them comes."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

from tests.year.nightly import Operator
from tests.year.platform import DAY, Platform

PRODUCTS = ("cas", "slb", "alb", "nlb", "cdn", "dcdn", "airec")
CALM = dict(page_cap=0, slow_states=False, throttle_every=0, stale_reads=0, shuffle=False)
ADVERSE = dict(page_cap=3, slow_states=True, throttle_every=23, stale_reads=1, shuffle=True)
FOREVER = 10 ** 6  # calls; it ends with the night

KINDS = {
    "throttled": "the account is refused a burst of calls for flow control",
    "outage": "one product answers every call with 503",
    "lost": "some writes are carried out, and the connection is cut before the answer",
    "garbled": "answers come half, or as a proxy's page of HTML",
    "adverse": "small pages, slow states, throttling, stale reads and shuffled answers at once",
    "killed": "the run's process is killed at one of its writes, before or after that is carried out",
    "lying": "an endpoint goes on serving what it serves, whatever the API says",
    "refusing": "an endpoint refuses connections",
    "no authority": "the certificate authority issues nothing",
    "future": "what the authority issues is valid from the day after tomorrow on",
}
# How likely something is to go wrong, in how many nights in a row at most, and what can: in a night in which a certificate has to be
# obtained and replaced, in those in which that goes on, in one in which certificates have to be deleted, and in one with nothing to do.
NIGHTS = {
    "first": (0.8, 2, tuple(KINDS)),
    "again": (0.8, 4, ("throttled", "outage", "lost", "garbled", "adverse", "killed", "lying", "refusing")),
    "cleaning": (0.7, 2, ("throttled", "outage", "lost", "garbled", "adverse", "killed", "refusing")),
    "quiet": (0.08, 3, ("throttled", "outage", "garbled", "adverse", "refusing")),
}
EARLY = ("no authority", "future", "killed", "lying")  # in any pack before the others, so that no year goes without them
PATIENCE = sum(NIGHTS[night][1] for night in ("first", "again"))  # nights in a row in which a rotation may fail


@dataclasses.dataclass(frozen=True)
class Trouble:
    """kind: of KINDS, or "" for none; detail: what makes it, for reports."""

    kind: str = ""
    detail: Any = None


class Deck:
    """Chance of the year."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self._packs: dict[str, list[str]] = {night: [] for night in NIGHTS}
        self._bad = dict.fromkeys(NIGHTS, 0)

    def deal(self, night: str) -> str:
        """The kind of tonight's trouble, "" for none."""
        chance, patience, kinds = NIGHTS[night]
        if self.rng.random() >= chance or self._bad[night] == patience:
            self._bad[night] = 0
            return ""
        self._bad[night] += 1
        if not self._packs[night]:
            self._packs[night] = sorted(self.rng.sample(kinds, len(kinds)), key=lambda kind: kind in EARLY)
        return self._packs[night].pop()


def begin(kind: str, rng: random.Random, platform: Platform, operator: Operator, busy: bool) -> Trouble:
    """Let it be so from now on."""
    return Trouble(kind, BEGIN[kind](rng, platform, operator, busy) if kind else None)


def end(platform: Platform, operator: Operator, trouble: Trouble) -> None:
    platform.control("DELETE", "/faults")
    platform.control("POST", "/settings", CALM)
    if trouble.kind in ("lying", "refusing"):
        platform.control("POST", "/dataplane/fault", dict(key=trouble.detail, kind=None))
    platform.spare()
    operator.starts_in, operator.ca_is_out = -3600, False


def _throttled(rng: random.Random, platform: Platform, _operator: Operator, _busy: bool) -> Any:
    fault = dict(kind="error", code="Throttling.User", times=rng.randrange(3, 40), after=rng.randrange(60), retry_after=100)
    platform.control("POST", "/faults", fault)
    return fault


def _outage(rng: random.Random, platform: Platform, _operator: Operator, busy: bool) -> Any:
    fault = dict(product=rng.choice(PRODUCTS), kind="error", code="ServiceUnavailable", status=503, times=FOREVER,
                 after=rng.choice((0, rng.randrange(1, 12))) if busy else 0)
    platform.control("POST", "/faults", fault)
    return fault


def _lost(rng: random.Random, platform: Platform, _operator: Operator, busy: bool) -> Any:
    wanted = rng.sample(sorted(platform.written), 3) if busy else [("cas", "DeleteUserCertificate"), ("slb", "DeleteServerCertificate")]
    faults = [dict(product=product, action=action, kind="cut_after", times=rng.randrange(1, 3)) for product, action in wanted]
    for fault in faults:
        platform.control("POST", "/faults", fault)
    return faults


def _garbled(rng: random.Random, platform: Platform, _operator: Operator, _busy: bool) -> Any:
    faults = [dict(kind=rng.choice(("truncated_json", "html", "cut_mid_body")), times=2, after=rng.randrange(80)) for _each in range(3)]
    for fault in faults:
        platform.control("POST", "/faults", fault)
    return faults


def _adverse(_rng: random.Random, platform: Platform, _operator: Operator, _busy: bool) -> Any:
    platform.control("POST", "/settings", ADVERSE)
    return ADVERSE


def _killed(rng: random.Random, platform: Platform, _operator: Operator, busy: bool) -> Any:
    platform.dies_at = fate = [rng.randrange(1, 44) if busy else 1, rng.choice(("before", "after"))]
    return fate


def _on_the_wire(rng: random.Random, platform: Platform, kind: str) -> str:
    key = rng.choice([key for key in platform.cloud["data_plane"] if key.partition("/")[0] in PRODUCTS])
    platform.control("POST", "/dataplane/fault", dict(key=key, kind=kind))
    return key


def _no_authority(_rng: random.Random, _platform: Platform, operator: Operator, _busy: bool) -> Any:
    operator.ca_is_out = True
    return None


def _future(rng: random.Random, _platform: Platform, operator: Operator, _busy: bool) -> Any:
    operator.starts_in = rng.randrange(DAY, 2 * DAY)
    return operator.starts_in


BEGIN = {
    "throttled": _throttled, "outage": _outage, "lost": _lost, "garbled": _garbled, "adverse": _adverse, "killed": _killed,
    "lying": lambda rng, platform, _operator, _busy: _on_the_wire(rng, platform, "old"),
    "refusing": lambda rng, platform, _operator, _busy: _on_the_wire(rng, platform, "refuse"),
    "no authority": _no_authority, "future": _future,
}
