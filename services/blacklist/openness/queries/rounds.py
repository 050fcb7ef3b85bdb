"""Rounds of watching, newest first, and whether the next one is late."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.openness.domain.terms import data
from services.blacklist.openness.models import WatchRound
from services.blacklist.openness.queries.sight import in_sight
from shared.web.access import Principal


def list_rounds(session: Session, who: Principal, *, before: str | None, limit: int) -> list[WatchRound]:
    wanted = select(WatchRound).where(in_sight(WatchRound, who))
    if before:
        wanted = wanted.where(WatchRound.id < before)
    return list(session.scalars(wanted.order_by(WatchRound.id.desc()).limit(limit)))


def round_view(row: WatchRound) -> dict[str, Any]:
    names = ("id", "sources", "found", "note", "recorder_name", "at", "region")
    return {name: getattr(row, name) for name in names} | {
        "department": {"id": row.department_id, "name": row.department_name}
    }


def is_late(session: Session, who: Principal, now: datetime) -> bool:
    """Whether the officer's own department has let the time between two rounds pass."""
    wanted = select(WatchRound.at).where(WatchRound.department_id == who.department_id)
    last = session.scalars(wanted.order_by(WatchRound.id.desc()).limit(1)).first()
    return last is None or now - last > timedelta(hours=data("terms")["watch"]["every_hours"])
