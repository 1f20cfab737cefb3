# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts by account: who has the same connection options belongs together."""

from __future__ import annotations

from ansible_collections.daas.https.plugins.filter.accounts import FilterModule, accounts

HOME, ABROAD = dict(profile="shop"), dict(profile="shop", site="international")


def variables(**connections):
    """hostvars; None for a host that has no connection of its own."""
    return {host: {} if connection is None else dict(daas_https_connection=connection) for host, connection in connections.items()}


def test_hosts_with_the_same_connection_are_together():
    hostvars = variables(a=HOME, b=ABROAD, c=dict(HOME), d=ABROAD, e=dict(profile="other"))
    assert accounts(["a", "b", "c", "d"], hostvars) == {"a": ["a", "c"], "b": ["b", "d"]}


def test_hosts_without_one_are_together_too():
    assert accounts(["a", "b"], variables(a={}, b=None)) == {"a": ["a", "b"]} and accounts([], {}) == {}


def test_no_credential_is_in_the_result():
    assert "hidden" not in str(accounts(["a"], variables(a=dict(access_key_secret="hidden"))))
    assert FilterModule().filters() == {"accounts": accounts}
