"""A webhook is sent again what it should have got: under the same message ids, so many at a time.

Failed ones go back into the queue; what came about while the webhook was disabled, and was never queued, is
queued now. The receiver knows a message it has by its `webhook-id`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from services.notifier.domain import LISTING_KINDS, LISTING_LIFTED, TEST_EVENT
from services.notifier.models import (
    Dispatch,
    Notice,
    PublicListing,
    ReplayItem,
    WebhookEndpoint,
    WebhookReplay,
)
from services.notifier.models.outside import OUTSIDE
from services.notifier.routing import routing
from services.notifier.routing.scopes import Scope
from services.notifier.usecases.dispatching import WAKE_CHANNEL, dispatch_row, wants
from shared.db import among, dialect_of, upsert, wake
from shared.delivery import ACCEPTED, DEAD, SENDING, WAITING
from shared.errors import Conflict, FieldError, Invalid, NotFound, describe_errors
from shared.ids import first_id_at, new_id
from shared.regions import digits
from shared.web.access import Principal

MOST = 2000
REACHES_BACK = timedelta(days=31)
describe_errors(
    {
        "webhook-replay-window": "重发的起止时间有误。起始时间应早于截止时间，并在最近三十一天内。",
        "webhook-replay-busy": "排队等待发往该 Webhook 的消息已经很多。请等它们发完再重发。",
    }
)


@dataclass(frozen=True)
class Window:
    """Messages of which time; `failed_only` leaves out what was delivered."""

    since: datetime
    until: datetime
    failed_only: bool = True


def replay(
    session: Session, endpoint: WebhookEndpoint, window: Window, *, actor: Principal, at: datetime
) -> WebhookReplay:
    """Queue the oldest of the window's messages, up to a bound; `left_over` says how many more there are.

    One at a time of each webhook: the second sees what the first has queued.
    """
    _hold(session, endpoint)
    window = replace(window, until=min(window.until, at))
    _check(session, endpoint, window, at)
    target = f"webhook:{endpoint.id}"
    sent, missed = _sent(target, window), _missed(session, endpoint, window)
    total = _count(session, Dispatch, sent) + (0 if missed is None else _count(session, Notice, missed))
    resent = _queue_again(session, sent, at)
    made = [] if missed is None else _make_up(session, endpoint, missed, MOST - len(resent), at)
    row = WebhookReplay(
        id=new_id(),
        endpoint_id=endpoint.id,
        department_id=endpoint.department_id,
        since=window.since,
        until=window.until,
        failed_only=window.failed_only,
        resent=len(resent),
        made_up=len(made),
        left_over=max(total - len(resent) - len(made), 0),
        requested_by=actor.display_name,
        requested_at=at,
    )
    session.add(row)
    session.flush()
    if resent or made:
        before = {**resent, **dict.fromkeys(made)}
        items = [{"replay_id": row.id, "dispatch_id": key, "accepted_at": at} for key, at in before.items()]
        session.execute(insert(ReplayItem), items)
        wake(session, WAKE_CHANNEL)
    return row


def _hold(session: Session, endpoint: WebhookEndpoint) -> None:
    mine = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint.id).with_for_update()
    if session.scalars(mine.execution_options(populate_existing=True)).first() is None:
        raise NotFound("not-found", "没有这个 Webhook", "它刚刚被删除。")


def _check(session: Session, endpoint: WebhookEndpoint, window: Window, at: datetime) -> None:
    wrong = []
    if window.since < at - REACHES_BACK:
        wrong.append(FieldError("/since", "应在最近三十一天内。"))
    if window.since >= window.until:
        wrong.append(FieldError("/until", "截止时间应晚于起始时间。"))
    if wrong:
        raise Invalid("webhook-replay-window", "重发的起止时间有误", fields=wrong)
    if not endpoint.enabled:
        raise Conflict("webhook-disabled", "该 Webhook 已停用", "请先启用再重发。")
    queued = and_(Dispatch.target == f"webhook:{endpoint.id}", Dispatch.state.in_((WAITING, SENDING)))
    if _count(session, Dispatch, queued) >= MOST:
        raise Conflict("webhook-replay-busy", "等待发送的消息已经很多", "请等它们发完再重发。")


def _count(session: Session, of: type[Dispatch] | type[Notice], where: ColumnElement[bool]) -> int:
    return session.execute(select(func.count()).select_from(of).where(where)).scalar_one()


def _within(column: ColumnElement[str], window: Window) -> ColumnElement[bool]:
    """Ids are ordered by time."""
    return and_(column >= first_id_at(window.since), column < first_id_at(window.until))


def _sent(target: str, window: Window) -> ColumnElement[bool]:
    """Dispatches of messages of the window that have ended; trials are nobody's message."""
    ended = (DEAD,) if window.failed_only else (DEAD, ACCEPTED)
    trial = exists().where(Notice.id == Dispatch.notice_id, Notice.event_type == TEST_EVENT)
    meant = (Dispatch.target == target, Dispatch.channel == "webhook", Dispatch.state.in_(ended))
    gone = exists().where(Notice.id == Dispatch.notice_id, _no_longer_public())
    return and_(*meant, _within(Dispatch.notice_id.expression, window), ~trial, ~gone)


