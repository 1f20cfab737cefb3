# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""DCDN domains. PRIVATE to the collection."""

from __future__ import annotations

from .._api import dcdn as api
from .domains import DomainTarget

TARGET = DomainTarget("dcdn", api)
