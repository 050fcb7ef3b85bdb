"""Duties on both databases: counted in working days, announced once when near and once when late."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from services.blacklist.audit.models import AuditEntry
from services.blacklist.rules import usecases
from services.blacklist.rules.queries import duties_of, open_duties
from services.blacklist.rules.queries.calendars import LiveCalendar
from services.blacklist.rules.queries.duties import find_duty
from services.blacklist.store import metadata
from shared.calendar import CalendarYear, WorkingCalendar, builtin_calendar
from shared.errors import Conflict, Forbidden, NotFound
from shared.ids import new_id
from shared.web.access import Principal

pytestmark = pytest.mark.tables("services.blacklist")

CALENDAR = builtin_calendar()
AT = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)


@pytest.fixture
def db(any_db):
    metadata.create_all(any_db.engine)
    return any_db


def owe(db, start, *, length=7, case_id=None, calendar=CALENDAR, kind="publish"):
    case_id = case_id or new_id()
    with db.write() as session:
        usecases.create_duty(
            session, case_id=case_id, department_id="housing", kind=kind, rule="list:x",
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
    assert the_duty(db, case_id).state_at(clock.now()) == "due-soon"
    assert announced.on(clock, date(2026, 11, 11)) == ["duty.due-soon"]
    assert announced.on(clock, date(2026, 11, 12)) == ["duty.due-soon", "duty.overdue"]
    assert announced.on(clock, date(2026, 12, 12)) == ["duty.due-soon", "duty.overdue"]
    assert the_duty(db, case_id).state_at(clock.now()) == "overdue"


@pytest.mark.parametrize(
    ("day", "state"),
    [(6, "open"), (9, "due-soon"), (11, "due-soon"), (12, "overdue"), (30, "overdue")],
)
def test_its_state_is_right_before_any_loop_has_run(db, clock, day, state):
    duty = the_duty(db, owe(db, date(2026, 11, 2)))
    assert duty.overdue_at is None
    assert duty.state_at(datetime(2026, 11, day, 2, 0, tzinfo=UTC)) == state
    assert duty.state_on(date(2026, 11, day)) == state


def test_a_duty_already_late_is_only_called_late(db, clock):
    owe(db, date(2026, 9, 1))
    assert Announced(db, clock).on(clock, date(2026, 11, 2)) == ["duty.overdue"]


def test_a_met_or_cancelled_duty_is_silent(db, clock):
    met, cancelled = owe(db, date(2026, 9, 1)), owe(db, date(2026, 9, 1))
    with db.write() as session:
        usecases.settle_duty(session, met, "publish", AT)
        usecases.cancel_duties(session, cancelled, AT)
    assert Announced(db, clock).on(clock, date(2026, 11, 2)) == []
    assert [the_duty(db, each).state_at(clock.now()) for each in (met, cancelled)] == ["done", "cancelled"]


def test_a_duty_without_a_start_waits_for_it(db, clock):
    case_id = owe(db, None)
    assert the_duty(db, case_id).state_at(clock.now()) == "not-started"
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
    assert the_duty(db, case_id).overdue_at is None


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
    assert usecases.recompute_duties(db, published, AT) == 1
    after = the_duty(db, case_id)
    assert (after.provisional, after.calendar_version) == (False, "later")
    assert after.due_on == before.due_on + timedelta(days=3), "New Year's Day rests, the weekend follows"
    assert the_duty(db, settled).provisional


@pytest.fixture
def officer():
    return Principal("u1", "decider", "负责人", "housing", "住建局", "130102", frozenset({"decider"}))


def test_a_pause_pushes_the_day_back_by_what_it_took(db, clock, officer):
    case_id = owe(db, date(2026, 11, 2), kind="settle-repair", length=10)
    assert the_duty(db, case_id).due_on == date(2026, 11, 16)
    with db.write() as session:
        duty = find_duty(session, the_duty(db, case_id).id, "housing", lock=True)
        usecases.pause_duty(session, duty, reason="等待当事人补正材料", actor=officer, at=AT)
    assert the_duty(db, case_id).state_at(clock.now()) == "paused"
    assert Announced(db, clock).on(clock, date(2026, 12, 1)) == [], "nothing is announced while it lasts"
    with db.write() as session:
        duty = find_duty(session, the_duty(db, case_id).id, "housing", lock=True)
        later = datetime(2026, 11, 11, 2, 0, tzinfo=UTC)
        usecases.resume_duty(session, duty, CALENDAR, actor=officer, at=later)
    found = the_duty(db, case_id)
    assert found.due_on == date(2026, 11, 25), "seven working days stood still"
    assert found.state_on(date(2026, 11, 11)) == "open"
    with db.read() as session:
        trail = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert trail == ["duty.pause", "duty.resume"]


def test_a_pause_needs_a_reason_of_the_law(db, officer):
    case_id = owe(db, date(2026, 11, 2), kind="accept-objection", length=3)
    duty = the_duty(db, case_id)
    with pytest.raises(Conflict) as refused, db.write() as session:
        usecases.pause_duty(session, duty, reason="太忙", actor=officer, at=AT)
    assert refused.value.slug == "duty-not-pausable"
    with pytest.raises(NotFound), db.read() as session:
        find_duty(session, duty.id, "another-department")


def test_an_extension_stays_within_the_law_and_calls_off_the_alarm(db, clock, officer):
    case_id = owe(db, date(2026, 10, 12), kind="answer-disclosure", length=20)
    announced = Announced(db, clock)
    assert announced.on(clock, date(2026, 11, 9)) == ["duty.due-soon"]
    at = datetime(2026, 11, 9, 3, 0, tzinfo=UTC)

    def extend(days):
        with db.write() as session:
            duty = find_duty(session, the_duty(db, case_id).id, "housing", lock=True)
            usecases.extend_duty(
                session, duty, CALENDAR, working_days=days, reason="数量较大", actor=officer, at=at
            )

    extend(15)
    with pytest.raises(Conflict) as refused:
        extend(6)
    assert "5个工作日" in refused.value.detail
    extend(5)
    found = the_duty(db, case_id)
    assert (found.due_on, found.extended_wd, found.state_on(date(2026, 11, 20))) == (
        date(2026, 12, 7),
        20,
        "open",
    )
    assert announced.on(clock, date(2026, 12, 8)) == ["duty.due-soon", "duty.overdue"]


def test_the_keeper_counts_anew_once_the_calendar_changes(db, clock):
    case_id = owe(db, date(2026, 12, 4), length=20)
    live = LiveCalendar(db, stale_after=0)
    keeper = usecases.CalendarKeeper(db, clock, live, look_again=0)
    keeper.step()
    assert the_duty(db, case_id).provisional
    first, second = (
        Principal(name, name, name, "d", "d", "000000", frozenset({"system-admin"})) for name in "ab"
    )
    with db.write() as session:
        row = usecases.propose_year(
            session, year=2027, rest=[date(2027, 1, 1)], work=[], notice=None, source="国办通知",
            actor=first, at=AT,
        )  # fmt: skip
    assert not live.covers(date(2027, 1, 4)), "a proposal does not count yet"
    with pytest.raises(Forbidden), db.write() as session:
        usecases.confirm_year(session, row.id, actor=first, at=AT)
    with db.write() as session:
        usecases.confirm_year(session, row.id, actor=second, at=AT)
    assert live.covers(date(2027, 1, 4))
    assert live.version == f"{CALENDAR.version}+1"
    assert live.is_working_day(date(2026, 10, 10)), "the shipped years still count"
    keeper.step()
    found = the_duty(db, case_id)
    assert (found.due_on, found.provisional) == (date(2027, 1, 4), False)
    assert found.calendar_version == live.version
    with pytest.raises(Conflict), db.write() as session:
        usecases.reject_year(session, row.id, reason="x", actor=second, at=AT)
    with db.write() as session:
        later = usecases.propose_year(
            session, year=2027, rest=[date(2027, 1, 1), date(2027, 1, 4)], work=[], notice=None,
            source="更正通知", actor=second, at=AT,
        )  # fmt: skip
        usecases.confirm_year(session, later.id, actor=first, at=AT)
    keeper.step()
    assert the_duty(db, case_id).due_on == date(2027, 1, 5), "a corrected year moves exact days, too"
