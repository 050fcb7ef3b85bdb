"""The transparency log on both databases: versions become leaves, removal destroys what opens them."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from services.blacklist.register.models import Unlogged
from services.blacklist.register.usecases import (
    annotate_listing,
    hide_listing,
    remove_listing,
    show_listing,
)
from services.blacklist.transparency.domain.certificates import check_leaf
from services.blacklist.transparency.models import LogCheckpoint, LogLeaf
from services.blacklist.transparency.queries import proofs, store
from services.blacklist.transparency.queries.keys import log_keys
from services.blacklist.transparency.usecases.appending import LogSequencer, append
from shared.errors import NotFound
from shared.loops import drain
from shared.tlog import tree
from shared.tlog.notes import Checkpoint, Note
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


def checkpoint_of(world):
    with world.db.read() as session:
        note = Note.parse(store.signed_note(session, store.latest_checkpoint(session)))
    note.require(log_keys(world.keyring, ORIGIN))
    return Checkpoint.parse(note.text)


def proof_of(world, listing_id):
    with world.db.read() as session:
        return proofs.listing_proof(session, listing_id, world.clock.today())


def leaves(world):
    with world.db.read() as session:
        wanted = select(LogLeaf.listing_id, LogLeaf.version, LogLeaf.kind).order_by(LogLeaf.position)
        return [tuple(row) for row in session.execute(wanted)]


def remove(world, listing_id):
    with world.write() as session:
        remove_listing(
            session, world.keyring, listing_id, reason_code="repair", reason="修复", at=world.clock.now()
        )


def test_an_empty_log_says_so(world, sequencer):
    drain([sequencer])
    assert checkpoint_of(world) == Checkpoint(ORIGIN, 0, tree.EMPTY_ROOT)


def test_versions_become_leaves_in_order_and_are_proved_open(world, sequencer):
    first = world.publish(organisation("石家庄示例建设有限公司", 1))
    second = world.publish(organisation("石家庄样例商行", 2))
    with world.write() as session:
        annotate_listing(session, world.keyring, first, annotation="异议处理中", at=world.clock.now())
    drain([sequencer])
    assert leaves(world) == [(first, 1, 1), (second, 1, 1), (first, 2, 1)]
    found = proof_of(world, first)
    checkpoint = Checkpoint.parse(Note.parse(found["checkpoint"]).text)
    assert checkpoint == checkpoint_of(world)
    assert [leaf["index"] for leaf in found["leaves"]] == [0, 2]
    for leaf in found["leaves"]:
        check_leaf(leaf, checkpoint)
    assert found["leaves"][0]["parts"]["subject.name"]["value"]["name"] == "石家庄示例建设有限公司"


def test_no_part_of_a_leaf_can_be_given_another_value(world, sequencer):
    listing = world.publish(organisation("石家庄示例建设有限公司", 1))
    drain([sequencer])
    leaf = proof_of(world, listing)["leaves"][0]
    leaf["parts"]["subject.name"]["value"]["name"] = "石家庄无关建设有限公司"
    with pytest.raises(ValueError, match=r"subject\.name"):
        check_leaf(leaf, checkpoint_of(world))


def test_a_persons_leaf_opens_only_to_what_the_page_shows(world, sequencer):
    listing = world.publish(person(world.keyring, "欧阳示例"))
    drain([sequencer])
    leaf = proof_of(world, listing)["leaves"][0]
    check_leaf(leaf, checkpoint_of(world))
    assert set(leaf["parts"]["subject.name"]) == {"digest"}
    assert "欧阳示例" not in str(leaf)


def test_text_that_is_redacted_when_shown_stays_closed(world, sequencer):
    told = {"category": "fraudulent-obtaining", "facts": "联系电话 13800138000", "occurred_on": None}
    listing = world.publish(organisation("石家庄示例建设有限公司", 1, misconduct=told))
    drain([sequencer])
    leaf = proof_of(world, listing)["leaves"][0]
    check_leaf(leaf, checkpoint_of(world))
    assert set(leaf["parts"]["misconduct.facts"]) == {"digest"}


def test_removal_is_a_leaf_and_destroys_every_secret_of_the_listing(world, sequencer):
    gone, stays = (world.publish(organisation(f"石家庄示例{n}有限公司", n)) for n in (1, 2))
    drain([sequencer])
    remove(world, gone)
    with pytest.raises(NotFound):
        proof_of(world, gone)
    drain([sequencer])
    assert leaves(world) == [(gone, 1, 1), (stays, 1, 1), (gone, 2, 2)]
    with world.db.read() as session:
        assert proofs.secrets_left(session, [gone]) == 0
        assert proofs.secrets_left(session, [stays]) == 1
        proof = proofs.inclusion(session, 2, None)
    leaf = bytes.fromhex(proof["leaf_hash"])
    steps = [bytes.fromhex(step) for step in proof["proof"]]
    tree.verify_inclusion(leaf, 2, 3, steps, checkpoint_of(world).root)


def test_a_removal_in_the_same_batch_keeps_no_secret_either(world, sequencer):
    gone = world.publish(organisation("石家庄示例有限公司", 1))
    remove(world, gone)
    drain([sequencer])
    with world.db.read() as session:
        assert proofs.secrets_left(session, [gone]) == 0


def test_a_hidden_listing_is_not_opened_and_returns(world, sequencer):
    listing = world.publish(organisation("石家庄示例有限公司", 1))
    with world.write() as session:
        hide_listing(session, world.keyring, listing, code="suspended", reason="核查", at=world.clock.now())
    drain([sequencer])
    with pytest.raises(NotFound):
        proof_of(world, listing)
    with world.write() as session:
        show_listing(session, world.keyring, listing, code="suspended", reason=None, at=world.clock.now())
    drain([sequencer])
    assert [leaf["index"] for leaf in proof_of(world, listing)["leaves"]] == [0], "hidden times are not told"


def test_what_expired_by_its_dates_loses_its_secret(world, sequencer):
    listing = world.publish(organisation("石家庄示例有限公司", 1))
    drain([sequencer])
    world.clock.advance(timedelta(days=800))
    drain([sequencer])
    with world.db.read() as session:
        assert proofs.secrets_left(session, [listing]) == 0


def test_the_tree_only_grows_whatever_the_batches(world, sequencer):
    drain([sequencer])
    seen = [checkpoint_of(world)]
    for count in (1, 2, 5, 300, 7):
        for serial in range(count):
            world.publish(organisation(f"石家庄示例{serial}有限公司", serial + 1))
        drain([sequencer])
        seen.append(checkpoint_of(world))
    with world.db.read() as session:
        assert session.scalars(select(Unlogged.id)).first() is None
        for old in seen:
            found = proofs.consistency(session, old.size, None)
            steps = [bytes.fromhex(step) for step in found["proof"]]
            tree.verify_consistency(old.size, seen[-1].size, old.root, seen[-1].root, steps)


def test_a_second_sequencer_that_lost_the_lease_changes_nothing(world, sequencer):
    drain([sequencer])
    other = LogSequencer(world.deps, ORIGIN, "other")
    world.publish(organisation("石家庄示例有限公司", 1))
    assert not other.step()
    drain([sequencer])
    assert len(leaves(world)) == 1
    other.close()


def test_checkpoints_are_signed_by_new_and_old_key_after_a_rotation(world, sequencer):
    drain([sequencer])
    before = log_keys(world.keyring, ORIGIN)
    world.keyring.rotate("log")
    world.publish(organisation("石家庄示例有限公司", 1))
    drain([sequencer])
    with world.db.read() as session:
        note = Note.parse(store.signed_note(session, store.latest_checkpoint(session)))
    note.require(before)
    assert len(note.signed_by(log_keys(world.keyring, ORIGIN))) == 2


def test_a_failed_append_leaves_nothing_behind(world, sequencer):
    drain([sequencer])
    world.publish(organisation("石家庄示例有限公司", 1))
    with world.write() as session:
        append(session, world.keyring, ORIGIN, world.clock.now())
        session.rollback()
    assert checkpoint_of(world).size == 0
    drain([sequencer])
    assert checkpoint_of(world).size == 1


def test_the_database_refuses_to_change_a_leaf_or_a_checkpoint(world, sequencer):
    world.publish(organisation("石家庄示例有限公司", 1))
    drain([sequencer])
    for statement in (
        LogLeaf.__table__.update().values(version=9),
        LogLeaf.__table__.delete(),
        LogCheckpoint.__table__.delete(),
    ):
        with pytest.raises(Exception, match="append-only"), world.write() as session:
            session.execute(statement)
