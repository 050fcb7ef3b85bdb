"""Withdrawal letters: their numbers, their text, and the reminder when a reply is late."""

from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import ACCEPTED, Record, record_from
from services.credit_push.models import (
    Batch,
    BatchAct,
    Delivery,
    DepartmentCopy,
    LetterNumber,
    ListingVersion,
)
from services.credit_push.models.hand import REMINDED
from services.credit_push.papers.withdrawal import withdrawal_letter
from services.credit_push.publishes import Announcement, announce, lock_listings
from services.credit_push.transports.base import Preview, PreviewFile
from services.credit_push.usecases.deps import Deps
from shared.clock import local_date
from shared.errors import Conflict, describe_errors
from shared.ids import new_id
from shared.loops import Periodic

describe_errors({"letter-not-numbered": "多人同时为撤销函编号，本次没有编成。请再试一次。"})
PDF = "application/pdf"
WORD = "撤函"
TRIES = 3
LOOK_EVERY = timedelta(minutes=10)


def number_letter(session: Session, deps: Deps, batch: Batch, profile: Profile, department_id: str) -> None:
    """Its number, whose it is and the day of the reply, once; two at a time get two numbers."""
    if batch.number is None:
        batch.number = _next_number(session, batch.id, department_id, deps.clock.today())
    if batch.reply_due_on is None:
        days = profile.withdrawal.reply_working_days
        batch.reply_due_on = deps.calendar.add_working_days(deps.clock.today(), days).day


def _series(department: DepartmentCopy | None) -> str:
    named = (department.short_name or department.name) if department else ""
    return f"{named or '信用'}{WORD}"


def _next_number(session: Session, batch_id: str, department_id: str, today: date) -> str:
    department = session.get(DepartmentCopy, department_id)
    series, organ = _series(department), department.name if department else None
    here = (LetterNumber.series == series, LetterNumber.year == today.year)
    for _ in range(TRIES):
        last = session.scalar(select(func.max(LetterNumber.running)).where(*here)) or 0
        number = f"{series}〔{today.year}〕{last + 1}号"
        row = LetterNumber(
            batch_id=batch_id, series=series, year=today.year, running=last + 1, number=number, organ=organ
        )
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:
            continue  # somebody took it at the same moment
        return number
    raise Conflict("letter-not-numbered", "编号时有他人同时编号", "请再试一次。")


def draw_letter(session: Session, profile: Profile, batch: Batch, row: Delivery) -> bytes:
    """The letter as it was numbered, by the name its department had then: the same bytes for ever."""
    version = session.scalars(
        select(ListingVersion)
        .where(ListingVersion.listing_id == row.listing_id, ListingVersion.version == row.version)
        .order_by(ListingVersion.sequence.desc())
    ).first()
    if version is None or batch.downloaded_at is None:
        raise Conflict("batch-empty", "本批次已无待报送记录", "记录可能已登记批号，或已被新版本取代。")
    record = record_from(version.payload)
    numbered = session.get(LetterNumber, batch.id)
    return withdrawal_letter(
        profile,
        record,
        organ=(numbered and numbered.organ) or _organ(session, record, row.department_id),
        number=batch.number or "",
        key=row.idempotency_key,
        dated=local_date(batch.downloaded_at),
        reply_by=batch.reply_due_on,
    )


def _organ(session: Session, record: Record, department_id: str) -> str:
    department = session.get(DepartmentCopy, department_id)
    return department.name if department else record.organ.name or record.source.name


def preview_letter(session: Session, deps: Deps, profile: Profile, record: Record, row: Delivery) -> Preview:
    """The letter as it would be drawn today, but for its number, which it gets when it is fetched."""
    today = deps.clock.today()
    due = deps.calendar.add_working_days(today, profile.withdrawal.reply_working_days).day
    body = withdrawal_letter(
        profile,
        record,
        organ=_organ(session, record, row.department_id),
        number="",
        key=row.idempotency_key,
        dated=today,
        reply_by=due,
    )
    told = f"撤销函（PDF），发往{profile.name}：商请撤下“{record.subject.name}”的公示信息"
    told += f"（决定文书号：{record.document.number}）。下载时编号。"
    files = (PreviewFile("letter.pdf", PDF, body),)
    return Preview("由人工送达的撤销函", body, files=files, readable=told.encode())


def remind_of_letters(session: Session, deps: Deps, limit: int = 100) -> int:
    """Once a letter: its reply has not come by its day; how many."""
    now = deps.clock.now()
    waiting = (Batch.kind == "letter", Batch.state == "recorded", Batch.reminded_at.is_(None))
    late = select(Batch).where(*waiting, Batch.reply_due_on < local_date(now)).order_by(Batch.id).limit(limit)
    ids = session.scalars(late.with_only_columns(Batch.id)).all()
    sent = session.scalars(
        select(Delivery).where(Delivery.batch_id.in_(ids), Delivery.state == ACCEPTED).order_by(Delivery.id)
    ).all()
    listings = lock_listings(session, (row.listing_id for row in sent))
    found = session.scalars(late.with_for_update(skip_locked=True)).all()
    for batch in found:
        batch.reminded_at = now
        told = f"应于 {batch.reply_due_on} 前复函"
        session.add(BatchAct(id=new_id(), batch_id=batch.id, at=now, act=REMINDED, who=None, detail=told))
    mine = {batch.id for batch in found}
    news = [Announcement("reply-overdue", row) for row in sent if row.batch_id in mine]
    announce(session, listings, deps.catalogue, news, now)
    return len(found)


def reminding(deps: Deps) -> Periodic:
    """Loop: looks now and then whether a reply is late."""

    def remind(_now: datetime) -> None:
        with deps.db.write() as session:
            remind_of_letters(session, deps)

    return Periodic("letters", deps.clock, LOOK_EVERY, remind)
