"""The audit trail on both databases: append-only by trigger, chained after commit, and tampering is found."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.blacklist.audit.heads import (
    BadHeads,
    HeadKeeper,
    current_head,
    keep_head,
    read_heads,
    signed_line,
    warn_beside,
)
from services.blacklist.audit.models import drop_append_only_ddl
from services.blacklist.audit.queries import entries_of, head, verify
from services.blacklist.audit.usecases import AuditChain, record
from services.blacklist.store import leases, metadata
from shared.clock import FixedClock
from shared.crypto import KeyRing
from shared.identifiers import make_resident_id
from shared.web.access import Principal

pytestmark = pytest.mark.tables("services.blacklist")

AT = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
CLERK = Principal("u1", "clerk", "经办", "d1", "住建局", "130102", frozenset({"clerk"}))


@pytest.fixture
def db(any_db):
    metadata.create_all(any_db.engine)
    return any_db


def act(db, number, **detail):
    with db.write() as session:
        record(
            session, actor=CLERK, action="case.submit", object_type="case", object_id=f"case-{number}",
            detail={"number": number, **detail}, at=AT,
        )  # fmt: skip


def chain(db, holder="one"):
    loop = AuditChain(db, leases, holder)
    while loop.step():
        pass


def tamper(db, *statements):
    """As somebody who holds the database itself."""
    with db.write() as session:
        if db.dialect == "postgresql":
            session.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            for table in ("audit_entries", "audit_links"):
                for drop in drop_append_only_ddl(db.dialect, table):
                    session.execute(text(drop))
        for statement in statements:
            session.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET action = 'x'", "DELETE FROM audit_entries",
        "UPDATE audit_links SET hash = 'x'", "DELETE FROM audit_links",
    ],
)  # fmt: skip
def test_the_database_refuses_to_change_the_trail(db, statement):
    act(db, 1)
    chain(db)
    with pytest.raises(DBAPIError, match="append-only"), db.write() as session:
        session.execute(text(statement))
    with db.read() as session:
        assert verify(session) is None


def test_an_entry_exists_only_with_its_act(db):
    with db.write() as session:
        record(session, actor=None, action="x", object_type="case", object_id="c", detail={}, at=AT)
        session.rollback()
    with db.read() as session:
        assert not entries_of(session, "case", "c")


def test_the_chain_grows_after_commit_and_holds(db):
    for number in range(7):
        act(db, number)
    with db.read() as session:
        assert head(session)[0] == 0
        assert verify(session) is None, "not yet chained is not tampered with"
    chain(db)
    act(db, 7)
    chain(db)
    with db.read() as session:
        assert head(session)[0] == 8
        assert verify(session) is None


def test_only_the_lease_holder_chains(db):
    act(db, 1)
    first, second = AuditChain(db, leases, "one"), AuditChain(db, leases, "two")
    assert first.step()
    act(db, 2)
    assert not second.step()
    assert first.step()


@pytest.mark.parametrize(
    ("statement", "position"),
    [
        ("UPDATE audit_entries SET detail = '{}' WHERE object_id = 'case-2'", 3),
        ("UPDATE audit_entries SET actor_name = 'other' WHERE object_id = 'case-0'", 1),
        ("DELETE FROM audit_links WHERE position = 2", 2),
        ("UPDATE audit_links SET hash = 'f' WHERE position = 4", 4),
    ],
)
def test_tampering_is_found_at_its_first_row(db, statement, position):
    for number in range(5):
        act(db, number)
    chain(db)
    tamper(db, statement)
    with db.read() as session:
        found = verify(session)
    assert found is not None
    assert found.position == position


def test_an_entry_slipped_past_the_chain_is_found(db):
    act(db, 1)
    chain(db)
    tamper(
        db,
        "INSERT INTO audit_entries (id, at, actor_roles, action, object_type, object_id, detail) "
        "SELECT '0', at, '', 'forged', 'case', 'c', '{}' FROM audit_entries",
    )
    with db.read() as session:
        found = verify(session)
    assert found is not None
    assert (found.position, found.entry_id) == (0, "0")


def test_no_identity_number_enters_the_trail(db):
    number = make_resident_id("130102", datetime(1980, 1, 1, tzinfo=UTC).date(), 7)
    act(db, 1, reason=f"本人身份证{number},请核对", parts=[{"id": number}])
    with db.read() as session:
        kept = entries_of(session, "case", "case-1")[0].detail
    assert number not in kept
    assert number[:4] in kept


SWAPPED = (
    "UPDATE audit_links SET position = -2 WHERE position = 2",
    "UPDATE audit_links SET position = 2 WHERE position = 3",
    "UPDATE audit_links SET position = 3 WHERE position = -2",
)
FORGED = (
    "INSERT INTO audit_entries (id, at, actor_roles, action, object_type, object_id, detail) "
    "SELECT 'forged', at, '', 'case.submit', 'case', 'c', '{}' FROM audit_entries LIMIT 1"
)
SLIPPED_IN = (
    FORGED,
    "UPDATE audit_links SET position = -position - 1 WHERE position > 2",
    "UPDATE audit_links SET position = -position WHERE position < 0",
    "INSERT INTO audit_links (position, entry_id, hash) VALUES (3, 'forged', 'f')",
)
CUT_OFF = (
    "DELETE FROM audit_links WHERE position > 3",
    "DELETE FROM audit_entries WHERE object_id IN ('case-3', 'case-4')",
)
TAMPERINGS = {
    "changed": (("UPDATE audit_entries SET detail = '{}' WHERE object_id = 'case-2'",), 3, "被改动"),
    "link deleted": (("DELETE FROM audit_links WHERE position = 2",), 2, "第2条被删除"),
    "row deleted": (
        (
            "DELETE FROM audit_links WHERE position = 4",
            "DELETE FROM audit_entries WHERE object_id = 'case-3'",
        ),
        4,
        "第4条被删除",
    ),
    "row deleted and the rest numbered anew": (
        (
            "DELETE FROM audit_links WHERE position IN (2, 3)",
            "DELETE FROM audit_entries WHERE object_id IN ('case-1', 'case-2')",
            "UPDATE audit_links SET position = position - 2 WHERE position = 4",
            "UPDATE audit_links SET position = position - 2 WHERE position = 5",
        ),
        2,
        "第2条起有2条被删除",
    ),
    "reordered": (SWAPPED, 2, "被调换：原在此处的是现在的第3条"),
    "inserted": (SLIPPED_IN, 3, "第3条是插入的：原在此处的是现在的第4条"),
    "slipped past the chain": ((FORGED,), 0, "不在链上"),
    "tail cut off": (CUT_OFF, 4, "另行保存的链首为第5条，现只有3条"),
}


@pytest.mark.parametrize("kind", TAMPERINGS)
def test_each_kind_of_tampering_is_named_exactly(db, tmp_path, kind):
    statements, position, said = TAMPERINGS[kind]
    keyring = KeyRing.load_or_create(tmp_path / "keys.json")
    for number in range(5):
        act(db, number)
    chain(db)
    keep_head(tmp_path / "heads.jsonl", current_head(db, AT), keyring)
    tamper(db, *statements)
    heads = read_heads((tmp_path / "heads.jsonl").read_text().splitlines(), keyring)
    with db.read() as session:
        found = verify(session, heads)
    assert found is not None
    assert found.position == position
    assert said in found.reason


def test_a_tail_cut_off_leaves_no_trace_but_in_the_heads_kept_elsewhere(db, tmp_path):
    for number in range(5):
        act(db, number)
    chain(db)
    tamper(db, *CUT_OFF)
    with db.read() as session:
        assert verify(session) is None


def test_a_chain_rewritten_whole_does_not_fit_its_heads(db, tmp_path):
    """Whoever recomputes every hash after a change is found at the first head that was signed."""
    keyring = KeyRing.load_or_create(tmp_path / "keys.json")
    for number in range(3):
        act(db, number)
    chain(db)
    kept = current_head(db, AT)
    tamper(
        db,
        "UPDATE audit_entries SET detail = '{}' WHERE object_id = 'case-0'",
        "INSERT INTO audit_pending (entry_id) SELECT id FROM audit_entries",
        "DELETE FROM audit_links",
    )
    chain(db)
    with db.read() as session:
        assert verify(session) is None
        found = verify(session, read_heads([signed_line(kept, keyring)], keyring))
    assert (found.position, "整体改写" in found.reason) == (3, True)


def test_only_a_signed_head_counts(db, tmp_path):
    ours, other = (KeyRing.load_or_create(tmp_path / name) for name in ("ours.json", "other.json"))
    act(db, 1)
    chain(db)
    line = signed_line(current_head(db, AT), ours)
    assert [each.position for each in read_heads([line, ""], ours)] == [1]
    for bad in (
        line.replace('"position": 1', '"position": 9'),
        "{}",
        "x",
        signed_line(current_head(db, AT), other),
    ):
        with pytest.raises(BadHeads, match="第2行"):
            read_heads([line, bad], ours)


def test_heads_are_kept_on_a_schedule(db, tmp_path):
    keyring, clock = KeyRing.load_or_create(tmp_path / "keys.json"), FixedClock(AT)
    file = tmp_path / "elsewhere" / "heads.jsonl"
    keeper = HeadKeeper(db, leases, keyring, clock, file, "one")
    keeper.step()
    assert not file.exists(), "nothing to keep yet"
    act(db, 1)
    chain(db)
    keeper.step()
    assert not file.exists(), "not yet due again"
    for minutes, lines in ((1, 1), (2, 1)):
        clock.set(AT + timedelta(minutes=minutes))
        keeper.step()
        assert len(file.read_text().splitlines()) == lines
    act(db, 2)
    chain(db)
    clock.set(AT + timedelta(minutes=3))
    keeper.step()
    assert [each.position for each in read_heads(file.read_text().splitlines(), keyring)] == [1, 2]


def test_heads_beside_the_data_are_warned_of(tmp_path, capsys):
    warn_beside(tmp_path / "data" / "heads.jsonl", tmp_path / "data")
    warn_beside(tmp_path / "elsewhere" / "heads.jsonl", tmp_path / "data")
    assert capsys.readouterr().out.count("audit_heads_beside_the_data") == 1
