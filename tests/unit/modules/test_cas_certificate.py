# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates in CAS: uploaded once, whatever happens on the way; deleted only when exactly one is meant."""

from __future__ import annotations

import dataclasses
import json
import socket

import pytest

from tests.emulator import pki
from tests.support.modules import run_module
from tests.support.triple import leaked, observed, triple
from tests.unit.modules.conftest import certificates

NAME = "cas_certificate"
UPLOAD = ("cas", "UploadUserCertificate")


@pytest.fixture
def upload(options, materials):
    """The options of a plain upload."""
    return dict(options, name="shop", certificate=materials.new.chain_pem, private_key=materials.new.key_pem)


def cas_name(material, name="shop"):
    return "{0}-{1}".format(name, material.fingerprint[:16])


@pytest.mark.parametrize("calm", [True, False], ids=["calm", "adverse"])
def test_present(cloud, upload, materials, calm):
    cloud.reset(calm=calm)
    check, real, again = triple(cloud, NAME, dict(upload, tags=dict(team="edge")), materials.keys)
    certificate, new = real["certificate"], materials.new
    assert real["changed"] and real["actions"] == [dict(action="UploadUserCertificate", product="cas", target=cas_name(new))]
    assert real["diff"] == dict(before={}, after=dict(name=cas_name(new), fingerprint=new.fingerprint))
    assert (certificate["fingerprint"], certificate["sha1"], certificate["domains"]) == (new.fingerprint, new.sha1, list(new.names))
    assert certificate["identifier"] == "{0}-cn-hangzhou".format(certificate["id"])
    assert certificate["tags"] == {"team": "edge", "managed-by": "daas.https", "daas-https-name": "shop"}
    assert (certificate["chain_length"], certificate["days_left"], certificate["notes"], certificate["supersedes"]) == (2, 89, [], [])
    assert check["certificate"] == dict(
        certificate, id=None, identifier=None, end_date="", tags=None), "all else is known before"
    assert again["certificate"] == certificate
    assert len(certificates(cloud)) == 1


@pytest.mark.parametrize("has_key", [True, False], ids=["with its key", "without a key"])
def test_what_cas_has_issued_for_a_key_that_it_never_saw_is_uploaded(cloud, upload, materials, has_key):
    """Products cannot use a certificate whose private key CAS does not have."""
    held = materials.new if has_key else dataclasses.replace(materials.new, key_pem="")
    issued = cloud.cloud.cas.add_issued("cert-1", held, "cas-dv-1", {}, 70)
    result, writes = observed(cloud, NAME, upload)
    assert not result["failed"] and writes == ([] if has_key else [UPLOAD]), result
    assert (result["certificate"]["id"] == issued.id) == has_key
    again, writes = observed(cloud, NAME, upload)
    assert not again["changed"] and writes == [] and again["certificate"]["id"] == result["certificate"]["id"]


@pytest.mark.parametrize("how, note", [
    (lambda new, root: dict(certificate=new.chain_pem + root), "root"),
    (lambda new, root: dict(certificate=pki.in_wrong_order(new).chain_pem), "wrong order"),
    (lambda new, root: dict(certificate=new.leaf_pem + new.chain_pem), "twice"),
    (lambda new, root: dict(certificate=new.leaf_pem, chain=new.chain_pem[len(new.leaf_pem):]), None),
    (lambda new, root: dict(certificate=new.chain_pem.replace("\n", "\r\n") + "\n\n"), None),
    (lambda new, root: dict(private_key=pki.encrypt_key(new.key_pem, "open sesame"), private_key_passphrase="open sesame"), None),
], ids=["root", "order", "duplicate", "apart", "blank lines", "encrypted"])
def test_what_can_be_put_right(cloud, upload, materials, how, note):
    result, writes = observed(cloud, NAME, dict(upload, **how(materials.new, cloud.authority.root_pem)))
    assert not result["failed"] and writes == [UPLOAD], result
    assert [note in line for line in result["certificate"]["notes"]] == ([True] if note else [])
    material = cloud.cloud.cas.find_material(str(result["certificate"]["id"]))
    assert pki.split_pem(material.chain_pem) == pki.split_pem(materials.new.chain_pem) and pki.key_matches(material)
    assert not leaked(json.dumps([result, cloud.journal()]), materials.keys) and "open sesame" not in json.dumps([result, cloud.journal()])


