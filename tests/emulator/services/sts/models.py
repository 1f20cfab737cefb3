# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""STS's rules and storage: the roles of the account, and which temporary key is whose session."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from typing import Any

from ...auth import Key, Keyring
from . import errors

ACCOUNT = "1000000000000001"
SHORTEST, USUAL = 900, 3600  # seconds


@dataclasses.dataclass(frozen=True)
class Role:
    """deny: patterns of RAM actions that its keys may not use. external_id: what its trust policy asks for. longest: seconds."""

    arn: str
    id: str
    external_id: str | None = None
    deny: tuple[str, ...] = ()
    longest: int = USUAL

    @property
    def name(self) -> str:
        return self.arn.partition(":role/")[2]


class Sts:
    def __init__(self, cloud: Any) -> None:
        self._cloud = cloud
        self.keys = Keyring(cloud.clock)  # those that the gateway knows, when there is a gateway
        self.roles: dict[str, Role] = {}
        self._sessions: dict[str, tuple[Role, str]] = {}

    def add_role(self, arn: str, external_id: str | None = None, deny: Iterable[str] = (), longest: int = USUAL) -> Role:
        """A role of the account that its keys may take. For scenarios and tests."""
        number = "3{0:017d}".format(self._cloud.rng.randrange(10 ** 17))
        role = self.roles[arn] = Role(arn, number, external_id, tuple(deny), longest)
        return role

    def assume(self, arn: str, session: str, seconds: int, external_id: str) -> tuple[Role, Key]:
        """A session of a role, and its key. CloudError when there is no such role, or when it wants something else."""
        if not re.fullmatch(r"acs:ram::\d+:role/[\w./-]+", arn):
            raise errors.invalid("RoleArn", "acs:ram::<account>:role/<name> is wanted")
        if not re.fullmatch(r"[\w.@-]{2,64}", session):
            raise errors.invalid("RoleSessionName", "2 to 64 letters, digits and . @ - _ are wanted")
        role = self.roles.get(arn)
        if role is None:
            raise errors.no_role(arn)
        if role.external_id is not None and external_id != role.external_id:
            raise errors.not_trusted()
        if not SHORTEST <= seconds <= role.longest:
            raise errors.invalid("DurationSeconds", "{0} to {1} are possible".format(SHORTEST, role.longest))
        key = self.keys.add(deny=role.deny, seconds=seconds)
        self._sessions[key.access_key_id] = (role, session)
        return role, key

    def identity(self, access_key_id: str) -> dict[str, str]:
        """Who has this key, in the words of GetCallerIdentity."""
        if access_key_id not in self._sessions:
            return {"AccountId": ACCOUNT, "Arn": "acs:ram::{0}:user/operator".format(ACCOUNT), "IdentityType": "RAMUser",
                    "PrincipalId": "2" + ACCOUNT[1:], "UserId": "2" + ACCOUNT[1:]}
        role, session = self._sessions[access_key_id]
        return {"AccountId": ACCOUNT, "Arn": self.session_arn(role, session), "IdentityType": "AssumedRoleUser",
                "PrincipalId": "{0}:{1}".format(role.id, session), "RoleId": role.id}

    @staticmethod
    def session_arn(role: Role, session: str) -> str:
        return "{0}/{1}".format(role.arn.replace(":role/", ":assumed-role/"), session)

    def snapshot(self) -> dict[str, Any]:
        return {"roles": [{"arn": role.arn, "external_id": role.external_id, "deny": list(role.deny), "longest": role.longest}
                          for role in self.roles.values()]}
