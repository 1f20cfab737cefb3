# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OSS (2019-05-17): custom domains (CNAMEs) of buckets. REST with XML, and a signature of its own. PRIVATE to the collection.

A bucket is the first label of the host name. Where the endpoint is an IP address or localhost there is no such name, and OSS takes
the bucket as the first part of the path instead.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
from dataclasses import dataclass
from typing import Optional
from urllib.parse import urlsplit
from xml.etree import ElementTree

from .._errors import ApiError, InputError, OutcomeUnknown, TransportError
from .._secret import scrub
from .._transport import signing_oss
from .._transport.http import Request
from .action import READ, WRITE, Product
from .hints import hint

_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]\Z")
# HTTP method, query, and the root element of the answer ("" for an answer without a body)
_CALLS = {
    "ListBuckets": ("GET", {}, "ListAllMyBucketsResult"),
    "ListCname": ("GET", {"cname": ""}, "ListCnameResult"),
    "PutCname": ("POST", {"cname": "", "comp": "add"}, ""),
}
_CONFIGURATION = ("CertId", "PreviousCertId", "Force", "DeleteCertificate")


class OssProduct(Product):
    """It makes its calls itself, because they are no RPC calls."""

    def call(self, cloud, action, params, region, target):
        """Make one call; the answer has RequestId, and the XML's root as "root". params: Bucket, and what the action takes."""
        spec, bucket = self.actions[action], params.get("Bucket") or ""
        if bucket and not _BUCKET.match(bucket):
            raise InputError("'%s' is no name of an OSS bucket: 3 to 63 lower-case letters, digits and '-'." % bucket)
        method, query, root = _CALLS[action]
        query = dict(query, **dict((name, str(params[name])) for name in ("max-keys", "marker") if params.get(name)))
        body = _configuration(params) if spec.writes else b""
        what = "oss %s for %s" % (action, target or bucket or region)
        return cloud.transport.exchange(
            what, lambda: _signed(cloud, method, bucket, query, body, region),
            lambda answer: _parse(what, answer, root, self.ram_action(action)), spec.writes, spec.repeat)


PRODUCT = OssProduct("oss", "2019-05-17", "oss", {"ListBuckets": READ, "ListCname": READ, "PutCname": WRITE})


def _signed(cloud, method, bucket, query, body, region):
    keys, base, path = cloud.keys, cloud.endpoint("oss", region), "/"
    if bucket and _is_address(urlsplit(base).hostname):
        path = "/%s/" % bucket
    elif bucket:
        base = "https://%s.%s" % (bucket, urlsplit(base).netloc)
    headers = {"host": urlsplit(base).netloc, "user-agent": "daas.https", "x-oss-content-sha256": signing_oss.UNSIGNED,
               "x-oss-date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")}
    if body:
        headers.update({"content-type": "application/xml", "content-md5": signing_oss.content_md5(body)})
    if keys.security_token:
        headers["x-oss-security-token"] = keys.security_token.reveal()
    headers["authorization"] = signing_oss.authorization(
        method, "/%s/" % bucket if bucket else "/", query, headers, region, keys.access_key_id, keys.access_key_secret.reveal())
    return Request(method, base + path + ("?" + signing_oss.canonical_query(query) if query else ""), headers, body)


def _is_address(host):
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return host == "localhost"


def _configuration(params):
    """The body of PutCname. A wildcard domain is written without its "*." and marked."""
    root = ElementTree.Element("BucketCnameConfiguration")
    cname = ElementTree.SubElement(root, "Cname")
    wildcard = params["Domain"].startswith("*.")
    ElementTree.SubElement(cname, "Domain").text = params["Domain"][2:] if wildcard else params["Domain"]
    if wildcard:
        ElementTree.SubElement(cname, "IsWildCard").text = "true"
    inner = ElementTree.SubElement(cname, "CertificateConfiguration")
    for name in _CONFIGURATION:
        if params.get(name):
            ElementTree.SubElement(inner, name).text = "true" if params[name] is True else str(params[name])
    return ElementTree.tostring(root, encoding="utf-8")


def _parse(what, answer, wanted, ram_action):
    """The answer as a dict, or ApiError, InputError, TransportError or OutcomeUnknown. wanted: the root element's name."""
    root, request_id = _root(answer.body), answer.headers.get("x-oss-request-id")
    if answer.status < 300 and root.tag == wanted:
        return dict(RequestId=request_id, root=root)
    if answer.status < 300 or root.tag not in ("Error", ""):
        kind = TransportError if 300 <= answer.status < 500 else OutcomeUnknown
        raise kind("%s: HTTP %d with something that is not OSS's XML; is the endpoint right?" % (what, answer.status), final=True)
    texts = dict((item.tag, (item.text or "").strip()) for item in root)
    code, message, place = texts.get("Code") or "HTTP%d" % answer.status, texts.get("Message") or "no message", texts.get("Endpoint")
    elsewhere = bool(place) or (code == "InvalidArgument" and "signing region" in message)
    following = "Check region%s." % (": the bucket is at %s" % place if place else "") if elsewhere else hint(
        code, root.findtext("AccessDeniedDetail/AuthAction") or ram_action)
    error = ApiError(what, code, scrub(message), answer.status, texts.get("RequestId") or request_id, following)
    if elsewhere or code == "NoSuchBucket":
        raise InputError(str(error), **error.extras) from error  # no right of the account would help
    raise error


def _root(body):
    """The root element: without a tag for an empty body, "?" for what is not XML in UTF-8.

    A document type is refused: OSS sends none, and the entities that it may define can make a short text endless.
    """
    try:
        text = body.decode("utf-8").strip()
        if "<!DOCTYPE" not in text:
            return ElementTree.fromstring(text) if text else ElementTree.Element("")
    except (UnicodeDecodeError, ElementTree.ParseError):
        return ElementTree.Element("?")
    return ElementTree.Element("?")


@dataclass(frozen=True)
class Certificate:
    """id as OSS has it ("12345678-cn-hangzhou"); kind: CAS or Upload; status: Enabled or Disabled; fingerprint: SHA-1, lower-case hex."""

    id: str
    kind: str
    status: str
    fingerprint: str


@dataclass(frozen=True)
class Cname:
    """A custom domain of a bucket, a wildcard as *.example.com. certificate is None while it has none."""

    domain: str
    certificate: Optional[Certificate]


def buckets(cloud, region):
    """Names of the region's buckets; the list has those of all regions, by pages."""
    names, marker = [], None
    while True:
        root = cloud.call("oss", "ListBuckets", {"max-keys": 1000, "marker": marker}, region=region)["root"]
        names += [row.findtext("Name") for row in root.iter("Bucket") if row.findtext("Location") == "oss-" + region]
        following = root.findtext("NextMarker")
        if root.findtext("IsTruncated") != "true" or not following or following == marker:
            return names
        marker = following


def cnames(cloud, region, bucket, target=""):
    """{domain: Cname} of one bucket."""
    root = cloud.call("oss", "ListCname", dict(Bucket=bucket), region=region, target=target)["root"]
    rows = [_cname(row) for row in root.findall("Cname")]
    return dict((row.domain, row) for row in rows)


def _cname(row):
    domain, held = (row.findtext("Domain") or "").strip().lower(), row.find("Certificate")
    certificate = None if held is None else Certificate(
        held.findtext("CertId") or "", held.findtext("Type") or "", held.findtext("Status") or "",
        (held.findtext("Fingerprint") or "").replace(":", "").lower())
    return Cname("*." + domain if row.findtext("IsWildCard") == "true" else domain, certificate)
