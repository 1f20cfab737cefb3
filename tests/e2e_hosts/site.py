# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site of three hosts, each with its own nginx, and the operator's machine beside them, where ansible-playbook runs.

nginx, Apache, HAProxy, ssh and sshd are Debian's; init scripts stand in for systemd, which cannot run in a namespace.
"""

from __future__ import annotations

import hashlib
import json
import pathlib
import re
import shlex
import ssl
import subprocess
import time
from typing import Any

import yaml

from tests.e2e.openssl import LEAF, s_client_command
from tests.e2e.stage import ROOT, Run, ansible, environment
from tests.emulator.pki import Authority, Material, write_private
from tests.support.hosts import Host, Hosts, as_inventory

ADDRESSES = {"ecs-app1": "192.0.2.11", "ecs-app2": "192.0.2.12", "ecs-app3": "192.0.2.13"}
NAME = "app.example.com"
FOLDER = "/etc/nginx/tls"
CHAIN, KEY = FOLDER + "/fullchain.pem", FOLDER + "/privkey.pem"
BROKEN = "/etc/nginx/conf.d/broken.conf"
HTTPS = """server {
    listen 443 ssl;
    server_name app.example.com;
    ssl_certificate tls/fullchain.pem;
    ssl_certificate_key tls/privkey.pem;
    return 200 "app\\n";
}
"""
PLAYBOOK = [dict(name="The application hosts", hosts="app_hosts", gather_facts=False, roles=["daas.https.app_host"])]
PATIENCE = 30  # seconds for a web server to do what it was told
# A web server of another test would go on serving beside the one that this test starts: HAProxy shares its port.
END_OTHERS = """for process in /proc/[0-9]*; do
  case "$(cat "$process/comm" 2>/dev/null)" in haproxy | apache2) ;; *) continue ;; esac
  kill -9 "${process#/proc/}" 2>/dev/null || true
  while grep -q '^State:.[^ZX]' "$process/status" 2>/dev/null; do sleep 0.02; done
