"""上一页 with keyset cursors, which only lead on: the address carries those of the pages before this one."""

from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import request

FIRST, BETWEEN, MOST = "-", "~", 10
"""The first page has no cursor; so many pages back are remembered."""


def turned(with_query: Callable[..., str], next_url: str) -> tuple[str, str]:
    """Addresses of the page before ("" if it is not known) and of the next one, which can come back."""
    cursor = request.args.get("cursor")
    trail = _trail() if cursor else []
    before = ""
    if trail:
        last = None if trail[-1] == FIRST else trail[-1]
        before = with_query(cursor=last, back=BETWEEN.join(trail[:-1]) or None)
    return before, _leading_back(next_url, [*trail, cursor or FIRST][-MOST:]) if next_url else ""


def _trail() -> list[str]:
    back = request.args.get("back", "")
    return [each for each in back.split(BETWEEN) if each][-MOST:]


def _leading_back(address: str, trail: list[str]) -> str:
    parts = urlsplit(address)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != "back"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("back", BETWEEN.join(trail))])))
