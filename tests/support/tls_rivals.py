# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators use today for what tls_verify does, as commands for tests/bench_tls.py, and ours in a playbook."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import sys
from typing import Any

import yaml

from tests.conftest import COLLECTIONS, ROOT
from tests.support.tls_farm import OPENSSL, Farm

Command = list[str]
SSLYZE = "6.3.1"
LOOP = """while read -r address port name; do
  {openssl} s_client -connect "$address:$port" -servername "$name" -CAfile {ca} -verify_return_error </dev/null 2>/dev/null \\
    | {openssl} x509 -noout -subject -enddate -fingerprint -sha256 >/dev/null || exit 1
done <"$1"
"""


class Plays:
    """Playbooks over the endpoints of a farm, written into a folder."""

    def __init__(self, folder: pathlib.Path, farm: Farm) -> None:
        self._folder, self._farm = folder, farm
        folder.mkdir(parents=True, mode=0o700)

    def tls_verify(self, count: int) -> Command:
        endpoints = [dict(name=name, address=address, port=port) for address, port, name in self._farm.endpoints(count)]
        return self._play("verify{0}".format(count), {
            "name": "Verify", "daas.https.tls_verify": dict(endpoints="{{ endpoints }}", ca_path=str(self._farm.ca_path))}, endpoints)

    def get_certificate(self, count: int) -> Command:
        endpoints = [dict(name=name, address=address, port=port) for address, port, name in self._farm.endpoints(count)]
        return self._play("get{0}".format(count), {
            "name": "Get certificate", "loop": "{{ endpoints }}", "community.crypto.get_certificate": dict(
                host="{{ item.address }}", port="{{ item.port }}", server_name="{{ item.name }}", ca_cert=str(self._farm.ca_path),
                asn1_base64=True)}, endpoints)

    def _play(self, name: str, task: dict[str, Any], endpoints: list[dict[str, Any]]) -> Command:
        variables = self._folder / (name + ".json")
        variables.write_text(json.dumps(dict(endpoints=endpoints)), encoding="utf-8")
        path = self._folder / (name + ".yml")
        path.write_text(yaml.safe_dump([dict(
            name=name, hosts="localhost", gather_facts=False, connection="local", vars_files=[str(variables)], tasks=[task],
            vars=dict(ansible_python_interpreter="{{ ansible_playbook_python }}"))]), encoding="utf-8")
        return [str(pathlib.Path(sys.executable).parent / "ansible-playbook"), str(path), "-i", "localhost,"]


def s_client(folder: pathlib.Path, farm: Farm, count: int) -> Command:
    """The shell loop that everybody writes; it fails if one endpoint is not trusted."""
    script = folder / "s_client.sh"
    script.write_text(LOOP.format(openssl=OPENSSL, ca=farm.ca_path), encoding="utf-8")
    return ["sh", str(script), str(farm.write(count))]


def has_get_certificate() -> bool:
    return (COLLECTIONS / "ansible_collections" / "community" / "crypto").is_dir()


def sslyze(program: pathlib.Path, folder: pathlib.Path, farm: Farm, count: int) -> Command:
    targets = folder / "sslyze{0}.txt".format(count)
    targets.write_text("".join("{2}:{1}{{{0}}}\n".format(*endpoint) for endpoint in farm.endpoints(count)), encoding="utf-8")
    return [str(program), "--certinfo", "--certinfo_ca_file", str(farm.ca_path), "--targets_in", str(targets), "--quiet",
            "--json_out", str(folder / "sslyze{0}.json".format(count))]


def scanned(folder: pathlib.Path, count: int) -> bool:
    """Whether sslyze got a certificate of every endpoint."""
    found = json.loads((folder / "sslyze{0}.json".format(count)).read_text(encoding="utf-8"))["server_scan_results"]
    return len(found) == count and all(
        item["scan_status"] == "COMPLETED" and item["scan_result"]["certificate_info"]["status"] == "COMPLETED" for item in found)


def install_sslyze() -> pathlib.Path | str:
    """The program, in an environment of its own, as it wants other versions of our libraries; or why there is none."""
    folder = ROOT / ".cache" / "sslyze"
    program, note = folder / "bin" / "sslyze", folder / "version"
    if note.exists() and note.read_text(encoding="utf-8") == SSLYZE and program.exists():
        return program
    shutil.rmtree(folder, ignore_errors=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    for command in ([sys.executable, "-m", "venv", str(folder)], [*pip, "install", "sslyze==" + SSLYZE]):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            return (done.stdout.strip().splitlines() or ["exit code {0}".format(done.returncode)])[-1]
    note.write_text(SSLYZE, encoding="utf-8")
    return program
