# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source on real TLS servers: each event once, bad arguments, looks that fail, and an end that leaves nothing open."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pathlib
import re
import subprocess
import sys
import threading
import time
import warnings

import pytest
import yaml
from ansible_collections.daas.https.extensions.eda.plugins.event_source import certificates
from ansible_collections.daas.https.plugins.modules import tls_verify

from tests.emulator.pki import Authority
from tests.unit.tls import zoo

ROOT = pathlib.Path(__file__).resolve().parents[3]
NAME = "www.example.com"
QUICK = 0.02  # seconds between looks
PATIENCE = 60  # seconds for something that is bound to come


@pytest.fixture(scope="module")
def authority():
    return Authority.create()


@pytest.fixture
def ca_path(authority, tmp_path):
    path = tmp_path / "ca.pem"
    path.write_text(authority.root_pem, encoding="utf-8")
    return path


@pytest.fixture
def good(authority):
    return authority.issue([NAME], key="ec")


@pytest.fixture
def short(authority):
    return authority.issue([NAME], key="ec", days=5.5)


class Source:
    """The event source, running in a loop of its own thread. Use it as a context manager; events come in order."""

    def __init__(self, server, ca_path, **more):
        endpoint = dict(name=NAME, address=server.host, port=server.port, label="shop")
        self.args = dict(dict(endpoints=[endpoint], ca_path=str(ca_path), interval=QUICK, timeout=PATIENCE), **more)
        self.server, self.events, self.error = server, [], None
        self._thread = threading.Thread(target=asyncio.run, args=(self._run(),))

    async def _run(self):
        self._loop, queue = asyncio.get_running_loop(), asyncio.Queue()
        self._task = asyncio.create_task(certificates.main(queue, self.args))
        reader = asyncio.create_task(self._read(queue))
        self._ready.set()
        try:
            await self._task
        except asyncio.CancelledError:
            self.cancelled = True
        except Exception as error:
            self.error = error
        reader.cancel()

    async def _read(self, queue):
        while True:
            self.events.append(await queue.get())

    def __enter__(self):
        self._ready = threading.Event()
        self._thread.start()
        self._ready.wait(PATIENCE)
        return self

    def __exit__(self, *unused):
        with contextlib.suppress(RuntimeError):  # it has ended by itself
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def until(self, reached):
        end = time.monotonic() + PATIENCE
        while not reached() and time.monotonic() < end and self._thread.is_alive():
            time.sleep(0.005)
        assert reached(), (self.events, self.error)

    def types(self):
        return [event["type"] for event in self.events]

    def told(self, *types):
        """Wait for exactly these events, and see that no more come in three further looks."""
        self.until(lambda: len(self.events) >= len(types))
        self.looks(3)
        assert self.types() == list(types), self.events

    def looks(self, number):
        """Wait for so many more looks that have begun and ended."""
        before = self.server.connections
        self.until(lambda: self.server.connections >= before + number + 1)


def test_a_certificate_that_expires_is_told_once_and_so_is_its_successor(short, good, ca_path, tmp_path):
    with zoo.Server(zoo.tls(short, tmp_path)) as server, Source(server, ca_path) as source:
        source.told("expiring")
        server.answer = zoo.tls(good, tmp_path)
        source.told("expiring", "changed", "recovered")
    expiring, changed, recovered = source.events
    assert (expiring["label"], expiring["name"], expiring["address"], expiring["port"]) == ("shop", NAME, server.host, server.port)
    assert (expiring["fingerprint"], expiring["days_left"], expiring["previous_fingerprint"]) == (short.fingerprint, 5, None)
    assert [finding["code"] for finding in expiring["findings"]] == ["expiry"]
    assert re.fullmatch(r"shop \(127\.0\.0\.1:\d+\): it expires in 5 days, at .*; at least 30 are wanted", expiring["message"])
    assert (changed["fingerprint"], changed["previous_fingerprint"]) == (good.fingerprint, short.fingerprint)
    assert good.fingerprint[:16] in changed["message"] and short.fingerprint[:16] in changed["message"]
    assert (recovered["recovered_from"], recovered["findings"], recovered["fingerprint"]) == ("expiring", [], good.fingerprint)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["seen_at"]) for event in source.events)


