"""Registered data users: only forward, counted without saying which, told once when overdue."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.blacklist.app import create_app
from services.blacklist.register.usecases import ChangeSequencer, revoke_listing
from services.blacklist.register.usecases.trimming import trim_feed
from services.blacklist.settings import read_settings
from services.blacklist.syndication.models import DataUser
from services.blacklist.syndication.usecases.following import FollowingWatch
from services.blacklist.syndication.usecases.registering import Wish, end_registration, register_data_user
from shared.clock import FixedClock
from shared.db import Database
from shared.loops import Loop, drain
from shared.web.access import Principal
from tests.integration.register_world import World, make_world
from tests.integration.test_check_jobs import ON_SQLITE, publish

pytestmark = pytest.mark.tables("services.blacklist")

ME, BOARD = "/api/v1/data-users/me", "/api/v1/data-users"
CONTACT = "王某 13800000000"
OPERATOR = Principal("u" * 36, "operator", "示例", "d" * 36, "示例部门", "130102", frozenset({"operator"}))


@pytest.fixture
def world(any_db: Database, clock: FixedClock, tmp_path: Path) -> World:
    return make_world(any_db, clock, tmp_path)


@pytest.fixture
def client(world: World, tmp_path: Path) -> FlaskClient:
    return create_app(read_settings({"DATA_DIR": str(tmp_path)}), world.deps).test_client()


@pytest.fixture
def loops(world: World) -> Iterator[list[Loop]]:
    made: list[Any] = [ChangeSequencer(world.db, "test"), FollowingWatch(world.deps, "test")]
    yield made
    for each in made:
        each.close()


def register(world: World, name: str = "示例信用服务平台") -> tuple[str, dict[str, str]]:
    with world.write() as session:
        user, key = register_data_user(session, world.deps, Wish(name, "platform", CONTACT), OPERATOR)
        return user.id, {"Authorization": f"ApiKey {key}"}


def revoke(world: World, listing_id: str) -> None:
    with world.write() as session:
        revoke_listing(session, world.keyring, listing_id, reason="撤销", at=world.clock.now())


def line(client: FlaskClient) -> dict[str, Any]:
    items = client.get(BOARD).get_json()["items"]
    assert len(items) == 1
    found: dict[str, Any] = items[0]
    return found


def test_the_board_counts_removals_until_the_cursor_is_past_them(
    world: World, client: FlaskClient, loops: list[Loop], clock: FixedClock
) -> None:
    listing_id = publish(world)
    drain(loops)
    _, key = register(world)
    drain(loops)
    assert (line(client)["pending"], line(client)["state"]) == (0, "current")
    revoke(world, listing_id)
    drain(loops)
    clock.advance(timedelta(hours=3))
    drain(loops)
    shown = line(client)
    assert (shown["pending"], shown["age_hours"], shown["state"]) == (1, 3, "pending")
    assert not {"position", "id", "contact"} & shown.keys()
    clock.advance(timedelta(hours=22))
    drain(loops)
    told = [row for row in world.queued("blacklist.cases.v1") if "data-user.overdue" in str(row)]
    assert (line(client)["state"], len(told), listing_id in str(told)) == ("overdue", 1, False)
    end = client.get("/api/v1/register/changes").get_json()["next"]
    own = client.post(f"{ME}/cursor", json={"position": end}, headers=key)
    assert (own.status_code, own.get_json()["position"]) == (200, end)
    drain(loops)
    assert (line(client)["pending"], line(client)["oldest_at"], line(client)["state"]) == (0, None, "current")


@ON_SQLITE
def test_who_is_behind_stays_behind_when_the_old_steps_are_gone(
    world: World, client: FlaskClient, loops: list[Loop], clock: FixedClock
) -> None:
    listing_id = publish(world)
    drain(loops)
    register(world)
    revoke(world, listing_id)
    drain(loops)
    clock.advance(timedelta(days=500))
    while trim_feed(world.deps, 0):
        pass
    drain(loops)
    assert (line(client)["pending"], line(client)["state"]) == (1, "overdue")


@ON_SQLITE
def test_the_cursor_goes_forward_only_and_never_past_the_feed(
    world: World, client: FlaskClient, loops: list[Loop]
) -> None:
    publish(world)
    drain(loops)
    _, key = register(world)

    def move(position: Any) -> int:
        return client.post(f"{ME}/cursor", json={"position": position}, headers=key).status_code

    assert [move(1), move(0), move(2), move(-1), move("1"), move(2**70), move(None)] == [200, 409, *[422] * 5]
    assert client.get(ME, headers=key).get_json()["position"] == 1
    assert client.get(ME).status_code == 401


@ON_SQLITE
def test_a_key_opens_its_own_place_only_and_ends_with_the_registration(
    world: World, client: FlaskClient
) -> None:
    user_id, key = register(world)
    assert client.get(ME, headers=key).status_code == 200
    assert client.get("/api/v1/cases", headers=key).status_code == 403
    assert client.get("/api/v1/tender-projects", headers=key).status_code == 403
    with world.db.read() as session:
        row = session.get_one(DataUser, user_id)
        assert "13800000000" not in row.contact
        assert key["Authorization"].partition(".")[2] not in row.secret_hash
    with world.write() as session:
        end_registration(session, world.deps, user_id, OPERATOR)
    assert client.get(ME, headers=key).status_code == 401
    assert client.get(BOARD).get_json()["items"] == []
    assert "还没有登记的数据使用方" in client.get("/data-users").text
