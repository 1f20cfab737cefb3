# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""multipart/form-data, read strictly: what a careless client sends is refused with the reason, never guessed at."""

from __future__ import annotations

import dataclasses
import re
from urllib.parse import unquote

MOST_PARTS = 20
LARGEST_HEAD = 4096  # bytes of a part's headers

_BOUNDARY = re.compile(r"""multipart/form-data\s*;\s*boundary=(?:"([^"]{1,70})"|([0-9A-Za-z'()+_,./:=?-]{1,70}))\s*""", re.IGNORECASE)
_PARAMETER = re.compile(r""";\s*([a-z]+\*?)=(?:"((?:[^"\\\r\n]|\\.)*)"|([^\s;"]+))\s*""", re.IGNORECASE)


class MultipartError(ValueError):
    """The body is not the form it says it is; the text says where."""


@dataclasses.dataclass(frozen=True)
class Part:
    filename: str | None
    content_type: str
    data: bytes = dataclasses.field(repr=False)


def parse(content_type: str, body: bytes) -> dict[str, Part]:
    """The parts by their field's name. MultipartError for anything out of order."""
    found = _BOUNDARY.fullmatch(content_type.strip())
    if not found:
        raise MultipartError("the content type names no usable boundary")
    delimiter = b"\r\n--" + (found.group(1) or found.group(2)).encode("ascii", "replace")
    before, *pieces = (b"\r\n" + body).split(delimiter)
    if before or not pieces:
        raise MultipartError("the body does not begin with the boundary")
    if pieces.pop() not in (b"--", b"--\r\n"):
        raise MultipartError("the body does not end with the closing boundary")
    if len(pieces) > MOST_PARTS:
        raise MultipartError("more than {0} parts".format(MOST_PARTS))
    parts: dict[str, Part] = {}
    for number, piece in enumerate(pieces, 1):
        name, part = _part(piece, number)
        if name in parts:
            raise MultipartError("the field {0} is there twice".format(name))
        parts[name] = part
    return parts


def _part(piece: bytes, number: int) -> tuple[str, Part]:
    head, blank, data = piece.partition(b"\r\n\r\n")
    if not piece.startswith(b"\r\n") or not blank or len(head) > LARGEST_HEAD:
        raise MultipartError("part {0} has no proper headers".format(number))
    headers: dict[str, str] = {}
    for line in head[2:].split(b"\r\n"):
        name, colon, value = line.decode("utf-8", "replace").partition(":")
        if not colon or name.strip().lower() in headers:
            raise MultipartError("part {0}: a header line is not of the form name: value".format(number))
        headers[name.strip().lower()] = value.strip()
    if headers.keys() - {"content-disposition", "content-type", "content-length"}:
        raise MultipartError("part {0}: only Content-Disposition and Content-Type are taken".format(number))
    parameters = _disposition(headers.get("content-disposition", ""), number)
    return parameters["name"], Part(parameters.get("filename"), headers.get("content-type", "text/plain"), data)


def _disposition(text: str, number: int) -> dict[str, str]:
    kind, semicolon, _rest = text.partition(";")
    tail, found = text[len(kind):], {}
    matches = list(_PARAMETER.finditer(tail))
    if kind.strip().lower() != "form-data" or not semicolon or "".join(match.group(0) for match in matches) != tail:
        raise MultipartError("part {0}: Content-Disposition is not form-data with a name".format(number))
    for match in matches:
        value = match.group(3) if match.group(2) is None else re.sub(r"\\(.)", r"\1", match.group(2))
        if match.group(1).endswith("*"):
            value = unquote(value.rpartition("'")[2])
        found[match.group(1).lower().rstrip("*")] = value
    if not found.get("name"):
        raise MultipartError("part {0} has no name".format(number))
    return found
