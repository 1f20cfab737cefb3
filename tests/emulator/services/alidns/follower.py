# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A name server elsewhere that shows what the zones hold: it is told of each change before the call that makes it is answered."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from ...state import CloudError


def tell(url: str, zone: str, sets: list[dict[str, Any]]) -> None:
    """Post {"zone": …, "sets": [{"name", "type", "values": all that are there now}]}. CloudError when it is not taken."""
    body = json.dumps({"zone": zone, "sets": sets}).encode()
    request = urllib.request.Request(url, method="POST", data=body, headers={"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is on loopback; no proxy may see it
    try:
        with opener.open(request, timeout=20) as answer:
            answer.read()
    except OSError as exc:
        raise CloudError("InternalError", "The follower of the zone {0} did not take it: {1}.".format(zone, exc), 500) from exc
