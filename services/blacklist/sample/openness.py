"""A handful of made-up public items, drafted and approved by the sample accounts through the use cases."""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.identity.models import Department, User, UserRole
from services.blacklist.openness.models import OpennessItem
from services.blacklist.openness.usecases.acting import act_on_item
from services.blacklist.openness.usecases.filing import file_item
from services.blacklist.store import Deps
from shared.web.access import Principal

DATA = Path(__file__).parent / "data"


def load_open_items(session: Session, deps: Deps) -> int:
    """Each item once, known by region and title; how many were new."""
    entries = tomllib.loads((DATA / "open_items.toml").read_text("utf-8"))["item"]
    known = {tuple(row) for row in session.execute(select(OpennessItem.region, OpennessItem.title))}
    missing = [each for each in entries if (each["region"], each["title"]) not in known]
    made: dict[str, str] = {}
    people: dict[str, dict[str, Principal]] = {}
    for entry in missing:
        region = entry["region"]
        officers = people.setdefault(region, _officers(session, region))
        made[entry.get("key", entry["title"])] = _publish(session, deps, entry, made, officers)
    return len(missing)


def _publish(
    session: Session, deps: Deps, entry: dict[str, Any], made: dict[str, str], people: dict[str, Principal]
) -> str:
    at = deps.clock.now()
    given = {
        **{name: entry.get(name) for name in ("catalogue_code", "kind", "title", "body", "document_number")},
        "formed_on": deps.clock.today() - timedelta(days=entry["days_ago"]),
        "attribute": "proactive",
        "related_id": made.get(entry.get("relates", "")),
    }
    row = file_item(session, deps, given, actor=people["clerk"], at=at)
    for role, act in (("clerk", "submit"), ("decider", "approve")):
        act_on_item(session, deps, row.id, act, row.edition, {}, actor=people[role], at=at)
    return row.id


def _officers(session: Session, region: str) -> dict[str, Principal]:
    """The region's clerk and decider of the housing department."""
    wanted = (
        select(User, UserRole.role, Department)
        .join(UserRole, UserRole.user_id == User.id)
        .join(Department, Department.id == User.department_id)
        .where(Department.region == region, UserRole.role.in_(("clerk", "decider")))
    )
    return {
        role: Principal(
            user.id, user.username, user.display_name, home.id, home.name, home.region, frozenset({role})
        )
        for user, role, home in session.execute(wanted)
    }
