# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names cover which."""

from __future__ import annotations

import pytest

from ansible_collections.daas.https.plugins.module_utils._domain import names

CERT = ("www.example.com", "*.shop.example.com")


@pytest.mark.parametrize("name, covered", [
    ("www.example.com", True), ("WWW.Example.com.", True), ("a.shop.example.com", True), ("*.shop.example.com", True),
    (".shop.example.com", True), ("a.b.shop.example.com", False), ("shop.example.com", False), ("example.com", False),
    ("*.example.com", False), ("", False), ("com", False), ("*", False),
])
def test_covers(name, covered):
    assert names.covers(CERT, name) is covered


@pytest.mark.parametrize("wanted, all_covered", [
    (["www.example.com"], True), (["www.example.com", "x.shop.example.com"], True), (["www.example.com", "api.example.com"], False),
    ([], False),
])
def test_nothing_known_is_never_covered(wanted, all_covered):
    assert names.covers_all(CERT, wanted) is all_covered


def test_missing_names_the_rest():
    assert names.missing(CERT, ["www.example.com", "api.example.com"]) == ["api.example.com"]
