"""The event log as one SQLite file (WAL), shared by all processes of one machine.

Appends are serialised by BEGIN IMMEDIATE, so record numbers are in order of commit and a cursor
(`number > position`) loses nothing. Compaction and retention run now and then inside `append`.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from shared.contracts.envelope import Headers
from shared.contracts.topics import TOPICS, Topic
from shared.db.queueing import begin_immediate
from shared.db.wakeup import DataVersion
from shared.eventlog.base import LogError, Record, RefusedRecords

MAX_BYTES = 1_048_576
BATCH = 500  # rows per write transaction
UPKEEP_SECONDS = 600.0
COMPACTION_LAG = 3600.0
DAY = 86_400.0

SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  topic TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, headers TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS ix_records_topic_number ON records (topic, number);
CREATE TABLE IF NOT EXISTS cursors (
  grp TEXT NOT NULL, topic TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (grp, topic)) WITHOUT ROWID;
"""


def _connect(path: str, *, synchronous: str) -> sqlite3.Connection:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={synchronous}")
    connection.executescript(SCHEMA)
    return connection


class SqlLog:
    """EventLog over one SQLite file. One instance may be used by several threads."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._upkeep_at = time.monotonic() + UPKEEP_SECONDS

    def append(self, records: Sequence[Record]) -> None:
        reasons = {at: "too large" for at, record in enumerate(records) if len(record.value) > MAX_BYTES}
        withheld = _followers(records, reasons) if reasons else frozenset()
        taken = [record for at, record in enumerate(records) if at not in reasons and at not in withheld]
        for start in range(0, len(taken), BATCH):
            self._write(taken[start : start + BATCH])
        if reasons:
            raise RefusedRecords(reasons, withheld)
        if time.monotonic() > self._upkeep_at:
            self._upkeep_at = time.monotonic() + UPKEEP_SECONDS
            self.tidy(time.time())

    def _write(self, records: Sequence[Record]) -> None:
        now = time.time()
        rows = [(r.topic, r.key, r.value, _pack(r), now) for r in records]
        sql = "INSERT INTO records (topic, key, value, headers, at) VALUES (?, ?, ?, ?, ?)"
        with self._lock:
            _transact(self._open(), sql, rows)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _connect(self.path, synchronous="FULL")
        return self._connection

    def reader(self, topics: Sequence[str], group: str) -> "SqlReader":
        return SqlReader(self.path, topics, group)

    def read_back(self, topic: str) -> Iterator[Record]:
        connection, after = _connect(self.path, synchronous="NORMAL"), 0
        try:
            while page := connection.execute(_NEXT, (topic, after, BATCH)).fetchall():
                yield from map(_unpack, page)
                after = page[-1][-1]
        finally:
            connection.close()

    def tidy(self, now: float, topics: Sequence[Topic] = TOPICS) -> int:
        """Drops what retention and compaction no longer keep; returns how many records went."""
        gone = 0
        with self._lock:
            for topic in topics:
                statement = _COMPACT if topic.compacted else _EXPIRE
                limit = now - (COMPACTION_LAG if topic.compacted else topic.retention_days * DAY)
                gone += self._open().execute(statement, {"topic": topic.name, "limit": limit}).rowcount
        return gone

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


_EXPIRE = "DELETE FROM records WHERE topic = :topic AND at < :limit"
_COMPACT = """
DELETE FROM records WHERE topic = :topic AND at < :limit AND number NOT IN
  (SELECT max(number) FROM records WHERE topic = :topic GROUP BY key)
"""


class SqlReader:
    """Reader over the same file, with its own connection and a cursor per group and topic."""

    def __init__(self, path: str, topics: Sequence[str], group: str) -> None:
        self._connection = _connect(path, synchronous="NORMAL")  # a lost cursor only repeats records
        self._version = DataVersion(path)
        self._topics, self._group = tuple(topics), group
        self._positions: dict[str, int] = {}
        self._restore()

    def _restore(self) -> None:
        rows = self._connection.execute("SELECT topic, position FROM cursors WHERE grp = ?", (self._group,))
        saved = dict(rows.fetchall())
        self._positions = {topic: saved.get(topic, 0) for topic in self._topics}

    def poll(self, limit: int = 500, timeout: float = 0.0) -> list[Record]:
        found = self._fetch(limit)
        if not found and timeout > 0 and self.wait(timeout):
            found = self._fetch(limit)
        for record in found:
            self._positions[record.topic] = record.offset
        return found

    def _fetch(self, limit: int) -> list[Record]:
        found: list[Record] = []
        for topic, position in self._positions.items():
            found += map(_unpack, self._connection.execute(_NEXT, (topic, position, limit)))
        if len(self._topics) > 1:
            found.sort(key=lambda record: record.offset)
        return found[:limit]

    def wait(self, timeout: float) -> bool:
        return self._version.wait(timeout)

    def commit(self) -> None:
        rows = [(self._group, topic, position) for topic, position in self._positions.items() if position]
        if rows:
            _transact(self._connection, _ADVANCE, rows)

    def rewind(self) -> None:
        self._positions = dict.fromkeys(self._topics, 0)
        _transact(
            self._connection,
            "DELETE FROM cursors WHERE grp = ? AND topic = ?",
            [(self._group, topic) for topic in self._topics],
        )

    def lag(self) -> int:
        return sum(
            self._connection.execute(_LAG, (self._group, topic)).fetchone()[0] for topic in self._topics
        )

    def close(self) -> None:
        self._version.close()
        self._connection.close()


_NEXT = """
SELECT topic, key, value, headers, number FROM records WHERE topic = ? AND number > ? ORDER BY number LIMIT ?
"""
_ADVANCE = """
INSERT INTO cursors (grp, topic, position) VALUES (?, ?, ?)
ON CONFLICT (grp, topic) DO UPDATE SET position = excluded.position WHERE excluded.position > cursors.position
"""
_LAG = """
SELECT count(*) FROM records LEFT JOIN cursors ON cursors.grp = ? AND cursors.topic = records.topic
WHERE records.topic = ? AND records.number > coalesce(cursors.position, 0)
"""


def _transact(connection: sqlite3.Connection, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
    try:
        if not begin_immediate(connection):
            connection.execute("BEGIN IMMEDIATE")  # waits once more, then raises
        try:
            connection.executemany(sql, rows)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise LogError(str(error)) from error


def _followers(records: Sequence[Record], reasons: dict[int, str]) -> frozenset[int]:
    """Indexes of good records that come after a refused one of their own topic and key."""
    barred: set[tuple[str, str]] = set()
    found: set[int] = set()
    for at, record in enumerate(records):
        if at in reasons:
            barred.add((record.topic, record.key))
        elif (record.topic, record.key) in barred:
            found.add(at)
    return frozenset(found)


def _pack(record: Record) -> str:
    """Names and values by turns, a line each; as JSON where there are none or they break lines themselves."""
    text = "\n".join([f"{name}\n{value.decode('latin-1')}" for name, value in record.headers])
    if text.count("\n") == 2 * len(record.headers) - 1 and not text.startswith("["):
        return text
    return json.dumps([[name, value.decode("latin-1")] for name, value in record.headers])


def _headers(text: str) -> Headers:
    if text.startswith("["):
        return tuple((name, value.encode("latin-1")) for name, value in json.loads(text))
    lines = text.split("\n")
    return tuple(zip(lines[::2], [value.encode("latin-1") for value in lines[1::2]], strict=True))


def _unpack(row: tuple[str, str, bytes, str, int]) -> Record:
    topic, key, value, headers, number = row
    return Record(topic, key, value, _headers(headers), 0, number)
