# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The metadata service of an ECS instance (IMDSv2): plain HTTP, a session token first, then the keys of the instance's RAM role.

The real one is at 100.100.100.200; this one is on loopback, on a free port.
"""

from __future__ import annotations

import json
from typing import Any

from .auth import Keyring, random_text
from .server import Reply, Request, Server

ROLES = "/latest/meta-data/ram/security-credentials/"


class Metadata:
    """Runs until close(). keys: where the role's keys are made. seconds: how long they last. asked: (method, path) of all requests."""

    def __init__(self, keys: Keyring, role: str, seconds: int = 3600) -> None:
        self._keys, self._role, self._seconds = keys, role, seconds
        self._tokens: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.broken = 0  # so many of the next requests are answered with 500
        self._server = Server(self.answer)
        self.url = self._server.url

    def close(self) -> None:
        self._server.close()

    def answer(self, request: Request) -> Reply:
        self.asked.append((request.method, request.path))
        if self.broken:
            self.broken -= 1
            return _text(500, "internal error")
        if (request.method, request.path) == ("PUT", "/latest/api/token"):
            ttl = request.headers.get("x-aliyun-ecs-metadata-token-ttl-seconds", "")
            return _text(200, self._token()) if ttl.isdigit() and 1 <= int(ttl) <= 21600 else _text(400, "bad ttl")
        if request.headers.get("x-aliyun-ecs-metadata-token") not in self._tokens:
            return _text(403, "forbidden")
        if (request.method, request.path) == ("GET", ROLES):
            return _text(200, self._role + "\n")
        if (request.method, request.path) == ("GET", ROLES + self._role):
            return _text(200, json.dumps(self._credentials()))
        return _text(404, "not found")

    def _token(self) -> str:
        token = random_text(40)
        self._tokens.add(token)
        return token

    def _credentials(self) -> dict[str, Any]:
        key = self._keys.add(seconds=self._seconds)
        return {"Code": "Success", "AccessKeyId": key.access_key_id, "AccessKeySecret": key.access_key_secret,
                "SecurityToken": key.security_token, "Expiration": key.expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "LastUpdated": key.expires.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _text(status: int, text: str) -> Reply:
    return Reply(status, text.encode(), headers={"content-type": "text/plain"})
