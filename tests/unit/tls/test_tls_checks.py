# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The further checks as tables and as properties: what was not seen is never ok, and nothing is violated that was not seen."""

from __future__ import annotations

import dataclasses
import pathlib
import ssl
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.daas.https.plugins.module_utils._tls import checks, judge, ocsp, probe, staple
from ansible_collections.daas.https.plugins.module_utils._tls.certificate import Decoder
from ansible_collections.daas.https.plugins.module_utils._tls.model import (
    OK, UNKNOWN, VIOLATED, Endpoint, Extras, Facts, Failure, Observation, Policy, Revocation, Web)
from ansible_collections.daas.https.plugins.module_utils._tls.probe import Prober
from hypothesis import given
from hypothesis import strategies as st
from tests.emulator.pki import split_pem, without_intermediate
from tests.unit.tls import zoo

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.utc)
LATER, EARLIER = NOW + timedelta(days=30), NOW - timedelta(days=30)
KINDS = ("dns", "unreachable", "refused", "timeout", "reset", "alert", "handshake", "protocol", "proxy", "starttls")
CANNOT_OFFER = Failure("protocol", "this machine's OpenSSL cannot offer TLSv1")
ALL = Policy(public_keys=("kl",), min_version="TLSv1.2", min_rsa=2048, min_ec=256, weak_signatures=False, chain=True,
             forbidden_versions=("TLSv1", "TLSv1.1"), key_types=("rsa", "ecdsa"), stores=("android",), staple=True, revocation="any",
             redirect=True, refused=True, hsts=300)
MORE = ("public_key", "version", "key", "signature", "chain")
FURTHER = ("forbidden_versions", "key_types", "stores", "staple", "revocation", "redirect", "plain_http", "hsts")


def fake(name, issuer, public_key, signer, ends=LATER, **more):
    """(DER, Facts, key that signed it). The DER is a label only: decode() and link() below know what it stands for."""
    subject, about = name.split(".")[0], dict(dict(key="rsa", key_bits=2048, signature_hash="sha256"), **more)
    return name.encode(), Facts(subject, issuer, issuer.encode(), (), (), EARLIER, ends, name, subject_id=subject.encode(),
                                public_key=public_key, **about), signer


# What stands behind a dot tells apart certificates of the same name.
FAKES = dict((item[0], item) for item in (
    fake("leaf", "low", "kl", "k1"), fake("low", "high", "k1", "k2"), fake("high", "root", "k2", "kr"), fake("root", "root", "kr", "kr"),
    fake("root.cross", "elder", "kr", "ke"), fake("low.fake", "high", "kx", "k2"), fake("low.expired", "high", "k1", "k2", ends=EARLIER),
    fake("other", "stranger", "ko", "ks"), fake("alone", "alone", "ka", "ka"), fake("direct", "root", "kd", "kr"),
    fake("low.sha1", "high", "k1", None, signature_hash="sha1"), fake("root.sha1", "root", "kr", None, signature_hash="sha1"),
    fake("leaf.md5", "low", "kl", None, signature_hash="md5"), fake("leaf.sm2", "low", "kl", None, signature_hash="1.2.156.10197.1.501"),
    fake("leaf.ed25519", "low", "kl", "k1", key="ed25519", key_bits=0, signature_hash=""),
    fake("leaf.odd", "low", "", "k1", key="", key_bits=0),
    fake("leaf.small", "low", "kl", "k1", key_bits=1024), fake("leaf.p224", "low", "kl", "k1", key="ecdsa", key_bits=224),
    fake("low.small", "high", "k1", "k2", key_bits=1024), fake("leaf.staple", "low", "kl", "k1", must_staple=True)))


def decode(der):
    return (FAKES[der][1], "") if der in FAKES else (None, "odd")


def link(der, issuer):
    signer = FAKES[der][2]
    return None if signer is None else signer == FAKES[issuer][1].public_key


def ders(text):
    return tuple(name.encode() for name in text.split())


def seen_with(served="leaf low high", trusted="leaf low high root", code=0, **more):
    return Observation("www.example.com", "192.0.2.1", 443, verify_code=code, verify_text="words", version="TLSv1.3", chain=ders(served),
                       trusted=ders(trusted) or None, sha256="aa" * 32, **more)


