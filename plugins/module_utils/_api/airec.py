# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate calls of one AIRec instance. PRIVATE to the collection.

The vendor's public API (2020-11-26) does not have them: they are specified, or assumed where the specification is silent. Paths and
field names come from the option contract.
"""

from __future__ import annotations

import json
import re
import uuid

from .hints import DENIED, hint
from .rpc import Action, Cloud, Product, parse_json
from .._errors import ApiError, CollectionError, InputError, TransportError
from .._secret import Secret
from .._transport.http import Request

PRODUCT = Product("airec", "2020-11-26", "airec", {
    "BindCertificates": Action(writes=True, standing="specified"),
    "GetCertificatesStatus": Action(standing="specified"),
    "UnbindCertificates": Action(writes=True, standing="assumed"),
    "GetSettings": Action(standing="assumed"),
    "PutSettings": Action(writes=True, repeat=True, standing="assumed"),
})
# HTTP method, and the path's name in contract
_CALLS = {
    "BindCertificates": ("POST", "bind_path"), "UnbindCertificates": ("POST", "unbind_path"),
    "GetCertificatesStatus": ("GET", "status_path"), "GetSettings": ("GET", "settings_path"), "PutSettings": ("PUT", "settings_path"),
}
HINTS = {
    "InvalidAccessToken": "It may have expired; get a new one and give it as access_token (environment variable AIREC_ACCESS_TOKEN).",
    "InvalidInstance": "Check instance_id and region.",
    "InvalidCertificateId": "Give the id that CAS has for this very certificate, as daas.https.cas_certificate returns it.",
    "InvalidDomain": "Check the domain's spelling, and whether it is bound to this instance.",
    "DomainOccupied": "Unbind it there first.",
}
_FORMS = {
    "_field": (re.compile(r"[A-Za-z0-9_.-]+\Z"), "a name of letters, digits, '_', '.' and '-'"),
    "_path": (re.compile(r"/[A-Za-z0-9_./~-]*\{instance_id\}[A-Za-z0-9_./~-]*\Z"), "a path that begins with '/' and holds {instance_id}"),
}


class Airec(Cloud):
    """One instance, reached with a bearer token or with the account's signature; params are the options of the fragment airec."""

    def __init__(self, params, read_only=False, transport=None):
        self.instance, self._contract = params["instance_id"], params["contract"]
        self._token = None if params["auth"] == "signature" else _token(params)
        _check(self.instance, self._contract)
        super().__init__(params, [PRODUCT], read_only, transport)
        self._base = self.endpoint("airec", params["region"])

    def call(self, product, action, params=None, region=None, token="", target=""):
        """Make one call and return its result as a dict. params: the body as a dict, or the files of a bind."""
        spec, (method, path) = PRODUCT.actions[action], _CALLS[action]
        path = self._contract[path].replace("{instance_id}", self.instance)
        body, kind = self._body(action, params or {})
        what = "airec %s for %s" % (action, target or self.instance)
        return self.transport.exchange(
            what, lambda: self._request(method, path, action, body, kind), lambda answer: self._parse(what, method, path, action, answer),
            spec.writes, spec.repeat)

    def _body(self, action, params):
        """(bytes, content type); the key leaves its Secret here."""
        names = self._contract
        if action == "BindCertificates":
            return multipart((
                (names["mapping_field"], "certificate_info.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                 params["mapping"]),
                (names["certificate_field"], "certificate.pem", "application/x-pem-file", params["certificate"].encode("ascii")),
                (names["key_field"], "private.key", "application/x-pem-file", params["key"].reveal().encode("ascii"))))
        body = dict((names[name], value) for name, value in params.items())
        return (json.dumps(body).encode("utf-8"), "application/json") if body else (b"", "")

    def _request(self, method, path, action, body, kind):
        more = {"content-type": kind} if kind else {}
        if self._token is None:
            return self.signed(method, self._base, path, {}, body, **dict(
                more, **{"x-acs-action": action, "x-acs-version": PRODUCT.version}))
        headers = {"accept": "application/json", "user-agent": "daas.https", "authorization": "Bearer " + self._token.reveal()}
        return Request(method, self._base + path, dict(headers, **more), body)

    def _parse(self, what, method, path, action, answer):
        try:
            result = parse_json(what, answer, PRODUCT.ram_action(action), self._hint).get("result")
        except (ApiError, TransportError) as error:
            code = getattr(error, "code", "")
            known = code.startswith(("InvalidInstance", "InvalidDomain"))
            if "InvalidAction" in code or "InvalidApi" in code or (answer.status in (404, 405) and not known):
                raise CollectionError(
                    "%s: the endpoint %s does not offer %s %s (HTTP %d); today's public cloud has no such call. Use the public endpoint "
                    "under its own certificate (airec_method: endpoint of the role daas.https.airec), or set the paths of your endpoint in "
                    "contract." % (what, self._base, method, path, answer.status), **error.extras) from error
            raise
        return result if isinstance(result, dict) else {}

    def _hint(self, code, ram_action):
        if self._token and any(word in code for word in DENIED):
            return "This access token may not do it; get one that may."
        return next((text for start, text in HINTS.items() if code.startswith(start)), "") or hint(code, ram_action)

    def domains(self):
        """What AIRec says of every domain of the instance: {domain: dict as results show it}."""
        rows = self.call("airec", "GetCertificatesStatus").get("domains")
        if not isinstance(rows, list) or not all(isinstance(row, dict) and row.get("domain") for row in rows):
            # taken for an instance without domains, it would be bound anew
            raise TransportError("airec GetCertificatesStatus for %s: the answer does not list domains." % self.instance)
        return dict((row["domain"].lower(), _view(row)) for row in rows)

    def https_enforced(self):
        value = self.call("airec", "GetSettings").get(self._contract["https_field"])
        if not isinstance(value, bool):
            raise TransportError("airec GetSettings for %s: the answer does not say whether %s." % (
                self.instance, self._contract["https_field"]))
        return value


def _token(params):
    token = (params["access_token"] or "").strip()
    if not token:
        raise InputError("No access token: give access_token, or set the environment variable AIREC_ACCESS_TOKEN, or use auth: signature.")
    if not re.match(r"[!-~]+\Z", token):
        raise InputError("access_token holds a blank, a line break or another character that no token has; it was not sent.")
    return Secret(token)


def _check(instance, contract):
    if not re.match(r"[A-Za-z0-9_-]+\Z", instance):
        raise InputError("instance_id '%s' is not of the form airec-cn-xxxxxxxx." % instance)
    for name, value in contract.items():
        pattern, form = _FORMS[name[name.rindex("_"):]]
        if not pattern.match(value or ""):
            raise InputError("contract.%s: '%s' is not %s." % (name, value, form))


def multipart(parts):
    """(body, content type) of a form of files; parts: (field, file name, content type, bytes)."""
    boundary, pieces = uuid.uuid4().hex, []
    for field, name, kind, data in parts:
        head = '--%s\r\nContent-Disposition: form-data; name="%s"; filename="%s"\r\nContent-Type: %s\r\n\r\n' % (
            boundary, field, name, kind)
        pieces += [head.encode("ascii"), data, b"\r\n"]
    return b"".join(pieces) + ("--%s--\r\n" % boundary).encode("ascii"), "multipart/form-data; boundary=" + boundary


def _view(row):
    return dict(
        domain=row["domain"].lower(), certificate_id=str(row.get("certificateId") or ""), cert_type=row.get("certType") or "",
        status=row.get("status") or "", failure_reason=row.get("failureReason"), cname=row.get("cname"),
        validations=[dict(
            type=item.get("type"), record_name=item.get("recordName"), record_value=item.get("recordValue"), path=item.get("path"),
            content=item.get("content")) for item in row.get("validations") or []])
