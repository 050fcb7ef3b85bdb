"""Starting, killing and ending the programs of a fault test."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tests.harness.forked import Forked

LEDGER = "tests.faults.ledger"


class Processes:
    """Child processes by name; all ended when the test ends."""

    def __init__(self) -> None:
        self._running: dict[str, Forked] = {}

    def start(self, name: str, *arguments: str, crash_at: str = "") -> Forked:
        env = {key: value for key, value in os.environ.items() if key != "CRASH_AT"}
        if crash_at:
            env["CRASH_AT"] = crash_at
        process = Forked(LEDGER, *arguments, env=env)
        self._running[name] = process
        return process

    def kill(self, name: str) -> None:
        process = self._running.pop(name)
        process.kill()
        process.wait(10)

    def end(self) -> None:
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            process.wait(10)


@contextmanager
def processes() -> Iterator[Processes]:
    started = Processes()
    try:
        yield started
    finally:
        started.end()
