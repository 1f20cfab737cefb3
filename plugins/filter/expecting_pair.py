# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: expecting_pair
short_description: Endpoints of hosts with the fingerprints that each has to serve, where there are an RSA and an ECDSA certificate
version_added: 0.1.0
author:
  - daas.https contributors (@daas)
description:
  - As P(daas.https.expecting#filter), for the endpoints of hosts that may have two certificates for the same names.
  - An endpoint of a host that has both becomes two, with C(key_type), one for each kind of key; the kind is in their C(label).
  - A host has both if all its C(edge_resources) are of services that serve both (ALB, ESA), or if it has
    C(app_host_alternative_certificate_dest) or C(app_host_alternative_combined_dest). Of a host with ALB or ESA and others, either
    certificate will do.
positional: fingerprint, alternative, domains
options:
  _input:
    description: Hosts, each with C(https_endpoints) and what tells whether it has both, as in C(hostvars).
    type: list
    elements: dict
    required: true
  fingerprint:
    description: Fingerprint of the first certificate, in hex. Empty means that nothing is expected.
    type: str
    required: true
  alternative:
    description: The other certificate, as the modules return it; its C(fingerprint) and C(key_type) count.
    type: dict
    required: true
  domains:
    description: The names that both certificates cover. If there are none, they count as those for all endpoints.
    type: list
    elements: str
"""

EXAMPLES = r"""
# certificate_result and certificate_alternative_result are left by the role daas.https.certificate
endpoints: >-
  {{ ansible_play_hosts_all | map('extract', hostvars) | list
     | daas.https.expecting_pair(certificate_result.certificate.fingerprint, certificate_alternative_result.certificate,
                                 certificate_result.certificate.domains) }}
"""

RETURN = r"""
_value:
  description: The endpoints in the order of the hosts, as the option C(endpoints) of M(daas.https.tls_verify).
  type: list
  elements: dict
"""

from ansible_collections.daas.https.plugins.filter.expecting import expecting

PAIRING = ("alb", "esa")
OTHER = {"rsa": "ecdsa", "ecdsa": "rsa"}
ON_HOSTS = ("app_host_alternative_certificate_dest", "app_host_alternative_combined_dest")


def expecting_pair(hosts, fingerprint, alternative, domains=None):
    """Copies of the endpoints; the given ones are not changed."""
    kind, found = (alternative.get("key_type") or "").lower(), []
    for host in hosts:
        here = _services(host)
        both = any(host.get(word) for word in ON_HOSTS) or (here and here <= set(PAIRING))
        for endpoint in expecting(host.get("https_endpoints") or [], fingerprint, domains):
            if endpoint.get("expected_fingerprint") != [fingerprint] or not alternative.get("fingerprint"):
                found.append(endpoint)
            elif both and kind in OTHER:
                found += [_of(endpoint, OTHER[kind], fingerprint), _of(endpoint, kind, alternative["fingerprint"])]
            elif here & set(PAIRING):
                found.append(dict(endpoint, expected_fingerprint=[fingerprint, alternative["fingerprint"]]))
            else:
                found.append(endpoint)
    return found


def _services(host):
    return set(str(resource.get("service")).lower() for resource in host.get("edge_resources") or [])


def _of(endpoint, kind, fingerprint):
    return dict(endpoint, key_type=kind, expected_fingerprint=[fingerprint], label="%s (%s)" % (endpoint["label"], kind))


class FilterModule:
    """Filters of the collection."""

    def filters(self):
        return {"expecting_pair": expecting_pair}
