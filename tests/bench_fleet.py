# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What 200 resources cost at 30 ms a call: one call for all of them, against the ideal and against one task a resource.

The ideal is what the calls take if they are all under way side by side (calls x latency / parallel), and one trivial module. One task a
resource is measured with a part of the resources, and the rest is taken to cost the same. A part of `make bench`; nothing here is a test.
"""

from __future__ import annotations

import collections
import json
import pathlib
import statistics
import subprocess
import time
import urllib.request
from typing import Any

import yaml

from tests.e2e.stage import ROOT, Child, ansible, environment
from tests.emulator.scenarios import fleet

LATENCY, PARALLEL, ROUNDS, SINGLE = 0.03, 8, 3, 16  # seconds, calls at a time, rounds, resources that get a task each
IDEAL_BAR, TASKS_BAR = 1.5, 30
PAUSES = 10 ** 6  # as many calls as anybody makes


class Fleet:
    """The emulated cloud with the fleet, each call of which takes LATENCY, and plays that work on it."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, mode=0o700)
        self._child = Child("emulator", folder, "tests.emulator", "--scenario", "fleet", "--calm", "--state-dir", str(folder / "cloud"))
        self.cloud: dict[str, Any] = self._child.ready
        self.reset()

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, *unused: object) -> None:
        self._child.stop()

    def reset(self) -> None:
        self._control("POST", "/reset", {})
        self._control("POST", "/faults", dict(product="*", action="*", kind="delay", seconds=LATENCY, times=PAUSES))

    def calls(self) -> list[str]:
        """What has been called since the last time."""
        found = self._control("GET", "/journal")
        self._control("DELETE", "/journal")
        return ["{0} {1}".format(entry["product"], entry["action"]) for entry in (found["entries"] if isinstance(found, dict) else found)]

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.cloud["control"] + path, method=method, data=data, headers={"Content-Type": "application/json"})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            text = answer.read().decode()
        return json.loads(text) if text else None

    def play(self, name: str, *tasks: dict[str, Any]) -> float:
        """Seconds that a playbook of these tasks takes."""
        path = self.folder / (name + ".yml")
        path.write_text(yaml.safe_dump([dict(
            name=name, hosts="localhost", gather_facts=False, connection="local", tasks=list(tasks),
            vars=dict(ansible_python_interpreter="{{ ansible_playbook_python }}"),
            module_defaults={"group/daas.https.alicloud": dict(
                access_key_id=self.cloud["access_key_id"], access_key_secret=self.cloud["access_key_secret"],
                endpoints=self.cloud["endpoints"], api_ca_path=self.cloud["ca_path"])})]), encoding="utf-8")
        path.chmod(0o600)
        begin = time.monotonic()
        done = subprocess.run([ansible("ansible-playbook"), str(path), "-i", "localhost,"], cwd=ROOT, env=environment(self.folder),
                              text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            raise RuntimeError("{0} failed:\n{1}".format(name, done.stdout[-3000:]))
        return time.monotonic() - begin

    def upload(self) -> dict[str, Any]:
        files = self.cloud["files"]
        return {"name": "Upload", "daas.https.cas_certificate": dict(
            name="shop", certificate_path=files["certificate"], private_key_path=files["private_key"], ca_path=files["ca"])}

    def deploy(self, resources: list[dict[str, Any]]) -> dict[str, Any]:
        name = "shop-" + self.fingerprint()[:16]
        return {"name": "Deploy", "daas.https.cas_deploy": dict(
            certificate=dict(name=name), resources=resources, parallel=PARALLEL, wait_interval=0.1)}

    def fingerprint(self) -> str:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        pem = pathlib.Path(self.cloud["files"]["certificate"]).read_bytes()
        return x509.load_pem_x509_certificates(pem)[0].fingerprint(hashes.SHA256()).hex()


def measure(folder: pathlib.Path) -> bool:
    """Print the ratios; True when all are within their bars."""
    resources = fleet.resources()
    rounds: list[tuple[float, float, float, int]] = []
    with Fleet(folder) as cloud:
        for _round in range(ROUNDS):
            cloud.reset()
            trivial = cloud.play("trivial", {"name": "Trivial module", "ansible.builtin.ping": {}})
            cloud.play("upload", cloud.upload())
            single = cloud.play("single", *(cloud.deploy([resource]) for resource in resources[::len(resources) // SINGLE][:SINGLE]))
            cloud.reset()
            cloud.play("upload", cloud.upload())
            cloud.calls()
            batch = cloud.play("batch", cloud.deploy(resources))
            made = len(cloud.calls())
            rounds.append((batch, trivial, (single - trivial) / SINGLE * len(resources) + trivial, made))
        report(rounds, len(resources))
        counts = {}
        for number in (50, 100, 200):
            cloud.play("noop", cloud.deploy(resources[::len(resources) // number][:number]))
            counts[number] = collections.Counter(cloud.calls())
        report_calls(counts)
    return good(rounds)


def ratios(rounds: list[tuple[float, float, float, int]]) -> tuple[float, float]:
    """(one call against the ideal, one task a resource against one call): medians."""
    ideal = [made * LATENCY / PARALLEL + trivial for _batch, trivial, _tasks, made in rounds]
    return (statistics.median(row[0] / best for row, best in zip(rounds, ideal)), statistics.median(row[2] / row[0] for row in rounds))


def good(rounds: list[tuple[float, float, float, int]]) -> bool:
    against_ideal, against_tasks = ratios(rounds)
    return against_ideal <= IDEAL_BAR and against_tasks >= TASKS_BAR


def report(rounds: list[tuple[float, float, float, int]], number: int) -> None:
    against_ideal, against_tasks = ratios(rounds)
    print("\n{0} resources at {1:.0f} ms a call, {2} at a time, {3} calls; {4} rounds, medians".format(
        number, LATENCY * 1000, PARALLEL, rounds[0][3], len(rounds)))
    print("  one call for all of them          {0:>8.2f} s".format(statistics.median(row[0] for row in rounds)))
    print("  one task a resource               {0:>8.2f} s   (of {1} tasks, carried on to {2})".format(
        statistics.median(row[2] for row in rounds), SINGLE, number))
    print("  one call against the ideal        {0:>8.2f} x   {1} the bar of {2}".format(
        against_ideal, "within" if against_ideal <= IDEAL_BAR else "OVER", IDEAL_BAR))
    print("  one task a resource against it    {0:>8.1f} x   {1} the bar of {2}".format(
        against_tasks, "over" if against_tasks >= TASKS_BAR else "UNDER", TASKS_BAR))


def report_calls(counts: dict[int, collections.Counter[str]]) -> None:
    print("\nAPI calls when there is nothing to do    {0}".format("".join("{0:>6}".format(number) for number in counts)))
    for name in sorted(set().union(*counts.values())):
        print("  {0:<38} {1}".format(name, "".join("{0:>6}".format(counts[number][name]) for number in counts)))
