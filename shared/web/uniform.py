"""Answers that look alike from outside: the same size and the same time whatever they say.

Whoever listens to the wire, or asks with a stop-watch, must not learn whether a person is listed. The
answer is filled up with blanks to a multiple of SIZE, and given at the next whole STEP after the question.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
SIZE = 16 * 1024
STEP = 0.05
"""Seconds; several times what the slowest answer takes. A thread waits meanwhile: budgets keep them few."""


class UniformAnswers:
    """WSGI around an application: POST to one of the paths is answered uniformly."""

    def __init__(self, app: Wsgi, paths: Iterable[str]) -> None:
        self._app, self._paths = app, frozenset(paths)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST" or environ["PATH_INFO"] not in self._paths:
            return self._app(environ, start_response)
        started = time.perf_counter()
        said: list[tuple[str, list[tuple[str, str]]]] = []

        def keep(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Callable[[bytes], None]:
            said[:] = [(status, headers)]
            return _no_writing

        answer = self._app(environ, keep)
        try:
            body = b"".join(answer)
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()
        status, headers = said[0]
        body = filled(body)
        headers = [each for each in headers if each[0].lower() not in _REPLACED]
        headers += [("Content-Length", str(len(body))), ("Cache-Control", "no-store, no-transform")]
        headers.append(("X-Robots-Tag", "noindex"))
        time.sleep(until_step(time.perf_counter() - started))
        start_response(status, headers)
        return [body]


_REPLACED = {"content-length", "cache-control", "etag", "x-robots-tag"}


def _no_writing(_: bytes) -> None:
    raise RuntimeError("answers are returned, not written")


def filled(body: bytes) -> bytes:
    """With blanks behind it, which neither JSON nor HTML minds, to a multiple of SIZE."""
    return body + b" " * (-len(body) % SIZE)


def until_step(spent: float) -> float:
    """How long until the next whole step."""
    return STEP - spent % STEP
