# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAS's orders: what is refused, what is proved and how, what counts, and what becomes of what was issued."""

from __future__ import annotations

import pytest

from tests.emulator import pki
from tests.emulator.services.cas.orders import FREE, PATH, VALIDATION_WINDOW
from tests.emulator_tests.walks.cas_orders import request
from tests.support.account import account

CREATE = "CreateCertificateForPackageRequest"
STATE = "DescribeCertificateState"
CONTACT = {"Email": "operations@example.com", "Phone": "10086", "Username": "Operations"}
DV, WILD, OV = "geotrust-dv-1-starter", "geotrust-dv-w-starter", "symantec-ov-1-personal"


@pytest.fixture
def calm():
    with account() as made:
        made.cloud.alidns.add_zone("example.com")
        made.cloud.cas.orders.plans.update({DV: 3, WILD: 3, OV: 3})
        yield made


def order(made, domain="www.example.com", **params):
    return made.call("cas", CREATE, Domain=domain, **params)["OrderId"]


def state(made, number):
    return made.call("cas", STATE, OrderId=number)


def publish(made, number):
    asked = state(made, number)
    made.cloud.alidns.add_record("example.com", asked["RecordDomain"], asked["RecordType"], asked["RecordValue"])
    return asked


def issue(made, domain="www.example.com", **params):
    number = order(made, domain, **params)
    publish(made, number)
    answer = state(made, number)
    assert answer["Type"] == "certificate"
    return number, answer


def rows(made, **params):
    return made.call("cas", "ListUserCertificateOrder", **params)["CertificateOrderList"]


def test_from_the_order_to_the_certificate(calm):
    number = order(calm, **{"Tags.1.Key": "env", "Tags.1.Value": "prod"})
    asked = publish(calm, number)
    assert asked == {"Type": "domain_verify", "ValidateType": "DNS", "RecordDomain": "_dnsauth.www", "RecordType": "TXT",
                     "RecordValue": asked["RecordValue"]}
    [row] = rows(calm)
    assert (row["OrderId"], row["Status"], row["Domain"], row["DomainType"], row["SourceType"]) == (
        number, "CHECKING", "www.example.com", "ONE", "cpack")
    answer = state(calm, number)
    material = pki.parse_material(answer["Certificate"], answer["PrivateKey"])
    assert pki.key_matches(material) and material.names == ("www.example.com",)
    detail = calm.call("cas", "GetUserCertificateDetail", CertId=int(answer["CertId"]), CertFilter=True)
    assert (detail["OrderId"], detail["BuyInAliyun"], detail["Sha2"]) == (number, True, material.fingerprint.upper())
    assert detail["Tags"] == [{"TagKey": "env", "TagValue": "prod"}]
    [listed] = rows(calm, OrderType="CERT")
    assert listed["Upload"] is False and rows(calm, OrderType="UPLOAD") == [] and listed["InstanceId"] == row["InstanceId"]
    assert [item["SourceType"] for item in calm.call("cas", "ListCert")["CertList"]] == ["aliyun"]
    assert rows(calm)[0]["Status"] == "ISSUED" and rows(calm, Status="CHECKING") == []


def test_one_step_a_look_when_states_are_slow():
    with account(slow_states=True) as made:
        made.cloud.alidns.add_zone("example.com")
        number = order(made)
        assert state(made, number)["Type"] == "payed"
        publish(made, number)
        assert [state(made, number)["Type"] for _look in range(3)] == ["process", "certificate", "certificate"]


def test_the_key_of_a_request_is_used_and_stays_where_it_is(calm):
    csr = request("www.example.com")
    number, answer = issue(calm, Csr=csr)
    assert "PrivateKey" not in answer
    assert pki.key_matches(pki.parse_material(answer["Certificate"], calm.cloud.authority.issue(["www.example.com"]).key_pem)) is False
    assert calm.call("cas", "ListCert")["CertList"][0]["ExistPrivateKey"] is False
    assert calm.cloud.cas.find_material(answer["CertId"]) is None, "of no use to other products"
    assert calm.call("cas", "GetUserCertificateDetail", CertId=int(answer["CertId"]))["Key"] == ""
    assert calm.cloud.cas.orders.snapshot()[0]["csr"] is True and number


