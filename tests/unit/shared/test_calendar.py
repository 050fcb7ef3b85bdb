"""Working days against the notices, the vectors of the legal reference, and what lies beyond coverage."""

import json
from datetime import date, timedelta

import chinese_calendar
import pytest

from shared.calendar import add_months, builtin_calendar, calendar_with

VECTORS = [
    ("2018-04-27", 7, "2018-05-09"),
    ("2018-04-27", 20, "2018-05-28"),
    ("2025-09-26", 7, "2025-10-13"),
    ("2025-09-26", 20, "2025-10-30"),
    ("2026-02-11", 7, "2026-02-27"),
    ("2026-02-11", 20, "2026-03-17"),
    ("2026-02-14", 7, "2026-03-03"),  # a Saturday worked
    ("2026-02-14", 20, "2026-03-20"),
    ("2026-09-20", 7, "2026-09-30"),  # a Sunday worked
    ("2026-09-20", 20, "2026-10-23"),
    ("2026-09-30", 3, "2026-10-10"),
    ("2026-09-30", 7, "2026-10-15"),
    ("2026-09-30", 20, "2026-11-03"),
    ("2026-12-03", 20, "2026-12-31"),  # the last day inside coverage
]


@pytest.mark.parametrize(("start", "days", "due"), VECTORS)
def test_vectors(start, days, due):
    result = builtin_calendar().add_working_days(date.fromisoformat(start), days)
    assert result.day == date.fromisoformat(due)
    assert not result.provisional
    assert result.calendar_version == builtin_calendar().version


def test_beyond_the_published_years_is_provisional():
    calendar = builtin_calendar()
    assert calendar.add_working_days(date(2026, 12, 4), 20).provisional
    assert calendar.add_working_days(date(2027, 3, 1), 5).provisional
    assert not calendar.covers(date(2027, 1, 1))


def test_another_year_makes_it_exact(tmp_path):
    notice = {
        "version": "china-2027.1",
        "source": "made up for this test",
        "years": {"2027": {"rest": ["01-01"], "work": []}},
    }
    (tmp_path / "china-2027.json").write_text(json.dumps(notice))
    calendar = calendar_with(tmp_path)
    due = calendar.add_working_days(date(2026, 12, 4), 20)
    assert due.day == date(2027, 1, 4)
    assert not due.provisional
    assert due.calendar_version == "china-2004-2026.1+china-2027.1"
    assert calendar_with(tmp_path / "none") is builtin_calendar()


def test_agrees_with_chinesecalendar_except_the_known_day():
    calendar = builtin_calendar()
    days = (
        date(2004, 1, 1) + timedelta(days=i) for i in range((date(2026, 12, 31) - date(2004, 1, 1)).days + 1)
    )
    differing = [day for day in days if calendar.is_working_day(day) != chinese_calendar.is_workday(day)]
    assert differing == [date(2005, 12, 31)]


def test_counting_between_and_backwards():
    calendar = builtin_calendar()
    start = date(2026, 9, 30)
    for days in (1, 3, 7, 20):
        due = calendar.add_working_days(start, days).day
        assert calendar.working_days_between(start, due) == days
        assert calendar.add_working_days(due, -days).day == start
    assert calendar.working_days_between(date(2026, 10, 15), start) == -7
    assert calendar.add_working_days(date(2026, 10, 1), 0).day == date(2026, 10, 8)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 11, 2), 12, date(2027, 11, 2)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2026, 3, 31), 36, date(2029, 3, 31)),
    ],
)
def test_months(day, months, expected):
    assert add_months(day, months) == expected
