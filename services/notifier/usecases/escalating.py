"""The ladder (催办升级): while nobody acknowledges, the next rung is told, by office hours of business time.

One row per escalated notice says which rung comes when. A rung's message has an event id of its own, so it is
written once whatever crashes; anybody's acknowledgement of the notice or of a rung's message ends the ladder.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifier.domain import Happening, chinese_date
from services.notifier.models import DepartmentCopy, Escalation, Notice
from services.notifier.routing.ladders import ladders
from services.notifier.usecases.announcing import announce
from services.notifier.usecases.dispatching import Fresh
from shared.calendar import WorkingCalendar
from shared.clock import Clock, local_date
from shared.db import dialect_of, upsert

BATCH = 200
DONE, EXHAUSTED = "acknowledged", "exhausted"


def start_ladders(
    session: Session, made: Iterable[Fresh], *, calendar: WorkingCalendar, now: datetime
) -> None:
    """Begin a ladder for each new notice that has one; only the concerned department's own notice does."""
    known = ladders()
    hours = known.hours(calendar)
    rows = [
        {
            "notice_id": notice.notice_id,
            "event_type": notice.event_type,
            "rung": 0,
            "since": now,
            "next_at": hours.add(now, known.by_event[notice.event_type].rung(0).after_hours),
            "ended": None,
        }
        for notice in made
        if notice.event_type in known.by_event and notice.is_concerned
    ]
    if rows:
        session.execute(upsert(dialect_of(session))(Escalation.__table__).on_conflict_do_nothing(), rows)


def climb(session: Session, clock: Clock, *, calendar: WorkingCalendar, channels: Collection[str]) -> int:
    """End what was acknowledged, and tell the next rung where it is due; returns how many rows moved."""
    now = clock.now()
    due = select(Escalation).where(Escalation.ended.is_(None), Escalation.next_at <= now)
    rows = list(
        session.scalars(due.order_by(Escalation.next_at).limit(BATCH).with_for_update(skip_locked=True))
    )
    settled = _acknowledged(session, rows)
    going = [row for row in rows if row.notice_id not in settled]
    origins = {
        notice.id: notice
        for notice in session.scalars(select(Notice).where(Notice.id.in_([row.notice_id for row in going])))
    }
    happenings = [_happening(session, row, origins[row.notice_id], now) for row in going]
    announce(session, happenings, channels=channels, today=local_date(now), at=clock.system_now())
    for row in rows:
        _advance(row, calendar, now, acknowledged=row.notice_id in settled)
    return len(rows)


def _advance(row: Escalation, calendar: WorkingCalendar, now: datetime, *, acknowledged: bool) -> None:
    known = ladders()
    ladder = known.by_event[row.event_type]
    row.rung += 0 if acknowledged else 1
    if acknowledged or row.rung >= ladder.steps:
        row.ended = DONE if acknowledged else EXHAUSTED
        return
    row.next_at = known.hours(calendar).add(now, ladder.rung(row.rung).after_hours)


def _happening(session: Session, row: Escalation, origin: Notice, now: datetime) -> Happening:
    department = session.get(DepartmentCopy, origin.department_id)
    rung = ladders().by_event[row.event_type].rung(row.rung)
    facts: dict[str, Any] = {**origin.facts, "origin_title": origin.title}
    facts |= {"waiting_since": chinese_date(row.since), "occurred_on": chinese_date(now)}
    return Happening(
        event_id=rung_id(row.notice_id, row.rung),
        type=rung.event,
        subject_id=origin.subject_id,
        occurred_at=now,
        department_id=origin.department_id,
        region=department.region if department else None,
        case_id=origin.case_id,
        listing_id=origin.listing_id,
        facts=facts,
    )


def rung_id(notice_id: str, rung: int) -> str:
    """The event id of a rung's message."""
    return f"{notice_id}:rung:{rung}"


def _acknowledged(session: Session, rows: Collection[Escalation]) -> set[str]:
    """Those of which somebody acknowledged the notice, or one of the messages its ladder sent."""
    origins = {row.notice_id for row in rows}
    own = select(Notice.id).where(Notice.id.in_(origins), Notice.acknowledged_at.is_not(None))
    keys = {rung_id(row.notice_id, rung): row.notice_id for row in rows for rung in range(row.rung)}
    told = select(Notice.dedupe_key).where(Notice.dedupe_key.in_(keys), Notice.acknowledged_at.is_not(None))
    return set(session.scalars(own)) | {keys[key] for key in session.scalars(told)}
