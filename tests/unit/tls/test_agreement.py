# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Agreement with OpenSSL on all that misconfigurations/ serves: `openssl s_client` looks at each server, too, and has to say the same.

All servers run at once, and one look() of one Prober goes to all of them, so that none disturbs another. It is a single test, because
its servers and the hundreds of runs of s_client are the same for all that is compared; what disagrees is listed, a line each.
"""

from __future__ import annotations

import contextlib
import pathlib
import socket
import ssl
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Optional

import pytest
from ansible_collections.daas.https.plugins.module_utils._tls.certificate import Decoder
from ansible_collections.daas.https.plugins.module_utils._tls.judge import host, judge
from ansible_collections.daas.https.plugins.module_utils._tls.model import Endpoint, Observation, Policy
from ansible_collections.daas.https.plugins.module_utils._tls.probe import Prober
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from tests.unit.tls import zoo
from tests.unit.tls.misconfigurations.everything import ALL
from tests.unit.tls.misconfigurations.case import Case
from tests.unit.tls.misconfigurations.mint import Mint
from tests.unit.tls.misconfigurations.referee import (
    MISMATCHES, STRICT, Said, asking_for, library, python_takes_the_name, s_client)

TIMEOUT = 10  # seconds for a connection of ours; a few servers stall, so that one look takes as long
STALLED = 1  # seconds after which s_client, which knows no timeout, is taken to be stalled
WORKERS = 4
SHOWS_FAILED = sys.version_info >= (3, 10)  # whether Python's ssl shows the certificates of a handshake that failed
SAME_LIBRARY = library() == ssl.OPENSSL_VERSION


@dataclass
class Encounter:
    """A Case, what we saw of it, and what s_client said: at the first error, at the last one, and when it checked the name, too.

    taken: whether Python's own check takes the name, None when the certificate is not trusted anyway.
    """

    case: Case
    seen: Observation
    strict: Said
    plain: Optional[Said] = None
    named: Optional[Said] = None
    taken: Optional[bool] = None


@pytest.mark.filterwarnings("ignore:Parsed a serial number")  # it is negative on purpose
def test_verdicts_codes_and_texts_are_those_of_openssl(tmp_path):
    encounters = meet_all(ALL, Mint(tmp_path))
    wrong = ["{0}: {1}".format(encounter.case.title, words) for encounter in encounters for words in disagreements(encounter)]
    assert not wrong, "OpenSSL {0} behind Python, {1} behind the command:\n{2}".format(ssl.OPENSSL_VERSION, library(), "\n".join(wrong))
    assert len(encounters) >= 70


def test_every_case_is_told_apart():
    assert [title for title, times in Counter(case.title for case in ALL).items() if times > 1] == []


def test_the_documentation_names_the_option_that_makes_s_client_say_the_same():
    words = pathlib.Path(__file__).parents[3].joinpath("plugins", "modules", "tls_verify.py").read_text(encoding="utf-8")
    assert "-verify_return_error" in words
    assert any(case.last not in (None, case.code) for case in ALL)


def test_a_revoked_certificate_is_refused_only_by_those_who_ask(tmp_path):
    mint = Mint(tmp_path)
    leaf = mint.leaf()
    roots, lists = mint.save(), tmp_path / "lists.pem"
    lists.write_bytes(revoking(mint, leaf))
    with zoo.Server(mint.serve(leaf)) as server:
        (seen,), = Prober(str(roots), TIMEOUT).look([Endpoint("www.example.com", "127.0.0.1", server.port)])
        silent = s_client(server.port, "www.example.com", roots, *STRICT)
        asking = s_client(server.port, "www.example.com", roots, *STRICT, "-crl_check", "-CRL", str(lists))
    assert (seen.verify_code, silent.code, asking.code) == (0, 0, 23)


def meet_all(cases, mint):
    answers = [case.make(mint) for case in cases]
    roots = mint.save()
    with contextlib.ExitStack() as stack:
        ports = [stack.enter_context(zoo.Server(answer)).port if answer else deaf_port(stack) for answer in answers]
        with ThreadPoolExecutor(WORKERS) as pool:
            referees = [pool.submit(hear, case, port, roots) for case, port in zip(cases, ports)]
            endpoints = [Endpoint(host(case.ask), "127.0.0.1", port) for case, port in zip(cases, ports)]
            looks = Prober(str(roots), TIMEOUT).look(endpoints)
            return [Encounter(case, seen, *referee.result()) for case, (seen,), referee in zip(cases, looks, referees)]


def deaf_port(stack):
    """A port that is taken, so that no other server gets it, and at which nobody listens."""
    sock = stack.enter_context(socket.socket())
    sock.bind(("127.0.0.1", 0))
    return sock.getsockname()[1]


def hear(case, port, roots):
    """The fields of Encounter that are the referees'."""
    name = host(case.ask)
    if case.failure:
        return (s_client(port, name, roots, *STRICT, patience=STALLED if case.failure == "timeout" else 30),)
    strict, plain, named = runs(port, name, roots)
    return strict, plain, named, python_takes_the_name(port, name, roots) if strict.code == 0 else None


