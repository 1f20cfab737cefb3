# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The metadata service of an ECS instance: the keys of its RAM role (IMDSv2). PRIVATE to the collection."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from .._errors import CollectionError, InputError, TransportError
from . import credentials
from .http import METADATA, Request, is_loopback

OVERRIDE = "DAAS_HTTPS_METADATA_URL"  # for tests, and to loopback only: elsewhere it would ask a stranger for keys
TIMEOUTS = (2.0, 5.0)  # seconds; on an instance it is there at once, elsewhere never
ROLES = "/latest/meta-data/ram/security-credentials/"


def role_keys(transport, name, environ):
    """Credentials of the instance's RAM role; '' for the name of whichever it has. Raises CollectionError."""
    base, what = _base(environ), "ECS metadata, RAM role %s" % (name or "of the instance")
    token = _ask(transport, what, "PUT", base + "/latest/api/token", {"x-aliyun-ecs-metadata-token-ttl-seconds": "60"})
    headers = {"x-aliyun-ecs-metadata-token": token}
    name = name or _ask(transport, what, "GET", base + ROLES, headers)
    if not re.match(r"[A-Za-z0-9._-]+\Z", name):
        raise InputError("%s: '%s' is not the name of a RAM role." % (what, name))
    try:
        fields = json.loads(_ask(transport, what, "GET", base + ROLES + name, headers))
    except ValueError:
        fields = None
    return credentials.temporary(what, fields if isinstance(fields, dict) else {})


def _base(environ):
    chosen = environ.get(OVERRIDE)
    if not chosen:
        return "http://" + METADATA
    parts = urlsplit(chosen)
    if parts.scheme != "http" or not parts.hostname or not is_loopback(parts.hostname):
        raise InputError("The environment variable %s must be http://127.0.0.1:<port>: the metadata of another machine is never asked." % (
            OVERRIDE))
    return chosen.rstrip("/")


def _ask(transport, what, method, url, headers):
    """The answer's text."""
    return transport.exchange(what, lambda: Request(method, url, headers, b"", TIMEOUTS), lambda answer: _text(what, answer), False, True)


def _text(what, answer):
    if answer.status == 404:
        raise CollectionError("%s: the instance has no such role. Attach it to the instance, or check ecs_ram_role." % what)
    if answer.status != 200:
        raise TransportError("%s: HTTP %d. Does the module run on an ECS instance?" % (what, answer.status), final=answer.status < 500)
    return answer.body.decode("utf-8", "replace").strip()
