"""The loops of the watches: one sends the mails that are due, one ends what is over.

Between claim and record no transaction is open; after a crash the same mail goes out under the same id. No
event is published about these mails: who watches whom is nobody's business.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.orm import Session

from services.notifier.channels import Channel, Message, Postponed, Sent, Target
from services.notifier.domain import WATCH_CONFIRM, WATCH_LISTED
from services.notifier.models import Watch, WatchMail
from services.notifier.templates import render
from services.notifier.usecases.watch_links import CONFIRM, MANAGE, make_link
from services.notifier.usecases.watching import CONFIRM_WITHIN, LASTS, WAKE_CHANNEL, keep_watches
from shared.clock import Clock
from shared.crash import crash_point
from shared.crypto import KeyRing
from shared.db import Database, Wakeup
from shared.delivery import ACCEPTED, DEAD, SUPERSEDED, WAITING, Backoff, claim_due, settle
from shared.errors import DeliveryError
from shared.logs import get_log

MAILS = cast("Table", WatchMail.__table__)
KEEP_EVERY = timedelta(minutes=5)
UNCONFIRMED_FOOTER = "本邮件由系统自动发送，请勿回复。"
log = get_log(__name__)


@dataclass(frozen=True)
class Mailing:
    """What the loops work with; `origin` is the site's address, `prefix` where our pages are on it."""

    db: Database
    clock: Clock
    keyring: KeyRing
    channel: Channel
    origin: str
    prefix: str
    holder: str
    lease_seconds: float


@dataclass(frozen=True)
class Letter:
    """One mail in our hands."""

    mail_id: str
    attempt: int
    message: Message
    target: Target


class WatchMailer:
    """Loop: claims due mails, sends them side by side, records what came of each."""

    name = "watch-mailer"

    def __init__(self, parts: Mailing) -> None:
        self._parts = parts
        self._holder = f"{parts.holder}:{self.name}"
        self._backoff = Backoff(tuple(parts.channel.retries))
        self._pool = ThreadPoolExecutor(parts.channel.concurrency, thread_name_prefix=self.name)
        self._wakeup = Wakeup(parts.db, WAKE_CHANNEL)

    def step(self) -> bool:
        letters = self._claim()
        if not letters:
            return False
        crash_point("watches.after_claim")
        answers = list(self._pool.map(self._send, letters))
        crash_point("watches.after_send")
        now = self._parts.clock.system_now()
        with self._parts.db.write() as session:
            for letter, answer in zip(letters, answers, strict=True):
                self._record(session, letter, answer, now)
        return True

    def wait(self, timeout: float) -> bool:
        return self._wakeup.wait(timeout)

    def close(self) -> None:
        self._pool.shutdown()
        self._wakeup.close()

    def _claim(self) -> Sequence[Letter]:
        parts, now = self._parts, self._parts.clock.system_now()
        limit = parts.channel.concurrency
        with parts.db.write() as session:
            ids = claim_due(session, MAILS, now, self._holder, limit, parts.lease_seconds)
            letters = [_letter(session, parts, row_id, now) for row_id in ids]
            for row_id, letter in zip(ids, letters, strict=True):
                if letter is None:
                    values = {"next_attempt_at": None, "settled_at": now}
                    settle(session, MAILS, row_id, self._holder, SUPERSEDED, values)
        return [letter for letter in letters if letter is not None]

    def _send(self, letter: Letter) -> Sent | DeliveryError:
        try:
            return self._parts.channel.send(letter.message, letter.target)
        except DeliveryError as error:
            return error
        except Exception as error:  # noqa: BLE001  whatever happens, the mail must be accounted for
            return DeliveryError(f"渠道内部错误（{type(error).__name__}）")

    def _record(self, session: Session, letter: Letter, answer: Sent | DeliveryError, now: datetime) -> None:
        state, values = self._verdict(letter, answer, now)
        settle(session, MAILS, letter.mail_id, self._holder, state, values)
        log.info("watch mail", mail_id=letter.mail_id, state=state)

    def _verdict(
        self, letter: Letter, answer: Sent | DeliveryError, now: datetime
    ) -> tuple[str, dict[str, Any]]:
        if isinstance(answer, Sent):
            return ACCEPTED, _values(letter.attempt, None, None, now)
        reason = answer.reason[:300]
        if isinstance(answer, Postponed):
            return WAITING, _values(letter.attempt - 1, now + timedelta(seconds=answer.wait), reason, None)
        retry_at = self._backoff.next_at(letter.attempt, now, answer.retry_after)
        if answer.permanent or retry_at is None:
            return DEAD, _values(letter.attempt, None, reason, now)
        return WAITING, _values(letter.attempt, retry_at, reason, None)


def _values(
    attempts: int, next_at: datetime | None, reason: str | None, settled_at: datetime | None
) -> dict[str, Any]:
    return {
        "attempts_count": attempts,
        "next_attempt_at": next_at,
        "reason": reason,
        "settled_at": settled_at,
    }


def _letter(session: Session, parts: Mailing, mail_id: str, now: datetime) -> Letter | None:
    """The mail as of now; None where the watch is over, or unconfirmed and this is no request to confirm."""
    mail = session.get_one(WatchMail, mail_id)
    watch = session.get_one(Watch, mail.watch_id)
    if watch.expires_at <= now or (watch.confirmed_at is None) != (mail.kind == WATCH_CONFIRM):
        return None
    address = parts.keyring.unseal(watch.sealed_address, Watch.aad(watch.id)).decode()
    target = Target(f"watch:{watch.id}", address)
    return Letter(mail.id, mail.attempts_count + 1, _message(parts, mail, watch), target)


def _message(parts: Mailing, mail: WatchMail, watch: Watch) -> Message:
    text = render(mail.kind, mail.facts)
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


class WatchKeeper:
    """Loop: ends watches nobody confirmed or renewed, and asks in time who wants another year."""

    name = "watch-keeper"

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._next = clock.system_now()

    def step(self) -> bool:
        now = self._clock.system_now()
        if now < self._next:
            return False
        with self._db.write() as session:
            moved = keep_watches(session, at=now)
        if not moved:
            self._next = now + KEEP_EVERY
        return moved > 0
