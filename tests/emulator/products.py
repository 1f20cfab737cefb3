# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The products of the cloud, and what a request asks of one of them: an RPC action or an AIRec route, behind one face.

An operation has name, writes, provenance, ram_action and signed_headers; shown() for the journal; key() for its cache; check();
run(cloud, principal) -> (status, body); and its product's way to refuse.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any, Union

from . import multipart
from .journal import shown
from .rpc import Action, Call
from .server import Reply, Request, json_reply
from .services import ROA, SERVICES, actions_of
from .services.airec.actions import ROUTES, Route, handle
from .services.oss import actions as oss_actions, protocol as oss_protocol
from .state import CloudError

BEARER = "bearer"  # the principal of a call with an access token


@dataclasses.dataclass(frozen=True)
class Product:
    """One API on the wire. ram: the prefix of its RAM actions. region: whose endpoint it is, for a product that has one in each.

    protocol: of a product that is spoken in its own way, the module that finds, verifies and answers.
    """

    name: str
    version: str
    ram: str
    actions: Mapping[str, Action] = dataclasses.field(default_factory=dict)
    routes: tuple[Any, ...] = ()
    region: str = ""
    protocol: Any = None

    @property
    def operations(self) -> tuple[Any, ...]:
        return (*self.actions.values(), *self.routes)

    def find(self, request: Request) -> Operation:
        """What the request asks for. CloudError when there is no such thing, or when the request cannot be read."""
        if self.protocol:
            return self.protocol.find(self, request)
        if self.routes:
            return self._find_route(request)
        version, action = request.headers.get("x-acs-version", ""), request.headers.get("x-acs-action", "")
        if request.path != "/":
            raise CloudError("InvalidApi.NotFound", "Specified api is not found, please check your url and method.", 404)
        if version and version != self.version:
            raise CloudError("NoSuchVersion", "The version {0} of {1} does not exist; there is {2}.".format(
                version[:40], self.name, self.version))
        if action and action not in self.actions:
            raise CloudError("InvalidAction.NotFound", "Specified api is not found, please check your url and method.", 404)
        if request.method not in ("GET", "POST"):
            raise CloudError("UnsupportedHTTPMethod", "The HTTP method {0} is not supported.".format(request.method))
        if not action:
            raise CloudError("Missingx-acs-action", "The header x-acs-action is mandatory for this action.")
        return RpcOperation(self, self.actions[action], request)

    def _find_route(self, request: Request) -> RoaOperation:
        for route in self.routes:
            match = route.match(request.method, request.path)
            if match:
                return RoaOperation(self, route, match, request)
        if any(route.match(route.method, request.path) for route in self.routes):
            raise CloudError("UnsupportedHTTPMethod", "The HTTP method {0} is not supported.".format(request.method), 405)
        raise CloudError("InvalidApi.NotFound", "Specified api is not found, please check your url and method.", 404)


class RpcOperation:
    signed_headers = ("x-acs-action",)
    throttled = 400
    bearer = None

    def __init__(self, product: Product, action: Action, request: Request) -> None:
        self.product, self._action = product, action
        self.name, self.writes, self.provenance = action.name, action.writes, action.provenance
        self.ram_action = "{0}:{1}".format(product.ram, action.ram or action.name)
        self.params = _merged([*_pairs(request, "query"), *_pairs(request, "form")])
        self._foreign = bool(request.body) and not request.form

    def shown(self) -> dict[str, Any]:
        return {name: shown(name, value) for name, value in self.params.items()}

    def key(self) -> tuple[Any, ...]:
        return (self.product.name, self.product.region, self.name, *sorted(self.params.items()))

    def check(self) -> None:
        if self._foreign:
            raise CloudError("InvalidParameter", "Parameters come in the query or in a body of type application/x-www-form-urlencoded.")
        self._action.check(self.params)

    def run(self, cloud: Any, principal: str) -> tuple[int, dict[str, Any]]:
        return 200, dict(self._action.handler(cloud, Call(
            self.product.name, self.name, dict(self.params), principal, self.product.region)))

    @staticmethod
    def success(body: dict[str, Any], request_id: str) -> dict[str, Any]:
        return {"RequestId": request_id, **body}


