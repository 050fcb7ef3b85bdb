"""Loop: once a day every department's numbers are looked through, and it hears once of each new gap (断号).

A gap that was told of and has become narrower is not told again; it closes when all its numbers are
published or explained. Numbers of earlier years than the last are on the ledger's page alone.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.blacklist.identity.models import Department
from services.blacklist.store import Deps, leases
from services.blacklist.supervision.domain.gaps import Gap
from services.blacklist.supervision.models import GapWarning
from services.blacklist.supervision.publishes import publish_gaps
from services.blacklist.supervision.queries.gaps import gaps
from shared.ids import new_id
from shared.leases import Lease


class GapWatch:
    """A department a step, so that no transaction is long."""

    name = "gap-watch"

    def __init__(self, deps: Deps, holder: str) -> None:
        self._deps = deps
        self._lease = Lease(deps.db, leases, self.name, holder)
        self._seen: date | None = None
        self._left: list[tuple[str, str]] = []

    def step(self) -> bool:
        today = self._deps.clock.today()
        if today != self._seen:
            if not self._lease.acquire():
                return False
            self._left, self._seen = self._departments(today), today
        if not self._left or not self._lease.acquire():
            return False
        department_id, region = self._left.pop()
        self._look(department_id, region, today)
        return bool(self._left)

    def _departments(self, today: date) -> list[tuple[str, str]]:
        current = or_(Department.valid_to.is_(None), Department.valid_to > today)
        wanted = select(Department.id, Department.region).where(Department.valid_from <= today, current)
        with self._deps.db.read() as session:
            return [(each, region) for each, region in session.execute(wanted.order_by(Department.id))]

    def _look(self, department_id: str, region: str, today: date) -> None:
        with self._deps.db.read() as session:
            found = [each.gap for each in gaps(session, [department_id], today)]
        recent = [gap for gap in found if gap.year >= today.year - 1]
        with self._deps.db.write() as session:
            warn(session, department_id, region, recent, self._deps.clock.now())


def warn(session: Session, department_id: str, region: str, found: Sequence[Gap], at: datetime) -> list[Gap]:
    """Close what is no gap any more, and tell of what is one for the first time. One at a time looks at a
    department: whoever comes second sees what the first has told.
    """
    session.execute(
        select(Department.id).where(Department.id == department_id).with_for_update(key_share=True)
    )
    wanted = select(GapWarning).where(
        GapWarning.department_id == department_id, GapWarning.closed_at.is_(None)
    )
    told = session.scalars(wanted.order_by(GapWarning.id).with_for_update()).all()
    for row in told:
        if not any(_meet(row, gap) for gap in found):
            row.closed_at = at
    fresh = [gap for gap in found if not any(_covers(row, gap) for row in told)]
    for gap in fresh:
        row = GapWarning(
            id=new_id(), department_id=department_id, prefix=gap.prefix, year=gap.year, first=gap.first,
            last=gap.last, kind=gap.kind, told_at=at,
        )  # fmt: skip
        session.add(row)
    for year in sorted({gap.year for gap in fresh}):
        publish_gaps(session, department_id, region, year, [gap for gap in fresh if gap.year == year], at)
    return fresh


def _meet(row: GapWarning, gap: Gap) -> bool:
    same = (row.prefix, row.year) == (gap.prefix, gap.year)
    return same and row.first <= gap.last and gap.first <= row.last


def _covers(row: GapWarning, gap: Gap) -> bool:
    same = (row.prefix, row.year) == (gap.prefix, gap.year)
    return same and row.first <= gap.first and gap.last <= row.last
