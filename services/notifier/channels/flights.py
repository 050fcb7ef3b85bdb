"""The sends under way on one channel: begun as places become free, handed out in bunches as they end.

More is handed over than fits at once: the next send begins when one ends, whatever the database is doing.
"""

import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock

from services.notifier.channels.base import Channel, Message, Sent, Starting, Target
from shared.crash import crash_point
from shared.errors import DeliveryError
from shared.logs import get_log

MANY = 512
LINGER = 0.02  # seconds more for a bunch to grow, where many are on their way
AHEAD = 4  # times what fits at once
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
    """`room` may be handed over at once, `room_each` of it to one target."""

    def __init__(self, channel: Channel) -> None:
        self._name, self._places, self._places_each = channel.name, channel.concurrency, channel.per_target
        self._pool: ThreadPoolExecutor | None = None
        self._start: Callable[[Message, Target], Future[Sent]]
        if isinstance(channel, Starting):
            self._start = channel.start
        else:
            self._pool = ThreadPoolExecutor(self._places, f"sender-{channel.name}")
            self._start = _by_threads(self._pool, channel)
        self.room, self.room_each = self._places * AHEAD, self._places_each * AHEAD
        self._lock, self._ended = Lock(), SimpleQueue[Landing]()
        self._under_way: Counter[str] = Counter()
        self._waiting: dict[str, deque[Flight]] = {}
        self._count = 0

    def launch(self, flight: Flight) -> None:
        """Begin it, or let it wait for a place."""
        self._count += 1
        with self._lock:
            fits = self._fits(flight.target.ref)
            if fits:
                self._under_way[flight.target.ref] += 1
            else:
                self._waiting.setdefault(flight.target.ref, deque()).append(flight)
        if fits:
            self._begin(flight)

    def _fits(self, ref: str) -> bool:
        return self._under_way[ref] < self._places_each and self._under_way.total() < self._places

    def _begin(self, flight: Flight) -> None:
        began = time.perf_counter()

        def land(future: Future[Sent]) -> None:
            answer = _answer(self._name, future)
            crash_point("notices.after_send")
            self._ended.put(Landing(flight.key, answer, round((time.perf_counter() - began) * 1000)))
            following = self._next(flight.target.ref)
            if following is not None:
                self._begin(following)

        try:
            future = self._start(flight.message, flight.target)
        except Exception as error:  # noqa: BLE001  whatever a channel does, the dispatch must be accounted for
            future = Future()
            future.set_exception(error)
        future.add_done_callback(land)

    def _next(self, ref: str) -> Flight | None:
        """Of those waiting for a place, one for the target just served, else any that fits."""
        with self._lock:
            self._under_way[ref] -= 1
            if not self._under_way[ref]:
                del self._under_way[ref]
            for each in (ref, *self._waiting) if self._waiting else ():
                if each in self._waiting and self._fits(each):
                    chosen = self._waiting[each].popleft()
                    if not self._waiting[each]:
                        del self._waiting[each]
                    self._under_way[each] += 1
                    return chosen
        return None

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
                ends = time.monotonic() + LINGER if enough > 1 else 0.0
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
