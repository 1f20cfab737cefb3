# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The codes that ECS answers with when it refuses a call. What fails on one instance is not refused; it has its code in the result."""

from __future__ import annotations

from ...state import CloudError


def unknown_region(region: str) -> CloudError:
    return CloudError("InvalidRegionId.NotFound", "The specified region {0} is not found.".format(region), 404)


def unknown_instance(instance_id: str) -> CloudError:
    return CloudError("InvalidInstance.NotFound", "The specified instance {0} does not exist.".format(instance_id), 404)


def no_instances(limit: int) -> CloudError:
    return CloudError("InstanceIds.ExceedLimit", "From 1 to {0} instance ids are possible.".format(limit))


def unknown_type() -> CloudError:
    return CloudError("InvalidCmdType.NotFound", "The specified command type does not exist.", 404)


def too_long() -> CloudError:
    return CloudError("CmdContent.ExceedLimit", "The length of the command content exceeds the upper limit.")


def not_base64() -> CloudError:
    return CloudError("CmdContent.DecodeError", "The command content is not Base64.")


def bad_file(why: str) -> CloudError:
    return CloudError("InvalidParameter.FileContent", "The content of the file cannot be used: {0}.".format(why))


def invalid(name: str, why: str) -> CloudError:
    return CloudError("InvalidParameter", "The parameter {0} is not valid: {1}.".format(name, why))


def not_emulated(name: str) -> CloudError:
    return CloudError("InvalidParameter", "The emulated ECS does not know what to do with the parameter {0}.".format(name))


def other_parameters() -> CloudError:
    return CloudError("IdempotentParameterMismatch", "The ClientToken was used with other parameters.", 400)
