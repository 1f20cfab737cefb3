# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulated products: a folder each, with actions (the wire), models (rules and storage) and errors (the vendor's codes).

actions has VERSION, RAM, SDK and ACTIONS; a new product is a folder and a line in SERVICES.
"""

from __future__ import annotations

import importlib
from typing import Any

# Name (that of the folder, of its state in the Cloud, and of its endpoint) -> the class in its models; in the order of their ports.
SERVICES = {
    "cas": "Cas",
    "slb": "Slb",
    "cdn": "Cdn",
    "alidns": "AliDns",
    "ecs": "Ecs",
    "airec": "Airec",
    "alb": "Alb",
    "nlb": "Nlb",
    "dcdn": "Dcdn",
    "live": "Live",
    "esa": "Esa",
    "ga": "Ga",
    "waf": "Waf",
    "sts": "Sts",
    "oss": "Oss",
}
ROA = ("airec", "oss")  # these have routes of their own, with JSON or XML; all others are RPC
REGIONAL = ("alb", "nlb")  # these have an endpoint in each region that shows only that region; their state has regions()


def actions_of(name: str) -> Any:
    """The module with the service's calls."""
    return importlib.import_module("{0}.{1}.actions".format(__name__, name))


def state_of(name: str, cloud: Any) -> Any:
    """The service's state in a new account."""
    return getattr(importlib.import_module("{0}.{1}.models".format(__name__, name)), SERVICES[name])(cloud)
