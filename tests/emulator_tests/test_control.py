# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator as a program and as a handle: the control port, starting, restarting, resetting, and what it says when it cannot."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import pathlib
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest
from alibabacloud_cas20200407.client import Client as CasClient
from alibabacloud_cas20200407.models import ListUserCertificateOrderRequest
from alibabacloud_tea_openapi.models import Config

from tests.emulator import control, dataplane, pki
from tests.emulator.__main__ import main
from tests.emulator.emulator import Emulator, EmulatorError, StickyPlane
from tests.emulator.services import SERVICES
from tests.emulator.state import NUISANCES, Clock
from tests.support.emulation import Client, running

ROOT = pathlib.Path(__file__).resolve().parents[2]
CAS = "2020-04-07"


def ask(handle, method, path, body=None, expect=200):
    """One call of the control port; bytes go as they are."""
    connection = http.client.HTTPConnection(urlsplit(handle.control_url).netloc, timeout=10)
    try:
        connection.request(method, path, body if isinstance(body, bytes) else None if body is None else json.dumps(body))
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()
    assert answer.status == expect, text
    return json.loads(text) if answer.getheader("Content-Type").startswith("application/json") else text


def refused(handle, method, path, body=None, status=400):
    answer = ask(handle, method, path, body, status)
    assert set(answer) == {"error"} and answer["error"].endswith(".") and "Traceback" not in answer["error"]
    return answer["error"]


@contextlib.contextmanager
def client(handle, product="cas", key=None):
    caller = Client(handle.endpoints[product], handle.ca_path, key or handle)
    try:
        yield caller
    finally:
        caller.close()


def call(handle, action, params=None, *, product="cas", version=CAS, key=None):
    with client(handle, product, key) as caller:
        return caller.rpc(version, action, params)


def upload(handle, name="shop"):
    material = handle.authority.issue(["www.example.com"], key="rsa")
    return call(handle, "UploadUserCertificate", {"Name": name, "Cert": material.chain_pem, "Key": material.key_pem})


