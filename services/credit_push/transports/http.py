"""Signed HTTP: a sliding window of requests per platform, one event loop for all platforms.

After an unknown outcome the platform is asked by key; a repeated request has no second effect there.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from services.credit_push.transports.base import FAILED, HELD, UNKNOWN, Job, Outcome, Timing, TransportDown
from shared.http import sign_request
from shared.platform_keys import PlatformKey
from shared.wire import Answer, AsyncRunner, BadAnswer, Pool

Item = TypeVar("Item")
Result = TypeVar("Result")
PATIENCE = 10
"""Silent requests before the rest of a batch is held back, at least."""
REFUSING = (400, 409, 413, 422)


@dataclass(frozen=True)
class Reply:
    """An HTTP answer, or why there is none: `sent` says whether the request may have been read."""

    status: int
    body: bytes
    milliseconds: int
    sent: bool = True
    problem: str = ""
    retry_after: float | None = None

    @property
    def answered(self) -> bool:
        """Whether an answer came that says something about the request."""
        return not self.problem and self.status < 500

    def failure(self, delivery_id: str) -> Outcome:
        """The outcome where the answer is no receipt."""
        certain = not self.sent or self.status in (401, 403, 404, 429)
        return Outcome(
            delivery_id,
            FAILED if certain else UNKNOWN,
            message=self.problem or f"HTTP {self.status}",
            http_status=self.status or None,
            milliseconds=self.milliseconds,
            retry_after=self.retry_after,
            evidence=self.body[:4000],
        )


class HttpClient:
    """Signed requests to one platform, at most `in_flight` at a time."""

    def __init__(
        self,
        runner: AsyncRunner,
        endpoint: str,
        key: PlatformKey,
        clock: Timing,
        in_flight: int,
        timeout: float,
    ) -> None:
        self._runner, self._key, self._clock = runner, key, clock
        self.endpoint = endpoint.rstrip("/")
        self._base = urlsplit(self.endpoint).path
        self._timeout, self._in_flight = timeout, in_flight
        self._pool = Pool(endpoint)
        self._silent = 0
        """Requests in a row without an answer."""
        self._window, self._turn = asyncio.Semaphore(in_flight), asyncio.Lock()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine of this client's."""
        return self._runner.run(work)

    async def each(
        self,
        ask: Callable[[Item], Coroutine[Any, Any, Result]],
        items: Sequence[Item],
        held: Callable[[Item], Result],
    ) -> list[Result]:
        """What `ask` makes of every item, in order, as many at a time as the window takes.

        Once the platform has been silent for a whole window, the rest is `held` back: one platform that
        hangs must not occupy its thread, and its rows, for as many time-outs as it has rows.

        One batch after the other: the next begins when the last item of this one is on its way, so that two
        batches do not end together and leave the window empty.
        """
        found: list[Result | None] = [None] * len(items)
        left = iter(enumerate(items))
        await self._turn.acquire()
        ours, self._silent = [self._turn], 0
        enough = max(self._in_flight, PATIENCE)

        async def work() -> None:
            for at, item in left:
                found[at] = await ask(item) if self._silent < enough else held(item)
            while ours:
                ours.pop().release()

        try:
            await asyncio.gather(*(work() for _ in range(min(self._in_flight, len(items)))))
        finally:
            while ours:
                ours.pop().release()
        return cast("list[Result]", found)

    async def call(self, method: str, path: str, body: bytes = b"", content_type: str = "") -> Reply:
        """One signed request within the window. Never raises for what the network or the platform does."""
        async with self._window:
            reply = await self._exchange(method, self._base + path, body, content_type)
        self._silent = 0 if reply.answered else self._silent + 1
        return reply

    async def _exchange(self, method: str, target: str, body: bytes, content_type: str) -> Reply:
        began = time.perf_counter()
        try:
            connection = self._pool.idle()
            if connection is None:
                connection = await asyncio.wait_for(self._pool.connect(), self._timeout)
        except (OSError, TimeoutError) as error:
            return Reply(0, b"", _since(began), sent=False, problem=type(error).__name__)
        left = self._timeout - (time.perf_counter() - began)
        try:
            answer = await connection.exchange(self._request(method, target, body, content_type), left)
        except (OSError, TimeoutError, BadAnswer) as error:
            connection.close()
            return Reply(0, b"", _since(began), problem=type(error).__name__)
        self._pool.give(connection)
        return Reply(answer.status, answer.body, _since(began), retry_after=_retry_after(answer))

    def _request(self, method: str, target: str, body: bytes, content_type: str) -> bytes:
        key, now = self._key, self._clock.system_now()
        headers = sign_request(method, target, body, key_id=key.key_id, secret=key.secret, now=now)
        if content_type:
            headers["Content-Type"] = content_type
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self._pool.host_header}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}", "Accept: */*", "", ""]
        return "\r\n".join(lines).encode("ascii") + body

    def get(self, path: str) -> Reply:
        """One question; TransportDown if there is no answer to it."""
        reply = self.run(self.call("GET", path))
        if not reply.answered or reply.status >= 400:
            raise TransportDown(reply.problem or f"HTTP {reply.status}")
        return reply

    def close(self) -> None:
        async def drop() -> None:
            self._pool.close()

        if not self._pool.empty:  # else there may be no loop to run this in
            self.run(drop())


def _since(began: float) -> int:
    return int((time.perf_counter() - began) * 1000)


def _retry_after(answer: Answer) -> float | None:
    value = answer.headers.get(b"retry-after", b"")
    return float(value) if value.isdigit() else None


def held_back(job: Job) -> Outcome:
    """The outcome of a row that was not handed over, as the platform had stopped answering."""
    return Outcome(job.delivery_id, HELD, message="平台无应答，暂缓推送")


def chunks(jobs: Sequence[Job], size: int) -> list[Sequence[Job]]:
    """Jobs in requests of at most `size` rows."""
    return [jobs[start : start + size] for start in range(0, len(jobs), size)]
