# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where commands really run: /bin/sh in a child process of the emulator.

The child has the emulator's own user, an empty environment and its instance's root folder as working directory; that is no prison. So
only instances that a test or a scenario has given a root folder run anything, and no call of the API or of the control port can give one.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable

_alive: set[subprocess.Popen[bytes]] = set()


def start(script: bytes, folder: pathlib.Path, timeout: float, done: Callable[[int | None, bytes], None]) -> None:
    """Run a script beside everything else; done(exit code, output) at the end. The exit code is None when it took too long."""
    threading.Thread(target=_run, args=(script, folder, timeout, done), daemon=True).start()


def _run(script: bytes, folder: pathlib.Path, timeout: float, done: Callable[[int | None, bytes], None]) -> None:
    # a file, not a pipe: a program that goes on in the background may keep it open without holding us up
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(["/bin/sh", "-c", script.decode("utf-8", "surrogateescape")], cwd=folder, env={}, start_new_session=True,
                                 stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        _alive.add(child)
        try:
            code: int | None = child.wait(timeout)
        except subprocess.TimeoutExpired:
            end(child)
            code = None
        _alive.discard(child)
        output.seek(0)
        done(code, output.read())


def end(child: subprocess.Popen[bytes]) -> None:
    """The child with everything that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


@atexit.register
def end_all() -> None:
    for child in list(_alive):
        end(child)
