"""How the platforms stand: counts by state, breaker, lag, rate, last success."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import ACCEPTED, BLOCKING, STATES
from services.credit_push.models import Appearance, Attempt, Batch, Delivery, Finding, PlatformState
from services.credit_push.queries import latest_runs, run_view
from services.credit_push.routing import relay_chain
from shared.clock import Clock
from shared.ids import first_id_at

RATE_MINUTES = 5
UNKNOWN_HEALTH: dict[str, Any] = {
    **dict.fromkeys(
        ("retry_at", "paused_at", "paused_by", "paused_reason", "last_success_at", "last_failure_at")
    ),
    **dict.fromkeys(("last_problem", "oldest_waiting_at", "backfilled")),
    "breaker": "closed",
    "per_minute": 0.0,
    "backfilling": False,
}


def counts(session: Session, region: str = "") -> dict[str, dict[str, int]]:
    """Deliveries per platform and state."""
    query = select(Delivery.platform, Delivery.state, func.count()).group_by(
        Delivery.platform, Delivery.state
    )
    if region:
        query = query.where(Delivery.region.startswith(region, autoescape=True))
    found: dict[str, dict[str, int]] = {}
    for platform, state, number in session.execute(query):
        found.setdefault(platform, dict.fromkeys(STATES, 0))[state] = number
    return found


def health(session: Session, now: datetime) -> dict[str, dict[str, Any]]:
    """By platform, of those anything is known of."""
    found: dict[str, dict[str, Any]] = {}
    for row in session.scalars(select(PlatformState)):
        found[row.platform] = {**UNKNOWN_HEALTH, **_state_view(row)}
    for platform, oldest in session.execute(
        select(Delivery.platform, func.min(Delivery.created_at))
        .where(Delivery.state.in_(BLOCKING))
        .group_by(Delivery.platform)
    ):
        found.setdefault(platform, dict(UNKNOWN_HEALTH))["oldest_waiting_at"] = oldest
    for platform, number in session.execute(_filed_since(now - timedelta(minutes=RATE_MINUTES))):
        found.setdefault(platform, dict(UNKNOWN_HEALTH))["per_minute"] = round(number / RATE_MINUTES, 1)
    return found


FIGURES = (
    "displayed", "absent", "awaiting_display", "awaiting_absence", "contradicted", "contradicted_overdue",
)  # fmt: skip
NOTHING_SEEN: dict[str, Any] = {
    **dict.fromkeys(FIGURES, 0),
    **dict.fromkeys(("oldest_awaited", "mean_lag_seconds")),
}


def seen(session: Session, today: date, region: str = "") -> dict[str, dict[str, Any]]:
    """What is known of public sites: how many listings are as they should be, how many awaited, how long."""
    query = select(
        Appearance.platform,
        Appearance.expects,
        Appearance.lag_seconds.is_(None),
        func.count(),
        func.min(Appearance.since),
        func.avg(Appearance.lag_seconds),
    ).group_by(Appearance.platform, Appearance.expects, Appearance.lag_seconds.is_(None))
    if region:
        query = query.where(Appearance.region.startswith(region, autoescape=True))
    found: dict[str, dict[str, Any]] = {}
    for platform, expects, awaited, number, oldest, lag in session.execute(query):
        one = found.setdefault(platform, dict(NOTHING_SEEN))
        if not awaited:
            one[expects] = number
            if expects == "displayed":
                one["mean_lag_seconds"] = round(lag)
            continue
        one["awaiting_absence" if expects == "absent" else "awaiting_display"] = number
        one["oldest_awaited"] = min(oldest, one["oldest_awaited"] or oldest)
    for platform, number, late in session.execute(_findings(today, region)):
        figures = {"contradicted": number, "contradicted_overdue": late}
        found.setdefault(platform, dict(NOTHING_SEEN)).update(figures)
    return found


def _findings(today: date, region: str) -> Any:
    """Open findings by platform, and how many of them should have been dealt with."""
    late = func.sum(case((Finding.due_on < today, 1), else_=0))
    query = select(Finding.platform, func.count(), late).where(Finding.closed_at.is_(None))
    if region:
        query = query.where(Finding.region.startswith(region, autoescape=True))
    return query.group_by(Finding.platform)


def _filed_since(since: datetime) -> Any:
    return (
        select(Delivery.platform, func.count())
        .join(Attempt, Attempt.delivery_id == Delivery.id)
        .where(Attempt.id >= first_id_at(since), Attempt.outcome == "filed")
        .group_by(Delivery.platform)
    )


def _state_view(row: PlatformState) -> dict[str, Any]:
    return {
        "breaker": "open" if row.opened else "closed",
        "retry_at": row.retry_at if row.opened else None,
        "paused_at": row.paused_at,
        "paused_by": row.paused_by,
        "paused_reason": row.paused_reason,
        "last_success_at": row.last_success_at,
        "last_failure_at": row.last_failure_at,
        "last_problem": row.last_problem,
        "backfilling": row.backfill_after is not None,
        "backfilled": row.backfilled,
    }


def platform_views(
    session: Session, catalogue: Mapping[str, Profile], clock: Clock, region: str = ""
) -> list[dict[str, Any]]:
    """Every platform of the catalogue with what is under way there."""
    counted, latest = counts(session, region), latest_runs(session)
    fares, sights = health(session, clock.system_now()), seen(session, clock.today(), region)
    return [
        {
            "id": profile.id,
            "name": profile.name,
            "site": profile.site,
            "level": profile.level,
            "region": profile.region,
            "transport": profile.transport.kind,
            "format": profile.record.format,
            "receipts": profile.receipts.by,
            "withdrawal": profile.withdrawal.by,
            "pushed": profile.pushed,
            "relay": [hop.id for hop in relay_chain(catalogue, profile.id)],
            "basis": profile.basis,
            "source": profile.source,
            "counts": counted.get(profile.id, dict.fromkeys(STATES, 0)),
            "appearance": sights.get(profile.id, NOTHING_SEEN),
            "health": fares.get(profile.id, UNKNOWN_HEALTH),
            "last_reconciliation": run_view(latest[profile.id]) if profile.id in latest else None,
        }
        for profile in catalogue.values()
    ]


def late_letters(session: Session, today: date, region: str = "") -> int:
    """Withdrawal letters still awaited whose reply has not come by its day."""
    query = select(func.count(Batch.id.distinct())).join(Delivery, Delivery.batch_id == Batch.id)
    query = query.where(Batch.kind == "letter", Batch.state == "recorded", Batch.reply_due_on < today)
    query = query.where(Delivery.state == ACCEPTED)  # superseded, nobody waits for it any more
    return session.scalar(query.where(Delivery.region.startswith(region, autoescape=True))) or 0