SEEN = seen_with()
GOOD = Observation("www.example.com", "192.0.2.1", 443, verify_code=0, verify_text="ok", sha256="aa" * 32)
UNTRUSTED = replace(GOOD, verify_code=20, verify_text="unable to get local issuer certificate")


def failed(kind, detail="words"):
    return Observation("www.example.com", "192.0.2.1", 443, failure=Failure(kind, detail))


REFUSED = failed("alert", "the server ended the handshake with the TLS alert 'protocol version'")
NO_CIPHER = failed("alert", "the server ended the handshake with the TLS alert 'handshake failure'")


def found(seen=SEEN, policy=ALL, link=link):
    facts = decode(seen.chain[0])[0] if seen.chain else None
    return dict((finding.code, finding) for finding in checks.judge_more(seen, facts, policy, NOW, decode, link))


def further(policy=ALL, seen=SEEN, facts=None, **extras):
    return dict((finding.code, finding) for finding in checks.judge_extras(Extras(**extras), seen, facts, policy, NOW))


def agrees(finding, status, words):
    """Whether it has this status and these words, and a hint exactly where there is something to do."""
    return finding.status == status and words in finding.message and bool(finding.hint) == (status == VIOLATED)


def test_only_what_is_asked_for_is_judged():
    assert not found(policy=Policy()) and not further(policy=Policy())
    assert tuple(found()) == MORE and tuple(further()) == FURTHER
    assert [code for code in judge.CODES if code in MORE + FURTHER] == list(MORE + FURTHER)
    assert all(finding.status == OK for finding in found().values())


def test_every_code_is_told_in_one_sentence():
    group = {judge.same_leaf([]).code, judge.same_chain([]).code}
    alone = {finding.code for finding in judge.judge(SEEN, None, "odd", Policy(expected=("aa" * 32,)), NOW)}
    assert set(judge.CODES) == set(MORE + FURTHER) | group | alone
    assert all(text.endswith(".") and text.count(". ") == 0 for text in judge.CODES.values())


# (served, trusted path, verify code, status, words)
CHAINS = [
    ("leaf low high", "leaf low high root", 0, OK, ""),
    ("leaf low high root", "leaf low high root", 0, OK, "the root 'root' is served too"),
    ("leaf low high root.cross", "leaf low high root", 0, OK, ""),
    ("direct", "direct root", 0, OK, ""),
    ("alone", "alone", 0, OK, ""),
    ("alone", "", 18, OK, ""),
    ("leaf low high root", "", 19, OK, "the root 'root' is served too"),
    ("leaf low", "leaf low high root", 0, VIOLATED, "the intermediate 'high' is not served; this machine has it"),
    ("leaf", "leaf low high root", 0, VIOLATED, "the intermediate 'low' is not served; this machine has it, but others may not; the inter"),
    ("leaf low", "leaf low high", 0, VIOLATED, "'high' is not served"),  # an anchor that is no root: other clients have only the root
    ("leaf", "leaf low.fake high root", 0, VIOLATED, "'low' is not served"),
    ("leaf", "", 20, VIOLATED, "'low', which issued the leaf ('leaf'), is neither served nor a root that is trusted here"),
    ("leaf low", "", 20, VIOLATED, "'high', which issued certificate 2 of 2 ('low')"),
    ("leaf low high", "", 2, VIOLATED, "'root', which issued certificate 3 of 3 ('high')"),
    ("leaf low high", "", 10, UNKNOWN, "whether 'root', which issued certificate 3 of 3 ('high'), is a root was not seen"),
    ("leaf high low", "leaf low high root", 0, VIOLATED, "certificate 2 of 3 ('high') stands in the wrong place"),
    ("leaf root high low", "", 19, VIOLATED, "certificate 2 of 4 ('root') stands in the wrong place"),
    ("leaf low high other", "leaf low high root", 0, VIOLATED, "certificate 4 of 4 ('other') is superfluous"),
    ("leaf other low high", "leaf low high root", 0, VIOLATED, "certificate 2 of 4 ('other') is superfluous"),
    ("leaf low low high", "leaf low high root", 0, VIOLATED, "certificate 3 of 4 ('low') is served twice"),
    ("leaf leaf low high", "leaf low high root", 0, VIOLATED, "certificate 2 of 4 ('leaf') is served twice"),
    ("leaf low high root root", "leaf low high root", 0, VIOLATED, "certificate 5 of 5 ('root') is served twice"),
    ("leaf low high root root.cross", "leaf low high root", 0, VIOLATED, "certificate 5 of 5 ('root') is superfluous"),
    ("alone other", "", 18, VIOLATED, "certificate 2 of 2 ('other') is superfluous"),
    ("leaf low.fake high", "", 20, VIOLATED, "certificate 2 of 3 ('low')"),
    ("leaf low.expired high", "leaf low high root", 0, VIOLATED, "certificate 2 of 3 ('low') expired at 2026-10-25 12:00 UTC"),
    ("leaf low.sha1 high", "leaf low.sha1 high root", 0, OK, ""),
    ("leaf low.sha1 high", "", 10, UNKNOWN, "whether certificate 3 of 3 ('high') issued the one before it cannot be checked here"),
    ("leaf low.sha1 high root.sha1", "", 19, UNKNOWN, "cannot be checked here"),
    ("leaf malformed", "leaf low high root", 0, UNKNOWN, "certificate 2 of 2 cannot be decoded"),
    ("leaf " + "low " * 40, "", 20, VIOLATED, "41 certificates are served"),
    ("", "", 20, UNKNOWN, "nothing was seen"),
]


