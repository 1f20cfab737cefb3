# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A year, night after night: trouble by seed, the runs, and then a look at everything by somebody else.

What must never be is written down when it is, with the night, its trouble and what the run said.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.year import trouble
from tests.year.nightly import KEEP_LAST, SERIES, WITHIN_DAYS, Night, Operator
from tests.year.platform import Killed, Platform
from tests.year.trouble import Deck, Trouble

RULES = {
    "endpoint": "no endpoint ever serves an expired or a wrong certificate",
    "margin": "what is served never comes near its end",
    "done": "a run that says so has the new certificate everywhere",
    "undone": "after a proof that failed every endpoint serves what it served before",
    "quiet": "a run with nothing to do writes nothing, and the run after a good one has nothing to do",
    "store": "CAS never has more than keep_last certificates of a series, besides used ones, after a prune, and one more between two",
    "deletion": "nothing is deleted that is used, or not ours",
    "report": "what prune says that it has deleted is what is gone",
    "bystander": "what is somebody else's, or of another series, serves on",
}
MARGIN = WITHIN_DAYS - 2 - 2 * trouble.PATIENCE  # days that must be left, although some nights fail, and some wait


@dataclasses.dataclass
class Chapter:
    """A night. deleted: names of certificates that were; broken: what must never be and was, by rule."""

    day: int
    trouble: Trouble
    busy: bool
    night: Night
    pruned: dict[str, Any] | None = None
    deleted: list[str] = dataclasses.field(default_factory=list)
    broken: list[tuple[str, str]] = dataclasses.field(default_factory=list)

    def told(self) -> str:
        return "night {0}, {1} {2}, {3!r}, prune {4!r}".format(
            self.day, self.trouble.kind or "no trouble", self.trouble.detail, self.night, (self.pruned or {}).get("msg"))


class Year:
    """Runs on a platform. chapters: what has been."""

    def __init__(self, platform: Platform, seed: int) -> None:
        self.platform, self.deck, self.operator = platform, Deck(seed), Operator(platform)
        self.chapters: list[Chapter] = []
        self.operator.begin()
        self.cleaned = self.operator.prune()
        platform.written = {(entry["product"], entry["action"]) for entry in platform.journal() if entry["product"] != "alidns"}
        self.served = platform.look()
        self.others = {item["label"]: self.served[item["label"]] for item in platform.bystanders()}

    def live(self, days: int) -> None:
        for day in range(1, days + 1):
            self.platform.advance()
            self.chapters.append(self._night(day))

    def broken(self, rule: str) -> list[str]:
        return ["{0}: {1}".format(chapter.told(), text) for chapter in self.chapters for name, text in chapter.broken if name == rule]

    def _night(self, day: int) -> Chapter:
        platform, weekly = self.platform, day % 7 == 0
        busy = min(self._left(fingerprint) for fingerprint, _error in self._ours(self.served)) < WITHIN_DAYS
        newest, state = max(self.platform.issued.values()) - self.platform.now(), self.platform.state()
        cleaning = weekly and bool(surplus(state, uses(state), KEEP_LAST))
        kind = self.deck.deal("first" if busy and newest.days < WITHIN_DAYS else "again" if busy else "cleaning" if cleaning else "quiet")
        platform.forget()
        struck = trouble.begin(kind, self.deck.rng, platform, self.operator, busy)
        chapter = Chapter(day, struck, busy, self.operator.rotate())
        written = len(platform.journal())
        if weekly:
            self._prune(chapter)
        trouble.end(platform, self.operator, struck)
        self._audit(chapter, written)
        return chapter

    def _prune(self, chapter: Chapter) -> None:
        before = self.platform.state()
        try:
            chapter.pruned = self.operator.prune()
        except Killed as exc:
            chapter.pruned = dict(failed=True, msg=str(exc))
        after = self.platform.state()
        gone = {item["id"]: item for item in before["cas"]["certificates"]}
        for item in after["cas"]["certificates"]:
            del gone[item["id"]]
        chapter.deleted = [item["name"] for item in gone.values()]
        used = uses(before) | uses(after) | {fingerprint for fingerprint, _error in self.platform.look().values()}
        chapter.broken += [("deletion", "{0} was deleted".format(item)) for item in gone.values()
                           if item["fingerprint"] in used or item["tags"].get("managed-by") != "daas.https"]
        said = sorted(item["name"] for item in chapter.pruned.get("pruning", {}).get("deleted", []))
        if "pruning" in chapter.pruned and said != sorted(chapter.deleted):
            chapter.broken.append(("report", "said {0}, gone {1}".format(said, chapter.deleted)))
        # what could not be read tonight may hold on to what is superfluous until next week
        if not chapter.trouble.kind:
            chapter.broken += [("store", text) for text in surplus(after, used, KEEP_LAST) + orphans(after)]

    # -- what somebody else sees -----------------------------------------------------------------------------------------------------

    def _audit(self, chapter: Chapter, written: int) -> None:
        night, before, state = chapter.night, self.served, self.platform.state()
        self.served = now = self.platform.look()
        say = chapter.broken.append
        for label, (fingerprint, error) in now.items():
            if label in self.others:
                if (fingerprint, error) != self.others[label]:
                    say(("bystander", "{0}: {1} {2}".format(label, fingerprint, error)))
            elif error or fingerprint not in self.platform.issued:
                say(("endpoint", "{0}: {1} {2}".format(label, fingerprint, error)))
            elif self._left(fingerprint) < MARGIN:
                say(("margin", "{0}: {1} days left".format(label, self._left(fingerprint))))
            elif night.done and fingerprint != night.wanted:
                say(("done", "{0}: {1}".format(label, fingerprint)))
            elif night.whole and fingerprint != before[label][0]:
                say(("undone", "{0}: {1}, before {2}".format(label, fingerprint, before[label][0])))
        if night.action in ("none", "wait") and written:
            say(("quiet", "{0} writes".format(written)))
        if night.done and not chapter.trouble.kind:
            self._again(chapter)
        chapter.broken += [("store", text) for text in surplus(state, uses(state), KEEP_LAST + 1)]

    def _again(self, chapter: Chapter) -> None:
        self.platform.forget()
        again = self.operator.rotate()
        if again.action != "none" or again.problems or self.platform.journal():
            chapter.broken.append(("quiet", "again: {0!r}".format(again)))

    def _ours(self, seen: dict[str, tuple[str, str]]) -> list[tuple[str, str]]:
        return [shown for label, shown in seen.items() if label not in self.others]

    def _left(self, fingerprint: str) -> int:
        """Whole days until a certificate of ours ends."""
        end = self.platform.issued.get(fingerprint)
        return (end - self.platform.now()).days if end else 0


