# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is decided about an instance, and what is said when it fails; the scripts themselves run in test_ecs_certificate."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess

import pytest

from ansible_collections.daas.https.plugins.module_utils._api.ecs import Result
from ansible_collections.daas.https.plugins.module_utils._domain import assistant
from ansible_collections.daas.https.plugins.module_utils._domain import assistant_scripts as scripts
from ansible_collections.daas.https.plugins.module_utils._errors import CollectionError

CHAIN = "the chain\n"
PAIR = assistant.Pair(
    "/etc/tls/cert.pem", "/etc/tls/key.pem", "root", "web", "0644", "0640", True, ("nginx", "-t"), ("kill", "-HUP", "1"), "/run")
SEEN = dict(fingerprint="ab", chain=hashlib.sha256(CHAIN.encode()).hexdigest(), pair="yes", certificate_attributes="644 root web 0 33",
            key_attributes="640 root web 0 33", backup="no", result="seen")


@pytest.mark.parametrize("change, right", [
    ({}, True), (dict(chain="00"), False), (dict(pair="no"), False), (dict(certificate_attributes="600 root web 0 33"), False),
    (dict(key_attributes="640 root root 0 0"), False), (dict(key_attributes="640 www web 33 33"), False), (dict(key_attributes=""), False),
])
def test_what_is_right(change, right):
    assert assistant.present_of(dict(SEEN, **change), PAIR, CHAIN).right is right


def test_numbers_are_owners_too():
    numbered = assistant.Pair(*[{"root": "0", "web": "33"}.get(item, item) for item in vars(PAIR).values()])
    assert assistant.present_of(SEEN, numbered, CHAIN).right


@pytest.mark.parametrize("right, backup, keep, always, wanted", [
    (False, False, True, False, assistant.Todo(install=True)), (True, True, True, False, assistant.Todo()),
    (True, True, False, False, assistant.Todo(drop=True)), (True, False, False, False, assistant.Todo()),
    (True, False, True, True, assistant.Todo(use=True)), (True, True, False, True, assistant.Todo(use=True, drop=True)),
    (False, True, False, True, assistant.Todo(install=True)),
])
def test_what_is_to_be_done(right, backup, keep, always, wanted):
    pair = assistant.Pair(**dict(vars(PAIR), keep_backup=keep))
    found = assistant.todo(assistant.Present("ab", right, backup), pair, always)
    assert found == wanted and bool(found) == (wanted != assistant.Todo())


@pytest.mark.parametrize("status, client, words", [
    (None, None, "no such instance"), ("Stopped", (True, "Linux"), "is Stopped"), ("Running", None, "Cloud Assistant does not run"),
    ("Running", (False, "Linux"), "Cloud Assistant does not run"), ("Running", (True, "Windows"), "runs Windows"),
    ("", (True, ""), "unknown state"),
])
def test_what_cannot_take_commands(status, client, words):
    assert words in assistant.unready(status, client)
    assert assistant.unready("Running", (True, "Linux")) == ""


def test_only_a_folder_of_ours_is_worked_in():
    assert assistant.folder_of(dict(folder="/run/daas-https.aB3"), PAIR) == "/run/daas-https.aB3"
    for folder in ("", "/run", "/run/daas-https.", "/run/daas-https.a/../..", "/etc/daas-https.aB3", "/run/daas-https.a b"):
        with pytest.raises(CollectionError, match="nothing was sent"):
            assistant.folder_of(dict(folder=folder), PAIR)


def test_what_a_script_says():
    output = "noise\nresult=done\nfingerprint=\nvalidate_output={0}\nX=1\n".format(base64.b64encode("grüße".encode()).decode())
    values = assistant.said(output)
    assert values["result"] == "done" and values["fingerprint"] == "" and "X" not in values
    assert assistant.text(values, "validate_output") == "grüße" and assistant.text(values, "other") == ""
    assert assistant.text(dict(validate_output="a"), "validate_output") == ""


def test_every_way_to_stop_is_explained():
    """And nothing is explained that no script says."""
    text = "".join(value for name, value in vars(scripts).items() if isinstance(value, str) and not name.startswith("__"))
    stops = set(re.findall(r"\bstop ([a-z_]+)", text))
    assert stops - {"refused", "not_reloaded"} == set(assistant.REASONS)
    for reason in stops:
        assert len(str(assistant.refusal(dict(result=reason), PAIR))) > 30


@pytest.mark.parametrize("result, words", [
    (Result("Failed", "ClientNotResponse", "x"), "does not answer"), (Result("Timeout", "", ""), "(Timeout)"),
    (Result("Failed", "SomethingNew", "their words"), "their words"), (Result("Failed", "ExitCodeNonzero", "", 127), "exit code 127"),
])
def test_why_it_failed(result, words):
    assert words in str(assistant.failure(result))


def test_what_became_of_the_old_pair_is_said():
    values = dict(result="refused", validate="1", validate_output=base64.b64encode(b"no such file").decode(), put_back="yes")
    assert "'nginx -t' ended with exit code 1, and said: no such file" in str(assistant.refusal(values, PAIR))
    assert "old pair was put back" in str(assistant.refusal(values, PAIR))
    assert "could NOT be put back" in str(assistant.refusal(dict(values, put_back="no"), PAIR))


def test_the_scripts_are_shell_and_hold_what_they_are_given_as_words():
    odd = assistant.Pair(**dict(vars(PAIR), certificate="/etc/it's $(x)/c.pem", validate_command=("sh", "-c", "echo 'a b' \"$HOME\"")))
    for script in (scripts.probe(odd), scripts.key_pair("/run/a b"), scripts.install(odd, "/run/daas-https.a", "ab", 3),
                   scripts.keep(odd, True, True), scripts.restore(odd, "ab", ""), scripts.remove("/run/a b")):
        subprocess.run(["/bin/sh", "-n", "-c", script], check=True)
        assert len(base64.b64encode(script.encode())) < 12 * 1024  # half of what a command may have
    assert "cert='/etc/it'\"'\"'s $(x)/c.pem'" in scripts.probe(odd)


def test_the_result_of_several():
    rows = [assistant.Row(assistant.Place("i-1", "cn-hangzhou"), True, "aa", "bb"), assistant.Row(assistant.Place("i-2", "cn-hangzhou"))]
    rows[1].fail("first")
    rows[1].fail("second")
    assert assistant.summary(rows).splitlines()[:2] == [
        "1 of 2 instances failed; each is reported in instances.", "i-2 in cn-hangzhou: first"]
    assert assistant.summary(rows[:1]) is None
    assert assistant.diff(rows) == dict(before={"i-1 in cn-hangzhou": "aa"}, after={"i-1 in cn-hangzhou": "bb"})


def test_what_can_be_put_back():
    changed = dict(instance="i-1", region="cn-hangzhou", changed=True, previous=None, current="bb")
    rows = [changed, dict(changed, instance="i-2", changed=False)]
    assert assistant.restorable(rows) == [(assistant.Place("i-1", "cn-hangzhou"), "bb", "")]
    assert assistant.restorable([dict(changed, changed="True")]) and assistant.restorable([]) == []
