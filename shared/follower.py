"""Following what changes elsewhere, without a restart: looked at now and then, by one thread at a time.

Whoever asks meanwhile gets what is known; nobody waits for a look but the one who takes it.
"""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Known = TypeVar("Known")


class Follower(Generic[Known]):
    """What is known, from `look(known)`, taken at most every so many seconds; the same object: no news."""

    def __init__(self, known: Known, look: Callable[[Known], Known], every: float = 1.0) -> None:
        self.every = every
        self._known, self._look = known, look
        self._looked = float("-inf")
        self._looking = threading.Lock()

    def current(self) -> Known:
        """As of the last look; what a failing look raises reaches the one caller who took it."""
        stale = time.monotonic() - self._looked >= self.every
        if stale and self._looking.acquire(blocking=False):
            try:
                self._looked = time.monotonic()
                self._known = self._look(self._known)
            finally:
                self._looking.release()
        return self._known

    def forget(self) -> None:
        """Look again at the next question."""
        self._looked = float("-inf")
