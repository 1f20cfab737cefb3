# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""STS's part of the walk: who am I, and the demo's role."""

from __future__ import annotations

from tests.emulator.scenarios import demo

STRICTER = {}


def walk(call, authority):
    call("sts", "GetCallerIdentity", {})
    call("sts", "AssumeRole", {"RoleArn": demo.ROLE, "RoleSessionName": "walk", "DurationSeconds": 900, "SourceIdentity": "operator"})
