"""A wrong or a dropped sign in the place of a question: which place was meant, and the core behind it.

With the place unread what follows it is cut wrongly too, and such a question shares only common grams with
the name that is meant. Every place is known by its name less each one sign: names one sign apart meet there.
"""

from collections import defaultdict
from functools import cache
from typing import NamedTuple

from services.blacklist.register.domain.names.parts import Parts, leading, place_of
from services.blacklist.register.domain.names.words import places

_SHORTEST, _LONGEST = 3, 6
"""Of place names: two signs less one would be any place."""
_MOST = 8
"""More places than these would crowd out other grams."""


class Mended(NamedTuple):
    """Where the name would be, as names are kept, and its core without the damaged place."""

    place: str
    core: str


def mended(asked: Parts) -> list[Mended]:
    """Readings of a question whose core begins with a place that has one sign wrong or one too few."""
    known = asked.place if asked.place.isdigit() else ""
    if asked.region and not known:
        return []
    found = _behind(asked.core, known) if known else []
    for size in range(min(_LONGEST, len(asked.core) - 2), 1, -1):
        codes = _meant(asked.core[:size], known)
        if codes:
            found += _readings(codes, asked.core[size:])
    return list(dict.fromkeys(found)) if len(found) <= _MOST else []


def _behind(core: str, known: str) -> list[Mended]:
    """The last sign of the place is the wrong one (镇江情丹阳市…): a county of it follows."""
    front, inner, rest = leading(core[1:])
    place = place_of(inner, front) if front else ""
    return [Mended(place, rest)] if place.isdigit() and place.startswith(known) else []


def _meant(text: str, known: str) -> list[str]:
    """Places (their digits) within the known one whose names are one sign apart from the text."""
    if text in places().codes:
        return []
    lacking = _lacking()
    short = [text, *(text[:at] + text[at + 1 :] for at in range(len(text)))]
    names = {name for each in short for name in lacking.get(each, ()) if len(name) - len(text) in (0, 1)}
    codes = {code for name in names for code in places().codes[name] if code.startswith(known)}
    return sorted({place_of((code,), "") for code in codes})


def _readings(codes: list[str], rest: str) -> list[Mended]:
    """A place that follows is within the damaged one, or the damaged one is another."""
    front, inner, core = leading(rest)
    place = place_of(inner, front)
    if not place.isdigit():
        return [Mended(each, core) for each in codes]
    return [Mended(place, core)] if place.startswith(tuple(codes)) else []


@cache
def _lacking() -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = defaultdict(set)
    for name in places().codes:
        if _SHORTEST <= len(name) <= _LONGEST:
            for at in range(len(name)):
                found[name[:at] + name[at + 1 :]].add(name)
    return {short: tuple(names) for short, names in found.items()}
