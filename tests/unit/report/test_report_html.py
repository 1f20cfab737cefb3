# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page as text: closed against the world and against its own values, complete without JavaScript. tests/browser opens it."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from ansible_collections.daas.https.plugins.module_utils._report import document, drawing, html, words

from tests.unit.report import data
from tests.unit.report.markup import parse

TAGS = {
    "html", "head", "meta", "title", "link", "style", "body", "script", "header", "nav", "main", "footer", "section", "article", "h1", "h2",
    "h3", "p", "div", "span", "b", "a", "ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th", "td", "form",
    "fieldset", "legend", "label", "input", "details", "summary", "code", "time", "br", "wbr", "svg", "symbol", "use", "path", "circle",
    "rect", "line", "text"}
RESULTS = {
    "good": (data.good(), None), "mixed": (data.mixed(), data.earlier()), "many": (data.many(60), data.many(60)),
    "hostile": (data.hostile(), data.hostile()), "bare": (dict(endpoints=[dict(name="www.example.com")]), None),
    "empty": (dict(endpoints=[]), None)}


def render(tls, before=None, title="Certificates of the shop"):
    return html.render(document.build(tls, before, title))


@pytest.fixture(scope="module", params=RESULTS)
def page(request):
    return parse(render(*RESULTS[request.param], title="".join(data.HOSTILE)))


@pytest.fixture(scope="module")
def mixed():
    return parse(render(data.mixed(), data.earlier()))


def clean(text):
    return " ".join(text.split())


# -- closed --------------------------------------------------------------------------------------------------------------------------

def test_only_known_elements_and_nothing_that_runs_or_loads(page):
    for node in page:
        assert node.tag in TAGS, node.tag
        assert not [name for name in node.attributes if name.startswith("on")]
        assert not node.attributes.keys() & {"src", "srcset", "style", "action", "formaction", "data", "ping", "background"}
        for name in ("href", "xlink:href"):
            assert re.match(r"#|data:image/svg\+xml,", node.attributes.get(name, "#")), node.attributes
    assert len(page.find("script")) == len(page.find("style")) == 1
    assert not re.search(r"url\(|@import|https?:", page.find("style")[0].source)
    assert not re.search(r"fetch|XMLHttp|import\(|innerHTML|eval|https?:", page.find("script")[0].source)


