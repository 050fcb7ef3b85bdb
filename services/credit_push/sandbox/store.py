"""What the platforms hold and were sent, in one SQLite file that outlives restarts and kill -9.

One connection behind a lock: the stand-ins are one process, and a batch is one transaction.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS records (
  platform TEXT NOT NULL, record_key TEXT NOT NULL, listing_id TEXT NOT NULL, version INTEGER,
  subject_name TEXT NOT NULL, document_number TEXT NOT NULL, status TEXT NOT NULL, layout TEXT NOT NULL,
  content TEXT NOT NULL, digest TEXT NOT NULL, match_key TEXT NOT NULL, bucket_hash INTEGER NOT NULL,
  receipt_number TEXT NOT NULL, received_at TEXT NOT NULL, raw TEXT NOT NULL,
  PRIMARY KEY (platform, record_key));
CREATE INDEX IF NOT EXISTS records_by_content ON records (platform, document_number, subject_name);
CREATE INDEX IF NOT EXISTS records_by_match ON records (platform, match_key);
CREATE TABLE IF NOT EXISTS receipts (
  number INTEGER PRIMARY KEY AUTOINCREMENT, platform TEXT NOT NULL, idempotency_key TEXT NOT NULL,
  body_digest TEXT NOT NULL, result TEXT NOT NULL, receipt_number TEXT NOT NULL, field TEXT NOT NULL,
  code TEXT NOT NULL, message TEXT NOT NULL, batch_id TEXT NOT NULL, at TEXT NOT NULL,
  visible_at REAL NOT NULL,
  UNIQUE (platform, idempotency_key));
CREATE TABLE IF NOT EXISTS requests (
  id INTEGER PRIMARY KEY AUTOINCREMENT, platform TEXT NOT NULL, at TEXT NOT NULL, transport TEXT NOT NULL,
  method TEXT NOT NULL, path TEXT NOT NULL, body TEXT NOT NULL, status TEXT NOT NULL, answer TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS requests_by_platform ON requests (platform, id);
CREATE TABLE IF NOT EXISTS faults (
  id TEXT PRIMARY KEY, platform TEXT NOT NULL, kind TEXT NOT NULL, rate REAL NOT NULL, count INTEGER,
  until REAL, set_at TEXT NOT NULL, struck INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS callbacks (
  id INTEGER PRIMARY KEY AUTOINCREMENT, platform TEXT NOT NULL, body TEXT NOT NULL, due_at REAL NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'waiting',
  answer TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS callbacks_due ON callbacks (state, due_at);
CREATE TABLE IF NOT EXISTS feedbacks (
  id INTEGER PRIMARY KEY AUTOINCREMENT, platform TEXT NOT NULL, batch_id TEXT NOT NULL, body BLOB NOT NULL,
  due_at REAL NOT NULL, state TEXT NOT NULL DEFAULT 'waiting');
CREATE INDEX IF NOT EXISTS feedbacks_due ON feedbacks (state, due_at);
CREATE TABLE IF NOT EXISTS letters (
  platform TEXT NOT NULL, number TEXT NOT NULL, document_number TEXT NOT NULL, subject_name TEXT NOT NULL,
  reply_number TEXT NOT NULL, result TEXT NOT NULL, message TEXT NOT NULL, at TEXT NOT NULL,
  PRIMARY KEY (platform, number));
CREATE TABLE IF NOT EXISTS filings (
  platform TEXT NOT NULL, ticket TEXT NOT NULL, kind TEXT NOT NULL, listing_id TEXT NOT NULL,
  at TEXT NOT NULL, PRIMARY KEY (platform, ticket));
CREATE TABLE IF NOT EXISTS outcomes (
  number INTEGER PRIMARY KEY AUTOINCREMENT, platform TEXT NOT NULL, idempotency_key TEXT NOT NULL,
  ticket TEXT NOT NULL, kind TEXT NOT NULL, listing_id TEXT NOT NULL, outcome TEXT NOT NULL,
  reason TEXT NOT NULL, body_digest TEXT NOT NULL, receipt_number TEXT NOT NULL, at TEXT NOT NULL,
  UNIQUE (platform, idempotency_key));
"""
REQUESTS_KEPT = 200_000


class Store:
    """The sandbox's database."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")  # loses nothing on kill -9, only on power loss
        self._connection.executescript(SCHEMA)
        self._connection.execute(
            "DELETE FROM requests WHERE id < (SELECT max(id) FROM requests) - ?", (REQUESTS_KEPT,)
        )

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction, alone; commits at the end, rolls back on an error. Not to be nested."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Reading, alone."""
        with self._lock:
            yield self._connection

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._connection.close()
