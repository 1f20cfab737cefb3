# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For Pythons that run modules in the tests: what was compiled out of a zip file once is kept, as Python does for plain files.

Ansible sends a module with all that it imports as a zip file, whose Python is compiled anew in each process; in the tests that is most of
the time. Code is found by the hash of its source, so that no other can be taken for it. Only where PYTHONPYCACHEPREFIX says where to keep.
"""

from __future__ import annotations

import _imp
import marshal
import os
import sys
import zipimport

_compile = zipimport._compile_source


def compile_source(path, source):
    """The code of a file in a zip file. path: the zip file's, and in it the file's; source: bytes."""
    name = "{0}-{1}-{2}".format(os.path.basename(path), _imp.source_hash(0, source).hex(), len(source))
    kept = os.path.join(sys.pycache_prefix, "zip-" + sys.implementation.cache_tag, name)
    try:
        with open(kept, "rb") as file:
            code = marshal.load(file)
    except FileNotFoundError:
        code = _compile(path, source)
        _keep(kept, code)
    # what it is called in a traceback, as for a .pyc that was moved
    _imp._fix_co_filename(code, path)
    return code


def _keep(place, code):
    """Written beside and renamed: nobody reads half of it."""
    draft = "{0}.{1}".format(place, os.getpid())
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with open(draft, "wb") as file:
        marshal.dump(code, file)
    os.replace(draft, place)


if sys.pycache_prefix and not sys.dont_write_bytecode:
    zipimport._compile_source = compile_source
