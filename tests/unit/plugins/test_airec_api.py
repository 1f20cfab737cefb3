# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AIRec's calls as they leave, and what their answers mean."""

from __future__ import annotations

import json

import pytest

from ansible_collections.daas.https.plugins.module_utils import _argspec_airec
from ansible_collections.daas.https.plugins.module_utils._api.airec import PRODUCT, Airec
from ansible_collections.daas.https.plugins.module_utils._errors import (
    ApiError, CollectionError, InputError, OutcomeUnknown, TransportError)
from ansible_collections.daas.https.plugins.module_utils._secret import Secret
from ansible_collections.daas.https.plugins.module_utils._transport.http import Answer
from tests.emulator import multipart
from tests.emulator.pki import Authority

GOOD = Authority.create().issue(["rec.example.com"], key="ec")
TOKEN = "token-that-nobody-may-see"
CONTRACT = {name: option["default"] for name, option in _argspec_airec.AIREC["contract"]["options"].items()}
PARAMS = dict(
    site="china", access_key_id=None, access_key_secret=None, endpoints={}, connect_timeout=1, read_timeout=1, api_timeout=1,
    instance_id="airec-cn-demo01", region="cn-hangzhou", auth="bearer", access_token=TOKEN, contract=CONTRACT)
FILES = dict(mapping=b"PK\x03\x04\r\n--not a boundary\x00", certificate=GOOD.chain_pem, key=Secret(GOOD.key_pem))
ROOT = "https://airec.cn-hangzhou.aliyuncs.com/v2/openapi/instances/airec-cn-demo01"


class Recorder:
    """A transport that keeps what would be sent and gives one answer to all of it: a result, or (status, bytes)."""

    def __init__(self, answer=None):
        self.answer, self.sent, self.asked = answer, [], []

    def exchange(self, what, build, parse, writes, repeatable):
        self.sent.append(build())
        self.asked.append((what, writes, repeatable))
        status, body = self.answer if isinstance(self.answer, tuple) else (200, dict(requestId="R-1", result=self.answer))
        return parse(Answer(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode("utf-8")))

    def close(self):
        self.asked.append("closed")


def airec(answer=None, **params):
    recorder = Recorder(answer)
    return Airec(dict(PARAMS, **params), transport=recorder), recorder


def test_a_bind_is_a_form_of_three_files():
    made, recorder = airec({"status": "VALIDATING"})
    assert made.call("airec", "BindCertificates", FILES) == {"status": "VALIDATING"}
    (request,) = recorder.sent
    assert (request.method, request.url) == ("POST", ROOT + "/certificates/bind")
    assert request.headers["authorization"] == "Bearer " + TOKEN
    assert not [name for name in request.headers if name.startswith("x-acs-")]
    parts = multipart.parse(request.headers["content-type"], request.body)
    assert {name: part.data for name, part in parts.items()} == {
        "mapping_file": FILES["mapping"], "certificate": GOOD.chain_pem.encode(), "key": GOOD.key_pem.encode()}
    assert parts["mapping_file"].filename == "certificate_info.xlsx"
    assert recorder.asked == [("airec BindCertificates for airec-cn-demo01", True, False)]
    assert TOKEN not in request.url and "PRIVATE KEY" not in repr(request.headers)


def test_the_other_calls():
    made, recorder = airec({})
    made.call("airec", "UnbindCertificates", dict(domains_field=["a.example.com"]), target="a.example.com")
    made.call("airec", "PutSettings", dict(https_field=False))
    made.call("airec", "GetSettings")
    assert [(request.method, request.url[len(ROOT):], request.body) for request in recorder.sent] == [
        ("POST", "/certificates/unbind", b'{"domains": ["a.example.com"]}'), ("PUT", "/settings", b'{"httpsEnforced": false}'),
        ("GET", "/settings", b"")]
    assert [request.headers.get("content-type") for request in recorder.sent] == ["application/json"] * 2 + [None]
    assert recorder.asked[0][0] == "airec UnbindCertificates for a.example.com"
    assert [asked[1:] for asked in recorder.asked] == [(True, False), (True, True), (False, False)]


