# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One emulator for all module tests, made anew for each, and certificates that take long to make, made once."""

from __future__ import annotations

import dataclasses

import pytest

from tests.support.emulation import running
from tests.support.modules import connection

NAMES = ["www.example.com", "api.example.com", "static.example.com", "img.example.com", "*.shop.example.com"]


@pytest.fixture(scope="session")
def emulator(tmp_path_factory):
    with running("empty", calm=True, tmp_path=tmp_path_factory.mktemp("cloud")) as handle:
        yield handle


@pytest.fixture
def cloud(emulator):
    """An account with two load balancers that have no listener; calm."""
    emulator.reset("empty", calm=True)
    return emulator


@dataclasses.dataclass(frozen=True)
class Materials:
    """old and new have the same names; wider and narrow more and fewer; unrelated has none of them."""

    old: object
    new: object
    wider: object
    narrow: object
    unrelated: object
    expired: object

    @property
    def keys(self):
        return tuple(getattr(self, field.name).key_pem for field in dataclasses.fields(self))


@pytest.fixture(scope="session")
def materials(emulator):
    issue = emulator.authority.issue
    return Materials(issue(NAMES, days=12), issue(NAMES), issue(NAMES + ["mail.example.com"]), issue(["www.example.com"]),
                     issue(["admin.example.net"]), emulator.authority.expired(NAMES))


@pytest.fixture
def options(cloud):
    """The connection options that reach the cloud."""
    return dict(connection(cloud), ca_path=cloud.ca_path)


def certificates(handle):
    """What CAS holds, as the emulator's snapshot shows it."""
    return handle.cloud.snapshot()["cas"]["certificates"]
