"""Deliveries as plain values: loaded, changed and written back in bulk, a statement for each set of columns.

The ORM's `Delivery` is the table; where hundreds of rows move at a time, these are used instead.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from itertools import compress
from operator import attrgetter, ne
from typing import Any, cast

from sqlalchemy import Select, Table, select
from sqlalchemy.orm import Session

from services.credit_push.domain import WAITING
from services.credit_push.models import Delivery
from shared.db import Columns, change_rows

TABLE = cast("Table", Delivery.__table__)


@dataclass(slots=True)
class Row:
    """One delivery; the columns of the table, in its order (see `models.Delivery` for what they mean)."""

    id: str
    listing_id: str
    platform: str
    version: int
    sequence: int
    operation: str
    state: str
    due_on: date | None
    late: bool
    idempotency_key: str
    resent: int
    possibly_sent: bool
    ask_first: bool
    was_dead: bool
    attempts_count: int
    failures: int
    next_attempt_at: datetime
    last_attempt_at: datetime | None
    lease_holder: str | None
    lease_until: datetime | None
    lease_token: int
    batch_id: str | None
    receipt_number: str | None
    result_field: str | None
    result_code: str | None
    result_reason: str | None
    layout: str | None
    match_key: str | None
    content_digest: str | None
    sent_row: str | None
    department_id: str
    region: str
    list_code: str
    subject_name: str
    document_number: str
    created_at: datetime
    accepted_at: datetime | None
    settled_at: datetime | None
    was: tuple[Any, ...] = field(default=(), repr=False, compare=False)
    """What may change, as the database has it; empty for a row that is not there yet."""


COLUMNS = tuple(one.name for one in fields(Row) if one.name != "was")
if tuple(column.name for column in TABLE.columns) != COLUMNS:  # a column added on one side only
    raise AssertionError("usecases.rows.Row is not push_deliveries")
FIXED = ("id", "listing_id", "platform", "version", "sequence", "due_on", "department_id", "region",
         "list_code", "subject_name", "document_number", "created_at")  # fmt: skip
CHANGING = tuple(name for name in COLUMNS if name not in FIXED)
UNSET = ("last_attempt_at", "lease_holder", "lease_until", "batch_id", "receipt_number", "result_field",
         "result_code", "result_reason", "layout", "match_key", "content_digest", "sent_row",
         "accepted_at")  # fmt: skip
"""What a delivery has only once it was claimed, or adopted: left out where new ones have none of it."""
ADDED = tuple(name for name in COLUMNS if name not in UNSET)
_added = attrgetter(*ADDED)
_new = Columns(TABLE, ADDED)
_whole = Columns(TABLE, COLUMNS)
_all = attrgetter(*COLUMNS)
_later = attrgetter(*UNSET)
NOTHING = (None,) * len(UNSET)
_changing = attrgetter(*CHANGING)
BLANK: dict[str, Any] = {
    **dict.fromkeys(COLUMNS),
    **dict.fromkeys(("late", "possibly_sent", "ask_first", "was_dead"), False),
    **dict.fromkeys(("resent", "attempts_count", "failures", "lease_token"), 0),
    "state": WAITING,
}


def deliveries() -> Select[Any]:
    """A query for whole rows, to be narrowed and given to `load`."""
    return select(*TABLE.columns)


def load(session: Session, query: Select[Any], values: dict[str, Any] | None = None) -> list[Row]:
    """The rows of a query made with `deliveries()`."""
    rows = [Row(*found) for found in session.execute(query, values or {}).all()]
    for row in rows:
        row.was = _changing(row)
    return rows


def save(session: Session, rows: Iterable[Row]) -> None:
    """Write what has changed since the rows were loaded or saved last."""
    groups: dict[tuple[bool, ...], list[tuple[Any, ...]]] = {}
    for row in rows:
        now = _changing(row)
        if now == row.was:
            continue
        changed = tuple(map(ne, now, row.was))
        groups.setdefault(changed, []).append((row.id, *compress(now, changed)))
        row.was = now
    for changed, values in groups.items():
        names = ("id", *compress(CHANGING, changed))
        change_rows(session, TABLE, [dict(zip(names, each, strict=True)) for each in values])


def add(session: Session, rows: Sequence[Row]) -> None:
    """Insert new rows with every column that is set; most are as `fresh` made them."""
    begun = [row for row in rows if _later(row) != NOTHING]
    _new.add(session, map(_added, [row for row in rows if _later(row) == NOTHING] if begun else rows))
    _whole.add(session, map(_all, begun))
    for row in rows:
        row.was = _changing(row)


def fresh(**given: Any) -> Row:
    """A delivery that nothing has happened to yet."""
    return Row(**{**BLANK, **given})