def uses(state: dict[str, Any]) -> set[str]:
    """Fingerprints of what is bound anywhere."""
    found = {held["fingerprint"] for service in ("alb", "nlb") for row in state[service]["listeners"] for held in row["certificates"]}
    found |= {row["fingerprint"] for service in ("cdn", "dcdn") for row in state[service]["domains"]}
    copies = {item["id"]: item["fingerprint"] for item in state["slb"]["certificates"]}
    for row in state["slb"]["listeners"]:
        found |= {copies[number] for number in (row["certificate_id"], *row["extensions"].values())}
    for instance in state["airec"]["instances"]:
        found |= {item[key] for item in instance["domains"] for key in ("fingerprint", "live") if item[key]}
    return found


def surplus(state: dict[str, Any], used: set[str], most: int) -> list[str]:
    """A sentence for each series of ours, by tag, of which CAS has too many that nothing uses, the newest aside."""
    series: dict[str, list[str]] = {}
    for item in sorted(state["cas"]["certificates"], key=lambda item: -item["id"]):
        if item["tags"].get("managed-by") == "daas.https":
            series.setdefault(item["tags"]["daas-https-name"], []).append(item["fingerprint"])
    return ["{0}: {1}".format(name, items) for name, items in series.items()
            if len([item for place, item in enumerate(items) if place < most or item not in used]) > most]


def orphans(state: dict[str, Any]) -> list[str]:
    """A sentence for each copy of a classic load balancer whose certificate CAS has no more, and that nothing uses."""
    known = {item["id"] for item in state["cas"]["certificates"]}
    used = {number for row in state["slb"]["listeners"] for number in (row["certificate_id"], *row["extensions"].values())}
    return ["{0} of {1} is left behind".format(item["name"], item["region"]) for item in state["slb"]["certificates"]
            if item["cas_id"] and item["cas_id"] not in known and item["id"] not in used]


def told(year: Year) -> str:
    """The year in a few lines."""
    nights = [chapter.night for chapter in year.chapters]
    kinds: dict[str, int] = {}
    for chapter in year.chapters:
        kinds[chapter.trouble.kind] = kinds.get(chapter.trouble.kind, 0) + 1
    return "{0} nights, {1} of {2} done, {3} failed, {4} undone; {5} deleted; trouble: {6}".format(
        len(nights), sum(night.done for night in nights), SERIES, sum(bool(night.problems) for night in nights),
        sum(night.undone for night in nights), sum(len(chapter.deleted) for chapter in year.chapters),
        ", ".join("{0} {1}".format(number, kind or "none") for kind, number in sorted(kinds.items())))
