# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Custom domains of OSS buckets: what is planned, what is sent, how answers are read, and the whole way through the emulated cloud."""

from __future__ import annotations

from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

from ansible_collections.daas.https.plugins.module_utils import _runner
from ansible_collections.daas.https.plugins.module_utils._api import endpoints, oss as api, rpc
from ansible_collections.daas.https.plugins.module_utils._api.cas import Stored
from ansible_collections.daas.https.plugins.module_utils._deploy import Once
from ansible_collections.daas.https.plugins.module_utils._domain.deployment import Bound, Wanted, after_of, place_of, same
from ansible_collections.daas.https.plugins.module_utils._errors import ApiError, InputError, OutcomeUnknown, TransportError
from ansible_collections.daas.https.plugins.module_utils._plan import Ref
from ansible_collections.daas.https.plugins.module_utils._targets import oss
from ansible_collections.daas.https.plugins.module_utils._transport.http import Answer
from tests.emulator.server import Request
from tests.emulator.services.oss import protocol
from tests.support.emulation import running

A, OLD, NEW = "a" * 64, "5-cn-hangzhou", "7-cn-hangzhou"
WANTED = Wanted(7, "shop-a", A, "1" * 40, ("img.example.com", "*.shop.example.com"), "cn-hangzhou", NEW)
ASKED = dict(service="oss", region="cn-hangzhou", instance="shop-assets", domain="img.example.com", force=False)
PLACE = place_of(ASKED, None, "img.example.com")
T = "oss/cn-hangzhou/shop-assets/img.example.com"
PARAMS = dict(site="china", access_key_id="AK", access_key_secret="the secret", endpoints={}, connect_timeout=5, read_timeout=5,
              api_timeout=20)


def state(held="CAS", cert_id=OLD, status="Enabled", fingerprint="2" * 40, force=False):
    certificate = api.Certificate(cert_id, held, status, fingerprint) if held else None
    return oss.State(api.Cname("img.example.com", certificate), ("img.example.com",), force)


NOTHING = oss.State(None, ("a.example.com", "b.example.com"))


# -- what is planned -----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("domain", ["img.example.com", "IMG.example.com.", " img.example.com "])
def test_find(domain):
    assert oss.find(dict(ASKED, domain=domain), state(), WANTED, {}) == [PLACE] == oss.places(dict(ASKED, domain=domain), state())
    assert oss.superseded(ASKED, state(), WANTED, {}) == []


def test_find_refuses_what_cannot_be():
    with pytest.raises(InputError, match=r"shop-assets has no custom domain img\.example\.com; it has a\.example\.com, b\.example\.com\."):
        oss.find(ASKED, NOTHING, WANTED, {})
    with pytest.raises(InputError, match="it has none"):
        oss.find(ASKED, oss.State(None, ()), WANTED, {})
    with pytest.raises(InputError, match=r"shop-a does not cover the custom domain www\.example\.com"):
        oss.find(dict(ASKED, domain="www.example.com"), state(), WANTED, {})


STORED = {5: Stored(5, "shop-old", "b" * 64, "2" * 40, ("img.example.com",), True, False, "2027-01-01")}


@pytest.mark.parametrize("shown, bound", [
    (state(None), None), (NOTHING, None), (state(), Bound(OLD, 5, "5-cn-hangzhou (not in CAS)", "2" * 40)),
    (state("Upload"), Bound(OLD, 0, "5-cn-hangzhou (not in CAS)", "2" * 40)),
    (state(cert_id="odd"), Bound("odd", 0, "odd (not in CAS)", "2" * 40)),
    (state(cert_id=""), Bound("", 0, "unknown certificate (not in CAS)", "2" * 40)),
])
def test_at(shown, bound):
    assert oss.at(PLACE, shown, {}) == bound


def test_at_uses_cass_words_for_what_cas_knows():
    bound = oss.at(PLACE, state(), STORED)
    assert (bound.id, bound.cas_id, bound.name, bound.fingerprint) == (OLD, 5, "shop-old", "b" * 64)


