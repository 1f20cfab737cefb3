# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AIRec's rules: binding, proof of ownership, what the edge serves, and every refusal of the contract.

The services beside it are replaced by a few lines each, so that these tests say what AIRec itself does; through the
whole emulator it is driven in test_airec_http.
"""

from __future__ import annotations

import datetime
import hashlib
import http.client
import io
import random
import socket
import ssl
import types

import openpyxl
import pytest
from tests.emulator.state import CloudError

from tests.emulator import dataplane, pki
from tests.emulator.services.airec import actions
from tests.emulator.services.airec.models import VALIDATION_WINDOW, Airec

INSTANCE = "airec-cn-demo01"
NAMES = ["rec.example.com", "*.shop.example.com"]


class Clock:
    def __init__(self):
        self.moment = datetime.datetime.now(datetime.timezone.utc)

    def now(self):
        return self.moment

    def advance(self, **by):
        self.moment += datetime.timedelta(**by)


class Cloud:
    """As much of the emulated cloud as AIRec touches; `stored` is CAS, `records` is AliDNS."""

    def __init__(self):
        self.clock, self.rng = Clock(), random.Random(7)
        self.authority = pki.Authority.create(self.clock.now)
        self.dataplane = dataplane.DataPlane(self.clock)
        self.stored, self.records, self.settings = {}, {}, {"slow_states": True, "page_cap": 0}
        self.cas = types.SimpleNamespace(find_material=self.stored.get)
        self.alidns = types.SimpleNamespace(lookup=lambda name, kind: [self.records[name]] if name in self.records else [])
        self.airec = Airec(self)

    def setting(self, name):
        return self.settings[name]


@pytest.fixture
def cloud():
    cloud = Cloud()
    cloud.airec.add_instance(INSTANCE, "cn-hangzhou")
    cloud.airec.add_token("token-1")
    yield cloud
    cloud.dataplane.close()


@pytest.fixture
def material(cloud):
    return store(cloud, "101", cloud.authority.issue(NAMES, key="ec"))


def store(cloud, certificate_id, material):
    cloud.stored[certificate_id] = material
    return material


def call(cloud, name, *, instance=INSTANCE, query=None, json=None, parts=None, bearer="token-1", principal=None):
    route = next(route for route in actions.ROUTES if route.name == name)
    path = route.path.replace(r"(?P<instance_id>[A-Za-z0-9_-]+)", instance)
    request = types.SimpleNamespace(method=route.method, path=path, match=route.match(route.method, path), query=query or {},
                                    headers={}, json=json, multipart=parts, bearer=bearer, principal=principal)
    status, body = actions.handle(route, cloud, request)
    assert status == 200
    return body["result"]


def refused(cloud, name, **kwargs):
    with pytest.raises(CloudError) as caught:
        call(cloud, name, **kwargs)
    return caught.value.code, caught.value.status, caught.value.message


def mapping(*rows, headers=("domain", "certificate_id", "cert_type")):
    book = openpyxl.Workbook()
    for row in (headers, *rows):
        book.active.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def form(material, *rows, **changes):
    """The multipart parts of a bind request; a change to None leaves the part out."""
    data = {"mapping_file": mapping(*rows), "certificate": material.chain_pem.encode(), "key": material.key_pem.encode(), **changes}
    return {name: types.SimpleNamespace(filename=name, content_type="application/octet-stream", data=content)
            for name, content in data.items() if content is not None}


def bind(cloud, material, *domains, certificate_id="101"):
    return call(cloud, "BindCertificates", parts=form(material, *((domain, certificate_id, "CAS") for domain in domains)))


def status(cloud, times=1):
    for _again in range(times):
        answer = call(cloud, "GetCertificatesStatus")
    return answer


def publish(cloud, answer):
    """Put every DNS challenge of an answer into the zone."""
    for domain in answer["domains"]:
        for validation in domain["validations"]:
            if validation["type"] == "DNS_CNAME":
                cloud.records[validation["recordName"]] = validation["recordValue"]


def served(cloud, name):
    where = cloud.dataplane.endpoints()["airec/cn-hangzhou"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((where["host"], where["port"]), timeout=10) as raw:
        with context.wrap_socket(raw, server_hostname=name) as tls:
            return hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()


def plain(cloud, name):
    where = cloud.dataplane.endpoints()["airec/cn-hangzhou"]
    connection = http.client.HTTPConnection(where["host"], where["http_port"], timeout=10)
    try:
        connection.request("GET", "/", headers={"Host": name})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def test_bind_prove_by_dns_serve(cloud, material):
    answer = bind(cloud, material, "rec.example.com", "*.shop.example.com")

    assert answer["status"] == "VALIDATING"
    first = answer["domains"][0]
    assert {key: first[key] for key in ("domain", "certificateId", "certType", "status", "failureReason", "cname")} == {
        "domain": "rec.example.com", "certificateId": "101", "certType": "CAS", "status": "PENDING", "failureReason": None,
        "cname": "airec-cn-demo01.cn-hangzhou.airec-edge.example"}
    dns, file = first["validations"]
    assert dns["type"] == "DNS_CNAME" and dns["recordName"] == "_airec-challenge.rec.example.com"
    assert file["type"] == "HTTP_FILE" and file["path"] == "/.well-known/airec-validation/{0}.txt".format(file["content"])
    assert answer["domains"][1]["validations"][0]["recordName"] == "_airec-challenge.shop.example.com"

    assert [domain["status"] for domain in status(cloud)["domains"]] == ["VALIDATING", "VALIDATING"]
    waiting = status(cloud)
    assert waiting["status"] == "VALIDATING"
    assert "CNAME _airec-challenge.rec.example.com not found" in waiting["domains"][0]["failureReason"]
    front = served(cloud, "rec.example.com")
    assert front != material.fingerprint
    publish(cloud, waiting)
    done = status(cloud)
    assert done["status"] == "SUCCESS"
    assert [(domain["status"], domain["failureReason"], domain["validations"]) for domain in done["domains"]] == [("SUCCESS", None, [])] * 2
    assert served(cloud, "rec.example.com") == served(cloud, "a.shop.example.com") == material.fingerprint
    assert served(cloud, "airec.cn-hangzhou.aliyuncs.com") == front


def test_calm_states_need_one_read(cloud, material):
    cloud.settings["slow_states"] = False
    publish(cloud, bind(cloud, material, "rec.example.com"))
    assert status(cloud)["status"] == "SUCCESS"


def test_proof_by_file(cloud, material):
    file = bind(cloud, material, "rec.example.com")["domains"][0]["validations"][1]
    host = cloud.dataplane.open("host", http=True)
    cloud.dataplane.serve("host", default=None, page=False)
    cloud.airec.set_http_host("rec.example.com", host.host, host.http_port)
    assert "answers 404" in status(cloud, 2)["domains"][0]["failureReason"]
    cloud.dataplane.serve("host", default=None, files={file["path"]: file["content"] + "\n"})
    assert status(cloud)["status"] == "SUCCESS"


def test_a_wrong_file_or_record_fails_after_a_few_checks(cloud, material):
    file = bind(cloud, material, "rec.example.com", "a.shop.example.com")["domains"][0]["validations"][1]
    host = cloud.dataplane.open("host", http=True)
    cloud.dataplane.serve("host", default=None, files={file["path"]: "something else"})
    cloud.airec.set_http_host("rec.example.com", host.host, host.http_port)
    cloud.records["_airec-challenge.a.shop.example.com"] = "elsewhere.example.net"
    assert status(cloud, 3)["status"] == "VALIDATING"
    answer = status(cloud)
    assert answer["status"] == "FAILED"
    one, two = (domain["failureReason"] for domain in answer["domains"])
    assert file["path"] in one and "does not hold the expected content" in one
    assert "_airec-challenge.a.shop.example.com is elsewhere.example.net, expected" in two
    assert file["content"] not in one.replace(file["path"], "")
    assert served(cloud, "rec.example.com") != material.fingerprint


def test_an_unreachable_host_is_no_proof_and_no_refusal(cloud, material):
    bind(cloud, material, "rec.example.com")
    host = cloud.dataplane.open("host", http=True)
    cloud.dataplane.shut("host")
    cloud.airec.set_http_host("rec.example.com", host.host, host.http_port)
    answer = status(cloud, 6)["domains"][0]
    assert answer["status"] == "VALIDATING" and "could not be fetched: ConnectionRefusedError" in answer["failureReason"]


def test_no_proof_in_time_fails_and_binding_again_starts_anew(cloud, material):
    token = bind(cloud, material, "rec.example.com")["domains"][0]["validations"]
    status(cloud, 2)
    cloud.clock.advance(seconds=VALIDATION_WINDOW.total_seconds() + 1)
    assert status(cloud)["status"] == "FAILED"
    publish(cloud, status(cloud))
    assert status(cloud)["status"] == "FAILED"
    again = bind(cloud, material, "rec.example.com")["domains"][0]
    assert (again["status"], again["failureReason"], again["validations"]) == ("PENDING", None, token)
    assert status(cloud, 2)["status"] == "SUCCESS"


def test_binding_the_same_again_changes_nothing(cloud, material):
    publish(cloud, bind(cloud, material, "rec.example.com"))
    status(cloud, 2)
    before = cloud.airec.snapshot()
    answer = bind(cloud, material, "rec.example.com")
    assert answer["status"] == answer["domains"][0]["status"] == "SUCCESS"
    assert cloud.airec.snapshot() == before


def test_another_certificate_keeps_the_proof_and_the_old_one_until_then(cloud, material):
    publish(cloud, bind(cloud, material, "rec.example.com"))
    status(cloud, 2)
    cloud.records.clear()
    new = store(cloud, "cert-8a9b2c", cloud.authority.issue(NAMES, key="ec"))
    answer = bind(cloud, new, "rec.example.com", certificate_id="cert-8a9b2c")
    assert (answer["status"], answer["domains"][0]["validations"]) == ("VALIDATING", [])
    assert served(cloud, "rec.example.com") == material.fingerprint
    assert status(cloud, 2)["status"] == "SUCCESS"
    assert served(cloud, "rec.example.com") == new.fingerprint


def test_enforcement_redirects_the_domains_that_have_https(cloud, material):
    assert call(cloud, "GetSettings") == {"httpsEnforced": False}
    publish(cloud, bind(cloud, material, "rec.example.com"))
    assert call(cloud, "PutSettings", json={"httpsEnforced": True}) == {"httpsEnforced": True}
    assert plain(cloud, "rec.example.com") == 200
    status(cloud, 2)
    assert (plain(cloud, "rec.example.com"), plain(cloud, "other.example.com")) == (301, 200)
    assert call(cloud, "GetSettings") == {"httpsEnforced": True}
    call(cloud, "PutSettings", json={"httpsEnforced": False})
    assert plain(cloud, "rec.example.com") == 200


def test_unbinding(cloud, material):
    publish(cloud, bind(cloud, material, "rec.example.com", "a.shop.example.com"))
    status(cloud, 2)
    code, number, message = refused(cloud, "UnbindCertificates", json={"domains": ["rec.example.com", "no.example.com"]})
    assert (code, number) == ("InvalidDomain.NotFound", 404) and "no.example.com" in message
    assert served(cloud, "rec.example.com") == material.fingerprint
    left = call(cloud, "UnbindCertificates", json={"domains": ["REC.example.com"]})
    assert [domain["domain"] for domain in left["domains"]] == ["a.shop.example.com"]
    assert served(cloud, "rec.example.com") != material.fingerprint
    assert served(cloud, "a.shop.example.com") == material.fingerprint


@pytest.mark.parametrize("json, code, names", [
    (None, "InvalidParameter", "body"), ([], "InvalidParameter", "body"), ({}, "MissingParameter", "domains"),
    ({"domains": []}, "InvalidParameter", "domains"), ({"domains": [1]}, "InvalidParameter", "domains"),
    ({"domains": ["a"], "force": True}, "InvalidParameter", "force"),
])
def test_bad_bodies(cloud, json, code, names):
    got = refused(cloud, "UnbindCertificates", json=json)
    assert got[:2] == (code, 400) and names in got[2]


@pytest.mark.parametrize("value", ["true", 1, None])
def test_enforcement_is_true_or_false(cloud, value):
    assert refused(cloud, "PutSettings", json={"httpsEnforced": value})[0] == "InvalidParameter"


ROW = ("rec.example.com", "101", "CAS")


@pytest.mark.parametrize("make, code, names", [
    (lambda ca, good: form(good, ("rec.example.com", "404", "CAS")), "InvalidCertificateId.NotFound", "404"),
    (lambda ca, good: form(good, ("rec.example.com", "other", "CAS")), "InvalidCertificateId.Mismatch", "other"),
    (lambda ca, good: form(pki.with_other_key(good), ROW), "CertificateKeyMismatch", "private key"),
    (lambda ca, good: form(pki.in_wrong_order(good), ROW), "CertificateKeyMismatch", "private key"),
    (lambda ca, good: form(good, ROW, ("www.example.net", "101", "CAS")), "CertificateDomainMismatch", "www.example.net (cell A3)"),
    (lambda ca, good: form(good, ROW, certificate=b"text"), "InvalidCertificate", "no certificate in PEM form"),
    (lambda ca, good: form(good, ROW, key=pki.encrypt_key(good.key_pem, "secret phrase").encode()), "InvalidPrivateKey", "unencrypted"),
    (lambda ca, good: form(good, ROW, mapping_file=b"a,b"), "InvalidMappingFile.Format", "not an xlsx"),
    (lambda ca, good: form(good, ROW, ROW), "InvalidMappingFile.DuplicateDomain", "cell A3"),
    (lambda ca, good: form(good), "InvalidMappingFile.Empty", "cell A2"),
    (lambda ca, good: form(good, ROW, mapping_file=None), "MissingParameter", "mapping_file"),
    (lambda ca, good: form(good, ROW, certificate=None), "MissingParameter", "certificate"),
    (lambda ca, good: form(good, ROW, key=b""), "MissingParameter", "key"),
    (lambda ca, good: form(good, ROW, extra=b"x"), "InvalidParameter", "extra"),
    (lambda ca, good: None, "InvalidParameter", "multipart/form-data"),
])
def test_a_refused_bind_binds_nothing(cloud, material, make, code, names):
    store(cloud, "other", cloud.authority.issue(NAMES, key="ec"))
    got = refused(cloud, "BindCertificates", parts=make(cloud.authority, material))
    assert got[:2] == (code, 400)
    assert names in got[2]
    assert "PRIVATE" not in got[2]
    assert status(cloud)["domains"] == []


def test_the_dates_of_the_certificate_count(cloud):
    for certificate_id, made, code in [("1", cloud.authority.expired(NAMES), "CertificateExpired"),
                                       ("2", cloud.authority.not_yet_valid(NAMES), "CertificateNotYetValid")]:
        store(cloud, certificate_id, made)
        got = refused(cloud, "BindCertificates", parts=form(made, ("rec.example.com", certificate_id, "CAS")))
        assert got[:2] == (code, 400)


def test_a_domain_belongs_to_one_instance(cloud, material):
    cloud.airec.add_instance("airec-cn-demo02", "cn-hangzhou")
    bind(cloud, material, "rec.example.com")
    got = refused(cloud, "BindCertificates", instance="airec-cn-demo02", parts=form(material, ROW))
    assert got[:2] == ("DomainOccupied", 400) and INSTANCE in got[2]


@pytest.mark.parametrize("name", [route.name for route in actions.ROUTES if route.name != "ListInstance"])
def test_an_unknown_instance(cloud, name):
    got = refused(cloud, name, instance="airec-cn-none", bearer=None, principal="operator")
    assert got[:2] == ("InvalidInstance.NotFound", 404)


def test_tokens_expire_with_the_virtual_clock(cloud):
    cloud.airec.add_token("short", seconds=60)
    assert call(cloud, "GetSettings", bearer="short") == {"httpsEnforced": False}
    cloud.clock.advance(seconds=60)
    assert refused(cloud, "GetSettings", bearer="short")[:2] == ("InvalidAccessToken", 401)
    for bearer in ("unknown", ""):
        got = refused(cloud, "GetSettings", bearer=bearer)
        assert got[:2] == ("InvalidAccessToken", 401)
    assert "token-x" not in refused(cloud, "GetSettings", bearer="token-x")[2]
    assert refused(cloud, "GetSettings", bearer=None)[:2] == ("InvalidAccessToken", 401)


def test_the_documented_calls_take_a_signature_only(cloud):
    for name in ("ListInstance", "DescribeInstance"):
        assert refused(cloud, name)[:2] == ("InvalidAccessToken", 401)
        assert call(cloud, name, bearer=None, principal="operator")


def test_listing_and_describing(cloud):
    for number in range(2, 6):
        cloud.airec.add_instance("airec-cn-demo0{0}".format(number), "cn-shanghai", "search")
    asked = {"bearer": None, "principal": "operator"}
    row = call(cloud, "DescribeInstance", query={"instanceId": INSTANCE}, **asked)
    assert (row["instanceId"], row["regionId"], row["status"], row["scene"]) == (INSTANCE, "cn-hangzhou", "Running", "gul")
    assert len(call(cloud, "ListInstance", **asked)) == 5
    assert [one["instanceId"] for one in call(cloud, "ListInstance", query={"name": "recommendation"}, **asked)] == [INSTANCE]
    assert len(call(cloud, "ListInstance", query={"page": "2", "size": "3"}, **asked)) == 2
    cloud.settings["page_cap"] = 2
    assert len(call(cloud, "ListInstance", query={"size": "3"}, **asked)) == 2
    for query in ({"page": "0"}, {"size": "x"}, {"colour": "red"}):
        got = refused(cloud, "ListInstance", query=query, **asked)
        assert got[:2] == ("InvalidParameter", 400) and next(iter(query)) in got[2]


def test_the_snapshot_has_no_key_and_no_token(cloud, material):
    bind(cloud, material, "rec.example.com")
    text = repr(cloud.airec.snapshot())
    assert material.fingerprint in text
    assert "PRIVATE" not in text and "token-1" not in text
