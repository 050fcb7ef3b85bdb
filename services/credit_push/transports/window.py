"""A sliding window of exchanges with one platform, moved on by the answers themselves.

The next request goes out on the connection an answer has just come in on, in the same call: a task and a
timer for each exchange cost more than the exchange. New connections are made by tasks, and timed by them.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, cast

from shared.wire import Answer, BadAnswer, Connection, Pool

Item = TypeVar("Item")
Result = TypeVar("Result")
Told = Answer | Exception
"""The answer, or why there is none."""


class NotSent(Exception):
    """No connection to be had, or too late: nothing of the request left the house."""


class Round(Generic[Item, Result]):
    """What one caller wants to know: a question an item, a result an answer."""

    def __init__(
        self,
        items: Sequence[Item],
        ask: Callable[[Item], bytes],
        read: Callable[[Item, Told, int], Result],
        held: Callable[[Item], Result] | None = None,
        stands: Callable[[Item], bool] | None = None,
    ) -> None:
        """`read` also gets the milliseconds it took. `held`: what becomes of items that are not asked about,
        as the platform says nothing any more; None where they are asked about all the same. `stands`: looked
        at right before an item goes out; from the first that does not, all are held.
        """
        self._items, self._ask, self._read, self._held = items, ask, read, held
        self._stands = stands
        self._found: list[Result | None] = [None] * len(items)
        self._next = self._under_way = 0
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def fresh(self) -> bool:
        """Whether it is a batch of which nothing has been asked yet: the platform gets a new chance."""
        return not self._next and self._held is not None

    def take(self, *, silent: bool) -> int | None:
        """The next item's place, None where none is left."""
        lost = self._next < len(self._items) and not self.stands(self._next)
        if (silent or lost) and self._held is not None:
            for at in range(self._next, len(self._items)):
                self._found[at] = self._held(self._items[at])
            self._next = len(self._items)
        if self._next < len(self._items):
            self._next += 1
            self._under_way += 1
            return self._next - 1
        self._end()
        return None

    def stands(self, at: int) -> bool:
        """Whether this item may still go out."""
        return self._stands is None or self._stands(self._items[at])

    def check(self, at: int) -> None:
        """NotSent where it may not."""
        if not self.stands(at):
            raise NotSent("no longer ours")

    def request(self, at: int) -> bytes:
        return self._ask(self._items[at])

    def put(self, at: int, told: Told, milliseconds: int) -> None:
        self._found[at] = self._read(self._items[at], told, milliseconds)
        self._under_way -= 1
        self._end()

    def fail(self, error: Exception) -> None:
        """An error of ours: the caller gets it, and nothing more is asked."""
        self._next = len(self._items)
        if not self._over.done():
            self._over.set_exception(error)

    def _end(self) -> None:
        if self._next == len(self._items) and not self._under_way and not self._over.done():
            self._over.set_result(None)

    async def results(self) -> list[Result]:
        """In the order of the items, once all are there."""
        await self._over
        return cast("list[Result]", self._found)


class _Exchange:
    """One request on its way."""

    __slots__ = ("at", "began", "connection", "round", "window")

    def __init__(self, window: "Window", asked: Round[Any, Any], at: int, connection: Connection) -> None:
        self.window, self.at = window, at
        self.round: Round[Any, Any] | None = asked
        self.connection = connection
        self.began = window.loop.time()

    @property
    def done(self) -> bool:
        """Whether it is answered: then it holds on to nothing while its time runs out."""
        return self.round is None

    def told(self, what: Told) -> None:
        asked, self.round = self.round, None
        if asked is not None:
            self.window.finish(asked, self.at, self.began, self.connection, what)