@pytest.mark.parametrize("params, code", [
    (dict(ProductCode="nonsense"), "InvalidParameter"), (dict(ValidateType="MAIL"), "InvalidParameter"),
    (dict(domain="*.example.com"), "InvalidParameter"), (dict(domain="a.example.com,b.example.com"), "InvalidParameter"),
    (dict(ProductCode=WILD), "InvalidParameter"), (dict(ProductCode=WILD, domain="*.example.com", ValidateType="FILE"), "InvalidParameter"),
    (dict(ProductCode=DV, domain=",".join("w{0}.example.com".format(number) for number in range(6))), "InvalidParameter"),
    (dict(domain=""), "MissingParameter"), (dict(Csr="nonsense"), "InvalidParameter"),
    (dict(ProductCode="globalsign-dv-1-personal"), "NotFoundPackage"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_refused(calm, params, code):
    params = {"Domain": params.pop("domain", "www.example.com"), **params}
    assert calm.refused("cas", CREATE, **params)[0] == code and not calm.cloud.cas.orders.orders


def test_the_domain_of_a_request_is_its_common_name(calm):
    number = order(calm, "api.example.com", Csr=request("www.example.com"))
    assert calm.cloud.cas.orders.get(number).domains == ("www.example.com",)
    many = order(calm, "www.example.com,api.example.com", Csr=request("www.example.com"), ProductCode=DV)
    assert calm.cloud.cas.orders.get(many).domains == ("www.example.com", "api.example.com")


def test_what_counts_of_a_plan(calm):
    calm.cloud.cas.orders.plans[FREE] = 2
    first, _answer = issue(calm)
    second = order(calm, "api.example.com")
    counted = calm.call("cas", "DescribePackageState")
    assert counted == {"ProductCode": FREE, "TotalCount": 2, "UsedCount": 2, "IssuedCount": 1}
    assert calm.refused("cas", CREATE, Domain="img.example.com") == ("NotRemainCount", 404)
    assert calm.refused("cas", "DeleteCertificateRequest", OrderId=second)[0] == "InvalidParameter", "it is under way"
    calm.call("cas", "CancelOrderRequest", OrderId=second)
    assert [row["Status"] for row in rows(calm, Status="PAYED")] == ["PAYED"] and state(calm, second)["Type"] == "payed"
    assert calm.refused("cas", "CancelOrderRequest", OrderId=second)[0] == "InvalidParameter"
    calm.call("cas", "DeleteCertificateRequest", OrderId=second)
    assert calm.call("cas", "DescribePackageState")["UsedCount"] == 1 and calm.refused("cas", STATE, OrderId=second)[0] == "NotFound"
    for action in ("CancelOrderRequest", "DeleteCertificateRequest"):
        assert calm.refused("cas", action, OrderId=first)[0] == "InvalidParameter", "it is issued"
    assert calm.refused("cas", "DescribePackageState", ProductCode="globalsign-dv-1-personal")[0] == "NotFoundPackage"
    assert calm.refused("cas", "DescribePackageState", ProductCode="nonsense")[0] == "InvalidParameter"


def test_extended_services(calm):
    common = {**CONTACT, "ValidateType": "DNS"}
    bought = calm.call("cas", "CreateCertificateRequest", Domain="www.example.com", ProductCode=DV, **common)["OrderId"]
    assert [row["OrderId"] for row in rows(calm, OrderType="BUY")] == [bought] and rows(calm) == []
    assert calm.call("cas", "DescribePackageState", ProductCode=DV)["UsedCount"] == 1
    csr = request("api.example.com")
    own = calm.call("cas", "CreateCertificateWithCsrRequest", Csr=csr, ProductCode=DV, **common)["OrderId"]
    assert calm.cloud.cas.orders.get(own).domains == ("api.example.com",)
    assert calm.refused("cas", "CreateCertificateRequest", Domain="www.example.com", ProductCode=OV, **common)[0] == "InvalidParameter"
    assert calm.refused("cas", "CreateCertificateRequest", Domain="www.example.com", ValidateType="DNS")[0] == "MissingEmail"


def test_one_proof_after_the_other(calm):
    number = order(calm, "www.example.com,api.example.com", ProductCode=DV)
    assert publish(calm, number)["RecordDomain"] == "_dnsauth.www"
    assert publish(calm, number)["RecordDomain"] == "_dnsauth.api"
    assert state(calm, number)["Type"] == "certificate" and rows(calm)[0]["DomainType"] == "MULTIPLE"


def test_a_wildcard(calm):
    number = order(calm, "*.shop.example.com", ProductCode=WILD)
    assert publish(calm, number)["RecordDomain"] == "_dnsauth.shop"
    assert state(calm, number)["Type"] == "certificate" and rows(calm)[0]["DomainType"] == "WILDCARD"


def test_a_wrong_record_is_an_answer_after_a_while(calm):
    number = order(calm)
    calm.cloud.alidns.add_record("example.com", "_dnsauth.www", "TXT", "wrong")
    assert [state(calm, number)["Type"] for _look in range(4)] == ["domain_verify", "domain_verify", "verify_fail", "verify_fail"]
    assert rows(calm)[0]["Status"] == "CHECKED_FAIL"
    calm.call("cas", "DeleteCertificateRequest", OrderId=number)
    assert rows(calm) == []


def test_a_proof_does_not_come_for_ever(calm):
    number = order(calm)
    assert state(calm, number)["Type"] == "domain_verify"
    calm.cloud.clock.advance(VALIDATION_WINDOW.total_seconds() + 1)
    assert state(calm, number)["Type"] == "verify_fail"


def test_a_file(calm):
    number = order(calm, ValidateType="FILE")
    asked = state(calm, number)
    assert (asked["Domain"], asked["Uri"], asked["ValidateType"]) == ("www.example.com", PATH, "FILE") and "RecordValue" not in asked
    calm.cloud.airec.set_http_host("www.example.com", "127.0.0.1", 1)  # nobody answers there
    assert state(calm, number)["Type"] == "domain_verify"


def test_nuisances(calm):
    calm.cloud.cas.orders.stuck, calm.cloud.cas.orders.refused = True, {"www.example.com"}
    number = order(calm)
    publish(calm, number)
    assert [state(calm, number)["Type"] for _look in range(3)] == ["process"] * 3
    calm.cloud.cas.orders.stuck = False
    assert state(calm, number)["Type"] == "verify_fail"
    calm.cloud.cas.orders.inherits_tags, calm.cloud.cas.orders.full_records = False, True
    other = order(calm, "api.example.com", **{"Tags.1.Key": "env", "Tags.1.Value": "prod"})
    asked = state(calm, other)
    assert asked["RecordDomain"] == "_dnsauth.api.example.com"
    calm.cloud.alidns.add_record("example.com", "_dnsauth.api", "TXT", asked["RecordValue"])
    assert state(calm, other)["Type"] == "certificate" and calm.cloud.cas.orders.get(other).certificate.tags == {}


def test_what_was_issued_is_deleted_only_when_it_has_expired(calm):
    _number, answer = issue(calm)
    assert calm.refused("cas", "DeleteUserCertificate", CertId=int(answer["CertId"]))[0] == "InvalidStatus.DeleteProtection"
    calm.cloud.clock.advance(91 * 86400)
    assert rows(calm)[0]["Status"] == "EXPIRED"
    calm.call("cas", "DeleteUserCertificate", CertId=int(answer["CertId"]))
    assert not calm.cloud.cas.certificates


def test_it_can_be_deployed(calm):
    """One whose key CAS has made; one for a request cannot."""
    _number, answer = issue(calm, "img.example.com")
    _other, keyless = issue(calm, "static.example.com", Csr=request("static.example.com"))
    cdn = calm.cloud.cdn
    cdn.add_domain("img.example.com")
    cdn.add_domain("static.example.com")
    common = {"SSLProtocol": "on", "CertType": "cas", "CertRegion": "cn-hangzhou"}
    calm.call("cdn", "SetCdnDomainSSLCertificate", DomainName="img.example.com", CertId=int(answer["CertId"]), **common)
    assert calm.refused("cdn", "SetCdnDomainSSLCertificate", DomainName="static.example.com", CertId=int(keyless["CertId"]), **common)


def test_no_private_key_in_snapshot_or_repr(calm):
    _number, answer = issue(calm)
    body = answer["PrivateKey"].splitlines()[1]
    assert body not in repr(calm.cloud.snapshot()) and body not in repr(calm.cloud.cas.orders.orders)
