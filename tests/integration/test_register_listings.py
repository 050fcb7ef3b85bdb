"""A listing's life in the register: versions, events, visibility at commit, sealed identities."""

import base64
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.blacklist.register import queries
from services.blacklist.register.domain import Kind, Publicity
from services.blacklist.register.publishes import EXCHANGE, HPKE_INFO, PUBLIC, exchange_aad
from services.blacklist.register.usecases import (
    Publication,
    annotate_listing,
    correct_listing,
    hide_listing,
    publish_listings,
    remove_listing,
    restore_listing,
    revoke_listing,
    show_listing,
)
from shared.clock import FixedClock
from shared.crypto import hpke_open
from shared.db import Database
from shared.errors import Conflict, NotFound
from shared.ids import new_id
from shared.outbox import record_of
from tests.integration.register_world import (
    PERSON_NUMBER,
    PUBLICITY,
    TERMS,
    World,
    make_world,
    organisation,
    person,
)

pytestmark = pytest.mark.tables("services.blacklist")


@pytest.fixture
def world(any_db: Database, clock: FixedClock, tmp_path: Path) -> World:
    return make_world(any_db, clock, tmp_path)


def visible(world: World, listing_id: str) -> bool:
    try:
        with world.db.read() as session:
            queries.public_listing(session, listing_id, world.clock.today())
    except NotFound:
        return False
    return True


def sent(world: World, topic: str) -> list[tuple[str, int]]:
    return [
        (dict(record_of(row).headers)["ce_type"].decode().removeprefix("listing."), row.sequence)
        for row in world.queued(topic)
    ]


def data(world: World, topic: str) -> list[dict[str, Any]]:
    return [json.loads(row.value) for row in world.queued(topic)]


def act(world: World, verb: Callable[..., Any], listing_id: str, **given: Any) -> None:
    with world.write() as session:
        verb(session, world.keyring, listing_id, at=world.clock.now(), **given)


def correct(world: World, listing_id: str, **given: Any) -> None:
    act(world, correct_listing, listing_id, terms=TERMS, publicity=PUBLICITY, reason="更正", **given)


def test_a_published_listing_is_public_with_one_event_each(world: World) -> None:
    listing_id = world.publish(organisation("石家庄甲建设工程有限公司"))
    assert visible(world, listing_id)
    assert sent(world, EXCHANGE) == [("published", 1)]
    assert sent(world, PUBLIC) == [("current", 1)]
    event = data(world, EXCHANGE)[0]
    assert (event["operation"], event["version"], event["migrated"]) == ("list", 1, False)


def test_one_corrected_into_a_persons_is_withdrawn_from_the_public_topic(world: World) -> None:
    listing_id = world.publish(organisation("石家庄甲建设工程有限公司"))
    correct(world, listing_id, case=person(world.keyring))
    assert sent(world, PUBLIC) == [("current", 1), ("withdrawn", 2)]
    assert set(data(world, PUBLIC)[1]) == {"listing_id", "version", "recorded_at"}


def test_every_change_raises_version_and_sequence(world: World) -> None:
    listing_id = world.publish(organisation("石家庄甲建设工程有限公司"))
    correct(world, listing_id, case=organisation("石家庄乙建设工程有限公司"))
    act(world, annotate_listing, listing_id, annotation="异议处理中")
    act(world, revoke_listing, listing_id, reason="原处罚决定被撤销")
    assert sent(world, EXCHANGE) == [("published", 1), ("corrected", 2), ("annotated", 3), ("revoked", 4)]
    assert [event["operation"] for event in data(world, EXCHANGE)] == [
        "list",
        "correct",
        "correct",
        "withdraw",
    ]
    assert sent(world, PUBLIC)[-1] == ("withdrawn", 4)
    assert data(world, PUBLIC)[-1].keys() == {"listing_id", "version", "recorded_at"}
    with world.db.read() as session:
        kinds = [each.kind for each in queries.full_versions(session, listing_id)]
    assert kinds == [Kind.PUBLISHED, Kind.CORRECTED, Kind.ANNOTATED, Kind.REVOKED]


@pytest.mark.parametrize(
    ("verb", "given"),
    [
        (remove_listing, {"reason_code": "repair", "reason": "已修复"}),
        (revoke_listing, {"reason": "撤销"}),
        (hide_listing, {"code": "suspended", "reason": "核查"}),
        (hide_listing, {"code": "shield:reorganisation", "reason": "重整"}),
    ],
)
def test_an_ending_or_hide_is_invisible_everywhere_at_commit(
    world: World, verb: Callable[..., Any], given: dict[str, str]
) -> None:
    case = organisation("石家庄甲建设工程有限公司")
    listing_id = world.publish(case)
    act(world, verb, listing_id, **given)
    assert not visible(world, listing_id)
    today = world.clock.today()
    with world.db.read() as session:
        assert queries.search(session, queries.Criteria(q=case.subject.name), today) == []
        assert queries.search(session, queries.Criteria(), today) == []
        assert list(queries.organisations_in_force(session, today)) == []
        (answer,) = queries.check_entities(
            session, [queries.Entity(uscc=case.subject.uscc)], today, on=today, purpose=None
        )
    assert not answer["listed"]


