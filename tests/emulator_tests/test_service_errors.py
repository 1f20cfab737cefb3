# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No refusal of the emulated services is there for show: each one of their errors.py is met by a call, and said as the vendor does."""

from __future__ import annotations

import importlib
import inspect

import pytest

from tests.emulator import pki, scenarios
from tests.support.account import account

REGION = "cn-hangzhou"
WEB = {"LoadBalancerId": "lb-bp1web", "ListenerPort": 443, "RegionId": REGION}
IMG = {"DomainName": "img.example.com", "SSLProtocol": "on"}
RECORD = {"DomainName": "example.com", "RR": "www", "Type": "A", "Value": "203.0.113.10"}


@pytest.fixture
def shop():
    with account() as made:
        scenarios.get("demo").seed(made.cloud)
        yield made


@pytest.fixture(scope="module")
def new():
    return pki.Authority.create().issue(scenarios.demo.NAMES, key="ec")


@pytest.fixture(scope="module")
def expired():
    return pki.Authority.create().expired(scenarios.demo.NAMES, key="ec")


def in_cas(material, **change):
    return {"Name": "new", "Cert": material.chain_pem, "Key": material.key_pem, **change}


def in_region(material, **change):
    return {"RegionId": REGION, "ServerCertificate": material.chain_pem, "PrivateKey": material.key_pem, **change}


def on_cdn(material, **change):
    return {**IMG, "CertType": "upload", "SSLPub": material.chain_pem, "SSLPri": material.key_pem, **change}


def stored(made):
    return next(iter(made.cloud.cas.certificates))


def bound(made):
    return made.cloud.slb.load_balancers["lb-bp1web"].listeners[443].certificate_id


def twice(made, product, action, **params):
    """The second of two changes in a row, where changes take their time."""
    made.cloud.setting.update({"slow_states": True})
    made.call(product, action, **params)
    return product, action, params


def single_call(made, **change):
    made.cloud.cas.offers_single_call = not change.pop("absent", False)
    return "cas", "DeployCertificateToCloudResource", {
        "CertificateId": stored(made), "CloudServiceType": "SLB", "CloudServiceInstanceId": "lb-bp1web", "RegionId": REGION, **change}


def no_room(made, new):
    made.cloud.cas.certificate_quota = 1
    return "cas", "UploadUserCertificate", in_cas(new)


def order_without_a_plan(made):
    made.cloud.cas.orders.plans = dict.fromkeys(made.cloud.cas.orders.plans, 0)
    return "cas", "CreateCertificateForPackageRequest", {"Domain": "www.example.com", "ValidateType": "DNS"}


def token_again(made, new):
    made.call("cas", "UploadUserCertificate", **in_cas(new, ClientToken="t-1"))
    return "cas", "UploadUserCertificate", in_cas(new, ClientToken="t-1", Name="other")


def offline(made):
    made.cloud.cdn.domains["img.example.com"].status = "offline"
    return "cdn", "SetCdnDomainSSLCertificate", {**IMG, "SSLProtocol": "off"}


