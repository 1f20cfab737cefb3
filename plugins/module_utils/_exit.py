# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exit of every module. PRIVATE to the collection."""

from __future__ import annotations

from ._errors import CollectionError
from ._secret import scrub


def run(module, work):
    """Call ``work(params, check_mode)`` and end the module with the dict it returns.

    A CollectionError becomes a failed result; an unknown exception keeps its traceback, because hiding it would hide a bug.
    """
    try:
        result = work(module.params, module.check_mode)
    except CollectionError as error:
        module.fail_json(**scrub(error.as_result()))
    for text in result.pop("warnings", ()):
        module.warn(text)
    failed = result.pop("failed", None)
    if failed:
        module.fail_json(**scrub(dict(result, msg=failed)))
    module.exit_json(**scrub(result))
