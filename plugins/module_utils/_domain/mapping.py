# Copyright (c) 2026, daas.https contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of AIRec's mapping sheet, from options or out of cells: checked all at once. Pure. PRIVATE to the collection."""

from __future__ import annotations

import re
from collections import namedtuple

from .._errors import InputError
from .names import covers

HEADERS = ("domain", "certificate_id", "cert_type")
MOST_ROWS, MOST_PROBLEMS = 1000, 20
_DOMAIN = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])\Z")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")

Cell = namedtuple("Cell", "where value")  # where: "cell B3" or "mapping[2].certificate_id"; value: text, or a Wrong
Wrong = namedtuple("Wrong", "what")  # stands for what is no text: "a formula", "a date"
Row = namedtuple("Row", HEADERS)  # all text; the domain in lower case


def from_options(domains, mapping, certificate_id, cert_type):
    """Cells by header, one dict a row; a row of mapping may have a certificate_id and a cert_type of its own."""
    rows = [("domains[%d]", dict(domain=name)) for name in domains or ()] + [("mapping[%d].*", row) for row in mapping or ()]
    common = dict(certificate_id=certificate_id, cert_type=cert_type)
    return [dict((name, Cell((where % number).replace("*", name), (row.get(name) or common.get(name) or "").strip())) for name in HEADERS)
            for number, (where, row) in enumerate(rows)]


def from_table(table):
    """Cells by header of every row below the headers that has one of them. table: rows of Cells. Raises InputError for the headers."""
    columns = columns_of(table[0] if table else ())
    rows = [dict((name, line[column] if column < len(line) else Cell("cell %s%d" % (letters(column), number), ""))
                 for name, column in columns.items()) for number, line in enumerate(table[1:], 2)]
    return [row for row in rows if any(cell.value for cell in row.values())]


def columns_of(header):
    """{header: column from 0}; other columns may stand between them. Raises InputError that says what row 1 has."""
    texts, problems = [cell.value for cell in header], []
    for name in HEADERS:
        if texts.count(name) > 1:
            problems.append("header '%s' stands in %s" % (name, " and ".join(cell.where for cell in header if cell.value == name)))
        elif name not in texts:
            found = ", ".join("%s '%s'" % (cell.where, _shown(cell.value)) for cell in header if cell.value)
            problems.append("row 1: header '%s' is missing (it has: %s)" % (name, found or "nothing"))
    _raise(problems)
    return dict((name, texts.index(name)) for name in HEADERS)


def letters(column):
    """0 -> A, 26 -> AA."""
    return (letters(column // 26 - 1) if column > 25 else "") + chr(ord("A") + column % 26)


def check(rows, names=None, certificate_id="", id_may_lack=False):
    """The rows as Row. Raises one InputError with all problems, up to 20 of them.

    names: what the certificate covers, or None when there is none. certificate_id: when given, every row must have it.
    """
    problems, seen, checked = [], {}, []
    for row in rows:
        wrong = [problem for name in HEADERS for problem in _cell(name, row[name], id_may_lack)]
        problems += wrong
        if wrong:
            continue
        domain, where = row["domain"].value.lower(), row["domain"].where
        if domain in seen:
            problems.append("%s: domain '%s' stands in %s already" % (where, domain, seen[domain]))
        seen.setdefault(domain, where)
        if names is not None and not covers(names, domain):
            problems.append("%s: the certificate does not cover '%s'; it covers: %s" % (where, domain, ", ".join(names)))
        identity = row["certificate_id"]
        if certificate_id and identity.value != certificate_id:
            problems.append("%s: certificate_id is '%s', and the option certificate_id says '%s'" % (
                identity.where, identity.value, certificate_id))
        checked.append(Row(domain, identity.value, row["cert_type"].value))
    if not rows:
        problems.append("no row: at least one domain is needed")
    if len(rows) > MOST_ROWS:
        problems.append("%s: at most %d rows are taken" % (rows[MOST_ROWS]["domain"].where, MOST_ROWS))
    _raise(problems)
    return checked


def _cell(name, cell, id_may_lack):
    """What is wrong with one cell, as a list."""
    where, value = cell
    if isinstance(value, Wrong):
        return ["%s: %s holds %s; text is needed" % (where, name, value.what)]
    if not value:
        return [] if name == "certificate_id" and id_may_lack else ["%s: %s is empty" % (where, name)]
    if name == "domain" and (len(value) > 253 or not _DOMAIN.match(value.lower())):
        return ["%s: '%s' is not a domain name (international names are written as A-labels, xn--…)" % (where, _shown(value))]
    if name == "certificate_id" and not _ID.match(value):
        return ["%s: '%s' is not a certificate id of CAS" % (where, _shown(value))]
    if value.startswith("=") or not value.isprintable():
        return ["%s: %s '%s' is a formula or holds control characters" % (where, name, _shown(value))]
    return []


def _shown(value):
    text = value.what if isinstance(value, Wrong) else value
    return text if len(text) <= 60 else text[:60] + "…"


def _raise(problems):
    if problems:
        more = len(problems) - MOST_PROBLEMS
        raise InputError("The mapping of domains to certificates has %d problem%s; nothing was sent.\n%s%s" % (
            len(problems), "" if len(problems) == 1 else "s", "\n".join(problems[:MOST_PROBLEMS]),
            "\nand %d more" % more if more > 0 else ""), problems=problems[:MOST_PROBLEMS])
