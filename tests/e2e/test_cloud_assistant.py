# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An application host without SSH: the role replaces its pair through Cloud Assistant (ecs_certificate), and proves it or puts it back.

The embedded cloud is in this process, because only who holds it can give an instance a folder in which commands really run.
"""

from __future__ import annotations

import json
import os
import pathlib
import signal
import time

import pytest
import yaml

from tests.e2e.conftest import keys_used, places_of_keys
from tests.e2e.openssl import s_client
from tests.e2e.stage import Stage
from tests.emulator.__main__ import description
from tests.emulator.emulator import Emulator
from tests.support.leaks import leaks

APP = "app.example.com"
INSTANCE = dict(app_host_method="cloud_assistant", app_host_instance_id="i-bp1app", app_host_region="cn-hangzhou")
MODULE = "daas.https.ecs_certificate"


class Remote(Stage):
    """A stage whose application host cannot be reached but by its endpoint and by Cloud Assistant."""

    def _child(self, name, *arguments):
        if name != "emulator":
            return super()._child(name, *arguments)
        self.emulator = Emulator(self.folder / "cloud", scenario="demo", calm=True)
        return description(self.emulator)

    def stop(self):
        super().stop()
        if hasattr(self, "emulator"):
            self.emulator.close()

    def set_up(self):
        (self.app_root / "run").mkdir()
        self.emulator.cloud.ecs.add_instance("i-bp1app", "cn-hangzhou", root=self.app_root)
        path = self.overlay / "group_vars" / "app_hosts.yml"
        hosts = yaml.safe_load(path.read_text(encoding="utf-8"))
        hosts.update(INSTANCE, ansible_connection="ssh", ansible_host="192.0.2.1", app_host_work_folder=str(self.app_root / "run"))
        path.write_text(yaml.safe_dump(hosts, width=1000), encoding="utf-8")
        return self

    def deploy(self, *arguments):
        self.forget()
        return self.play("daas.https.deploy", "--tags", "app_host", "--limit", APP, "--diff", *arguments)

    def commands(self):
        return [entry["action"] for entry in self.journal() if entry["product"] == "ecs" and entry["writes"] and entry["committed"]]

    def served(self):
        [endpoint] = [item for item in self.endpoints() if item["label"].endswith(APP)]
        return s_client(endpoint, self.files["ca"])


@pytest.fixture(scope="module")
def remote(tmp_path_factory):
    folder = tmp_path_factory.mktemp("remote")
    with Remote(folder / "stage") as stage:
        yield stage.set_up()
        cloud = stage.emulator.cloud
        memory = json.dumps([stage.journal(), stage.control("GET", "/state")]).encode()
        memory += b"".join(item.output for made in cloud.ecs.commands.values() for item in made.deliveries)
    assert cloud.ecs.files and not [key for key in keys_used(stage) if key in memory], "the cloud remembers a private key"
    home = [*places_of_keys(stage), *(stage.app_root / "tls").glob(".*privkey.pem*")]
    assert not list(leaks(folder, keys_used(stage), home)), "private keys were left behind"


def test_a_proof_that_fails_puts_the_old_pair_back(remote):
    """The commands are well, and the server goes on serving what it served."""
    run = remote.deploy("-vvv", "-e", json.dumps(dict(app_host_reload_command="true", app_host_verify_timeout=2)))
    assert run.code != 0 and "UNREACHABLE" not in run.output
    said = next(row["result"]["msg"] for row in run.rows if row["status"] == "failed" and row["action"] == "ansible.builtin.fail")
    assert "The old pair was put back" in said and "Handshakes prove that the old certificate is served" in said
    assert [result["changed"] for result in run.results(MODULE)] == [True, True]
    assert remote.served().fingerprint == remote.old_app
    assert not list((remote.app_root / "run").iterdir())


def test_a_server_that_refuses_keeps_its_pair(remote, tmp_path):
    """With a key that comes from a vault, as text."""
    key = pathlib.Path(remote.files["private_key"]).read_text(encoding="utf-8")
    variables = tmp_path / "vault.yml"
    variables.write_text(yaml.safe_dump(dict(app_host_validate_command="false", certificate_private_key=key)), encoding="utf-8")
    run = remote.deploy("-vvv", "-e", "@{0}".format(variables))
    assert not [piece for piece in keys_used(remote) if piece in run.output.encode() + run.record.read_bytes()]
    assert run.code != 0 and "The old pair was put back" in run.output and "'false' ended with exit code 1" in run.output
    assert remote.served().fingerprint == remote.old_app


def test_check_mode_reads_only(remote):
    run = remote.deploy("--check")
    assert run.code == 0, run.output
    assert run.changed() and remote.commands() == [] and "check mode cannot look" in json.dumps(run.results(MODULE))


def test_the_pair_is_replaced_and_proved(remote):
    run = remote.deploy("-vvv")
    assert run.code == 0, run.output
    [result] = run.results(MODULE)
    [row] = result["instances"]
    assert result["changed"] and row["verified"] and row["previous"] == remote.old_app
    seen = remote.served()
    assert (seen.verdict, seen.fingerprint) == ("0 (ok)", row["current"])
    assert remote.commands() == ["RunCommand", "RunCommand", "SendFile", "RunCommand"]
    assert [key for key in keys_used(remote) if key in pathlib.Path(remote.files["private_key"]).read_bytes()], "the search can find it"


def test_the_second_run_only_looks(remote):
    run = remote.deploy()
    assert run.code == 0, run.output
    assert run.changed() == 0 and remote.commands() == ["RunCommand"]


def test_what_is_right_and_not_served_is_taken_into_use(remote):
    """As after a run that was ended between the two. The old pair goes, as it is wanted here."""
    pair = {path: path.read_bytes() for path in (remote.app_root / "tls").iterdir()}
    old = remote.control("POST", "/pki/issue", dict(names=[APP], days=5, key="rsa"))
    (remote.app_root / "tls" / "fullchain.pem").write_text(old["certificate"], encoding="utf-8")
    (remote.app_root / "tls" / "privkey.pem").write_text(old["private_key"], encoding="utf-8")
    os.kill(remote.app["pid"], signal.SIGHUP)
    while remote.served().fingerprint != old["fingerprint"]:
        time.sleep(0.05)
    for path, data in pair.items():
        path.write_bytes(data)
    run = remote.deploy("-e", json.dumps(dict(app_host_keep_backup=False)))
    assert run.code == 0, run.output
    assert set(run.results(MODULE)[0]["instances"][0]["invocations"]) == {"probe", "keep"} and run.changed()
    assert remote.served().fingerprint != old["fingerprint"] and remote.served().verdict == "0 (ok)"
    assert sorted(path.name for path in (remote.app_root / "tls").iterdir()) == ["fullchain.pem", "privkey.pem"]
