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
    REJECTED,
    SUPERSEDED,
    record_from,
)
from services.credit_push.formats import Unacceptable, encode, feedback_sheet, packet
from services.credit_push.formats.filled import fill, media_type
from services.credit_push.models import Batch, BatchAct, Delivery, ListingVersion
from services.credit_push.models.hand import DOWNLOADED, FED_BACK, RECORDED, REPLIED, SCREENSHOT_SEEN
from services.credit_push.publishes import announce, lock_listings
from services.credit_push.transports.base import ALREADY_GONE, FILED, REFUSED, TAKEN, Receipt
from services.credit_push.usecases import rows
from services.credit_push.usecases.deps import Deps
from services.credit_push.usecases.encoding import open_identities
from services.credit_push.usecases.letters import PDF, draw_letter, number_letter
from services.credit_push.usecases.receiving import receive_receipts
from services.credit_push.usecases.rows import TABLE, Row
from services.credit_push.usecases.settling import Settlement
from shared.errors import Conflict, FieldError, Invalid, NotFound
from shared.ids import new_id
from shared.sheets import XLSX

RESULTS = {"accepted": FILED, "rejected": REFUSED}
IMAGES = {
    b"\x89PNG": ("image/png", "png"),
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
    b"GIF8": ("image/gif", "gif"),
    b"BM": ("image/bmp", "bmp"),
}
"""By what a file begins with."""
REPLIES = {"accepted": (FILED, ""), "rejected": (REFUSED, "REFUSED"), "absent": (REFUSED, ALREADY_GONE)}
"""What the reply to a withdrawal letter says: taken down, not taken down, there is nothing of the kind."""
REPLY_NAMES = {"accepted": "已撤下", "rejected": "未撤下", "absent": "平台称没有该记录"}
LETTER = "letter"


@dataclass(frozen=True)
class Paper:
    """A file handed to a person."""

    name: str
    media_type: str
    body: bytes


def open_batch(
    session: Session, deps: Deps, batch_id: str, also: tuple[str, ...] = ()
) -> tuple[Batch, Profile, list[Row]]:
    """A batch with the deliveries still in it (or in one of these states too), and those carried perhaps
    before a newer version came.
    """
    batch = session.get(Batch, batch_id)
    if batch is None or batch.platform not in deps.catalogue:
        raise NotFound("not-found", "没有这个报送批次")
    listing_ids = session.scalars(select(Delivery.listing_id).where(Delivery.batch_id == batch_id))
    lock_listings(session, listing_ids)
    carried = and_(TABLE.c.state == SUPERSEDED, TABLE.c.possibly_sent)
    still_in = or_(TABLE.c.state.in_((AWAITING_HAND, ACCEPTED, *also)), carried)
    query = rows.deliveries().where(TABLE.c.batch_id == batch_id, still_in)
    query = query.order_by(TABLE.c.id).with_for_update()
    return batch, deps.catalogue[batch.platform], rows.load(session, query)


def take_paper(deps: Deps, batch_id: str, who: str) -> Paper:
    """The filled sheet or the letter; rows refused here stay refused also where no other is left."""
    with deps.db.write() as session:
        paper = download_batch(session, deps, batch_id, who)
    if paper is None:
        told = "各条记录均不符合平台的填报要求，原因见推送记录；更正后重新推送。"
        raise Conflict("batch-empty", "本批次已无待报送记录", told)
    return paper


def download_batch(session: Session, deps: Deps, batch_id: str, who: str = "") -> Paper | None:
    """From now on the platform may have the rows. None where not one of them fits the platform any more."""
    batch, profile, members = open_batch(session, deps, batch_id)
    waiting = [row for row in members if row.state == AWAITING_HAND]
    sent = batch.kind == LETTER and batch.state in ("recorded", "closed")
    if not waiting and not sent:
        raise Conflict("batch-empty", "本批次已无待报送记录", "记录可能已登记批号，或已被新版本取代。")
    lines = []
    if batch.kind != LETTER:
        lines = _lines(session, deps, profile, waiting)
        waiting = [row for row in waiting if row.state == AWAITING_HAND]
        if not lines:
            _close_if_done(session, batch)
            return None
    for row in waiting:
        row.possibly_sent = True
    rows.save(session, waiting)
    batch.downloaded_at = batch.downloaded_at or deps.clock.now()
    if batch.state == "open":
        batch.state = "downloaded"
    _note(session, deps, batch, DOWNLOADED, who)
    if batch.kind == LETTER:
        carried = session.scalars(select(Delivery).where(Delivery.batch_id == batch.id)).first()
        if carried is None:  # refused and sent again, which makes another letter
            raise Conflict("batch-empty", "该撤销函已另行发出", "请在新的批次中办理。")
        number_letter(session, deps, batch, profile, carried.department_id)
        return Paper(f"{profile.id}-{batch.id[-8:]}.pdf", PDF, draw_letter(session, profile, batch, carried))
    body = fill(profile, batch.layout or profile.record.format, lines)
    name = f"{profile.id}-{batch.id[-8:]}.{profile.template.file}"
    return Paper(name, media_type(profile.template), body)


def _note(session: Session, deps: Deps, batch: Batch, act: str, who: str, detail: str = "") -> None:
    at = deps.clock.now()
    made = BatchAct(
        id=new_id(), batch_id=batch.id, at=at, act=act, who=who[:100], detail=detail[:500] or None
    )
    session.add(made)


