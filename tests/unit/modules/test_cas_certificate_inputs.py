# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What else an upload can be about: names that must be covered, certificates of the future, SM2 pairs."""

from __future__ import annotations

import json

import pytest

from tests.support.modules import run_module
from tests.support.sm2 import Sm2
from tests.support.triple import leaked, observed, triple
from tests.unit.modules.conftest import NAMES, certificates

NAME = "cas_certificate"
CONNECTION = ("access_key_id", "access_key_secret", "endpoints", "api_ca_path", "connect_timeout", "read_timeout", "api_timeout")


@pytest.fixture
def upload(options, materials):
    return dict(options, name="shop", certificate=materials.new.chain_pem, private_key=materials.new.key_pem)


# -- covers --------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("covers", [
    [], ["www.example.com"], NAMES, ["a.shop.example.com", "API.example.com."], ["*.shop.example.com"],
])
def test_what_covers_all_is_uploaded(cloud, upload, materials, covers):
    triple(cloud, NAME, dict(upload, covers=covers), materials.keys)


@pytest.mark.parametrize("covers, missing", [
    (["www.example.com", "mail.example.com"], "mail.example.com"),
    (["shop.example.com", "x.example.com"], "shop.example.com, x.example.com"),
    (["a.b.shop.example.com"], "a.b.shop.example.com"), (["*.example.com"], "*.example.com"),
])
@pytest.mark.parametrize("check", [False, True])
def test_what_lacks_a_name_is_refused_before_any_call(cloud, upload, materials, covers, missing, check):
    result, writes = observed(cloud, NAME, dict(upload, covers=covers), check=check)
    assert result["failed"] and writes == [] and cloud.journal() == []
    assert "does not cover {0}; it covers: www.example.com".format(missing) in result["msg"]
    assert not leaked(json.dumps(result), materials.keys)


# -- the future ----------------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def future(emulator):
    return emulator.authority.not_yet_valid(NAMES)


def given(upload, material, **more):
    return dict(upload, certificate=material.chain_pem, private_key=material.key_pem, **more)


def test_a_certificate_of_the_future_is_refused_with_its_date(cloud, upload, future):
    result, writes = observed(cloud, NAME, given(upload, future))
    assert result["failed"] and writes == [] and cloud.journal() == []
    assert "not valid yet: it becomes so at {0:%Y-%m-%d %H:%M} UTC".format(future.not_before) in result["msg"]


def test_it_can_be_uploaded_before_its_time(cloud, upload, materials, future):
    _check, real, _again = triple(cloud, NAME, given(upload, future, allow_future=True), (future.key_pem,))
    certificate = real["certificate"]
    assert certificate["valid"] is False and certificate["not_before"] == "{0:%Y-%m-%dT%H:%M:%SZ}".format(future.not_before)
    assert run_module(NAME, upload)["certificate"]["valid"] is True
    listed = run_module("cas_certificate_info", {key: value for key, value in upload.items() if key in CONNECTION})
    assert {item["fingerprint"]: item["valid"] for item in listed["certificates"]} == {
        future.fingerprint: False, materials.new.fingerprint: True}


def test_the_past_is_refused_all_the_same(cloud, upload, materials):
    result, writes = observed(cloud, NAME, given(upload, materials.expired, allow_future=True))
    assert result["failed"] and "has expired" in result["msg"] and writes == []


@pytest.mark.parametrize("name, more", [
    ("ecs_certificate", dict(instances=[dict(instance="i-1", region="cn-hangzhou")])),
    ("airec_cert_bind", dict(instance_id="airec-cn-1", region="cn-hangzhou", domains=["www.example.com"], certificate_id="1")),
])
def test_what_deploys_refuses_it_before_any_call(cloud, upload, future, name, more):
    connection = {key: value for key, value in upload.items() if key in CONNECTION}
    pair = dict(certificate=future.chain_pem, private_key=future.key_pem, ca_path=upload["ca_path"])
    result, writes = observed(cloud, name, dict(connection, **pair, **more))
    assert result["failed"] and writes == [] and cloud.journal() == []
    assert "it becomes so at {0:%Y-%m-%d %H:%M} UTC".format(future.not_before) in result["msg"], result["msg"]
    assert "Unsupported parameters" in run_module(name, dict(connection, **pair, **more, allow_future=True))["msg"]


def test_cas_deploy_refuses_it_until_then(cloud, upload, future):
    connection = {key: value for key, value in upload.items() if key in CONNECTION}
    run_module(NAME, given(upload, future, allow_future=True))
    resources = [dict(service="cdn", domain="static.example.com")]
    for check in (True, False):
        result, writes = observed(cloud, "cas_deploy", dict(
            connection, certificate=dict(fingerprint=future.fingerprint), resources=resources), check=check)
        assert result["failed"] and writes == []
        assert "not valid before {0:%Y-%m-%d %H:%M} UTC; it is not deployed until then".format(future.not_before) in result["msg"]


# -- SM2 -----------------------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def national(tmp_path_factory):
    return Sm2(tmp_path_factory.mktemp("sm2"))


