"""种类 and 公开时限 as data: which time counts for an item, and where it comes from.

Another law's time goes before the catalogue entry's, and that before the regulation's twenty working days.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "data"
_DAYS = re.compile(r"(\d+)\s*个工作日")
DOCUMENT, INTERPRETATION, RESPONSE = "policy-document", "interpretation", "opinion-response"


@dataclass(frozen=True)
class Kind:
    """信息种类; `relates` names what it must be linked to, `timed` whether a term of its own runs."""

    code: str
    name: str
    relates: str
    timed: bool
    also: tuple[str, ...] = ()
    """Outlets (channels) it must appear at too, in step with this site."""


@dataclass(frozen=True)
class Term:
    """How many working days after formation, and by which rule."""

    code: str
    name: str
    working_days: int
    basis: str
    status: str


@dataclass(frozen=True)
class OwnTerm:
    """另有规定的时限, as the drafter cites it."""

    working_days: int
    basis: str


@cache
def data(name: str) -> Mapping[str, Any]:
    return tomllib.loads((DATA / f"{name}.toml").read_text("utf-8"))


@cache
def kinds() -> Mapping[str, Kind]:
    return {
        each["code"]: Kind(
            each["code"],
            each["name"],
            each.get("relates", ""),
            each.get("term", "catalogue") != "none",
            tuple(each.get("also", ())),
        )
        for each in data("kinds")["kind"]
    }


def kind_name(code: str) -> str:
    found = kinds().get(code)
    return found.name if found else code


def term_for(kind: str, domain: str, on: date, *, entry: str | None, own: OwnTerm | None = None) -> Term:
    """The time an item of this kind has; `entry` is the catalogue entry's 公开时限 as written."""
    if not kinds()[kind].timed:
        return _watched(kind)
    if own is not None:
        return Term(
            "own",
            f"自信息形成或者变更之日起{own.working_days}个工作日内",
            own.working_days,
            own.basis,
            "stated",
        )
    special, usual = _rules(kind, domain, on)
    if special is not None:
        return special
    days = _DAYS.findall(entry or "")
    if days:
        return Term("catalogue", entry or "", int(days[0]), "公开事项目录", "catalogue")
    return usual


def _watched(kind: str) -> Term:
    """What another duty watches: the document's for its interpretation, the opinion's for its response."""
    rule = data("terms")["interpretation" if kind == INTERPRETATION else "opinion"]
    return Term(kind, rule["name"], rule.get("working_days", 0), rule["basis"], rule["status"])


def _rules(kind: str, domain: str, on: date) -> tuple[Term | None, Term]:
    """The most specific rule in force that names kind or domain, and the one for everything."""
    found: list[tuple[int, Term]] = []
    for each in data("terms")["term"]:
        fits = (not each["kinds"] or kind in each["kinds"], not each["domains"] or domain in each["domains"])
        if all(fits) and each["valid_from"] <= on:
            term = Term(each["code"], each["name"], each["working_days"], each["basis"], each["status"])
            found.append((bool(each["kinds"]) + bool(each["domains"]), term))
    found.sort(key=lambda pair: -pair[0])
    usual = next(term for rank, term in found if rank == 0)
    return (found[0][1] if found[0][0] else None), usual
