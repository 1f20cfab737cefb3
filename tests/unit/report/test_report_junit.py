# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JUnit's XML: elements, attributes and their order as CI servers' schemas have them, and sums that are right."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from ansible_collections.daas.https.plugins.module_utils._report import document, junit

from tests.unit.report import data

NUMBER, SECONDS, TEXT = r"\d+", r"\d+\.\d{3}", r"(?s).*"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
COUNTS = dict(tests=NUMBER, failures=NUMBER, errors=NUMBER, skipped=NUMBER, time=SECONDS)
# element: (needed attributes, optional attributes, what may be inside as an expression over the children's names, whether it has text)
SCHEMA = {
    "testsuites": (dict(COUNTS, name=TEXT), {}, r"(testsuite )*", False),
    "testsuite": (dict(COUNTS, name=r"(?s).+", hostname=r"(?s).+"), dict(timestamp=MOMENT), r"(properties )?(testcase )*", False),
    "properties": ({}, {}, r"(property )+", False),
    "property": (dict(name=r"\w+", value=TEXT), {}, r"", False),
    "testcase": (dict(name=r"(?s).+", classname=r"(?s)daas\.https\.tls_verify\..+", time=SECONDS), {}, r"(skipped |failure )?", False),
    "failure": (dict(message=r"(?s).+", type=r"(?s).+"), {}, r"", True),
    "skipped": (dict(message=r"(?s).+"), {}, r"", False),
}


def render(tls, before=None, title="Shop"):
    return junit.render(document.build(tls, before, title))


def parse(text):
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    root = ElementTree.fromstring(text.encode("utf-8"))
    assert root.tag == "testsuites"
    check(root)
    return root


def check(element):
    needed, optional, inside, has_text = SCHEMA[element.tag]
    assert set(needed) <= set(element.attrib) <= set(needed) | set(optional), element.tag
    for name, value in element.attrib.items():
        assert re.fullmatch(needed.get(name) or optional[name], value), (element.tag, name, value)
    assert re.fullmatch(inside, "".join(child.tag + " " for child in element)), element.tag
    assert bool((element.text or "").strip()) == has_text
    for child in element:
        assert not (child.tail or "").strip()
        check(child)


@pytest.mark.parametrize("tls", [
    data.good(), data.mixed(), data.many(60), data.hostile(), dict(endpoints=[]), dict(endpoints=[dict(name="a")])],
    ids=["good", "mixed", "many", "hostile", "empty", "bare"])
def test_it_is_what_ci_servers_take(tls):
    root = parse(render(tls, title="".join(data.HOSTILE)))
    for suite in root:
        assert int(suite.get("tests")) == len(suite.findall("testcase"))
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("skipped")) == len(suite.findall("testcase/skipped"))
    for name in ("tests", "failures", "errors", "skipped"):
        assert int(root.get(name)) == sum(int(suite.get(name)) for suite in root)
    names = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert len(set(names)) == len(names)


def test_a_check_that_the_schema_does_not_know_is_noticed():
    good = render(data.mixed())
    for bad in (good.replace("<failure ", "<failed ").replace("</failure>", "</failed>"), good.replace(' classname="', ' class="'),
                good.replace(' time="0.000"', ' time="fast"', 1)):
        with pytest.raises((AssertionError, KeyError)):
            parse(bad)


def test_cases_say_what_was_seen_and_what_to_do():
    root = parse(render(data.mixed()))
    cases = {case.get("name"): case for case in root.iter("testcase")}
    down = cases["reachable of rec.example.com:443 at 203.0.113.50"]
    failure = down.find("failure")
    assert down.get("classname") == "daas.https.tls_verify.reachable"
    assert (failure.get("type"), failure.get("message")) == ("reachable", data.REFUSED["message"])
    assert "rec.example.com:443 at 203.0.113.50" in failure.text and data.REFUSED["hint"] in failure.text
    assert cases["trust of rec.example.com:443 at 203.0.113.50"].find("skipped") is not None
    assert cases["revocation of cdn img.example.com at 203.0.113.21"].find("skipped").get("message") == data.UNKNOWN["message"]
    assert len(cases["expiry of lb-bp1web:443 at 2001:db8::10"]) == 0


def test_every_check_of_every_address_has_a_case():
    tls = data.mixed()
    root = parse(render(tls))
    assert len(root.findall("testsuite")) == len(tls["endpoints"]) + 1
    assert int(root.get("tests")) == sum(len(entry["checks"]) for entry in tls["endpoints"]) + 2


def test_what_was_not_required_of_all_does_not_fail():
    root = parse(render(data.tls(data.endpoint(), same_chain="violated")))
    chain, leaf = root.findall("testsuite[@name='all endpoints']/testcase")
    assert chain.find("failure").get("message") == "the endpoints are on 2 different trust chains"
    assert leaf.find("skipped").get("message") == "the endpoints serve 4 different certificates (not required)"


def test_properties_and_times():
    suite = parse(render(data.good()))[0]
    properties = {item.get("name"): item.get("value") for item in suite.iter("property")}
    assert properties["fingerprint"] == data.sha256("new") and properties["days_left"] == "69" and properties["port"] == "443"
    assert (suite.get("hostname"), suite.get("time"), suite.get("timestamp")) == ("203.0.113.10", "0.010", "2026-11-25T17:00:00")


def test_the_texts_come_through_whatever_they_hold():
    text = render(data.tls(data.endpoint(label='a "b" <c> & ]]> é', findings=[data.finding("trust", "x\x00\x1b\ud800\uffffy<&>", "<b>")])))
    suite = parse(text)[0]
    assert suite.get("name") == 'a "b" <c> & ]]> é at 203.0.113.10'
    failure = next(suite.iter("failure"))
    assert failure.get("message") == "x\ufffd\ufffd\ufffd\ufffdy<&>" and failure.text.endswith("\n<b>")