def test_an_endpoint_that_differs():
    other = dict(CONTRACT, bind_path="/v3/{instance_id}/tls", mapping_field="sheet", certificate_field="cert.file", key_field="private_key",
                 https_field="forceHttps", settings_path="/v3/{instance_id}/config")
    made, recorder = airec({"forceHttps": True}, contract=other, endpoints={"airec": "https://127.0.0.1:8443"})
    made.call("airec", "BindCertificates", FILES)
    assert made.https_enforced() is True
    assert [request.url for request in recorder.sent] == [
        "https://127.0.0.1:8443/v3/airec-cn-demo01/tls", "https://127.0.0.1:8443/v3/airec-cn-demo01/config"]
    assert set(multipart.parse(recorder.sent[0].headers["content-type"], recorder.sent[0].body)) == {"sheet", "cert.file", "private_key"}


def test_a_signature_instead_of_a_token():
    made, recorder = airec({}, auth="signature", access_key_id="AK", access_key_secret="the secret")
    made.call("airec", "BindCertificates", FILES)
    (request,) = recorder.sent
    assert request.headers["authorization"].startswith("ACS3-HMAC-SHA256 Credential=AK,SignedHeaders=content-type;host;x-acs-action;")
    assert (request.headers["x-acs-version"], request.headers["x-acs-action"]) == ("2020-11-26", "BindCertificates")
    assert TOKEN not in repr(request)


@pytest.mark.parametrize("params, words", [
    (dict(access_token=None), ["No access token", "AIREC_ACCESS_TOKEN", "auth: signature"]),
    (dict(access_token=" \n"), ["No access token"]),
    (dict(access_token="two words"), ["holds a blank"]),
    (dict(access_token="line\r\nx-header: y"), ["holds a blank", "not sent"]),
    (dict(access_token="tökén"), ["another character"]),
    (dict(auth="signature"), ["No credentials", "access_key_id"]),
    (dict(instance_id="../airec"), ["instance_id '../airec'"]),
    (dict(region="cn-hangzou"), ["Unknown region 'cn-hangzou'", "cn-hangzhou"]),
    (dict(contract=dict(CONTRACT, bind_path="/v2/bind")), ["contract.bind_path", "{instance_id}"]),
    (dict(contract=dict(CONTRACT, status_path="v2/{instance_id}")), ["contract.status_path"]),
    (dict(contract=dict(CONTRACT, status_path="/v2/{instance_id}?x=1")), ["contract.status_path"]),
    (dict(contract=dict(CONTRACT, key_field='k"\r\n')), ["contract.key_field", "letters, digits"]),
    (dict(contract=dict(CONTRACT, key_field=None)), ["contract.key_field"]),
])
def test_what_cannot_work_is_said_before_anything_is_sent(params, words):
    with pytest.raises(InputError) as caught:
        airec(**params)
    for word in words:
        assert word in str(caught.value)
    for token in ("two words", "x-header", "tökén", TOKEN):
        assert token not in str(caught.value)


def test_a_token_from_a_file_may_end_a_line():
    made, recorder = airec({"httpsEnforced": False}, access_token=TOKEN + "\n")
    assert made.https_enforced() is False
    assert recorder.sent[0].headers["authorization"] == "Bearer " + TOKEN
    assert TOKEN not in repr(vars(made))


def test_domains_in_our_words():
    row = {"domain": "Rec.example.com", "certificateId": 101, "certType": "CAS", "status": "VALIDATING", "failureReason": None,
           "cname": "edge.example", "validations": [
               {"type": "DNS_CNAME", "recordName": "_airec-challenge.rec.example.com", "recordValue": "t.example"},
               {"type": "HTTP_FILE", "path": "/.well-known/x.txt", "content": "t"}]}
    made, _recorder = airec({"status": "VALIDATING", "domains": [row, {"domain": "a.example.com"}]})
    found = made.domains()
    assert found["rec.example.com"] == dict(
        domain="rec.example.com", certificate_id="101", cert_type="CAS", status="VALIDATING", failure_reason=None, cname="edge.example",
        validations=[
            dict(type="DNS_CNAME", record_name="_airec-challenge.rec.example.com", record_value="t.example", path=None, content=None),
            dict(type="HTTP_FILE", record_name=None, record_value=None, path="/.well-known/x.txt", content="t")])
    assert found["a.example.com"] == dict(
        domain="a.example.com", certificate_id="", cert_type="", status="", failure_reason=None, cname=None, validations=[])


