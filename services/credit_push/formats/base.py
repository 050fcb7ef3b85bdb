"""What every record layout shares: columns with their limits, and refusing what a platform would reject."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree as ET

from services.credit_push.catalogue.reading import CLASSES, DOMAINS
from shared.identifiers import InvalidIdentifier, check_resident_id, check_uscc, organ_code_check_digit
from shared.regions import UnknownRegion, region

Row = dict[str, str]
RESIDENT_ID = "resident-id"
PERSONAL = ("identity", "person")
"""Kinds of column whose values are nobody's to keep."""
EARLIEST, LATEST = date(1949, 10, 1), date(2099, 12, 31)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_SLUG = re.compile(r"[a-z][a-z0-9-]*")
_UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What XML cannot say, and no platform takes in any format."""


@dataclass(frozen=True)
class Fault:
    """One field that the platform would reject, under the rule it breaks."""

    field: str
    code: str
    message: str


class Unacceptable(ValueError):
    """The record does not fit the layout; nothing was sent. `row` is as it would have gone."""

    def __init__(
        self, faults: Sequence[Fault], row: Mapping[str, Any] | None = None, columns: Iterable["Column"] = ()
    ) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.code}" for fault in faults))
        self.faults, self.row, self.columns = tuple(faults), dict(row or {}), tuple(columns)


@dataclass(frozen=True, eq=False)
class Column:
    """One column; `kind` is text, code, or one of those checked below, `length` the greatest allowed."""

    code: str
    label: str
    length: int
    mandatory: bool = False
    kind: str = "text"
    choices: tuple[str, ...] = ()
    plain: bool = field(init=False)
    """Whether any text of that length will do: most columns, and then there is nothing more to look at."""
    recurring: bool = field(init=False)
    """Whether its values come again and again (codes, days), so that verdicts on them are kept."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "plain", self.kind not in _KINDS and not self.choices)
        object.__setattr__(self, "recurring", not self.plain and self.kind not in PERSONAL)


def check_columns(columns: Iterable[Column], row: Mapping[str, str]) -> list[Fault]:
    """Every fault of a row, in column order."""
    found = []
    for column in columns:
        value = row.get(column.code, "")
        if not value or value.isspace():
            if column.mandatory:
                found.append(Fault(column.code, "REQUIRED", f"{column.label}不能为空"))
        elif column.plain and len(value) <= column.length and value.isprintable():
            continue
        elif fault := (_verdict if column.recurring else _check)(column, value):
            found.append(fault)
    return found


def _check(column: Column, value: str) -> Fault | None:
    if _UNSPEAKABLE.search(value):
        return Fault(column.code, "FORMAT", f"{column.label}含有不能传送的控制字符")
    if len(value) > column.length:
        return Fault(column.code, "LENGTH", f"{column.label}不能超过 {column.length} 个字符")
    if column.choices and value not in column.choices:
        return Fault(column.code, "CODE", f"{column.label}不在代码集内")
    check = _KINDS.get(column.kind)
    problem = check(value) if check else None
    return Fault(column.code, problem[0], column.label + problem[1]) if problem else None


_verdict = lru_cache(maxsize=8192)(_check)


@lru_cache(maxsize=1024)
def _date(value: str) -> tuple[str, str] | None:
    try:
        good = _DATE.fullmatch(value) is not None and EARLIEST <= date.fromisoformat(value) <= LATEST
    except ValueError:
        good = False
    return None if good else ("DATE", "应为 1949-10-01 至 2099-12-31 的 YYYY-MM-DD 日期")


def _amount(value: str) -> tuple[str, str] | None:
    if not re.fullmatch(r"\d{1,12}(\.\d{1,6})?", value):
        return "FORMAT", "应为万元金额，最多 6 位小数"
    return None


@lru_cache(maxsize=4096)  # the codes of organs and sources come again and again
def _uscc(value: str) -> tuple[str, str] | None:
    try:
        good = check_uscc(value) == value
    except InvalidIdentifier as error:
        return "CHECKSUM", f"不正确：{error}"
    return None if good else ("FORMAT", "应为 18 位数字和大写字母")


