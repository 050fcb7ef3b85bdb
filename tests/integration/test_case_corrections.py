"""Wrong rows go out as a marked sheet and come back alone; duplicates wait for the clerk's word."""

import csv
import io
import json

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from services.blacklist.audit.models import AuditEntry
from services.blacklist.cases.models import Case, CaseImport, CaseImportRow
from services.blacklist.cases.usecases.imports import (
    SheetUpload,
    confirm_import,
    decide_rows,
    error_sheet,
    read_again,
    receive_corrections,
    receive_import,
)
from services.blacklist.cases.usecases.imports.correcting import merge_corrections
from shared.errors import Conflict, Forbidden, Invalid
from shared.identifiers import make_uscc
from tests.integration.test_case_sheets import BLACK, OLD, after, clerk, read, written
from tests.unit.blacklist.case_office import PERSON_ID, filing, memory_database, open_office

PERSONAL = OLD | {"CF_XDR_MC": "李小明", "CF_XDR_SHXYM": "", "CF_XDR_SFZ": PERSON_ID, "CF_FR": ""}


@pytest.fixture
def office(tmp_path, clock):
    db = memory_database()
    yield open_office(db, tmp_path, clock)
    db.close()


def numbered(row, serial, **changes):
    return row | {"CF_WSH": f"长住建罚〔2016〕{serial}号"} | changes


def errors_of(office, import_id):
    with office.deps.db.write() as session:
        return error_sheet(session, office.deps, import_id, actor=clerk(office), at=office.clock.now())


def table_of(content):
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def workbook(rows):
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    page = book.add_worksheet()
    for line, cells in enumerate([rows[0].keys(), *(row.values() for row in rows)]):
        for column, cell in enumerate(cells):
            page.write_string(line, column, str(cell))
    book.close()
    return out.getvalue()


def bring(office, import_id, content, by="clerk", name="改正.xlsx"):
    with office.deps.db.write() as session:
        made = receive_corrections(
            session, office.deps, import_id, name, content, actor=office.people[by], at=office.clock.now()
        ).id
    return after(office, made)[0]


def state_of(office, import_id):
    with office.deps.db.read() as session:
        return session.get_one(CaseImport, import_id)


def test_wrong_rows_go_out_marked_and_masked_and_come_back_alone(office):
    made, rows = read(
        office,
        written(
            numbered(OLD, 1),
            numbered(PERSONAL, 2, CF_JDRQ="后天"),
            numbered(OLD, 3, CF_JG="", CF_XDR_MC="=cmd有限公司"),
        ),
    )
    assert (made.good_rows, made.bad_rows) == (1, 2)
    (error,) = rows[1].errors
    assert (error["cell"], error["row"], error["column"], error["value"]) == ("K3", 3, "处罚决定日期", "后天")
    assert "2026-11-02" in error["remedy"]
    content = errors_of(office, made.id)
    out = table_of(content)
    assert [row["原行号"] for row in out] == ["3", "4"]
    assert out[0]["CF_XDR_SFZ"] == PERSON_ID[:4] + "*" * 14
    assert out[1]["CF_XDR_MC"] == "=cmd有限公司"
    assert PERSON_ID.encode() not in content
    out[0]["CF_JDRQ"] = "2026-10-30"
    child = bring(office, made.id, workbook([out[0]]))
    assert (child.state, child.total_rows, child.good_rows, child.problem) == ("merged", 1, 1, None)
    half = state_of(office, made.id)
    assert (half.state, half.good_rows, half.bad_rows) == ("preview", 2, 1)
    with office.deps.db.write() as session:
        confirm_import(session, made.id, actor=clerk(office), at=office.clock.now())
    assert after(office, made.id)[0].state == "done"
    out[1]["CF_JG"] = "罚款1万元"
    bring(office, made.id, workbook([out[1]]))
    assert state_of(office, made.id).state == "preview", "a done import has rows to file again"
    with office.deps.db.write() as session:
        confirm_import(session, made.id, actor=office.people["clerk2"], at=office.clock.now())
    done, _ = after(office, made.id)
    assert (done.state, done.filed_rows, done.bad_rows) == ("done", 3, 0)
    with office.deps.db.read() as session:
        cases = {case.import_row: case for case in session.scalars(select(Case))}
        assert cases.keys() == {2, 3, 4}
        assert cases[3].id_masked == PERSON_ID[:4] + "*" * 14
        assert cases[4].last_editor_id == clerk(office).user_id
        actions = {entry.action for entry in session.scalars(select(AuditEntry))}
    assert {"import.errors", "import.receive", "import.confirm"} <= actions


