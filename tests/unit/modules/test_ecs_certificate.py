# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ecs_certificate against the emulated Cloud Assistant, whose scripts really run: and no trace of the private key in its history."""

from __future__ import annotations

import base64
import getpass
import grp
import json
import os

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ansible_collections.daas.https.plugins.module_utils import _assistant
from ansible_collections.daas.https.plugins.module_utils._domain import assistant_scripts as scripts
from ansible_collections.daas.https.plugins.module_utils._domain.envelope import BITS
from tests.support.emulation import Client
from tests.support.leaks import leaks, needles
from tests.support.modules import run_module
from tests.support.triple import leaked

REGION = "cn-hangzhou"
VERSION = "2014-05-26"


class Host:
    """An instance with a folder of its own: tls, run, and a web server that only writes down what it is told."""

    def __init__(self, cloud, folder, name, region=REGION, old=None, **wanted):
        self.name, self.region, self.root = name, region, folder / name
        self.tls, self.work = self.root / "tls", self.root / "run"
        self.tls.mkdir(parents=True)
        self.work.mkdir()
        self.certificate, self.key = self.tls / "fullchain.pem", self.tls / "privkey.pem"
        if old:
            self.put(old)
        self.instance = cloud.cloud.ecs.add_instance(name, region, root=self.root, **wanted)

    def put(self, material):
        self.certificate.write_text(material.chain_pem, encoding="utf-8")
        self.certificate.chmod(0o644)
        self.key.write_text(material.key_pem, encoding="utf-8")
        self.key.chmod(0o600)

    @property
    def there(self):
        return dict(instance=self.name, region=self.region)

    def holds(self, material):
        return self.certificate.read_text() == material.chain_pem and traditional(self.key.read_text()) == traditional(material.key_pem)

    def rest(self):
        """Files besides the pair."""
        return sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*")
                      if path.is_file() and path not in (self.certificate, self.key))

    def log(self):
        path = self.root / "log"
        return path.read_text().split() if path.exists() else []


def traditional(key_pem):
    return serialization.load_pem_private_key(key_pem.encode(), None).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()).decode()