@pytest.mark.parametrize("fault, sent", [
    (dict(kind="cut_after"), 2), (dict(kind="cut_mid_body"), 2), (dict(kind="truncated_json"), 2), (dict(kind="refuse_before"), 2),
    (dict(kind="html"), 2), (dict(kind="error", code="Throttling.User", retry_after=50), 2),
    (dict(kind="error", code="ServiceUnavailable", status=503), 2), (dict(kind="drop_field", name="CertId"), 1),
])
@pytest.mark.parametrize("stale", [0, 1])
def test_trouble_on_the_way_leads_to_exactly_one_certificate(cloud, upload, materials, fault, sent, stale):
    cloud.cloud.setting.update(dict(stale_reads=stale))
    struck = cloud.fault(product="cas", action="UploadUserCertificate", **fault)
    result, _writes = observed(cloud, NAME, upload)
    assert not result["failed"] and result["changed"], result
    assert struck.fired == 1 and len(cloud.journal(writes=True)) == sent and len(certificates(cloud)) == 1
    assert result["certificate"]["fingerprint"] == materials.new.fingerprint and result["certificate"]["id"]
    assert observed(cloud, NAME, upload)[0]["changed"] is False
    assert not leaked(json.dumps(result), materials.keys)


def test_a_name_that_is_taken_means_already_there(cloud, upload, materials):
    """Another run was faster: the list was read before, and the upload is refused."""
    cloud.cloud.cas.add_certificate(cas_name(materials.new), materials.new)
    cloud.fault(product="cas", action="ListUserCertificateOrder", kind="drop_field", name="CertificateOrderList")
    result, writes = observed(cloud, NAME, upload)
    assert not result["failed"] and writes == [] and len(certificates(cloud)) == 1
    assert [entry["code"] for entry in cloud.journal(writes=True)] == ["NameRepeat"]
    assert result["certificate"]["name"] == cas_name(materials.new) and result["certificate"]["id"]


def test_the_same_leaf_under_another_name_is_not_uploaded(cloud, upload, materials):
    number = cloud.cloud.cas.add_certificate("made by hand", materials.new)
    result, writes = observed(cloud, NAME, upload)
    assert not result["changed"] and writes == []
    assert (result["certificate"]["id"], result["certificate"]["name"], result["certificate"]["managed"]) == (number, "made by hand", False)


def test_it_is_found_behind_the_first_page(cloud, upload, materials):
    for number in range(7):
        cloud.cloud.cas.add_certificate("other-{0}".format(number), materials.unrelated)
    cloud.cloud.cas.add_certificate("made by hand", materials.new)
    cloud.cloud.setting.update(dict(page_cap=3))
    result, writes = observed(cloud, NAME, upload)
    assert not result["failed"] and not result["changed"] and writes == []
    assert len([entry for entry in cloud.journal() if entry["action"] == "ListUserCertificateOrder"]) == 3 + 1, "and the expired"


def test_supersedes(cloud, upload, materials):
    add = cloud.cloud.cas.add_certificate
    old = add(cas_name(materials.old), materials.old)
    add(cas_name(materials.wider), materials.wider)  # covers more
    add(cas_name(materials.narrow, "other"), materials.narrow)
    narrow = add(cas_name(materials.narrow), materials.narrow)
    _check, real, again = triple(cloud, NAME, upload, materials.keys)
    assert real["certificate"]["supersedes"] == again["certificate"]["supersedes"] == sorted([old, narrow])