def test_a_correction_still_wrong_keeps_its_mended_cells(office):
    made, _ = read(office, written(numbered(OLD, 1, CF_JDRQ="后天", CF_JG="")))
    out = table_of(errors_of(office, made.id))
    out[0]["CF_JDRQ"] = "2026-10-30"
    child = bring(office, made.id, workbook(out))
    assert (child.good_rows, child.bad_rows) == (0, 1)
    (again,) = table_of(errors_of(office, made.id))
    assert (again["CF_JDRQ"], again["CF_JG"]) == ("2026-10-30", "")
    again["CF_JG"] = "罚款"
    assert bring(office, made.id, workbook([again])).good_rows == 1
    with pytest.raises(Conflict):
        errors_of(office, made.id)


def test_only_wrong_rows_are_taken_and_the_rest_is_named(office):
    made, _ = read(office, written(numbered(OLD, 1), numbered(OLD, 2, CF_JDRQ="后天")))
    row = {"原行号": "3", **numbered(OLD, 2)}
    child = bring(office, made.id, workbook([row, row | {"原行号": "2"}, row | {"原行号": "x"}]))
    assert (child.good_rows, child.total_rows) == (1, 3)
    assert "2行没有并入" in child.problem
    assert "第x、2行" in child.problem
    with pytest.raises(Conflict):
        bring(office, made.id, workbook([row]))


def test_what_is_no_sheet_of_corrections_is_refused(office):
    made, _ = read(office, written(numbered(OLD, 2, CF_JDRQ="后天")))
    for content, part in (
        (written(numbered(OLD, 2)), "原行号"),
        (workbook([{"原行号": "2", "别的": "x"}]), "没有认出原表的列"),
    ):
        child = bring(office, made.id, content, name="a.csv" if content[:2] != b"PK" else "a.xlsx")
        assert child.state == "failed"
        assert part in child.problem
    with pytest.raises(Forbidden):
        bring(office, made.id, written(OLD), by="clerk2")
    assert state_of(office, made.id).bad_rows == 1


def test_an_interrupted_correction_is_taken_up_again(office):
    made, _ = read(office, written(*(numbered(OLD, serial, CF_JDRQ="后天") for serial in range(700))))
    out = table_of(errors_of(office, made.id))
    for row in out:
        row["CF_JDRQ"] = "2026-10-30"
    with office.deps.db.write() as session:
        child = receive_corrections(
            session, office.deps, made.id, "a.xlsx", workbook(out), actor=clerk(office), at=office.clock.now()
        ).id
    merge_corrections(office.deps, child, lambda: False)
    assert state_of(office, child).state == "parsing"
    assert state_of(office, made.id).bad_rows == 200
    done, _ = after(office, child)
    assert (done.state, done.good_rows, done.problem) == ("merged", 700, None)
    assert state_of(office, made.id).good_rows == 700


def test_a_mended_row_that_repeats_another_is_held(office):
    made, _ = read(office, written(numbered(OLD, 1), numbered(OLD, 1, CF_JDRQ="后天")))
    out = table_of(errors_of(office, made.id))
    out[0]["CF_JDRQ"] = "2026-10-30"
    bring(office, made.id, workbook(out))
    now = state_of(office, made.id)
    assert (now.good_rows, now.held_rows, now.bad_rows) == (1, 1, 0)


def decided(office, made, decision, **which):
    with office.deps.db.write() as session:
        row = decide_rows(session, made.id, decision, **which, actor=clerk(office), at=office.clock.now())
        return row.state, row.good_rows, row.held_rows, row.skipped_rows


