"""Work done in a second process beside this one, so that two cores share it.

The second process answers one question at a time over a socket and ends with its end of that socket, so
also when this process is killed. Until it is ready, and once it is gone, the same work is done here: it
makes things faster, nothing depends on it.
"""

import logging
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
log = logging.getLogger(__name__)  # to stderr also where a command set no logs up


class Beside(Generic[Asked, Answer]):
    """Calls `make` there or here. There it is a copy of this process's or, begun later, sent over pickled:
    `opening` is then called first."""

    def __init__(self, make: Callable[[Asked], Answer], opening: Callable[[], None]) -> None:
        self._make, self._opening = make, opening
        self._process: subprocess.Popen[bytes] | BaseProcess | None = None
        self._line: Connection | None = None
        self._ready = False

    def __enter__(self) -> "Beside[Asked, Answer]":
        return self

    def copy(self) -> None:
        """A copy of this process: has its modules and data at hand, so that it costs next to nothing.

        Nothing is started where this process has threads, whose locks a copy would hold for ever; `start`
        still may. So ask before threads begin.
        """
        if self._process is not None or _cores() < 2 or not _alone():
            return
        line, theirs = Pipe()
        context: Any = multiprocessing.get_context("fork")
        with theirs:
            process = context.Process(target=_copied, args=(line, theirs, self._make), daemon=True)
            process.start()
        self._process, self._line, self._ready = process, line, True

    def start(self) -> None:
        """A process of its own, once and for all; on a machine of one core nothing is started."""
        if self._process is not None or _cores() < 2:
            return
        line, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # Ctrl-C is for this process, which then ends the other
            )
        line.send((self._make, self._opening))
        self._line = line

    @property
    def pid(self) -> int | None:
        """The second process, once it is ready and until it is gone."""
        if self._line is None:
            return None
        try:
            if not self._ready and self._line.poll():
                self._line.recv()
                self._ready = True
        except (EOFError, OSError):
            self._give_up()
        return self._process.pid if self._process and self._ready and self._line else None

    def __call__(self, asked: Asked) -> Answer:
        if self.pid is not None and self._line is not None:
            try:
                self._line.send(asked)
                answer: Answer = self._line.recv()
                return answer
            except (EOFError, OSError):
                self._give_up()
        return self._make(asked)

    def _give_up(self) -> None:
        log.warning("the process beside this one is gone: its work is done here")
        self._line = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line = None
        if self._process is not None:
            self._process.kill()  # it has nothing to lose
            if isinstance(self._process, BaseProcess):
                self._process.join()
            else:
                self._process.wait()


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _alone() -> bool:
    """Whether this process is known to have one thread only, those of libraries included."""
    tasks = Path("/proc/self/task")
    return tasks.is_dir() and len(list(tasks.iterdir())) == 1


def answer(line: Connection) -> None:
    """What the second process does: says that it is ready, and answers until nobody asks any more."""
    try:
        make, opening = line.recv()
        opening()
        line.send(None)
    except (EOFError, OSError):
        return
    _answer_all(line, make)


def _copied(ours: Connection, theirs: Connection, make: Callable[[Any], Any]) -> None:
    ours.close()  # or it would never see the end of the questions
    os.setsid()
    _answer_all(theirs, make)


def _answer_all(line: Connection, make: Callable[[Any], Any]) -> None:
    try:
        while True:
            line.send(make(line.recv()))
    except (EOFError, OSError):
        return


if __name__ == "__main__":
    answer(Connection(int(sys.argv[1])))
