# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of the code, held by its imports: downward only, pure where it decides, small enough to travel to the target.

A module states what is wanted; the domain decides, as data, what must change; the API layer knows the cloud's words; the transport
alone touches the wire.
"""

from __future__ import annotations

import ast
import functools
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLUGINS = ROOT / "plugins"
UTILS = PLUGINS / "module_utils"
ABSOLUTE = "ansible_collections.daas.https.plugins.module_utils"

# Who is above whom. A file imports from its own level or from below. The first entry that matches counts.
LEVELS = (
    ("modules/", 5), ("action/", 5), ("filter/", 5), ("lookup/", 5), ("inventory/", 5),
    ("module_utils/_domain/", 3), ("module_utils/_targets/", 3), ("module_utils/_tls/", 3), ("module_utils/_plan.py", 3),
    ("module_utils/_api/", 2),
    ("module_utils/_transport/", 1),
    ("module_utils/_errors.py", 0), ("module_utils/_secret.py", 0), ("module_utils/_wait.py", 0), ("module_utils/_argspec.py", 0),
    ("module_utils/", 4),  # _runner, _exit and the rest that connects the decisions with the cloud
)
PURE = ("module_utils/_domain/", "module_utils/_plan.py", "module_utils/_tls/judge.py", "module_utils/_tls/checks.py",
        "module_utils/_tls/webchecks.py")
IMPURE_LIBRARIES = {"ansible", "requests", "openpyxl", "socket", "ssl", "time", "subprocess", "threading", "urllib3", "http", "asyncio"}
IMPURE_PARTS = ("module_utils/_api/", "module_utils/_transport/", "module_utils/_targets/", "module_utils/_tls/probe.py")
ONLY_HERE = {"requests": {"module_utils/_transport/http.py"}, "openpyxl": {"module_utils/_sheet.py"}}
ENDS_A_MODULE = {"module_utils/_exit.py", "module_utils/_runner.py"}
# Kilobytes of module_utils source that one module may send along; each costs 0.45 ms a task to compile. Any module that calls the cloud
# sends the transport and every way to find credentials, about 50 of them. Those that work on many resources send the drivers of all
# products, because only static imports travel: 60 ms more than a light one, for a call that stands for hundreds. So does
# cas_certificate, which looks everywhere before it deletes what nothing uses (state=pruned): once a play, not once a host.
BUDGET = 88
# tls_verify carries what a task may ask for, and compiles what it does ask for (tests/unit/tls/test_tls_verify.py).
HEAVY = {"modules/tls_verify.py": 168, "modules/cas_certificate.py": 298, "modules/cas_deploy.py": 208, "modules/cas_deploy_info.py": 224,
         "modules/cas_rotation_info.py": 273,
         "modules/edge_https_options.py": 126, "modules/ecs_certificate.py": 124,
         "modules/cas_certificate_order.py": 130, "modules/airec_cert_bind.py": 110}
LICENCE = "# SPDX-License-" + "Identifier: GPL-3.0-or-later"  # in two parts, or it would be read as this file's own
LONGEST_FUNCTION, LONGEST_FILE = 60, 400  # lines


def files(folder, pattern="*.py"):
    return sorted(path for path in folder.rglob(pattern) if "__pycache__" not in path.parts)


def short(path):
    return path.relative_to(PLUGINS if path.is_relative_to(PLUGINS) else ROOT).as_posix()


def over(paths):
    return pytest.mark.parametrize("path", paths, ids=short)


@functools.cache
def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path):
    """(dotted name, line) of everything a file imports, wherever in the file; "a.b" for ``from a import b``, too."""
    found = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                place = path.parent
                for _up in range(node.level - 1):
                    place = place.parent
                inside = ".".join(place.relative_to(UTILS).parts)
                base = ".".join(part for part in (ABSOLUTE, inside, base) if part)
            found += [("{0}.{1}".format(base, alias.name), node.lineno) for alias in node.names]
    return found


def library(dotted):
    return dotted.split(".", 1)[0]


@functools.cache
def internal(path):
    """The files of module_utils that a file imports, with the packages they are in."""
    found = set()
    for dotted, _line in imports(path):
        if not (dotted + ".").startswith(ABSOLUTE + "."):
            continue
        place = UTILS
        for part in dotted[len(ABSOLUTE):].strip(".").split("."):
            if (place / "__init__.py").exists():
                found.add(place / "__init__.py")
            if (place / (part + ".py")).exists():
                found.add(place / (part + ".py"))
            place = place / part
        if (place / "__init__.py").exists():
            found.add(place / "__init__.py")
    return frozenset(found - {path})


def closure(path):
    """All that travels with a file."""
    seen, waiting = set(), [path]
    while waiting:
        for needed in internal(waiting.pop()):
            if needed not in seen:
                seen.add(needed)
                waiting.append(needed)
    return seen


def level(path):
    return next(number for prefix, number in LEVELS if short(path).startswith(prefix))


PYTHON = files(PLUGINS)
MODULES = [path for path in files(PLUGINS / "modules") if path.name != "__init__.py"]
CODE = [path for path in PYTHON if not short(path).startswith("doc_fragments/")]
TESTS = files(ROOT / "tests")


def test_the_folders_are_filled():
    assert len(MODULES) >= 3 and len(files(UTILS)) >= 10 and len(files(ROOT / "tests" / "emulator")) >= 3


@over(CODE)
def test_imports_point_downward(path):
    upward = [short(other) for other in internal(path) if other.name != "__init__.py" and level(other) > level(path)]
    assert not upward, "{0} is below what it imports: {1}".format(short(path), upward)


@over(CODE)
def test_nothing_imports_itself_in_a_circle(path):
    assert path not in closure(path)


@over([path for path in CODE if short(path).startswith(PURE)])
def test_decisions_are_pure(path):
    """Also by way of what they import."""
    for part in {path} | closure(path):
        bad = [dotted for dotted, _line in imports(part) if library(dotted) in IMPURE_LIBRARIES]
        assert not bad, "{0} needs {1} by way of {2}".format(short(path), bad, short(part))
        assert not short(part).startswith(IMPURE_PARTS), "{0} needs {1}".format(short(path), short(part))


@over(CODE)
def test_libraries_stay_in_their_file(path):
    for name, homes in ONLY_HERE.items():
        lines = [line for dotted, line in imports(path) if library(dotted) == name]
        assert not lines or short(path) in homes, "{0} imports {1} in line {2}; only {3} may".format(short(path), name, lines, homes)


@over(CODE)
def test_third_party_imports_are_guarded(path):
    guarded = [
        node for attempt in ast.walk(parsed(path)) if isinstance(attempt, ast.Try)
        and any(isinstance(handler.type, ast.Name) and handler.type.id == "ImportError" for handler in attempt.handlers)
        for statement in attempt.body for node in ast.walk(statement)]
    known = set(sys.stdlib_module_names) | {"ansible", "ansible_collections"}
    for node in ast.walk(parsed(path)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module]
        foreign = [name for name in names if library(name) not in known]
        assert not foreign or node in guarded, "{0}:{1}: {2} may be absent on the target".format(short(path), node.lineno, foreign)


@over(CODE)
def test_imports_are_static(path):
    """Ansible ships what it finds by reading the imports; what is imported by name at run time stays at home."""
    bad = [dotted for dotted, _line in imports(path) if library(dotted) in ("importlib", "pkgutil", "imp")]
    calls = [node.lineno for node in ast.walk(parsed(path)) if isinstance(node, ast.Name) and node.id == "__import__"]
    assert not bad and not calls


@over(CODE)
def test_only_the_runner_ends_a_module(path):
    ends = [node.lineno for node in ast.walk(parsed(path)) if isinstance(node, ast.Attribute) and node.attr in ("exit_json", "fail_json")]
    assert not ends or short(path) in ENDS_A_MODULE, "{0}: lines {1}".format(short(path), ends)


@over(CODE)
def test_plugins_neither_assert_nor_start_programs(path):
    asserts = [node.lineno for node in ast.walk(parsed(path)) if isinstance(node, ast.Assert)]
    starts = [line for dotted, line in imports(path) if library(dotted) in ("subprocess", "pty")]
    starts += [node.lineno for node in ast.walk(parsed(path)) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
               and node.value.id == "os" and node.attr.startswith(("system", "popen", "exec", "spawn", "fork"))]
    assert not asserts and not starts


@over(PYTHON + TESTS)
def test_nothing_is_swallowed(path):
    """``except …: pass`` hides what went wrong; contextlib.suppress at least says what, and where it may."""
    silent = [node.lineno for node in ast.walk(parsed(path)) if isinstance(node, ast.ExceptHandler)
              and (node.type is None or all(isinstance(item, ast.Pass) for item in node.body))]
    assert not silent, "{0}: lines {1}".format(short(path), silent)


@over([path for path in files(UTILS) if path.stat().st_size])
def test_module_utils_say_that_they_are_private(path):
    assert "PRIVATE to the collection" in (ast.get_docstring(parsed(path)) or "")
    assert path.relative_to(UTILS).parts[0].startswith("_")


@over([path for path in PYTHON + TESTS if path.stat().st_size])
def test_every_file_names_its_licence(path):
    head = path.read_text(encoding="utf-8").splitlines()[:5]
    assert any(line.startswith("# Copyright (c) ") for line in head)
    assert LICENCE in head


YAML = [path for folder in ("roles", "playbooks", "meta", "examples") for path in files(ROOT / folder, "*.yml")]


@over(YAML)
def test_every_yaml_file_names_its_licence_and_starts_a_document(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert LICENCE in lines[:5] and "---" in lines


@over(files(UTILS))
def test_files_and_functions_are_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE
    long = ["{0} ({1} lines)".format(node.name, node.end_lineno - node.lineno + 1) for node in ast.walk(parsed(path))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno - node.lineno >= LONGEST_FUNCTION]
    assert not long, "{0}: {1}".format(short(path), long)


@over(MODULES)
def test_a_module_travels_light(path):
    parts = {short(part): part.stat().st_size for part in closure(path)}
    total = sum(parts.values())
    largest = sorted(parts.items(), key=lambda item: -item[1])[:5]
    limit = HEAVY.get(short(path), BUDGET)
    assert total < limit * 1024, "{0} sends {1} bytes of module_utils along; the largest: {2}".format(short(path), total, largest)


def test_tls_verify_needs_neither_requests_nor_openpyxl():
    path = PLUGINS / "modules" / "tls_verify.py"
    needed = {library(dotted) for part in {path} | closure(path) for dotted, _line in imports(part)}
    assert not needed & {"requests", "openpyxl"}


@over(files(ROOT / "tests" / "emulator"))
def test_the_emulator_shares_no_code_with_the_plugins(path):
    """What client and server have in common they get wrong together. It also must run without Ansible."""
    allowed = set(sys.stdlib_module_names) | {"cryptography", "openpyxl", "tests"}
    for node in ast.walk(parsed(path)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module]
        for name in names:
            own = library(name) != "tests" or name == "tests" or name.startswith("tests.emulator")
            assert library(name) in allowed and own, "{0}:{1}: {2}".format(short(path), node.lineno, name)


def test_every_target_is_registered():
    """A target that nobody imports stays at home when the module travels."""
    folder = UTILS / "_targets"
    registered = closure(folder / "registry.py")
    forgotten = [path.name for path in files(folder) if path.name not in ("__init__.py", "registry.py") and path not in registered]
    assert not forgotten
