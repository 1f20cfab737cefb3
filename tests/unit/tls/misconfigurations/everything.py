# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What servers get wrong, one Case each, and what a verifier has to say about it. To add one, add a line to a table of this package."""

from __future__ import annotations

from tests.unit.tls.misconfigurations import chains, keys, names, servers, validity

ALL = tuple(servers.CASES + keys.CASES + chains.CASES + validity.CASES + names.CASES)  # those that stall first, to lose no time