@pytest.mark.parametrize("served, trusted, code, status, words", CHAINS)
def test_chain(served, trusted, code, status, words):
    finding = found(seen_with(served, trusted, code))["chain"]
    assert agrees(finding, status, words), finding
    assert words or not finding.message


def test_without_signatures_names_count_and_are_not_enough():
    assert found(link=None)["chain"].status == OK  # OpenSSL has checked them
    assert found(seen_with("leaf low high root", "", 19), link=None)["chain"].status == UNKNOWN


@given(st.permutations(["low", "high", "root", "other", "low", "root.cross"]), st.integers(0, 6), st.booleans())
def test_a_chain_is_ok_exactly_if_it_is_the_path_with_or_without_its_root(rest, length, trusted):
    served = ["leaf"] + rest[:length]
    right = served[:3] == ["leaf", "low", "high"] and served[3:] in ([], ["root"], ["root.cross"])
    status = found(seen_with(" ".join(served), "leaf low high root" if trusted else "", 0 if trusted else 19))["chain"].status
    if trusted or served[-1] == "root" or not right:
        assert (status == OK) == right
    else:
        assert status == UNKNOWN  # the end of the chain is not known to be one
    assert status != VIOLATED or not right


@pytest.mark.parametrize("served, status, words", [
    ("leaf low high", OK, ""), ("leaf.ed25519 low high", OK, ""),
    ("leaf.small low high", VIOLATED, "the leaf ('leaf') has an RSA key of 1024 bits; at least 2048 are wanted"),
    ("leaf.p224 low high", VIOLATED, "the leaf ('leaf') has an ECDSA key of 224 bits; at least 256 are wanted"),
    ("leaf low.small high", VIOLATED, "certificate 2 of 3 ('low') has an RSA key of 1024 bits"),
    ("leaf.small low.small", VIOLATED, "the leaf ('leaf') has an RSA key of 1024 bits; at least 2048 are wanted; certificate 2 of 2"),
    ("leaf.odd low high", UNKNOWN, "the key of the leaf ('leaf') cannot be read"), ("leaf malformed", UNKNOWN, "certificate 2 of 2"),
    ("leaf.small malformed", VIOLATED, "the leaf"), ("", UNKNOWN, "nothing was seen"),
])
def test_key(served, status, words):
    assert agrees(found(seen_with(served, ""))["key"], status, words)


def test_a_kind_of_key_for_which_nothing_is_asked_may_be_small():
    assert found(seen_with("leaf.p224 low"), Policy(min_rsa=2048))["key"].status == OK
    assert found(seen_with("leaf.small low"), Policy(min_ec=256))["key"].status == OK


@pytest.mark.parametrize("served, trusted, status, words", [
    ("leaf low high", "leaf low high root", OK, ""), ("leaf.ed25519 low", "", OK, ""),
    ("leaf low high", "leaf low high root.sha1", OK, ""), ("leaf low high root.sha1", "", OK, ""),
    ("leaf low.sha1 high", "", VIOLATED, "certificate 2 of 3 ('low') is signed with SHA1"),
    ("leaf.md5 low high", "", VIOLATED, "the leaf ('leaf') is signed with MD5"),
    ("leaf", "leaf low.sha1 high root", VIOLATED, "the intermediate ('low') in the store of this machine is signed with SHA1"),
    ("leaf.sm2 low", "", UNKNOWN, "the signature of the leaf ('leaf') is of an unknown kind"),
    ("leaf malformed", "", UNKNOWN, "unknown kind"),
    ("", "", UNKNOWN, "nothing was seen"),
])
def test_signature(served, trusted, status, words):
    assert agrees(found(seen_with(served, trusted))["signature"], status, words)