@pytest.mark.parametrize("answer", [None, {}, {"domains": None}, {"domains": "none"}, {"domains": [{}]}, {"domains": ["a"]}])
def test_an_answer_without_domains_is_not_an_instance_without_domains(answer):
    made, _recorder = airec(answer)
    with pytest.raises(TransportError, match="does not list domains"):
        made.domains()
    assert airec({"domains": []})[0].domains() == {}


@pytest.mark.parametrize("answer", [None, {}, {"httpsEnforced": "true"}, {"httpsEnforced": 1}])
def test_a_setting_is_true_or_false(answer):
    with pytest.raises(TransportError, match="httpsEnforced"):
        airec(answer)[0].https_enforced()


@pytest.mark.parametrize("status, body", [
    (404, {"code": "InvalidAction.NotFound", "message": "Specified api is not found", "requestId": "R-9"}),
    (404, {"Code": "InvalidApi.NotFound", "Message": "Specified api is not found", "RequestId": "R-9"}),
    (404, {}), (404, b"<html>Not Found</html>"), (405, b"Method Not Allowed"),
    (400, {"code": "InvalidAction.NotFound", "message": "x"}),
])
def test_an_endpoint_without_these_calls(status, body):
    with pytest.raises(CollectionError) as caught:
        airec((status, body))[0].call("airec", "BindCertificates", FILES)
    assert not isinstance(caught.value, (ApiError, OutcomeUnknown))
    for word in ["https://airec.cn-hangzhou.aliyuncs.com", "does not offer POST /v2/openapi/instances/airec-cn-demo01/certificates/bind",
                 "airec_method: endpoint", "contract"]:
        assert word in str(caught.value)


@pytest.mark.parametrize("status, code, words", [
    (401, "InvalidAccessToken", ["expired", "AIREC_ACCESS_TOKEN"]),
    (404, "InvalidInstance.NotFound", ["instance_id and region"]),
    (404, "InvalidDomain.NotFound", ["bound to this instance"]),
    (400, "InvalidCertificateId.NotFound", ["cas_certificate"]),
    (400, "DomainOccupied", ["Unbind"]),
    (403, "Forbidden", ["This access token may not"]),
    (400, "SomethingNew", []),
])
def test_refusals_say_what_to_do(status, code, words):
    with pytest.raises(ApiError) as caught:
        airec((status, {"code": code, "message": "No. Bearer " + TOKEN, "requestId": "R-9"}))[0].domains()
    assert (caught.value.code, caught.value.status, caught.value.request_id) == (code, status, "R-9")
    for word in ["airec GetCertificatesStatus for airec-cn-demo01 was refused", code, "R-9", *words]:
        assert word in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_key_without_the_right_is_told_which():
    with pytest.raises(ApiError, match="Grant the RAM action airec:GetCertificatesStatus"):
        airec((403, {"code": "Forbidden.RAM", "message": "no"}), auth="signature", access_key_id="AK", access_key_secret="x")[0].domains()


def test_a_gateway_that_breaks_leaves_the_outcome_open():
    with pytest.raises(OutcomeUnknown):
        airec((502, b"<html>Bad Gateway</html>"))[0].call("airec", "BindCertificates", FILES)


def test_where_each_call_is_known_from():
    assert {name: action.standing for name, action in PRODUCT.actions.items()} == {
        "BindCertificates": "specified", "GetCertificatesStatus": "specified", "UnbindCertificates": "assumed", "GetSettings": "assumed",
        "PutSettings": "assumed"}
