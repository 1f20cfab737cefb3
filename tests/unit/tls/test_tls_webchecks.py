# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What HTTP says, judged: redirects, closed ports and Strict-Transport-Security, as tables and as properties."""

from __future__ import annotations

import contextlib
import string

import pytest
from ansible_collections.daas.https.plugins.module_utils._tls import web as web_client
from ansible_collections.daas.https.plugins.module_utils._tls import webchecks
from ansible_collections.daas.https.plugins.module_utils._tls.model import OK, UNKNOWN, VIOLATED, Failure, Policy, Web
from hypothesis import given
from hypothesis import strategies as st

NAME = "www.example.com"
PLAIN, SECURE = "http://www.example.com/", "https://www.example.com/"
ANSWER = (SECURE, 200, "")


def judged(code, web, name=NAME, **asked):
    policy = Policy(**(asked or {"redirect": dict(redirect=True), "plain_http": dict(refused=True), "hsts": dict(hsts=300)}[code]))
    findings = webchecks.judge_web(web, name, policy)
    assert [finding.code for finding in findings] == [code]
    assert bool(findings[0].hint) == (findings[0].status == VIOLATED) and bool(findings[0].message) == (findings[0].status != OK)
    return findings[0]


def test_only_what_is_asked_for_is_judged():
    assert webchecks.judge_web(Web(), NAME, Policy()) == ()
    everything = webchecks.judge_web(None, NAME, Policy(redirect=True, refused=True, hsts=0))
    assert [(finding.code, finding.status) for finding in everything] == [(code, UNKNOWN) for code in ("redirect", "plain_http", "hsts")]


# (answers on the way, why it ended or None, status, words)
WAYS = [
    ([(PLAIN, 301, SECURE), ANSWER], None, OK, ""),
    ([(PLAIN, 302, SECURE), ANSWER], None, OK, ""), ([(PLAIN, 307, SECURE), (SECURE, 404, "")], None, OK, ""),
    ([(PLAIN, 308, "HTTPS://WWW.Example.COM:443/shop"), (SECURE + "shop", 200, "")], None, OK, ""),
    ([(PLAIN, 301, "https://www.example.com:8443/")], None, OK, ""),
    ([(PLAIN, 301, "//www.example.com/")], None, VIOLATED, "leads to http://www.example.com/, which is not HTTPS"),
    ([(PLAIN, 301, "/home"), (PLAIN + "home", 301, SECURE)], None, VIOLATED, "it leads to http://www.example.com/home, which is not HTTPS"),
    ([(PLAIN, 200, "")], None, VIOLATED, "plain HTTP answers 200 instead of leading to HTTPS (http://www.example.com/ 200)"),
    ([(PLAIN, 303, SECURE), ANSWER], None, VIOLATED, "plain HTTP answers 303"), ([(PLAIN, 503, "")], None, VIOLATED, "answers 503"),
    ([(PLAIN, 301, "")], None, VIOLATED, "leads nowhere"), ([(PLAIN, 301, "https://[::1/")], None, VIOLATED, "leads nowhere"),
    ([(PLAIN, 301, "https://www.example.com:99999/")], None, VIOLATED, "leads nowhere"),
    ([(PLAIN, 301, "https:///path")], None, VIOLATED, "leads nowhere"),
    ([(PLAIN, 301, "ftp://www.example.com/")], None, VIOLATED, "not HTTPS"),
    ([(PLAIN, 301, "https://shop.example.com/")], None, VIOLATED, "leads to https://shop.example.com/, which is another host"),
    ([(PLAIN, 301, "https://www.example.com.example.net/")], None, VIOLATED, "another host"),
    ([(PLAIN, 301, "https://www.example.com@example.net/")], None, VIOLATED, "another host"),
    ([(PLAIN, 301, "https://user@www.example.com./")], None, OK, ""),
    ([(PLAIN, 301, SECURE), (SECURE, 302, "https://login.example.net/")], None, OK, ""),
    ([(PLAIN, 301, SECURE), (SECURE, 302, "http://www.example.com/old")], None, VIOLATED, "www.example.com/old, which is not"),
    ([(PLAIN, 301, SECURE), (SECURE, 302, "http://example.net/")], None, VIOLATED, "it leads to http://example.net/, which is not HTTPS"),
    ([(PLAIN, 301, SECURE), (SECURE, 301, SECURE)], Failure("protocol", "round"), VIOLATED, "in a circle, back to " + SECURE),
    ([(PLAIN, 301, SECURE), (SECURE, 301, SECURE + "a"), (SECURE + "a", 301, "/#top")], None, VIOLATED, "it leads in a circle"),
    ([(PLAIN, 301, SECURE), (SECURE, 301, "https://www.example.com:443")], None, VIOLATED, "it leads in a circle"),
    ([(PLAIN, 301, SECURE), (SECURE, 301, PLAIN)], None, VIOLATED, "HTTPS (http://www.example.com/ 301 -> https://www.example.com/ 301)"),
    ([(PLAIN, 301, SECURE)], Failure("timeout", "no answer in time"), UNKNOWN, "where that leads was not seen: no answer in time"),
    ([], Failure("refused", "connection refused"), VIOLATED, "plain HTTP gives no answer: connection refused"),
    ([], Failure("reset", "closed"), VIOLATED, "closed"), ([], Failure("protocol", "no HTTP"), VIOLATED, "no HTTP"),
    ([], Failure("timeout", "no answer in time"), UNKNOWN, "no answer in time"),
    ([], Failure("unreachable", "no route"), UNKNOWN, "no route"),
    ([], None, UNKNOWN, "nothing was seen"),
]


