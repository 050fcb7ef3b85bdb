"""The layouts of sheets, told apart by their headings; likeness of names; what a clerk is told of a cell."""

import io
from datetime import date

import pytest
import xlsxwriter

from services.blacklist.cases.domain.layout import (
    all_layouts,
    best_layout,
    layout_named,
    looks_like_headings,
    missing_columns,
)
from services.blacklist.cases.domain.likeness import folded_name, near_keys, one_sign_apart
from services.blacklist.cases.domain.mistakes import remedy_for, shown
from services.blacklist.cases.domain.rows import read_row
from services.blacklist.cases.domain.sheet import read_sheet
from shared.identifiers import make_resident_id

NUMBER = make_resident_id("130102", date(1980, 1, 2), 12)
LAYOUTS = all_layouts()
CODES = ["penalty-2018", "penalty-2015", "blacklist-org", "blacklist-person"]


def test_every_layout_says_where_it_comes_from():
    assert [layout.code for layout in LAYOUTS] == CODES
    assert all(layout.source and layout.name for layout in LAYOUTS)
    assert layout_named("nothing") is None


@pytest.mark.parametrize("layout", LAYOUTS, ids=CODES)
@pytest.mark.parametrize("way", ["code", "label", "starred", "required"])
def test_a_sheet_is_known_by_its_headings(layout, way):
    columns = [column for column in layout.columns if column.required or way != "required"]
    row = [{"code": each.code, "starred": f"* {each.label}"}.get(way, each.label) for each in columns]
    found, places = best_layout(["序号", *row], {})
    assert found.code == layout.code
    assert [places[index + 1] for index in range(len(columns))] == columns
    assert not missing_columns(found, places)


@pytest.mark.parametrize("layout", LAYOUTS, ids=CODES)
def test_no_two_columns_of_a_layout_share_a_name(layout):
    names = [name for column in layout.columns for name in column.names]
    assert len(names) == len(set(names))
    for column in layout.columns:
        assert column.required <= bool(column.to)


def test_headings_taught_for_a_layout_are_read_in_that_one_only():
    layout = layout_named("blacklist-org")
    row = [f"列{index}" for index, _ in enumerate(layout.columns)]
    taught = {layout.code: {heading: each.code for heading, each in zip(row, layout.columns, strict=True)}}
    assert best_layout(row, taught)[0].code == layout.code
    assert len(best_layout(row, taught)[1]) == len(layout.columns)
    assert not best_layout(row, taught, "penalty-2018")[1]
    anywhere = {"": {"列1": "CF_WSH"}}
    assert best_layout(["列1", "CF_SY", "CF_YJ", "CF_JDRQ", "CF_NR"], anywhere)[1][0].code == "CF_WSH"


def test_what_may_be_headings():
    assert looks_like_headings(["甲", "乙", "丙", "丁", "戊", None])
    for row in (
        ["标题"],
        ["甲", "甲", "乙", "丙", "丁"],
        [1.0, 2.0, 3.0, 4.0, 5.0],
        ["长" * 61, *"乙丙丁戊"],
    ):
        assert not looks_like_headings(row)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_in_every_encoding(encoding):
    told = []
    text = "名称,地址\r\n石门㛃有限公司,“某路”1号\r\n"
    assert list(read_sheet("A.CSV", text.encode(encoding), told.append))[1] == [
        "石门㛃有限公司",
        "“某路”1号",
    ]
    assert told == [2]


def test_the_rows_of_a_workbook_are_told_before_they_are_read():
    out, told = io.BytesIO(), []
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet()
    for row in range(7):
        page.write_string(row, 0, "x")
    book.close()
    assert len(list(read_sheet("a.xlsx", out.getvalue(), told.append))) == told[0] == 7


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("石门建设有限公司", "石门建没有限公司", True),
        ("石门建设有限公司", "石门市建设有限公司", True),
        ("石门（长安）建设有限责任公司", "石门(长安)建投有限公司", True),
        ("石门第一建设有限公司", "石门第二建设有限公司", False),
        ("石门1号商店", "石门2号商店", False),
        ("石门建设有限公司", "石门建设有限公司", False),
        ("石门建设有限公司", "石门设建有限公司", False),
        ("石门建设有限公司", "石门水务有限公司", False),
    ],
)
def test_names_one_sign_apart(one, other, near):
    one, other = folded_name(one), folded_name(other)
    assert one_sign_apart(one, other) is one_sign_apart(other, one) is near
    if near:
        assert near_keys(one) & near_keys(other)


def test_names_are_the_same_once_folded():
    assert folded_name("石门 （长安）建设有限责任公司") == folded_name("石门(长安)建设有限公司")


@pytest.mark.parametrize(
    ("to", "value", "seen"),
    [
        (("subject", "id_number"), NUMBER, NUMBER[:4] + "*" * 14),
        (("subject", "id_number"), "13010219800102", "1301" + "*" * 10),
        (("subject", "uscc"), "91130102000000000X", "91130102000000000X"),
        (("subject", "uscc"), NUMBER, NUMBER[:4] + "*" * 14),
        (("misconduct", "facts"), f"身份证{NUMBER[:17]}0号", f"身份证{NUMBER[:4]}{'*' * 14}号"),
        ((), "长" * 80, "长" * 59 + "…"),
        ((), None, None),
    ],
)
def test_a_cell_is_shown_without_identity_numbers(to, value, seen):
    assert shown(to, value) == seen


def test_every_mistake_has_a_remedy():
    layout = LAYOUTS[0]
    columns = dict(enumerate(layout.columns))
    row = read_row(layout, columns, 2, ["\x07" for _ in columns], {})
    assert len(row.errors) == len(layout.columns)
    assert all(error.remedy and error.row == 2 for error in row.errors)
    assert remedy_for(("document", "date"), "date") != remedy_for(("document", "nothing"))
