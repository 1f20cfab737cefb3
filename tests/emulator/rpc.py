# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RPC calls: what an action takes, checked before its handler sees it, and what a handler is given."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from typing import Any

from .state import CloudError

# Parameters that every action of every product takes and that nothing here depends on.
COMMON = frozenset(("OwnerId", "OwnerAccount", "ResourceOwnerId", "ResourceOwnerAccount", "Lang", "SourceIp", "UserClientIp"))


@dataclasses.dataclass(frozen=True)
class Param:
    """A parameter of an action. `name` has N for the number of a list's item: "Tags.N.Key". kind: string, integer, boolean or json."""

    name: str
    kind: str = "string"
    required: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.escape(self.name).replace(r"\.N", r"\.[1-9][0-9]*"))


def declare(text: str) -> tuple[Param, ...]:
    """Parameters out of a list of names; "!" behind one says that it is required, ":integer" and the like its kind."""
    found = []
    for word in text.split():
        name, _colon, kind = word.partition(":")
        found.append(Param(name.rstrip("!"), kind or "string", name.endswith("!")))
    return tuple(found)


@dataclasses.dataclass(frozen=True)
class Action:
    """A cloud action. `handler(cloud, request)` returns the reply without RequestId, or raises CloudError.

    provenance  documented (vendor's SDK or reference), specified or assumed; doc_ref says where
    """

    name: str
    handler: Callable[[Any, Any], dict[str, Any]]
    params: tuple[Param, ...]
    writes: bool = False
    provenance: str = "documented"
    doc_ref: str = ""
    ram: str = ""  # its name among the RAM actions, where that is another one

    def check(self, values: dict[str, str]) -> None:
        """CloudError for an unknown, missing or ill-typed parameter; never a friendly guess."""
        for name, value in values.items():
            param = next((param for param in self.params if param.pattern.fullmatch(name)), None)
            if param is None and name not in COMMON:
                raise CloudError("InvalidParameter", "{0} does not know the parameter {1}.".format(self.name, name))
            if param and value != "" and not _fits(param.kind, value):
                raise CloudError("InvalidParameter", "The parameter {0} of {1} must be of type {2}.".format(name, self.name, param.kind))
        for param in self.params:
            if param.required and not any(param.pattern.fullmatch(name) and value != "" for name, value in values.items()):
                plain = param.name.split(".")[0]
                raise CloudError("Missing" + plain, "{0} is mandatory for this action.".format(plain))


def _fits(kind: str, value: str) -> bool:
    if kind == "integer":
        return re.fullmatch(r"-?[0-9]{1,19}", value) is not None
    if kind == "boolean":
        return value.lower() in ("true", "false")
    if kind == "json":
        try:
            json.loads(value)
        except ValueError:
            return False
    return True


@dataclasses.dataclass(frozen=True)
class Call:
    """A checked RPC call as its handler gets it. `params` is flat: query and form together; `principal` is who signed.

    region  of the endpoint that was called; empty for products with one endpoint
    """

    product: str
    action: str
    params: dict[str, str]
    principal: str = ""
    region: str = ""

    def text(self, name: str, default: str = "") -> str:
        return self.params.get(name, default)

    def number(self, name: str, default: int = 0) -> int:
        return int(self.params.get(name) or default)

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.params.get(name) or ""
        return value.lower() == "true" if value else default

    def list(self, name: str) -> list[Any]:
        """Name.1, Name.2, … as values, or Name.1.Key, … as dicts, in the order of their numbers."""
        found: dict[int, Any] = {}
        for key, value in self.params.items():
            match = re.fullmatch(re.escape(name) + r"\.([0-9]+)(?:\.(.+))?", key)
            if match and match.group(2):
                found.setdefault(int(match.group(1)), {})[match.group(2)] = value
            elif match:
                found[int(match.group(1))] = value
        return [found[number] for number in sorted(found)]


def numbered_page(cloud: Any, call: Call, rows: list[Any], page_name: str, size_name: str, default: int,
                  limit: int) -> tuple[list[Any], int, int]:
    """(rows of the wanted page, page number, page size in force)."""
    page, size = call.number(page_name, 1), call.number(size_name, default)
    if page < 1 or not 1 <= size <= limit:
        raise CloudError("InvalidParameter", "{0} must be from 1 on, and {1} from 1 to {2}.".format(page_name, size_name, limit))
    size = min(size, cloud.setting("page_cap") or size)
    return rows[(page - 1) * size:page * size], page, size