@pytest.fixture(scope="session")
def own_key(tmp_path_factory):
    """A key pair of an instance, made once: to make one takes openssl a second."""
    path = tmp_path_factory.mktemp("own") / "own.key"
    made = rsa.generate_private_key(65537, BITS)
    path.write_bytes(made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return path


@pytest.fixture
def fresh_key_pairs():
    """For tests in which the instances have to make their key pairs themselves."""


@pytest.fixture(autouse=True)
def given_key_pair(request, monkeypatch):
    if "fresh_key_pairs" not in request.fixturenames:
        own, given = scripts.key_pair, "cp {0}".format(request.getfixturevalue("own_key"))
        monkeypatch.setattr(scripts, "key_pair", lambda work: own(work).replace('openssl genrsa -out "$folder/own.key" "$bits"', given + (
            ' "$folder/own.key"')))


@pytest.fixture
def host(cloud, tmp_path, materials):
    return Host(cloud, tmp_path, "i-bp1web01", old=materials.old)


@pytest.fixture
def call(cloud, options, materials, tmp_path):
    """Run the module on hosts. The commands append a word to the file log in the working directory of the script's caller."""
    def run(*hosts, check=False, material=materials.new, **changes):
        home = hosts[0].root if hosts else tmp_path
        params = dict(
            options, certificate=material.chain_pem, private_key=material.key_pem, instances=[host.there for host in hosts],
            certificate_dest=str(home / "tls" / "fullchain.pem"), private_key_dest=str(home / "tls" / "privkey.pem"),
            work_folder=str(home / "run"), owner=getpass.getuser(), group=grp.getgrgid(os.getgid()).gr_name,
            validate_command=word(home, "validated"), reload_command=word(home, "reloaded"), wait_timeout=30, wait_interval=0.05)
        params.update(changes)
        return run_module("ecs_certificate", {name: value for name, value in params.items() if value is not None}, check=check)
    return run


def word(folder, text, code=0):
    return "sh -c 'echo %s >> %s; exit %d'" % (text, folder / "log", code)


def everything(cloud):
    """All that the cloud tells anyone about its past: journal, state, and the three histories in both encodings."""
    cloud.cloud.setting.update({"throttle_every": 0, "page_cap": 0})
    client = Client(cloud.endpoints["ecs"], str(cloud.ca_path), cloud)
    seen = [json.dumps([cloud.journal(), cloud.cloud.snapshot()])]
    try:
        for region in (REGION, "cn-shanghai"):
            for encoding in ("Base64", "PlainText"):
                for action in ("DescribeInvocations", "DescribeInvocationResults"):
                    more = dict(IncludeOutput="true", InstanceId="i-bp1web01") if action == "DescribeInvocations" else {}
                    params = dict(RegionId=region, PageSize="50", ContentEncoding=encoding, **more)
                    seen.append(json.dumps(client.rpc(VERSION, action, params).json))
            files = client.rpc(VERSION, "DescribeSendFileResults", dict(RegionId=region, PageSize="50")).json
            seen.append(json.dumps(files))
            seen += [base64.b64decode(item["Content"]).decode("latin-1") for item in files["Invocations"]["Invocation"]]
        commands = client.rpc(VERSION, "DescribeInvocations", dict(RegionId=REGION, PageSize="50", ContentEncoding="PlainText")).json
        seen += [item["CommandContent"] for item in commands["Invocations"]["Invocation"]]
    finally:
        client.close()
    return "\n".join(seen)


def raw_forms(key_pem):
    """The key's DER and its text, as latin-1, beside the needles of tests.support.leaks."""
    return [piece.decode("latin-1") for piece in needles(key_pem)] + [line for line in key_pem.splitlines()[1:-1] if len(line) >= 40]


def no_trace(cloud, materials, *results):
    text = everything(cloud) + json.dumps(results)
    assert not leaked(text, materials.keys)
    assert not [form for key in materials.keys for form in raw_forms(key) if form in text]
    return text


# -- installing ----------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("calm", [True, False])
def test_the_pair_is_replaced_and_the_key_is_nowhere_in_the_history(cloud, tmp_path, materials, call, fresh_key_pairs, calm):
    cloud.reset("empty", calm=calm)
    host = Host(cloud, tmp_path, "i-bp1web01", old=materials.old)
    cloud.forget()
    predicted = call(host, check=True)
    assert not predicted["failed"] and not cloud.journal(writes=True)
    real = call(host)
    assert not real["failed"], real["msg"]
    [row] = real["instances"]
    assert (row["changed"], row["verified"], row["error"], row["skipped_reason"]) == (True, True, None, None)
    assert (row["previous"], row["current"]) == (materials.old.fingerprint, materials.new.fingerprint)
    assert set(row["invocations"]) == {"probe", "key_pair", "file", "install"}
    assert real["changed"] and real["diff"] == dict(
        before={row["target"]: materials.old.fingerprint}, after={row["target"]: materials.new.fingerprint})
    assert host.holds(materials.new) and host.log() == ["validated", "reloaded"]
    assert (host.certificate.stat().st_mode & 0o777, host.key.stat().st_mode & 0o777) == (0o644, 0o600)
    assert host.rest() == ["log", "tls/.fullchain.pem.daas-previous", "tls/.privkey.pem.daas-previous"] and not list(host.work.iterdir())
    text = no_trace(cloud, materials, predicted, real)
    assert "Salted__" in text, "the search saw what was sent"


def test_the_second_run_changes_nothing(cloud, host, materials, call):
    first = call(host)
    cloud.forget()
    again = call(host)
    assert not again["failed"] and not again["changed"] and host.log() == ["validated", "reloaded"]
    [row] = again["instances"]
    assert row["skipped_reason"] == "already so" and row["verified"] and set(row["invocations"]) == {"probe"}
    assert row["previous"] == row["current"] == materials.new.fingerprint and again["diff"]["before"] == again["diff"]["after"]
    assert [entry["action"] for entry in cloud.journal(writes=True)] == ["RunCommand"]
    no_trace(cloud, materials, first, again)


def test_check_mode_makes_reads_only_and_says_what_it_cannot_see(cloud, host, materials, call):
    cloud.forget()
    result = call(host, check=True)
    assert not result["failed"] and result["changed"]
    [row] = result["instances"]
    assert "check mode cannot look" in row["skipped_reason"] and row["previous"] is None and not row["verified"]
    assert row["current"] == materials.new.fingerprint and row["invocations"] == {}
    assert result["diff"] == dict(before={row["target"]: "unknown"}, after={row["target"]: materials.new.fingerprint})
    assert [entry["action"] for entry in cloud.journal()] == ["DescribeInstances", "DescribeCloudAssistantStatus"]
    assert host.certificate.read_text() == materials.old.chain_pem


def test_a_first_installation_and_back(cloud, tmp_path, materials, call):
    host = Host(cloud, tmp_path, "i-bp1web01")
    first = call(host)
    assert not first["failed"], first["msg"]
    assert first["instances"][0]["previous"] is None and host.holds(materials.new) and host.rest() == ["log"]
    back = restored(call, host, first)
    assert not back["failed"] and back["changed"] and not list(host.tls.iterdir())
    assert (back["instances"][0]["previous"], back["instances"][0]["current"]) == (materials.new.fingerprint, None)
    assert back["instances"][0]["verified"] and not restored(call, host, first)["changed"]
    no_trace(cloud, materials, first, back)


def test_an_ecdsa_key_and_odd_paths(cloud, tmp_path, materials, call):
    """Whatever a path holds, it stays a path."""
    folder = tmp_path / "it's a $(touch pwned) `touch pwned` folder"
    folder.mkdir()
    host, material = Host(cloud, folder, "i-bp1web01", old=materials.old), cloud.authority.issue(["www.example.com"], key="ec")
    result = call(host, material=material, validate_command=None, reload_command="")
    assert not result["failed"], result["msg"]
    assert host.holds(material) and not list(tmp_path.rglob("pwned*"))
    assert not leaked(everything(cloud), (material.key_pem,))


def test_no_backup_is_kept_if_none_is_wanted(cloud, host, materials, call):
    assert not call(host, keep_backup=False)["failed"]
    assert host.holds(materials.new) and host.rest() == ["log"]


def test_what_is_right_but_not_in_use_and_old_pairs_that_are_not_wanted(cloud, host, materials, call):
    host.put(materials.new)
    (host.tls / ".privkey.pem.daas-previous").write_text("old", encoding="utf-8")
    used = call(host, reload="always")
    assert used["changed"] and host.log() == ["validated", "reloaded"] and set(used["instances"][0]["invocations"]) == {"probe", "keep"}
    tidied = call(host, keep_backup=False)
    assert tidied["changed"] and host.rest() == ["log"] and host.log() == ["validated", "reloaded"]
    assert not call(host, keep_backup=False)["changed"]
    refused = call(host, reload="always", reload_command=word(host.root, "failed", 3))
    assert refused["failed"] and "exit code 3" in refused["msg"] and not refused["changed"]


@pytest.mark.parametrize("damage", [
    lambda host, new: host.certificate.chmod(0o600),
    lambda host, new: host.key.chmod(0o640),
    lambda host, new: host.certificate.write_text(new.chain_pem + "\n", encoding="utf-8"),
    lambda host, new: host.key.unlink(),
])
def test_what_is_not_quite_right_is_replaced(host, materials, call, damage):
    host.put(materials.new)
    damage(host, materials.new)
    assert call(host)["changed"] and host.holds(materials.new) and not call(host)["changed"]


# -- refusals on the instance: the old pair stays ------------------------------------------------------------------------------------

def test_a_web_server_that_refuses_keeps_the_old_pair(cloud, host, materials, call):
    """Even a command that prints the private key does not bring it into the history."""
    loud = "sh -c 'cat {0} {1}; echo this is wrong; exit 7'".format(host.key, host.certificate)
    result = call(host, validate_command=loud)
    assert result["failed"] and not result["changed"]
    assert "exit code 7" in result["msg"] and "this is wrong" in result["msg"] and "The old pair was put back" in result["msg"]
    [row] = result["instances"]
    assert row["previous"] == row["current"] == materials.old.fingerprint and not row["verified"]
    assert host.holds(materials.old) and host.rest() == [] and not list(host.work.iterdir())
    no_trace(cloud, materials, result)
    assert not call(host)["failed"] and host.holds(materials.new)


def test_a_reload_that_fails_is_undone_and_made_again(cloud, host, materials, call):
    line = next(line for line in materials.old.chain_pem.splitlines() if line not in materials.new.chain_pem)
    only_old = "sh -c 'echo tried >> {0}; grep -q {1} {2}'".format(host.root / "log", line, host.certificate)
    result = call(host, reload_command=only_old)
    assert result["failed"] and "could not be reloaded" in result["msg"] and "either" not in result["msg"]
    assert host.holds(materials.old) and host.log() == ["validated", "tried", "tried"]
    result = call(host, reload_command="false")
    assert "With the old pair it could not be reloaded either" in result["msg"] and host.holds(materials.old)


def test_a_command_that_is_ended_in_the_middle_puts_the_old_pair_back(host, materials, call):
    result = call(host, validate_command="sh -c 'kill -TERM $PPID'")
    assert result["failed"] and "ended before it was done" in result["msg"] and "The old pair was put back" in result["msg"]
    assert host.holds(materials.old) and host.rest() == [] and not list(host.work.iterdir())


@pytest.mark.parametrize("place", [0, 383, 384, 447, 460, -1])
def test_what_was_tampered_with_is_refused(cloud, host, materials, call, monkeypatch, place):
    """One bit, in the wrapped keys, the HMAC, the salt and the ciphertext."""
    honest = _assistant.ecs.send_file

    def dishonest(cloud, region, instance, folder, name, content, timeout):
        changed = bytearray(content)
        changed[place] ^= 1
        return honest(cloud, region, instance, folder, name, bytes(changed), timeout)

    monkeypatch.setattr(_assistant.ecs, "send_file", dishonest)
    result = call(host)
    assert result["failed"] and "is not what was sent" in result["msg"] and not result["changed"]
    assert host.holds(materials.old) and host.rest() == [] and host.log() == [] and not list(host.work.iterdir())


def test_an_envelope_for_another_key_pair_opens_nothing(cloud, host, materials, call, fresh_key_pairs, monkeypatch):
    """What the history keeps is of no use to anyone, not even to the instance itself: each run has a key pair of its own."""
    sent, honest = [], _assistant.ecs.send_file

    def remember(cloud, region, instance, folder, name, content, timeout):
        sent.append(content)
        return honest(cloud, region, instance, folder, name, sent[0], timeout)

    monkeypatch.setattr(_assistant.ecs, "send_file", remember)
    assert not call(host)["failed"]
    host.put(materials.old)
    again = call(host)
    assert again["failed"] and "is not what was sent" in again["msg"] and host.holds(materials.old) and sent[0] != sent[1]


@pytest.mark.parametrize("changes, words", [
    (dict(owner="nobody-has-this-name"), ["Owner, group or mode"]),
    (dict(work_folder="/dev/null/run"), ["No folder can be made"]),
    (dict(certificate_dest="/dev/null/tls/fullchain.pem"), ["The folder of certificate_dest"]),
])
def test_what_an_instance_lacks_is_said(host, materials, call, changes, words):
    result = call(host, **changes)
    assert result["failed"] and not result["changed"] and all(item in result["msg"] for item in words)
    assert host.holds(materials.old) and not list(host.work.iterdir())


# -- many instances ------------------------------------------------------------------------------------------------------------------

@pytest.fixture
def many(cloud, tmp_path, materials, monkeypatch):
    """Hosts that share one folder, because one call has one destination: they are told apart by what they were asked."""
    def make(*names, **wanted):
        first = Host(cloud, tmp_path, names[0], **wanted)
        for name in names[1:]:
            cloud.cloud.ecs.add_instance(name, REGION, root=first.root)
        return first, [dict(instance=name, region=REGION) for name in names]
    return make


def test_one_that_is_offline_fails_alone(cloud, host, materials, call):
    ecs = cloud.cloud.ecs
    ecs.add_instance("i-bp1off", REGION, root=host.root, assistant=False)
    ecs.add_instance("i-bp1win", REGION, root=host.root, system="Windows")
    ecs.add_instance("i-bp1stop", REGION, root=host.root).status = "Stopped"
    ecs.add_instance("i-uf6bare", "cn-shanghai")
    rows = [host.there] + [dict(instance=name, region=REGION) for name in ("i-bp1off", "i-bp1win", "i-bp1stop", "i-bp1none")]
    rows.append(dict(instance="i-uf6bare", region="cn-shanghai"))
    for check in (True, False):
        result = call(host, instances=rows, check=check)
        assert result["failed"] and result["changed"]
        errors = {row["instance"]: row["error"] for row in result["instances"]}
        assert errors.pop(host.name) is None
        assert "Cloud Assistant does not run" in errors["i-bp1off"] and "Windows" in errors["i-bp1win"]
        assert "Stopped" in errors["i-bp1stop"] and "no such instance in this region" in errors["i-bp1none"]
        assert (errors["i-uf6bare"] is None) == check
    assert "ExecutionException" in errors["i-uf6bare"] and "5 of 6 instances failed" in result["msg"]
    assert host.holds(materials.new)


def test_one_that_says_nothing_is_waited_for_and_no_longer(cloud, host, materials, call):
    cloud.cloud.ecs.add_instance("i-bp1deaf", REGION, root=host.root).deaf = True
    rows = [host.there, dict(instance="i-bp1deaf", region=REGION)]
    host.put(materials.new)
    result = call(host, instances=rows, wait_timeout=1.5)
    errors = [row["error"] for row in result["instances"]]
    assert errors[0] is None and "i-bp1deaf Running" in errors[1] and "wait_timeout" in errors[1]


def test_many_are_asked_at_once_and_read_page_by_page(cloud, tmp_path, materials, call, many):
    cloud.reset("empty", calm=False)
    host, rows = many("i-bp1a", "i-bp1b", "i-bp1c", "i-bp1d", "i-bp1e", old=materials.new)
    cloud.forget()
    result = call(host, instances=rows)
    assert not result["failed"] and not result["changed"] and [row["verified"] for row in result["instances"]] == [True] * 5
    committed = [entry["action"] for entry in cloud.journal() if entry["committed"]]
    assert committed.count("RunCommand") == 1 and committed.count("DescribeInstances") == 2


def test_a_batch_that_is_refused_is_tried_one_by_one(cloud, materials, call, many):
    host, rows = many("i-bp1a", "i-bp1b", old=materials.new)
    cloud.fault(product="ecs", action="RunCommand", kind="error", code="InvalidInstance.NotFound", status=404, times=2)
    result = call(host, instances=rows, parallel=1)
    assert [bool(row["error"]) for row in result["instances"]] == [True, False] and "ECS instances are found only in" in result["msg"]


# -- the cloud's moods ---------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("action, after", [("RunCommand", 0), ("RunCommand", 2), ("SendFile", 0)])
def test_a_lost_answer_does_no_harm(cloud, host, materials, call, action, after):
    fault = cloud.fault(product="ecs", action=action, kind="cut_after", after=after)
    result = call(host)
    assert not result["failed"], result["msg"]
    assert fault.fired == 1 and host.holds(materials.new) and host.log() == ["validated", "reloaded"] and not list(host.work.iterdir())


@pytest.mark.parametrize("denied", ["RunCommand", "SendFile", "DescribeInvocationResults", "DescribeInstances"])
def test_a_key_without_the_right(cloud, host, materials, call, denied):
    key = cloud.key(deny=["ecs:" + denied])
    result = call(host, access_key_id=key.access_key_id, access_key_secret=key.access_key_secret)
    assert result["failed"] and "ecs:" + denied in result["msg"] and not result.get("changed")
    assert host.holds(materials.old) and not list(host.work.iterdir())
    no_trace(cloud, materials, result)


def test_what_a_killed_run_left_behind_goes_with_the_next_one(host, call):
    old = host.work / "daas-https.abcdefghij"
    old.mkdir()
    (old / "own.key").write_text("x", encoding="utf-8")
    os.utime(old, (1, 1))
    assert not call(host)["failed"] and not list(host.work.iterdir())


# -- putting back --------------------------------------------------------------------------------------------------------------------

def restored(call, host, earlier, check=False, **changes):
    return call(host, check=check, instances=None, certificate=None, private_key=None, restore=earlier["instances"], **changes)


def test_the_old_pair_is_put_back(cloud, host, materials, call):
    first = call(host)
    cloud.forget()
    predicted = restored(call, host, first, check=True)
    assert predicted["changed"] and predicted["instances"][0]["current"] == materials.old.fingerprint and not cloud.journal(writes=True)
    back = restored(call, host, first)
    assert not back["failed"], back["msg"]
    [row] = back["instances"]
    assert back["changed"] and row["verified"] and row["current"] == materials.old.fingerprint and "certificate" not in back
    assert host.holds(materials.old) and host.rest() == ["log"] and host.log() == ["validated", "reloaded"] * 2
    again = restored(call, host, first)
    assert not again["failed"] and not again["changed"] and host.log() == ["validated", "reloaded"] * 2
    assert again["instances"][0]["skipped_reason"] == "already so"
    no_trace(cloud, materials, first, predicted, back, again)


def test_what_was_not_changed_is_not_put_back(cloud, host, materials, call):
    call(host)
    assert restored(call, host, call(host))["instances"] == []


def test_what_cannot_be_put_back_stays(cloud, host, materials, call):
    first = call(host)
    (host.tls / ".fullchain.pem.daas-previous").unlink()
    result = restored(call, host, first)
    assert result["failed"] and "not there any more" in result["msg"] and host.holds(materials.new)
    host.put(materials.unrelated)
    result = restored(call, host, first)
    assert result["failed"] and "nothing was put back" in result["msg"] and host.holds(materials.unrelated)


def test_a_web_server_that_does_not_take_the_old_pair(cloud, host, materials, call):
    first = call(host)
    result = restored(call, host, first, validate_command="false")
    assert result["failed"] and result["changed"] and "refused" in result["msg"] and host.holds(materials.old)
    assert result["instances"][0]["current"] == materials.old.fingerprint


# -- what cannot work ----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("changes, words", [
    (dict(certificate_dest="tls/fullchain.pem"), ["certificate_dest", "absolute"]),
    (dict(private_key_dest="/etc/../etc/key.pem"), ["private_key_dest", "absolute"]),
    (dict(certificate_dest="/etc/one.pem", private_key_dest="/etc/one.pem"), ["the same file"]),
    (dict(owner="www data"), ["owner", "'www data'"]),
    (dict(private_key_mode="rw"), ["private_key_mode", "octal"]),
    (dict(validate_command="nginx 'x"), ["validate_command", "words"]),
    (dict(instances=[dict(instance="i-1", region=REGION)] * 2), ["i-1 in cn-hangzhou is there twice"]),
    (dict(instances=[dict(instance="i 1", region=REGION)]), ["no instance id"]),
    (dict(certificate=""), ["certificate is given and empty"]),
    (dict(instances=None, certificate=None, private_key=None, restore=[dict(instance="i-1")]), ["lacks region, changed, previous"]),
])
def test_what_cannot_work_is_said_before_anything_is_asked(cloud, host, call, changes, words):
    cloud.forget()
    result = call(host, **changes)
    assert result["failed"] and all(item in result["msg"] for item in words) and not cloud.journal()


def test_the_search_finds_what_it_looks_for(cloud, host, materials):
    """A key that is sent as it is does stand in the history; a search that never finds anything proves nothing."""
    client = Client(cloud.endpoints["ecs"], str(cloud.ca_path), cloud)
    content = base64.b64encode(materials.new.key_pem.encode()).decode()
    sent = client.rpc(VERSION, "SendFile", {"RegionId": REGION, "InstanceId.1": host.name, "Name": "k", "TargetDir": str(host.work),
                                            "Content": content, "ContentType": "Base64"})
    client.close()
    assert sent.status == 200 and leaked(everything(cloud), materials.keys)
    assert list(leaks(host.root, needles(materials.new.key_pem))) == ["run/k"]
