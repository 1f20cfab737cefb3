# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which AIRec instances hosts stand for, and how they are reached."""

from __future__ import annotations

from ansible_collections.daas.https.plugins.filter.instances_of_airec import FilterModule, instances_of_airec

REC = dict(inventory_hostname="airec-cn-1", airec_region="cn-hangzhou")


def test_a_host_is_called_by_its_instance_unless_it_says_otherwise():
    assert instances_of_airec([REC, dict(REC, inventory_hostname="rec", airec_instance_id="airec-cn-2")]) == [
        dict(instance_id="airec-cn-1", region="cn-hangzhou"), dict(instance_id="airec-cn-2", region="cn-hangzhou")]


def test_how_it_is_reached_comes_along():
    contract = dict(status_path="/{instance_id}/x")
    assert instances_of_airec([dict(REC, airec_auth="signature", airec_access_token="", airec_contract=contract)]) == [
        dict(instance_id="airec-cn-1", region="cn-hangzhou", auth="signature", contract=contract)]
    assert instances_of_airec([dict(REC, airec_access_token="open sesame", airec_contract={})])[0]["access_token"] == "open sesame"


def test_hosts_that_are_none_and_hosts_that_are_the_same():
    hosts = [dict(inventory_hostname="lb-1"), dict(REC, airec_method="endpoint"), REC]
    hosts.append(dict(REC, inventory_hostname="again", airec_instance_id="airec-cn-1"))
    assert instances_of_airec(hosts) == [dict(instance_id="airec-cn-1", region="cn-hangzhou")]
    assert FilterModule().filters() == {"instances_of_airec": instances_of_airec}