# (service, function of its errors.py) -> the code and HTTP status of the vendor, and the call that is refused so:
# call(account, new certificate, expired certificate) -> (product, action, parameters)
REFUSALS = {
    ("cas", "name_repeat"): ("NameRepeat", 400, lambda made, new, _old: (
        "cas", "UploadUserCertificate", in_cas(new, Name=made.cloud.cas.name_of(stored(made))))),
    ("cas", "not_found"): ("NotFound", 400, lambda made, _new, _old: ("cas", "GetUserCertificateDetail", {"CertId": 1})),
    ("cas", "bad_format"): ("CertificateFormatException", 400, lambda made, new, _old: (
        "cas", "UploadUserCertificate", in_cas(new, Cert="nonsense"))),
    ("cas", "expired"): ("CertificateExpired", 400, lambda made, _new, old: ("cas", "UploadUserCertificate", in_cas(old))),
    ("cas", "too_long"): ("DataTooLongException", 400, lambda made, new, _old: (
        "cas", "UploadUserCertificate", in_cas(new, Name="x" * 64))),
    ("cas", "missing"): ("MissingParameter", 400, lambda made, new, _old: ("cas", "UploadUserCertificate", in_cas(new, Key=""))),
    ("cas", "invalid"): ("InvalidParameter", 400, lambda made, _new, _old: ("cas", "ListUserCertificateOrder", {"OrderType": "ALL"})),
    ("cas", "token_reused"): ("InvalidParameter", 400, lambda made, new, _old: token_again(made, new)),
    ("cas", "protected"): ("InvalidStatus.DeleteProtection", 400, lambda made, _new, _old: (
        "cas", "DeleteUserCertificate", {"CertId": stored(made)})),
    ("cas", "quota"): ("InsufficientQuota", 400, lambda made, new, _old: no_room(made, new)),
    ("cas", "no_plan"): ("NotFoundPackage", 404, lambda made, _new, _old: (
        "cas", "DescribePackageState", {"ProductCode": "symantec-dv-1-starter"})),
    ("cas", "none_left"): ("NotRemainCount", 404, lambda made, _new, _old: order_without_a_plan(made)),
    ("cas", "no_such_call"): ("InvalidAction.NotFound", 404, lambda made, _new, _old: single_call(made, absent=True)),
    ("cas", "deploy_failed"): ("DeployFailed", 400, lambda made, _new, _old: single_call(made, CloudServiceType="OSS")),
    ("slb", "unknown_region"): ("InvalidRegionId.NotFound", 404, lambda made, _new, _old: (
        "slb", "DescribeServerCertificates", {"RegionId": "cn-nowhere"})),
    ("slb", "unknown_load_balancer"): ("InvalidLoadBalancerId.NotFound", 404, lambda made, _new, _old: (
        "slb", "DescribeLoadBalancerHTTPSListenerAttribute", {**WEB, "RegionId": "cn-shanghai"})),
    ("slb", "unknown_listener"): ("ListenerNotFound", 404, lambda made, _new, _old: (
        "slb", "DescribeDomainExtensions", {**WEB, "ListenerPort": 80})),
    ("slb", "unknown_certificate"): ("ServerCertificateId.NotFound", 404, lambda made, _new, _old: (
        "slb", "SetLoadBalancerHTTPSListenerAttribute", {**WEB, "ServerCertificateId": "x"})),
    ("slb", "unknown_extension"): ("InvalidParameter.DomainExtensionId", 400, lambda made, _new, _old: (
        "slb", "DeleteDomainExtension", {"RegionId": REGION, "DomainExtensionId": "x"})),
    ("slb", "listener_exists"): ("ListenerAlreadyExists", 400, lambda made, _new, _old: (
        "slb", "CreateLoadBalancerHTTPSListener", {**WEB, "Bandwidth": -1, "HealthCheck": "off", "ServerCertificateId": bound(made)})),
    ("slb", "domain_exists"): ("DomainExist", 400, lambda made, _new, _old: ("slb", "CreateDomainExtension", {
        **WEB, "LoadBalancerId": "lb-bp1api", "Domain": "ADMIN.example.net", "ServerCertificateId": bound(made)})),
    ("slb", "configuring"): ("ServiceIsConfiguring", 400, lambda made, _new, _old: twice(
        made, "slb", "SetLoadBalancerHTTPSListenerAttribute", **WEB, IdleTimeout=30)),
    ("slb", "referenced"): ("CertificateAndPrivateKeyIsRefered", 400, lambda made, _new, _old: (
        "slb", "DeleteServerCertificate", {"RegionId": REGION, "ServerCertificateId": bound(made)})),
    ("slb", "bad_format"): ("InvalidParameter", 400, lambda made, new, _old: (
        "slb", "UploadServerCertificate", in_region(new, ServerCertificate="\n" + new.chain_pem))),
    ("slb", "encrypted_key"): ("PrivateKeyEncryption", 400, lambda made, new, _old: (
        "slb", "UploadServerCertificate", in_region(new, PrivateKey=pki.encrypt_key(new.key_pem, "passphrase")))),
    ("slb", "bad_key"): ("KeyFormatError", 400, lambda made, new, _old: (
        "slb", "UploadServerCertificate", in_region(new, PrivateKey="nonsense"))),
    ("slb", "key_mismatch"): ("CertificateNotMatchPrivateKey", 400, lambda made, new, _old: (
        "slb", "UploadServerCertificate", in_region(pki.with_other_key(new)))),
    ("cdn", "unknown_domain"): ("InvalidDomain.NotFound", 404, lambda made, _new, _old: (
        "cdn", "DescribeDomainCertificateInfo", {"DomainName": "www.example.org"})),
    ("cdn", "offline"): ("InvalidDomain.Offline", 400, lambda made, _new, _old: offline(made)),
    ("cdn", "busy"): ("ServiceBusy", 403, lambda made, _new, _old: twice(
        made, "cdn", "SetCdnDomainSSLCertificate", **{**IMG, "SSLProtocol": "off"})),
    ("cdn", "wrong_protocol"): ("InvalidSSLProtocol.ValueNotSupported", 400, lambda made, _new, _old: (
        "cdn", "SetCdnDomainSSLCertificate", {**IMG, "SSLProtocol": "maybe"})),
    ("cdn", "missing_key"): ("SSLPri.MissingParameter", 400, lambda made, _new, _old: (
        "cdn", "SetCdnDomainSSLCertificate", {**IMG, "CertType": "cas", "CertId": stored(made), "CertRegion": "ap-southeast-1"})),
    ("cdn", "missing_certificate"): ("SSLPub.MissingParameter", 400, lambda made, new, _old: (
        "cdn", "SetCdnDomainSSLCertificate", on_cdn(new, SSLPub=""))),
    ("cdn", "not_found"): ("Certificate.NotFind", 400, lambda made, _new, _old: (
        "cdn", "SetCdnDomainSSLCertificate", {**IMG, "CertType": "cas", "CertId": 1, "CertRegion": REGION})),
    ("cdn", "expired"): ("Certificate.Expired", 400, lambda made, _new, old: ("cdn", "SetCdnDomainSSLCertificate", on_cdn(old))),
    ("cdn", "malformed"): ("Certificate.FormatError", 400, lambda made, new, _old: (
        "cdn", "SetCdnDomainSSLCertificate", on_cdn(new, SSLPub="nonsense"))),
    ("cdn", "malformed_key"): ("Key.Malformed", 400, lambda made, new, _old: (
        "cdn", "SetCdnDomainSSLCertificate", on_cdn(new, SSLPri=pki.encrypt_key(new.key_pem, "passphrase")))),
    ("cdn", "mismatch"): ("Certificate.MissMatch", 400, lambda made, new, _old: (
        "cdn", "SetCdnDomainSSLCertificate", on_cdn(pki.with_other_key(new)))),
    ("cdn", "name_taken"): ("CertNameAlreadyExists", 400, lambda made, new, _old: ("cdn", "SetCdnDomainSSLCertificate", on_cdn(
        new, DomainName="static.example.com", CertName=made.cloud.cdn.domains["img.example.com"].cert_name))),
    ("cdn", "invalid"): ("InvalidParameter", 400, lambda made, _new, _old: (
        "cdn", "DescribeUserDomains", {"DomainName": "x", "DomainSearchType": "x"})),
    ("alidns", "no_zone"): ("InvalidDomainName.NoExist", 400, lambda made, _new, _old: (
        "alidns", "AddDomainRecord", {**RECORD, "DomainName": "example.org"})),
    ("alidns", "no_record"): ("DomainRecordNotBelongToUser", 400, lambda made, _new, _old: (
        "alidns", "DeleteDomainRecord", {"RecordId": "1"})),
    ("alidns", "duplicate"): ("DomainRecordDuplicate", 400, lambda made, _new, _old: ("alidns", "AddDomainRecord", RECORD)),
    ("alidns", "conflict"): ("DomainRecordConflict", 400, lambda made, _new, _old: (
        "alidns", "AddDomainRecord", {**RECORD, "Type": "CNAME", "Value": "www.example.net"})),
    ("alidns", "invalid"): ("InvalidParameter", 400, lambda made, _new, _old: ("alidns", "AddDomainRecord", {**RECORD, "TTL": 0})),
}


