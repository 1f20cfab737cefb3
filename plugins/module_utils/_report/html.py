# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one page that asks nobody for anything. PRIVATE to the collection."""

from __future__ import annotations

from .drawing import chains, timeline
from .page import page
from .table import endpoints
from .words import (
    CHANGE_WORDS, CHECK_WORDS, breakable, check_word, chip, day, days, esc, fingerprint, icon, minute, place, plural, section, sub, urgency)

LISTED = 8  # addresses under one thing to do, the rest is folded away


def render(document):
    """The whole page. All values in it are escaped; scripts and styles are allowed by their hashes, everything else by nothing."""
    parts = [(name, title, make(document)) for name, title, make in SECTIONS]
    parts = [part for part in parts if part[2]]
    links = "".join('<li><a href="#%s">%s</a></li>' % (name, title) for name, title, _content in parts)
    body = (
        '<header>%s%s</header>\n<nav aria-label="Sections"><ul>%s</ul></nav>\n<main id="main">\n%s</main>\n'
        "<footer><p>Made by daas.https.tls_report of what daas.https.tls_verify saw. "
        "This page is complete: it loads nothing.</p></footer>" % (
            head(document), tiles(document), links, "".join(content for _name, _title, content in parts)))
    return page("%s \u2013 %s" % (esc(short(document)), esc(document["title"])), "ok" if document["ok"] else "violated", body)


def short(document):
    """The verdict as the title of a browser's tab."""
    bad = document["summary"]["violated"]
    return "OK" if document["ok"] else "%d of %d not OK" % (bad, document["summary"]["addresses"]) if bad else "Not OK"


def head(document):
    count, bad = document["summary"]["addresses"], document["summary"]["violated"]
    if document["ok"]:
        words = "Everything is as it should be" if count else "Nothing was looked at"
    elif bad:
        words = "%s of %s %s not as %s should be" % (
            "{0:,}".format(bad), plural(count, "address", "addresses"), "is" if bad == 1 else "are", "it" if bad == 1 else "they")
    else:
        words = "Not everything is as it should be"
    seen = ["Seen " + minute(document["seen_at"]) if document["seen_at"] else "", "from " + esc(document["seen_from"] or "")
            if document["seen_from"] else "", "in %.1f s" % document["elapsed"] if document["elapsed"] is not None else ""]
    kind = "ok" if document["ok"] else "violated"
    return '<div class="verdict %s">%s<div><h1>%s</h1><p class="big">%s</p><p class="seen">%s</p></div></div>' % (
        kind, icon(kind), esc(document["title"]), words, " ".join(filter(None, seen)))


def tiles(document):
    summary, first = document["summary"], document["summary"]["expires_first"]
    found = [("Addresses", "{0:,}".format(summary["addresses"]), plural(summary["leaves"], "different certificate"), "")]
    for status, word in (("ok", "OK"), ("violated", "Violated"), ("unknown", "Unknown")):
        found.append((icon(status) + word, "{0:,}".format(summary[status]), "", status if summary[status] else "none"))
    if first:
        left = first["days_left"]
        found.append(("First to expire", esc(days(left)), "%s, %s" % (esc(first["label"]), day(first["not_after"])), urgency(left)))
    if summary["chains"]:
        found.append(("Trust chains", "{0:,}".format(summary["chains"]), "", ""))
    return '<dl class="tiles">%s</dl>' % "".join(
        '<div class="tile %s"><dt>%s</dt><dd>%s%s</dd></div>' % (kind, name, value, sub(more)) for name, value, more, kind in found)


def todo(document):
    """What is violated, put together by what has to be done about it, the worst first."""
    found, order = {}, list(CHECK_WORDS)
    for entry in document["endpoints"]:
        for finding in entry["findings"]:
            if finding["status"] == "violated":
                found.setdefault(finding["hint"] or finding["code"], []).append((entry, finding))
    ranked = sorted(found.values(), key=lambda cases: min(
        order.index(finding["code"]) if finding["code"] in order else len(order) for _entry, finding in cases))
    items = [job(cases) for cases in ranked]
    items += ['<li class="job"><h3>%s%s</h3><p>%s</p></li>' % (icon("violated"), check_word(code), esc(group["message"]))
              for code, group in document["groups"].items() if group["required"] and group["status"] == "violated"]
    return section("todo", "What to do", "", items and '<ol class="jobs">%s</ol>' % "".join(items))


