# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: accounts
short_description: Hosts by the cloud account that they belong to
version_added: 0.1.0
author:
  - daas.https contributors (@daas)
description:
  - Groups hosts whose connection options are the same, so that one call can work for all of them.
  - The result has no connection options in it, and so no credentials.
positional: hostvars
options:
  _input:
    description: Names of hosts.
    type: list
    elements: str
    required: true
  hostvars:
    description: Their variables, of which C(daas_https_connection) counts, as C(hostvars). A host without it is like all others without.
    type: dict
    required: true
"""

EXAMPLES = r"""
# {"lb-1": ["lb-1", "lb-2"], "lb-intl-1": ["lb-intl-1"]}
accounts: "{{ ansible_play_batch | daas.https.accounts(hostvars) }}"
"""

RETURN = r"""
_value:
  description: Name of the first host of each account, and the names of all its hosts.
  type: dict
"""


def accounts(hosts, hostvars):
    """{first host: [hosts]} in the order of the hosts."""
    seen, found = [], {}
    for host in list(hosts):
        connection = hostvars[host].get("daas_https_connection", {})
        leader = next((name for name, known in seen if known == connection), None)
        if leader is None:
            seen.append((host, connection))
            leader = host
        found.setdefault(leader, []).append(host)
    return found


class FilterModule:
    """Filters of the collection."""

    def filters(self):
        return {"accounts": accounts}
