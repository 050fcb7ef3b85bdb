"""The public page marks a correction and shows former and new wording side by side."""

from datetime import UTC, datetime

import pytest

from services.blacklist.app import create_app
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
