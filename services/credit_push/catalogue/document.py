"""One file of the catalogue, parsed: every reader notes a problem and returns something harmless."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.credit_push.catalogue.lines import Lines
from services.credit_push.catalogue.places import inward

LONGEST_PAUSE = 864_000
"""Seconds: ten days."""
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a file of the catalogue."""

    file: str
    field: str
    message: str
    line: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.message}"


class Document:
    """One parsed file; every reader notes a problem and returns something harmless."""

    def __init__(self, file: str, text: str, values: Mapping[str, str], *, of_site: bool) -> None:
        self.file, self.values, self.of_site = file, values, of_site
        self.content: dict[str, Any] = tomllib.loads(text)
        self.problems: list[Problem] = []
        self._lines = Lines(text)
        self.seen: set[str] = set()

    def note(self, field: str, message: str) -> None:
        self.problems.append(Problem(self.file, field, message, self._lines.of(field)))

    def get(self, field: str, default: Any = None) -> Any:
        self.seen.add(field)
        node: Any = self.content
        for part in field.split("."):
            node = node.get(part) if isinstance(node, dict) else None
        if node is None and default is None:
            self.note(field, "缺少此项")
        return default if node is None else node

    def text(self, field: str, default: str | None = None) -> str:
        value = self.get(field, default)
        if value is not None and not isinstance(value, str):
            self.note(field, "应为文字")
        return value if isinstance(value, str) else ""

    def word(self, field: str, default: str | None = None) -> str:
        """A text that no setting may be read into: it is shown, and told in messages."""
        value = self.text(field, default)
        if _VARIABLE.search(value):
            self.note(field, "此项不能引用设置，只有地址、数据库、目录和证书文件可以")
        return value

    def place(self, field: str) -> str:
        """An address, a database or a file, which lies where a setting says; never told in a message."""
        written = self.text(field, "")
        filled = self.fill(field, written)
        if self.of_site and written and (fault := inward(field, written, filled)):
            self.note(field, fault)
        return filled

    def fill(self, field: str, value: str) -> str:
        def one(match: re.Match[str]) -> str:
            if match[1] not in self.values:
                self.note(field, f"未知设置 {match[1]}")
            return self.values.get(match[1], "")

        return _VARIABLE.sub(one, value)

    def choice(self, field: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        value = self.word(field, default)
        if value and value not in allowed:
            self.note(field, f"应为 {', '.join(allowed)} 之一，而不是 {value}")
        return value

    def texts(
        self, field: str, allowed: tuple[str, ...] = (), default: list[str] | None = None
    ) -> tuple[str, ...]:
        value = self.get(field, default)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            if value is not None:
                self.note(field, "应为文字列表")
            return ()
        for item in value:
            if allowed and item != "*" and item not in allowed:
                self.note(field, f"不认识 {item}")
        return tuple(value)

    def number(self, field: str, low: float, high: float, default: float | None = None) -> float:
        value = self.get(field, default)
        if value is None:
            return low
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            self.note(field, f"应为 {low:g} 到 {high:g} 的数")
            return low
        return float(value)

    def flag(self, field: str, *, default: bool) -> bool:
        value = self.get(field, default)
        if not isinstance(value, bool):
            self.note(field, "应为 true 或 false")
        return value is True

    def numbers(self, field: str, default: list[float] | None = None) -> tuple[float, ...]:
        value = self.get(field, default)
        good = isinstance(value, list) and value and all(_is_pause(item) for item in value)
        if value is not None and not good:
            self.note(field, f"应为正数列表，每个不超过 {LONGEST_PAUSE}")
        return tuple(float(n) for n in value) if good else (60.0,)

    def names(self, field: str) -> dict[str, str]:
        value = self.get(field, {})
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            self.note(field, "应为名称对照表")
            return {}
        return dict(value)

    def code_sets(self, field: str) -> dict[str, dict[str, str]]:
        value = self.get(field, {})
        if not isinstance(value, dict):
            self.note(field, "应为按字段分组的代码对照表")
            return {}
        return {name: self.names(f"{field}.{name}") for name in value}

    def refuse_unknown(self) -> None:
        known = self.seen | {field.split(".")[0] for field in self.seen}
        for field in _fields(self.content):
            if field not in known and not any(field.startswith(f"{table}.") for table in _TABLES):
                self.note(field, "不认识的设置项")


def _is_pause(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= LONGEST_PAUSE


_TABLES = (
    "record.tables",
    "record.columns",
    "record.codes",
    "answers.outcomes",
    "answers.columns",
    "template.columns",
)
DEEPEST = 4
"""No setting lies deeper, so nothing below is looked for."""


def _fields(content: dict[str, Any], prefix: str = "") -> list[str]:
    found = []
    for name, value in content.items():
        found.append(prefix + name)
        if isinstance(value, dict) and prefix.count(".") < DEEPEST:
            found.extend(_fields(value, f"{prefix}{name}."))
    return found
