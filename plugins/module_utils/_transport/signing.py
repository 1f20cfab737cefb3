# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ACS3-HMAC-SHA256, the vendor's request signature. PRIVATE to the collection.

Pure: everything that changes (date, nonce) comes in. Source: the vendor's "V3 request structure and signature"; tested with
vectors captured from the vendor's own SDKs.
"""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import quote

ALGORITHM = "ACS3-HMAC-SHA256"


def flatten(params):
    """{"Tags": [{"Key": "a"}], "Dry": True} -> {"Tags.1.Key": "a", "Dry": "true"}: the RPC wire form. None is left out."""
    flat = {}
    for name, value in params.items():
        _flatten_into(flat, name, value)
    return flat


def _flatten_into(flat, name, value):
    if value is None:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            _flatten_into(flat, "%s.%s" % (name, key), item)
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value, 1):
            _flatten_into(flat, "%s.%d" % (name, number), item)
    elif isinstance(value, bool):
        flat[name] = "true" if value else "false"
    else:
        flat[name] = str(value)


def encode(text):
    """RFC 3986 percent-encoding with upper-case hex; only the unreserved characters stay."""
    return quote(text, safe="-_.~")


def canonical_query(query):
    """Decoded pairs, sorted by name in byte order."""
    return "&".join("%s=%s" % (encode(name), encode(query[name])) for name in sorted(query))


def payload_hash(body):
    return hashlib.sha256(body).hexdigest()


def canonical_request(method, path, query, headers, body_hash):
    """Returns (canonical request, signed header names). Signed: host, content-type and every x-acs-* header."""
    lowered = dict((name.lower(), value.strip()) for name, value in headers.items())
    signed = sorted(name for name in lowered if name in ("host", "content-type") or name.startswith("x-acs-"))
    lines = "".join("%s:%s\n" % (name, lowered[name]) for name in signed)
    names = ";".join(signed)
    return "\n".join((method.upper(), path, canonical_query(query), lines, names, body_hash)), names


def authorization(method, path, query, headers, body_hash, access_key_id, access_key_secret):
    """The value of the Authorization header; path is percent-encoded as it is sent, query is a dict of decoded strings."""
    canonical, names = canonical_request(method, path, query, headers, body_hash)
    to_sign = "%s\n%s" % (ALGORITHM, hashlib.sha256(canonical.encode("utf-8")).hexdigest())
    signature = hmac.new(access_key_secret.encode("utf-8"), to_sign.encode("utf-8"), hashlib.sha256).hexdigest()
    return "%s Credential=%s,SignedHeaders=%s,Signature=%s" % (ALGORITHM, access_key_id, names, signature)
