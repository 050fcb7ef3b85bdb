"""A webhook is sent again what it should have got: under the same message ids, so many at a time.

Failed ones go back into the queue; what came about while the webhook was disabled, and was never queued, is
queued now. The receiver knows a message it has by its `webhook-id`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, insert, select, update
from sqlalchemy.orm import Session

from services.notifier.domain import TEST_EVENT
from services.notifier.models import Dispatch, Notice, ReplayItem, WebhookEndpoint, WebhookReplay
from services.notifier.routing import routing
from services.notifier.usecases.dispatching import DISPATCHES, WAKE_CHANNEL, dispatch_row, wants
from shared.db import add_rows, among, wake
from shared.delivery import ACCEPTED, DEAD, SENDING, WAITING
from shared.errors import Conflict, FieldError, Invalid, describe_errors
from shared.ids import first_id_at, new_id
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
    """Queue the oldest of the window's messages, up to a bound; `left_over` says how many more there are."""
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
        items = [{"replay_id": row.id, "dispatch_id": key} for key in (*resent, *made)]
        session.execute(insert(ReplayItem), items)
        wake(session, WAKE_CHANNEL)
    return row


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
    return and_(*meant, _within(Dispatch.notice_id.expression, window), ~trial)


def _missed(session: Session, endpoint: WebhookEndpoint, window: Window) -> ColumnElement[bool] | None:
    """What it wants, since it was added, that was never queued; None where there is no such kind."""
    began = replace(window, since=max(window.since, endpoint.created_at))
    mine = and_(
        Notice.department_id == endpoint.department_id,
        Notice.shown_at.is_not(None),
        _within(Notice.id.expression, began),
    )
    there = session.scalars(select(Notice.event_type).where(mine).distinct())
    kinds = [each for each in there if _is_for(endpoint, each)]
    if not kinds:
        return None
    queued = exists().where(Dispatch.notice_id == Notice.id, Dispatch.target == f"webhook:{endpoint.id}")
    return and_(mine, Notice.event_type.in_(kinds), ~queued)


def _is_for(endpoint: WebhookEndpoint, event_type: str) -> bool:
    route = routing().route(event_type)
    return route is not None and "webhook" in route.channels and wants(endpoint.event_types, event_type)


def _queue_again(session: Session, sent: ColumnElement[bool], at: datetime) -> list[str]:
    oldest = select(Dispatch.id).where(sent).order_by(Dispatch.id).limit(MOST)
    ids = session.scalars(oldest).all()
    if not ids:
        return []
    fresh = {
        "state": WAITING, "attempts_count": 0, "next_attempt_at": at, "lease_holder": None,
        "settled_at": None, "reason": None,
    }  # fmt: skip
    still = and_(among(session, Dispatch.id.expression, ids), Dispatch.state.in_((DEAD, ACCEPTED)))
    again = update(Dispatch).where(still).values(fresh).returning(Dispatch.id)
    return sorted(session.scalars(again.execution_options(synchronize_session=False)))


def _make_up(
    session: Session, endpoint: WebhookEndpoint, missed: ColumnElement[bool], room: int, at: datetime
) -> Sequence[str]:
    oldest = select(Notice.id).where(missed).order_by(Notice.id).limit(max(room, 0))
    target = f"webhook:{endpoint.id}"
    rows = [
        dispatch_row(notice_id, endpoint.department_id, "webhook", target, at)
        for notice_id in session.scalars(oldest)
    ]
    if rows:
        add_rows(session, DISPATCHES, rows)
    return [str(row["id"]) for row in rows]
