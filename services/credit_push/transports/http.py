"""Signed HTTP: aiohttp inside, a sliding window of requests per platform, one event loop for all platforms.

After an unknown outcome the platform is asked by key; a repeated request has no second effect there.
"""

import asyncio
import threading
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from services.credit_push.transports.base import FAILED, UNKNOWN, Job, Outcome, Timing, TransportDown
from shared.http import sign_request
from shared.platform_keys import PlatformKey

Answer = TypeVar("Answer")
LARGEST_ANSWER = 4_000_000
REFUSING = (400, 409, 413, 422)


class AsyncRunner:
    """One event loop in a thread of its own, started when first needed."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Run to completion from any other thread."""
        return asyncio.run_coroutine_threadsafe(work, self._started()).result()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="http", daemon=True).start()
            return self._loop

    def close(self) -> None:
        with self._lock:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._loop = None


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
        self._runner, self._endpoint, self._key, self._clock = runner, endpoint.rstrip("/"), key, clock
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._in_flight = in_flight
        self._session: aiohttp.ClientSession | None = None
        self._window: asyncio.Semaphore | None = None

    def run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Run a coroutine of this client's."""
        return self._runner.run(work)

    async def call(self, method: str, path: str, body: bytes = b"", content_type: str = "") -> Reply:
        """One signed request within the window. Never raises for what the network or the platform does."""
        session, window = self._opened()
        async with window:
            return await self._exchange(session, method, self._endpoint + path, body, content_type)

    def _opened(self) -> tuple[aiohttp.ClientSession, asyncio.Semaphore]:
        if self._session is None or self._window is None:
            connector = aiohttp.TCPConnector(limit=self._in_flight, keepalive_timeout=30)
            self._session = aiohttp.ClientSession(connector=connector, timeout=self._timeout)
            self._window = asyncio.Semaphore(self._in_flight)
        return self._session, self._window

    async def _exchange(
        self, session: aiohttp.ClientSession, method: str, url: str, body: bytes, content_type: str
    ) -> Reply:
        headers = self._signed(method, url, body)
        if content_type:
            headers["Content-Type"] = content_type
        began = time.perf_counter()
        try:
            async with session.request(
                method, URL(url, encoded=True), data=body or None, headers=headers, allow_redirects=False
            ) as answer:
                content = await answer.content.read(LARGEST_ANSWER)
                return Reply(answer.status, content, _since(began), retry_after=_retry_after(answer))
        except aiohttp.ClientConnectorError as error:
            return Reply(0, b"", _since(began), sent=False, problem=type(error).__name__)
        except (aiohttp.ClientError, TimeoutError) as error:
            return Reply(0, b"", _since(began), problem=type(error).__name__)

    def _signed(self, method: str, url: str, body: bytes) -> dict[str, str]:
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        now = self._clock.system_now()
        return sign_request(method, target, body, key_id=self._key.key_id, secret=self._key.secret, now=now)

    def get(self, path: str) -> Reply:
        """One question; TransportDown if there is no answer to it."""
        reply = self.run(self.call("GET", path))
        if not reply.answered or reply.status >= 400:
            raise TransportDown(reply.problem or f"HTTP {reply.status}")
        return reply

    def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            self.run(session.close())


def _since(began: float) -> int:
    return int((time.perf_counter() - began) * 1000)


def _retry_after(answer: aiohttp.ClientResponse) -> float | None:
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isdigit() else None


def chunks(jobs: Sequence[Job], size: int) -> list[Sequence[Job]]:
    """Jobs in requests of at most `size` rows."""
    return [jobs[start : start + size] for start in range(0, len(jobs), size)]
