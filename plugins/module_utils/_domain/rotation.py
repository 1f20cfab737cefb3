# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a certificate has to be renewed, deployed or waited for. Pure. PRIVATE to the collection.

Everything that is meant to have the certificate is a Holder, whether it is a slot of the edge or an address that serves it. The wanted
certificate is the candidate, if that one is newer and valid by now, else the newest of the series in CAS that is.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field, replace
from typing import Any, Mapping, Tuple

from .lifetime import EPOCH, moment_of, stamp
from .names import missing

ACTIONS = ("none", "obtain", "deploy", "wait", "blocked")
SHOWN = 5  # places that a message names, before it says how many more there are


@dataclass(frozen=True)
class Generation:
    """A certificate that could be deployed. id: CAS's, 0 if it is not there. names: what it covers. Times: aware, UTC."""

    id: int
    name: str
    sha256: str
    sha1: str
    names: Tuple[str, ...]
    not_before: datetime.datetime
    not_after: datetime.datetime

    def view(self):
        return dict(id=self.id or None, name=self.name, fingerprint=self.sha256 or self.sha1, domains=list(self.names),
                    not_before=stamp(self.not_before), not_after=stamp(self.not_after))


@dataclass(frozen=True)
class Candidate:
    """What is given to be deployed next, as it is. problem: why it cannot be used, '' if it can."""

    generation: Generation
    problem: str = ""


@dataclass(frozen=True)
class Holder:
    """A slot, or an address of an endpoint (label), and the certificate that it has.

    place: what names it; meant: whether the reference of the Choice is for it; right: whether it has that one. digests: of what it has,
    as far as they are known; cas_id: CAS's id of it, or 0; names: those that clients get it for, () if they are not known; not_after:
    None if that is not known. empty: it has none; elsewhere: it serves something else than the slot behind it has, which is right.
    cannot: why it cannot have the reference. error: why it could not be looked at.
    """

    place: Mapping[str, Any]
    meant: bool = True
    right: bool = False
    digests: Tuple[str, ...] = ()
    cas_id: int = 0
    names: Tuple[str, ...] = ()
    not_after: Any = None
    empty: bool = False
    elsewhere: bool = False
    cannot: str = ""
    error: str = ""

    @property
    def where(self):
        return self.place["target"] or self.place["label"]


@dataclass(frozen=True)
class Terms:
    """now: aware datetime; within_days: what ends earlier is due; settle: how long a certificate must be valid before it is used."""

    now: datetime.datetime
    within_days: int
    settle: datetime.timedelta = field(default_factory=datetime.timedelta)

    def days(self, moment):
        """Whole days until then; negative if it has passed."""
        return (moment - self.now).days

    def due(self, moment):
        return moment is not None and self.days(moment) < self.within_days

    def begins(self, item):
        """When a certificate can be used."""
        return item.not_before + self.settle

    def ready(self, item):
        return self.begins(item) <= self.now < item.not_after


@dataclass(frozen=True)
class Choice:
    """current: the newest of the series that is valid; wanted: what has to be everywhere; pending: one that is newer and not valid yet.

    Each of them may be None. problem: why the candidate, which would be the wanted one, cannot be. reference: the wanted one, or else what
    comes nearest to it, by whose names it is told which places are meant.
    """

    current: Any
    wanted: Any
    pending: Any = None
    problem: str = ""
    reference: Any = None


def day(moment):
    return moment.strftime("%Y-%m-%d")


def generation_of(stored):
    """A Generation of a certificate in CAS. When CAS does not say the times: valid since ever, until its last day begins."""
    try:
        last = datetime.datetime.strptime(stored.end_date[:10], "%Y-%m-%d").replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        last = EPOCH
    end = moment_of(stored.not_after) if stored.not_after else last
    return Generation(stored.id, stored.name, stored.sha256, stored.sha1, stored.names, moment_of(stored.not_before), end)


