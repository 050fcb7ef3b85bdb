"""Public search for organisations: hits by likeness for words, newest first without.

Verdict `listed` for the code and the current full name only; whatever is merely alike is `possible`.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.register.index import Reading, reading_of
from services.blacklist.register.queries.lines import Criteria, Shown
from services.blacklist.register.queries.matching import Hit, find_hits, first_of

ALL = "符合筛选条件"


def search(
    session: Session, criteria: Criteria, today: date, *, after: Sequence[Any] | None = None, limit: int = 20
) -> list[dict[str, Any]]:
    """Up to `limit + 1` lines after the last one shown: its (points, id), or (date, id) to browse."""
    return search_on(reading_of(session.connection()), criteria, today, after=after, limit=limit)


def search_on(
    reading: Reading,
    criteria: Criteria,
    today: date,
    *,
    after: Sequence[Any] | None = None,
    limit: int = 20,
) -> list[dict[str, Any]]:
    """The same without a session."""
    shown = Shown(reading, criteria, today)
    if not criteria.q.strip():
        rows = shown.browse(after, limit + 1)
        return [row | _said(1.0, "listed", (ALL,), None) for row in rows]
    hits = first_of(find_hits(shown, criteria.q), after, limit + 1)
    unread = [hit.listing_id for hit in hits if hit.line is None]
    lines = {line["id"]: line for line in shown.by_ids(unread)} if unread else {}
    found = ((hit, hit.line or lines.get(hit.listing_id)) for hit in hits)
    return [line | _judged(hit) for hit, line in found if line]


def _judged(hit: Hit) -> dict[str, Any]:
    return _said(hit.points / 1000, "listed" if hit.certain else "possible", hit.why, hit.matched)


def _said(score: float, verdict: str, why: Sequence[str], matched: str | None) -> dict[str, Any]:
    return {"score": score, "verdict": verdict, "why": list(why), "matched_name": matched}
