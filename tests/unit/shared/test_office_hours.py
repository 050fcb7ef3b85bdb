"""Office hours over lunch, nights, weekends, a holiday and a worked Saturday."""

from datetime import UTC, datetime

import pytest

from shared.calendar import builtin_calendar
from shared.calendar.hours import OfficeHours, read_spans
from shared.clock import SHANGHAI

HOURS = OfficeHours(builtin_calendar(), read_spans([["09:00", "12:00"], ["13:30", "17:30"]]))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "opens"),
    [("09-30T09:00", "09-30T09:00"), ("09-30T12:00", "09-30T13:30"), ("09-30T17:30", "10-08T09:00"),
     ("10-03T10:00", "10-08T09:00"), ("10-09T23:59", "10-10T09:00"), ("10-10T18:00", "10-12T09:00"),
     ("09-19T10:00", "09-20T09:00"), ("09-24T18:00", "09-28T09:00")],
)  # fmt: skip
def test_the_next_opening(moment, opens):
    assert HOURS.next_open(at(moment)) == at(opens)
    assert HOURS.is_open(at(moment)) is (moment == opens)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [("09-30T16:30", 4, "10-08T12:00"), ("10-08T12:00", 7.5, "10-09T14:00"),
     ("10-09T14:00", 7.5, "10-10T14:30"), ("10-10T14:30", 7.5, "10-12T15:00"),
     ("11-02T09:00", 3, "11-02T12:00"), ("11-02T09:00", 3.5, "11-02T14:00"),
     ("11-01T03:00", 0.5, "11-02T09:30"), ("11-02T09:00", 70, "11-13T17:30")],
)  # fmt: skip
def test_hours_count_only_while_offices_are_open(start, hours, end):
    assert HOURS.add(at(start), hours) == at(end)


@pytest.mark.parametrize(
    "spans", [[], [["09:00", "08:00"]], [["09:00", "12:00"], ["11:00", "13:00"]], [["x", "y"]]]
)
def test_wrong_hours_are_refused(spans):
    with pytest.raises(ValueError, match=r"hours|isoformat"):
        read_spans(spans)
