# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The signature against vectors captured from the vendor's own SDKs and documentation."""

from __future__ import annotations

import json
import pathlib

import pytest

from ansible_collections.daas.https.plugins.module_utils._transport import signing

VECTORS = json.loads((pathlib.Path(__file__).parents[2] / "data" / "signature_vectors.json").read_text(encoding="utf-8"))["vectors"]
SIGNED = [vector for vector in VECTORS if vector["scheme"] == "ACS3-HMAC-SHA256" and vector.get("authorization")]


def ids(vector):
    return vector["name"]


def test_enough_vectors_are_there():
    assert len(SIGNED) >= 11


@pytest.mark.parametrize("vector", SIGNED, ids=ids)
def test_authorization(vector):
    inputs = vector["inputs"]
    variant = vector.get("minimal_headers_variant") or vector
    headers = variant["headers"]
    digest = vector["payload_sha256"]
    query = inputs["query"] or {}
    canonical, names = signing.canonical_request(inputs["method"], inputs["path"], query, headers, digest)
    assert canonical == variant["canonical_request"]
    assert names in variant["authorization"]
    assert variant["authorization"] == signing.authorization(
        inputs["method"], inputs["path"], query, headers, digest, inputs["access_key_id"], inputs["access_key_secret"])


def declared_json(vector):
    """Parameters that the vendor declares as JSON text are the caller's to dump; they are not flattened."""
    return any(value[:1] in ("[", "{") for value in (vector["inputs"]["query"] or {}).values())


FLAT = [v for v in SIGNED if v["inputs"]["style"] == "RPC" and v["inputs"]["query"] and not declared_json(v)]


@pytest.mark.parametrize("vector", FLAT, ids=ids)
def test_flatten(vector):
    got = signing.flatten(vector["inputs"]["parameters"])
    # the vendor's Python SDK writes True, we write true; the gateway takes both
    assert got == dict((name, value.lower() if value in ("True", "False") else value) for name, value in vector["inputs"]["query"].items())


@pytest.mark.parametrize("value, wire", [
    ({"A": None}, {}), ({"A": ""}, {"A": ""}), ({"A": True}, {"A": "true"}), ({"A": [1, 2]}, {"A.1": "1", "A.2": "2"}),
    ({"A": {"B": 1}}, {"A.B": "1"}), ({"A": [{"K": "x"}, {"K": "y"}]}, {"A.1.K": "x", "A.2.K": "y"}), ({"A": []}, {}),
])
def test_wire_form(value, wire):
    assert signing.flatten(value) == wire


@pytest.mark.parametrize("text, encoded", [("a b", "a%20b"), ("*", "%2A"), ("~", "~"), ("/", "%2F"), ("+", "%2B"), ("é", "%C3%A9"),
                                           ("-_.", "-_.")])
def test_percent_encoding(text, encoded):
    assert signing.encode(text) == encoded


def test_query_is_sorted_by_bytes():
    assert signing.canonical_query({"A.10": "x", "A.1": "y", "A.2": "z"}) == "A.1=y&A.10=x&A.2=z"
