# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module documents as returned is what it returns: no more, no less."""

from __future__ import annotations

import importlib
import pathlib

import pytest
import yaml

from tests.support.modules import connection, run_module
from tests.unit.modules.test_cas_deploy import IMG, WEB, Stage

ROOT = pathlib.Path(__file__).resolve().parents[3]
ANSIBLE = {"changed", "failed", "diff", "invocation", "warnings", "deprecations", "msg"}
ELSEWHERE = {"tls_verify"}  # needs no cloud; tests/unit/tls looks at its results


def documented(name):
    return yaml.safe_load(importlib.import_module("ansible_collections.daas.https.plugins.modules." + name).RETURN)


def keys(value, contains, path=""):
    """The paths of all keys of a result, as far down as the documentation describes keys."""
    found = set()
    for key, item in value.items():
        here, below = path + key, (contains.get(key) or {}).get("contains")
        found.add(here)
        for part in (item if isinstance(item, list) else [item]) if below else ():
            if isinstance(part, dict):
                found |= keys(part, below, here + ".")
    return found


def described(contains, path=""):
    found = set()
    for key, item in contains.items():
        found |= {path + key} | described(item.get("contains") or {}, path + key + ".")
    return found


def cas_certificate(stage):
    made = stage.materials
    options = dict(connection(stage.handle), name="shop", certificate=made.unrelated.chain_pem, private_key=made.unrelated.key_pem,
                   ca_path=stage.handle.ca_path)
    return "cas_certificate", [options]


def cas_certificate_info(stage):
    return "cas_certificate_info", [dict(connection(stage.handle), details=True)]


def cas_deploy(stage):
    return "cas_deploy", [stage.options(dict(WEB, slot="default"), IMG)]


RUNS = [cas_certificate, cas_certificate_info, cas_deploy]


@pytest.mark.parametrize("make", RUNS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("check", [False, True])
def test_documented_is_returned(cloud, materials, make, check):
    name, runs = make(Stage(cloud, materials))
    contains, seen = documented(name), set()
    for options in runs:
        result = run_module(name, options, check=check)
        assert not result["failed"], result["msg"]
        seen |= keys({key: value for key, value in result.items() if key not in ANSIBLE}, contains)
    assert seen == described(contains)
