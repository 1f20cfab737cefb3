# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A page as a tree, and what is wrong with its structure. Strict: a tag that is not closed is an error here."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "wbr"}
NARROW = {"path", "circle", "rect", "line"}  # of SVG, closed where they are opened


class Node:
    """An element. text: all text in it, style and script left out."""

    def __init__(self, tag, attributes=(), parent=None):
        self.tag, self.attributes, self.parent, self.children = tag, dict(attributes), parent, []

    def __iter__(self):
        """All elements below, in their order."""
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child

    def find(self, tag, **attributes):
        return [node for node in self if node.tag == tag and attributes.items() <= node.attributes.items()]

    @property
    def text(self):
        return "".join(child if isinstance(child, str) else child.text for child in self.children if getattr(child, "tag", "") not in (
            "style", "script"))

    @property
    def source(self):
        """What stands in it, for style and script."""
        return "".join(child for child in self.children if isinstance(child, str))


class Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root = self.here = Node("")

    def handle_starttag(self, tag, attrs):
        names = [name for name, _value in attrs]
        assert len(set(names)) == len(names), "an attribute twice: {0}".format(names)
        node = Node(tag, attrs, self.here)
        self.here.children.append(node)
        if tag not in VOID:
            self.here = node

    def handle_startendtag(self, tag, attrs):
        assert tag in NARROW | {"use"}, tag
        self.here.children.append(Node(tag, attrs, self.here))

    def handle_endtag(self, tag):
        assert tag == self.here.tag, "</{0}> in <{1}>".format(tag, self.here.tag)
        self.here = self.here.parent

    def handle_data(self, data):
        self.here.children.append(data)

    def handle_comment(self, data):
        raise AssertionError("a comment: " + data)

    def handle_pi(self, data):
        raise AssertionError("an instruction: " + data)


def parse(text):
    assert text.startswith("<!doctype html>\n<html lang=\"en\">")
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.here is reader.root, "<{0}> is not closed".format(reader.here.tag)
    return reader.root
