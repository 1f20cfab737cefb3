# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CAS's rules: names, tokens, formats, lists, tags and deletion. Its deployment jobs are in test_cas_jobs."""

from __future__ import annotations

import pytest

from tests.emulator import pki
from tests.support.account import account

NAMES = ["www.example.com", "img.example.com"]


@pytest.fixture
def calm():
    with account() as made:
        yield made


@pytest.fixture(scope="module")
def authority():
    return pki.Authority.create()


@pytest.fixture(scope="module")
def old(authority):
    return authority.issue(NAMES, key="ec", days=12)


@pytest.fixture(scope="module")
def new(authority):
    return authority.issue(NAMES, key="ec")


# -- certificates --------------------------------------------------------------------------------------------------------------------

def test_upload_and_look_at_it(calm, new):
    answer = calm.call("cas", "UploadUserCertificate", Name="shop", Cert=new.chain_pem, Key=new.key_pem, ResourceGroupId="rg-1",
                       **{"Tags.1.Key": "env", "Tags.1.Value": "prod"})
    assert len(str(answer["CertId"])) == 8 and set(answer) == {"CertId", "ResourceId"}
    detail = calm.call("cas", "GetUserCertificateDetail", CertId=answer["CertId"])
    assert detail["CertIdentifier"] == "{0}-cn-hangzhou".format(answer["CertId"]) and detail["InstanceId"] == answer["ResourceId"]
    assert (detail["Fingerprint"], detail["Sha2"]) == (new.sha1.upper(), new.fingerprint.upper())
    assert (detail["Cert"], detail["Key"]) == (new.chain_pem, new.key_pem)
    assert detail["Tags"] == [{"TagKey": "env", "TagValue": "prod"}] and detail["ResourceGroupId"] == "rg-1"
    assert detail["Algorithm"] == "ECC" and detail["Sans"] == ",".join(NAMES) and detail["Expired"] is False
    assert detail["NotAfter"] == int(new.not_after.timestamp()) * 1000 and detail["EndDate"] == "{0:%Y-%m-%d}".format(new.not_after)
    assert [link["IssuerCommonName"] for link in detail["CertChain"]] == ["Emulated Cloud Root CA"]
    filtered = calm.call("cas", "GetUserCertificateDetail", CertId=answer["CertId"], CertFilter=True)
    assert set(detail) - set(filtered) == {"Cert", "Key"} and "PRIVATE KEY" not in str(filtered)


def test_ids_grow(calm, old, new):
    assert calm.upload("a", old) < calm.upload("b", new)


def test_the_international_site_has_its_own_store(new):
    with account(site="international") as there:
        number = there.upload("shop", new)
        assert there.call("cas", "GetUserCertificateDetail", CertId=number)["CertIdentifier"] == "{0}-ap-southeast-1".format(number)
        assert there.cloud.cas.find_material("{0}-ap-southeast-1".format(number)) == new
        assert there.cloud.cas.find_material("{0}-cn-hangzhou".format(number)) is None


def test_names_are_unique_and_certificates_are_not(calm, old, new):
    calm.upload("shop", old)
    assert calm.refused("cas", "UploadUserCertificate", Name="shop", Cert=new.chain_pem, Key=new.key_pem) == ("NameRepeat", 400)
    assert calm.upload("x" * 63, old)  # the same certificate under another name is another object
    assert calm.refused("cas", "UploadUserCertificate", Name="x" * 64, Cert=new.chain_pem, Key=new.key_pem) == ("DataTooLongException", 400)
    assert len(calm.cloud.cas.certificates) == 2


def test_a_client_token_is_good_for_one_request(calm, old, new):
    first = calm.upload("shop", old, ClientToken="t-1")
    assert calm.upload("shop", old, ClientToken="t-1") == first and len(calm.cloud.cas.certificates) == 1
    other = {"Name": "shop2", "Cert": new.chain_pem, "Key": new.key_pem, "ClientToken": "t-1"}
    assert calm.refused("cas", "UploadUserCertificate", **other) == ("InvalidParameter", 400)
    assert calm.refused("cas", "DeleteUserCertificate", CertId=first, ClientToken="t-1") == ("InvalidParameter", 400)
    for _again in range(2):
        assert calm.call("cas", "DeleteUserCertificate", CertId=first, ClientToken="t-2") == {}
    assert calm.upload("shop", old, ClientToken="t-1") == first and not calm.cloud.cas.certificates
    assert calm.refused("cas", "DeleteUserCertificate", CertId=first) == ("NotFound", 400)