def _payload(session: Session, row: Row) -> dict[str, Any]:
    return session.get_one(ListingVersion, (row.listing_id, row.sequence)).payload


def _lines(session: Session, deps: Deps, profile: Profile, waiting: list[Row]) -> list[packet.Line]:
    """What goes on the sheet; a row that stricter rules refuse since it was planned is rejected, and no other
    for its sake.
    """
    settlement = Settlement(session, profile, deps.clock.system_now(), deps.clock.now())
    lines, refused = [], []
    for row in waiting:
        payload = _payload(session, row)
        identities = payload["subject"].get("identity") or ()
        record = open_identities(deps.keyring, record_from(payload), identities)
        key, listing_id = row.idempotency_key, row.listing_id
        try:
            content = encode(profile, record, row.operation)
        except Unacceptable as refusal:
            fault = refusal.faults[0]
            told = Receipt(key, REFUSED, field=fault.field, code=fault.code, message=fault.message)
            settlement.settle(row, told, before=row.possibly_sent)
            refused.append(row)
            continue
        lines.append(packet.Line(key, row.operation, listing_id, row.version, content.row))
    rows.save(session, refused)
    listings = lock_listings(session, (row.listing_id for row in refused))
    announce(session, listings, deps.catalogue, settlement.news, deps.clock.now())
    return lines


def record_hand(
    session: Session, deps: Deps, batch_id: str, number: str, who: str, screenshot: bytes | None = None
) -> Batch:
    """A person has uploaded the sheet (or sent the letter): the rows are accepted under the batch number."""
    batch, profile, members = open_batch(session, deps, batch_id)
    waiting = [row for row in members if row.state == AWAITING_HAND]
    if batch.state in ("recorded", "closed") or not members:
        raise Conflict("batch-recorded", "本批次已登记", "同一批次只登记一次批号。")
    if screenshot and image_of(screenshot) is None:
        pointed = FieldError("/screenshot", "请上传 PNG、JPEG、GIF 或 BMP 图片。")
        raise Invalid("validation-failed", "截图不是图片", fields=[pointed])
    batch.state, batch.recorded_at, batch.recorded_by = "recorded", deps.clock.now(), who
    if batch.kind == LETTER:
        batch.downloaded_at = batch.downloaded_at or batch.recorded_at
        number_letter(session, deps, batch, profile, members[0].department_id)
    else:
        batch.number = number
    if screenshot:
        batch.screenshot = deps.keyring.seal(screenshot, _screenshot_aad(batch))
    _note(session, deps, batch, RECORDED, who, number)
    settlement = Settlement(session, profile, deps.clock.system_now(), deps.clock.now())
    for row in waiting:
        settlement.settle(row, Receipt(row.idempotency_key, TAKEN), before=True)
    rows.save(session, waiting)
    listings = lock_listings(session, (row.listing_id for row in waiting))
    announce(session, listings, deps.catalogue, settlement.news, deps.clock.now())
    return batch


def image_of(body: bytes) -> tuple[str, str] | None:
    """Media type and ending of a picture; None where it is none we know."""
    return next((kind for start, kind in IMAGES.items() if body.startswith(start)), None)


def _screenshot_aad(batch: Batch) -> str:
    return f"push.screenshot.{batch.id}"


def read_screenshot(session: Session, deps: Deps, batch_id: str, who: str, region: str = "") -> Paper:
    """The picture of a hand upload, for who may see every region on it; who looked is written down."""
    batch = session.get(Batch, batch_id)
    regions = session.scalars(select(Delivery.region).where(Delivery.batch_id == batch_id)).all()
    elsewhere = any(not one.startswith(region) for one in regions) or (region and not regions)
    if batch is None or batch.screenshot is None or elsewhere:
        raise NotFound("not-found", "这个批次没有截图")
    body = deps.keyring.unseal(batch.screenshot, _screenshot_aad(batch))
    media, ending = image_of(body) or ("application/octet-stream", "bin")
    _note(session, deps, batch, SCREENSHOT_SEEN, who)
    return Paper(f"{batch.platform}-{batch.id[-8:]}.{ending}", media, body)


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


def import_feedback(session: Session, deps: Deps, batch_id: str, sheet: bytes, who: str = "") -> int:
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
    _note(session, deps, batch, FED_BACK, who, f"{moved} 条")
    _close_if_done(session, batch)
    return moved


def _bad_feedback(problem: str) -> Invalid:
    pointed = FieldError("/sheet", f"{problem}。")
    return Invalid("bad-feedback", "反馈表无法读取", f"{problem}。", fields=[pointed])


def record_reply(
    session: Session,
    deps: Deps,
    batch_id: str,
    *,
    result: str,
    number: str,
    message: str = "",
    who: str = "",
) -> int:
    """The platform's reply to a withdrawal letter. One that did not take it down may yet say that it has."""
    told, code = REPLIES[result]
    also = () if result == "rejected" else (REJECTED,)
    batch, profile, members = open_batch(session, deps, batch_id, also)
    if batch.kind != LETTER or not members:
        raise Conflict("not-a-letter", "该批次不是待复的撤销函", "只有撤销函登记复函。")
    for row in members:
        if row.state == REJECTED:  # as it was before that reply
            row.state, row.settled_at = ACCEPTED, None
    rows.save(session, members)
    batch.replied_at, batch.reply = deps.clock.now(), f"{REPLY_NAMES[result]} {number} {message}".strip()
    _note(session, deps, batch, REPLIED, who, batch.reply)
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
