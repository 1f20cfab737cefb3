# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""daas.https.ram_policy: a key with what it says, and nothing else, deploys, verifies and rolls back; and all of it is needed."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
import yaml
from ansible_collections.daas.https.plugins.module_utils._permissions import PRODUCTS

from tests.e2e.conftest import keys_used, places_of_keys
from tests.e2e.stage import Run, Stage, write_overlay
from tests.emulator.products import products as emulated
from tests.support.leaks import leaks

PLAYBOOKS = ("deploy", "verify", "rollback")
# One host of each kind that the demo has.
HOSTS = ["lb-bp1web", "alb-bp1shop", "nlb-bp1mq", "img.example.com", "shop-assets.example.com", "app.example.com", "airec-cn-demo01"]
LIMIT = ["--limit", ",".join(HOSTS)]
OPTIONS = ["-e", json.dumps(dict(airec_auth="signature", edge_https_options={"cdn": {"http2": True}}))]

# What the policy has and these runs, in which nothing goes wrong and nothing was there before, have no need of.
OTHERWISE = {
    "slb:DescribeLoadBalancerListeners": "from five listeners on the region's list is read",
    "alb:AssociateAdditionalCertificatesWithListener": "slots are default ones here; see test_only_the_slots_that_are_meant",
    "alb:DissociateAdditionalCertificatesFromListener": "only if the new certificate is there as an additional one",
    "nlb:DisassociateAdditionalCertificatesWithListener": "only if the new certificate is there as an additional one",
    "cdn:DeleteSpecificConfig": "only if a conditional setting is in the way",
    "alidns:UpdateDomainRecord": "only if an earlier validation has left a record of another value",
    "alidns:DeleteDomainRecord": "with airec_cleanup_validation, or if a record is in the way",
}


@dataclasses.dataclass
class Story:
    """What happened, in order. used: RAM actions of all calls with the limited key; lacking: the run without one of them."""

    stage: Stage
    shown: Run
    written: Run
    again: Run
    policy: dict[str, Any]
    files: list[str]
    runs: dict[str, Run]
    used: set[str]
    lacking: Run
    monitoring: Run
    monitoring_used: set[str]


def actions_of(policy):
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def everything():
    """Every RAM action of the emulated cloud."""
    return {"{0}:{1}".format(product.ram, item.name) for product in emulated().values() for item in product.operations}


def restricted(stage, allowed):
    """From now on the inventory has a key that may do this, and nothing else."""
    key = stage.control("POST", "/keys", dict(deny=sorted(everything() - set(allowed))))
    write_overlay(stage, key)
    return key["access_key_id"]


def used_by(stage, key):
    return {PRODUCTS[entry["product"]].ram_action(entry["action"]) for entry in stage.journal() if entry["principal"] == key}


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    folder = tmp_path_factory.mktemp("policy")
    with Stage(folder / "stage", calm=True) as stage:
        yield tell(stage)
        home = [*places_of_keys(stage), *(stage.app_root / "tls").glob(".privkey.pem.daas-previous")]
    assert not list(leaks(folder, keys_used(stage), home)), "private keys were left behind"


def tell(stage):
    dest = stage.folder / "policies"
    wanted = ["-e", json.dumps(dict(ram_policy_playbooks=list(PLAYBOOKS)))]
    shown = stage.play("daas.https.ram_policy", *LIMIT, *OPTIONS, *wanted)
    written, again = (stage.play("daas.https.ram_policy", *LIMIT, *OPTIONS, *wanted, "-e", "ram_policy_dest={0}".format(dest))
                      for _time in range(2))
    assert written.code == 0 and not stage.journal(), written.output
    files = sorted(path.name for path in dest.iterdir())
    policy = json.loads((dest / files[0]).read_text(encoding="utf-8"))

    key = restricted(stage, actions_of(policy))
    # the application host's pair from before is not that of the generation in CAS
    hosts = {"rollback": ["--limit", ",".join(name for name in HOSTS if name != "app.example.com")]}
    runs = {name: stage.play("daas.https.{0}".format(name), *hosts.get(name, LIMIT), *OPTIONS) for name in PLAYBOOKS}
    used = used_by(stage, key)
    # the rollback has taken the edge back, so that there is something to do again
    restricted(stage, actions_of(policy) - {"alb:UpdateListenerAttribute"})
    lacking = stage.play("daas.https.deploy", *LIMIT, *OPTIONS)

    only = stage.play("daas.https.ram_policy", *LIMIT, *OPTIONS, "-e", json.dumps(dict(ram_policy_playbooks=["verify"])))
    key = restricted(stage, actions_of(policies(only)[0]))
    monitoring = stage.play("daas.https.verify", *LIMIT, "-e", "verify_same_chain=false")
    return Story(stage, shown, written, again, policy, files, runs, used, lacking, monitoring, used_by(stage, key))


