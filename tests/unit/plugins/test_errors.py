# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages for a tired operator: what was tried, on what, what the cloud said, what to do."""

from __future__ import annotations

import inspect
import json

import pytest

from ansible_collections.daas.https.plugins.module_utils import _errors
from ansible_collections.daas.https.plugins.module_utils._errors import ApiError, CollectionError


@pytest.mark.parametrize("message, request_id, hint, text", [
    ("taken", "R-1", "Do this.", "cas Do was refused: taken (Code, request id R-1). Do this."),
    ("taken.", "R-1", "", "cas Do was refused: taken (Code, request id R-1)."),
    ("taken. ", None, "Do this.", "cas Do was refused: taken (Code). Do this."),
    ("名称重复。", "", "", "cas Do was refused: 名称重复。 (Code)."),
])
def test_api_errors(message, request_id, hint, text):
    error = ApiError("cas Do", "Code", message, 400, request_id, hint)
    assert str(error) == text
    assert error.as_result() == dict(msg=text, error=dict(action="cas Do", code="Code", http_status=400, request_id=request_id))
    assert (error.code, error.status, error.request_id, error.wait) == ("Code", 400, request_id, 0.0)


def test_one_tree():
    classes = [item for _name, item in inspect.getmembers(_errors, inspect.isclass) if issubclass(item, Exception)]
    assert len(classes) >= 8 and all(issubclass(item, CollectionError) for item in classes)
    assert issubclass(_errors.OutcomeUnknown, _errors.TransportError)
    assert not issubclass(_errors.WaitTimeout, _errors.TransportError)


@pytest.mark.parametrize("error", [
    CollectionError("m", changed=True, actions=[]), _errors.InputError("m"), ApiError("a", "c", "m"), _errors.WaitTimeout("m"),
    _errors.TransportError("m", final=True), _errors.MissingLibrary("requests", "Traceback"),
])
def test_results_are_json(error):
    result = error.as_result()
    assert json.loads(json.dumps(result)) == result and result["msg"] == str(error)


def test_a_missing_library_says_where():
    error = _errors.MissingLibrary("openpyxl", "Traceback")
    assert "pip install openpyxl" in str(error) and "ansible_python_interpreter" in str(error)
    assert error.as_result()["exception"] == "Traceback"
