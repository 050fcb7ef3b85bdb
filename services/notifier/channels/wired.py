"""Many POSTs at a time over kept connections, each made to an address that was checked for it.

A name is resolved and checked once per connection, which goes to that very address: no rebinding. Redirects
are never followed; exchange and answer are bounded. One event loop serves all.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from services.notifier.channels.pinned import (
    AGENT,
    BLOCKED,
    MOST_ANSWER_BYTES,
    TIMEOUT_SECONDS,
    Answer,
    checked_address,
)
from shared import wire
from shared.errors import DeliveryError
from shared.http import Resolver, system_resolver

Judged = TypeVar("Judged")
MOST_NAMES = 32  # resolved at a time: a name server that hangs holds no send to another host for long
SWEEP_SECONDS = 10.0
_RUNNER = wire.AsyncRunner()
_NAMES = ThreadPoolExecutor(MOST_NAMES, thread_name_prefix="resolve")


class WiredHttp:
    """Posts bodies; what cannot be carried is a DeliveryError that quotes no address."""

    def __init__(
        self,
        *,
        trusted: frozenset[str] = frozenset(),
        resolve: Resolver | None = None,
        timeout: float = TIMEOUT_SECONDS,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._trusted, self._timeout = trusted, timeout
        self._resolve = resolve or system_resolver
        self._context = context or ssl.create_default_context()
        self._pools: dict[tuple[str, str], dict[str, wire.Pool]] = {}
        """By origin, then by address."""
        self._swept = 0.0

    def start(
        self, url: str, body: bytes, headers: Mapping[str, str], judge: Callable[[Answer], Judged]
    ) -> Future[Judged]:
        """Send it; what `judge` makes of the answer is told to any thread that waits."""
        return _RUNNER.start(self._post(url, body, headers, judge))

    async def _post(
        self, url: str, body: bytes, headers: Mapping[str, str], judge: Callable[[Answer], Judged]
    ) -> Judged:
        try:
            found = await self._exchange(url, body, headers)
        except (OSError, wire.BadAnswer) as error:  # first: a bad certificate is a ValueError as well
            reason = f"接收端无法连接、超时或答复无法读取（{type(error).__name__}）"
            raise DeliveryError(reason) from error
        except ValueError as error:  # no address at all
            raise DeliveryError(BLOCKED, permanent=True) from error
        stated = {name.decode("latin-1"): value.decode("latin-1") for name, value in found.headers.items()}
        return judge(Answer(found.status, stated, found.body))

    async def _exchange(self, url: str, body: bytes, headers: Mapping[str, str]) -> wire.Answer:
        loop = asyncio.get_running_loop()
        ends, parts = loop.time() + self._timeout, urlsplit(url)
        pools = self._pools.setdefault((parts.scheme, parts.netloc), {})
        self._sweep(loop.time())
        request = _request(parts, body, headers)
        for pool in list(pools.values()):
            if (kept := pool.idle()) is not None:
                with suppress(ConnectionError):  # closed meanwhile: once more on a fresh one
                    return await _ask(pool, kept, request, ends - loop.time())
        async with asyncio.timeout_at(ends):
            pool = await self._pool(url, pools)
            made = await pool.connect()
        return await _ask(pool, made, request, ends - loop.time())

    async def _pool(self, url: str, pools: dict[str, wire.Pool]) -> wire.Pool:
        """Where the name leads now, if it may be gone to."""
        look = partial(checked_address, url, self._trusted, self._resolve)
        address = await asyncio.get_running_loop().run_in_executor(_NAMES, look)
        return pools.setdefault(address, wire.Pool(url, address, self._context))

    def _sweep(self, now: float) -> None:
        """Close, now and then, what nobody has used for long."""
        if now - self._swept < SWEEP_SECONDS:
            return
        self._swept = now
        for pools in self._pools.values():
            for pool in pools.values():
                pool.prune()


async def _ask(pool: wire.Pool, connection: wire.Connection, request: bytes, seconds: float) -> wire.Answer:
    try:
        answer = await connection.exchange(request, seconds, MOST_ANSWER_BYTES)
    except BaseException:
        connection.close()
        raise
    pool.give(connection)
    return answer


def _request(parts: SplitResult, body: bytes, headers: Mapping[str, str]) -> bytes:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"POST {path} HTTP/1.1", f"Host: {parts.netloc}", f"User-Agent: {AGENT}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "Accept: */*", "", ""]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a line break in a header")
    return "\r\n".join(lines).encode("ascii") + body
