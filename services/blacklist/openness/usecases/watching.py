"""监测 (R69): each round of watching for public opinion is written down, also where nothing was found."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.audit import usecases as audit
from services.blacklist.audit.domain import without_identities
from services.blacklist.openness.models import WatchRound
from shared.ids import new_id
from shared.web.access import Principal


def record_round(session: Session, given: Mapping[str, Any], *, actor: Principal, at: datetime) -> WatchRound:
    row = WatchRound(
        id=new_id(),
        department_id=actor.department_id,
        department_name=actor.department_name,
        region=actor.region,
        sources=without_identities(given["sources"]),
        found=given["found"],
        note=without_identities(given.get("note")),
        recorded_by=actor.user_id,
        recorder_name=actor.display_name,
        at=at,
    )
    session.add(row)
    audit.record(
        session, actor=actor, action="opinion.watch", object_type="watch-round", object_id=row.id,
        detail={"found": row.found, "department_id": row.department_id}, at=at,
    )  # fmt: skip
    session.flush()
    return row
