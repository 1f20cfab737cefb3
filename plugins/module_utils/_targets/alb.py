# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ALB: HTTPS and QUIC listeners. PRIVATE to the collection."""

from __future__ import annotations

from .._api import alb as api
from .listeners import ListenerTarget

TARGET = ListenerTarget("alb", api, api.PROTOCOLS)
