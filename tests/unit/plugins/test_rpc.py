# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RPC calls: where parameters travel, how lists are read, and what an answer means."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlsplit

import pytest

from ansible_collections.daas.https.plugins.module_utils._api import alidns, cas, cas_jobs, cdn, hints, rpc, slb
from ansible_collections.daas.https.plugins.module_utils._errors import ApiError, InputError, OutcomeUnknown, TransportError
from ansible_collections.daas.https.plugins.module_utils._secret import Secret
from ansible_collections.daas.https.plugins.module_utils._transport.http import Answer
from tests.emulator.pki import Authority

KEY = Authority.create().issue(["www.example.com"], key="ec").key_pem
PRODUCTS = [cas_jobs.PRODUCT, slb.PRODUCT, cdn.PRODUCT, alidns.PRODUCT]
PARAMS = dict(site="china", access_key_id="AK", access_key_secret="the secret", endpoints={}, connect_timeout=1, read_timeout=1,
              api_timeout=1)


class Recorder:
    """A transport that keeps what would be sent; answers with these dicts, one after another."""

    def __init__(self, *answers):
        self.answers, self.sent, self.asked, self.closed = list(answers), [], [], False

    def exchange(self, what, build, parse, writes, repeatable):
        self.sent.append(build())
        self.asked.append((what, writes, repeatable))
        self.build = build
        return parse(Answer(200, {}, json.dumps(self.answers.pop(0) if self.answers else {}).encode("utf-8")))

    def close(self):
        self.closed = True


def cloud(*answers, **params):
    recorder = Recorder(*answers)
    return rpc.Cloud(dict(PARAMS, **params), PRODUCTS, transport=recorder), recorder


def form(request):
    return dict(parse_qsl(request.body.decode("ascii"), keep_blank_values=True))


def test_parameters_travel_in_the_body():
    made, recorder = cloud()
    made.call("cas", "UploadUserCertificate", dict(Name="shop", Key=Secret(KEY), Tags=[dict(Key="a b", Value="é")], ResourceGroupId=None))
    (request,) = recorder.sent
    assert request.url == "https://cas.aliyuncs.com/"
    token = form(request).pop("ClientToken")
    assert form(request) == {"Name": "shop", "Key": KEY, "Tags.1.Key": "a b", "Tags.1.Value": "é", "ClientToken": token}
    assert len(token) <= 64 and request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert (request.headers["x-acs-action"], request.headers["x-acs-version"]) == ("UploadUserCertificate", "2020-04-07")
    assert "PRIVATE KEY" not in request.url + repr(request.headers)


def test_parameters_in_query_is_possible_where_a_gateway_wants_it():
    made, recorder = cloud(parameters_in="query")
    made.call("cdn", "DescribeDomainCertificateInfo", dict(DomainName="img.example.com"))
    (request,) = recorder.sent
    assert dict(parse_qsl(urlsplit(request.url).query)) == dict(DomainName="img.example.com")
    assert request.body == b"" and "content-type" not in request.headers


def test_a_call_without_parameters_has_no_body():
    made, recorder = cloud()
    made.call("cas", "ListContact")
    assert recorder.sent[0].body == b"" and "content-type" not in recorder.sent[0].headers


def test_the_host_that_is_signed_is_the_one_that_is_asked():
    made, recorder = cloud(endpoints=dict(slb="https://127.0.0.1:8443/"))
    made.call("slb", "DescribeServerCertificates", dict(RegionId="cn-hangzhou"), region="cn-hangzhou")
    assert recorder.sent[0].headers["host"] == "127.0.0.1:8443" and recorder.sent[0].url == "https://127.0.0.1:8443/"
    assert "host;" in recorder.sent[0].headers["authorization"]


@pytest.mark.parametrize("token", [None, "the-token"])
def test_sts_tokens_are_signed_and_belong_to_their_key(token):
    made, recorder = cloud(security_token=token)
    made.call("cas", "ListContact")
    headers = recorder.sent[0].headers
    assert (headers.get("x-acs-security-token"), headers.get("x-acs-accesskey-id")) == (token, token and "AK")
    assert ("x-acs-security-token" in headers["authorization"]) is bool(token)


def test_a_repetition_has_a_fresh_nonce_and_the_same_client_token():
    made, recorder = cloud()
    made.call("cas", "UploadUserCertificate", dict(Name="shop"))
    first, again = recorder.sent[0], recorder.build()
    assert first.body == again.body
    assert first.headers["x-acs-signature-nonce"] != again.headers["x-acs-signature-nonce"]