def test_what_only_newer_pythons_show_is_unknown():
    findings = found(seen_with("leaf", "", chain_known=False))
    assert {code for code, finding in findings.items() if finding.status == UNKNOWN} == {"key", "signature", "chain"}
    assert found(seen_with("leaf.small", "", chain_known=False))["key"].status == VIOLATED


@pytest.mark.parametrize("version, least, status", [
    ("TLSv1.2", "TLSv1.2", OK), ("TLSv1.3", "TLSv1", OK), ("TLSv1.1", "TLSv1.2", VIOLATED), ("TLSv1", "TLSv1.3", VIOLATED),
    (None, "TLSv1.2", UNKNOWN), ("SSLv3", "TLSv1.2", UNKNOWN)])
def test_version(version, least, status):
    assert found(replace(SEEN, version=version), Policy(min_version=least))["version"].status == status


@pytest.mark.parametrize("served, keys, status, words", [
    ("leaf", ("kl",), OK, ""), ("leaf", ("kx", "kl"), OK, ""), ("leaf", ("kx", "ky"), VIOLATED, "its public key is kl instead of kx or ky"),
    ("malformed", ("kl",), UNKNOWN, ""), ("leaf.odd", ("kl",), UNKNOWN, ""), ("", ("kl",), UNKNOWN, "")])
def test_public_key(served, keys, status, words):
    assert agrees(found(seen_with(served), Policy(public_keys=keys))["public_key"], status, words)


@pytest.mark.parametrize("seen, expected", [
    (GOOD, "accepted"), (UNTRUSTED, "accepted"), (replace(GOOD, verify_code=None), "unknown"), (REFUSED, "refused"), (NO_CIPHER, "refused"),
    (failed("reset"), "refused"), (failed("timeout"), "unknown"), (failed("refused"), "unknown"), (failed("unreachable"), "unknown"),
    (failed("protocol", "the TLS handshake failed: unsupported protocol"), "refused"), (failed("protocol", "http request"), "unknown"),
    (failed("protocol", CANNOT_OFFER.detail), "unknown"),
    (failed("handshake", "the TLS handshake failed: no protocols available"), "unknown"),
    (failed("handshake", "the TLS handshake failed: dh key too small"), "unknown"), (failed("dns"), "unknown"),
    (failed("alert", "the server ended the handshake with the TLS alert 'certificate required'"), "unknown"),
    (failed("alert", "the server ended the handshake with the TLS alert 'unrecognized name'"), "unknown")])
def test_refusal(seen, expected):
    assert checks.refusal(seen) == expected == checks.refusal(seen, "TLSv1")


def test_what_the_probe_could_not_offer_was_not_refused():
    failure = Failure("protocol", probe._CANNOT_OFFER + "TLSv1.1")
    assert zoo.cannot_offer(failure) and checks.refusal(replace(GOOD, failure=failure, verify_code=None)) == "unknown"


def test_a_handshake_counts_only_with_the_version_that_was_asked_for():
    old, new = replace(GOOD, version="TLSv1"), replace(GOOD, version="TLSv1.3")
    assert [checks.refusal(seen, "TLSv1") for seen in (old, new)] == ["accepted", "unknown"]
    finding = further(versions=(("TLSv1", new), ("TLSv1.1", REFUSED)))["forbidden_versions"]
    assert agrees(finding, UNKNOWN, "whether TLSv1 is refused was not seen: TLSv1.3 was agreed on")


