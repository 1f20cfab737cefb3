# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The codes that AliDNS answers with."""

from __future__ import annotations

from ...state import CloudError


def no_zone(zone: str) -> CloudError:
    return CloudError("InvalidDomainName.NoExist", "The specified domain name {0} does not exist.".format(zone), 400)


def no_record(record_id: str) -> CloudError:
    return CloudError("DomainRecordNotBelongToUser", "The domain record {0} does not belong to this user.".format(record_id), 400)


def duplicate() -> CloudError:
    return CloudError("DomainRecordDuplicate", "The DNS record already exists.", 400)


def conflict(rr: str) -> CloudError:
    return CloudError("DomainRecordConflict", "A CNAME record conflicts with another record of the host {0}.".format(rr), 400)


def invalid(name: str, why: str) -> CloudError:
    return CloudError("InvalidParameter", "The parameter {0} is not valid: {1}.".format(name, why), 400)
