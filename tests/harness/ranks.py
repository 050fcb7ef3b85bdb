"""The Mann-Whitney U test (normal approximation, ties corrected): can two samples be told apart?"""

import math
from collections import Counter
from collections.abc import Sequence


def u_test(one: Sequence[float], other: Sequence[float]) -> float:
    """The two-sided p of both coming from the same distribution."""
    n, m = len(one), len(other)
    ranks = ranked([*one, *other])
    u = sum(ranks[:n]) - n * (n + 1) / 2
    total = n + m
    ties = sum(each**3 - each for each in Counter(ranks).values())
    spread = math.sqrt(n * m / 12 * (total + 1 - ties / (total * (total - 1))))
    if spread == 0:
        return 1.0
    z = (abs(u - n * m / 2) - 0.5) / spread
    return math.erfc(max(z, 0) / math.sqrt(2))


def ranked(values: Sequence[float]) -> list[float]:
    """Ranks from 1 on, equal values sharing their mean."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for place in order[start : end + 1]:
            ranks[place] = (start + end) / 2 + 1
        start = end + 1
    return ranks
