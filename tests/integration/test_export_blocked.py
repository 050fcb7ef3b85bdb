"""What accounts for a row that vanished from the files, and what is given out while nothing does."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from services.blacklist.app import create_app
from services.blacklist.public.app import create_public_app
from services.blacklist.register.models import Change, Listing
from services.blacklist.register.usecases import (
    ChangeSequencer,
    correct_listing,
    hide_listing,
    remove_listing,
    show_listing,
)
from services.blacklist.settings import read_settings
from services.blacklist.snapshots.usecases import export
from shared.clock import FixedClock
from shared.db import Database
from shared.loops import drain
from tests.integration.register_world import PUBLICITY, TERMS, World, make_world, organisation, person
from tests.integration.test_check_jobs import ON_SQLITE

pytestmark = pytest.mark.tables("services.blacklist")
NAME = "石家庄甲建设工程有限公司"
WHOLE = (
    "/api/v1/register/download.ndjson", "/api/v1/register/download.csv", "/api/v1/register/download.xlsx",
    "/data/entities.ftm.json",
)  # fmt: skip


@pytest.fixture
def world(any_db: Database, clock: FixedClock, tmp_path: Path) -> World:
    return make_world(any_db, clock, tmp_path)


def correct(
    world: World, listing_id: str, *, into_person: bool = False, disclosure: str = "proactive"
) -> None:
    case = person(world.keyring) if into_person else organisation(NAME, 1)
    with world.write() as session:
        correct_listing(
            session, world.keyring, listing_id, case=replace(case, disclosure=disclosure), terms=TERMS,
            publicity=PUBLICITY, reason="更正", at=world.clock.now(),
        )  # fmt: skip


def hide(world: World, listing_id: str, code: str) -> None:
    with world.write() as session:
        hide_listing(session, world.keyring, listing_id, code=code, reason="核实", at=world.clock.now())


def show(world: World, listing_id: str, code: str) -> None:
    with world.write() as session:
        show_listing(session, world.keyring, listing_id, code=code, reason=None, at=world.clock.now())


def remove(world: World, listing_id: str) -> None:
    with world.write() as session:
        remove_listing(
            session, world.keyring, listing_id, reason_code="repair", reason="修复", at=world.clock.now()
        )


def lose(world: World, listing_id: str) -> None:
    """Gone from sight without a step: a bad restore, a hand in the database."""
    with world.write() as session:
        session.execute(update(Listing).where(Listing.id == listing_id).values(removed_at=world.clock.now()))


def hide_twice_and_show_once(world: World, listing_id: str) -> None:
    hide(world, listing_id, "suspended")
    hide(world, listing_id, "shield:stay")
    show(world, listing_id, "suspended")


def correct_and_lose(world: World, listing_id: str) -> None:
    correct(world, listing_id)
    lose(world, listing_id)


def hide_show_and_lose(world: World, listing_id: str) -> None:
    hide(world, listing_id, "suspended")
    show(world, listing_id, "suspended")
    lose(world, listing_id)


EXPLAINED: tuple[Callable[[World, str], None], ...] = (
    remove,
    lambda world, each: hide(world, each, "suspended"),
    hide_twice_and_show_once,
    lambda world, each: correct(world, each, into_person=True),
    lambda world, each: correct(world, each, disclosure="on_request"),
)


@pytest.mark.parametrize("sequenced", [True, False])
def test_only_what_withdraws_accounts_for_a_vanished_row(world: World, sequenced: bool) -> None:
    gone = [world.publish(organisation(f"石家庄{n}建设工程有限公司", n)) for n in range(1, 7)]
    drain([ChangeSequencer(world.db, "test")])
    assert export(world.deps) is not None
    for end, listing_id in zip(EXPLAINED, gone, strict=False):
        end(world, listing_id)
    correct(world, gone[-1])
    if sequenced:
        drain([ChangeSequencer(world.db, "test")])
    made = export(world.deps)
    assert made is not None
    assert made.rows == 1


@pytest.mark.parametrize("vanish", [lose, correct_and_lose, hide_show_and_lose])
def test_a_correction_or_an_ended_hide_accounts_for_nothing(
    world: World, vanish: Callable[[World, str], None]
) -> None:
    lost = world.publish(organisation(NAME, 1))
    drain([ChangeSequencer(world.db, "test")])
    assert export(world.deps) is not None
    vanish(world, lost)
    assert export(world.deps) is None


@ON_SQLITE
@pytest.mark.parametrize("make", [create_app, create_public_app])
def test_nothing_whole_is_given_out_while_a_loss_is_looked_into(
    world: World, make: Callable[..., APIFlask]
) -> None:
    settings = read_settings({"DATA_DIR": str(world.deps.data_dir)})
    client: FlaskClient = make(settings, world.deps).test_client()
    lost, gone = (world.publish(organisation(f"石家庄{n}建设工程有限公司", n)) for n in (1, 2))
    drain([ChangeSequencer(world.db, "test")])
    export(world.deps)
    assert [client.get(path).status_code for path in WHOLE] == [200] * 4
    with world.write() as session:
        session.execute(delete(Change).where(Change.listing_id == lost))
    lose(world, lost)
    remove(world, gone)
    drain([ChangeSequencer(world.db, "test")])
    assert export(world.deps) is None
    described = client.get("/openapi.json").get_json()["paths"]
    for path in WHOLE:
        answer = client.get(path)
        assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
        assert (answer.get_json()["slug"], int(answer.headers["Retry-After"])) == ("export-blocked", 300)
        assert "没有移出记录" in answer.get_json()["detail"]
        documented = path.replace(path.rpartition(".")[2], "{form}") if "download" in path else path
        assert "503" in described[documented]["get"]["responses"]
    steps = client.get("/api/v1/register/changes?after=1").get_json()["items"]
    assert (gone, "withdrawn") in {(each["listing_id"], each["operation"]) for each in steps}
    assert "一条公示信息已经移出" in client.get("/feed.atom").text
    assert client.get("/api/v1/register/snapshot/index.json").get_json()["blocked"]
    assert "全部数据的下载暂停" in client.get("/data").text
