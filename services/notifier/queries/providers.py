"""How each provider of each channel has done of late: sends, failures, cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from services.notifier.domain import CHANNEL_NAMES
from services.notifier.models import Attempt, Dispatch
from shared.ids import first_id_at

OWN = "-"
WATCHERS = ("operator", "system-admin", "supervisor", "auditor")
"""The roles that may see it."""


@dataclass(frozen=True)
class ProviderHealth:
    """One provider of a channel; `provider` is "-" where the channel itself is all there is (webhooks)."""

    channel: str
    channel_name: str
    provider: str
    attempts: int
    delivered: int
    failed: int
    success_rate: float
    """From 0 to 1."""
    cost: int
    """In 厘, a thousandth of a yuan."""
    mean_ms: int
    last_success_at: datetime | None
    last_failure_at: datetime | None
    last_failure_reason: str | None


def provider_health(session: Session, *, since: datetime | None = None) -> Sequence[ProviderHealth]:
    """By channel and provider, of the tries since then; None is as far back as there is anything."""
    found = []
    for row in session.execute(_counted(since)):
        latest = _latest(since, row.channel, row.provider)
        failure = session.execute(latest.where(Attempt.outcome == "failed")).first()
        success = session.execute(latest.where(Attempt.outcome == "delivered")).first()
        found.append(
            ProviderHealth(
                channel=row.channel,
                channel_name=CHANNEL_NAMES.get(row.channel, row.channel),
                provider=row.provider,
                attempts=row.attempts,
                delivered=row.delivered,
                failed=row.attempts - row.delivered,
                success_rate=row.delivered / row.attempts,
                cost=row.cost,
                mean_ms=round(row.milliseconds),
                last_success_at=success.at if success else None,
                last_failure_at=failure.at if failure else None,
                last_failure_reason=failure.reason if failure else None,
            )
        )
    return found


def _counted(since: datetime | None) -> Select[*tuple[Any, ...]]:
    provider = func.coalesce(Attempt.provider, OWN)
    columns = (
        Dispatch.channel,
        provider.label("provider"),
        func.count().label("attempts"),
        func.sum(case((Attempt.outcome == "delivered", 1), else_=0)).label("delivered"),
        func.coalesce(func.sum(Attempt.cost), 0).label("cost"),
        func.avg(Attempt.duration_ms).label("milliseconds"),
    )
    query = select(*columns).join(Dispatch, Dispatch.id == Attempt.dispatch_id)
    return _of_late(query, since).group_by(Dispatch.channel, provider).order_by(Dispatch.channel, provider)


def _latest(since: datetime | None, channel: str, provider: str) -> Select[*tuple[Any, ...]]:
    query = select(Attempt.at, Attempt.reason).join(Dispatch, Dispatch.id == Attempt.dispatch_id)
    query = query.where(Dispatch.channel == channel, func.coalesce(Attempt.provider, OWN) == provider)
    return _of_late(query, since).order_by(Attempt.id.desc()).limit(1)


def _of_late(query: Select[*tuple[Any, ...]], since: datetime | None) -> Select[*tuple[Any, ...]]:
    """Calls outside only; attempts' ids are ordered by time."""
    outside = query.where(Dispatch.channel != "inbox")
    return outside if since is None else outside.where(Attempt.id >= first_id_at(since))
