"""Uploaded sheets: what is read, with which addresses, and what is refused before or while reading."""

import csv
import io
import zipfile
from datetime import date

import pytest
import xlsxwriter

from services.blacklist.cases.domain.layout import headings, missing_columns, penalty_layout
from services.blacklist.cases.domain.rows import address, read_row
from services.blacklist.cases.domain.sheet import RefusedSheet, read_sheet
from services.blacklist.cases.usecases.imports.parsing import read_in_child

LAYOUT = penalty_layout()
DEFAULTS = {"list_code": "penalty-publication", "domain": "other", "region": "130102"}


def workbook(fill, **options):
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, **options})
    fill(book.add_worksheet(), book)
    book.close()
    return out.getvalue()


def packed(names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in names.items():
            bundle.writestr(name, content)
    return out.getvalue()


def test_the_layout_has_the_thirty_columns_by_label_and_code():
    standard = LAYOUT.columns[:30]
    assert [column.code for column in standard][:3] == ["CF_XDR_MC", "CF_XDR_LB", "CF_XDR_SHXYM"]
    assert standard[29].code == "BZ"
    for column in LAYOUT.columns:
        assert LAYOUT.column(column.code) is column
        assert LAYOUT.column(f" *{column.label} ") is column


def test_cells_keep_their_addresses_wherever_the_sheet_begins():
    def fill(page, _):
        for index, column in enumerate(LAYOUT.columns[:30]):
            page.write_string(2, index + 1, column.label)
        page.write_string(3, 1, "某公司")

    rows = list(read_sheet("a.xlsx", workbook(fill)))
    found = headings(LAYOUT, rows[2])
    assert (found[1].code, rows[3][1]) == ("CF_XDR_MC", "某公司")
    assert not missing_columns(LAYOUT, found)


def test_addresses():
    assert [address(column, 7) for column in (0, 25, 26, 701, 702)] == ["A7", "Z7", "AA7", "ZZ7", "AAA7"]


def row_of(**values):
    columns = {index: LAYOUT.column(code) for index, code in enumerate(values)}
    return read_row(LAYOUT, columns, 9, list(values.values()), DEFAULTS)


@pytest.mark.parametrize(
    "text", ["2026/11/2", "2026-11-02", "20261102", "2026年11月2日", "2026.11.2", "2026-11-02 00:00:00"]
)
def test_dates_in_every_common_form(text):
    assert row_of(CF_JDRQ=text).filing["document"]["date"] == "2026-11-02"


@pytest.mark.parametrize(
    ("code", "value", "part"),
    [
        ("CF_JDRQ", "2026-13-01", "日期"),
        ("CF_NR_FK", "二万", "数字"),
        ("CF_XDR_LB", "公司", "应为下列之一"),
        ("CF_XDR_ZJHM", 1.30102198001020e17, "文本格式"),
        ("CF_WSH", "长" * 129, "128"),
        ("CF_SY", None, "必填"),
        ("CF_SY", "a\x07b", "控制字符"),
    ],
)
def test_a_wrong_cell_is_named(code, value, part):
    (error,) = row_of(**{code: value}).errors
    assert error.cell == "A9"
    assert part in error.message


def test_real_dates_and_numbers_of_a_workbook():
    def fill(page, book):
        page.write_row(0, 0, [46328, 2.5, "文本"])
        page.write_datetime(0, 0, date(2026, 11, 2), book.add_format({"num_format": "yyyy-mm-dd"}))

    assert next(read_sheet("a.xlsx", workbook(fill)))[:3] == ["2026-11-02", 2.5, "文本"]


def test_formulas_are_data_never_run():
    rows = read_sheet("a.csv", '名称,"=cmd|calc"\n'.encode())
    assert next(rows) == ["名称", "=cmd|calc"]


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("a.xls", b"\xd0\xcf\x11\xe0", "只接受"),
        ("a.exe", b"MZ", "只接受"),
        ("a.xlsx", b"not a zip", "不是有效"),
        ("a.xlsx", packed({"x": b"0" * 5_000_000}), "压缩比"),
        ("a.xlsx", packed({"xl/vbaProject.bin": b"x"}), "宏"),
        ("a.xlsx", packed({f"f{n}": b"" for n in range(2001)}), "过大"),
        ("a.xlsx", packed({"[Content_Types].xml": b"<x/>"}), "不是有效"),
        ("a.csv", b"\x00\x01", "文本"),
        ("a.csv", b"\xff\xff\xff", "编码"),
        ("a.csv", ",".join(["x"] * 201).encode(), "列数"),
        ("a.csv", ("x" * 20001).encode(), "20000"),
        ("a.csv", b"x\n" * 100_006, "行数"),
    ],
)
def test_what_is_no_sheet_or_too_much_of_one_is_refused(name, content, part):
    with pytest.raises(RefusedSheet) as refused:
        list(read_sheet(name, content))
    assert part in str(refused.value)


def test_a_wide_sheet_is_refused():
    with pytest.raises(RefusedSheet):
        list(read_sheet("a.xlsx", workbook(lambda page, _: page.write_string(0, 16000, "x"))))


def test_the_child_reads_and_refuses_like_the_reader():
    out = io.StringIO()
    csv.writer(out).writerows([["甲", "乙"], ["1", "2"]])
    assert list(read_in_child("a.csv", out.getvalue().encode())) == [["甲", "乙"], ["1", "2"]]
    with pytest.raises(RefusedSheet):
        list(read_in_child("a.xlsx", b"nonsense"))
