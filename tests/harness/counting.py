"""A platform of canonical JSON in this process that counts what it is asked and can be told to misbehave."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from services.credit_push.catalogue import Breaker, Limits, Profile, Takes

EVERYWHERE = Takes(("000000",), ("*",), ("*",), ("*",), ("*",))


@dataclass
class Stub:
    """Its address, its mood ("well", "hangs" or "breaks") and what arrived."""

    port: int = 0
    mood: str = "well"
    posts: int = 0
    questions: int = 0
    patience: float = 0.3
    """Seconds a sender waits for its answer."""
    rows: list[str] = field(default_factory=list)
    """Idempotency keys in the order they were taken."""

    def like(self, profile: Profile, name: str, breaker: Breaker, limits: Limits | None = None) -> Profile:
        """A profile that leads here and takes everything, one row a request."""
        transport = replace(
            profile.transport,
            endpoint=f"http://127.0.0.1:{self.port}",
            rows_per_request=1,
            in_flight=4,
            timeout_seconds=self.patience,
        )
        return replace(
            profile,
            id=name,
            takes=EVERYWHERE,
            transport=transport,
            relay_to="",
            breaker=breaker,
            limits=limits or Limits(),
            retry_seconds=(0.05,) * 200,
        )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._answer(head.decode(), reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = next(
            (int(line[15:]) for line in head.split("\r\n") if line.startswith("Content-Length:")), 0
        )
        body = await reader.readexactly(length)
        posted = head.startswith("POST")
        self.posts, self.questions = self.posts + posted, self.questions + (not posted)
        if self.mood == "hangs":
            await asyncio.sleep(60)
        if self.mood == "breaks":
            writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
            return
        answer = self._take(json.loads(body)) if posted else self._tell(head.split(" ")[1])
        text = json.dumps(answer).encode()
        status = b"200 OK" if answer else b"404 Not Found"
        writer.write(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(text), text))

    def _take(self, document: dict[str, list[dict[str, str]]]) -> dict[str, object]:
        keys = [row["idempotency_key"] for row in document["records"]]
        self.rows += [key for key in keys if key not in self.rows]
        return {"receipts": [self._receipt(key) for key in keys]}

    def _tell(self, target: str) -> dict[str, str]:
        key = target.rpartition("/")[2].replace("%3A", ":")
        return self._receipt(key) if key in self.rows else {}

    def _receipt(self, key: str) -> dict[str, str]:
        return {"idempotency_key": key, "result": "accepted", "receipt_number": f"R{key[-24:]}"}


@contextmanager
def stubs(count: int) -> Iterator[list[Stub]]:
    """So many platforms on ports of their own, in one thread."""
    loop, made = asyncio.new_event_loop(), [Stub() for _ in range(count)]

    async def open_all() -> list[asyncio.Server]:
        servers = [await asyncio.start_server(stub.serve, "127.0.0.1", 0) for stub in made]
        for stub, server in zip(made, servers, strict=True):
            stub.port = server.sockets[0].getsockname()[1]
        return servers

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    servers = asyncio.run_coroutine_threadsafe(open_all(), loop).result(10)
    try:
        yield made
    finally:
        asyncio.run_coroutine_threadsafe(_close(servers), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _close(servers: list[asyncio.Server]) -> None:
    for server in servers:
        server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
