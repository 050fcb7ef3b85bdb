"""The runner: a loop's error is survived with growing pauses, work is done at once, stopping is quick."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from shared.clock import FixedClock
from shared.loops import WORST_PAUSE, Periodic, drain, last_success, pause, run
from tests.harness.wait import PATIENCE, until


class Counting:
    """Does `work` steps, failing at the given ones."""

    def __init__(self, work: int, failing: tuple[int, ...] = ()) -> None:
        self.name, self.left, self.failing = "counting", work, failing
        self.steps, self.waited, self.closed = 0, 0, False

    def step(self) -> bool:
        self.steps += 1
        if self.steps in self.failing:
            raise RuntimeError("this step fails")
        self.left -= self.left > 0
        return self.left > 0

    def wait(self, timeout: float) -> bool:
        self.waited += 1
        return threading.Event().wait(min(timeout, 0.01))

    def close(self) -> None:
        self.closed = True


def test_drain_steps_until_nothing_is_left() -> None:
    assert drain([Counting(3), Counting(5)]) == 2 + 4


def test_drain_gives_up_on_endless_work() -> None:
    with pytest.raises(RuntimeError, match="counting"):
        drain([Counting(10_000)], rounds=50)


def test_run_works_waits_survives_errors_and_closes() -> None:
    loop, stop = Counting(5, failing=(2, 3)), threading.Event()
    runner = threading.Thread(target=run, args=([loop], stop))
    runner.start()
    until(lambda: loop.waited > 1, 5.0)
    stop.set()
    runner.join(5.0 * PATIENCE)
    assert loop.left == 0
    assert loop.closed
    assert last_success.labels("counting")._value.get() > 0


def test_a_loop_that_cannot_be_woken_is_polled() -> None:
    class Plain:
        name = "plain"
        steps = 0

        def step(self) -> bool:
            self.steps += 1
            return False

    loop, stop = Plain(), threading.Event()
    runner = threading.Thread(target=run, args=([loop], stop, 0.001))
    runner.start()
    until(lambda: loop.steps > 3, 5.0)
    stop.set()
    runner.join(5.0 * PATIENCE)


def test_an_error_while_closing_does_not_keep_the_runner() -> None:
    class Clinging(Counting):
        def close(self) -> None:
            raise RuntimeError("no")

    stop = threading.Event()
    stop.set()
    run([Clinging(0)], stop)


def test_pauses_grow_to_a_limit() -> None:
    assert pause(1) <= 0.2
    assert all(pause(failures) <= WORST_PAUSE for failures in range(1, 2000, 7))
    assert max(pause(50) for _ in range(50)) > WORST_PAUSE * 0.7


class Commits:
    """Tells once of a commit."""

    def __init__(self) -> None:
        self.told, self.closed = threading.Event(), False

    def wait(self, timeout: float) -> bool:
        told = self.told.wait(timeout)
        self.told.clear()
        return told

    def close(self) -> None:
        self.closed = True


def test_a_loop_without_a_wait_is_asked_again_after_a_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but the commit can bring the second step within the test's time."""

    class Plain:
        name = "told"
        steps = 0

        def step(self) -> bool:
            self.steps += 1
            return False

    monkeypatch.setattr("shared.loops.GROWTH", 100_000.0)
    monkeypatch.setattr("shared.loops.QUIET", 3600.0)
    loop, stop, commits = Plain(), threading.Event(), Commits()
    runner = threading.Thread(target=run, args=([loop], stop, 0.01, lambda: commits))
    runner.start()
    until(lambda: loop.steps == 2, 60, "the short first pause")
    commits.told.set()
    until(lambda: loop.steps == 3, 60, "the step after the commit")
    stop.set()
    runner.join(60)
    assert commits.closed


def test_a_periodic_loop_works_when_it_is_time_and_goes_on_while_there_is_more() -> None:
    clock, left, asked = FixedClock(datetime(2026, 3, 2, tzinfo=UTC)), [2, 1, 0, 0], []

    def do(now: datetime) -> bool:
        asked.append(now)
        return left.pop(0) > 0

    loop = Periodic("periodic", clock, timedelta(minutes=5), do)
    assert [loop.step() for _ in range(4)] == [True, True, False, False]
    assert len(asked) == 3
    clock.advance(timedelta(minutes=5))
    assert not loop.step()
    assert len(asked) == 4