def test_uploaded_deleted_and_uploaded_again(cloud, upload, options, materials):
    first = run_module(NAME, upload)["certificate"]["id"]
    run_module(NAME, dict(options, state="absent", id=first))
    again = run_module(NAME, upload)
    assert not again["failed"] and again["changed"] and again["certificate"]["id"] not in (None, first)


@pytest.mark.parametrize("site, store", [("china", "cn-hangzhou"), ("international", "ap-southeast-1")])
def test_result_names_the_site(cloud, upload, site, store):
    result = run_module(NAME, dict(upload, site=site), check=True)
    assert result["certificate"]["site"] == site and store


# -- absent --------------------------------------------------------------------------------------------------------------------------

@pytest.fixture
def shelf(cloud, materials):
    """Ids of three certificates: two of the shop, and one by hand."""
    add = cloud.cloud.cas.add_certificate
    return dict(old=add(cas_name(materials.old), materials.old), new=add(cas_name(materials.new), materials.new),
                hand=add("by hand", materials.unrelated), expired=add("expired", materials.expired))


@pytest.mark.parametrize("how, gone", [
    (lambda ids, made: dict(id=ids["old"]), "old"), (lambda ids, made: dict(fingerprint=made.new.fingerprint.upper()), "new"),
    (lambda ids, made: dict(fingerprint=made.new.sha1), "new"), (lambda ids, made: dict(certificate=made.unrelated.chain_pem), "hand"),
    (lambda ids, made: dict(certificate=made.unrelated.leaf_pem), "hand"),
    (lambda ids, made: dict(certificate=made.expired.chain_pem), "expired"),
    (lambda ids, made: dict(name="by hand"), "hand"), (lambda ids, made: dict(name=cas_name(made.old)), "old"),
    (lambda ids, made: dict(id=ids["old"], fingerprint=made.old.fingerprint), "old"),
], ids=["id", "sha256", "sha1", "certificate", "leaf", "expired", "name", "full name", "both"])
def test_absent(cloud, options, materials, shelf, how, gone):
    _check, real, again = triple(cloud, NAME, dict(options, state="absent", **how(shelf, materials)), materials.keys)
    assert real["changed"] and real["certificate"]["id"] == shelf[gone] and again["certificate"] is None
    assert sorted(item["id"] for item in certificates(cloud)) == sorted(number for name, number in shelf.items() if name != gone)


@pytest.mark.parametrize("how", [dict(id=1), dict(fingerprint="d" * 64), dict(name="nothing")])
def test_absent_what_is_not_there(cloud, options, shelf, how):
    result, writes = observed(cloud, NAME, dict(options, state="absent", **how))
    assert not result["failed"] and not result["changed"] and result["certificate"] is None and writes == []


@pytest.mark.parametrize("how, words", [
    (lambda ids, made: dict(name="shop"), ["'shop' means 2 certificates", "Give id or fingerprint"]),
    (lambda ids, made: dict(id=ids["new"], fingerprint=made.old.fingerprint), ["another fingerprint", "nothing was deleted"]),
    (lambda ids, made: dict(fingerprint=made.old.fingerprint[:16]), ["neither SHA-256"]), (lambda ids, made: {}, ["needs one of id"]),
    (lambda ids, made: dict(certificate="rubbish"), ["Malformed PEM"]),
])
def test_absent_refuses_to_guess(cloud, options, materials, shelf, how, words):
    result, writes = observed(cloud, NAME, dict(options, state="absent", **how(shelf, materials)))
    assert result["failed"] and writes == [] and len(certificates(cloud)) == 4
    assert all(word in result["msg"] for word in words), result["msg"]


@pytest.mark.parametrize("fault", [dict(kind="cut_after"), dict(kind="error", code="NotFound", message="no such certificate")])
def test_gone_is_what_was_wanted(cloud, options, shelf, fault):
    cloud.fault(product="cas", action="DeleteUserCertificate", **fault)
    result, _writes = observed(cloud, NAME, dict(options, state="absent", id=shelf["hand"]))
    assert not result["failed"] and result["changed"]


