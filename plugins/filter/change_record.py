# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: change_record
short_description: What a run has changed, out of the facts that the roles have left
version_added: 0.1.0
author:
  - daas.https contributors (@daas)
description:
  - For the role P(daas.https.change_record#role), which writes it down. Neither keys nor access key ids are in the result.
options:
  _input:
    description: The hosts, as in C(hostvars), after the roles of this collection.
    type: list
    elements: dict
    required: true
  stored:
    description: Certificates as M(daas.https.cas_certificate_info) returns them, which tell more of those that were there before.
    type: list
    elements: dict
  alive:
    description: Names of the hosts that have not failed.
    type: list
    elements: str
  check_mode:
    description: Whether nothing was done, and it is a plan.
    type: bool
    default: false
"""

EXAMPLES = r"""
record: >-
  {{ ansible_play_hosts_all | map('extract', hostvars)
     | daas.https.change_record(alive=ansible_play_hosts, check_mode=ansible_check_mode) }}
"""

RETURN = r"""
_value:
  description:
    - C(certificates), the new ones first; the rows C(targets), C(app_hosts) and C(airec) with C(target), the fingerprints C(before) and
      C(after), C(verdict), C(request_id) and C(error); C(endpoints) as they were verified; C(counts) of verdicts; C(failures); what was
      C(passed_over); and C(tables), the lines of Markdown tables of the rows.
  type: dict
"""

from ansible_collections.daas.https.plugins.module_utils._domain.record import record_of


def change_record(hosts, stored=(), alive=(), check_mode=False):
    """A dict, see record_of."""
    return record_of(hosts, stored or (), list(alive or ()), bool(check_mode))


class FilterModule:
    """Filters of the collection."""

    def filters(self):
        return {"change_record": change_record}
