"""The public process: reads only, sees no identity column, stays fresh while the regulator's side is down."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from services.blacklist.public.app import create_public_app, open_public_deps
from services.blacklist.public.projection import HIDDEN, KEYS, SCHEMA, project
from services.blacklist.register.index import reading as reading_by_thread
from services.blacklist.register.models import Listing
from services.blacklist.register.usecases import ChangeSequencer, revoke_listing
from services.blacklist.settings import read_settings
from services.blacklist.snapshots.usecases import export
from services.blacklist.syndication.models import DataUser
from services.blacklist.syndication.usecases.registering import Wish, end_registration, register_data_user
from shared.clock import FixedClock
from shared.db import Database, head_revision, open_database, open_for_reading
from shared.loops import drain
from tests.harness.ports import free_port
from tests.harness.process import Program
from tests.harness.wait import until
from tests.integration.register_world import World, make_world, organisation, person
from tests.integration.test_data_users import OPERATOR

pytestmark = pytest.mark.tables("services.blacklist")

FIRM = "石家庄甲建设工程有限公司"
REGISTER = "/api/v1/register"


@pytest.fixture
def world(any_db_url: str, clock: FixedClock, tmp_path: Path) -> Iterator[World]:
    db = open_database(any_db_url)
    made = make_world(db, clock, tmp_path)
    stamp(db)
    yield made
    db.close()


def stamp(db: Database) -> None:
    """What a migration leaves behind."""
    with db.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        head = head_revision("services.blacklist")
        connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": head})


@pytest.fixture
def reading(world: World, any_db_url: str) -> Iterator[Database]:
    """The register as the public process's own role sees it."""
    url = any_db_url
    if world.db.dialect == "postgresql":
        with world.db.engine.begin() as connection:
            connection.exec_driver_sql(
                "DO $$ BEGIN CREATE ROLE credit_public LOGIN PASSWORD 'reader';"
                " EXCEPTION WHEN duplicate_object THEN NULL; END $$"
            )
        project(world.db, "credit_public")
        url = world.db.engine.url.set(username="credit_public", password="reader").render_as_string(False)
    db = open_for_reading(url, schema=SCHEMA, hidden=HIDDEN)
    yield db
    db.close()


def remove(world: World, listing_id: str) -> None:
    """What the regulator's side commits, without any process of it running."""
    with world.write() as session:
        session.get_one(Listing, listing_id).removed_at = world.clock.now()


def client(world: World, reading: Database, tmp_path: Path, **env: str) -> Any:
    settings = read_settings({"DATA_DIR": str(tmp_path), **env})
    deps = world.deps.__class__(
        db=reading,
        clock=world.clock,
        keyring=open_public_deps(settings).keyring,
        calendar=world.deps.calendar,
        data_dir=tmp_path,
        cache_seconds=settings.public.cache_seconds,
        data_user_hours=settings.data_user_hours,
    )
    return create_public_app(settings, deps).test_client()


def test_every_public_answer_is_given_from_the_projection(
    world: World, reading: Database, tmp_path: Path
) -> None:
    listing = world.publish(organisation(FIRM, 1, former_names=("石家庄旧名工程有限公司",)))
    masked = world.publish(person(world.keyring))
    asked = client(world, reading, tmp_path)
    for q, verdict in ((FIRM, "listed"), ("石家庄丙建设工程有限公司", "possible"), ("", "listed")):
        (item,) = asked.get(REGISTER, query_string={"q": q}).get_json()["items"]
        assert (item["id"], item["verdict"]) == (listing, verdict)
    for path in ("", "/versions", "/deliveries"):
        assert asked.get(f"{REGISTER}/{listing}{path}").status_code == 200
    shown = asked.get(f"{REGISTER}/{masked}").get_json()
    assert shown["subject"]["name"] == "欧阳**"
    assert asked.get(f"{REGISTER}/{masked}/versions").status_code == 200
    assert asked.post(f"{REGISTER}/check", json={"entities": [{"name": FIRM}]}).get_json()["items"][0][
        "listed"
    ]
    assert asked.get(f"{REGISTER}/download.ndjson").data.count(b"\n") == 1
    for page in (
        "/",
        f"/?q={quote(FIRM)}",
        f"/listings/{listing}",
        "/lists",
        "/statistics",
        "/statistics.csv",
    ):
        assert asked.get(page).status_code == 200, page
    assert asked.get("/readyz").status_code == 200
    assert asked.post(f"{REGISTER}/persons", json={}).status_code in {404, 405}
    assert asked.get("/cases").status_code == 404
    for page in ("/persons", "/verify/ABC", "/notices/watches/new"):
        elsewhere = asked.get(page, headers={"Accept": "text/html"})
        assert (elsewhere.status_code, "公开查询" in elsewhere.text) == (503, True), page


