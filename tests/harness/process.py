"""A program of the harness: its output goes to a file; it ends by SIGTERM or, for fault tests, SIGKILL."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.harness.ports import is_open
from tests.harness.wait import PATIENCE, until


def end_orderly() -> None:
    """Told to end, this process stops what it started as after Ctrl-C; else all of it were left behind."""
    if threading.current_thread() is threading.main_thread() and (
        signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    ):
        signal.signal(signal.SIGTERM, signal.default_int_handler)


class Program:
    """One process that listens on `port`."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        port: int,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        stop_signal: int = signal.SIGTERM,
    ) -> None:
        self.command, self.log, self.port, self.user = list(command), log, port, user
        self.env = dict(os.environ, **(env or {}))
        self.stop_signal = stop_signal
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, timeout: float = 60.0, *, detached: bool = False) -> None:
        end_orderly()
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=self.env,
                user=self.user,
                cwd=self.log.parent,
                start_new_session=detached,
            )
        until(self._is_up, timeout, f"{self.command[0]} on port {self.port}; see {self.log}")

    def _is_up(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            tail = self.log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{self.command[0]} ended with {self.process.returncode}:\n{tail}")
        return is_open(self.port)

    def kill(self) -> None:
        """As a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10 * PATIENCE)

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(self.stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(15 * PATIENCE)
            return
        self.kill()
