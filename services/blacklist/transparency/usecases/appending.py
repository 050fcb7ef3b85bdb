"""The sequencer of the log: takes versions after their commit, in order, and signs a checkpoint over them.

One at a time, by lease; a second one that does not know it lost the lease fails on the leaf's position.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, delete, select
from sqlalchemy.orm import Session

from services.blacklist.register.models import Listing, ListingVersion, Unlogged
from services.blacklist.register.usecases.steps import LOG_CHANNEL
from services.blacklist.store import Deps, leases
from services.blacklist.transparency.domain.commitments import (
    ENDS,
    Version,
    commit,
    entry_of,
    new_secrets,
)
from services.blacklist.transparency.models import (
    LEAVES,
    SECRETS,
    TILES,
    LogBeat,
    LogCheckpoint,
    LogLeaf,
    LogSecret,
)
from services.blacklist.transparency.queries.store import load_tiles, reader, tree_size
from shared.crypto import KeyRing
from shared.db import Wakeup, add_rows, unnested, upsert
from shared.leases import Lease
from shared.tlog import tree
from shared.tlog.notes import Checkpoint, Note, sign
from shared.tlog.tiles import Place, edge_of, grown

BATCH = 1000
SWEEP = 500


@dataclass(frozen=True)
class Fresh:
    """A version about to become a leaf."""

    pending_id: int
    version: Version
    secret: bytes


class LogSequencer:
    """Loop: the only writer of leaves, tiles and checkpoints."""

    name = "log-sequencer"

    def __init__(self, deps: Deps, origin: str, holder: str) -> None:
        self._deps, self._origin = deps, origin
        self._lease = Lease(deps.db, leases, self.name, holder)
        self._wakeup = Wakeup(deps.db, LOG_CHANNEL)
        self._started = False
        self._swept: date | None = None

    def step(self) -> bool:
        if not self._due() or not self._lease.acquire():
            return False
        if not self._started:
            self._start()
        if self._waiting():
            with self._deps.db.write() as session:
                return append(session, self._deps.keyring, self._origin, self._deps.clock.now()) > 0
        return self._sweep()

    def _due(self) -> bool:
        """Asked before the lease, so that a quiet log writes nothing."""
        return not self._started or self._swept != self._deps.clock.today() or self._waiting()

    def _start(self) -> None:
        """An empty log has a checkpoint too; one cut short before its checkpoint gets it now."""
        with self._deps.db.write() as session:
            size = tree_size(session)
            if session.get(LogCheckpoint, size) is None:
                write_checkpoint(session, self._deps.keyring, self._origin, size, {}, self._deps.clock.now())
        self._started = True

    def _waiting(self) -> bool:
        with self._deps.db.read() as session:
            return session.scalar(select(Unlogged.id).limit(1)) is not None

    def _sweep(self) -> bool:
        """Once a business day: what expired by its dates alone can no longer be opened either."""
        today = self._deps.clock.today()
        if self._swept == today:
            return False
        with self._deps.db.read() as session:
            over = expired_secrets(session, today)
        if not over:
            self._beat(today)
            self._swept = today
            return False
        with self._deps.db.write() as session:
            forget(session, over)
        return True

    def _beat(self, today: date) -> None:
        """Write down where the log stands today, so that nothing older can be slipped in later."""
        with self._deps.db.write() as session:
            if session.get(LogBeat, today) is None:
                session.add(LogBeat(day=today, size=tree_size(session), at=self._deps.clock.now()))

    def wait(self, timeout: float) -> bool:
        return self._wakeup.wait(timeout)

    def close(self) -> None:
        self._wakeup.close()
        self._lease.release()


def append(session: Session, keyring: KeyRing, origin: str, at: datetime, limit: int = BATCH) -> int:
    """Leaves for the oldest versions that have none, and a checkpoint over them; how many there were."""
    fresh = _fresh(session, limit)
    if not fresh:
        return 0
    size = tree_size(session)
    committed = [commit(each.version, each.secret) for each in fresh]
    kinds = [each.version.entry_kind for each in fresh]
    hashes = [tree.leaf_hash(entry_of(*each)) for each in zip(kinds, committed, strict=True)]
    _write_leaves(session, size, fresh, kinds, committed)
    made = write_tiles(session, size, hashes)
    write_checkpoint(session, keyring, origin, size + len(fresh), made, at)
    taken = unnested(session, [each.pending_id for each in fresh], BigInteger())
    session.execute(delete(Unlogged).where(Unlogged.id.in_(select(taken))))
    return len(fresh)


def _fresh(session: Session, limit: int) -> list[Fresh]:
    columns = [getattr(ListingVersion, name) for name in Version.__dataclass_fields__]
    rows = (
        select(Unlogged.id, *columns)
        .join(
            ListingVersion,
            (ListingVersion.listing_id == Unlogged.listing_id) & (ListingVersion.version == Unlogged.version),
        )
        .order_by(Unlogged.id)
        .limit(limit)
    )
    found = session.execute(rows).all()
    drawn = new_secrets(len(found))
    return [Fresh(row[0], Version(*row[1:]), secret) for row, secret in zip(found, drawn, strict=True)]


def _write_leaves(
    session: Session, size: int, fresh: Sequence[Fresh], kinds: Sequence[int], committed: Sequence[bytes]
) -> None:
    leaves = [
        {
            "position": size + number,
            "kind": kinds[number],
            "commitment": committed[number],
            "listing_id": each.version.listing_id,
            "version": each.version.version,
        }
        for number, each in enumerate(fresh)
    ]
    add_rows(session, LEAVES, leaves)
    add_rows(session, SECRETS, _kept(size, fresh))
    _forget_ended(session, size, fresh)


def _kept(size: int, fresh: Sequence[Fresh]) -> list[dict[str, Any]]:
    """The secrets of the batch, without those a removal further on in it destroys."""
    ended = {each.version.listing_id: n for n, each in enumerate(fresh) if each.version.kind in ENDS}
    return [
        {"position": size + number, "secret": each.secret}
        for number, each in enumerate(fresh)
        if number > ended.get(each.version.listing_id, -1)
    ]


def _forget_ended(session: Session, size: int, fresh: Sequence[Fresh]) -> None:
    ended = sorted({each.version.listing_id for each in fresh if each.version.kind in ENDS})
    for start in range(0, len(ended), SWEEP):
        positions = select(LogLeaf.position).where(
            LogLeaf.listing_id.in_(ended[start : start + SWEEP]), LogLeaf.position < size
        )
        session.execute(delete(LogSecret).where(LogSecret.position.in_(positions)))


def write_tiles(session: Session, size: int, hashes: Sequence[bytes]) -> dict[Place, bytes]:
    """Put leaf hashes into the stored tree of that size; the tiles that changed."""
    edge = load_tiles(session, list(edge_of(size).values()))
    made = {(tile.level, tile.number): tile.hashes for tile in grown(size, edge, hashes)}
    tiles = upsert(session.get_bind().dialect.name)(TILES)
    stored = tiles.on_conflict_do_update(
        index_elements=["level", "number"], set_={"hashes": tiles.excluded.hashes}
    )
    rows = [{"level": level, "number": number, "hashes": each} for (level, number), each in made.items()]
    session.execute(stored, rows)
    return made


def write_checkpoint(
    session: Session, keyring: KeyRing, origin: str, size: int, made: dict[Place, bytes], at: datetime
) -> None:
    """Sign the tree's present size with the active key and, for those who know only them, older ones."""
    keyring.signer("log")
    root = tree.root(size, reader(session, made))
    text = Checkpoint(origin, size, root).text
    note = Note(text, tuple(sign(text, origin, key.private) for key in keyring.signers("log")))
    session.add(LogCheckpoint(size=size, root=root, at=at, note=str(note)))
    session.flush()


def expired_secrets(session: Session, today: date) -> list[int]:
    """Positions whose secrets outlived their listing's publicity."""
    rows = (
        select(LogSecret.position)
        .join(LogLeaf, LogLeaf.position == LogSecret.position)
        .join(Listing, Listing.id == LogLeaf.listing_id)
        .where(Listing.public_until <= today)
        .limit(SWEEP)
    )
    return list(session.scalars(rows))


def forget(session: Session, positions: Sequence[int]) -> None:
    """Destroy secrets: the leaves stay, nobody can open them."""
    session.execute(delete(LogSecret).where(LogSecret.position.in_(positions)))