def is_newer(candidate, series):
    """Whether the candidate is none of the series' own, and became valid no earlier than any of those."""
    return all(candidate.sha256 != item.sha256 and candidate.not_before >= item.not_before for item in series)


def choose(series, candidate, terms):
    """The Choice. series: Generations, the newest first; candidate: a Candidate or None.

    A candidate that has expired, or that the series has a newer one of, is an old file and no more.
    """
    current = next((item for item in series if item.not_before <= terms.now < item.not_after), None)
    ready = [item for item in series if terms.ready(item)]
    waiting = [item for item in series if terms.begins(item) > terms.now and item.not_after > terms.begins(item)]
    wanted, problem = (ready[0] if ready else None), ""
    pending = waiting[0] if waiting and not (ready and ready[0].not_before > waiting[0].not_before) else None
    given = candidate.generation if candidate else None
    if given and given.not_after > terms.now and is_newer(given, series):
        if candidate.problem:
            problem = candidate.problem
        elif terms.ready(given):
            wanted, pending = given, None
        else:
            pending = given
    return Choice(current, wanted, pending, problem, wanted or pending or (series[0] if series else None))


def reason_of(holder, terms):
    """Why what a holder has must go; for one that has what is wanted, what would be the reason."""
    if holder.empty:
        return "empty"
    if holder.elsewhere:
        return "not_served"
    if holder.not_after is not None and holder.not_after <= terms.now:
        return "expired"
    return "expiring" if terms.due(holder.not_after) else "behind"


def decide(choice, holders, terms, name):
    """The dict that cas_rotation_info returns as rotation. name: of the series."""
    ours = [holder for holder in holders if holder.meant and not holder.error]
    behind = [holder for holder in ours if not holder.right] if choice.wanted else []
    ending = choice.wanted is None or terms.due(choice.wanted.not_after)
    # what is still to be obtained will replace all of it
    covers = sorted(set(covered for holder in (ours if ending else behind) for covered in holder.names))
    unknown = [holder for holder in holders if holder.error]
    others = [holder for holder in holders if not holder.meant and not holder.error and terms.due(holder.not_after)]
    lacking = missing(choice.wanted.names, sorted(set(covered for holder in behind for covered in holder.names))) if choice.wanted else []
    action, words = _act(choice, behind, ours, lacking, ending, terms, name)
    if action == "none":
        words = _nothing(choice.wanted, ours, unknown, terms, name)
    due = behind or [holder for holder in ours if holder.empty or holder.not_after is None or terms.due(holder.not_after)]
    return dict(
        action=action, due=[_due(holder, terms) for holder in due], covers=covers, missing=lacking,
        unknown=[dict(holder.place, message=holder.error) for holder in unknown], others=[_due(holder, terms) for holder in others],
        message=" ".join([words] + _besides(choice, action, ending, unknown, others, terms, name)))


def _act(choice, behind, ours, lacking, ending, terms, name):
    """(action, why in words, '' for none)."""
    if choice.problem:
        return "blocked", "The new certificate cannot be used: %s" % _line(choice.problem)
    hindrance = _hindrance(choice.wanted, behind, lacking) if choice.wanted and behind else ""
    if behind and choice.wanted and not hindrance:
        return "deploy", "%s has to go to %s." % (_title(choice.wanted, terms), _places(behind, terms))
    if hindrance and not (ending and choice.wanted.id):
        return "blocked", hindrance
    if choice.pending:
        return _wait(choice, ours, terms)
    if ending:
        now = "CAS has no certificate %s that is valid" % name if choice.wanted is None else "%s ends soon" % _title(choice.wanted, terms)
        return "obtain", "A new certificate is needed: %s, and no newer one is given." % now
    return "none", ""