def test_the_policy_allows_this_style_and_this_script(page):
    policy = page.find("meta", **{"http-equiv": "Content-Security-Policy"})[0].attributes["content"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for kind in ("style", "script"):
        digest = hashlib.sha256(page.find(kind)[0].source.encode("utf-8")).digest()
        assert rules[kind + "-src"] == "'sha256-{0}'".format(base64.b64encode(digest).decode("ascii"))
    assert set(rules) == {"default-src", "base-uri", "form-action", "style-src", "script-src", "img-src"} and rules["img-src"] == "data:"


@pytest.mark.parametrize("text", data.HOSTILE)
def test_hostile_values_are_shown_as_they_are(text):
    report = parse(render(RESULTS["hostile"][0], RESULTS["hostile"][1], title=text))
    shown = clean(words._UNSAFE.sub("\ufffd", text))
    assert clean(report.find("h1")[0].text) == shown
    assert shown in [clean(node.text) for node in report.find("table", id="table")[0].find("b")]
    assert words._UNSAFE.search(report.text) is None


def test_it_is_encodable(page):
    assert "\ufffd" in words.esc("\ud800") and page.text.encode("utf-8")


# -- sound ---------------------------------------------------------------------------------------------------------------------------

def test_ids_are_unique_and_references_lead_somewhere(page):
    ids = [node.attributes["id"] for node in page if "id" in node.attributes]
    assert len(set(ids)) == len(ids)
    wanted = [value[1:] for node in page for name, value in node.attributes.items() if name == "href" and value.startswith("#")]
    wanted += [node.attributes[name] for node in page for name in ("for", "aria-labelledby") if name in node.attributes]
    assert wanted and not set(wanted) - set(ids)


def test_headings_and_landmarks(page):
    levels = [int(node.tag[1]) for node in page if re.fullmatch(r"h\d", node.tag)]
    assert levels[0] == 1 and levels.count(1) == 1 and all(after <= before + 1 for before, after in zip(levels, levels[1:]))
    for tag in ("header", "nav", "main", "footer"):
        assert len(page.find(tag)) == 1
    assert page.find("nav")[0].attributes["aria-label"]
    for section in page.find("section"):
        assert clean(section.find("h2", id=section.attributes["aria-labelledby"])[0].text)
    links = [node.attributes["href"][1:] for node in page.find("nav")[0].find("a")]
    assert links == [section.attributes["id"] for section in page.find("section")]


def test_tables_have_captions_and_heads(page):
    for table in page.find("table"):
        assert clean(table.find("caption")[0].text)
        heads = [clean(node.text) for node in table.find("th", scope="col")]
        for row in table.find("tbody")[0].find("tr"):
            cells = row.children
            assert [cell.attributes["data-title"] for cell in cells] == heads
            assert sum(cell.tag == "th" and cell.attributes["scope"] == "row" for cell in cells) == 1


def test_pictures_are_hidden_from_screen_readers_and_never_alone(page):
    for svg in page.find("svg"):
        assert svg.attributes.get("aria-hidden") == "true" or svg.parent.attributes.get("aria-hidden") == "true"
    for chip in (node for node in page.find("span") if node.attributes.get("class", "").startswith("chip ")):
        assert clean(chip.text), "a colour and a picture, but no word"


# -- complete ------------------------------------------------------------------------------------------------------------------------

def rows(page):
    return page.find("table", id="table")[0].find("tbody")[0].find("tr")


def test_all_rows_are_there_without_javascript(mixed):
    tls = data.mixed()
    shown = rows(mixed)
    assert len(shown) == len(tls["endpoints"]) and not [row for row in shown if "hidden" in row.attributes]
    assert "hidden" in mixed.find("form", id="controls")[0].attributes, "controls that do nothing are not shown"
    assert clean(mixed.find("p", id="count")[0].text) == "9 addresses"
    everything = " ".join(clean(row.text) for row in shown)
    for entry in tls["endpoints"]:
        for text in (entry["label"], entry["fingerprint"], entry["verify_return_code"], entry["not_after"], entry["cipher"]):
            assert text is None or text in everything
        for finding in entry["findings"]:
            assert clean(finding["message"]) in everything and clean(finding["hint"]) in everything
    for text in ("TLSv1.1: accepted", "http://pay.example.net/: 308 \u2192 https://pay.example.net/", "max-age=31536000", "android: 0 (ok)",
                 "unknown, ocsp, http://ocsp.example.com/, timed out", "ecdsa: none"):
        assert text in everything


def test_trouble_comes_first(mixed):
    assert [row.attributes["data-status"] for row in rows(mixed)] == ["violated"] * 5 + ["unknown"] + ["ok"] * 3


@pytest.mark.parametrize(("tls", "verdict", "title"), [
    (data.good(), "Everything is as it should be", "OK"), (data.mixed(), "5 of 9 addresses are not as they should be", "5 of 9 not OK"),
    (data.tls(data.endpoint(findings=[data.EXPIRED])), "1 of 1 address is not as it should be", "1 of 1 not OK"),
    (dict(data.good(), ok=False), "Not everything is as it should be", "Not OK"), (dict(endpoints=[]), "Nothing was looked at", "OK")])
def test_the_verdict(tls, verdict, title):
    page = parse(render(tls))
    assert [clean(node.text) for node in page.find("p") if node.attributes.get("class") == "big"] == [verdict]
    assert clean(page.find("title")[0].text) == title + " \u2013 Certificates of the shop"


def test_counts(mixed):
    tiles = {clean(tile.find("dt")[0].text): clean(tile.find("dd")[0].text) for tile in mixed.find("dl")[0].find("div")}
    assert tiles == {"Addresses": "96 different certificates", "OK": "3", "Violated": "5", "Unknown": "1", "Trust chains": "2",
                     "First to expire": "expired 4 days agoshop.example.com:443, 2026-11-22"}


def test_what_to_do_is_said_once_for_all_that_need_it():
    tls = data.many(450)
    jobs = [node for node in parse(render(tls)).find("li") if node.attributes.get("class") == "job"]
    assert len(jobs) == 1 and "9 addresses" in clean(jobs[0].text) and clean(jobs[0].text).count(data.EXPIRED["hint"]) == 1
    assert len(jobs[0].find("li")) == 9 and clean(jobs[0].find("summary")[0].text) == "1 more"
    assert not parse(render(data.good())).find("section", id="todo")


def test_the_worst_comes_first_and_one_address_with_one_remedy_is_one_line(mixed):
    jobs = [clean(node.find("h3")[0].text) for node in mixed.find("li") if node.attributes.get("class") == "job"]
    assert jobs == ["Reachable 1 address", "Trust, Expiry 1 address", "Trust 1 address", "Expected certificate 1 address",
                    "Forbidden TLS versions 1 address", "Same trust chain"]


def test_the_timeline_is_in_the_order_of_expiry(mixed):
    section = mixed.find("section", id="expiry")[0]
    lanes = section.find("li")
    assert [clean(lane.find("b")[0].text) for lane in lanes] == [
        "shop.example.com", "static.example.com", "img.example.com", "www.example.com", "mail.example.com", "pay.example.net"]
    widths = [float(lane.find("rect")[0].attributes["width"].rstrip("%")) for lane in lanes[1:]]
    assert widths == sorted(widths) and 0 < widths[0] and widths[-1] <= 100
    assert widths[-1] / widths[0] == pytest.approx(322 / 9, rel=0.01)
    assert [lane.find("rect")[0].attributes["class"] for lane in lanes] == ["expired", "soon", "near", "far", "far", "far"]
    assert "3 addresses" in lanes[3].text and "expired 4 days ago" in lanes[0].text


def test_a_long_timeline_says_what_it_leaves_out():
    section = parse(render(data.many(200))).find("section", id="expiry")[0]
    assert len(section.find("li")) == drawing.LANES
    assert "30 more expire later, the last on 20" in clean(section.text)


@pytest.mark.parametrize("longest", [-5, 0, 1, 28, 29, 50, 90, 100, 397, 400, 4000])
def test_the_axis_fits(longest):
    width, step = drawing.scale(longest)
    assert width % step == 0 and width >= min(max(longest, 28), drawing.FARTHEST) and width / step <= 8
    assert 0 <= float(drawing.share(longest, width).rstrip("%")) <= 100


def test_chains_are_drawn_from_the_leaf_to_the_root_with_their_endpoints(mixed):
    paths = mixed.find("section", id="chains")[0].find("article")
    drawn = [[clean(card.find("b")[0].text) for card in path.find("ol")[0].find("li")] for path in paths]
    assert drawn == [
        ["3 certificates", data.ISSUING, data.ROOT], ["pay.example.net", "Example Partner CA", data.ROOT],
        ["shop.example.com", data.ISSUING, "10 (certificate has expired)"],
        ["mail.example.com", "20 (unable to get local issuer certificate)"]]
    assert [clean(node.text) for node in paths[0].find("ul")[0].find("li")] == [
        "lb-bp1web:443", "api.example.com:8443", "cdn static.example.com", "cdn img.example.com"]
    assert "RSA 4096" in clean(paths[0].text) and "until 2040-08-03" in clean(paths[0].text)


def test_a_chain_that_python_does_not_show_is_not_called_broken():
    tls = data.good()
    tls["same_chain"].update(chains=[], status="unknown", message="the trust chain is not known of: www.example.com:443")
    section = parse(render(tls)).find("section", id="chains")[0]
    assert "Not trusted" not in section.text and "The rest was not seen" in section.text
    assert "The trust chain is not known of: www.example.com:443." in clean(section.text)


def test_before_and_after(mixed):
    section = mixed.find("section", id="rollout")[0]
    changed, same = section.find("table")
    lines = [[clean(cell.text) for cell in row.children] for row in changed.find("tbody")[0].find("tr")]
    assert [line[1] for line in lines] == ["Serves none now", "Replaced", "Replaced", "Replaced", "New address", "Not looked at now"]
    assert lines[1][2].startswith(data.sha256("old")[:16]) and lines[1][3].startswith(data.sha256("new")[:16])
    assert "3 of 7 addresses serve another certificate; 1 now serves none." in clean(section.text)
    assert len(same.find("tbody")[0].find("tr")) == 4
    assert not parse(render(data.mixed())).find("section", id="rollout")


def test_a_rollout_that_changed_nothing_says_so():
    section = parse(render(data.good(), data.good())).find("section", id="rollout")[0]
    assert "No address serves another certificate." in section.text and "0 of 2 addresses serve another certificate." in clean(section.text)


@pytest.mark.parametrize(("left", "said", "kind"), [
    (None, "not known", "none"), (-10, "expired 10 days ago", "expired"), (-1, "expired", "expired"), (0, "expires today", "soon"),
    (1, "1 day", "soon"), (13, "13 days", "soon"), (14, "14 days", "near"), (30, "30 days", "far"), (4000, "4,000 days", "far")])
def test_days(left, said, kind):
    assert (words.days(left), words.urgency(left)) == (said, kind)


def test_the_same_input_gives_the_same_bytes():
    assert render(data.mixed(), data.earlier()) == render(data.mixed(), data.earlier())
