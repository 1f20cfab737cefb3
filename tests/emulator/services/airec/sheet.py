# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the mapping sheet (certificate_info.xlsx) of a bind request. Whatever an uploader sends, it stays within the limits."""

from __future__ import annotations

import dataclasses
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter

from .errors import mapping_file

HEADERS = ("domain", "certificate_id", "cert_type")

MAX_FILE = 2 * 1024 * 1024  # bytes as uploaded
MAX_UNPACKED = 20 * 1024 * 1024  # bytes of all parts together
MAX_PARTS = 200
MAX_ROWS = 1000
MAX_COLUMNS = 64

DOMAIN = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")


@dataclasses.dataclass(frozen=True)
class Row:
    """One domain of the sheet; `cell` is where its domain stands, like "A2"."""

    domain: str
    certificate_id: str
    cert_type: str
    cell: str


def parse(data: bytes) -> list[Row]:
    """The rows of the first worksheet. CloudError InvalidMappingFile.* names the cell at fault."""
    _refuse_bombs(data)
    try:
        cells = _cells(data)
    except Exception as exc:  # hostile bytes may break openpyxl in any way, and every way means the same here
        raise mapping_file("Format", "the file cannot be read as an xlsx workbook: {0}".format(type(exc).__name__)) from exc
    if not cells:
        raise mapping_file("Empty", "cell A1: the sheet is empty; the first row must hold {0}".format(", ".join(HEADERS)))
    if len(cells) > MAX_ROWS + 1:
        raise mapping_file("TooLarge", "cell A{0}: at most {1} rows are read".format(MAX_ROWS + 2, MAX_ROWS))
    columns = _columns(cells[0])
    rows = list(_rows(cells[1:], columns))
    if not rows:
        raise mapping_file("Empty", "cell {0}2: no row below the headers".format(columns["domain"]))
    seen: dict[str, str] = {}
    for row in rows:
        first = seen.setdefault(row.domain, row.cell)
        if first != row.cell:
            raise mapping_file("DuplicateDomain", "cell {0}: {1} stands in {2} already".format(row.cell, row.domain, first))
    return rows


def _refuse_bombs(data: bytes) -> None:
    if len(data) > MAX_FILE:
        raise mapping_file("TooLarge", "the file has {0} bytes, at most {1} are read".format(len(data), MAX_FILE))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            # zipfile never unpacks more of a part than its header declares, so the declared sizes can be relied on.
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise mapping_file("TooLarge", "the workbook unpacks to more than {0} bytes or {1} parts".format(MAX_UNPACKED, MAX_PARTS))
            if "xl/workbook.xml" not in archive.namelist():
                raise mapping_file("Format", "the file is a zip archive but not an xlsx workbook")
            if any(_declares_entities(archive.read(part)) for part in parts):
                raise mapping_file("Format", "the workbook contains a document type declaration")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as exc:
        raise mapping_file("Format", "the file is not an xlsx workbook") from exc


def _declares_entities(part: bytes) -> bool:
    return any("<!DOCTYPE".encode(encoding) in part for encoding in ("ascii", "utf-16-le", "utf-16-be"))


def _cells(data: bytes) -> list[list[tuple[str, Any]]]:
    """(cell name, value) of every row up to the limits; empty rows at the end are left out."""
    workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
    try:
        sheet = workbook.worksheets[0]
        sheet.reset_dimensions()  # the declared extent may be wrong
        rows = [[("{0}{1}".format(get_column_letter(column), number), value) for column, value in enumerate(values, 1)]
                for number, values in enumerate(sheet.iter_rows(max_row=MAX_ROWS + 2, max_col=MAX_COLUMNS, values_only=True), 1)]
    finally:
        workbook.close()
    while rows and all(_text(value) == "" for _cell, value in rows[-1]):
        rows.pop()
    return rows


def _columns(header: list[tuple[str, Any]]) -> dict[str, str]:
    """header -> column letter, for the headers that count; others may stand anywhere."""
    found: dict[str, str] = {}
    for cell, value in header:
        name = _text(value)
        if name in found:
            raise mapping_file("DuplicateHeader", "cell {0}: header {1} stands in {2}1 already".format(cell, name, found[name]))
        if name in HEADERS:
            found[name] = cell[:-1]
    for name in HEADERS:
        if name not in found:
            there = ", ".join("{0} '{1}'".format(cell, _text(value)[:40]) for cell, value in header if _text(value)) or "nothing"
            raise mapping_file("MissingHeader", "row 1 (A1 and right of it): header {0} is missing; found {1}".format(name, there))
    return found


def _rows(lines: list[list[tuple[str, Any]]], columns: dict[str, str]) -> Iterator[Row]:
    for number, line in enumerate(lines, 2):
        values = dict(line)
        texts = {}
        for name in HEADERS:
            cell = "{0}{1}".format(columns[name], number)
            texts[name] = _value(cell, values.get(cell))
        if not any(texts.values()):
            continue
        for name in HEADERS:
            if not texts[name]:
                raise mapping_file("EmptyCell", "cell {0}{1}: {2} is empty".format(columns[name], number, name))
        cell = "{0}{1}".format(columns["domain"], number)
        domain = texts["domain"].lower()
        if not DOMAIN.fullmatch(domain) or len(domain) > 253:
            raise mapping_file("InvalidDomain", "cell {0}: {1!r} is not a domain name".format(cell, texts["domain"][:80]))
        yield Row(domain, texts["certificate_id"], texts["cert_type"], cell)


def _value(cell: str, value: Any) -> str:
    if isinstance(value, str) and value.startswith("="):
        raise mapping_file("Formula", "cell {0}: holds a formula; a plain value is wanted".format(cell))
    if isinstance(value, bool) or (value is not None and not isinstance(value, (str, int, float))):
        raise mapping_file("InvalidCell", "cell {0}: holds a {1}; text or a whole number is wanted".format(cell, type(value).__name__))
    if isinstance(value, float) and not value.is_integer():
        raise mapping_file("InvalidCell", "cell {0}: {1} is not a whole number".format(cell, value))
    return _text(value)


def _text(value: Any) -> str:
    """A cell as text; spreadsheets keep whole numbers as floats now and then."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
