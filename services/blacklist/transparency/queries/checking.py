"""The log against the register: what was altered, removed, slipped in or dated back is found and named.

One walk over the leaves in order; the tree is built anew from them and held against tiles and checkpoints.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session

from services.blacklist.register.models import Listing, ListingVersion, Unlogged
from services.blacklist.register.queries import in_force
from services.blacklist.transparency.domain.commitments import Version, commit, entry_of
from services.blacklist.transparency.models import LogBeat, LogCheckpoint, LogLeaf, LogSecret
from services.blacklist.transparency.queries.store import load_tiles, reader
from shared.db import dialect_of
from shared.tlog import tree
from shared.tlog.notes import BadNote, Checkpoint, Note, NoteKey
from shared.tlog.tiles import Place, grown

BATCH = 1000
SLACK = timedelta(hours=1)
"""How long after its time a version may come into a log that was at work."""
MOST = 1000
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Fault:
    """One thing that is not as the log says; empty names where it is about the log itself."""

    problem: str
    listing_id: str = ""
    version: int = 0
    position: int | None = None

    def __str__(self) -> str:
        named = f"公示信息 {self.listing_id} 第 {self.version} 版" if self.listing_id else "透明日志"
        return f"{named}：{self.problem}" + ("" if self.position is None else f"（日志位置 {self.position}）")


@dataclass
class LogReport:
    """What a check found; at most a thousand faults are kept, all are counted."""

    size: int = 0
    root: str = ""
    opened: int = 0
    """Versions whose content was held against its commitment."""
    closed: int = 0
    """Leaves that can no longer be opened."""
    waiting: int = 0
    count: int = 0
    faults: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        self.count += 1
        if len(self.faults) < MOST:
            self.faults.append(fault)


def hold_still(session: Session) -> None:
    """Let the session see one moment of a register being written to; call it before anything is read."""
    if dialect_of(session) == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def check_log(
    session: Session, keys: Sequence[NoteKey], today: date, progress: Progress | None = None
) -> LogReport:
    """Hold every leaf, tile and checkpoint against the register and each other."""
    report = LogReport()
    walk = _Walk(session, report)
    for rows in _leaves(session):
        walk.take(rows)
        if progress:
            progress(len(rows))
    report.size = walk.size
    _check_checkpoints(session, report, walk, keys)
    _check_register(session, report, today)
    return report


def _leaves(session: Session) -> Iterator[Sequence[Sequence[Any]]]:
    columns = [getattr(ListingVersion, name) for name in Version.__dataclass_fields__]
    after = -1
    while True:
        same = and_(
            ListingVersion.listing_id == LogLeaf.listing_id, ListingVersion.version == LogLeaf.version
        )
        wanted = (
            select(
                LogLeaf.position, LogLeaf.kind, LogLeaf.commitment, LogLeaf.listing_id, LogLeaf.version,
                LogSecret.secret, *columns,
            )
            .outerjoin(ListingVersion, same)
            .outerjoin(LogSecret, LogSecret.position == LogLeaf.position)
            .where(LogLeaf.position > after)
            .order_by(LogLeaf.position)
            .limit(BATCH)
        )  # fmt: skip
        rows = session.execute(wanted).all()
        if not rows:
            return
        yield rows
        after = rows[-1][0]


class _Walk:
    """Builds the tree again from the leaves, a batch at a time."""

    def __init__(self, session: Session, report: LogReport) -> None:
        self.session, self.report = session, report
        self.size = 0
        self.edge: dict[Place, bytes] = {}
        self.roots: dict[int, bytes] = {}
        self._seen = _Seen(session)

    def take(self, rows: Sequence[Sequence[Any]]) -> None:
        hashes: list[bytes] = []
        for row in rows:
            if row[0] != self.size + len(hashes):
                self.report.add(Fault("日志缺少位置", position=self.size + len(hashes)))
            self._check(row)
            hashes.append(tree.leaf_hash(entry_of(row[1], row[2])))
        made = {(tile.level, tile.number): tile.hashes for tile in grown(self.size, self.edge, hashes)}
        stored = load_tiles(self.session, list(made))
        for place, expected in made.items():
            if stored.get(place, b"")[: len(expected)] != expected:
                self.report.add(Fault(f"哈希块 {place[0]}/{place[1]} 与叶子不符"))
        self.edge.update(made)
        self.size += len(hashes)

    def _check(self, row: Sequence[Any]) -> None:
        position, kind, committed, listing_id, number, secret = row[:6]
        fault = _content_fault(row, kind, committed, secret)
        self.report.opened += secret is not None
        self.report.closed += secret is None
        if fault is None and self._seen.later(position, row[9]):
            fault = f"所记时间 {row[9].isoformat(timespec='seconds')} 早于当时已签发的检查点，疑为倒签"
        if fault:
            self.report.add(Fault(fault, listing_id, number, position))


def _content_fault(row: Sequence[Any], kind: int, committed: bytes, secret: bytes | None) -> str | None:
    if row[6] is None:
        return "版本记录被删除"
    version = Version(*row[6:])
    if version.entry_kind != kind:
        return "版本的种类被改动"
    if secret is not None and commit(version, secret) != committed:
        return "版本内容被改动"
    return None


class _Seen:
    """When the log is known to have stood at which size."""

    def __init__(self, session: Session) -> None:
        stood = [
            *session.execute(select(LogCheckpoint.size, LogCheckpoint.at)),
            *session.execute(select(LogBeat.size, LogBeat.at)),
        ]
        self._sizes: list[int] = []
        self._latest: list[datetime] = []
        self._birth = min((at for _, at in stood), default=None)
        for size, at in sorted(stood):
            self._sizes.append(size)
            self._latest.append(max(at, self._latest[-1]) if self._latest else at)

    def later(self, position: int, at: datetime) -> bool:
        """Whether the log, without this leaf, was at work well after the leaf's time."""
        if self._birth is None or at < self._birth:
            return self._grew(position)
        found = bisect_right(self._sizes, position)
        return found > 0 and self._latest[found - 1] > at + SLACK

    def _grew(self, position: int) -> bool:
        """What is older than the log is taken in first, in one go: an older one further on was slipped in."""
        found = bisect_right(self._sizes, position)
        return found > 0 and self._birth is not None and self._latest[found - 1] > self._birth + SLACK


