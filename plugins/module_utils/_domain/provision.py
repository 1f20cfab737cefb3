# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates in CAS: which one is it, is it there, what does it supersede. Pure. PRIVATE to the collection.

A certificate is its leaf's SHA-256. The name in CAS ends with a prefix of it, so a name that is taken means "already there".
"""

from __future__ import annotations

import re

from .._domain.names import covers_all
from .._errors import InputError
from .._plan import Plan, Step

PREFIX = 16
DAY = 24 * 3600 * 1000  # milliseconds, in which CAS gives times
LONGEST = 63 - PREFIX - 1  # CAS takes names of 63 characters
MANAGED_BY = "managed-by"
OURS = "daas.https"
NAME_TAG = "daas-https-name"
# What cas.tagged has to be asked for, to tell ours from others
TAGS = ((MANAGED_BY, OURS), (NAME_TAG, None))
KEY_TYPES = {"RSA": "RSA", "ECC": "ECDSA", "SM2": "SM2"}  # by CAS's name of the algorithm
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_OURS = re.compile(r"(.+)-([0-9a-f]{%d})\Z" % PREFIX)
_DIGEST = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")  # SHA-1 or SHA-256


def check_name(name):
    if len(name) > LONGEST or not _NAME.match(name):
        raise InputError(
            "name '%s' cannot be used: up to %d letters, digits, '.', '_' and '-', beginning with a letter or digit (deployment jobs "
            "refuse others)." % (name, LONGEST))


def digest(text):
    """A fingerprint as users write it, in lower-case hex without colons; '' for none. Raises InputError for what is not one."""
    digits = (text or "").replace(":", "").strip().lower()
    if text and not _DIGEST.match(digits):
        raise InputError("fingerprint '%s' is neither SHA-256 (64 hex digits) nor SHA-1 (40), with or without colons." % text)
    return digits


def cas_name(name, fingerprint):
    return "%s-%s" % (name, fingerprint[:PREFIX])


def managed(stored):
    """True when the name is derived from the content, as only this collection does it."""
    match = _OURS.match(stored.name)
    return bool(match and stored.sha256 and stored.sha256.startswith(match.group(2)))


def has_name(stored, name):
    """True for the full name in CAS, and for the name that it was made of."""
    return stored.name == name or (managed(stored) and _OURS.match(stored.name).group(1) == name)


def newest_first(items):
    """In the order in which they became valid, the last one first; of those of one moment, the one with the later id."""
    return sorted(items, key=lambda item: (item.not_before, item.id), reverse=True)


def series_by_name(stored, tags):
    """Our certificates by the name that they were given, newest first: {name: (Stored, ...)}.

    Ours are those whose tags say so, as tags has them ({instance_id: {key: value}}), and those whose name only we make. What CAS has
    issued has a name of CAS's own, and tags alone.
    """
    found = {}
    for item in stored.values():
        own = tags.get(item.instance_id) or {}
        name = own.get(NAME_TAG) if own.get(MANAGED_BY) == OURS else None
        name = name or (_OURS.match(item.name).group(1) if managed(item) else None)
        if name:
            found.setdefault(name, []).append(item)
    return dict((name, tuple(newest_first(items))) for name, items in found.items())


def series(stored, tags, name):
    """Our certificates of this name, newest first; a full name in CAS is not one of a series."""
    return series_by_name(stored, tags).get(name, ())


def find(stored, fingerprint, sha1):
    """The certificate with this leaf, or None. Of several equal ones ours comes first, then the oldest."""
    equal = [item for item in stored.values() if item.sha256 == fingerprint or (not item.sha256 and item.sha1 == sha1)]
    return min(equal, key=lambda item: (not managed(item), item.id)) if equal else None


def supersedes(stored, name, fingerprint, names):
    """Ids of our older certificates of this name whose own names the new one covers; unknown names mean: not superseded."""
    return sorted(
        item.id for item in stored.values()
        if managed(item) and has_name(item, name) and item.sha256 != fingerprint and covers_all(names, item.names))


def plan_present(stored, bundle, name, tags, resource_group_id):
    """Upload unless the leaf is there already.

    The ClientToken is left to the call: one made of the content would let the cloud answer with an upload that was deleted since.
    """
    there = find(stored, bundle.facts.fingerprint, bundle.facts.sha1)
    after = dict(name=there.name if there else cas_name(name, bundle.facts.fingerprint), fingerprint=bundle.facts.fingerprint)
    if there:
        return Plan(after, after)
    wanted = dict(tags or {}, **{MANAGED_BY: OURS, NAME_TAG: name})
    upload = Step(
        "upload", "cas", "UploadUserCertificate", after["name"],
        params=dict(
            bundle.material, Name=after["name"], ResourceGroupId=resource_group_id,
            Tags=[dict(Key=key, Value=str(wanted[key])) for key in sorted(wanted)]))
    return Plan({}, after, (upload,))


def plan_absent(doomed):
    """Delete exactly these."""
    steps = tuple(Step(
        "delete-%d" % item.id, "cas", "DeleteUserCertificate", item.name, dict(CertId=item.id), token="delete-%d" % item.id)
        for item in doomed)
    before = dict((str(item.id), dict(name=item.name, fingerprint=item.sha256)) for item in doomed)
    return Plan(before, {}, steps)


def select_absent(stored, certificate_id=None, fingerprint=None, name=None):
    """The certificates that state=absent means. A name alone must mean exactly one, or nothing is chosen."""
    wanted = digest(fingerprint)
    if certificate_id:
        item = stored.get(certificate_id)
        if item and wanted and wanted not in (item.sha256, item.sha1):
            raise InputError("The certificate with id %d is %s and has another fingerprint (%s); nothing was deleted." % (
                item.id, item.name, item.sha256 or item.sha1 or "unknown"))
        return [item] if item else []
    if wanted:
        return [item for item in stored.values() if wanted in (item.sha256, item.sha1)]
    exact = [item for item in stored.values() if item.name == name]
    found = exact or [item for item in stored.values() if has_name(item, name)]
    if len(found) > 1:
        raise InputError("'%s' means %d certificates in CAS (ids %s). Give id or fingerprint, so that the right one is deleted." % (
            name, len(found), ", ".join(str(item.id) for item in sorted(found, key=lambda item: item.id))))
    return found


def view(stored, detail=None):
    """A certificate in CAS as results show it; identifier and tags need the detail call."""
    return dict(
        id=stored.id, identifier=detail.identifier if detail else None, name=stored.name, fingerprint=stored.sha256, sha1=stored.sha1,
        domains=list(stored.names), issuer=stored.issuer, end_date=stored.end_date, expired=stored.expired, uploaded=stored.uploaded,
        managed=managed(stored), tags=dict(detail.tags) if detail else None, key_type=KEY_TYPES.get(stored.algorithm))
