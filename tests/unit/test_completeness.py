# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is half there: what each module, role and playbook of the collection must have, asked of all that exist."""

from __future__ import annotations

import importlib
import pathlib
import re

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if path.name != "__init__.py")
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
FILTERS = sorted(path.stem for path in (ROOT / "plugins" / "filter").glob("*.py") if path.name != "__init__.py")
INVENTORIES = sorted(path.stem for path in (ROOT / "plugins" / "inventory").glob("*.py") if path.name != "__init__.py")

OUTSIDE_THE_GROUP = dict.fromkeys(("tls_report", "tls_verify"), "calls no cloud API, so that it has no connection options to share")
# Words of the inventory that several roles read; all other variables carry their role's name.
SHARED_VARIABLES = {"https_endpoints", "daas_https_connection", "edge_resources"}
# What a name like this holds is a secret, and what merely looks like one must say that it is not.
SECRET = re.compile(r"(secret|token|passphrase|password|private_key)$")
SMELLS = re.compile(r"key|secret|token|passphrase|password")


def text(*parts):
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


def document(*parts):
    return yaml.safe_load(text(*parts))


def module(name):
    return importlib.import_module("ansible_collections.daas.https.plugins.modules." + name)


def documentation(name):
    return yaml.safe_load(module(name).DOCUMENTATION)


def options(spec, prefix=""):
    """(path, option) of a module's argument_spec, suboptions too."""
    for name, option in spec.items():
        yield prefix + name, option
        yield from options(option.get("options") or {}, prefix + name + ".")


def test_the_folders_are_filled():
    assert len(MODULES) >= 3 and len(ROLES) >= 3 and len(PLAYBOOKS) >= 2


@pytest.mark.parametrize("name", MODULES)
def test_a_module_documents_itself(name):
    documented = documentation(name)
    assert documented["module"] == name and documented["version_added"] and documented["author"]
    assert {"check_mode", "diff_mode"} <= set(documented["attributes"])
    assert all(attribute.get("support") for attribute in documented["attributes"].values())
    examples = yaml.safe_load(module(name).EXAMPLES)
    assert any("daas.https." + name in task for task in examples), "no example uses the module"
    for key, value in yaml.safe_load(module(name).RETURN).items():
        assert value.get("description") and value.get("returned") and value.get("type"), key


@pytest.mark.parametrize("name", MODULES)
def test_a_module_supports_check_mode(name):
    assert "supports_check_mode=True" in text("plugins", "modules", name + ".py")
    assert documentation(name)["attributes"]["check_mode"]["support"] == "full"


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_in_the_action_group_or_says_why_not(name):
    grouped = name in document("meta", "runtime.yml")["action_groups"]["alicloud"]
    says_so = "daas.https.attributes.action_group" in documentation(name)["extends_documentation_fragment"]
    assert grouped == says_so == (name not in OUTSIDE_THE_GROUP)


def test_the_action_group_names_modules_that_exist():
    assert set(document("meta", "runtime.yml")["action_groups"]["alicloud"]) | set(OUTSIDE_THE_GROUP) == set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_tested_alone_and_in_a_playbook(name):
    assert list((ROOT / "tests" / "unit").rglob("test_{0}*.py".format(name))), "tests/unit has no test_{0}.py".format(name)
    mention = re.compile(r"\b{0}\b".format(name))
    assert any(mention.search(path.read_text(encoding="utf-8")) for path in (ROOT / "tests" / "e2e").rglob("*.py"))


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_is_tested(name):
    assert list((ROOT / "tests" / "unit").rglob("test_{0}*.py".format(name)))


@pytest.mark.parametrize("name", INVENTORIES)
def test_an_inventory_plugin_documents_itself(name):
    plugin = importlib.import_module("ansible_collections.daas.https.plugins.inventory." + name)
    documented = yaml.safe_load(plugin.DOCUMENTATION)
    assert (documented["name"], plugin.InventoryModule.NAME) == (name, "daas.https." + name)
    assert documented["version_added"] and documented["author"] and documented["options"]["plugin"]["choices"] == ["daas.https." + name]
    assert {"constructed", "inventory_cache"} <= set(documented["extends_documentation_fragment"])
    examples = list(yaml.safe_load_all(plugin.EXAMPLES))
    assert examples and all(example["plugin"] == "daas.https." + name for example in examples)
    known = set(documented["options"]) | {"compose", "groups", "keyed_groups", "cache"} | set(connection_options())
    assert not [option for example in examples for option in example if option not in known]


