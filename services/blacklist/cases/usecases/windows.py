"""The party's windows to speak and to ask for a hearing, and what else of a case hangs on the calendar:
counted when the notice goes out, and anew when a year's holidays are confirmed.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Select, case, literal, select
from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.cases.domain.table import HEARING, NOTICED
from services.blacklist.cases.models import Case, CaseOverlay
from services.blacklist.cases.queries.standing import rule_on
from services.blacklist.rules.domain import ListRule, hearing_window_ends, statement_window_ends
from services.blacklist.rules.models import Duty
from shared.calendar import WorkingCalendar
from shared.clock import local_date
from shared.db import Database

BATCH = 200
SUSPENDED = "suspended"
ONE_STAGE = {"expiry": "decide-expiry", "linked": "review-linked", "change": "publish-change"}


def count_windows(told: Case, rule: ListRule, start: date, calendar: WorkingCalendar) -> bool:
    """Set both windows from the day the notice counts from; whether one moved.

    A party relies on the day it was told: a window may grow, never shrink.
    """
    statement = statement_window_ends(rule, start, calendar)
    hearing = hearing_window_ends(rule, start, calendar)
    before = (told.window_ends_on, told.hearing_ends_on)
    told.window_ends_on = max(statement.day, before[0] or statement.day)
    told.hearing_ends_on = max(hearing.day, before[1] or hearing.day)
    told.window_provisional = statement.provisional or hearing.provisional
    told.window_calendar = calendar.version
    return before != (told.window_ends_on, told.hearing_ends_on)


def windows_start(told: Case) -> date | None:
    """The day the notice was served, where that is on record, else the day it was given."""
    served = (told.notice_service or {}).get("effective_on")
    return date.fromisoformat(served) if served else told.noticed_on


def recompute_cases(db: Database, calendar: WorkingCalendar, at: datetime) -> int:
    """Count windows and the days of overlays anew after the calendar changed; how many days moved."""
    return _recompute_windows(db, calendar, at) + _follow_duties(db, at) + _recompute_lapses(db, calendar, at)


def _recompute_windows(db: Database, calendar: WorkingCalendar, at: datetime) -> int:
    after, moved, today = "", 0, local_date(at)
    while True:
        with db.write() as session:
            cases = _outdated(session, calendar.version, today, after)
            moved += sum(_recount(session, each, calendar, at) for each in cases)
        if not cases:
            return moved
        after = cases[-1].id


def _outdated(session: Session, version: str, today: date, after: str) -> Sequence[Case]:
    """Noticed cases whose windows still run and were counted by another calendar."""
    running = (Case.window_ends_on >= today) | (Case.hearing_ends_on >= today)
    other = Case.window_calendar.is_(None) | (Case.window_calendar != version)
    wanted = select(Case).where(Case.state.in_((NOTICED, HEARING)), running, other, Case.id > after)
    return session.scalars(wanted.order_by(Case.id).limit(BATCH).with_for_update()).all()


def _recount(session: Session, told: Case, calendar: WorkingCalendar, at: datetime) -> bool:
    start = windows_start(told)
    rule = rule_on(told.list_code, told.noticed_on) if told.noticed_on else None
    if start is None or rule is None:
        return False
    before = told.window_ends_on
    if not count_windows(told, rule, start, calendar):
        return False
    detail = {"before": str(before), "window_ends_on": str(told.window_ends_on)}
    detail |= {"hearing_ends_on": str(told.hearing_ends_on), "calendar": calendar.version}
    _write_down(session, told.id, detail, at)
    return True


def _follow_duties(db: Database, at: datetime) -> int:
    """An overlay shows the day of its duty; duties are counted anew before."""
    with db.write() as session:
        rows = session.execute(_differing()).all()
        for overlay, due in rows:
            detail = {"overlay": overlay.kind, "before": str(overlay.due_on), "due": str(due)}
            overlay.due_on = due
            _write_down(session, overlay.case_id, detail, at)
    return len(rows)


def _differing() -> Select[CaseOverlay, date | None]:
    running = Duty.done_at.is_(None) & Duty.cancelled_at.is_(None)
    wanted = select(CaseOverlay, Duty.due_on).join(Duty, Duty.case_id == CaseOverlay.case_id)
    return wanted.where(
        CaseOverlay.closed_at.is_(None), running, Duty.kind == _duty_kind(), Duty.due_on != CaseOverlay.due_on
    )


def _duty_kind() -> ColumnElement[str]:
    """The duty an open overlay stands under: to accept, to settle, or the only one of its kind."""
    stage = case((CaseOverlay.state == "open", literal("accept-")), else_=literal("settle-"))
    single = [(CaseOverlay.kind == kind, literal(duty)) for kind, duty in ONE_STAGE.items()]
    return case(*single, else_=stage.concat(CaseOverlay.kind))


def _recompute_lapses(db: Database, calendar: WorkingCalendar, at: datetime) -> int:
    """Until when an unconfirmed suspension holds (紧急暂停公示待确认)."""
    moved = 0
    with db.write() as session:
        wanted = select(CaseOverlay, Case).join(Case, Case.id == CaseOverlay.case_id)
        waiting = (CaseOverlay.kind == SUSPENDED) & (CaseOverlay.state == "open")
        for overlay, held in session.execute(wanted.where(waiting, CaseOverlay.closed_at.is_(None))):
            rule = rule_on(held.list_code, local_date(overlay.opened_at))
            if rule is None:
                continue
            days = rule.objection.suspend_confirm_wd
            due = calendar.add_working_days(local_date(overlay.opened_at), days).day
            if due != overlay.due_on:
                detail = {"overlay": SUSPENDED, "before": str(overlay.due_on), "due": str(due)}
                overlay.due_on, moved = due, moved + 1
                _write_down(session, held.id, detail, at)
    return moved


def _write_down(session: Session, case_id: str, detail: dict[str, str], at: datetime) -> None:
    audit.record(
        session,
        actor=None,
        action="case.recount",
        object_type="case",
        object_id=case_id,
        detail=detail,
        at=at,
    )
