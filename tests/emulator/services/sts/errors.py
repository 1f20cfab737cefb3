# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The codes that STS answers with."""

from __future__ import annotations

from ...state import CloudError


def no_role(arn: str) -> CloudError:
    return CloudError("EntityNotExist.Role", "The role not exists: {0}.".format(arn), 404)


def not_trusted() -> CloudError:
    """The role's trust policy does not let the caller in."""
    return CloudError("NoPermission", "You are not authorized to do this action. You should be authorized by RAM.", 403)


def invalid(name: str, why: str) -> CloudError:
    return CloudError("InvalidParameter." + name, "The parameter {0} is wrongly formed: {1}.".format(name, why), 400)
