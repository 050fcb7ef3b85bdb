"""Keep our copy of departments and officers as blacklist describes them; an older description never wins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from services.notifier.models import DepartmentCopy, UserCopy, UserRole
from services.notifier.usecases.marks import lift_marks


@dataclass(frozen=True)
class DepartmentFacts:
    """A department as described at `sequence`."""

    id: str
    sequence: int
    name: str
    region: str
    email: str | None
    valid_to: str | None
    successor_id: str | None


@dataclass(frozen=True)
class UserFacts:
    """An officer as described at `sequence`."""

    id: str
    sequence: int
    username: str
    display_name: str
    department_id: str
    email: str | None
    disabled: bool
    roles: tuple[str, ...]


def remember_departments(
    session: Session, described: Sequence[DepartmentFacts], at: datetime | None = None
) -> None:
    """Store the newest description of each department; `at` is when the last of them was recorded."""
    newest = {facts.id: facts for facts in sorted(described, key=lambda facts: facts.sequence)}
    rows = session.scalars(select(DepartmentCopy).where(DepartmentCopy.id.in_(newest)))
    known = {row.id: row for row in rows}
    changed = [
        each for each in newest.values() if each.id not in known or known[each.id].sequence < each.sequence
    ]
    for facts in changed:
        session.merge(DepartmentCopy(**vars(facts)))
    if at is not None:
        lift_marks(session, [facts.email for facts in changed], at)


def remember_users(session: Session, described: Sequence[UserFacts], at: datetime | None = None) -> None:
    """Store the newest description of each officer, with the roles held; `at` as with departments."""
    newest = {facts.id: facts for facts in sorted(described, key=lambda facts: facts.sequence)}
    known = {
        row.id: row.sequence
        for row in session.execute(select(UserCopy.id, UserCopy.sequence).where(UserCopy.id.in_(newest)))
    }
    changed = [facts for facts in newest.values() if known.get(facts.id, 0) < facts.sequence]
    for facts in changed:
        plain = {name: value for name, value in vars(facts).items() if name != "roles"}
        session.merge(UserCopy(**plain))
    if not changed:
        return
    if at is not None:
        lift_marks(session, [facts.email for facts in changed], at)
    session.execute(delete(UserRole).where(UserRole.user_id.in_([facts.id for facts in changed])))
    roles = [{"user_id": facts.id, "role": role} for facts in changed for role in sorted(set(facts.roles))]
    if roles:
        session.execute(insert(UserRole), roles)