def test_what_does_not_answer_is_told_once_and_so_is_its_return(good, ca_path, tmp_path):
    with zoo.Server(zoo.hang_up) as server, Source(server, ca_path) as source:
        source.told("unreachable")
        server.answer = zoo.tls(good, tmp_path)
        source.told("unreachable", "recovered")
    gone, back = source.events
    assert (gone["fingerprint"], gone["not_after"], gone["days_left"]) == (None, None, None)
    assert [finding["code"] for finding in gone["findings"]] == ["reachable"]
    assert (back["recovered_from"], back["fingerprint"]) == ("unreachable", good.fingerprint)


MISMATCHED = {
    "not trusted": ("trust", lambda authority: Authority.create().issue([NAME], key="ec"), {}),
    "another name": ("hostname", lambda authority: authority.issue(["other.example.net"], key="ec"), {}),
    "another certificate": ("fingerprint", lambda authority: authority.issue([NAME], key="ec"), dict(expected_fingerprint=["ab" * 32])),
}


@pytest.mark.parametrize("case", MISMATCHED)
def test_what_is_not_what_it_should_be(case, authority, ca_path, tmp_path):
    code, make, more = MISMATCHED[case]
    with zoo.Server(zoo.tls(make(authority), tmp_path)) as server, Source(server, ca_path, **more) as source:
        source.told("mismatched")
    assert [finding["code"] for finding in source.events[0]["findings"]] == [code]
    assert source.events[0]["findings"][0]["hint"]


def test_a_certificate_that_has_expired_is_expiring_and_nothing_else(authority, ca_path, tmp_path):
    with zoo.Server(zoo.tls(authority.expired([NAME], key="ec"), tmp_path)) as server, Source(server, ca_path) as source:
        source.told("expiring")
    assert source.events[0]["days_left"] < 0
    assert {finding["code"] for finding in source.events[0]["findings"]} == {"expiry", "trust"}


def test_what_lasts_is_told_again_after_a_while(short, ca_path, tmp_path):
    with zoo.Server(zoo.tls(short, tmp_path)) as server, Source(server, ca_path, repeat_after=0.001) as source:
        source.until(lambda: len(source.events) >= 3)
    assert set(source.types()) == {"expiring"}


def test_a_look_that_fails_does_not_end_it(short, good, ca_path, tmp_path, caplog):
    away = ca_path.with_name("away.pem")
    with zoo.Server(zoo.tls(short, tmp_path)) as server, Source(server, ca_path) as source:
        source.told("expiring")
        ca_path.rename(away)
        source.until(lambda: "a look failed" in caplog.text)
        server.answer = zoo.tls(good, tmp_path)
        away.rename(ca_path)
        source.told("expiring", "changed", "recovered")
    assert "InputError: ca_path {0} cannot be used".format(ca_path) in caplog.text


@pytest.mark.parametrize(("more", "said"), [
    (dict(endpoints=[]), "endpoints is empty"),
    (dict(endpoints=None), "endpoints"),
    (dict(endpoints=[dict(port=443)]), "missing required arguments: name found in endpoints"),
    (dict(endpoints=[dict(name="*.example.com")]), "'*.example.com' is not a host name"),
    (dict(endpoints=[dict(name=NAME, port=70000)]), "port 70000 is not between 1 and 65535"),
    (dict(interval=0), "interval is 0.0; it must be more than 0"),
    (dict(interval="often"), "argument 'interval' is of type"),
    (dict(repeat_after=-1), "repeat_after is -1.0"),
    (dict(ca_path="/nowhere/ca.pem"), "ca_path /nowhere/ca.pem cannot be used"),
    (dict(expected_fingerprint=["12:34"]), "'12:34' is not a fingerprint"),
    (dict(min_days=3), "unknown arguments: min_days. Supported parameters include: "),
    (dict(proxy_username="shop"), "missing parameter(s) required by 'proxy_username': proxy"),
    (dict(wait=True), "unknown arguments: wait."),
])
def test_bad_arguments_end_it_with_one_message(more, said):
    given = dict(dict(endpoints=[dict(name=NAME, address="127.0.0.1", port=9)], interval=60), **more)
    queue = asyncio.Queue()
    with pytest.raises(certificates.ArgumentError) as error:
        asyncio.run(asyncio.wait_for(certificates.main(queue, given), PATIENCE))
    assert said in str(error.value) and "\n" not in str(error.value)
    assert queue.empty()


