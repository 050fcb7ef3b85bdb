"""The daily digest: what an officer chose to get once a day, in one mail, each message in exactly one digest.

Claim, message and dispatch are one transaction; a crash leaves either all of it or none.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from services.notifier.domain import DIGEST_EVENT, MOST_ITEMS, chinese_date
from services.notifier.models import DigestItem, Dispatch, Notice
from services.notifier.queries.texts import texts_in_force
from services.notifier.templates import render
from services.notifier.usecases.dispatching import WAKE_CHANNEL, dispatch_row
from shared.clock import local_date
from shared.db import wake
from shared.ids import new_id

BATCH = 100


def send_digests(session: Session, *, at: datetime, channels: Collection[str]) -> int:
    """Write the digests that are due; returns how many."""
    if "email" not in channels:
        return 0
    waiting = (DigestItem.digest_id.is_(None), DigestItem.due_at <= at)
    people = select(DigestItem.user_id, DigestItem.department_id).where(*waiting).distinct().limit(BATCH)
    made = 0
    for user_id, department_id in session.execute(people).all():
        mine = (DigestItem.user_id == user_id, DigestItem.department_id == department_id)
        chosen = select(DigestItem.notice_id).where(*waiting, *mine).order_by(DigestItem.notice_id)
        locked = chosen.limit(MOST_ITEMS).with_for_update(skip_locked=True)
        ids = list(session.scalars(locked))
        if ids:
            _write(session, user_id, department_id, ids, at)
            made += 1
    if made:
        wake(session, WAKE_CHANNEL)
    return made


def _write(session: Session, user_id: str, department_id: str, ids: Sequence[str], at: datetime) -> None:
    digest_id = new_id()
    notices = session.scalars(select(Notice).where(Notice.id.in_(ids)).order_by(Notice.id))
    lines = [f"{number}. {notice.title}" for number, notice in enumerate(notices, 1)]
    facts = {"items": "\n".join(lines), "count": str(len(lines)), "occurred_on": chinese_date(at)}
    text = render(DIGEST_EVENT, facts, texts_in_force(session, local_date(at)))
    notice = Notice(
        id=digest_id,
        dedupe_key=digest_id,
        event_id=digest_id,
        event_type=DIGEST_EVENT,
        subject_id=department_id,
        department_id=department_id,
        audience=[],
        severity="info",
        title=text.title,
        body=text.body,
        link="/notices/",
        facts={},
        occurred_at=at,
        created_at=at,
    )
    session.add(notice)
    session.flush()
    session.execute(
        insert(Dispatch), [dispatch_row(digest_id, department_id, "email", f"user:{user_id}", at)]
    )
    taken = update(DigestItem).where(DigestItem.user_id == user_id, DigestItem.notice_id.in_(ids))
    session.execute(taken.values(digest_id=digest_id))
