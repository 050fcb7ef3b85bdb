"""Importing a calendar year: one person proposes it with its source, another confirms it (双人复核)."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.rules.models import CalendarYearEntry
from services.blacklist.rules.publishes import publish_calendar
from services.blacklist.rules.queries.calendars import (
    CONFIRMED,
    PROPOSED,
    REJECTED,
    find_proposal,
    newest_generation,
)
from shared.calendar.notice import NoticeReading, read_notice
from shared.errors import Conflict, FieldError, Forbidden, Invalid, describe_errors
from shared.ids import new_id
from shared.web.access import Principal

describe_errors(
    {
        "calendar-proposal-not-found": "没有这份待确认的日历。",
        "calendar-proposal-settled": "这份日历已经确认或者退回。",
        "calendar-four-eyes": "导入的日历须由提出人以外的另一名工作人员确认。",
    }
)


def propose_year(
    session: Session,
    *,
    year: int | None,
    rest: Collection[date],
    work: Collection[date],
    notice: str | None,
    source: str,
    actor: Principal,
    at: datetime,
) -> CalendarYearEntry:
    """A year waiting for its second person; days given by hand count before those of the notice."""
    reading = read_notice(notice, year) if notice else NoticeReading(year, None)
    if reading.year is None:
        raise _wrong("/notice" if notice else "/year", reading.problems[0] if notice else "请填写年份。")
    resting = frozenset(rest or reading.rest)
    working = frozenset(work or (() if rest else reading.work))
    _check(reading.year, resting, working)
    row = CalendarYearEntry(
        id=new_id(),
        year=reading.year,
        state=PROPOSED,
        rest=sorted(day.isoformat() for day in resting if day.weekday() < 5),
        work=sorted(day.isoformat() for day in working),
        source=source,
        number=reading.number,
        notice=notice,
        doubts=[] if rest else list(reading.problems),
        proposed_by=actor.user_id,
        proposer_name=actor.display_name,
        proposed_at=at,
    )
    session.add(row)
    _write_down(session, row, "propose", actor, at)
    return row


def confirm_year(session: Session, proposal_id: str, *, actor: Principal, at: datetime) -> CalendarYearEntry:
    """In force from this commit on; every process counts by it within a second."""
    row = _open(session, proposal_id)
    if row.proposed_by == actor.user_id:
        raise Forbidden("calendar-four-eyes", "须由另一名工作人员确认", "提出人不得确认本人导入的日历。")
    row.state, row.generation = CONFIRMED, newest_generation(session) + 1
    _settle(session, row, "confirm", actor, at)
    publish_calendar(session, row, at)
    return row


def reject_year(
    session: Session, proposal_id: str, *, reason: str, actor: Principal, at: datetime
) -> CalendarYearEntry:
    """Put aside, by anyone who may confirm, the proposer included."""
    row = _open(session, proposal_id)
    row.state, row.reason = REJECTED, reason
    _settle(session, row, "reject", actor, at)
    return row


def _open(session: Session, proposal_id: str) -> CalendarYearEntry:
    row = find_proposal(session, proposal_id, lock=True)
    if row.state != PROPOSED:
        raise Conflict("calendar-proposal-settled", "这份日历已经办结")
    return row


def _settle(session: Session, row: CalendarYearEntry, act: str, actor: Principal, at: datetime) -> None:
    row.settled_by, row.settler_name, row.settled_at = actor.user_id, actor.display_name, at
    _write_down(session, row, act, actor, at)


def _write_down(session: Session, row: CalendarYearEntry, act: str, actor: Principal, at: datetime) -> None:
    audit.record(
        session,
        actor=actor,
        action=f"calendar.{act}",
        object_type="calendar-year",
        object_id=row.id,
        detail={"year": row.year, "source": row.source, "rest": row.rest, "work": row.work},
        at=at,
    )


def _check(year: int, rest: Collection[date], work: Collection[date]) -> None:
    """Days lie in or beside the year, worked days are weekends, and no day is both."""
    near = (date(year - 1, 12, 1), date(year + 1, 1, 31))
    problems = [
        (rest or work, "/rest", "没有放假和调休日期，请填写或者核对通知文本。"),
        (all(near[0] <= day <= near[1] for day in rest), "/rest", "放假日期须在本年或者前后一个月内。"),
        (all(near[0] <= day <= near[1] for day in work), "/work", "上班日期须在本年或者前后一个月内。"),
        (all(day.weekday() >= 5 for day in work), "/work", "调休上班的日期须是星期六或者星期日。"),
        (not set(rest) & set(work), "/work", "同一天不能既放假又上班。"),
    ]
    fields = [FieldError(pointer, message) for holds, pointer, message in problems if not holds]
    if fields:
        raise Invalid("validation-failed", "日历有误", "请按提示修改后重新提交。", fields=fields)


def _wrong(pointer: str, message: str) -> Invalid:
    return Invalid("validation-failed", "日历有误", fields=[FieldError(pointer, message)])
