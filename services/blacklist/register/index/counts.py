"""Rare grams first: which grams of a question are looked up, so that their postings stay within a budget.

Only grams that many names share are counted; what is not counted is rare. Counts only choose and order, so
every process keeps its own copy and looks now and then whether a newer one was written.
"""

import time
from collections.abc import Mapping, Sequence
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from services.blacklist.register.domain.names import Gram
from services.blacklist.register.index.reading import Reading

COMMON = 200
"""A gram of so many names is counted."""
TYPICAL_RARE = 20
FRESH_SECONDS = 30.0
MARK = ""
_MARKED = "SELECT names FROM register_gram_count WHERE gram = ''"
_COUNTED = "SELECT gram, names FROM register_gram_count WHERE gram <> ''"


def rare_first(grams: Sequence[Gram], counts: Mapping[str, int], budget: int, most: int) -> list[Gram]:
    """At most `most` grams, rarest first, whose postings fit the budget; the rarest one in any case."""
    chosen: list[Gram] = []
    spent = 0
    for gram in sorted(grams, key=lambda each: (counts.get(each.text, TYPICAL_RARE), -each.weight)):
        spent += counts.get(gram.text, TYPICAL_RARE)
        if chosen and (spent > budget or len(chosen) == most):
            break
        chosen.append(gram)
    return chosen


class _Known:
    """One process's copy of the counts of one database."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.mark: list[int] = []
        self.looked = float("-inf")
        self._lock = Lock()

    def looked_up(self, reading: Reading) -> Mapping[str, int]:
        if time.monotonic() - self.looked > FRESH_SECONDS and self._lock.acquire(blocking=False):
            try:
                self._look(reading)
                self.looked = time.monotonic()
            finally:
                self._lock.release()
        return self.counts

    def _look(self, reading: Reading) -> None:
        mark = [row[0] for row in reading.rows(_MARKED, ())]
        if mark != self.mark:
            self.counts, self.mark = dict(reading.rows(_COUNTED, ())), mark


_known: WeakKeyDictionary[Engine, _Known] = WeakKeyDictionary()


def known_counts(reading: Reading) -> Mapping[str, int]:
    """The counts as this process knows them."""
    return _known.setdefault(reading.engine, _Known()).looked_up(reading)
