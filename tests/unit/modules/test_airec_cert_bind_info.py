# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""airec_cert_bind_info against the emulated cloud: it only looks."""

from __future__ import annotations

import pytest

from tests.support.modules import connection, run_module

INSTANCE = "airec-cn-empty01"


@pytest.fixture
def shop(emulator, tmp_path):
    """A function that binds domains, all with one certificate."""
    emulator.reset("empty", calm=True)
    material = emulator.cloud.authority.issue(["rec.example.com", "app.example.com"], key="ec")
    number = emulator.cloud.cas.add_certificate("shop", material)

    def bind(*domains):
        bound = run_module("airec_cert_bind", dict(
            basics(emulator), domains=list(domains), certificate_id=str(number), certificate=material.chain_pem,
            private_key=material.key_pem, ca_path=str(emulator.ca_path), wait=False))
        assert not bound["failed"], bound["msg"]
        return bound["binding"]

    return bind


def basics(emulator):
    return dict(connection(emulator), instance_id=INSTANCE, region="cn-hangzhou", access_token=emulator.airec_token)


def look(emulator, check=False, **changes):
    result = run_module("airec_cert_bind_info", dict(dict(basics(emulator), wait_timeout=5, wait_interval=0.05), **changes), check=check)
    assert result.get("changed", False) is False
    return result


def publish(emulator, binding):
    for domain in binding["domains"]:
        record = domain["validations"][0]
        emulator.cloud.alidns.add_record("example.com", record["record_name"][:-len(".example.com")], "CNAME", record["record_value"])


def test_an_instance_without_domains(emulator, shop):
    for options in (dict(), dict(wait=True)):
        assert look(emulator, **options)["binding"] == dict(
            instance_id=INSTANCE, region="cn-hangzhou", status=None, https_enforced=False, https_pending=False, base_url=None, domains=[])


def test_it_shows_what_the_binding_module_returns(emulator, shop):
    bound = shop("rec.example.com", "app.example.com")
    emulator.forget()
    seen = look(emulator, check=True, settings=False)["binding"]
    for domain in seen["domains"] + bound["domains"]:
        domain.pop("failure_reason")
    assert sorted(seen["domains"], key=str) == sorted(bound["domains"], key=str)
    assert (seen["status"], seen["https_enforced"]) == ("VALIDATING", None)
    assert [entry["action"] for entry in emulator.journal()] == ["GetCertificatesStatus"]


def test_only_the_asked_domains_in_their_order(emulator, shop):
    shop("rec.example.com", "app.example.com")
    seen = look(emulator, domains=["APP.example.com", "rec.example.com", "gone.example.com"])["binding"]
    assert [domain["domain"] for domain in seen["domains"]] == ["app.example.com", "rec.example.com"]
    assert look(emulator, domains=["gone.example.com"])["binding"]["status"] is None


def test_it_waits_until_all_are_validated(emulator, shop):
    publish(emulator, shop("rec.example.com", "app.example.com"))
    emulator.cloud.setting.update({"slow_states": True})
    seen = look(emulator, wait=True)
    assert not seen["failed"] and seen["binding"]["status"] == "SUCCESS"
    assert emulator.journal(writes=True)[1:] == []


def test_a_wait_that_fails_tells_why_and_shows_the_state(emulator, shop):
    shop("rec.example.com")
    late = look(emulator, wait=True, wait_timeout=0.2)
    assert late["failed"] and "rec.example.com is VALIDATING" in late["msg"] and late["binding"]["domains"][0]["validations"]
    emulator.cloud.alidns.add_record("example.com", "_airec-challenge.rec", "CNAME", "elsewhere.example.net")
    wrong = look(emulator, wait=True)
    assert wrong["failed"] and wrong["binding"]["status"] == "FAILED"
    assert "elsewhere.example.net" in wrong["msg"] and "airec_cert_bind" in wrong["msg"]
    assert look(emulator)["binding"]["status"] == "FAILED"


def test_a_domain_that_is_not_bound_is_not_waited_for(emulator, shop):
    result = look(emulator, wait=True, domains=["gone.example.com"])
    assert result["failed"] and "gone.example.com is not bound" in result["msg"]
    assert not look(emulator, check=True, wait=True, domains=["gone.example.com"])["failed"]


def test_refusals(emulator, shop):
    result = run_module("airec_cert_bind_info", dict(basics(emulator), access_token="wrong-one"))
    assert result["failed"] and "InvalidAccessToken" in result["msg"] and "wrong-one" not in result["msg"]