def runs(port, name, roots):
    """What s_client says in three ways. That it checks the name can only add an error: where it adds none, one run stands for two."""
    strict = s_client(port, name, roots, *STRICT, *asking_for(name))
    if not strict.errors:
        return strict, strict, strict
    if mismatched(strict):
        strict = s_client(port, name, roots, *STRICT)
    named = s_client(port, name, roots, *asking_for(name))
    return strict, s_client(port, name, roots) if mismatched(named) else named, named


def mismatched(said):
    return bool(set(MISMATCHES) & set(said.errors))


def disagreements(encounter):
    yield from (disagreements_about_a_failure if encounter.case.failure else disagreements_about_trust)(encounter)
    if not encounter.case.failure and encounter.seen.verify_code is not None and (SHOWS_FAILED or encounter.seen.chain):
        yield from disagreements_about_the_name(encounter)


def disagreements_about_a_failure(encounter):
    case, seen, strict = encounter.case, encounter.seen, encounter.strict
    if seen.failure is None or seen.failure.kind != case.failure:
        yield "{0} expected, but we see {1}, code {2}".format(case.failure, seen.failure, seen.verify_code)
    if strict.succeeded:
        yield "s_client succeeds"
    taken = strict.code if strict.certificate and case.code is not None else None
    if (seen.verify_code, taken) != (case.code if SHOWS_FAILED else None, case.code):
        yield "code {0} expected, we have {1}, s_client {2}".format(case.code, seen.verify_code, strict)


def disagreements_about_trust(encounter):
    case, seen, strict, plain = encounter.case, encounter.seen, encounter.strict, encounter.plain
    if seen.failure:
        yield "we see {0}".format(seen.failure)
    if (seen.verify_code == 0) != (strict.code == 0 and strict.certificate):
        yield "the verdicts differ: code {0} here, s_client: {1}".format(seen.verify_code, strict)
    if SAME_LIBRARY and (seen.verify_code, seen.verify_text) != (strict.code, strict.text):
        yield "{0} ({1}), but s_client prints {2} ({3})".format(seen.verify_code, seen.verify_text, strict.code, strict.text)
    if seen.verify_code != case.code:
        yield "code {0} expected, we have {1} ({2})".format(case.code, seen.verify_code, seen.verify_text)
    if SAME_LIBRARY and plain.code != (case.code if case.last is None else case.last):
        yield "without -verify_return_error, s_client prints {0} and not {1}".format(plain.code, case.last)
    if plain.errors[:1] != ((seen.verify_code,) if seen.verify_code else ()):
        yield "the first of all errors {0} is not ours".format(plain.errors)


def disagreements_about_the_name(encounter):
    case, seen = encounter.case, encounter.seen
    ours, theirs = name_is_taken(seen), not mismatched(encounter.named)
    if ours != case.host:
        yield "the name is {0}taken by us".format("" if ours else "not ")
    if ours is None:
        return
    if theirs != (ours or bool(case.lax)):
        yield "the name is {0}taken by s_client".format("" if theirs else "not ")
    if encounter.taken not in (None, ours):
        yield "the name is {0}taken by Python's own check".format("" if encounter.taken else "not ")


def name_is_taken(seen):
    """Our judgement of the name; None when the certificate cannot be decoded."""
    facts, problem = Decoder()(seen.chain[0])
    findings = judge(seen, facts, problem, Policy(), datetime.now(timezone.utc))
    return {"ok": True, "violated": False, "unknown": None}[next(item.status for item in findings if item.code == "hostname")]


def revoking(mint, leaf):
    """The intermediate's list of revoked certificates, in PEM, with the leaf on it."""
    serial = x509.load_der_x509_certificate(leaf.der).serial_number
    entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(mint.now - timedelta(days=1)).build()
    builder = x509.CertificateRevocationListBuilder().issuer_name(mint.intermediate.subject).last_update(mint.now - timedelta(hours=1))
    listed = builder.next_update(mint.now + timedelta(days=1)).add_revoked_certificate(entry)
    return listed.sign(mint.intermediate.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
