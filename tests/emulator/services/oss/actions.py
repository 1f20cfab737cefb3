# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OSS's calls: what a request may hold, and how the answer looks. The rules are in models, signature and XML in protocol."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import format_datetime
from typing import Any
from xml.etree.ElementTree import Element

from . import errors
from .models import Bucket, Cname, endpoint_of

VERSION = "2019-05-17"
RAM = "oss"
SDK = "alibabacloud-oss20190517"
MODELS = "alibabacloud-gateway-oss-util"  # the models of the calls about CNAMEs are there
OWNER = "1000000000000001"
CONFIGURATION = ("CertId", "Certificate", "PrivateKey", "PreviousCertId", "Force", "DeleteCertificate")

Handler = Callable[[Any, Any], "dict[str, Any]"]


@dataclasses.dataclass(frozen=True)
class Route:
    """A call: its method, whether it is about a bucket, the query that selects it, and what else its query may hold.

    handler(cloud, operation) returns the answer's XML as a tree of dicts and lists, or {} for an answer without a body.
    """

    name: str
    method: str
    bucket: bool
    selected_by: dict[str, str]
    handler: Handler
    writes: bool
    doc_ref: str
    query: tuple[str, ...] = ()
    provenance: str = "documented"

    def match(self, method: str, bucket: str, query: dict[str, str]) -> bool:
        subresources = {name: value for name, value in query.items() if name in ("cname", "comp")}
        return (self.method, self.bucket, self.selected_by) == (method, bool(bucket), subresources)


def list_buckets(cloud: Any, operation: Any) -> dict[str, Any]:
    prefix, marker, asked = (operation.query.get(name, "") for name in ("prefix", "marker", "max-keys"))
    if asked and not (asked.isdigit() and 1 <= int(asked) <= 1000):
        raise errors.invalid_argument("max-keys", "1 to 1000 are possible")
    size = min(int(asked or 100), cloud.setting("page_cap") or 1000)
    names = [name for name in sorted(cloud.oss.buckets) if name.startswith(prefix) and name > marker]
    rows = [_bucket(cloud.oss.buckets[name]) for name in names[:size]]
    page = {"Owner": {"ID": OWNER, "DisplayName": OWNER}, "Buckets": {"Bucket": rows}}
    if len(names) > size:
        page.update(Prefix=prefix, Marker=marker, MaxKeys=str(size), IsTruncated="true", NextMarker=names[size - 1])
    return {"ListAllMyBucketsResult": page}


def list_cname(cloud: Any, operation: Any) -> dict[str, Any]:
    bucket = cloud.oss.get(operation.bucket, operation.region)
    return {"ListCnameResult": {"Bucket": bucket.name, "Owner": OWNER, "Cname": [_cname(row) for row in bucket.cnames.values()]}}


def put_cname(cloud: Any, operation: Any) -> dict[str, Any]:
    bucket = cloud.oss.get(operation.bucket, operation.region)
    domain, configuration = _wanted(operation.root)
    cloud.oss.put(bucket, domain, configuration)
    return {}


def create_cname_token(cloud: Any, operation: Any) -> dict[str, Any]:
    bucket = cloud.oss.get(operation.bucket, operation.region)
    domain, _configuration = _wanted(operation.root)
    token, ends = cloud.oss.token(bucket, domain)
    return {"CnameToken": {"Bucket": bucket.name, "Cname": domain, "Token": token, "ExpireTime": _http_time(ends)}}


def _wanted(root: Element | None) -> tuple[str, dict[str, str]]:
    """(domain, CertificateConfiguration) of a body; an element that the vendor does not know is an error."""
    if root is None or root.tag != "BucketCnameConfiguration":
        raise errors.malformed_xml()
    cname = _parts(_parts(root, ("Cname",)).get("Cname"), ("Domain", "CertificateConfiguration"))
    if "Domain" not in cname:
        raise errors.malformed_xml()
    inner = _parts(cname["CertificateConfiguration"], CONFIGURATION) if "CertificateConfiguration" in cname else {}
    return (cname["Domain"].text or "").strip().lower(), {name: (part.text or "").strip() for name, part in inner.items()}


def _parts(element: Element | None, known: tuple[str, ...]) -> dict[str, Element]:
    parts = {} if element is None else {part.tag: part for part in element}
    if element is None or len(parts) != len(element) or set(parts) - set(known):
        raise errors.malformed_xml()
    return parts


def _bucket(bucket: Bucket) -> dict[str, str]:
    endpoint = endpoint_of(bucket.region)
    return {"Name": bucket.name, "Location": "oss-" + bucket.region, "Region": bucket.region, "CreationDate": _iso_time(bucket.created),
            "ExtranetEndpoint": endpoint, "IntranetEndpoint": endpoint.replace(".", "-internal.", 1), "StorageClass": "Standard"}


def _cname(row: Cname) -> dict[str, Any]:
    shown: dict[str, Any] = {"Domain": row.domain, "LastModified": _iso_time(row.modified), "Status": row.status}
    held = row.certificate
    if held:
        digits = held.material.sha1.upper()
        shown["Certificate"] = {
            "Type": held.kind, "CertId": held.cert_id, "Status": "Enabled", "CreationDate": _http_time(held.bound),
            "Fingerprint": ":".join(digits[place:place + 2] for place in range(0, len(digits), 2)),
            "ValidStartDate": _http_time(held.material.not_before), "ValidEndDate": _http_time(held.material.not_after)}
    return shown


def _iso_time(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _http_time(moment: datetime) -> str:
    return format_datetime(moment.astimezone(timezone.utc).replace(microsecond=0), usegmt=True)


ROUTES = (
    Route("ListBuckets", "GET", False, {}, list_buckets, False, SDK, query=("prefix", "marker", "max-keys")),
    Route("ListCname", "GET", True, {"cname": ""}, list_cname, False, MODELS),
    Route("PutCname", "POST", True, {"cname": "", "comp": "add"}, put_cname, True, MODELS),
    Route("CreateCnameToken", "POST", True, {"cname": "", "comp": "token"}, create_cname_token, True, MODELS),
)
