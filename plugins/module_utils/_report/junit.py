# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report in JUnit's XML, so that CI servers show endpoints as they show tests. PRIVATE to the collection."""

from __future__ import annotations

import re
from xml.etree import ElementTree

CLASS = "daas.https.tls_verify."
# What XML 1.0 cannot hold, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
PROPERTIES = ("label", "name", "address", "port", "fingerprint", "common_name", "issuer", "not_after", "days_left", "verify_return_code",
              "tls_version", "cipher")


def render(document):
    """One suite an address with one case a check, and one suite for what is asked of all endpoints together.

    The class of a case is its check, because CI servers group by class and cut class names at dots, of which host names are full.
    """
    suites = [suite_of(entry, document["seen_at"]) for entry in document["endpoints"]]
    if document["groups"]:
        suites.append(suite_of_groups(document["groups"], document["seen_at"]))
    root = ElementTree.Element("testsuites", attributes(document["title"], suites, document["elapsed"]))
    root.extend(suites)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def suite_of(entry, seen_at):
    place = "%s at %s" % (entry["label"], entry["address"])
    findings = dict((finding["code"], finding) for finding in entry["findings"])
    checks = dict(entry["checks"], **dict((code, finding["status"]) for code, finding in findings.items()))
    cases = [case(code, place, status, findings.get(code)) for code, status in checks.items()]
    seconds = sum(entry["times"].values()) / 1000
    suite = ElementTree.Element("testsuite", of_cases(place, cases, seconds, seen_at, entry["address"]))
    properties = ElementTree.SubElement(suite, "properties")
    for name in PROPERTIES:
        if entry[name] is not None:
            ElementTree.SubElement(properties, "property", dict(name=name, value=clean(entry[name])))
    suite.extend(cases)
    return suite


def suite_of_groups(groups, seen_at):
    """What was not required cannot fail: then the case is skipped, with the reason."""
    cases = []
    for code, group in groups.items():
        status = group["status"] if group["required"] or group["status"] == "ok" else "unknown"
        message = group["message"] + ("" if group["required"] else " (not required)")
        cases.append(case(code, "all endpoints", status, dict(message=message.strip(), hint="")))
    suite = ElementTree.Element("testsuite", of_cases("all endpoints", cases, 0, seen_at, "all"))
    suite.extend(cases)
    return suite


def case(code, place, status, finding):
    element = ElementTree.Element("testcase", dict(name=clean("%s of %s" % (code, place)), classname=clean(CLASS + code), time="0.000"))
    message = finding["message"] if finding else ""
    if status == "violated":
        failure = ElementTree.SubElement(element, "failure", dict(message=clean(message or "violated"), type=clean(code)))
        failure.text = clean("\n".join(filter(None, (place + ": " + (message or "violated"), finding["hint"] if finding else ""))))
    elif status == "unknown":
        ElementTree.SubElement(element, "skipped", dict(message=clean(message or "unknown")))
    return element


def of_cases(name, cases, seconds, seen_at, host):
    """Attributes of a testsuite. The format's times have no zone; these are in UTC."""
    found = dict(
        name=clean(name), hostname=clean(host), tests=str(len(cases)), failures=str(count(cases, "failure")), errors="0",
        skipped=str(count(cases, "skipped")), time="%.3f" % seconds)
    return dict(found, timestamp=seen_at.rstrip("Z")) if seen_at else found


def attributes(title, suites, elapsed):
    """Attributes of testsuites: the sums of what the suites say."""
    sums = dict((name, str(sum(int(suite.get(name)) for suite in suites))) for name in ("tests", "failures", "errors", "skipped"))
    return dict(name=clean(title), **sums, time="%.3f" % (elapsed or 0))


def count(cases, kind):
    return sum(element.find(kind) is not None for element in cases)


def clean(value):
    return _FORBIDDEN.sub("\ufffd", str(value))
