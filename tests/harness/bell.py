"""While a test waits, the stand-in platforms look at once whether there is work; else they rest as in life.

Their files and tables tell nobody of what was put there, so that every wait would last as long as their rest.
"""

import threading
import time
from collections.abc import Callable

LEAST = 0.02
"""Seconds between two looks at least, where somebody waits."""
SELDOM = 0.05
"""So often a bell is heard at most: looking costs, too."""
REST = 0.25
"""After so long they look unasked: another process may wait."""


class Bell:
    """Rung by `until`; each loop hears it by a listener of its own."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._rung = 0.0

    def listener(self) -> "Listener":
        self._listeners.append(Listener())
        return self._listeners[-1]

    def ring(self) -> None:
        if (now := time.monotonic()) - self._rung < SELDOM:
            return
        self._rung = now
        for each in tuple(self._listeners):
            each.told.set()


class Listener:
    """What shared.loops calls news."""

    def __init__(self) -> None:
        self.told = threading.Event()

    def wait(self, timeout: float) -> bool:
        self.told.wait(min(timeout, REST))
        self.told.clear()
        return True

    def close(self) -> None:
        """Nothing is held."""


ringing: list[Callable[[], None]] = []
"""What `until` does between two looks."""
