# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: ram_policy
short_description: The least RAM policy that playbooks of this collection need on hosts
version_added: 0.1.0
author:
  - daas.https contributors (@daas)
description:
  - Takes hosts of one account, and gives the policy of Resource Access Management (RAM) with the actions that the playbooks need for them,
    and no others. What a host needs follows from its variables, those of the roles.
  - It asks nobody; no credentials are needed.
notes:
  - Reading actions are allowed on all resources, because most of them are lists. Writing ones of ALB and CDN are allowed on the hosts'
    own load balancers and domains. CAS has no authorization by resource; the other products' calls are allowed on all resources.
  - The access token of AIRec brings its own rights; RAM has to do with AIRec only where C(airec_auth) is V(signature).
positional: playbooks
options:
  _input:
    description: The hosts, as in C(hostvars).
    type: list
    elements: dict
    required: true
  playbooks:
    description: What is to be run.
    type: list
    elements: str
    choices: [deploy, verify, rotate, rollback, prune]
    default: [deploy, verify, rotate, rollback, prune]
  read_only:
    description: Whether to leave out all that writes, so that the playbooks can be run with C(--check) only.
    type: bool
    default: false
  inventory_services:
    description: What P(daas.https.alicloud#inventory) lists with the same access key; none if it is not used.
    type: list
    elements: str
    choices: [slb, alb, nlb, cdn, dcdn, airec]
  any_resource:
    description: Whether writing actions are allowed on all resources, for instance if they come and go.
    type: bool
    default: false
  caller:
    description:
      - Whether to give, instead of the policy of the role that the hosts' connections take (C(assume_role)), that of who takes it.
    type: bool
    default: false
"""

EXAMPLES = r"""
# for an access key that runs the drift report
policy: "{{ ansible_play_hosts_all | map('extract', hostvars) | daas.https.ram_policy(['verify']) }}"
"""

RETURN = r"""
_value:
  description: The policy, with the keys C(Version) and C(Statement), as RAM takes it. Without anything to allow, C(Statement) is empty.
  type: dict
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.daas.https.plugins.module_utils._domain.permissions import LISTED, PLAYBOOKS


def ram_policy(hosts, playbooks=PLAYBOOKS, read_only=False, inventory_services=None, any_resource=False, caller=False):
    """A dict, to be written as JSON."""
    # Only here: to find one filter, Ansible loads all of a collection, in each process that uses one; and this one needs all products.
    from ansible_collections.daas.https.plugins.module_utils._permissions import caller_policy_of, policy_of

    _check("playbooks", playbooks, PLAYBOOKS)
    _check("inventory_services", inventory_services or (), LISTED)
    if caller:
        return caller_policy_of(list(hosts))
    return policy_of(list(hosts), list(playbooks), read_only, inventory_services or (), any_resource)


def _check(name, given, known):
    if isinstance(given, str):
        raise AnsibleFilterError("ram_policy: %s is a list, not '%s'." % (name, given))
    strange = [item for item in given if item not in known]
    if strange:
        raise AnsibleFilterError("ram_policy: %s can be %s, not '%s'." % (name, ", ".join(known), strange[0]))


class FilterModule:
    """Filters of the collection."""

    def filters(self):
        return {"ram_policy": ram_policy}
