# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OSS on the wire, signed by the vendor's own library: buckets, their custom domains, who may change a certificate, and what is refused.

The SDK's models are the contract for the answers: what they do not know would be lost in parsing.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import http.client
import ssl
import types
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

import pytest
from alibabacloud_gateway_oss.client import Client as Gateway
from alibabacloud_gateway_oss_util.client import Client as Models
from alibabacloud_oss20190517 import models as sdk
from alibabacloud_oss20190517.client import Client as Official
from alibabacloud_tea_openapi.models import Config

from tests.emulator import pki
from tests.emulator.services.oss import errors
from tests.emulator.state import CloudError
from tests.support.account import Account
from tests.support.emulation import running

REGION, BUCKET, DOMAIN = "cn-hangzhou", "shop-assets", "assets.example.com"
ADD = {"cname": "", "comp": "add"}


class Caller:
    """Calls of one key, each on a connection of its own. change: headers over those that are right; None leaves one out."""

    def __init__(self, handle, key=None):
        self._handle, self._key, self.signer = handle, key or handle, Gateway()
        self._where = urlsplit(handle.endpoints["oss"]).netloc
        self._context = ssl.create_default_context(cafile=handle.ca_path)

    def __call__(self, method, bucket, query, body=b"", *, region=REGION, host=None, change=None, later=0, key="", separator=", "):
        path = "/" + key if host or not bucket else "/{0}/{1}".format(bucket, key)
        headers = self._headers(body, host or self._where, later)
        day = headers["x-oss-date"][:8]
        signature = self.signer.get_signature_v4(bucket, "/" + key, method, query, headers, day, region, self._key.access_key_secret)
        headers["authorization"] = "OSS4-HMAC-SHA256 Credential={0}/{1}/{2}/oss/aliyun_v4_request{3}Signature={4}".format(
            self._key.access_key_id, day, region, separator, signature)
        headers = {name: value for name, value in {**headers, **(change or {})}.items() if value is not None}
        target = path + "?" + "&".join(quote(name) + ("=" + quote(value, safe="") if value else "") for name, value in query.items())
        return self.raw(method, target, body, headers)

    def _headers(self, body, host, later):
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=later)
        headers = {"host": host, "x-oss-date": now.strftime("%Y%m%dT%H%M%SZ"), "x-oss-content-sha256": "UNSIGNED-PAYLOAD"}
        if body:
            headers.update({"content-type": "application/xml", "content-md5": base64.b64encode(hashlib.md5(body).digest()).decode()})
        if getattr(self._key, "security_token", ""):
            headers["x-oss-security-token"] = self._key.security_token
        return headers

    def raw(self, method, target, body, headers):
        connection = http.client.HTTPSConnection(self._where, timeout=10, context=self._context)
        try:
            connection.request(method, target, body or None, headers)
            answer = connection.getresponse()
            return types.SimpleNamespace(status=answer.status, headers=answer.headers, body=answer.read())
        finally:
            connection.close()


def xml(domain=DOMAIN, **configuration):
    inner = "".join("<{0}>{1}</{0}>".format(*item) for item in configuration.items())
    inner = "<CertificateConfiguration>{0}</CertificateConfiguration>".format(inner) if configuration else ""
    return "<BucketCnameConfiguration><Cname><Domain>{0}</Domain>{1}</Cname></BucketCnameConfiguration>".format(domain, inner).encode()


def error(answer):
    """(code, HTTP status) of a refusal, whose form is the vendor's."""
    root = ElementTree.fromstring(answer.body)
    assert root.tag == "Error" and answer.headers["content-type"] == "application/xml"
    assert root.findtext("Message") and root.findtext("HostId")
    assert root.findtext("RequestId") == answer.headers["x-oss-request-id"]
    return root.findtext("Code"), answer.status


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with running("empty", calm=True, tmp_path=tmp_path_factory.mktemp("oss")) as handle:
        yield handle


