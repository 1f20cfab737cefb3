# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for all requests: order does not matter, nothing is lost on the wire, and the emulator's own verifier agrees."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir

from ansible_collections.daas.https.plugins.module_utils._api import cas, rpc
from ansible_collections.daas.https.plugins.module_utils._transport import signing
from tests.emulator import auth, server
from tests.conftest import ROOT
from tests.emulator.state import CloudError

set_hypothesis_home_dir(ROOT / ".cache" / "hypothesis")

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,8}", fullmatch=True)
VALUE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAME, inner, max_size=3)), max_leaves=6)
PARAMS = st.dictionaries(NAME, VALUE, max_size=6)
FEW = settings(max_examples=40, deadline=None, database=None)
SECRET = "the secret"


class Clock:
    def now(self):
        return datetime.now(timezone.utc)


class Wire:
    """In place of the transport: keeps the request that would be sent."""

    def exchange(self, what, build, parse, writes, repeatable):
        self.request = build()
        return {}


def sent(params, **options):
    cloud = rpc.Cloud(dict(site="china", access_key_id="AK", access_key_secret=SECRET, endpoints={}, **options), [cas.PRODUCT],
                      transport=Wire())
    cloud.call("cas", "ListUserCertificateOrder", params)
    return cloud.transport.request


def received(request, **changed):
    """The request as the emulator's server sees it."""
    parts = urlsplit(request.url)
    fields = dict(method=request.method, target=parts.path + ("?" + parts.query if parts.query else ""), headers=request.headers,
                  body=request.body)
    return server.Request(**dict(fields, **changed))


def verify(request, offset=timedelta(), keyring=None):
    clock = Clock()
    keys = keyring or auth.Keyring(clock)
    keys.add(access_key_id="AK", access_key_secret=SECRET)
    clock.now = lambda: datetime.now(timezone.utc) + offset
    return keys.verify(request)


@FEW
@given(TEXT)
def test_encoding_is_lossless_and_ascii(text):
    encoded = signing.encode(text)
    assert unquote(encoded, errors="strict") == text and encoded.isascii()
    assert not set(encoded) & set(" +*/&=?#") and signing.encode(encoded) == encoded.replace("%", "%25")


@FEW
@given(st.dictionaries(TEXT, TEXT, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_parameters_does_not_matter(query, rng):
    shuffled = list(query.items())
    rng.shuffle(shuffled)
    assert signing.canonical_query(query) == signing.canonical_query(dict(shuffled))
    assert dict(parse_qsl(signing.canonical_query(query), keep_blank_values=True)) == query


@FEW
@given(st.dictionaries(st.sampled_from(["Host", "x-acs-date", "X-Acs-Action", "Accept", "content-type", "User-Agent"]), NAME),
       st.randoms(use_true_random=False))
def test_the_order_and_case_of_headers_does_not_matter(headers, rng):
    shuffled = [(name.upper(), " %s " % value) for name, value in headers.items()]
    rng.shuffle(shuffled)
    first = signing.canonical_request("post", "/", {}, headers, "0")
    assert first == signing.canonical_request("POST", "/", {}, dict(shuffled), "0")
    assert "accept" not in first[1] and "user-agent" not in first[1]


@FEW
@given(PARAMS)
def test_flat_parameters_are_text_and_nothing_but_none_is_lost(params):
    def leaves(value):
        if isinstance(value, dict):
            return sum(map(leaves, value.values()))
        return sum(map(leaves, value)) if isinstance(value, list) else value is not None

    flat = signing.flatten(params)
    assert all(isinstance(value, str) for value in flat.values()) and len(flat) == leaves(params)


@FEW
@given(PARAMS, st.sampled_from(["body", "query"]), st.sampled_from([None, "CAIS-token"]))
def test_the_emulators_verifier_agrees(params, where, token):
    request = sent(params, parameters_in=where, security_token=token)
    came = received(request)
    assert dict(came.form + came.query) == signing.flatten(params)
    keys = auth.Keyring(Clock())
    if token:
        keys._keys["AK"] = auth.Key("AK", SECRET, security_token=token)
        assert keys.verify(came).access_key_id == "AK"
    else:
        assert verify(came, keyring=keys).access_key_id == "AK"


@FEW
@given(st.data())
def test_what_is_changed_on_the_way_is_refused(data):
    request = sent(dict(Name="shop", OrderType="CERT"))
    name = data.draw(st.sampled_from(sorted(set(request.headers) - {"accept", "user-agent", "authorization"})))
    forged = dict(request.headers, **{name: request.headers[name] + "x"})
    with pytest.raises(CloudError) as caught:
        verify(received(request, headers=forged))
    assert caught.value.code in ("SignatureDoesNotMatch", "InvalidTimeStamp.Format"), name


@pytest.mark.parametrize("change, code", [
    (dict(body=b"Name=other&OrderType=CERT"), "SignatureDoesNotMatch"), (dict(target="/?Extra=1"), "SignatureDoesNotMatch"),
    (dict(method="GET"), "SignatureDoesNotMatch"), (dict(target="/other"), "SignatureDoesNotMatch"),
])
def test_neither_body_nor_query_nor_method_can_be_changed(change, code):
    request = sent(dict(Name="shop", OrderType="CERT"))
    with pytest.raises(CloudError) as caught:
        verify(received(request, **change))
    assert caught.value.code == code


@pytest.mark.parametrize("minutes, good", [(0, True), (14, True), (-14, True), (16, False), (-16, False)])
def test_clocks_may_differ_by_a_quarter_of_an_hour(minutes, good):
    request = received(sent({}))
    if good:
        assert verify(request, timedelta(minutes=minutes))
    else:
        with pytest.raises(CloudError, match=r"InvalidTimeStamp\.Expired"):
            verify(request, timedelta(minutes=minutes))


def test_a_request_is_taken_once():
    keys, request = auth.Keyring(Clock()), received(sent({}))
    verify(request, keyring=keys)
    with pytest.raises(CloudError, match="SignatureNonceUsed"):
        verify(request, keyring=keys)
