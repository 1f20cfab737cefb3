# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report in JSON: the document as it is. PRIVATE to the collection."""

from __future__ import annotations

import json


def render(document):
    """Text that programs read and that a person can compare line by line; the order of the keys is the documented one."""
    return json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False) + "\n"