def _check_checkpoints(session: Session, report: LogReport, walk: _Walk, keys: Sequence[NoteKey]) -> None:
    read = reader(session, walk.edge)
    newest = -1
    wanted = select(LogCheckpoint).order_by(LogCheckpoint.size).execution_options(yield_per=BATCH)
    for row in session.scalars(wanted):
        newest = row.size
        problem = _checkpoint_problem(row, walk.size, keys, read)
        if problem:
            report.add(Fault(f"大小 {row.size} 的检查点{problem}"))
    if newest < walk.size and walk.size:
        report.add(Fault(f"最新检查点的大小 {newest} 小于叶子数 {walk.size}"))
    report.root = tree.root(walk.size, read).hex()


def _checkpoint_problem(
    row: LogCheckpoint, size: int, keys: Sequence[NoteKey], read: tree.ReadHashes
) -> str | None:
    try:
        note = Note.parse(row.note)
        note.require(keys)
        said = Checkpoint.parse(note.text)
    except BadNote as error:
        return f"签名不成立：{error}"
    if (said.size, said.root) != (row.size, row.root):
        return "与所签内容不符"
    if row.size > size:
        return "大于叶子数：有叶子被删除"
    return None if tree.root(row.size, read) == row.root else "的根与叶子不符"


def _check_register(session: Session, report: LogReport, today: date) -> None:
    """Versions that are in the register and not in the log, and public ones nobody could open."""
    leaf = and_(LogLeaf.listing_id == ListingVersion.listing_id, LogLeaf.version == ListingVersion.version)
    waits = and_(Unlogged.listing_id == ListingVersion.listing_id, Unlogged.version == ListingVersion.version)
    stray = select(ListingVersion.listing_id, ListingVersion.version).where(
        ~exists().where(leaf), ~exists().where(waits)
    )
    for listing_id, version in session.execute(stray):
        report.add(Fault("版本不在日志中：绕过登记册写入，或者日志被截断", listing_id, version))
    report.waiting = len(session.scalars(select(Unlogged.id)).all())
    _check_current(session, report, today)


def _check_current(session: Session, report: LogReport, today: date) -> None:
    """A public listing shows what its last version says, and that version can be opened."""
    current = (
        select(Listing, ListingVersion.facts, LogLeaf.position, LogSecret.position)
        .outerjoin(
            ListingVersion,
            and_(ListingVersion.listing_id == Listing.id, ListingVersion.version == Listing.version),
        )
        .outerjoin(LogLeaf, and_(LogLeaf.listing_id == Listing.id, LogLeaf.version == Listing.version))
        .outerjoin(LogSecret, LogSecret.position == LogLeaf.position)
        .where(in_force(today))
        .execution_options(yield_per=BATCH)
    )
    for listing, facts, position, secret in session.execute(current):
        problem = _current_problem(listing, facts)
        if problem is None and position is not None and secret is None:
            problem = "公示中的版本被抹去随机数，不能打开"
        if problem:
            report.add(Fault(problem, listing.id, listing.version, position))


def _current_problem(listing: Listing, facts: dict[str, Any] | None) -> str | None:
    if facts is None:
        return "现行版本的记录被删除"
    told = {name: value for name, value in facts.items() if name not in ("publicity", "annotation")}
    named = facts["subject"]["name"] == listing.subject_name and facts["subject"]["uscc"] == listing.uscc
    publicity = facts["publicity"]
    dated = (publicity["start"], publicity["max_end"]) == (
        listing.public_start.isoformat(),
        listing.public_max_end.isoformat(),
    )
    if told != listing.facts or not named:
        return "公示内容与现行版本不符"
    return None if dated else "公示期与现行版本不符"
