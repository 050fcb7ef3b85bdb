"""Waking a loop the moment another process has committed work for it.

PostgreSQL: NOTIFY without payload, sent inside the writer's transaction. SQLite: `PRAGMA data_version`,
a few microseconds to ask, says whether any other connection has committed; one thread a file asks for all
who wait. Both only shorten a wait: a lost wake-up costs one poll interval, never an event.
"""

import sqlite3
import threading
import time
from threading import Event as Flag
from typing import Any
from weakref import WeakValueDictionary

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db.engine import Database

TICK, QUIET_TICK = 0.01, 0.04
"""Between two looks at data_version: while there is something going on, and when nothing was for a while."""
LIVELY_SECONDS = 0.5
ABANDONED_SECONDS = 5.0
"""Whoever has not waited for so long is not coming back, or starts the look-out again."""


def wake(session: Session, channel: str) -> None:
    """Wakes those who wait on `channel` when this transaction commits; once per transaction is enough."""
    if session.get_bind().dialect.name != "postgresql":
        return
    woken = session.info.setdefault("woken", {})
    if woken.get(channel) is not session.get_transaction():
        session.execute(text(f"NOTIFY {channel}"))
        woken[channel] = session.get_transaction()


class _LookOut:
    """Watches one SQLite file for everyone in this process; its thread lives while somebody waits."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._news = threading.Condition()
        self._commits = self._users = self._waiting = 0
        self._asked = 0.0
        self._thread: threading.Thread | None = None
        self._left = Flag()

    def join(self) -> None:
        with self._news:
            self._users += 1

    def leave(self) -> None:
        """Whoever waits looks whether it was told to close; with the last user the thread ends."""
        with self._news:
            self._users -= 1
            self._news.notify_all()
            thread = None
            if not self._users and self._thread is not None:
                thread, self._thread = self._thread, None
                self._left.set()
        if thread is not None:
            thread.join(1.0)

    def wait(self, seen: int, closed: Flag, timeout: float) -> int:
        """Until there were other commits than `seen`, or the time is up; how many were noticed so far."""
        with self._news:
            if self._thread is None:
                self._left = Flag()
                self._thread = threading.Thread(target=self._look, args=(self._left,), daemon=True)
                self._thread.start()
            self._waiting += 1
            self._news.wait_for(lambda: self._commits != seen or closed.is_set(), timeout)
            self._waiting -= 1
            self._asked = time.monotonic()
            return self._commits

    def _look(self, left: Flag) -> None:
        asked, version, lively = _Asked(self._path), -1, time.monotonic()
        while not self._is_over(left):
            found, now = asked.version(), time.monotonic()
            if found != version:
                version, lively = found, now
                self._tell()
            left.wait(TICK if now - lively < LIVELY_SECONDS else QUIET_TICK)
        asked.close()

    def _tell(self) -> None:
        with self._news:
            self._commits += 1
            self._news.notify_all()

    def _is_over(self, left: Flag) -> bool:
        with self._news:
            if left.is_set():
                return True
            unused = not self._waiting and time.monotonic() - self._asked > ABANDONED_SECONDS
            if unused:
                self._thread = None
            return unused


class _Asked:
    """The connection of the thread that asks, opened again after an error: the file may have changed then."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def version(self) -> int:
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(self._path, isolation_level=None)
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error:
            self.close()
            return 0

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


_look_outs: "WeakValueDictionary[str, _LookOut]" = WeakValueDictionary()
_finding = threading.Lock()


def _look_out(path: str) -> _LookOut:
    with _finding:
        return _look_outs.setdefault(path, _LookOut(path))


class DataVersion:
    """Waits for the next commit to one SQLite file, whoever makes it."""

    def __init__(self, path: str) -> None:
        self._look_out = _look_out(path)
        self._look_out.join()
        self._seen = -1
        self._closed = Flag()

    def wait(self, timeout: float) -> bool:
        """True if there was one since the last time; the first time there may have been."""
        seen = self._seen
        self._seen = self._look_out.wait(seen, self._closed, timeout)
        return self._seen != seen

    def close(self) -> None:
        if not self._closed.is_set():
            self._closed.set()
            self._look_out.leave()


def commits_of(db: Database) -> DataVersion | None:
    """Tells of every commit to the database, where that costs nothing: of a file of SQLite."""
    if db.dialect != "sqlite" or db.engine.url.database in {None, "", ":memory:"}:
        return None
    return DataVersion(str(db.engine.url.database))


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
        else:
            self._source = commits_of(db)

    def wait(self, timeout: float) -> bool:
        if self._source is None:
            return not self._closed.wait(timeout)
        return self._source.wait(timeout)

    def close(self) -> None:
        self._closed.set()
        if self._source is not None:
            self._source.close()
