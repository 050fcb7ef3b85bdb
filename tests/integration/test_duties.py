"""Duties on both databases: counted in working days, announced once when near and once when late."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.blacklist.rules import usecases
from services.blacklist.rules.queries import duties_of, open_duties
from services.blacklist.store import metadata
from shared.calendar import CalendarYear, WorkingCalendar, builtin_calendar
from shared.ids import new_id

CALENDAR = builtin_calendar()
AT = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)


@pytest.fixture
def db(any_db):
    metadata.create_all(any_db.engine)
    return any_db


def owe(db, start, *, length=7, case_id=None, calendar=CALENDAR):
    case_id = case_id or new_id()
    with db.write() as session:
        usecases.create_duty(
            session, case_id=case_id, department_id="housing", kind="publish", rule="list:x",
            rule_version="1",
            length_wd=length, start_on=start, calendar=calendar,
        )  # fmt: skip
    return case_id


def the_duty(db, case_id):
    with db.read() as session:
        return duties_of(session, [case_id])[case_id][0]


class Announced:
    def __init__(self, db, clock):
        self.said = []
        self.loop = usecases.DutyClock(db, clock, self._announce)

    def _announce(self, session, duty, kind, at):
        assert session.in_transaction()
        self.said.append((duty.case_id, kind, at))

    def on(self, clock, day):
        clock.set(datetime(day.year, day.month, day.day, 2, 0, tzinfo=UTC))
        while self.loop.step():
            pass
        return [kind for _, kind, _ in self.said]


def test_each_duty_is_announced_once_when_near_and_once_when_late(db, clock):
    case_id = owe(db, date(2026, 11, 2))
    announced = Announced(db, clock)
    assert the_duty(db, case_id).due_on == date(2026, 11, 11)
    assert announced.on(clock, date(2026, 11, 6)) == []
    assert announced.on(clock, date(2026, 11, 9)) == ["duty.due-soon"]
    assert the_duty(db, case_id).state == "due-soon"
    assert announced.on(clock, date(2026, 11, 11)) == ["duty.due-soon"]
    assert announced.on(clock, date(2026, 11, 12)) == ["duty.due-soon", "duty.overdue"]
    assert announced.on(clock, date(2026, 12, 12)) == ["duty.due-soon", "duty.overdue"]
    assert the_duty(db, case_id).state == "overdue"


def test_a_duty_already_late_is_only_called_late(db, clock):
    owe(db, date(2026, 9, 1))
    assert Announced(db, clock).on(clock, date(2026, 11, 2)) == ["duty.overdue"]


def test_a_met_or_cancelled_duty_is_silent(db, clock):
    met, cancelled = owe(db, date(2026, 9, 1)), owe(db, date(2026, 9, 1))
    with db.write() as session:
        usecases.settle_duty(session, met, "publish", AT)
        usecases.cancel_duties(session, cancelled, AT)
    assert Announced(db, clock).on(clock, date(2026, 11, 2)) == []
    assert (the_duty(db, met).state, the_duty(db, cancelled).state) == ("done", "cancelled")


def test_a_duty_without_a_start_waits_for_it(db, clock):
    case_id = owe(db, None)
    assert the_duty(db, case_id).state == "not-started"
    assert Announced(db, clock).on(clock, date(2026, 12, 30)) == []
    with db.write() as session:
        usecases.start_duty(session, case_id, "publish", date(2026, 9, 30), CALENDAR, length_wd=20)
    assert the_duty(db, case_id).due_on == date(2026, 11, 3)


def test_a_failed_announcement_marks_nothing(db, clock):
    case_id = owe(db, date(2026, 9, 1))

    def fail(*_):
        raise ConnectionError

    with pytest.raises(ConnectionError):
        usecases.DutyClock(db, clock, fail).step()
    assert the_duty(db, case_id).state == "open"


def test_duties_follow_a_handover_unless_settled(db):
    open_case, met = owe(db, date(2026, 11, 2)), owe(db, date(2026, 11, 2))
    with db.write() as session:
        usecases.settle_duty(session, met, "publish", AT)
        assert usecases.move_duties(session, "housing", "new-housing") == 1
    with db.read() as session:
        assert [duty.case_id for duty in open_duties(session, ["new-housing"])] == [open_case]
    assert the_duty(db, met).department_id == "housing"


def test_provisional_days_are_counted_anew_with_a_later_calendar(db):
    case_id = owe(db, date(2026, 12, 4), length=20)
    settled = owe(db, date(2026, 12, 4), length=20)
    with db.write() as session:
        usecases.settle_duty(session, settled, "publish", AT)
    before = the_duty(db, case_id)
    assert before.provisional
    new_year = CalendarYear(2027, rest=frozenset({date(2027, 1, 1)}), work=frozenset())
    published = WorkingCalendar("later", [CalendarYear(2026, frozenset(), frozenset()), new_year])
    assert usecases.recompute_provisional(db, published) == 1
    after = the_duty(db, case_id)
    assert (after.provisional, after.calendar_version) == (False, "later")
    assert after.due_on == before.due_on + timedelta(days=3), "New Year's Day rests, the weekend follows"
    assert the_duty(db, settled).provisional
