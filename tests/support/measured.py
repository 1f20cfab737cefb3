# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program cost, by the system's own accounts, and how such figures are shown."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence


class RunError(Exception):
    """A program failed that was to be measured; the text shows which, and what it said."""


@dataclasses.dataclass(frozen=True)
class Cost:
    """wall, cpu: seconds, of the program and of all children that it waited for; peak: MiB of the largest of these; output: its stdout."""

    wall: float
    cpu: float
    peak: float
    output: str


def run(command: Sequence[str], *, env: dict[str, str] | None = None, cwd: pathlib.Path | None = None, cpus: set[int] | None = None,
        codes: Iterable[int] = (0,)) -> Cost:
    """Run a program to its end. cpus: the processors it may use; codes: the exit codes that are fine. Raises RunError."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out, tempfile.TemporaryFile("w+", encoding="utf-8") as err:
        begin = time.monotonic()
        with pinned(cpus):
            process = subprocess.Popen(command, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        try:
            status, usage = os.wait4(process.pid, 0)[1:]
        except BaseException:
            process.kill()
            process.wait()
            raise
        wall = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = [_text(file) for file in (out, err)]
    if process.returncode not in codes:
        raise RunError("{0} ended with {1}:\n{2}".format(" ".join(command)[:300], process.returncode, "\n".join(texts)[-3000:]))
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, texts[0])


@contextlib.contextmanager
def pinned(cpus: set[int] | None) -> Iterator[None]:
    """What is started meanwhile may use these processors only; None for all that we may use."""
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus or ours)
    try:
        yield
    finally:
        os.sched_setaffinity(0, ours)


def _text(file) -> str:
    file.seek(0)
    return file.read()


def line(name: str, values: Sequence[float], unit: str, limit: str = "") -> str:
    """One line: the median, the least and the most."""
    return "  {0:<58} {1:>9.2f} {2:>9.2f} {3:>9.2f} {4:<4} {5}".format(
        name, statistics.median(values), min(values), max(values), unit, limit).rstrip()


def head(title: str) -> str:
    return "\n{0}\n  {1:<58} {2:>9} {3:>9} {4:>9}".format(title, "", "median", "min", "max")


class Verdicts:
    """Lines with a bar, printed as they come; `good` tells whether all bars were held."""

    def __init__(self) -> None:
        self.good = True

    def at_most(self, name: str, values: Sequence[float], limit: float, unit: str = "x") -> None:
        self._judge(name, values, unit, statistics.median(values) <= limit, "within the bar of {0:g}", "OVER the bar of {0:g}", limit)

    def at_least(self, name: str, values: Sequence[float], limit: float, unit: str = "x") -> None:
        self._judge(name, values, unit, statistics.median(values) >= limit, "over the bar of {0:g}", "UNDER the bar of {0:g}", limit)

    def _judge(self, name: str, values: Sequence[float], unit: str, good: bool, held: str, broken: str, limit: float) -> None:
        self.good = self.good and good
        print(line(name, values, unit, (held if good else broken).format(limit)), flush=True)
