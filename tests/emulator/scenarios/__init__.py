# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an emulated cloud holds when it starts: one module a scenario.

A scenario has seed(cloud), which fills the services through their own methods, and files(cloud, directory), which writes the
certificates that an operator would have on disk and returns {name: path}.
"""

from __future__ import annotations

from types import ModuleType

from . import demo, empty, fleet, year

SCENARIOS: dict[str, ModuleType] = {"demo": demo, "empty": empty, "fleet": fleet, "year": year}


def get(name: str) -> ModuleType:
    """The scenario of that name. KeyError lists the known ones."""
    if name not in SCENARIOS:
        raise KeyError("unknown scenario {0!r}; there are: {1}".format(name, ", ".join(sorted(SCENARIOS))))
    return SCENARIOS[name]
