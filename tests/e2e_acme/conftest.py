# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A world for each story. When it ends, everything that was written is searched for the keys that were made."""

from __future__ import annotations

import contextlib

from tests.e2e_acme.world import world
from tests.support.leaks import leaks, needles


@contextlib.contextmanager
def searched(folder, **options):
    """A world whose private keys, the account's too, may be at home only."""
    with world(folder, **options) as made:
        yield made
        keys = made.keys()
        assert len(keys) >= 2, "an account and a certificate"
        wanted = set().union(*(needles(path.read_text(encoding="utf-8")) for path in keys))
        at_home = [*keys, *(made.stage.app_root / "tls").glob("*privkey.pem*")]
    assert not list(leaks(folder, wanted, at_home)), "private keys were left behind"
