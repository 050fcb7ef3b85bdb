"""The kinds of field an event may have. All are strict JSON: no number for a text, no text for a flag."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

AMOUNT = re.compile(r"-?\d{1,15}(\.\d{1,6})?")


class _Plain(fields.Field[Any]):
    """A value passed through if `fits` says so; nothing is converted."""

    kinds: tuple[type, ...] = (str,)
    json_type = "string"
    json_format: str | None = None

    def fits(self, value: Any) -> bool:
        return type(value) in self.kinds

    def _deserialize(self, value: Any, *_where: Any, **_how: Any) -> Any:
        if not self.fits(value):
            raise ValidationError(f"not a valid {type(self).__name__.lower()}")
        return value


class Text(_Plain):
    """Any string."""


class Number(_Plain):
    """A whole number."""

    kinds = (int,)
    json_type = "integer"


class Flag(_Plain):
    """true or false."""

    kinds = (bool,)
    json_type = "boolean"


class Day(_Plain):
    """A statutory date, YYYY-MM-DD in Asia/Shanghai."""

    json_format = "date"

    def fits(self, value: Any) -> bool:
        return type(value) is str and len(value) == 10 and _parses(date.fromisoformat, value)


class Moment(_Plain):
    """An instant, RFC 3339 with its offset."""

    json_format = "date-time"

    def fits(self, value: Any) -> bool:
        return type(value) is str and len(value) > 18 and _parses(_aware, value)


class Amount(_Plain):
    """A decimal number as text, so that no float rounds money. The unit is in the field's name."""

    def fits(self, value: Any) -> bool:
        return type(value) is str and AMOUNT.fullmatch(value) is not None


def _aware(text: str) -> None:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("no offset")


def _parses(parse: Any, text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def _how(null: bool, optional: bool, about: str) -> dict[str, Any]:
    return {"required": not optional, "allow_none": null, "metadata": {"description": about} if about else {}}


def text(*, null: bool = False, optional: bool = False, about: str = "") -> Text:
    return Text(**_how(null, optional, about))


def number(*, null: bool = False, optional: bool = False, about: str = "") -> Number:
    return Number(**_how(null, optional, about))


def flag(*, null: bool = False, optional: bool = False, about: str = "") -> Flag:
    return Flag(**_how(null, optional, about))


def day(*, null: bool = False, optional: bool = False, about: str = "") -> Day:
    return Day(**_how(null, optional, about))


def moment(*, null: bool = False, optional: bool = False, about: str = "") -> Moment:
    return Moment(**_how(null, optional, about))


def amount(*, null: bool = False, optional: bool = False, about: str = "") -> Amount:
    return Amount(**_how(null, optional, about))


def choice(*values: str, null: bool = False, optional: bool = False, about: str = "") -> Text:
    """One of these words. Readers accept other words too: a later version may add some."""
    return Text(**_how(null, optional, about), validate=validate.OneOf(values))


def many(inner: fields.Field[Any], *, null: bool = False, optional: bool = False, about: str = "") -> Any:
    return fields.List(inner, **_how(null, optional, about))


def part(inner: type[Schema], *, null: bool = False, optional: bool = False, about: str = "") -> Any:
    return fields.Nested(inner, **_how(null, optional, about))


def shape(name: str, members: Mapping[str, fields.Field[Any]]) -> type[Schema]:
    """A shape from its members. Writers may add nothing that is not declared (marshmallow's RAISE)."""
    return Schema.from_dict(dict(members), name=name)
