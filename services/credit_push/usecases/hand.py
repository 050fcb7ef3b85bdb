"""Deliveries a person carries: the platform's own sheet, filled; the batch number it gave; its feedback.

A platform that knows no withdrawal gets a numbered letter, and its reply is the receipt.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import (
    ACCEPTED,
    AWAITING_HAND,
    OPERATION_NAMES,
    SUPERSEDED,
    Record,
    record_from,
)
from services.credit_push.formats import encode, feedback_sheet, packet, procurement_sheet
from services.credit_push.models import Batch, Delivery, ListingVersion
from services.credit_push.publishes import announce, lock_listings
from services.credit_push.transports.base import ALREADY_GONE, FILED, REFUSED, TAKEN, Receipt
from services.credit_push.usecases import rows
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.encoding import open_identities
from services.credit_push.usecases.receiving import receive_receipts
from services.credit_push.usecases.rows import TABLE, Row
from services.credit_push.usecases.settling import Settlement
from shared.clock import local_date
from shared.errors import Conflict, FieldError, Invalid, NotFound

RESULTS = {"accepted": FILED, "rejected": REFUSED}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
REPLIES = {"accepted": (FILED, ""), "rejected": (REFUSED, "REFUSED"), "absent": (REFUSED, ALREADY_GONE)}
"""What the reply to a withdrawal letter says: taken down, not taken down, there is nothing of the kind."""


@dataclass(frozen=True)
class Paper:
    """A file handed to a person."""

    name: str
    media_type: str
    body: bytes


def open_batch(session: Session, deps: Deps, batch_id: str) -> tuple[Batch, Profile, list[Row]]:
    """A batch with the deliveries still in it, and those carried perhaps before a newer version came."""
    batch = session.get(Batch, batch_id)
    if batch is None or batch.platform not in deps.catalogue:
        raise NotFound("not-found", "没有这个报送批次")
    listing_ids = session.scalars(select(Delivery.listing_id).where(Delivery.batch_id == batch_id))
    lock_listings(session, listing_ids)
    carried = and_(TABLE.c.state == SUPERSEDED, TABLE.c.possibly_sent)
    still_in = or_(TABLE.c.state.in_((AWAITING_HAND, ACCEPTED)), carried)
    query = rows.deliveries().where(TABLE.c.batch_id == batch_id, still_in)
    query = query.order_by(TABLE.c.id).with_for_update()
    return batch, deps.catalogue[batch.platform], rows.load(session, query)


def download_batch(session: Session, deps: Deps, batch_id: str) -> Paper:
    """The filled sheet or the letter. From now on the platform may have the rows."""
    batch, profile, members = open_batch(session, deps, batch_id)
    waiting = [row for row in members if row.state == AWAITING_HAND]
    if not waiting:
        raise Conflict("batch-empty", "本批次已无待报送记录", "记录可能已登记批号，或已被新版本取代。")
    for row in waiting:
        row.possibly_sent = True
    rows.save(session, waiting)
    if batch.state == "open":
        batch.state, batch.downloaded_at = "downloaded", deps.clock.now()
    if batch.kind == "letter":
        batch.number = batch.number or _letter_number(deps, batch)
        due = deps.calendar.add_working_days(deps.clock.today(), profile.withdrawal.reply_working_days)
        batch.reply_due_on = batch.reply_due_on or due.day
        return _letter(profile, batch, waiting[0], _record(session, waiting[0]))
    return _sheet(session, deps, profile, batch, waiting)


def _record(session: Session, row: Row) -> Record:
    return record_from(_payload(session, row))


def _payload(session: Session, row: Row) -> dict[str, Any]:
    return session.get_one(ListingVersion, (row.listing_id, row.sequence)).payload


def _sheet(session: Session, deps: Deps, profile: Profile, batch: Batch, members: list[Row]) -> Paper:
    lines = [list(procurement_sheet.LABELS)]
    for row in members:
        payload = _payload(session, row)
        identities = payload["subject"].get("identity") or ()
        record = open_identities(deps.keyring, record_from(payload), identities)
        content = encode(profile, record, row.operation)
        lines.append(procurement_sheet.sheet_row(content.row, row.operation, row.idempotency_key))
    body = packet.to_xlsx(lines, procurement_sheet.SHEET_NAME)
    return Paper(f"{profile.id}-{batch.id[-8:]}.xlsx", XLSX, body)


def _letter_number(deps: Deps, batch: Batch) -> str:
    return f"信用撤〔{deps.clock.today().year}〕{int(batch.id[-6:], 16)}号"


def _letter(profile: Profile, batch: Batch, row: Row, record: Record) -> Paper:
    reply = batch.reply_due_on.isoformat() if batch.reply_due_on else ""
    text = (
        f"撤销公示信息的函\n{batch.number}\n\n{profile.name}:\n\n"
        f"    贵平台公示的 {record.subject.name} 一条信息（决定书文号：{record.document.number}），"
        f"因{record.reason or '应当撤销'}，请予撤下，并于 {reply} 前函复办理结果。\n\n"
        f"    业务流水号：{row.idempotency_key}\n\n{record.organ.name or record.source.name}\n"
        f"{local_date(record.time).isoformat()}\n"
    )
    return Paper(f"{profile.id}-{batch.id[-8:]}.txt", "text/plain; charset=utf-8", text.encode("utf-8-sig"))


def record_hand(
    session: Session, deps: Deps, batch_id: str, number: str, who: str, screenshot: bytes | None = None
) -> Batch:
    """A person has uploaded the sheet (or sent the letter): the rows are accepted under the batch number."""
    batch, profile, members = open_batch(session, deps, batch_id)
    waiting = [row for row in members if row.state == AWAITING_HAND]
    if batch.state in ("recorded", "closed") or not members:
        raise Conflict("batch-recorded", "本批次已登记", "同一批次只登记一次批号。")
    batch.state, batch.recorded_at, batch.recorded_by = "recorded", deps.clock.now(), who
    batch.number = number if batch.kind == "sheet" else batch.number or number
    if screenshot:
        batch.screenshot = deps.keyring.seal(screenshot, f"push.screenshot.{batch.id}")
    settlement = Settlement(session, profile, deps.clock.system_now(), deps.clock.now())
    for row in waiting:
        settlement.settle(row, Receipt(row.idempotency_key, TAKEN), before=True)
    rows.save(session, waiting)
    listings = lock_listings(session, (row.listing_id for row in waiting))
    announce(session, listings, deps.catalogue, settlement.news, deps.clock.now())
    return batch


def blank_feedback(session: Session, batch_id: str) -> Paper:
    """A sheet for the platform's answer, where it gives none of its own: the batch's rows without results."""
    batch = session.get(Batch, batch_id)
    if batch is None:
        raise NotFound("not-found", "没有这个报送批次")
    lines = [list(feedback_sheet.LABELS)]
    sent = select(Delivery).where(Delivery.batch_id == batch_id).order_by(Delivery.id)
    for row in session.scalars(sent):
        about = [row.subject_name, row.document_number, OPERATION_NAMES[row.operation]]
        lines.append([row.idempotency_key, *about, "", "", ""])
    return Paper(f"feedback-{batch.id[-8:]}.xlsx", XLSX, packet.to_xlsx(lines, "反馈表"))


def import_feedback(session: Session, deps: Deps, batch_id: str, sheet: bytes) -> int:
    """The platform's feedback sheet for a recorded batch; how many rows it settled."""
    batch, profile, members = open_batch(session, deps, batch_id)
    try:
        told = feedback_sheet.read_hand_feedback(sheet)
    except ValueError as error:
        raise _bad_feedback(str(error)) from error
    sent = set(session.scalars(select(Delivery.idempotency_key).where(Delivery.batch_id == batch_id)))
    if not any(row["idempotency_key"] in sent for row in told):
        raise _bad_feedback("反馈表中没有本批记录的业务流水号")
    ours = {row.idempotency_key for row in members}
    receipts = [
        Receipt(
            key=row["idempotency_key"],
            result=RESULTS.get(row["result"], row["result"]),
            receipt_number=row["receipt_number"],
            field=row["field"],
            code=row["code"],
            message=row["message"],
        )
        for row in told
        if row["idempotency_key"] in ours
    ]
    moved = receive_receipts(session, deps, profile, receipts, kind="hand")
    _close_if_done(session, batch)
    return moved


def _bad_feedback(problem: str) -> Invalid:
    pointed = FieldError("/sheet", f"{problem}。")
    return Invalid("bad-feedback", "反馈表无法读取", f"{problem}。", fields=[pointed])


def record_reply(
    session: Session, deps: Deps, batch_id: str, *, result: str, number: str, message: str = ""
) -> int:
    """The platform's reply to a withdrawal letter."""
    batch, profile, members = open_batch(session, deps, batch_id)
    if batch.kind != "letter" or not members:
        raise Conflict("not-a-letter", "该批次不是待复的撤销函", "只有撤销函登记复函。")
    told, code = REPLIES[result]
    receipt = Receipt(members[0].idempotency_key, told, receipt_number=number, code=code, message=message)
    moved = receive_receipts(session, deps, profile, [receipt], kind="hand")
    _close_if_done(session, batch)
    return moved


def _close_if_done(session: Session, batch: Batch) -> None:
    session.flush()
    left = select(Delivery.id).where(
        Delivery.batch_id == batch.id, Delivery.state.in_((AWAITING_HAND, ACCEPTED))
    )
    if session.scalars(left.limit(1)).first() is None:
        batch.state = "closed"
