"""送达通知: a letter is announced to its party by mail or text message, and what came of it goes back.

The announcement names organ, letter and number, never the party or what the letter says; the letter itself
is given out by the blacklist service to whoever has the code.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from sqlalchemy import Table, update
from sqlalchemy.orm import Session

from services.notifier.channels import Message, Sent, Target
from services.notifier.domain import PARTY_LETTER
from services.notifier.models import PartyNotice
from services.notifier.publishes import LetterNews, publish_letter
from services.notifier.queries.texts import texts_in_force
from services.notifier.templates import Text, render, sms_kind
from services.notifier.usecases.mail_proofs import mail_proof
from services.notifier.usecases.mailing import Letter, Mailing, Post
from shared.clock import local_date
from shared.crypto import KeyRing
from shared.db import dialect_of, upsert, wake
from shared.delivery import DEAD, WAITING
from shared.errors import DeliveryError
from shared.written import cover_identities

WAKE_CHANNEL = "party_notices"
PATH = "/letters/receive"
NO_CHANNEL = "本站未配置该通知方式"
FOOTER = "本邮件由系统自动发送，请勿回复。"
NOTICES = cast("Table", PartyNotice.__table__)


@dataclass(frozen=True)
class PartyOrder:
    """What the blacklist service asks for."""

    sending_id: str
    channel: str
    department_id: str
    case_id: str
    letter_id: str
    title: str
    number: str
    organ: str
    sealed: str


def take_orders(
    session: Session, orders: Sequence[PartyOrder], *, channels: Collection[str], at: datetime
) -> None:
    """Note them to be sent; where the channel is not configured, say so at once."""
    for order in orders:
        able = order.channel in channels
        row = {
            "id": order.sending_id,
            "channel": order.channel,
            "department_id": order.department_id,
            "case_id": order.case_id,
            "letter_id": order.letter_id,
            "facts": {
                "organ_name": cover_identities(order.organ),
                "letter_title": cover_identities(order.title),
                "letter_number": cover_identities(order.number),
            },
            "sealed": order.sealed if able else None,
            "state": WAITING if able else DEAD,
            "attempts_count": 0,
            "next_attempt_at": at if able else None,
            "lease_token": 0,
            "reason": None if able else NO_CHANNEL,
            "created_at": at,
            "settled_at": None if able else at,
        }
        add = upsert(dialect_of(session))(PartyNotice.__table__).on_conflict_do_nothing()
        made = session.execute(add.returning(NOTICES.c.id), [row]).scalar()
        if made and not able:
            publish_letter(
                session, _news(order.sending_id, order.case_id, order.letter_id, order.channel, at)
            )
    if orders:
        wake(session, WAKE_CHANNEL)


def _news(
    sending_id: str,
    case_id: str,
    letter_id: str,
    channel: str,
    at: datetime,
    answer: Sent | DeliveryError | None = None,
) -> LetterNews:
    sent = isinstance(answer, Sent)
    reason = answer.reason[:300] if isinstance(answer, DeliveryError) else None if sent else NO_CHANNEL
    provider_id = answer.provider_id if isinstance(answer, Sent) else None
    return LetterNews(sending_id, case_id, letter_id, channel, sent, provider_id, reason, at)


def _letter(session: Session, parts: Mailing, notice_id: str, now: datetime) -> Letter | None:
    notice = session.get_one(PartyNotice, notice_id)
    if notice.sealed is None:
        return None
    opened = json.loads(parts.keyring.unseal(notice.sealed, PartyNotice.aad(notice.id)))
    own = texts_in_force(session, local_date(now))
    message = _message(notice, opened["code"], own)
    if notice.channel == "email":
        message = replace(message, proof=mail_proof(parts.keyring, notice.id))
    else:
        message = replace(message, kind=sms_kind(PARTY_LETTER, own))
    return Letter(
        notice.id, notice.attempts_count + 1, message, party_target(parts.keyring, opened["contact"])
    )


def party_target(keyring: KeyRing, contact: str) -> Target:
    """The same for every letter to one address; what one number may get is counted by the number."""
    index = keyring.blind_index(contact)
    return Target(f"party:{index}", contact, counted_as=index)


def _message(notice: PartyNotice, code: str, own: Mapping[str, Text]) -> Message:
    """By text message only the code goes as the number; a mail leads to the page."""
    text = render(PARTY_LETTER, notice.facts, own)
    return Message(
        id=code if notice.channel == "sms" else notice.id,
        notice_id=notice.id,
        event_type=PARTY_LETTER,
        severity="notice",
        title=text.title,
        body=text.body,
        link=f"{PATH}/{code}",
        subject_id=notice.case_id,
        case_id=notice.case_id,
        listing_id=None,
        document_number=notice.facts.get("letter_number", ""),
        department_id=notice.department_id,
        department_name=notice.facts.get("organ_name", ""),
        occurred_at=notice.created_at,
        created_at=notice.created_at,
        footer=FOOTER,
    )


def _told(session: Session, notice_id: str, answer: Sent | DeliveryError, at: datetime) -> None:
    """Back to the case; the address is not needed any more."""
    notice = session.get_one(PartyNotice, notice_id)
    session.execute(update(PartyNotice).where(PartyNotice.id == notice_id).values(sealed=None))
    publish_letter(session, _news(notice.id, notice.case_id, notice.letter_id, notice.channel, at, answer))


def party_post(channel: str) -> Post:
    """The announcements over one channel."""
    return Post(
        f"party-{channel}", NOTICES, WAKE_CHANNEL, _letter, told=_told, where=NOTICES.c.channel == channel
    )