def _identity(value: str) -> tuple[str, str] | None:
    try:
        check_resident_id(value)
    except InvalidIdentifier:
        return "CHECKSUM", "校验不通过"
    return None


@lru_cache(maxsize=4096)
def _organ(value: str) -> tuple[str, str] | None:
    if not re.fullmatch(r"[0-9A-Z]{8}[0-9X]", value):
        return "FORMAT", "应为 9 位组织机构代码，不含连字符"
    return None if organ_code_check_digit(value[:8]) == value[8] else ("CHECKSUM", "校验不通过")


def _person(value: str) -> tuple[str, str] | None:
    """Resident numbers by their digits; other papers by their shape."""
    if re.fullmatch(r"\d{15}|\d{17}[\dX]", value):
        return _identity(value)
    return None if re.fullmatch(r"[A-Z0-9()]{5,20}", value) else ("FORMAT", "应为 5 至 20 位数字和大写字母")


@lru_cache(maxsize=4096)
def _region(value: str) -> tuple[str, str] | None:
    try:
        region(value)
    except UnknownRegion:
        return "CODE", "不在行政区划代码内"
    return None


@lru_cache(maxsize=1024)
def _slug(value: str) -> tuple[str, str] | None:
    return None if _SLUG.fullmatch(value) else ("FORMAT", "应为小写字母、数字和连字符")


def _one_of(known: tuple[str, ...]) -> Callable[[str], tuple[str, str] | None]:
    return lambda value: None if value in known else ("CODE", "不在代码集内")


def _version(value: str) -> tuple[str, str] | None:
    return None if re.fullmatch(r"[1-9]\d{0,8}", value) else ("FORMAT", "应为正整数")


def paper_faults(code: str, label: str, id_type: str, number: str) -> list[Fault]:
    """What is wrong with a person's number, by the kind of paper it is of; none is no fault here."""
    if not number:
        return []
    resident = id_type in ("", RESIDENT_ID)
    problem = _identity(number) if resident else _person(number)
    return [Fault(code, problem[0], label + problem[1])] if problem else []


def order_faults(row: Mapping[str, str], first: str, last: str) -> list[Fault]:
    """An end before its beginning."""
    wrong = row[first] and row[last] and row[first] > row[last]
    return [Fault(last, "DATE", "截止日早于起始日")] if wrong else []


_KINDS: dict[str, Callable[[str], tuple[str, str] | None]] = {
    "date": _date,
    "amount": _amount,
    "uscc": _uscc,
    "identity": _identity,
    "organ": _organ,
    "person": _person,
    "region": _region,
    "slug": _slug,
    "version": _version,
    "list-class": _one_of(CLASSES),
    "domain": _one_of(DOMAINS),
}


def wan(value: str) -> str:
    """An amount in 万元 as plain decimal text without needless zeros; unreadable text stays to be refused."""
    if not value:
        return ""
    try:
        number = Decimal(value).normalize()
    except InvalidOperation:
        return value
    return f"{number:f}"


def xml_bytes(root: ET.Element) -> bytes:
    """A document that reads as it was written: a bare carriage return would come back as a line feed."""
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written.replace(b"\r", b"&#13;")


def refuse(
    faults: Sequence[Fault], row: Mapping[str, Any] | None = None, columns: Iterable[Column] = ()
) -> None:
    """Raise if there is any fault."""
    if faults:
        raise Unacceptable(faults, row, columns)


def fit_to_withdraw(refusal: Unacceptable) -> dict[str, Any]:
    """The row with what is at fault, and not needed for a withdrawal, left empty or cut; else as it is."""
    row: dict[str, Any] = _speakable(refusal.row)
    columns = {column.code: column for column in refusal.columns}
    for fault in refusal.faults:
        column, value = columns.get(fault.field), row.get(fault.field)
        if isinstance(value, list):
            row[fault.field] = []
        elif column is not None and isinstance(value, str):
            row[fault.field] = value[: column.length] if column.mandatory else ""
    return row


def _speakable(value: Any) -> Any:
    if isinstance(value, str):
        return _UNSPEAKABLE.sub("", value)
    if isinstance(value, dict):
        return {name: _speakable(one) for name, one in value.items()}
    return [_speakable(one) for one in value] if isinstance(value, list) else value
