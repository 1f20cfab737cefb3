# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers on loopback that are good, or broken in one way each, and OpenSSL's own client as the referee."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import ssl
import subprocess
import threading

from tests.emulator.pki import Material, write_private

OPENSSL = shutil.which("openssl")
PATIENCE = 20  # seconds after which a server gives up on a client that says nothing


class Server:
    """Answers each connection by ``answer(socket)``, which may be replaced at any time. Use it as a context manager."""

    def __init__(self, answer, host="127.0.0.1"):
        self.answer, self.host, self.connections = answer, host, 0
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family, backlog=64)
        self.port = self._listener.getsockname()[1]
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self):
        self._threads[0].start()
        return self

    def __exit__(self, *unused):
        self._over.set()
        with contextlib.suppress(OSError):  # wakes accept()
            socket.create_connection((self.host, self.port), timeout=5).close()
        for thread in self._threads:
            thread.join(timeout=PATIENCE)
        self._listener.close()

    def _accept(self):
        while True:
            connection = self._listener.accept()[0]
            if self._over.is_set():
                connection.close()
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection):
        connection.settimeout(PATIENCE)
        with contextlib.suppress(OSError), connection:  # what the client thinks of it is the test's business
            self.answer(connection)


def tls(material: Material, tmp_path, **settings):
    """Answer that serves this chain and key. settings: attributes of the SSLContext."""
    context = server_context(material, tmp_path, settings)

    def answer(connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            while secure.recv(1024):
                continue

    return answer


def refusing_names(material, tmp_path):
    """Answer that knows no name, as a CDN whose HTTPS is off."""
    context = server_context(material, tmp_path)
    context.sni_callback = lambda *unused: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    return lambda connection: context.wrap_socket(connection, server_side=True).close()


def hang_up(connection):
    connection.recv(1024)


def stall(connection):
    while connection.recv(4096):
        continue


def plain_http(connection):
    connection.recv(1024)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def garbage(connection):
    connection.recv(1024)
    connection.sendall(b"220 mail.example.com ESMTP ready\r\n")


def s_client(server, name, ca_path):
    """(code, text) as `openssl s_client -verify_return_error` prints them."""
    done = subprocess.run(
        [OPENSSL, "s_client", "-connect", "{0}:{1}".format(server.host, server.port), "-servername", name, "-CAfile", str(ca_path),
         "-verify_return_error"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)
    found = re.findall(r"Verify return code: (\d+) \((.*)\)", done.stdout)
    if not found:
        raise AssertionError("openssl s_client said nothing about verification:\n" + done.stdout)
    return int(found[0][0]), found[0][1]


def cannot_offer(failure):
    """Whether this Failure says that nothing was asked, because this machine's OpenSSL does not have what was to be offered."""
    return failure is not None and failure.detail.startswith("this machine's OpenSSL cannot offer ")


def unused_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def server_context(material, tmp_path, settings=None):
    stem = tmp_path / material.fingerprint[:16]
    stem.with_suffix(".pem").write_text(material.chain_pem, encoding="utf-8")
    write_private(stem.with_suffix(".key"), material.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(stem.with_suffix(".pem"), stem.with_suffix(".key"))
    for key, value in (settings or {}).items():
        setattr(context, key, value)
    return context
