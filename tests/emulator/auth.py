# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who calls, and whether the request is theirs: access keys, and the ACS3-HMAC-SHA256 signature as the gateway checks it.

Written from the vendor's "V3 request structure and signature" alone, and tested with vectors captured from the vendor's SDKs.
"""

from __future__ import annotations

import collections
import dataclasses
import fnmatch
import hashlib
import hmac
import re
import secrets
import string
import threading
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

from .server import Request
from .state import CloudError

ALGORITHM = "ACS3-HMAC-SHA256"
WINDOW = timedelta(minutes=15)
MANDATORY = ("host", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256")

_AUTHORIZATION = re.compile(ALGORITHM + r" Credential=([^,\s]+),SignedHeaders=([^,\s]+),Signature=([0-9a-f]{64})")


@dataclasses.dataclass(frozen=True)
class Key:
    """An access key. `deny` holds patterns of RAM actions that it may not use; a security token makes it a temporary one (STS)."""

    access_key_id: str
    access_key_secret: str = dataclasses.field(repr=False)
    deny: tuple[str, ...] = ()
    enabled: bool = True
    security_token: str = dataclasses.field(default="", repr=False)
    expires: datetime | None = None

    def may(self, ram_action: str) -> bool:
        return not any(fnmatch.fnmatchcase(ram_action, pattern) for pattern in self.deny)


class Keyring:
    """The account's keys, and the nonces that were used. Safe to call from any thread."""

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, Key] = {}
        self._used: collections.OrderedDict[tuple[str, str], datetime] = collections.OrderedDict()
        self.clients_are_ahead = timedelta()  # by how much the clients' clocks have been moved together with ours

    def add(self, *, access_key_id: str = "", access_key_secret: str = "", deny: Iterable[str] = (), enabled: bool = True,
            seconds: float | None = None) -> Key:
        """A new key. With `seconds` it is a temporary one, with a security token, for so long (on the emulator's clock)."""
        temporary = seconds is not None
        token = "CAIS" + random_text(60) if temporary else ""
        expires = self._clock.now() + timedelta(seconds=seconds) if temporary else None
        access_key_id = access_key_id or ("STS." if temporary else "LTAI5t") + random_text(18)
        key = Key(access_key_id, access_key_secret or random_text(30), tuple(deny), enabled, token, expires)
        with self._lock:
            self._keys[key.access_key_id] = key
        return key

    def verify(self, request: Request, extra: tuple[str, ...] = ()) -> Key:
        """The key that signed the request. `extra`: further headers that must be there. CloudError, in the gateway's order."""
        match = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if not match:
            raise _incomplete("the Authorization header is absent or not of the form {0} Credential=…,SignedHeaders=…,Signature=…; "
                              "older signatures are not taken here".format(ALGORITHM))
        access_key_id, names, signature = match.groups()
        signed = names.split(";")
        _check_headers(request, signed, MANDATORY + extra)
        key = self.key_of(access_key_id, request.headers.get("x-acs-security-token", ""))
        self._check_date(request.headers["x-acs-date"])
        nonce = (access_key_id, request.headers["x-acs-signature-nonce"])
        if nonce in self._used:
            raise _nonce_used()
        _check_signature(key, request, signed, signature)
        self._use(nonce)
        return key

    def key_of(self, access_key_id: str, token: str) -> Key:
        """The key, if it may be used with that security token ("" for none). CloudError as the gateway refuses it."""
        key = self._find(access_key_id)
        self._check_token(key, token)
        return key

    def clients_now(self) -> datetime:
        """What the clients' clocks should show."""
        return self._clock.now() - self.clients_are_ahead

    def _find(self, access_key_id: str) -> Key:
        key = self._keys.get(access_key_id)
        if key is None:
            raise CloudError("InvalidAccessKeyId.NotFound", "Specified access key is not found.", 404)
        if not key.enabled:
            raise CloudError("InvalidAccessKeyId.Inactive", "Specified access key is disabled.")
        return key

    def _check_token(self, key: Key, token: str) -> None:
        if token == key.security_token:
            if key.expires is not None and self._clock.now() >= key.expires:
                raise CloudError("InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
        elif not token:
            raise CloudError("MissingSecurityToken", "SecurityToken is mandatory for this action.")
        elif any(token == other.security_token for other in list(self._keys.values())):
            raise CloudError("InvalidSecurityToken.MismatchWithAccessKey", "Specified SecurityToken mismatches with the AccessKey.")
        else:
            raise CloudError("InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")

    def _check_date(self, text: str) -> None:
        try:
            moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        except ValueError:
            raise CloudError("InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.") from None
        if abs(self.clients_now() - moment) > WINDOW:
            raise CloudError("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")

    def _use(self, nonce: tuple[str, str]) -> None:
        with self._lock:
            if nonce in self._used:
                raise _nonce_used()
            now = self._clock.now()
            self._used[nonce] = now
            # A request older than the window is refused by its date; its nonce need not be known any more.
            while now - next(iter(self._used.values())) > 2 * WINDOW:
                self._used.popitem(last=False)


def random_text(length: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _each in range(length))


def encode(text: str) -> str:
    """RFC 3986: only the unreserved characters stay, upper-case hex."""
    return quote(text, safe="-_.~")


def canonical_query(pairs: Iterable[tuple[str, str]]) -> str:
    """Decoded pairs, encoded anew, in byte order: whether a space came as + or as %20 makes no difference."""
    ordered = sorted(pairs, key=lambda pair: (pair[0].encode(), pair[1].encode()))
    return "&".join("{0}={1}".format(encode(name), encode(value)) for name, value in ordered)


def canonical_request(request: Request, signed: list[str]) -> str:
    headers = "".join("{0}:{1}\n".format(name, request.headers[name]) for name in signed)
    digest = hashlib.sha256(request.body).hexdigest()
    return "\n".join((request.method.upper(), request.path, canonical_query(request.query), headers, ";".join(signed), digest))


def string_to_sign(canonical: str) -> str:
    return "{0}\n{1}".format(ALGORITHM, hashlib.sha256(canonical.encode()).hexdigest())


def sign(secret: str, canonical: str) -> str:
    return hmac.new(secret.encode(), string_to_sign(canonical).encode(), hashlib.sha256).hexdigest()


def _check_headers(request: Request, signed: list[str], mandatory: tuple[str, ...]) -> None:
    for name in mandatory:
        if not request.headers.get(name):
            raise CloudError("Missing{0}".format(name), "The header {0} is mandatory for this action.".format(name))
    if signed != sorted(set(signed)):
        raise _incomplete("SignedHeaders is not in order")
    absent = [name for name in signed if name not in request.headers]
    if absent:
        raise _incomplete("SignedHeaders names {0}, which did not come".format(", ".join(absent)))
    unsigned = [name for name in sorted(request.headers) if name not in signed
                and (name in ("host", "content-type") or name.startswith("x-acs-"))]
    if unsigned:
        raise _incomplete("not signed: {0}".format(", ".join(unsigned)))


def _check_signature(key: Key, request: Request, signed: list[str], signature: str) -> None:
    digest = hashlib.sha256(request.body).hexdigest()
    canonical = canonical_request(request, signed)
    if request.headers["x-acs-content-sha256"] != digest:
        raise CloudError("SignatureDoesNotMatch", "Specified x-acs-content-sha256 is not the SHA-256 of the body that came, "
                         "{0}.".format(digest))
    if not hmac.compare_digest(sign(key.access_key_secret, canonical), signature):
        raise CloudError("SignatureDoesNotMatch", "Specified signature is not matched with our calculation. "
                         "server canonical request is:{0}".format(_without_values(request, signed)))


def _without_values(request: Request, signed: list[str]) -> str:
    """What the server signed, for the eye: the real gateway echoes all of it, private keys too; here only the names remain."""
    query = "&".join("{0}=***".format(encode(name)[:64]) for name in sorted(name for name, _value in request.query))
    return "\n".join((request.method.upper(), request.path, query, *("{0}:***".format(name) for name in signed), "", ";".join(signed)))


def _incomplete(why: str) -> CloudError:
    return CloudError("IncompleteSignature", "The request signature does not conform to the standards: {0}.".format(why))


def _nonce_used() -> CloudError:
    return CloudError("SignatureNonceUsed", "Specified signature nonce was used already.")
