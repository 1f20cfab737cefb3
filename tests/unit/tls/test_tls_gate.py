# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rounds, waiting and the report, with a script in place of the network and a clock that nobody waits for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.daas.https.plugins.module_utils._tls import gate, result
from ansible_collections.daas.https.plugins.module_utils._tls.gate import Gate
from ansible_collections.daas.https.plugins.module_utils._tls.model import Endpoint, Facts, Failure, Observation, Policy

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.utc)
NEW, OLD = "aa" * 32, "bb" * 32
FACTS = {
    b"new": Facts("www.example.com", "CA", b"ca", ("www.example.com",), (), NOW - timedelta(days=1), NOW + timedelta(days=90), NEW),
    b"old": Facts("www.example.com", "CA", b"ca", ("www.example.com",), (), NOW - timedelta(days=90), NOW + timedelta(days=1), OLD),
    b"ca": Facts("CA", "Root", b"root", (), (), NOW, NOW, "ca" * 32),
    b"ca2": Facts("CA 2", "Root", b"root", (), (), NOW, NOW, "c2" * 32),
}


def seen(leaf=b"new", path=(b"ca",), **more):
    return replace(Observation("www.example.com", "192.0.2.1", 443, verify_code=0, verify_text="ok", chain=(leaf,) + path,
                               trusted=(leaf,) + path, sha256=FACTS[leaf].fingerprint, sha1="dd" * 20), **more)


DOWN = Observation("www.example.com", "192.0.2.1", 443, failure=Failure("refused", "connection refused while connecting"))
EXPIRED = seen(b"old", verify_code=10, verify_text="certificate has expired", trusted=None)


class Time:
    """A clock that only sleeping moves on."""

    def __init__(self):
        self.passed, self.sleeps = 0.0, 0

    def clock(self):
        return self.passed

    def sleep(self, seconds):
        self.passed += seconds
        self.sleeps += 1


class Script:
    """look() that shows each endpoint what its label's list says, round by round; the last entry stays."""

    def __init__(self, **shows):
        self.shows, self.asked = dict((label, list(items)) for label, items in shows.items()), []

    def __call__(self, endpoints):
        self.asked.append([endpoint.label for endpoint in endpoints])
        shown = []
        for endpoint in endpoints:
            items = self.shows[endpoint.label]
            item = items.pop(0) if len(items) > 1 else items[0]
            shown.append(item if isinstance(item, list) else [item])
        return shown


NEW_WANTED = Policy(expected=(NEW,))


def decode(der):
    return FACTS[der], ""


def gate_for(script, policy=NEW_WANTED):
    wants = [gate.Want(number, Endpoint("www.example.com", "192.0.2.1", 443, label), policy) for number, label in enumerate(script.shows)]
    return Gate(wants, script, decode, lambda: NOW)


def report(it, timed_out="", **more):
    return result.report(it, decode, NOW, timed_out, **more)


def wait(script, policy=NEW_WANTED, timeout=60, **more):
    it, time = gate_for(script, policy), Time()
    text = it.wait(timeout, 2, clock=time.clock, sleep=time.sleep, **more)
    return it, text, time


def test_what_is_good_at_once_does_not_wait():
    it, text, time = wait(Script(a=[seen()]))
    assert (text, time.sleeps, it.rounds) == ("", 0, 1)
    tls, violation, warnings = report(it, text)
    assert (tls["ok"], violation, warnings) == (True, "", [])


def test_it_waits_for_the_new_certificate_and_asks_only_whom_it_must():
    script = Script(a=[seen()], b=[seen(b"old"), seen(b"old"), seen()])
    it, text, time = wait(script)
    assert (text, time.sleeps) == ("", 2)
    assert script.asked == [["a", "b"], ["b"], ["b"]]
    tls = report(it, text)[0]
    assert tls["ok"] and tls["rounds"] == 3 and [entry["label"] for entry in tls["endpoints"]] == ["a", "b"]


def test_all_addresses_have_to_come_round():
    it, text, time = wait(Script(a=[[seen(), seen(b"old")], [seen(b"old"), seen()], [seen(), seen()]]))
    assert (text, time.sleeps, report(it)[0]["checked"]) == ("", 2, 2)


def test_successes_in_a_row():
    script = Script(a=[seen(), seen(b"old"), seen(), seen(), seen()])
    it, text, time = wait(script, successes=3)
    assert (text, it.rounds) == ("", 5)


