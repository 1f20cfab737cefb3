# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CDN's state: see services.domains."""

from __future__ import annotations

from ..domains import Domains


class Cdn(Domains):
    NAME = "cdn"