def sockets():
    """The sockets of this process by their numbers."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # that of listdir itself
            target = os.readlink("/proc/self/fd/" + name)
            found |= {target} if target.startswith("socket:") else set()
    return found


def test_it_is_cancelled_in_the_middle_of_a_look_and_leaves_no_socket(ca_path):
    before = sockets()
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        with zoo.Server(zoo.stall) as server:
            with Source(server, ca_path, timeout=0.5) as source:
                source.until(lambda: server.connections)
            assert source.cancelled and source.error is None
    assert sockets() <= before


def test_hundreds_of_endpoints_are_told_one_by_one(short, ca_path, tmp_path):
    with zoo.Server(zoo.tls(short, tmp_path)) as server:
        endpoints = [dict(name=NAME, address=server.host, port=server.port, label="shop {0}".format(number)) for number in range(200)]
        with Source(server, ca_path, endpoints=endpoints, interval=60) as source:
            source.until(lambda: len(source.events) == 200)
    assert [event["label"] for event in source.events] == [endpoint["label"] for endpoint in endpoints]


def test_ansible_rulebook_can_run_it_as_a_plain_file(tmp_path):
    """Also beside the Ansible package, whose ansible_collections is one that Python takes for the whole."""
    (tmp_path / "ansible_collections").mkdir()
    (tmp_path / "ansible_collections" / "__init__.py").touch()
    file = ROOT / ".cache/ansible_collections/daas/https/extensions/eda/plugins/event_source/certificates.py"
    code = "import runpy, sys; found = runpy.run_path(sys.argv[1]); print(found['tls_verify'].__name__, found['main'].__name__)"
    env = dict(os.environ, PYTHONPATH=str(tmp_path), ANSIBLE_HOME=str(tmp_path / "home"), ANSIBLE_LOCAL_TEMP=str(tmp_path / "tmp"))
    done = subprocess.run([sys.executable, "-c", code, str(file)], cwd=tmp_path, env=env, text=True, capture_output=True, check=False)
    assert done.stdout == "ansible_collections.daas.https.plugins.modules.tls_verify main\n", done.stderr


# -- what is documented --------------------------------------------------------------------------------------------------------------

def documentation():
    return yaml.safe_load(certificates.DOCUMENTATION)


def test_the_documented_options_are_those_that_it_takes():
    documented, spec = documentation()["options"], certificates.specification()
    assert set(documented) == set(spec)
    for name, option in spec.items():
        said = documented[name]
        assert (said["type"], said.get("elements"), said.get("required", False), said.get("default")) == (
            option["type"], option.get("elements"), option.get("required", False), option.get("default")), name
        assert said["description"]


def test_what_is_left_out_of_tls_verify_is_there():
    assert set(certificates.LEFT_OUT) <= set(tls_verify.ARGUMENT_SPEC)
    assert {name for pair in tls_verify.REQUIRED_BY.items() for name in (pair[0], *pair[1])} <= set(certificates.specification())
    suboptions = set(tls_verify.ARGUMENT_SPEC["endpoints"]["options"])
    named = set(re.findall(r"\w+", " ".join(documentation()["options"]["endpoints"]["description"])))
    assert suboptions <= named


def test_the_documented_keys_are_those_of_an_event(short, ca_path, tmp_path):
    with zoo.Server(zoo.tls(short, tmp_path)) as server, Source(server, ca_path) as source:
        source.told("expiring")
    note = next(note for note in documentation()["notes"] if note.startswith("The keys of an event"))
    words = re.findall(r"C\((\w+)\)", note)
    assert set(words) == set(source.events[0]) | {"code", "status", "hint"}
    guide = (ROOT / "docs" / "event_driven.md").read_text(encoding="utf-8").split("## What is in an event")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", guide, re.MULTILINE)) == set(source.events[0])


@pytest.mark.parametrize("name", ["rotate", "verify"])
def test_the_arguments_in_the_rulebooks_are_its_own(name):
    rulebook = yaml.safe_load((ROOT / "extensions" / "eda" / "rulebooks" / (name + ".yml")).read_text(encoding="utf-8"))
    [source] = [source for ruleset in rulebook for source in ruleset["sources"]]
    assert set(source["daas.https.certificates"]) <= set(certificates.specification())


def test_the_example_is_taken():
    [example] = yaml.safe_load(certificates.EXAMPLES)
    args = example["daas.https.certificates"]
    assert set(args) <= set(certificates.specification())
    assert {key for endpoint in args["endpoints"] for key in endpoint} <= {"name", "port", "starttls"}


def test_galaxy_knows_where_it_is():
    listed = yaml.safe_load((ROOT / "meta" / "extensions.yml").read_text(encoding="utf-8"))["extensions"]
    [folder] = [item["args"]["ext_dir"] for item in listed]
    assert (ROOT / "extensions" / folder).samefile(pathlib.Path(certificates.__file__).parent)