@pytest.mark.parametrize("shown, params", [
    (state(), dict(PreviousCertId=OLD)), (state(None), dict(Force=True)), (state(force=True), dict(Force=True)),
    (state(cert_id="", force=True), dict(Force=True)),
])
@pytest.mark.parametrize("own", [NEW, Ref("upload", "CertIdentifier")])
def test_bind_replaces_only_what_was_seen(shown, params, own):
    step = oss.bind(T, PLACE, shown, after_of(WANTED, own))
    assert step.params == dict(params, CertId=own, Bucket="shop-assets", Domain="img.example.com")
    assert (step.key, step.target, step.product, step.action, step.region) == (T, T, "oss", "PutCname", "cn-hangzhou")
    assert (step.group, step.stage) == ("oss/cn-hangzhou/shop-assets", 1)


def test_bind_refuses():
    with pytest.raises(InputError, match="does not say which certificate .* has.*force: true"):
        oss.bind(T, PLACE, state(cert_id=""), after_of(WANTED, NEW))
    for old in (Bound(OLD, 0, "uploaded", ""), Bound("", 0, "unknown", ""), Bound("", 5, "odd", "")):
        with pytest.raises(InputError, match=r"img\.example\.com is not in CAS.*by hand"):
            oss.bind(T, PLACE, state(), old)


def test_unbind():
    assert oss.unbind(T, PLACE, state()).params == dict(DeleteCertificate=True, Bucket="shop-assets", Domain="img.example.com")


@pytest.mark.parametrize("wanted, own", [(WANTED, NEW), (Wanted(0, "new", A, "", (), ""), Ref("upload", "CertIdentifier"))])
def test_own(wanted, own):
    assert oss.own(PLACE, state(), wanted) == (own, ())


@pytest.mark.parametrize("shown, settled", [
    (state(), True), (state(status=""), True), (state(None), True), (NOTHING, True), (state(status="Disabled"), False)])
def test_settled(shown, settled):
    assert oss.settled(shown) is settled


# -- what is sent, and how answers are read ------------------------------------------------------------------------------------------

class Recorder:
    """A transport that keeps what would be sent and gives these answers: (status, body) each; the last one again and again."""

    def __init__(self, *answers):
        self.answers, self.sent, self.asked = list(answers), [], []

    def exchange(self, what, build, parse, writes, repeatable):
        self.sent.append(build())
        self.asked.append((what, writes, repeatable))
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return parse(Answer(status, {"x-oss-request-id": "R-1"}, body.encode("utf-8") if isinstance(body, str) else body))


def cloud_of(*answers, **params):
    return rpc.Cloud(dict(PARAMS, **params), [api.PRODUCT], transport=Recorder(*answers))


def listed(*rows):
    return 200, "<ListCnameResult><Bucket>shop-assets</Bucket>%s</ListCnameResult>" % "".join("<Cname>%s</Cname>" % row for row in rows)


def put(cloud, **params):
    params = dict(dict(Bucket="shop-assets", Domain="img.example.com"), **params)
    return cloud.call("oss", "PutCname", params, region="cn-hangzhou", target=T)


@pytest.mark.parametrize("given, url, host", [
    ({}, "https://shop-assets.oss-cn-hangzhou.aliyuncs.com/?cname", "shop-assets.oss-cn-hangzhou.aliyuncs.com"),
    ({"oss": "https://oss-cn-hangzhou-internal.aliyuncs.com"}, "https://shop-assets.oss-cn-hangzhou-internal.aliyuncs.com/?cname",
     "shop-assets.oss-cn-hangzhou-internal.aliyuncs.com"),
    ({"oss/cn-hangzhou": "https://oss.example.com:8443"}, "https://shop-assets.oss.example.com:8443/?cname",
     "shop-assets.oss.example.com:8443"),
    ({"oss": "https://127.0.0.1:8443"}, "https://127.0.0.1:8443/shop-assets/?cname", "127.0.0.1:8443"),
    ({"oss": "https://[::1]:8443"}, "https://[::1]:8443/shop-assets/?cname", "[::1]:8443"),
    ({"oss": "https://localhost:8443"}, "https://localhost:8443/shop-assets/?cname", "localhost:8443"),
])
def test_the_bucket_is_in_the_host_name_unless_the_endpoint_is_an_address(given, url, host):
    cloud = cloud_of(listed(), endpoints=given)
    assert api.cnames(cloud, "cn-hangzhou", "shop-assets") == {}
    (request,) = cloud.transport.sent
    assert (request.method, request.url, request.headers["host"], request.body) == ("GET", url, host, b"")
    assert cloud.transport.asked == [("oss ListCname for shop-assets", False, False)]


