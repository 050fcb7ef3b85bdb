"""One thread a file looks out for commits, for everyone in the process who waits for one."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.db import wakeup
from shared.db.wakeup import DataVersion
from tests.harness.wait import until


@pytest.fixture
def file(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "things.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE things (id INTEGER PRIMARY KEY)")
    yield connection
    connection.close()


@pytest.fixture
def path(file: sqlite3.Connection, tmp_path: Path) -> str:
    return str(tmp_path / "things.db")


def quiet(waiter: DataVersion) -> None:
    while waiter.wait(0.1):
        pass


def looking(waiter: DataVersion) -> threading.Thread | None:
    return waiter._look_out._thread


def test_a_commit_wakes_everyone_and_one_thread_looks(file: sqlite3.Connection, path: str) -> None:
    waiters = [DataVersion(path) for _ in range(3)]
    for waiter in waiters:
        quiet(waiter)
    assert len({looking(waiter) for waiter in waiters}) == 1
    file.execute("INSERT INTO things DEFAULT VALUES")
    assert all(waiter.wait(60) for waiter in waiters)
    for waiter in waiters:
        quiet(waiter)
        waiter.close()


def test_a_commit_between_two_waits_is_not_lost(file: sqlite3.Connection, path: str) -> None:
    waiter = DataVersion(path)
    quiet(waiter)
    file.execute("INSERT INTO things DEFAULT VALUES")
    assert waiter.wait(60)
    waiter.close()


def test_closing_ends_a_wait_and_the_last_one_to_go_ends_the_thread(
    file: sqlite3.Connection, path: str
) -> None:
    waiter, other = DataVersion(path), DataVersion(path)
    quiet(waiter)
    thread = looking(waiter)
    assert thread is not None
    waiting = threading.Thread(target=quiet_for_long, args=(waiter,))
    waiting.start()
    other.close()
    other.close()
    assert thread.is_alive()
    waiter.close()
    waiting.join(60)
    thread.join(60)
    assert not waiting.is_alive()
    assert not thread.is_alive()


def quiet_for_long(waiter: DataVersion) -> None:
    waiter.wait(600)


def test_a_thread_nobody_waits_for_ends_and_the_next_wait_starts_another(
    file: sqlite3.Connection, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeup, "ABANDONED_SECONDS", 0.05)
    waiter = DataVersion(path)
    assert waiter.wait(60)
    first = looking(waiter)
    assert first is not None
    until(lambda: not first.is_alive(), 60, "the thread to end")
    file.execute("INSERT INTO things DEFAULT VALUES")
    assert waiter.wait(60), "what was committed meanwhile is not lost"
    assert looking(waiter) is not first
    waiter.close()


def test_a_file_away_for_a_while_may_have_changed(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    waiter = DataVersion(str(folder / "things.db"))
    quiet(waiter)
    folder.mkdir()
    assert waiter.wait(60)
    waiter.close()
