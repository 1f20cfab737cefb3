# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The codes that CAS answers with; all with HTTP 400, also what is not found. Its messages are mostly Chinese."""

from __future__ import annotations

from ...state import CloudError


def name_repeat() -> CloudError:
    return CloudError("NameRepeat", "名称重复，请重新输入。")


def not_found() -> CloudError:
    return CloudError("NotFound", "没有找到必要内容，请检查参数输入。")


def bad_format() -> CloudError:
    return CloudError("CertificateFormatException", "证书格式异常，请检查输入内容。")


def expired() -> CloudError:
    return CloudError("CertificateExpired", "证书已过期。")


def too_long(name: str) -> CloudError:
    return CloudError("DataTooLongException", "{0} 长度超过限制。".format(name))


def missing(name: str) -> CloudError:
    return CloudError("MissingParameter", "{0} is mandatory for this action.".format(name))


def invalid(name: str) -> CloudError:
    return CloudError("InvalidParameter", "The specified parameter {0} is not valid.".format(name))


def token_reused() -> CloudError:
    return CloudError("InvalidParameter", "The ClientToken was used for another request.")


def protected() -> CloudError:
    return CloudError("InvalidStatus.DeleteProtection", "证书正在使用中，无法删除。")


def quota(what: str) -> CloudError:
    return CloudError("InsufficientQuota", "{0} 配额不足。".format(what))


def no_plan() -> CloudError:
    return CloudError("NotFoundPackage", "没有购买该规格的证书资源包。", 404)


def none_left() -> CloudError:
    return CloudError("NotRemainCount", "证书资源包剩余次数不足。", 404)


def no_such_call() -> CloudError:
    return CloudError("InvalidAction.NotFound", "Specified api is not found, please check your url and method.", 404)


def deploy_failed(why: str) -> CloudError:
    return CloudError("DeployFailed", "部署失败：{0}".format(why))
