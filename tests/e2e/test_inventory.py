# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin daas.https.alicloud as the commands run it: ansible-inventory, and ansible-doc."""

from __future__ import annotations

import json
import subprocess

import pytest
import yaml

from tests.e2e.stage import ROOT, ansible, environment
from tests.emulator.scenarios import demo

EXAMPLE = ROOT / "examples" / "inventory_plugin" / "shop.alicloud.yml"


def run(stage, program, *arguments, **variables):
    """(exit code, output, what was said besides)."""
    env = dict(environment(stage.folder), **variables)
    done = subprocess.run([ansible(program), *arguments], cwd=stage.folder, env=env, text=True, capture_output=True, check=False,
                          stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def source(stage):
    """The example as an operator would copy it, and how to reach the embedded cloud; the keys are in the environment."""
    reach = dict(endpoints=stage.cloud["endpoints"], api_ca_path=stage.cloud["ca_path"])
    path = stage.folder / EXAMPLE.name
    path.write_text(yaml.safe_dump({**yaml.safe_load(EXAMPLE.read_text(encoding="utf-8")), **reach}), encoding="utf-8")
    return str(path)


@pytest.fixture
def keys(stage):
    return dict(ALIBABA_CLOUD_ACCESS_KEY_ID=stage.cloud["access_key_id"], ALIBABA_CLOUD_ACCESS_KEY_SECRET=stage.cloud["access_key_secret"])


def plain(found):
    """Later versions of ansible-core mark in a list what is no template."""
    return found["__ansible_unsafe"] if set(found) == {"__ansible_unsafe"} else found


def groups_of(written):
    """Group -> its hosts and those of its children, as a file of hosts says it."""
    found = {}

    def walk(name, node):
        inside = set(node.get("hosts") or {})
        for child, below in (node.get("children") or {}).items():
            inside |= walk(child, below or {})
        found[name] = inside
        return inside

    walk("all", written["all"])
    return found


def hosts_of(listed, group):
    """The same of what ansible-inventory lists."""
    node = listed.get(group, {})
    return set(node.get("hosts") or []).union(*(hosts_of(listed, child) for child in node.get("children") or []))


def test_the_list_is_what_the_example_inventory_says_by_hand(stage, source, keys):
    stage.forget()
    code, output, said = run(stage, "ansible-inventory", "-i", source, "--list", **keys)
    assert code == 0, said
    listed = json.loads(output, object_hook=plain)
    hosts = listed["_meta"]["hostvars"]
    written = yaml.safe_load((ROOT / "examples" / "inventory" / "hosts.yml").read_text(encoding="utf-8"))
    groups = groups_of(written)
    for group in ("slb", "alb", "nlb", "load_balancers", "cdn", "dcdn", "edge", "airec", "cn_hangzhou", "cn_shanghai"):
        assert hosts_of(listed, group) == groups[group] - {"app.example.com"}, group
    assert hosts["lb-uf6web"]["https_endpoints"] == [
        dict(name="www.example.com", address="203.0.113.20", port=port, label="lb-uf6web:%d" % port) for port in (443, 8443)]
    assert [row["listener_port"] for row in hosts["lb-uf6web"]["edge_resources"]] == [443, 8443]
    assert hosts["img.example.com"]["https_endpoints"] == [dict(name="img.example.com", label="cdn img.example.com")]
    assert hosts["airec-cn-demo01"]["airec_instance_id"] == "airec-cn-demo01"
    assert stage.writes() == [] and keys["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] not in output + said


def test_the_graph(stage, source, keys):
    code, output, said = run(stage, "ansible-inventory", "-i", source, "--graph", **keys)
    lines = [line.replace("-", " ").replace("|", " ").strip() for line in output.splitlines()]
    assert code == 0 and "WARNING" not in said, said
    assert {"@edge:", "@load_balancers:", "@slb:", "@cdn:", "@airec:", "@cn_hangzhou:"} <= set(lines)
    assert output.index("@edge") < output.index("@load_balancers") < output.index("@slb")


def test_a_role_and_the_cache(stage, source, keys):
    """With a role that is taken; a second command, the keys gone, lives on the cache."""
    path = stage.folder / "role.alicloud.yml"
    more = dict(assume_role=dict(role_arn=demo.ROLE), cache=True, cache_plugin="ansible.builtin.jsonfile",
                cache_connection=str(stage.folder / "cached"), services=["slb"])
    path.write_text(yaml.safe_dump({**yaml.safe_load(open(source, encoding="utf-8")), **more}), encoding="utf-8")
    code, output, said = run(stage, "ansible-inventory", "-i", str(path), "--list", **keys)
    assert code == 0, said
    taken = [entry["principal"] for entry in stage.journal() if entry["action"] == "AssumeRole"]
    assert taken == [keys["ALIBABA_CLOUD_ACCESS_KEY_ID"]]
    again = run(stage, "ansible-inventory", "-i", str(path), "--list")
    assert again[0] == 0 and json.loads(again[1]) == json.loads(output)


def test_what_is_refused_is_said_and_the_rest_is_there(stage, source):
    key = stage.control("POST", "/keys", dict(deny=["cdn:DescribeUserDomains"]))
    limited = dict(ALIBABA_CLOUD_ACCESS_KEY_ID=key["access_key_id"], ALIBABA_CLOUD_ACCESS_KEY_SECRET=key["access_key_secret"])
    code, output, said = run(stage, "ansible-inventory", "-i", source, "--list", **limited)
    assert code == 0 and "lb-bp1web" in output and "static.example.com" not in output
    flat = " ".join(said.split())
    assert "cdn is left out of the inventory" in flat and "Grant the RAM action cdn:DescribeUserDomains" in flat


def test_without_credentials_it_says_what_it_looked_for(stage, source):
    code, output, said = run(stage, "ansible-inventory", "-i", source, "--list", ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="true")
    flat = " ".join(said.split())
    assert code != 0 and "No credentials" in flat and "ALIBABA_CLOUD_ACCESS_KEY_ID" in flat


def test_a_playbook_runs_on_it(stage, source, keys):
    """The roles find in it what they want: the edge is planned at every listener."""
    known = dict(
        daas_https_connection=dict(endpoints=stage.cloud["endpoints"], api_ca_path=stage.cloud["ca_path"]), certificate_name="shop",
        certificate_path=stage.files["certificate"], certificate_private_key_path=stage.files["private_key"],
        certificate_ca_path=stage.files["ca"])
    code, output, said = run(stage, "ansible-playbook", "daas.https.deploy", "-i", source, "-e", json.dumps(known), "--check", "--limit",
                             "slb:localhost", "--tags", "edge", "-v", **keys)
    assert code == 0, output + said
    for place in ("cn-hangzhou/lb-bp1web:443", "cn-shanghai/lb-uf6web:443", "cn-shanghai/lb-uf6web:8443"):
        assert "slb/{0}/default".format(place) in output


def test_the_documentation_renders(stage):
    code, output, said = run(stage, "ansible-doc", "-t", "inventory", "daas.https.alicloud")
    assert code == 0, said
    for word in ("hostname_prefix", "assume_role", "keyed_groups", "cache_plugin", "access_key_id", "EXAMPLES"):
        assert word in output
