"""What was asked of the public side, without who asked and without what: a query audit free of personal data.

Only numbers are kept: per minute, route, kind of question and outcome. They are counted in memory and
appended to a file of the day by one write now and then; a crash loses a few seconds of counts.
"""

import atexit
import json
import os
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from shared.logs import get_log
from shared.web.turnstile import Wsgi

ASKED = "credit.asked"
"""In the WSGI environment: (kind of question, outcome), put there by whoever answered."""
FLUSH_SECONDS, MOST = 10.0, 500
log = get_log("query-audit")


def note(environ: dict[str, Any], kind: str, outcome: str) -> None:
    """Say what kind of question this request was, and how it ended."""
    environ[ASKED] = (kind, outcome)


class Tally:
    """WSGI around the public application."""

    def __init__(self, app: Wsgi, folder: Path) -> None:
        self._app, self._folder = app, folder
        self._counts: dict[tuple[str, str, str, str, int], int] = {}
        self._since = time.monotonic()
        self._lock = Lock()
        folder.mkdir(parents=True, exist_ok=True)
        atexit.register(self.flush)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen: list[int] = []

        def start(status: str, headers: Any, error: Any = None) -> Any:
            seen.append(int(status[:3]))
            return start_response(status, headers, error) if error else start_response(status, headers)

        answer = self._app(environ, start)
        if ASKED in environ or (seen and seen[-1] == 429):
            kind, outcome = environ.get(ASKED, ("", "refused"))
            route = environ["PATH_INFO"] if ASKED in environ else ""
            self._count((route, kind, outcome, seen[-1] if seen else 0))
        return answer

    def _count(self, what: tuple[str, str, str, int]) -> None:
        key = (_minute(int(time.time() // 60)), *what)
        with self._lock:
            self._counts[key] = self._counts.get(key, 0) + 1
            due = time.monotonic() - self._since > FLUSH_SECONDS or len(self._counts) >= MOST
        if due:
            self.flush()

    def flush(self) -> None:
        """One append of whole lines; several processes may share the file."""
        with self._lock:
            counts, self._counts, self._since = self._counts, {}, time.monotonic()
        if not counts:
            return
        try:
            append(self._folder / f"{datetime.now(UTC):%Y-%m-%d}.jsonl", "".join(map(_line, counts.items())))
        except OSError as error:  # a full disk stops the counting, not the register
            log.warning("query_audit_lost", entries=len(counts), error=type(error).__name__)


@lru_cache(2)
def _minute(number: int) -> str:
    """As it is written, by its number since 1970."""
    return f"{datetime.fromtimestamp(number * 60, UTC):%Y-%m-%dT%H:%MZ}"


def _line(item: tuple[tuple[str, str, str, str, int], int]) -> str:
    (minute, route, kind, outcome, status), count = item
    line = {
        "minute": minute, "route": route, "kind": kind, "outcome": outcome, "status": status, "count": count,
    }  # fmt: skip
    return json.dumps(line) + "\n"


def append(file: Path, text: str, opener: Callable[..., int] = os.open) -> None:
    """By one write to the end of the file, readable by its owner only."""
    handle = opener(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, text.encode())
    finally:
        os.close(handle)
