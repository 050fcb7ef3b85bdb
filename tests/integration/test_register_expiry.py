"""A listing from history that nobody adopted ends by its date: once, everywhere, and no other does."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from services.blacklist.register.models import UNENDED, ListingVersion
from services.blacklist.register.publishes import EXCHANGE, PUBLIC
from services.blacklist.register.usecases import end_by_date, ending_loop
from services.blacklist.register.usecases.ownership import adoptable_listing, give_to_case
from services.blacklist.transparency.models import LogLeaf, LogSecret
from services.blacklist.transparency.usecases.appending import LogSequencer
from shared.clock import FixedClock
from shared.contracts.envelope import from_record
from shared.db import Database
from shared.loops import drain
from shared.outbox import record_of
from tests.integration.register_world import World, make_world, organisation
from tests.integration.test_register_import import line, load

pytestmark = pytest.mark.tables("services.blacklist")


@pytest.fixture
def world(any_db: Database, clock: FixedClock, tmp_path: Path) -> World:
    return make_world(any_db, clock, tmp_path)


def brought_in(world: World) -> dict[str, str]:
    """Ids by what the row is called."""
    over = {"published_on": "2024-05-08", "publicity_ends_on": "2025-05-08"}
    kinds = {"ends": {}, "adopted": {}, "goes-on": {"publicity_ends_on": "2028-05-08"}, "was-over": over}
    lines = [line(at, source_id=name, **kinds[name]) for at, name in enumerate(kinds, start=1)]
    assert load(world, lines).imported == 4
    with world.db.read() as session:
        rows = session.execute(text("SELECT origin, id FROM register_listing"))
        return {name: row.id for row in rows for name in kinds if row.origin.endswith(name)}


def test_what_no_case_ends_is_ended_by_its_date_once(world: World) -> None:
    ids = brought_in(world)
    with world.write() as session:
        give_to_case(adoptable_listing(session, ids["adopted"]), "case-1", "department-1")
    ids["of-a-case"] = world.publish(organisation("石家庄有案建设有限公司"))
    log = LogSequencer(world.deps, "test", "test")
    drain([log])
    told, pushed = len(world.queued(PUBLIC)), len(world.queued(EXCHANGE))
    drain([ending_loop(world.deps, "test")])
    assert len(world.queued(PUBLIC)) == told, "its last day is not over"
    world.clock.advance(timedelta(days=400))
    drain([ending_loop(world.deps, "one"), log])
    drain([ending_loop(world.deps, "two"), log])
    with world.write() as session:
        assert end_by_date(session, world.keyring, at=world.clock.now()) == 0
    (row,) = world.queued(PUBLIC)[told:]
    tombstone = from_record(record_of(row))
    assert (tombstone.type, tombstone.subject) == ("listing.withdrawn", ids["ends"])
    assert tombstone.data["by_date"]
    (row,) = world.queued(EXCHANGE)[pushed:]
    assert json.loads(row.value)["reason_code"] == "expiry"
    ended = world.listing(ids["ends"])
    assert (ended.version, ended.reason, ended.public_until) == (2, "公示期满", ended.public_max_end)
    untouched = {world.listing(ids[name]).version for name in ids.keys() - {"ends"}}
    assert untouched == {1}
    with world.db.read() as session:
        versions = select(ListingVersion.kind).where(ListingVersion.listing_id == ids["ends"])
        assert set(session.scalars(versions)) == {"published", "removed"}
        mine = select(LogLeaf.position).where(LogLeaf.listing_id == ids["ends"])
        leaves = session.scalars(mine).all()
        assert len(leaves) == 2
        assert session.scalars(select(LogSecret).where(LogSecret.position.in_(leaves))).all() == []


def test_the_index_serves_the_question(world: World) -> None:
    due = f"{UNENDED[world.db.dialect]} AND public_until <= '2027-01-01'"
    with world.write() as session:
        if world.db.dialect == "postgresql":
            session.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN" if world.db.dialect == "postgresql" else "EXPLAIN QUERY PLAN"
        plan = session.execute(text(f"{explain} SELECT id FROM register_listing WHERE {due}"))
        assert "ix_register_listing_unended" in str(plan.all())
