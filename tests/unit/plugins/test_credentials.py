# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose keys count: options, then the environment; a profile and what it leads to; and that no message tells a secret."""

from __future__ import annotations

import datetime
import itertools
import json

import pytest

from ansible_collections.daas.https.plugins.module_utils._errors import InputError, TransportError
from ansible_collections.daas.https.plugins.module_utils._transport.credentials import Role, choose, temporary

ARN = "acs:ram::1000000000000001:role/deployer"
OTHER = "acs:ram::1000000000000002:role/certificates"
OPTIONS = dict(access_key_id="option", access_key_secret="secret of option")
ENV = dict(ALIBABA_CLOUD_ACCESS_KEY_ID="env", ALIBABA_CLOUD_ACCESS_KEY_SECRET="secret of env")
PROFILES = [
    dict(name="plain", mode="AK", access_key_id="plain", access_key_secret="secret of plain", sts_token="of an earlier day"),
    dict(name="sts", mode="StsToken", access_key_id="sts", access_key_secret="secret of sts", sts_token="token of sts"),
    dict(name="role", mode="RamRoleArn", access_key_id="role", access_key_secret="secret of role", ram_role_arn=ARN,
         ram_session_name="night", expired_seconds=900, external_id="shop-7"),
    dict(name="chain", mode="ChainableRamRoleArn", source_profile="role", ram_role_arn=OTHER),
    dict(name="instance", mode="EcsRamRole", ram_role_name="on-ecs"),
    dict(name="any instance", mode="EcsRamRole"),
    dict(name="from instance", mode="ChainableRamRoleArn", source_profile="any instance", ram_role_arn=ARN),
]


@pytest.fixture
def config(tmp_path):
    """Writes profiles; returns the path."""
    def write(*profiles, text=None):
        path = tmp_path / "config.json"
        path.write_text(text or json.dumps(dict(current="plain", profiles=list(profiles or PROFILES))), encoding="utf-8")
        return str(path)
    return write


def shown(origin):
    """(access key id, secret, token) or the instance's role, and the roles."""
    keys = origin.keys
    base = origin.instance_role if keys is None else (
        keys.access_key_id, keys.access_key_secret.reveal(), keys.security_token and keys.security_token.reveal())
    return base, origin.roles


def refusal(params, environ=None):
    """The message; it holds nothing secret."""
    with pytest.raises(InputError) as caught:
        choose(params, environ or {})
    assert "secret of" not in str(caught.value) and "token of" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("params, environ, base", [
    (OPTIONS, {}, ("option", "secret of option", None)),
    (dict(OPTIONS, security_token="token"), {}, ("option", "secret of option", "token")),
    (OPTIONS, ENV, ("option", "secret of option", None)),
    (OPTIONS, dict(ENV, ALIBABA_CLOUD_SECURITY_TOKEN="token of env"), ("option", "secret of option", None)),  # it belongs to other keys
    (OPTIONS, dict(ALIBABA_CLOUD_PROFILE="plain"), ("option", "secret of option", None)),
    (dict(access_key_id="option"), ENV, ("option", "secret of env", None)),
    ({}, dict(ENV, ALIBABA_CLOUD_SECURITY_TOKEN="token of env"), ("env", "secret of env", "token of env")),
    ({}, dict(ALICLOUD_ACCESS_KEY="old", ALICLOUD_SECRET_KEY="secret of old", ALICLOUD_SECURITY_TOKEN="t"), ("old", "secret of old", "t")),
    ({}, dict(ENV, ALICLOUD_ACCESS_KEY="old"), ("env", "secret of env", None)),
    (dict(profile="plain"), ENV, ("plain", "secret of plain", None)),
    ({}, dict(ENV, ALIBABA_CLOUD_PROFILE="plain"), ("plain", "secret of plain", None)),
    (dict(profile="sts"), dict(ALIBABA_CLOUD_PROFILE="plain"), ("sts", "secret of sts", "token of sts")),
    (dict(ecs_ram_role="on-ecs"), dict(ENV, ALIBABA_CLOUD_PROFILE="plain"), "on-ecs"),
    ({}, dict(ALIBABA_CLOUD_ECS_METADATA="env-role"), "env-role"),
    ({}, dict(ENV, ALIBABA_CLOUD_ECS_METADATA="env-role", ALIBABA_CLOUD_PROFILE=""), ("env", "secret of env", None)),
    (dict(access_key_id="", access_key_secret=None, profile=""), ENV, ("env", "secret of env", None)),
])
def test_who_wins(config, params, environ, base):
    assert shown(choose(dict(params, config_path=config()), environ)) == (base, ())


