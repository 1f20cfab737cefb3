# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the README promises is what the code does: permissions, standing of the calls, what is in the collection."""

from __future__ import annotations

import importlib
import pathlib
import re

import pytest
import yaml

from tests.emulator.services import SERVICES

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
API = ROOT / "plugins" / "module_utils" / "_api"


def products():
    """Every Product that a file of _api declares, by name."""
    prefix = "ansible_collections.daas.https.plugins.module_utils._api."
    files = [importlib.import_module(prefix + path.stem) for path in API.glob("*.py") if path.stem != "__init__"]
    found = [product for file in files for product in (getattr(file, "PRODUCT", None), *getattr(file, "PRODUCTS", ()))]
    # of a product that is declared in parts all of them together
    whole = {}
    for product in filter(None, found):
        known = whole.get(product.name, product)
        whole[product.name] = product._replace(actions={**known.actions, **product.actions})
    return whole


def section(title):
    return README.split("\n## {0}\n".format(title))[1].split("\n## ")[0]


def rows(title):
    """Cells of the table in a section, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def codes(cell):
    return re.findall(r"`([^`]+)`", cell)


def test_the_permissions_are_those_of_the_code():
    declared = {name: (sorted({product.ram_action(action) for action, what in product.actions.items() if not what.writes}),
                       sorted({product.ram_action(action) for action, what in product.actions.items() if what.writes}))
                for name, product in products().items()}
    written = {codes(row[0])[0]: (sorted(codes(row[1])), sorted(codes(row[2]))) for row in rows("Permissions")}
    assert written == declared


def test_no_permission_is_asked_for_in_vain():
    """A call that is declared is made somewhere: its name stands in the code once more than in its declaration."""
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "plugins" / "module_utils").rglob("*.py"))
    declared = {action for product in products().values() for action in product.actions}
    assert not sorted(action for action in declared if code.count('"{0}"'.format(action)) < 2)


def test_every_product_is_there():
    assert set(SERVICES) == set(products())


def test_what_is_not_documented_by_the_vendor_is_called_so():
    declared = {action: what.standing for product in products().values() for action, what in product.actions.items()
                if what.standing != "documented"}
    calls = {call: row[1] for row in rows("What the calls rest on") for call in codes(row[0]) if call[0].isupper()}
    assert calls == declared


@pytest.mark.parametrize(("kind", "names"), [
    ("modules", [path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if path.stem != "__init__"]),
    ("filters", [path.stem for path in (ROOT / "plugins" / "filter").glob("*.py") if path.stem != "__init__"]),
    ("lookups", ["daas.https." + path.stem for path in (ROOT / "plugins" / "lookup").glob("*.py") if path.stem != "__init__"]),
    ("inventory plugins", ["daas.https." + path.stem for path in (ROOT / "plugins" / "inventory").glob("*.py")]),
    ("playbooks", ["daas.https." + path.stem for path in (ROOT / "playbooks").glob("*.yml")]),
])
def test_what_is_in_the_collection_is_in_its_readme(kind, names):
    inside = {word for row in rows("What is in it") for word in codes(row[0])}
    assert names and not set(names) - inside, kind


def test_roles_are_linked():
    assert set(re.findall(r"\]\(roles/(\w+)/README\.md\)", README)) == {path.name for path in (ROOT / "roles").iterdir() if path.is_dir()}


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_links_lead_somewhere(target):
    assert (ROOT / target).exists()


def test_commands_are_those_of_the_makefile():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)`", README)) | {"demo"} <= targets


def test_versions_are_those_of_the_metadata():
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    assert "daas-https-{0}.tar.gz".format(galaxy["version"]) in README
    assert "ansible-core {0} or newer".format(runtime["requires_ansible"].lstrip(">=").removesuffix(".0")) in README


def test_variables_of_roles_that_the_readme_names_exist():
    known = {name for path in (ROOT / "roles").glob("*/meta/argument_specs.yml")
             for name in yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]}
    roles = "|".join(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
    named = set(re.findall(r"(?<![\w.])((?:{0})_[a-z_]+)\b".format(roles), README))
    modules = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")}
    assert named and not named - known - modules


def test_every_target_has_its_guide_and_its_emulated_service():
    """What the registry has is described, emulated, and the other way round."""
    registry = importlib.import_module("ansible_collections.daas.https.plugins.module_utils._targets.registry")
    guide = (ROOT / "docs" / "deployment_targets.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^## ([a-z]+)$", guide, re.MULTILINE))
    assert described == set(registry.TARGETS)
    assert {target.PRODUCT.name for target in registry.TARGETS.values()} <= set(SERVICES)
    assert "docs/deployment_targets.md" in README
