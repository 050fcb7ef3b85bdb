"""Identifiers: UUIDv7 (RFC 9562) as text of 36 characters, ordered by time of creation within a process."""

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last_tick = 0


def _tick() -> int:
    """Milliseconds << 12 with a sub-millisecond fraction; strictly rising within this process."""
    global _last_tick  # noqa: PLW0603  one process-wide counter is what makes the order strict
    nanoseconds = time.time_ns()
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    tick = (milliseconds << 12) | (rest * 4096 // 1_000_000)
    with _lock:
        _last_tick = max(tick, _last_tick + 1)
        return _last_tick


def new_id() -> str:
    """A fresh UUIDv7."""
    tick = _tick()
    value = (tick >> 12) << 80
    value |= 0x7 << 76
    value |= (tick & 0xFFF) << 64
    value |= 0b10 << 62
    value |= int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return str(uuid.UUID(int=value))
