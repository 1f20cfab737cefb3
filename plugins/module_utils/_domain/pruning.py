# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificates are of no use any more, and what speaks against deleting each of the others. Pure. PRIVATE to the collection.

Unknown means keep: what could not be read may have any certificate that it could have.
"""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from typing import Any, Tuple

from .._plan import Step
from . import provision
from .deployment import cas_id_of
from .names import covers, covers_all
from .provision import DAY

MUTED = "daas-https-notices"  # the tag that remembers that CAS sends no word of its end, because CAS does not tell
MANY = 50  # certificates in one call

# code: what kind of reason; text: for people
Reason = namedtuple("Reason", "code text")
# Reasons that do not speak of use: with these alone a certificate is superfluous, though it stays
STAYS = ("newest", "issued")
USES = ("products", "bound", "served")
COPIED = "copied"  # only classic load balancers are said to use it, maybe because of a copy that no listener has
BALANCERS = {"SLB", "CLB"}  # what CAS calls them


@dataclass(frozen=True)
class Judged:
    """A certificate of ours as far as CAS's lists tell. superseded: a newer one has taken its place for long enough."""

    item: Any
    series: str
    superseded: bool
    reasons: Tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Claim:
    """What AIRec says of one domain. settled: what is bound is what is in service; error: why nothing is known of the instance."""

    where: str
    domain: str = ""
    certificate_id: str = ""
    settled: bool = True
    error: str = ""


@dataclass(frozen=True)
class Evidence:
    """What was seen of use: slots of products (drift.Held), claims of AIRec, addresses of endpoints (drift.Served)."""

    slots: Tuple[Any, ...] = ()
    claims: Tuple[Claim, ...] = ()
    served: Tuple[Any, ...] = ()


def judge(series, keep_last, grace_days, now):
    """[Judged] of all certificates in series ({name: (Stored, newest first)}), in their order. now: milliseconds since 1970."""
    found = []
    for name in sorted(series):
        kinds = {}
        for item in series[name]:
            newer = kinds.setdefault(item.algorithm, [])
            doubt = _not_superseded(item, newer, grace_days, now) if newer else None
            place = (Reason("newest", _newest_text(name, keep_last)),) if len(newer) < keep_last else ()
            found.append(Judged(item, name, bool(newer) and doubt is None, place + ((doubt,) if doubt else ())))
            newer.append(item)
    return found


def _newest_text(name, keep_last):
    return "it is the newest of %s" % name if keep_last == 1 else "it is among the newest %d of %s" % (keep_last, name)


def _not_superseded(item, newer, grace_days, now):
    """Why none of the newer ones of its kind has taken its place, or None when one has."""
    ended = has_ended(item, now)
    if not ended and not item.all_names:
        return Reason("names", "CAS does not say which names it has")
    # what has ended serves nobody, so that a successor need not have all of its names
    heirs = [other for other in newer if ended or covers_all(other.names, item.names)]
    if not heirs:
        return Reason("names", "no newer one covers all of its names (%s)" % ", ".join(item.names))
    doubts = [_doubt(heir, grace_days, now) for heir in heirs]
    return None if None in doubts else doubts[0]


def _doubt(heir, grace_days, now):
    """Why this newer one does not count as a successor, or None when it does. A time that CAS did not say proves nothing."""
    if not heir.not_before or not heir.not_after:
        return Reason("successor", "CAS does not say from when to when its successor %s is valid" % heir.name)
    if has_ended(heir, now):
        return Reason("successor", "its successor %s has expired" % heir.name)
    if heir.not_before > now:
        return Reason("successor", "its successor %s is not valid yet" % heir.name)
    days = (now - heir.not_before) // DAY
    if days < grace_days:
        return Reason("grace", "its successor %s has been valid for %d of %d days of grace" % (heir.name, days, grace_days))
    return None


def has_ended(item, now):
    return bool(item.expired or (item.not_after and item.not_after <= now))


def objections(item, usage, evidence, now):
    """[Reason] against deleting a superseded certificate now. usage: what CAS says of it alone (cas_life.Usage), None, or an error."""
    return ownership(item, usage, now) + in_use(item, evidence)


def ownership(item, usage, now):
    """What CAS's own word of this one certificate says against it."""
    if usage is None:
        return [Reason("unknown", "CAS lists it and knows nothing of it; it may just have been deleted")]
    if isinstance(usage, Exception):
        return [Reason("unknown", "CAS could not be asked about it: %s" % usage)]
    found = []
    if usage.tags.get(provision.MANAGED_BY) != provision.OURS:
        found.append(Reason("tag", "it does not have the tag %s=%s" % (provision.MANAGED_BY, provision.OURS)))
    uploaded = usage.source.upper() == "UPLOAD" if usage.source else item.uploaded
    if not uploaded and not has_ended(item, now) and usage.status not in ("revoked", "expired"):
        found.append(Reason("issued", "CAS has issued it, and deletes such a one only when it has expired or was revoked"))
    if usage.products:
        code = COPIED if BALANCERS.issuperset(name.upper() for name in usage.products) else "products"
        found.append(Reason(code, "CAS says that it is used by %s" % ", ".join(usage.products)))
    return found