@pytest.mark.parametrize("token", [None, "CAIS-token"])
def test_what_is_sent_is_what_the_emulator_verifies(token):
    cloud = cloud_of((200, ""), security_token=token)
    assert put(cloud, CertId=NEW, PreviousCertId=OLD)["RequestId"] == "R-1"
    (request,) = cloud.transport.sent
    parts = urlsplit(request.url)
    came = Request(request.method, parts.path + "?" + parts.query, request.headers, request.body)
    scope = "%s/cn-hangzhou/oss/aliyun_v4_request" % request.headers["x-oss-date"][:8]
    expected = protocol.sign("the secret", protocol.string_to_sign(came, scope, []))
    assert request.headers["authorization"] == "OSS4-HMAC-SHA256 Credential=AK/%s,Signature=%s" % (scope, expected)
    assert request.headers.get("x-oss-security-token") == token and parts.query == "cname&comp=add"
    assert cloud.transport.asked == [("oss PutCname for " + T, True, False)]


@pytest.mark.parametrize("params, domain, inner", [
    (dict(CertId=NEW, PreviousCertId=OLD), "img.example.com", dict(CertId=NEW, PreviousCertId=OLD)),
    (dict(CertId=NEW, Force=True), "img.example.com", dict(CertId=NEW, Force="true")),
    (dict(DeleteCertificate=True), "img.example.com", dict(DeleteCertificate="true")),
    (dict(CertId="<&>"), "img.example.com", dict(CertId="<&>")),
    (dict(Domain="*.shop.example.com", CertId=NEW), "shop.example.com", dict(CertId=NEW)),
])
def test_the_body_of_a_write(params, domain, inner):
    cloud = cloud_of((200, ""))
    put(cloud, **params)
    root = ElementTree.fromstring(cloud.transport.sent[0].body)
    assert (root.tag, root.findtext("Cname/Domain")) == ("BucketCnameConfiguration", domain)
    assert {item.tag: item.text for item in root.find("Cname/CertificateConfiguration")} == inner
    assert root.findtext("Cname/IsWildCard") == ("true" if params.get("Domain") else None)


def test_a_bucket_has_the_name_of_a_bucket():
    for name in ("Shop", "a", "a/../b", "shop.example.com", "-shop", "shop\n", "x" * 64):
        cloud = cloud_of(listed())
        with pytest.raises(InputError, match="is no name of an OSS bucket"):
            api.cnames(cloud, "cn-hangzhou", name)
        assert not cloud.transport.sent


def test_domains_are_read():
    exact = ("<Domain>IMG.example.com</Domain><Certificate><Type>CAS</Type><CertId>5-cn-hangzhou</CertId><Status>Enabled</Status>"
             "<Fingerprint>AB:CD</Fingerprint></Certificate>")
    wild = "<Domain>shop.example.com</Domain><IsWildCard>true</IsWildCard>"
    found = api.cnames(cloud_of(listed(exact, wild, "<Domain>shop.example.com</Domain>")), "cn-hangzhou", "shop-assets")
    assert found == {
        "img.example.com": api.Cname("img.example.com", api.Certificate(OLD, "CAS", "Enabled", "abcd")),
        "*.shop.example.com": api.Cname("*.shop.example.com", None), "shop.example.com": api.Cname("shop.example.com", None)}
    seen = oss.read(cloud_of(listed(exact)), dict(ASKED, force=True), Once())
    assert seen == oss.State(found["img.example.com"], ("img.example.com",), True)


def page(names, following=None):
    rows = "".join("<Bucket><Name>%s</Name><Location>%s</Location></Bucket>" % row for row in names)
    more = "<IsTruncated>true</IsTruncated><NextMarker>%s</NextMarker>" % following if following else ""
    return 200, "<ListAllMyBucketsResult><Buckets>%s</Buckets>%s</ListAllMyBucketsResult>" % (rows, more)


