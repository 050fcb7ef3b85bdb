"""The push service counts by the calendar confirmed in the blacklist service, and moves what is open."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from services.credit_push.models import CalendarYearCopy
from shared.calendar import WorkingCalendar, builtin_calendar
from shared.contracts.envelope import Event, new_event
from tests.harness.platforms import PushWorld, push_world

AT = datetime(2026, 12, 31, 2, tzinfo=UTC)
REST = ["2027-01-01", "2027-01-04", "2027-01-05"]
RULES = "blacklist.rules.v1"


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushWorld]:
    with push_world(tmp_path_factory.mktemp("push"), api=False) as made:
        made.deps.calendar.follower.every = 0  # type: ignore[attr-defined]
        made.loops[:] = [loop for loop in made.loops if "Consumer" in type(loop).__name__]
        yield made


def confirmed(generation: int, rest: list[str], work: list[str]) -> Event:
    data = {"year": 2027, "generation": generation, "rest": rest, "work": work, "source": "通知"}
    data |= {"number": None, "recorded_at": AT}
    source, subject = "blacklist", "calendar-2027"
    return new_event(
        "calendar.confirmed", source=source, subject=subject, sequence=generation, data=data, at=AT
    )


def tell(world: PushWorld, *events: Event) -> None:
    world.log.append([event.to_record(RULES) for event in events])
    world.run()


def due(world: PushWorld, listing_id: str) -> dict[str, date]:
    return {row.platform: row.due_on for row in world.deliveries(listing_id)}


def test_a_confirmed_year_moves_open_deliveries_and_counts_for_new_ones(world: PushWorld) -> None:
    listing, later = world.listing(), world.listing()
    world.publish(listing.event("published", at=AT))
    world.run()
    before = due(world, listing.id)
    assert before
    assert not world.deps.calendar.covers(date(2027, 1, 4))
    tell(world, confirmed(1, REST, []))
    assert world.deps.calendar.covers(date(2027, 1, 4))
    assert world.deps.calendar.version == f"{builtin_calendar().version}+1"
    after = due(world, listing.id)
    assert {name for name in before if after[name] != before[name]}
    assert all(world.deps.calendar.is_working_day(day) for day in after.values())
    world.publish(later.event("published", at=AT))
    world.run()
    assert due(world, later.id) == after


def test_an_older_reading_that_comes_late_changes_nothing(world: PushWorld) -> None:
    tell(world, confirmed(2, REST, []))
    tell(world, confirmed(1, [], []))
    with world.deps.db.read() as session:
        kept = session.get_one(CalendarYearCopy, 2027)
        assert (kept.generation, kept.rest) == (2, REST)
    assert isinstance(world.deps.calendar, WorkingCalendar)
    assert not world.deps.calendar.is_working_day(date(2027, 1, 4))
