# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""STS's rules: who becomes a role and who does not, what the keys may do, and how long they last."""

from __future__ import annotations

import pytest

from tests.emulator.scenarios import demo
from tests.support.account import account
from tests.support.emulation import Client, running

ARN = "acs:ram::1000000000000001:role/deployer"
CAS, STS = "2020-04-07", "2015-04-01"


@pytest.fixture
def sts():
    with account() as made:
        made.cloud.sts.add_role(ARN)
        yield made


@pytest.fixture(scope="module")
def emulator(tmp_path_factory):
    with running("demo", calm=True, tmp_path=tmp_path_factory.mktemp("sts")) as handle:
        yield handle


class Keys:
    """What AssumeRole has answered, as a key to sign with."""

    def __init__(self, fields):
        self.access_key_id, self.access_key_secret = fields["AccessKeyId"], fields["AccessKeySecret"]
        self.security_token = fields["SecurityToken"]


def assume(handle, key, **params):
    client = Client(handle.endpoints["sts"], handle.ca_path, key)
    return client.rpc(STS, "AssumeRole", {"RoleArn": demo.ROLE, "RoleSessionName": "test", **params})


def lists(handle, key):
    answer = Client(handle.endpoints["cas"], handle.ca_path, key).rpc(CAS, "ListUserCertificateOrder", {"OrderType": "CERT"})
    return answer.status, answer.json.get("Code")


def test_a_session_of_a_role(sts):
    answer = sts.call("sts", "AssumeRole", RoleArn=ARN, RoleSessionName="night")
    assert answer["AssumedRoleUser"]["Arn"] == "acs:ram::1000000000000001:assumed-role/deployer/night"
    assert answer["AssumedRoleUser"]["AssumedRoleId"].endswith(":night") and "SourceIdentity" not in answer
    keys = answer["Credentials"]
    assert keys["AccessKeyId"].startswith("STS.") and keys["AccessKeySecret"] and keys["SecurityToken"]
    assert sts.call("sts", "AssumeRole", RoleArn=ARN, RoleSessionName="night")["Credentials"]["AccessKeyId"] != keys["AccessKeyId"]


@pytest.mark.parametrize("params, refusal", [
    (dict(RoleArn=ARN + "x", RoleSessionName="night"), ("EntityNotExist.Role", 404)),
    (dict(RoleArn="deployer", RoleSessionName="night"), ("InvalidParameter.RoleArn", 400)),
    (dict(RoleArn=ARN, RoleSessionName="n"), ("InvalidParameter.RoleSessionName", 400)),
    (dict(RoleArn=ARN, RoleSessionName="at night"), ("InvalidParameter.RoleSessionName", 400)),
    (dict(RoleArn=ARN, RoleSessionName="night", DurationSeconds=899), ("InvalidParameter.DurationSeconds", 400)),
    (dict(RoleArn=ARN, RoleSessionName="night", DurationSeconds=3601), ("InvalidParameter.DurationSeconds", 400)),
    (dict(RoleArn=ARN, RoleSessionName="night", Policy="{}"), ("InvalidParameter.Policy", 400)),
    (dict(RoleSessionName="night"), ("MissingRoleArn", 400)), (dict(RoleArn=ARN), ("MissingRoleSessionName", 400)),
])
def test_what_is_refused(sts, params, refusal):
    assert sts.refused("sts", "AssumeRole", **params) == refusal


@pytest.mark.parametrize("given", ["", "wrong"])
def test_a_role_that_wants_an_external_id(sts, given):
    sts.cloud.sts.add_role(ARN, external_id="shop-7")
    assert sts.refused("sts", "AssumeRole", RoleArn=ARN, RoleSessionName="night", ExternalId=given) == ("NoPermission", 403)
    assert sts.call("sts", "AssumeRole", RoleArn=ARN, RoleSessionName="night", ExternalId="shop-7")["Credentials"]


def test_the_keys_are_good_with_their_token_and_until_they_expire(emulator):
    emulator.reset("demo")
    keys = Keys(assume(emulator, emulator, DurationSeconds="900").json["Credentials"])
    assert lists(emulator, keys) == (200, None)
    who = Client(emulator.endpoints["sts"], emulator.ca_path, keys).rpc(STS, "GetCallerIdentity").json
    assert who["IdentityType"] == "AssumedRoleUser" and who["Arn"].endswith(":assumed-role/certificates/test")
    keys.security_token = ""
    assert lists(emulator, keys) == (400, "MissingSecurityToken")
    late = Keys(assume(emulator, emulator, DurationSeconds="900").json["Credentials"])
    emulator.clock.advance(901)
    emulator.gateway.keys.clients_are_ahead = emulator.clock.offset
    assert lists(emulator, late) == (400, "InvalidSecurityToken.Expired")


def test_the_keys_may_do_what_the_role_may(emulator):
    emulator.reset("demo")
    emulator.cloud.sts.add_role(demo.ROLE, deny=["yundun-cert:*", "sts:AssumeRole"])
    keys = Keys(assume(emulator, emulator).json["Credentials"])
    assert lists(emulator, keys) == (403, "Forbidden.RAM")
    assert assume(emulator, keys).json["AccessDeniedDetail"]["AuthAction"] == "sts:AssumeRole"
    assert lists(emulator, emulator) == (200, None)


def test_who_am_i(emulator):
    who = Client(emulator.endpoints["sts"], emulator.ca_path, emulator).rpc(STS, "GetCallerIdentity").json
    assert (who["IdentityType"], who["AccountId"]) == ("RAMUser", "1000000000000001")


def test_nothing_of_it_is_a_write_and_no_key_is_in_the_journal_or_the_snapshot(emulator):
    emulator.reset("demo")
    keys = assume(emulator, emulator).json["Credentials"]
    seen = repr(emulator.journal()) + repr(emulator.cloud.snapshot())
    assert emulator.journal(writes=True) == [] and "AssumeRole" in seen
    assert keys["AccessKeySecret"] not in seen and keys["SecurityToken"] not in seen
