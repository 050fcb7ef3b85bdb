"""Marks on mail addresses that bounced for good: they go after a week, or by whoever knows better."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from services.notifier.models import DepartmentCopy, FailingAddress, UserCopy
from shared.db import dialect_of, upsert

MARK_LASTS = timedelta(days=7)
"""A server may err, and a mailbox may be opened again: then mail is tried anew, and may bounce anew."""


def set_mark(
    session: Session, address: str, dispatch_id: str, status: str, *, sent_at: datetime, at: datetime
) -> bool:
    """True if the address bore none that still counts, and the mail is newer than what is known of it."""
    news = {"dispatch_id": dispatch_id, "status": status, "since": at, "lifted_at": None}
    add = upsert(dialect_of(session))(FailingAddress.__table__)
    add = add.values(digest=FailingAddress.digest_of(address), **news)
    lifted = FailingAddress.lifted_at
    over = or_(FailingAddress.since <= at - MARK_LASTS, lifted.is_not(None))
    # A lift later than now was dated by a business clock that runs ahead, and says nothing of the mail.
    newer = and_(FailingAddress.since <= sent_at, or_(lifted.is_(None), lifted <= sent_at, lifted > at))
    again = add.on_conflict_do_update(index_elements=["digest"], set_=news, where=and_(over, newer))
    return session.execute(again.returning(FailingAddress.digest)).first() is not None


def marks_on(session: Session, digests: Collection[str], at: datetime) -> Mapping[str, str]:
    """The marks that count, with the status the bounce gave."""
    counts = (FailingAddress.since > at - MARK_LASTS, FailingAddress.lifted_at.is_(None))
    query = select(FailingAddress).where(FailingAddress.digest.in_(digests), *counts)
    return {row.digest: row.status for row in session.scalars(query)}


def lift_marks(session: Session, addresses: Iterable[str | None], at: datetime) -> None:
    """Somebody answers for these addresses: they are mailed to again."""
    digests = {FailingAddress.digest_of(address) for address in addresses if address}
    if digests:
        lifted = update(FailingAddress).where(FailingAddress.digest.in_(digests)).values(lifted_at=at)
        session.execute(lifted.execution_options(synchronize_session=False))


def mailbox_of(session: Session, target: str) -> str | None:
    """The mail address of `user:…` or `department:…` as of now."""
    kind, _, key = target.partition(":")
    owner = {"user": UserCopy, "department": DepartmentCopy}.get(kind)
    found = session.get(owner, key) if owner else None
    return found.email if isinstance(found, UserCopy | DepartmentCopy) else None
