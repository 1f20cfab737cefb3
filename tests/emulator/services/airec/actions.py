# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AIRec's calls on the wire: what a request may hold, and how the answer looks. The rules are in models."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from ... import pki
from . import errors, sheet
from .models import SUCCESS, VALIDATING, Airec, Domain, Instance

Handler = Callable[[Any, Any], "tuple[int, dict[str, Any]]"]

ROOT = r"/v2/openapi/instances"
ONE = ROOT + r"/(?P<instance_id>[A-Za-z0-9_-]+)"


@dataclasses.dataclass(frozen=True)
class Route:
    """A call: its method and path, the name it has in the journal, and where we know it from."""

    name: str
    method: str
    path: str
    handler: Handler
    writes: bool
    provenance: str  # documented | specified | assumed
    doc_ref: str
    query: tuple[str, ...] = ()  # allowed query parameters
    bearer: bool = True  # whether an access token is taken instead of a signature

    def match(self, method: str, path: str) -> re.Match[str] | None:
        return re.fullmatch(self.path, path) if method == self.method else None


def handle(route: Route, cloud: Any, request: Any) -> tuple[int, dict[str, Any]]:
    """Check who asks and the names of the parameters, then let the route answer."""
    bearer = getattr(request, "bearer", None)
    if bearer is not None:
        if not route.bearer:
            raise errors.invalid_token("{0} takes a signature, not an access token".format(route.name))
        cloud.airec.check_token(bearer)
    elif not getattr(request, "principal", None):
        raise errors.invalid_token("the request carries neither an access token nor a signature")
    for name in request.query:
        # The vendor's SDK repeats the path parameter in the query.
        if name not in route.query and name != "instanceId":
            raise errors.invalid(name, "{0} does not know it".format(route.name))
    return route.handler(cloud, request)


def list_instances(cloud: Any, request: Any) -> tuple[int, dict[str, Any]]:
    wanted = {"name": "name", "instanceId": "instanceId", "status": "status", "expiredTime": "expiredTime"}
    rows = [_instance(instance) for instance in cloud.airec.instances.values()]
    for parameter, field in wanted.items():
        if request.query.get(parameter):
            rows = [row for row in rows if row[field] == request.query[parameter]]
    page, size = (_number(request, name, default) for name, default in (("page", 1), ("size", 10)))
    size = min(size, cloud.setting("page_cap") or size)
    return 200, {"result": rows[(page - 1) * size:page * size]}


def describe_instance(cloud: Any, request: Any) -> tuple[int, dict[str, Any]]:
    instance = cloud.airec.get(request.match["instance_id"])
    return 200, {"result": {**_instance(instance), "scene": "gul"}}


def bind_certificates(cloud: Any, request: Any) -> tuple[int, dict[str, Any]]:
    airec: Airec = cloud.airec
    airec.get(request.match["instance_id"])
    parts = _parts(request, ("mapping_file", "certificate", "key"))
    rows = sheet.parse(parts["mapping_file"])
    material = _material(parts["certificate"], parts["key"])
    instance = airec.bind(request.match["instance_id"], rows, material)
    domains = [instance.domains[row.domain] for row in rows]
    overall = SUCCESS if all(domain.status == SUCCESS for domain in domains) else VALIDATING
    return 200, {"result": {"status": overall, "domains": [_domain(instance, domain) for domain in domains]}}


def certificates_status(cloud: Any, request: Any) -> tuple[int, dict[str, Any]]:
    return 200, {"result": _status(cloud.airec.read_status(request.match["instance_id"]))}


def unbind_certificates(cloud: Any, request: Any) -> tuple[int, dict[str, Any]]:
    cloud.airec.get(request.match["instance_id"])
    names = _body(request, "domains")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise errors.invalid("domains", "a list of domain names is wanted")
    return 200, {"result": _status(cloud.airec.unbind(request.match["instance_id"], names))}


def get_settings(cloud: Any, request: Any) -> tuple[int, dict[str, Any]]:
    return 200, {"result": {"httpsEnforced": cloud.airec.get(request.match["instance_id"]).https_enforced}}


