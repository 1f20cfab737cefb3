# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: instances_of_airec
short_description: The AIRec instances that hosts stand for
version_added: 0.1.0
author:
  - daas.https contributors (@daas)
description:
  - Takes hosts with the variables of the role P(daas.https.airec#role) and gives the instances as the option C(airec) of
    M(daas.https.cas_certificate), which looks at their bindings.
  - A host without C(airec_region) is none. One with C(airec_method=endpoint) is left out, because nothing is bound to it.
  - The result holds access tokens; use it as an argument of a task, and do not set it as a fact.
options:
  _input:
    description: The hosts, as in C(hostvars).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
airec: "{{ ansible_play_hosts_all | map('extract', hostvars) | daas.https.instances_of_airec }}"
"""

RETURN = r"""
_value:
  description: The instances, each once, with C(instance_id), C(region), and if they are set C(auth), C(access_token) and C(contract).
  type: list
  elements: dict
"""

MORE = ("auth", "access_token", "contract")


def instances_of_airec(hosts):
    """[{instance_id, region, ...}] in the order of the hosts; of hosts that are the same instance the first counts."""
    found = {}
    for host in hosts:
        region = host.get("airec_region")
        if not region or host.get("airec_method") == "endpoint":
            continue
        number = host.get("airec_instance_id") or host["inventory_hostname"]
        shown = dict((key, host["airec_" + key]) for key in MORE if host.get("airec_" + key))
        found.setdefault((number, region), dict(shown, instance_id=number, region=region))
    return list(found.values())


class FilterModule:
    """Filters of the collection."""

    def filters(self):
        return {"instances_of_airec": instances_of_airec}
