"""Waiting for the next change: a few readers at a time may hold a thread each, for some seconds."""

from collections.abc import Callable
from threading import BoundedSemaphore, Event
from time import monotonic

from shared.errors import Unavailable, describe_errors

MOST_WAITING = 3
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
        self._never = Event()

    def until(self, changed: Callable[[], bool], seconds: float) -> None:
        """Returns when something has changed or the time is over; Unavailable if there is no place."""
        if not self._places.acquire(blocking=False):
            raise Unavailable("too-many-waiting", "等待的读者已满", "请稍后再来。", retry_after=5)
        try:
            end = monotonic() + seconds
            while not changed() and monotonic() < end:
                self._never.wait(EVERY_SECONDS)
        finally:
            self._places.release()