class RoaOperation:
    """A route, and the request as its handler sees it."""

    signed_headers: tuple[str, ...] = ()
    throttled = 429

    def __init__(self, product: Product, route: Route, match: re.Match[str], request: Request) -> None:
        self.product, self._route, self.match = product, route, match
        self.name, self.writes, self.provenance = route.name, route.writes, route.provenance
        self.ram_action = "{0}:{1}".format(product.ram, route.name)
        self.method, self.path, self.headers = request.method, request.path, request.headers
        self.query = _merged(_pairs(request, "query"))
        scheme, _space, token = request.headers.get("authorization", "").partition(" ")
        self.bearer = token if scheme.lower() == "bearer" else None
        self.principal = ""
        self.json, self.multipart = None, None
        self._fault = ""
        self._read(request)

    def _read(self, request: Request) -> None:
        try:
            if request.media == "application/json":
                self.json = request.json()
            elif request.media == "multipart/form-data":
                self.multipart = multipart.parse(request.headers["content-type"], request.body)
            elif request.body:
                self._fault = "neither application/json nor multipart/form-data"
        except ValueError as exc:
            self._fault = str(exc) if isinstance(exc, multipart.MultipartError) else "not JSON in UTF-8"

    def shown(self) -> dict[str, Any]:
        found = {**self.match.groupdict(), **self.query, **(self.json if isinstance(self.json, dict) else {})}
        files = {name: "{0} bytes".format(len(part.data)) for name, part in (self.multipart or {}).items()}
        return {name: shown(name, value) for name, value in {**found, **files}.items()}

    def key(self) -> tuple[Any, ...]:
        return (self.product.name, self.name, self.path, *sorted(self.query.items()))

    def check(self) -> None:
        if self._fault:
            raise CloudError("InvalidParameter", "The parameter body is not valid: {0}.".format(self._fault))

    def run(self, cloud: Any, principal: str) -> tuple[int, dict[str, Any]]:
        self.principal = principal
        return handle(self._route, cloud, self)

    @staticmethod
    def success(body: dict[str, Any], request_id: str) -> dict[str, Any]:
        return {"requestId": request_id, **body}


Operation = Union[RpcOperation, RoaOperation, oss_protocol.Operation]


def reply(product: Product, status: int, body: dict[str, Any], request_id: str, **headers: str) -> Reply:
    """JSON, unless the product is spoken in its own way; underscores in the names of headers stand for hyphens."""
    if product.protocol:
        return product.protocol.reply(status, body, request_id, **headers)
    return json_reply(status, body, x_acs_request_id=request_id, **headers)


def refusal(product: Product, refused: CloudError, request_id: str, host: str, principal: str) -> dict[str, Any]:
    """The body of a refusal, in the product's envelope."""
    if product.protocol:
        return product.protocol.refusal(refused, request_id, host, principal)
    if product.routes:
        return {"code": refused.code, "message": refused.message, "requestId": request_id}
    url = "https://api.aliyun.com/troubleshoot?q={0}&product={1}&requestId={2}".format(refused.code, product.name, request_id)
    body: dict[str, Any] = {"RequestId": request_id, "HostId": host, "Code": refused.code, "Message": refused.message, "Recommend": url}
    if refused.denied:
        body["AccessDeniedDetail"] = {
            "AuthAction": refused.denied, "AuthPrincipalType": "SubUser", "AuthPrincipalOwnerId": "1000000000000001",
            "AuthPrincipalDisplayName": principal, "NoPermissionType": "ExplicitDeny", "PolicyType": "AccountLevelIdentityBasedPolicy",
            "EncodedDiagnosticMessage": "AQEAAAAA"}
    return body


def products() -> dict[str, Product]:
    """All of the cloud."""
    made = {name: Product(name, service.VERSION, service.RAM, {action.name: action for action in service.ACTIONS})
            for name, service in ((name, actions_of(name)) for name in SERVICES if name not in ROA)}
    oss = Product("oss", oss_actions.VERSION, oss_actions.RAM, routes=oss_actions.ROUTES, protocol=oss_protocol)
    return {**made, "airec": Product("airec", "2020-11-26", "airec", routes=tuple(ROUTES)), "oss": oss}


def _pairs(request: Request, part: str) -> list[tuple[str, str]]:
    try:
        return getattr(request, part)
    except ValueError:
        raise CloudError("InvalidParameter", "The {0} of the request cannot be decoded.".format(part)) from None


def _merged(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Query and form as one. CloudError for a name that is there twice: which of the two counts would be a guess."""
    merged: dict[str, str] = {}
    for name, value in pairs:
        if name in merged:
            raise CloudError("InvalidParameter", "The parameter {0} is there twice.".format(name[:64]))
        merged[name] = value
    return merged
