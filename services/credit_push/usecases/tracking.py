"""What is expected of public sites is written down, so that they can be asked and sights be compared."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from services.credit_push.models import Appearance
from services.credit_push.sights import DISPLAYED, Basis, begins_anew
from shared.db import among, dialect_of, upsert


def track(session: Session, wanted: Iterable[Basis], asked: Mapping[str, datetime]) -> None:
    """Have what is expected at these sites written down; `asked`: when to ask first, of those that can be."""
    given = {(one.platform, one.listing_id): one for one in wanted}
    mine = among(session, Appearance.listing_id, sorted({listing for _, listing in given}))
    there = _there(session, mine)
    _add(session, [one for at, one in given.items() if at not in there], asked)
    query = select(Appearance).where(mine).order_by(Appearance.listing_id, Appearance.platform)
    held = session.scalars(query.with_for_update().execution_options(populate_existing=True))
    for at, row in [((row.platform, row.listing_id), row) for row in held]:
        if at in given and row.sequence < given[at].sequence:
            _renew(row, given[at], asked.get(row.platform))
    session.flush()


def _there(session: Session, mine: ColumnElement[bool]) -> set[tuple[str, str]]:
    query = select(Appearance.platform, Appearance.listing_id).where(mine)
    return {(row.platform, row.listing_id) for row in session.execute(query)}


def _add(session: Session, wanting: Iterable[Basis], asked: Mapping[str, datetime]) -> None:
    """Before any is locked: what another adds meanwhile is there to be locked in its turn."""
    fresh = [_fresh(one, asked.get(one.platform)) for one in sorted(wanting, key=_in_order)]
    if fresh:
        put = upsert(dialect_of(session))(Appearance).on_conflict_do_nothing()
        session.execute(put, fresh)


def _in_order(basis: Basis) -> tuple[str, str]:
    return basis.listing_id, basis.platform


def _fresh(basis: Basis, ask_at: datetime | None) -> dict[str, Any]:
    names = ("platform", "listing_id", "via", "sequence", "expects", "since", "match_key", "region")
    return {**{name: getattr(basis, name) for name in names}, "asks": 0, "next_ask_at": ask_at}


def _renew(row: Appearance, basis: Basis, ask_at: datetime | None) -> None:
    """A correction of what is shown asks nothing new; a listing again after a withdrawal does."""
    again = begins_anew(row, basis)
    row.sequence, row.via, row.match_key = basis.sequence, basis.via, basis.match_key
    if not again:
        return
    row.expects, row.since, row.asks, row.lag_seconds, row.next_ask_at = (
        basis.expects, basis.since, 0, None, ask_at,
    )  # fmt: skip
    row.absent_at = row.absent_how = None
    if basis.expects == DISPLAYED:
        row.displayed_at = row.displayed_how = None