@pytest.mark.parametrize("action, token, expected", [
    ("DeleteUserCertificate", "delete-1", "delete-1"), ("DeleteUserCertificate", "", None), ("ListContact", "ignored", False),
])
def test_client_tokens_go_where_they_are_taken(action, token, expected):
    made, recorder = cloud()
    made.call("cas", action, dict(A=1), token=token)
    made.call("cas", action, dict(A=1), token=token)
    tokens = [form(request).get("ClientToken") for request in recorder.sent]
    if expected is None:
        assert len(set(tokens)) == 2 and all(len(item) == 32 for item in tokens)
    else:
        assert set(tokens) == {expected or None}


@pytest.mark.parametrize("product, action, writes, repeatable", [
    ("cas", "ListUserCertificateOrder", False, False), ("cas", "UploadUserCertificate", True, True),
    ("cas", "DeleteUserCertificate", True, True), ("cas", "CreateDeploymentJob", True, False),
    ("cas", "DeployCertificateToCloudResource", True, True), ("slb", "UploadServerCertificate", True, False),
    ("slb", "CreateDomainExtension", True, False), ("slb", "SetLoadBalancerHTTPSListenerAttribute", True, True),
    ("cdn", "SetCdnDomainSSLCertificate", True, True), ("alidns", "AddDomainRecord", True, False),
])
def test_the_transport_is_told_what_is_safe(product, action, writes, repeatable):
    made, recorder = cloud()
    made.call(product, action, target="shop", region="cn-hangzhou")
    assert recorder.asked == [("%s %s for shop" % (product, action), writes, repeatable)]


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name)
def test_actions_are_declared_truthfully(product):
    for name, action in product.actions.items():
        reads = name.startswith(("List", "Get", "Describe"))
        assert action.writes is not reads, name
        assert action.standing in ("documented", "specified") and (action.standing == "specified") == (
            name == "DeployCertificateToCloudResource")
        assert not (action.token and not action.writes), name
        assert ":" in product.ram_action(name)


def test_ram_actions_with_a_name_of_their_own():
    other = rpc.Product("cas", "2020-04-07", "yundun-cert", {"DescribeDeploymentJob": rpc.Action(ram="yundun-cert:DescribeDeployment")})
    assert other.ram_action("DescribeDeploymentJob") == "yundun-cert:DescribeDeployment"
    assert slb.PRODUCT.ram_action("CreateDomainExtension") == "slb:CreateDomainExtension"


def test_an_action_that_is_not_declared_is_a_bug():
    with pytest.raises(KeyError):
        cloud()[0].call("cas", "DeleteEverything")


def test_connections_are_closed():
    made, recorder = cloud()
    with made:
        assert not recorder.closed
    assert recorder.closed


@pytest.mark.parametrize("params, words", [
    (dict(access_key_id=None), ["access_key_id not given", "ALIBABA_CLOUD_ACCESS_KEY_ID"]),
    (dict(access_key_secret=""), ["access_key_secret"]),
    (dict(access_key_id=None, access_key_secret=None), ["access_key_id and access_key_secret"]),
    (dict(endpoints=dict(cas="http://127.0.0.1:1")), ["http://127.0.0.1:1", "plain http is never used"]),
])
def test_what_is_needed_before_any_call(params, words):
    with pytest.raises(InputError) as caught:
        cloud(**params)
    assert all(word in str(caught.value) for word in words)


# -- lists ---------------------------------------------------------------------------------------------------------------------------

def pages(answers, size=50):
    made, recorder = cloud(*answers)
    got = list(made.pages("cas", "ListContact", dict(A=1), lambda answer: answer.get("Rows") or [],
                          lambda answer: answer.get("Total") or 0, size))
    return got, [form(request) for request in recorder.sent]


@pytest.mark.parametrize("answers, rows, reads", [
    ([{}], [], 1), ([dict(Rows=[1, 2], Total=2)], [1, 2], 1),
    ([dict(Rows=[1, 2], Total=5), dict(Rows=[3, 4], Total=5), dict(Rows=[5], Total=5)], [1, 2, 3, 4, 5], 3),  # the cloud caps pages
    ([dict(Rows=[1], Total=3), dict(Rows=[], Total=3)], [1], 2),  # rows went away while reading: no endless loop
    ([dict(Rows=[1], Total=1), dict(Rows=[2], Total=2)], [1], 1),
    ([dict(Rows=[1, 2], Total=3), dict(Rows=[2, 3], Total=3)], [1, 2, 2, 3], 2),  # a row may come twice
    ([dict(Rows=None, Total=None)], [], 1),
])
def test_pages(answers, rows, reads):
    got, asked = pages(answers)
    assert got == rows and len(asked) == reads
    assert [item["CurrentPage"] for item in asked] == [str(number) for number in range(1, reads + 1)]
    assert all((item["ShowSize"], item["A"]) == ("50", "1") for item in asked)


