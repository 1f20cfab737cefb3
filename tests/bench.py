# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rerun costs that finds nothing to do, and then bench_fleet.py and bench_tls.py: what `make bench` runs.

The deploy playbook is run until nothing is left to change. Then it and a playbook of as many trivial tasks are run in turn, and
the ratio is taken pair by pair: single times say little on a shared machine, ratios do. Nothing here is a test.
"""

from __future__ import annotations

import collections
import pathlib
import shutil
import signal
import statistics
import sys
import tempfile
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import yaml  # noqa: E402  (the checkout must be on the path first, when this is run as a file)

from tests import bench_fleet, bench_tls  # noqa: E402
from tests.conftest import link_collection  # noqa: E402
from tests.e2e.stage import Run, Stage, StageError  # noqa: E402
from tests.support.measured import RunError  # noqa: E402
from tests.support.tls_farm import FarmError  # noqa: E402

PLAYBOOK = "daas.https.deploy"
ROUNDS = 5
BAR = 1.8
# Run by ansible-playbook itself; all else is sent to a Python process of its own.
CONTROLLER_SIDE = ("debug", "set_fact", "fail", "assert", "include_tasks", "import_tasks", "include_role", "meta", "validate_argument_spec")


def main() -> int:
    link_collection()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=_cache()))
    try:
        with Stage(folder / "stage") as stage:
            code = measure(stage, folder)
        bench_fleet.measure(folder / "fleet")
        bench_tls.measure(folder / "tls")
        return code
    except (StageError, FarmError, RunError) as error:
        print("bench: {0}".format(error), file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _cache() -> pathlib.Path:
    cache = ROOT / ".cache"
    cache.mkdir(exist_ok=True)
    return cache


def measure(stage: Stage, folder: pathlib.Path) -> int:
    for _time in range(2):
        done = stage.play(PLAYBOOK)
        if done.code:
            print(done.output, "bench: the deploy playbook failed", sep="\n", file=sys.stderr)
            return 1
    stage.forget()
    done = stage.play(PLAYBOOK)
    calls = collections.Counter("{0} {1}".format(entry["product"], entry["action"]) for entry in stage.journal())
    trivial = folder / "trivial.yml"
    counts = write_trivial(trivial, done)
    print("a no-op rerun of {0}: {1} tasks run by modules, {2} by the controller, changed={3}".format(PLAYBOOK, *counts, done.changed()))
    print("API calls that it makes: {0}".format(sum(calls.values())))
    for name, number in sorted(calls.items(), key=lambda item: (-item[1], item[0])):
        print("  {0:>3}  {1}".format(number, name))
    pairs = [(stage.play(PLAYBOOK).seconds, stage.play(str(trivial)).seconds) for _round in range(ROUNDS)]
    report(pairs)
    return 0


def write_trivial(path: pathlib.Path, run: Run) -> tuple[int, int]:
    """As many tasks as the run carried out, of the same two kinds: modules that do nothing, and debug."""
    carried_out = [row for row in run.rows if row["status"] != "skipped"]
    inside = sum(row["action"].rsplit(".", 1)[-1] in CONTROLLER_SIDE for row in carried_out)
    outside = len(carried_out) - inside
    tasks: list[dict[str, Any]] = [{"name": "Trivial module", "ansible.builtin.ping": {}} for _task in range(outside)]
    tasks += [{"name": "Trivial controller task", "ansible.builtin.debug": {"msg": "x"}} for _task in range(inside)]
    play = dict(name="Trivial", hosts="localhost", gather_facts=False, connection="local",
                vars=dict(ansible_python_interpreter="{{ ansible_playbook_python }}"), tasks=tasks)
    path.write_text(yaml.safe_dump([play]), encoding="utf-8")
    return outside, inside


def report(pairs: list[tuple[float, float]]) -> None:
    ratios = [rerun / trivial for rerun, trivial in pairs]
    print("{0} rounds, in turn          median    min    max".format(len(pairs)))
    for name, values, unit in (("rerun", [pair[0] for pair in pairs], "s"), ("trivial tasks", [pair[1] for pair in pairs], "s"),
                               ("ratio", ratios, "x")):
        print("  {0:<22} {1:>7.2f} {2:>6.2f} {3:>6.2f} {4}".format(name, statistics.median(values), min(values), max(values), unit))
    verdict = "within" if statistics.median(ratios) <= BAR else "OVER"
    print("median ratio {0:.2f}: {1} the bar of {2}".format(statistics.median(ratios), verdict, BAR))


if __name__ == "__main__":
    sys.exit(main())
