# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulator's reader of certificate_info.xlsx: what it takes, and that a refusal names the cell."""

from __future__ import annotations

import datetime
import io
import zipfile

import openpyxl
import pytest
from tests.emulator.state import CloudError

from tests.emulator.services.airec import sheet

HEADERS = ["domain", "certificate_id", "cert_type"]
GOOD = ["rec.example.com", 123456, "CAS"]


def workbook(rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repack(data, **changes):
    """The archive with parts replaced (bytes), added or dropped (None); names with __ for / and _dot_ for a dot."""
    out = io.BytesIO()
    parts = {name.replace("__", "/").replace("_dot_", "."): content for name, content in changes.items()}
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = parts.pop(info.filename, old.read(info))
            if content is not None:
                new.writestr(info.filename, content)
        for name, content in parts.items():
            new.writestr(name, content)
    return out.getvalue()


def refusal(data):
    with pytest.raises(CloudError) as caught:
        sheet.parse(data)
    assert caught.value.status == 400
    return caught.value.code, caught.value.message


def test_rows_in_any_column_order_beside_other_columns():
    data = workbook([
        ["note", "cert_type", " domain ", None, "certificate_id"],
        ["first", "CAS", "REC.example.com", "=1+1", 123456.0],
        [None, None, None, None, None],
        ["third", "CAS", "*.shop.example.com", None, " cert-8a9b2c "],
        ["only a note", None, None, None, None],
    ])
    assert sheet.parse(data) == [
        sheet.Row("rec.example.com", "123456", "CAS", "C2"), sheet.Row("*.shop.example.com", "cert-8a9b2c", "CAS", "C4")]


@pytest.mark.parametrize("rows, kind, cell", [
    ([], "Empty", "cell A1"),
    ([HEADERS], "Empty", "cell A2"),
    ([["domain", "cert_type"], ["rec.example.com", "CAS"]], "MissingHeader", "certificate_id is missing; found A1 'domain', B1 'cert"),
    ([["Domain", "certificate_id", "cert_type"], GOOD], "MissingHeader", "domain is missing"),
    ([["domain", *HEADERS], ["a", *GOOD]], "DuplicateHeader", "cell B1: header domain stands in A1"),
    ([HEADERS, GOOD, GOOD], "DuplicateDomain", "cell A3: rec.example.com stands in A2"),
    ([HEADERS, GOOD, ["Rec.Example.com", 1, "CAS"]], "DuplicateDomain", "cell A3"),
    ([HEADERS, ["rec.example.com", None, "CAS"]], "EmptyCell", "cell B2: certificate_id is empty"),
    ([HEADERS, GOOD, ["b.example.com", 7, " "]], "EmptyCell", "cell C3: cert_type is empty"),
    ([HEADERS, ["https://rec.example.com", 7, "CAS"]], "InvalidDomain", "cell A2"),
    ([HEADERS, ["rec_1.example.com", 7, "CAS"]], "InvalidDomain", "cell A2"),
    ([HEADERS, ["*.*.example.com", 7, "CAS"]], "InvalidDomain", "cell A2"),
    ([HEADERS, [".".join(["a" * 60] * 5) + ".com", 7, "CAS"]], "InvalidDomain", "cell A2"),
    ([HEADERS, ["rec.example.com", "=A1", "CAS"]], "Formula", "cell B2"),
    ([HEADERS, ["rec.example.com", 1.5, "CAS"]], "InvalidCell", "cell B2: 1.5"),
    ([HEADERS, ["rec.example.com", True, "CAS"]], "InvalidCell", "cell B2: holds a bool"),
    ([HEADERS, ["rec.example.com", datetime.datetime(2026, 1, 1), "CAS"]], "InvalidCell", "cell B2: holds a datetime"),
    ([HEADERS, *(["n{0}.example.com".format(n), n, "CAS"] for n in range(sheet.MAX_ROWS + 1))], "TooLarge", "cell A1002"),
])
def test_a_refusal_names_the_cell(rows, kind, cell):
    code, message = refusal(workbook(rows))
    assert code == "InvalidMappingFile." + kind
    assert cell in message


def test_the_largest_sheet_is_read():
    rows = [HEADERS, *(["n{0}.example.com".format(n), n, "CAS"] for n in range(sheet.MAX_ROWS))]
    assert len(sheet.parse(workbook(rows))) == sheet.MAX_ROWS


@pytest.mark.parametrize("data", [
    b"", b"domain,certificate_id,cert_type\n", b"PK\x03\x04 not really", b"\xd0\xcf\x11\xe0 an old xls",
    workbook([HEADERS, GOOD])[:-200],
    repack(workbook([HEADERS, GOOD]), xl__workbook_dot_xml=None),
    repack(workbook([HEADERS, GOOD]), xl__workbook_dot_xml=b"<broken"),
    repack(workbook([HEADERS, GOOD]), xl__worksheets__sheet1_dot_xml=None),
], ids=["empty", "csv", "zip-magic", "xls", "truncated", "no-workbook", "broken-xml", "no-sheet"])
def test_what_is_no_workbook_is_refused(data):
    assert refusal(data)[0] == "InvalidMappingFile.Format"


def test_bombs_are_refused_before_they_are_unpacked():
    good = workbook([HEADERS, GOOD])
    assert refusal(b"PK" + bytes(sheet.MAX_FILE))[0] == "InvalidMappingFile.TooLarge"
    zeros = bytes(sheet.MAX_UNPACKED)
    bomb = repack(good, xl__media__zeros=zeros)
    assert len(bomb) < 100_000
    assert refusal(bomb)[0] == "InvalidMappingFile.TooLarge"
    assert refusal(repack(good, **{"part{0}".format(n): b"" for n in range(sheet.MAX_PARTS)}))[0] == "InvalidMappingFile.TooLarge"
    lol = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">]><worksheet>&a;</worksheet>'
    for text in (lol, lol.decode().encode("utf-16-le")):
        code, message = refusal(repack(good, xl__worksheets__sheet1_dot_xml=text))
        assert code == "InvalidMappingFile.Format" and "document type declaration" in message


def test_a_lying_extent_and_a_far_cell_are_harmless():
    good = workbook([HEADERS, GOOD])
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        text = archive.read("xl/worksheets/sheet1.xml").decode()
    lying = text.replace('ref="A1:C2"', 'ref="A1:A1"')
    assert lying != text
    assert len(sheet.parse(repack(good, xl__worksheets__sheet1_dot_xml=lying.encode()))) == 1
    far = text.replace("</sheetData>", '<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row></sheetData>')
    assert far != text
    rows = sheet.parse(repack(good, xl__worksheets__sheet1_dot_xml=far.encode()))
    assert [row.domain for row in rows] == ["rec.example.com"]
