# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judgement as tables: no socket, no clock."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.daas.https.plugins.module_utils._tls import checks, judge
from ansible_collections.daas.https.plugins.module_utils._tls.certificate import Decoder, decode
from ansible_collections.daas.https.plugins.module_utils._tls.model import Facts, Failure, Observation, Policy
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.tls import zoo

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.utc)
NEW, OLD, OTHER = "aa" * 32, "bb" * 32, "cc" * 32
FACTS = Facts(subject="www.example.com", issuer="Example CA", issuer_id=b"ca", names=("www.example.com", "*.shop.example.com"),
              addresses=("192.0.2.1", "2001:db8::1"), not_before=NOW - timedelta(days=1), not_after=NOW + timedelta(days=30),
              fingerprint=NEW, public_key="ee" * 32)
DEFAULT = Policy()
SEEN = Observation("www.example.com", "192.0.2.1", 443, verify_code=0, verify_text="ok", sha256=NEW, sha1="dd" * 20)
UNTRUSTED = replace(SEEN, verify_code=20, verify_text="unable to get local issuer certificate")
DOWN = Observation("www.example.com", "192.0.2.1", 443, failure=Failure("refused", "connection refused while connecting"))


def statuses(seen=SEEN, facts=FACTS, policy=DEFAULT, problem="", **more):
    return dict((finding.code, finding.status) for finding in judge.judge(seen, facts, problem, policy, NOW, **more))


def finding(code, seen=SEEN, facts=FACTS, policy=DEFAULT, **more):
    return next(item for item in judge.judge(seen, facts, "", policy, NOW, **more) if item.code == code)


@pytest.mark.parametrize("name, expected", [
    ("WWW.Example.COM", "www.example.com"), ("www.example.com.", "www.example.com"), ("192.0.2.1", "192.0.2.1"),
    ("[2001:DB8::1]", "2001:db8::1"), ("2001:db8:0::1", "2001:db8::1"), ("bücher.example.com", "xn--bcher-kva.example.com"),
    ("straße.example.com", "xn--strae-oqa.example.com"), ("例え。example.com", "xn--r8jz45g.example.com"),
    ("xn--bcher-kva.example.com", "xn--bcher-kva.example.com"), ("_dmarc.example.com", "_dmarc.example.com"), ("localhost", "localhost"),
])
def test_host_names(name, expected):
    assert judge.host(name) == expected


@pytest.mark.parametrize("name", ["", ".", "*.example.com", ".example.com", "a b.example.com", "https://example.com", "example.com:443",
                                  "a..example.com", "-a.example.com", "x" * 64 + ".example.com", ".".join(["x" * 60] * 5), "192.0.2.1/24"])
def test_not_host_names(name):
    with pytest.raises(ValueError, match="is not a host name or an IP address"):
        judge.host(name)


def test_fingerprints():
    assert judge.fingerprint("AA:" * 31 + "aA") == NEW and judge.fingerprint(" DD" * 20) == "dd" * 20
    for text in ("aa", "zz" * 32, NEW + "aa"):
        with pytest.raises(ValueError, match="is not a fingerprint"):
            judge.fingerprint(text)


# (names of the certificate, name asked for, whether it matches, whether OpenSSL's own matcher agrees)
NAMES = [
    (["www.example.com"], "www.example.com", True, True),
    (["WWW.Example.com"], "www.example.com", True, True),
    (["www.example.com"], "example.com", False, True),
    (["example.com"], "www.example.com", False, True),
    (["*.example.com"], "www.example.com", True, True),
    (["*.example.com"], "example.com", False, True),
    (["*.example.com"], "a.b.example.com", False, True),
    (["*.*.example.com"], "a.b.example.com", False, True),
    (["www.*.example.com"], "www.b.example.com", False, True),
    (["*.com"], "example.com", False, True),
    (["*"], "localhost", False, True),
    (["w*.example.com"], "www.example.com", False, False),  # OpenSSL's tool takes partial wildcards, browsers do not
    (["*.example.com"], "xn--bcher-kva.example.com", True, True),
    (["xn--*.example.com"], "xn--bcher-kva.example.com", False, True),
    (["xn--bcher-kva.example.com"], "xn--bcher-kva.example.com", True, True),
    (["a.example.com", "b.example.com"], "b.example.com", True, True),
    (["*.example.com"], "my_shop.example.com", False, True),
    (["*.my_shop.example.com"], "www.my_shop.example.com", False, True),
    (["my_shop.example.com"], "my_shop.example.com", True, True),
    ([], "cn.example.com", False, False),  # OpenSSL falls back on the common name, RFC 9525 forbids it
    (["192.0.2.1"], "192.0.2.1", True, True),
    (["192.0.2.1"], "192.0.2.2", False, True),
    (["2001:db8::1"], "2001:db8::1", True, True),
    (["dns:192.0.2.1"], "192.0.2.1", False, True),
    (["*.0.2.1"], "192.0.2.1", False, True),
]


