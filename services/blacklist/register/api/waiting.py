"""Waiting for the next change: a few readers at a time may hold a thread each, for some seconds or a stream.

Together they hold at most three of the eight threads of a process (deploy/gunicorn.conf.py), streams two, and
no client more than one stream, so that questions are always answered.
"""

from collections.abc import Callable
from threading import BoundedSemaphore, Event, Lock
from time import monotonic

from shared.budgets import whose
from shared.errors import Unavailable, describe_errors

MOST_WAITING, MOST_STREAMS = 3, 2
"""Of the eight threads of a process."""
LONGEST_SECONDS = 20
EVERY_SECONDS = 0.2

describe_errors(
    {"too-many-waiting": "同时等待新变更的读者已满。请按 Retry-After 稍后再来，或者不带 wait 参数读取。"}
)


class WaitingRoom:
    """Places for readers who have everything and wait for more."""

    def __init__(self) -> None:
        self._places = BoundedSemaphore(MOST_WAITING)
        self._streams: set[str] = set()
        self._lock = Lock()
        self._never = Event()

    def until(self, changed: Callable[[], bool], seconds: float) -> None:
        """Returns when something has changed or the time is over; Unavailable if there is no place."""
        self._take()
        try:
            end = monotonic() + seconds
            while not changed() and monotonic() < end:
                self._never.wait(EVERY_SECONDS)
        finally:
            self._places.release()

    def stay(self, address: str) -> Callable[[], None]:
        """A place for a stream; call what is returned when it ends. Unavailable if there is none."""
        client = whose(address)
        with self._lock:
            if client in self._streams or len(self._streams) >= MOST_STREAMS:
                raise _full()
            self._take()
            self._streams.add(client)

        def leave() -> None:
            with self._lock:
                if client in self._streams:
                    self._streams.remove(client)
                    self._places.release()

        return leave

    def _take(self) -> None:
        if not self._places.acquire(blocking=False):
            raise _full()


def _full() -> Unavailable:
    return Unavailable("too-many-waiting", "等待的读者已满", "请稍后再来。", retry_after=5)
