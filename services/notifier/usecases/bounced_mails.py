"""Bounces of mails that are no department's messages: a watcher's mail, and the announcement of a letter."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from services.notifier.models import PartyNotice, Watch, WatchMail
from services.notifier.publishes import LetterNews, publish_letter
from shared.crypto import KeyRing
from shared.delivery import ACCEPTED, DEAD, SENDING, WAITING

REASON = "退信（{}）"


class TooEarly(Exception):
    """The mail bounced before it was recorded that a server took it: look again."""


def bounce_watch(
    session: Session, keyring: KeyRing, mail_id: str, recipient: str, status: str, at: datetime, *, ends: bool
) -> bool:
    """The mail did not arrive; `ends` if its address does not exist: then nobody is watching any more."""
    mail = session.get(WatchMail, mail_id)
    watch = session.get(Watch, mail.watch_id, with_for_update=True) if mail else None
    if mail is None or watch is None:
        return False
    address = keyring.unseal(watch.sealed_address, Watch.aad(watch.id)).decode()
    if address.lower() != recipient.lower():
        return False
    if ends:
        session.execute(delete(WatchMail).where(WatchMail.watch_id == watch.id))
        session.execute(delete(Watch).where(Watch.id == watch.id))
    elif mail.state == ACCEPTED:
        mail.state, mail.reason, mail.settled_at = DEAD, REASON.format(status), at
    return True


def bounce_letter(session: Session, notice_id: str, status: str, at: datetime) -> bool:
    """The announcement did not arrive, and the case hears of it after all.

    Its address is forgotten by now, so it cannot be compared; nobody but the party was told the number.
    """
    notice = session.get(PartyNotice, notice_id, with_for_update=True)
    if notice is None or notice.channel != "email":
        return False
    if notice.state in (WAITING, SENDING):
        raise TooEarly
    if notice.state != ACCEPTED:
        return True
    reason = REASON.format(status)
    notice.state, notice.reason, notice.settled_at = DEAD, reason, at
    about = (notice.id, notice.case_id, notice.letter_id, notice.channel)
    publish_letter(
        session, LetterNews(*about, sent=False, provider_id=None, reason=reason, at=at, sequence=2)
    )
    return True
