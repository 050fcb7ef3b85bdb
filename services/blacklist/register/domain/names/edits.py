"""Which signs make the difference between two texts: Levenshtein's distance with a weight for every sign.

What both begin and end with is set aside first; what remains of names one sign apart is at most one sign.
"""

from collections.abc import Sequence
from typing import NamedTuple

ONE_SIGN_APART = "一字之差"
_TOO_FAR = 5
"""Texts that differ over more signs are not the same name: all of those signs count as wrong."""


class Edits(NamedTuple):
    """Cost and total by weight, signs by count, and what remains of both texts between equal ends."""

    cost: float
    total: float
    signs: int
    asked: str
    found: str

    def said(self) -> str:
        """一字之差, as a reader sees it: what was asked → what stands in the register."""
        if not self.asked:
            return f"{ONE_SIGN_APART}：少“{self.found}”"
        if not self.found:
            return f"{ONE_SIGN_APART}：多“{self.asked}”"
        return f"{ONE_SIGN_APART}：{self.asked}→{self.found}"


def edits(asked: str, found: str, weights: Sequence[float]) -> Edits:
    """The cheapest way from one text to the other; `weights` are those of the found text's signs."""
    front = _shared_front(asked, found)
    back = _shared_front(asked[front:][::-1], found[front:][::-1])
    one, other = asked[front : len(asked) - back], found[front : len(found) - back]
    after = [*weights, weights[-1] if weights else 1.0]
    if max(len(one), len(other)) > _TOO_FAR:
        cost = max(sum(after[front : front + len(other)]), after[front] * len(one))
        signs = max(len(one), len(other))
    elif len(one) > 1 or len(other) > 1:
        cost, signs = _distance(one, other, after[front:])
    else:
        cost, signs = after[front] if one or other else 0.0, max(len(one), len(other))
    return Edits(cost, max(sum(weights), 1.0), signs, one, other)


def _shared_front(one: str, other: str) -> int:
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return place
    return min(len(one), len(other))


Step = tuple[float, int]


def _distance(one: str, other: str, weights: Sequence[float]) -> Step:
    """Cost and number of signs of the cheapest alignment; an added sign weighs as the next one."""
    row: list[Step] = [(0.0, 0)]
    for weight in weights[: len(other)]:
        row.append((row[-1][0] + weight, row[-1][1] + 1))
    for sign in one:
        above, row = row, [(row[0][0] + weights[0], row[0][1] + 1)]
        for column, known in enumerate(other):
            row.append(above[column] if sign == known else _cheapest(above, row, column, weights))
    return row[-1]


def _cheapest(above: Sequence[Step], row: Sequence[Step], column: int, weights: Sequence[float]) -> Step:
    changed, extra, missing = above[column], above[column + 1], row[column]
    weight, following = weights[column], weights[column + 1]
    return min(
        (changed[0] + weight, changed[1] + 1),
        (extra[0] + following, extra[1] + 1),
        (missing[0] + weight, missing[1] + 1),
    )