@pytest.mark.parametrize("steps, failure, status, words", WAYS)
def test_redirect(steps, failure, status, words):
    found = judged("redirect", Web(steps=tuple(steps), failure=failure))
    assert found.status == status and words in found.message, found


def test_the_host_may_be_an_address_or_have_other_letters():
    assert judged("redirect", Web(steps=(("http://192.0.2.1/", 301, "https://192.0.2.1/"),)), name="192.0.2.1").status == OK
    steps = (("http://[2001:db8::1]/", 301, "https://[2001:DB8:0::1]:8443/"),)
    assert judged("redirect", Web(steps=steps), name="2001:db8::1").status == OK
    steps = (("http://xn--bcher-kva.example.com/", 301, "https://b\u00fccher.example.com/"),)
    assert judged("redirect", Web(steps=steps), name="xn--bcher-kva.example.com").status == OK


def test_a_way_without_end_is_violated():
    pages = ["https://www.example.com/%d" % number for number in range(web_client.MOST_HOPS + 1)]
    steps = ((PLAIN, 301, pages[0]),) + tuple((page, 302, target) for page, target in zip(pages[:-2], pages[1:]))
    assert len(steps) == web_client.MOST_HOPS
    found = judged("redirect", Web(steps=steps, failure=Failure("protocol", "more than 10 redirects")))
    assert found.status == VIOLATED and "after 10 answers" in found.message
    assert judged("redirect", Web(steps=steps[:-1] + ((pages[8], 200, ""),))).status == OK


hosts = st.sampled_from([NAME, "www.example.com.", "WWW.EXAMPLE.COM", "example.com", "example.net"])
targets = st.builds("{0}://{1}{2}".format, st.sampled_from(["http", "https"]), hosts, st.sampled_from(["", "/", "/a", "/b?c=d", ":8443/"]))


@given(st.sampled_from([200, 301, 302, 303, 304, 307, 308, 404]), st.one_of(targets, st.text(string.printable, max_size=20)))
def test_the_first_answer_decides(status, location):
    """Told anew with plain words: a redirect, to https, on this host and no other."""
    rest = location.lower()[len("https://"):].split("/")[0].split("?")[0].split("#")[0].split(":")[0]
    right = status in (301, 302, 307, 308) and location.lower().startswith("https://") and rest.rstrip(".") == NAME
    found = judged("redirect", Web(steps=((PLAIN, status, location),)))
    if location[:8].lower() in ("https://", "http://w", "http://e"):
        assert (found.status == OK) == right
    else:
        assert found.status == VIOLATED


@pytest.mark.parametrize("web, status, words", [
    (Web(failure=Failure("refused", "connection refused")), OK, ""),
    (Web(steps=((PLAIN, 301, SECURE),)), VIOLATED, "port 8080 answers plain HTTP"),
    (Web(steps=((PLAIN, 200, ""),)), VIOLATED, "with 200"), (Web(failure=Failure("protocol", "TLS")), VIOLATED, "though not in HTTP: TLS"),
    (Web(failure=Failure("timeout", "no answer")), UNKNOWN, "whether port 8080 is closed was not seen: no answer"),
    (Web(), UNKNOWN, "nothing"),
    (Web(failure=Failure("reset", "closed")), UNKNOWN, "closed"), (None, UNKNOWN, "nothing was seen")])
