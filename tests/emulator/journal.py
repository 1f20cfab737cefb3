# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was asked of the cloud and what it did, without a single secret."""

from __future__ import annotations

import collections
import dataclasses
import threading
from typing import Any

KEPT = 100_000
HIDDEN = "***"
# Parameters whose values are secrets, in RPC calls and in AIRec's form.
SECRET = frozenset(("Key", "PrivateKey", "EncryptPrivateKey", "SignPrivateKey", "SSLPri", "SecurityToken", "AccessKeySecret", "key"))


@dataclasses.dataclass
class Entry:
    """One call. status is None when the connection was cut instead of an answer; code is "" when the call went well.

    committed  the handler ran and returned: what a writing call wanted is done, whatever the caller has seen
    fault      the kind of the injected fault that struck the call
    stale      the answer is one from before the last write
    """

    time: str
    product: str
    action: str
    writes: bool = False
    provenance: str = ""
    principal: str = ""
    params: dict[str, Any] = dataclasses.field(default_factory=dict)
    status: int | None = None
    code: str = ""
    request_id: str = ""
    fault: str | None = None
    stale: bool = False
    committed: bool = False
    seq: int = 0


class Journal:
    """The last calls, in the order in which they were carried out or refused. Safe to call from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: collections.deque[Entry] = collections.deque(maxlen=KEPT)
        self._seq = 0

    def add(self, entry: Entry) -> None:
        with self._lock:
            self._seq += 1
            entry.seq = self._seq
            self._entries.append(entry)

    def entries(self, writes: bool | None = None) -> list[dict[str, Any]]:
        with self._lock:
            return [dataclasses.asdict(entry) for entry in self._entries if writes is None or entry.writes == writes]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


def shown(name: str, value: Any) -> Any:
    """A parameter's value as the journal may hold it. A private key is recognised wherever a confused client has put it."""
    return HIDDEN if name in SECRET or "PRIVATE KEY" in str(value) else value