@pytest.mark.parametrize("wrong", [
    seen(verify_code=20, verify_text="unable to get local issuer certificate", trusted=None),
    seen(name="api.example.com"),
    DOWN,
    EXPIRED,
])
def test_what_waiting_cannot_mend_fails_at_once(wrong):
    it, text, time = wait(Script(a=[seen(b"old")], b=[wrong]))
    assert (text, time.sleeps) == ("", 0)
    assert not report(it, text)[0]["ok"]


def test_it_waits_for_the_successor_of_an_expired_certificate_if_told_which_it_was():
    it, text, time = wait(Script(a=[EXPIRED, EXPIRED, seen()]), Policy(expected=(NEW,), previous=(OLD,)))
    assert (text, time.sleeps, report(it)[0]["ok"]) == ("", 2, True)


def test_it_waits_for_an_endpoint_to_come_up_if_allowed():
    it, text, time = wait(Script(a=[DOWN, DOWN, seen()]), may_come_up=True)
    assert (text, time.sleeps, report(it)[0]["ok"]) == ("", 2, True)


def test_the_time_out_says_how_long_and_what_was_seen_last():
    it, text, time = wait(Script(a=[seen()], b=[seen(b"old")]), timeout=60)
    assert 60 <= time.passed < 62
    tls, violation, warnings = report(it, text)
    assert not tls["ok"]
    assert violation.startswith("Waited 60 s for the endpoints to serve what they should; the last state seen was: 1 of 2 do not yet")
    assert "- b (www.example.com at 192.0.2.1:443): it serves bbbbbbbbbbbbbbbb instead of aaaaaaaaaaaaaaaa; served bbbbbbbbbbbbbbbb " \
           "'www.example.com' issued by 'CA', valid until 2026-11-25T12:00:00Z. Check that" in violation


def test_a_time_out_without_enough_successes_is_not_ok():
    it, text, time = wait(Script(a=[seen()]), timeout=1, successes=50)
    tls, violation, warnings = report(it, text)
    assert not tls["ok"] and violation == text and "not often enough" in text


def test_one_line_for_each_address_that_is_wrong():
    it = gate_for(Script(a=[seen()], b=[DOWN], c=[seen(b"old"), ]))
    it.round(it.wants)
    tls, violation, warnings = report(it)
    lines = violation.splitlines()
    assert lines[0] == "2 of 3 TLS endpoints are not as they should be:"
    assert lines[1] == ("- b (www.example.com at 192.0.2.1:443): connection refused while connecting. Check that the service runs and "
                        "listens on this port.")
    assert lines[2].startswith("- c (www.example.com at 192.0.2.1:443): it serves")
    assert [entry["ok"] for entry in tls["endpoints"]] == [True, False, False]
    assert tls["endpoints"][1]["failure"] == dict(kind="refused", message="connection refused while connecting")


def test_many_wrong_ones_do_not_flood_the_message():
    it = gate_for(Script(**dict(("e%02d" % number, [DOWN]) for number in range(30))))
    it.round(it.wants)
    tls, violation, warnings = report(it)
    assert len(violation.splitlines()) == 22 and violation.endswith("- and 10 more, see tls.endpoints")
    assert len(tls["endpoints"]) == 30


@pytest.mark.parametrize("required, ok", [(True, False), (False, True)])
def test_different_chains(required, ok):
    it = gate_for(Script(a=[seen()], b=[seen(path=(b"ca2",))]))
    it.round(it.wants)
    tls, violation, warnings = report(it, same_chain=required)
    assert (tls["ok"], tls["same_chain"]["status"]) == (ok, "violated")
    assert tls["same_chain"]["chains"] == [dict(issuers=["CA"], fingerprints=["ca" * 32], endpoints=["a"]),
                                           dict(issuers=["CA 2"], fingerprints=["c2" * 32], endpoints=["b"])]
    assert bool(violation) == required and (not required or "2 different trust chains (CA: a; CA 2: b). Deploy" in violation)


def test_an_unknown_chain_is_a_warning():
    it = gate_for(Script(a=[seen()], b=[seen(trusted=None, chain=(b"new",), chain_known=False)]))
    it.round(it.wants)
    tls, violation, warnings = report(it, same_chain=True)
    assert (tls["ok"], violation, tls["same_chain"]["status"]) == (True, "", "unknown")
    assert warnings == ["same_chain: the trust chain is not known of: b. Python before 3.10 does not show it."]
    assert tls["endpoints"][1]["chain"] is None


def test_trusted_self_signed_certificates_are_their_own_chain():
    it = gate_for(Script(a=[seen(path=())], b=[seen(b"old", path=())]), Policy())
    it.round(it.wants)
    assert report(it)[0]["same_chain"]["status"] == "violated"