@pytest.mark.parametrize("answers, rows, tokens", [
    ([{}], [], [None]), ([dict(Rows=[1, 2])], [1, 2], [None]), ([dict(Rows=[1], NextToken="")], [1], [None]),
    ([dict(Rows=[1, 2], NextToken="t2"), dict(Rows=[3], NextToken="t3"), dict(Rows=[4])], [1, 2, 3, 4], [None, "t2", "t3"]),
    ([dict(Rows=[], NextToken="t2"), dict(Rows=[1])], [1], [None, "t2"]),  # an empty page is not the last one
    ([dict(Rows=[1], NextToken="t2"), dict(Rows=[2], NextToken="t2")], [1, 2], [None, "t2"]),  # no endless loop
])
def test_pages_that_name_the_next_one(answers, rows, tokens):
    made, recorder = cloud(*answers)
    got = list(made.token_pages(
        "slb", "DescribeLoadBalancerListeners", dict(A=1), lambda answer: answer.get("Rows") or [], region="cn-hangzhou"))
    asked = [form(request) for request in recorder.sent]
    assert got == rows and [item.get("NextToken") for item in asked] == tokens
    assert all((item["MaxResults"], item["A"]) == ("100", "1") for item in asked)
    assert {urlsplit(request.url).netloc for request in recorder.sent} == {urlsplit(made.endpoint("slb", "cn-hangzhou")).netloc}


ORDER = dict(CertificateId=5, Name="shop", Sha2="AA:BB", Fingerprint="CC", CommonName="WWW.example.com",
             Sans="www.example.com, a.example.com", Upload=True, Expired=False, EndDate="2027-01-01", Issuer="Example CA", Algorithm="rsa")


def test_certificates_by_id():
    made, recorder = cloud(dict(CertificateOrderList=[ORDER, ORDER], TotalCount=3), dict(
        CertificateOrderList=[dict(CertificateId=6)], TotalCount=3), dict(
        CertificateOrderList=[dict(CertificateId=7, CommonName="b.example.com", Expired=True)], TotalCount=1))
    assert cas.list_certificates(made) == {
        5: cas.Stored(5, "shop", "aabb", "cc", ("www.example.com", "a.example.com"), True, False, "2027-01-01", "Example CA", "RSA"),
        6: cas.Stored(6, "", "", "", (), False, False, "", all_names=False),
        7: cas.Stored(7, "", "", "", ("b.example.com",), False, True, "", all_names=False)}
    assert [form(sent).get("Status") for sent in recorder.sent] == [None, None, "EXPIRED"]
    assert {form(sent)["OrderType"] for sent in recorder.sent} == {"CERT"}


def test_details_never_ask_for_the_key():
    made, recorder = cloud(dict(Id=5, CertIdentifier="5-cn-hangzhou", Name="shop", Tags=[dict(TagKey="a", TagValue="b"), dict(TagKey="c")]))
    assert cas.certificate_detail(made, 5) == cas.Detail(5, "5-cn-hangzhou", "shop", {"a": "b", "c": ""})
    assert form(recorder.sent[0]) == dict(CertId="5", CertFilter="true")


@pytest.mark.parametrize("code, found", [("NotFound", True), ("Forbidden.RAM", False)])
def test_details_of_what_is_not_there(code, found):
    made, recorder = cloud()

    def refuse(*unused):
        raise ApiError("x", code, "no")

    recorder.exchange = refuse
    if found:
        assert cas.certificate_detail(made, 5) is None
    else:
        pytest.raises(ApiError, cas.certificate_detail, made, 5)


def test_records_of_a_zone():
    row = dict(RecordId="1", RR="WWW", Type="a", Value="192.0.2.1", TTL=600, Line="default", Status="Enable")
    made, recorder = cloud(dict(TotalCount=2, DomainRecords=dict(Record=[row, dict(row, RecordId="2", Status="DISABLE", TTL=None)])))
    assert alidns.records(made, "example.com") == [
        alidns.Record("1", "www", "A", "192.0.2.1", 600, "default", True), alidns.Record("2", "www", "A", "192.0.2.1", 600, "default",
                                                                                         False)]
    assert form(recorder.sent[0]) == dict(DomainName="example.com", PageNumber="1", PageSize="500")


# -- answers -------------------------------------------------------------------------------------------------------------------------

def parse(status, body, **headers):
    text = body if isinstance(body, str) else json.dumps(body)
    return rpc.parse_json("cas Do for shop", Answer(status, headers, text.encode("utf-8")), "yundun-cert:Do")


