# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""RPC calls: parameters in, dict or ApiError out. PRIVATE to the collection."""

from __future__ import annotations

import datetime
import json
import os
import uuid
from urllib.parse import urlencode, urlsplit

from .._errors import ApiError, OutcomeUnknown, TransportError
from .._secret import Secret, scrub
from .._transport import credentials, metadata, signing
from .._transport.caller import Caller
from .._transport.http import Request, Transport, check_endpoint
from . import sts
from .action import CREATE, READ, SET, WRITE, Action, Product
from .endpoints import check_overrides, endpoint
from .hints import hint

__all__ = ["CREATE", "READ", "SET", "WRITE", "Action", "Cloud", "Product", "parse_json"]


class Cloud:
    """One account at one site: every module's way to the cloud. A context manager; it closes its connections."""

    def __init__(self, params, products, read_only=False, transport=None):
        self.site = params["site"]
        self._products = dict((product.name, product) for product in products)
        check_overrides(params.get("endpoints") or ())
        self._overrides = dict((name, check_endpoint(url)) for name, url in (params.get("endpoints") or {}).items())
        self._in_query = params.get("parameters_in") == "query"
        # a bearer token stands in for the account's keys
        self._caller = None if params.get("auth") == "bearer" else Caller(
            credentials.choose(params, os.environ), self._instance_keys, self._assume)
        self.transport = transport or Transport(
            params.get("api_ca_path"), params["connect_timeout"], params["read_timeout"], params["api_timeout"],
            params.get("parallel") or 1, read_only)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.transport.close()

    def endpoint(self, product, region=None):
        return endpoint(product, self.site, region, self._overrides)

    def call(self, product, action, params=None, region=None, token="", target=""):
        """Make one call and return its answer as a dict. Raises ApiError, TransportError or OutcomeUnknown."""
        owner = self._products[product]
        if owner.call:
            return owner.call(self, action, params or {}, region, target)
        spec = owner.actions[action]
        flat = signing.flatten(dict(
            (name, value.reveal() if isinstance(value, Secret) else value) for name, value in (params or {}).items()))
        if spec.token:
            # the same on every attempt: the cloud answers a repeated create with the first one's result
            flat["ClientToken"] = token or uuid.uuid4().hex
        what = "%s %s%s" % (product, action, " for %s" % target if target else "")
        return self.transport.exchange(
            what, lambda: self._build(owner, action, flat, region), lambda answer: parse_json(what, answer, owner.ram_action(action)),
            spec.writes, spec.repeat)

    def pages(self, product, action, params, rows, total, size=50, names=("CurrentPage", "ShowSize"), region=None):
        """Yield the rows of a numbered list. rows(answer) -> list, total(answer) -> int; the cloud may cap the page size.

        A row that slides onto the next page while we read can come twice; callers key by id.
        """
        seen, page = 0, 1
        while True:
            answer = self.call(product, action, dict(params, **{names[0]: page, names[1]: size}), region=region)
            found = rows(answer)
            yield from found
            seen, page = seen + len(found), page + 1
            if not found or seen >= total(answer):
                return

    def token_pages(self, product, action, params, rows, size=100, region=None):
        """Yield the rows of a list whose pages name the next one (NextToken, MaxResults). rows(answer) -> list."""
        token = None
        while True:
            answer = self.call(product, action, dict(params, MaxResults=size, NextToken=token), region=region)
            yield from rows(answer)
            following = answer.get("NextToken")
            if not following or following == token:
                return
            token = following

    @property
    def keys(self):
        """For a product that signs in its own way."""
        return self._keys

    @property
    def _keys(self):
        """Credentials that are good now; temporary ones are fetched and renewed here."""
        return self._caller.keys()

    def _instance_keys(self, role):
        return metadata.role_keys(self.transport, role, os.environ)

    def _assume(self, keys, role):
        """Credentials of a RAM role, which who has the keys may take."""
        what, flat = "sts AssumeRole for %s" % role.arn, signing.flatten(sts.request_of(role))
        answer = self.transport.exchange(
            what, lambda: self._build(sts.PRODUCT, "AssumeRole", flat, None, keys),
            lambda answer: parse_json(what, answer, sts.PRODUCT.ram_action("AssumeRole"), sts.next_step), False, True)
        return credentials.temporary(what, answer.get("Credentials"))

    def signed(self, method, base, path, query, body, keys=None, **more):
        """A Request with the headers that a signature needs (ACS3-HMAC-SHA256); date and nonce are fresh on every call."""
        keys = keys or self._keys
        digest = signing.payload_hash(body)
        headers = dict({
            "accept": "application/json", "user-agent": "daas.https", "host": urlsplit(base).netloc, "x-acs-content-sha256": digest,
            "x-acs-date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": uuid.uuid4().hex}, **more)
        if keys.security_token:
            headers.update({"x-acs-accesskey-id": keys.access_key_id, "x-acs-security-token": keys.security_token.reveal()})
        headers["authorization"] = signing.authorization(
            method, path, query, headers, digest, keys.access_key_id, keys.access_key_secret.reveal())
        return Request(method, base + path + ("?" + signing.canonical_query(query) if query else ""), headers, body)

    def _build(self, owner, action, flat, region, keys=None):
        # secrets belong in the body, because URLs end up in access logs; the gateway merges query and form
        query, form = (flat, {}) if self._in_query else ({}, flat)
        more = {"x-acs-action": action, "x-acs-version": owner.version}
        if form:
            more["content-type"] = "application/x-www-form-urlencoded"
        return self.signed("POST", self.endpoint(owner.name, region), "/", query, urlencode(form).encode("ascii"), keys, **more)


def parse_json(what, answer, ram_action, hint=hint):
    """The answer's JSON object. Raises ApiError for a refusal, OutcomeUnknown or TransportError for what is not the API's answer.

    hint(code, ram_action) says what to do next.
    """
    try:
        data = json.loads(answer.body.decode("utf-8") or "{}")
    except ValueError:
        data = None
    if not isinstance(data, dict):
        kind = TransportError if 300 <= answer.status < 500 else OutcomeUnknown
        raise kind("%s: HTTP %d with something that is not the API's JSON; is the endpoint right?" % (what, answer.status), final=True)
    code = str(data.get("Code") or data.get("code") or "")
    if answer.status < 300 and code in ("", "200", "OK", "Success"):
        return data
    code = code or "HTTP%d" % answer.status
    message = scrub(str(data.get("Message") or data.get("message") or "no message"))
    if code == "SignatureDoesNotMatch":
        # the gateway may echo its string to sign, and that holds every parameter
        message = "The signature is not the one that the server computed"
    denied = data.get("AccessDeniedDetail") or {}
    wait = answer.headers.get("x-acs-retry-after", "")  # milliseconds
    raise ApiError(what, code, message, answer.status, data.get("RequestId") or data.get("requestId"),
                   hint(code, denied.get("AuthAction") or ram_action), min(int(wait) / 1000.0, 30.0) if wait.isdigit() else 0.0)
