"""Many rows at once mean what SQLAlchemy's own insert means, on both databases."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Date, Integer, LargeBinary, String, Table, Text, insert, select
from sqlalchemy.exc import IntegrityError

from shared.db import Database, JsonDoc, JsonText, UtcDateTime, add_rows, dump_json, new_metadata

METADATA = new_metadata()
THINGS = Table(
    "things",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", String(40), unique=True),
    Column("text", Text),
    Column("on", Date),
    Column("at", UtcDateTime),
    Column("flag", Boolean),
    Column("raw", LargeBinary),
    Column("doc", JsonDoc),
)
DEFAULTED = Table(
    "defaulted", METADATA, Column("id", Integer, primary_key=True), Column("x", Text, default="x")
)
HARD = "制表\t换行\n回车\r反斜杠\\ \\N \\. 引号\"' 表情😀 %s %(x)s ?"
SHANGHAI = timezone(timedelta(hours=8))


def thing(serial: int, **given: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "id": serial,
        "name": f"名称{serial}",
        "text": HARD,
        "on": date(2026, 11, 2),
        "at": datetime(2026, 11, 2, 8, 30, tzinfo=SHANGHAI),
        "flag": serial % 2 == 0,
        "raw": bytes(range(256)),
        "doc": {"甲": [1, 2.5, None, True, HARD]},
    }
    return plain | given


@pytest.fixture
def db(any_db: Database) -> Database:
    METADATA.create_all(any_db.engine)
    return any_db


@pytest.mark.parametrize("count", [1, 3, 237])
def test_same_rows_as_by_insert(db: Database, count: int):
    rows = [thing(serial) for serial in range(count)]
    rows.append(thing(count, **dict.fromkeys(("name", "text", "on", "at", "flag", "raw", "doc"))))
    with db.write() as session:
        session.execute(insert(THINGS), rows)
        expected = session.execute(select(THINGS).order_by(THINGS.c.id)).all()
        session.execute(THINGS.delete())
        add_rows(session, THINGS, rows)
    with db.read() as session:
        assert session.execute(select(THINGS).order_by(THINGS.c.id)).all() == expected
        assert session.scalars(select(THINGS.c.id).where(THINGS.c.doc.is_(None))).all() == [count]


def test_ids_are_given_and_json_may_be_text_already(db: Database):
    document = {"甲": HARD}
    rows = [{"name": f"{serial}", "doc": JsonText(dump_json(document))} for serial in range(9)]
    with db.write() as session:
        add_rows(session, THINGS, rows)
        assert session.scalars(select(THINGS.c.doc)).all() == [document] * 9
        assert session.scalars(select(THINGS.c.id).order_by(THINGS.c.id)).all() == list(range(1, 10))


@pytest.mark.parametrize("count", [2, 20])
def test_a_row_that_is_there_already_refuses_all_as_an_integrity_error(db: Database, count: int):
    with db.write() as session:
        add_rows(session, THINGS, [thing(0)])
    with pytest.raises(IntegrityError), db.write() as session:
        add_rows(session, THINGS, [thing(serial, name="名称0") for serial in range(1, count)])
    with db.write() as session:
        add_rows(session, THINGS, [thing(serial) for serial in range(1, count)])
        assert len(session.scalars(select(THINGS.c.id)).all()) == count


def test_naive_times_and_missing_defaults_are_refused(db: Database):
    with pytest.raises(ValueError, match="naive"), db.write() as session:
        add_rows(session, THINGS, [thing(1, at=datetime(2026, 1, 1))])  # noqa: DTZ001
    with pytest.raises(ValueError, match="x"), db.write() as session:
        add_rows(session, DEFAULTED, [{"id": 1}])
    with db.write() as session:
        add_rows(session, DEFAULTED, [])
        add_rows(session, DEFAULTED, [{"id": 1, "x": "y"}])


def test_instants_shared_by_rows_are_written_once_and_right(db: Database):
    instants = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=serial // 3) for serial in range(12)]
    with db.write() as session:
        add_rows(session, THINGS, [thing(serial, at=at) for serial, at in enumerate(instants)])
        assert session.scalars(select(THINGS.c.at).order_by(THINGS.c.id)).all() == instants
