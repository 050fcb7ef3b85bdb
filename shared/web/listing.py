"""One page of a list for people: the last row seen, the rows to show, the addresses around them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from flask import request

from shared.web.pages import with_query
from shared.web.paging import cut, last_id

Row = TypeVar("Row")


class Around(NamedTuple):
    """What `kit.pagination` takes; empty where there is no such page."""

    next_url: str
    first_url: str


def last_seen() -> str | None:
    """The id of the last row already shown, from the address."""
    return last_id(request.args.get("cursor"))


def listed(
    found: Sequence[Row], limit: int, key: Callable[[Row], str] | None = None
) -> tuple[Sequence[Row], dict[str, Any]]:
    """One page of the rows found (one more than fit), and for the template the addresses around it."""
    shown, following = cut(found, limit, lambda row: [key(row) if key else _id(row)])
    around = Around(
        with_query(cursor=following) if following else "",
        with_query(cursor=None) if request.args.get("cursor") else "",
    )
    return shown, around._asdict()


def _id(row: Any) -> str:
    return str(row.id)
