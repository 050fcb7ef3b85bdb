"""A pattern that names the same mark twice lost its full-width twin: `[::]` leaves 电话\uff1a unseen.

Write the full-width mark as an escape (`[:\\uff1a]`): typed ones were folded into half-width once.
"""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.harness.source import read_tree

ROOT = Path(__file__).resolve().parents[2]
MARKS = ":;,()!?~\uff1a\uff1b\uff0c\uff08\uff09\uff01\uff1f\u3001\u3002"
CLASS = re.compile(r"(?<!\\)\[\^?((?:\\.|[^\]\\\n\"' ]){1,80})\]")
ESCAPED = re.compile(r"\\.")
REPLACING = {"replace", "sub"}
ADDRESS = {"services": (), "shared": ("shared/web/place.py",)}
"""There `[::]` is the address of every interface."""


def doubled(text: str) -> list[str]:
    return sorted({mark for mark in text if mark in MARKS and text.count(mark) > 1})


def faults(source: str) -> Iterator[tuple[int, str]]:
    """Doubled marks in character classes, sets of marks, pairs, and one replacement after another."""
    tree = read_tree(source)
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield from ((node.lineno, found) for found in _in_text(node.value))
        elif isinstance(node, ast.Tuple | ast.List | ast.Set):
            yield from _twice(node.lineno, [_mark(each) for each in node.elts])
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            yield from ((node.lineno, str(_mark(k))) for k, v in pairs if _mark(k) and _mark(k) == _mark(v))
        elif isinstance(node, ast.Call):
            yield from _in_call(node)


def _in_text(text: str) -> Iterator[str]:
    for each in CLASS.finditer(text):
        if doubled(ESCAPED.sub("", each[1])):
            yield each[0]
    if len(text) > 1 and set(text) <= set(MARKS) - set("()") and doubled(text) and text != "::":
        yield text


def _in_call(node: ast.Call) -> Iterator[tuple[int, str]]:
    yield from _twice(node.lineno, [_mark(each) for each in node.args])
    inner = node.func.value if isinstance(node.func, ast.Attribute) else None
    if not isinstance(inner, ast.Call) or not _method(node) == _method(inner) in REPLACING:
        return
    if node.args and inner.args and ast.dump(inner.args[0]) == ast.dump(node.args[0]):
        yield node.lineno, ast.unparse(node.args[0])


def _method(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else ""


def _mark(node: ast.expr | None) -> str | None:
    """The node as one mark, None where it is none."""
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, str) and len(value) == 1 and value in MARKS else None


def _twice(line: int, marks: list[str | None]) -> Iterator[tuple[int, str]]:
    for one, other in pairwise(sorted(each for each in marks if each)):
        if one == other:
            yield line, one


@pytest.mark.parametrize("folder", sorted(ADDRESS))
def test_no_pattern_names_a_mark_twice(folder: str) -> None:
    paths = [
        p for p in (ROOT / folder).rglob("*.py") if p.relative_to(ROOT).as_posix() not in ADDRESS[folder]
    ]
    found = [
        f"{p.relative_to(ROOT)}:{n}: {what}"
        for p in sorted(paths)
        for n, what in faults(p.read_text("utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        'r"\u7535\u8bdd[::]?"', 'r"[^,,\u3002;;]"', 'split("[;;]")', '{":": ":"}', 'x.replace(":", ":")',
        'x.strip(",,")', '(":", ":")', 'x.replace(",", " ").replace(",", " ")',
    ],
)  # fmt: skip
def test_what_was_lost_once_is_seen(source: str) -> None:
    assert list(faults(f"found = {source}"))
