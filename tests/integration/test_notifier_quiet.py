"""Quiet hours over National Day 2026 and daily digests: no deadline waits, nothing is lost or doubled."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import select

from services.notifier.consumes import hear_news
from services.notifier.domain import DIGEST_EVENT
from services.notifier.models import Base, DigestItem, Dispatch, Notice, Preference
from services.notifier.routing import routing
from services.notifier.usecases.digesting import send_digests
from services.notifier.usecases.reading import choose
from shared.clock import SHANGHAI, FixedClock
from shared.db import Database
from shared.errors import Invalid
from shared.web.access import Principal
from tests.harness.notices import CLERK, HOUSING, OPERATOR, case_event, delivery_event, duty_event, hire_staff

pytestmark = pytest.mark.tables("services.notifier")

CHANNELS = frozenset({"inbox", "email"})
WHO = Principal(CLERK, CLERK, "示例", HOUSING, "部门", "130102", frozenset({"clerk"}))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI).astimezone(UTC)


class Desk:
    """A notifier with quiet hours and a clock set by hand."""

    def __init__(self, db: Database) -> None:
        Base.metadata.create_all(db.engine)
        self.db, self.clock = db, FixedClock(at("09-30T21:00"))
        with db.write() as session:
            hire_staff(session)

    def hear(self, *events: object) -> None:
        with self.db.write() as session:
            hear_news(self.clock, CHANNELS, quiet=True)(session, list(events))  # type: ignore[arg-type]

    def due(self, channel: str = "email") -> set[datetime | None]:
        with self.db.read() as session:
            query = select(Dispatch.next_attempt_at).where(Dispatch.channel == channel)
            return set(session.scalars(query))

    def gather(self, *events: str) -> None:
        with self.db.write() as session:
            for event in events:
                choose(session, event, "email", enabled=True, digest=True, actor=WHO)

    def digest(self, *, crash: bool = False) -> int:
        with self.db.write() as session:
            made = send_digests(session, at=self.clock.system_now(), channels=CHANNELS)
            if crash:
                raise KeyboardInterrupt
            return made

    def digests(self) -> list[Notice]:
        with self.db.read() as session:
            query = select(Notice).where(Notice.event_type == DIGEST_EVENT).order_by(Notice.id)
            return list(session.scalars(query))

    def mails_to_clerk(self) -> list[str]:
        with self.db.read() as session:
            query = select(Dispatch.notice_id).where(Dispatch.target == f"user:{CLERK}")
            return list(session.scalars(query))


@pytest.fixture
def desk(any_db: Database) -> Desk:
    return Desk(any_db)


@pytest.mark.parametrize(
    ("now", "goes"),
    [("09-30T21:00", "10-08T08:00"), ("10-03T10:00", "10-08T08:00"), ("10-09T20:00", "10-10T08:00"),
     ("10-10T09:00", "10-10T09:00"), ("10-10T20:30", "10-12T08:00"), ("10-12T19:59", "10-12T19:59")],
)  # fmt: skip
def test_mail_waits_for_the_next_working_morning(desk, now, goes):
    desk.clock.set(at(now))
    desk.hear(case_event())
    assert desk.due() == {at(goes)}
    assert desk.due("inbox") == {None}


PROMPT = [
    case_event("case.removed"),
    case_event("case.revoked"),
    case_event("case.expired"),
    case_event("case.suspended"),
    duty_event("duty.due-soon"),
    duty_event(),
    delivery_event(),
    delivery_event("delivery.rejected", due=None, operation="withdraw"),
    delivery_event("delivery.awaiting-hand"),
]


@pytest.mark.parametrize("event", PROMPT, ids=lambda event: event.type)
def test_removals_and_deadlines_wait_for_no_morning_and_no_digest(desk, event):
    with desk.db.write() as session:  # a wish from before the route became prompt
        for who, route in product((CLERK, OPERATOR), routing().routes):
            wish = Preference(user_id=who, event=route.event, channel="email", enabled=True, digest=True)
            session.add(wish)
    desk.hear(event)
    assert desk.due() == {at("09-30T21:00")}
    with desk.db.read() as session:
        assert session.scalars(select(DigestItem)).all() == []


def test_what_an_officer_gathers_comes_once_on_the_next_working_day(desk):
    desk.gather("case.published", "case.corrected")
    events = [case_event(), case_event("case.corrected", subject_name="甲公司"), case_event()]
    desk.hear(*events)
    desk.hear(*events)
    assert desk.mails_to_clerk() == []
    desk.clock.set(at("10-08T07:59"))
    assert desk.digest() == 0
    desk.clock.set(at("10-08T08:00"))
    with pytest.raises(KeyboardInterrupt):
        desk.digest(crash=True)
    assert desk.digests() == []
    assert [desk.digest(), desk.digest()] == [1, 0]
    (digest,) = desk.digests()
    assert desk.mails_to_clerk() == [digest.id]
    assert digest.shown_at is None
    assert "3条" in digest.title
    assert "甲公司" in digest.body
    desk.hear(case_event())
    desk.clock.set(at("10-09T08:00"))
    assert desk.digest() == 1
    assert "1条" in desk.digests()[1].title


def test_a_long_digest_is_several_and_swallows_nothing(desk):
    desk.gather("case.published")
    desk.hear(*[case_event(subject_name=f"第{number}号公司") for number in range(120)])
    desk.clock.advance(timedelta(days=30))
    while desk.digest():
        pass
    said = "".join(digest.body for digest in desk.digests())
    assert len(desk.digests()) == 3
    assert all(said.count(f"第{number}号公司") == 1 for number in range(120))
    assert len(desk.mails_to_clerk()) == 3


@pytest.mark.parametrize("event", ["case.removed", "duty.overdue", "delivery.rejected", "delivery.dead"])
def test_a_digest_of_what_must_be_prompt_is_refused(desk, event):
    with desk.db.write() as session, pytest.raises(Invalid):
        choose(session, event, "email", enabled=True, digest=True, actor=WHO)


def test_every_removal_and_deadline_route_is_prompt():
    events = [
        "case.removed",
        "case.expired",
        "case.revoked",
        "case.suspended",
        "case.shielded",
        "duty.overdue",
    ]
    assert all(routing().route(event).prompt for event in [*events, "duty.due-soon", "escalation.leader"])