NIGHT, TAKEN = Role(ARN, "night", 900, "shop-7"), Role(OTHER, "daas-https", 3600, "")


@pytest.mark.parametrize("name, base, roles", [
    ("role", ("role", "secret of role", None), (NIGHT,)),
    ("chain", ("role", "secret of role", None), (NIGHT, TAKEN)),  # the source's role first
    ("instance", "on-ecs", ()), ("any instance", "", ()),
    ("from instance", "", (Role(ARN, "daas-https", 3600, ""),)),
])
def test_profiles(config, name, base, roles):
    assert shown(choose(dict(profile=name, config_path=config()), {})) == (base, roles)


def test_a_role_is_taken_with_whatever_keys_there_are(config):
    wanted = dict(role_arn=OTHER, session_name="daas-https", duration=3600, external_id=None)
    assert choose(dict(OPTIONS, assume_role=wanted), {}).roles == (TAKEN,)
    assert choose(dict(assume_role=wanted), ENV).roles == (TAKEN,)
    assert choose(dict(assume_role=wanted, profile="role", config_path=config()), {}).roles == (NIGHT, TAKEN)
    assert choose(dict(assume_role=wanted, ecs_ram_role="on-ecs"), {}).roles == (TAKEN,)
    assert choose(dict(assume_role=None, **OPTIONS), {}).roles == ()


@pytest.mark.parametrize("pair", list(itertools.combinations(["access_key_id", "profile", "ecs_ram_role"], 2)))
def test_contradictions(pair):
    message = refusal(dict.fromkeys(pair, "x"))
    assert message.startswith("%s and %s are given" % pair) and "Leave only one" in message


def test_a_secret_alone_contradicts_a_profile_too():
    assert "access_key_id and profile" in refusal(dict(access_key_secret="secret of x", profile="plain"))


def test_nothing_anywhere_says_what_was_looked_for_and_where():
    message = refusal({})
    for word in ("access_key_id and access_key_secret", "profile", "ecs_ram_role", "module_defaults", "ALIBABA_CLOUD_PROFILE",
                 "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_ECS_METADATA", "~/.aliyun/config.json"):
        assert word in message
    assert "/etc/shop.json" in refusal(dict(config_path="/etc/shop.json"))


