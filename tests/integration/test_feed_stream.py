"""The change feed as a stream, and what a reader is told whose cursor is older than what is kept."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.blacklist.app import create_app
from services.blacklist.register.api import streaming
from services.blacklist.register.usecases import ChangeSequencer, FeedTrim, revoke_listing
from services.blacklist.settings import read_settings
from services.blacklist.snapshots.domain import FOLDER
from services.blacklist.snapshots.usecases import export
from shared.clock import FixedClock
from shared.db import Database
from shared.loops import drain
from tests.integration.register_world import World, make_world, organisation
from tests.integration.test_check_jobs import ON_SQLITE

pytestmark = pytest.mark.tables("services.blacklist")

CHANGES = "/api/v1/register/changes"
STREAM = {"Accept": "text/event-stream"}


@pytest.fixture
def world(any_db: Database, clock: FixedClock, tmp_path: Path) -> World:
    return make_world(any_db, clock, tmp_path)


@pytest.fixture
def client(world: World, tmp_path: Path) -> FlaskClient:
    return create_app(read_settings({"DATA_DIR": str(tmp_path)}), world.deps).test_client()


def publish(world: World, *numbers: int) -> list[str]:
    made = [world.publish(organisation(f"石家庄{number}号有限公司", number)) for number in numbers]
    sequencer = ChangeSequencer(world.db, "test")
    drain([sequencer])
    sequencer.close()
    return made


def parts(answer: Any, count: int) -> list[str]:
    return [each.decode() for each in islice(answer.response, count)]


@ON_SQLITE
def test_a_stream_tells_each_change_and_goes_on_after_the_last_event(
    world: World, client: FlaskClient
) -> None:
    first, _ = publish(world, 1, 2)
    with world.write() as session:
        revoke_listing(session, world.keyring, first, reason="撤销", at=world.clock.now())
    publish(world, 3)
    answer = client.get(CHANGES, headers=STREAM)
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    told = parts(answer, 5)
    answer.close()
    assert told[0] == "retry: 3000\n\n"
    assert [each.splitlines()[0] for each in told[1:]] == [f"id: {place}" for place in (1, 2, 3, 4)]
    assert "event: withdrawn" in told[1]  # an old step shows what the listing is now
    page = client.get(CHANGES).get_json()["items"]
    assert [json.loads(each.splitlines()[2].removeprefix("data: ")) for each in told[1:]] == page
    again = client.get(CHANGES, headers={**STREAM, "Last-Event-ID": "3"})
    assert parts(again, 2)[1].startswith("id: 4\n")
    again.close()


@ON_SQLITE
def test_streams_are_few_and_give_their_place_back(world: World, client: FlaskClient) -> None:
    open_ones = [
        client.get(CHANGES, headers=STREAM, environ_base={"REMOTE_ADDR": a})
        for a in ("192.0.2.1", "192.0.2.2")
    ]
    same = client.get(CHANGES, headers=STREAM, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    third = client.get(CHANGES, headers=STREAM, environ_base={"REMOTE_ADDR": "192.0.2.3"})
    assert [same.status_code, third.status_code, "Retry-After" in third.headers] == [503, 503, True]
    assert client.get(CHANGES).status_code == 200
    for each in open_ones:
        each.close()
    head = client.head(CHANGES, headers=STREAM)
    head.close()
    last = client.get(CHANGES, headers=STREAM)
    assert last.status_code == 200
    last.close()


@pytest.mark.parametrize("last", ["x", "-1", "9" * 40, "１"])
@ON_SQLITE
def test_a_broken_last_event_is_refused(client: FlaskClient, last: str) -> None:
    headers = {**STREAM, "Last-Event-ID": last.encode().decode("latin-1")}
    assert client.get(CHANGES, headers=headers).status_code == 422


def test_a_stream_ends_by_itself() -> None:
    def nothing(_: int) -> list[dict[str, Any]]:
        return []

    ended: Iterator[str] = streaming.events(nothing, 0, lambda: False, longest=0.0)
    assert list(ended) == ["retry: 3000\n\n"]


def test_a_cursor_older_than_the_feed_is_sent_to_the_snapshot(
    world: World, client: FlaskClient, clock: FixedClock
) -> None:
    publish(world, 1, 2, 3)
    clock.advance(timedelta(days=3))
    publish(world, 4)
    trim = FeedTrim(replace(world.deps, feed_keep_days=2), "test", always_kept=1)
    drain([trim])
    trim.close()
    for headers in ({}, STREAM):
        gone = client.get(f"{CHANGES}?after=2", headers=headers)
        assert (gone.status_code, gone.get_json()["slug"]) == (410, "cursor-expired")
        assert gone.get_json()["snapshot"].endswith("/api/v1/register/snapshot/index.json")
    assert client.get(CHANGES).status_code == 410
    assert [each["position"] for each in client.get(f"{CHANGES}?after=3").get_json()["items"]] == [4]


@ON_SQLITE
def test_pages_say_that_the_export_is_blocked(world: World, client: FlaskClient) -> None:
    publish(world, 1)
    export(world.deps)
    assert "又没有移出记录" not in client.get("/data").text
    (world.deps.data_dir / FOLDER / "blocked.json").write_text("{}")
    for page in ("/", "/data", "/statistics", "/data-users"):
        assert "又没有移出记录" in client.get(page).text, page
