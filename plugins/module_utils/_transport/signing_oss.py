# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OSS4-HMAC-SHA256, the request signature of OSS, which takes no other product's. PRIVATE to the collection.

Pure: the date comes in. Source: the vendor's "V4 signature in the request header"; tested against the vendor's own library.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac

from .signing import encode

ALGORITHM = "OSS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"  # the only value that x-oss-content-sha256 may have
SUFFIX = "aliyun_v4_request"


def content_md5(body):
    """The value of Content-MD5. It is signed, and so is the body by way of it, which the signature itself leaves out."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode("ascii")


def canonical_query(query):
    """Decoded pairs, sorted; a parameter without a value ("cname") stands there without "="."""
    pairs = sorted((encode(name), encode(value)) for name, value in query.items())
    return "&".join("%s=%s" % pair if pair[1] else pair[0] for pair in pairs)


def canonical_request(method, resource, query, headers):
    """resource is /, /bucket/ or /bucket/key, wherever the bucket stands in the URL. Signed: content-type, content-md5, x-oss-*."""
    lowered = dict((name.lower(), value.strip()) for name, value in headers.items())
    lines = "".join("%s:%s\n" % (name, lowered[name]) for name in sorted(lowered)
                    if name in ("content-type", "content-md5") or name.startswith("x-oss-"))
    path = "/".join(encode(part) for part in resource.split("/"))
    return "\n".join((method.upper(), path, canonical_query(query), lines, "", UNSIGNED))


def authorization(method, resource, query, headers, region, access_key_id, access_key_secret):
    """The value of the Authorization header. headers hold x-oss-date (20260131T235959Z) and everything else that is to be signed."""
    date = headers["x-oss-date"]
    parts = (date[:8], region, "oss", SUFFIX)
    canonical = canonical_request(method, resource, query, headers)
    to_sign = "\n".join((ALGORITHM, date, "/".join(parts), hashlib.sha256(canonical.encode("utf-8")).hexdigest()))
    key = functools.reduce(_mac, parts, ("aliyun_v4" + access_key_secret).encode("utf-8"))
    return "%s Credential=%s/%s,Signature=%s" % (ALGORITHM, access_key_id, "/".join(parts), _mac(key, to_sign).hex())


def _mac(key, text):
    return hmac.new(key, text.encode("utf-8"), hashlib.sha256).digest()
