# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""xlsx workbooks in and out: the only user of openpyxl. PRIVATE to the collection.

Whatever file is given, reading stays within the limits below. The same rows give the same bytes, so that a file is rewritten only
when its content changes.
"""

from __future__ import annotations

import datetime
import hashlib
import io
import os
import re
import traceback
import warnings
import zipfile

from ._domain.mapping import HEADERS, MOST_ROWS, Cell, Wrong, columns_of, letters
from ._errors import InputError, MissingLibrary
from ._files import replace_file

try:
    import openpyxl
    IMPORT_ERROR = None
except ImportError:
    IMPORT_ERROR = traceback.format_exc()

LARGEST, UNPACKED, PARTS, COLUMNS = 2 * 1024 * 1024, 8 * 1024 * 1024, 200, 64  # bytes, bytes, files in the archive, columns
# openpyxl drops these without a word
_NOT_KEPT = ("xl/media/", "xl/charts/", "xl/drawings/drawing", "xl/vbaProject", "xl/ctrlProps/", "xl/pivot", "xl/embeddings/")
_LONG_AGO = datetime.datetime(2000, 1, 1)
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


def load(path, option):
    """The file's bytes, once they have been looked at. Raises InputError with option and path."""
    where = "%s: the file '%s'" % (option, path)
    try:
        if os.path.getsize(path) > LARGEST:
            raise InputError("%s is larger than %d MB." % (where, LARGEST // 1024 ** 2))
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise InputError("%s cannot be read: %s." % (where, error.strerror)) from error
    _inspect(data, where)
    return data


def digest_of(path, option):
    """SHA-256 of the file in hex, or None when there is no such file."""
    if not os.path.lexists(path):
        return None
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError as error:
        raise InputError("%s: the file '%s' cannot be read: %s." % (option, path, error.strerror)) from error


def save(path, data, option):
    """Put the bytes there in one step, readable by all."""
    replace_file(path, data, 0o644, option)


def _inspect(data, where):
    """Refuse what is no workbook, what would unpack to more than memory should hold, and what declares XML entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            # zipfile unpacks no more of a part than its header declares, so the declared sizes can be relied on
            if len(parts) > PARTS or sum(part.file_size for part in parts) > UNPACKED:
                raise InputError("%s unpacks to more than %d MB or %d parts; that is no mapping sheet." % (
                    where, UNPACKED // 1024 ** 2, PARTS))
            declared = [part.filename for part in parts if any(
                "<!DOCTYPE".encode(encoding) in archive.read(part) for encoding in ("ascii", "utf-16-le", "utf-16-be"))]
            names = archive.namelist()
    # what zipfile raises for broken, encrypted and unsupported archives
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise InputError("%s is not an xlsx workbook." % where) from error
    if declared:
        raise InputError("%s holds a document type declaration (in %s), which no spreadsheet program writes." % (where, declared[0]))
    if "xl/workbook.xml" not in names:
        raise InputError("%s is an archive, but not an xlsx workbook." % where)


def _open(data, where, **options):
    if IMPORT_ERROR:
        raise MissingLibrary("openpyxl", IMPORT_ERROR)
    try:
        return openpyxl.load_workbook(io.BytesIO(data), **options)
    except Exception as error:  # damaged XML breaks openpyxl in any way, and every way means the same
        raise InputError("%s cannot be read (%s: %s)." % (where, type(error).__name__, error)) from error


def read(data, where):
    """The first worksheet as rows of Cells, down to the last row that has something; loaded bytes only."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        book = _open(data, where, read_only=True)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # the declared extent may be wrong
            return _rows(sheet)
        except InputError:
            raise
        except Exception as error:  # as above: sheets are parsed only now
            raise InputError("%s cannot be read (%s: %s)." % (where, type(error).__name__, error)) from error
        finally:
            book.close()


def _rows(sheet):
    table, end = [], 0
    for number, line in enumerate(sheet.iter_rows(max_col=COLUMNS), 1):
        cells = [Cell("cell %s%d" % (letters(column), number), _plain(cell)) for column, cell in enumerate(line)]
        if any(cell.value for cell in cells):
            end = number
            if number > MOST_ROWS + 1:
                raise InputError("%s: at most %d rows are taken." % (next(cell.where for cell in cells if cell.value), MOST_ROWS))
        if number <= MOST_ROWS + 1:
            table.append(cells)
    return table[:end]


def _plain(cell):
    """Text of a text or whole number ('' for nothing), or Wrong; spreadsheets keep whole numbers as floats now and then."""
    value, kind = cell.value, {"f": "a formula", "e": "an error value"}.get(cell.data_type)
    if kind:
        return Wrong(kind)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) or value is None:
        return (value or "").strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return Wrong("%s (%s)" % ({bool: "true or false", float: "a broken number"}.get(type(value), "a date or time"), value))


def make(rows):
    """The bytes of a sheet of nothing but the headers and these Rows."""
    if IMPORT_ERROR:
        raise MissingLibrary("openpyxl", IMPORT_ERROR)
    book = openpyxl.Workbook()
    book.properties.created = _LONG_AGO
    for line in [HEADERS] + list(rows):
        book.active.append(list(line))
    for letter, width in zip("ABC", (40, 24, 12)):
        book.active.column_dimensions[letter].width = width
    return _saved(book)


def fill(template, rows, where):
    """The bytes of the template with these Rows below its headers; its other columns, sheets and formats stay as they are."""
    table = read(template, where)
    columns = columns_of(table[0] if table else ())
    own = [line[column].where for line in table[1:] for column in columns.values() if column < len(line) and line[column].value]
    if own:
        raise InputError("%s has rows of its own (%s). Clear them, or give that file as mapping_file_path." % (where, own[0]))
    with zipfile.ZipFile(io.BytesIO(template)) as archive:
        lost = [name for name in archive.namelist() if name.startswith(_NOT_KEPT)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # openpyxl warns about most of what it cannot keep
            book = _open(template, where)
    except InputError as error:
        lost = lost or [str(error)]
    if lost:
        raise InputError("%s holds what cannot be kept (%s). Remove it from the template, or fill the file by hand and give it as "
                         "mapping_file_path." % (where, lost[0]))
    for number, row in enumerate(rows, 2):
        for name, column in columns.items():
            book.worksheets[0].cell(number, column + 1).value = getattr(row, name)
    return _saved(book)


def _saved(book):
    """The workbook's bytes without the time of writing."""
    first, out = io.BytesIO(), io.BytesIO()
    book.save(first)
    with zipfile.ZipFile(first) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _MODIFIED.sub(rb"\g<1>2000-01-01T00:00:00Z", content)
            target.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
