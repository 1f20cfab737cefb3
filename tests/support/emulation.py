# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulated cloud in the test's own process, and a client for it that shares no code with the plugins.

See tests.emulator.emulator.Emulator for what the handle can do.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import hashlib
import http.client
import json
import ssl
import uuid
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.emulator import auth
from tests.emulator.emulator import Emulator, running
from tests.emulator.server import FORM, Request

__all__ = ["Answer", "Client", "Emulator", "running"]


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Signed calls over one kept-alive connection. key: an auth.Key, or anything with access_key_id and access_key_secret."""

    def __init__(self, url: str, ca_path: str, key: Any) -> None:
        self._key, self._where = key, urlsplit(url).netloc
        self.connection = http.client.HTTPSConnection(self._where, timeout=10, context=ssl.create_default_context(cafile=ca_path))

    def rpc(self, version: str, action: str, params: dict[str, str] | None = None, *, query: dict[str, str] | None = None,
            **changes: str) -> Answer:
        """params go in the form, query in the URL; changes are headers, underscores for hyphens."""
        body = urlencode(params or {}).encode()
        more = {"content-type": FORM} if body else {}
        return self.send("POST", "/" + ("?" + urlencode(query) if query else ""), body, x_acs_version=version, x_acs_action=action,
                         **{**{name.replace("-", "_"): value for name, value in more.items()}, **changes})

    def send(self, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
        """Sign whatever is given, and send it."""
        request = self.signed(method, target, body, **headers)
        return self.raw(method, target, body, dict(request.headers))

    def signed(self, method: str, target: str, body: bytes = b"", **headers: str) -> Request:
        now = datetime.datetime.now(datetime.timezone.utc)
        token = getattr(self._key, "security_token", "")
        named = {"host": self._where, "x-acs-date": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "x-acs-signature-nonce": uuid.uuid4().hex,
                 "x-acs-content-sha256": hashlib.sha256(body).hexdigest(), **({"x-acs-security-token": token} if token else {}),
                 **{name.replace("_", "-"): value for name, value in headers.items()}}
        names = sorted(named)
        request = Request(method, target, named, body)
        signature = auth.sign(self._key.access_key_secret, auth.canonical_request(request, names))
        return dataclasses.replace(request, headers={**named, "authorization": "{0} Credential={1},SignedHeaders={2},Signature={3}".format(
            auth.ALGORITHM, self._key.access_key_id, ";".join(names), signature)})

    def raw(self, method: str, target: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send as it is. A connection that was cut is opened anew by the next call."""
        try:
            self.connection.request(method, target, body or None, headers)
            answer = self.connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.close()
