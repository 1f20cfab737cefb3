# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""To find one filter, Ansible loads all files of filters, in each process that uses one: none of them may be slow to load."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

from tests.conftest import link_collection

FILTERS = pathlib.Path(__file__).resolve().parents[3] / "plugins" / "filter"
LOAD = "import importlib, json, sys; [importlib.import_module(name) for name in sys.argv[1:]]; print(json.dumps(sorted(sys.modules)))"


def test_none_brings_the_products_or_third_party_packages():
    names = ["ansible_collections.daas.https.plugins.filter." + path.stem for path in FILTERS.glob("*.py") if path.stem != "__init__"]
    assert len(names) >= 9
    path = "import sys; sys.path.insert(0, {0!r}); ".format(str(link_collection()))
    done = subprocess.run([sys.executable, "-c", path + LOAD, *names], check=True, text=True, capture_output=True)
    loaded = set(json.loads(done.stdout))
    assert set(names) <= loaded
    assert not loaded & {"requests", "cryptography.x509", "openpyxl", "ssl"}
    assert not [name for name in loaded if ".module_utils._api" in name or ".module_utils._transport" in name]