@pytest.fixture
def cloud(shared):
    """A bucket with one domain that has a certificate (id in .old) and one that has none; another bucket in another region."""
    shared.reset()
    shared.material = {name: shared.authority.issue([DOMAIN, "media.example.com"], key="ec") for name in ("old", "new")}
    shared.ids = {name: shared.cloud.cas.add_certificate(name, material) for name, material in shared.material.items()}
    shared.old, shared.new = ("{0}-cn-hangzhou".format(shared.ids[name]) for name in ("old", "new"))
    shared.cloud.oss.add_bucket(BUCKET, REGION)
    shared.cloud.oss.add_cname(BUCKET, DOMAIN, shared.ids["old"])
    shared.cloud.oss.add_cname(BUCKET, "media.example.com")
    shared.cloud.oss.add_bucket("backup-assets", "cn-shanghai")
    return shared


@pytest.fixture
def call(cloud):
    return Caller(cloud)


def served(cloud, name, key="oss/" + REGION):
    return Account.served(types.SimpleNamespace(cloud=cloud.cloud), key, name)


def cnames(call):
    answer = call("GET", BUCKET, {"cname": ""})
    assert answer.status == 200
    return {row.findtext("Domain"): row for row in ElementTree.fromstring(answer.body).findall("Cname")}


def put(call, domain=DOMAIN, **configuration):
    answer = call("POST", BUCKET, ADD, xml(domain, **configuration))
    assert (answer.status, answer.body) == (200, b"") and answer.headers["x-oss-request-id"]


# -- the contract --------------------------------------------------------------------------------------------------------------------

def places(element, here=""):
    """Every place of an XML document that has a text or children."""
    here = "{0}/{1}".format(here, element.tag)
    return {here}.union(*(places(child, here) for child in element))


def known_places(data, here=""):
    """The same of what the SDK's parser has made of it."""
    if isinstance(data, list):
        return set().union(*(known_places(item, here) for item in data))
    if not isinstance(data, dict):
        return {here}
    return ({here} if here else set()).union(*(known_places(value, "{0}/{1}".format(here, name)) for name, value in data.items()))


@pytest.mark.parametrize("name", ["ListBuckets", "ListCname", "CreateCnameToken"])
def test_the_sdks_models_know_all_of_an_answer(cloud, call, name):
    cloud.cloud.setting.update({"page_cap": 1} if name == "ListBuckets" else {})
    answer = {
        "ListBuckets": lambda: call("GET", "", {"marker": "a", "prefix": ""}),
        "ListCname": lambda: call("GET", BUCKET, {"cname": ""}),
        "CreateCnameToken": lambda: call("POST", BUCKET, {"cname": "", "comp": "token"}, xml("new.example.com")),
    }[name]()
    assert answer.status == 200, answer.body
    root = ElementTree.fromstring(answer.body)
    parsed = Models.parse_xml(answer.body, name)
    assert places(root) == known_places(parsed) and len(places(root)) >= 5


