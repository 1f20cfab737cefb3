# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys in use: fetched when first needed, and renewed before they expire. PRIVATE to the collection."""

from __future__ import annotations

import datetime
import threading

from .._errors import CollectionError, TransportError

RENEWED = 300  # seconds before their end that temporary keys are renewed; the shortest that STS gives last 900


def utc_now():
    return datetime.datetime.now(datetime.timezone.utc)


class Caller:
    """origin: a credentials.Origin. instance_keys(role name) and assume(keys, role) ask for temporary Credentials."""

    def __init__(self, origin, instance_keys, assume, now=utc_now):
        self._origin, self._instance_keys, self._assume, self._now = origin, instance_keys, assume, now
        self._held, self._lock = None, threading.Lock()

    def keys(self):
        """Credentials that are good now. Raises CollectionError: those that were asked for are refused or out of reach."""
        with self._lock:
            if self._held is None or self._left() < RENEWED:
                try:
                    self._held = self._fetch()
                except CollectionError as error:
                    if self._held is None or self._left() <= 0:
                        raise _as_ours(error) from error
            return self._held

    def _left(self):
        """Seconds that the keys are good for."""
        return (self._held.expires - self._now()).total_seconds() if self._held.expires else float("inf")

    def _fetch(self):
        keys = self._origin.keys or self._instance_keys(self._origin.instance_role)
        for role in self._origin.roles:
            keys = self._assume(keys, role)
        return keys


def _as_ours(error):
    """Inside the call that wanted the keys the same words would say that this call's own outcome is unknown; and it is not to ask again."""
    return TransportError(str(error), final=True) if isinstance(error, TransportError) else error
