"""The notifier counts quiet hours and ladders by the years confirmed in the blacklist service."""

from datetime import UTC, date, datetime

import pytest

from services.notifier.consumes import learn_calendar
from services.notifier.models import Base, calendar_years
from shared.calendar.copies import copied_calendar
from shared.contracts.envelope import Event, new_event
from shared.db import Database

pytestmark = pytest.mark.tables("services.notifier")

AT = datetime(2026, 12, 31, 2, tzinfo=UTC)
REST = ["2027-01-01", "2027-01-04"]


def confirmed(generation: int, rest: list[str]) -> Event:
    data = {"year": 2027, "generation": generation, "rest": rest, "work": [], "source": "通知"}
    data |= {"number": None, "recorded_at": AT}
    return new_event(
        "calendar.confirmed",
        source="blacklist",
        subject="calendar-2027",
        sequence=generation,
        data=data,
        at=AT,
    )


def test_a_confirmed_year_counts_at_once_and_only_forward(any_db: Database) -> None:
    Base.metadata.create_all(any_db.engine)
    calendar = copied_calendar(any_db, calendar_years)
    calendar.follower.every = 0
    assert not calendar.covers(date(2027, 1, 4))
    for generation, rest in ((2, REST), (1, [])):
        with any_db.write() as session:
            learn_calendar(session, [confirmed(generation, rest)])
    assert calendar.covers(date(2027, 1, 4))
    assert not calendar.is_working_day(date(2027, 1, 4))
    assert calendar.is_working_day(date(2027, 1, 5))
