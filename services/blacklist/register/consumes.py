"""What credit-push says about deliveries (`credit-push.deliveries.v1`), kept for the listing's page.

Only forward: an event of a lower or equal sequence than the row's changes nothing.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.register.models import DeliveryStatus
from shared.contracts.envelope import Event
from shared.db import dialect_of, upsert

TOPIC = "credit-push.deliveries.v1"
_KEY = ("listing_id", "platform")


def record_deliveries(session: Session, events: Sequence[Event]) -> None:
    """One statement for a whole batch: the newest event of each listing and platform."""
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for event in events:
        if event.type.startswith("delivery."):
            row = _row(event)
            newest[row["listing_id"], row["platform"]] = row
    if not newest:
        return
    insert = upsert(dialect_of(session))(DeliveryStatus)
    update = {name: insert.excluded[name] for name in next(iter(newest.values())) if name not in _KEY}
    newer = DeliveryStatus.sequence < insert.excluded.sequence
    session.execute(
        insert.on_conflict_do_update(index_elements=list(_KEY), set_=update, where=newer),
        list(newest.values()),
    )


def _row(event: Event) -> dict[str, Any]:
    data = event.data
    return {
        "listing_id": data["listing_id"],
        "platform": data["platform"],
        "platform_name": data["platform_name"],
        "operation": data["operation"],
        "state": data["state"],
        "version": data["version"],
        "sequence": event.sequence,
        "at": datetime.fromisoformat(data["at"]),
        "due": date.fromisoformat(data["due"]) if data.get("due") else None,
        "late": bool(data.get("late")),
        "receipt_number": data.get("receipt_number"),
        "reason": data.get("reason"),
    }
