"""What the workers measure once a minute, as Prometheus sees it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from prometheus_client import REGISTRY
from sqlalchemy import Table, insert

from services.blacklist.rules.models import Duty
from services.blacklist.rules.usecases.measuring import measure as measure_duties
from services.credit_push.models import Delivery, Listing, PlatformState
from services.credit_push.usecases.measuring import measure as measure_push
from services.notifier.models import Dispatch, Notice
from services.notifier.usecases.measuring import measure as measure_notices
from shared.db import Database, UtcDateTime, open_database

AT = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 2)
ANYTHING: dict[type, Any] = {str: "x", int: 0, bool: False, date: TODAY}


def anything(kind: Any) -> Any:
    return AT if isinstance(kind, UtcDateTime) else ANYTHING.get(kind.python_type, [])


def put(db: Database, table: Any, **given: Any) -> None:
    """A row with what is given; of the rest, anything where something must stand."""
    columns = [each for each in table.columns if not (each.nullable or each.default or each.server_default)]
    rest = {each.name: anything(each.type) for each in columns}
    with db.write() as session:
        session.execute(insert(table).values(rest | given))


def tables(*made: Any) -> Database:
    db = open_database("sqlite://")
    found: list[Table] = [each.__table__ for each in made]
    found[0].metadata.create_all(db.engine, tables=found)
    return db


def level(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


def test_deliveries_that_want_somebody() -> None:
    db = tables(Listing, Delivery, PlatformState)
    put(db, Listing.__table__, id="l")
    soon, late = TODAY, TODAY - timedelta(days=1)
    for at, (state, due) in enumerate([("dead", late), ("dead", late), ("waiting", late), ("waiting", soon)]):
        key = str(at)
        put(db, Delivery.__table__, id=key, listing_id="l", idempotency_key=key, state=state, due_on=due)
    put(db, PlatformState.__table__, platform="away", opened=2)
    put(db, PlatformState.__table__, platform="well", opened=0)
    measure_push(db, TODAY)
    assert level("push_deliveries_stuck", state="dead") == 2
    assert level("push_deliveries_stuck", state="rejected") == 0
    assert level("push_deliveries_overdue") == 1
    assert level("push_breaker_open", platform="away") == 1
    assert level("push_breaker_open", platform="well") == 0
    db.close()


def test_notices_given_up_or_not_sent_in_time() -> None:
    db = tables(Notice, Dispatch)
    put(db, Notice.__table__, id="n")
    hour = timedelta(hours=1)
    rows = [("dead", AT), ("waiting", AT - hour), ("waiting", AT), ("acknowledged", AT - hour)]
    for at, (state, due) in enumerate(rows):
        put(
            db, Dispatch.__table__, id=str(at), notice_id="n", channel="email", target=str(at), state=state,
            next_attempt_at=due,
        )  # fmt: skip
    measure_notices(db, ["email", "sms"], AT)
    assert level("notifier_dispatches_dead", channel="email") == 1
    assert level("notifier_dispatches_overdue", channel="email") == 1
    assert level("notifier_dispatches_overdue", channel="sms") == 0
    db.close()


def test_duties_past_their_day() -> None:
    db = tables(Duty)
    put(db, Duty.__table__, id="late", overdue_at=AT)
    put(db, Duty.__table__, id="done", overdue_at=AT, done_at=AT)
    put(db, Duty.__table__, id="open")
    measure_duties(db)
    assert level("duties_overdue") == 1
    db.close()
