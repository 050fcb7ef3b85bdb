"""The sends under way on one channel: begun as places become free, handed out in bunches as they end.

More is handed over than fits at once: the next send begins when one ends, whatever the database is doing.
"""

import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock

from services.notifier.channels.base import Channel, Message, Postponed, Sent, Starting, Target
from services.notifier.channels.berths import Berths, Openings
from shared.crash import crash_point
from shared.errors import DeliveryError
from shared.logs import get_log

MANY = 512
LINGER, LONGER = 0.02, 0.1  # seconds more for a bunch to grow, where many are on their way, or more wait
AHEAD = 8  # times what fits at once
log = get_log(__name__)


@dataclass(frozen=True)
class Flight:
    """One send, from when it is handed over."""

    key: str
    message: Message
    target: Target


@dataclass(frozen=True)
class Landing:
    """How one send ended."""

    key: str
    answer: Sent | DeliveryError
    duration_ms: int


class Flights:
    """`room` may be handed over at once; how much of it to one target is for `berths` to say."""

    def __init__(self, channel: Channel) -> None:
        self._name = channel.name
        self._pool: ThreadPoolExecutor | None = None
        self._start: Callable[[Message, Target], Future[Sent]]
        if isinstance(channel, Starting):
            self._start = channel.start
        else:
            self._pool = ThreadPoolExecutor(channel.concurrency, f"sender-{channel.name}")
            self._start = _by_threads(self._pool, channel)
        self.room = channel.concurrency * AHEAD
        self._lock, self._ended = Lock(), SimpleQueue[Landing]()
        self._berths = Berths(channel.concurrency, channel.per_target)
        self._waiting: dict[str, deque[Flight]] = {}
        self._count = 0

    def launch(self, flight: Flight) -> None:
        """Begin it, or let it wait for a place."""
        self._count += 1
        with self._lock:
            fits = self._berths.take(flight.target.ref)
            if not fits:
                self._waiting.setdefault(flight.target.ref, deque()).append(flight)
        if fits:
            self._begin(flight)

    @property
    def deep(self) -> bool:
        """Whether more waits for a place than is under way: enough for another round."""
        with self._lock:
            return sum(map(len, self._waiting.values())) >= self._berths.total > 0

    def openings(self, loads: Mapping[str, int], free: int) -> Openings:
        """What may be handed over besides these loads, in jobs by target."""
        with self._lock:
            return self._berths.openings(loads, free, AHEAD)

    def _begin(self, flight: Flight) -> None:
        began = time.perf_counter()

        def land(future: Future[Sent]) -> None:
            answer = _answer(self._name, future)
            crash_point("notices.after_send")
            self._ended.put(Landing(flight.key, answer, round((time.perf_counter() - began) * 1000)))
            for following in self._next(flight.target.ref, answer):
                self._begin(following)

        try:
            future = self._start(flight.message, flight.target)
        except Exception as error:  # noqa: BLE001  whatever a channel does, the dispatch must be accounted for
            future = Future()
            future.set_exception(error)
        future.add_done_callback(land)

    def _next(self, ref: str, answer: Sent | DeliveryError) -> list[Flight]:
        """Of those waiting for a place, the ones that fit now: for the target just served before others."""
        with self._lock:
            self._berths.leave(ref, _sound(answer))
            if not self._waiting:
                return []
            return [flight for each in (ref, *self._waiting) for flight in self._fitting(each)]

    def _fitting(self, ref: str) -> list[Flight]:
        queue, chosen = self._waiting.get(ref), list[Flight]()
        while queue and self._berths.take(ref):
            chosen.append(queue.popleft())
        if queue is not None and not queue:
            del self._waiting[ref]
        return chosen

    def shed(self) -> list[str]:
        """What waits for targets that did not answer since it was handed over: it would hold the room."""
        with self._lock:
            silent = [ref for ref in self._waiting if ref in self._berths.silent]
            keys = [flight.key for ref in silent for flight in self._waiting.pop(ref)]
        self._count -= len(keys)
        return keys

    def landed(self, patience: float) -> list[Landing]:
        """Those that have ended, waiting so many seconds for the first, and a little for its company."""
        found: list[Landing] = []
        enough = min(MANY, self._count // 2) if patience else 0
        ends = time.monotonic() + patience
        while len(found) < self._count:
            try:
                left = ends - time.monotonic()
                found.append(self._ended.get(timeout=left) if left > 0 else self._ended.get_nowait())
            except Empty:
                break
            if len(found) == 1:
                ends = time.monotonic() + (LONGER if self.deep else LINGER) if enough > 1 else 0.0
            elif len(found) >= enough:
                ends = 0.0
        self._count -= len(found)
        return found

    def recall(self) -> list[str]:
        """Those that wait for a place: they will not begin any more."""
        with self._lock:
            keys = [flight.key for queue in self._waiting.values() for flight in queue]
            self._waiting.clear()
        self._count -= len(keys)
        return keys

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()


def _sound(answer: Sent | DeliveryError) -> bool | None:
    """Whether the target answers; None where that was not tried."""
    if isinstance(answer, Postponed):
        return None
    return isinstance(answer, Sent) or answer.permanent


def _by_threads(pool: ThreadPoolExecutor, channel: Channel) -> Callable[[Message, Target], Future[Sent]]:
    return lambda message, target: pool.submit(channel.send, message, target)


def _answer(channel: str, future: Future[Sent]) -> Sent | DeliveryError:
    """An error the channel did not foresee counts as passing; only its kind is told."""
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, DeliveryError):
        return error
    log.error("channel failed unforeseen", channel=channel, error=type(error).__name__)  # no trace: secrets
    return DeliveryError(f"渠道内部错误（{type(error).__name__}）")
