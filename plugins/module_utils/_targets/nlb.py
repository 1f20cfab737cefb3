# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""NLB: TCPSSL listeners. PRIVATE to the collection."""

from __future__ import annotations

from .._api import nlb as api
from .listeners import ListenerTarget

TARGET = ListenerTarget("nlb", api, ("tcpssl",))
