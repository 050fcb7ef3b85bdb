"""The short way of a question by words: answered before Flask, with the same search and the same answer.

Most of an answer took reading, checking and writing what hardly ever varies. Taken here is a plain
public question (`q`, maybe `limit`); anything else, and whatever goes wrong, takes the long way, which checks
and refuses. tests/integration/test_search_lane.py holds both to the same answers.
"""

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote_plus

from flask import Flask

from services.blacklist.register import queries
from services.blacklist.register.api.freshness import cache_control
from services.blacklist.register.api.lookups import score_key
from services.blacklist.register.api.noting import note_search
from services.blacklist.register.domain.scope import searched
from services.blacklist.register.index import reading
from services.blacklist.register.queries import Criteria
from services.blacklist.store import Deps
from shared.logs import get_log
from shared.web.body import clean
from shared.web.headers import fixed_headers, request_id_of
from shared.web.observe import COUNTING
from shared.web.paging import cut, page

ROUTE = "/api/v1/register"
LONGEST, MOST, USUAL = 200, 100, 20
_PERSONAL = ("HTTP_COOKIE", "HTTP_AUTHORIZATION", "HTTP_TRACEPARENT", "HTTP_ORIGIN")
"""A request with any of these is not the plain one."""
_FIXED = [
    ("Content-Type", "application/json"),
    ("Vary", "Cookie, Accept"),
]
_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=date.isoformat).encode
_USUAL_FORM = re.compile(r"q=([^&=;]+)(?:&limit=([0-9]{1,3}))?")
_ALL_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
"""As browsers write a question in Chinese: read at once instead of sign by sign."""
log = get_log("request")
_logger = logging.getLogger("request")
Environ = dict[str, Any]
StartResponse = Any
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]


class Plain(NamedTuple):
    """What a plain question asks."""

    q: str
    limit: int


@lru_cache(2)
def _scope(today: date) -> str:
    """What was searched, as it is written: the same in every answer of a day."""
    return _write(searched(today))


class SearchLane:
    """WSGI in front of the application."""

    def __init__(self, app: Flask, deps: Deps, *, production: bool) -> None:
        self._long_way: Wsgi = app.wsgi_app
        self._path = f"{app.config['URL_PREFIX']}{ROUTE}"
        self._deps, self._production = deps, production
        self._count: Callable[[str, str, int, float], None] = app.extensions[COUNTING]

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        asked = self._plain(environ) if environ["PATH_INFO"] == self._path else None
        if asked is None:
            return self._long_way(environ, start_response)
        started = time.perf_counter()
        try:
            body = self._answer(asked, environ)
        except Exception:  # noqa: BLE001  the long way says what is wrong, in the form the caller expects
            return self._long_way(environ, start_response)
        request_id = request_id_of(environ.get("HTTP_X_REQUEST_ID", ""))
        tag = f'"{hashlib.sha1(body, usedforsecurity=False).hexdigest()}"'
        headers = [
            *_FIXED,
            ("Cache-Control", cache_control(self._deps)),
            ("ETag", tag),
            *fixed_headers(request_id, production=self._production).items(),
        ]
        known = tag in environ.get("HTTP_IF_NONE_MATCH", "")
        if known:
            start_response("304 Not Modified", headers[1:])
        else:
            start_response("200 OK", [*headers, ("Content-Length", str(len(body)))])
        self._observe(304 if known else 200, time.perf_counter() - started, request_id)
        return [] if known else [body]

    def _plain(self, environ: Environ) -> Plain | None:
        if environ["REQUEST_METHOD"] != "GET" or not environ.keys().isdisjoint(_PERSONAL):
            return None
        return plain_question(environ.get("QUERY_STRING", ""))

    def _answer(self, asked: Plain, environ: Environ) -> bytes:
        today = self._deps.clock.today()
        with reading(self._deps.db.reading) as connection:
            rows = queries.search_on(connection, Criteria(q=asked.q), today, limit=asked.limit)
        shown, following = cut(rows, asked.limit, score_key)
        note_search(environ, asked.q, shown)
        return f'{_write(page(shown, following))[:-1]},"scope":{_scope(today)}}}'.encode()

    def _observe(self, status: int, spent: float, request_id: str) -> None:
        self._count(self._path, "GET", status, spent)
        if not _logger.isEnabledFor(logging.INFO):
            return
        ms = round(spent * 1000, 1)
        log.info(
            "request", method="GET", route=self._path, status=status, ms=ms, user=None, request_id=request_id
        )


def plain_question(query: str) -> Plain | None:
    """`q` and maybe `limit`, each once and well-formed; None where the long way has to look."""
    try:
        q, limit = _given(query)
    except ValueError:
        return None
    if not q.strip() or len(q) > LONGEST or not clean(q):
        return None
    if not (limit.isascii() and limit.isdigit() and len(limit) <= 3 and 1 <= int(limit) <= MOST):
        return None
    return Plain(q, int(limit))


def _given(query: str) -> tuple[str, str]:
    """Both as they were meant; ValueError for whatever else was given."""
    if usual := _USUAL_FORM.fullmatch(query):
        text, limit = usual[1], usual[2] or str(USUAL)
        if _ALL_ESCAPED.fullmatch(text):
            return bytes.fromhex(text.replace("%", "")).decode(), limit
        return unquote_plus(text, errors="strict"), limit
    pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict")
    given = dict(pairs)
    if len(given) < len(pairs) or given.keys() - {"q", "limit"}:
        raise ValueError(query)
    return given.get("q", ""), given.get("limit", str(USUAL))
