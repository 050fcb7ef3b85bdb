"""A department's messages and their dispatches, as its own officers may see them. Nobody sees another's."""

from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, String, and_, cast, exists, false, func, or_, select
from sqlalchemy.orm import Session

from services.notifier.domain import CHANNEL_NAMES, ROLE_NAMES, SEVERITY_NAMES, chinese_date, mask_email
from services.notifier.models import (
    Attempt,
    DepartmentCopy,
    Dispatch,
    Escalation,
    Notice,
    Receipt,
    Robot,
    UserCopy,
    WebhookEndpoint,
)
from services.notifier.queries.people import covered_roles
from services.notifier.routing import routing
from shared.clock import SHANGHAI
from shared.errors import NotFound
from shared.ids import first_id_at
from shared.web.access import Principal
from shared.web.paging import cut, last_id, page

MOST_UNREAD = 100  # a badge says 99+
MOST_COUNTED = 10_000  # the inbox says so many or more
STATE_NAMES = {
    "waiting": "等待发送",
    "sending": "正在发送",
    "accepted": "已送达",
    "dead": "未送达",
    "superseded": "不再发送",
}


@dataclass(frozen=True)
class InboxFilter:
    """What to show of an inbox; None is no restriction."""

    unread: bool | None = None
    event_type: str | None = None  # exact, or a family such as case.*
    severity: str | None = None
    subject_id: str | None = None
    required: bool | None = None  # what somebody must sign, or reminders go up the ladder
    for_me: bool | None = None  # what a role of the officer's is meant by, also one stood in for
    text: str | None = None


def inbox_rows(
    session: Session, actor: Principal, wanted: InboxFilter, after: str | None, limit: int, today: date
) -> list[Notice]:
    """Up to `limit` messages, newest first, older than the id `after`."""
    query = select(Notice).where(_own(actor)).order_by(Notice.id.desc()).limit(limit)
    if after is not None:
        query = query.where(Notice.id < after)
    if wanted.unread is not None:
        read = _read_by(actor)
        query = query.where(~read if wanted.unread else read)
    if wanted.for_me is not None:
        meant = _meant_for(_roles_of(session, actor, today))
        query = query.where(meant if wanted.for_me else ~meant)
    return list(session.scalars(query.where(*_narrowed(wanted))))


