# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Java that ansible-rulebook's rule engine runs on.

Run as a program it says in one line what is not here, and nothing if all is.
"""

from __future__ import annotations

import glob
import os
import pathlib
import re
import shutil

OLDEST = 17
PACKAGE = "openjdk-17-jre-headless"
LIBRARY = pathlib.Path("lib", "server", "libjvm.so")


def home() -> str:
    """What JAVA_HOME has to be; "" if there is no Java, or an older one only."""
    program = shutil.which("java")
    places = [os.environ.get("JAVA_HOME", ""), str(pathlib.Path(program).resolve().parents[1]) if program else "",
              *sorted(glob.glob("/usr/lib/jvm/*"))]
    return next((place for place in places if place and version(pathlib.Path(place)) >= OLDEST), "")


def version(place: pathlib.Path) -> int:
    """The major version of what can be embedded there, 0 for none."""
    release = place / "release"
    if not (place / LIBRARY).exists() or not release.exists():
        return 0
    found = re.search(r'^JAVA_VERSION="(\d+)', release.read_text(encoding="utf-8"), re.MULTILINE)
    return int(found.group(1)) if found else 0


def missing() -> str:
    return "" if home() else "needs Java {0} or newer (Debian package: {1})".format(OLDEST, PACKAGE)


if __name__ == "__main__":
    print(missing())
