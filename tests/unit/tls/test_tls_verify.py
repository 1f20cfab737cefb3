# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module as a playbook calls it, on real sockets."""

from __future__ import annotations

import ast
import json
import pathlib
import subprocess
import sys

import pytest
import yaml
from ansible_collections.daas.https.plugins.modules import tls_verify
from tests.emulator import pki
from tests.support.modules import run_module
from tests.unit.tls import zoo

NAME = "www.example.com"
ROOT = pathlib.Path(__file__).resolve().parents[3]
PACKAGE = "ansible_collections.daas.https.plugins.module_utils"


def verify(ca_path, *servers, check=False, **options):
    endpoints = [dict(name=NAME, address=server.host, port=server.port, label="lb-%d" % number) for number, server in enumerate(servers)]
    return run_module("tls_verify", dict(dict(endpoints=endpoints, ca_path=str(ca_path), timeout=20.0), **options), check=check)


@pytest.mark.parametrize("check", [False, True])
def test_all_good(check, good, ca_path, tmp_path):
    with zoo.Server(zoo.tls(good, tmp_path)) as server:
        result = verify(
            ca_path, server, server, check=check, expected_fingerprint=good.fingerprint.upper(), same_chain=True, min_days_left=80)
    assert not result["failed"] and not result["changed"]
    tls = result["tls"]
    assert (tls["ok"], tls["checked"], tls["rounds"]) == (True, 2, 1)
    entry = tls["endpoints"][0]
    assert (entry["label"], entry["verify_return_code"], entry["fingerprint"], entry["sha1"]) == (
        "lb-0", "0 (ok)", good.fingerprint, good.sha1)
    assert (entry["common_name"], entry["domains"], entry["days_left"]) == (NAME, list(good.names), 89)
    assert set(entry["checks"].values()) == {"ok"} and entry["findings"] == []
    if sys.version_info >= (3, 10):
        assert entry["chain"] == [NAME, "Emulated Cloud Issuing CA"]
        assert tls["same_chain"]["status"] == "ok"
        assert [chain["issuers"] for chain in tls["same_chain"]["chains"]] == [["Emulated Cloud Issuing CA", "Emulated Cloud Root CA"]]


def test_what_is_returned_is_documented(good, ca_path, tmp_path):
    documented = yaml.safe_load(tls_verify.RETURN)["tls"]["contains"]
    with zoo.Server(zoo.tls(good, tmp_path)) as server, zoo.Server(zoo.hang_up) as down:
        tls, asked = verify(ca_path, server, down)["tls"], verify(ca_path, server, down, forbidden_tls_versions=["TLSv1"])["tls"]
    assert set(tls) == set(documented)
    assert set(tls["same_chain"]) == set(documented["same_chain"]["contains"])
    fields = documented["endpoints"]["contains"]
    further = {name for name, field in fields.items() if field.get("returned")}
    for entry in tls["endpoints"]:
        assert set(entry) == set(fields) - further
    for entry in asked["endpoints"]:
        assert set(entry) == set(fields)
    assert set(tls["endpoints"][1]["failure"]) == set(fields["failure"]["contains"])
    assert set(tls["endpoints"][1]["findings"][0]) == set(fields["findings"]["contains"])
    assert set(tls["same_chain"]["chains"][0]) == set(documented["same_chain"]["contains"]["chains"]["contains"])


def test_options_are_documented_with_their_defaults():
    options = yaml.safe_load(tls_verify.DOCUMENTATION)["options"]

    def compare(spec, documented):
        assert set(spec) == set(documented)
        for name, option in spec.items():
            for key in ("type", "elements", "default", "aliases", "required"):
                assert option.get(key) == documented[name].get(key), (name, key)
            if "options" in option:
                compare(option["options"], documented[name]["suboptions"])

    compare(tls_verify.ARGUMENT_SPEC, options)


def test_it_fails_with_a_line_for_each_and_still_returns_what_it_saw(authority, good, ca_path, tmp_path):
    expired = authority.expired([NAME], key="ec")
    with zoo.Server(zoo.tls(good, tmp_path)) as one, zoo.Server(zoo.tls(expired, tmp_path)) as two, zoo.Server(zoo.hang_up) as three:
        result = verify(ca_path, one, two, three)
    assert result["failed"] and not result["changed"]
    assert [entry["ok"] for entry in result["tls"]["endpoints"]] == [True, False, False]
    lines = result["msg"].splitlines()
    assert lines[0] == "2 of 3 TLS endpoints are not as they should be:"
    assert lines[1].startswith("- lb-1 (www.example.com at 127.0.0.1:{0}): ".format(two.port))
    assert "verify return code 10 (certificate has expired); it expired at " in lines[1]
    assert "served {0} 'www.example.com' issued by 'Emulated Cloud Issuing CA'".format(expired.fingerprint[:16]) in lines[1]
    assert "Renew the certificate" in lines[1]
    assert lines[2].startswith("- lb-2 (www.example.com at 127.0.0.1:{0}): ".format(three.port))
    assert "the connection was closed during the TLS handshake" in lines[2]


