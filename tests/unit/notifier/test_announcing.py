"""From events to messages and dispatches: once each, to the right people, over the right channels."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.notifier.consumes import hear_news, learn_identity
from services.notifier.models import (
    Attempt,
    Base,
    Dispatch,
    Notice,
    Preference,
    Subject,
    WebhookEndpoint,
    outbox,
)
from shared.clock import FixedClock
from shared.db import Database, open_database
from tests.harness.notices import (
    ANXI,
    AT,
    CITY,
    CLERK,
    DECIDER,
    HOUSING,
    OPERATOR,
    SUPERVISOR,
    case_event,
    delivery_event,
    department_event,
    difference_event,
    duty_event,
    hire_staff,
    tender_event,
    user_event,
)

CHANNELS = frozenset({"inbox", "email", "webhook"})


@pytest.fixture(scope="module")
def staffed() -> Iterator[tuple[Database, Any, sqlite3.Connection]]:
    """One engine for all tests here, with its compiled statements, and what it holds when each begins."""
    database = open_database("sqlite://")
    Base.metadata.create_all(database.engine)
    with database.write() as session:
        hire_staff(session)
    raw: Any = database.engine.raw_connection().driver_connection
    beginning = sqlite3.connect(":memory:")
    raw.backup(beginning)
    yield database, raw, beginning
    beginning.close()
    database.close()


@pytest.fixture
def db(staffed: tuple[Database, Any, sqlite3.Connection]) -> Database:
    database, raw, beginning = staffed
    beginning.backup(raw)
    return database


def hear(db: Database, *events: Any, channels: frozenset[str] = CHANNELS) -> None:
    with db.write() as session:
        hear_news(FixedClock(AT), channels)(session, list(events))


def notices(db: Database) -> dict[str, Notice]:
    with db.read() as session:
        return {row.department_id: row for row in session.scalars(select(Notice))}


def targets(db: Database, channel: str = "email") -> set[str]:
    with db.read() as session:
        return set(session.scalars(select(Dispatch.target).where(Dispatch.channel == channel)))


def count(session: Session, table: Any) -> int:
    return session.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_publication_reaches_department_and_supervisor(db):
    hear(db, case_event())
    found = notices(db)
    assert found.keys() == {HOUSING, CITY}
    assert found[HOUSING].audience == ["clerk", "decider"]
    assert "华景建设工程有限公司" in found[HOUSING].title
    assert "长安区住房和城乡建设局" in found[CITY].body
    assert found[HOUSING].shown_at == AT
    assert targets(db) == {f"user:{CLERK}", f"user:{DECIDER}", f"user:{SUPERVISOR}"}
    assert targets(db, "inbox") == {f"department:{HOUSING}", f"department:{CITY}"}


def test_the_same_event_twice_is_one_message(db):
    event = case_event()
    hear(db, event, event)
    hear(db, event)
    with db.read() as session:
        assert count(session, Notice) == 2
        assert count(session, Dispatch) == 5
        assert count(session, Attempt) == 2


def test_delivery_into_the_inbox_is_published_with_contiguous_numbers(db):
    event = case_event()
    hear(db, event)
    hear(db, case_event("case.revoked", case_id=event.subject, sequence=2))
    with db.read() as session:
        numbers = list(session.scalars(select(outbox.c.sequence).order_by(outbox.c.id)))
        assert numbers == [1, 2, 3, 4]
        assert session.get_one(Subject, event.subject).sequence == 4


def test_channels_that_are_not_configured_get_no_work(db):
    hear(db, case_event(), channels=frozenset({"inbox"}))
    assert targets(db) == set()
    assert len(notices(db)) == 2


def test_silent_and_unknown_events_tell_nobody(db):
    hear(db, delivery_event("delivery.accepted"), case_event("case.archived"))
    assert notices(db) == {}


def test_a_watched_tender_tells_the_department_that_entered_it(db):
    hear(db, tender_event())
    (notice,) = notices(db).values()
    assert notice.title == "长公资招〔2026〕18号：第 3 投标组新查到公示信息"
    assert notice.link == "/tender-projects/project-1"
    assert f"user:{CLERK}" in targets(db)


def test_preferences_count_above_the_floor_only(db):
    with db.write() as session:
        session.add(Preference(user_id=CLERK, event="case.published", channel="email", enabled=False))
        session.add(Preference(user_id=CLERK, event="duty.overdue", channel="email", enabled=False))
    hear(db, case_event())
    assert f"user:{CLERK}" not in targets(db)
    hear(db, duty_event())
    assert f"user:{CLERK}" in targets(db)


def test_a_department_mailbox_hears_of_warnings_and_where_nobody_can_be_reached(db):
    with db.write() as session:
        learn_identity(session, [department_event(HOUSING, sequence=2, email="housing@example.gov.cn")])
    hear(db, case_event())
    assert f"department:{HOUSING}" not in targets(db)
    hear(db, duty_event())
    assert f"department:{HOUSING}" in targets(db)


def test_acknowledgements_of_platforms_gather_in_one_quiet_message(db):
    for number, platform in enumerate(("信用泉州", "信用中国", "信用泉州"), 1):
        hear(db, delivery_event("delivery.acknowledged", platform_name=platform, sequence=number))
    found = notices(db)
    assert found.keys() == {HOUSING}
    assert "信用泉州\n信用中国" in found[HOUSING].body
    assert "（2个）" in found[HOUSING].title
    assert targets(db) == set()
    hear(db, delivery_event("delivery.acknowledged", operation="withdraw", sequence=4))
    with db.read() as session:
        assert count(session, Notice) == 2


def test_acknowledgements_in_one_batch_gather_too(db):
    names = ("信用泉州", "信用中国")
    events = [
        delivery_event("delivery.acknowledged", platform_name=n, sequence=i) for i, n in enumerate(names, 1)
    ]
    hear(db, *events)
    assert "信用泉州\n信用中国" in notices(db)[HOUSING].body


def test_differences_of_one_reconciliation_are_one_message(db):
    hear(db, *[difference_event(listing_id=f"listing-{i}") for i in range(60)])
    found = notices(db)
    assert found.keys() == {HOUSING}
    assert "60项" in found[HOUSING].title
    assert len(found[HOUSING].body) < 4000


def test_an_abolished_department_is_answered_for_by_its_successor(db):
    with db.write() as session:
        gone = department_event("dep-old", name="国土资源局", valid_to="2026-01-01", successor_id=ANXI)
        learn_identity(session, [gone])
    hear(db, case_event(department_id="dep-old", region="350524"))
    assert notices(db).keys() == {ANXI}


def test_a_department_we_do_not_know_yet_still_gets_its_message(db):
    hear(db, case_event(department_id="dep-new", region="350524"))
    assert notices(db).keys() == {"dep-new"}


def test_an_older_description_of_a_person_never_wins(db):
    with db.write() as session:
        learn_identity(session, [user_event(CLERK, sequence=3, disabled=True, email="c@example.gov.cn")])
        learn_identity(session, [user_event(CLERK, sequence=2, email="c@example.gov.cn")])
    hear(db, case_event())
    assert f"user:{CLERK}" not in targets(db)


def test_webhooks_get_what_their_filter_lets_through(db):
    with db.write() as session:
        for name, types in (("all", []), ("cases", ["case.*"]), ("duties", ["duty.overdue"])):
            session.add(endpoint(name, types))
    hear(db, case_event())
    assert targets(db, "webhook") == {"webhook:all", "webhook:cases"}


def test_dead_deliveries_reach_clerk_and_operator_only_of_the_department(db):
    hear(db, delivery_event())
    assert targets(db) == {f"user:{CLERK}", f"user:{OPERATOR}"}


def endpoint(name: str, types: list[str]) -> WebhookEndpoint:
    return WebhookEndpoint(
        id=name,
        department_id=HOUSING,
        name=name,
        url="https://hooks.example.com/",
        event_types=types,
        enabled=True,
        version=1,
        created_by=OPERATOR,
        created_at=AT,
        updated_at=AT,
    )
