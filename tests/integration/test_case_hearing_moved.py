"""A hearing put off: told anew, its days counted anew, its former notice worth nothing; other endings."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.blacklist.letters.queries.hearing import hearing_flags, hearing_told, hearing_values
from shared.errors import Conflict, Invalid
from tests.unit.blacklist.case_office import memory_database, open_office
from tests.unit.blacklist.hearings import Upload, closing, keep, keep_record, now, opening, serve_notice

DAY = date(2026, 11, 11)


@pytest.fixture
def case(office):
    case = office.take(office.file(), "submit", "clerk")
    case = office.take(case, "approve_notice", "reviewer", notice_number="长住建告〔2026〕3号")
    return office.take(case, "open_hearing", "clerk", **opening(DAY))


@pytest.fixture
def office(tmp_path, clock):
    clock.set(datetime(2026, 11, 2, 2, tzinfo=UTC))
    db = memory_database()
    yield open_office(db, tmp_path, clock)
    db.close()


def test_another_day_is_told_anew_and_counted_anew(office, case):
    serve_notice(office, case)
    office.clock.advance(timedelta(days=7))
    case = now(office, case)
    with pytest.raises(Invalid, match="提交"):
        office.take(case, "reschedule_hearing", "clerk", held_on=DAY, reason="没有改")
    with pytest.raises(Invalid):  # the 7th working day after the new notice is the 18th
        office.take(case, "reschedule_hearing", "clerk", held_on=date(2026, 11, 17), reason="证人出差")
    moved = {"held_on": date(2026, 11, 18), "place": "五楼会议室", "reason": "证人出差"}
    case = office.take(case, "reschedule_hearing", "clerk", **moved)
    kept = case.hearing
    assert (kept["held_on"], kept["held_time"], kept["place"]) == ("2026-11-18", "09:30", "五楼会议室")
    assert "notice" not in kept
    assert kept["moved"][0]["held_on"] == DAY.isoformat()
    assert "hearing_moved" in {name for name, holds in hearing_flags(kept).items() if holds}
    assert hearing_values(kept)["hearing_before"] == "2026年11月11日09:30"


def test_another_day_needs_a_record_of_its_own(office, case):
    office.clock.set(datetime(2026, 11, 11, 4, tzinfo=UTC))
    keep_record(office, case)
    again = date(2026, 11, 20)
    case = office.take(now(office, case), "reschedule_hearing", "clerk", held_on=again, reason="休庭")
    assert case.hearing["moved"][0]["record"]["file_name"] == "听证笔录.pdf"
    office.clock.set(datetime(2026, 11, 20, 4, tzinfo=UTC))
    case = office.take(case, "close_hearing", "clerk", **closing(again))
    review = {"conclusion": "agreed", "opinion": "程序合法"}
    case = office.take(case, "record_legal_review", "reviewer", **review)
    with pytest.raises(Conflict) as refused:
        office.take(case, "decide", "decider", severity="general", publicity_months=12)
    assert "听证笔录尚未归入" in refused.value.detail


def test_who_stayed_away_was_provably_told(office, case):
    gone = {"outcome": "absent", "reason": "未到场"}
    serve_notice(office, case, proof=None)
    office.clock.set(datetime(2026, 11, 11, 4, tzinfo=UTC))
    with pytest.raises(Invalid) as refused:
        office.take(now(office, case), "close_hearing", "clerk", **gone)
    assert "没有凭证" in refused.value.fields[0].message
    keep(office, case, Upload("service-proof", "回证.pdf", b"%PDF-1.4 %%EOF"))
    closed = office.take(now(office, case), "close_hearing", "clerk", **gone)
    assert closed.hearing["outcome"] == "absent"


def test_a_hearing_may_end_for_another_reason_that_is_proved(office, case):
    ended = {"outcome": "terminated", "reason": "当事人已注销"}
    with pytest.raises(Invalid) as refused:
        office.take(case, "close_hearing", "clerk", **ended)
    assert "终止听证的证明材料" in refused.value.fields[0].message
    keep(office, case, Upload("hearing-termination", "注销证明.pdf", b"%PDF-1.4 %%EOF"))
    closed = office.take(now(office, case), "close_hearing", "clerk", **ended)
    assert closed.state == "noticed"
    assert hearing_told(closed.hearing) == "当事人要求听证，听证因下列情形终止：当事人已注销。"


def test_a_new_notice_may_come_before_the_late_registration_of_the_first(office):
    case = office.take(office.file(), "submit", "clerk")
    case = office.take(case, "approve_notice", "reviewer", notice_number="长住建告〔2026〕3号")
    told = office.clock.today()
    office.clock.advance(timedelta(days=3))
    given = opening(date(2026, 11, 20), requested_on=told, notified_on=told)
    case = office.take(case, "open_hearing", "clerk", **given)
    moved = {"held_on": date(2026, 11, 24), "notified_on": told + timedelta(days=2), "reason": "证人出差"}
    case = office.take(case, "reschedule_hearing", "clerk", **moved)
    assert case.hearing["notified_on"] == "2026-11-04"