@pytest.fixture(scope="module")
def pair(national):
    return national.pair("gm.example.com", "www.gm.example.com")


@pytest.fixture
def sm2(upload, pair):
    connection = {key: value for key, value in upload.items() if key in CONNECTION}
    return dict(connection, name="shop-sm2", **pair.options)


def test_an_sm2_pair(cloud, sm2, pair):
    check, real, _again = triple(cloud, NAME, dict(sm2, covers=["gm.example.com"]))
    assert not pair.leaked(json.dumps([check, real, run_module(NAME, sm2), cloud.journal()]))
    certificate = real["certificate"]
    assert (certificate["key_type"], certificate["key_size"], certificate["chain_length"]) == ("SM2", 256, 2)
    assert certificate["domains"] == ["gm.example.com", "www.gm.example.com"] and certificate["valid"] is True
    assert certificate["name"] == "shop-sm2-" + certificate["fingerprint"][:16] and certificate["managed"] is True
    assert ["was not checked" in note for note in certificate["notes"]] == [True]
    held = cloud.cloud.cas.get(certificate["id"])
    assert held.pair.fields == pair.fields and held.tags["daas-https-name"] == "shop-sm2"
    connection = {key: value for key, value in sm2.items() if key in CONNECTION}
    [listed] = run_module("cas_certificate_info", connection)["certificates"]
    assert (listed["key_type"], listed["fingerprint"]) == ("SM2", certificate["fingerprint"])


def test_an_sm2_pair_as_files(cloud, sm2, pair, tmp_path):
    paths = {}
    for option, text in pair.options.items():
        (tmp_path / option).write_text(text, encoding="utf-8")
        paths[option + "_path"] = str(tmp_path / option)
    connection = {key: value for key, value in sm2.items() if key in CONNECTION}
    result, writes = observed(cloud, NAME, dict(connection, name="shop-sm2", **paths))
    assert not result["failed"] and len(writes) == 1 and not pair.leaked(json.dumps([result, cloud.journal()]))


@pytest.mark.parametrize("by", ["sign_certificate", "certificate"])
def test_an_sm2_pair_is_deleted(cloud, sm2, pair, by):
    made = run_module(NAME, sm2)["certificate"]
    connection = {key: value for key, value in sm2.items() if key in CONNECTION}
    _check, real, _again = triple(cloud, NAME, dict(connection, state="absent", **{by: pair.sign_certificate}))
    assert real["certificate"]["fingerprint"] == made["fingerprint"] and certificates(cloud) == []


@pytest.mark.parametrize("change, words", [
    (dict(encrypt_private_key=None), ["encrypt_private_key must be given"]),
    (dict(sign_certificate=""), ["sign_certificate must be given"]),
    (dict(certificate="rubbish", private_key="more rubbish"), ["certificate, private_key and the options of an SM2 pair"]),
    (dict(covers=["other.example.com"]), ["does not cover other.example.com"]),
])
def test_what_is_no_pair_is_refused_before_any_call(cloud, sm2, pair, change, words):
    result, writes = observed(cloud, NAME, dict(sm2, **change))
    assert result["failed"] and writes == [] and cloud.journal() == []
    assert not [word for word in words if word not in result["msg"]], result["msg"]
    assert not pair.leaked(json.dumps(result))


def test_sm2_and_cas_deploy(cloud, sm2):
    """Nothing at the edge is touched, and what is found by itself is passed over with the reason."""
    made = run_module(NAME, sm2)["certificate"]
    cloud.cloud.cdn.add_domain("gm.example.com")
    connection = {key: value for key, value in sm2.items() if key in CONNECTION}
    wanted = dict(connection, certificate=dict(fingerprint=made["fingerprint"]))
    for how in (dict(), dict(method="deployment_job", accept_cost=True)):
        result, writes = observed(cloud, "cas_deploy", dict(wanted, resources=[dict(service="cdn", domain="gm.example.com")], **how))
        assert result["failed"] and writes == []
        assert "is an SM2 pair" in result["msg"] and "service: DDOS, method: deployment_job" in result["msg"]
    result, writes = observed(cloud, "cas_deploy", dict(wanted, discover=dict(services=["cdn"])))
    assert not result["failed"] and writes == []
    [row] = result["deployment"]["passed_over"]
    assert row["target"] == "cdn/gm.example.com" and "is an SM2 pair" in row["reason"]


def test_sm2_reaches_anti_ddos_by_a_job(cloud, sm2):
    made = run_module(NAME, sm2)["certificate"]
    cloud.cloud.cas.jobs.add_listed("DDOS", "gm.example.com")
    cloud.cloud.cas.add_contact("ops", "ops@example.com")
    connection = {key: value for key, value in sm2.items() if key in CONNECTION}
    _check, real, _again = triple(cloud, "cas_deploy", dict(
        connection, certificate=dict(fingerprint=made["fingerprint"]), resources=[dict(service="DDOS", domain="gm.example.com")],
        accept_cost=True, wait_interval=0.05))
    [row] = real["deployment"]["targets"]
    assert row["verified"] and row["current"]["cas_id"] == made["id"]
