"""Starts named processes, restarts what dies, and stops them all within a bound.

Knows no service: `services/__main__.py` says which commands run. Children live in sessions of their own, so
Ctrl-C reaches only the supervisor, and on Linux they get SIGTERM if the supervisor itself is killed.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

STOP_SECONDS = 7.0
_RESTART_DELAYS = (0.2, 0.5, 1.0, 2.0, 5.0)
_STEADY_SECONDS = 30.0
_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One supervised command; its output goes to `<log_dir>/<name>.log`."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log_dir: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float = 0.0
    failures: int = 0
    _log: IO[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        self.log_dir.mkdir(parents=True, exist_ok=True)
        if self._log is None:
            self._log = (self.log_dir / f"{self.name}.log").open("ab")
        self.process = subprocess.Popen(
            list(self.argv),
            env=dict(self.env),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  the supervisor has one thread
        )
        self.started_at = time.monotonic()

    def tend(self, say: Callable[[str], None]) -> None:
        """Notice a death and start again, later each time it dies young."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.restart_at:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        self.failures = 0 if now - self.started_at > _STEADY_SECONDS else self.failures + 1
        self.restart_at = now + _RESTART_DELAYS[min(self.failures, len(_RESTART_DELAYS) - 1)]
        self.process = None
        say(f"{self.name} ended with {code}; starting it again (see {self.log_dir / self.name}.log)")

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                return

    def gone(self) -> bool:
        return self.process is None or self.process.poll() is not None


class Supervisor:
    """`start()` the children, call `tend()` now and then, and `stop()` in the end."""

    def __init__(self, children: Sequence[Child], say: Callable[[str], None]) -> None:
        self.children = list(children)
        self.say = say
        self.stopping = False

    def catch_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: object) -> None:
        self.stopping = True

    def start(self) -> None:
        for child in self.children:
            child.start()

    def tend(self) -> None:
        for child in self.children:
            child.tend(self.say)

    def wait(self) -> None:
        """Tend until a signal asks to stop."""
        while not self.stopping:
            self.tend()
            time.sleep(0.2)

    def stop(self) -> None:
        """SIGTERM to all, SIGKILL to what is left after `STOP_SECONDS`."""
        for child in self.children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and not all(child.gone() for child in self.children):
            time.sleep(0.05)
        for child in self.children:
            child.signal(signal.SIGKILL)
