"""The clock over the turns that trip counting: the end of 2026 before 2027 is announced, leap days, worked
Saturdays. Driven by the clock on both databases; the 2027 and 2028 years are made up for the test.
"""

from datetime import UTC, date, datetime

import pytest

from services.blacklist.rules import usecases
from services.blacklist.rules.queries import duties_of
from services.blacklist.rules.queries.calendars import LiveCalendar
from services.blacklist.store import metadata
from shared.calendar import add_months, builtin_calendar
from shared.clock import FixedClock
from shared.ids import new_id
from shared.web.access import Principal

pytestmark = pytest.mark.tables("services.blacklist")

REST_2027 = (date(2027, 1, 1), date(2027, 2, 5), date(2027, 2, 8), date(2027, 2, 9), date(2027, 2, 10))
WORK_2027 = (date(2027, 1, 3), date(2027, 2, 20))
REST_2028 = (date(2028, 1, 3),)


def person(name):
    return Principal(name, name, name, "d", "办公室", "000000", frozenset({"supervisor"}))


class Office:
    """A database, a clock moved by hand, the loops that watch duties, and what they announced."""

    def __init__(self, db, day):
        self.db, self.clock, self.said = db, FixedClock(datetime(2026, 1, 1, tzinfo=UTC)), []
        self.calendar = LiveCalendar(db, 0)
        self.on(day)
        self.keeper = usecases.CalendarKeeper(db, self.clock, self.calendar, look_again=0)
        self.watch = usecases.DutyClock(db, self.clock, self._announce)

    def _announce(self, session, duty, kind, at):
        self.said.append((kind, self.clock.today()))

    def on(self, day):
        self.clock.set(datetime(day.year, day.month, day.day, 2, tzinfo=UTC))

    def owe(self, start, length):
        case_id = new_id()
        with self.db.write() as session:
            usecases.create_duty(
                session, case_id=case_id, department_id="d", kind="publish", rule="x", rule_version="1",
                length_wd=length, start_on=start, calendar=self.calendar,
            )  # fmt: skip
        return case_id

    def due(self, case_id):
        with self.db.read() as session:
            duty = duties_of(session, [case_id])[case_id][0]
        return duty.due_on, duty.provisional

    def announce_year(self, year, rest, work):
        """A year as its notice gives it: put forward by one, confirmed by another."""
        with self.db.write() as session:
            proposal = usecases.propose_year(
                session, year=year, rest=rest, work=work, notice=None, source="本测试编写",
                actor=person("one"), at=self.clock.now(),
            )  # fmt: skip
            usecases.confirm_year(session, proposal.id, actor=person("two"), at=self.clock.now())
        self.keeper.step()

    def pass_days(self, *days):
        for day in days:
            self.on(day)
            while self.watch.step():
                pass
        return self.said


@pytest.fixture
def office(any_db):
    metadata.create_all(any_db.engine)
    return Office(any_db, date(2026, 12, 4))


def test_the_end_of_2026_is_provisional_until_2027_is_confirmed(office):
    """20 working days from 4 December: 19 are left in the year, the 20th lies in a year not yet announced."""
    over, within = office.owe(date(2026, 12, 4), 20), office.owe(date(2026, 12, 3), 20)
    assert office.due(over) == (date(2027, 1, 1), True)
    assert office.due(within) == (date(2026, 12, 31), False)
    office.on(date(2026, 12, 10))
    office.announce_year(2027, REST_2027, WORK_2027)
    assert office.due(over) == (date(2027, 1, 3), False), "New Year's Day rests, Sunday the 3rd is worked"
    assert office.due(within) == (date(2026, 12, 31), False)