@pytest.mark.parametrize("name", INVENTORIES)
def test_an_inventory_plugin_is_tested_alone_and_by_the_command_and_has_an_example(name):
    assert list((ROOT / "tests" / "unit").rglob("test_{0}*.py".format(name))), "tests/unit has no test_{0}*.py".format(name)
    assert any("ansible-inventory" in path.read_text(encoding="utf-8") and "daas.https." + name in path.read_text(encoding="utf-8")
               for path in (ROOT / "tests" / "e2e").rglob("*.py"))
    assert list((ROOT / "examples").rglob("*.{0}.yml".format(name)))


def connection_options():
    return importlib.import_module("ansible_collections.daas.https.plugins.module_utils._argspec").CONNECTION


def test_what_the_connection_takes_is_what_its_fragment_says():
    """Modules' documentation is held to their argument_spec by ansible-test; inventory plugins have the fragment alone."""
    fragment = importlib.import_module("ansible_collections.daas.https.plugins.doc_fragments.connection").ModuleDocFragment.DOCUMENTATION
    documented = yaml.safe_load(fragment)["options"]
    assert set(documented) == set(connection_options())
    for name, option in connection_options().items():
        assert (option["type"], option.get("default")) == (documented[name]["type"], documented[name].get("default")), name
        assert set(option.get("options") or {}) == set(documented[name].get("suboptions") or {}), name


@pytest.mark.parametrize("name", MODULES)
def test_secrets_are_hidden_and_look_alikes_say_that_they_are_none(name):
    for path, option in options(module(name).ARGUMENT_SPEC):
        last = path.rsplit(".", 1)[-1]
        if SECRET.search(last) and option.get("type") != "bool":
            assert option.get("no_log") is True, "{0} of {1} is a secret: no_log=True".format(path, name)
        elif SMELLS.search(last):
            assert isinstance(option.get("no_log"), bool), "{0} of {1} looks like a secret: say no_log=False if not".format(path, name)


@pytest.mark.parametrize("name", MODULES)
def test_lists_say_what_they_hold(name):
    assert not [path for path, option in options(module(name).ARGUMENT_SPEC) if option.get("type") == "list" and not option.get("elements")]


# -- roles ---------------------------------------------------------------------------------------------------------------------------

def role_files(role):
    folders = [ROOT / "roles" / role / folder for folder in ("tasks", "handlers", "vars", "templates", "defaults")]
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


def specs(role):
    return document("roles", role, "meta", "argument_specs.yml")["argument_specs"]


def described(role):
    """Option -> its specification, over all entry points."""
    return {name: option for entry in specs(role).values() for name, option in (entry.get("options") or {}).items()}


def tasks(nodes):
    """All tasks, those in blocks too."""
    for task in nodes or []:
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks(task.get(part))