@pytest.mark.parametrize("code, status, word", [
    ("InvalidStatus.DeleteProtection", 400, "may still be in use"), ("AccessDenied.NoAuth", 400, "yundun-cert:DeleteUserCertificate"),
])
def test_a_refused_deletion_is_no_success(cloud, options, shelf, code, status, word):
    cloud.fault(product="cas", action="DeleteUserCertificate", kind="error", code=code, status=status)
    result, writes = observed(cloud, NAME, dict(options, state="absent", id=shelf["hand"]))
    assert result["failed"] and not result["changed"] and result["actions"] == [] and writes == []
    assert code in result["msg"] and word in result["msg"] and len(certificates(cloud)) == 4


def test_what_the_edge_still_uses_is_not_deleted(cloud, options, materials, shelf):
    cloud.cloud.cdn.add_domain("admin.example.net", certificate=materials.unrelated, certificate_name="by hand", cas_id=shelf["hand"])
    result, writes = observed(cloud, NAME, dict(options, state="absent", id=shelf["hand"]))
    assert result["failed"] and "DeleteProtection" in result["msg"] and writes == [] and len(certificates(cloud)) == 4


# -- one clear error -----------------------------------------------------------------------------------------------------------------

def unused_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


BAD = {
    "key mismatch": (lambda cloud, made: dict(private_key=made.old.key_pem), ["private key does not match", "www.example.com",
                                                                              "Take the key"]),
    "expired": (lambda cloud, made: dict(certificate=made.expired.chain_pem, private_key=made.expired.key_pem),
                ["www.example.com has expired", "UTC", "successor"]),
    "no intermediate": (lambda cloud, made: dict(certificate=made.new.leaf_pem), ["chain is incomplete", "Issuing CA",
                                                                                  "missing intermediate"]),
    "foreign intermediate": (lambda cloud, made: dict(certificate=made.new.leaf_pem + cloud.authority.sibling().intermediate_pem),
                             ["chain is broken", "Issuing CA 2", "intermediates"]),
    "malformed": (lambda cloud, made: dict(certificate=made.new.chain_pem.replace("MII", "!!!", 1)), ["Malformed PEM",
                                                                                                      "block 1 of certificate"]),
    "cut off": (lambda cloud, made: dict(certificate=made.new.chain_pem[:-40]), ["Malformed PEM", "2 BEGIN line"]),
    "empty": (lambda cloud, made: dict(certificate=""), ["certificate is given and empty"]),
    "a key as certificate": (lambda cloud, made: dict(certificate=made.new.key_pem), ["holds a private key", "private_key_path"]),
    "no key": (lambda cloud, made: dict(private_key=None), ["No private key", "private_key_path"]),
    "malformed key": (lambda cloud, made: dict(private_key=made.new.key_pem[:300]), ["private key cannot be read"]),
    "locked key": (lambda cloud, made: dict(private_key=pki.encrypt_key(made.new.key_pem, "x")), ["is encrypted",
                                                                                                  "private_key_passphrase"]),
    "name": (lambda cloud, made: dict(name="my shop"), ["'my shop'", "letters, digits"]),
    "no such file": (lambda cloud, made: dict(certificate=None, certificate_path="/nowhere/chain.pem"), ["certificate_path",
                                                                                                         "/nowhere/chain.pem"]),
    "untrusted": (lambda cloud, made: dict(ca_path=None), ["incomplete", "ca_path"]),
    "no credentials": (lambda cloud, made: dict(access_key_id="", access_key_secret=""), ["No credentials", "ALIBABA_CLOUD_ACCESS_KEY_ID"]),
    "plain http": (lambda cloud, made: dict(endpoints=dict(cas="http://127.0.0.1:1")), ["http://127.0.0.1:1", "plain http is never used"]),
    "nobody there": (lambda cloud, made: dict(endpoints=dict(cas="https://127.0.0.1:%d" % unused_port())),
                     ["ListUserCertificateOrder", "127.0.0.1", "no connection", "Check endpoints"]),
    "who is that": (lambda cloud, made: dict(api_ca_path=None), ["TLS to the API failed", "api_ca_path"]),
    "not the API": (lambda cloud, made: dict(endpoints=dict(cas=cloud.endpoints["airec"])), ["InvalidApi.NotFound"]),
    "unknown key": (lambda cloud, made: dict(access_key_id="LTAInobody"), ["InvalidAccessKeyId.NotFound", "Check access_key_id"]),
    "wrong secret": (lambda cloud, made: dict(access_key_secret="wrong"), ["SignatureDoesNotMatch", "Check access_key_secret"]),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("check", [False, True])
def test_one_clear_error_and_nothing_written(cloud, upload, materials, name, check):
    make, words = BAD[name]
    given = {option: value for option, value in dict(upload, **make(cloud, materials)).items() if value is not None}
    result, writes = observed(cloud, NAME, given, check=check)
    assert result["failed"] and writes == [] and certificates(cloud) == []
    assert all(word in result["msg"] for word in words), result["msg"]
    assert "Traceback" not in json.dumps(result) and len(result["msg"]) < 600 and "\n" not in result["msg"]
    assert not leaked(json.dumps([result, cloud.journal()]), materials.keys)


def keyed(upload, key):
    return dict(upload, access_key_id=key.access_key_id, access_key_secret=key.access_key_secret, security_token=key.security_token or None)


def test_a_refused_permission_names_the_ram_action(cloud, upload, materials):
    key = cloud.key(deny=["yundun-cert:UploadUserCertificate"])
    result, writes = observed(cloud, NAME, keyed(upload, key))
    assert result["failed"] and writes == [] and certificates(cloud) == []
    assert "Grant the RAM action yundun-cert:UploadUserCertificate" in result["msg"] and cas_name(materials.new) in result["msg"]
    assert result["error"]["code"] == "Forbidden.RAM" and result["error"]["request_id"] in result["msg"]
    assert (result["changed"], result["actions"], result["failed_action"]["action"]) == (False, [], "UploadUserCertificate")


@pytest.mark.parametrize("what, seconds, code, word", [
    ("expired", 0, "InvalidSecurityToken.Expired", "get a new one"), ("mangled", 600, "InvalidSecurityToken", "get a new one"),
    ("forgotten", 600, "MissingSecurityToken", "SecurityToken"),
])
def test_temporary_keys(cloud, upload, what, seconds, code, word):
    key = cloud.key(seconds=seconds)
    options = keyed(upload, key)
    if what == "mangled":
        options["security_token"] = key.security_token[:-1]
    elif what == "forgotten":
        options["security_token"] = None
    result, writes = observed(cloud, NAME, options)
    assert result["failed"] and writes == [] and code in result["msg"] and word in result["msg"]
    assert key.security_token not in json.dumps(result)
    assert not run_module(NAME, keyed(upload, cloud.key(seconds=600)))["failed"]


def test_a_clock_that_is_wrong(cloud, upload):
    cloud.clock.advance(3600)
    result, writes = observed(cloud, NAME, upload, check=True)
    assert result["failed"] and "InvalidTimeStamp.Expired" in result["msg"] and "NTP" in result["msg"]


def test_an_api_that_is_down_is_given_up_in_time(cloud, upload):
    cloud.fault(product="cas", action="ListUserCertificateOrder", kind="error", code="ServiceUnavailable", status=503, times=999)
    result, writes = observed(cloud, NAME, dict(upload, api_timeout=1))
    assert result["failed"] and "ServiceUnavailable" in result["msg"] and writes == []


def test_a_redirect_is_not_followed(cloud, upload):
    cloud.fault(product="cas", action="ListUserCertificateOrder", kind="redirect")
    result, writes = observed(cloud, NAME, upload)
    assert result["failed"] and "HTTP 302" in result["msg"] and "is the endpoint right?" in result["msg"] and writes == []


def test_parameters_in_the_query_work_too(cloud, upload, materials):
    triple(cloud, NAME, dict(upload, parameters_in="query"), materials.keys)