@pytest.mark.parametrize("params, environ, words", [
    (dict(access_key_id="x"), {}, ["access_key_secret not given", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"]),
    (dict(access_key_secret="secret of x"), {}, ["access_key_id not given", "ALIBABA_CLOUD_ACCESS_KEY_ID"]),
    (dict(security_token="token of x"), {}, ["access_key_id and access_key_secret not given"]),
    ({}, dict(ALIBABA_CLOUD_ACCESS_KEY_ID="x"), ["access_key_secret not given"]),
])
def test_half_a_pair(params, environ, words):
    message = refusal(params, environ)
    assert all(word in message for word in words)


AK = dict(mode="AK", access_key_id="a", access_key_secret="secret of a")


@pytest.mark.parametrize("profile, words", [
    (dict(AK, name="other"), ["The profile 'shop' in ", "does not exist (option profile)", "There are: other"]),
    (dict(name="shop", mode="AK", access_key_id="a"), ["mode AK", "lacks access_key_secret"]),
    (dict(name="shop", mode="StsToken", access_key_secret="secret of a"), ["lacks access_key_id and sts_token"]),
    (dict(AK, name="shop", mode="RamRoleArn"), ["lacks ram_role_arn"]),
    (dict(AK, name="shop", mode="OIDC"), ["mode 'OIDC'", "AK, StsToken, RamRoleArn, ChainableRamRoleArn, EcsRamRole"]),
    (dict(name="shop"), ["mode 'None'"]),
    (dict(name="shop", mode="ChainableRamRoleArn", ram_role_arn=ARN), ["lacks source_profile"]),
    (dict(name="shop", mode="ChainableRamRoleArn", ram_role_arn=ARN, source_profile="gone"), ["'gone'", "source_profile of 'shop'"]),
    (dict(name="shop", mode="ChainableRamRoleArn", ram_role_arn=ARN, source_profile="shop"), ["in a circle: shop -> shop"]),
    (dict(AK, name="shop", mode="RamRoleArn", ram_role_arn="deployer"), ["The profile 'shop'", "role_arn 'deployer' is not of the form"]),
    (dict(AK, name="shop", mode="RamRoleArn", ram_role_arn=ARN, expired_seconds="long"), ["duration is 'long'", "900 to 43200"]),
])
def test_profiles_that_cannot_be_used(config, profile, words):
    message = refusal(dict(profile="shop", config_path=config(profile)))
    assert all(word in message for word in words)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"profiles": 1}', '{"profiles": [{"access_key_secret": "secret of x"}]}',
                                  '{"profiles": ["secret of x"]}', '"secret of x", "', '{"profiles": [{"name": []}]}'])
def test_a_file_that_is_something_else(config, text):
    path = config(text=text)
    message = refusal(dict(profile="shop", config_path=path))
    assert path in message and "not a configuration file" in message and "'shop' (option profile)" in message


def test_a_file_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    message = refusal({}, dict(ALIBABA_CLOUD_PROFILE="shop"))
    for word in ("'shop'", "environment variable ALIBABA_CLOUD_PROFILE", "~/.aliyun/config.json", "No such file", "config_path"):
        assert word in message
    (tmp_path / ".aliyun").mkdir()
    (tmp_path / ".aliyun" / "config.json").write_text(json.dumps(dict(profiles=[dict(AK, name="shop")])), encoding="utf-8")
    assert choose({}, dict(ALIBABA_CLOUD_PROFILE="shop")).keys.access_key_id == "a"


@pytest.mark.parametrize("change, words", [
    (dict(role_arn="acs:ram::1:user/x"), ["assume_role: role_arn"]), (dict(role_arn=None), ["role_arn ''"]),
    (dict(session_name="x"), ["session_name 'x'"]), (dict(session_name="at night"), ["session_name"]),
    (dict(duration=899), ["duration is '899'"]), (dict(duration=43201), ["900 to 43200"]), (dict(duration=-1), ["'-1'"]),
])
def test_roles_that_cannot_be(change, words):
    message = refusal(dict(OPTIONS, assume_role=dict(dict(role_arn=ARN), **change)))
    assert all(word in message for word in words)


def test_temporary_keys():
    fields = dict(AccessKeyId="STS.a", AccessKeySecret="secret of a", SecurityToken="token of a", Expiration="2026-05-01T10:00:00Z")
    keys = temporary("sts AssumeRole", fields)
    assert (keys.access_key_id, keys.access_key_secret.reveal(), keys.security_token.reveal()) == ("STS.a", "secret of a", "token of a")
    assert keys.expires == datetime.datetime(2026, 5, 1, 10, tzinfo=datetime.timezone.utc) and "secret of" not in repr(keys)
    for name in fields:
        with pytest.raises(TransportError, match="sts AssumeRole: the answer has no %s" % name):
            temporary("sts AssumeRole", dict(fields, **{name: None}))
    with pytest.raises(TransportError, match="not a time"):
        temporary("sts AssumeRole", dict(fields, Expiration="soon"))
    with pytest.raises(TransportError, match="AccessKeyId, AccessKeySecret"):
        temporary("sts AssumeRole", None)
