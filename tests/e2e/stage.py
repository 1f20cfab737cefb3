# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage for playbooks: the embedded cloud and an application host as child processes, and an inventory that reaches them.

The inventory is examples/inventory as an operator would copy it, and over it an overlay with what the real world would know by
itself: addresses, ports, endpoints and credentials of the embedded cloud.
"""

from __future__ import annotations

import getpass
import grp
import json
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from typing import Any

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
INVENTORY = ROOT / "examples" / "inventory"
# Hosts of every kind, for tests to which it does not matter how many there are.
FEW = ("--limit", "lb-bp1web,img.example.com,app.example.com,airec-cn-demo01")
PATIENCE = 60  # seconds for a child to come up; the machine may be busy


class StageError(Exception):
    """The stage could not be set up; the text says which part, and shows what it said."""


class Child:
    """A child process of ours that says where it listens in a file, and ends on SIGTERM."""

    def __init__(self, name: str, folder: pathlib.Path, *arguments: str) -> None:
        self.name, self.log = name, folder / (name + ".log")
        ready = folder / (name + ".json")
        ready.unlink(missing_ok=True)
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen([sys.executable, "-m", *arguments, "--ready-file", str(ready)], cwd=ROOT, env=environment(),
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.ready = self._wait(ready)

    def _wait(self, ready: pathlib.Path) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            try:
                return json.loads(ready.read_text(encoding="utf-8"))
            except (FileNotFoundError, ValueError):  # not there, or half written
                time.sleep(0.05)
        self.stop()
        raise StageError("{0} did not come up:\n{1}".format(self.name, self.log.read_text(encoding="utf-8")[-2000:]))

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Stage:
    """Use it as a context manager. folder: where everything is written; it must be empty or absent, and only ours."""

    def __init__(self, folder: pathlib.Path, scenario: str = "demo", calm: bool = False) -> None:
        self.folder, self.overlay = folder, folder / "inventory"
        self._runs = 0
        self._children: list[Child] = []
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._start(scenario, calm)
        except BaseException:
            self.stop()
            raise

    def _start(self, scenario: str, calm: bool) -> None:
        state = self.folder / "cloud"
        self.cloud = self._child(
            "emulator", "tests.emulator", "--scenario", scenario, "--state-dir", str(state), *(["--calm"] if calm else []))
        self.app_root = self.folder / "app"
        for name in ("tls", "www"):
            (self.app_root / name).mkdir(parents=True, exist_ok=True)
        self._old_pair()
        self.app = self._child("apphost", "tests.emulator.apphost", "--root", str(self.app_root))
        self.control("POST", "/airec/http_host", dict(domain="rec.example.com", host=self.app["host"], port=self.app["http_port"]))
        write_overlay(self)

    def _child(self, name: str, *arguments: str) -> dict[str, Any]:
        child = Child(name, self.folder, *arguments)
        self._children.append(child)
        return child.ready

    def _old_pair(self) -> None:
        """The application host begins with a certificate that is about to expire, as hosts do."""
        old = self.control("POST", "/pki/issue", dict(names=["app.example.com"], days=5, key="rsa"))
        (self.app_root / "tls" / "fullchain.pem").write_text(old["certificate"], encoding="utf-8")
        key = self.app_root / "tls" / "privkey.pem"
        key.touch(mode=0o600)
        key.write_text(old["private_key"], encoding="utf-8")
        self.old_app = old["fingerprint"]

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *unused: object) -> None:
        self.stop()

    def stop(self) -> None:
        while self._children:
            self._children.pop().stop()

    @property
    def files(self) -> dict[str, str]:
        return self.cloud["files"]

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the emulator's control port."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.cloud["control"] + path, method=method, data=data, headers={"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is on loopback; no proxy may see it
        with opener.open(request, timeout=30) as answer:
            text = answer.read().decode()
        return json.loads(text) if text else None

    def journal(self) -> list[dict[str, Any]]:
        found = self.control("GET", "/journal")
        return found["entries"] if isinstance(found, dict) else found

    def forget(self) -> None:
        """Empty the journal."""
        self.control("DELETE", "/journal")

    def play(self, playbook: str, *arguments: str, show: bool = False, variables: dict[str, str] | None = None) -> Run:
        """Run a playbook as a user would. show: the output goes to the terminal as it comes."""
        self._runs += 1
        record = self.folder / "run{0}.jsonl".format(self._runs)
        command = [ansible("ansible-playbook"), playbook, "-i", str(INVENTORY), "-i", str(self.overlay), *arguments]
        env = dict(environment(self.folder), DAAS_RECORD=str(record), **(variables or {}))
        begin = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, env=env, text=True, stdin=subprocess.DEVNULL, stdout=None if show else subprocess.PIPE,
                              stderr=None if show else subprocess.STDOUT, check=False)
        record.with_suffix(".log").write_text(done.stdout or "", encoding="utf-8")
        return Run(done.returncode, done.stdout or "", record, time.monotonic() - begin)

    def writes(self) -> list[tuple[str, str]]:
        """(product, action) of every writing call since the journal was emptied that the cloud carried out."""
        return sorted((entry["product"], entry["action"]) for entry in self.journal() if entry["writes"] and entry["status"] == 200)

    def endpoints(self) -> list[dict[str, Any]]:
        """Every endpoint of the inventory: name, address, port, label."""
        return [endpoint for host in overlay_hosts(self).values() for endpoint in host]


class Run:
    """What a playbook run gave. rows: one for each task and host, in order."""

    def __init__(self, code: int, output: str, record: pathlib.Path, seconds: float) -> None:
        self.code, self.output, self.seconds, self.record = code, output, seconds, record
        lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
        rows = [json.loads(line) for line in lines]
        self.rows = [row for row in rows if row["status"] != "stats"]
        self.recap: dict[str, dict[str, int]] = next((row["result"] for row in rows if row["status"] == "stats"), {})

    def changed(self) -> int:
        return sum(host["changed"] for host in self.recap.values())

    def results(self, module: str) -> list[dict[str, Any]]:
        """Results of all tasks of a module that were not skipped."""
        return [row["result"] for row in self.rows if row["action"] == module and row["status"] != "skipped"]

    def actions(self) -> list[tuple[str, str, str]]:
        """The writing calls that the modules say they made, or in check mode would make."""
        return sorted((item["product"], item["action"], item["target"]) for row in self.rows for item in row["result"].get("actions") or [])


def write_overlay(stage: Stage, keys: dict[str, str] | None = None) -> None:
    """The overlay inventory. keys: another access key than the cloud's own."""
    cloud, app = stage.cloud, stage.app
    keys = keys or cloud
    user = getpass.getuser()
    python, root = shlex.quote(sys.executable), shlex.quote(str(stage.app_root))
    everywhere = dict(
        daas_https_connection=dict(access_key_id=keys["access_key_id"], access_key_secret=keys["access_key_secret"],
                                   endpoints=cloud["endpoints"], api_ca_path=cloud["ca_path"]),
        certificate_path=stage.files["certificate"], certificate_private_key_path=stage.files["private_key"],
        certificate_ca_path=stage.files["ca"], airec_access_token=cloud["airec_token"])
    app_hosts = dict(
        ansible_connection="local", ansible_become=False, ansible_python_interpreter="{{ ansible_playbook_python }}",
        app_host_certificate_dest=str(stage.app_root / "tls" / "fullchain.pem"),
        app_host_private_key_dest=str(stage.app_root / "tls" / "privkey.pem"),
        app_host_owner=user, app_host_group=grp.getgrgid(os.getgid()).gr_name,
        app_host_validate_command="env PYTHONPATH={0} {1} -m tests.emulator.apphost --root {2} --test".format(
            shlex.quote(str(ROOT)), python, root),
        app_host_reload_command="kill -HUP {0}".format(app["pid"]))
    _write(stage.overlay / "group_vars" / "all.yml", everywhere)
    _write(stage.overlay / "group_vars" / "app_hosts.yml", app_hosts)
    hosts = overlay_hosts(stage)
    _write(stage.overlay / "hosts.yml", dict(all=dict(hosts=dict((name, {}) for name in hosts))))
    for name, endpoints in hosts.items():
        _write(stage.overlay / "host_vars" / (name + ".yml"), dict(https_endpoints=endpoints))


