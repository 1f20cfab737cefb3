# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is looked at by handshakes, and how often."""

from __future__ import annotations

from ansible_collections.daas.https.plugins.module_utils._survey import look_at
from ansible_collections.daas.https.plugins.module_utils._tls.model import Observation


class Prober:
    """Sees two addresses of every endpoint, and remembers what it was asked for."""

    def __init__(self):
        self.asked = []

    def look(self, endpoints):
        self.asked += endpoints
        return [[Observation(endpoint.name, address, endpoint.port, sha256="ab" * 32) for address in ("127.0.0.1", "::1")]
                for endpoint in endpoints]


def endpoint(name, port=443):
    return dict(name=name, address=None, port=port, label=None)


def test_an_endpoint_of_two_resources_is_looked_at_once_and_told_of_both():
    prober, www, api = Prober(), endpoint("www.example.com"), endpoint("api.example.com", 8443)
    found = look_at(prober, [dict(endpoints=[www, api]), dict(), dict(endpoints=[api, endpoint("WWW.example.com.")])])
    assert [where.name for where in prober.asked] == ["www.example.com", "api.example.com"]
    assert [[(served.name, served.address) for served in addresses] for addresses in found] == [
        [(name, address) for name in names for address in ("127.0.0.1", "::1")]
        for names in (("www.example.com", "api.example.com"), (), ("api.example.com", "www.example.com"))]