@pytest.mark.parametrize("status, body", [
    (200, {}), (200, ""), (200, dict(RequestId="R", Code="200")), (200, dict(Code="OK")), (200, dict(Code="Success", A=1)),
    (201, dict(code="200")),
])
def test_what_counts_as_success(status, body):
    assert parse(status, body) == (body or {})


@pytest.mark.parametrize("status, body, code", [
    (400, dict(Code="NameRepeat", Message="taken", RequestId="R-1"), "NameRepeat"),
    (404, dict(code="NotHere", message="taken", requestId="R-1"), "NotHere"),
    (200, dict(Code="NameRepeat", Message="taken", RequestId="R-1"), "NameRepeat"),
    (500, dict(Message="taken", RequestId="R-1"), "HTTP500"),
    (403, dict(Code=None, Message="taken", RequestId="R-1"), "HTTP403"),
])
def test_refusals(status, body, code):
    with pytest.raises(ApiError) as caught:
        parse(status, body)
    error = caught.value
    assert (error.code, error.status, error.request_id) == (code, status, "R-1")
    assert str(error).startswith("cas Do for shop was refused: taken (%s, request id R-1)." % code)


@pytest.mark.parametrize("status, kind", [
    (200, OutcomeUnknown), (299, OutcomeUnknown), (500, OutcomeUnknown), (502, OutcomeUnknown), (300, TransportError),
    (302, TransportError), (404, TransportError), (499, TransportError),
])
@pytest.mark.parametrize("body", ["<html>Bad gateway</html>", '{"RequestId": "R', "[1, 2]", '"text"', "null"])
def test_what_is_not_the_api(status, kind, body):
    words = "cas Do for shop: HTTP %d with something that is not the API's JSON; is the endpoint right?" % status
    with pytest.raises(kind, match=words) as caught:
        parse(status, body)
    assert isinstance(caught.value, OutcomeUnknown) == (kind is OutcomeUnknown) and "html" not in str(caught.value)
    assert caught.value.final and caught.value.extras == {}


def test_bytes_that_are_no_text():
    with pytest.raises(OutcomeUnknown):
        rpc.parse_json("x", Answer(200, {}, b"\xff\xfe\x00"), "a:b")


@pytest.mark.parametrize("header, wait", [("1500", 1.5), ("0", 0.0), ("", 0.0), ("soon", 0.0), ("-5", 0.0), ("9999999", 30.0)])
def test_how_long_the_cloud_asks_to_wait(header, wait):
    with pytest.raises(ApiError) as caught:
        parse(400, dict(Code="Throttling.User"), **{"x-acs-retry-after": header})
    assert caught.value.wait == wait


def test_an_echoed_string_to_sign_is_not_repeated():
    with pytest.raises(ApiError) as caught:
        parse(400, dict(Code="SignatureDoesNotMatch", Message="server string to sign is:POST&%2F&Key%3D" + KEY))
    assert "POST&" not in str(caught.value) and "Check access_key_secret" in str(caught.value)


def test_an_echoed_key_is_not_repeated():
    with pytest.raises(ApiError) as caught:
        parse(400, dict(Code="CertificateFormatException", Message="cannot read " + KEY))
    assert KEY.splitlines()[1] not in json.dumps(caught.value.as_result())


@pytest.mark.parametrize("code, word", [
    ("Forbidden.RAM", "Grant the RAM action a:B"), ("NoPermission", "Grant"), ("AccessDenied.NoAuth", "Grant"),
    ("PermissionDenied", "Grant"),
    ("Forbidden.NoPermission", "Grant"), ("Throttling.User", "rate limit"), ("InvalidAccessKeyId.NotFound", "access_key_id"),
    ("InvalidSecurityToken.Expired", "STS token"), ("InvalidTimeStamp.Expired", "NTP"), ("InvalidLoadBalancerId.NotFound", "own region"),
    ("InvalidAction.NotFound", "method: product"), ("SomethingNew", ""),
])
def test_hints(code, word):
    assert word in hints.hint(code, "a:B") and bool(word) == bool(hints.hint(code, "a:B"))


@pytest.mark.parametrize("detail, action", [(dict(AuthAction="cas:Real"), "cas:Real"), ({}, "yundun-cert:Do"), (None, "yundun-cert:Do")])
def test_the_denied_action_is_the_clouds_own_word(detail, action):
    with pytest.raises(ApiError, match="Grant the RAM action %s " % action):
        parse(403, dict(Code="Forbidden.RAM", Message="no", AccessDeniedDetail=detail))
