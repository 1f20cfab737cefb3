# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame of the HTML report: its policy, style and script. PRIVATE to the collection.

The policy allows this style and this script by their hashes and nothing else, so that even a value that escaped its escaping could not
run or load anything. Style attributes are not allowed by it; whatever has a length is drawn with attributes of SVG.
"""

from __future__ import annotations

import base64
import hashlib

from .script import SCRIPT
from .style import STYLE

# Pictures by name: what is inside of an SVG of 20 by 20. Each status has a shape of its own.
ICONS = {
    "ok": '<circle cx="10" cy="10" r="9"/><path class="cut" d="M5.5 10.5l3 3 6-7"/>',
    "violated": '<path d="M6.3 1h7.4L19 6.3v7.4L13.7 19H6.3L1 13.7V6.3z"/><path class="cut" d="M6.5 6.5l7 7m0-7l-7 7"/>',
    "unknown": '<rect x="1" y="1" width="18" height="18" rx="5"/>'
               '<path class="cut" d="M7.7 7.6a2.3 2.3 0 1 1 3.4 2c-.8.5-1.1.9-1.1 1.9m0 2.4v.2"/>',
    "swap": '<path class="line" d="M3 7h13l-4-4m5 10H4l4 4"/>',
    "plus": '<path class="line" d="M10 3v14M3 10h14"/>',
    "minus": '<path class="line" d="M3 10h14"/>',
    "same": '<path class="line" d="M3 7h14M3 13h14"/>',
}
FAVICON = {
    "ok": ("%3Ccircle cx='10' cy='10' r='9' fill='%2313693f'/%3E"
           "%3Cpath d='M5.5 10.5l3 3 6-7' fill='none' stroke='%23fff' stroke-width='2'/%3E"),
    "violated": ("%3Cpath d='M6.3 1h7.4L19 6.3v7.4L13.7 19H6.3L1 13.7V6.3z' fill='%23a3201d'/%3E"
                 "%3Cpath d='M6.5 6.5l7 7m0-7l-7 7' stroke='%23fff' stroke-width='2'/%3E"),
}


def page(title, kind, body):
    """The document. title: escaped already, as is body; kind: ok or violated, for the picture in the browser's tab."""
    symbols = "".join('<symbol id="i-%s" viewBox="0 0 20 20">%s</symbol>' % pair for pair in ICONS.items())
    policy = "default-src 'none'; style-src %s; script-src %s; img-src data:; base-uri 'none'; form-action 'none'" % (
        allowed(STYLE), allowed(SCRIPT))
    return "".join((
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
        '<meta http-equiv="Content-Security-Policy" content="', policy, '">\n',
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n',
        '<meta name="referrer" content="no-referrer">\n<title>', title, "</title>\n",
        "<link rel=\"icon\" href=\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20'%3E",
        FAVICON[kind], '%3C/svg%3E">\n<style>', STYLE, "</style>\n</head>\n<body>\n",
        '<svg class="symbols" aria-hidden="true" width="0" height="0">', symbols, "</svg>\n",
        '<a class="skip" href="#main">Skip to the findings</a>\n', body, "\n<script>", SCRIPT, "</script>\n</body>\n</html>\n"))


def allowed(code):
    """What a Content-Security-Policy calls this very text."""
    return "'sha256-%s'" % base64.b64encode(hashlib.sha256(code.encode("utf-8")).digest()).decode("ascii")
