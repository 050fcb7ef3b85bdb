"""The sends under way on one channel: begun one by one, handed out in bunches as they end."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from services.notifier.channels.base import Channel, Message, Sent, Starting, Target
from shared.crash import crash_point
from shared.errors import DeliveryError
from shared.logs import get_log

MANY = 128
LINGER = 0.02  # seconds more for a bunch to grow, where many are on their way
log = get_log(__name__)


@dataclass(frozen=True)
class Landing:
    """How one send ended."""

    key: str
    answer: Sent | DeliveryError
    duration_ms: int


class Flights:
    """Uses the channel's own event loop where it has one, else a thread for each place."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._pool = None if isinstance(channel, Starting) else _threads(channel)
        self._ended: SimpleQueue[Landing] = SimpleQueue()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def launch(self, key: str, message: Message, target: Target) -> None:
        began = time.perf_counter()

        def land(future: Future[Sent]) -> None:
            answer = _answer(self._channel.name, future)
            crash_point("notices.after_send")
            self._ended.put(Landing(key, answer, round((time.perf_counter() - began) * 1000)))

        self._count += 1
        self._begin(message, target).add_done_callback(land)

    def _begin(self, message: Message, target: Target) -> Future[Sent]:
        try:
            if isinstance(self._channel, Starting):
                return self._channel.start(message, target)
            assert self._pool is not None
            return self._pool.submit(self._channel.send, message, target)
        except Exception as error:  # noqa: BLE001  whatever a channel does, the dispatch must be accounted for
            failed: Future[Sent] = Future()
            failed.set_exception(error)
            return failed

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

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()


def _threads(channel: Channel) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(channel.concurrency, thread_name_prefix=f"sender-{channel.name}")


def _answer(channel: str, future: Future[Sent]) -> Sent | DeliveryError:
    """An error the channel did not foresee counts as passing; only its kind is told."""
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, DeliveryError):
        return error
    log.error(
        "channel failed unforeseen", channel=channel, error=type(error).__name__
    )  # a trace may quote secrets
    return DeliveryError(f"渠道内部错误（{type(error).__name__}）")
