"""Random bytes out of a stock that the system filled, for ids and nonces made by the thousand.

Asking the system for a few at a time lets go of the interpreter each time, and any thread that computes
meanwhile keeps it for 5 ms. Each byte is given out once; a forked process begins with a stock of its own.
"""

import os
import threading

STOCK = 4096


class _Stock:
    """What is left of the last filling."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes, self._at = b"", 0

    def take(self, count: int) -> bytes:
        if count > STOCK:
            return os.urandom(count)
        with self._lock:
            if self._at + count > len(self._bytes):
                self._bytes, self._at = os.urandom(STOCK), 0
            self._at += count
            return self._bytes[self._at - count : self._at]


_stock = _Stock()


def random_bytes(count: int) -> bytes:
    """As `os.urandom` gives them."""
    return _stock.take(count)


def _begin_anew() -> None:
    global _stock  # noqa: PLW0603  parent and child must not give out the same
    _stock = _Stock()


os.register_at_fork(after_in_child=_begin_anew)
