"""Loops that speak to platforms, made anew when the catalogue changes: a new platform needs no restart."""

import threading
from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from services.credit_push.usecases.profiles import LiveCatalogue
from shared.loops import Loop

POLL_SECONDS = 0.5
"""What platforms leave for us is looked for so often."""


class Closable(Protocol):
    """What a loop speaks through."""

    def close(self) -> None: ...


Way = TypeVar("Way", bound=Closable)


class Following(Generic[Way]):
    """One loop over ways of its own, as the catalogue is now. What is under way is finished first."""

    def __init__(
        self,
        name: str,
        catalogue: LiveCatalogue,
        renew: Callable[[], Mapping[str, Way]],
        make: Callable[[Mapping[str, Way]], Loop],
    ) -> None:
        self.name = name
        self._catalogue, self._renew, self._make = catalogue, renew, make
        self._closing = threading.Event()
        self._open()

    def _open(self) -> None:
        self._generation = self._catalogue.generation
        self._ways = self._renew()
        self._loop: Any = self._make(self._ways)

    def step(self) -> bool:
        """A step of the loop as it has to be now."""
        if self._catalogue.generation != self._generation:
            self._let_go()
            self._open()
        return bool(self._loop.step())

    def wait(self, timeout: float) -> bool:
        """As the loop waits, if it can be woken."""
        wait = getattr(self._loop, "wait", None)
        return bool(wait(timeout)) if wait else not self._closing.wait(max(timeout, POLL_SECONDS))

    def _let_go(self) -> None:
        close = getattr(self._loop, "close", None)
        if close is not None:
            close()
        for way in self._ways.values():
            way.close()

    def close(self) -> None:
        """Finish what is under way and let go of the platforms."""
        self._closing.set()
        self._let_go()