def test_what_is_no_pair_is_refused(calm, authority, new):
    expired = authority.expired(NAMES, key="ec")
    for chain, key, code in [
        ("nonsense", new.key_pem, "CertificateFormatException"), (new.chain_pem, "nonsense", "CertificateFormatException"),
        (new.chain_pem, pki.encrypt_key(new.key_pem, "passphrase"), "CertificateFormatException"),
        (new.chain_pem, pki.with_other_key(new).key_pem, "CertificateFormatException"),
        (expired.chain_pem, expired.key_pem, "CertificateExpired"),
        (new.chain_pem, "", "MissingParameter"), ("", new.key_pem, "MissingParameter"),
    ]:
        assert calm.refused("cas", "UploadUserCertificate", Name="shop", Cert=chain, Key=key) == (code, 400)
    assert not calm.cloud.cas.certificates


def test_the_account_may_be_full(calm, old, new):
    calm.cloud.cas.certificate_quota = 1
    calm.upload("a", old)
    assert calm.refused("cas", "UploadUserCertificate", Name="b", Cert=new.chain_pem, Key=new.key_pem) == ("InsufficientQuota", 400)


def test_unknown_ids_are_a_400(calm):
    for action in ("GetUserCertificateDetail", "DeleteUserCertificate"):
        assert calm.refused("cas", action, CertId=1) == ("NotFound", 400)


def orders(made, **params):
    answer = made.call("cas", "ListUserCertificateOrder", **{"OrderType": "CERT", **params})
    return [row["Name"] for row in answer["CertificateOrderList"]]


def test_the_list_of_orders(calm, authority, old, new):
    number = calm.upload("shop-old", old)
    calm.upload("shop-new", new, ResourceGroupId="rg-1")
    calm.upload("admin", authority.issue(["admin.example.net"], key="ec"))
    assert orders(calm) == orders(calm, OrderType="UPLOAD") == ["shop-old", "shop-new", "admin"]
    assert orders(calm, OrderType="BUY") == orders(calm, OrderType="CPACK") == []
    assert calm.call("cas", "ListUserCertificateOrder")["TotalCount"] == 0  # CPACK is what one gets unasked
    assert calm.refused("cas", "ListUserCertificateOrder", OrderType="ALL") == ("InvalidParameter", 400)
    assert orders(calm, Keyword="EXAMPLE.NET") == ["admin"] and orders(calm, Keyword="shop-") == ["shop-old", "shop-new"]
    assert orders(calm, ResourceGroupId="rg-1") == ["shop-new"]
    assert orders(calm, Status="WILLEXPIRED") == ["shop-old"] and orders(calm, Status="EXPIRED") == []
    row = calm.call("cas", "ListUserCertificateOrder", OrderType="CERT", Keyword="shop-old")["CertificateOrderList"][0]
    assert (row["CertificateId"], row["Sha2"], row["Upload"]) == (number, old.fingerprint.upper(), True)
    calm.cloud.clock.advance(13 * 86400)
    assert orders(calm, Status="EXPIRED") == ["shop-old"] and "shop-old" not in orders(calm) + orders(calm, Status="ISSUED")
    assert calm.call("cas", "GetUserCertificateDetail", CertId=number)["Expired"] is True


def test_pages(authority):
    with account(page_cap=2) as capped:
        material = authority.issue(["www.example.com"], key="ec")
        for number in range(5):
            capped.upload("c{0}".format(number), material)
        seen = [orders(capped, CurrentPage=page, ShowSize=50) for page in (1, 2, 3, 4)]
        assert seen == [["c0", "c1"], ["c2", "c3"], ["c4"], []]
        answer = capped.call("cas", "ListUserCertificateOrder", OrderType="CERT", ShowSize=1, CurrentPage=2)
        assert (answer["TotalCount"], answer["ShowSize"], answer["CurrentPage"]) == (5, 1, 2)
        for params in ({"ShowSize": 0}, {"CurrentPage": 0}, {"ShowSize": 1001}):
            assert capped.refused("cas", "ListUserCertificateOrder", **params) == ("InvalidParameter", 400)


