# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clock that whole processes run on, OpenSSL inside them too, and that moves while they run: libfaketime.

Run as a program it says in one line what is not here, and nothing if all is.
"""

from __future__ import annotations

import glob
import os
import pathlib

PLACES = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib/faketime/libfaketime.so.1", "/usr/lib64/faketime/libfaketime.so.1",
          "/usr/local/lib/faketime/libfaketime.so.1")
HERE = pathlib.Path(__file__).resolve().parent


def library() -> str:
    """libfaketime's path; "" if it is not here."""
    return next((path for place in PLACES for path in sorted(glob.glob(place))), "")


class Clock:
    """Real time plus an offset in seconds, for the processes that are started with environment(). folder: where it is kept."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._path = folder / "clock"
        self.offset = 0
        self.advance(0)

    def advance(self, seconds: int) -> None:
        """It also counts for those that run already. Written beside and renamed: none of them reads half of it."""
        self.offset += seconds
        draft = self._path.with_name("clock.part")
        draft.write_text("+{0}\n".format(self.offset), encoding="ascii")
        draft.replace(self._path)

    def environment(self, base: dict[str, str], speed: float = 1) -> dict[str, str]:
        """base, and what a process needs to be on this clock. speed: by how much its Python's sleeping is shortened."""
        path = os.pathsep.join(filter(None, [str(HERE / "faketime"), base.get("PYTHONPATH", "")]))
        # waiting is for the monotonic clock, which nobody moves
        return dict(base, LD_PRELOAD=library(), FAKETIME_TIMESTAMP_FILE=str(self._path), FAKETIME_NO_CACHE="1",
                    FAKETIME_DONT_FAKE_MONOTONIC="1", PYTHONPATH=path, CLOCK_SLEEP_SPEED=str(speed))


if __name__ == "__main__":
    print("" if library() else "needs libfaketime (Debian's package faketime)")
