"""The public page marks a correction and shows former and new wording side by side."""

from datetime import UTC, date, datetime

import pytest

from services.blacklist.app import create_app
from services.blacklist.register.usecases import annotate_listing
from services.blacklist.rules.citing import cite
from services.blacklist.rules.queries import list_rule
from services.blacklist.settings import read_settings
from services.blacklist.web.corrections import WITHDRAWN, corrections_of
from shared.clock import FixedClock
from tests.unit.blacklist.case_office import memory_database, open_office


@pytest.fixture
def office(tmp_path):
    db = memory_database()
    yield open_office(db, tmp_path, FixedClock(datetime(2026, 11, 2, 2, tzinfo=UTC)))
    db.close()


def test_a_correction_is_marked_on_the_page(office, tmp_path):
    case = office.published()
    public = create_app(read_settings({"DATA_DIR": str(tmp_path)}), office.deps).test_client()
    address, html = f"/listings/{case.listing_id}", {"Accept": "text/html"}
    assert "已更正" not in public.get(address, headers=html).text
    office.take(case, "correct", "decider", changes={"document": {"fine_wan": "3"}}, reason="金额笔误")
    page = public.get(address, headers=html).text
    assert "已更正" in page.split("列入情况")[0]
    note = page.split("更正说明")[1].split("救济和信用修复")[0]
    for text in ("2026年11月2日", "金额笔误", "罚款金额（万元）", "2.5", "3"):
        assert text in note
    assert "公开属性" not in note


def test_what_a_correction_took_out_of_view_is_not_told_again():
    change = {"field": "misconduct", "before": {"facts": "报价甲三乙四"}, "after": {"facts": "报价***"}}
    told = corrections_of([{"kind": "corrected", "at": None, "reason": "隐私", "changes": [change]}])
    assert told[0]["rows"] == [("主要违法失信事实", WITHDRAWN, "报价***")]


def test_a_changed_subject_is_named_field_by_field_and_a_mark_says_why(office, tmp_path):
    case = office.published()
    public = create_app(read_settings({"DATA_DIR": str(tmp_path)}), office.deps).test_client()
    office.take(
        case,
        "correct",
        "decider",
        changes={"subject": {"legal_representative": "王示例"}},
        reason="法定代表人变更",
    )
    with office.deps.db.write() as session:
        for note in ("异议处理中", None):
            at = office.deps.clock.now()
            annotate_listing(session, office.deps.keyring, case.listing_id, annotation=note, at=at)
    unmarked, marked, corrected, _ = public.get(f"/api/v1/register/{case.listing_id}/versions").json["items"]
    assert (unmarked["reason"], marked["reason"]) == ("取消标注：异议处理中", "异议处理中")
    (change,) = corrected["changes"]
    assert (change["field"], change["label"]) == ("subject", "法定代表人（负责人）")
    assert change["after"] == {"legal_representative": "王示例"}


def test_the_basis_is_printed_as_a_paper_cites_it():
    rule = list_rule("penalty-publication", date(2026, 11, 2))
    assert cite(rule, "130102").endswith("；《行政处罚法》（主席令第七十号）第四十八条")