def overlay_hosts(stage: Stage) -> dict[str, list[dict[str, Any]]]:
    """The endpoints of the embedded cloud by inventory host. The labels are those of the example inventory."""
    plane = stage.cloud["data_plane"]

    def at(place: dict[str, Any], name: str, label: str) -> dict[str, Any]:
        return dict(name=name, address=place["host"], port=place["port"], label=label)

    hosts: dict[str, list[dict[str, Any]]] = {}
    for service, host, port, name in (
            ("slb", "lb-bp1web", 443, "www.example.com"), ("slb", "lb-bp1api", 443, "api.example.com"),
            ("slb", "lb-uf6web", 443, "www.example.com"), ("slb", "lb-uf6web", 8443, "www.example.com"),
            ("alb", "alb-bp1shop", 443, "www.shop.example.com"), ("alb", "alb-uf6shop", 443, "www.shop.example.com"),
            ("nlb", "nlb-bp1mq", 8883, "mq.shop.example.com"), ("nlb", "nlb-uf6mq", 8883, "mq.shop.example.com")):
        place = plane["{0}/{1}/{2}".format(service, host, port)]
        hosts.setdefault(host, []).append(at(place, name, "{0}:{1}".format(host, port)))
    for service, domain in (("cdn", "static.example.com"), ("cdn", "img.example.com"), ("dcdn", "shop-assets.example.com")):
        hosts[domain] = [at(plane[service], domain, "{0} {1}".format(service, domain))]
    hosts["app.example.com"] = [
        dict(name="app.example.com", address=stage.app["host"], port=stage.app["tls_port"], label="app host app.example.com")]
    hosts["airec-cn-demo01"] = [at(plane["airec/cn-hangzhou"], "rec.example.com", "airec rec.example.com")]
    return hosts


