# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One set of hosts for all tests; each test finds them as they were at the beginning."""

from __future__ import annotations

import pytest

from tests.e2e_hosts.site import ADDRESSES, Site
from tests.support.hosts import Hosts
from tests.support.leaks import leaks, needles


@pytest.fixture(scope="session")
def whole_site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    with Hosts(folder / "hosts", ADDRESSES) as hosts:
        site = Site(folder / "site", hosts)
        yield site
    keys = set().union(*(needles(pair.key_pem) for pair in (site.old, site.new)))
    at_home = list(site.folder.glob("*.key"))
    assert not list(leaks(site.folder, keys, at_home)), "private keys were left behind"


@pytest.fixture
def site(whole_site):
    whole_site.reset()
    return whole_site
