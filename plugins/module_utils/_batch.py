# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What calls that work on many resources have in common when some of them fail. PRIVATE to the collection."""

from __future__ import annotations

from ._errors import ApiError, CollectionError, InputError


def is_wrong_input(error):
    """True for what only the user can correct."""
    return isinstance(error, InputError) or (isinstance(error, ApiError) and "NotFound" in (error.code or ""))


def not_tried():
    """For what would work, in a call of which something else cannot."""
    return CollectionError("Not tried, because another resource of this call cannot work as given.")


def failures(rows, noun, place):
    """A message about those of a result's rows (target, error) that failed, or None. noun: what they are; place: where all are reported."""
    failed = ["%s: %s" % (row["target"], row["error"]) for row in rows if row["error"]]
    if not failed:
        return None
    head = "%d of %d %s failed; each is reported in %s." % (len(failed), len(rows), noun, place)
    return "\n".join([head] + failed + ["Correct this and run again; what is right already is left alone."])
