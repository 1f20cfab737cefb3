# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""STS's calls on the wire. The rules are in models."""

from __future__ import annotations

from typing import Any

from ...rpc import Action, Call, declare
from . import errors
from .models import USUAL, Sts

VERSION = "2015-04-01"
RAM = "sts"
SDK = "alibabacloud-sts20150401"


def assume_role(cloud: Any, call: Call) -> dict[str, Any]:
    if call.text("Policy"):
        raise errors.invalid("Policy", "no policies are evaluated here; give the role fewer rights instead")
    session = call.text("RoleSessionName")
    role, key = cloud.sts.assume(call.text("RoleArn"), session, call.number("DurationSeconds", USUAL), call.text("ExternalId"))
    answer = {
        "AssumedRoleUser": {"Arn": Sts.session_arn(role, session), "AssumedRoleId": "{0}:{1}".format(role.id, session)},
        "Credentials": {"AccessKeyId": key.access_key_id, "AccessKeySecret": key.access_key_secret, "SecurityToken": key.security_token,
                        "Expiration": key.expires.strftime("%Y-%m-%dT%H:%M:%SZ")}}
    return {**answer, "SourceIdentity": call.text("SourceIdentity")} if call.text("SourceIdentity") else answer


def get_caller_identity(cloud: Any, call: Call) -> dict[str, Any]:
    return cloud.sts.identity(call.principal)


# Neither changes the account: keys that nobody uses expire by themselves.
ACTIONS = (
    Action("AssumeRole", assume_role, declare(
        "RoleArn! RoleSessionName! DurationSeconds:integer ExternalId Policy SourceIdentity"), doc_ref=SDK),
    Action("GetCallerIdentity", get_caller_identity, (), doc_ref=SDK),
)
