# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are written whole or not at all. PRIVATE to the collection."""

from __future__ import annotations

import contextlib
import os
import tempfile

from ._errors import InputError


def replace_file(path, data, mode, option):
    """Put the bytes there in one step, with this mode; at no moment half of them, nor open to others. option: whose path it is."""
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(path) or ".", prefix=".daas-https-")  # 0600
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), mode)
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
        raise InputError("%s: the file '%s' cannot be written: %s." % (option, path, error.strerror)) from error