def test_it_can_only_report(ca_path):
    result = run_module("tls_verify", dict(endpoints=[dict(name=NAME, address="127.0.0.1", port=zoo.unused_port())], ca_path=str(ca_path),
                                           fail_on_violation=False))
    assert not result["failed"] and result["tls"]["ok"] is False
    assert result["tls"]["endpoints"][0]["checks"]["reachable"] == "violated"


def test_a_wrong_host_is_a_finding_of_its_own(authority, ca_path, tmp_path):
    other = authority.issue(["other.example.net"], key="ec")
    with zoo.Server(zoo.tls(other, tmp_path)) as server:
        result = verify(ca_path, server)
        unchecked = verify(ca_path, server, check_hostname=False)
    entry = result["tls"]["endpoints"][0]
    assert (entry["verify_code"], entry["checks"]["trust"], entry["checks"]["hostname"]) == (0, "ok", "violated")
    assert "hostname mismatch (62): the certificate is for other.example.net, not for www.example.com" in result["msg"]
    assert not unchecked["failed"] and "hostname" not in unchecked["tls"]["endpoints"][0]["checks"]


def test_an_ip_address_as_name(good, ca_path, tmp_path):
    with zoo.Server(zoo.tls(good, tmp_path)) as server:
        result = run_module("tls_verify", dict(endpoints=[dict(name="127.0.0.1", port=server.port)], ca_path=str(ca_path)))
    assert result["tls"]["ok"]


def test_two_chains(authority, good, ca_path, tmp_path):
    other = authority.sibling().issue([NAME], key="ec")
    with zoo.Server(zoo.tls(good, tmp_path)) as one, zoo.Server(zoo.tls(other, tmp_path)) as two:
        apart, allowed = verify(ca_path, one, two, same_chain=True), verify(ca_path, one, two)
    assert apart["failed"] and not allowed["failed"]
    assert "The endpoints are on 2 different trust chains" in apart["msg"]
    assert all(entry["ok"] for entry in apart["tls"]["endpoints"])


def test_it_waits_until_the_new_certificate_is_served(good, newer, ca_path, tmp_path):
    old, new = zoo.tls(good, tmp_path), zoo.tls(newer, tmp_path)
    with zoo.Server(old) as server:
        def swap_after_two(connection):
            server.answer = new if server.connections >= 2 else swap_after_two
            old(connection)

        server.answer = swap_after_two
        result = verify(
            ca_path, server, expected_fingerprint=[newer.fingerprint], wait=True, wait_timeout=30, wait_interval=0.01, successes=2)
    assert not result["failed"], result
    assert result["tls"]["rounds"] == 4 and result["tls"]["endpoints"][0]["fingerprint"] == newer.fingerprint


def test_the_wait_ends(good, newer, ca_path, tmp_path):
    with zoo.Server(zoo.tls(good, tmp_path)) as server:
        result = verify(ca_path, server, expected_fingerprint=newer.fingerprint, wait=True, wait_timeout=0.05, wait_interval=0.01)
    assert result["failed"] and result["msg"].startswith("Waited 0 s for the endpoints to serve what they should")
    assert "it serves {0} instead of {1}".format(good.fingerprint[:16], newer.fingerprint[:16]) in result["msg"]
    assert result["tls"]["endpoints"][0]["fingerprint"] == good.fingerprint


def test_an_endpoint_may_have_a_fingerprint_of_its_own(good, newer, ca_path, tmp_path):
    with zoo.Server(zoo.tls(good, tmp_path)) as one, zoo.Server(zoo.tls(newer, tmp_path)) as two:
        endpoints = [dict(name=NAME, address=server.host, port=server.port) for server in (one, two)]
        endpoints[0]["fingerprint"] = good.sha1
        result = run_module("tls_verify", dict(endpoints=endpoints, ca_path=str(ca_path), expected_fingerprint=[newer.fingerprint]))
    assert result["tls"]["ok"]


