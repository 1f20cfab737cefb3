# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person does with the report: look, type, sort, print; with a mouse or without, in the light or in the dark."""

from __future__ import annotations

import pathlib

import pytest
from playwright.sync_api import expect

from tests.unit.report import data

AUDIT = (pathlib.Path(__file__).parent / "audit.js").read_text(encoding="utf-8")
NARROW, WIDE = dict(width=390, height=844), dict(width=1280, height=900)


def shown(page):
    """Labels of the rows that can be seen, in their order."""
    return page.evaluate("Array.from(document.querySelectorAll('#table tbody tr:not([hidden]) th b'), label => label.textContent)")


def focused(page):
    return page.evaluate("document.activeElement.id || document.activeElement.value || document.activeElement.textContent.trim()")


# -- whoever looks -------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", ["mixed", "good", "hostile"])
def test_weak_eyes_and_screen_readers_are_served(visit, picture, name, size, scheme):
    page = visit(name, color_scheme=scheme, viewport=size)
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
    found = page.evaluate(AUDIT)
    assert found["faults"] == []
    assert found["texts"] > 50 and found["shapes"] > 5
    page.reload()
    expect(page.locator("#controls")).to_be_visible()
    picture(page, "{0}_{1}_{2}".format(name, "narrow" if size is NARROW else "wide", scheme))


def test_the_audit_notices_what_is_wrong(visit):
    page = visit("mixed")
    page.evaluate("""() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(".lead { color: #bbb; } main { min-width: 3000px; } summary { font-size: 4px; padding: 0; } "
                        + ".bar rect { fill: #eee; }");
      document.adoptedStyleSheets = [sheet];
      document.querySelector("#todo h2").remove();
      document.querySelector("label[for=search]").remove();
    }""")
    faults = " ".join(page.evaluate(AUDIT)["faults"])
    for fault in ("contrast 1", "of a shape", "too small", "section without a name", "no name: input", "wider than the window",
                  "heading 3"):
        assert fault in faults


def test_the_dark_is_dark_and_the_light_is_light(visit):
    def brightness(scheme):
        page = visit("mixed", color_scheme=scheme)
        return page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number).reduce((a, b) => a + b) / 3")

    assert brightness("dark") < 40 and brightness("light") > 220


def test_motion_only_for_those_who_want_it(visit):
    behaviour = "getComputedStyle(document.documentElement).scrollBehavior"
    assert visit("good", reduced_motion="reduce").evaluate(behaviour) == "auto"
    assert visit("good", reduced_motion="no-preference").evaluate(behaviour) == "smooth"


def test_roles_as_a_screen_reader_has_them(visit):
    page = visit("mixed", viewport=NARROW)  # where the table is shown as cards, and still is one
    for role, name in (("search", "Filter the endpoints"), ("navigation", "Sections"), ("region", "Endpoints"), ("region", "Rollout"),
                       ("table", "Endpoints and what they serve"), ("searchbox", "Find"), ("group", "Status"), ("radio", "Violated 5")):
        expect(page.get_by_role(role, name=name, exact=True)).to_have_count(1)
    table = page.get_by_role("table", name="Endpoints and what they serve")
    expect(table.get_by_role("row")).to_have_count(10)
    expect(table.get_by_role("rowheader")).to_have_count(9)
    expect(table.get_by_role("cell")).to_have_count(45)


# -- whoever searches ----------------------------------------------------------------------------------------------------------------

def test_filter_by_keyboard_and_hear_how_many_are_left(visit):
    page = visit("mixed")
    count = page.get_by_role("status")
    expect(count).to_have_text("9 addresses")
    assert count.get_attribute("aria-live") == "polite"
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the findings"
    expect(page.locator(".skip")).to_be_in_viewport()
    for _step in range(40):
        if focused(page) == "search":
            break
        page.keyboard.press("Tab")
    assert focused(page) == "search"
    page.keyboard.type("EXAMPLE issuing")
    expect(count).to_have_text("6 of 9 addresses shown")
    page.keyboard.type(" 203.0.113.30")
    expect(count).to_have_text("1 of 9 addresses shown")
    assert shown(page) == ["shop.example.com:443"]
    page.keyboard.type(" nowhere")
    expect(page.locator("#none")).to_be_visible()
    expect(count).to_have_text("0 of 9 addresses shown")
    page.keyboard.press("Escape")
    expect(count).to_have_text("9 addresses")
    expect(page.locator("#none")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(count).to_have_text("9 addresses")


def test_filter_by_status_with_the_arrow_keys(visit):
    page = visit("mixed")
    page.locator("#search").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Violated 5")).to_be_checked()
    expect(page.get_by_role("status")).to_have_text("5 of 9 addresses shown")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("status")).to_have_text("1 of 9 addresses shown")
    assert shown(page) == ["cdn img.example.com"]
    outline = page.evaluate("getComputedStyle(document.querySelector('input:focus-visible + span')).outlineWidth")
    assert outline == "3px"


def test_what_is_folded_away_is_found_too(visit):
    page = visit("mixed")
    page.locator("#search").fill(data.sha256("pay"))
    expect(page.get_by_role("status")).to_have_text("1 of 9 addresses shown")
    assert shown(page) == ["pay.example.net:443"]


