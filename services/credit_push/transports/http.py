"""Signed HTTP: a sliding window of requests per platform, one event loop for all platforms.

After an unknown outcome the platform is asked by key; a repeated request has no second effect there.
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from services.credit_push.transports.base import (
    FAILED,
    HELD,
    UNKNOWN,
    Job,
    Outcome,
    Preview,
    Timing,
    TransportDown,
)
from services.credit_push.transports.window import NotSent, Round, Told, Window
from shared.delivery import LONGEST_WISH
from shared.http import sign_request, signed_lines
from shared.platform_keys import PlatformKey
from shared.wire import Answer, AsyncRunner, Pool

Item = TypeVar("Item")
Result = TypeVar("Result")
PATIENCE = 10
"""Silent requests before the rest of a batch is held back, at least."""
MOST_DIGITS = 9
"""Of a `Retry-After` that is taken for one."""
REFUSING = (400, 409, 413, 422)


class Request(NamedTuple):
    """What to ask, before it is signed; `path` below the platform's address."""

    method: str
    path: str
    body: bytes = b""
    content_type: str = ""


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
        algorithm: str = "hmac-sha256",
    ) -> None:
        self._runner, self._key, self._clock, self._algorithm = runner, key, clock, algorithm
        self.endpoint = endpoint.rstrip("/")
        self._base = urlsplit(self.endpoint).path
        self._pool = Pool(endpoint)
        self._window = Window(self._pool, in_flight, timeout, max(in_flight, PATIENCE))

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine of this client's."""
        return self._runner.run(work)

    async def each(
        self,
        items: Sequence[Item],
        ask: Callable[[Item], Request],
        read: Callable[[Item, Reply], Result],
        held: Callable[[Item], Result],
        stands: Callable[[Item], bool] | None = None,
    ) -> list[Result]:
        """What `read` makes of every item's answer, in order, as many at a time as the window takes.

        Once the platform has been silent for a whole window, or an item no longer `stands`, the rest is
        `held` back.
        """
        asked = Round(
            items,
            lambda item: self._request(ask(item)),
            lambda item, told, milliseconds: read(item, self._reply(told, milliseconds)),
            held,
            stands,
        )
        return await self._window.through(asked)

    async def call(self, method: str, path: str, body: bytes = b"", content_type: str = "") -> Reply:
        """One signed request, before others that wait. Never raises for what network or platform do."""
        request = Request(method, path, body, content_type)
        asked = Round([request], self._request, lambda _, told, milliseconds: self._reply(told, milliseconds))
        return (await self._window.through(asked, first=True))[0]

    def _reply(self, told: Told, milliseconds: int) -> Reply:
        if isinstance(told, Answer):
            reply = Reply(told.status, told.body, milliseconds, retry_after=_retry_after(told))
        elif isinstance(told, NotSent):
            reply = Reply(0, b"", milliseconds, sent=False, problem=str(told))
        else:
            reply = Reply(0, b"", milliseconds, problem=type(told).__name__)
        self._window.silent = 0 if reply.answered else self._window.silent + 1
        return reply

    def preview(self, asked: Request) -> Preview:
        """The request as it would go now; its signature is cut short, so that nobody else can send it."""
        raw = self._request(asked)
        head = raw[: len(raw) - len(asked.body)].decode("ascii").rstrip()
        told = dict(line.split(": ", 1) for line in head.split("\r\n")[1:])
        signature, stamp = told["X-Signature"], (told["X-Timestamp"], told["X-Nonce"])
        lines = signed_lines(asked.method, self._base + asked.path, asked.body, *stamp, self._algorithm)
        return Preview(
            f"{asked.method} {self.endpoint}{asked.path}",
            asked.body,
            head=head.replace(signature, f"{signature[:8]}…"),
            signed=lines.decode(),
        )

    def _request(self, asked: Request) -> bytes:
        key, now, target = self._key, self._clock.system_now(), self._base + asked.path
        headers = sign_request(
            asked.method,
            target,
            asked.body,
            key_id=key.key_id,
            secret=key.secret,
            now=now,
            algorithm=self._algorithm,
        )
        if asked.content_type:
            headers["Content-Type"] = asked.content_type
        lines = [f"{asked.method} {target} HTTP/1.1", f"Host: {self._pool.host_header}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(asked.body)}", "Accept: */*", "", ""]
        return "\r\n".join(lines).encode("ascii") + asked.body

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


def _retry_after(answer: Answer) -> float | None:
    value = answer.headers.get(b"retry-after", b"")
    return min(float(value), LONGEST_WISH) if value.isdigit() and len(value) <= MOST_DIGITS else None


def held_back(job: Job) -> Outcome:
    """The outcome of a row that was not handed over, as the platform had stopped answering."""
    return Outcome(job.delivery_id, HELD, message="平台无应答，暂缓推送")


def chunks(jobs: Sequence[Job], size: int) -> list[Sequence[Job]]:
    """Jobs in requests of at most `size` rows."""
    return [jobs[start : start + size] for start in range(0, len(jobs), size)]
