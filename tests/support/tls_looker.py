# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's prober, or the whole of tls_verify, as a process that tests/bench_tls.py measures.

    python -m tests.support.tls_looker prober|module CA-FILE ENDPOINTS COUNT [TIMEOUT [TRUSTED]]

ENDPOINTS and COUNT are as for tlsclient.c. It prints JSON: how many answered and how many did not, and of the looking alone, without
the start of Python: the seconds, the CPU seconds, and the peak memory in MiB. TRUSTED: how many must have been trusted, else it fails.
"""

from __future__ import annotations

import json
import pathlib
import resource
import sys
import time

from tests.conftest import link_collection

link_collection()

from ansible_collections.daas.https.plugins.module_utils._tls.model import Endpoint  # noqa: E402  (only found after link_collection)
from ansible_collections.daas.https.plugins.module_utils._tls.probe import Prober  # noqa: E402


def main(what: str, ca_path: str, file: str, count: str, timeout: str = "20", trusted: str = "") -> int:
    work = {"prober": prober, "module": module}[what]
    ok, total, usage = work(ca_path, read(pathlib.Path(file)), int(count), float(timeout))
    print(json.dumps(dict(usage, ok=ok, failed=total - ok)))
    return 0 if ok == int(trusted or total) else 1


def read(path: pathlib.Path) -> list[tuple[str, int, str]]:
    return [(address, int(port), name) for address, port, name in (line.split() for line in path.read_text(encoding="utf-8").splitlines())]


def prober(ca_path: str, places: list[tuple[str, int, str]], count: int, timeout: float) -> tuple[int, int, dict[str, float]]:
    endpoints = [Endpoint(name, address, port) for address, port, name in places]
    looker, meter = Prober(ca_path, timeout), Meter()
    seen = looker.look(endpoints[:count])
    usage = meter.read()
    return sum(item.verify_code == 0 for items in seen for item in items), count, usage


def module(ca_path: str, places: list[tuple[str, int, str]], count: int, timeout: float) -> tuple[int, int, dict[str, float]]:
    from tests.support.modules import run_module

    endpoints = [dict(name=name, address=address, port=port) for address, port, name in places[:count]]
    run_module("tls_verify", dict(endpoints=endpoints[:1], ca_path=ca_path, timeout=timeout))  # everything is imported now
    meter = Meter()
    result = run_module("tls_verify", dict(endpoints=endpoints, ca_path=ca_path, timeout=timeout, fail_on_violation=False))
    usage = meter.read()
    return sum(item["ok"] for item in result["tls"]["endpoints"]), count, usage


class Meter:
    def __init__(self) -> None:
        self._begin, self._cpu = time.monotonic(), _cpu()

    def read(self) -> dict[str, float]:
        return dict(wall=time.monotonic() - self._begin, cpu=_cpu() - self._cpu,
                    peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
