"""Can two kinds of questions be told apart by how long their answers take? Rounds, and how they decide.

One round asks as many of each kind in random order and gives the p of Mann-Whitney's test. Questions that are
alike give a p of at most 0.05 in one round of twenty, by chance alone. So the first round, fixed beforehand,
decides where its p is above 0.05; else three fresh rounds decide by the median of theirs. Alike ones are
then refused with 0.05 × (3 × 0.05² × 0.95 + 0.05³) = 0.00036: once in 2,700 runs. Ones that show in nine
rounds of ten are refused with 0.9 × 0.972 = 0.87, those that show in every round always.
"""

import random
from collections.abc import Callable
from statistics import median

from tests.harness.ranks import u_test

LEVEL = 0.05
FRESH = 3


def one_round(ask: Callable[[int, bool], float], count: int, dice: random.Random) -> float:
    """`ask` is given a number and which kind is asked, and says how long it took."""
    order = [(number, kind) for number in range(count) for kind in (True, False)]
    dice.shuffle(order)
    spent: dict[bool, list[float]] = {True: [], False: []}
    for number, kind in order:
        spent[kind].append(ask(number, kind))
    return u_test(spent[True], spent[False])


def look_alike(a_round: Callable[[], float]) -> tuple[bool, list[float]]:
    """Whether they do, and the p of every round that was needed."""
    first = a_round()
    if first > LEVEL:
        return True, [first]
    fresh = [a_round() for _ in range(FRESH)]
    return median(fresh) > LEVEL, [first, *fresh]
