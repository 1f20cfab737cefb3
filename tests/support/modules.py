# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls a module as Ansible would, inside the test's own process (needs ansible-core 2.19 or later)."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
from collections.abc import Iterator
from unittest import mock

from ansible.module_utils import _internal
from ansible.module_utils.common import warnings as given
from ansible.module_utils.testing import patch_module_args


@contextlib.contextmanager
def fresh_process() -> Iterator[None]:
    """A module has a process to itself: no warnings from before, and nothing of the controller.

    Whatever in this process has imported a part of the controller makes ansible-core show warnings instead of returning them.
    """
    with mock.patch.object(_internal, "is_controller", False), mock.patch.dict(given._global_warnings, clear=True), \
            mock.patch.dict(given._global_deprecations, clear=True):
        yield


def run_module(name, params, check=False, diff=True):
    """The module's result as a dict, as a playbook would register it, with ``failed`` always present."""
    module = importlib.import_module("ansible_collections.daas.https.plugins.modules." + name)
    printed = io.StringIO()
    arguments = dict(params, _ansible_check_mode=check, _ansible_diff=diff)
    with fresh_process(), patch_module_args(arguments), contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        module.main()
    result = json.loads(printed.getvalue())
    result.setdefault("failed", False)
    return result


def connection(handle):
    """The connection options that reach an emulator handle."""
    return dict(
        access_key_id=handle.access_key_id, access_key_secret=handle.access_key_secret, endpoints=handle.endpoints,
        api_ca_path=str(handle.ca_path), connect_timeout=5, read_timeout=5, api_timeout=30)
