# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ALB and NLB say about their listeners, in common words. PRIVATE to the collection."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TlsListener:
    """protocol in lower case; status as the API has it (Running, Configuring, …); default: certificate id, '' if the list has none."""

    id: str
    instance: str
    port: int
    protocol: str
    status: str
    default: str = ""

    @property
    def key(self):
        return self.instance, self.port, self.protocol


@dataclass(frozen=True)
class Held:
    """A certificate of a listener, by CAS's identifier. status: Associating, Associated, Diassociating (the API's spelling)."""

    id: str
    default: bool
    status: str = ""