class Window:
    """At most so many exchanges at a time; rounds one after the other, each begun when the last item of the
    one before is on its way, so that two do not end together and leave the window empty.

    Once `patience` exchanges in a row have brought nothing, what is left of a round is held back: a platform
    that hangs must not occupy its thread, and its rows, for as many time-outs as it has rows.
    """

    def __init__(self, pool: Pool, size: int, seconds: float, patience: int) -> None:
        self._pool, self._free, self._seconds, self._patience = pool, size, seconds, patience
        self.silent = 0
        """Exchanges in a row without an answer: counted by whoever reads them."""
        self._rounds: deque[Round[Any, Any]] = deque()
        self._limits: deque[_Exchange] = deque()
        self._watch: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.loop: asyncio.AbstractEventLoop

    async def through(self, asked: Round[Item, Result], *, first: bool = False) -> list[Result]:
        """Take a round through the window; `first`: before what is still waiting in others."""
        self.loop = asyncio.get_running_loop()
        if first:
            self._rounds.appendleft(asked)
        else:
            self._rounds.append(asked)
        self._fill()
        return await asked.results()

    def _fill(self) -> None:
        while self._free and (following := self._following()) is not None:
            self._free -= 1
            self._go(*following, self._pool.idle())

    def _following(self) -> tuple[Round[Any, Any], int] | None:
        while self._rounds:
            asked = self._rounds[0]
            if asked.fresh:
                self.silent = 0
            at = asked.take(silent=self.silent >= self._patience)
            if at is not None:
                return asked, at
            self._rounds.popleft()
        return None

    def _go(self, asked: Round[Any, Any], at: int, connection: Connection | None) -> None:
        if connection is None:
            task = self.loop.create_task(self._on_a_new_one(asked, at))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        exchange = _Exchange(self, asked, at, connection)
        try:
            connection.ask(asked.request(at), exchange.told)
        except OSError as error:
            self.loop.call_soon(exchange.told, error)
        except Exception as error:  # noqa: BLE001  the caller's own, and told to it
            self._give_up(asked, connection, error)
            return
        self._limits.append(exchange)
        if self._watch is None:
            self._watch = self.loop.call_at(exchange.began + self._seconds, self._look)

    async def _on_a_new_one(self, asked: Round[Any, Any], at: int) -> None:
        began, connection = self.loop.time(), None
        told: Told
        try:
            connection = await asyncio.wait_for(self._pool.connect(), self._seconds)
            asked.check(at)
            left = self._seconds - (self.loop.time() - began)
            told = await connection.exchange(asked.request(at), left)
        except NotSent as error:
            told = error
        except (OSError, TimeoutError, BadAnswer) as error:
            told = error
            if connection is None:
                told = NotSent(type(error).__name__)
            else:
                connection.close()
        except Exception as error:  # noqa: BLE001  the caller's own, and told to it
            self._give_up(asked, connection, error)
            return
        self.finish(asked, at, began, connection, told)

    def finish(
        self, asked: Round[Any, Any], at: int, began: float, connection: Connection | None, told: Told
    ) -> None:
        """One answer, or none: its result, and the next request in its place."""
        while self._limits and self._limits[0].done:
            self._limits.popleft()
        try:
            asked.put(at, told, int((self.loop.time() - began) * 1000))
        except Exception as error:  # noqa: BLE001  the caller's own, and told to it
            asked.fail(error)
        following = self._following()
        if following is not None:
            usable = connection if connection is not None and connection.open else self._pool.idle()
            self._go(*following, usable)
            return
        self._free += 1
        if connection is not None:
            self._pool.give(connection)

    def _give_up(self, asked: Round[Any, Any], connection: Connection | None, error: Exception) -> None:
        asked.fail(error)
        self._free += 1
        if connection is not None:
            self._pool.give(connection)
        self.loop.call_soon(self._fill)

    def _look(self) -> None:
        """Whoever has had no answer in time gets none."""
        now, self._watch = self.loop.time(), None
        while self._limits and (self._limits[0].done or self._limits[0].began + self._seconds <= now):
            late = self._limits.popleft()
            if not late.done:
                late.connection.break_off(TimeoutError("no answer in time"))
        if self._limits and self._watch is None:
            self._watch = self.loop.call_at(self._limits[0].began + self._seconds, self._look)
