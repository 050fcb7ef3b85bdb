"""On what a proof rests for each site: sights that are kept for ever, never the row that sums them up."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.models import Observation
from services.credit_push.sights import ACKNOWLEDGED_ONLY, CONTRADICTED, NOTHING, Basis, appearances_of, bases


def grounds(session: Session, catalogue: Mapping[str, Profile], listing_id: str) -> dict[str, dict[str, Any]]:
    """By platform: what should be seen, and what was by the newest sight that counts."""
    found = bases(session, catalogue, [listing_id])
    query = select(Observation).where(Observation.listing_id == listing_id)
    kept: dict[str, list[Observation]] = {}
    for row in session.scalars(query.order_by(Observation.at, Observation.id)):
        kept.setdefault(row.platform, []).append(row)
    views = {one["platform"]: one for one in appearances_of(session, catalogue, listing_id)}
    return {
        name: {**view, **_ground(found[name, listing_id], view["asks"], kept.get(name, ()))}
        for name, view in views.items()
    }


def _ground(basis: Basis, asks: int, kept: Sequence[Observation]) -> dict[str, Any]:
    run = [row for row in kept if row.sequence >= basis.begun]
    last = next((row for row in reversed(run) if _counts(basis, row)), None)
    told: dict[str, Any] = {
        "looked": bool(kept) or asks > 0,
        "seen": None,
        "seen_at": None,
        "lag_seconds": None,
    }
    if last is None:
        before = [row.at for row in run if row.seen == basis.expects]
        nothing = NOTHING if basis.via != basis.platform else ACKNOWLEDGED_ONLY
        return {**told, "evidence": nothing, "seen_before_at": before[-1] if before else None}
    told |= {"seen": last.seen, "seen_at": last.at, "seen_before_at": None}
    if last.seen != basis.expects:
        return {**told, "evidence": CONTRADICTED}
    lag = max(0, int((last.at - basis.since).total_seconds()))
    return {**told, "evidence": last.how, "lag_seconds": lag}


def _counts(basis: Basis, row: Observation) -> bool:
    """Since the receipt; of the first version of a run what is expected may be seen before the receipt comes.

    A sight before a correction was confirmed is one of the version before it.
    """
    return row.at >= basis.since or (row.seen == basis.expects and basis.begun == basis.sequence)