def _narrowed(wanted: InboxFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.event_type and wanted.event_type.endswith("*"):
        yield Notice.event_type.startswith(wanted.event_type[:-1], autoescape=True)
    elif wanted.event_type is not None:
        yield Notice.event_type == wanted.event_type
    if wanted.severity is not None:
        yield Notice.severity == wanted.severity
    if wanted.subject_id is not None:
        yield Notice.subject_id == wanted.subject_id
    if wanted.required is not None:
        yield _must_sign() if wanted.required else ~_must_sign()
    if wanted.text:
        words = (
            Notice.title.icontains(wanted.text, autoescape=True),
            Notice.body.icontains(wanted.text, autoescape=True),
        )
        yield or_(*words)


def inbox_page(
    session: Session, actor: Principal, wanted: InboxFilter, cursor: str | None, limit: int, today: date
) -> dict[str, Any]:
    """One page of the inbox, newest first."""
    after = last_id(cursor)
    rows = inbox_rows(session, actor, wanted, after, limit + 1, today)
    kept, following = cut(rows, limit, lambda row: [row.id])
    return page(notice_views(session, actor, kept, today), following)


def unread_count(session: Session, actor: Principal, most: int = MOST_UNREAD) -> int:
    """How many the officer has not signed; counted no further than `most`."""
    newest = select(Notice.id).where(_own(actor), ~_read_by(actor)).limit(most)
    return session.execute(select(func.count()).select_from(newest.subquery())).scalar_one()


def notice_of(session: Session, actor: Principal, notice_id: str) -> Notice:
    """The message, or NotFound also for those of other departments."""
    found = session.scalar(select(Notice).where(_own(actor), Notice.id == notice_id))
    if found is None:
        raise NotFound("not-found", "没有这条消息", "消息不存在，或不属于您的部门。")
    return found


def ladder_of(session: Session, notice_id: str) -> str:
    """How far the ladder of a notice has come, in words; empty where it has none."""
    row = session.get(Escalation, notice_id)
    if row is None:
        return ""
    if row.ended:
        return {"acknowledged": "已签收，不再催办", "exhausted": "已逐级催办，仍无人签收"}[row.ended]
    return f"已催办{row.rung}次，无人签收则于{chinese_date(row.next_at)}继续催办"


def notice_views(
    session: Session, actor: Principal, notices: Sequence[Notice], today: date
) -> list[dict[str, Any]]:
    """What the API and the pages show of messages; of roles, also those the officer stands in for count."""
    roles = _roles_of(session, actor, today)
    ids = [notice.id for notice in notices]
    mine = select(Receipt.notice_id).where(Receipt.notice_id.in_(ids), Receipt.user_id == actor.user_id)
    read = set(session.scalars(mine))
    required = set(session.scalars(select(Notice.id).where(Notice.id.in_(ids), _must_sign())))
    return [
        _notice_view(notice, roles, read=notice.id in read) | {"must_acknowledge": notice.id in required}
        for notice in notices
    ]


def _notice_view(notice: Notice, roles: Set[str], *, read: bool) -> dict[str, Any]:
    route = routing().route(notice.event_type)
    return {
        "id": notice.id,
        "event_type": notice.event_type,
        "event_name": route.label if route else notice.event_type,
        "severity": notice.severity,
        "severity_name": SEVERITY_NAMES[notice.severity],
        "title": notice.title,
        "body": notice.body,
        "subject_id": notice.subject_id,
        "case_id": notice.case_id,
        "listing_id": notice.listing_id,
        "document_number": notice.facts.get("document_number") or None,
        "department_id": notice.department_id,
        "audience": notice.audience,
        "audience_names": [ROLE_NAMES.get(role, role) for role in notice.audience],
        "for_me": not roles.isdisjoint(notice.audience),
        "link": notice.link or None,
        "occurred_at": notice.occurred_at,
        "created_at": notice.created_at,
        "read": read,
        "acknowledged_at": notice.acknowledged_at,
        "acknowledged_by": notice.acknowledged_by,
    }


def _roles_of(session: Session, actor: Principal, today: date) -> Set[str]:
    return actor.roles | covered_roles(session, [actor.department_id], today).get(actor.user_id, set())


def _meant_for(roles: Set[str]) -> ColumnElement[bool]:
    """The audience is a list of roles, a document in the database: read as text, each role in its quotes."""
    audience = cast(Notice.audience, String)
    return or_(false(), *(audience.contains(f'"{role}"', autoescape=True) for role in sorted(roles)))


def _own(actor: Principal) -> ColumnElement[bool]:
    return and_(Notice.department_id == actor.department_id, Notice.shown_at.is_not(None))


def _must_sign() -> ColumnElement[bool]:
    """On a ladder, or a rung of one."""
    return or_(exists().where(Escalation.notice_id == Notice.id), Notice.event_type.startswith("escalation."))


def _read_by(actor: Principal) -> ColumnElement[bool]:
    return exists().where(Receipt.notice_id == Notice.id, Receipt.user_id == actor.user_id)


@dataclass(frozen=True)
class DispatchFilter:
    """What to show of the dispatches; None is no restriction."""

    channel: str | None = None
    state: str | None = None
    notice_id: str | None = None
    target: str | None = None  # webhook:<id>, robot:<id>, ...
    event_type: str | None = None  # exact, or a family such as case.*
    since: date | None = None
    until: date | None = None  # inclusive
    text: str | None = None
    provider: str | None = None  # that was asked in any of the tries


def dispatch_rows(
    session: Session, actor: Principal, wanted: DispatchFilter, after: str | None, limit: int
) -> list[Dispatch]:
    """Up to `limit` dispatches of the actor's department, newest first, older than the id `after`."""
    query = select(Dispatch).where(Dispatch.department_id == actor.department_id)
    query = query.order_by(Dispatch.id.desc()).limit(limit)
    if after is not None:
        query = query.where(Dispatch.id < after)
    about = list(_narrowed(InboxFilter(event_type=wanted.event_type, text=wanted.text)))
    if about:
        query = query.join(Notice, Notice.id == Dispatch.notice_id).where(*about)
    return list(session.scalars(query.where(*_sent_as(wanted))))


def _sent_as(wanted: DispatchFilter) -> Iterator[ColumnElement[bool]]:
    """Ids of dispatches are ordered by time."""
    if wanted.channel is not None:
        yield Dispatch.channel == wanted.channel
    if wanted.state is not None:
        yield Dispatch.state == wanted.state
    if wanted.notice_id is not None:
        yield Dispatch.notice_id == wanted.notice_id
    if wanted.target is not None:
        yield Dispatch.target == wanted.target
    if wanted.provider is not None:
        yield exists().where(Attempt.dispatch_id == Dispatch.id, Attempt.provider == wanted.provider)
    if wanted.since is not None:
        yield Dispatch.id >= first_id_at(_midnight(wanted.since))
    if wanted.until is not None and wanted.until < date.max:
        yield Dispatch.id < first_id_at(_midnight(wanted.until + timedelta(days=1)))


def _midnight(day: date) -> datetime:
    """When a day begins in Shanghai, no earlier than ids can say."""
    return datetime.combine(max(day, date(1970, 1, 2)), time(), SHANGHAI)


def dispatch_page(
    session: Session, actor: Principal, wanted: DispatchFilter, cursor: str | None, limit: int
) -> dict[str, Any]:
    """One page of the dispatches, newest first."""
    after = last_id(cursor)
    kept, following = cut(
        dispatch_rows(session, actor, wanted, after, limit + 1), limit, lambda row: [row.id]
    )
    return page(dispatch_views(session, kept), following)


def dispatch_of(session: Session, actor: Principal, dispatch_id: str) -> Dispatch:
    """The dispatch, or NotFound also for those of other departments."""
    found = session.get(Dispatch, dispatch_id)
    if found is None or found.department_id != actor.department_id:
        raise NotFound("not-found", "没有这条发送记录", "它不存在，或不属于您的部门。")
    return found


def dispatch_views(session: Session, rows: Sequence[Dispatch]) -> list[dict[str, Any]]:
    """What the API and the pages show of dispatches: each with every attempt; addresses masked."""
    notices = {
        n.id: n for n in session.scalars(select(Notice).where(Notice.id.in_({r.notice_id for r in rows})))
    }
    attempts = _attempts(session, [row.id for row in rows])
    names = _target_names(session, {row.target for row in rows})
    return [
        {
            "id": row.id,
            "notice_id": row.notice_id,
            "event_type": notices[row.notice_id].event_type,
            "title": notices[row.notice_id].title,
            "channel": row.channel,
            "channel_name": CHANNEL_NAMES.get(row.channel, row.channel),
            "target": names.get(row.target, "已停用"),
            "state": row.state,
            "state_name": STATE_NAMES.get(row.state, row.state),
            "reason": row.reason,
            "created_at": row.created_at,
            "next_attempt_at": row.next_attempt_at if row.state == "waiting" else None,
            "settled_at": row.settled_at,
            "attempts": attempts[row.id],
        }
        for row in rows
    ]


def _attempts(session: Session, dispatch_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    query = select(Attempt).where(Attempt.dispatch_id.in_(dispatch_ids)).order_by(Attempt.id)
    tries: dict[str, list[tuple[int, datetime]]] = defaultdict(list)
    for row in session.scalars(query):
        done = tries[row.dispatch_id]
        if (row.number, row.at) not in done:  # providers asked in one try are one; a resending counts on
            done.append((row.number, row.at))
        found[row.dispatch_id].append(
            {
                "number": done.index((row.number, row.at)) + 1,
                "at": row.at,
                "outcome": row.outcome,
                "permanent": row.permanent,
                "reason": row.reason,
                "duration_ms": row.duration_ms,
                "provider_id": row.provider_id,
                "provider": row.provider,
                "cost": row.cost,
            }
        )
    return found


def _target_names(session: Session, targets: set[str]) -> dict[str, str]:
    """How each target may be shown: a person's name with a masked address, never the address itself."""
    ids = {target.partition(":")[2] for target in targets}
    names = {
        f"user:{row.id}": f"{row.display_name}({mask_email(row.email)})" if row.email else row.display_name
        for row in session.scalars(select(UserCopy).where(UserCopy.id.in_(ids)))
    }
    for department in session.scalars(select(DepartmentCopy).where(DepartmentCopy.id.in_(ids))):
        names[f"department:{department.id}"] = department.name
    for endpoint in session.scalars(select(WebhookEndpoint).where(WebhookEndpoint.id.in_(ids))):
        names[f"webhook:{endpoint.id}"] = f"{endpoint.name}({urlsplit(endpoint.url).hostname})"
    for robot in session.scalars(select(Robot).where(Robot.id.in_(ids))):
        names[f"robot:{robot.id}"] = robot.name
    return names
