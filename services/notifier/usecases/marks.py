"""Marks on mail addresses that bounced for good: they go after a week, or by whoever knows better."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.notifier.models import DepartmentCopy, FailingAddress, UserCopy
from shared.db import dialect_of, upsert

MARK_LASTS = timedelta(days=7)
"""A server may err, and a mailbox may be opened again: then mail is tried anew, and may bounce anew."""


def set_mark(session: Session, address: str, dispatch_id: str, status: str, at: datetime) -> bool:
    """True if the address bore none that still counts."""
    news = {"dispatch_id": dispatch_id, "status": status, "since": at}
    add = upsert(dialect_of(session))(FailingAddress.__table__)
    add = add.values(digest=FailingAddress.digest_of(address), **news)
    again = add.on_conflict_do_update(
        index_elements=["digest"], set_=news, where=FailingAddress.since <= at - MARK_LASTS
    )
    return session.execute(again.returning(FailingAddress.digest)).first() is not None


def marks_on(session: Session, digests: Collection[str], at: datetime) -> Mapping[str, str]:
    """The marks that count, with the status the bounce gave."""
    counts = FailingAddress.since > at - MARK_LASTS
    query = select(FailingAddress).where(FailingAddress.digest.in_(digests), counts)
    return {row.digest: row.status for row in session.scalars(query)}


def lift_marks(session: Session, addresses: Iterable[str | None]) -> None:
    """Somebody answers for these addresses: they are mailed to again."""
    digests = {FailingAddress.digest_of(address) for address in addresses if address}
    if digests:
        session.execute(delete(FailingAddress).where(FailingAddress.digest.in_(digests)))


def mailbox_of(session: Session, target: str) -> str | None:
    """The mail address of `user:…` or `department:…` as of now."""
    kind, _, key = target.partition(":")
    owner = {"user": UserCopy, "department": DepartmentCopy}.get(kind)
    found = session.get(owner, key) if owner else None
    return found.email if isinstance(found, UserCopy | DepartmentCopy) else None
