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


GONE = "the process beside this one is gone: its work is done here"
COPIED = """
import os, signal, threading
from shared import beside
beside._cores = lambda: 2
ready = ["what a copy has at hand"]
with beside.Beside(lambda asked: (ready, asked, os.getpid()), lambda: None) as other:
    other.copy()
    other.start()
    there = other.pid
    assert there and other("a") == (ready, "a", there)
    os.kill(there, signal.SIGKILL)
    assert other("b") == (ready, "b", os.getpid())
with beside.Beside(lambda asked: asked, lambda: None) as other:
    other.copy()
    assert other("c") == "c"
    process = other._process
    other._line.close()
    process.join(120)
    assert process.exitcode == 0
stop = threading.Event()
thread = threading.Thread(target=stop.wait)
thread.start()
with beside.Beside(lambda asked: asked, lambda: None) as other:
    other.copy()
    assert other.pid is None
    stop.set()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody can say how many threads there are")
def test_a_copy_is_ready_at_once_and_never_made_beside_threads() -> None:
    run = [sys.executable, "-c", COPIED]
    told = subprocess.run(run, capture_output=True, text=True, timeout=WAIT, check=False)
    assert (told.returncode, told.stderr.splitlines()) == (0, [GONE])


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
