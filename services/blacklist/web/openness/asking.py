"""Moments typed in Shanghai time, and choices the forms of openness share."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.identity.models import Department
from services.blacklist.openness.domain.terms import kinds
from services.blacklist.openness.queries.catalogue import entries_of
from shared.clock import SHANGHAI
from shared.web.access import Principal

Options = list[tuple[str, str]]


def with_moments(values: dict[str, Any], *names: str) -> dict[str, Any]:
    """`2026-11-23T09:05` of a form as a moment with its zone; anything else is left for the schema."""
    found = dict(values)
    for name in names:
        try:
            found[name] = datetime.fromisoformat(found[name]).replace(tzinfo=SHANGHAI).isoformat()
        except (KeyError, ValueError, TypeError):
            continue
    return found


def kind_options() -> Options:
    return [(each.code, each.name) for each in kinds().values()]


def entry_options(session: Session, who: Principal) -> Options:
    """The catalogue entries the officer's department answers for, with their time."""
    department = session.get(Department, who.department_id)
    found = entries_of(session, department) if department else []
    return [(each.code, f"{each.title}（{each.time_limit}）") for each in found]
