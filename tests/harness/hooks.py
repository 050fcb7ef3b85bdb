"""A webhook receiver in a process of its own: keeps connections, answers at once, remembers what came.

    python -m tests.harness.hooks

Prints its port. GET /count tells how many came, GET /seen each path and id with the times it came. Paths that
begin with /refuse are answered 422.
"""

import asyncio
import http.client
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

ANSWERS = {200: b"HTTP/1.1 200 OK\r\n", 422: b"HTTP/1.1 422 Unprocessable Content\r\n"}


class Hook(asyncio.Protocol):
    """One connection; requests one after the other."""

    def __init__(self, seen: Counter[tuple[str, str]]) -> None:
        self._seen, self._buffer = seen, bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            lines = bytes(self._buffer[:end]).split(b"\r\n")
            headers = dict(line.lower().split(b": ", 1) for line in lines[1:])
            size = end + 4 + int(headers.get(b"content-length", b"0"))
            if len(self._buffer) < size:
                return
            del self._buffer[:size]
            self._answer(lines[0].split(b" ")[1].decode(), headers.get(b"webhook-id", b"").decode())

    def _answer(self, path: str, message_id: str) -> None:
        body = b"{}"
        if path == "/count":
            body = str(self._seen.total()).encode()
        elif path == "/seen":
            body = json.dumps([[*key, count] for key, count in self._seen.items()]).encode()
        else:
            self._seen[path, message_id] += 1
        status = 422 if path.startswith("/refuse") else 200
        self._transport.write(ANSWERS[status] + b"Content-Length: %d\r\n\r\n" % len(body) + body)


@dataclass
class Hooks:
    """The receiver as its tester sees it."""

    port: int

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def count(self) -> int:
        return int(self._ask("/count"))

    def seen(self) -> dict[tuple[str, str], int]:
        """How often each id came to each path."""
        return {(path, key): count for path, key, count in json.loads(self._ask("/seen"))}

    def _ask(self, path: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        finally:
            connection.close()


@contextmanager
def hooks() -> Iterator[Hooks]:
    command = [sys.executable, "-m", "tests.harness.hooks"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield Hooks(int(process.stdout.readline()))
        finally:
            process.kill()


async def serve() -> None:
    seen: Counter[tuple[str, str]] = Counter()
    made: Any = await asyncio.get_running_loop().create_server(
        lambda: Hook(seen), "127.0.0.1", 0, backlog=512
    )
    print(made.sockets[0].getsockname()[1], flush=True)
    await made.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
