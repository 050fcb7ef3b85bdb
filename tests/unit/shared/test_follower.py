"""Following what changes elsewhere: one look at a time, and what is known meanwhile."""

import threading

import pytest

from shared.follower import Follower


def test_it_looks_no_more_often_than_told_and_again_when_asked_to_forget() -> None:
    follower = Follower(0, lambda known: known + 1, every=3600)
    assert [follower.current() for _ in range(3)] == [1, 1, 1]
    follower.forget()
    assert follower.current() == 2
    follower.every = 0
    assert [follower.current() for _ in range(2)] == [3, 4]


def test_a_failing_look_is_told_once_and_what_is_known_goes_on() -> None:
    def fail(_known: str) -> str:
        raise OSError("away")

    follower = Follower("old", fail, every=3600)
    with pytest.raises(OSError, match="away"):
        follower.current()
    assert follower.current() == "old"


def test_nobody_waits_for_anothers_look() -> None:
    inside, go_on = threading.Event(), threading.Event()

    def slow(_known: str) -> str:
        inside.set()
        go_on.wait(60)
        return "new"

    follower = Follower("old", slow, every=0)
    looking = threading.Thread(target=follower.current)
    looking.start()
    assert inside.wait(60)
    assert follower.current() == "old"
    go_on.set()
    looking.join(60)
    follower.every = 3600
    assert follower.current() == "new"
