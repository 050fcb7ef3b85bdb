"""The rule files: where they lie, their shapes, and the walk that says where one departs from its shape.

A shape is a type, a mapping of fields (a "?" marks an optional one) or a one-item list for "many of these".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[1] / "data"
KINDS = ("publicity", "disclosure", "objection")
"""The regimes of `regimes.toml`."""
ANY = "*"
"""In a mapping: further fields of any name are allowed."""
Place = tuple[str | int, ...]
Fault = tuple[Place, str]

_NAMES = {str: "文字", int: "整数", bool: "true 或 false", date: "日期（如 2026-04-01）", Mapping: "一组字段"}
_RANGE = {"min_months": int, "max_months": int}
STATUS = {"verified", "assumed"}
_VERSIONED = {"version": str, "valid_from": date, "valid_to?": date, "status": STATUS, "source": str}
_BY_SEVERITY = {"serious?": _RANGE, "general?": _RANGE, "minor?": _RANGE}
_MONTHS = {"serious?": int, "general?": int, "minor?": int}

_BASIS = {
    "title": str,
    "document": str,
    "region": str,
    "article": str,
    "source": str,
    "status": STATUS,
}

LIST: dict[str, Any] = {
    "code": str,
    "name": str,
    "class": str,
    "procedure": str,
    "subject_types": [{"organization", "individual"}],
    "version": [
        {
            **_VERSIONED,
            "deciding_levels": [{"nation", "province", "city", "county", "town"}],
            "deciding_organs": [str],
            "filing_organs": [str],
            "requires_documents": [str],
            "statement_window_wd": int,
            "hearing_window_wd": int,
            "superior_consent": bool,
            "severities": [str],
            "default_severity": str,
            "default_months": int,
            "publicity_follows_ban": bool,
            "duty_start": {"document", "decide"},
            "archive_after_expiry": bool,
            "restorable": bool,
            "conditions": [str],
            "remedy": str,
            "severity?": _BY_SEVERITY,
            "repair_after?": _MONTHS,
            "expiry?": [{"domains": [str], "extend_months": int, "status": STATUS, "source": str}],
            "override?": [{"domains": [str], "severity": str, **_RANGE, "status": STATUS, "source": str}],
            "basis": [_BASIS],
        }
    ],
}
REGIMES: dict[str, Any] = {
    "publicity": [
        {
            **_VERSIONED,
            "title": str,
            "start": {"decision", "publication"},
            "minor_needs_necessity?": bool,
            "accept_wd": int,
            "settle_wd": int,
            "stop_wd": int,
            "extend_wd": int,
            "conditions": [str],
            "repair_after": {"serious": int, "general": int, "minor": int},
            "severity": {"serious": _RANGE, "general": _RANGE, "minor": _RANGE},
        }
    ],
    "disclosure": [
        {
            **_VERSIONED,
            "title": str,
            "duty_wd": {"default": int, "penalty-decision?": int},
            "correct_wd": int,
            "due_soon_wd": int,
        }
    ],
    "objection": [
        {**_VERSIONED, "title": str, "accept_wd": int, "settle_wd": int, "suspend_confirm_wd": int}
    ],
}
DOMAIN: dict[str, Any] = {
    "code": str,
    "name": str,
    "trading": bool,
    "items": [str],
    "organs": [str],
    "source": str,
}
CATALOGUE: list[Any] = [{**_VERSIONED, "title": str, "measures": [str]}]
DUTY: dict[str, Any] = {
    **_VERSIONED,
    "kind": str,
    "name": str,
    "pause_reasons": [str],
    "extend_wd": int,
    "basis": str,
}
FIGURE: dict[str, Any] = {"source": str, "valid_from": date, "valid_to?": date, "status": STATUS}
"""What every group of the procedure's figures carries beside its numbers."""
GROUP: dict[str, Any] = {**FIGURE, ANY: object}
EXCEPTION: dict[str, Any] = {
    **dict.fromkeys(("code", "name", "article", "text", "also", "source"), str),
    "scope": {"must", "may", "balance"},
    "valid_from": date,
    "status": STATUS,
}
MINORS: dict[str, Any] = {**FIGURE, "age": int, "rule": str, "basis": str}
MEASURE: dict[str, Any] = {
    "code": str,
    "name": str,
    "kind": str,
    "basis": str,
    "organs": [str],
    "domains": [str],
    "list_classes": [str],
    "max_months?": int,
    "valid_from": date,
    "valid_to?": date,
    "status": STATUS,
    "source": str,
}


@dataclass(frozen=True)
class Problem:
    """One fault of the rule data: which file, where in it, what to do (Chinese)."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.message}"


def walk(value: Any, shape: Any, where: Place = ()) -> Iterator[Fault]:
    """Every place where the value is missing something, has something unknown, or is of another kind."""
    if isinstance(shape, dict):
        yield from _walk_fields(value, shape, where)
    elif isinstance(shape, list):
        yield from _walk_items(value, shape[0], where)
    elif isinstance(shape, set):
        if value not in shape:
            yield where, f"只能是 {'、'.join(sorted(shape))}"
    elif not isinstance(value, shape) or (shape is int and isinstance(value, bool)):
        yield where, f"应为{_NAMES[shape]}"
    elif shape is int and value < 0:
        yield where, "不得为负数"


def _walk_fields(value: Any, shape: dict[str, Any], where: Place) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield where, "应为一组字段"
        return
    known = {name.rstrip("?"): inner for name, inner in shape.items()}
    for name in () if ANY in known else value.keys() - known.keys():
        yield (*where, name), "没有这个字段，请核对拼写"
    for name, inner in shape.items():
        if name == ANY:
            continue
        plain = name.rstrip("?")
        if plain in value:
            yield from walk(value[plain], inner, (*where, plain))
        elif not name.endswith("?"):
            yield (*where, plain), "缺少这个字段"


def _walk_items(value: Any, inner: Any, where: Place) -> Iterator[Fault]:
    if not isinstance(value, list):
        yield where, "应为列表"
        return
    for index, item in enumerate(value):
        if not isinstance(inner, set) or isinstance(item, str):
            yield from walk(item, inner, (*where, index))
        else:
            yield (*where, index), "应为文字"
