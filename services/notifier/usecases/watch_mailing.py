"""The mails to watchers, and the loop that ends what is over.

No event is published about these mails: who watches whom is nobody's business.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from services.notifier.channels import Message, Target
from services.notifier.domain import WATCH_CONFIRM, WATCH_LISTED
from services.notifier.models import Watch, WatchMail
from services.notifier.queries.texts import texts_in_force
from services.notifier.templates import Text, render
from services.notifier.usecases.mail_proofs import mail_proof
from services.notifier.usecases.mailing import Letter, Mailing, Post
from services.notifier.usecases.watch_links import CONFIRM, MANAGE, make_link
from services.notifier.usecases.watching import CONFIRM_WITHIN, LASTS, WAKE_CHANNEL, keep_watches
from shared.clock import Clock, local_date
from shared.db import Database
from shared.loops import Periodic

KEEP_EVERY = timedelta(minutes=5)
UNCONFIRMED_FOOTER = "本邮件由系统自动发送，请勿回复。"


def _letter(session: Session, parts: Mailing, mail_id: str, now: datetime) -> Letter | None:
    """The mail as of now; None where the watch is over, or unconfirmed and this is no request to confirm."""
    mail = session.get_one(WatchMail, mail_id)
    watch = session.get_one(Watch, mail.watch_id)
    if watch.expires_at <= now or (watch.confirmed_at is None) != (mail.kind == WATCH_CONFIRM):
        return None
    address = parts.keyring.unseal(watch.sealed_address, Watch.aad(watch.id)).decode()
    target = Target(f"watch:{watch.id}", address)
    return Letter(
        mail.id,
        mail.attempts_count + 1,
        _message(parts, mail, watch, texts_in_force(session, local_date(now))),
        target,
    )


WATCH_POST = Post("watch-mailer", cast("Table", WatchMail.__table__), WAKE_CHANNEL, _letter)


def _message(parts: Mailing, mail: WatchMail, watch: Watch, own: Mapping[str, Text]) -> Message:
    text = render(mail.kind, mail.facts, own)
    link, unsubscribe, footer = _links(parts, mail, watch)
    return Message(
        id=mail.id,
        notice_id=mail.id,
        event_type=mail.kind,
        severity="notice",
        title=text.title,
        body=text.body,
        link=link,
        subject_id=watch.uscc,
        case_id=None,
        listing_id=mail.listing_id,
        document_number="",
        department_id="",
        department_name="",
        occurred_at=mail.created_at,
        created_at=mail.created_at,
        unsubscribe=unsubscribe,
        footer=footer,
        proof=mail_proof(parts.keyring, mail.id),
    )


def _links(parts: Mailing, mail: WatchMail, watch: Watch) -> tuple[str, str, str]:
    """Where the mail leads, where one click ends the watch, and the words about that at its foot."""
    if mail.kind == WATCH_CONFIRM:
        confirm = make_link(parts.keyring, CONFIRM, watch.id, mail.created_at + CONFIRM_WITHIN)
        return f"{parts.prefix}/watches/confirmations/{confirm}", "", UNCONFIRMED_FOOTER
    manage = f"{parts.prefix}/watches/{make_link(parts.keyring, MANAGE, watch.id, mail.created_at + LASTS)}"
    footer = f"本邮件由系统自动发送，请勿回复。续期或者停止提醒：{parts.origin}{manage}"
    shown = f"/listings/{mail.listing_id}" if mail.kind == WATCH_LISTED else manage
    return shown, f"{parts.origin}{manage}/removal", footer


def watch_keeper(db: Database, clock: Clock) -> Periodic:
    """Loop: ends watches nobody confirmed or renewed, and asks in time who wants another year."""

    def keep(now: datetime) -> bool:
        with db.write() as session:
            return keep_watches(session, at=now) > 0

    return Periodic("watch-keeper", clock, KEEP_EVERY, keep)
