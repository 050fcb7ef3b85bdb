"""Two times: business time (dates, duties, windows) and system time (leases, retries, time-outs, tokens).

Business time is system time plus an offset kept in a small file, which only the sandbox moves.
Statutory dates are dates in Asia/Shanghai.
"""

import json
import os
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFSET_CHECK_SECONDS = 0.05


def local_date(at: datetime) -> date:
    """The statutory date of an aware time."""
    return at.astimezone(SHANGHAI).date()


class Clock(Protocol):
    """What use cases and loops may ask about time."""

    def now(self) -> datetime:
        """Business time, aware UTC."""
        ...

    def system_now(self) -> datetime:
        """Real time, aware UTC."""
        ...

    def today(self) -> date:
        """Business date in Asia/Shanghai."""
        ...


class SystemClock:
    """The machine's clock, with the business offset of a file that is re-read when it changes."""

    def __init__(self, offset_file: Path | None = None) -> None:
        self._file = offset_file
        self._offset = timedelta()
        self._stamp: tuple[int, int] | None = None
        self._checked = -1.0

    def now(self) -> datetime:
        """Business time, aware UTC."""
        return self.system_now() + self._current_offset()

    def system_now(self) -> datetime:
        """Real time, aware UTC."""
        return datetime.now(UTC)

    def today(self) -> date:
        """Business date in Asia/Shanghai."""
        return local_date(self.now())

    def _current_offset(self) -> timedelta:
        if self._file is None:
            return self._offset
        monotonic = time.monotonic()
        if self._checked < 0 or monotonic - self._checked >= OFFSET_CHECK_SECONDS:
            self._checked = monotonic
            self._reread(self._file)
        return self._offset

    def _reread(self, path: Path) -> None:
        try:
            status = path.stat()
        except FileNotFoundError:
            self._stamp, self._offset = None, timedelta()
            return
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            self._offset, self._stamp = read_offset(path), stamp


class FixedClock:
    """A clock that stands still until told to move; both times move alike."""

    def __init__(self, at: datetime) -> None:
        self.set(at)

    def set(self, at: datetime) -> None:
        """Put the clock to `at`, which must be aware."""
        if at.tzinfo is None:
            raise ValueError("a clock needs an aware time")
        self._at = at.astimezone(UTC)

    def advance(self, delta: timedelta) -> None:
        """Move the clock by `delta`."""
        self._at += delta

    def now(self) -> datetime:
        """Business time, aware UTC."""
        return self._at

    def system_now(self) -> datetime:
        """The same time: a fixed clock knows no offset."""
        return self._at

    def today(self) -> date:
        """Business date in Asia/Shanghai."""
        return local_date(self._at)


def read_offset(path: Path) -> timedelta:
    """The offset a clock file holds; zero where there is none."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return timedelta()
    return timedelta(seconds=float(document["offset_seconds"]))


def advance_offset(path: Path, delta: timedelta) -> timedelta:
    """Move business time by `delta` for every process reading `path`; returns the new offset.

    The file is replaced atomically. Callers serialise themselves (one sandbox moves the clock).
    """
    offset = read_offset(path) + delta
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.write_text(json.dumps({"offset_seconds": offset.total_seconds()}), "utf-8")
    fresh.replace(path)
    return offset