def test_buckets_of_a_region():
    cloud = cloud_of(page([("a-1", "oss-cn-hangzhou"), ("b-1", "oss-cn-shanghai")], "b-1"), page([("c-1", "oss-cn-hangzhou")]))
    assert api.buckets(cloud, "cn-hangzhou") == ["a-1", "c-1"]
    assert [request.url for request in cloud.transport.sent] == [
        "https://oss-cn-hangzhou.aliyuncs.com/?max-keys=1000", "https://oss-cn-hangzhou.aliyuncs.com/?marker=b-1&max-keys=1000"]
    assert api.buckets(cloud_of(page([("a-1", "oss-cn-hangzhou")], "a-1")), "cn-hangzhou") == ["a-1", "a-1"]  # a list that does not go on


REFUSAL = ("<?xml version='1.0'?><Error><Code>%s</Code><Message>It may not.</Message><RequestId>R-2</RequestId><HostId>h</HostId>%s"
           "</Error>")


@pytest.mark.parametrize("status, code, more, kind, words", [
    (403, "AccessDenied", "", ApiError, "Grant the RAM action oss:ListCname"),
    (403, "AccessDenied", "<AccessDeniedDetail><AuthAction>oss:Other</AuthAction></AccessDeniedDetail>", ApiError, "RAM action oss:Other"),
    (403, "AccessDenied", "<Endpoint>oss-cn-shanghai.aliyuncs.com</Endpoint>", InputError, "the bucket is at oss-cn-shanghai"),
    (404, "NoSuchBucket", "", InputError, "NoSuchBucket, request id R-2"),
    (403, "SignatureDoesNotMatch", "<StringToSign>x</StringToSign>", ApiError, "Check access_key_secret"),
    (403, "RequestTimeTooSkewed", "", ApiError, "NTP"), (403, "InvalidAccessKeyId", "", ApiError, "Check access_key_id"),
    (403, "SecurityTokenExpired", "", ApiError, "get a new one"), (404, "NoSuchCnameInRecord", "", ApiError, "ICP filing"),
    (403, "NeedVerifyDomainOwnership", "", ApiError, "TXT record"),
    (400, "CertificateInvalidCasId", "", ApiError, "no such CAS certificate"),
    (500, "InternalError", "", ApiError, "It may not"),
])
def test_refusals_say_what_to_do_next(status, code, more, kind, words):
    with pytest.raises(kind) as caught:
        api.cnames(cloud_of((status, REFUSAL % (code, more))), "cn-hangzhou", "shop-assets", T)
    assert words in str(caught.value) and ("oss ListCname for %s was refused: It may not" % T) in str(caught.value)
    assert caught.value.extras["error"] == dict(
        action="oss ListCname for " + T, code=code, http_status=status, request_id="R-2")


def test_a_wrong_region_of_the_signature_is_the_users_to_correct():
    text = (REFUSAL % ("InvalidArgument", "")).replace("It may not.", "Invalid signing region in Authorization header.")
    with pytest.raises(InputError, match=r"Check region\.$"):
        api.cnames(cloud_of((400, text)), "cn-hangzhou", "shop-assets")
    with pytest.raises(ApiError):
        api.cnames(cloud_of((400, REFUSAL % ("InvalidArgument", ""))), "cn-hangzhou", "shop-assets")


def test_a_refusal_without_a_body():
    with pytest.raises(ApiError, match=r"no message \(HTTP503, request id R-1\)") as caught:
        api.cnames(cloud_of((503, "")), "cn-hangzhou", "shop-assets")
    assert caught.value.status == 503


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]>'


@pytest.mark.parametrize("status, body, kind", [
    (200, "", OutcomeUnknown), (200, "<ListCnameResult>", OutcomeUnknown), (200, "<html><body/></html>", OutcomeUnknown),
    (200, "{}", OutcomeUnknown), (200, b"\xff\xfe<\x00", OutcomeUnknown), (302, "<html/>", TransportError),
    (502, "<html><center>502</center></html>", OutcomeUnknown), (404, "not found", TransportError),
    (200, BOMB + "<ListCnameResult><Owner>&c;</Owner></ListCnameResult>", OutcomeUnknown),
    (403, BOMB + "<Error><Code>AccessDenied</Code><Message>&c;</Message></Error>", TransportError),
])
def test_what_is_not_osss_xml_is_not_read(status, body, kind):
    with pytest.raises(TransportError, match="something that is not OSS's XML; is the endpoint right") as caught:
        api.cnames(cloud_of((status, body)), "cn-hangzhou", "shop-assets")
    assert caught.type is kind and caught.value.final


