# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway's idea of a signature: agrees with the vendor's SDKs, and refuses whatever differs from what was signed."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import pathlib
from urllib.parse import urlsplit

import pytest

from tests.emulator import auth
from tests.emulator.auth import Keyring
from tests.emulator.server import Request
from tests.emulator.state import CloudError

VECTORS = json.loads((pathlib.Path(__file__).parents[1] / "data" / "signature_vectors.json").read_text(encoding="utf-8"))["vectors"]
V3 = [vector for vector in VECTORS if vector["scheme"] == "ACS3-HMAC-SHA256"]
# (vector, variant): each as the SDK sent it, and with the documented headers only
SENT = [(vector, variant) for vector in V3 for variant in (vector, vector.get("minimal_headers_variant")) if variant]


class Clock:
    def __init__(self, moment):
        self.moment = moment

    def now(self):
        return self.moment


def moment(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)


def request_of(vector, variant):
    """The request as it was on the wire; two vectors give parts instead of the URL."""
    inputs = vector["inputs"]
    if "wire_url" in vector:
        parts = urlsplit(vector["wire_url"])
        target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
    else:
        target = inputs["path"] + "?" + auth.canonical_query((inputs["query"] or {}).items())
    body = (inputs["body"] or "").encode()
    return Request(inputs["method"], target, {**variant["headers"], "authorization": variant["authorization"]}, body)


def keyring_of(vector, **changes):
    inputs = {**vector["inputs"], **changes}
    keys = Keyring(Clock(moment(inputs["date"])))
    expires = keys._clock.now() + datetime.timedelta(hours=1) if inputs["security_token"] else None
    key = auth.Key(inputs["access_key_id"], inputs["access_key_secret"], security_token=inputs["security_token"] or "", expires=expires)
    keys._keys[key.access_key_id] = key
    return keys


def ids(sent):
    return sent[0]["name"] + ("" if sent[0] is sent[1] else "-minimal")


def test_enough_vectors_are_there():
    assert len(V3) >= 11 and len(SENT) >= 20


