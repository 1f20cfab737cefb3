# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role verify has tls_report write what was replaced since an earlier look, on real sockets."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.e2e.rollout import write
from tests.e2e.stage import ansible, environment
from tests.emulator.pki import Authority
from tests.support.modules import run_module
from tests.unit.tls import zoo

NAME = "www.example.com"
REPORTS = {"json": "https.json", "junit": "https.xml", "prometheus": "https.prom", "html": "https.html"}


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """The folder of the reports; what the play said; the certificates before and after."""
    folder = tmp_path_factory.mktemp("reports")
    authority = Authority.create()
    (folder / "ca.pem").write_text(authority.root_pem, encoding="utf-8")
    old, new = (authority.issue([NAME], key="ec") for _generation in range(2))
    (folder / "out").mkdir()
    with zoo.Server(zoo.tls(old, folder)) as web, zoo.Server(zoo.tls(old, folder)) as cdn:
        hosts = {name: dict(name=NAME, address=server.host, port=server.port, label=name) for name, server in (("web", web), ("cdn", cdn))}
        earlier = run_module("tls_verify", dict(endpoints=list(hosts.values()), ca_path=str(folder / "ca.pem")))
        web.answer = zoo.tls(new, folder)
        yield folder / "out", play(folder, hosts, earlier), old, new


def play(folder, hosts, earlier):
    """The role in check mode, after which there must be no file, and for real."""
    inventory = write(folder / "hosts.yml", {"all": {"hosts": {name: {"https_endpoints": [where]} for name, where in hosts.items()}}})
    policy = dict(check_chain=True, forbidden_tls_versions=["TLSv1.1"], min_ec_bits=256, allow_weak_signatures=False)
    variables = {"verify_policy": policy, "verify_ca_path": str(folder / "ca.pem"), "verify_report_before": earlier, "verify_reports": dict(
        {name: str(folder / "out" / file) for name, file in REPORTS.items()}, title="Shop")}
    playbook = write(folder / "play.yml", [{
        "name": "The proof", "hosts": "all", "gather_facts": False, "vars": variables,
        "tasks": [
            {"name": "Predict", "ansible.builtin.include_role": {"name": "daas.https.verify", "apply": {"check_mode": True}}},
            {"name": "See what is there", "ansible.builtin.find": {"paths": str(folder / "out")}, "register": "found",
             "delegate_to": "localhost", "run_once": True},
            {"name": "Nothing was written", "ansible.builtin.assert": {"that": "found.matched == 0"}, "run_once": True},
            {"name": "Prove", "ansible.builtin.include_role": {"name": "daas.https.verify"}}]}])
    env = dict(environment(folder), DAAS_RECORD=str(folder / "run.jsonl"))
    return subprocess.run([ansible("ansible-playbook"), playbook, "-i", inventory], env=env, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def test_reports_are_written_and_not_in_check_mode(reports):
    folder, done, _old, _new = reports
    assert done.returncode == 0, done.stdout
    assert "WARNING" not in done.stdout and "changed=0" in done.stdout and "changed=1" not in done.stdout, done.stdout
    assert {path.name for path in folder.iterdir()} == set(REPORTS.values())


def test_the_report_says_what_was_replaced(reports):
    folder, _done, old, new = reports
    found = json.loads((folder / "https.json").read_text(encoding="utf-8"))
    assert (found["title"], found["ok"], found["summary"]["addresses"]) == ("Shop", True, 2)
    assert all({"chain", "forbidden_versions", "key", "signature"} <= set(row["checks"]) for row in found["endpoints"])
    rows = {row["label"]: row for row in found["rollout"]["endpoints"]}
    assert (rows["web"]["change"], rows["cdn"]["change"]) == ("replaced", "same")
    assert (rows["web"]["before"]["fingerprint"], rows["web"]["after"]["fingerprint"]) == (old.fingerprint, new.fingerprint)


def test_the_other_formats_say_the_same(reports):
    folder, _done, _old, new = reports
    assert 'daas_https_tls_rollout_endpoints{change="replaced",report="Shop"} 1' in (folder / "https.prom").read_text(encoding="utf-8")
    assert new.fingerprint in (folder / "https.xml").read_text(encoding="utf-8")
    page = (folder / "https.html").read_text(encoding="utf-8")
    assert "Everything is as it should be" in page and "1 of 2 addresses serve another certificate" in page