def test_the_warehouse_view(calm, authority, old):
    number = calm.upload("shop", old)
    calm.upload("rsa", authority.issue(["admin.example.net"], key="rsa"))
    rows = calm.call("cas", "ListCert")["CertList"]
    assert [(row["Algorithm"], row["SignAlgorithm"]) for row in rows] == [("ECC", "SHA256WITHECDSA"), ("RSA", "SHA256WITHECDSA")]
    identifier = "{0}-cn-hangzhou".format(number)
    assert [row["Identifier"] for row in calm.call("cas", "ListCert", Identifiers=identifier)["CertList"]] == [identifier]
    assert calm.call("cas", "ListCert", KeyWord="admin")["TotalCount"] == 1
    for nothing in ({"SourceType": "aliyun"}, {"CertType": "CA"}, {"Status": "REVOKE"}, {"WarehouseId": 3}):
        assert calm.call("cas", "ListCert", **nothing)["TotalCount"] == 0


def test_tags(old, new):
    with account(page_cap=2) as made:
        first, second = (made.call("cas", "GetUserCertificateDetail", CertId=made.upload(name, material))["InstanceId"]
                         for name, material in (("a", old), ("b", new)))
        common = {"RegionId": "cn-hangzhou", "ResourceType": "instance"}
        made.call("cas", "TagResources", **common, **{"ResourceId.1": first, "ResourceId.2": second, "Tag.1.Key": "env",
                                                      "Tag.1.Value": "prod", "Tag.2.Key": "by", "Tag.2.Value": "us"})
        made.call("cas", "TagResources", **common, **{"ResourceId.1": first, "Tag.1.Key": "env", "Tag.1.Value": "test"})
        both = {**common, "ResourceId.1": first, "ResourceId.2": second}
        page = made.call("cas", "ListTagResources", **both)
        more = made.call("cas", "ListTagResources", **both, NextToken=page["NextToken"])
        rows = [(row["ResourceId"], row["TagKey"], row["TagValue"])
                for answer in (page, more) for row in answer["TagResources"]["TagResource"]]
        assert rows == [(first, "env", "test"), (first, "by", "us"), (second, "env", "prod"), (second, "by", "us")]
        assert not more["NextToken"]
        one = made.call("cas", "ListTagResources", **common, **{"Tag.1.Key": "env", "Tag.1.Value": "prod"})
        assert [row["ResourceId"] for row in one["TagResources"]["TagResource"]] == [second]
        unknown = {"ResourceId.1": "cas-nothing", "Tag.1.Key": "env"}
        assert made.refused("cas", "TagResources", **common, **unknown) == ("NotFound", 400)
        assert made.refused("cas", "ListTagResources", **{**common, "ResourceType": "thing"}) == ("InvalidParameter", 400)
        for wrong in ({"MaxResults": 0}, {"NextToken": "x"}):
            assert made.refused("cas", "ListTagResources", **both, **wrong) == ("InvalidParameter", 400)
        assert made.refused("cas", "ListTagResources", **common) == ("MissingParameter", 400)  # all of them is not on offer


def test_what_is_in_use_cannot_be_deleted(calm, old, new):
    number, spare = calm.upload("shop", old), calm.upload("spare", new)
    calm.cloud.cdn.add_domain("img.example.com", certificate=old, certificate_name="shop", cas_id=number)
    assert calm.refused("cas", "DeleteUserCertificate", CertId=number) == ("InvalidStatus.DeleteProtection", 400)
    calm.call("cdn", "SetCdnDomainSSLCertificate", DomainName="img.example.com", SSLProtocol="off")
    slb = calm.cloud.slb
    slb.add_load_balancer("lb-web", "cn-hangzhou", address="203.0.113.10")
    slb.add_https_listener("lb-web", 443, slb.add_certificate("cn-hangzhou", "shop", old, cas_id=number))
    assert calm.cloud.cas.uses(number) == ["slb/lb-web/443"]
    assert calm.refused("cas", "DeleteUserCertificate", CertId=number) == ("InvalidStatus.DeleteProtection", 400)
    calm.call("cas", "DeleteUserCertificate", CertId=spare)
    assert list(calm.cloud.cas.certificates) == [number]


def test_no_private_key_in_snapshot_or_repr(calm, old):
    calm.upload("shop", old)
    body = old.key_pem.splitlines()[1]
    assert body not in repr(calm.cloud.snapshot()) and body not in repr(calm.cloud.cas.certificates)