def _no_longer_public() -> ColumnElement[bool]:
    """Of a message to the outside: that what it tells of is not public today."""
    today = exists().where(PublicListing.listing_id == Notice.listing_id, PublicListing.uscc.is_not(None))
    return and_(Notice.department_id == OUTSIDE, Notice.event_type != LISTING_LIFTED, ~today)


def _missed(session: Session, endpoint: WebhookEndpoint, window: Window) -> ColumnElement[bool] | None:
    """What it wants, since it was added, that was never queued; None where there is no such kind."""
    began = replace(window, since=max(window.since, endpoint.created_at))
    mine = and_(
        Notice.department_id == endpoint.department_id,
        Notice.shown_at.is_not(None),
        _within(Notice.id.expression, began),
        ~_no_longer_public(),
        *_of_scope(Scope.read(endpoint.scope)),
    )
    there = session.scalars(select(Notice.event_type).where(mine).distinct())
    kinds = [each for each in there if _is_for(endpoint, each)]
    if not kinds:
        return None
    queued = exists().where(Dispatch.notice_id == Notice.id, Dispatch.target == f"webhook:{endpoint.id}")
    return and_(mine, Notice.event_type.in_(kinds), ~queued)


def _of_scope(scope: Scope) -> Iterator[ColumnElement[bool]]:
    """As `Scope.admits`, for messages on record."""
    if scope.domains:
        yield or_(Notice.domain.is_(None), Notice.domain.in_(scope.domains))
    if scope.lists:
        yield or_(Notice.list_code.is_(None), Notice.list_code.in_(scope.lists))
    if scope.regions:
        below = (Notice.region.like(f"{digits(code)}%") for code in scope.regions)
        yield or_(Notice.region.is_(None), *below)
    if scope.severities:
        yield Notice.severity.in_(scope.severities)


def _is_for(endpoint: WebhookEndpoint, event_type: str) -> bool:
    if endpoint.department_id == OUTSIDE:
        return event_type in LISTING_KINDS and wants(endpoint.event_types, event_type)
    route = routing().route(event_type)
    return route is not None and "webhook" in route.channels and wants(endpoint.event_types, event_type)


def _queue_again(session: Session, sent: ColumnElement[bool], at: datetime) -> dict[str, datetime | None]:
    """Each with when it had been delivered, if it was."""
    oldest = select(Dispatch.id, Dispatch.state, Dispatch.settled_at).where(sent).order_by(Dispatch.id)
    ended = session.execute(oldest.limit(MOST).with_for_update()).all()
    before = {row.id: row.settled_at if row.state == ACCEPTED else None for row in ended}
    if not before:
        return {}
    fresh = {
        "state": WAITING, "attempts_count": 0, "next_attempt_at": at, "lease_holder": None,
        "settled_at": None, "reason": None,
    }  # fmt: skip
    again = update(Dispatch).where(among(session, Dispatch.id.expression, list(before))).values(fresh)
    session.execute(again.execution_options(synchronize_session=False))
    return before


def _make_up(
    session: Session, endpoint: WebhookEndpoint, missed: ColumnElement[bool], room: int, at: datetime
) -> Sequence[str]:
    oldest = select(Notice.id).where(missed).order_by(Notice.id).limit(max(room, 0))
    target = f"webhook:{endpoint.id}"
    rows = [
        dispatch_row(notice_id, endpoint.department_id, "webhook", target, at)
        for notice_id in session.scalars(oldest)
    ]
    if not rows:
        return []
    new = upsert(dialect_of(session))(Dispatch).on_conflict_do_nothing().returning(Dispatch.id)
    return session.scalars(new, rows).all()