def test_duplicates_wait_until_they_are_kept_or_skipped(office):
    office.file(
        filing(
            subject={"name": OLD["CF_XDR_MC"], "uscc": OLD["CF_XDR_SHXYM"]},
            document={"number": "长住建罚[2016]9号", "organ": OLD["CF_XZJG"]},
        )
    )
    made, rows = read(
        office,
        written(numbered(OLD, 1), numbered(OLD, 1), numbered(OLD, 9), numbered(OLD, 1, CF_XZJG="另局")),
    )
    assert [(row.state, row.hint) for row in rows] == [
        ("good", None), ("held", "duplicate"), ("held", "duplicate"), ("good", "likely"),
    ]  # fmt: skip
    assert "第2行" in rows[1].preview["suggestions"][0]["why"]
    assert rows[2].preview["suggestions"][0]["case_id"]
    assert decided(office, made, "keep", rows=[3]) == ("preview", 3, 1, 0)
    assert decided(office, made, "skip", hint="duplicate") == ("preview", 2, 0, 2)
    assert decided(office, made, "skip", hint="likely") == ("preview", 1, 0, 3)
    with office.deps.db.write() as session:
        confirm_import(session, made.id, actor=clerk(office), at=office.clock.now())
    done, _ = after(office, made.id)
    assert (done.state, done.filed_rows) == ("done", 1)
    assert decided(office, made, "keep", rows=[3]) == ("preview", 2, 0, 2)
    assert decided(office, made, "skip", rows=[3]) == ("done", 1, 0, 3)
    for which in ({}, {"rows": [3], "hint": "likely"}):
        with pytest.raises(Invalid):
            decided(office, made, "keep", **which)
    with pytest.raises(Conflict), office.deps.db.write() as session:
        read_again(session, made.id, actor=clerk(office), at=office.clock.now())
    with office.deps.db.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "import.decide")).first()
    assert '"changed": 1' in json.dumps(json.loads(entry.detail), ensure_ascii=False)


@pytest.mark.parametrize(
    ("name", "uscc", "kind"),
    [
        ("石门旧表有限责任公司", make_uscc("91130102", 55), "same-name"),
        ("石门旧表股份公司", OLD["CF_XDR_SHXYM"], "same-code"),
        ("石门旧婊有限公司", make_uscc("91130102", 56), "near-name"),
    ],
)
def test_subjects_likely_the_same_within_a_sheet_are_pointed_at(office, name, uscc, kind):
    made, rows = read(office, written(numbered(OLD, 1), numbered(OLD, 2, CF_XDR_MC=name, CF_XDR_SHXYM=uscc)))
    (found,) = rows[1].preview["suggestions"]
    assert (found["kind"], found["row"], rows[1].state, rows[1].hint) == (kind, 2, "good", "likely")
    assert made.good_rows == 2


def test_a_sheet_is_read_as_the_layout_chosen(office):
    own = {f"甲{index}": value for index, value in enumerate(BLACK.values())}
    text = io.StringIO()
    csv.writer(text).writerows([own.keys(), own.values()])
    made, _ = read(office, text.getvalue().encode("gb18030"), "public-resource-blacklist")
    assert (made.state, made.layout) == ("failed", None)
    assert [each["heading"] for each in made.headings] == list(own)
    from services.blacklist.cases.usecases.imports import teach_headings

    with office.deps.db.write() as session:
        taught = dict(zip(own, BLACK, strict=True))
        teach_headings(session, taught, "blacklist-org", actor=clerk(office), at=office.clock.now())
        read_again(session, made.id, "blacklist-org", actor=clerk(office), at=office.clock.now())
    made, rows = after(office, made.id)
    assert (made.state, made.layout, made.good_rows) == ("preview", "blacklist-org", 1), rows[0].errors
    with pytest.raises(Invalid), office.deps.db.write() as session:
        teach_headings(
            session, {"甲0": "CF_WSH"}, "blacklist-org", actor=clerk(office), at=office.clock.now()
        )


def test_two_columns_for_one_field_are_refused(office):
    made, _ = read(office, written(OLD | {"行政相对人名称": "x"}))
    assert made.state == "failed"
    assert "不止一列对应" in made.problem


def test_progress_is_measured_against_the_rows_of_the_sheet(office):
    with office.deps.db.write() as session:
        upload = SheetUpload("a.csv", written(OLD, numbered(OLD, 7)), "penalty-publication", "other", None)
        receive_import(session, office.deps, upload, actor=clerk(office), at=office.clock.now())
    with office.deps.db.read() as session:
        (waiting,) = session.scalars(select(CaseImport.id))
    made, rows = after(office, waiting)
    assert made.expected_rows == 3
    assert {row.row_number for row in rows} == {2, 3}
    with office.deps.db.read() as session:
        assert not session.scalars(select(CaseImportRow).where(CaseImportRow.content.is_(None))).all()
