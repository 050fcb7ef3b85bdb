"""A process beside this one: asked over a socket, dispensable, gone with this one."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial

import pytest

from shared import beside
from shared.beside import Beside
from tests.harness.wait import until

WAIT = 120.0


def told(before: str, asked: str) -> tuple[str, int]:
    if asked == "wrong":
        raise ValueError(asked)
    return before + asked, os.getpid()


def nothing() -> None:
    pass


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Iterator[Beside[str, tuple[str, int]]]:
    monkeypatch.setattr(beside, "_cores", lambda: 2)
    with Beside(partial(told, "said "), nothing) as made:
        yield made


def test_asked_here_there_and_here_again_once_it_is_killed(other: Beside[str, tuple[str, int]]) -> None:
    assert other("a") == ("said a", os.getpid())
    other.start()
    until(lambda: other.pid is not None, WAIT, "the other process to be ready")
    assert other("b") == ("said b", other.pid)
    assert other.pid
    os.kill(other.pid, signal.SIGKILL)
    assert other("c") == ("said c", os.getpid())
    assert other.pid is None
    other.start()
    assert other("d") == ("said d", os.getpid())


def test_what_goes_wrong_there_is_raised_here(other: Beside[str, tuple[str, int]]) -> None:
    other.start()
    until(lambda: other.pid is not None, WAIT, "the other process to be ready")
    with pytest.raises(ValueError, match="wrong"):
        other("wrong")


def test_one_core_has_no_second_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "_cores", lambda: 1)
    with Beside(partial(told, ""), nothing) as alone:
        alone.start()
        assert alone("a") == ("a", os.getpid())


def test_it_ends_when_nobody_can_ask_any_more() -> None:
    """As when this process is killed: its end of the socket closes."""
    line, theirs = beside.Pipe()
    with theirs:
        command = [sys.executable, "-m", "shared.beside", str(theirs.fileno())]
        process = subprocess.Popen(command, pass_fds=(theirs.fileno(),))
    line.send((partial(told, ""), nothing))
    assert line.recv() is None
    line.close()
    assert process.wait(WAIT) == 0
