"""电子送达: a stamped letter is announced to the party by mail or text message, with a code of its own.

The address goes sealed to the notifier and is not kept here. What the notifier says of the sending is the
evidence; the service itself is the party's own act of signing for the letter, recorded as any service is.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.audit.domain import without_identities
from services.blacklist.cases.domain.serving import SERVED
from services.blacklist.cases.models import Case
from services.blacklist.cases.queries import find_case
from services.blacklist.letters.models import Letter, LetterCopy, LetterSending, LetterService
from services.blacklist.letters.publishes import publish_sending, sealing_place
from services.blacklist.letters.queries.finding import counted_from
from services.blacklist.letters.usecases.copies import SCAN, letter_to_act_on
from services.blacklist.letters.usecases.issuing import new_code
from services.blacklist.letters.usecases.keeping import fetch
from services.blacklist.letters.usecases.serving import record_service, served_together
from services.blacklist.store import Deps
from shared.clock import SHANGHAI, local_date
from shared.errors import Conflict, DomainError, FieldError, Invalid, NotFound, describe_errors
from shared.ids import new_id
from shared.web.access import Principal

EMAIL, SMS = "email", "sms"
CHANNELS = {EMAIL: "电子邮件", SMS: "短信"}
SHAPES = {
    EMAIL: r"[A-Za-z0-9_.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,180}[A-Za-z0-9])?",
    SMS: r"1[3-9]\d{9}",
}
WAITING, SENT, FAILED, SIGNED = "waiting", "sent", "failed", "signed"
STATES = {WAITING: "正在发送", SENT: "已发出，尚未签收", FAILED: "未能发出", SIGNED: "当事人已签收"}
MOST = 5
OPEN_FOR, SHOWN_FOR = timedelta(days=30), timedelta(days=90)

describe_errors(
    {
        "letter-not-stamped": "文书尚未盖章。请先上传盖章件或者加盖电子签章，再电子送达。",
        "letter-sendings-full": "一份文书最多电子送达五次。请改用其他送达方式。",
        "letter-sending-unknown": "没有这个签收码对应的文书，或者已过签收期限。请核对，或者与制发机关联系。",
    }
)


@dataclass(frozen=True)
class SendingWish:
    """Where to, and the party's consent: 《送达地址确认书》 or the like."""

    channel: str
    contact: str
    consent: str


def send_letter(
    session: Session, deps: Deps, letter_id: str, wish: SendingWish, *, actor: Principal, at: datetime
) -> LetterSending:
    """Order the announcement of a stamped letter; a decision goes with its repair notice."""
    _check(wish)
    letter = letter_to_act_on(session, letter_id, actor)
    case = find_case(session, str(letter.case_id), actor)
    for each in served_together(session, case, letter):
        if _stamped(session, each) is None:
            raise Conflict("letter-not-stamped", "文书尚未盖章", f"请先为{each.title}{each.number}盖章。")
    held = session.scalars(select(LetterSending.id).where(LetterSending.letter_id == letter.id)).all()
    if len(held) >= MOST:
        raise Conflict("letter-sendings-full", "电子送达次数已达上限", "请改用其他送达方式。")
    code = new_code()
    row = LetterSending(
        id=new_id(),
        letter_id=letter.id,
        channel=wish.channel,
        contact=_masked(wish),
        consent=without_identities(wish.consent),
        code_digest=_digest(code),
        state=WAITING,
        requested_by=actor.user_id,
        requester_name=actor.display_name,
        requested_at=at,
    )
    session.add(row)
    session.flush()
    sealed = deps.keyring.seal(json.dumps({"contact": wish.contact, "code": code}), sealing_place(row.id))
    publish_sending(session, row, letter, case, sealed, at)
    _note(session, "letter.send", letter, row, actor, at)
    return row


def _check(wish: SendingWish) -> None:
    if not re.fullmatch(SHAPES[wish.channel], wish.contact):
        asked = "应为电子邮箱地址。" if wish.channel == EMAIL else "应为11位境内手机号码。"
        raise Invalid("validation-failed", "提交的内容有误", fields=[FieldError("/contact", asked)])


def _masked(wish: SendingWish) -> str:
    if wish.channel == SMS:
        return f"{wish.contact[:3]}****{wish.contact[-4:]}"
    name, _, host = wish.contact.partition("@")
    return f"{name[:1]}***@{host}"


def _digest(code: str) -> str:
    return hashlib.sha256(code.strip().upper().encode()).hexdigest()


def _stamped(session: Session, letter: Letter) -> LetterCopy | None:
    """The copy the party gets: the scan of the stamped paper before the electronic seal."""
    wanted = select(LetterCopy).where(LetterCopy.letter_id == letter.id).order_by(LetterCopy.id.desc())
    copies = session.scalars(wanted).all()
    return next((copy for copy in copies if copy.kind == SCAN), copies[0] if copies else None)


