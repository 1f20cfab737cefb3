# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of all endpoints in the HTML report. PRIVATE to the collection."""

from __future__ import annotations

from .words import STATUS_WORDS, breakable, check_word, day, days, esc, fingerprint, place, plural, section, status_chip, sub, urgency

# title, whether its sort keys are numbers
COLUMNS = (("Status", True), ("Endpoint", False), ("Certificate", False), ("Days left", True), ("Verify return code", True),
           ("Findings", True))
ORDER = ("violated", "unknown", "ok")


def endpoints(document):
    found = document["endpoints"]
    if not found:
        return section("endpoints", "Endpoints", "", "<p>No endpoint was looked at.</p>")
    heads = "".join('<th scope="col" role="columnheader"%s>%s</th>' % (' data-number=""' if number else "", title)
                    for title, number in COLUMNS)
    rows = "".join(row(entry) for entry in sorted(found, key=lambda entry: ORDER.index(entry["status"])))
    lead = "Each address of each endpoint. What is not as it should be comes first, then what could not be found out."
    return section("endpoints", "Endpoints", lead, controls(document["summary"]) + (
        '<div class="frame"><table id="table" role="table" class="endpoints"><caption class="quiet">Endpoints and what they serve</caption>'
        '<thead role="rowgroup"><tr role="row">%s</tr></thead><tbody role="rowgroup">\n%s</tbody></table></div>'
        '<p id="none" hidden>No address matches. Shorten the text, or show all.</p>' % (heads, rows)))


def controls(summary):
    """Filters. They come to life with JavaScript; without it they stay hidden, and all rows are there."""
    choices = [("", "All", summary["addresses"])] + [(status, STATUS_WORDS[status], summary[status]) for status in ORDER]
    radios = "".join(
        '<label class="choice"><input type="radio" name="status" value="%s"%s><span>%s <b>%s</b></span></label>' % (
            value, "" if value else " checked", word, "{0:,}".format(count)) for value, word, count in choices)
    return (
        '<form id="controls" role="search" aria-label="Filter the endpoints" hidden>'
        '<p class="field"><label for="search">Find</label><input type="search" id="search" autocomplete="off" spellcheck="false"'
        ' placeholder="name, address, issuer, fingerprint"></p>'
        '<fieldset><legend>Status</legend><div class="choices">%s</div></fieldset></form>'
        '<p id="count" role="status" aria-live="polite">%s</p>' % (radios, plural(summary["addresses"], "address", "addresses")))


def row(entry):
    left = entry["days_left"]
    expiry = "" if left is None else '<span class="left %s">%s</span>%s' % (urgency(left), esc(days(left)), sub(day(entry["not_after"])))
    code = entry["verify_return_code"]
    cells = (
        (ORDER.index(entry["status"]), status_chip(entry["status"])),
        (entry["label"], '<b>%s</b>%s' % (breakable(entry["label"]), sub(where(entry)))),
        (entry["common_name"] or "", "%s%s%s" % (
            esc(entry["common_name"] or "\u2013"), sub("by " + esc(entry["issuer"]) if entry["issuer"] else ""),
            sub(fingerprint(entry["fingerprint"])))),
        ("" if left is None else left, expiry or "\u2013"),
        ("" if entry["verify_code"] is None else entry["verify_code"],
         "%s%s" % (esc(code or "\u2013"), sub(esc(entry["tls_version"] or "")))),
        (-len(entry["findings"]), findings(entry) + details(entry)))
    written = []
    for (title, _number), (key, content) in zip(COLUMNS, cells):
        tag = 'th scope="row" role="rowheader"' if title == "Endpoint" else 'td role="cell"'
        written.append('<%s data-title="%s" data-sort="%s">%s</%s>' % (tag, title, esc(key), content, tag[:2]))
    return '<tr role="row" data-status="%s">%s</tr>\n' % (entry["status"], "".join(written))


def where(entry):
    """Address and port; and the name, where the label does not say it already."""
    name = "" if entry["name"] in (entry["address"], entry["label"].split(":")[0].split(" ")[0]) else esc(entry["name"]) + " at "
    return name + place(entry)


def findings(entry):
    if not entry["findings"]:
        return '<span class="fine">None</span>' if entry["status"] == "ok" else "\u2013"
    items = "".join(
        '<li class="%s"><b>%s</b>%s%s</li>' % (
            finding["status"], esc(check_word(finding["code"])) + (" not known" if finding["status"] == "unknown" else ""),
            ": " + esc(finding["message"]) if finding["message"] else "", sub(esc(finding["hint"]))) for finding in entry["findings"])
    return '<ul class="findings">%s</ul>' % items


def details(entry):
    """Everything else about an address, folded away."""
    lines = [(title, content) for title, content in facts(entry) if content]
    listed = "".join("<dt>%s</dt><dd>%s</dd>" % pair for pair in lines)
    return '<details><summary>Details<span class="quiet"> of %s at %s</span></summary><dl>%s</dl></details>' % (
        esc(entry["label"]), place(entry), listed)


def facts(entry):
    def each(values, form="%s: %s"):
        return ", ".join(esc(form % pair) for pair in values.items())

    yield "Name", esc(entry["name"])
    yield "Address", place(entry)
    yield "SHA-256", fingerprint(entry["fingerprint"], whole=True)
    yield "SHA-1", fingerprint(entry["sha1"], whole=True)
    yield "Certificate for", esc(", ".join(entry["domains"]))
    yield "Valid", "%s to %s" % (esc(entry["not_before"]), esc(entry["not_after"])) if entry["not_after"] else ""
    yield "Key", esc((entry["key_type"] or "").upper())
    yield "Served chain", esc(" \u2192 ".join(entry["chain"] or []))
    yield "Agreed on", esc(", ".join(filter(None, (entry["tls_version"], entry["cipher"], entry["alpn"]))))
    yield "Versions", each(entry["versions"])
    yield "Kinds of key", ", ".join("%s: %s" % (esc(kind), fingerprint(text) or "none") for kind, text in entry["key_types"].items())
    yield "Trust stores", each(entry["stores"])
    yield "Plain HTTP", "<br>".join(esc("%s: %s" % (step["url"], " \u2192 ".join(filter(None, (str(step["status"]), step["location"])))))
                                    for step in entry["redirects"])
    yield "HSTS", esc(entry["hsts"] or "")
    yield "Revocation", asked(entry["revocation"])
    yield "Stapled response", asked(entry["staple"])
    yield "Failure", esc("%(kind)s: %(message)s" % entry["failure"]) if entry["failure"] else ""
    yield "Times", ", ".join("%s %.1f ms" % (esc(step), value) for step, value in entry["times"].items())
    yield "Checks", ", ".join("%s %s" % (esc(check_word(code)), esc(STATUS_WORDS[status])) for code, status in entry["checks"].items())


def asked(answer):
    """What an OCSP responder or a revocation list said."""
    if not answer:
        return ""
    until = "until " + answer["next_update"] if answer["next_update"] else ""
    return esc(", ".join(filter(None, (answer["status"], answer["source"], answer["url"], answer["detail"], until))))
