"""A small service as the faults see one: accounts that change, an outbox, a relay, a consumer with effects.

Run as a program (`python -m tests.faults.ledger write|relay|consume …`) so that it can be killed.
"""

import argparse
import random
import signal
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import BigInteger, Column, Integer, String, Table, insert, select, update
from sqlalchemy.orm import Session

from shared.contracts.envelope import Event, new_event
from shared.db import Database, new_metadata, open_database
from shared.eventlog import open_log
from shared.ids import new_id
from shared.inbox import Consumer, inbox_table, to_unreadable
from shared.leases import leases_table
from shared.loops import Loop, run
from shared.outbox import Relay, enqueue, outbox_table

TYPE = "listing.withdrawn"
METADATA = new_metadata()
OUTBOX, INBOX, LEASES = outbox_table(METADATA), inbox_table(METADATA), leases_table(METADATA)
ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("version", Integer, nullable=False),
)
EFFECTS = Table(
    "effects",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("subject", String(36), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("event_id", String(36), nullable=False),
)


def create(db: Database, accounts: int) -> list[str]:
    """Tables and accounts a0, a1, …"""
    METADATA.create_all(db.engine)
    names = [f"a{at}" for at in range(accounts)]
    with db.write() as session:
        session.execute(insert(ACCOUNTS), [{"id": name, "version": 0} for name in names])
    return names


def change(session: Session, account: str, topic: str) -> Event:
    """One change: the account's row is locked and its version raised before its event enters the outbox."""
    bump = update(ACCOUNTS).where(ACCOUNTS.c.id == account).values(version=ACCOUNTS.c.version + 1)
    version = session.execute(bump.returning(ACCOUNTS.c.version)).scalar_one()
    now = datetime.now(UTC)
    data = {"listing_id": account, "version": version, "recorded_at": now}
    event = new_event(TYPE, source="test", subject=account, sequence=version, data=data, at=now)
    enqueue(session, OUTBOX, topic, [event])
    return event


def record(session: Session, events: list[Event]) -> None:
    """The consumer's effect."""
    session.execute(
        insert(EFFECTS),
        [{"subject": each.subject, "sequence": each.sequence, "event_id": each.id} for each in events],
    )


def effects(db: Database) -> dict[str, list[int]]:
    """Sequences per subject, in the order in which they had their effect."""
    with db.read() as session:
        rows = session.execute(select(EFFECTS.c.subject, EFFECTS.c.sequence).order_by(EFFECTS.c.number)).all()
    found: dict[str, list[int]] = {}
    for subject, sequence in rows:
        found.setdefault(subject, []).append(sequence)
    return found


def versions(db: Database) -> dict[str, int]:
    with db.read() as session:
        return {row.id: row.version for row in session.execute(select(ACCOUNTS))}


def write(url: str, topic: str, count: int, accounts: Sequence[str]) -> None:
    """`count` transactions on random accounts, each held open 0-4 ms after its insert."""
    db, pause = open_database(url), threading.Event()
    for _ in range(count):
        with db.write() as session:
            change(session, random.choice(accounts), topic)
            pause.wait(random.uniform(0, 0.004))
    db.close()


def relay(url: str, events: str, batch: int = 500) -> Relay:
    db = open_database(url)
    return Relay(db, OUTBOX, LEASES, open_log(events), new_id(), batch=batch, lease_seconds=1.0)


def consumer(url: str, events: str, topic: str, batch: int = 500) -> Consumer:
    log = open_log(events)
    reader = log.reader([topic], topic)
    return Consumer(open_database(url), INBOX, reader, "effects", record, to_unreadable(log), batch=batch)


def _serve(loops: Sequence[Loop]) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    run(loops, stop)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["write", "relay", "consume"])
    parser.add_argument("--db", required=True)
    parser.add_argument("--events", default="")
    parser.add_argument("--topic", default="")
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--accounts", type=int, default=1)
    parser.add_argument("--batch", type=int, default=500)
    how = parser.parse_args()
    if how.what == "write":
        write(how.db, how.topic, how.count, [f"a{at}" for at in range(how.accounts)])
    elif how.what == "relay":
        _serve([relay(how.db, how.events, how.batch)])
    else:
        _serve([consumer(how.db, how.events, how.topic, how.batch)])


if __name__ == "__main__":
    main()
