# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How OSS is spoken: where a request says its bucket, the signature OSS4-HMAC-SHA256, XML both ways, and refusals in XML.

Written from the vendor's "V4 signature in the request header" alone, and tested with the vendor's own library as the client.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import datetime, timezone
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

from ...auth import WINDOW, Key, Keyring, encode
from ...journal import shown
from ...server import Reply, Request
from ...state import CloudError
from . import errors
from .actions import ROUTES, Route

ALGORITHM = "OSS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
SUFFIX = "aliyun_v4_request"
DATE = "%Y%m%dT%H%M%SZ"
MEDIA = "application/xml"

_HOST = re.compile(r"(?:(?P<bucket>[a-z0-9-]+)\.)?oss-(?P<region>[a-z0-9-]+)\.aliyuncs\.com(?::[0-9]+)?")
_CREDENTIAL = re.compile(r"(?P<key>[^/\s]+)/(?P<day>[0-9]{8})/(?P<region>[a-z0-9-]+)/oss/" + SUFFIX)


class Operation:
    """A call to a bucket, or to the service. region: of the endpoint, which is the host's, or else the one that was signed for."""

    signed_headers: tuple[str, ...] = ()
    throttled = 429
    bearer = None

    def __init__(self, product: Any, request: Request) -> None:
        self.product, self._request = product, request
        self.bucket, key, host_region = place_of(request)
        self.query = query_of(request)
        self._route = _route(request.method, self.bucket, self.query) if not key else None
        if self._route is None:
            raise errors.not_implemented()
        self.name, self.writes, self.provenance = self._route.name, self._route.writes, self._route.provenance
        self.ram_action = "{0}:{1}".format(product.ram, self.name)
        signed = _CREDENTIAL.fullmatch(_fields(request).get("Credential", ""))
        self.region = host_region or (signed["region"] if signed else "")
        self.root = _parsed(request.body)

    def shown(self) -> dict[str, Any]:
        parts = {} if self.root is None else {part.tag: part.text or "" for part in self.root.iter() if not len(part)}
        found = {"bucket": self.bucket, "region": self.region, **self.query, **parts}
        return {name: shown(name, value) for name, value in found.items()}

    def key(self) -> tuple[Any, ...]:
        return (self.product.name, self.region, self.name, self.bucket, *sorted(self.query.items()))

    def check(self) -> None:
        unknown = set(self.query) - set(self._route.selected_by) - set(self._route.query)
        if unknown:
            raise errors.invalid_argument(sorted(unknown)[0][:64], "{0} does not know it".format(self.name))
        body = self._request.body
        if bool(body) != self._route.writes or (body and self.root is None):
            raise errors.malformed_xml()
        digest = self._request.headers.get("content-md5")
        if digest is not None and digest != base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode():
            raise errors.wrong_digest()

    def run(self, cloud: Any, principal: str) -> tuple[int, dict[str, Any]]:
        return 200, self._route.handler(cloud, self)

    @staticmethod
    def success(body: dict[str, Any], request_id: str) -> dict[str, Any]:
        return body  # the id is in a header only


def find(product: Any, request: Request) -> Operation:
    return Operation(product, request)


def _route(method: str, bucket: str, query: dict[str, str]) -> Route | None:
    return next((route for route in ROUTES if route.match(method, bucket, query)), None)


def place_of(request: Request) -> tuple[str, str, str]:
    """(bucket, key, region). At the vendor's own host names the bucket is the first label, at an address it is in the path."""
    host = _HOST.fullmatch(request.headers.get("host", ""))
    path = unquote(request.path)[1:]
    if host:
        return host["bucket"] or "", path, host["region"]
    bucket, _slash, key = path.partition("/")
    return bucket, key, ""


def query_of(request: Request) -> dict[str, str]:
    """Decoded; a name may stand without a value."""
    found: dict[str, str] = {}
    for pair in filter(None, request.target.partition("?")[2].split("&")):
        name, _equals, value = pair.partition("=")
        if unquote(name) in found:
            raise errors.invalid_argument(unquote(name)[:64], "it is there twice")
        found[unquote(name)] = unquote(value)
    return found


# -- the signature -------------------------------------------------------------------------------------------------------------------

def verify(keys: Keyring, request: Request) -> Key:
    """The key that signed the request. CloudError in OSS's words."""
    header = request.headers.get("authorization")
    if not header:
        raise errors.anonymous()
    fields = _fields(request)
    if not header.startswith(ALGORITHM + " ") or not {"Credential", "Signature"} <= set(fields) <= {
            "Credential", "AdditionalHeaders", "Signature"}:
        raise errors.bad_authorization("only {0} with Credential and Signature is taken here".format(ALGORITHM), "0002-00000202")
    scope = _CREDENTIAL.fullmatch(fields["Credential"])
    date = request.headers.get("x-oss-date", "")
    if not scope or scope["day"] != date[:8]:
        raise errors.bad_authorization("Credential is <key id>/<day of x-oss-date>/<region>/oss/" + SUFFIX, "0002-00000213")
    key = _key(keys, scope["key"], request.headers.get("x-oss-security-token", ""))
    _check_date(keys, date)
    region = place_of(request)[2]
    if region and region != scope["region"]:
        raise errors.wrong_signing_region()
    if request.headers.get("x-oss-content-sha256") != UNSIGNED:
        raise errors.invalid_argument("x-oss-content-sha256", "only {0} is taken".format(UNSIGNED))
    to_sign = string_to_sign(request, fields["Credential"].partition("/")[2], _additional(fields, request))
    if not hmac.compare_digest(sign(key.access_key_secret, to_sign), fields["Signature"]):
        raise errors.wrong_signature(key.access_key_id, to_sign)
    return key


