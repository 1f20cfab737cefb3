# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The application host as its own process: start, reload, refuse, stop."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import time

import pytest

from tests.emulator import apphost, pki

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "tests.emulator.apphost", "--root"]


@pytest.fixture(scope="module")
def authority():
    return pki.Authority.create()


@pytest.fixture
def root(tmp_path, authority):
    for name in ("tls", "www/.well-known/airec-validation"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "secret").write_text("not for the web", encoding="utf-8")
    (tmp_path / "www" / ".well-known" / "airec-validation" / "t.txt").write_text("proof", encoding="utf-8")
    put(tmp_path, authority.issue(["app.example.com"], key="ec"))
    return tmp_path


@pytest.fixture
def running(root):
    """A started app host: {"host", "tls_port", "http_port", "pid", "process"}."""
    ready = root / "ready.json"
    process = subprocess.Popen([*COMMAND, str(root), "--ready-file", str(ready)], cwd=REPOSITORY,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: ready.exists() or process.poll() is not None)
        yield {**json.loads(ready.read_text(encoding="utf-8")), "process": process}
    finally:
        process.kill()
        process.communicate(timeout=10)


def put(root, material):
    (root / "tls" / "fullchain.pem").write_text(material.chain_pem, encoding="utf-8")
    pki.write_private(root / "tls" / "privkey.pem", material.key_pem)
    return material


def until(true, seconds=20):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def fingerprint(port):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        with context.wrap_socket(raw, server_hostname="app.example.com") as tls:
            return hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def log_of(root):
    return (root / "log").read_text(encoding="utf-8")


def served(root):
    return pki.parse_material((root / "tls" / "fullchain.pem").read_text(encoding="utf-8"), None).fingerprint


def reload(root, running):
    lines = log_of(root).count("\n")
    os.kill(int((root / "apphost.pid").read_text(encoding="utf-8")), signal.SIGHUP)
    until(lambda: log_of(root).count("\n") > lines)


def test_only_a_reload_takes_over_a_new_pair(root, running, authority):
    first = served(root)
    assert fingerprint(running["tls_port"]) == first
    second = put(root, authority.issue(["app.example.com"], key="rsa"))
    assert fingerprint(running["tls_port"]) == first
    reload(root, running)
    assert fingerprint(running["tls_port"]) == second.fingerprint
    assert "reload: serving app.example.com sha256 " + second.fingerprint in log_of(root)


def test_a_broken_pair_leaves_the_old_one(root, running, authority):
    first = served(root)
    bad = put(root, pki.with_other_key(authority.issue(["app.example.com"], key="ec")))
    reload(root, running)
    assert fingerprint(running["tls_port"]) == first
    assert "[emerg] reload: certificate key" in log_of(root) and "does not belong to" in log_of(root)
    assert bad.key_pem.splitlines()[1] not in log_of(root)
    (root / "tls" / "privkey.pem").unlink()
    reload(root, running)
    assert "privkey.pem: No such file or directory" in log_of(root)
    assert fingerprint(running["tls_port"]) == first


def test_files_are_served_and_nothing_else(root, running):
    port = running["http_port"]
    assert get(port, "/.well-known/airec-validation/t.txt") == (200, b"proof")
    assert get(port, "/") == (200, b"app host is up\n")
    assert get(port, "/missing") == (404, b"not found\n")
    assert get(port, "/../secret")[0] == 404
    assert get(port, "/../tls/privkey.pem")[0] == 404
    (root / "www" / "index.html").write_text("hello", encoding="utf-8")
    assert get(port, "/") == (200, b"hello")


def test_it_starts_without_a_pair_and_waits_for_one(root, authority):
    (root / "tls" / "fullchain.pem").unlink()
    host = apphost.AppHost(root)
    try:
        assert get(host.endpoint.http_port, "/")[0] == 200
        with pytest.raises(ssl.SSLError):
            fingerprint(host.endpoint.port)
        material = put(root, authority.issue(["app.example.com"], key="ec"))
        assert host.reload("reload") is True
        assert fingerprint(host.endpoint.port) == material.fingerprint
    finally:
        host.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly(root, running, number):
    assert int((root / "apphost.pid").read_text(encoding="utf-8")) == running["pid"] == running["process"].pid
    running["process"].send_signal(number)
    out, err = running["process"].communicate(timeout=20)
    assert running["process"].returncode == 0, err
    assert "https://127.0.0.1:{0}".format(running["tls_port"]) in out
    assert not (root / "apphost.pid").exists()
    assert log_of(root).endswith("[notice] stopped\n")


def test_checking_a_good_pair(root):
    result = subprocess.run([*COMMAND, str(root), "--test"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert result.returncode == 0
    assert "is successful" in result.stderr and served(root) in result.stderr
    assert not (root / "log").exists()


@pytest.mark.parametrize("spoil, message", [
    (lambda tls, ca: (tls / "privkey.pem").unlink(), "cannot read"),
    (lambda tls, ca: (tls / "privkey.pem").write_text("", encoding="utf-8"), "cannot load certificate key"),
    (lambda tls, ca: (tls / "fullchain.pem").write_bytes(b"\xff\xfe"), "fullchain.pem: not text"),
    (lambda tls, ca: (tls / "fullchain.pem").write_text("hello", encoding="utf-8"), "no certificate in PEM form"),
    (lambda tls, ca: put(tls.parent, pki.with_other_key(ca.issue(["app.example.com"], key="ec"))), "does not belong to"),
    (lambda tls, ca: put(tls.parent, pki.in_wrong_order(ca.issue(["app.example.com"], key="ec"))), "does not belong to"),
])
def test_checking_a_bad_pair(root, authority, capsys, spoil, message):
    spoil(root / "tls", authority)
    assert apphost.main(["--root", str(root), "--test"]) == 1
    assert message in capsys.readouterr().err


def test_a_taken_port_is_said(root, running, capsys):
    code = subprocess.run([*COMMAND, str(root), "--tls-port", str(running["tls_port"])], cwd=REPOSITORY, capture_output=True,
                          text=True, check=False, timeout=30)
    assert code.returncode == 1
    assert "cannot listen or write" in code.stderr
