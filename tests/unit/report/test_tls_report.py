# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module as a playbook calls it."""

from __future__ import annotations

import errno
import json
import os
import re
import stat

import pytest
import yaml
from ansible.module_utils.basic import FILE_COMMON_ARGUMENTS, AnsibleModule
from ansible_collections.daas.https.plugins.module_utils._report import files
from ansible_collections.daas.https.plugins.modules import tls_report

from tests.support.modules import run_module
from tests.unit.report import data

FORMATS = ("json", "junit", "prometheus", "html")


def paths(folder, *formats):
    return {name: str(folder / ("report." + name)) for name in formats or FORMATS}


def report(tls, check=False, diff=True, **options):
    return run_module("tls_report", dict(tls=tls, **options), check=check, diff=diff)


def snapshot(folder):
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.iterdir()}


def test_check_then_run_then_run_again(tmp_path):
    options = dict(paths(tmp_path), before=data.earlier(), title="Shop", mode="0640")
    predicted = report(data.mixed(), check=True, **options)
    assert predicted["changed"] and not list(tmp_path.iterdir())
    made = report(data.mixed(), **options)
    assert made["changed"] and (made["diff"], made["files"]) == (predicted["diff"], predicted["files"])
    assert made["files"] == [dict(path=path, format=name, changed=True) for name, path in paths(tmp_path).items()]
    assert [stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()] == [0o640] * 4
    before = snapshot(tmp_path)
    again = report(data.mixed(), **options)
    assert not again["changed"] and again["diff"] == [] and not any(file["changed"] for file in again["files"])
    assert snapshot(tmp_path) == before


def test_only_what_differs_is_written(tmp_path):
    options = paths(tmp_path)
    report(data.mixed(), **options)
    (tmp_path / "report.junit").write_text("something else\n", encoding="utf-8")
    before = snapshot(tmp_path)
    predicted, made = (report(data.mixed(), check=check, **options) for check in (True, False))
    assert predicted["diff"] == made["diff"] and [entry["before"] for entry in made["diff"]] == ["something else\n"]
    assert [file["format"] for file in made["files"] if file["changed"]] == ["junit"]
    after = snapshot(tmp_path)
    assert {name for name in after if after[name] != before[name]} == {"report.junit"}


def test_the_diff_is_what_stands_there(tmp_path):
    made = report(data.good(), **paths(tmp_path, "json"))
    diff = made["diff"][0]
    assert diff["before"] == "" and diff["before_header"].endswith("(absent)")
    assert diff["after"] == (tmp_path / "report.json").read_text(encoding="utf-8")
    assert json.loads(diff["after"])["schema"] == 1


def test_a_large_file_is_only_said_to_differ(tmp_path):
    options = paths(tmp_path, "html")
    first = report(data.many(80), **options)["diff"][0]
    assert first["src_larger"] == files.LARGEST_DIFF and "after" not in first and first["before"] == ""
    second = report(data.many(81), **options)["diff"][0]
    assert second["dst_larger"] == files.LARGEST_DIFF and "before" not in second


@pytest.mark.parametrize("check", [False, True])
def test_another_mode_is_a_change_and_its_diff_says_so(tmp_path, check):
    options = paths(tmp_path, "json")
    report(data.good(), mode="0600", **options)
    made = report(data.good(), check=check, mode="0644", **options)
    assert made["changed"] and made["files"][0]["changed"]
    assert [(entry["before"], entry["after"]) for entry in made["diff"]] == [({"mode": "0600"}, {"mode": "0644"})]
    assert stat.S_IMODE((tmp_path / "report.json").stat().st_mode) == (0o600 if check else 0o644)


def test_without_a_mode_that_of_the_file_stays_and_a_new_one_follows_the_umask(tmp_path):
    options = paths(tmp_path, "json")
    report(data.good(), **options)
    path = tmp_path / "report.json"
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
    path.chmod(0o604)
    assert report(data.mixed(), **options)["changed"] and stat.S_IMODE(path.stat().st_mode) == 0o604


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "report.json"
    link.symlink_to(tmp_path / "real" / "today.json")
    made = report(data.good(), json=str(link))
    assert link.is_symlink() and json.loads((tmp_path / "real" / "today.json").read_text(encoding="utf-8"))["ok"] is True
    assert made["files"][0]["path"] == str(tmp_path / "real" / "today.json")


@pytest.mark.parametrize(("options", "words"), [
    (dict(json="{0}/absent/report.json"), "json: the folder '{0}/absent' does not exist. Create it first."),
    (dict(html="{0}"), "html: '{0}' is a folder. Give the path of a file in it."),
    (dict(json="{0}/one", junit="{0}/../{1}/one"), "junit: '{0}/one' is the path of another format, too."),
    (dict(), "one of the following is required: json, junit, prometheus, html")])
def test_what_cannot_be_is_said_before_anything_is_written(tmp_path, options, words):
    given = {name: text.format(tmp_path, tmp_path.name) for name, text in options.items()}
    for check in (True, False):
        result = report(data.good(), check=check, **given)
        assert result["failed"] and words.format(tmp_path) in result["msg"]
    assert not list(tmp_path.iterdir())


def test_a_wrong_result_is_named_and_nothing_is_written(tmp_path):
    result = report(dict(tls=data.good()), **paths(tmp_path))
    assert result["failed"] and result["msg"].startswith("tls holds a whole result. Give the 'tls' of what daas.https.tls_verify returned")
    result = report(data.good(), before=dict(endpoints="none"), **paths(tmp_path))
    assert result["failed"] and result["msg"].startswith("before.endpoints is 'none'; it has to be a list.")
    assert not list(tmp_path.iterdir())


def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    options = paths(tmp_path, "json")
    report(data.good(), **options)
    before = snapshot(tmp_path)

    def full(self, *unused, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(AnsibleModule, "atomic_move", full)
    result = report(data.mixed(), **options)
    assert result["failed"] and result["msg"] == "json: the file '{0}' cannot be written: No space left on device.".format(options["json"])
    assert snapshot(tmp_path) == before


def test_hostile_texts_are_written_in_every_format(tmp_path):
    title = re.sub("[\x00\ud800]", "", "".join(data.HOSTILE))  # Ansible itself takes no such text as an option
    hostile = json.loads(json.dumps(data.hostile()).replace("\\ud800", ""))  # nor does it send one to a module
    made = report(hostile, title=title, **paths(tmp_path))
    assert not made["failed"] and len(list(tmp_path.iterdir())) == 4
    for path in tmp_path.iterdir():
        assert path.read_bytes().decode("utf-8")


def test_what_is_returned_and_taken_is_documented(tmp_path):
    documented = yaml.safe_load(tls_report.DOCUMENTATION)["options"]
    assert set(documented) == set(tls_report.ARGUMENT_SPEC) - set(FILE_COMMON_ARGUMENTS)  # which Ansible adds
    for name, option in documented.items():
        for key in ("type", "default", "required"):
            assert option.get(key) == tls_report.ARGUMENT_SPEC[name].get(key), (name, key)
    made = report(data.good(), **paths(tmp_path, "json"))
    contains = yaml.safe_load(tls_report.RETURN)["files"]["contains"]
    assert set(made["files"][0]) == set(contains)
    assert set(made) - {"changed", "failed", "diff", "invocation"} == {"files"}
