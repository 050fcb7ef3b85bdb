"""Keyset paging: every list answers `{items, next}`; `next` is an opaque cursor or null.

A cursor holds the sort key of the last row shown, so pages neither skip nor repeat rows while
others are added.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from marshmallow import fields, validate

from shared.errors import FieldError, Invalid
from shared.web.body import clean
from shared.web.schemas import Schema

Row = TypeVar("Row")
LONGEST_CURSOR = 512
MOST = 200


class PageQuery(Schema):
    """Query parameters of a list; a list's own filters extend it."""

    cursor = fields.String(
        load_default=None,
        allow_none=False,
        validate=[
            validate.Length(max=LONGEST_CURSOR),
            validate.Regexp(r"^[A-Za-z0-9_-]*\Z", error="应取自上一页答复的 next。"),
        ],
        metadata={"description": "上一页答复中的 next"},
    )
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=MOST))


def encode_cursor(key: Sequence[str | int]) -> str:
    """An opaque cursor for a sort key of texts and integers."""
    raw = json.dumps(list(key), ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_cursor(cursor: str, kinds: Sequence[type]) -> list[Any]:
    """The sort key of a cursor, each part of the kind given (str or int); raises Invalid('bad-cursor')."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        key = json.loads(raw)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _bad() from error
    if not isinstance(key, list) or len(key) != len(kinds):
        raise _bad()
    if not all(_fits(part, kind) for part, kind in zip(key, kinds, strict=True)):
        raise _bad()
    return key


def last_id(cursor: str | None) -> str | None:
    """The id of the last row already shown, of a list in the order of its ids; None on the first page."""
    return str(decode_cursor(cursor, (str,))[0]) if cursor else None


def _fits(part: Any, kind: type) -> bool:
    if kind is int:
        return type(part) is int and abs(part) < 2**63
    return isinstance(part, str) and clean(part)


def _bad() -> Invalid:
    pointed = FieldError("/cursor", "不是有效的翻页游标，请从第一页重新查询。")
    return Invalid("bad-cursor", "翻页游标无效", "游标只能取自上一页答复。", fields=[pointed])


def page(items: Sequence[Any], next_cursor: str | None) -> dict[str, Any]:
    """The answer of every list."""
    return {"items": list(items), "next": next_cursor}


def cut(
    rows: Sequence[Row], limit: int, key: Callable[[Row], Sequence[str | int]]
) -> tuple[list[Row], str | None]:
    """Rows of one page and the cursor after them, from up to `limit + 1` rows that were asked for."""
    kept = list(rows[:limit])
    more = len(rows) > limit and kept
    return kept, encode_cursor(key(kept[-1])) if more else None


def page_schema(item: type[Schema], name: str) -> type[Schema]:
    """A named answer schema `{items: [item], next}`."""
    return Schema.from_dict(  # type: ignore[return-value]
        {
            "items": fields.List(fields.Nested(item), required=True),
            "next": fields.String(allow_none=True, required=True),
        },
        name=name,
    )
