"""Mails to the contact of an outside subscriber: a decision, a warning. Nothing about any listing."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from services.notifier.domain import chinese_date
from services.notifier.models import Dispatch, Notice
from services.notifier.models.outside import OUTSIDE, OutsideSubscriber
from services.notifier.templates import render
from services.notifier.usecases.dispatching import WAKE_CHANNEL, dispatch_row
from shared.db import wake
from shared.ids import new_id
from shared.written import cover_identities


def mail_contact(
    session: Session,
    subscriber: OutsideSubscriber,
    kind: str,
    facts: Mapping[str, str],
    at: datetime,
    *,
    once: str = "",
) -> None:
    """Queue it, one for each occasion; the address is read from the seal when it is sent."""
    if once and session.scalars(select(Notice.id).where(Notice.dedupe_key == f"mail:{once}")).first():
        return
    told = {"receiver": cover_identities(subscriber.organization), "occurred_on": chinese_date(at), **facts}
    text, notice_id = render(kind, told), new_id()
    session.add(
        Notice(
            id=notice_id,
            dedupe_key=f"mail:{once or notice_id}",
            event_id=notice_id,
            event_type=kind,
            subject_id=subscriber.id,
            department_id=OUTSIDE,
            audience=[],
            severity="warning",
            title=text.title,
            body=text.body,
            link="",
            facts=told,
            occurred_at=at,
            created_at=at,
        )
    )
    session.flush()
    row = dispatch_row(notice_id, OUTSIDE, "email", f"contact:{subscriber.id}", at)
    session.execute(insert(Dispatch), [row])
    wake(session, WAKE_CHANNEL)
