"""Field checks of the stand-ins: written against the layouts' data, independent of our own formats."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from services.credit_push.sandbox.platforms import Platform
from shared.identifiers import InvalidIdentifier, check_resident_id, check_uscc, organ_code_check_digit
from shared.regions import UnknownRegion, region, within

_DATA = tomllib.loads((Path(__file__).parent / "data" / "layouts.toml").read_text("utf-8"))
CHOICES: dict[str, tuple[str, ...]] = {name: tuple(values) for name, values in _DATA["choices"].items()}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_EARLIEST, _LATEST = date(1949, 10, 1), date(2099, 12, 31)


@dataclass(frozen=True)
class Field:
    """One field of a layout; `choices` names a code set."""

    name: str
    label: str
    length: int
    required: bool
    kind: str
    choices: str = ""


@dataclass(frozen=True)
class Problem:
    """Why a row is refused: field, code (docs/platform-wire.md) and a Chinese text."""

    field: str
    code: str
    message: str


LAYOUTS: dict[str, tuple[Field, ...]] = {
    name: tuple(Field(*entry) for entry in fields) for name, fields in _DATA["layouts"].items()
}


def names_of(layout: str) -> list[str]:
    """Field names in order."""
    return [field.name for field in LAYOUTS[layout]]


def check_content(platform: Platform, layout: str, content: Mapping[str, Any]) -> Problem | None:
    """The first thing wrong with a row, or None."""
    return (
        _check_names(layout, content)
        or next(filter(None, (_check_field(field, content[field.name]) for field in LAYOUTS[layout])), None)
        or _LAYOUT_RULES[layout](content)
        or _check_place(platform, content)
    )


def _check_names(layout: str, content: Mapping[str, Any]) -> Problem | None:
    known = set(names_of(layout))
    for name in content:
        if name not in known:
            return Problem(name, "FORMAT", "不认识的字段")
    for name in known:
        if name not in content:
            return Problem(name, "FORMAT", "缺少字段，无内容时应传空值")
    return None


def _check_field(field: Field, value: Any) -> Problem | None:
    kind = _KINDS[field.kind]
    if field.kind in {"measures", "number"}:
        code = kind(field, value)
    elif not isinstance(value, str):
        code = "FORMAT"
    elif not value.strip():
        code = "REQUIRED" if field.required else ""
    elif _CONTROL.search(value):
        code = "FORMAT"
    elif len(value) > field.length:
        code = "LENGTH"
    else:
        code = kind(field, value)
    return Problem(field.name, code, f"{field.label}{_MESSAGES[code]}") if code else None


_MESSAGES = {
    "REQUIRED": "不能为空",
    "FORMAT": "格式不正确",
    "LENGTH": "超过长度",
    "CODE": "不在代码集内",
    "CHECKSUM": "校验不通过",
    "DATE": "应为有效的 YYYY-MM-DD 日期",
}


def _text(_field: Field, _value: str) -> str:
    return ""


def _date(_field: Field, value: str) -> str:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return "DATE"
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return "DATE"
    return "" if _EARLIEST <= day <= _LATEST else "DATE"


def _time(_field: Field, value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return "DATE"
    return "" if moment.tzinfo is not None else "DATE"


def _amount(_field: Field, value: str) -> str:
    return "" if re.fullmatch(r"\d{1,12}(\.\d{1,6})?", value) else "FORMAT"


def _uscc(_field: Field, value: str) -> str:
    try:
        return "" if check_uscc(value) == value else "FORMAT"
    except InvalidIdentifier:
        return "CHECKSUM"


def _organ(_field: Field, value: str) -> str:
    if not re.fullmatch(r"[0-9A-Z]{8}[0-9X]", value):
        return "FORMAT"
    return "" if organ_code_check_digit(value[:8]) == value[8] else "CHECKSUM"


def _person(field: Field, value: str) -> str:
    """Resident numbers by their checks; other papers (passport, permits) by shape only."""
    if not re.fullmatch(r"\d{15}|\d{17}[\dX]", value):
        return "" if re.fullmatch(r"[A-Z0-9()]{5,20}", value) else "FORMAT"
    return _resident(field, value)


def _of_type(id_type: str) -> Callable[[Field, str], str]:
    return _resident if id_type in {"resident-id", "身份证"} else _person


def _resident(_field: Field, value: str) -> str:
    if not re.fullmatch(r"\d{15}|\d{17}[\dX]", value):
        return "FORMAT"
    try:
        check_resident_id(value)
    except InvalidIdentifier:
        return "CHECKSUM"
    return ""


def _region(_field: Field, value: str) -> str:
    try:
        region(value)
    except UnknownRegion:
        return "CODE"
    return ""


def _choice(field: Field, value: str) -> str:
    return "" if value in CHOICES[field.choices] else "CODE"


def _several(field: Field, value: str) -> str:
    return "" if all(part in CHOICES[field.choices] for part in value.split(";")) else "CODE"


def _pattern(pattern: str) -> Callable[[Field, str], str]:
    return lambda _field, value: "" if re.fullmatch(pattern, value) else "FORMAT"


def _number(_field: Field, value: Any) -> str:
    return "" if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**9 else "FORMAT"


def _measures(_field: Field, value: Any) -> str:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return "FORMAT"
    return "" if all(str(item.get("code") or "") for item in value) else "REQUIRED"


_KINDS: dict[str, Callable[[Field, Any], str]] = {
    "text": _text,
    "date": _date,
    "time": _time,
    "amount": _amount,
    "uscc": _uscc,
    "organ": _organ,
    "person": _person,
    "region": _region,
    "choice": _choice,
    "choices": _several,
    "id": _pattern(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}"),
    "slug": _pattern(r"[a-z][a-z0-9-]*"),
    "version": _pattern(r"[1-9]\d{0,8}"),
    "number": _number,
    "measures": _measures,
}


def _coded(name: str, value: str, checker: Callable[[Field, str], str]) -> Problem | None:
    code = checker(Field(name, "", 0, True, ""), value)
    return Problem(name, code, "主体代码" + _MESSAGES[code]) if code else None


def _penalty(content: Mapping[str, Any]) -> Problem | None:
    if content["CF_XDR_LB"] != "自然人":
        if not content["CF_XDR_SHXYM"]:
            return Problem("CF_XDR_SHXYM", "REQUIRED", "法人和其他组织须有统一社会信用代码")
        return None
    if not content["CF_XDR_ZJHM"]:
        return Problem("CF_XDR_ZJHM", "REQUIRED", "自然人须有证件号码")
    return _coded("CF_XDR_ZJHM", content["CF_XDR_ZJHM"], _of_type(content["CF_XDR_ZJLX"]))


def _canonical(content: Mapping[str, Any]) -> Problem | None:
    if content["status"] == "撤销" and not (content["reason_code"] or content["reason"]):
        return Problem("reason_code", "REQUIRED", "撤销须说明事由")
    found = _canonical_party(content)
    if found is None and content["status"] != "撤销":
        found = _order(content, "publicity_start", "publicity_end")
    return found


def _canonical_party(content: Mapping[str, Any]) -> Problem | None:
    if content["subject_type"] == "organization":
        return None if content["uscc"] else Problem("uscc", "REQUIRED", "组织须有统一社会信用代码")
    if not content["id_number"]:
        return Problem("id_number", "REQUIRED", "自然人须有证件号码")
    return _coded("id_number", content["id_number"], _of_type(content["id_type"]))


def _trade(content: Mapping[str, Any]) -> Problem | None:
    checker = _uscc if content["SubjectType"] == "法人" else _person
    return _coded("SubjectCode", content["SubjectCode"], checker) or _order(
        content, "PunishBegin", "PunishEnd"
    )


def _order(content: Mapping[str, Any], first: str, last: str) -> Problem | None:
    if content[first] and content[last] and content[first] > content[last]:
        return Problem(last, "DATE", "截止日早于起始日")
    return None


def _no_rule(_content: Mapping[str, Any]) -> Problem | None:
    return None


_LAYOUT_RULES: dict[str, Callable[[Mapping[str, Any]], Problem | None]] = {
    "penalty_2018": _penalty,
    "canonical": _canonical,
    "canonical_withdrawal": _no_rule,
    "trade_listing": _trade,
    "trade_revocation": _no_rule,
    "blacklist_org": _no_rule,
    "blacklist_person": _no_rule,
    "procurement_sheet": _no_rule,
}


def _check_place(platform: Platform, content: Mapping[str, Any]) -> Problem | None:
    """Only what this platform serves: its own region and domains, where the layout tells them."""
    for name in ("region", "RegionCode"):
        if name in content and not within(content[name], platform.region):
            return Problem(name, "CODE", "不属于本平台的行政区域")
    allowed = CHOICES.get(platform.domains, (platform.domains,))
    for name in ("domain", "TradeDomain"):
        if platform.domains and name in content and content[name] not in allowed:
            return Problem(name, "CODE", "不属于本平台的业务领域")
    return None
