"""Waiting for a condition: the only way tests wait."""

import os
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from tests.harness.bell import ringing

T = TypeVar("T")
PATIENCE = 4 if os.environ.get("REQUIRE_REAL") else 1
"""A busy machine that checks everything may be several times slower; a condition still ends the wait."""


def until(condition: Callable[[], T], timeout: float = 10.0, what: str = "", every: float = 0.02) -> T:
    """The first truthy value of `condition()`; fails after `timeout` seconds, naming what was awaited."""
    timeout *= PATIENCE
    end = time.monotonic() + timeout
    pause = threading.Event()
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout} s: {what or condition}")
        for ring in tuple(ringing):
            ring()
        pause.wait(every)
    return value
