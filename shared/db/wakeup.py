"""Waking a loop the moment another process has committed work for it.

PostgreSQL: NOTIFY without payload, sent inside the writer's transaction. SQLite: `PRAGMA data_version`,
a few microseconds to ask, says whether any other connection has committed. Both only shorten a wait:
a lost wake-up costs one poll interval, never an event.
"""

import sqlite3
import time
from threading import Event as Flag
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db.engine import Database

TICK = 0.01  # between two looks at data_version


def wake(session: Session, channel: str) -> None:
    """Wakes those who wait on `channel` when this transaction commits; once per transaction is enough."""
    if session.get_bind().dialect.name != "postgresql":
        return
    woken = session.info.setdefault("woken", {})
    if woken.get(channel) is not session.get_transaction():
        session.execute(text(f"NOTIFY {channel}"))
        woken[channel] = session.get_transaction()


class DataVersion:
    """Watches one SQLite file; `changed()` is true once after another connection committed."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._seen = -1
        self._closed = Flag()

    def changed(self) -> bool:
        seen = self._seen
        self._seen = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return self._seen != seen

    def wait(self, timeout: float) -> bool:
        end = time.monotonic() + timeout
        while not self.changed():
            left = end - time.monotonic()
            if left <= 0 or self._closed.wait(min(TICK, left)):
                return False
        return True

    def close(self) -> None:
        self._closed.set()
        self._connection.close()


class _Listener:
    """A PostgreSQL connection that listens; reopened after any error."""

    def __init__(self, url: str, channel: str) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._channel = channel
        self._connection: psycopg.Connection[Any] | None = None
        self._closed = Flag()

    def wait(self, timeout: float) -> bool:
        try:
            if self._connection is None:
                self._connection = psycopg.connect(self._url, autocommit=True, connect_timeout=5)
                self._connection.execute(f"LISTEN {self._channel}")
                return True  # something may have been committed before we listened
            return any(True for _ in self._connection.notifies(timeout=timeout, stop_after=1))
        except psycopg.Error:
            self._disconnect()
            self._closed.wait(timeout)
            return True

    def close(self) -> None:
        self._closed.set()
        self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Wakeup:
    """`wait(timeout)`: until someone committed work for `channel` (SQLite: anything), or the time is up."""

    def __init__(self, db: Database, channel: str) -> None:
        self._source: DataVersion | _Listener | None
        self._closed = Flag()
        if db.dialect == "postgresql":
            self._source = _Listener(db.url, channel)
        elif db.engine.url.database in {None, "", ":memory:"}:
            self._source = None
        else:
            self._source = DataVersion(str(db.engine.url.database))

    def wait(self, timeout: float) -> bool:
        if self._source is None:
            return not self._closed.wait(timeout)
        return self._source.wait(timeout)

    def close(self) -> None:
        self._closed.set()
        if self._source is not None:
            self._source.close()
