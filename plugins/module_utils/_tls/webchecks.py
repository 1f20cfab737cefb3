# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judgement of what HTTP says: redirect, plain_http, hsts. Pure. PRIVATE to the collection."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from .judge import host
from .model import OK, UNKNOWN, VIOLATED, Finding

NOTHING = "nothing was seen"
_REDIRECTS = (301, 302, 307, 308)
_MOST_HOPS = 10
_PORTS = {"http": 80, "https": 443}
_NO_ANSWER = ("refused", "reset", "protocol")  # kinds of Failure that show that HTTP is not spoken; others may be anything
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# RFC 6797, 6.1: directives between semicolons, each empty, a name, or a name = value; a value is a token or a quoted string.
_DIRECTIVE = re.compile(r'\s*(?:(%s)\s*(?:=\s*(%s|"(?:[^"\\]|\\.)*")\s*)?)?(?:;|\Z)' % (_TOKEN, _TOKEN), re.ASCII)
_REDIRECT_HINT = "Let plain HTTP answer 301 with the https:// address on the same host."
_HSTS_HINT = "Let HTTPS answer with 'Strict-Transport-Security: max-age=%d', or more."


def judge_web(web, name, policy):
    """Findings about a Web (None if nothing was looked at) of the endpoint of this name, each only if the policy asks for it."""
    checks = (("redirect", policy.redirect, lambda: _redirect(web, name)), ("plain_http", policy.refused, lambda: _plain_http(web, policy)),
              ("hsts", policy.hsts is not None, lambda: _hsts(web, policy.hsts)))
    return tuple(Finding(code, UNKNOWN, NOTHING) if web is None else finding() for code, asked, finding in checks if asked)


def parse_hsts(text):
    """(max-age in seconds, whether subdomains are included) of a Strict-Transport-Security header; ValueError when clients ignore it."""
    directives, at = {}, 0
    while at < len(text):
        found = _DIRECTIVE.match(text, at)
        if not found:
            raise ValueError("it cannot be read from '%s' on" % text[at:at + 30])
        name, value, at = (found.group(1) or "").lower(), found.group(2), found.end()
        if name in directives:
            raise ValueError("%s is given twice" % name)
        if name:
            directives[name] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value and value.startswith('"') else value
    age = directives.get("max-age")
    if not re.match(r"[0-9]+\Z", age or ""):
        raise ValueError("it has no max-age in seconds")
    if directives.get("includesubdomains") is not None:
        raise ValueError("includeSubDomains has a value")
    return int(age), "includesubdomains" in directives


def _redirect(web, name):
    if not web.steps:
        status = VIOLATED if web.failure and web.failure.kind in _NO_ANSWER else UNKNOWN
        words = "plain HTTP gives no answer: %s" % web.failure.detail if web.failure else NOTHING
        return Finding("redirect", status, words, _REDIRECT_HINT if status == VIOLATED else "")
    wrong = _detour(web.steps, name)
    if wrong:
        way = " -> ".join("%s %d" % step[:2] for step in web.steps)
        return Finding("redirect", VIOLATED, "%s (%s)" % (wrong, way), _REDIRECT_HINT)
    if web.failure:
        return Finding("redirect", UNKNOWN, "plain HTTP leads to HTTPS; where that leads was not seen: %s" % web.failure.detail)
    return Finding("redirect", OK, "")


def _detour(steps, name):
    """What is wrong with the way that these answers lead; '' if nothing is."""
    if steps[0][1] not in _REDIRECTS:
        return "plain HTTP answers %d instead of leading to HTTPS" % steps[0][1]
    passed, target = set(), ""
    for number, (url, status, location) in enumerate(steps):
        passed.add(_plain(url))
        target = ""
        if status in _REDIRECTS + (303,):
            target = _target(url, location)
            if not _plain(target):
                return "the answer %d leads nowhere: its Location is '%s'" % (status, location or "")
            if not _plain(target).startswith("https://"):
                return "it leads to %s, which is not HTTPS" % target
            if not number and not _is_at(target, name):
                return "plain HTTP leads to %s, which is another host" % target
            if _plain(target) in passed:
                return "it leads in a circle, back to %s" % target
    if target and len(steps) >= _MOST_HOPS:
        return "it still leads elsewhere after %d answers" % len(steps)
    return ""


def _target(url, location):
    """Where a Location leads from this URL, '' for nowhere."""
    try:
        return urljoin(url, location) if location else ""
    except ValueError:
        return ""


def _plain(url):
    """An URL in the form in which equal ones look equal, without its fragment; '' if it is none that names a host."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return ""
    query = "?" + parts.query if parts.query else ""
    return "%s://%s:%d%s%s" % (parts.scheme, parts.hostname, port, parts.path or "/", query) if parts.scheme and parts.hostname else ""


def _is_at(url, name):
    try:
        return host(urlsplit(url).hostname) == name
    except ValueError:
        return False


def _plain_http(web, policy):
    if web.steps:
        return Finding("plain_http", VIOLATED, "port %d answers plain HTTP with %d" % (policy.http_port, web.steps[0][1]),
                       "Close this port, or let the listener serve HTTPS only.")
    if web.failure is None:
        return Finding("plain_http", UNKNOWN, NOTHING)
    if web.failure.kind == "refused":
        return Finding("plain_http", OK, "")
    if web.failure.kind == "protocol":
        return Finding("plain_http", VIOLATED, "port %d answers, though not in HTTP: %s" % (policy.http_port, web.failure.detail),
                       "Close this port, or correct 'http_port'.")
    return Finding("plain_http", UNKNOWN, "whether port %d is closed was not seen: %s" % (policy.http_port, web.failure.detail))


def _hsts(web, least):
    hint = _HSTS_HINT % max(least, 1)
    if web.hsts is None:
        if web.hsts_failure:
            return Finding("hsts", UNKNOWN, "HTTPS gives no answer: %s" % web.hsts_failure.detail)
        return Finding("hsts", VIOLATED, "no Strict-Transport-Security is sent", hint)
    try:
        age = parse_hsts(web.hsts)[0]
    except ValueError as error:
        return Finding("hsts", VIOLATED, "clients ignore the Strict-Transport-Security that is sent: %s" % error, hint)
    if not age:
        return Finding("hsts", VIOLATED, "Strict-Transport-Security is sent with max-age=0, which switches it off", hint)
    if age < least:
        return Finding("hsts", VIOLATED, "Strict-Transport-Security is sent with max-age=%d; at least %d is wanted" % (age, least), hint)
    return Finding("hsts", OK, "")