def test_publicity_ends_with_its_last_day(world: World) -> None:
    listing_id = world.publish(organisation("石家庄甲建设工程有限公司"))
    world.clock.set(world.clock.now() + timedelta(days=364))
    assert world.clock.today() == date(2027, 11, 1)
    assert visible(world, listing_id)
    world.clock.advance(timedelta(days=1))
    assert not visible(world, listing_id)


def test_platforms_hear_only_what_changes_what_they_show(world: World) -> None:
    listing_id = world.publish(organisation("石家庄甲建设工程有限公司"))
    act(world, hide_listing, listing_id, code="suspended", reason="核查")
    act(world, hide_listing, listing_id, code="shield:stay", reason="停止执行")
    correct(world, listing_id, case=organisation("石家庄乙建设工程有限公司"))
    act(world, show_listing, listing_id, code="suspended", reason=None)
    assert not visible(world, listing_id)
    act(world, show_listing, listing_id, code="shield:stay", reason=None)
    assert visible(world, listing_id)
    assert sent(world, EXCHANGE) == [("published", 1), ("shielded", 2), ("unshielded", 3)]
    events = data(world, EXCHANGE)
    assert events[1]["reason_code"] == "suspended"
    assert events[2]["subject"]["name"] == "石家庄乙建设工程有限公司"
    assert events[2]["version"] == 6


def test_a_removed_listing_refuses_changes_until_restored(world: World) -> None:
    listing_id = world.publish(organisation("石家庄甲建设工程有限公司"))
    act(world, remove_listing, listing_id, reason_code="repair", reason="已修复")
    with pytest.raises(Conflict):
        correct(world, listing_id, case=organisation("石家庄乙建设工程有限公司"))
    longer = Publicity(start=PUBLICITY.start, max_end=date(2028, 1, 1))
    act(world, restore_listing, listing_id, reason="虚假材料", publicity=longer)
    assert visible(world, listing_id)
    assert world.listing(listing_id).public_until == date(2028, 1, 1)
    assert sent(world, EXCHANGE)[-1] == ("restored", 3)


def test_identity_numbers_reach_recipients_sealed_and_nobody_else(world: World) -> None:
    listing_id = world.publish(person(world.keyring))
    (row,) = world.queued(EXCHANGE)
    assert PERSON_NUMBER not in row.value.decode()
    assert world.queued(PUBLIC) == []
    (token,) = json.loads(row.value)["subject"]["identity"]
    private = world.keyring.hpke_private(token["recipient"], token["key_id"])
    opened = hpke_open(
        private, base64.b64decode(token["sealed"]), exchange_aad(listing_id, 1, "id_number"), HPKE_INFO
    )
    assert opened.decode() == PERSON_NUMBER
    listing = world.listing(listing_id)
    assert PERSON_NUMBER not in json.dumps([listing.identity, listing.facts, listing.id_blind])


def test_hundreds_are_published_in_one_transaction(world: World) -> None:
    made = [
        Publication(new_id(), organisation(f"石家庄第{serial}建设工程有限公司", serial), TERMS, PUBLICITY)
        for serial in range(300)
    ]
    with world.write() as session:
        publish_listings(session, world.keyring, made, at=world.clock.now())
    assert len(world.queued(EXCHANGE)) == len(world.queued(PUBLIC)) == 300


def test_history_shows_corrections_but_not_hidden_times(world: World) -> None:
    listing_id = world.publish(organisation("石家庄甲建设工程有限公司"))
    correct(world, listing_id, case=organisation("石家庄乙建设工程有限公司"))
    act(world, hide_listing, listing_id, code="shield:privacy", reason="隐私")
    act(world, show_listing, listing_id, code="shield:privacy", reason=None)
    with world.db.read() as session:
        told = queries.history(session, queries.public_listing(session, listing_id, world.clock.today()))
    assert [each["kind"] for each in told] == ["corrected", "published"]
    (change,) = told[0]["changes"]
    assert change["before"]["name"] == "石家庄甲建设工程有限公司"
    assert change["after"]["name"] == "石家庄乙建设工程有限公司"


def test_an_index_serves_the_pages_of_one_list(world: World) -> None:
    asked = "SELECT id FROM register_listing WHERE list_code = 'x' ORDER BY listed_on DESC, id DESC LIMIT 20"
    with world.write() as session:
        if world.db.dialect == "postgresql":
            session.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN" if world.db.dialect == "postgresql" else "EXPLAIN QUERY PLAN"
        assert "ix_register_listing_list" in str(session.execute(text(f"{explain} {asked}")).all())