def in_use(item, evidence):
    """What was seen that has this certificate, or may have it."""
    found = [_of_slot(item, slot) for slot in evidence.slots] + [_of_claim(item, claim) for claim in evidence.claims] + [
        _of_address(item, served) for served in evidence.served]
    return [reason for reason in dict.fromkeys(found) if reason]


def _of_slot(item, slot):
    domain = "" if slot.place.get("instance") else slot.place.get("domain") or ""
    possible = not domain or may_serve(item, domain)
    if slot.error:
        return Reason("unknown", "%s could not be read: %s" % (slot.target, slot.error)) if possible else None
    same = is_it(slot.bound, item) if slot.bound else False
    if same:
        return Reason("bound", "%s has it" % slot.target)
    if not slot.settled and possible:
        return Reason("unknown", "%s is being changed, so that it may still have it" % slot.target)
    return Reason("unknown", "%s has a certificate that nothing tells apart from it" % slot.target) if same is None and possible else None


def is_it(bound, item):
    """Whether a slot's Bound is this certificate: True, False, or None when nothing tells."""
    if bound.cas_id == item.id or (bound.fingerprint and bound.fingerprint in (item.sha256, item.sha1)):
        return True
    known = {64: item.sha256, 40: item.sha1}.get(len(bound.fingerprint or ""))
    return False if known or bound.cas_id else None


def _of_claim(item, claim):
    if claim.error:
        return Reason("unknown", "%s could not be read: %s" % (claim.where, claim.error))
    number = cas_id_of(claim.certificate_id)
    if number == item.id:
        return Reason("bound", "%s has it for %s" % (claim.where, claim.domain))
    if (claim.settled and number) or not may_serve(item, claim.domain):
        return None
    why = "does not say which certificate %s has" if claim.settled else "has not validated %s yet, so that it may still serve it there"
    return Reason("unknown", "%s %s" % (claim.where, why % claim.domain))


def _of_address(item, served):
    place = "%s (%s)" % (served.label, served.address)
    if served.sha256:
        return Reason("served", "%s serves it" % place) if served.sha256 == item.sha256 or served.sha1 == item.sha1 else None
    if not may_serve(item, served.name):
        return None
    return Reason("unknown", "%s could not be looked at: %s" % (place, served.why or "no certificate was shown"))


def may_serve(item, name):
    """Whether a certificate may be in use for a name: not if all of its names are known, and none of them covers that one."""
    return not item.all_names or not item.names or covers(item.names, name)


def is_vanished(copy, names, stored):
    """Whether a load balancer's copy is of one of ours that CAS no longer lists. names: of series whose certificates say they are ours."""
    name, _dash, digits = (copy.cas_name or copy.name).rpartition("-")
    fits = len(digits) == provision.PREFIX and (len(copy.fingerprint) != 64 or copy.fingerprint.startswith(digits))
    return bool(copy.cas_id and copy.cas_id not in stored and name in names and fits)


def deletion(item):
    return provision.plan_absent([item]).steps[0]


def copy_deletion(copy, region):
    target = "slb/%s/%s" % (region, copy.name or copy.id)
    return Step("copy-%s-%s" % (region, copy.id), "slb", "DeleteServerCertificate", target,
                dict(RegionId=region, ServerCertificateId=copy.id), region)


def notice_steps(items, wanted, notices, tagging):
    """Steps that have CAS send word of these certificates' end or not, and then remember that in their tags.

    notices(ids, wanted) and tagging(instance_ids, key, value): the parameters, as cas_life makes them.
    """
    steps = []
    for start in range(0, len(items), MANY):
        some = items[start:start + MANY]
        first = Step("notices-%s-%d" % (wanted, start), "cas", "BatchUpdateNoticeStatus", ", ".join(item.name for item in some),
                     notices([item.id for item in some], wanted), stage=2)
        ids = [item.instance_id for item in some if item.instance_id]
        steps += [first, Step("remember-%s-%d" % (wanted, start), "cas", "UntagResources" if wanted else "TagResources", first.target,
                              tagging(ids, MUTED, None if wanted else "muted"), stage=3, needs=(first.key,))]
    return steps


def view(item, **more):
    return dict(id=item.id, name=item.name, fingerprint=item.sha256 or item.sha1, end_date=item.end_date, **more)