@pytest.mark.parametrize("names, name, expected, agreed", NAMES)
def test_host_names_are_matched_as_openssl_does(names, name, expected, agreed, tmp_path):
    der = certificate(names)
    assert judge.matches(decode(der), judge.host(name)) is expected
    (tmp_path / "leaf.der").write_bytes(der)
    option = "-checkip" if names and judge._ip(name) else "-checkhost"
    done = subprocess.run([zoo.OPENSSL, "x509", "-inform", "DER", "-in", str(tmp_path / "leaf.der"), "-noout", option, name],
                          capture_output=True, text=True, check=False)
    assert ("does match" in done.stdout) == (expected if agreed else not expected), done.stdout


labels = st.sampled_from(["www", "my_shop", "a", "xn--bcher-kva", "xn--p1ai", "example", "com", "w"])
name_parts = st.lists(labels, min_size=1, max_size=4)
patterns = st.lists(st.one_of(labels, st.sampled_from(["*", "w*", "*w", "xn--*"])), min_size=1, max_size=4)


@given(name_parts, st.lists(patterns, max_size=4))
def test_wildcards_stand_for_one_whole_label_and_for_nothing_else(name, covered):
    """The rules told anew, label by label: RFC 9525, 6.3, two labels behind the wildcard, and OpenSSL's dislike of underscores."""
    def covers(pattern):
        if len(pattern) != len(name):
            return False
        same = [mine == theirs for mine, theirs in zip(pattern, name)]
        return all(same) or pattern[0] == "*" and len(pattern) > 2 and all(same[1:]) and "my_shop" not in name

    facts = replace(FACTS, names=tuple(".".join(pattern) for pattern in covered))
    assert judge.matches(facts, ".".join(name)) == any(covers(pattern) for pattern in covered)


@given(name_parts.filter(lambda parts: "my_shop" not in parts).map(".".join))
def test_a_wildcard_for_the_parent_is_taken_for_idn_too(name):
    """A label xn--… is one label like any other, which a wildcard stands for as a whole only."""
    first, _dot, parent = name.partition(".")
    assert judge.matches(replace(FACTS, names=("*." + parent,)), name) == ("." in parent)
    assert not judge.matches(replace(FACTS, names=(first[:4] + "*." + parent, "*" + first[-2:] + "." + parent)), name)