def _hindrance(wanted, behind, lacking):
    """Why the wanted certificate must not replace what is behind, or ''."""
    cannot = next((holder for holder in behind if holder.cannot), None)
    if cannot:
        return "%s: %s" % (cannot.where, _line(cannot.cannot))
    if lacking:
        owners = [holder.where for holder in behind if set(holder.names) & set(lacking)]
        return "%s does not cover %s, as what it would replace at %s does. Nothing is replaced." % (
            wanted.name, ", ".join(lacking), _list(owners))
    later = [holder for holder in behind if holder.not_after is not None and holder.not_after > wanted.not_after]
    if later:
        return "%s ends on %s, before what it would replace at %s, which ends on %s. Nothing is replaced." % (
            wanted.name, day(wanted.not_after), later[0].where, day(later[0].not_after))
    return ""


def _wait(choice, ours, terms):
    """What is in use must last until the pending one begins."""
    begins = terms.begins(choice.pending)
    ends = [(holder.not_after, holder.where) for holder in ours if holder.not_after is not None]
    early = min(ends) if ends else None
    if early and early[0] < begins:
        return "blocked", "%s can be used from %s on, but what %s has ends on %s. A certificate is needed that is valid now." % (
            choice.pending.name, stamp(begins), early[1], day(early[0]))
    until = " What is in use is valid until %s." % day(early[0]) if early else ""
    return "wait", "Waiting: %s can be used from %s on.%s" % (choice.pending.name, stamp(begins), until)


def _nothing(wanted, ours, unknown, terms, name):
    if not ours:
        return "Nothing to do: nothing that could be looked at has %s, or should have it." % name
    return "Nothing to do%s: %d slots and endpoints have %s." % (
        " where it could be looked at" if unknown else "", len(ours), _title(wanted, terms))


def _besides(choice, action, ending, unknown, others, terms, name):
    """What else is to be known, a sentence each."""
    words = ["It ends soon itself: a newer one is needed."] if action == "deploy" and ending else []
    if choice.pending and action in ("deploy", "obtain"):
        words.append("%s can be used from %s on." % (choice.pending.name, stamp(terms.begins(choice.pending))))
    if others:
        words.append("Not %s's, or not reached by it, and ending soon: %s." % (name, _places(others, terms)))
    if unknown:
        words.append("NOT looked at: %s." % _list(["%s (%s)" % (holder.where, _line(holder.error)[:-1]) for holder in unknown]))
    return words


def _title(item, terms):
    return "%s, which is valid for %d days more (until %s)" % (item.name, terms.days(item.not_after), day(item.not_after))


def _places(holders, terms):
    return _list(["%s (%s)" % (holder.where, _state(holder, terms)) for holder in holders])


def _state(holder, terms):
    reason = reason_of(holder, terms)
    if reason in ("expired", "expiring", "behind") and holder.not_after is not None:
        return "%s, ends %s" % (reason, day(holder.not_after)) if reason != "expired" else "expired on %s" % day(holder.not_after)
    return reason.replace("_", " ")


def _list(texts):
    texts = list(dict.fromkeys(texts))
    more = ["%d more" % (len(texts) - SHOWN)] if len(texts) > SHOWN else []
    return ", ".join(texts[:SHOWN] + more)


def _line(text):
    """On one line: what it is put in has to stay one."""
    return " ".join(text.split()).rstrip(".") + "."


def _due(holder, terms):
    digests = holder.digests
    return dict(
        holder.place, fingerprint=max(digests, key=len) if digests else None, id=holder.cas_id or None,
        not_after=stamp(holder.not_after), days_left=None if holder.not_after is None else terms.days(holder.not_after),
        reason=reason_of(holder, terms))


def with_leaf(holder, leaves):
    """The holder, of whose certificate CAS knows nothing, with what an endpoint shows of the same one. leaves: digest -> a Generation."""
    leaf = next((leaves[digest] for digest in holder.digests if digest in leaves), None)
    if leaf is None or holder.not_after is not None:
        return holder
    return replace(holder, not_after=leaf.not_after, names=holder.names or leaf.names)
