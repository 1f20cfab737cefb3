# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: with_endpoints
short_description: Resources of hosts, each with the endpoints at which clients reach it
version_added: 0.1.0
author:
  - daas.https contributors (@daas)
description:
  - Takes hosts with C(edge_resources) and C(https_endpoints) and gives the resources as the option C(resources) of
    M(daas.https.cas_deploy_info), which looks at their endpoints.
  - An endpoint of a host with several resources belongs to the listener whose port it has, or whose port its label ends in (C(:8443)), or
    to the domain that its name is of. One that belongs to none is left out.
options:
  _input:
    description: The hosts, as in C(hostvars).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
resources: "{{ ansible_play_hosts_all | map('extract', hostvars) | daas.https.with_endpoints }}"
"""

RETURN = r"""
_value:
  description: The resources, each once, with their endpoints (C(name), C(address), C(port), C(label)).
  type: list
  elements: dict
"""

from ansible_collections.daas.https.plugins.module_utils._domain.matching import port_of
from ansible_collections.daas.https.plugins.module_utils._domain.names import covers, normalise

KEYS = ("name", "address", "port", "label")


def with_endpoints(hosts):
    """Copies of the resources; hosts that share one add their endpoints to it."""
    found = []
    for host in hosts:
        resources = list(host.get("edge_resources") or [])
        for resource in resources:
            endpoints = [dict((key, endpoint[key]) for key in KEYS if endpoint.get(key) is not None)
                         for endpoint in host.get("https_endpoints") or [] if _belongs(endpoint, resource, resources)]
            known = next((item for item in found if dict(item, endpoints=None) == dict(resource, endpoints=None)), None)
            if known is None:
                found.append(dict(resource, endpoints=endpoints))
            else:
                known["endpoints"] += [endpoint for endpoint in endpoints if endpoint not in known["endpoints"]]
    return found


def _belongs(endpoint, resource, resources):
    if len(resources) == 1:
        return True
    if not resource.get("instance"):
        return covers([normalise(resource.get("domain") or "")], endpoint["name"])
    ports = set(port_of(item.get("listener_port")) for item in resources if item.get("instance"))
    label = str(endpoint.get("label") or "").rpartition(":")
    port = int(label[2]) if label[1] and label[2].isdigit() and int(label[2]) in ports else port_of(endpoint.get("port"))
    return port_of(resource.get("listener_port")) == port


class FilterModule:
    """Filters of the collection."""

    def filters(self):
        return {"with_endpoints": with_endpoints}
