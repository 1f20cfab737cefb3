# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ALB's and NLB's calls have in common: pages by token, parameters that are nested, tags, the region of an endpoint."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from ..rpc import COMMON, Call, Param

HOME = "cn-hangzhou"  # the region of the endpoint that names none
READ: dict[str, Callable[[str], Any]] = {"integer": int, "boolean": lambda text: text.lower() == "true", "json": json.loads}


Handler = Callable[[Any, Call], "dict[str, Any]"]


def once(handler: Handler) -> Handler:
    """A writing call that honours ClientToken: what was answered before is answered again, and nothing is done."""
    @functools.wraps(handler)
    def answer(cloud: Any, call: Call) -> dict[str, Any]:
        service = getattr(cloud, call.product)
        return service.repeated(call) or service.remember(call, handler(cloud, call))

    return answer


def region_of(call: Call) -> str:
    """The region whose endpoint was called."""
    return call.region or HOME


def token_page(cloud: Any, call: Call, rows: list[Any], limit: int,
               illegal: Callable[[str], Exception]) -> tuple[list[Any], dict[str, Any]]:
    """(rows of the page that NextToken stands for, TotalCount, MaxResults and NextToken as answers have them)."""
    size, token = call.number("MaxResults", 20), call.text("NextToken")
    if not 1 <= size <= limit:
        raise illegal("MaxResults")
    try:
        start = int(token or "0", 16)
    except ValueError:
        raise illegal("NextToken") from None
    size = min(size, cloud.setting("page_cap") or size)
    end = start + size
    following = "{0:032x}".format(end) if end < len(rows) else ""
    return rows[start:end], {"TotalCount": len(rows), "MaxResults": size, "NextToken": following}


def tree(call: Call, params: tuple[Param, ...]) -> dict[str, Any]:
    """The parameters of a call as the SDK's models have them: nested, with lists for what is numbered, in the declared types."""
    root: dict[str, Any] = {}
    for name, value in call.params.items():
        param = next((param for param in params if param.pattern.fullmatch(name)), None)
        if param is None or (value == "" and param.kind != "string"):
            continue
        *way, last = name.split(".")
        place = root
        for part in way:
            place = place.setdefault(part, {})
        place[last] = READ.get(param.kind, str)(value)
    return _with_lists(root)


def _with_lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(name.isdigit() for name in node):
        return [_with_lists(node[name]) for name in sorted(node, key=int)]
    return {name: _with_lists(value) for name, value in node.items()}


def tags_of(call: Call) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value", "") for tag in call.list("Tag") if tag.get("Key")}


def tagged(call: Call, tags: dict[str, str]) -> bool:
    """Whether these tags are what the call asks for; a key without a value asks for the key."""
    return all(key in tags and value in ("", tags[key]) for key, value in tags_of(call).items())


def among(call: Call, name: str, value: str) -> bool:
    """Whether a value is in a list that the call may ask for."""
    return not call.list(name) or value in call.list(name)


def filled(row: dict[str, Any]) -> dict[str, Any]:
    """A row without the lists and texts that are empty."""
    return {name: value for name, value in row.items() if value not in ([], "", None)}


def time_text(moment: datetime | None) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def content(call: Call) -> Any:
    """What makes two calls the same for a ClientToken."""
    return call.action, {name: value for name, value in call.params.items() if name != "ClientToken" and name not in COMMON}
