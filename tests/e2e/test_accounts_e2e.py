# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One play over two accounts that have resources of the same names: each gets its own copy, and none is called for the other's."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.e2e.openssl import s_client
from tests.e2e.rollout import committed, places, write
from tests.e2e.stage import Child, Run, Stage, overlay_hosts

# the order is that of the inventory: the hosts of the second account come after the first one
FIRST, SECOND = ["static.example.com", "lb-bp1web", "alb-bp1shop"], ["img.example.com", "lb-uf6web", "alb-uf6shop"]
DEPLOY = ["daas.https.deploy", "--tags", "edge", "--limit", ",".join(FIRST + SECOND)]
MEANT = ({"cdn/static.example.com", "slb/lb-bp1web/443", "alb/alb-bp1shop/443"},
         {"cdn/img.example.com", "slb/lb-uf6web/443", "slb/lb-uf6web/8443", "alb/alb-uf6shop/443", "alb/alb-uf6shop/443/quic"})


class Account:
    """One of the two clouds, with what a test needs of a stage for it."""

    control, journal = Stage.control, Stage.journal

    def __init__(self, cloud: dict[str, Any], app: dict[str, Any]) -> None:
        self.cloud, self.app = cloud, app

    def served(self, hosts: list[str], ca: str) -> dict[str, str]:
        return {endpoint["label"]: s_client(endpoint, ca).fingerprint
                for host, endpoints in overlay_hosts(self).items() if host in hosts for endpoint in endpoints}


@dataclasses.dataclass
class Story:
    """What happened, in order. Pairs are of the first and the second account."""

    accounts: tuple[Account, Account]
    before: tuple[dict[str, str], dict[str, str]]
    failed: Run
    failed_places: list[set[str]]
    between: tuple[dict[str, str], dict[str, str]]
    first: Run
    journals: list[list[dict[str, Any]]]
    after: tuple[dict[str, str], dict[str, str]]
    states: list[dict[str, Any]]
    second: Run
    second_writes: list[dict[str, Any]]


@pytest.fixture(scope="module")
def story(stage):
    other = Child("other", stage.folder, "tests.emulator", "--scenario", "demo", "--seed", "2", "--state-dir", str(stage.folder / "other"))
    try:
        yield tell(stage, (Account(stage.cloud, stage.app), Account(other.ready, stage.app)))
    finally:
        other.stop()


def inventory(stage, account):
    """Over the stage's inventory: the hosts of the second account, how it is reached, and where they listen."""
    folder, cloud = stage.folder / "second", account.cloud
    connection = dict(access_key_id=cloud["access_key_id"], access_key_secret=cloud["access_key_secret"], endpoints=cloud["endpoints"],
                      api_ca_path=cloud["ca_path"])
    endpoints = overlay_hosts(account)
    for host in SECOND:
        write(folder / "host_vars" / (host + ".yml"), dict(daas_https_connection=connection, https_endpoints=endpoints[host]))
    write(folder / "hosts.yml", dict(all=dict(hosts={host: {} for host in SECOND})))
    return ["-i", str(folder)]


def tell(stage, accounts):
    more = inventory(stage, accounts[1])

    def served():
        return tuple(account.served(hosts, stage.files["ca"]) for account, hosts in zip(accounts, (FIRST, SECOND)))

    def forget():
        for account in accounts:
            account.control("DELETE", "/journal")

    def written():
        return [{places(account)(entry) for entry in committed(account.journal())} - {""} for account in accounts]

    before = served()
    accounts[1].control("POST", "/dataplane/fault", dict(key="alb/alb-uf6shop/443", kind="refuse"))
    failed = stage.play(*DEPLOY, *more, "-e", "edge_verify_timeout=4")
    accounts[1].control("POST", "/dataplane/fault", dict(key="alb/alb-uf6shop/443", kind=None))
    failed_places, between = written(), served()
    first = stage.play(*DEPLOY, *more)
    journals = [account.journal() for account in accounts]
    after, states = served(), [account.control("GET", "/state") for account in accounts]
    forget()
    second = stage.play(*DEPLOY, *more)
    return Story(accounts, before, failed, failed_places, between, first, journals, after, states, second,
                 [entry for account in accounts for entry in committed(account.journal())])


def test_a_proof_that_fails_in_one_account_takes_both_back(story):
    assert story.failed.code != 0
    assert story.between == story.before
    said = next(row["result"]["msg"] for row in story.failed.rows if row["status"] == "failed")
    assert "alb-uf6shop:443" in said and "slb/cn-hangzhou/lb-bp1web:443/default" in said.split("put back on")[1]
    assert story.failed_places == list(MEANT), "and none was called for the other's"


def test_both_accounts_are_served_with_the_new_certificate(story):
    assert story.first.code == 0, story.first.output
    fingerprint = story.first.results("daas.https.cas_certificate")[0]["certificate"]["fingerprint"]
    assert {label: fingerprint for labels in story.after for label in labels} == {**story.after[0], **story.after[1]}
    assert [len(labels) for labels in story.after] == [3, 4]


def copies(story):
    """Of each account: CAS's ids of the new certificate."""
    fingerprint = story.first.results("daas.https.cas_certificate")[0]["certificate"]["fingerprint"]
    return [[item["id"] for item in state["cas"]["certificates"] if item["fingerprint"] == fingerprint] for state in story.states]


def test_each_account_has_one_copy_of_its_own(story):
    mine, others = copies(story)
    assert len(mine) == len(others) == 1 and mine != others
    uploads = [sum(entry["action"] == "UploadUserCertificate" for entry in committed(journal)) for journal in story.journals]
    assert uploads == [1, 1]


def test_each_slot_has_the_copy_of_its_account(story):
    for state, (copy,), domain, balancer in zip(story.states, copies(story), ("static.example.com", "img.example.com"),
                                                ("alb-bp1shop", "alb-uf6shop")):
        assert [row["cas_id"] for row in state["cdn"]["domains"] if row["domain"] == domain] == [copy]
        defaults = [held["id"] for row in state["alb"]["listeners"] if row["load_balancer"] == balancer
                    for held in row["certificates"] if held["default"]]
        assert defaults and {held.partition("-")[0] for held in defaults} == {str(copy)}


def test_no_call_goes_to_the_other_account(story):
    """Instances have the same names in both, so that a call that went astray would have been carried out."""
    for account, journal, meant in zip(story.accounts, story.journals, MEANT):
        place = places(account)
        assert {place(entry) for entry in committed(journal)} - {""} == meant
        assert {entry["principal"] for entry in journal} == {account.cloud["access_key_id"]}


def test_a_second_run_changes_nothing_in_either(story):
    assert story.second.code == 0, story.second.output
    assert story.second.changed() == 0 and story.second_writes == []