def test_details_open_by_keyboard(visit):
    page = visit("mixed")
    details = page.locator("#table tbody tr").first.locator("details")
    details.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(details.get_by_text("TLS_AES_256_GCM_SHA384")).to_be_visible()


def test_focus_can_be_seen(visit):
    page = visit("mixed")
    page.keyboard.press("Tab")
    seen = []
    for _step in range(30):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("""() => {
          const here = document.activeElement, style = getComputedStyle(here.type === "radio" ? here.nextElementSibling : here);
          return [here.tagName, style.outlineStyle, style.outlineWidth];
        }"""))
    assert {tag for tag, _style, _width in seen} >= {"A", "INPUT", "BUTTON", "SUMMARY"}
    assert all((style, width) == ("solid", "3px") for tag, style, width in seen if tag != "BODY")


# -- whoever sorts -------------------------------------------------------------------------------------------------------------------

def test_sort_by_days_left_and_back(visit):
    page = visit("mixed")
    head = page.get_by_role("columnheader", name="Days left")
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert shown(page)[0] == "shop.example.com:443" and shown(page)[-2:] == ["pay.example.net:443", "rec.example.com:443"]
    expect(page.get_by_role("status")).to_have_text("9 addresses, by days left")
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "descending"
    assert shown(page)[0] == "pay.example.net:443" and shown(page)[-1] == "rec.example.com:443", "what has no value stays last"
    expect(page.get_by_role("status")).to_have_text("9 addresses, by days left, descending")


def test_names_are_sorted_as_people_do(visit):
    page = visit("many")
    page.locator("#table thead button", has_text="Endpoint").click()
    assert shown(page)[:12] == ["node{0}.example.com:443".format(number) for number in range(12)]
    assert page.locator("#table th[aria-sort]").count() == 1


def test_a_filter_stays_while_sorting(visit):
    page = visit("mixed")
    page.get_by_role("radio", name="Violated 5").check()
    page.get_by_role("button", name="Endpoint").click()
    expect(page.get_by_role("status")).to_have_text("5 of 9 addresses shown, by endpoint")
    assert shown(page) == sorted(shown(page)) and len(shown(page)) == 5


# -- everywhere ----------------------------------------------------------------------------------------------------------------------

def test_a_thousand_rows(visit, picture):
    page = visit("many")
    count = page.locator("#count")  # by role they would be looked for among all that is there, which takes long
    expect(count).to_have_text("1000 addresses")
    page.locator("#search").fill("node77")
    expect(count).to_have_text("11 of 1000 addresses shown")
    page.locator("input[value=violated]").check()
    page.locator("#search").fill("")
    expect(count).to_have_text("20 of 1000 addresses shown")
    assert page.locator(".lane").count() == 24
    picture(page, "many_violated")


def test_without_javascript_everything_is_there(visit, picture):
    page = visit("mixed", java_script_enabled=False)
    assert page.locator("#table tbody tr:visible").count() == 9
    expect(page.locator("#controls")).to_be_hidden()
    expect(page.locator("#count")).to_have_text("9 addresses")
    assert page.locator("thead button").count() == 0
    page.locator("#table summary").first.click()
    expect(page.get_by_text("TLS_AES_256_GCM_SHA384").first).to_be_visible()
    picture(page, "without_javascript")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_print_hides_the_controls_and_saves_ink(visit, tmp_path, scheme):
    page = visit("mixed", color_scheme=scheme, viewport=dict(width=688, height=1000))
    page.emulate_media(media="print", color_scheme=scheme)
    for selector in ("#controls", "nav", ".skip", "summary", "footer"):
        assert not [item for item in page.locator(selector).all() if item.is_visible()], selector
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("#table tbody tr:visible").count() == 9
    assert page.evaluate("getComputedStyle(document.querySelector('#table tbody tr')).display") == "table-row"
    found = page.evaluate(AUDIT)
    assert [fault for fault in found["faults"] if not fault.startswith("too small")] == []
    file = tmp_path / "report.pdf"
    page.pdf(path=file, format="A4")
    assert file.read_bytes().startswith(b"%PDF-")


def test_hostile_values_do_nothing(visit):
    page = visit("hostile")
    assert page.locator("img, svg[onload], [onmouseover]").count() == 0
    assert page.locator("script").count() == 1
    expect(page.locator("h1")).to_contain_text("</script><img src=x onerror=alert(1)>")
    page.locator("#search").fill("</script>")
    expect(page.get_by_role("status")).to_have_text("1 of 13 addresses shown")


def test_the_policy_forbids_what_a_value_could_try(browser, pages):
    """Even if something came through."""
    page = browser.new_context(offline=True).new_page()
    page.goto(pages("good").as_uri())
    said = page.evaluate("""() => new Promise(resolve => {
      const blocked = [];
      document.addEventListener("securitypolicyviolation", event => {
        blocked.push(event.effectiveDirective);
        if (blocked.length === 3) resolve(blocked.sort());
      });
      const script = document.createElement("script");
      script.textContent = "window.ran = true";
      const image = document.createElement("img");
      image.src = "file:///etc/hostname";
      const frame = document.createElement("iframe");
      frame.src = "file:///etc/hostname";
      document.body.append(script, image, frame);
    })""")
    assert said == ["frame-src", "img-src", "script-src-elem"] and page.evaluate("window.ran") is None
    page.context.close()
