# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small pieces of HTML, and the words that go with the report's values. PRIVATE to the collection.

Every value passes through ``esc`` on its way into the page; what these functions return is markup already.
"""

from __future__ import annotations

import re
from html import escape

# Neither control characters nor what turns the direction of the text around it has a place in a page that people decide by.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
STATUS_WORDS = {"ok": "OK", "violated": "Violated", "unknown": "Unknown"}
CHANGE_WORDS = {
    "replaced": ("Replaced", "swap"), "same": ("Unchanged", "same"), "added": ("New address", "plus"),
    "removed": ("Not looked at now", "minus"),
    "lost": ("Serves none now", "violated"), "gained": ("Serves one now", "plus"), "never": ("Serves none", "unknown")}
CHECK_WORDS = {
    "reachable": "Reachable", "trust": "Trust", "certificate": "Certificate", "hostname": "Host name", "expiry": "Expiry",
    "fingerprint": "Expected certificate", "public_key": "Expected public key", "version": "TLS version", "key": "Key",
    "signature": "Signature", "chain": "Served chain", "forbidden_versions": "Forbidden TLS versions", "key_types": "Both kinds of key",
    "stores": "Trust stores", "staple": "Stapled OCSP response", "revocation": "Revocation", "redirect": "Redirect to HTTPS",
    "plain_http": "Plain HTTP refused", "hsts": "HSTS", "same_chain": "Same trust chain", "same_leaf": "Same certificate"}
SOON, NEAR = 14, 30  # days


def esc(value):
    return escape(_UNSAFE.sub("\ufffd", str(value)), quote=True)


def breakable(value):
    """A label that is too long for its column is broken before its port rather than within it."""
    return esc(value).replace(":", "<wbr>:")


def icon(name):
    return '<svg class="icon" aria-hidden="true"><use href="#i-%s"/></svg>' % name


def chip(kind, word, picture=""):
    """A word with a picture before it: colour alone says nothing to those who cannot tell the colours."""
    return '<span class="chip %s">%s%s</span>' % (kind, icon(picture or kind), esc(word))


def status_chip(status):
    return chip(status, STATUS_WORDS[status])


def sub(text):
    return '<span class="sub">%s</span>' % text if text else ""


def check_word(code):
    return CHECK_WORDS.get(code, code.replace("_", " ").capitalize())


def plural(count, one, many=""):
    return "%s %s" % ("{0:,}".format(count), one if count == 1 else many or one + "s")


def days(left):
    """Days left as a person says them."""
    if left is None:
        return "not known"
    if left < 0:
        return "expired %s ago" % plural(-left, "day") if left < -1 else "expired"
    return "expires today" if left == 0 else plural(left, "day")


def urgency(left):
    if left is None:
        return "none"
    return "expired" if left < 0 else "soon" if left < SOON else "near" if left < NEAR else "far"


def day(moment):
    """The date of one of tls_verify's times."""
    return '<time datetime="%s">%s</time>' % (esc(moment), esc(moment[:10])) if moment else ""


def minute(moment):
    return '<time datetime="%s">%s UTC</time>' % (esc(moment), esc(moment[:16].replace("T", " "))) if moment else ""


def fingerprint(text, whole=False):
    """The first 16 digits, as messages of the collection have it; all of them are there to be found and copied where there is room."""
    if not text:
        return ""
    return "<code>%s</code>" % esc(text) if whole else '<code title="%s">%s</code>' % (esc(text), esc(text[:16]))


def place(entry):
    address = "[%s]" % entry["address"] if ":" in entry["address"] else entry["address"]
    return esc("%s:%d" % (address, entry["port"]))


def section(name, title, lead, content):
    """A landmark with its heading; '' if there is nothing to say."""
    if not content:
        return ""
    lead = '<p class="lead">%s</p>' % lead if lead else ""
    return '<section id="{0}" aria-labelledby="{0}-title"><h2 id="{0}-title">{1}</h2>{2}{3}</section>\n'.format(name, title, lead, content)
