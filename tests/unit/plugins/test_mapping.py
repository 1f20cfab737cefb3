# Copyright (c) 2026, daas.https contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of the mapping sheet: what is wrong is told at once, by cell."""

from __future__ import annotations

import pytest

from ansible_collections.daas.https.plugins.module_utils._domain import mapping
from ansible_collections.daas.https.plugins.module_utils._domain.mapping import Cell, Row, Wrong
from ansible_collections.daas.https.plugins.module_utils._errors import InputError

NAMES = ("rec.example.com", "*.shop.example.com")


def table(*lines):
    return [[Cell("cell %s%d" % (mapping.letters(column), number), value) for column, value in enumerate(line)]
            for number, line in enumerate(lines, 1)]


def problems(rows, **options):
    with pytest.raises(InputError) as caught:
        mapping.check(rows, **dict(dict(names=NAMES), **options))
    assert caught.value.extras["problems"] == str(caught.value).splitlines()[1:][:20]
    return caught.value.extras["problems"]


def test_columns_in_any_order_with_others_between():
    rows = mapping.from_table(table(
        ["remark", "cert_type", "domain", "", "certificate_id"], ["new", "CAS", "Rec.Example.com", "", "101"], [], ["only a remark"],
        ["", "OTHER", "*.shop.example.com", "x", "cert-8a9b2c"]))
    assert mapping.check(rows, NAMES) == [Row("rec.example.com", "101", "CAS"), Row("*.shop.example.com", "cert-8a9b2c", "OTHER")]


@pytest.mark.parametrize("header, words", [
    (["domain", "cert_type"], ["row 1", "'certificate_id' is missing", "A1 'domain'", "B1 'cert_type'"]),
    (["Domain", "certificate_id", "cert_type"], ["'domain' is missing", "A1 'Domain'"]),
    (["domain", "certificate_id", "cert_type", "domain"], ["'domain' stands in cell A1 and cell D1"]),
    ([Wrong("a formula"), "certificate_id", "cert_type"], ["'domain' is missing", "A1 'a formula'"]),
    ([], ["'domain' is missing", "it has: nothing", "3 problems"]),
])
def test_wrong_headers(header, words):
    with pytest.raises(InputError) as caught:
        mapping.from_table(table(header, ["rec.example.com", "101", "CAS"]))
    for word in words:
        assert word in str(caught.value)


def test_an_empty_sheet_has_no_headers():
    with pytest.raises(InputError, match="nothing"):
        mapping.from_table([])


@pytest.mark.parametrize("line, problem", [
    (["", "101", "CAS"], "cell A2: domain is empty"),
    (["rec.example.com", "", "CAS"], "cell B2: certificate_id is empty"),
    (["rec.example.com", "101", ""], "cell C2: cert_type is empty"),
    (["rec.example.com", "101"], "cell C2: cert_type is empty"),
    (["rec_example", "101", "CAS"], "cell A2: 'rec_example' is not a domain name"),
    (["https://rec.example.com", "101", "CAS"], "cell A2: 'https://rec.example.com' is not a domain name"),
    (["bücher.example.com", "101", "CAS"], "A-labels"),
    (["rec.example.com.", "101", "CAS"], "is not a domain name"),
    (["a." * 140 + "example.com", "101", "CAS"], "is not a domain name"),
    ([Wrong("a formula"), "101", "CAS"], "cell A2: domain holds a formula; text is needed"),
    (["rec.example.com", Wrong("a date or time (2026-01-01)"), "CAS"], "cell B2: certificate_id holds a date or time (2026-01-01)"),
    (["rec.example.com", "1 0 1", "CAS"], "cell B2: '1 0 1' is not a certificate id of CAS"),
    (["rec.example.com", "101", "=1+1"], "cell C2: cert_type '=1+1' is a formula"),
    (["rec.example.com", "101", "a\x07b"], "cell C2"),
    (["www.example.net", "101", "CAS"], "cell A2: the certificate does not cover 'www.example.net'; it covers: rec.example.com"),
    (["a.b.shop.example.com", "101", "CAS"], "does not cover"),
])
def test_a_wrong_cell_is_named(line, problem):
    rows = mapping.from_table(table(list(mapping.HEADERS), line))
    assert len(problems(rows)) == 1 and problem in problems(rows)[0]


def test_duplicates_whatever_their_case():
    rows = mapping.from_table(table(list(mapping.HEADERS), ["rec.example.com", "1", "CAS"], ["REC.example.com", "2", "CAS"]))
    assert problems(rows) == ["cell A3: domain 'rec.example.com' stands in cell A2 already"]


def test_all_problems_come_at_once_up_to_twenty():
    rows = mapping.from_table(table(list(mapping.HEADERS), *(["", "101", ""] for _row in range(15))))
    with pytest.raises(InputError) as caught:
        mapping.check(rows)
    lines = str(caught.value).splitlines()
    assert "30 problems; nothing was sent" in lines[0] and len(lines) == 22 and lines[-1] == "and 10 more"


def test_no_rows_and_too_many():
    assert problems([]) == ["no row: at least one domain is needed"]
    many = mapping.from_options(["d%d.shop.example.com" % number for number in range(1001)], None, "101", "CAS")
    assert problems(many) == ["domains[1000]: at most 1000 rows are taken"]


def test_rows_out_of_options():
    same = mapping.check(mapping.from_options(["rec.example.com", "a.shop.example.com"], None, "101", "CAS"), NAMES)
    assert same == [Row("rec.example.com", "101", "CAS"), Row("a.shop.example.com", "101", "CAS")]
    own = [dict(domain="rec.example.com", certificate_id=None, cert_type=None),
           dict(domain=" a.shop.example.com ", certificate_id="cert-1", cert_type="X")]
    assert mapping.check(mapping.from_options(None, own, "101", "CAS"), NAMES) == [
        Row("rec.example.com", "101", "CAS"), Row("a.shop.example.com", "cert-1", "X")]


@pytest.mark.parametrize("domains, rows, problem", [
    (["rec example"], None, "domains[0]: certificate_id is empty"),
    (None, [dict(domain="www.example.net", certificate_id="1")], "mapping[0].domain: the certificate does not cover"),
    (None, [dict(domain="rec.example.com", certificate_id="1 1")], "mapping[0].certificate_id: '1 1'"),
    (None, [dict(domain="rec.example.com")], "mapping[0].certificate_id: certificate_id is empty"),
])
def test_options_are_named_like_cells(domains, rows, problem):
    assert problems(mapping.from_options(domains, rows, None, "CAS"))[-1].startswith(problem)


def test_the_id_may_lack_where_that_is_said():
    rows = mapping.from_options(["rec.example.com"], None, "", "CAS")
    assert mapping.check(rows, NAMES, id_may_lack=True) == [Row("rec.example.com", "", "CAS")]
    assert problems(rows) == ["domains[0]: certificate_id is empty"]


def test_a_file_has_the_id_that_the_option_says():
    rows = mapping.from_table(table(list(mapping.HEADERS), ["rec.example.com", "101", "CAS"], ["a.shop.example.com", "99", "CAS"]))
    assert problems(rows, certificate_id="101") == ["cell B3: certificate_id is '99', and the option certificate_id says '101'"]


def test_column_letters():
    assert [mapping.letters(column) for column in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]
