"""Chinese line breaking (禁则): no closing mark at the start of a line, no opening one at its end, numbers
and Latin words whole. Pure; widths come from the caller.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

NOT_FIRST = frozenset("，。、；：？！）》〉」』】〕〗”’％%‰℃°…—·,.;:?!)]}々")
NOT_LAST = frozenset("（《〈「『【〔〖“‘([{￥$№")
_TOKEN = re.compile(r"[0-9A-Za-z][0-9A-Za-z./:_#@&=+*-]*|\s|.", re.DOTALL)

Measure = Callable[[str], float]


@dataclass(frozen=True)
class Line:
    """One line; `last` ones of a paragraph are not spread to the margin."""

    text: str
    indent: float = 0.0
    last: bool = False


def break_lines(text: str, measure: Measure, width: float, *, indent: float = 0.0) -> list[Line]:
    """The text in lines of at most `width`, the first of each paragraph indented."""
    found: list[Line] = []
    for paragraph in text.split("\n"):
        found += _paragraph(paragraph.strip(), measure, width, indent)
    return found


def _paragraph(text: str, measure: Measure, width: float, indent: float) -> list[Line]:
    tokens = [part for token in _TOKEN.findall(text) for part in _fitting(token, measure, width)]
    lines: list[Line] = []
    start = 0
    while start < len(tokens):
        room = width - (indent if not lines else 0.0)
        end = _legal(tokens, start, _longest(tokens, start, measure, room))
        last = end >= len(tokens)
        lines.append(Line("".join(tokens[start:end]).rstrip(), 0.0 if lines else indent, last))
        start = end
        while start < len(tokens) and tokens[start].isspace():
            start += 1
    return lines or [Line("", indent, True)]


def _fitting(token: str, measure: Measure, width: float) -> list[str]:
    """A word longer than a line is cut by characters."""
    return [token] if measure(token) <= width / 2 else list(token)


def _longest(tokens: list[str], start: int, measure: Measure, room: float) -> int:
    """The end of the longest stretch that fits; at least one token."""
    used, end = 0.0, start
    while end < len(tokens):
        used += measure(tokens[end])
        if used > room + 0.01 and end > start:
            return end
        end += 1
    return end


def _legal(tokens: list[str], start: int, end: int) -> int:
    """Move the break back until neither side breaks a rule; where none is legal, break where it fits."""
    at = end
    while start < at < len(tokens):
        if tokens[at][0] not in NOT_FIRST and tokens[at - 1][-1] not in NOT_LAST:
            return at
        at -= 1
    return end if at <= start else at
