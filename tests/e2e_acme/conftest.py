# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A world for each story. When it ends, everything that was written is searched for the keys that were made."""

from __future__ import annotations

import contextlib

from tests.e2e_acme.world import world
from tests.support.leaks import leaks, needles


class Searched(contextlib.ExitStack):
    """A world, in which private keys, the account's too, may be at home only."""

    def __init__(self, folder, **options):
        super().__init__()
        self._folder, self._options = folder, options

    def __enter__(self):
        super().__enter__()
        self._made = self.enter_context(world(self._folder, **self._options))
        return self._made

    def __exit__(self, *failed):
        keys = self._made.keys()
        wanted = set().union(*(needles(path.read_text(encoding="utf-8")) for path in keys))
        at_home = [*keys, *(self._made.stage.app_root / "tls").glob("*privkey.pem*")]
        super().__exit__(*failed)
        assert len(keys) >= 2, "an account and a certificate"
        assert not list(leaks(self._folder, wanted, at_home)), "private keys were left behind"