def module(service):
    return importlib.import_module("tests.emulator.services.{0}.errors".format(service))


def functions(service):
    errors = module(service)
    return {name for name, found in vars(errors).items() if inspect.isfunction(found) and found.__module__ == errors.__name__}


@pytest.mark.parametrize("service", ["cas", "slb", "cdn", "alidns"])
def test_every_refusal_has_its_call(service):
    assert functions(service) == {function for owner, function in REFUSALS if owner == service}


@pytest.mark.parametrize("service, function", sorted(REFUSALS))
def test_a_call_is_refused(shop, new, expired, monkeypatch, service, function):
    """By this very function, in the vendor's words; and nothing has changed."""
    code, status, make = REFUSALS[service, function]
    product, action, params = make(shop, new, expired)
    met, real = [], getattr(module(service), function)
    monkeypatch.setattr(module(service), function, lambda *given: met.append(given) or real(*given))
    before = shop.cloud.snapshot()
    assert shop.refused(product, action, **params) == (code, status)
    assert len(met) == 1 and shop.cloud.snapshot() == before


@pytest.mark.parametrize("service, function", sorted(REFUSALS))
def test_a_refusal_says_something_and_no_secret(shop, new, expired, service, function):
    product, action, params = REFUSALS[service, function][2](shop, new, expired)
    with pytest.raises(Exception) as caught:
        shop.call(product, action, **params)
    message = caught.value.message
    assert message.strip() and "PRIVATE KEY" not in message
    assert not any(line in message for key in (new.key_pem, expired.key_pem) for line in key.splitlines()[1:-1])
