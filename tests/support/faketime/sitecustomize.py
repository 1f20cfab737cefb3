# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For Pythons below libfaketime, which start with it: time.sleep() works there, and if asked for is quick.

libfaketime takes the moved clock's offset also from what sleeps until a moment of the monotonic clock, which it otherwise leaves alone;
Python's sleep does that since 3.11 and fails. Waiting for nothing in select() does not.
"""

from __future__ import annotations

import os
import select
import time

SPEED = float(os.environ.get("CLOCK_SLEEP_SPEED", "1"))


def sleep(seconds: float, /) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select([], [], [], seconds / SPEED)


time.sleep = sleep
