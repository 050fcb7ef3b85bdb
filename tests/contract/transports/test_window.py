"""The window over a platform of this process: as many at a time as it takes, in order, and errors told."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from services.credit_push.transports.window import NotSent, Round, Told, Window
from shared.wire import Answer, Pool
from tests.harness.ports import free_port

Answering = Callable[[str], Awaitable[bytes]]


def ok(body: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def asked(name: str) -> bytes:
    return f"GET /{name} HTTP/1.1\r\n\r\n".encode()


def read(name: str, told: Told, _milliseconds: int) -> str:
    return told.body.decode() if isinstance(told, Answer) else type(told).__name__


class Desk:
    """Answers each request with what `answering` makes of its path."""

    def __init__(self, answering: Answering) -> None:
        self.answering, self.busy, self.most, self.connections = answering, 0, 0, 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while head := await reader.readuntil(b"\r\n\r\n"):
            self.busy += 1
            self.most = max(self.most, self.busy)
            writer.write(await self.answering(head.split()[1].decode()[1:]))
            self.busy -= 1


async def through(answering: Answering, work: Callable[[Window, Desk], Awaitable[None]]) -> None:
    desk = Desk(answering)
    server = await asyncio.start_server(desk.serve, "127.0.0.1", 0)
    pool = Pool(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        await work(Window(pool, 4, 0.5, 4), desk)
    finally:
        pool.close()
        server.close()


def test_rounds_share_the_window_and_keep_their_order() -> None:
    async def answering(name: str) -> bytes:
        await asyncio.sleep(0)
        return ok(name)

    async def work(window: Window, desk: Desk) -> None:
        names = [[f"{letter}{number}" for number in range(30)] for letter in "ab"]
        first, second = (window.through(Round(each, asked, read, str)) for each in names)
        alone = window.through(Round(["alone"], asked, read), first=True)
        assert await asyncio.gather(first, second, alone) == [*names, ["alone"]]
        assert desk.most <= 4
        assert desk.connections <= 4
        assert await window.through(Round(list[str](), asked, read, str)) == []

    asyncio.run(through(answering, work))


def test_who_says_nothing_in_time_is_left_alone_until_the_next_round() -> None:
    quiet, forever = [True], asyncio.Event

    async def answering(name: str) -> bytes:
        if quiet[0]:
            await forever().wait()
        return ok(name)

    async def work(window: Window, desk: Desk) -> None:
        def counted(name: str, told: Told, milliseconds: int) -> str:
            window.silent = 0 if isinstance(told, Answer) else window.silent + 1
            return read(name, told, milliseconds)

        names = [str(number) for number in range(20)]
        found = await window.through(Round(names, asked, counted, lambda _: "held"))
        assert found[:4] == ["TimeoutError"] * 4
        assert set(found[8:]) == {"held"}
        quiet[0] = False
        assert await window.through(Round(names, asked, counted, lambda _: "held")) == names

    asyncio.run(through(answering, work))


def test_an_error_of_ours_reaches_the_caller_and_frees_the_window() -> None:
    async def answering(name: str) -> bytes:
        return ok(name)

    def odd(name: str) -> bytes:
        if name == "odd":
            raise KeyError(name)
        return asked(name)

    def unread(name: str, told: Told, milliseconds: int) -> str:
        raise RuntimeError(name)

    async def work(window: Window, desk: Desk) -> None:
        for _ in range(3):
            with pytest.raises(KeyError):
                await window.through(Round(["a", "b", "odd", "c", "d"], odd, read, str))
            with pytest.raises(RuntimeError):
                await window.through(Round(["a", "b"], asked, unread, str))
        assert await window.through(Round(["a", "b", "c"], asked, read, str)) == ["a", "b", "c"]

    asyncio.run(through(answering, work))


def test_nobody_there_is_told_as_not_sent() -> None:
    async def work() -> None:
        window = Window(Pool(f"http://127.0.0.1:{free_port()}"), 2, 0.5, 10)
        found = await window.through(Round(["a", "b", "c"], asked, lambda _, told, __: type(told), str))
        assert found == [NotSent] * 3

    asyncio.run(work())