def _write(path: pathlib.Path, data: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("---\n" + yaml.safe_dump(data, sort_keys=False, width=1000), encoding="utf-8")
    path.chmod(0o600)


def ansible(program: str) -> str:
    """An Ansible command of the same environment as this Python."""
    return str(pathlib.Path(sys.executable).parent / program)


def environment(folder: pathlib.Path | None = None) -> dict[str, str]:
    """The environment for children: ours, less what would make a run depend on the user's own Ansible or cloud settings."""
    foreign = ("ANSIBLE_", "ALIBABA_CLOUD_", "ALICLOUD_", "AIREC_")
    kept = dict((name, value) for name, value in os.environ.items() if not name.startswith(foreign))
    if folder is None:
        return kept
    config = folder / "ansible.cfg"
    # One of its own, so that nobody else's counts. Ansible looks a thousand times a second whether a task is done, which on a busy
    # machine is a tenth of its time; it has this setting for automation, where nobody watches.
    config.write_text("[defaults]\ninternal_poll_interval = 0.005\n", encoding="utf-8")
    return dict(
        kept, ANSIBLE_CONFIG=str(config), ANSIBLE_HOME=str(folder / "ansible"), ANSIBLE_LOCAL_TEMP=str(folder / "ansible" / "tmp"),
        ANSIBLE_REMOTE_TEMP=str(folder / "ansible" / "remote"), ANSIBLE_COLLECTIONS_PATH=str(ROOT / ".cache"),
        ANSIBLE_CALLBACK_PLUGINS=str(ROOT / "tests" / "e2e" / "callback"), ANSIBLE_CALLBACKS_ENABLED="record", ANSIBLE_NOCOWS="1",
        ANSIBLE_CACHE_PLUGIN="ansible.builtin.jsonfile", ANSIBLE_CACHE_PLUGIN_CONNECTION=str(folder / "facts"),
        PATH=str(pathlib.Path(sys.executable).parent) + os.pathsep + kept.get("PATH", os.defpath))
