"""Cases of one file begun together, for those that mostly wait; each test asks what became of its own."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

Key = TypeVar("Key")


def asked(request: pytest.FixtureRequest, file: str, *names: str) -> list[Any]:
    """The parameters (one, or a tuple of several) of those tests of a file that are to run."""
    found = []
    for item in request.session.items:
        given = getattr(getattr(item, "callspec", None), "params", {})
        if item.path == Path(file) and set(names) <= given.keys():
            found.append(given[names[0]] if len(names) == 1 else tuple(given[name] for name in names))
    return found


@contextmanager
def side_by_side(
    work: Callable[[Key], None], lanes: Sequence[tuple[int, Sequence[Key]]]
) -> Iterator[dict[Key, Future[None]]]:
    """So many at a time of each group; groups beside each other."""
    begun: dict[Key, Future[None]] = {}
    with ExitStack() as stack:
        for width, keys in lanes:
            pool = ThreadPoolExecutor(width)
            stack.callback(pool.shutdown, cancel_futures=True)
            begun |= {key: pool.submit(work, key) for key in keys}
        yield begun