def job(cases):
    """One thing to do. cases: the addresses and findings that ask for it."""
    places = {}
    for entry, finding in cases:
        places.setdefault((entry["label"], place(entry)), []).append(finding["message"])
    lines = ["<li><b>%s</b> at %s: %s</li>" % (esc(label), address, esc("; ".join(messages)))
             for (label, address), messages in places.items()]
    rest = ""
    if len(lines) > LISTED:
        rest = "<details><summary>%d more</summary><ul>%s</ul></details>" % (len(lines) - LISTED, "".join(lines[LISTED:]))
    title = ", ".join(dict.fromkeys(check_word(finding["code"]) for _entry, finding in cases))
    hint = cases[0][1]["hint"]
    return '<li class="job"><h3>%s%s <span class="sub">%s</span></h3>%s<ul>%s</ul>%s</li>' % (
        icon("violated"), esc(title), plural(len(places), "address", "addresses"), "<p>%s</p>" % esc(hint) if hint else "",
        "".join(lines[:LISTED]), rest)


def rollout(document):
    """Before and after: first what has changed, what has not is folded away."""
    found = document["rollout"]
    if not found:
        return ""
    order = ("lost", "replaced", "gained", "added", "removed", "never")
    changed = sorted((row for row in found["endpoints"] if row["change"] in order), key=lambda row: order.index(row["change"]))
    same = [row for row in found["endpoints"] if row["change"] == "same"]
    counts = found["counts"]
    lead = "Compared with what was seen %s: " % (minute(found["before_seen_at"]) or "before")
    lead += "; ".join(filter(None, (
        "%s of %s another certificate" % ("{0:,}".format(counts["replaced"]), plural(
            counts["replaced"] + counts["same"], "address serves", "addresses serve")),
        "%d now %s none" % (counts["lost"], "serves" if counts["lost"] == 1 else "serve") if counts["lost"] else ""))) + "."
    content = comparison(changed, "What has changed") if changed else "<p>No address serves another certificate.</p>"
    if same:
        content += '<details class="unchanged"><summary>%s unchanged</summary>%s</details>' % (
            plural(len(same), "address", "addresses"), comparison(same, "What has not changed"))
    return section("rollout", "Rollout", lead, content)


def comparison(rows, caption):
    heads = "".join('<th scope="col" role="columnheader">%s</th>' % title for title in ("Endpoint", "Change", "Before", "After"))
    body = "".join(
        '<tr role="row"><th scope="row" role="rowheader" data-title="Endpoint"><b>%s</b>%s</th><td role="cell" data-title="Change">%s</td>'
        '<td role="cell" data-title="Before">%s</td><td role="cell" data-title="After">%s</td></tr>\n' % (
            breakable(row["label"]), sub(place(row)), change_chip(row["change"]), generation(row["before"]), generation(row["after"]))
        for row in rows)
    return (
        '<div class="frame"><table role="table" class="rollout"><caption class="quiet">%s</caption>'
        '<thead role="rowgroup"><tr role="row">%s</tr></thead><tbody role="rowgroup">%s</tbody></table></div>' % (caption, heads, body))


def change_chip(change):
    word, picture = CHANGE_WORDS[change]
    kind = {"lost": "violated", "replaced": "changed", "gained": "changed", "added": "changed", "never": "unknown"}.get(change, "plain")
    return chip(kind, word, picture)


def generation(certificate):
    """A certificate before or after."""
    if not certificate:
        return "\u2013"
    until = sub("until " + day(certificate["not_after"])) if certificate["not_after"] else ""
    issuer = ", by " + esc(certificate["issuer"]) if certificate["issuer"] else ""
    return "%s%s" % (fingerprint(certificate["fingerprint"]), sub(esc(certificate["common_name"] or "") + issuer) + until)


SECTIONS = (("todo", "What to do", todo), ("endpoints", "Endpoints", endpoints), ("expiry", "Expiry", timeline),
            ("chains", "Trust chains", chains), ("rollout", "Rollout", rollout))
