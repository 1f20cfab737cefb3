# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account of the emulated cloud without the gateway before it: actions are called as the gateway calls them, sockets are real."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from tests.emulator import pki
from tests.emulator.dataplane import DataPlane
from tests.emulator.rpc import Action, Call
from tests.emulator.services import ROA, SERVICES, actions_of
from tests.emulator.state import Clock, Cloud, CloudError

ACTIONS: dict[tuple[str, str], Action] = {
    (product, action.name): action for product in SERVICES if product not in ROA for action in actions_of(product).ACTIONS}


class Account:
    """cloud: its state. Parameters are given as Python values; one with a dot in its name in a dict behind a double star."""

    def __init__(self, *, calm: bool = True, site: str = "china", **settings: Any) -> None:
        clock = Clock()
        self.cloud = Cloud(pki.Authority.create(clock.now), DataPlane(clock), clock, calm=calm, site=site)
        self.cloud.setting.update(settings)

    def call(self, product: str, name: str, **params: Any) -> dict[str, Any]:
        """The answer as it comes off the wire, without RequestId. CloudError as the vendor refuses."""
        action = ACTIONS[product, name]
        texts = {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in params.items()}
        action.check(texts)
        with self.cloud.lock:
            return json.loads(json.dumps(action.handler(self.cloud, Call(product, name, texts))))

    def refused(self, product: str, name: str, **params: Any) -> tuple[str, int]:
        """(code, HTTP status) of a call that must be refused."""
        with pytest.raises(CloudError) as caught:
            self.call(product, name, **params)
        return caught.value.code, caught.value.status

    def upload(self, name: str, material: pki.Material, **params: Any) -> int:
        """Into CAS; returns the CertId."""
        return self.call("cas", "UploadUserCertificate", Name=name, Cert=material.chain_pem, Key=material.key_pem, **params)["CertId"]

    def served(self, key: str, name: str) -> str | None:
        """Fingerprint of the leaf that an endpoint of the data plane shows for a name; None when it refuses the handshake."""
        where = self.cloud.dataplane.endpoints()[key]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection((where["host"], where["port"]), timeout=10) as raw:
            try:
                with context.wrap_socket(raw, server_hostname=name) as tls:
                    return hashlib.sha256(tls.getpeercert(binary_form=True) or b"").hexdigest()
            except ssl.SSLError:
                return None

    def plain(self, key: str, name: str) -> tuple[int, str | None]:
        """(status, Location) of a plain-HTTP request."""
        where = self.cloud.dataplane.endpoints()[key]
        connection = http.client.HTTPConnection(where["host"], where["http_port"], timeout=10)
        try:
            connection.request("GET", "/", headers={"Host": name})
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.getheader("Location")
        finally:
            connection.close()


@contextlib.contextmanager
def account(**options: Any) -> Iterator[Account]:
    made = Account(**options)
    try:
        yield made
    finally:
        made.cloud.dataplane.close()
