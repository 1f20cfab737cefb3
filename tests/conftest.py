# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the checkout importable as ansible_collections.daas.https, without copying it."""

from __future__ import annotations

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
COLLECTIONS = ROOT / ".cache"


def link_collection() -> pathlib.Path:
    """Point .cache/ansible_collections/daas/https at the checkout; returns the folder to put on a search path."""
    parent = COLLECTIONS / "ansible_collections" / "daas"
    parent.mkdir(parents=True, exist_ok=True)
    here = parent / "https"
    if not here.is_symlink():
        here.symlink_to(pathlib.Path("../../.."))
    return COLLECTIONS


for path in (str(link_collection()), str(ROOT)):
    if path not in sys.path:
        sys.path.insert(0, path)
