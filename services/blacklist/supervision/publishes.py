"""`gap.found` on blacklist.cases.v1: numbers of a department that nobody published or explained; no party."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from services.blacklist.store import SOURCE, outbox
from services.blacklist.supervision.domain.gaps import Gap
from shared.contracts.envelope import new_event
from shared.ids import new_id
from shared.outbox import enqueue
from shared.written import cover_identities

TOPIC = "blacklist.cases.v1"
GAP_FOUND = "gap.found"
MOST_NAMED = 20


def publish_gaps(
    session: Session, department_id: str, region: str, year: int, gaps: Sequence[Gap], at: datetime
) -> None:
    """One event for all of a year's gaps that one look found anew; the page shows every one."""
    warning_id = new_id()
    data = {
        "warning_id": warning_id,
        "sequence": 1,
        "department_id": department_id,
        "region": region,
        "year": year,
        "numbers": cover_identities("、".join(gap.title for gap in gaps[:MOST_NAMED])),
        "gaps": len(gaps),
        "occurred_at": at,
        "recorded_at": at,
    }
    event = new_event(GAP_FOUND, source=SOURCE, subject=warning_id, sequence=1, data=data, at=at)
    enqueue(session, outbox, TOPIC, [event])
