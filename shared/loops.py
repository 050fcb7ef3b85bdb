"""The one runner of all background work: a thread per loop, `step()` until nothing is left, then wait.

A loop may offer `wait(timeout)`, true if it shall be asked again at once, and `close()`. One that does not is
asked again after any commit, where `news` tells of them. Tests call `drain(loops)` instead and never sleep.
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from shared.clock import Clock
from shared.logs import get_log
from shared.metrics import counter, gauge

IDLE = 0.1  # seconds at least between steps that find nothing, where the loop has no wait of its own
UNTOLD = 0.5  # what they grow to while nobody tells of commits
WAKEABLE_IDLE = 0.5  # seconds until a loop is asked that nothing woke; and until we look whether to stop
QUIET = 2.0  # what they grow to while it goes on finding nothing
GROWTH = 1.5
WORST_PAUSE = 2.0
log = get_log(__name__)


class Loop(Protocol):
    """Background work in small steps; `step()` is true if it did something and should be called again now."""

    name: str

    def step(self) -> bool: ...


class Periodic:
    """Loop: `do(now)` so often, and again at once while it says that there is more."""

    def __init__(
        self, name: str, clock: Clock, every: timedelta, do: Callable[[datetime], bool | None]
    ) -> None:
        self.name = name
        self._clock, self._every, self._do = clock, every, do
        self._next = clock.system_now()

    def step(self) -> bool:
        now = self._clock.system_now()
        if now < self._next:
            return False
        self._next = now + self._every
        if self._do(now):
            self._next = now
            return True
        return False


class News(Protocol):
    """Tells of commits by anybody."""

    def wait(self, timeout: float) -> bool:
        """True early if there was one since the last time."""
        ...

    def close(self) -> None: ...


NewsOf = Callable[[], News | None]


def no_news() -> News | None:
    """Where nobody tells."""
    return None


def run(loops: Sequence[Loop], stop: threading.Event, idle: float = IDLE, news: NewsOf = no_news) -> None:
    """Runs every loop in its own thread until `stop` is set; returns when all have ended."""
    threads = [
        threading.Thread(target=_run_one, args=(loop, stop, idle, news), name=loop.name, daemon=True)
        for loop in loops
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _run_one(loop: Loop, stop: threading.Event, idle: float, news: NewsOf) -> None:
    failures, rest = 0, _Rest(loop, stop, idle, news)
    while not stop.is_set():
        try:
            if loop.step():
                rest.end()
            else:
                rest.take()
            failures = 0
            last_success.labels(loop.name).set(time.time())
        except Exception as error:  # a loop outlives any error of one step, loudly
            failures += 1
            failed_steps.labels(loop.name).inc()
            log.exception("loop step failed", loop=loop.name, failures=failures, error=type(error).__name__)
            stop.wait(pause(failures))
    rest.close()
    _close(loop)


class _Rest:
    """The pauses of a loop that finds nothing to do: longer and longer, unless something tells of work."""

    def __init__(self, loop: Loop, stop: threading.Event, idle: float, news: NewsOf) -> None:
        own: Any = getattr(loop, "wait", None)
        self._stop = stop
        self._news = None if own else news()
        self._wait: Callable[[float], bool] = own or (self._news.wait if self._news else stop.wait)
        self._least = 0.0 if own else idle
        self._first = max(idle, WAKEABLE_IDLE) if own else idle
        self._longest = max(self._first, QUIET if own or self._news else UNTOLD)
        self._next = self._first

    def end(self) -> None:
        """There was work: the next pause is short."""
        self._next = self._first

    def take(self) -> None:
        """Until the time is up, something told that there may be work, or we shall stop."""
        ends = time.monotonic() + self._next
        self._next = min(self._longest, self._next * GROWTH)
        self._stop.wait(self._least)
        while (left := ends - time.monotonic()) > 0 and not self._stop.is_set():
            if self._wait(min(left, WAKEABLE_IDLE)):
                return

    def close(self) -> None:
        if self._news is not None:
            self._news.close()


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