@pytest.mark.parametrize("versions, status, words", [
    ({"TLSv1": REFUSED, "TLSv1.1": REFUSED}, OK, ""), ({"TLSv1": REFUSED, "TLSv1.1": GOOD}, VIOLATED, "TLSv1.1 is accepted"),
    ({"TLSv1": GOOD, "TLSv1.1": UNTRUSTED}, VIOLATED, "TLSv1 is accepted; TLSv1.1 is accepted"),
    ({"TLSv1": failed("timeout"), "TLSv1.1": GOOD}, VIOLATED, "TLSv1.1 is accepted"),
    ({"TLSv1": failed("timeout"), "TLSv1.1": REFUSED}, UNKNOWN, "whether TLSv1 is refused was not seen: words"),
    ({"TLSv1": failed(*dataclasses.astuple(CANNOT_OFFER)), "TLSv1.1": REFUSED}, UNKNOWN, "cannot offer TLSv1"),
    ({"TLSv1": REFUSED}, UNKNOWN, "TLSv1.1: nothing was seen"), ({}, UNKNOWN, "TLSv1: nothing was seen")])
def test_forbidden_versions(versions, status, words):
    assert agrees(further(versions=tuple(versions.items()))["forbidden_versions"], status, words)


@pytest.mark.parametrize("kinds, status, words", [
    ({"rsa": GOOD, "ecdsa": GOOD}, OK, ""), ({"rsa": GOOD, "ecdsa": NO_CIPHER}, VIOLATED, "a client that can use ECDSA only is refused"),
    ({"rsa": UNTRUSTED, "ecdsa": GOOD}, VIOLATED, "the RSA certificate is not trusted: 20 (unable to get local issuer certificate)"),
    ({"rsa": failed("timeout"), "ecdsa": GOOD}, UNKNOWN, "what a client gets that can use RSA only was not seen: words"),
    ({"rsa": REFUSED, "ecdsa": GOOD}, UNKNOWN, "protocol version"), ({"rsa": GOOD}, UNKNOWN, "ecdsa: nothing was seen")])
def test_key_types(kinds, status, words):
    assert agrees(further(key_types=tuple(kinds.items()))["key_types"], status, words)


@pytest.mark.parametrize("seen, status, words", [
    (GOOD, OK, ""), (UNTRUSTED, VIOLATED, "android does not trust it: 20 (unable to get local issuer certificate)"),
    (failed("reset"), UNKNOWN, "android: words"), (replace(GOOD, verify_code=None), UNKNOWN, "android")])
def test_stores(seen, status, words):
    assert agrees(further(stores=(("android", seen),))["stores"], status, words)


REVOKED = Revocation("revoked", "ocsp", detail="revoked since 2026-11-20 10:00 UTC, reason: keyCompromise")
ANSWERS = [
    (Revocation("good", "ocsp"), OK, ""), (Revocation("good", "ocsp", next_update=LATER), OK, ""),
    (Revocation("good", "ocsp", next_update=EARLIER), UNKNOWN, "was good until 2026-10-25 12:00 UTC only"),
    (REVOKED, VIOLATED, "says: revoked since 2026-11-20 10:00 UTC, reason: keyCompromise"),
    (Revocation("unknown", "ocsp", detail="no answer in time"), UNKNOWN, "no answer in time"), (None, UNKNOWN, "nothing was seen"),
]


@pytest.mark.parametrize("answer, status, words", ANSWERS)
def test_revocation(answer, status, words):
    assert agrees(further(revocation=answer)["revocation"], status, words)
    assert agrees(further(staple=answer)["staple"], status, words)


def test_what_is_revoked_is_to_be_replaced_whoever_says_so():
    findings = further(staple=REVOKED, revocation=REVOKED)
    assert findings["staple"].hint == findings["revocation"].hint and "Replace the certificate" in findings["staple"].hint
    assert findings["staple"].message.startswith("the staple says: ") and findings["revocation"].message.startswith("the issuer says: ")


@pytest.mark.parametrize("detail, status", [
    ("the server staples no OCSP response", VIOLATED), ("the OCSP response expired at 2026-11-01 00:00 UTC, and said good", VIOLATED),
    (staple.LOOK_FAILED + ": no answer", UNKNOWN), ("a staple is not looked at behind STARTTLS", UNKNOWN),
    ("the issuer's certificate was not served, and is not in a trusted chain", UNKNOWN)])
def test_what_is_wrong_with_a_staple_is_violated_and_what_hinders_the_look_is_not(detail, status):
    answer = Revocation("unknown", "staple", detail=detail)
    assert agrees(further(staple=answer)["staple"], status, detail)
    demanded = further(staple=answer, facts=decode(b"leaf.staple")[0])["staple"].message
    assert ("must-staple" in demanded) == (status == VIOLATED)


