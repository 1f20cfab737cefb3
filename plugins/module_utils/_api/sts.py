# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""STS, which lends the keys of a RAM role (2015-04-01). PRIVATE to the collection."""

from __future__ import annotations

from .action import READ, Product
from .hints import DENIED, hint

# It changes nothing: keys that nobody uses expire by themselves
PRODUCT = Product("sts", "2015-04-01", "sts", {"AssumeRole": READ})
HINTS = {
    "EntityNotExist.Role": "Check role_arn: the account's id and the role's name.",
    "InvalidParameter.DurationSeconds": "The role's MaxSessionDuration is shorter than duration.",
}


def request_of(role):
    """The parameters of AssumeRole for a credentials.Role."""
    return dict(
        RoleArn=role.arn, RoleSessionName=role.session_name, DurationSeconds=role.duration, ExternalId=role.external_id or None)


def next_step(code, ram_action):
    """As hints.hint: two sides must agree before somebody becomes a role."""
    if any(word in code for word in DENIED):
        return ("Grant the RAM action %s for this role to who asks, and let the role's trust policy name them, with the same external_id "
                "if it wants one." % ram_action)
    return next((text for start, text in HINTS.items() if code.startswith(start)), "") or hint(code, ram_action)