def test_bad_input_is_one_clear_error(ca_path):
    result = run_module("tls_verify", dict(endpoints=[dict(name="*.example.com")], ca_path=str(ca_path)))
    assert result["failed"] and result["msg"].startswith("endpoints[0]: '*.example.com' is not a host name")


def test_the_system_roots_are_the_default(good, tmp_path, monkeypatch):
    own = pki.Authority.create()
    (tmp_path / "system.pem").write_text(own.root_pem, encoding="utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
    with zoo.Server(zoo.tls(own.issue([NAME], key="ec"), tmp_path)) as one, zoo.Server(zoo.tls(good, tmp_path)) as two:
        endpoints = [dict(name=NAME, address=server.host, port=server.port) for server in (one, two)]
        result = run_module("tls_verify", dict(endpoints=endpoints, fail_on_violation=False))
    assert [entry["verify_code"] for entry in result["tls"]["endpoints"]] == [0, 20]


def test_it_carries_no_cloud():
    sent = closure("modules/tls_verify.py")
    assert not [path for path in sent if "_transport" in str(path) or "_api" in str(path)]
    assert sum(path.stat().st_size for path in sent) < 170 * 1024


# What a task asks for -> what it has to compile for that, besides what every task does. Everything else travels unread.
COMPILED = {
    "nothing": ({}, set()),
    "min_tls_version": (dict(min_tls_version="TLSv1.2"), {"checks", "webchecks"}),
    "forbidden_tls_versions": (dict(forbidden_tls_versions=["TLSv1.1"]), {"checks", "further", "webchecks"}),
    "plain_http_refused": (dict(plain_http_refused=True, http_port=1), {"checks", "exchange", "further", "web", "webchecks"}),
    "revocation": (dict(revocation="any"), {
        "checks", "crl", "exchange", "further", "ocsp", "revocation", "signed", "webchecks"}),
    "proxy": (dict(proxy="127.0.0.1:1"), {"dialogs"}),
}
LOOK = """import json, pathlib, sys
from ansible_collections.daas.https.plugins.modules import tls_verify
spec, options = tls_verify.ARGUMENT_SPEC, json.loads(sys.argv[1])
params = dict({name: option.get("default") for name, option in spec.items()}, **options)
plain = {name: option.get("default") for name, option in spec["endpoints"]["options"].items()}
params["endpoints"] = [dict(plain, **item) for item in params["endpoints"]]
tls_verify.work(params, False)
ours = {name: module.__file__ for name, module in sys.modules.items() if ".daas.https.plugins.module_utils." in name}
print(json.dumps(dict(
    foreign=[name for name in ("requests", "openpyxl", "urllib3", "dns", "OpenSSL", "http.client") if name in sys.modules],
    size=sum(pathlib.Path(path).stat().st_size for path in ours.values()),
    tls=[name.rsplit(".", 1)[-1] for name in ours if "._tls." in name])))
"""
ALWAYS = {"certificate", "gate", "judge", "loop", "model", "offers", "probe", "result", "wants"}


@pytest.mark.parametrize("asked", COMPILED)
def test_a_task_compiles_what_it_asks_for(asked, good, ca_path, tmp_path):
    options, more = COMPILED[asked]
    with zoo.Server(zoo.tls(good, tmp_path)) as server:
        given = dict(options, ca_path=str(ca_path), endpoints=[dict(name=NAME, address=server.host, port=server.port)])
        done = subprocess.run([sys.executable, "-c", LOOK, json.dumps(given)], capture_output=True, text=True, check=True,
                              env=dict(PYTHONPATH=str(ROOT / ".cache")))
    found = json.loads(done.stdout)
    assert set(found["tls"]) == ALWAYS | more
    if asked == "nothing":
        assert found["foreign"] == [] and found["size"] < 80 * 1024


def closure(start):
    """The collection's own files that a module imports, directly or not, itself left out."""
    plugins = ROOT / "plugins"
    found, waiting = set(), [plugins / start]
    while waiting:
        path = waiting.pop()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom):
                continue
            if node.level:
                base = path.parents[node.level - 1]
            elif (node.module or "").startswith(PACKAGE):
                base = plugins / "module_utils"
            else:
                continue
            module = (node.module or "").replace(PACKAGE, "").strip(".")
            folder = base.joinpath(*module.split(".")) if module else base
            for candidate in [folder.with_suffix(".py"), folder / "__init__.py"] + [folder / (alias.name + ".py") for alias in node.names]:
                if candidate.exists() and candidate not in found:
                    found.add(candidate)
                    waiting.append(candidate)
    return found
