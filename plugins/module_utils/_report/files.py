# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files as Ansible's own modules write them: in one step, with mode, owner and diff. PRIVATE to the collection."""

from __future__ import annotations

import contextlib
import os
import tempfile

from .._errors import InputError

LARGEST_DIFF = 104448  # bytes, as for ansible.builtin.copy


def check_paths(paths):
    """{format: path} with links followed, so that a link stays one. Raises InputError for a path that cannot be written."""
    found = {}
    for name, path in paths.items():
        path = os.path.realpath(path)
        if os.path.isdir(path):
            raise InputError("%s: '%s' is a folder. Give the path of a file in it." % (name, path))
        if not os.path.isdir(os.path.dirname(path)):
            raise InputError("%s: the folder '%s' does not exist. Create it first." % (name, os.path.dirname(path)))
        if path in found.values():
            raise InputError("%s: '%s' is the path of another format, too. Give each format its own." % (name, path))
        found[name] = path
    return found


def put(module, name, path, data, check_mode):
    """(whether anything differs, its diffs) of a file that has to hold this. In check mode nothing is written.

    module: for what only Ansible's knows: its file options, and moving a file to where it belongs with its security context.
    """
    present = read(path, name)
    wanted = module.load_file_common_arguments(module.params, path=path)
    diffs = []
    if present != data:
        diffs.append(difference(path, present, data))
        if not check_mode:
            replace(module, path, data, name)
    about = dict(before_header=path + " (attributes)", after_header=path + " (attributes)")
    changed = present != data
    if os.path.exists(path) and module.set_fs_attributes_if_different(wanted, False, diff=about):
        changed = True
        # a new file has no attributes before
        diffs += [about] if present is not None and "before" in about else []
    return changed, diffs


def read(path, option):
    """The bytes of a file, or None if there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError("%s: the file '%s' cannot be read: %s." % (option, path, error.strerror)) from error


def replace(module, path, data, option):
    """What stood there stays until all of this is written."""
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(dir=module.tmpdir)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        module.atomic_move(temporary, path, unsafe_writes=module.params["unsafe_writes"])
    except OSError as error:
        raise InputError("%s: the file '%s' cannot be written: %s." % (option, path, error.strerror)) from error
    finally:
        if temporary:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)


def difference(path, present, data):
    """As --diff shows it. What is too long to be looked at is only said to differ, in the words of Ansible's callbacks."""
    found = dict(before_header=path if present is not None else path + " (absent)", after_header=path)
    if len(present or b"") > LARGEST_DIFF:
        found["dst_larger"] = LARGEST_DIFF
    else:
        found["before"] = (present or b"").decode("utf-8", "replace")
    if len(data) > LARGEST_DIFF:
        found["src_larger"] = LARGEST_DIFF
    else:
        found["after"] = data.decode("utf-8")
    return found
