"""The one runner of all background work: a thread per loop, `step()` until nothing is left, then wait.

A loop may offer `wait(timeout)`, which returns early when work arrives, and `close()`. Tests call
`drain(loops)` instead and never sleep.
"""

import random
import threading
import time
from collections.abc import Sequence
from typing import Any, Protocol

from shared.logs import get_log
from shared.metrics import counter, gauge

IDLE = 0.1  # seconds between steps of a loop that cannot be woken, once it finds nothing to do
QUIET = 0.5  # what they grow to while it goes on finding nothing
WAKEABLE_IDLE = 0.5  # the same for one that can
GROWTH = 1.5
WORST_PAUSE = 2.0
log = get_log(__name__)


class Loop(Protocol):
    """Background work in small steps; `step()` is true if it did something and should be called again now."""

    name: str

    def step(self) -> bool: ...


def run(loops: Sequence[Loop], stop: threading.Event, idle: float = IDLE) -> None:
    """Runs every loop in its own thread until `stop` is set; returns when all have ended."""
    threads = [
        threading.Thread(target=_run_one, args=(loop, stop, idle), name=loop.name, daemon=True)
        for loop in loops
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _run_one(loop: Loop, stop: threading.Event, idle: float) -> None:
    failures, rest = 0, idle
    while not stop.is_set():
        try:
            worked = loop.step()
            rest = idle if worked else _rest(loop, stop, rest)
            failures = 0
            last_success.labels(loop.name).set(time.time())
        except Exception as error:  # a loop outlives any error of one step, loudly
            failures += 1
            failed_steps.labels(loop.name).inc()
            log.exception("loop step failed", loop=loop.name, failures=failures, error=type(error).__name__)
            stop.wait(pause(failures))
    _close(loop)


def _rest(loop: Loop, stop: threading.Event, rest: float) -> float:
    """Wait before the next step; how long to wait after that, should it find nothing either."""
    wait: Any = getattr(loop, "wait", None)
    if wait is None:
        stop.wait(rest)
    else:
        wait(max(rest, WAKEABLE_IDLE))
    return max(rest, min(QUIET, rest * GROWTH))


def _close(loop: Loop) -> None:
    close: Any = getattr(loop, "close", None)
    if close is None:
        return
    try:
        close()
    except Exception:  # closing is a courtesy; the process ends anyway
        log.exception("loop close failed", loop=loop.name)


def pause(failures: int) -> float:
    """Seconds to wait after so many failures in a row: doubling, with jitter, at most WORST_PAUSE."""
    return min(WORST_PAUSE, 0.1 * 2.0 ** min(failures, 10)) * random.uniform(0.5, 1.0)  # noqa: S311  not a secret


def drain(loops: Sequence[Loop], rounds: int = 1000) -> int:
    """Steps all loops in turn until none has work left; returns how many steps did something. For tests."""
    worked = 0
    for _ in range(rounds):
        busy = [loop.step() for loop in loops]
        worked += sum(busy)
        if not any(busy):
            return worked
    raise RuntimeError(f"still busy after {rounds} rounds: {[loop.name for loop in loops]}")


last_success = gauge("loop_last_success_seconds", "Unix time of a loop's last step without error", ["loop"])
failed_steps = counter("loop_failed_steps", "Steps that raised", ["loop"])