def certificate(names, common_name="cn.example.com"):
    """A self-signed certificate with just these names; "dns:" makes an IP address a DNS name."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(1)
               .not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1)))
    if names:
        entries = [x509.IPAddress(judge._ip(name)) if judge._ip(name) else x509.DNSName(name.replace("dns:", "")) for name in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(entries), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_all_is_well():
    assert statuses() == dict(reachable="ok", trust="ok", hostname="ok", expiry="ok")
    assert statuses(policy=Policy(expected=(NEW,), check_hostname=False)) == dict(reachable="ok", trust="ok", expiry="ok", fingerprint="ok")


@pytest.mark.parametrize("code, facts, hint", [
    (10, replace(FACTS, not_after=NOW - timedelta(days=1)), "Renew the certificate"),
    (10, FACTS, "a CA certificate above it has expired"),
    (20, FACTS, "full chain"), (21, FACTS, "full chain"), (18, FACTS, "self-signed"), (19, FACTS, "root"), (9, FACTS, "clock"),
    (26, FACTS, "extended key usage"), (34, FACTS, "openssl verify"),
])
def test_trust(code, facts, hint):
    found = finding("trust", seen=replace(SEEN, verify_code=code, verify_text="words"), facts=facts)
    assert (found.status, found.message) == ("violated", "verify return code %d (words)" % code) and hint in found.hint


def test_hostname():
    found = finding("hostname", seen=replace(SEEN, name="api.example.com"))
    assert (found.status, found.message) == (
        "violated", "hostname mismatch (62): the certificate is for www.example.com, *.shop.example.com, 192.0.2.1, 2001:db8::1, not for "
        "api.example.com")
    assert finding("hostname", seen=replace(SEEN, name="192.0.2.9")).message.startswith("IP address mismatch (64)")
    assert "no subjectAltName" in finding("hostname", facts=replace(FACTS, names=(), addresses=())).message
    assert "and 45 more" in finding("hostname", facts=replace(FACTS, names=tuple("n%d" % number for number in range(48)))).message


@pytest.mark.parametrize("starts, ends, least, status, words", [
    (-1, 30, 0, "ok", ""), (-1, 30, 30, "ok", ""), (-1, 30, 31, "violated", "it expires in 30 days, at 2026-12-24 12:00 UTC; at least 31"),
    (-9, -1, 0, "violated", "it expired at 2026-11-23 12:00 UTC"), (1, 30, 0, "violated", "not valid before 2026-11-25"),
])
def test_expiry(starts, ends, least, status, words):
    facts = replace(FACTS, not_before=NOW + timedelta(days=starts), not_after=NOW + timedelta(days=ends))
    found = finding("expiry", facts=facts, policy=Policy(min_days_left=least))
    assert found.status == status and words in found.message
    assert judge.days_left(facts, NOW) == ends


@pytest.mark.parametrize("policy, status, words", [
    (Policy(expected=(NEW,)), "ok", ""), (Policy(expected=("dd" * 20,)), "ok", ""), (Policy(expected=(OLD, NEW)), "ok", ""),
    (Policy(previous=(OLD,)), "ok", ""), (Policy(expected=(NEW,), previous=(NEW,)), "ok", ""),
    (Policy(expected=(OLD,)), "violated", "it serves aaaaaaaaaaaaaaaa instead of bbbbbbbbbbbbbbbb"),
    (Policy(expected=(OLD,), previous=(NEW,)), "violated", "(the previous certificate) instead of"),
    (Policy(previous=(NEW,)), "violated", "still serves the previous certificate"),
])
def test_fingerprint(policy, status, words):
    found = finding("fingerprint", policy=policy)
    assert found.status == status and words in found.message


@pytest.mark.parametrize("kind", ["dns", "unreachable", "refused", "timeout", "reset", "alert", "handshake", "protocol", "proxy",
                                  "starttls"])
def test_what_is_not_reached_is_violated_and_the_rest_unknown(kind):
    seen = replace(DOWN, failure=Failure(kind, "words"))
    assert statuses(seen, None, Policy(expected=(NEW,))) == dict(
        reachable="violated", trust="unknown", hostname="unknown", expiry="unknown", fingerprint="unknown")
    assert finding("reachable", seen, None).hint


def test_a_missing_route_is_unknown_if_another_address_answered():
    seen = replace(DOWN, failure=Failure("unreachable", "network is unreachable while connecting"))
    assert statuses(seen, None, others_seen=True)["reachable"] == "unknown"
    assert statuses(DOWN, None, others_seen=True)["reachable"] == "violated"


def test_what_cannot_be_decoded_is_never_good():
    assert statuses(facts=None, problem="odd")["certificate"] == "violated"
    facts, problem = Decoder()(b"no certificate")
    assert facts is None and problem


OUTLOOKS = [
    # seen, facts, policy, whether endpoints may come up, outlook
    (SEEN, FACTS, Policy(expected=(NEW,)), False, "good"),
    (SEEN, FACTS, Policy(expected=(OTHER,)), False, "wait"),
    (SEEN, FACTS, Policy(previous=(NEW,)), False, "wait"),
    (UNTRUSTED, FACTS, Policy(expected=(NEW,)), False, "bad"),
    (UNTRUSTED, FACTS, Policy(expected=(OTHER,)), False, "bad"),
    (UNTRUSTED, FACTS, Policy(expected=(OTHER,), previous=(NEW,)), False, "wait"),
    (replace(SEEN, name="other.example.net"), FACTS, Policy(expected=(OTHER,)), False, "bad"),
    (replace(SEEN, name="other.example.net"), FACTS, Policy(expected=(OTHER,), previous=(NEW,)), False, "wait"),
    (SEEN, FACTS, Policy(expected=(NEW,), min_days_left=90), False, "bad"),
    (SEEN, FACTS, Policy(expected=(OTHER,), min_days_left=90), False, "wait"),
    (SEEN, FACTS, Policy(public_keys=(OTHER,)), False, "wait"),
    (UNTRUSTED, FACTS, Policy(public_keys=(OTHER,)), False, "bad"),
    (UNTRUSTED, FACTS, Policy(public_keys=(OTHER,), previous=(NEW,)), False, "wait"),
    (DOWN, None, Policy(expected=(NEW,)), False, "bad"),
    (DOWN, None, Policy(expected=(NEW,)), True, "wait"),
    (replace(UNTRUSTED, sha256="", sha1=""), None, Policy(expected=(NEW,)), True, "bad"),
]


@pytest.mark.parametrize("seen, facts, policy, may_come_up, expected", OUTLOOKS)
def test_what_is_worth_waiting_for(seen, facts, policy, may_come_up, expected):
    findings = judge.judge(seen, facts, "", policy, NOW) + checks.judge_more(seen, facts, policy, NOW, decode=None)
    assert judge.outlook(seen, findings, policy, may_come_up) == expected


CHAINS = [
    ([("a", (b"ca", b"root"), b"ca"), ("b", (b"ca", b"root"), b"ca")], "ok"),
    ([("a", (b"ca", b"root"), b"ca"), ("b", (b"ca2", b"root"), b"ca2")], "violated"),
    ([("a", (b"ca", b"root"), b"ca"), ("b", (b"ca-cross", b"root2"), b"ca")], "violated"),
    ([("a", (b"ca", b"root"), b"ca"), ("b", None, b"ca")], "unknown"),
    ([("a", (b"ca", b"root"), b"ca"), ("b", None, b"ca2")], "violated"),
    ([("a", (b"ca", b"root"), b"ca"), ("b", None, None)], "unknown"),
    ([("a", None, b"ca"), ("b", None, b"ca2")], "violated"),
    ([("a", None, None)], "unknown"),
]


@pytest.mark.parametrize("members, expected", CHAINS)
def test_same_chain(members, expected):
    found = judge.same_chain(members)
    assert found.status == expected and bool(found.message) == (expected != "ok")
