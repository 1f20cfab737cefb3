# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Bounded waiting."""

    DOCUMENTATION = r"""
options:
  wait:
    description: Whether to wait until the cloud has carried out what it accepted.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait at most. The error then says what was seen last.
    type: float
    default: 300.0
  wait_interval:
    description: Seconds between the first two looks; later ones are further apart.
    type: float
    default: 2.0
"""
