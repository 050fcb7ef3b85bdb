"""An official looks at the past of the register: who saw what, of which day and for what, is recorded."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.audit.usecases import record
from services.blacklist.register.domain.days import refuse_future
from services.blacklist.register.queries.past import past_listings
from shared.clock import local_date
from shared.web.access import Principal


def look_back(
    session: Session,
    *,
    name: str | None,
    uscc: str | None,
    on: date,
    purpose: str,
    actor: Principal,
    at: datetime,
) -> list[dict[str, Any]]:
    """The listings as they stood; no answer leaves without its entry, an empty one neither."""
    today = local_date(at)
    refuse_future(on, today)
    found = past_listings(session, name, uscc, on, today)
    detail = {
        "as_of": on.isoformat(), "purpose": purpose, "name": name, "uscc": uscc,
        "found": [each["id"] for each in found],
    }  # fmt: skip
    record(
        session,
        actor=actor,
        action="listing.read-past",
        object_type="listing",
        object_id=found[0]["id"] if found else "-",
        detail=detail,
        at=at,
    )
    return found
