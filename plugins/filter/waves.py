# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: waves
short_description: Resources to deploy to, one wave after the other
version_added: 0.1.0
author:
  - daas.https contributors (@daas)
description:
  - Takes targets of M(daas.https.cas_deploy), for instance those that its check mode says would change, and gives the resources that they
    belong to, in waves.
  - All slots of a resource are in one wave. Resources keep their order, but for those that are to be first.
positional: resources, sizes
options:
  _input:
    description: Targets, as M(daas.https.cas_deploy) returns them.
    type: list
    elements: dict
    required: true
  resources:
    description:
      - The resources as they were given to M(daas.https.cas_deploy), for targets that do not say themselves which one they come from.
        A target that belongs to none of them was discovered.
    type: list
    elements: dict
    required: true
  sizes:
    description:
      - Sizes of the waves, as C(serial) of a play, numbers or percents of all resources (V(25%)). The last one is repeated until nothing
        is left.
    type: list
    elements: str
    default: ["100%"]
  first:
    description: Patterns, as a shell matches file names, of the targets (C(slb/cn-hangzhou/lb-1*)) that are to be in the first waves.
    type: list
    elements: str
"""

EXAMPLES = r"""
# plan is the result of daas.https.cas_deploy in check mode: one canary, then a quarter at a time
waves: >-
  {{ plan.deployment.targets | selectattr('changed') | daas.https.waves(edge_resources, sizes=[1, '25%'], first=['cdn/canary.*']) }}
"""

RETURN = r"""
_value:
  description: A list of lists of resources, as the option C(resources) of M(daas.https.cas_deploy).
  type: list
  elements: list
"""

from fnmatch import fnmatchcase

from ansible.errors import AnsibleFilterError
from ansible_collections.daas.https.plugins.module_utils._domain.matching import means, resource_of


def waves(targets, resources, sizes=None, first=None):
    """A list of lists of resources; sizes are taken of their number."""
    ordered = []
    for target in sorted(targets, key=lambda target: not any(fnmatchcase(target["target"], pattern) for pattern in first or ())):
        mine = [resource_of(target)] if target.get("resource") else [
            resource for resource in resources if means(resource, target)] or [resource_of(target)]
        ordered += [resource for resource in mine[:1] if resource not in ordered]
    found, place, numbers = [], 0, _numbers(sizes or ["100%"], len(ordered))
    while place < len(ordered):
        size = numbers.pop(0) if len(numbers) > 1 else numbers[0]
        found.append(ordered[place:place + size])
        place += size
    return found


def _numbers(sizes, total):
    """Sizes as numbers, each at least 1. AnsibleFilterError for what is neither a number nor percents."""
    found = []
    for size in sizes:
        text = str(size).strip()
        number = text[:-1] if text.endswith("%") else text
        if not number.isdigit():
            raise AnsibleFilterError("The size of a wave is a number or percents, for instance 1 or 25%%, not '%s'." % text)
        found.append(max(int(number) * total // 100 if text.endswith("%") else int(number), 1))
    return found


class FilterModule:
    """Filters of the collection."""

    def filters(self):
        return {"waves": waves}
