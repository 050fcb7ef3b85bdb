"""Our copy of the calendar years confirmed in the blacklist service, and the calendar they give."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select, update
from sqlalchemy.orm import Session

from shared.calendar import CalendarYear
from shared.calendar.live import LiveCalendar
from shared.db import Database, JsonDoc


@dataclass(frozen=True)
class ConfirmedYear:
    """A year as `calendar.confirmed` told it; days in ISO form."""

    year: int
    generation: int
    rest: list[str]
    work: list[str]

    @classmethod
    def told(cls, data: Mapping[str, Any]) -> "ConfirmedYear":
        return cls(data["year"], data["generation"], data["rest"], data["work"])


def copies_table(metadata: MetaData, name: str) -> Table:
    """工作日历 of a year as confirmed; the newest generation counts."""
    return Table(
        name,
        metadata,
        Column("year", Integer, primary_key=True, autoincrement=False),
        Column("generation", Integer, nullable=False),
        Column("rest", JsonDoc, nullable=False),
        Column("work", JsonDoc, nullable=False),
    )


def keep_years(session: Session, table: Table, told: Iterable[ConfirmedYear]) -> list[int]:
    """The years that are news. Only forward: an older reading that comes late changes nothing."""
    return sorted({each.year for each in told if _keep(session, table, each)})


def _keep(session: Session, table: Table, told: ConfirmedYear) -> bool:
    known = session.scalar(select(table.c.generation).where(table.c.year == told.year))
    if known is not None and known >= told.generation:
        return False
    values = {"generation": told.generation, "rest": told.rest, "work": told.work}
    if known is None:
        session.execute(insert(table).values(year=told.year, **values))
    else:
        session.execute(update(table).where(table.c.year == told.year).values(**values))
    return True


def copied_years(session: Session, table: Table) -> list[CalendarYear]:
    return [
        CalendarYear(row.year, _days(row.rest), _days(row.work)) for row in session.execute(select(table))
    ]


def copied_calendar(db: Database, table: Table) -> LiveCalendar:
    """Follows the copy within a second, in every process."""
    return LiveCalendar(db, partial(_newest, table), lambda session: copied_years(session, table))


def _newest(table: Table, session: Session) -> int:
    return session.scalar(select(func.max(table.c.generation))) or 0


def _days(texts: Sequence[str]) -> frozenset[date]:
    return frozenset(date.fromisoformat(each) for each in texts)
