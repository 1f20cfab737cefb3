# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of a rollout look at: what is served, what was written in which order, and whether a proof lay between."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

import yaml

from tests.e2e.openssl import s_client
from tests.e2e.stage import INVENTORY, ROOT, Run, Stage, ansible, environment, write_overlay

PLAN = "See what has to change"  # the task whose actions are a plan of the role itself
QUIC = "alb/cn-shanghai/alb-uf6shop:443/quic/default"  # a slot of the demo that no handshake over TCP sees
QUICK = ["-e", "edge_verify_timeout=4", "-e", "verify_wait_timeout=4"]
PATIENCE = 120  # seconds for something that a run does on its way


def begin(stage: Stage) -> None:
    """The cloud as it was at first. Ports of the data plane may be others then."""
    stage.cloud.update(stage.control("POST", "/reset", {}))
    stage.control("POST", "/airec/http_host", dict(domain="rec.example.com", host=stage.app["host"], port=stage.app["http_port"]))
    write_overlay(stage)


def served(stage: Stage, hosts: str = "") -> dict[str, str]:
    """SHA-256 by endpoint label, as OpenSSL sees it; hosts: only of labels that have one of these names in them."""
    names = hosts.split(",")
    return {endpoint["label"]: s_client(endpoint, stage.files["ca"]).fingerprint for endpoint in stage.endpoints()
            if any(name in endpoint["label"] for name in names)}


def bound(stage: Stage) -> dict[str, str]:
    """Place -> fingerprint that the control plane has there by default, of what serves certificates of CAS; of SLB, what is served."""
    state = stage.control("GET", "/state")
    found = {"{0}/{1}".format(service, row["domain"]): row["fingerprint"]
             for service in ("cdn", "dcdn") for row in state[service]["domains"]}
    for service in ("alb", "nlb"):
        for row in state[service]["listeners"]:
            for held in row["certificates"]:
                if held["default"]:
                    found["{0}/{1}:{2} {3}".format(service, row["load_balancer"], row["port"], row["protocol"])] = held["fingerprint"]
    wire = stage.control("GET", "/served")
    return {**found, **{key: wire[key]["default"] for key in wire if key.startswith("slb/")}}


def write(path: pathlib.Path, data: Any) -> str:
    """YAML in a file; its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(data, sort_keys=False, width=1000), encoding="utf-8")
    return str(path)


def playbook(path: pathlib.Path, *tasks: dict[str, Any]) -> str:
    """A playbook of one play on localhost that has the account's connection."""
    return write(path, [dict(name="Tasks", hosts="localhost", gather_facts=False, tasks=list(tasks),
                             module_defaults={"group/daas.https.alicloud": "{{ daas_https_connection }}"})])


def chain(path: pathlib.Path, *playbooks: str) -> str:
    """A playbook that is these, one after the other."""
    return write(path, [{"ansible.builtin.import_playbook": name} for name in playbooks])


def made(run: Run) -> list[tuple[str, str, str]]:
    """(product, action, target) of what the modules say they wrote, or in check mode would; each once."""
    return sorted({(item["product"], item["action"], item["target"]) for row in run.rows if PLAN not in row["task"]
                   for item in row["result"].get("actions") or []})


def committed(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entry for entry in entries if entry["writes"] and entry["committed"]]


def places(stage: Stage) -> Callable[[dict[str, Any]], str]:
    """A function: which listener or domain a call of the journal is about, "" for none."""
    state = stage.control("GET", "/state")
    listeners = {row["id"]: "/".join([service, row["load_balancer"], str(row["port"])] + ["quic"] * (row["protocol"] == "QUIC"))
                 for service in ("alb", "nlb") for row in state[service]["listeners"]}

    def place(entry: dict[str, Any]) -> str:
        params = entry["params"]
        if "DomainName" in params:
            return "{0}/{1}".format(entry["product"], params["DomainName"])
        if "ListenerPort" in params:
            return "{0}/{1}/{2}".format(entry["product"], params["LoadBalancerId"], params["ListenerPort"])
        return listeners.get(params.get("ListenerId", ""), "")

    return place


class Watch:
    """While it is open, looks at the cloud again and again: how often each endpoint was asked, and what was written by then."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._place, self._done = stage, places(stage), threading.Event()
        self._seen: list[tuple[dict[str, int], list[tuple[str, str]]]] = []
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(0.1):
            # in this order: what was asked before the list of writes was read was asked before anything that is not on it
            asked = self._stage.control("GET", "/handshakes")
            written = committed(self._stage.control("GET", "/journal?writes=1")["entries"])
            self._seen.append((asked, [(entry["action"], self._place(entry)) for entry in written]))

    def proved(self, wave: list[str], later: list[str]) -> bool:
        """Whether all endpoints of a wave were asked after it was written to and before anything of the later one was."""
        return self._asked({_endpoint(place) for place in wave}, lambda written: {place for _action, place in written} & set(wave),
                           lambda written: {place for _action, place in written} & set(later))

    def between(self, first: tuple[str, str], second: tuple[str, str], times: int = 1) -> bool:
        """Whether an endpoint was asked after one call to it, made so many times, and before another; calls are (action, place)."""
        return self._asked({_endpoint(first[1])}, lambda written: written.count(first) >= times, lambda written: second in written)

    def _asked(self, endpoints: set[str], begun: Callable[[Any], Any], over: Callable[[Any], Any]) -> bool:
        before = [counts for counts, written in self._seen if not begun(written)][-1]
        return any(begun(written) and not over(written) and all(counts[key] > before[key] for key in endpoints)
                   for counts, written in self._seen)


def _endpoint(place: str) -> str:
    """Its key in the data plane: all domains of CDN have one."""
    return "cdn" if place.startswith("cdn/") else place


def killed(stage: Stage, until: Callable[[], bool], *arguments: str) -> None:
    """Start a playbook, and kill it with all its children as soon as until() is true."""
    command = [ansible("ansible-playbook"), *arguments, "-i", str(INVENTORY), "-i", str(stage.overlay)]
    env = dict(environment(stage.folder), DAAS_RECORD=str(stage.folder / "killed.jsonl"))
    with (stage.folder / "killed.log").open("w", encoding="utf-8") as log:
        run = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + PATIENCE
        while not until() and run.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        ours = [run.pid, *_children(run.pid)]  # a worker of Ansible is in a session of its own, so that no group has them all
        for number in ours:
            try:
                os.kill(number, signal.SIGKILL)
            except ProcessLookupError:
                continue
        code = run.wait()
    assert code == -signal.SIGKILL, (stage.folder / "killed.log").read_text(encoding="utf-8")


def _children(pid: int) -> list[int]:
    """Those of a process, and theirs."""
    parents = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found, left = [], [pid]
    while left:
        parent = left.pop()
        mine = [number for number, above in parents.items() if above == parent]
        found, left = found + mine, left + mine
    return found
