# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All checks, as `make test` runs them: the static ones two at a time, then the tests; closing lines for a person and for CI.

Run by the Python of .cache/tools, which has nox; standard library only.
"""

from __future__ import annotations

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPORTS = ROOT / ".cache" / "reports"
NOX = pathlib.Path(sys.executable).with_name("nox")
CI = os.environ.get("CI", "").lower() not in ("", "0", "false")
# The longest first. Name for a person -> nox session.
STATIC = {
    "sanity 2.21": "sanity(2.21)", "sanity 2.16": "sanity(2.16)", "sanity 2.19": "sanity(2.19)", "lint": "lint", "artifact": "artifact",
}
TESTS = {"unit": "unit", "e2e": "e2e", "e2e_hosts": "e2e_hosts", "e2e_acme": "e2e_acme", "eda": "eda",
         "browser": "browser", "year": "year"}
COUNTS = ("passed", "failed", "skipped")


def main() -> int:
    begin = time.monotonic()
    shutil.rmtree(REPORTS, ignore_errors=True)
    REPORTS.mkdir(parents=True)
    # Nothing here uses more than one core for long: two at a time.
    with concurrent.futures.ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        good = dict(zip(STATIC, pool.map(quietly, STATIC, STATIC.values())))
    for name, session in TESTS.items():
        print("\n{0}:".format(name), flush=True)
        good[name] = nox(session, None) == 0
    total = counted()
    print()
    missing = {name: skipped(session) for name, session in {**STATIC, **TESTS}.items() if skipped(session)}
    for name, reason in missing.items():
        print("skipped: {0}: {1}".format(name, reason))
    if CI and total["skipped"]:
        print("skipped: {0} tests; with CI=true nothing may be skipped".format(total["skipped"]))
        good["no skipped tests"] = False
    for name in TESTS:
        if good[name] and name not in missing and not (REPORTS / (name + ".xml")).exists():
            print("{0}: no report was written".format(name))
            good[name] = False
    print(closing(good, missing, time.monotonic() - begin))
    # The line that CI counts. It must not say that all is well when a static check failed.
    failed = total["failed"] + sum(not good[name] for name in good if name not in TESTS)
    tail = ", {0} skipped".format(total["skipped"]) if total["skipped"] else ""
    print("{0} passed, {1} failed{2}".format(total["passed"], failed, tail))
    return 0 if all(good.values()) else 1


def quietly(name: str, session: str) -> bool:
    """Run a session into its log; one line when it is well, its output when not."""
    log, begin = REPORTS / (name.replace(" ", "-") + ".log"), time.monotonic()
    code = nox(session, log)
    seconds = time.monotonic() - begin
    state = "FAILED" if code else "skipped" if skipped(session) else "ok"
    lines = ["{0:<12} {1} in {2:.0f} s".format(name, state, seconds)]
    if code:
        lines += ["  | " + line for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-120:]]
        lines.append("  all of it: {0}".format(log.relative_to(ROOT)))
    print("\n".join(lines), flush=True)
    return code == 0


def nox(session: str, log: pathlib.Path | None) -> int:
    command = [str(NOX), "--session", session]
    if log is None:
        return subprocess.run(command, cwd=ROOT, check=False, stdin=subprocess.DEVNULL).returncode
    with log.open("w", encoding="utf-8") as out:
        return subprocess.run(command, cwd=ROOT, check=False, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT).returncode


def skipped(session: str) -> str:
    """Why a session was skipped; empty if it was not."""
    note = REPORTS / (session + ".skipped")
    return note.read_text(encoding="utf-8").strip() if note.exists() else ""


def counted() -> dict[str, int]:
    """Tests of all pytest reports."""
    total = dict.fromkeys(COUNTS, 0)
    for report in REPORTS.glob("*.xml"):
        for suite in xml.etree.ElementTree.parse(report).getroot().iter("testsuite"):
            bad, left_out = int(suite.get("failures", 0)) + int(suite.get("errors", 0)), int(suite.get("skipped", 0))
            total["failed"] += bad
            total["skipped"] += left_out
            total["passed"] += int(suite.get("tests", 0)) - bad - left_out
    return total


def closing(good: dict[str, bool], missing: dict[str, str], seconds: float) -> str:
    took = "{0:.0f} min {1:02.0f} s".format(seconds // 60, seconds % 60) if seconds >= 60 else "{0:.0f} s".format(seconds)
    bad = [name for name, well in good.items() if not well]
    if bad:
        return "daas.https: FAILED: {0} (of {1} checks, in {2}; logs in .cache/reports)".format(", ".join(bad), len(good), took)
    done = [name for name in good if name not in missing]
    sanity = "sanity " + "/".join(sorted(name.split()[1] for name in done if name.startswith("sanity ")))
    names = ([sanity] if sanity.strip() != "sanity" else []) + [name for name in done if not name.startswith("sanity ")]
    what = "checks passed, but not all of them ran" if missing else "all checks passed"
    return "daas.https: {0} ({1}) in {2}".format(what, ", ".join(names), took)


if __name__ == "__main__":
    sys.exit(main())