def test_a_write_that_is_answered_with_a_page_is_of_unknown_outcome():
    for body in ("<html/>", "<ListCnameResult/>", "x"):
        with pytest.raises(OutcomeUnknown):
            put(cloud_of((200, body)), CertId=NEW)


def test_no_secret_is_shown():
    text = (REFUSAL % ("SignatureDoesNotMatch", "")).replace("It may not.", "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----")
    with pytest.raises(ApiError) as caught:
        put(cloud_of((403, text)), CertId=NEW)
    assert "abc" not in str(caught.value) + repr(caught.value.extras) and "the secret" not in repr(cloud_of((200, "")).keys)


@pytest.mark.parametrize("region", endpoints.REGIONS)
def test_endpoints(region):
    assert endpoints.endpoint("oss", "china", region) == "https://oss-%s.aliyuncs.com" % region


@pytest.mark.parametrize("shown, params, happened", [
    ([OLD], dict(CertId=NEW), False), ([NEW], dict(CertId=NEW), True), ([], dict(CertId=NEW), False), ([None], dict(CertId=NEW), False),
    ([OLD], dict(DeleteCertificate=True), False), ([None], dict(DeleteCertificate=True), True), ([], dict(DeleteCertificate=True), False),
])
def test_confirm(shown, params, happened):
    rows = ["<Domain>img.example.com</Domain>" + ("<Certificate><CertId>%s</CertId></Certificate>" % one if one else "") for one in shown]
    step = oss._step(T, PLACE, dict(params))
    assert oss.confirm(cloud_of(listed(*rows)), step) == ({} if happened else None)


# -- the whole way -------------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with running("empty", calm=False, tmp_path=tmp_path_factory.mktemp("oss"), throttle_every=5) as handle:
        yield handle


class Shop:
    """Two buckets in one region: two domains, of which one has a certificate, and one; a third in another region."""

    def __init__(self, handle):
        handle.reset()
        self.handle, cas, buckets = handle, handle.cloud.cas, handle.cloud.oss
        self.pairs = {name: handle.authority.issue(["img.example.com", "media.example.com", "files.example.com"], key="ec")
                      for name in ("old", "new", "third")}
        self.ids = {name: cas.add_certificate("shop-" + name, pair) for name, pair in self.pairs.items()}
        for bucket, region in (("shop-assets", "cn-hangzhou"), ("files", "cn-hangzhou"), ("attic", "cn-shanghai")):
            buckets.add_bucket(bucket, region)
        buckets.add_cname("shop-assets", "img.example.com", self.ids["old"])
        buckets.add_cname("shop-assets", "media.example.com")
        buckets.add_cname("files", "files.example.com")
        self.cloud = self.client()

    def client(self, read_only=False):
        return rpc.Cloud(dict(
            PARAMS, access_key_id=self.handle.access_key_id, access_key_secret=self.handle.access_key_secret,
            api_ca_path=self.handle.ca_path, endpoints={"oss": self.handle.endpoints["oss"]}), [api.PRODUCT], read_only)

    def wanted(self, name="new"):
        pair, number = self.pairs[name], self.ids[name]
        return Wanted(number, "shop-" + name, pair.fingerprint, pair.sha1, pair.names, "cn-hangzhou", "%d-cn-hangzhou" % number)

    def plan(self, request, wanted):
        seen = oss.read(self.cloud, request, Once())
        [place] = oss.find(request, seen, wanted, {})
        own, steps = oss.own(place, seen, wanted)
        return seen, (*steps, oss.bind(T, place, seen, after_of(wanted, own)))

    def make(self, steps):
        return _runner.apply(self.cloud, steps, confirm=lambda step: oss.confirm(self.cloud, step), sleep=lambda _seconds: None)

    def has(self, request, name):
        """Whether the API says so, as soon as its replicas have caught up, and the edge does so."""
        for _look in range(3):
            seen = oss.read(self.cloud, request, Once())
        sni = self.handle.dataplane.serving("oss/cn-hangzhou")["sni"]
        return oss.settled(seen) and same(oss.at(PLACE, seen, {}), self.wanted(name)) and (
            sni[request["domain"]] == self.pairs[name].fingerprint)

    def writes(self):
        return [entry for entry in self.handle.journal(writes=True) if entry["committed"]]


