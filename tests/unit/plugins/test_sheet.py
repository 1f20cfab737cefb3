# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""xlsx in and out: what comes in stays within limits, what goes out keeps what was there and depends on its content alone."""

from __future__ import annotations

import datetime
import io
import time
import zipfile

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.datavalidation import DataValidation

from ansible_collections.daas.https.plugins.module_utils import _sheet
from ansible_collections.daas.https.plugins.module_utils._domain import mapping
from ansible_collections.daas.https.plugins.module_utils._domain.mapping import Row, Wrong
from ansible_collections.daas.https.plugins.module_utils._errors import InputError
from tests.emulator.services.airec import sheet as other_side

ROWS = [Row("rec.example.com", "101", "CAS"), Row("*.shop.example.com", "cert-8a9b2c", "CAS")]
HEADERS = list(mapping.HEADERS)


def book(*lines, change=None):
    made = openpyxl.Workbook()
    for line in lines:
        made.active.append(line)
    if change:
        change(made)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def values(data):
    """Lines down to the last one, each up to its last value."""
    lines = [[cell.value for cell in line] for line in _sheet.read(data, "the file")]
    return [line[:max((number for number, value in enumerate(line, 1) if value), default=0)] for line in lines]


def archive(parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return out.getvalue()


def parts_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_what_is_made_can_be_read_by_both_sides():
    data = _sheet.make(ROWS)
    assert mapping.check(mapping.from_table(_sheet.read(data, "x"))) == ROWS
    assert [(row.domain, row.certificate_id, row.cert_type) for row in other_side.parse(data)] == [tuple(row) for row in ROWS]
    assert values(data) == [HEADERS] + [list(row) for row in ROWS]


def test_the_same_rows_give_the_same_bytes():
    first = _sheet.make(ROWS)
    template = book([*HEADERS, "remark"])
    filled = _sheet.fill(template, ROWS, "x")
    time.sleep(1.1)  # the clock of an archive and of a workbook's properties counts in seconds
    assert _sheet.make(ROWS) == first != _sheet.make(ROWS[:1])
    assert _sheet.fill(template, ROWS, "x") == filled


def test_cells_as_spreadsheets_have_them():
    moment = datetime.datetime(2026, 1, 2)
    data = book([" domain ", "certificate_id", None, "cert_type"], ["rec.example.com", 12345678, "x", 5.0], ["=A2", True, moment, 1.5],
                ["#N/A", None, datetime.time(1), None], [None])
    lines = values(data)
    assert lines[:2] == [["domain", "certificate_id", "", "cert_type"], ["rec.example.com", "12345678", "x", "5"]]
    assert lines[2] == [Wrong("a formula"), Wrong("true or false (True)"), Wrong("a date or time (2026-01-02 00:00:00)"),
                        Wrong("a broken number (1.5)")]
    assert lines[3][0] == Wrong("an error value") and "a date or time" in lines[3][2].what
    assert len(lines) == 4


def test_a_template_keeps_what_is_its_own():
    def dress(made):
        made.active["A1"].font = Font(bold=True)
        made.active["D1"].comment = Comment("for the operator", "console")
        made.active.column_dimensions["B"].width = 33
        made.active.freeze_panes = "A2"
        validation = DataValidation(type="list", formula1='"CAS,OTHER"')
        validation.add("B2:B100")
        made.active.add_data_validation(validation)
        made.create_sheet("help")["A1"] = "read me"

    data = _sheet.fill(book(["remark", "cert_type", "domain", "owner", "certificate_id"], ["keep me", None, None, "ops", None],
                            change=dress), ROWS, "x")
    assert values(data) == [["remark", "cert_type", "domain", "owner", "certificate_id"],
                            ["keep me", "CAS", "rec.example.com", "ops", "101"],
                            ["", "CAS", "*.shop.example.com", "", "cert-8a9b2c"]]
    made = openpyxl.load_workbook(io.BytesIO(data))
    sheet = made.worksheets[0]
    assert sheet["A1"].font.bold and sheet["D1"].comment.text == "for the operator" and sheet.column_dimensions["B"].width == 33
    assert sheet.freeze_panes == "A2" and sheet.data_validations.dataValidation[0].formula1 == '"CAS,OTHER"'
    assert made["help"]["A1"].value == "read me"
    assert sheet["E2"].data_type == "s", "an id that is all digits stays text"


@pytest.mark.parametrize("template, words", [
    (lambda: book([*HEADERS], ["old.example.com", None, None]), ["rows of its own", "cell A2", "mapping_file_path"]),
    (lambda: book(["domain", "cert_type"]), ["'certificate_id' is missing"]),
    (lambda: archive({**parts_of(book(HEADERS)), "xl/media/image1.png": b"x"}), ["cannot be kept", "xl/media/image1.png"]),
    (lambda: archive({**parts_of(book(HEADERS)), "xl/vbaProject.bin": b"x"}), ["cannot be kept", "vbaProject"]),
])
def test_templates_that_cannot_be_filled(template, words):
    with pytest.raises(InputError) as caught:
        _sheet.fill(template(), ROWS, "template_path: the file 'x'")
    for word in words:
        assert word in str(caught.value)


def test_what_openpyxl_warns_of_is_not_lost_in_silence():
    parts = parts_of(book(HEADERS))
    extension = (b'<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" '
                 b'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"/></extLst></worksheet>')
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(b"</worksheet>", extension)
    data = archive(parts)
    assert values(data) == [HEADERS], "reading alone needs no extension"
    with pytest.raises(InputError, match="Data Validation extension"):
        _sheet.fill(data, ROWS, "x")


def load(tmp_path, data):
    path = tmp_path / "certificate_info.xlsx"
    path.write_bytes(data)
    return _sheet.load(str(path), "mapping_file_path")


def bomb():
    return archive({**parts_of(book(HEADERS)), "xl/more.xml": b"0" * (_sheet.UNPACKED + 1)})


def with_doctype(encoding):
    return archive({**parts_of(book(HEADERS)), "xl/sharedStrings.xml": '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'.encode(encoding)})


@pytest.mark.parametrize("data, words", [
    (lambda: b"domain,certificate_id\n", ["not an xlsx workbook"]),
    (lambda: b"", ["not an xlsx workbook"]),
    (lambda: book(HEADERS)[:-200], ["not an xlsx workbook"]),
    (lambda: archive({"a.txt": b"x"}), ["an archive, but not an xlsx"]),
    (lambda: b"x" * (_sheet.LARGEST + 1), ["larger than 2 MB"]),
    (bomb, ["unpacks to more than 8 MB"]),
    (lambda: archive({"p%d" % number: b"" for number in range(201)}), ["or 200 parts"]),
    (lambda: with_doctype("utf-8"), ["document type", "xl/sharedStrings.xml"]),
    (lambda: with_doctype("utf-16"), ["document type"]),
])
def test_files_that_are_refused_before_they_are_parsed(tmp_path, data, words):
    with pytest.raises(InputError) as caught:
        load(tmp_path, data())
    for word in ["mapping_file_path: the file '", "certificate_info.xlsx'", *words]:
        assert word in str(caught.value)


def test_a_good_file_comes_back_as_it_is(tmp_path):
    data = book(HEADERS, ["rec.example.com", 1, "CAS"])
    assert load(tmp_path, data) == data


def test_files_that_are_not_there(tmp_path):
    for path in (tmp_path / "nothing.xlsx", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            _sheet.load(str(path), "template_path")


@pytest.mark.parametrize("part, content", [
    ("xl/workbook.xml", b"<workbook"), ("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row r='x'/>"), ("xl/styles.xml", b"\x00"),
])
def test_damage_inside_is_one_clear_error(part, content):
    with pytest.raises(InputError, match="the file cannot be read"):
        _sheet.read(archive({**parts_of(book(HEADERS, ["a.example.com"])), part: content}), "the file")


def test_too_many_rows_and_rows_far_below():
    with pytest.raises(InputError, match="cell A1002: at most 1000 rows"):
        _sheet.read(book(HEADERS, *(["d.example.com", "1", "CAS"] for _row in range(1001))), "x")
    assert len(values(book(HEADERS, *(["d.example.com", "1", "CAS"] for _row in range(1000))))) == 1001

    def far(made):
        made.active["B5000"] = "hidden"

    with pytest.raises(InputError, match="cell B5000"):
        _sheet.read(book(HEADERS, change=far), "x")


def test_the_declared_extent_is_not_believed():
    parts = parts_of(book(HEADERS, ["rec.example.com", "101", "CAS"]))
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(b'ref="A1:C2"', b'ref="A1:A1"')
    assert b'ref="A1:A1"' in parts["xl/worksheets/sheet1.xml"]
    assert values(archive(parts))[1] == ["rec.example.com", "101", "CAS"]


def test_keeping_a_sheet(tmp_path):
    path = tmp_path / "kept.xlsx"
    assert _sheet.digest_of(str(path), "mapping_file_dest") is None
    _sheet.save(str(path), b"content", "mapping_file_dest")
    assert path.read_bytes() == b"content" and path.stat().st_mode & 0o777 == 0o644
    assert _sheet.digest_of(str(path), "mapping_file_dest") == "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
    assert [item.name for item in tmp_path.iterdir()] == ["kept.xlsx"]


@pytest.mark.parametrize("place", ["missing/kept.xlsx", "."])
def test_a_sheet_that_cannot_be_kept(tmp_path, place):
    with pytest.raises(InputError, match="mapping_file_dest: the file '.*' cannot be written"):
        _sheet.save(str(tmp_path / place), b"content", "mapping_file_dest")
    assert not list(tmp_path.iterdir())
