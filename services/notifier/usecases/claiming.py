"""A sender takes work: due dispatches under its lease, with all that is needed to send them.

What cannot be sent to anybody any more is settled here, so that it does not wait for ever.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Row, Select, Table, bindparam, func, select, union_all
from sqlalchemy.orm import Session

from services.notifier.channels import Message, Target
from services.notifier.channels.berths import Openings
from services.notifier.models import DepartmentCopy, Dispatch, Notice
from services.notifier.models.outside import OUTSIDE
from services.notifier.publishes import FAILED, Outcome, publish
from services.notifier.queries.texts import personal_wordings, texts_in_force
from services.notifier.templates import Rendered, sms_kind
from services.notifier.usecases.addressing import Asked, failing, find_targets
from services.notifier.usecases.bounce_rounds import rounds_of
from services.notifier.usecases.enclosing import enclosed
from services.notifier.usecases.mail_proofs import mail_proof
from services.notifier.usecases.repeats import settle_repeats, still_delivered
from shared.clock import local_date
from shared.crash import crash_point
from shared.crypto import KeyRing
from shared.db import Database, UtcDateTime, among, change_rows
from shared.delivery import DEAD, SENDING, SUPERSEDED, WAITING, claim_due, extend, release

DISPATCHES = cast("Table", Dispatch.__table__)
NOBODY = "收件人已停用或已不存在"
NO_REPLY = "本邮件由系统自动发送，请勿回复。"
BOUNCED = "收件地址此前被退信（{}），已停止发送"
NOTICES, DEPARTMENTS = (cast("Table", model.__table__) for model in (Notice, DepartmentCopy))
_JOINED = (
    select(
        DISPATCHES.c.id.label("dispatch_id"),
        DISPATCHES.c.target,
        DISPATCHES.c.channel,
        DISPATCHES.c.department_id.label("dispatch_department"),
        DISPATCHES.c.attempts_count,
        NOTICES.c.id.label("notice_id"),
        NOTICES.c.event_type,
        NOTICES.c.severity,
        NOTICES.c.title,
        NOTICES.c.body,
        NOTICES.c.link,
        NOTICES.c.subject_id,
        NOTICES.c.case_id,
        NOTICES.c.listing_id,
        NOTICES.c.facts,
        NOTICES.c.department_id,
        NOTICES.c.occurred_at,
        NOTICES.c.created_at,
        DEPARTMENTS.c.name.label("department_name"),
    )
    .join(NOTICES, NOTICES.c.id == DISPATCHES.c.notice_id)
    .join(DEPARTMENTS, DEPARTMENTS.c.id == NOTICES.c.department_id, isouter=True)
)
WINDOW = 1000
"""So many of the longest due are looked at for one claim."""


@dataclass(frozen=True)
class Job:
    """One dispatch in our hands."""

    dispatch_id: str
    attempt: int
    message: Message
    target: Target


def claim_jobs(
    db: Database,
    keyring: KeyRing,
    *,
    channel: str,
    holder: str,
    now: datetime,
    lease_seconds: float,
    openings: Openings,
) -> list[Job]:
    """Due dispatches of a channel, so many of each target that none crowds others out."""
    with db.read() as session:
        due = openings.choose(_candidates(session, channel, now, openings))
    if not due:
        return []
    with db.write() as session:
        wanted = among(session, DISPATCHES.c.id, due)
        ids = claim_due(session, DISPATCHES, now, holder, openings.limit, lease_seconds, where=wanted)
        jobs = _jobs(session, keyring, ids, now)
    crash_point("notices.after_claim")
    return jobs


def keep_jobs(db: Database, jobs: Iterable[Job], *, holder: str, until: datetime) -> None:
    """Prolong our leases on what is still on its way, so that nobody takes it for left behind."""
    with db.write() as session:
        extend(session, DISPATCHES, [job.dispatch_id for job in jobs], holder, until)


def give_back(db: Database, ids: Collection[str], *, holder: str, now: datetime) -> None:
    """What was not begun is for whoever comes next, at once."""
    with db.write() as session:
        release(session, DISPATCHES, ids, holder, now)


def _candidates(
    session: Session, channel: str, now: datetime, openings: Openings
) -> Sequence[tuple[str, str]]:
    """(id, target) of the longest due, by the index of what is due: left behind ones, some of each target."""
    given = {"channel": channel, "now": now, "share": max(openings.share, openings.few)}
    given |= {"busy": sorted(openings.busy)}
    crowded = openings.others == 0
    given |= {"sound": sorted(openings.sound)} if crowded else {}
    return [(row.id, row.target) for row in session.connection().execute(_due(crowded), given)]


@lru_cache(maxsize=2)
def _due(crowded: bool) -> Select[Any]:
    """Built once; `crowded`: of targets that are known to answer alone."""
    row, now = DISPATCHES.c, bindparam("now", type_=UtcDateTime())
    mine = [row.channel == bindparam("channel"), row.target.not_in(bindparam("busy", expanding=True))]
    if crowded:
        mine.append(row.target.in_(bindparam("sound", expanding=True)))
    waiting = select(row.id, row.target, row.next_attempt_at.label("at"))
    waiting = waiting.where(*mine, row.state == WAITING, row.next_attempt_at <= now)
    left = select(row.id, row.target, row.lease_until.label("at"))
    left = left.where(*mine, row.state == SENDING, row.lease_until < now)
    oldest = waiting.order_by(row.next_attempt_at).limit(WINDOW).subquery()
    either = union_all(select(oldest), select(left.limit(WINDOW).subquery())).subquery()
    place = func.row_number().over(partition_by=either.c.target, order_by=(either.c.at, either.c.id))
    ranked = select(either.c.id, either.c.target, either.c.at, place.label("place")).subquery()
    chosen = select(ranked.c.id, ranked.c.target).where(ranked.c.place <= bindparam("share"))
    return chosen.order_by(ranked.c.at, ranked.c.id)


def _jobs(session: Session, keyring: KeyRing, ids: Sequence[str], now: datetime) -> list[Job]:
    """What to send of the rows claimed; the others are settled, in the order they were claimed."""
    if not ids:
        return []
    rows = {row.dispatch_id: row for row in session.connection().execute(_rows(session, ids))}
    asked = {key: Asked(row.target, row.channel, row.dispatch_department) for key, row in rows.items()}
    found = find_targets(session, keyring, set(asked.values()), now)
    bounced = failing(session, found, now)
    words = _words(session, rows, local_date(now))
    mails = [key for key, row in rows.items() if row.channel == "email"]
    rounds = rounds_of(session, mails) if mails else {}
    texted = any(row.channel == "sms" for row in rows.values())
    own = texts_in_force(session, local_date(now)) if texted else {}
    jobs: list[Job] = []
    ended: list[tuple[Row[Any], str, str]] = []
    for key in ids:
        row, each = rows[key], asked[key]
        if each in bounced:
            ended.append((row, DEAD, BOUNCED.format(bounced[each])))
        elif each in found:
            message = _message(row, words.get(key))
            if row.channel == "email":
                files = enclosed(row.notice_id, row.event_type, message.title, row.facts, row.created_at)
                proof = mail_proof(keyring, key, rounds.get(key, 0))
                message = replace(message, proof=proof, attachments=files)
            elif row.channel == "sms":
                message = replace(message, kind=sms_kind(row.event_type, own))
            jobs.append(Job(key, row.attempts_count + 1, message, found[each]))
        else:
            ended.append((row, SUPERSEDED, NOBODY))
    _end(session, ended, now)
    return jobs


def _rows(session: Session, ids: Sequence[str]) -> Any:
    return _JOINED.where(among(session, DISPATCHES.c.id, ids))


def _words(session: Session, rows: Mapping[str, Row[Any]], today: date) -> dict[str, Rendered]:
    """What is written in another language, to officers who asked for it."""
    asked = {
        key: (row.target.partition(":")[2], row.event_type, row.facts)
        for key, row in rows.items()
        if row.channel == "email" and row.target.startswith("user:")
    }
    return personal_wordings(session, asked, today) if asked else {}


def _message(row: Row[Any], words: Rendered | None) -> Message:
    return Message(
        id=row.dispatch_id,
        notice_id=row.notice_id,
        event_type=row.event_type,
        severity=row.severity,
        title=words.title if words else row.title,
        body=words.body if words else row.body,
        link=row.link,
        subject_id=row.subject_id,
        case_id=row.case_id,
        listing_id=row.listing_id,
        document_number=row.facts.get("document_number", ""),
        department_id=row.department_id,
        department_name=row.department_name or "",
        occurred_at=row.occurred_at,
        created_at=row.created_at,
        public=row.facts.get("public") if row.department_id == OUTSIDE else None,
        footer=NO_REPLY if row.department_id == OUTSIDE else "",
    )


def _end(session: Session, ended: Sequence[tuple[Row[Any], str, str]], now: datetime) -> None:
    """Rows under our lease that go nowhere; a required one that fails is told as failed."""
    stand = settle_repeats(
        session, {row.dispatch_id: state for row, state, _ in ended if row.channel == "webhook"}
    )
    change_rows(session, DISPATCHES, [_ended(*each, now, stand) for each in ended])
    publish(
        session,
        [
            Outcome(
                FAILED,
                row.notice_id,
                row.event_type,
                row.subject_id,
                row.department_id,
                row.channel,
                now,
                reason,
            )
            for row, state, reason in ended
            if state == DEAD
        ],
    )


def _ended(
    row: Row[Any], state: str, reason: str, now: datetime, stand: Mapping[str, datetime]
) -> Mapping[str, Any]:
    freed = {"lease_holder": None, "lease_until": None, "next_attempt_at": None}
    values = {"id": row.dispatch_id, "state": state, "reason": reason, "settled_at": now, **freed}
    before = stand.get(row.dispatch_id)
    return still_delivered(values, before) if before else values
