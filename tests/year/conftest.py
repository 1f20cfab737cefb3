# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One year for all tests of it. YEAR_SEED makes another one, YEAR_DAYS a shorter or longer one."""

from __future__ import annotations

import os

import pytest

from tests.support.leaks import leaks, needles
from tests.year.platform import Platform
from tests.year.story import Year, told

SEED, DAYS = int(os.environ.get("YEAR_SEED", "1")), int(os.environ.get("YEAR_DAYS", "365"))


@pytest.fixture(scope="session")
def year(tmp_path_factory):
    folder = tmp_path_factory.mktemp("year") / "platform"
    with Platform(folder, SEED) as platform:
        passed = Year(platform, SEED)
        passed.live(DAYS)
    print("\nseed {0}: {1}".format(SEED, told(passed)))
    # the operator's own files, the application host's, and those that the emulator makes for others
    allowed = [path for place in ("pairs", "app/tls") for path in (folder / place).rglob("privkey.pem")]
    wanted = set().union(*(needles(key) for key in platform.keys))
    passed.left_behind = list(leaks(folder, wanted, allowed))
    return passed
