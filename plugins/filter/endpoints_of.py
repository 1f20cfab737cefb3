# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: endpoints_of
short_description: The endpoints behind which given deployment targets are
version_added: 0.1.0
author:
  - daas.https contributors (@daas)
description:
  - Takes C(deployment.targets) of M(daas.https.cas_deploy) and says which TLS endpoints must now serve what, as the option C(endpoints)
    of M(daas.https.tls_verify).
positional: hosts
options:
  _input:
    description: Targets, as M(daas.https.cas_deploy) returns them.
    type: list
    elements: dict
    required: true
  hosts:
    description:
      - The hosts that stand for the resources, each with C(edge_resources) and C(https_endpoints), as in C(hostvars).
      - An endpoint of a host with several listeners belongs to the one whose port it has, or whose port its label ends in (C(:8443)).
    type: list
    elements: dict
    required: true
  expect:
    description: Whether the endpoints are to serve what the targets have now, or what they had before.
    type: str
    choices: [current, previous]
    default: current
  key_types_of:
    description:
      - Services that have an RSA and an ECDSA certificate for one name. Their endpoints get the C(key_type) of the certificate that they
        have to serve, where it is known.
    type: list
    elements: str
  domains:
    description: If given, endpoints whose name none of these covers are left out. They have never been meant.
    type: list
    elements: str
"""

EXAMPLES = r"""
# edge is the result of daas.https.cas_deploy
endpoints: >-
  {{ edge.deployment.targets | selectattr('changed')
     | daas.https.endpoints_of(ansible_play_hosts_all | map('extract', hostvars), domains=certificate_result.certificate.domains) }}
"""

RETURN = r"""
_value:
  description:
    - The endpoints with the keys C(name), C(address), C(port), C(label) as the hosts have them, and the expected C(fingerprint); with
      O(key_types_of) also C(key_type).
      An endpoint whose target has (or had) no certificate is left out.
  type: list
  elements: dict
"""

from ansible_collections.daas.https.plugins.module_utils._domain.matching import means, port_of

KEYS = ("name", "address", "port", "label")
KEY_TYPES = ("RSA", "ECDSA")  # those that a handshake can be made for


def endpoints_of(targets, hosts, expect="current", domains=None, key_types_of=()):
    """Endpoints to prove, each once, in the hosts' order."""
    found, targets = [], [target for target in targets if not target.get("superseded")]
    for host in hosts:
        resources = list(host.get("edge_resources") or [])
        mine = [target for target in targets if any(means(resource, target) for resource in resources)]
        ports = set(port_of(resource.get("listener_port")) for resource in resources if resource.get("instance"))
        for endpoint in host.get("https_endpoints") or []:
            if domains and not any(covers(domain, endpoint["name"]) for domain in domains):
                continue
            target = _behind(endpoint, mine, ports)
            certificate = _certificate(target, expect, endpoint["name"])
            if certificate:
                shown = dict((key, endpoint[key]) for key in KEYS if endpoint.get(key) is not None)
                shown["fingerprint"] = certificate["fingerprint"]
                if target["service"] in key_types_of and certificate.get("key_type") in KEY_TYPES:
                    shown["key_type"] = certificate["key_type"].lower()
                if shown not in found:
                    found.append(shown)
    return found


def _certificate(target, expect, name):
    """What a target has, or had: before a new one of a set of additional certificates, what it supersedes of this name was served."""
    if not target:
        return None
    before = [old for old in target.get("supersedes") or [] if any(covers(domain, name) for domain in old.get("domains") or [])]
    return target.get(expect) or (next(iter(before), None) if expect == "previous" else None)


def covers(domain, name):
    """Whether a certificate's name, or a CDN domain written *.example.com or .example.com, stands for this host name."""
    domain, name = domain.lower(), name.lower().rstrip(".")
    if domain.startswith("."):
        return name.endswith(domain)
    if domain.startswith("*."):
        return name.partition(".")[2] == domain[2:]
    return domain == name


def _behind(endpoint, targets, ports):
    """The one target whose certificate this endpoint serves, or None: an SNI slot of its name goes before a listener's default."""
    name = endpoint["name"]
    label = str(endpoint.get("label") or "").rpartition(":")
    port = int(label[2]) if label[1] and label[2].isdigit() and int(label[2]) in ports else port_of(endpoint.get("port"))
    here = [target for target in targets if not target.get("instance") or len(ports) == 1 or port_of(target.get("listener_port")) == port]
    named = [target for target in here if target.get("domain") and covers(target["domain"], name)]
    nameless = [target for target in here if not target.get("domain")]
    added = [target for target in nameless if target.get("slot") == "additional"]
    return next(iter(named + added + nameless), None)


class FilterModule:
    """Filters of the collection."""

    def filters(self):
        return {"endpoints_of": endpoints_of}
