"""Bounces of mails that are no department's messages: a watcher's mail, and the announcement of a letter."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from services.notifier.domain import STALE, TAKEN
from services.notifier.models import PartyNotice, Watch, WatchMail
from services.notifier.publishes import LetterNews, publish_letter
from services.notifier.usecases.watching import LASTS
from shared.crypto import KeyRing
from shared.delivery import ACCEPTED, DEAD, SENDING, WAITING

REASON = "退信（{}）"
STALE_AFTER = timedelta(days=14)
"""A server gives up after four or five days (RFC 5321, 4.5.4.1); later reports were kept back by somebody."""


class TooEarly(Exception):
    """The mail bounced before it was recorded that a server took it: look again."""


def bounce_watch(
    session: Session, keyring: KeyRing, mail_id: str, recipient: str, status: str, at: datetime, *, ends: bool
) -> str | None:
    """The mail did not arrive; `ends` if its address does not exist: then nobody is watching any more.

    Not if somebody has opened a link mailed there since: the address exists.
    """
    mail = session.get(WatchMail, mail_id)
    watch = session.get(Watch, mail.watch_id, with_for_update=True) if mail else None
    if mail is None or watch is None:
        return None
    address = keyring.unseal(watch.sealed_address, Watch.aad(watch.id)).decode()
    if address.lower() != recipient.lower():
        return None
    if mail.state in (WAITING, SENDING):
        raise TooEarly
    sent_at = mail.settled_at or mail.created_at
    answered_at = watch.expires_at - LASTS if watch.confirmed_at else None
    if at - sent_at > STALE_AFTER or (answered_at is not None and sent_at < answered_at):
        return STALE
    if ends:
        session.execute(delete(WatchMail).where(WatchMail.watch_id == watch.id))
        session.execute(delete(Watch).where(Watch.id == watch.id))
    elif mail.state == ACCEPTED:
        mail.state, mail.reason, mail.settled_at = DEAD, REASON.format(status), at
    return TAKEN


def bounce_letter(session: Session, notice_id: str, status: str, at: datetime) -> str | None:
    """The announcement did not arrive, and the case hears of it after all.

    Its address is forgotten by now, so it cannot be compared; nobody but the party was told the number.
    """
    notice = session.get(PartyNotice, notice_id, with_for_update=True)
    if notice is None or notice.channel != "email":
        return None
    if notice.state in (WAITING, SENDING):
        raise TooEarly
    if notice.state != ACCEPTED:
        return TAKEN
    if notice.settled_at is not None and at - notice.settled_at > STALE_AFTER:
        return STALE
    reason = REASON.format(status)
    notice.state, notice.reason, notice.settled_at = DEAD, reason, at
    about = (notice.id, notice.case_id, notice.letter_id, notice.channel)
    publish_letter(
        session, LetterNews(*about, sent=False, provider_id=None, reason=reason, at=at, sequence=2)
    )
    return TAKEN
