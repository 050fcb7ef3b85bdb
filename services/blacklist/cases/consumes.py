"""What other services say to cases: whether a department was reached (`notifier.deliveries.v1`, only forward:
a lower or equal sequence changes nothing), what parties ask for at platforms, and what platforms reject.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.cases.models import NoticeStatus
from services.blacklist.cases.usecases.rejections import PlatformWord, follow_words
from services.blacklist.cases.usecases.returning import Returned, take_returned
from services.blacklist.store import Deps
from shared.contracts.envelope import Event
from shared.db import dialect_of, upsert

TOPIC = "notifier.deliveries.v1"
_KEY = ("notice_id", "channel")


def record_notices(session: Session, events: Sequence[Event]) -> None:
    """One statement for a whole batch: the newest event of each notice and channel."""
    told = [_row(event) for event in events if event.type.startswith("notice.")]
    newest = {(row["notice_id"], row["channel"]): row for row in told}
    if not newest:
        return
    insert = upsert(dialect_of(session))(NoticeStatus)
    rows = list(newest.values())
    update = {name: insert.excluded[name] for name in rows[0] if name not in _KEY}
    newer = NoticeStatus.sequence < insert.excluded.sequence
    session.execute(insert.on_conflict_do_update(index_elements=list(_KEY), set_=update, where=newer), rows)


def _row(event: Event) -> dict[str, Any]:
    data = event.data
    return {
        "notice_id": data["notice_id"],
        "channel": data["channel"],
        "subject_id": data["subject_id"],
        "event_type": data["event_type"],
        "department_id": data.get("department_id"),
        "state": event.type.removeprefix("notice."),
        "sequence": event.sequence,
        "at": datetime.fromisoformat(data["at"]),
        "reason": data.get("reason"),
    }


def open_requests(deps: Deps) -> Callable[[Session, Sequence[Event]], None]:
    """The handler that turns what came back through platforms into overlays of cases."""

    def handle(session: Session, events: Sequence[Event]) -> None:
        for event in events:
            if event.type.startswith("request."):
                take_returned(session, deps, _returned(event.data), at=deps.clock.now())

    return handle


def _returned(data: dict[str, Any]) -> Returned:
    return Returned(
        listing_id=data["listing_id"],
        kind=data["kind"],
        platform=data["platform"],
        platform_name=data["platform_name"],
        ticket=data["ticket"],
        received_on=date.fromisoformat(data["received_on"]),
        evidence=data["evidence"],
        commitment=data.get("commitment"),
    )


VERDICTS = ("delivery.rejected", "delivery.acknowledged", "delivery.dropped")


def follow_rejections(deps: Deps) -> Callable[[Session, Sequence[Event]], None]:
    """The handler that makes a platform's final rejection a task of the filing department, and settles it."""

    def handle(session: Session, events: Sequence[Event]) -> None:
        words = [_word(event) for event in events if event.type in VERDICTS]
        if words:
            follow_words(session, deps, words, deps.clock.now())

    return handle


def _word(event: Event) -> PlatformWord:
    data = event.data
    return PlatformWord(
        verdict=event.type.removeprefix("delivery."),
        listing_id=data["listing_id"],
        platform=data["platform"],
        platform_name=data["platform_name"],
        sequence=event.sequence,
        delivery_id=data["delivery_id"],
        operation=data["operation"],
        version=data["version"],
        field=data.get("field"),
        code=data.get("code"),
        reason=data.get("reason"),
        at=datetime.fromisoformat(data["at"]),
    )
