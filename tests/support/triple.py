# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test that every module which changes something must pass: check, run, run again."""

from __future__ import annotations

import functools
import json
from typing import Any

from tests.support.leaks import needles
from tests.support.modules import run_module

OTHERS = {"invocation", "diff"}  # what Ansible adds, and what is compared by itself
FREE = {"tags", "previous", "current", "job"}  # dicts whose keys are data, or that a prediction may not have

pieces = functools.cache(needles)


def triple(handle: Any, name: str, params: dict[str, Any], keys: tuple[str, ...] = ()) -> tuple[Any, Any, Any]:
    """(the prediction, the real result, the result of the second run), all of which hold what they must.

    handle: an emulator; keys: the private keys in PEM that must be nowhere in results and journal.
    """
    check, writes = observed(handle, name, params, check=True)
    assert writes == [], "check mode wrote"
    real, writes = observed(handle, name, params)
    for result in (check, real):
        assert not result["failed"], result["msg"]
    assert sorted(writes) == sorted((action["product"], action["action"]) for action in real["actions"])
    for key in ("changed", "diff", "actions"):
        assert check[key] == real[key], "predicted {0}".format(key)
    assert shape(check) == shape(real)
    seen = json.dumps([check, real, handle.journal()])
    again, writes = observed(handle, name, params)
    assert not again["failed"] and again["changed"] is False and again["actions"] == [] and writes == []
    assert again["diff"]["before"] == again["diff"]["after"]
    assert set(again) == set(real)
    assert not leaked(seen + json.dumps([again, handle.journal()]), keys)
    return check, real, again


def observed(handle: Any, name: str, params: dict[str, Any], check: bool = False) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The module's result, and the writing calls that it made, as (product, action); refused ones do not count."""
    handle.forget()
    result = run_module(name, params, check=check)
    return result, [(entry["product"], entry["action"]) for entry in handle.journal(writes=True) if entry["committed"]]


def shape(value: Any) -> Any:
    """The keys of a result, down to the leaves; of a list, the shapes of its items."""
    if isinstance(value, dict):
        return {key: None if key in FREE else shape(item) for key, item in value.items() if key not in OTHERS}
    return [shape(item) for item in value if isinstance(item, dict)] if isinstance(value, list) else None


def leaked(text: str, keys: tuple[str, ...]) -> list[str]:
    """Pieces of private keys that the text holds."""
    return [piece.decode("latin-1") for key in keys for piece in pieces(key) if piece in text.encode()]
