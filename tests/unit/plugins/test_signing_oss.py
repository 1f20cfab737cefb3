# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OSS's signature against the vendor's own library, on requests of all kinds at one fixed date, and against the emulator's verifier."""

from __future__ import annotations

import base64
import hashlib

import pytest
from alibabacloud_gateway_oss.client import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir

from ansible_collections.daas.https.plugins.module_utils._transport import signing_oss
from tests.conftest import ROOT
from tests.emulator import server
from tests.emulator.services.oss import protocol

set_hypothesis_home_dir(ROOT / ".cache" / "hypothesis")

DATE = "20260131T235959Z"
SECRET = "the secret"
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
BUCKET = st.from_regex(r"[a-z0-9][a-z0-9-]{1,20}[a-z0-9]", fullmatch=True)
KEY = st.from_regex(r"([A-Za-z0-9 ~_.é+-]{1,8}(/[A-Za-z0-9 %*]{1,8})?)?", fullmatch=True)
QUERY = st.dictionaries(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=10), TEXT, max_size=5)
VALUE = st.from_regex(r"[!-~]([ -~]{0,20}[!-~])?", fullmatch=True)
HEADERS = st.dictionaries(st.sampled_from(
    ["content-type", "content-md5", "x-oss-security-token", "x-oss-meta-a", "x-oss-acl", "host", "date", "accept", "user-agent"]), VALUE)
REGION = st.sampled_from(["cn-hangzhou", "cn-wuhan-lr", "ap-southeast-1", "us-east-1"])
METHOD = st.sampled_from(["GET", "POST", "PUT", "DELETE"])
MANY = settings(max_examples=80, deadline=None, database=None)


@pytest.fixture(scope="module")
def vendor():
    return Client()


def mine(method, resource, query, headers, region, secret=SECRET):
    return signing_oss.authorization(method, resource, query, headers, region, "AK", secret)


@MANY
@given(METHOD, st.one_of(st.none(), BUCKET), KEY, QUERY, HEADERS, REGION, st.from_regex(r"[A-Za-z0-9]{1,40}", fullmatch=True))
def test_the_vendors_library_signs_the_same(vendor, method, bucket, key, query, headers, region, secret):
    headers = dict(headers, **{"x-oss-date": DATE, "x-oss-content-sha256": signing_oss.UNSIGNED})
    theirs = vendor.get_signature_v4(bucket or "", "/" + key, method, query, headers, DATE[:8], region, secret)
    resource = "/%s/%s" % (bucket, key) if bucket else "/" + key
    assert mine(method, resource, query, headers, region, secret) == (
        "OSS4-HMAC-SHA256 Credential=AK/20260131/%s/oss/aliyun_v4_request,Signature=%s" % (region, theirs))


@MANY
@given(METHOD, st.one_of(st.none(), BUCKET), QUERY, HEADERS, REGION, st.booleans())
def test_the_emulators_verifier_agrees(method, bucket, query, headers, region, by_name):
    """At the vendor's host names and at addresses alike: what is signed does not depend on where the bucket stands."""
    headers = dict(headers, **{"x-oss-date": DATE, "x-oss-content-sha256": signing_oss.UNSIGNED})
    resource = "/%s/" % bucket if bucket else "/"
    authorization = mine(method, resource, query, headers, region)
    if by_name:
        headers["host"] = "%soss-%s.aliyuncs.com" % (bucket + "." if bucket else "", region)
    else:
        headers["host"] = "127.0.0.1:8443"
    path = "/" if by_name else resource
    request = server.Request(method, path + "?" + signing_oss.canonical_query(query), headers)
    assert protocol.query_of(request) == query
    scope = "20260131/%s/oss/aliyun_v4_request" % region
    assert authorization.endswith("Signature=" + protocol.sign(SECRET, protocol.string_to_sign(request, scope, [])))


@MANY
@given(QUERY, st.randoms(use_true_random=False))
def test_the_order_of_parameters_does_not_matter(query, rng):
    shuffled = list(query.items())
    rng.shuffle(shuffled)
    assert signing_oss.canonical_query(query) == signing_oss.canonical_query(dict(shuffled))


SIGNED = {"content-type": "application/xml", "content-md5": "x", "x-oss-date": DATE, "x-oss-content-sha256": "UNSIGNED-PAYLOAD"}


@pytest.mark.parametrize("method, resource, query, headers, region", [
    ("GET", "/shop/", {"cname": "", "comp": "add"}, SIGNED, "cn-hangzhou"),
    ("POST", "/other/", {"cname": "", "comp": "add"}, SIGNED, "cn-hangzhou"),
    ("POST", "/shop/", {"cname": ""}, SIGNED, "cn-hangzhou"), ("POST", "/shop/", {"cname": "", "comp": "add"}, SIGNED, "cn-shanghai"),
    ("POST", "/shop/", {"cname": "", "comp": "add"}, dict(SIGNED, **{"content-md5": "y"}), "cn-hangzhou"),
    ("POST", "/shop/", {"cname": "", "comp": "add"}, dict(SIGNED, **{"x-oss-security-token": "t"}), "cn-hangzhou"),
    ("POST", "/shop/", {"cname": "", "comp": "add"}, dict(SIGNED, **{"x-oss-date": "20260201T000000Z"}), "cn-hangzhou"),
])
def test_everything_counts(method, resource, query, headers, region):
    plain = mine("POST", "/shop/", {"cname": "", "comp": "add"}, SIGNED, "cn-hangzhou")
    assert mine(method, resource, query, headers, region).rpartition("=")[2] != plain.rpartition("=")[2]


def test_the_canonical_request():
    headers = {"X-OSS-Date": " %s " % DATE, "Content-Type": "application/xml", "host": "shop.oss-cn-hangzhou.aliyuncs.com"}
    assert signing_oss.canonical_request("post", "/shop/a b", {"comp": "add", "cname": ""}, headers) == (
        "POST\n/shop/a%20b\ncname&comp=add\ncontent-type:application/xml\nx-oss-date:" + DATE + "\n\n\nUNSIGNED-PAYLOAD")


@pytest.mark.parametrize("body", [b"", b"<a/>", bytes(range(256))])
def test_content_md5(body):
    assert base64.b64decode(signing_oss.content_md5(body)) == hashlib.md5(body, usedforsecurity=False).digest()
