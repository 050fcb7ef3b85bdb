"""Base schema and the fields every service validates alike. Unknown fields are refused, text is bounded."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from apiflask import Schema as Base
from marshmallow import RAISE, ValidationError, fields, validate

from shared.identifiers import InvalidIdentifier, check_uscc
from shared.regions import is_known

EARLIEST, LATEST = date(1949, 10, 1), date(2199, 12, 31)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
LARGEST_VERSION = 2**31 - 1
LARGEST_AMOUNT = 10**10


class Schema(Base):
    """Base of every schema of ours: an unknown field is an error, never silently dropped."""

    class Meta:
        unknown = RAISE


class Flag(fields.Boolean):
    """true or false as JSON knows them; 0, 1 and words that look like them are refused."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return bool(super()._deserialize(value, attr, data, **kwargs))


class Text(fields.String):
    """Text of at least one visible character, stripped; `lines=True` allows line breaks."""

    def __init__(self, longest: int = 200, *, shortest: int = 1, lines: bool = False, **kwargs: Any) -> None:
        self.lines = lines
        checks = list(kwargs.pop("validate", []))
        super().__init__(validate=[validate.Length(min=shortest, max=longest), *checks], **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs).strip()
        allowed = "\n\r\t" if self.lines else ""
        if any((ord(char) < 32 or ord(char) == 127) and char not in allowed for char in text):
            raise ValidationError("含有控制字符，请删去。")
        return text


class UsccField(fields.String):
    """统一社会信用代码, normalised; checksums, kinds and regions as in shared.identifiers."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return check_uscc(text)
        except InvalidIdentifier as error:
            raise ValidationError(str(error)) from error


class RegionField(fields.String):
    """行政区划代码: six digits of GB/T 2260, current or abolished."""

    def __init__(self, **kwargs: Any) -> None:
        checks = list(kwargs.pop("validate", []))
        super().__init__(
            validate=[validate.Regexp(r"^[0-9]{6}\Z", error="应为六位行政区划代码。"), *checks], **kwargs
        )

    def _validate(self, value: Any) -> None:
        super()._validate(value)
        if not is_known(value):
            raise ValidationError("没有这个行政区划代码。")


class StatutoryDate(fields.Date):
    """A date of Asia/Shanghai, written YYYY-MM-DD and nothing else."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise self.make_error("invalid", input=value, obj_type="date")
        day: date = super()._deserialize(value, attr, data, **kwargs)
        if not EARLIEST <= day <= LATEST:
            raise ValidationError(f"应在 {EARLIEST} 至 {LATEST} 之间。")
        return day


class FineWan(fields.Decimal):
    """Money in 万元 as a decimal text, at most six places, never negative."""

    def __init__(self, **kwargs: Any) -> None:
        documented = {"type": ["string", "number"], "description": '金额（万元），如 "2.5"'}
        super().__init__(as_string=True, allow_nan=False, metadata=documented, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Decimal:
        if isinstance(value, bool):
            raise self.make_error("invalid")
        amount: Decimal = super()._deserialize(value, attr, data, **kwargs)
        if not 0 <= amount <= LARGEST_AMOUNT:
            raise ValidationError(f"应在 0 至 {LARGEST_AMOUNT} 之间（单位：万元）。")
        exponent = amount.as_tuple().exponent
        if isinstance(exponent, int) and exponent < -6:
            raise ValidationError("最多六位小数（单位：万元）。")
        return amount


class VersionField(fields.Integer):
    """The version the caller saw; a stale one is refused by the use case."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=[validate.Range(min=1, max=LARGEST_VERSION)], **kwargs)
