"""Whoever can write to the database still cannot change, remove, slip in or back-date a version unseen."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, text, update

from services.blacklist.register.models import UNLOGGED, VERSIONS, Listing, ListingVersion
from services.blacklist.register.usecases import annotate_listing, remove_listing
from services.blacklist.transparency.models import LogSecret, LogTile
from services.blacklist.transparency.queries import proofs
from services.blacklist.transparency.queries.checking import check_log, hold_still
from services.blacklist.transparency.queries.keys import log_keys
from services.blacklist.transparency.usecases.appending import LogSequencer
from shared.loops import drain
from shared.tlog.notes import LOG, NoteKey
from tests.integration.register_world import make_world, organisation, person

pytestmark = pytest.mark.tables("services.blacklist")

ORIGIN = "log.example/register"


@pytest.fixture
def world(any_db, clock, tmp_path):
    return make_world(any_db, clock, tmp_path)


@pytest.fixture
def sequencer(world):
    made = LogSequencer(world.deps, ORIGIN, "test")
    yield made
    made.close()


@pytest.fixture
def listing(world, sequencer):
    """One listing in two versions among others."""
    drain([sequencer])
    found = world.publish(organisation("石家庄示例建设有限公司", 1))
    world.publish(person(world.keyring))
    for serial in range(2, 6):
        world.publish(organisation(f"石家庄样例{serial}商行", serial))
    world.clock.advance(timedelta(days=1))
    with world.write() as session:
        annotate_listing(session, world.keyring, found, annotation="异议处理中", at=world.clock.now())
    drain([sequencer])
    return found


def check(world):
    with world.db.read() as session:
        return check_log(session, log_keys(world.keyring, ORIGIN), world.clock.today())


def faults(world):
    return [(each.listing_id, each.version, each.problem) for each in check(world).faults]


def alter(world, statement):
    with world.write() as session:
        session.execute(statement)


def the(listing, version):
    return (ListingVersion.listing_id == listing) & (ListingVersion.version == version)


def version(world, listing, number):
    with world.db.read() as session:
        return session.get_one(ListingVersion, (listing, number))


def test_an_honest_log_has_no_faults(world, listing):
    report = check(world)
    assert (report.size, report.opened, report.closed, report.waiting) == (7, 7, 0, 0)
    assert report.faults == []


def test_what_is_published_while_the_check_runs_is_no_fault(world, sequencer, listing):
    with world.db.read() as session:
        hold_still(session)
        proofs.inclusion(session, 0, None)
        world.publish(organisation("石家庄新来有限公司", 9))
        drain([sequencer])
        report = check_log(session, log_keys(world.keyring, ORIGIN), world.clock.today())
    assert (report.size, report.faults) == (7, [])


def test_a_removed_listing_is_no_fault(world, sequencer, listing):
    with world.write() as session:
        remove_listing(
            session, world.keyring, listing, reason_code="repair", reason="修复", at=world.clock.now()
        )
    drain([sequencer])
    report = check(world)
    assert (report.opened, report.closed, report.faults) == (5, 3, [])


def test_an_altered_version_is_named(world, listing):
    facts = dict(version(world, listing, 1).facts)
    facts["document"] = dict(facts["document"]) | {"fine_wan": "0.1"}
    alter(world, update(ListingVersion).where(the(listing, 1)).values(facts=facts))
    assert faults(world) == [(listing, 1, "版本内容被改动")]


def test_a_dated_back_version_is_named(world, listing):
    earlier = world.clock.now() - timedelta(days=300)
    alter(world, update(ListingVersion).where(the(listing, 2)).values(at=earlier))
    assert {(each[0], each[1]) for each in faults(world)} == {(listing, 2)}


def test_a_removed_version_is_named(world, listing):
    alter(world, delete(ListingVersion).where(the(listing, 1)))
    assert faults(world) == [(listing, 1, "版本记录被删除")]


def test_a_version_slipped_past_the_log_is_named(world, listing):
    row = version(world, listing, 2)
    values = {name: getattr(row, name) for name in VERSIONS.columns.keys()} | {"version": 3}  # noqa: SIM118
    alter(world, VERSIONS.insert().values(values))
    assert faults(world)[0][:2] == (listing, 3)


def test_a_version_slipped_in_with_an_old_date_is_named(world, sequencer, listing):
    row = version(world, listing, 2)
    old = world.clock.now() - timedelta(days=20)
    values = {name: getattr(row, name) for name in VERSIONS.columns.keys()} | {"version": 3, "at": old}  # noqa: SIM118
    alter(world, VERSIONS.insert().values(values))
    alter(world, UNLOGGED.insert().values(listing_id=listing, version=3))
    drain([sequencer])
    (fault,) = faults(world)
    assert fault[:2] == (listing, 3)
    assert "倒签" in fault[2]


def test_a_listing_slipped_in_during_a_quiet_time_with_an_old_date_is_named(world, sequencer, listing):
    for _ in range(3):
        world.clock.advance(timedelta(days=1))
        drain([sequencer])
    other, now = organisation("石家庄迟到有限公司", 77), world.clock.now()
    world.clock.set(now - timedelta(days=2))
    late = world.publish(other)
    world.clock.set(now)
    drain([sequencer])
    assert [each[:2] for each in faults(world)] == [(late, 1)]


def test_what_a_public_listing_shows_must_be_its_last_version(world, listing):
    with world.db.read() as session:
        facts = dict(session.get_one(Listing, listing).facts)
    facts["subject"] = dict(facts["subject"]) | {"name": "石家庄无关有限公司"}
    alter(
        world,
        update(Listing).where(Listing.id == listing).values(facts=facts, subject_name="石家庄无关有限公司"),
    )
    assert faults(world) == [(listing, 2, "公示内容与现行版本不符")]


def test_a_longer_publicity_is_named(world, listing):
    with world.db.read() as session:
        later = session.get_one(Listing, listing).public_max_end + timedelta(days=400)
    alter(world, update(Listing).where(Listing.id == listing).values(public_max_end=later))
    assert faults(world) == [(listing, 2, "公示期与现行版本不符")]


def test_destroying_the_secret_of_a_public_version_does_not_hide_a_change(world, listing):
    alter(world, delete(LogSecret))
    assert "公示中的版本被抹去随机数，不能打开" in {each[2] for each in faults(world)}


def unguarded(world, *statements):
    """As someone who owns the database: triggers off."""
    with world.db.engine.begin() as connection:
        if world.db.dialect == "postgresql":
            connection.execute(text("SET session_replication_role = replica"))
        else:
            for name in ("log_leaves", "log_checkpoints"):
                for verb in ("update", "delete"):
                    connection.execute(text(f"DROP TRIGGER IF EXISTS {name}_no_{verb}"))
        for statement in statements:
            connection.execute(text(statement))


def test_a_leaf_cut_off_the_end_is_seen_even_by_the_databases_owner(world, listing):
    unguarded(world, "DELETE FROM log_leaves WHERE position = 6")
    said = {each[2] for each in faults(world)}
    assert "大小 7 的检查点大于叶子数：有叶子被删除" in said


def test_rewriting_leaf_and_secret_is_seen_even_by_the_databases_owner(world, listing):
    unguarded(
        world,
        "UPDATE log_leaves SET commitment = (SELECT commitment FROM log_leaves WHERE position = 3) "
        "WHERE position = 0",
    )
    said = {each[2] for each in faults(world)}
    assert "版本内容被改动" in said
    assert "大小 7 的检查点的根与叶子不符" in said


def test_a_rewritten_tree_does_not_fit_the_signed_checkpoints(world, listing):
    alter(world, update(LogTile).values(hashes=b"\x00" * 32 * 7))
    assert any("与叶子不符" in each[2] for each in faults(world))


def test_a_checkpoint_of_another_key_is_seen(world, listing):
    stranger = NoteKey(ORIGIN, LOG, bytes(32))
    with world.db.read() as session:
        report = check_log(session, [stranger], world.clock.today())
    assert all("签名不成立" in each.problem for each in report.faults)
    assert report.faults
