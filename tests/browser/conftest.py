# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML report in a real browser without a network. Pictures of it go to .cache/reports, for people to look at."""

from __future__ import annotations

import pathlib
import shutil

import pytest
from ansible_collections.daas.https.plugins.module_utils._report import document, html
from playwright.sync_api import sync_playwright

from tests.unit.report import data

PICTURES = pathlib.Path(__file__).resolve().parents[2] / ".cache" / "reports"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
RESULTS = {"good": lambda: (data.good(), None), "mixed": lambda: (data.mixed(), data.earlier()),
           "many": lambda: (data.many(1000), data.many(1000)), "hostile": lambda: (data.hostile(), data.hostile())}


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """File of a report by its name, made once."""
    folder, made = tmp_path_factory.mktemp("pages"), {}

    def page(name):
        if name not in made:
            made[name] = folder / (name + ".html")
            title = "".join(data.HOSTILE) if name == "hostile" else "Certificates of the shop"
            made[name].write_text(html.render(document.build(*RESULTS[name](), title)), encoding="utf-8")
        return made[name]
    return page


@pytest.fixture
def visit(browser, pages):
    """Opens a report in a window of its own. At the end nothing may have been asked for but the file, and nothing complained about."""
    contexts, asked, said = [], [], []

    def open_page(name, **settings):
        context = browser.new_context(offline=True, **dict(dict(viewport=dict(width=1280, height=900)), **settings))
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.goto(pages(name).as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert asked and not [url for url in asked if not url.startswith(("file://", "data:image/svg+xml"))]
    assert not said


@pytest.fixture
def picture():
    PICTURES.mkdir(parents=True, exist_ok=True)
    return lambda page, name: page.screenshot(path=PICTURES / "page_{0}.png".format(name), full_page=True)