def tasks_of(role):
    for path in role_files(role):
        if path.parent.name in ("tasks", "handlers") and path.suffix == ".yml":
            yield from tasks(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("part", ["README.md", "defaults/main.yml", "tasks/main.yml", "meta/main.yml", "meta/argument_specs.yml"])
def test_a_role_is_complete(role, part):
    assert (ROOT / "roles" / role / part).stat().st_size


@pytest.mark.parametrize("role", ROLES)
def test_defaults_and_argument_specs_say_the_same(role):
    """A default that is an expression has no value yet: it must be described, as an option that nobody need set."""
    defaults = document("roles", role, "defaults", "main.yml") or {}
    computed = {name for name, value in defaults.items() if isinstance(value, str) and "{{" in value}
    documented = {name: option["default"] for name, option in described(role).items() if "default" in option}
    assert documented == {name: value for name, value in defaults.items() if name not in computed}
    assert not [name for name in computed if name not in described(role) or described(role)[name].get("required")]


@pytest.mark.parametrize("role", ROLES)
def test_an_option_of_a_role_is_described_and_in_its_readme(role):
    readme = text("roles", role, "README.md")
    for name, option in described(role).items():
        assert option.get("description") and option.get("type"), name
        assert option["type"] != "list" or option.get("elements"), name
        assert name in readme, "the README of {0} does not mention {1}".format(role, name)
        if SECRET.search(name) and option["type"] != "bool":
            assert option.get("no_log") is True, name


@pytest.mark.parametrize("role", ROLES)
def test_entry_points_have_tasks(role):
    for entry in specs(role):
        assert (ROOT / "roles" / role / "tasks" / (entry + ".yml")).exists()


@pytest.mark.parametrize("role", ROLES)
def test_variables_carry_their_roles_name(role):
    mine = (role + "_", "__" + role + "_")
    names = set(document("roles", role, "defaults", "main.yml") or {}) | set(described(role))
    for task in tasks_of(role):
        names |= {task["register"]} if "register" in task else set()
        names |= set(task.get("ansible.builtin.set_fact") or {}) - {"cacheable"}
        names |= set(task.get("vars") or {}) if not task.get("ansible.builtin.include_role") else set()
        names |= {task["loop_control"]["loop_var"]} if "loop_var" in task.get("loop_control", {}) else set()
    foreign = sorted(name for name in names - SHARED_VARIABLES if not name.startswith(mine))
    assert not foreign


@pytest.mark.parametrize("role", ROLES)
def test_roles_know_no_groups(role):
    """Which hosts a role works on is the playbook's matter, and the inventory's."""
    for path in role_files(role):
        found = re.findall(r"\bgroups\s*[\[.]|\bgroup_names\b|\bgroups\b\s*\|", path.read_text(encoding="utf-8"))
        assert not found, "{0}: {1}".format(path.relative_to(ROOT), found)


@pytest.mark.parametrize("role", ROLES)
def test_role_metadata_agrees_with_the_collection(role):
    info = document("roles", role, "meta", "main.yml")["galaxy_info"]
    assert ">=" + info["min_ansible_version"] in document("meta", "runtime.yml")["requires_ansible"]
    assert info["license"] in document("galaxy.yml")["license"]


# -- playbooks -----------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.name)
def test_a_playbook_chains_roles_by_their_full_names(path):
    assert re.fullmatch(r"[a-z0-9_]+\.yml", path.name), "ansible-playbook daas.https.<name> takes no other names"
    known = {"daas.https." + role for role in ROLES}
    for play in yaml.safe_load(path.read_text(encoding="utf-8")):
        if "ansible.builtin.import_playbook" in play:
            assert play["ansible.builtin.import_playbook"].startswith("daas.https.")
            continue
        used = [item if isinstance(item, str) else item["role"] for item in play.get("roles", [])]
        assert used and set(used) <= known, "{0}: {1}".format(play["name"], used)


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.name)
def test_a_playbook_is_run_as_a_user_runs_it(path):
    name = "daas.https." + path.stem
    assert any(name in test.read_text(encoding="utf-8") for test in (ROOT / "tests" / "e2e").rglob("*.py"))


# -- the collection ------------------------------------------------------------------------------------------------------------------

def test_dependency_metadata_names_files_that_exist_and_bounds_nothing_from_above():
    for path in document("meta", "execution-environment.yml")["dependencies"].values():
        lines = [line for line in text(path).splitlines() if line and not line.startswith("#")]
        assert not [line for line in lines if re.search(r"==|<|~=", line)]
    wanted = {re.split(r"[>=]", line)[0] for line in text("meta", "ee-requirements.txt").splitlines() if line and not line.startswith("#")}
    assert wanted == {"requests", "cryptography", "openpyxl"}


def test_every_tool_is_pinned_once():
    """The sessions install by name; tests/constraints.txt alone says which version."""
    pins = [line.split(";")[0] for line in text("tests", "constraints.txt").splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9.]+", pin.strip()) for pin in pins)
    named = {pin.split("==")[0] for pin in pins}
    noxfile = text("noxfile.py")
    assert all('"{0}"'.format(name) in noxfile for name in named - {"nox", "uv"})


def test_the_sanity_ignore_files_are_empty():
    assert not [path.name for path in (ROOT / "tests" / "sanity").glob("ignore-*.txt") if path.read_text(encoding="utf-8").strip()]