def canonical_request(request: Request, additional: list[str]) -> str:
    bucket, key, _region = place_of(request)
    path = "/".join(encode(part) for part in ("/{0}/{1}".format(bucket, key) if bucket else "/" + key).split("/"))
    pairs = sorted((encode(name), encode(value)) for name, value in query_of(request).items())
    query = "&".join("{0}={1}".format(*pair) if pair[1] else pair[0] for pair in pairs)
    signed = sorted({name for name in request.headers if name in ("content-type", "content-md5") or name.startswith("x-oss-")}
                    | set(additional))
    headers = "".join("{0}:{1}\n".format(name, request.headers[name].strip()) for name in signed)
    return "\n".join((request.method, path, query, headers, ";".join(additional), UNSIGNED))


def string_to_sign(request: Request, scope: str, additional: list[str]) -> str:
    digest = hashlib.sha256(canonical_request(request, additional).encode()).hexdigest()
    return "\n".join((ALGORITHM, request.headers["x-oss-date"], scope, digest))


def sign(secret: str, to_sign: str) -> str:
    key = ("aliyun_v4" + secret).encode()
    for part in to_sign.split("\n")[2].split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def _fields(request: Request) -> dict[str, str]:
    """The parts of the Authorization header, by name."""
    parts = request.headers.get("authorization", "").partition(" ")[2].split(",")
    return {name.strip(): value.strip() for name, equals, value in (part.partition("=") for part in parts) if equals}


def _additional(fields: dict[str, str], request: Request) -> list[str]:
    names = [name for name in fields.get("AdditionalHeaders", "").split(";") if name]
    if names != sorted(set(names)) or not set(names) <= set(request.headers):
        raise errors.bad_authorization("AdditionalHeaders is not in order, or names headers that did not come", "0002-00000202")
    return names


def _key(keys: Keyring, access_key_id: str, token: str) -> Key:
    try:
        return keys.key_of(access_key_id, token)
    except CloudError as refused:
        if refused.code == "InvalidSecurityToken.Expired":
            raise errors.security_token_expired() from None
        if refused.code.startswith("InvalidSecurityToken"):
            raise errors.invalid_security_token() from None
        why = "is disabled" if refused.code.endswith("Inactive") else "does not exist in our records"
        raise errors.invalid_access_key(access_key_id, why) from None


def _check_date(keys: Keyring, text: str) -> None:
    try:
        moment = datetime.strptime(text, DATE).replace(tzinfo=timezone.utc)
    except ValueError:
        raise errors.bad_authorization("x-oss-date is wanted, of the form 20260131T235959Z", "0002-00000217") from None
    now = keys.clients_now()
    if abs(now - moment) > WINDOW:
        raise errors.too_skewed(text, now.strftime(DATE))


# -- XML -----------------------------------------------------------------------------------------------------------------------------

def _parsed(body: bytes) -> ElementTree.Element | None:
    """The root element, or None. Nothing with a document type is read: what it may define can make a short text endless."""
    try:
        text = body.decode("utf-8")
        return None if "<!DOCTYPE" in text else ElementTree.fromstring(text)
    except (UnicodeDecodeError, ElementTree.ParseError):
        return None


def written(tree: dict[str, Any]) -> bytes:
    """{"Root": {"Name": text, "Row": [tree, …]}} as XML; b"" for {}."""
    for name, content in tree.items():
        root = ElementTree.Element(name)
        _fill(root, content)
        return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="utf-8", xml_declaration=False)
    return b""


def _fill(element: ElementTree.Element, content: Any) -> None:
    if not isinstance(content, dict):
        element.text = content
        return
    for name, value in content.items():
        for item in value if isinstance(value, list) else [value]:
            _fill(ElementTree.SubElement(element, name), item)


def reply(status: int, tree: dict[str, Any], request_id: str, **headers: str) -> Reply:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, written(tree), MEDIA, {"x-oss-request-id": request_id, **more})


def translated(refused: CloudError) -> CloudError:
    """In OSS's words, what the gateway refuses in those of the other products."""
    if refused.code.startswith("Throttling"):
        return errors.too_many()
    if refused.denied:
        denied = errors.access_denied()
        denied.denied = refused.denied
        return denied
    return refused


def refusal(refused: CloudError, request_id: str, host: str, principal: str) -> dict[str, Any]:
    body: dict[str, Any] = {"Code": refused.code, "Message": refused.message, "RequestId": request_id, "HostId": host,
                            **getattr(refused, "more", {})}
    if refused.denied:
        body["AccessDeniedDetail"] = {
            "AuthAction": refused.denied, "AuthPrincipalType": "SubUser", "AuthPrincipalOwnerId": "1000000000000001",
            "AuthPrincipalDisplayName": principal, "NoPermissionType": "ExplicitDeny", "PolicyType": "AccountLevelIdentityBasedPolicy"}
    return {"Error": body}
