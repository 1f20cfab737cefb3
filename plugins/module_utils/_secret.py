# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps private keys and tokens out of everything that is shown. PRIVATE to the collection."""

from __future__ import annotations

import re

_PEM_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_TOKEN = re.compile(r"\b(Bearer +|Signature=)[A-Za-z0-9._~+/=-]{12,}")
DOTS = "********"


class Secret:
    """A value that shows only dots; ``reveal()`` is called at the wire and nowhere else."""

    __slots__ = ("_value",)

    def __init__(self, value):
        self._value = value

    def __repr__(self):
        return DOTS

    __str__ = __repr__

    def __bool__(self):
        return bool(self._value)

    def reveal(self):
        return self._value


def scrub(value):
    """A copy of ``value`` (str, dict, list, …) in which no private key block and no token is left."""
    if isinstance(value, str):
        if "PRIVATE KEY" in value:
            value = _PEM_KEY.sub(DOTS, value)
        if "Bearer " in value or "Signature=" in value:  # results may have a hundred thousand texts without
            value = _TOKEN.sub(lambda found: found.group(1) + DOTS, value)
        return value
    if isinstance(value, dict):
        return {key: scrub(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [scrub(item) for item in value]
    return DOTS if isinstance(value, Secret) else value
