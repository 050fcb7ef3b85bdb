"""One sender for mails that are no department's messages: what is due in a table goes out and is recorded.

Between claim and record no transaction is open; after a crash the same mail goes out under the same id.
"""

from collections.abc import Callable, Sequence
from concurrent import futures
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from services.notifier.channels import Channel, Message, Postponed, Sent, Target
from shared.clock import Clock
from shared.crypto import KeyRing
from shared.db import Database, Wakeup
from shared.delivery import ACCEPTED, DEAD, SUPERSEDED, WAITING, Backoff, claim_due, extend, settle
from shared.errors import DeliveryError
from shared.logs import get_log

UNWRITABLE = "无法生成消息内容（{}）"
log = get_log(__name__)


@dataclass(frozen=True)
class Mailing:
    """What a sender works with; `origin` is the site's address, `prefix` where our pages are on it."""

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


Write = Callable[[Session, Mailing, str, datetime], Letter | None]
"""The mail of a row as of now; None where it is not to be sent any more."""
Told = Callable[[Session, str, Sent | DeliveryError, datetime], None]
"""What else to do once a mail was taken, or given up."""


@dataclass(frozen=True)
class Post:
    """A table of mails: with the columns of shared.delivery, `attempts_count`, `reason` and `settled_at`."""

    name: str
    table: Table
    wake: str
    write: Write
    told: Told | None = None
    where: ColumnElement[bool] | None = None


class Mailer:
    """Loop: claims due mails, sends them side by side, records what came of each."""

    def __init__(self, parts: Mailing, post: Post) -> None:
        self.name = post.name
        self._parts, self._post = parts, post
        self._holder = f"{parts.holder}:{self.name}"
        self._backoff = Backoff(tuple(parts.channel.retries))
        self._pool = futures.ThreadPoolExecutor(parts.channel.concurrency, thread_name_prefix=self.name)
        self._wakeup = Wakeup(parts.db, post.wake)

    def step(self) -> bool:
        letters = self._claim()
        if not letters:
            return False
        sends = [self._pool.submit(self._send, letter) for letter in letters]
        while futures.wait(sends, timeout=self._parts.lease_seconds / 3).not_done:
            self._keep(letters)
        answers = [send.result() for send in sends]
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
        parts, post, now = self._parts, self._post, self._parts.clock.system_now()
        limit = parts.channel.concurrency
        with parts.db.write() as session:
            ids = claim_due(
                session, post.table, now, self._holder, limit, parts.lease_seconds, where=post.where
            )
            letters = [self._written(session, row_id, now) for row_id in ids]
        return [letter for letter in letters if letter is not None]

    def _written(self, session: Session, row_id: str, now: datetime) -> Letter | None:
        """One that is not to be sent, or cannot be written, is settled: it must not hold up the others."""
        post, ended = self._post, {"next_attempt_at": None, "settled_at": now}
        try:
            letter = post.write(session, self._parts, row_id, now)
        except DBAPIError:
            raise
        except Exception as error:  # noqa: BLE001  whatever is wrong with it, the mail must be accounted for
            log.warning("mail cannot be written", post=self.name, mail_id=row_id, error=type(error).__name__)
            failure = DeliveryError(UNWRITABLE.format(type(error).__name__), permanent=True)
            values = {**ended, "reason": failure.reason}
            if settle(session, post.table, row_id, self._holder, DEAD, values) and post.told is not None:
                post.told(session, row_id, failure, now)
            return None
        if letter is None:
            settle(session, post.table, row_id, self._holder, SUPERSEDED, ended)
        return letter

    def _keep(self, letters: Sequence[Letter]) -> None:
        """Prolong our leases: several providers asked in turn may take longer than one lease."""
        until = self._parts.clock.system_now() + timedelta(seconds=self._parts.lease_seconds)
        try:
            with self._parts.db.write() as session:
                extend(session, self._post.table, [each.mail_id for each in letters], self._holder, until)
        except DBAPIError as error:  # what is on its way is not given up for it
            log.warning("leases not prolonged", post=self.name, error=type(error).__name__)

    def _send(self, letter: Letter) -> Sent | DeliveryError:
        try:
            return self._parts.channel.send(letter.message, letter.target)
        except DeliveryError as error:
            return error
        except Exception as error:  # noqa: BLE001  whatever happens, the mail must be accounted for
            return DeliveryError(f"渠道内部错误（{type(error).__name__}）")

    def _record(self, session: Session, letter: Letter, answer: Sent | DeliveryError, now: datetime) -> None:
        state, values = self._verdict(letter, answer, now)
        ours = settle(session, self._post.table, letter.mail_id, self._holder, state, values)
        if ours and state != WAITING and self._post.told is not None:
            self._post.told(session, letter.mail_id, answer, now)
        log.info("mail", post=self.name, mail_id=letter.mail_id, state=state)

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
