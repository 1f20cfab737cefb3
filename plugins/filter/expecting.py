# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: expecting
short_description: Endpoints with the fingerprint that each has to serve, where a certificate is for it
version_added: 0.1.0
author:
  - daas.https contributors (@daas)
description:
  - Adds C(expected_fingerprint) to those endpoints whose name the certificate covers. The others stay as they are, because nothing
    says what they should serve.
  - An endpoint that says itself what it has to serve keeps what it says.
  - An endpoint without a C(label) gets the one that M(daas.https.tls_verify) would give it, so that it can be found in the result.
positional: fingerprint, domains
options:
  _input:
    description: Endpoints, as the option C(endpoints) of M(daas.https.tls_verify).
    type: list
    elements: dict
    required: true
  fingerprint:
    description: Fingerprint of the certificate, in hex. Empty means that nothing is expected.
    type: str
    required: true
  domains:
    description: The names that the certificate covers. If there are none, it counts as the one for all endpoints.
    type: list
    elements: str
"""

EXAMPLES = r"""
# certificate_result is the result of daas.https.cas_certificate
endpoints: >-
  {{ https_endpoints | daas.https.expecting(certificate_result.certificate.fingerprint, certificate_result.certificate.domains) }}
"""

RETURN = r"""
_value:
  description: The endpoints in the same order, as the option C(endpoints) of M(daas.https.tls_verify).
  type: list
  elements: dict
"""

from ansible_collections.daas.https.plugins.module_utils._domain.names import covers, normalise
from ansible_collections.daas.https.plugins.module_utils._tls.model import usual_port

OWN_WORDS = ("expected_fingerprint", "fingerprint")


def expecting(endpoints, fingerprint, domains=None):
    """Copies of the endpoints; the given ones are not changed."""
    names = [normalise(domain) for domain in domains or ()]
    found = []
    for endpoint in endpoints:
        port = int(endpoint.get("port") or usual_port(endpoint.get("starttls")))
        copy = dict(endpoint, label=endpoint.get("label") or "%s:%d" % (normalise(endpoint["name"]), port))
        meant = fingerprint and (not names or covers(names, endpoint["name"]))
        if meant and not any(endpoint.get(word) for word in OWN_WORDS):
            copy["expected_fingerprint"] = [fingerprint]
        found.append(copy)
    return found


class FilterModule:
    """Filters of the collection."""

    def filters(self):
        return {"expecting": expecting}
