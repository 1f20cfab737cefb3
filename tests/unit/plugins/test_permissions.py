# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One registry of actions: what _api declares, what it is for, what the README says, and what the cloud asks for are the same."""

from __future__ import annotations

import importlib
import json
import pathlib
import re

import pytest
import yaml
from ansible_collections.daas.https.plugins.module_utils import _permissions
from ansible_collections.daas.https.plugins.module_utils._domain import permissions
from ansible_collections.daas.https.plugins.module_utils._domain.permissions import USES
from ansible_collections.daas.https.plugins.module_utils._targets.registry import TARGETS

from tests.emulator.products import products as emulated

ROOT = pathlib.Path(__file__).resolve().parents[3]
API = "ansible_collections.daas.https.plugins.module_utils._api."
WHERE = "plugins/module_utils/_domain/permissions.py"
# Hosts that have everything, so that every use of a playbook comes up.
EVERYTHING = [dict(
    edge_resources=[
        *[dict(service=service, region="cn-hangzhou", instance="x-1", domain="www.example.com")
          for service in (*permissions.SLOTTED, *permissions.BOUND)],
        dict(service="waf", domain="www.example.com"), dict(service="waf", instance="x-1", listener_port=443)],
    edge_https_options={service: {"http2": True} for service in ("slb", "alb", "nlb", "cdn", "dcdn")},
    edge_discover=dict(services=["ga", "waf", "oss"]), app_host_method="cloud_assistant",
    airec_region="cn-hangzhou", airec_auth="signature",
    certificate_source=source, certificate_order_paid=True, edge_method=method,
    daas_https_connection=dict(assume_role=dict(role_arn="acs:ram::1000000000000002:role/x")))
    for source in ("pem", "cas", "order", "acme") for method in ("auto", "deployment_job", "cloud_resource")]
EVERYTHING.append(dict(edge_resources=[dict(service="FC", domain="www.example.com")], edge_method="cloud_resource"))


def used(product):
    return {action for actions in USES[product].values() for action in actions}


def test_every_file_of_api_that_declares_actions_is_in_the_registry():
    files = [importlib.import_module(API + path.stem) for path in sorted((ROOT / "plugins" / "module_utils" / "_api").glob("*.py"))
             if path.stem != "__init__"]
    declared = {(product.name, action) for file in files for product in (getattr(file, "PRODUCT", None), *getattr(file, "PRODUCTS", ()))
                if product for action in product.actions}
    known = {(product.name, action) for product in _permissions.PRODUCTS.values() for action in product.actions}
    lacking = sorted(declared - known)
    assert not lacking, "add the file's PRODUCT to DECLARED of plugins/module_utils/_permissions.py; it lacks {0}".format(lacking)


@pytest.mark.parametrize("product", sorted(_permissions.PRODUCTS))
def test_every_action_has_a_use(product):
    lacking = sorted(set(_permissions.PRODUCTS[product].actions) - used(product))
    assert not lacking, "{0} of {1} is for nothing: say in USES of {2} what for, and in needed() who needs that".format(
        ", ".join(lacking), product, WHERE)


@pytest.mark.parametrize("product", sorted(USES))
def test_no_use_has_an_action_that_is_not_declared(product):
    gone = sorted(used(product) - set(_permissions.PRODUCTS[product].actions))
    assert not gone, "USES of {0} has {1}, which no file of _api declares for {2}".format(WHERE, ", ".join(gone), product)


def test_every_use_is_somebodys():
    reached = permissions.needed(EVERYTHING, permissions.PLAYBOOKS, permissions.LISTED) | {("sts", "assume")} | permissions.MODULES_ONLY
    known = {(product, use) for product, uses in USES.items() for use in uses}
    assert reached <= known, "needed() of {0} names uses that USES does not have: {1}".format(WHERE, sorted(reached - known))
    lacking = sorted(known - reached)
    assert not lacking, "no playbook needs {0}: say in needed() of {1} which does, or add it to MODULES_ONLY".format(lacking, WHERE)


def test_the_readme_has_the_same_table():
    text = (ROOT / "README.md").read_text(encoding="utf-8").split("\n## Permissions\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| `")]
    written = {re.findall("`(.+?)`", row[0])[0]: tuple(sorted(re.findall("`(.+?)`", cell)) for cell in row[1:3]) for row in rows}
    registry = {name: tuple(sorted(product.ram_action(action) for action, what in product.actions.items() if what.writes == writes)
                            for writes in (False, True)) for name, product in _permissions.PRODUCTS.items()}
    assert written == registry


def test_the_readme_names_what_is_wanted_beside_a_call():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert not [name for names in _permissions.BESIDE.values() for name in names if "`{0}`".format(name) not in text]


def test_the_cloud_asks_for_the_same_names():
    """The emulator shares no code with the plugins, so that both have to be right."""
    asked = {(name, item.name): "{0}:{1}".format(product.ram, getattr(item, "ram", "") or item.name)
             for name, product in emulated().items() for item in product.operations}
    ours = {(name, action): product.ram_action(action) for name, product in _permissions.PRODUCTS.items() for action in product.actions}
    assert ours and {key: asked.get(key) for key in ours} == ours


def test_the_drivers_are_those_of_the_registry():
    assert set(permissions.DRIVEN) == set(TARGETS)
    assert set(permissions.IDENTIFIED) == {name for name, target in TARGETS.items() if target.IDENTIFIER}


def test_the_inventory_plugin_lists_the_same_services():
    text = importlib.import_module("ansible_collections.daas.https.plugins.inventory.alicloud").DOCUMENTATION
    assert set(permissions.LISTED) == set(yaml.safe_load(text)["options"]["services"]["choices"])


def test_the_defaults_are_those_of_the_roles():
    roles = {}
    for path in (ROOT / "roles").glob("*/defaults/main.yml"):
        roles.update(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    assert permissions.DEFAULTS == {name: roles.get(name) for name in permissions.DEFAULTS}


def test_a_policy_of_everything_is_short_enough_for_ram():
    policy = _permissions.policy_of(EVERYTHING, permissions.PLAYBOOKS, listed=permissions.LISTED)
    assert len(json.dumps(policy, separators=(",", ":"))) <= _permissions.LONGEST
