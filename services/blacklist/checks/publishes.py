"""`tender.changed` on blacklist.cases.v1: a bidder of a watched project was listed or lifted."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from services.blacklist.checks.models import TenderProject
from services.blacklist.store import SOURCE, outbox
from shared.contracts.envelope import new_event
from shared.outbox import enqueue

TOPIC = "blacklist.cases.v1"


@dataclass(frozen=True)
class Told:
    """What became of a bidder of which group; who it is stays sealed: before opening nobody may know."""

    project: TenderProject
    kind: str
    group: int
    at: datetime


def publish_tender_news(session: Session, told: Told) -> None:
    """For the department that entered the project; without one only the project's page shows it."""
    project = told.project
    if project.department_id is None:
        return
    data = {
        "project_id": project.id,
        "sequence": project.sequence,
        "department_id": project.department_id,
        "region": project.region,
        "number": project.number,
        "name": project.name,
        "group": told.group,
        "kind": told.kind,
        "occurred_at": told.at,
        "recorded_at": told.at,
    }
    event = new_event(
        "tender.changed", source=SOURCE, subject=project.id, sequence=project.sequence, data=data, at=told.at
    )
    enqueue(session, outbox, TOPIC, [event])
