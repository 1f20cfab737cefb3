# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several accounts, and every way to say whose keys to use, through a module: profiles, roles, the instance's role."""

from __future__ import annotations

import json

import pytest

from ansible_collections.daas.https.plugins.module_utils._api import cas, rpc
from ansible_collections.daas.https.plugins.module_utils._transport import caller, metadata
from tests.emulator.metadata import Metadata
from tests.support.emulation import running
from tests.support.modules import connection, run_module
from tests.unit.modules.conftest import certificates

ARN = "acs:ram::1000000000000001:role/deployer"
UPLOAD = ("cas", "UploadUserCertificate")


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """Nobody's own credentials."""
    for name in ("ALIBABA_CLOUD_PROFILE", "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_ECS_METADATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """A second account, at the international site."""
    with running("empty", calm=True, tmp_path=tmp_path_factory.mktemp("other"), site="international") as handle:
        yield handle


@pytest.fixture
def second(other):
    other.reset("empty")
    other.cloud.sts.add_role(ARN, external_id="shop-7")
    return other


@pytest.fixture
def config(cloud, second, tmp_path):
    """A profile file for both accounts."""
    own = dict(access_key_id=second.access_key_id, access_key_secret=second.access_key_secret)
    profiles = [
        dict(name="china", mode="AK", access_key_id=cloud.access_key_id, access_key_secret=cloud.access_key_secret),
        dict(own, name="abroad", mode="RamRoleArn", ram_role_arn=ARN, external_id="shop-7", expired_seconds=900)]
    path = tmp_path / "config.json"
    path.write_text(json.dumps(dict(current="china", profiles=profiles)), encoding="utf-8")
    return str(path)


def reach(handle, **options):
    """Connection options without the account's own keys."""
    keyless = {name: value for name, value in connection(handle).items() if not name.startswith("access_key")}
    return dict(keyless, site=handle.site, **options)


def principals(handle, product="cas"):
    return {entry["principal"] for entry in handle.journal() if entry["product"] == product}


@pytest.fixture
def upload(emulator, materials):
    """The same certificate, into whichever account the options say."""
    given = dict(name="shop", certificate=materials.new.chain_pem, private_key=materials.new.key_pem, ca_path=emulator.ca_path)
    return lambda options, **more: run_module("cas_certificate", dict(options, **given), **more)


def test_one_upload_for_each_account_and_site(cloud, second, config, upload, materials):
    groups = [(cloud, reach(cloud, profile="china", config_path=config)), (second, reach(second, profile="abroad", config_path=config))]
    done = [upload(options) for _handle, options in groups]
    again = [upload(options) for _handle, options in groups]
    assert [result.get("msg", result.get("changed")) for result in done + again] == [True, True, False, False]
    for handle, _options in groups:
        [stored] = certificates(handle)
        assert stored["fingerprint"] == materials.new.fingerprint
        assert [(entry["product"], entry["action"]) for entry in handle.journal(writes=True)] == [UPLOAD]
    assert principals(cloud) == {cloud.access_key_id} and all(key.startswith("STS.") for key in principals(second))
    assert [result["certificate"]["identifier"].partition("-")[2] for result in done] == ["cn-hangzhou", "ap-southeast-1"]


def test_a_role_is_taken_once_a_run_and_in_check_mode_too(second, upload):
    keys = dict(access_key_id=second.access_key_id, access_key_secret=second.access_key_secret)
    role = dict(role_arn=ARN, external_id="shop-7", session_name="night")
    options = dict(reach(second, **keys), assume_role=role)
    assert upload(options, check=True)["changed"] and certificates(second) == []
    second.forget()
    assert upload(options)["changed"]
    [taken] = [entry for entry in second.journal() if entry["product"] == "sts"]
    assert taken["principal"] == second.access_key_id and taken["params"]["RoleSessionName"] == "night"
    assert taken["params"]["DurationSeconds"] == "3600" and len(principals(second)) == 1


@pytest.mark.parametrize("role, words", [
    (dict(role_arn=ARN), ["NoPermission", "trust policy", "external_id", "sts:AssumeRole"]),
    (dict(role_arn=ARN + "s", external_id="shop-7"), ["EntityNotExist.Role", "Check role_arn"]),
    (dict(role_arn=ARN, external_id="shop-7", duration=7200), ["InvalidParameter.DurationSeconds", "MaxSessionDuration"]),
    (dict(role_arn="deployer"), ["assume_role: role_arn 'deployer'"]),
])
def test_a_role_that_is_refused(second, upload, role, words):
    keys = dict(access_key_id=second.access_key_id, access_key_secret=second.access_key_secret)
    result = upload(dict(reach(second, **keys), assume_role=role))
    assert result["failed"] and all(word in result["msg"] for word in words)
    assert second.access_key_secret not in json.dumps(result["msg"]) and second.journal(writes=True) == []


def test_a_key_that_may_not_take_roles(second, upload):
    key = second.key(deny=["sts:*"])
    options = reach(second, access_key_id=key.access_key_id, access_key_secret=key.access_key_secret)
    result = upload(dict(options, assume_role=dict(role_arn=ARN, external_id="shop-7")))
    assert "sts AssumeRole for %s was refused" % ARN in result["msg"] and "Grant the RAM action sts:AssumeRole" in result["msg"]


@pytest.mark.parametrize("action", ["UploadUserCertificate", "ListUserCertificateOrder"])
def test_what_a_role_may_not_do_is_named(second, upload, action):
    second.cloud.sts.add_role(ARN, deny=["yundun-cert:" + action])
    keys = dict(access_key_id=second.access_key_id, access_key_secret=second.access_key_secret)
    result = upload(dict(reach(second, **keys), assume_role=dict(role_arn=ARN)))
    assert result["failed"] and "Grant the RAM action yundun-cert:%s" % action in result["msg"]


def test_sts_out_of_reach_is_not_an_unknown_outcome_of_the_write(second, upload):
    keys = dict(access_key_id=second.access_key_id, access_key_secret=second.access_key_secret)
    options = reach(second, **keys)
    options["endpoints"] = dict(options["endpoints"], sts="https://127.0.0.1:9")
    result = upload(dict(options, assume_role=dict(role_arn=ARN)))
    assert "sts AssumeRole for %s at 127.0.0.1:9: no connection" % ARN in result["msg"] and second.journal() == []


def test_the_role_of_the_instance(cloud, upload, monkeypatch):
    service = Metadata(cloud.gateway.keys, "on-ecs")
    monkeypatch.setenv(metadata.OVERRIDE, service.url)
    try:
        good = upload(reach(cloud, ecs_ram_role="on-ecs"))
        bad = upload(reach(cloud, ecs_ram_role="other"))
    finally:
        service.close()
    assert good["changed"] and all(key.startswith("STS.") for key in principals(cloud))
    assert "RAM role other: the instance has no such role" in bad["msg"]


def test_a_profile_that_the_environment_names_wins_over_its_keys(cloud, second, config, upload, monkeypatch):
    monkeypatch.setenv("ALIBABA_CLOUD_PROFILE", "china")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", second.access_key_id)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", second.access_key_secret)
    assert upload(reach(cloud, config_path=config))["changed"]
    monkeypatch.delenv("ALIBABA_CLOUD_PROFILE")
    assert "InvalidAccessKeyId.NotFound" in upload(reach(cloud))["msg"]


def test_options_that_contradict_each_other(cloud, config, upload):
    result = upload(dict(connection(cloud), profile="china", config_path=config))
    assert "access_key_id and profile are given" in result["msg"]


def test_keys_are_renewed_before_they_expire_within_a_run(second, monkeypatch):
    role = dict(role_arn=ARN, external_id="shop-7", duration=900)
    params = dict(connection(second), site="international", assume_role=role)
    monkeypatch.setattr(caller.Caller.__init__, "__defaults__", (second.clock.now,))
    with rpc.Cloud(params, [cas.PRODUCT]) as made:
        assert second.journal() == []  # found lazily
        for seconds, taken in [(0, 1), (500, 1), (200, 2), (500, 2), (150, 3)]:
            second.clock.advance(seconds)
            second.gateway.keys.clients_are_ahead = second.clock.offset
            cas.list_certificates(made)
            assert len([entry for entry in second.journal() if entry["product"] == "sts"]) == taken
    assert len(principals(second)) == 3
