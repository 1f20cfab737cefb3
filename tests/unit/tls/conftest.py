# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One certificate authority for all TLS tests, and certificates that are good or broken in one way each."""

from __future__ import annotations

import pytest

from tests.emulator.pki import Authority

NAME = "www.example.com"


@pytest.fixture(scope="session")
def authority():
    return Authority.create()


@pytest.fixture(scope="session")
def ca_path(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_text(authority.root_pem, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def good(authority):
    return authority.issue([NAME, "*.shop.example.com", "127.0.0.1"], key="ec")


@pytest.fixture(scope="session")
def newer(authority):
    return authority.issue([NAME], key="ec")
