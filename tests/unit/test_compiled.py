# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests keep compiled of zip files: it is the code of the source that is there, under the name that it has there."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import zipfile

import pytest

COMPILED = pathlib.Path(__file__).resolve().parents[1] / "support" / "compiled"
LOOK = "import sys, zipimport; sys.path.insert(0, sys.argv[1]); import part; print(part.SAID, part.said.__code__.co_filename)"
SOURCE = "SAID = '{0}'\ndef said():\n    return SAID\n"


def look(archive, said, **variables):
    """What a Python finds in a zip file, in whose only module something is said."""
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("part.py", SOURCE.format(said))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run([sys.executable, "-c", LOOK, str(archive)], env=dict(kept, PYTHONPATH=str(COMPILED), **variables), text=True,
                          capture_output=True, check=False)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.split()


def test_it_is_kept_and_another_source_is_not_taken_for_it(tmp_path):
    cache, one, other = tmp_path / "cache", tmp_path / "one.zip", tmp_path / "other.zip"

    def kept():
        return sorted(cache.glob("zip-*/part.py-*"))

    assert look(one, "yes", PYTHONPYCACHEPREFIX=str(cache)) == ["yes", str(one / "part.py")]
    [first] = kept()
    # as long as the first one
    assert look(one, "no!", PYTHONPYCACHEPREFIX=str(cache)) == ["no!", str(one / "part.py")]
    assert len(kept()) == 2
    before = first.stat().st_mtime_ns
    assert look(other, "yes", PYTHONPYCACHEPREFIX=str(cache)) == ["yes", str(other / "part.py")]
    assert len(kept()) == 2 and first.stat().st_mtime_ns == before


def test_what_is_kept_is_what_is_run(tmp_path):
    """Else nothing would be saved."""
    cache, archive = tmp_path / "cache", tmp_path / "one.zip"
    look(archive, "yes", PYTHONPYCACHEPREFIX=str(cache))
    look(archive, "no!", PYTHONPYCACHEPREFIX=str(cache))
    one, other = sorted(cache.glob("zip-*/part.py-*"))
    one_code, other_code = one.read_bytes(), other.read_bytes()
    one.write_bytes(other_code)
    other.write_bytes(one_code)
    assert look(archive, "yes", PYTHONPYCACHEPREFIX=str(cache))[0] == "no!"


@pytest.mark.parametrize("variables", [dict(), dict(PYTHONPYCACHEPREFIX="cache", PYTHONDONTWRITEBYTECODE="1")])
def test_nothing_is_kept_unasked(tmp_path, monkeypatch, variables):
    monkeypatch.chdir(tmp_path)
    assert look(tmp_path / "one.zip", "yes", **variables)[0] == "yes"
    assert [path.name for path in tmp_path.rglob("*")] == ["one.zip"]
