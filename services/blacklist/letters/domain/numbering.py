"""文号: a pattern gives a series per year, a series gives 1, 2, 3 … without gaps.

Two kinds with the same pattern share one series, so that no number is ever given twice.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).resolve().parents[1] / "data" / "series.toml"
_FIELD = re.compile(r"\{[^}]*\}")
LONGEST = 100


@dataclass(frozen=True)
class Series:
    """A year's numbers: what stands before and after the running one."""

    before: str
    after: str

    @property
    def name(self) -> str:
        return f"{self.before}#{self.after}"

    def number(self, running: int) -> str:
        return f"{self.before}{running}{self.after}"

    def running(self, number: str) -> int | None:
        """The running number of a number of this series, None for any other."""
        text = number.removeprefix(self.before).removesuffix(self.after)
        ours = number == f"{self.before}{text}{self.after}" and re.fullmatch(r"[1-9][0-9]{0,6}", text)
        return int(text) if ours else None


def series_of(pattern: str, year: int) -> Series:
    """The series a checked pattern gives in a year."""
    before, after = pattern.replace("{year}", str(year)).split("{n}")
    return Series(before, after)


def pattern_problem(pattern: str) -> str | None:
    """Why a pattern cannot number letters, or None."""
    if len(pattern) > LONGEST:
        return f"文号格式不能超过{LONGEST}个字"
    fields = _FIELD.findall(pattern)
    if sorted(fields) != ["{n}", "{year}"] or "〔{year}〕" not in pattern:
        return "文号格式应含一个〔{year}〕和一个{n}，如 长住建信告〔{year}〕{n}号"
    if "{" in _FIELD.sub("", pattern) or "}" in _FIELD.sub("", pattern):
        return "文号格式中的花括号不成对"
    if pattern.index("{year}") > pattern.index("{n}"):
        return "年份应在序号之前"
    return None


def number_problem(number: str) -> str | None:
    """Why a number given by the department is refused, or None: the year stands in 六角括号."""
    if not re.search(r"〔(19|20)\d\d〕\S{0,20}\d+号?$", number):
        return "文号应写成 长住建信告〔2026〕1号 的形式，年份用六角括号〔〕"
    return None


@cache
def _data() -> Mapping[str, Any]:
    return tomllib.loads(_FILE.read_text("utf-8"))


def default_pattern(department_code: str, short_name: str, word: str) -> str:
    """The pattern of a department that has set none of its own: its 代字, else its short name."""
    data = _data()
    own = {each["code"]: each["prefix"] for each in data["department"]}
    prefix = own.get(department_code) or re.sub(r"[{}]", "", short_name)
    return str(data["default"]["pattern"]).replace("{prefix}", prefix).replace("{word}", word)
