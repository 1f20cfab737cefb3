# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One load balancer in each region, one AIRec instance, an empty zone: nothing is bound anywhere."""

from __future__ import annotations

import pathlib
from typing import Any

from . import demo


def seed(cloud: Any) -> None:
    for number, region in enumerate(("cn-hangzhou", "cn-shanghai"), 1):
        cloud.slb.add_load_balancer("lb-empty{0}".format(number), region, address="203.0.113.{0}".format(number))
    cloud.cas.add_contact("Operations", "operations@example.com")
    cloud.alidns.add_zone("example.com")
    cloud.airec.add_instance("airec-cn-empty01", "cn-hangzhou")


def files(cloud: Any, directory: pathlib.Path) -> dict[str, str]:
    """The same files as in the demo."""
    return demo.files(cloud, directory)