done
rm -rf /etc/haproxy/certs /run/haproxy.pid /run/apache2/apache2.pid"""


class Site:
    """folder: where everything is written. hosts: those of ADDRESSES."""

    def __init__(self, folder: pathlib.Path, hosts: Hosts) -> None:
        self.folder, self.hosts, self._runs = folder, hosts, 0
        self.authority = Authority.create()
        folder.mkdir(parents=True, mode=0o700)
        self.ca = folder / "ca.pem"
        self.ca.write_text(self.authority.root_pem, encoding="utf-8")
        self.playbook = folder / "site.yml"
        self.playbook.write_text(yaml.safe_dump(PLAYBOOK), encoding="utf-8")
        self.inventory = folder / "hosts.yml"
        self.old, self.new = (self.authority.issue([NAME], days=days, key=kind) for days, kind in ((5, "rsa"), (90, "ec")))
        self.write_inventory()

    def __getitem__(self, number: int) -> Host:
        """Host 1, 2 or 3."""
        return self.hosts.hosts["ecs-app{0}".format(number)]

    def write_inventory(self) -> None:
        """The three hosts in the group app_hosts, with the new pair to install."""
        common = dict(
            certificate_path=self.save("new", self.new)[0], certificate_private_key_path=self.save("new", self.new)[1],
            certificate_ca_path=str(self.ca), app_host_fingerprint=self.new.fingerprint, app_host_verify_timeout=20,
            app_host_reload_command="service nginx reload",
            https_endpoints=[dict(name=NAME, address="{{ ansible_host }}", label="{{ inventory_hostname }}")])
        members = {name: as_inventory(host, self.hosts) for name, host in self.hosts.hosts.items()}
        groups = dict(app_hosts=dict(hosts=members, vars=common), edge={}, airec={})
        self.inventory.write_text(yaml.safe_dump(dict(all=dict(children=groups))), encoding="utf-8")

    def save(self, name: str, pair: Material) -> tuple[str, str]:
        """Paths of the two files of a pair on the operator's machine."""
        chain, key = self.folder / (name + ".pem"), self.folder / (name + ".key")
        chain.write_text(pair.chain_pem, encoding="utf-8")
        write_private(key, pair.key_pem)
        return str(chain), str(key)

    def reset(self) -> None:
        """On every host nginx serves the old certificate, with a configuration that is good, and nothing else is there."""
        for host in self.hosts.hosts.values():
            host.plug()
            host.run(END_OTHERS)
            host.run('rm -rf "$1" "$2" /usr/local/bin/mv /run/mv; mkdir -p "$1"', FOLDER, BROKEN)
            host.write(CHAIN, self.old.chain_pem)
            host.write(KEY, self.old.key_pem, "0600")
            host.write("/etc/nginx/sites-enabled/default", HTTPS)
            host.run("if [ -s /run/nginx.pid ]; then service nginx reload; else service nginx start; fi")
        for host in self.hosts.hosts.values():
            self.wait_for(host, self.old)

    def wait_for(self, host: Host, pair: Material, port: int = 443) -> None:
        end = time.monotonic() + PATIENCE
        while self.served(host, port) != pair.fingerprint:
            assert time.monotonic() < end, "{0} does not serve what it was set up with".format(host.name)
            time.sleep(0.05)

    # -- what is there ---------------------------------------------------------------------------------------------------------------

    def served(self, host: Host, port: int = 443) -> str:
        """SHA-256 of what the host serves at its address for the name; only if OpenSSL trusts it, and the name is right."""
        endpoint = dict(name=NAME, address=host.address, port=port)
        command = [*shlex.split(s_client_command(endpoint, str(self.ca))), "-verify_hostname", NAME]
        done = subprocess.run(self.hosts.inside(*command), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                              check=False)
        verdicts, leaf = re.findall(r"Verify return code: (.*)", done.stdout), LEAF.search(done.stdout)
        if not leaf:
            return "nothing"
        fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(leaf.group(0))).hexdigest()
        return fingerprint if verdicts[-1] == "0 (ok)" else "{0}: {1}".format(fingerprint, verdicts[-1])

    def all_served(self) -> list[str]:
        return [self.served(host) for host in self.hosts.hosts.values()]

    def on_disk(self, host: Host) -> tuple[str, str]:
        """"old", "new" or "other", for the certificate and for the key."""
        chain, key = host.read(CHAIN), host.read(KEY)
        known = {"old": self.old, "new": self.new}
        return (next((name for name, pair in known.items() if pair.chain_pem == chain), "other"),
                next((name for name, pair in known.items() if pair.key_pem == key), "other"))

    def left(self, host: Host) -> list[str]:
        """Names in the folder of the pair."""
        return host.run('ls -A "$1"', FOLDER).split()

    # -- runs ------------------------------------------------------------------------------------------------------------------------

    def command(self, playbook: str, *arguments: str) -> tuple[list[str], dict[str, str], pathlib.Path]:
        """Command line, environment and record of a run."""
        self._runs += 1
        record = self.folder / "run{0}.jsonl".format(self._runs)
        command = [ansible("ansible-playbook"), playbook, "-i", str(self.inventory), *arguments]
        # a connection of an earlier run would not notice that a host cannot be reached any more
        sockets = self.folder / "cp{0}".format(self._runs)
        env = dict(environment(self.folder), DAAS_RECORD=str(record), ANSIBLE_PIPELINING="1", ANSIBLE_SSH_CONTROL_PATH_DIR=str(sockets))
        return self.hosts.inside(*command, folder=ROOT), env, record

    def play(self, *arguments: str, playbook: str = "", **variables: Any) -> Run:
        """Run the playbook as an operator would. variables: extra variables; a dictionary by number has one value for each host."""
        arguments += ("-e", yaml.safe_dump(resolved(variables), default_flow_style=True, width=100000)) if variables else ()
        command, env, record = self.command(playbook or str(self.playbook), *arguments)
        begin = time.monotonic()
        done = subprocess.run(command, env=env, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)
        record.with_suffix(".log").write_text(done.stdout, encoding="utf-8")
        return Run(done.returncode, done.stdout, record, time.monotonic() - begin)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Begin a run; who calls ends it."""
        command, env, record = self.command(str(self.playbook), *arguments)
        with record.with_suffix(".log").open("w", encoding="utf-8") as log:
            return subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def emulator(self) -> subprocess.Popen[bytes]:
        """The embedded cloud on the operator's machine; cloud.json says where."""
        command = self.hosts.inside(ansible("python"), "-m", "tests.emulator", "--calm", "--state-dir", str(self.folder / "cloud"),
                                    "--ready-file", str(self.folder / "cloud.json"), folder=ROOT)
        with (self.folder / "cloud.log").open("w", encoding="utf-8") as log:
            return subprocess.Popen(command, env=environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def wait_for_emulator(self, cloud: subprocess.Popen[bytes]) -> dict[str, Any]:
        """What cloud.json says, as soon as it is there."""
        while True:
            try:
                return json.loads((self.folder / "cloud.json").read_text(encoding="utf-8"))
            except (FileNotFoundError, ValueError):  # not there, or half written
                assert cloud.poll() is None, (self.folder / "cloud.log").read_text(encoding="utf-8")
                time.sleep(0.05)


def resolved(variables: dict[str, Any]) -> dict[str, Any]:
    """A dictionary whose keys are numbers of hosts becomes an expression that picks the host's own."""
    return {name: "{{ " + repr({"ecs-app{0}".format(number): text for number, text in value.items()}) + "[inventory_hostname] }}"
            if isinstance(value, dict) and all(isinstance(number, int) for number in value) else value for name, value in variables.items()}


def message(run: Run, host: str) -> str:
    """What a host failed with."""
    return "\n".join(str(row["result"].get("msg")) for row in run.rows if row["host"] == host and row["status"] == "failed")