def test_the_board_of_data_users_is_shown_without_their_keys_and_positions(
    world: World, reading: Database, tmp_path: Path
) -> None:
    wish, actor = Wish("示例信用服务平台", "platform", "王某 13800000000"), OPERATOR
    with world.write() as session:
        register_data_user(session, world.deps, wish, actor)
        ended, _ = register_data_user(session, world.deps, Wish("已结束单位", "other", "李某"), actor)
        end_registration(session, world.deps, ended.id, actor)
    asked = client(world, reading, tmp_path, DATA_USER_OVERDUE_HOURS="12")
    board = asked.get("/api/v1/data-users").get_json()
    assert [each["name"] for each in board["items"]] == ["示例信用服务平台"]
    assert board["overdue_after_hours"] == 12
    page = asked.get("/data-users")
    assert (page.status_code, "示例信用服务平台" in page.text) == (200, True)
    assert "/admin/data-users" not in page.text
    assert asked.post("/api/v1/data-users", json={}).status_code == 405
    with reading.read() as session:
        found = session.scalars(select(DataUser).where(DataUser.ended_at.is_(None))).one()
        assert {getattr(found, name) for name in KEYS} == {None}


def test_snapshots_are_served_without_what_is_hidden(world: World, reading: Database, tmp_path: Path) -> None:
    asked = client(world, reading, tmp_path)
    assert asked.get(f"{REGISTER}/snapshot/index.json").status_code == 503
    kept, gone = (world.publish(organisation(f"石家庄{n}号工程有限公司", n)) for n in (1, 2))
    drain([ChangeSequencer(world.db, "test")])
    export(replace(world.deps, data_dir=tmp_path))
    with world.write() as session:
        revoke_listing(session, world.keyring, gone, reason="撤销", at=world.clock.now())
    name = asked.get(f"{REGISTER}/snapshot/index.json").get_json()["files"][0]["name"]
    assert name in asked.get("/data/catalog.jsonld").text
    told = asked.get(f"{REGISTER}/snapshot/{name}").text
    assert (kept in told, gone in told) == (True, False)


def test_identity_columns_and_other_tables_are_out_of_reach(world: World, reading: Database) -> None:
    listing_id = world.publish(person(world.keyring))
    with reading.read() as session:
        found = session.get_one(Listing, listing_id)
        assert (found.identity, found.id_blind, found.tail_blind) == (None, None, None)
    with pytest.raises(DatabaseError), reading.read() as session:
        session.execute(text("UPDATE register_listing SET version = version + 1"))
    if reading.dialect == "postgresql":
        for table in ("public.register_listing", "cases", "users", "public.outbox"):
            with pytest.raises(DatabaseError), reading.read() as session:
                session.execute(text(f"SELECT * FROM {table}"))
        with reading.read() as session:
            (row,) = session.execute(text("SELECT subject_name, facts->'subject' FROM register_listing"))
        assert "示例" not in str(row)


def test_names_of_what_may_not_be_shown_are_out_of_reach_and_alike_ones_are_found(
    world: World, reading: Database, tmp_path: Path
) -> None:
    hidden = world.publish(organisation("石家庄乙丙建设工程有限公司", 2))
    world.publish(organisation(FIRM, 1))
    remove(world, hidden)
    (row,) = client(world, reading, tmp_path).get(REGISTER, query_string={"q": FIRM[:-4]}).get_json()["items"]
    assert (row["subject"]["name"], row["verdict"]) == (FIRM, "possible")
    alike = client(world, reading, tmp_path).get(REGISTER, query_string={"q": "石家庄乙饼建设工程有限公司"})
    assert "乙丙" not in alike.text
    if reading.dialect == "postgresql":
        with reading.read() as session:
            names = session.execute(text("SELECT name, grams FROM register_name")).all()
            shown = set(session.scalars(text("SELECT id FROM register_name")))
            heavy = "SELECT found_id FROM names_sharing(ARRAY['家庄乙', '石家庄'], ARRAY[9, 1], 1, 1)"
            one = session.scalars(text(heavy)).all()
            many = session.scalars(text(heavy.replace("1, 1)", "2147483647, 2147483647)"))).all()
            assert ([name for name, _ in names], set(one), set(many)) == ([FIRM], shown, shown)
            alike = "SELECT found_name FROM names_alike(ARRAY['家庄乙', '石家庄'], '{9, 1}', :day, :seen, 9)"
            given = {"day": world.clock.today(), "seen": [0]}
            assert session.scalars(text(alike), given).all() == [FIRM]  # measured by what may be shown
            assert session.scalars(text(alike), given | {"seen": list(shown)}).all() == []
            assert session.scalars(text(alike), given | {"day": date(2019, 1, 1)}).all() == []
            settings = session.scalar(text("SELECT proconfig FROM pg_proc WHERE proname = 'names_alike'"))
        with reading_by_thread(reading.reading) as bare:  # a question never waits for its plan to be compiled
            assert ("jit=off" in (settings or ()), bare.rows("SHOW jit", ())) == (True, [("off",)])


