"""Sheets of every layout, a department's own headings, corrected sheets, likely-same subjects, exports."""

import csv
import io

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from services.blacklist.audit.models import AuditEntry
from services.blacklist.cases.domain.layout import all_layouts, best_layout
from services.blacklist.cases.models import Case, CaseImport, CaseImportRow
from services.blacklist.cases.queries.finding import CaseFilter
from services.blacklist.cases.usecases.exporting import export_cases
from services.blacklist.cases.usecases.imports import (
    Imports,
    SheetUpload,
    confirm_import,
    read_again,
    receive_import,
    teach_headings,
)
from shared.errors import Conflict, Invalid
from shared.identifiers import make_uscc
from tests.unit.blacklist.case_office import PERSON_ID, filing, memory_database, open_office, person_filing

OLD = {
    "CF_WSH": "长住建罚〔2016〕8号", "CF_CFMC": "串通投标案", "CF_CFLB1": "罚款", "CF_SY": "串通投标",
    "CF_YJ": "《招标投标法》", "CF_XDR_MC": "石门旧表有限公司", "CF_XDR_SHXYM": make_uscc("91130102", 11),
    "CF_XDR_SFZ": "", "CF_FR": "示例人", "CF_JG": "罚款1万元", "CF_JDRQ": "2026-10-30",
    "CF_XZJG": "示例局", "CF_ZT": "0", "DFBM": "130102", "SJC": "x", "BZ": "",
}  # fmt: skip
BLACK = {
    "TYSHXYDM": make_uscc("91130102", 12), "GSZCH": "", "ZZJGDM": "", "JGQC": "石门黑名单有限公司",
    "FDDBR": "示例人", "ZCDZ": "某路1号", "RDWH": "长认〔2026〕1号", "RDDW": "示例局", "ZYSXSS": "骗取中标",
    "QRYZSXSJ": "2026年10月30日", "XZCFHPJNR": "列入黑名单",
}  # fmt: skip
PERSON = {
    "FZRXM": "李小明", "SFZH": PERSON_ID, "RDWH": "长认〔2026〕2号", "RDDW": "示例局",
    "ZYSXSS": "骗取住房保障", "QRYZSXSJ": "2026/10/30", "XZCFHPJNR": "列入名单",
}  # fmt: skip


@pytest.fixture
def office(tmp_path, clock):
    db = memory_database()
    yield open_office(db, tmp_path, clock)
    db.close()