def test_what_the_clock_said_of_a_provisional_day_is_said_anew_of_the_real_one(office):
    """Called near by the provisional day; the notice moves it; called near again when it really is."""
    case_id = office.owe(date(2027, 1, 29), 7)
    assert office.due(case_id) == (date(2027, 2, 9), True)
    assert office.pass_days(date(2027, 2, 4)) == []
    first = ("duty.due-soon", date(2027, 2, 5))
    assert office.pass_days(date(2027, 2, 5)) == [first]
    office.announce_year(2027, REST_2027, WORK_2027)
    assert office.due(case_id) == (date(2027, 2, 15), False), "the Spring Festival lies between"
    assert office.pass_days(date(2027, 2, 9), date(2027, 2, 10)) == [first]
    second = ("duty.due-soon", date(2027, 2, 11))
    assert office.pass_days(date(2027, 2, 11), date(2027, 2, 15)) == [first, second]
    assert office.pass_days(date(2027, 2, 16)) == [first, second, ("duty.overdue", date(2027, 2, 16))]


def test_a_corrected_year_counts_from_its_confirmation(office):
    case_id = office.owe(date(2026, 12, 30), 3)
    office.announce_year(2027, REST_2027, ())
    assert office.due(case_id) == (date(2027, 1, 5), False)
    office.announce_year(2027, REST_2027, WORK_2027)
    assert office.due(case_id) == (date(2027, 1, 4), False), "the newer notice works the 3rd"


def test_terms_over_the_leap_day(office):
    """2028 is a leap year: 29 February (a Tuesday) is a day like any other, and only that year."""
    office.on(date(2028, 2, 22))
    ends_on_it, from_it = office.owe(date(2028, 2, 22), 5), office.owe(date(2028, 2, 29), 7)
    assert office.due(ends_on_it) == (date(2028, 2, 29), True)
    assert office.due(from_it) == (date(2028, 3, 9), True)
    office.announce_year(2028, REST_2028, ())
    assert office.due(ends_on_it) == (date(2028, 2, 29), False)
    assert office.due(from_it) == (date(2028, 3, 9), False)
    said = office.pass_days(date(2028, 2, 29))
    assert [kind for kind, _ in said] == ["duty.due-soon"], "on the day itself it is not late"
    assert ("duty.overdue", date(2028, 3, 1)) in office.pass_days(date(2028, 3, 1))


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 3, date(2028, 5, 29)),
        (date(2028, 2, 29), 48, date(2032, 2, 29)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2027, 2, 28), 12, date(2028, 2, 28)),
    ],
)
def test_months_of_publicity_over_the_leap_day(start, months, end):
    assert add_months(start, months) == end


@pytest.mark.parametrize(
    ("start", "length", "worked", "late"),
    [
        # 劳动节后5月9日(周六)上班:到期日是这个周六,周日已经逾期
        (date(2026, 5, 8), 1, date(2026, 5, 9), date(2026, 5, 10)),
        # 春节前2月14日(周六)上班
        (date(2026, 2, 13), 1, date(2026, 2, 14), date(2026, 2, 15)),
        # 春节后2月28日(周六)上班
        (date(2026, 2, 26), 2, date(2026, 2, 28), date(2026, 3, 1)),
        # 国庆节后10月10日(周六)上班
        (date(2026, 9, 30), 3, date(2026, 10, 10), date(2026, 10, 11)),
    ],
)
def test_a_worked_saturday_is_a_day_to_be_on_time(office, start, length, worked, late):
    assert worked.weekday() == 5
    assert builtin_calendar().is_working_day(worked)
    case_id = office.owe(start, length)
    assert office.due(case_id) == (worked, False)
    assert "duty.overdue" not in [kind for kind, _ in office.pass_days(start, worked)]
    assert ("duty.overdue", late) in office.pass_days(late)


def test_terms_begin_on_a_worked_saturday(office):
    """Formed on the worked Saturday before the Spring Festival: the seven days begin after the holiday."""
    assert office.due(office.owe(date(2026, 2, 14), 7)) == (date(2026, 3, 3), False)
    assert office.due(office.owe(date(2026, 9, 20), 7)) == (date(2026, 9, 30), False), "a worked Sunday"