def test_plain_http(web, status, words):
    found = judged("plain_http", web, refused=True, http_port=8080)
    assert found.status == status and words in found.message


@pytest.mark.parametrize("header, expected", [
    ("max-age=31536000", (31536000, False)), ("max-age=31536000; includeSubDomains", (31536000, True)), ('Max-Age="0"', (0, False)),
    ("MAX-AGE=300 ; INCLUDESUBDOMAINS ; preload", (300, True)), (" ; ;max-age = 5;", (5, False)), ('x="a;max-age=1";max-age=2', (2, False)),
    ('max-age="3\\0"', (30, False)), ("max-age=1;other=value;flag", (1, False)), ("max-age=007", (7, False)),
])
def test_strict_transport_security(header, expected):
    assert webchecks.parse_hsts(header) == expected


@pytest.mark.parametrize("header, words", [
    ("", "no max-age"), ("includeSubDomains", "no max-age"), ("max-age", "no max-age"), ("max-age=", "cannot be read"),
    ("max-age=-1", "no max-age"), ("max-age=1.5", "no max-age"), ("max-age=1e3", "no max-age"), ("max-age=\u0661", "cannot be read"),
    ("max-age=1; max-age=2", "max-age is given twice"), ("max-age=1; preload; PRELOAD", "preload is given twice"),
    ("max-age=1, includeSubDomains", "cannot be read from"), ("max-age=1 includeSubDomains", "cannot be read from"),
    ('max-age="1', "cannot be read"), ("max-age=1; includeSubDomains=true", "includeSubDomains has a value"),
    ("max-age=\n1x y", "cannot be read"),
])
def test_strict_transport_security_that_clients_ignore(header, words):
    with pytest.raises(ValueError, match=words):
        webchecks.parse_hsts(header)


spaces = st.sampled_from(["", " ", "  ", "\t"])
tokens = st.text(string.ascii_letters + string.digits + "!#$%&'*+.^_`|~-", min_size=1, max_size=8)
others = st.lists(tokens.filter(lambda name: name.lower() not in ("max-age", "includesubdomains")), unique_by=str.lower, max_size=3)
values = st.one_of(st.none(), tokens, st.text(string.ascii_letters + " ;=,", max_size=8).map('"{0}"'.format))


@given(st.data(), st.integers(0, 10**10), st.booleans(), others, st.randoms(use_true_random=False))
def test_any_spelling_of_the_header_is_understood(data, age, subdomains, names, random):
    quoted = data.draw(st.sampled_from(["{0}", '"{0}"'])).format(age)
    directives = [("max-age", quoted)] + [("includeSubDomains", None)] * subdomains + [(name, data.draw(values)) for name in names]
    random.shuffle(directives)
    spelt = []
    for name, value in directives:
        name = "".join(random.choice((str.upper, str.lower))(letter) for letter in name)
        parts = [name] if value is None else [name, data.draw(spaces), "=", data.draw(spaces), value]
        spelt += ["".join([data.draw(spaces)] + parts + [data.draw(spaces)])] + [""] * random.randint(0, 1)
    assert webchecks.parse_hsts(";".join(spelt)) == (age, subdomains)


@given(st.text(string.printable, max_size=40))
def test_no_header_breaks_the_parser(text):
    with contextlib.suppress(ValueError):
        age, subdomains = webchecks.parse_hsts(text)
        assert str(age) in text.replace("\\", "") and "max-age" in text.lower()
        assert not subdomains or "includesubdomains" in text.lower()


@pytest.mark.parametrize("web, least, status, words", [
    (Web(hsts="max-age=300"), 300, OK, ""), (Web(hsts="max-age=299"), 300, VIOLATED, "max-age=299; at least 300 is wanted"),
    (Web(hsts="max-age=1"), 0, OK, ""), (Web(hsts="max-age=0"), 0, VIOLATED, "max-age=0, which switches it off"),
    (Web(), 300, VIOLATED, "no Strict-Transport-Security is sent"), (Web(hsts=""), 0, VIOLATED, "clients ignore"),
    (Web(hsts="max-age=1;max-age=1"), 0, VIOLATED, "max-age is given twice"),
    (Web(hsts_failure=Failure("timeout", "no answer in time")), 300, UNKNOWN, "HTTPS gives no answer: no answer in time"),
    (None, 300, UNKNOWN, "nothing was seen")])
def test_hsts(web, least, status, words):
    found = judged("hsts", web, hsts=least)
    assert found.status == status and words in found.message