@pytest.mark.parametrize("sent", SENT, ids=ids)
def test_what_the_vendors_sdk_signs_is_verified(sent):
    vector, variant = sent
    request = request_of(vector, variant)
    signed = variant["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    canonical = auth.canonical_request(request, signed)
    assert canonical == variant["canonical_request"]
    assert auth.string_to_sign(canonical) == variant["string_to_sign"]
    assert keyring_of(vector).verify(request).access_key_id == vector["inputs"]["access_key_id"]


@pytest.mark.parametrize("sent", SENT, ids=ids)
def test_another_secret_does_not_do(sent):
    vector, variant = sent
    with pytest.raises(CloudError) as caught:
        keyring_of(vector, access_key_secret="AnotherSecret").verify(request_of(vector, variant))
    assert caught.value.code == "SignatureDoesNotMatch"


# -- one request of our own, changed in one way each -------------------------------------------------------------------------------

NOW = moment("2026-03-01T12:00:00Z")
ACTION = ("x-acs-action",)


@pytest.fixture
def keys():
    return Keyring(Clock(NOW))


@pytest.fixture
def key(keys):
    return keys.add()


def signed_request(key, *, nonce="n-1", date=NOW, target="/?CertId=1", body=b"", leave_out=(), unsigned=(), **headers):
    headers = {"host": "127.0.0.1:8443", "x-acs-version": "2020-04-07", "x-acs-action": "GetUserCertificateDetail",
               "x-acs-date": date.strftime("%Y-%m-%dT%H:%M:%SZ"), "x-acs-signature-nonce": nonce,
               "x-acs-content-sha256": hashlib.sha256(body).hexdigest(), "user-agent": "test",
               **({"x-acs-security-token": key.security_token} if key.security_token else {}),
               **{name.replace("_", "-"): value for name, value in headers.items()}}
    headers = {name: value for name, value in headers.items() if name not in leave_out}
    names = sorted(name for name in headers if name not in unsigned and name != "user-agent")
    request = Request("POST", target, headers, body)
    signature = auth.sign(key.access_key_secret, auth.canonical_request(request, names))
    headers["authorization"] = "{0} Credential={1},SignedHeaders={2},Signature={3}".format(
        auth.ALGORITHM, key.access_key_id, ";".join(names), signature)
    return request


def refused(keys, request):
    with pytest.raises(CloudError) as caught:
        keys.verify(request, ACTION)
    return caught.value


def test_it_is_taken_once(keys, key):
    request = signed_request(key)
    assert keys.verify(request, ACTION) == key
    assert refused(keys, request).code == "SignatureNonceUsed"
    assert keys.verify(signed_request(key, nonce="n-2"), ACTION) == key


def test_a_nonce_is_one_keys_own(keys, key):
    assert keys.verify(signed_request(key), ACTION) == key
    other = keys.add()
    assert keys.verify(signed_request(other), ACTION) == other


def test_a_refused_request_does_not_use_its_nonce_up(keys, key):
    bad = signed_request(dataclasses.replace(key, access_key_secret="wrong"))
    assert refused(keys, bad).code == "SignatureDoesNotMatch"
    assert keys.verify(signed_request(key), ACTION) == key


def test_nonces_are_forgotten_when_the_date_alone_refuses_the_request(keys, key):
    keys.verify(signed_request(key), ACTION)
    keys._clock.moment += datetime.timedelta(minutes=31)
    assert refused(keys, signed_request(key)).code == "InvalidTimeStamp.Expired"
    keys.verify(signed_request(key, nonce="n-2", date=keys._clock.moment), ACTION)
    assert list(keys._used) == [(key.access_key_id, "n-2")]


@pytest.mark.parametrize("minutes, code", [
    (0, None), (-14.9, None), (14.9, None), (-15.1, "InvalidTimeStamp.Expired"), (15.1, "InvalidTimeStamp.Expired")])
def test_the_window_is_fifteen_minutes(keys, key, minutes, code):
    request = signed_request(key, date=NOW + datetime.timedelta(minutes=minutes))
    if code:
        assert refused(keys, request).code == code
    else:
        assert keys.verify(request, ACTION) == key


def test_the_window_can_move_with_the_clients(keys, key):
    keys._clock.moment += datetime.timedelta(hours=2)
    assert refused(keys, signed_request(key)).code == "InvalidTimeStamp.Expired"
    keys.clients_are_ahead = datetime.timedelta(hours=2)
    assert keys.verify(signed_request(key), ACTION) == key


@pytest.mark.parametrize("name", ["host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"])
def test_mandatory_headers(keys, key, name):
    assert refused(keys, signed_request(key, leave_out=[name])).code == "Missing" + name
    error = refused(keys, signed_request(key, unsigned=[name]))
    assert error.code == "IncompleteSignature" and "not signed: " + name in error.message


@pytest.mark.parametrize("name, value", [("content_type", "application/x-www-form-urlencoded"), ("x_acs_accesskey_id", "any")])
def test_what_is_sent_must_be_signed(keys, key, name, value):
    request = signed_request(key, unsigned=[name.replace("_", "-")], **{name: value})
    assert refused(keys, request).code == "IncompleteSignature"
    assert keys.verify(signed_request(key, **{name: value}), ACTION) == key


def changed(request, **changes):
    headers = {**request.headers, **changes.pop("headers", {})}
    return dataclasses.replace(request, headers=headers, **changes)


@pytest.mark.parametrize("change", [
    {"method": "GET"}, {"target": "/?CertId=2"}, {"target": "/?CertId=1&CertFilter=true"}, {"target": "/x?CertId=1"}, {"target": "/"},
    {"body": b"x"}, {"headers": {"x-acs-action": "DeleteUserCertificate"}}, {"headers": {"host": "cas.example.com"}},
    {"body": b"x", "headers": {"x-acs-content-sha256": hashlib.sha256(b"x").hexdigest()}},
], ids=str)
def test_a_changed_request_is_refused(keys, key, change):
    assert refused(keys, changed(signed_request(key), **change)).code == "SignatureDoesNotMatch"


@pytest.mark.parametrize("sent", ["/?A=a+b%2Bc&B=", "/?A=a%20b%2bc&B=", "/?B=&A=a%20b%2Bc"])
def test_how_the_query_was_encoded_makes_no_difference(keys, key, sent):
    request = signed_request(key, target="/?A=a%20b%2Bc&B=")
    assert keys.verify(dataclasses.replace(request, target=sent), ACTION) == key


@pytest.mark.parametrize("text", [
    None, "", "Bearer abc", "acs id:signature", "ACS3-HMAC-SHA256 Credential=a",
    "ACS3-HMAC-SM3 Credential=a,SignedHeaders=host,Signature=" + "0" * 64, "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=zz"])
def test_authorization_must_be_well_formed(keys, key, text):
    request = signed_request(key)
    headers = {name: value for name, value in request.headers.items() if name != "authorization"}
    request = dataclasses.replace(request, headers=headers if text is None else {**headers, "authorization": text})
    assert refused(keys, request).code == "IncompleteSignature"


def test_signed_headers_must_be_in_order_and_there(keys, key):
    request = signed_request(key)
    listed = request.headers["authorization"]
    assert refused(keys, changed(request, headers={"authorization": listed.replace("host;", "").replace(
        "x-acs-version,", "x-acs-version;host,")})).code == "IncompleteSignature"
    assert "accept" in refused(keys, changed(request, headers={"authorization": listed.replace("=host;", "=accept;host;")})).message


def test_a_malformed_date(keys, key):
    request = signed_request(key, x_acs_date="2026-03-01 12:00:00")
    assert refused(keys, request).code == "InvalidTimeStamp.Format"


def test_unknown_and_disabled_keys(keys, key):
    stranger = auth.Key("LTAI5tStranger", "secret")
    error = refused(keys, signed_request(stranger))
    assert (error.code, error.status) == ("InvalidAccessKeyId.NotFound", 404)
    error = refused(keys, signed_request(keys.add(enabled=False)))
    assert (error.code, error.status) == ("InvalidAccessKeyId.Inactive", 400)


def test_temporary_keys(keys, key):
    mine, other = keys.add(seconds=60), keys.add(seconds=60)
    assert mine.access_key_id.startswith("STS.")
    assert keys.verify(signed_request(mine), ACTION) == mine
    for token, code in [("nonsense", "Malformed"), (other.security_token, "MismatchWithAccessKey")]:
        assert refused(keys, signed_request(dataclasses.replace(mine, security_token=token))).code == "InvalidSecurityToken." + code
    assert refused(keys, signed_request(mine, leave_out=["x-acs-security-token"])).code == "MissingSecurityToken"
    assert refused(keys, signed_request(dataclasses.replace(key, security_token=other.security_token))).code == (
        "InvalidSecurityToken.MismatchWithAccessKey")
    keys._clock.moment += datetime.timedelta(seconds=60)
    assert refused(keys, signed_request(mine, nonce="n-2")).code == "InvalidSecurityToken.Expired"


def test_the_echo_holds_names_and_no_values(keys, key):
    secret = "-----BEGIN PRIVATE KEY-----"
    request = signed_request(key, target="/?Key={0}&Name=shop".format(auth.encode(secret)))
    message = refused(keys, changed(request, headers={"x-acs-action": "Other"})).message
    assert "Key=***&Name=***" in message and "host:***" in message
    for hidden in (secret, "PRIVATE", "shop", key.access_key_secret, "Other"):
        assert hidden not in message


def test_secrets_are_not_in_reprs(keys):
    made = keys.add(seconds=60)
    assert made.access_key_secret not in repr(made) and made.security_token not in repr(made)


def test_patterns_of_denied_actions(keys):
    limited = keys.add(deny=["slb:Set*", "cdn:*"])
    assert limited.may("slb:DescribeLoadBalancers") and limited.may("alidns:AddDomainRecord")
    assert not limited.may("slb:SetServerCertificateName") and not limited.may("cdn:DescribeUserDomains")