def served(place, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((place["host"], place["port"]), timeout=10) as raw, context.wrap_socket(raw, server_hostname=name) as tls:
        return hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One for the tests that leave nothing behind."""
    with running(tmp_path=tmp_path_factory.mktemp("shared")) as handle:
        yield handle


@pytest.fixture
def handle(shared):
    shared.reset(scenario="empty", seed=1, calm=True)
    return shared


# -- the control port ----------------------------------------------------------------------------------------------------------------

def test_the_help_names_everything(handle):
    text = ask(handle, "GET", "/")
    for route in control.ROUTES:
        assert "{0:<7} {1} ".format(route.method, route.path) in text
    assert all(name in text for name in NUISANCES) and "cut_mid_body" in text


def test_the_journal(handle):
    upload(handle)
    call(handle, "ListUserCertificateOrder", {"OrderType": "UPLOAD"})
    actions = [entry["action"] for entry in ask(handle, "GET", "/journal")["entries"]]
    assert actions == ["UploadUserCertificate", "ListUserCertificateOrder"] == [entry["action"] for entry in handle.journal()]
    writes = ask(handle, "GET", "/journal?writes=1")["entries"]
    assert [entry["params"]["Key"] for entry in writes] == ["***"] and writes == handle.journal(writes=True)
    assert len(ask(handle, "GET", "/journal?writes=0")["entries"]) == 1
    assert refused(handle, "GET", "/journal?writes=yes") == "writes is 0 or 1."
    ask(handle, "DELETE", "/journal")
    assert handle.journal() == []


def test_settings(handle):
    assert ask(handle, "GET", "/settings") == {name: calm for name, (_adverse, calm, _why) in NUISANCES.items()}
    assert ask(handle, "POST", "/settings", {"page_cap": 2, "shuffle": True})["page_cap"] == 2
    assert handle.cloud.setting("page_cap") == 2 and handle.cloud.setting("shuffle") is True
    assert "page_cap takes a value of type whole number" in refused(handle, "POST", "/settings", {"page_cap": True})
    assert "does not take colour" in refused(handle, "POST", "/settings", {"colour": "red"})


def test_the_clock(handle):
    assert ask(handle, "GET", "/clock")["offset"] == 0
    assert call(handle, "ListUserCertificateOrder").status == 200
    assert ask(handle, "POST", "/clock", {"advance": 3600})["offset"] == 3600
    assert call(handle, "ListUserCertificateOrder").json["Code"] == "InvalidTimeStamp.Expired"
    ask(handle, "POST", "/clock", {"advance": -3600})
    assert ask(handle, "POST", "/clock", {"advance": 7200, "clients_too": True})["clients_are_ahead"] == 7200
    assert call(handle, "ListUserCertificateOrder").status == 200
    assert "wants advance" in refused(handle, "POST", "/clock", {})
    assert "at most" in refused(handle, "POST", "/clock", b'{"advance": 1e300}')


def test_faults(handle):
    order = {"product": "cas", "action": "ListUserCertificateOrder", "kind": "error", "code": "ServiceUnavailable", "status": 503}
    assert ask(handle, "POST", "/faults", order)["faults"][0]["fired"] == 0
    assert [call(handle, "ListUserCertificateOrder").status for _each in range(2)] == [503, 200]
    assert ask(handle, "GET", "/faults")["faults"] == [{**order, "times": 1, "after": 0, "retry_after": 0, "fired": 1,
                                                        "message": "The request was refused on demand."}]
    assert "kind is one of" in refused(handle, "POST", "/faults", {"kind": "earthquake"})
    assert ask(handle, "DELETE", "/faults") == {"faults": []}
    assert handle.fault(kind="html").fired == 0
    assert call(handle, "ListUserCertificateOrder").status == 502


def test_state_holds_no_private_key(handle):
    assert upload(handle).status == 200
    state = ask(handle, "GET", "/state")
    assert set(state) == set(SERVICES) and "PRIVATE" not in json.dumps(state)
    assert len(state["cas"]["certificates"]) == 1


def test_endpoints_and_what_they_serve(handle):
    answer = ask(handle, "GET", "/endpoints")
    assert answer == {"scenario": "empty", "endpoints": handle.endpoints, "control": handle.control_url, "data_plane": handle.data_plane}
    key = "airec/cn-hangzhou"
    shown = ask(handle, "GET", "/served")[key]
    assert served(handle.data_plane[key], "www.example.com") == shown["default"] and shown["fault"] is None
    assert ask(handle, "GET", "/handshakes")[key] == 1
    assert ask(handle, "POST", "/dataplane/fault", {"key": key, "kind": "refuse"})[key]["fault"]["kind"] == "refuse"
    with pytest.raises(ConnectionRefusedError):
        served(handle.data_plane[key], "www.example.com")
    assert ask(handle, "POST", "/dataplane/fault", {"key": key, "kind": None})[key]["fault"] is None
    assert served(handle.data_plane[key], "www.example.com") == shown["default"]
    assert "unknown fault" in refused(handle, "POST", "/dataplane/fault", {"key": key, "kind": "flood"})
    assert key in refused(handle, "POST", "/dataplane/fault", {"key": "slb/x/1", "kind": None}, 404)


def test_certificates_on_demand(handle):
    made = ask(handle, "POST", "/pki/issue", {"names": ["app.example.com"], "days": 5, "key": "ec"})
    material = pki.parse_material(made["certificate"], made["private_key"])
    assert material.names == ("app.example.com",) and material.fingerprint == made["fingerprint"] and pki.key_matches(material)
    assert len(pki.split_pem(made["certificate"])) == 2

    def flawed(**flaws):
        made = ask(handle, "POST", "/pki/issue", {"names": ["app.example.com"], "key": "ec", **flaws})
        return pki.parse_material(made["certificate"], made["private_key"])

    now = handle.clock.now()
    assert flawed(expired=True).not_after < now < flawed(not_yet_valid=True).not_before
    later = flawed(starts_in=86400, days=5)
    assert abs((later.not_before - now).total_seconds() - 86400) < 60 and (later.not_after - later.not_before).days == 5
    assert abs((now - flawed(starts_in=-86400).not_before).total_seconds() - 86400) < 60
    assert flawed(self_signed=True).issuer_common_name == "app.example.com"
    assert flawed(sibling=True).issuer_common_name not in (material.issuer_common_name, "app.example.com")
    assert not pki.key_matches(flawed(other_key=True))
    assert len(pki.split_pem(flawed(no_intermediate=True).chain_pem)) == 1
    assert flawed(wrong_order=True).issuer_common_name == "Emulated Cloud Root CA"
    for body, words in [({}, "wants names"), ({"names": []}, "names is a list"), ({"names": ["a.example.com"], "days": 0}, "days is more"),
                        ({"names": ["a.example.com"], "key": "dsa"}, "rsa"),
                        ({"names": ["a"], "expired": True, "sibling": True}, "at most one"),
                        ({"names": ["a"], "expired": True, "starts_in": 5}, "at most one"),
                        ({"names": ["a"], "starts_in": 1e12}, "starts_in")]:
        assert words in refused(handle, "POST", "/pki/issue", body)


def test_airec_by_its_control_calls(handle):
    host = handle.dataplane.open("host", http=True)
    assert ask(handle, "POST", "/airec/http_host", {"domain": "rec.example.com", "host": host.host, "port": host.http_port}) == {}
    assert handle.cloud.airec.snapshot()["http_hosts"] == {"rec.example.com": [host.host, host.http_port]}
    assert "port" in refused(handle, "POST", "/airec/http_host", {"domain": "rec.example.com", "host": "127.0.0.1", "port": 0})
    token = ask(handle, "POST", "/airec/token", {"token": "short-lived", "seconds": 10})["token"]
    path = "/v2/openapi/instances/airec-cn-empty01/settings"
    with client(handle, "airec") as caller:
        for wanted in (handle.airec_token, token, ask(handle, "POST", "/airec/token")["token"]):
            assert caller.raw("GET", path, b"", {"authorization": "Bearer " + wanted}).status == 200
        ask(handle, "POST", "/clock", {"advance": 11})
        assert caller.raw("GET", path, b"", {"authorization": "Bearer " + token}).status == 401
        assert caller.send("GET", path, x_acs_version="2020-11-26").json["result"] == {"httpsEnforced": False}


def test_keys(handle):
    made = ask(handle, "POST", "/keys", {"deny": ["yundun-cert:UploadUserCertificate", "cdn:*"]})
    limited = type("Key", (), made)
    assert call(handle, "ListUserCertificateOrder", key=limited).status == 200
    refusal = call(handle, "UploadUserCertificate", {"Name": "a", "Cert": "a", "Key": "a"}, key=limited)
    assert (refusal.status, refusal.json["AccessDeniedDetail"]["AuthAction"]) == (403, "yundun-cert:UploadUserCertificate")
    disabled = type("Key", (), ask(handle, "POST", "/keys", {"enabled": False}))
    assert call(handle, "ListUserCertificateOrder", key=disabled).json["Code"] == "InvalidAccessKeyId.Inactive"
    temporary = type("Key", (), ask(handle, "POST", "/keys", {"seconds": 60}))
    assert call(handle, "ListUserCertificateOrder", key=temporary).status == 200
    ask(handle, "POST", "/clock", {"advance": 61})
    assert call(handle, "ListUserCertificateOrder", key=temporary).json["Code"] == "InvalidSecurityToken.Expired"
    assert set(ask(handle, "POST", "/keys", {"sts": True})) == {"access_key_id", "access_key_secret", "security_token", "expires"}
    assert "fits no RAM action" in refused(handle, "POST", "/keys", {"deny": ["cas:UploadUserCertificate"]})


def test_provenance_of_every_action(handle):
    rows = ask(handle, "GET", "/provenance")["actions"]
    assert {row["product"] for row in rows} >= {"cas", "airec"}
    for row in rows:
        assert row["provenance"] in ("documented", "specified", "assumed"), row
    assert ("airec", "BindCertificates", True, "specified") in [
        (row["product"], row["action"], row["writes"], row["provenance"]) for row in rows]


def test_switches_of_a_service(handle):
    assert ask(handle, "POST", "/service", {"product": "cas", "switches": {"offers_single_call": True}})["offers_single_call"] is True
    assert handle.cloud.cas.offers_single_call is True
    for switches in ({"offers_single_call": 1}, {"_cloud": "x"}, {"nothing": True}):
        assert "has no switch" in refused(handle, "POST", "/service", {"product": "cas", "switches": switches})
    assert "product is one of" in refused(handle, "POST", "/service", {"product": "moon", "switches": {}})


@pytest.mark.parametrize("method, path, body, status, words", [
    ("GET", "/nothing", None, 404, "no /nothing"), ("PUT", "/settings", None, 405, "GET, POST only"),
    ("POST", "/keys", b"{", 400, "not JSON"), ("POST", "/keys", [1], 400, "not a JSON object"),
    ("POST", "/reset", {"scenario": "nothing"}, 404, "demo, empty"),
    ("POST", "/reset", {"seed": "1"}, 400, "seed takes a value of type whole number"),
    ("GET", "/state?a=1", None, 400, "does not take a"), ("GET", "/journal?writes", None, 400, "query"),
])
def test_what_the_control_port_refuses(handle, method, path, body, status, words):
    assert words in refused(handle, method, path, body, status)


def test_the_vendors_own_client(handle):
    """The official SDK, with its own idea of signing, encoding and endpoints; once more with a temporary key."""
    temporary = handle.key(seconds=600)
    for key in (handle, temporary):
        config = Config(access_key_id=key.access_key_id, access_key_secret=key.access_key_secret, ca=handle.ca_path,
                        security_token=getattr(key, "security_token", None), endpoint=urlsplit(handle.endpoints["cas"]).netloc)
        answer = CasClient(config).list_user_certificate_order(ListUserCertificateOrderRequest(order_type="UPLOAD", show_size=10))
        assert answer.status_code == 200 and answer.body.request_id and answer.body.total_count == 0
    assert [entry["principal"] for entry in handle.journal()] == [handle.access_key_id, temporary.access_key_id]


# -- resets and settings -------------------------------------------------------------------------------------------------------------

def test_a_reset_keeps_ports_and_credentials(handle):
    before = (handle.endpoints, handle.control_url, handle.access_key_id, handle.data_plane)
    upload(handle)
    limited = handle.key(deny=["cdn:*"])
    ask(handle, "POST", "/clock", {"advance": 3600})
    handle.fault(kind="html")
    answer = ask(handle, "POST", "/reset")
    assert (answer["endpoints"], answer["control"], handle.access_key_id, answer["data_plane"]) == before
    assert handle.journal() == [] and ask(handle, "GET", "/faults") == {"faults": []} and ask(handle, "GET", "/clock")["offset"] == 0
    assert call(handle, "ListUserCertificateOrder").json["TotalCount"] == 0
    assert call(handle, "ListUserCertificateOrder", key=limited).json["Code"] == "InvalidAccessKeyId.NotFound"


def test_a_reset_to_another_scenario(handle):
    answer = ask(handle, "POST", "/reset", {"scenario": "demo", "calm": False, "seed": 7})
    assert answer["scenario"] == "demo" and {"slb/lb-bp1web/443", "airec/cn-hangzhou"} <= set(answer["data_plane"])
    assert handle.cloud.setting("throttle_every") == NUISANCES["throttle_every"][0]
    back = ask(handle, "POST", "/reset", {"scenario": "empty", "calm": True})
    assert "slb/lb-bp1web/443" not in back["data_plane"]
    assert back["data_plane"]["airec/cn-hangzhou"] == answer["data_plane"]["airec/cn-hangzhou"]


def test_an_endpoint_whose_port_was_taken_meanwhile_gets_another():
    plane = StickyPlane(Clock())
    try:
        first = plane.open("a", http=True)
        plane.reset()
        with socket.create_server((first.host, first.port)):
            second = plane.open("a", http=True)
            assert second.port != first.port and second.http_port == first.http_port
    finally:
        plane.close()


def test_settings_of_the_start_outlive_a_reset(tmp_path):
    with running(tmp_path=tmp_path, page_cap=2) as handle:
        assert handle.cloud.setting("page_cap") == 2 and handle.cloud.setting("shuffle") is False
        handle.reset()
        assert handle.cloud.setting("page_cap") == 2


def test_the_files_are_the_scenarios(handle):
    files = handle.files
    assert files is not handle.files and files == handle.files
    material = pki.parse_material(pathlib.Path(files["certificate"]).read_text(), pathlib.Path(files["private_key"]).read_text())
    assert pki.key_matches(material) and pathlib.Path(files["ca"]).read_text() == pathlib.Path(handle.ca_path).read_text()


# -- starting and ending -------------------------------------------------------------------------------------------------------------

def test_a_folder_keeps_authority_and_credentials(tmp_path):
    seen = []
    for _again in range(2):
        with running(tmp_path=tmp_path) as handle:
            assert call(handle, "ListUserCertificateOrder").status == 200
            seen.append((pathlib.Path(handle.ca_path).read_text(), handle.access_key_id, handle.access_key_secret, handle.airec_token))
    assert seen[0] == seen[1]
    folder = tmp_path / "emulator"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in ("credentials.json", "ca_key.pem", "intermediate_key.pem"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_used(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EmulatorError, match="cannot use the folder"):
        Emulator(tmp_path / "file")
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "ca.pem").write_text("nonsense")
    with pytest.raises(EmulatorError, match="cannot use the folder|cannot be read"):
        Emulator(tmp_path / "odd")
    (tmp_path / "odd" / "ca.pem").unlink()
    (tmp_path / "odd" / "credentials.json").write_text("[]")
    with pytest.raises(EmulatorError, match="empty it and start again"):
        Emulator(tmp_path / "odd")


def test_fixed_ports_follow_each_other(tmp_path):
    for port in range(21000, 30000, 10):  # others may be on some of them
        with contextlib.suppress(EmulatorError):
            emulator = Emulator(tmp_path, scenario="demo", calm=True, port=port)
            break
    try:
        ports = [urlsplit(emulator.endpoints[name]).port for name in SERVICES]
        assert ports == list(range(port, port + len(SERVICES)))
        regions = [urlsplit(emulator.endpoints[name]).port for name in ("alb/cn-shanghai", "nlb/cn-shanghai")]
        assert regions == [port + len(SERVICES), port + len(SERVICES) + 1]
        assert call(emulator, "ListUserCertificateOrder").status == 200
    finally:
        emulator.close()


def test_a_port_that_is_taken_is_named(tmp_path, capsys):
    with socket.create_server((dataplane.HOST, 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--scenario", "empty", "--calm", "--state-dir", str(tmp_path), "--port", str(port)]) == 1
        said = capsys.readouterr()
        assert said.err == "emulator: cannot listen on 127.0.0.1:{0}: it is taken\n".format(port) and said.out == ""


@pytest.mark.parametrize("arguments, words", [
    (["--set", "colour=red"], "NAME one of page_cap"), (["--set", "page_cap=many"], "whole number"),
    (["--set", "shuffle=1"], "true or false"), (["--port", "70000"], "a port is"), (["--scenario", "nothing"], "invalid choice"),
])
def test_arguments_that_make_no_sense(arguments, words, capsys):
    with pytest.raises(SystemExit):
        main(arguments)
    assert words in capsys.readouterr().err


@contextlib.contextmanager
def program(folder, *arguments):
    """The emulator as a child; its process and what is in its ready file."""
    ready = folder / "ready.json"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", "tests.emulator", "--ready-file", str(ready), *arguments], cwd=ROOT, stdout=log,
                                   stderr=log)
    try:
        end = time.monotonic() + 60
        while not ready.exists():
            assert process.poll() is None and time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.05)
        yield process, json.loads(ready.read_text())
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def test_the_program(tmp_path):
    arguments = ["--scenario", "demo", "--calm", "--set", "page_cap=2", "shuffle=true", "--state-dir", str(tmp_path / "state")]
    with program(tmp_path, *arguments) as (process, ready):
        assert set(ready) == {"endpoints", "control", "ca_path", "access_key_id", "access_key_secret", "airec_token", "data_plane", "files",
                              "pid"}
        assert ready["pid"] == process.pid and set(ready["endpoints"]) == {
            *SERVICES, "alb/cn-hangzhou", "alb/cn-shanghai", "nlb/cn-hangzhou", "nlb/cn-shanghai"}
        assert stat.S_IMODE((tmp_path / "ready.json").stat().st_mode) == 0o600
        handle = type("Handle", (), {**ready, "control_url": ready["control"]})
        assert ask(handle, "GET", "/settings") == {
            "page_cap": 2, "slow_states": False, "throttle_every": 0, "stale_reads": 0, "shuffle": True}
        assert call(handle, "ListUserCertificateOrder").status == 200
        for key in ("slb/lb-bp1web/443", "slb/lb-uf6web/8443", "airec/cn-hangzhou"):
            assert {"host", "port", "http_port"} == set(ready["data_plane"][key])
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        said = (tmp_path / "log").read_text()
        wanted = [ready[name] for name in ("control", "ca_path", "access_key_id", "airec_token")]
        for words in ["daas_https_connection:", "page_cap=2", ready["files"]["ca"], *wanted, *ready["endpoints"].values()]:
            assert words in said
        assert "Traceback" not in said


def test_the_program_ends_on_interrupt_and_leaves_no_folder(tmp_path):
    with program(tmp_path, "--scenario", "empty") as (process, ready):
        folder = pathlib.Path(ready["ca_path"]).parent
        assert folder.exists()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
    assert not folder.exists()
