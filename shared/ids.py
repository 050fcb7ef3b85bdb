"""Identifiers: UUIDv7 (RFC 9562) as text of 36 characters, ordered by time of creation within a process."""

import threading
import time
from datetime import datetime

from shared.random_bytes import random_bytes

_lock = threading.Lock()
_last_tick = 0
_VARIANT, _RANDOM = 0b10 << 62, (1 << 62) - 1


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
    random = int.from_bytes(random_bytes(8), "big") & _RANDOM
    early, late = f"{tick >> 12:012x}", f"{_VARIANT | random:016x}"
    return f"{early[:8]}-{early[8:]}-7{tick & 0xFFF:03x}-{late[:4]}-{late[4:]}"


def first_id_at(at: datetime) -> str:
    """The smallest id that could have been made at a moment: what came later is greater."""
    text = f"{int(at.timestamp() * 1000):012x}"
    return f"{text[:8]}-{text[8:]}-7000-8000-000000000000"
