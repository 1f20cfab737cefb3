# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process on the moved clock that runs modules, one after the other: a line of JSON in, a line of JSON out.

In   {"module", "params", "writes", "dies_at"}: dies_at, if it is there, is [n, "before" or "after"]: the process kills itself when its
     n-th request from now on that writes is about to be sent, or has been carried out. writes: the names of the cloud's writing calls.
Out  the module's result
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import Any

import requests

from tests.conftest import link_collection
from tests.support.modules import run_module

link_collection()


class Mortal:
    """Stands in for requests' sending, and ends the process in the middle of it, as a power cut does: nothing is cleaned up."""

    def __init__(self) -> None:
        self._send, self._lock, self.writes = requests.Session.request, threading.Lock(), frozenset()
        self.left, self.when = 0, ""

        def request(session: requests.Session, *args: Any, **kwargs: Any) -> Any:
            return self.request(session, *args, **kwargs)

        requests.Session.request = request

    def arm(self, order: dict[str, Any]) -> None:
        self.left, self.when = order.get("dies_at", (self.left, self.when))
        self.writes = frozenset(order["writes"])

    def request(self, session: Any, *args: Any, **kwargs: Any) -> Any:
        mine = self._is_the_one(args, kwargs)
        if mine and self.when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = self._send(session, *args, **kwargs)
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    def _is_the_one(self, args: Any, kwargs: Any) -> bool:
        name = (kwargs.get("headers") or {}).get("x-acs-action")
        # calls without a name are AIRec's, by path
        writing = name in self.writes if name else (args or ("",))[0] in ("POST", "PUT") and not str(args[1]).endswith("/status")
        with self._lock:
            if not writing or not self.left:
                return False
            self.left -= 1
            return self.left == 0


def main() -> None:
    mortal, out = Mortal(), os.fdopen(os.dup(1), "w", encoding="utf-8")
    for line in sys.stdin:
        order = json.loads(line)
        mortal.arm(order)
        result = run_module(order["module"], order["params"])
        out.write(json.dumps(result) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