def test_the_check_of_the_contract_finds_what_is_unknown():
    text = "<ListCnameResult><Bucket>b</Bucket><Nonsense>1</Nonsense></ListCnameResult>"
    assert places(ElementTree.fromstring(text)) - known_places(Models.parse_xml(text, "ListCname")) == {"/ListCnameResult/Nonsense"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_vendors_client_lists_the_buckets(cloud):
    client = Official(Config(
        access_key_id=cloud.access_key_id, access_key_secret=cloud.access_key_secret, ca=cloud.ca_path, region_id=REGION, protocol="HTTPS",
        endpoint=urlsplit(cloud.endpoints["oss"]).netloc))
    assert client.list_buckets(sdk.ListBucketsRequest(prefix="shop", max_keys=7)).status_code == 200
    [entry] = cloud.journal()
    assert (entry["action"], entry["status"], entry["principal"]) == ("ListBuckets", 200, cloud.access_key_id)
    assert entry["params"]["prefix"] == "shop" and entry["params"]["max-keys"] == "7"


# -- buckets and domains -------------------------------------------------------------------------------------------------------------

def test_buckets_come_in_pages(cloud, call):
    cloud.cloud.oss.add_bucket("attic", REGION)
    cloud.cloud.setting.update({"page_cap": 2})
    first = ElementTree.fromstring(call("GET", "", {"max-keys": "1000"}).body)
    assert [row.findtext("Name") for row in first.iter("Bucket")] == ["attic", "backup-assets"]
    assert (first.findtext("IsTruncated"), first.findtext("NextMarker"), first.findtext("MaxKeys")) == ("true", "backup-assets", "2")
    second = ElementTree.fromstring(call("GET", "", {"marker": "backup-assets"}).body)
    [row] = second.iter("Bucket")
    assert (row.findtext("Name"), row.findtext("Location"), row.findtext("Region")) == (BUCKET, "oss-" + REGION, REGION)
    assert row.findtext("ExtranetEndpoint") == "oss-cn-hangzhou.aliyuncs.com"
    assert row.findtext("IntranetEndpoint") == "oss-cn-hangzhou-internal.aliyuncs.com"
    assert second.find("IsTruncated") is None
    for wrong in ("0", "1001", "many"):
        assert error(call("GET", "", {"max-keys": wrong})) == ("InvalidArgument", 400)


def test_the_domains_of_a_bucket(cloud, call):
    rows = cnames(call)
    assert set(rows) == {DOMAIN, "media.example.com"} and rows["media.example.com"].find("Certificate") is None
    held = rows[DOMAIN].find("Certificate")
    assert (held.findtext("CertId"), held.findtext("Type"), held.findtext("Status")) == (cloud.old, "CAS", "Enabled")
    assert held.findtext("Fingerprint").replace(":", "").lower() == cloud.material["old"].sha1


def test_the_vendors_host_names_are_understood(cloud, call):
    assert call("GET", BUCKET, {"cname": ""}, host=BUCKET + ".oss-cn-hangzhou.aliyuncs.com").status == 200
    assert call("GET", "", {}, host="oss-cn-hangzhou.aliyuncs.com").status == 200
    assert error(call("GET", BUCKET, {"cname": ""}, host=BUCKET + ".oss-cn-shanghai.aliyuncs.com")) == ("InvalidArgument", 400)
    assert error(call("GET", BUCKET, {"cname": ""}, host=BUCKET + ".oss-cn-shanghai.aliyuncs.com", region="cn-shanghai")) == (
        "AccessDenied", 403)


# -- certificates --------------------------------------------------------------------------------------------------------------------

def test_who_knows_the_present_certificate_may_replace_it(cloud, call):
    assert served(cloud, DOMAIN) == cloud.material["old"].fingerprint
    put(call, CertId=cloud.new, PreviousCertId=cloud.old)
    assert cnames(call)[DOMAIN].findtext("Certificate/CertId") == cloud.new
    assert served(cloud, DOMAIN) == cloud.material["new"].fingerprint
    again = call("POST", BUCKET, ADD, xml(CertId=cloud.new, PreviousCertId=cloud.old))
    assert error(again) == ("InvalidArgument", 400) and b"0018-00000209" in again.body


@pytest.mark.parametrize("configuration", [{}, {"Force": "false"}, {"PreviousCertId": "1-cn-hangzhou"}])
def test_nobody_else_may(cloud, call, configuration):
    assert error(call("POST", BUCKET, ADD, xml(CertId=cloud.new, **configuration))) == ("InvalidArgument", 400)
    assert served(cloud, DOMAIN) == cloud.material["old"].fingerprint


def test_force_asks_nobody(cloud, call):
    put(call, CertId=cloud.new, Force="true")
    assert served(cloud, DOMAIN) == cloud.material["new"].fingerprint
    put(call, "media.example.com", CertId=cloud.new, Force="true")
    assert served(cloud, "media.example.com") == cloud.material["new"].fingerprint


def test_a_domain_without_a_certificate_takes_one_only_with_force(cloud, call):
    for previous in ({}, {"PreviousCertId": cloud.old}):
        assert error(call("POST", BUCKET, ADD, xml("media.example.com", CertId=cloud.new, **previous))) == ("InvalidArgument", 400)


def test_a_certificate_is_taken_away(cloud, call):
    put(call, DeleteCertificate="true")
    assert cnames(call)[DOMAIN].find("Certificate") is None
    front = served(cloud, DOMAIN)
    assert front == served(cloud, "media.example.com") and front != cloud.material["old"].fingerprint


def test_a_pair_in_pem_goes_into_cas(cloud, call):
    material = cloud.authority.issue([DOMAIN], key="ec")
    put(call, Certificate=material.chain_pem, PrivateKey=material.key_pem, PreviousCertId=cloud.old)
    number = int(cnames(call)[DOMAIN].findtext("Certificate/CertId").partition("-")[0])
    assert cloud.cloud.cas.certificates[number].material.fingerprint == material.fingerprint == served(cloud, DOMAIN)
    assert material.key_pem.splitlines()[1] not in str(cloud.journal()) and cloud.journal(writes=True)[0]["params"]["PrivateKey"] == "***"
    for wrong in (dict(PrivateKey=pki.with_other_key(material).key_pem), dict(PrivateKey="nonsense"), dict(Certificate="")):
        body = xml(**{**dict(Certificate=material.chain_pem, PrivateKey=material.key_pem, Force="true"), **wrong})
        assert error(call("POST", BUCKET, ADD, body)) == ("InvalidArgument", 400)


@pytest.mark.parametrize("cert_id", ["1-cn-hangzhou", "{0}", "{0}-ap-southeast-1", "{0}-cas.aliyuncs.com", "nonsense"])
def test_only_cass_identifier_is_taken(cloud, call, cert_id):
    answer = call("POST", BUCKET, ADD, xml(CertId=cert_id.format(cloud.ids["new"]), Force="true"))
    assert error(answer) == ("CertificateInvalidCasId", 400) and b"0018-00000204" in answer.body
    assert served(cloud, DOMAIN) == cloud.material["old"].fingerprint


def test_cas_keeps_what_oss_uses(cloud):
    assert cloud.cloud.oss.uses_of_cas(cloud.ids["old"]) == ["oss/" + DOMAIN] and cloud.cloud.oss.uses_of_cas(cloud.ids["new"]) == []
    with pytest.raises(CloudError):
        cloud.cloud.cas.delete(cloud.ids["old"])
    cloud.cloud.cas.delete(cloud.ids["new"])


# -- new domains ---------------------------------------------------------------------------------------------------------------------

def test_a_new_domain_wants_a_proof(cloud, call):
    name = "files.example.com"
    assert error(call("POST", BUCKET, ADD, xml(name))) == ("NeedVerifyDomainOwnership", 403)
    token = ElementTree.fromstring(call("POST", BUCKET, {"cname": "", "comp": "token"}, xml(name)).body).findtext("Token")
    assert error(call("POST", BUCKET, ADD, xml(name))) == ("NeedVerifyDomainOwnership", 403)
    cloud.cloud.alidns.add_record("example.com", "_dnsauth.files", "TXT", token)
    put(call, name, CertId=cloud.new, Force="true")
    assert served(cloud, name) == cloud.material["new"].fingerprint
    again = ElementTree.fromstring(call("POST", BUCKET, {"cname": "", "comp": "token"}, xml("x.example.com")).body)
    assert again.findtext("Token") not in ("", token) and again.findtext("ExpireTime").endswith(" GMT")


def test_a_proof_runs_out(cloud, call):
    token = ElementTree.fromstring(call("POST", BUCKET, {"cname": "", "comp": "token"}, xml("files.example.com")).body).findtext("Token")
    cloud.cloud.alidns.add_record("example.com", "_dnsauth.files", "TXT", token)
    cloud.clock.advance(73 * 3600)
    cloud.gateway.keys.clients_are_ahead += datetime.timedelta(hours=73)
    assert error(call("POST", BUCKET, ADD, xml("files.example.com"))) == ("NeedVerifyDomainOwnership", 403)


@pytest.mark.parametrize("name, expected", [
    (DOMAIN, ("CnameAlreadyExists", 409)), ("x.aliyuncs.com", ("CnameIsForbidden", 403)), ("no_name", ("InvalidArgument", 400)),
    ("", ("InvalidArgument", 400)), ("files.example.com", ("NoSuchCnameInRecord", 404)),
])
def test_domains_that_are_not_taken(cloud, call, name, expected):
    cloud.cloud.oss.unfiled = "example.com"
    assert error(call("POST", "backup-assets", ADD, xml(name), region="cn-shanghai")) == expected


def test_a_filing_is_wanted_on_the_mainland_only(cloud, call):
    cloud.cloud.oss.unfiled = "example.com"
    for number, region in enumerate(("cn-hongkong", "ap-southeast-1")):
        cloud.cloud.oss.add_bucket("abroad-{0}".format(number), region)
        assert error(call("POST", "abroad-{0}".format(number), ADD, xml("files.example.com"), region=region)) == (
            "NeedVerifyDomainOwnership", 403)


# -- who asks, and how ---------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("change, expected", [
    ({"authorization": None}, ("AccessDenied", 403)), ({"authorization": "OSS AK:c2ln"}, ("InvalidArgument", 400)),
    ({"authorization": "OSS4-HMAC-SHA256 Signature=18"}, ("InvalidArgument", 400)),
    ({"authorization": "OSS4-HMAC-SHA256 Credential=AK/20260131/cn-hangzhou/oss/abc,Signature=18"}, ("InvalidArgument", 400)),
    ({"x-oss-date": None}, ("InvalidArgument", 400)), ({"x-oss-content-sha256": "00"}, ("InvalidArgument", 400)),
    ({"content-type": "text/plain"}, ("SignatureDoesNotMatch", 403)), ({"content-md5": None}, ("SignatureDoesNotMatch", 403)),
    ({"x-oss-meta-more": "unsigned"}, ("SignatureDoesNotMatch", 403)),
])
def test_requests_that_are_not_signed_as_they_should(cloud, call, change, expected):
    answer = call("POST", BUCKET, ADD, xml(CertId=cloud.new, PreviousCertId=cloud.old), change=change)
    assert error(answer) == expected and served(cloud, DOMAIN) == cloud.material["old"].fingerprint