def policies(run):
    """The policies that a run has shown."""
    return [item["msg"] for result in run.results("ansible.builtin.debug") for item in result.get("results", [result])]


def test_it_is_shown_or_written(story):
    assert story.shown.code == 0 and policies(story.shown) == [story.policy]
    assert story.shown.changed() == 0 and story.written.changed() > 0 and story.again.changed() == 0
    assert story.files == ["img.example.com.json"], "called by the first host of the account"


def test_it_holds_no_credential(story):
    text = json.dumps(story.policy) + story.shown.output + story.written.output
    assert story.stage.cloud["access_key_id"] not in text and story.stage.cloud["access_key_secret"] not in text


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_a_key_with_it_can_do_the_job(story, playbook):
    run = story.runs[playbook]
    assert run.code == 0, run.output
    assert playbook == "verify" or run.changed() > 0


def test_nothing_was_called_that_it_does_not_allow(story):
    assert story.used and not story.used - actions_of(story.policy)


def test_all_that_it_allows_was_needed_or_is_for_what_did_not_happen(story):
    idle = actions_of(story.policy) - story.used
    assert not idle - set(OTHERWISE), "allowed, and never used"


def test_without_one_of_them_the_refusal_names_it(story):
    assert story.lacking.code != 0
    assert "Grant the RAM action alb:UpdateListenerAttribute to this access key" in " ".join(story.lacking.output.split())


def test_monitoring_is_content_with_reading(story):
    assert "Grant the RAM action" not in story.monitoring.output
    assert story.monitoring_used, "the drift report asks the cloud"
    assert all(name.partition(":")[2].startswith(("Describe", "List")) for name in story.monitoring_used)


def test_two_accounts_have_a_policy_each_and_who_takes_the_role_another(story, tmp_path):
    arn = "acs:ram::1000000000000002:role/certificates"
    inventory = dict(all=dict(children=dict(edge=dict(hosts={
        "lb-1": dict(edge_resources=[dict(service="slb", region="cn-hangzhou", instance="lb-1", slot="default")]),
        "www.example.com": dict(edge_resources=[dict(service="cdn", domain="www.example.com")],
                                daas_https_connection=dict(assume_role=dict(role_arn=arn)))}), app_hosts={}, airec={})))
    path = tmp_path / "hosts.yml"
    path.write_text(yaml.safe_dump(inventory), encoding="utf-8")
    dest = tmp_path / "policies"
    run = story.stage.play("daas.https.ram_policy", "-i", str(path), "--limit", "lb-1,www.example.com", "-e",
                           "ram_policy_dest={0}".format(dest))
    assert run.code == 0, run.output
    found = {file.name: json.loads(file.read_text(encoding="utf-8")) for file in dest.iterdir()}
    assert set(found) == {"lb-1.json", "www.example.com.json", "www.example.com.assume-role.json"}
    assert found["www.example.com.assume-role.json"]["Statement"] == [dict(Effect="Allow", Action=["sts:AssumeRole"], Resource=[arn])]
    services = {name: {action.partition(":")[0] for action in actions_of(policy)} for name, policy in found.items()}
    assert services["lb-1.json"] == {"slb", "yundun-cert"} and services["www.example.com.json"] == {"cdn", "yundun-cert"}
