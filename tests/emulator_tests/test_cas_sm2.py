# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SM2 pairs in CAS: taken, listed and given back; served by nobody here."""

from __future__ import annotations

import dataclasses

import pytest

from tests.emulator import pki
from tests.support.account import account
from tests.support.sm2 import Sm2


@pytest.fixture
def calm():
    with account() as made:
        yield made


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Sm2(tmp_path_factory.mktemp("sm2"))


@pytest.fixture(scope="module")
def pair(authority):
    return authority.pair("gm.example.com", "www.gm.example.com")


def test_upload_list_and_delete(calm, pair):
    number = calm.call("cas", "UploadUserCertificate", Name="gm", **pair.fields)["CertId"]
    row = calm.call("cas", "ListUserCertificateOrder", OrderType="CERT")["CertificateOrderList"][0]
    leaf = pki.parse_material(pair.sign_certificate, None)
    assert (row["Algorithm"], row["Sha2"], row["Sans"]) == ("SM2", leaf.fingerprint.upper(), "gm.example.com,www.gm.example.com")
    listed = calm.call("cas", "ListCert")["CertList"][0]
    assert (listed["Algorithm"], listed["SignAlgorithm"]) == ("SM2", "SM3WITHSM2")
    detail = calm.call("cas", "GetUserCertificateDetail", CertId=number)
    assert {name: detail[name] for name in pair.fields} == pair.fields and not {"Cert", "Key"} & set(detail)
    assert detail["Algorithm"] == "SM2" and detail["CertChain"][0]["CommonName"] == "Emulated SM2 Root CA"
    filtered = calm.call("cas", "GetUserCertificateDetail", CertId=number, CertFilter=True)
    assert set(detail) - set(filtered) == set(pair.fields)
    assert pair.leaked(str(detail)) and not pair.leaked(str(filtered) + repr(calm.cloud.cas.certificates))
    assert calm.call("cas", "DeleteUserCertificate", CertId=number) == {}


def test_of_both_kinds_it_is_ignored(calm, pair):
    material = pki.Authority.create().issue(["www.example.com"], key="ec")
    number = calm.upload("shop", material, **pair.fields)
    assert calm.cloud.cas.get(number).pair is None and calm.cloud.cas.find_material(str(number)) == material


def test_what_is_no_pair_is_refused(calm, authority, pair):
    other = authority.pair("gm.example.com")
    rsa = pki.Authority.create().issue(["gm.example.com"])

    def refused(**changed):
        fields = {**pair.fields, **changed}
        return calm.refused("cas", "UploadUserCertificate", Name="gm", **{name: text for name, text in fields.items() if text})

    for changed, code in [
        ({"SignCert": ""}, "MissingParameter"), ({"EncryptPrivateKey": ""}, "MissingParameter"),
        ({"SignCert": "rubbish"}, "CertificateFormatException"), ({"SignPrivateKey": "rubbish"}, "CertificateFormatException"),
        ({"SignPrivateKey": other.sign_private_key}, "CertificateFormatException"),
        ({"EncryptPrivateKey": pair.sign_private_key}, "CertificateFormatException"),
        ({"SignCert": rsa.chain_pem, "SignPrivateKey": rsa.key_pem}, "CertificateFormatException"),
        ({"EncryptPrivateKey": rsa.key_pem}, "CertificateFormatException"),
        ({"SignPrivateKey": "-----BEGIN PRIVATE KEY-----\nMAAA\n-----END PRIVATE KEY-----\n"}, "CertificateFormatException"),
    ]:
        assert refused(**changed) == (code, 400), changed
    calm.cloud.clock.advance(91 * 86400)
    assert refused() == ("CertificateExpired", 400) and not calm.cloud.cas.certificates


def test_a_client_token_tells_pairs_apart(calm, authority, pair):
    first = calm.call("cas", "UploadUserCertificate", Name="gm", ClientToken="t", **pair.fields)
    assert calm.call("cas", "UploadUserCertificate", Name="gm", ClientToken="t", **pair.fields) == first
    other = dataclasses.replace(pair, encrypt_private_key=pair.encrypt_private_key + "\n")
    assert calm.refused("cas", "UploadUserCertificate", Name="gm", ClientToken="t", **other.fields) == ("InvalidParameter", 400)


def test_no_endpoint_takes_it(calm, pair):
    number = calm.call("cas", "UploadUserCertificate", Name="gm", **pair.fields)["CertId"]
    assert calm.cloud.cas.find_material(str(number)) is None
    calm.cloud.cdn.add_domain("gm.example.com")
    code, _status = calm.refused("cdn", "SetCdnDomainSSLCertificate", DomainName="gm.example.com", SSLProtocol="on", CertType="cas",
                                 CertId=number, CertName="gm")
    assert code and calm.cloud.cdn.domains["gm.example.com"].material is None