def test_what_is_removed_is_gone_at_commit_and_stays_in_the_feed_as_a_tombstone(
    world: World, reading: Database, tmp_path: Path
) -> None:
    asked = client(world, reading, tmp_path)
    listing = world.publish(organisation(FIRM, 1))
    with world.write() as session:
        session.execute(text("UPDATE register_change SET position = id"))
    first = asked.get(REGISTER, query_string={"q": FIRM})
    assert first.headers["Cache-Control"] == "no-cache"
    again = asked.get(REGISTER, query_string={"q": FIRM}, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    remove(world, listing)
    again = asked.get(REGISTER, query_string={"q": FIRM}, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_json()["items"]) == (200, [])
    assert asked.get(f"{REGISTER}/{listing}").status_code == 404
    (entry,) = asked.get(f"{REGISTER}/changes").get_json()["items"]
    assert (entry["operation"], entry["listing_id"], entry["listing"]) == ("withdrawn", listing, None)
    with reading.read() as session:
        assert not session.scalar(text("SELECT count(*) FROM register_listing WHERE removed_at IS NULL"))


def test_a_cache_never_keeps_past_midnight(world: World, reading: Database, tmp_path: Path) -> None:
    asked = client(world, reading, tmp_path, PUBLIC_CACHE_SECONDS="600")
    assert asked.get(REGISTER, query_string={"q": "甲"}).headers["Cache-Control"] == "public, max-age=600"
    local = world.clock.now() + timedelta(hours=8)
    late = timedelta(hours=23, minutes=59) - timedelta(hours=local.hour, minutes=local.minute)
    world.clock.advance(late)
    held = asked.get(REGISTER, query_string={"q": "甲"}).headers["Cache-Control"]
    assert 0 <= int(held.removeprefix("public, max-age=")) <= 60


def test_the_audit_of_questions_keeps_numbers_only(world: World, tmp_path: Path) -> None:
    if world.db.dialect != "sqlite":
        pytest.skip("files only")
    asked = client(world, world.db, tmp_path)
    world.publish(organisation(FIRM, 1))
    for q in (FIRM, "欧阳示例", "130102198504120017", "91130102MA00000000", "没有"):
        assert asked.get(REGISTER, query_string={"q": q}).status_code == 200
    asked.application.wsgi_app.flush()
    written = "".join(each.read_text() for each in (tmp_path / "query-audit").iterdir())
    lines = [json.loads(line) for line in written.splitlines()]
    assert sum(line["count"] for line in lines) == 5
    assert {(line["kind"], line["outcome"]) for line in lines} >= {("name", "listed"), ("short", "none")}
    assert not any(word in written for word in ("欧阳", FIRM, "1985", "9113", "127.0.0.1"))


def test_the_register_answers_and_stays_fresh_while_the_regulator_side_is_down(tmp_path: Path) -> None:
    """Two real processes on one file; the regulator's is killed, and a removal is committed without it."""
    url = f"sqlite:///{tmp_path}/blacklist.db"
    db = open_database(url)
    world = make_world(db, FixedClock(datetime.now(UTC)), tmp_path)
    stamp(db)
    listing = world.publish(organisation(FIRM, 1))
    env = {"DATA_DIR": str(tmp_path), "BLACKLIST_DB_URL": url, "WEB_PROCESSES": "1", "LOG_LEVEL": "warning"}
    port = free_port()
    command = [sys.executable, "-m", "services.blacklist"]
    shown = Program(
        [*command, "public"], log=tmp_path / "public.log", port=port,
        env={**env, "BIND": f"127.0.0.1:{port}", "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    office = subprocess.Popen([*command, "worker"], env={**os.environ, **env}, stderr=subprocess.DEVNULL)
    try:
        shown.start()
        asked = f"http://127.0.0.1:{port}{REGISTER}?q={quote(FIRM)}"
        assert [each["id"] for each in fetch(asked)["items"]] == [listing]
        office.send_signal(signal.SIGKILL)
        office.wait()
        remove(world, listing)
        assert fetch(asked)["items"] == []
        with pytest.raises(urllib.error.HTTPError, match="404"):
            fetch(f"http://127.0.0.1:{port}{REGISTER}/{listing}")
    finally:
        office.kill()
        shown.stop()
        db.close()


def fetch(url: str) -> Any:
    until(
        lambda: urllib.request.urlopen(url.split("/api", maxsplit=1)[0] + "/readyz").status == 200,
        20.0,
        "ready",
    )
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)
