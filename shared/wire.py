"""HTTP/1.1 over asyncio with no layer in between: a pool of keep-alive connections to one address.

Requests here are small and signed, answers small too: a general client spends most of a core around them.
"""

import asyncio
import re
import ssl
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

Result = TypeVar("Result")
LARGEST_HEAD = 32_768
LARGEST_BODY = 16_000_000
IDLE_SECONDS = 30.0
NO_BODY = (204, 304)
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d)(?: |$)")
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}")


class BadAnswer(Exception):
    """What came back is no HTTP answer we can read to its end."""


@dataclass(frozen=True)
class Answer:
    """An answer in full; names of headers in lower case."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


@dataclass
class Reading:
    """One answer as it arrives; whatever is odd about it is refused rather than guessed at.

    With `enough`, only so many bytes of the body are wanted, and of a body that breaks off what came.
    """

    enough: int | None = None
    buffer: bytearray = field(default_factory=bytearray)
    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    left: int | None = None
    """Bytes still to come; None: until the connection ends."""
    chunked: bool = False
    surplus: bool = False
    """More came than belongs to the answer: the connection is of no further use."""

    def feed(self, data: bytes) -> Answer | None:
        """The answer once it is complete."""
        self.buffer += data
        while not self.status:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0 or end > LARGEST_HEAD:
                if len(self.buffer) > LARGEST_HEAD:
                    raise BadAnswer("header too large")
                return None
            self._head(bytes(self.buffer[:end]))
            del self.buffer[: end + 4]
        done = self._chunks() if self.chunked else self._plain()
        if self.enough is not None and not done and len(self.body) + len(self.buffer) >= self.enough:
            self.surplus = done = True
        if len(self.body) > LARGEST_BODY:
            raise BadAnswer("answer too large")
        return self._answer() if done else None

    def end(self) -> Answer | None:
        """No more will come: the answer, if its end was to be told that way, or its beginning is enough."""
        if self.status and (self.enough is not None or (self.left is None and not self.chunked)):
            self.surplus = True
            return self._answer()
        return None

    @property
    def reusable(self) -> bool:
        """Whether another request may follow on this connection."""
        told = self.headers.get(b"connection", b"").lower()
        return b"close" not in told and self.left == 0 and not self.surplus

    def _answer(self) -> Answer:
        return Answer(self.status, self.headers, bytes(self.body[: self.enough]))

    def _head(self, head: bytes) -> None:
        lines = head.split(b"\r\n")
        match = _STATUS.match(lines[0])
        if match is None:
            raise BadAnswer("no status line")
        status = int(match[1])
        if status < 200:
            return
        for line in lines[1:]:
            name, colon, value = line.partition(b":")
            if not colon:
                raise BadAnswer("bad header")
            self.headers[name.strip().lower()] = value.strip()
        self.status = status
        self._measure()

    def _measure(self) -> None:
        coding = self.headers.get(b"transfer-encoding", b"").lower()
        length = self.headers.get(b"content-length")
        if self.status in NO_BODY:
            self.left = 0
        elif coding:
            if coding != b"chunked" or length is not None:
                raise BadAnswer("unknown transfer coding")
            self.chunked = True
        elif length is not None:
            if not length.isdigit() or len(length) > 9:
                raise BadAnswer("bad length")
            self.left = int(length)

    def _plain(self) -> bool:
        if self.left is None:
            self.body += self.buffer
            self.buffer.clear()
            return False
        taken = self.buffer[: self.left]
        self.body += taken
        self.left -= len(taken)
        self.surplus = len(self.buffer) > len(taken)
        self.buffer.clear()
        return self.left == 0

    def _chunks(self) -> bool:
        while (end := self.buffer.find(b"\r\n")) >= 0:
            size = _SIZE.match(self.buffer)
            if size is None:
                raise BadAnswer("bad chunk")
            length = int(size[0], 16)
            if length == 0:
                return self._trailer(end)
            if len(self.body) + length > LARGEST_BODY:
                raise BadAnswer("answer too large")
            start = end + 2
            if len(self.buffer) < start + length + 2:
                return False
            self.body += self.buffer[start : start + length]
            del self.buffer[: start + length + 2]
        return False

    def _trailer(self, end: int) -> bool:
        last = self.buffer.find(b"\r\n\r\n", end)
        if last < 0:
            return False
        self.surplus = len(self.buffer) > last + 4
        self.left = 0
        return True


class Connection(asyncio.Protocol):
    """One connection, one exchange at a time."""

    def __init__(self) -> None:
        self.open = False
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._reading: Reading | None = None
        self._told: Callable[[Answer | Exception], object] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport, self.open = transport, True

    def ask(
        self, request: bytes, told: Callable[[Answer | Exception], object], enough: int | None = None
    ) -> None:
        """Send it; `told` gets the answer, or why there is none. The time is the caller's: `break_off`."""
        if self._transport is None or not self.open:
            raise ConnectionError("closed")
        self._reading, self._told = Reading(enough), told
        self._transport.write(request)

    async def exchange(self, request: bytes, seconds: float, enough: int | None = None) -> Answer:
        """The answer; TimeoutError, OSError or BadAnswer where there is none to be had."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[Answer] = loop.create_future()

        def told(what: Answer | Exception) -> None:
            if waiting.done():
                return
            if isinstance(what, Answer):
                waiting.set_result(what)
            else:
                waiting.set_exception(what)

        self.ask(request, told, enough)
        limit = loop.call_later(max(seconds, 0.0), self.break_off, TimeoutError("no answer in time"))
        try:
            return await waiting
        finally:
            limit.cancel()

    def data_received(self, data: bytes) -> None:
        if self._reading is None:
            self.close()  # an answer to no question
            return
        try:
            answer = self._reading.feed(data)
        except BadAnswer as error:
            self.break_off(error)
            return
        if answer is not None:
            self.open = self.open and self._reading.reusable
            self._give(answer)
            if not self.open:
                self.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.open = False
        answer = self._reading.end() if self._reading is not None else None
        self._give(answer or error or ConnectionError("closed by the other side"))

    def break_off(self, why: Exception) -> None:
        """Nothing more is awaited on this connection."""
        begun = (
            self._reading.end() if self._reading is not None and self._reading.enough is not None else None
        )
        self.close()
        self._give(begun or why)

    def _give(self, what: Answer | Exception) -> None:
        told, self._told, self._reading = self._told, None, None
        if told is not None:
            told(what)

    def close(self) -> None:
        self.open = False
        if self._transport is not None:
            self._transport.close()


class Pool:
    """Connections to one scheme, host and port; the one used last is used first."""

    def __init__(
        self, endpoint: str, address: str | None = None, context: ssl.SSLContext | None = None
    ) -> None:
        """`address` is connected to instead of the host, which still stands in request and certificate."""
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("not an http address")
        self.host_header = parts.netloc.rpartition("@")[2]
        self._host, self._tls = parts.hostname, parts.scheme == "https"
        self._port = parts.port or (443 if self._tls else 80)
        self._address = address or parts.hostname
        self._context = (context or ssl.create_default_context()) if self._tls else None
        self._free: list[Connection] = []

    def idle(self) -> Connection | None:
        """An open connection nobody uses, ours until it is given back."""
        now = asyncio.get_running_loop().time()
        while self._free:
            known = self._free.pop()
            if known.open and now - known.idle_since < IDLE_SECONDS:
                return known
            known.close()
        return None

    async def connect(self) -> Connection:
        """A new one; OSError if there is none to be had."""
        loop = asyncio.get_running_loop()
        name = self._host if self._tls else None
        _, made = await loop.create_connection(
            Connection, self._address, self._port, ssl=self._context, server_hostname=name
        )
        return made

    def give(self, connection: Connection) -> None:
        """Back after an answer; a closed one is forgotten."""
        if connection.open:
            connection.idle_since = asyncio.get_running_loop().time()
            self._free.append(connection)

    @property
    def empty(self) -> bool:
        """Whether no idle connection is kept."""
        return not self._free

    def prune(self) -> None:
        """Drop what has been idle for too long."""
        now, kept = asyncio.get_running_loop().time(), self._free
        self._free = [each for each in kept if each.open and now - each.idle_since < IDLE_SECONDS]
        for each in kept:
            if each not in self._free:
                each.close()

    def close(self) -> None:
        """Drop what is idle."""
        while self._free:
            self._free.pop().close()


def _tell(told: Future[Any], task: asyncio.Task[Any]) -> None:
    if task.cancelled():
        told.cancel()
        told.set_running_or_notify_cancel()
    elif (error := task.exception()) is not None:
        told.set_exception(error)
    else:
        told.set_result(task.result())


class AsyncRunner:
    """One event loop in a thread of its own, started when first needed."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._coming: deque[tuple[Coroutine[Any, Any, Any], Future[Any]]] = deque()
        self._called = False

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run to completion from any other thread."""
        return self.start(work).result()

    def start(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        """Run it there; what comes of it is told to any thread that waits. One call wakes it for many."""
        told: Future[Result] = Future()
        self._coming.append((work, told))
        loop = self._started()
        if not self._called:
            self._called = True
            loop.call_soon_threadsafe(self._begin, loop)
        return told

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        self._called = False  # before looking: what comes from now on calls again
        while self._coming:
            work, told = self._coming.popleft()
            loop.create_task(work).add_done_callback(partial(_tell, told))

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
                self._called = False  # nobody comes to that call any more