def test_the_words_for_a_bad_staple_are_those_of_the_file_that_says_them(authority, good):
    """checks.py must not import what needs cryptography, so that the two are held together here."""
    from cryptography import x509
    leaf, issuer = (x509.load_pem_x509_certificate(text.encode()) for text in split_pem(good.chain_pem)[:2])
    for response in (b"garbage", ocsp.ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(
            ocsp.Encoding.DER)):
        answer = ocsp.judge_response(response, leaf, issuer, NOW, "staple")
        assert further(staple=answer)["staple"].status == VIOLATED, answer
    source = pathlib.Path(staple.__file__).read_text(encoding="utf-8")
    assert '"the server staples no OCSP response"' in source


def test_a_certificate_that_demands_a_staple_is_no_reason_to_look_for_one():
    assert "staple" not in further(policy=replace(ALL, staple=False), facts=decode(b"leaf.staple")[0])


@pytest.mark.parametrize("members, status, words", [
    ([("a", "x"), ("b", "x")], OK, ""), ([("a", "x"), ("b", "y")], VIOLATED, "the endpoints serve 2 different certificates: x, y"),
    ([("a", "x"), ("b", "")], UNKNOWN, "no certificate was seen of: b"), ([("a", ""), ("b", "y"), ("c", "z")], VIOLATED, "2 different"),
    ([("a", ""), ("b", "")], UNKNOWN, "a, b"), ([(str(number), str(number)) for number in range(9)], VIOLATED, "0, 1, 2, 3, 4 and 4 more"),
    ([], UNKNOWN, "")])
def test_same_leaf(members, status, words):
    assert agrees(judge.same_leaf(members), status, words)


failures = st.builds(Failure, st.sampled_from(KINDS), st.sampled_from(["", "words", REFUSED.failure.detail, NO_CIPHER.failure.detail]))
looks = st.one_of(st.none(), st.sampled_from([GOOD, UNTRUSTED]),
                  st.builds(lambda failure: replace(GOOD, failure=failure, verify_code=None), failures))
answers = st.sampled_from([item[0] for item in ANSWERS])


@given(failures)
def test_of_an_endpoint_that_was_not_seen_nothing_is_known(failure):
    seen = replace(SEEN, failure=failure)
    findings = checks.judge_more(seen, None, ALL, NOW, decode, link) + checks.judge_extras(Extras(), seen, None, ALL, NOW)
    assert {(finding.code, finding.status) for finding in findings} == {(code, UNKNOWN) for code in MORE + FURTHER}
    first = judge.judge(seen, None, "", replace(ALL, expected=("aa" * 32,)), NOW)
    assert {finding.status for finding in first if finding.code != "reachable"} == {UNKNOWN}
    assert first[0].status == VIOLATED and first[0].hint


@pytest.mark.parametrize("extras", [None, Extras()])
def test_without_a_further_look_nothing_is_known(extras):
    findings = checks.judge_extras(extras, SEEN, decode(b"leaf")[0], ALL, NOW)
    assert {(finding.code, finding.status) for finding in findings} == {(code, UNKNOWN) for code in FURTHER}


@given(st.tuples(looks, looks), st.tuples(looks, looks), looks, st.one_of(st.none(), failures), answers)
def test_ok_and_violated_come_only_from_what_was_seen(versions, kinds, store, failure, answer):
    findings = further(
        versions=tuple((name, seen) for name, seen in zip(ALL.forbidden_versions, versions) if seen),
        key_types=tuple((name, seen) for name, seen in zip(ALL.key_types, kinds) if seen), stores=(("android", store),) if store else (),
        web=Web(failure=failure, hsts_failure=failure), revocation=answer, staple=answer)
    status = dict((code, finding.status) for code, finding in findings.items())
    # What each look shows by itself, told anew: a handshake that came about, a refusal in the server's own words, or nothing.
    told = [_told(seen) for seen in versions]
    assert status["forbidden_versions"] == (VIOLATED if "made" in told else UNKNOWN if "nothing" in told else OK)
    trusted = [seen and seen.verify_code for seen in kinds]
    assert (status["key_types"] == OK) == (trusted == [0, 0]) and (status["key_types"] != VIOLATED or 20 in trusted or any(
        seen and seen.failure and seen.failure.detail == NO_CIPHER.failure.detail for seen in kinds))
    assert status["stores"] == {None: UNKNOWN, 0: OK, 20: VIOLATED}[store.verify_code if store else None]
    assert status["redirect"] != OK and status["hsts"] != OK
    assert (status["plain_http"] == OK) == bool(failure and failure.kind == "refused")
    assert all(finding.message for finding in findings.values() if finding.status != OK)


