"""Waiting for SQLite's write lock, fairly.

SQLite's own busy handler asks ever more rarely, every 100 ms in the end, so that under many writers the one
who has waited longest comes last, and some time out. Here everyone asks every 1-3 ms.
"""

import random
import sqlite3
import threading
import time

WAIT_SECONDS = 4.0
LAST_MS = 1000  # SQLite's own busy time-out, after which the error is raised: 5 s in all
_pause = threading.Event()


def begin_immediate(connection: sqlite3.Connection, seconds: float = WAIT_SECONDS) -> bool:
    """True once a write transaction is open; False if the lock was not to be had in time."""
    end = time.monotonic() + seconds
    connection.execute("PRAGMA busy_timeout=0")
    try:
        while not _begun(connection):
            if time.monotonic() > end:
                return False
            _pause.wait(random.uniform(0.001, 0.003))  # noqa: S311  not a secret
        return True
    finally:
        connection.execute(f"PRAGMA busy_timeout={LAST_MS}")


def _begun(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