def put_settings(cloud: Any, request: Any) -> tuple[int, dict[str, Any]]:
    cloud.airec.get(request.match["instance_id"])
    wanted = _body(request, "httpsEnforced")
    if not isinstance(wanted, bool):
        raise errors.invalid("httpsEnforced", "true or false is wanted")
    return 200, {"result": {"httpsEnforced": cloud.airec.enforce(request.match["instance_id"], wanted).https_enforced}}


def _parts(request: Any, names: tuple[str, ...]) -> dict[str, bytes]:
    """The bytes of exactly these parts of a multipart body."""
    parts = request.multipart
    if parts is None:
        raise errors.invalid("body", "multipart/form-data is wanted")
    for name in parts:
        if name not in names:
            raise errors.invalid(name, "the form does not know this field")
    for name in names:
        if name not in parts or not parts[name].data:
            raise errors.missing(name)
    return {name: parts[name].data for name in names}


def _material(certificate: bytes, key: bytes) -> pki.Material:
    chain_pem, key_pem = certificate.decode("utf-8", "replace"), key.decode("utf-8", "replace")
    try:
        pki.parse_material(chain_pem, None)
    except ValueError as exc:
        raise errors.invalid_certificate(str(exc)) from exc
    try:
        material = pki.parse_material(chain_pem, key_pem)
    except ValueError as exc:
        raise errors.invalid_private_key() from exc
    if not pki.key_matches(material):
        raise errors.key_mismatch()
    return material


def _body(request: Any, name: str) -> Any:
    """The one field that the JSON body must hold."""
    body = request.json
    if not isinstance(body, dict):
        raise errors.invalid("body", "a JSON object is wanted")
    for field in body:
        if field != name:
            raise errors.invalid(field, "this call does not know it")
    if name not in body:
        raise errors.missing(name)
    return body[name]


def _number(request: Any, name: str, default: int) -> int:
    text = request.query.get(name) or str(default)
    if not text.isdigit() or not 1 <= int(text) <= 100000:
        raise errors.invalid(name, "a whole number from 1 on is wanted")
    return int(text)


def _status(instance: Instance) -> dict[str, Any]:
    return {"status": instance.status(), "domains": [_domain(instance, domain) for domain in instance.domains.values()]}


def _domain(instance: Instance, domain: Domain) -> dict[str, Any]:
    challenges = [
        {"type": "DNS_CNAME", "recordName": domain.record_name, "recordValue": domain.record_value},
        {"type": "HTTP_FILE", "path": domain.path, "content": domain.token},
    ]
    return {"domain": domain.name, "certificateId": domain.certificate_id, "certType": domain.cert_type, "status": domain.status,
            "failureReason": domain.failure, "cname": instance.cname(), "validations": [] if domain.proved else challenges}


def _instance(instance: Instance) -> dict[str, Any]:
    return {"instanceId": instance.id, "name": instance.name, "status": "Running", "type": "Standard", "industry": "item",
            "chargeType": "PrePaid", "commodityCode": "airecpre", "dataSetVersion": "20251101170353", "regionId": instance.region,
            "lockMode": "Unlock", "gmtCreate": _time(instance.created), "gmtModified": _time(instance.modified),
            "expiredTime": _time(instance.created.replace(year=instance.created.year + 1, day=1))}


def _time(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


SDK = "alibabacloud-airec20201126"
SPECIFICATION = "specification, AIRec certificate calls"
ROUTES = [
    Route("ListInstance", "GET", ROOT, list_instances, False, "documented", SDK,
          query=("name", "instanceId", "status", "expiredTime", "page", "size"), bearer=False),
    Route("DescribeInstance", "GET", ONE, describe_instance, False, "documented", SDK, bearer=False),
    Route("BindCertificates", "POST", ONE + "/certificates/bind", bind_certificates, True, "specified", SPECIFICATION),
    Route("GetCertificatesStatus", "GET", ONE + "/certificates/status", certificates_status, False, "specified", SPECIFICATION),
    Route("UnbindCertificates", "POST", ONE + "/certificates/unbind", unbind_certificates, True, "assumed", SPECIFICATION),
    Route("GetSettings", "GET", ONE + "/settings", get_settings, False, "assumed", SPECIFICATION),
    Route("PutSettings", "PUT", ONE + "/settings", put_settings, True, "assumed", SPECIFICATION),
]
