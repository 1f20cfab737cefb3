# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: the next call of an action meets one, so many times, after so many calls."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree

from .server import CUT_MIDWAY, CUT_NOW, Reply
from .state import CloudError

# Kind -> what happens.
KINDS = {
    "error": "refused with `code`, `status` (400), `message`, `retry_after` (milliseconds); nothing is done",
    "refuse_before": "the connection is cut before anything is done",
    "cut_after": "the call is carried out, then the connection is cut instead of an answer",
    "cut_mid_body": "the call is carried out, half of the answer comes, then the connection is cut",
    "delay": "the call waits `seconds` before it is carried out",
    "html": "HTTP 502 with a page of HTML, as a proxy answers; nothing is done",
    "truncated_json": "the call is carried out, and half of the answer comes as if it were all of it",
    "drop_field": "the call is carried out, and the field `name` is missing from the answer, wherever it stands",
    "redirect": "HTTP 302 to another host; nothing is done",
}
# What each kind takes besides product, action, times and after.
EXTRAS: dict[str, dict[str, type]] = {
    "error": {"code": str, "status": int, "message": str, "retry_after": int}, "delay": {"seconds": float}, "drop_field": {"name": str},
}
WANTED = {"error": "code", "delay": "seconds", "drop_field": "name"}
MOVED = b"<html><head><title>302 Found</title></head><body><a href=\"https://www.example.com/elsewhere\">Found</a></body></html>\n"
PAGE = b"<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>\n"


@dataclasses.dataclass
class Fault:
    """One order for trouble. fired: how often it has struck."""

    kind: str
    product: str = "*"
    action: str = "*"
    times: int = 1
    after: int = 0
    code: str = ""
    status: int = 400
    message: str = "The request was refused on demand."
    retry_after: int = 0
    seconds: float = 0.0
    name: str = ""
    fired: int = 0
    skipped: int = 0

    @classmethod
    def parse(cls, spec: Mapping[str, Any]) -> Fault:
        """ValueError says what is wrong with the order."""
        kind = spec.get("kind")
        if kind not in KINDS:
            raise ValueError("kind is one of {0}".format(", ".join(KINDS)))
        takes = {"kind": str, "product": str, "action": str, "times": int, "after": int, **EXTRAS.get(kind, {})}
        for name, value in spec.items():
            if name not in takes:
                raise ValueError("the kind {0} does not take {1}; it takes {2}".format(kind, name, ", ".join(takes)))
            wanted = (int, float) if takes[name] is float else takes[name]
            if not isinstance(value, wanted) or isinstance(value, bool):
                raise ValueError("{0} takes a value of type {1}".format(name, takes[name].__name__))
        if kind in WANTED and not spec.get(WANTED[kind]):
            raise ValueError("the kind {0} wants {1}".format(kind, WANTED[kind]))
        fault = cls(**spec)
        if fault.times < 1 or fault.after < 0 or fault.seconds < 0 or not 400 <= fault.status <= 599:
            raise ValueError("times is from 1 on, after and seconds from 0 on, status from 400 to 599")
        return fault

    def shown(self) -> dict[str, Any]:
        """The fields that count for the kind, and how often it has fired."""
        names = ("kind", "product", "action", "times", "after", *EXTRAS.get(self.kind, {}), "fired")
        return {name: getattr(self, name) for name in names}

    def fits(self, product: str, action: str) -> bool:
        return self.product in ("*", product) and self.action in ("*", action) and self.fired < self.times

    def before(self, wait: Callable[[float], Any]) -> Reply | None:
        """What happens before the call is carried out; a Reply says that it is not carried out at all."""
        if self.kind == "error":
            raise CloudError(self.code, self.message, self.status, retry_after=self.retry_after)
        if self.kind == "delay":
            wait(self.seconds)
        return {
            "refuse_before": Reply(0, cut=CUT_NOW),
            "html": Reply(502, PAGE, "text/html"),
            "redirect": Reply(302, MOVED, "text/html", {"Location": "https://www.example.com/elsewhere"}),
        }.get(self.kind)

    def distort(self, reply: Reply) -> Reply:
        """What the caller gets to see of an answer."""
        if self.kind == "cut_after":
            return dataclasses.replace(reply, cut=CUT_NOW)
        if self.kind == "cut_mid_body":
            return dataclasses.replace(reply, cut=CUT_MIDWAY)
        if self.kind == "truncated_json":
            return dataclasses.replace(reply, body=reply.body[:len(reply.body) // 2])
        if self.kind == "drop_field":
            return dataclasses.replace(reply, body=_without(reply, self.name))
        return reply


class Faults:
    """The orders in force. `known(product, action)` says whether there is such a call. Safe to call from any thread."""

    def __init__(self, known: Callable[[str, str], bool]) -> None:
        self._known = known
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, spec: Mapping[str, Any]) -> Fault:
        """ValueError for an order that could never be carried out."""
        fault = Fault.parse(spec)
        if not self._known(fault.product, fault.action):
            raise ValueError("there is no action {0} of {1}".format(fault.action, fault.product))
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(self, product: str, action: str) -> Fault | None:
        """The fault that strikes this call; it counts as fired."""
        with self._lock:
            for fault in self._faults:
                if fault.fits(product, action):
                    if fault.skipped < fault.after:
                        fault.skipped += 1
                        continue
                    fault.fired += 1
                    return fault
        return None

    def all(self) -> list[dict[str, Any]]:
        with self._lock:
            return [fault.shown() for fault in self._faults]

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()


def _without(reply: Reply, name: str) -> bytes:
    """The body of an answer less every field, or in XML every element, of that name."""
    if reply.media != "application/xml" or not reply.body:
        return json.dumps(without(json.loads(reply.body), name), ensure_ascii=False).encode() if reply.body else b""
    root = ElementTree.fromstring(reply.body)
    for parent in list(root.iter()):
        for child in parent.findall(name):
            parent.remove(child)
    return ElementTree.tostring(root, encoding="utf-8")


def without(data: Any, name: str) -> Any:
    """JSON data less every field of that name."""
    if isinstance(data, dict):
        return {key: without(value, name) for key, value in data.items() if key != name}
    return [without(item, name) for item in data] if isinstance(data, list) else data
