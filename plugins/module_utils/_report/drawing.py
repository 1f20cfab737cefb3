# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the HTML report draws: when certificates expire, and the chains that they are on. PRIVATE to the collection.

Bars are SVG with lengths in percent, so that they fit every width; all words stand beside them as text, for people and screen readers.
"""

from __future__ import annotations

import datetime

from .reading import TIME
from .words import day, days, esc, fingerprint, icon, plural, section, sub, urgency

LANES, FARTHEST = 24, 400  # certificates drawn at most; days drawn at most
STEPS = (7, 14, 30, 60, 90)  # days between two marks of the axis
SHOWN_OPEN = 12  # endpoints


def timeline(document):
    """Certificates in the order in which they expire, with a bar for the days that are left."""
    found = {}
    for entry in document["endpoints"]:
        if entry["fingerprint"] and entry["days_left"] is not None:
            found.setdefault(entry["fingerprint"], []).append(entry)
    leaves = sorted(found.values(), key=lambda same: (same[0]["not_after"] or "", same[0]["common_name"] or ""))
    if not leaves:
        return ""
    shown = leaves[:LANES]
    width, step = scale(max(same[0]["days_left"] for same in shown))
    marks = range(step, width, step)
    lanes = "".join(lane(same, width, marks) for same in shown)
    more = ""
    if len(leaves) > LANES:
        rest = len(leaves) - LANES
        more = '<p class="more">%s later, the last on %s.</p>' % (
            "1 more expires" if rest == 1 else "{0:,} more expire".format(rest), day(leaves[-1][0]["not_after"]))
    lead = "The certificates that are served, and the days that are left of each, from the moment when they were looked at."
    return section("expiry", "Expiry", lead, axis(document["seen_at"], width, marks) + '<ol class="lanes">%s</ol>%s' % (lanes, more))


def scale(longest):
    """(days that the axis spans, days between two marks): with room for the longest bar, and no more than seven marks."""
    span = max(min(longest, FARTHEST), 28) + 1
    step = next((step for step in STEPS if span / step <= 7), STEPS[-1])
    return -(-span // step) * step, step


def share(left, width):
    return "%.2f%%" % (100 * min(max(left, 0), width) / width)


def axis(seen_at, width, marks):
    begin = datetime.datetime.strptime(seen_at, TIME) if seen_at else None
    texts = ['<text x="0" y="12">now</text>']
    for mark in marks:
        date = (begin + datetime.timedelta(days=mark)).strftime("%Y-%m-%d") if begin else ""
        texts.append('<text class="mark" x="%s" y="12">%d days</text><text class="mark date" x="%s" y="28">%s</text>' % (
            share(mark, width), mark, share(mark, width), date))
    return '<div class="axis" aria-hidden="true"><svg width="100%%" height="34">%s</svg></div>' % "".join(texts)


def lane(same, width, marks):
    """One certificate. same: the addresses that serve it."""
    entry, left = same[0], same[0]["days_left"]
    lines = "".join('<line x1="%s" x2="%s" y1="0" y2="18"/>' % (share(mark, width), share(mark, width)) for mark in marks)
    beyond = '<text class="beyond" x="99%" y="13">\u00bb</text>' if left > width else ""
    length = '<rect class="%s" y="3" rx="4" width="%s" height="12"/>' % (urgency(left), "8" if left < 1 else share(left, width))
    drawn = '<svg class="bar" aria-hidden="true" width="100%%" height="18">%s%s%s</svg>' % (lines, length, beyond)
    who = "<b>%s</b>%s" % (esc(entry["common_name"] or "no name"), sub("%s \u00b7 %s" % (
        plural(len(same), "address", "addresses"), fingerprint(entry["fingerprint"]))))
    return '<li class="lane"><div class="who">%s</div>%s<div class="when"><span class="left %s">%s</span>%s</div></li>\n' % (
        who, drawn, urgency(left), esc(days(left)), sub(day(entry["not_after"])))


def chains(document):
    """Each trust chain from the leaves to the root, then what leads to no root."""
    known = dict((certificate["fingerprint"], certificate) for certificate in document["certificates"])
    drawn = "".join(trusted(chain, document["endpoints"], known) for chain in document["chains"])
    drawn += "".join(untrusted(key, members) for key, members in broken(document).items())
    group = document["groups"].get("same_chain")
    lead = "From what is served to the root that is trusted."
    if group:
        said = {"ok": "All endpoints are on the same one.", "violated": "They are not all on the same one.",
                "unknown": "Whether all are on the same one is not known."}[group["status"]]
        lead += " " + said
        if group["message"] and group["status"] == "unknown":
            lead += " %s." % esc(group["message"][0].upper() + group["message"][1:].rstrip("."))
    return section("chains", "Trust chains", lead, drawn)


def trusted(chain, endpoints, known):
    issuers = list(zip(chain["issuers"], chain["fingerprints"] + [""] * len(chain["issuers"])))
    labels = set(chain["endpoints"])
    cards = [leaves(chain["endpoints"], [entry for entry in endpoints if entry["label"] in labels and not entry["verify_code"]])]
    for number, (subject, print_) in enumerate(issuers):
        last = number == len(issuers) - 1
        kind, role, picture = ("root", "Trust anchor", "ok") if last else ("issuer", "Issuer", "")
        cards.append(card(kind, role, esc(subject), about(known.get(print_), print_), picture))
    return drawing(" \u2192 ".join(chain["issuers"]) or "Trusted", cards, chain["endpoints"])


def broken(document):
    """Endpoints by (verify return code, subjects as served) whose certificate leads to no trust anchor that was seen."""
    on_chain = set(label for chain in document["chains"] for label in chain["endpoints"])
    found = {}
    for entry in document["endpoints"]:
        if entry["fingerprint"] and (entry["verify_code"] or entry["label"] not in on_chain):
            found.setdefault((entry["verify_return_code"] or "", tuple(entry["chain"] or [entry["common_name"] or "?"])), []).append(entry)
    return found


def untrusted(key, members):
    code, subjects = key
    labels = list(dict.fromkeys(entry["label"] for entry in members))
    cards = [leaves(labels, members)] + [card("issuer", "Served", esc(subject), "") for subject in subjects[1:]]
    if members[0]["verify_code"]:
        cards.append(card("end", "Not trusted", esc(code), "verify return code", "violated"))
        return drawing("Not trusted: " + code, cards, labels)
    cards.append(card("end", "Trusted", "The rest was not seen", "Python 3.10 or newer shows it", "unknown"))
    return drawing("Trusted, by a chain that was not seen", cards, labels)


def leaves(labels, entries):
    """The first card: the certificate, or how many different ones."""
    prints = dict((entry["fingerprint"], entry) for entry in entries if entry["fingerprint"])
    if len(prints) == 1:
        entry = next(iter(prints.values()))
        return card("leaf", "Served", esc(entry["common_name"] or "no name"), "%s%s" % (fingerprint(entry["fingerprint"]), sub(
            "until " + day(entry["not_after"]) if entry["not_after"] else "")))
    return card("leaf", "Served", plural(len(prints), "certificate"), "by %s" % plural(len(labels), "endpoint"))


def about(certificate, print_):
    """Key and end of a CA certificate, as far as the result says it."""
    if not certificate:
        return fingerprint(print_)
    key = " ".join(filter(None, ((certificate["key"] or "").upper(), str(certificate["key_bits"] or ""))))
    until = "until " + day(certificate["not_after"]) if certificate["not_after"] else ""
    return "%s%s%s" % (fingerprint(print_), sub(esc(key)), sub(until))


def card(kind, role, title, content, picture=""):
    return '<li class="card %s"><span class="role">%s%s</span><b>%s</b>%s</li>' % (
        kind, icon(picture) if picture else "", role, title, '<span class="sub">%s</span>' % content if content else "")


def drawing(title, cards, labels):
    listed = "".join("<li>%s</li>" % esc(label) for label in labels)
    return (
        '<article class="path"><h3>%s</h3><ol class="cards">%s</ol><details%s><summary>%s<span class="quiet"> on %s</span></summary>'
        '<ul class="labels">%s</ul></details></article>\n' % (
            esc(title), "".join(cards), " open" if len(labels) <= SHOWN_OPEN else "", plural(len(labels), "endpoint"), esc(title), listed))