def _told(seen):
    if seen is None:
        return "nothing"
    if seen.failure is None:
        return "made"
    alert = seen.failure.kind == "alert" and seen.failure.detail in (REFUSED.failure.detail, NO_CIPHER.failure.detail)
    return "refused" if alert or seen.failure.kind == "reset" else "nothing"


# Against real handshakes


def looked_at(answer, ca_path, *endpoints):
    """The Observations of these endpoints (attributes of Endpoint), made at a server that answers like this."""
    with zoo.Server(answer) as server:
        wanted = [Endpoint("www.example.com", server.host, server.port, **more) for more in endpoints or ({},)]
        return [found[0] for found in Prober(str(ca_path), timeout=5).look(wanted)]


def judged(seen, policy):
    decoder = Decoder()
    facts = decoder(seen.chain[0])[0]
    return dict((finding.code, finding) for finding in checks.judge_more(
        seen, facts, policy, datetime.now(timezone.utc), decoder, decoder.link))


def test_a_served_chain_is_judged_whole(good, ca_path, tmp_path):
    seen = looked_at(zoo.tls(good, tmp_path), ca_path)[0]
    key = Decoder()(seen.chain[0])[0].public_key
    findings = judged(seen, Policy(public_keys=(key,), min_version="TLSv1.3", min_rsa=2048, min_ec=256, weak_signatures=False, chain=True))
    assert [(code, finding.status) for code, finding in findings.items()] == [(code, OK) for code in MORE]
    stricter = judged(seen, Policy(public_keys=("aa" * 32,), min_ec=384))
    assert {finding.status for finding in stricter.values()} == {VIOLATED}


def test_an_intermediate_in_the_store_does_not_make_up_for_one_that_is_not_served(authority, good, ca_path, tmp_path):
    both = tmp_path / "both.pem"
    both.write_text(authority.intermediate_pem + authority.root_pem, encoding="utf-8")
    bare = without_intermediate(good)
    trusted, untrusted = (looked_at(zoo.tls(bare, tmp_path), path)[0] for path in (both, ca_path))
    assert (trusted.verify_code, untrusted.verify_code) == (0, 20)
    assert "'Emulated Cloud Issuing CA' is not served; this machine has it" in judged(trusted, Policy(chain=True))["chain"].message
    assert judged(untrusted, Policy(chain=True))["chain"].status == VIOLATED


def test_a_served_chain_with_a_stranger_in_it(authority, good, ca_path, tmp_path):
    stranger = authority.sibling().intermediate_pem
    odd = replace(good, chain_pem=good.leaf_pem + stranger + authority.intermediate_pem)
    finding = judged(looked_at(zoo.tls(odd, tmp_path), ca_path)[0], Policy(chain=True))["chain"]
    assert "certificate 2 of 3 ('Emulated Cloud Issuing CA 2') is superfluous" in finding.message
    whole = replace(good, chain_pem=good.chain_pem + authority.root_pem)
    finding = judged(looked_at(zoo.tls(whole, tmp_path), ca_path)[0], Policy(chain=True))["chain"]
    assert (finding.status, finding.message) == (OK, "the root 'Emulated Cloud Root CA' is served too, which no client needs")


def test_versions_are_refused_and_accepted_by_real_servers(good, ca_path, tmp_path):
    old = zoo.tls(good, tmp_path, maximum_version=ssl.TLSVersion.TLSv1_2)
    new = zoo.tls(good, tmp_path, minimum_version=ssl.TLSVersion.TLSv1_3)
    asked = ("TLSv1", "TLSv1.2", "TLSv1.3")

    def refusals(answer):
        observations = looked_at(answer, ca_path, *[dict(tls_version=version) for version in asked])
        return [checks.refusal(seen, version) for seen, version in zip(observations, asked)]

    assert refusals(old)[1:] == ["accepted", "refused"]
    assert refusals(new)[1:] == ["refused", "accepted"]
    assert {refusals(old)[0], refusals(new)[0]} <= {"refused", "unknown"}  # unknown where OpenSSL was built without it