def written(*rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def read(office, content, list_code="penalty-publication", **more):
    with office.deps.db.write() as session:
        upload = SheetUpload("a.csv", content, list_code, "other", None, **more)
        made = receive_import(session, office.deps, upload, actor=clerk(office), at=office.clock.now()).id
    return after(office, made)


def after(office, import_id):
    while Imports(office.deps, "t").step():
        pass
    with office.deps.db.read() as session:
        wanted = select(CaseImportRow).where(CaseImportRow.import_id == import_id)
        rows = session.scalars(wanted.order_by(CaseImportRow.row_number)).all()
        return session.get_one(CaseImport, import_id), rows


def clerk(office):
    return office.people["clerk"]


@pytest.mark.parametrize(
    ("row", "layout", "list_code"),
    [
        (OLD, "penalty-2015", "penalty-publication"),
        (
            OLD | {"CF_XDR_SHXYM": "", "CF_XDR_SFZ": PERSON_ID, "CF_FR": ""},
            "penalty-2015",
            "penalty-publication",
        ),
        (BLACK, "blacklist-org", "public-resource-blacklist"),
        (PERSON, "blacklist-person", "housing-fraud"),
    ],
)
def test_every_layout_becomes_cases(office, row, layout, list_code):
    made, rows = read(office, written(row), list_code)
    assert (made.state, made.layout, made.bad_rows) == ("preview", layout, 0), [each.errors for each in rows]
    with office.deps.db.write() as session:
        confirm_import(session, made.id, actor=clerk(office), at=office.clock.now())
    made, _ = after(office, made.id)
    with office.deps.db.read() as session:
        case = session.scalars(select(Case)).one()
    assert (made.state, case.list_code) == ("done", list_code)
    assert office.take(case, "submit", "clerk").state == "under_review"


def test_layouts_tell_themselves_apart():
    for layout in all_layouts():
        heading = [column.code for column in layout.columns]
        assert best_layout(heading, {})[0].code == layout.code


def test_a_departments_headings_are_remembered(office):
    own = {("处罚对象" if key == "CF_XDR_MC" else key): value for key, value in OLD.items()}
    made, _ = read(office, written(own))
    assert made.state == "failed"
    assert {"index": 5, "heading": "处罚对象", "code": None} in made.headings
    with office.deps.db.write() as session:
        teach_headings(session, {"处罚对象 ": "CF_XDR_MC"}, actor=clerk(office), at=office.clock.now())
        read_again(session, made.id, actor=clerk(office), at=office.clock.now())
    made, _ = after(office, made.id)
    assert (made.state, made.good_rows) == ("preview", 1)
    assert read(office, written(own | {"CF_WSH": "另〔2016〕1号"}))[0].good_rows == 1
    with pytest.raises(Invalid), office.deps.db.write() as session:
        teach_headings(session, {"x": "NOTHING"}, actor=clerk(office), at=office.clock.now())


def test_a_corrected_sheet_takes_the_place_of_the_former(office):
    wrong, _ = read(office, written(OLD | {"CF_JDRQ": "后天"}))
    assert wrong.bad_rows == 1
    right, _ = read(office, written(OLD), replaces=wrong.id)
    assert (right.good_rows, right.replaces) == (1, wrong.id)
    with office.deps.db.read() as session:
        assert session.get_one(CaseImport, wrong.id).state == "replaced"
    with pytest.raises(Conflict), office.deps.db.write() as session:
        confirm_import(session, wrong.id, actor=clerk(office), at=office.clock.now())


def test_likely_same_subjects_are_shown_and_never_merged(office):
    known = office.file(filing(subject={"name": OLD["CF_XDR_MC"], "uscc": make_uscc("91130102", 99)}))
    same = office.file(filing(subject={"uscc": OLD["CF_XDR_SHXYM"]}, document={"number": "另案"}))
    _, rows = read(office, written(OLD))
    found = {each["case_id"]: each["why"] for each in rows[0].preview["suggestions"]}
    assert found.keys() == {known.id, same.id}
    assert "代码不同" in found[known.id]
    assert rows[0].state == "good"


def test_exports_record_their_purpose_and_carry_no_number(office):
    office.file(person_filing())
    office.file(filing(subject={"name": "=cmd|calc有限公司"}))
    with office.deps.db.write() as session:
        purpose = f"年度检查{PERSON_ID}"
        content = export_cases(session, CaseFilter(), purpose, actor=clerk(office), at=office.clock.now())
        plain = export_cases(
            session, CaseFilter(), "=抽查", "csv", actor=clerk(office), at=office.clock.now()
        ).decode("utf-8-sig")
    assert PERSON_ID not in plain
    assert "'=cmd|calc有限公司" in plain
    _, head, first, _ = csv.reader(io.StringIO(plain))
    told = dict(zip(head, first, strict=True))
    assert (told["领域"], told["领域代码"]) == ("工程建设项目招标投标", "engineering-tendering")
    assert (told["行政区划"], told["行政区划代码"]) == ("河北省石家庄市长安区", "130102")
    assert told["违法失信行为类别"] == "骗取公共资源（fraudulent-obtaining）"
    assert told["公开属性"] == "主动公开（proactive）"
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    cells = [str(cell) for row in rows for cell in row]
    assert len(rows) == 4
    assert "年度检查" in cells[0]
    assert "=cmd|calc有限公司" in cells
    assert not any(PERSON_ID in cell for cell in cells)
    with office.deps.db.read() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "case.export")).all()
    assert len(entries) == 2
    assert any("年度检查" in entry.detail for entry in entries)