def test_both_ways_to_write_the_header_are_taken(call):
    assert [call("GET", BUCKET, {"cname": ""}, separator=text).status for text in (",", ", ")] == [200, 200]


def test_additional_headers_are_signed_too(cloud, call):
    headers = call._headers(b"", urlsplit(cloud.endpoints["oss"]).netloc, 0)
    for changed, status in ((False, 200), (True, 403)):
        sent = signed_with_host(cloud, headers)
        answer = call.raw("GET", "/" + BUCKET + "/?cname", b"", dict(
            sent, host="localhost:1" if changed else sent["host"]))
        assert answer.status == status
    unknown = dict(sent, authorization=sent["authorization"].replace("AdditionalHeaders=host", "AdditionalHeaders=host;x-none"))
    assert error(call.raw("GET", "/" + BUCKET + "/?cname", b"", unknown)) == ("InvalidArgument", 400)


def signed_with_host(cloud, headers):
    """The headers with a signature that covers the host; put together here, because the vendor's library never signs it."""
    signer, scope = Gateway(), "{0}/{1}/oss/aliyun_v4_request".format(headers["x-oss-date"][:8], REGION)
    lines = "".join("{0}:{1}\n".format(name, headers[name]) for name in sorted(headers))
    canonical = "\n".join(("GET", "/" + BUCKET + "/", "cname", lines, "host", "UNSIGNED-PAYLOAD"))
    to_sign = "\n".join(("OSS4-HMAC-SHA256", headers["x-oss-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = signer.get_sign_key(cloud.access_key_secret, headers["x-oss-date"][:8], REGION)
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return dict(headers, authorization="OSS4-HMAC-SHA256 Credential={0}/{1},AdditionalHeaders=host,Signature={2}".format(
        cloud.access_key_id, scope, signature))


@pytest.mark.parametrize("seconds, status", [(0, 200), (880, 200), (-880, 200), (920, 403), (-920, 403)])
def test_clocks_may_differ_by_a_quarter_of_an_hour(call, seconds, status):
    answer = call("GET", BUCKET, {"cname": ""}, later=seconds)
    assert answer.status == status and (status == 200 or error(answer) == ("RequestTimeTooSkewed", 403))


def test_keys_that_are_not_good(cloud, call):
    wrong = types.SimpleNamespace(access_key_id=cloud.access_key_id, access_key_secret="another")
    answer = Caller(cloud, wrong)("GET", BUCKET, {"cname": ""})
    assert error(answer) == ("SignatureDoesNotMatch", 403) and cloud.access_key_secret.encode() not in answer.body
    unknown = types.SimpleNamespace(access_key_id="LTAIunknown", access_key_secret="x")
    assert error(Caller(cloud, unknown)("GET", "", {})) == ("InvalidAccessKeyId", 403)
    assert error(Caller(cloud, cloud.key(enabled=False))("GET", "", {})) == ("InvalidAccessKeyId", 403)
    temporary = cloud.key(seconds=60)
    assert Caller(cloud, temporary)("GET", "", {}).status == 200
    assert error(Caller(cloud, temporary)("GET", "", {}, change={"x-oss-security-token": None})) == ("InvalidAccessKeyId", 403)
    assert error(Caller(cloud, temporary)("GET", "", {}, change={"x-oss-security-token": "x"})) == ("InvalidSecurityToken", 403)
    cloud.clock.advance(61)
    assert error(Caller(cloud, temporary)("GET", "", {})) == ("SecurityTokenExpired", 403)


def test_a_key_that_may_not(cloud):
    answer = Caller(cloud, cloud.key(deny=["oss:Put*"]))("POST", BUCKET, ADD, xml(CertId=cloud.new, Force="true"))
    assert error(answer) == ("AccessDenied", 403)
    assert ElementTree.fromstring(answer.body).findtext("AccessDeniedDetail/AuthAction") == "oss:PutCname"
    assert Caller(cloud, cloud.key(deny=["oss:Put*"]))("GET", BUCKET, {"cname": ""}).status == 200
    assert served(cloud, DOMAIN) == cloud.material["old"].fingerprint


def test_buckets_that_are_not_there(call):
    assert error(call("GET", "nowhere", {"cname": ""})) == ("NoSuchBucket", 404)
    elsewhere = call("GET", "backup-assets", {"cname": ""})
    assert error(elsewhere) == ("AccessDenied", 403)
    assert ElementTree.fromstring(elsewhere.body).findtext("Endpoint") == "oss-cn-shanghai.aliyuncs.com"


@pytest.mark.parametrize("method, bucket, query", [
    ("DELETE", BUCKET, {"cname": ""}), ("GET", BUCKET, {}), ("POST", BUCKET, {"cname": "", "comp": "delete"}), ("PUT", "", {}),
])
def test_other_calls_are_not_there(call, method, bucket, query):
    assert error(call(method, bucket, query)) == ("NotImplemented", 501)


def test_objects_are_not_there(call):
    assert error(call("GET", BUCKET, {"cname": ""}, key="index.html")) == ("NotImplemented", 501)


@pytest.mark.parametrize("body", [
    b"", b"nonsense", b"<Wrong/>", b"<BucketCnameConfiguration/>", b"<BucketCnameConfiguration><Cname/></BucketCnameConfiguration>",
    xml(Nonsense="1"), xml().replace(b"</Cname>", b"<Other/></Cname>"),
    xml().replace(b"</Cname>", b"<Domain>b.example.com</Domain></Cname>"),
    b'<!DOCTYPE a [<!ENTITY b "assets.example.com">]>' + xml(domain="&b;"), "ü".encode("latin-1"),
])
def test_bodies_that_are_not_what_they_should_be(call, body):
    assert error(call("POST", BUCKET, ADD, body)) == ("MalformedXML", 400)


def test_a_body_that_was_changed_on_the_way(cloud, call):
    body = xml(CertId=cloud.new, PreviousCertId=cloud.old)
    honest = call._headers(body, urlsplit(cloud.endpoints["oss"]).netloc, 0)
    signature = call.signer.get_signature_v4(BUCKET, "/", "POST", ADD, honest, honest["x-oss-date"][:8], REGION, cloud.access_key_secret)
    honest["authorization"] = "OSS4-HMAC-SHA256 Credential={0}/{1}/{2}/oss/aliyun_v4_request,Signature={3}".format(
        cloud.access_key_id, honest["x-oss-date"][:8], REGION, signature)
    target = "/" + BUCKET + "/?cname&comp=add"
    assert error(call.raw("POST", target, body.replace(b"assets", b"media0"), honest)) == ("InvalidDigest", 400)
    assert call.raw("POST", target, body, honest).status == 200


def test_queries_that_are_not_known(call):
    assert error(call("GET", BUCKET, {"cname": "", "acl": ""})) == ("InvalidArgument", 400)
    assert error(call.raw("GET", "/?prefix=a&prefix=b", b"", {})) == ("InvalidArgument", 400)


# -- nuisances and faults ------------------------------------------------------------------------------------------------------------

def test_throttled_in_osss_words(cloud, call):
    cloud.cloud.setting.update({"throttle_every": 2})
    found = [call("GET", BUCKET, {"cname": ""}) for _call in range(4)]
    assert [answer.status for answer in found] == [200, 429, 200, 429] and error(found[1]) == ("QpsLimitExceeded", 429)


def test_reads_lag_behind_writes(cloud, call):
    cloud.cloud.setting.update({"stale_reads": 1, "shuffle": True})
    seen = [cnames(call)[DOMAIN].findtext("Certificate/CertId")]
    put(call, CertId=cloud.new, PreviousCertId=cloud.old)
    seen += [cnames(call)[DOMAIN].findtext("Certificate/CertId") for _look in range(2)]
    assert seen == [cloud.old, cloud.old, cloud.new]


def test_faults_strike_xml(cloud, call):
    cloud.fault(product="oss", action="ListCname", kind="drop_field", name="Certificate")
    assert all(row.find("Certificate") is None and row.findtext("Status") for row in cnames(call).values())
    cloud.fault(product="oss", action="ListCname", kind="truncated_json")
    with pytest.raises(ElementTree.ParseError):
        ElementTree.fromstring(call("GET", BUCKET, {"cname": ""}).body)
    cloud.fault(product="oss", action="PutCname", kind="drop_field", name="x")
    put(call, CertId=cloud.new, PreviousCertId=cloud.old)
    cloud.fault(product="oss", action="*", kind="error", code="InternalError", status=500)
    assert error(call("GET", "", {})) == ("InternalError", 500)


def test_the_snapshot_and_the_switch(cloud):
    [first, second] = cloud.cloud.snapshot()["oss"]["buckets"]
    assert (first["name"], first["region"], second["cnames"]) == (BUCKET, REGION, [])
    assert first["cnames"][0] == {"domain": DOMAIN, "cert_id": cloud.old, "fingerprint": cloud.material["old"].fingerprint}
    assert isinstance(cloud.cloud.oss.unfiled, str)


def test_no_refusal_is_there_for_show():
    """Each one of errors.py stands in this file by its code."""
    made = {name: make for name, make in vars(errors).items() if isinstance(make, types.FunctionType)}
    codes = {make(*["x"] * make.__code__.co_argcount).code for make in made.values()}
    with open(__file__, encoding="utf-8") as file:
        text = file.read()
    assert len(codes) >= 15 and not [code for code in codes if '"{0}"'.format(code) not in text]