def find_sending(session: Session, code: str, now: datetime) -> tuple[LetterSending, list[Letter]]:
    """What a code is for: the letters served together. NotFound for a wrong code and for one out of date."""
    row = session.scalars(select(LetterSending).where(LetterSending.code_digest == _digest(code))).first()
    until = None if row is None else row.requested_at + OPEN_FOR
    if row is not None and row.signed_at is not None:
        until = row.signed_at + SHOWN_FOR
    if row is None or until is None or until < now:
        raise NotFound("letter-sending-unknown", "签收码无效", "请核对签收码，或者与制发机关联系。")
    letter = session.get_one(Letter, row.letter_id)
    return row, served_together(session, session.get_one(Case, str(letter.case_id)), letter)


def sign_for(session: Session, deps: Deps, code: str, *, at: datetime) -> LetterSending:
    """The party signs for the letter; where it was not served yet, that is its service. Twice is once."""
    row, letters = find_sending(session, code, at)
    session.refresh(row, with_for_update=True)
    if row.signed_at is not None:
        return row
    row.state, row.signed_at = SIGNED, at
    session.flush()
    if not _is_served(session, letters[0]):
        row.problem = _record(session, deps, row, letters[0], at)
    return row


def _is_served(session: Session, letter: Letter) -> bool:
    if counted_from(session.get_one(Case, str(letter.case_id)), letter.kind) is not None:
        return True
    wanted = select(LetterService.id).where(
        LetterService.letter_id == letter.id, LetterService.outcome == SERVED
    )
    return session.scalars(wanted.limit(1)).first() is not None


def _record(session: Session, deps: Deps, row: LetterSending, letter: Letter, at: datetime) -> str | None:
    """The service by the officer who ordered it; where the case refuses, an officer sees why."""
    moment = at.astimezone(SHANGHAI)
    told = f"当事人于{moment:%Y-%m-%d %H:%M}凭{CHANNELS[row.channel]}中的签收码签收；{row.consent}"
    given = {
        "method": "electronic",
        "served_on": local_date(at),
        "outcome": SERVED,
        "recipient": row.contact[:100],  # masked, and longer than the record's column where the mail host is
        "note": told,
    }
    try:
        with session.begin_nested():
            record_service(session, deps, letter.id, given, None, actor=_orderer(session, row, letter), at=at)
    except DomainError as error:
        return f"{error.title}。{error.detail}"[:300]
    return None


def _orderer(session: Session, row: LetterSending, letter: Letter) -> Principal:
    """Whoever ordered it, for the department whose case it is by now; they may have left meanwhile."""
    case = session.get_one(Case, str(letter.case_id))
    return Principal(
        user_id=row.requested_by,
        username="",
        display_name=row.requester_name,
        department_id=case.department_id,
        department_name=case.department_name,
        region=case.region,
        roles=frozenset({"clerk"}),
    )


def open_received(
    session: Session, deps: Deps, code: str, letter_id: str, now: datetime
) -> tuple[Letter, str, bytes]:
    """A letter the party has signed for, as stamped: with its media type."""
    row, letters = find_sending(session, code, now)
    letter = next((each for each in letters if each.id == letter_id), None)
    copy = _stamped(session, letter) if letter is not None and row.signed_at is not None else None
    if letter is None or copy is None:
        raise NotFound("letter-sending-unknown", "签收码无效", "请先签收文书。")
    if copy.kind == SCAN:
        return letter, copy.media_type, fetch(deps, "copy", copy.id, copy.sha256)
    return letter, "application/pdf", fetch(deps, "letter", letter.id, letter.sha256)


@dataclass(frozen=True)
class SendingNews:
    """What the notifier says of a sending."""

    sending_id: str
    sent: bool
    provider_id: str | None
    reason: str | None
    at: datetime


def record_sendings(session: Session, news: Sequence[SendingNews]) -> None:
    """Sent or not, once, unless the mail came back; what the party has signed for stays signed for."""
    for each in news:
        row = session.get(LetterSending, each.sending_id, with_for_update=True)
        if row is None:
            continue
        came_back = row.state == SENT and not each.sent
        if row.settled_at is not None and not came_back:
            continue
        row.settled_at, row.reason = each.at, each.reason
        row.provider_id = each.provider_id or row.provider_id
        if row.state in (WAITING, SENT):
            row.state = SENT if each.sent else FAILED


def _note(
    session: Session, action: str, letter: Letter, row: LetterSending, actor: Principal, at: datetime
) -> None:
    detail = {"letter": letter.id, "number": letter.number, "channel": row.channel, "sending": row.id}
    audit.record(
        session, actor=actor, action=action, object_type="case", object_id=str(letter.case_id),
        detail=detail, at=at,
    )  # fmt: skip
