# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names a certificate covers. Pure. PRIVATE to the collection."""

from __future__ import annotations


def normalise(name):
    """Lower case, without a trailing dot; CDN's '.example.com' becomes '*.example.com'."""
    name = name.strip().lower().rstrip(".")
    return "*" + name if name.startswith(".") else name


def covers(names, name):
    """True when one of the certificate's names matches: exactly, or as a wildcard for exactly one left-most label."""
    name = normalise(name)
    if name in names:
        return True
    head, dot, parent = name.partition(".")
    return bool(dot) and head != "*" and "*." + parent in names


def covers_all(names, wanted):
    """True when every wanted name is covered; an empty list is covered by nothing, because empty means unknown."""
    return bool(wanted) and all(covers(names, name) for name in wanted)


def missing(names, wanted):
    return [name for name in wanted if not covers(names, name)]
