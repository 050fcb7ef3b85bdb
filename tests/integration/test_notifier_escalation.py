"""The ladder through National Day week 2026: rest to 7 October, work on Saturday the 10th."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from services.notifier.consumes import hear_news
from services.notifier.models import Base, Dispatch, Escalation, Notice
from services.notifier.routing import routing
from services.notifier.routing.ladders import ladders
from services.notifier.usecases.escalating import climb
from services.notifier.usecases.reading import acknowledge
from shared.calendar import builtin_calendar
from shared.clock import SHANGHAI, FixedClock
from shared.db import Database
from shared.web.access import Principal
from tests.harness.notices import CITY, DECIDER, HOUSING, SUPERVISOR, case_event, duty_event, hire_staff

pytestmark = pytest.mark.tables("services.notifier")

CHANNELS = frozenset({"inbox", "email"})
RUNGS = ("escalation.section", "escalation.leader", "escalation.openness-office")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI).astimezone(UTC)


class Office:
    """A notifier whose clock walks from minute to minute."""

    def __init__(self, db: Database) -> None:
        Base.metadata.create_all(db.engine)
        self.db, self.clock = db, FixedClock(at("09-30T16:30"))
        with db.write() as session:
            hire_staff(session)

    def hear(self, *events: object) -> None:
        with self.db.write() as session:
            hear_news(self.clock, CHANNELS)(session, list(events))  # type: ignore[arg-type]

    def climb(self, *, crash: bool = False) -> int:
        with self.db.write() as session:
            moved = climb(session, self.clock, calendar=builtin_calendar(), channels=CHANNELS)
            if crash:
                raise KeyboardInterrupt
            return moved

    def walk(self, until: str, step: timedelta = timedelta(minutes=30)) -> list[tuple[str, str, datetime]]:
        """Steps to `until`; returns (event, department, when) of the rungs told on the way."""
        told: list[tuple[str, str, datetime]] = []
        while self.clock.now() < at(until):
            self.clock.advance(step)
            before = {notice.id for notice in self.rungs()}
            while self.climb():
                pass
            fresh = [notice for notice in self.rungs() if notice.id not in before]
            told += [(notice.event_type, notice.department_id, self.clock.now()) for notice in fresh]
        return told

    def rungs(self) -> list[Notice]:
        with self.db.read() as session:
            query = select(Notice).where(Notice.event_type.like("escalation.%"))
            return list(session.scalars(query.order_by(Notice.id)))

    def origin(self) -> Notice:
        with self.db.read() as session:
            query = select(Notice).where(Notice.event_type == "duty.overdue", Notice.department_id == HOUSING)
            return session.scalars(query).one()

    def ladder(self) -> Escalation:
        with self.db.read() as session:
            return session.scalars(select(Escalation)).one()

    def sign(self, notice_id: str, user: str, department: str) -> None:
        who = Principal(user, user, "示例", department, "部门", "130102", frozenset())
        with self.db.write() as session:
            assert acknowledge(session, [notice_id], actor=who, at=self.clock.system_now())


@pytest.fixture
def office(any_db: Database) -> Office:
    return Office(any_db)


def test_the_ladder_counts_office_hours_through_a_holiday_and_a_worked_saturday(office):
    office.hear(duty_event())
    assert office.walk("10-10T15:00") == [
        ("escalation.section", HOUSING, at("10-08T12:00")),
        ("escalation.leader", HOUSING, at("10-09T12:00")),
        ("escalation.openness-office", CITY, at("10-10T12:00")),
    ]
    section, leader, above = office.rungs()
    assert (section.audience, leader.audience, above.audience) == (["reviewer"], ["decider"], ["supervisor"])
    assert "2026年9月30日" in section.body
    assert "长安区住房和城乡建设局" in above.body
    with office.db.read() as session:
        mailed = set(session.scalars(select(Dispatch.target).where(Dispatch.notice_id == leader.id)))
    assert f"user:{DECIDER}" in mailed


def test_an_acknowledgement_ends_the_ladder(office):
    office.hear(duty_event())
    office.sign(office.origin().id, "user-clerk", HOUSING)
    assert office.walk("10-12T18:00", timedelta(hours=2)) == []
    assert office.ladder().ended == "acknowledged"


def test_signing_a_rungs_message_ends_the_ladder_too(office):
    office.hear(duty_event())
    office.walk("10-10T15:00")
    office.sign(office.rungs()[2].id, SUPERVISOR, CITY)
    assert office.walk("10-16T18:00", timedelta(hours=2)) == []
    assert office.ladder().ended == "acknowledged"


def test_the_last_rung_is_repeated_and_its_end_is_visible(office):
    office.hear(duty_event())
    told = office.walk("10-25T18:00", timedelta(hours=2))
    assert [event for event, *_ in told] == [*RUNGS, *[RUNGS[-1]] * 5]
    assert office.ladder().ended == "exhausted"


def test_a_replay_and_a_crash_before_commit_tell_nothing_twice(office):
    event = duty_event()
    office.hear(event)
    office.hear(event)
    office.clock.set(at("10-08T12:00"))
    with pytest.raises(KeyboardInterrupt):
        office.climb(crash=True)
    assert office.rungs() == []
    assert [office.climb(), office.climb()] == [1, 0]
    assert len(office.rungs()) == 1


def test_only_the_concerned_departments_notice_climbs_and_only_what_has_a_ladder(office):
    office.hear(duty_event(), case_event())
    assert office.ladder().notice_id == office.origin().id


def test_the_data_is_sound():
    for event, ladder in ladders().by_event.items():
        assert routing().route(event).event == event
        assert ladder.source
        assert ladder.assumed is True
        assert all(routing().route(rung.event).event == rung.event for rung in ladder.rungs)
        assert all(rung.after_hours > 0 for rung in ladder.rungs)
