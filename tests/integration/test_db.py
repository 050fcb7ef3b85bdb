"""Transactions, types and migrations that mean the same on SQLite and PostgreSQL."""

import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, String, Table, insert, inspect, select, text, update
from sqlalchemy.exc import DBAPIError, StatementError

from shared.db import (
    Database,
    JsonDoc,
    UtcDateTime,
    Wakeup,
    among,
    change_rows,
    current_revision,
    head_revision,
    is_migrated,
    is_passing,
    migrate,
    new_metadata,
    open_database,
    put_rows,
    rows_changed,
    unnested,
    upsert,
    wake,
)
from tests.harness.wait import PATIENCE, until

METADATA = new_metadata()
THINGS = Table(
    "things",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime),
    Column("doc", JsonDoc),
    Column("name", String(20), unique=True),
)


@pytest.fixture
def db(any_db: Database) -> Database:
    METADATA.create_all(any_db.engine)
    return any_db


def test_instants_come_back_in_utc(db: Database) -> None:
    shanghai = datetime(2026, 11, 12, 10, 30, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
    with db.write() as session:
        session.execute(insert(THINGS).values(id=1, at=shanghai))
    with db.read() as session:
        got = session.execute(select(THINGS.c.at)).scalar_one()
        assert session.execute(select(THINGS.c.id).where(THINGS.c.at == shanghai)).scalar() == 1
        assert session.execute(select(THINGS.c.id).where(THINGS.c.at < shanghai)).scalar() is None
    assert got == shanghai
    assert got.tzinfo is UTC
    assert got.microsecond == 123456


def test_naive_instants_are_refused(db: Database) -> None:
    with pytest.raises(StatementError, match="naive"), db.write() as session:
        session.execute(insert(THINGS).values(id=1, at=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_json_documents(db: Database) -> None:
    document = {"名": ["张", 1, None, True, {"a": 1.5}]}
    with db.write() as session:
        session.execute(insert(THINGS), [{"id": 1, "doc": document}, {"id": 2, "doc": None}])
    with db.read() as session:
        assert session.execute(select(THINGS.c.doc).where(THINGS.c.id == 1)).scalar() == document
        assert session.execute(select(THINGS.c.id).where(THINGS.c.doc.is_(None))).scalar() == 2


def test_upsert_unnested_and_rows_changed(db: Database) -> None:
    with db.write() as session:
        add = upsert(db.dialect)(THINGS).values(id=1, name="a")
        session.execute(add)
        session.execute(add.on_conflict_do_update(index_elements=["id"], set_={"name": "b"}))
        chosen = THINGS.c.id.in_(select(unnested(session, [1, 2, 3], Integer())))
        assert rows_changed(session, update(THINGS).where(chosen).values(name="c")) == 1
        assert session.execute(select(THINGS.c.name)).scalar() == "c"


def test_what_is_written_in_a_read_is_refused(db: Database) -> None:
    with pytest.raises(DBAPIError), db.read() as session:
        session.execute(insert(THINGS).values(id=1))
    with db.read() as session:
        assert session.execute(select(THINGS.c.id)).all() == []


def test_writers_wait_for_each_other(db: Database) -> None:
    """Read, think, write from several threads with own connections: no update is lost, none fails."""
    with db.write() as session:
        session.execute(insert(THINGS).values(id=1, name="0"))

    def add(own: Database) -> None:
        for _ in range(25):
            with own.write() as session:
                row = select(THINGS.c.name).where(THINGS.c.id == 1).with_for_update()
                count = int(session.execute(row).scalar_one())
                session.execute(update(THINGS).where(THINGS.c.id == 1).values(name=str(count + 1)))

    others = [open_database(db.url) for _ in range(4)]
    writers = [threading.Thread(target=add, args=(own,)) for own in others]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60 * PATIENCE)
    with db.read() as session:
        assert session.execute(select(THINGS.c.name)).scalar() == "100"
    for own in others:
        own.close()


def test_a_commit_elsewhere_wakes_a_waiter(db: Database) -> None:
    wakeup = Wakeup(db, "things")
    while wakeup.wait(0.05):
        pass
    assert not wakeup.wait(0.05)
    woken = threading.Event()
    waiter = threading.Thread(target=lambda: wakeup.wait(60.0) and woken.set())
    waiter.start()
    with db.write() as session:
        session.execute(insert(THINGS).values(id=1))
        wake(session, "things")
        wake(session, "things")
    waiter.join(61)
    assert woken.is_set()
    wakeup.close()


def test_a_waiter_outlives_its_database_connection(postgres_url: str) -> None:
    db = open_database(postgres_url)
    wakeup = Wakeup(db, "things")
    wakeup.wait(0.01)
    with db.write() as session:
        session.connection().exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN things'"
        )
    until(lambda: not wakeup.wait(0.05), 5.0, "the listener to reconnect and fall quiet")

    def woken() -> bool:
        with db.write() as session:
            wake(session, "things")
        return wakeup.wait(0.5)

    until(woken, 5.0, "a notice after reconnecting")
    wakeup.close()
    db.close()


def test_a_lost_connection_is_replaced(postgres_url: str) -> None:
    db = open_database(postgres_url)
    METADATA.create_all(db.engine)
    with db.read() as session:
        session.execute(select(THINGS.c.id))
    killer = open_database(postgres_url)
    with killer.write() as session:
        session.connection().exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with db.write() as session:
        session.execute(insert(THINGS).values(id=1))
    db.close()
    killer.close()


def test_no_statement_is_compiled_before_it_runs(postgres_url: str) -> None:
    db = open_database(postgres_url)
    for way in (db.read, db.write):
        with way() as session:
            assert session.scalar(text("SHOW jit")) == "off"
    db.close()


def test_is_passing(tmp_path: Path) -> None:
    away = open_database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(DBAPIError) as error, away.read() as session:
        session.connection()
    assert is_passing(error.value)
    assert not is_passing(ValueError("no"))


def test_other_databases_are_refused() -> None:
    with pytest.raises(ValueError, match="mysql"):
        open_database("mysql://localhost/x")


MIGRATION = """
from alembic import op
import sqlalchemy as sa
revision = "{revision}"
down_revision = {down}
branch_labels = depends_on = None
def upgrade():
    op.create_table("t{revision}", sa.Column("id", sa.Integer, primary_key=True))
def downgrade():
    op.drop_table("t{revision}")
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package with two migrations."""
    root = tmp_path / "packages"
    versions = root / "migrated_sample" / "migrations" / "versions"
    versions.mkdir(parents=True)
    (root / "migrated_sample" / "__init__.py").touch()
    env = "from sqlalchemy import MetaData\nfrom shared.db import run_env\nrun_env(MetaData())\n"
    (versions.parent / "env.py").write_text(env)
    (versions / "a.py").write_text(MIGRATION.format(revision="a", down=None))
    (versions / "b.py").write_text(MIGRATION.format(revision="b", down='"a"'))
    monkeypatch.syspath_prepend(str(root))
    return "migrated_sample"


def test_migrations_run_once_however_often_asked(any_db: Database, package: str) -> None:
    assert not is_migrated(any_db, package)
    migrate(any_db.url, package, "a")
    assert current_revision(any_db) == "a"
    migrate(any_db.url, package)
    migrate(any_db.url, package)
    assert current_revision(any_db) == head_revision(package) == "b"
    assert is_migrated(any_db, package)
    assert {"ta", "tb"} <= set(inspect(any_db.engine).get_table_names())


def test_processes_may_migrate_at_once(any_db: Database, package: str, tmp_path: Path) -> None:
    program = "import sys; from shared.db import migrate; migrate(*sys.argv[1:])"
    env = os.environ | {"PYTHONPATH": str(tmp_path / "packages")}
    arguments = [sys.executable, "-c", program, any_db.url, package]
    started = [subprocess.Popen(arguments, env=env) for _ in range(2)]
    assert [each.wait(60) for each in started] == [0, 0]
    assert is_migrated(any_db, package)


def test_a_failed_migration_leaves_nothing(any_db: Database, package: str, tmp_path: Path) -> None:
    broken = tmp_path / "packages" / package / "migrations" / "versions" / "b.py"
    broken.write_text(
        broken.read_text().replace("def downgrade", '    raise RuntimeError("half-way")\ndef downgrade')
    )
    with pytest.raises(RuntimeError, match="half-way"):
        migrate(any_db.url, package)
    assert current_revision(any_db) is None
    assert inspect(any_db.engine).get_table_names() == []


def test_many_writers_on_one_file_get_their_turn(tmp_path: Path) -> None:
    """Each is held up by the others' transactions, none so long that it would time out."""
    url = f"sqlite:///{tmp_path}/busy.db"
    db = open_database(url)
    METADATA.create_all(db.engine)
    longest: list[float] = []
    pause = threading.Event()

    def write(first: int) -> None:
        own = open_database(url)
        waits: list[float] = []
        for at in range(60):
            started = time.monotonic()
            with own.write() as session:
                waits.append(time.monotonic() - started)
                session.execute(insert(THINGS).values(id=first + at))
                pause.wait(0.003)
        longest.append(max(waits))
        own.close()

    writers = [threading.Thread(target=write, args=(n * 1000,)) for n in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60 * PATIENCE)
    assert len(longest) == 8
    with db.read() as session:
        assert len(session.execute(select(THINGS.c.id)).all()) == 480
    db.close()


def test_many_rows_are_changed_and_put_in_one_statement(db: Database) -> None:
    early, late = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
    with db.write() as session:
        put_rows(session, THINGS, [{"id": n, "at": early, "name": f"n{n}"} for n in range(8)], ("id",))
        put_rows(session, THINGS, [{"id": 7, "at": late, "name": "七"}], ("id",))
    with db.write() as session:
        change_rows(session, THINGS, [{"id": n, "at": late, "name": f"m{n}"} for n in range(3)])
        change_rows(session, THINGS, [{"id": 4, "name": None}, {"id": 5, "name": "五'\\"}])
        change_rows(session, THINGS, [])
    with db.read() as session:
        found = {row.id: (row.at, row.name) for row in session.execute(select(THINGS))}
        names = session.scalars(select(THINGS.c.name).where(among(session, THINGS.c.name, ["m0", "七", "x"])))
        assert set(names) == {"m0", "七"}
    assert [found[n] for n in range(3)] == [(late, f"m{n}") for n in range(3)]
    assert found[3] == (early, "n3")
    assert (found[4], found[5], found[7]) == ((early, None), (early, "五'\\"), (late, "七"))


def test_hundreds_of_rows_are_changed_and_put_each_in_its_own_way(db: Database) -> None:
    early, late, at = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC), 237
    with db.write() as session:
        put_rows(session, THINGS, [{"id": n, "at": early, "name": f"n{n}"} for n in range(at)], ("id",))
        change_rows(session, THINGS, [{"id": n, "at": late, "name": f"m{n}"} for n in range(0, at, 2)])
        change_rows(session, THINGS, [{"id": n, "name": None} for n in range(1, at, 2)])
        again = [{"id": n, "at": late, "name": f"七{n}" if n % 2 else None} for n in range(at - 20, at + 20)]
        put_rows(session, THINGS, again, ("id",))
    with db.read() as session:
        found = {row.id: (row.at, row.name) for row in session.execute(select(THINGS))}
    assert len(found) == at + 20
    for n, (when, name) in found.items():
        if n >= at - 20:
            assert (when, name) == (late, f"七{n}" if n % 2 else None)
        else:
            assert (when, name) == ((early, None) if n % 2 else (late, f"m{n}"))


@pytest.mark.parametrize(
    "wanted", [[], [""], ["", "a,b"], ['"', "{x}", "NULL", "\\"], ["\x1f", "a\x1fb", "七"]]
)
def test_among_takes_any_text(db: Database, wanted: list[str]) -> None:
    names = ["", "a,b", '"', "{x}", "NULL", "\\", "\x1f", "a\x1fb", "七", "a", "b"]
    with db.write() as session:
        put_rows(session, THINGS, [{"id": n, "name": name} for n, name in enumerate(names)], ("id",))
    with db.read() as session:
        found = session.scalars(select(THINGS.c.name).where(among(session, THINGS.c.name, wanted)))
        assert sorted(found) == sorted(wanted)
