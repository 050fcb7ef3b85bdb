"""An officer acknowledges messages and chooses what to be mailed; the floor of the law stays."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from services.notifier.models import Notice, Preference, Receipt
from services.notifier.publishes import ACKNOWLEDGED, Outcome, publish
from services.notifier.queries.messages import InboxFilter, inbox_rows
from services.notifier.queries.people import declined_severities
from services.notifier.queries.subscriptions import PERSONAL, route_named
from services.notifier.routing import routing
from services.notifier.usecases.receipts import proofs_of
from shared.crypto import KeyRing
from shared.db import dialect_of, upsert
from shared.errors import FieldError, Invalid, describe_errors
from shared.web.access import Principal

MOST_AT_ONCE = 200
describe_errors(
    {
        "channel-not-personal": "该渠道不由个人决定：站内消息必达，Webhook 由部门统一管理。",
        "digest-not-allowed": "移出、停止公示、法定期限和紧急事项须即时送达，不得放入每日汇总。",
        "channel-required": "法定期限、撤销等消息的电子邮件不得关闭。",
    }
)


def acknowledge(
    session: Session, ids: Sequence[str], *, actor: Principal, at: datetime, keyring: KeyRing | None = None
) -> dict[str, str]:
    """Mark messages as read by the actor; per id: acknowledged, already, or not-found.

    What must be signed is, with the system's key.

    The first officer's reading is the department's acknowledgement (签收) and is published, once.
    """
    own = _own_notices(session, set(ids), actor)
    if not own:
        return dict.fromkeys(ids, "not-found")
    table = Receipt.__table__
    proofs = proofs_of(session, keyring, own, actor, at) if keyring else {}
    rows = [
        {"notice_id": key, "user_id": actor.user_id, "at": at, "proof": proofs.get(key)}
        for key in sorted(own)
    ]
    add = upsert(dialect_of(session))(table).on_conflict_do_nothing().returning(table.c.notice_id)
    fresh = set(session.execute(add, rows).scalars())
    _acknowledge_for_department(session, fresh, actor, at)
    return {i: "not-found" if i not in own else "acknowledged" if i in fresh else "already" for i in ids}


def read_matching(
    session: Session, wanted: InboxFilter, *, actor: Principal, today: date, at: datetime
) -> int:
    """Acknowledge what the filter shows and no ladder stands behind; that must be signed one by one."""
    plain = replace(wanted, unread=True, required=False)
    ids = [notice.id for notice in inbox_rows(session, actor, plain, None, MOST_AT_ONCE, today)]
    acknowledge(session, ids, actor=actor, at=at)
    return len(ids)


def _own_notices(session: Session, ids: set[str], actor: Principal) -> set[str]:
    query = select(Notice.id).where(
        Notice.id.in_(ids), Notice.department_id == actor.department_id, Notice.shown_at.is_not(None)
    )
    return set(session.scalars(query))


def _acknowledge_for_department(session: Session, ids: set[str], actor: Principal, at: datetime) -> None:
    first = (
        update(Notice)
        .where(Notice.id.in_(ids), Notice.acknowledged_at.is_(None))
        .values(acknowledged_at=at, acknowledged_by=actor.display_name)
        .returning(Notice.id, Notice.event_type, Notice.subject_id, Notice.department_id)
    )
    told = session.execute(first.execution_options(synchronize_session=False)).all()
    outcomes = [
        Outcome(ACKNOWLEDGED, row.id, row.event_type, row.subject_id, row.department_id, "inbox", at)
        for row in sorted(told, key=lambda row: row.id)
    ]
    publish(session, outcomes)


def choose(
    session: Session, event: str, channel: str, *, enabled: bool, actor: Principal, digest: bool = False
) -> None:
    """Switch a kind of message on or off on a personal channel, or have it once a day."""
    route = route_named(event)
    if channel != PERSONAL or channel not in route.channels:
        pointed = FieldError("/channel", "该渠道不由个人决定。")
        raise Invalid("channel-not-personal", "不能单独设置该渠道", fields=[pointed])
    if not enabled and channel in route.floor:
        raise Invalid(
            "channel-required", "该类消息的电子邮件不得关闭", fields=[FieldError("/enabled", "不得关闭。")]
        )
    if digest and not route.may_gather:
        wrong = FieldError("/digest", "不得汇总。")
        raise Invalid("digest-not-allowed", "该类消息须即时送达", fields=[wrong])
    wish = Preference(user_id=actor.user_id, event=event, channel=channel, enabled=enabled, digest=digest)
    session.merge(wish)


def choose_all(
    session: Session, wanted: Collection[str], daily: Collection[str], *, actor: Principal
) -> None:
    """Keep a whole page of choices about mail; what agrees with the severity's is not stated singly."""
    mine = (Preference.user_id == actor.user_id, Preference.channel == PERSONAL)
    off = {severity for _, severity in declined_severities(session, [actor.user_id], PERSONAL)}
    for route in routing().routes:
        if PERSONAL not in route.channels or PERSONAL in route.floor:
            continue
        digest = route.may_gather and route.event in daily
        enabled = digest or route.event in wanted
        if digest or enabled == (route.severity in off):
            choose(session, route.event, PERSONAL, enabled=enabled, digest=digest, actor=actor)
        else:
            session.execute(delete(Preference).where(*mine, Preference.event == route.event))
