"""The audit trail on both databases: append-only by trigger, chained after commit, and tampering is found."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.blacklist.audit.models import drop_append_only_ddl
from services.blacklist.audit.queries import entries_of, head, verify
from services.blacklist.audit.usecases import AuditChain, record
from services.blacklist.store import leases, metadata
from shared.identifiers import make_resident_id
from shared.web.access import Principal

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
    with db.write() as session:
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