@pytest.fixture
def shop(shared):
    made = Shop(shared)
    with made.cloud:
        yield made


@pytest.mark.parametrize("bucket, domain", [
    ("shop-assets", "img.example.com"), ("shop-assets", "media.example.com"), ("files", "files.example.com")])
def test_a_certificate_is_deployed_and_put_back(shop, bucket, domain):
    request = dict(ASKED, instance=bucket, domain=domain)
    before, steps = shop.plan(request, shop.wanted())
    assert not shop.make(steps).errors and shop.has(request, "new") and len(shop.writes()) == 1
    old = oss.at(PLACE, before, {})
    now = oss.read(shop.cloud, request, Once())
    place = place_of(request, None, domain)
    back = oss.bind(T, place, now, old) if old else oss.unbind(T, place, now)
    assert not shop.make([back]).errors
    if old:
        assert shop.has(request, "old")
    else:
        assert domain not in shop.handle.dataplane.serving("oss/cn-hangzhou")["sni"]


@pytest.mark.parametrize("kind", ["cut_after", "cut_mid_body", "refuse_before", "html"])
@pytest.mark.parametrize("domain", ["img.example.com", "media.example.com"])
def test_a_lost_answer_is_looked_into(shop, kind, domain):
    request = dict(ASKED, domain=domain)
    shop.handle.cloud.setting.update({"throttle_every": 0})
    _seen, steps = shop.plan(request, shop.wanted())
    fault = shop.handle.fault(product="oss", action="PutCname", kind=kind)
    assert not shop.make(steps).errors and fault.fired == 1
    assert shop.has(request, "new") and len(shop.writes()) == 1


def test_what_somebody_else_has_changed_meanwhile_stays(shop):
    _seen, steps = shop.plan(ASKED, shop.wanted())
    shop.handle.cloud.oss.add_cname("shop-assets", "img.example.com", shop.ids["third"])
    [error] = shop.make(steps).errors.values()
    assert isinstance(error, ApiError) and "PreviousCertId" in str(error)
    assert shop.has(ASKED, "third")
    _seen, steps = shop.plan(dict(ASKED, force=True), shop.wanted())
    shop.handle.cloud.oss.add_cname("shop-assets", "img.example.com", shop.ids["old"])
    assert not shop.make(steps).errors and shop.has(ASKED, "new")


def test_check_mode_only_reads(shop):
    with shop.client(read_only=True) as cloud:
        assert oss.read(cloud, ASKED, Once()).cname.certificate.id == "%d-cn-hangzhou" % shop.ids["old"]
        with pytest.raises(Exception, match="would write, and this is check mode"):
            put(cloud, CertId=NEW, Force=True)
    assert not shop.writes()


def test_all_that_can_have_a_certificate_is_found(shop):
    once, found = Once(), {}
    for region in ("cn-hangzhou", "cn-shanghai"):
        found[region] = oss.candidates(shop.cloud, region, once)
    assert found == {"cn-shanghai": [], "cn-hangzhou": [
        dict(region="cn-hangzhou", instance="files", domain="files.example.com"),
        dict(region="cn-hangzhou", instance="shop-assets", domain="img.example.com"),
        dict(region="cn-hangzhou", instance="shop-assets", domain="media.example.com")]}
    shop.handle.forget()
    assert oss.read(shop.cloud, ASKED, once).cname.certificate and not shop.handle.journal()  # what was listed is not read again


@pytest.mark.parametrize("request_, words", [
    (dict(ASKED, instance="nowhere"), "NoSuchBucket"), (dict(ASKED, instance="attic"), "the bucket is at oss-cn-shanghai.aliyuncs.com"),
])
def test_a_bucket_that_is_not_there(shop, request_, words):
    with pytest.raises(InputError, match=words):
        oss.read(shop.cloud, request_, Once())
