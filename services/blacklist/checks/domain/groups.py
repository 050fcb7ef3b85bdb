"""Bidders and the groups they bid in: what a group comes to, and what changed between two looks.

A consortium (联合体) is as its worst member; whoever bids alone is a group of one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CLASSES = ("serious", "industry-misconduct", "penalty-record", "notice")
VERDICTS = ("listed", "possible", "outdated", "none")
BARRED = ("yes", "unclear", "no")
LISTED, POSSIBLE, LIFTED, CHANGED = "listed", "possible", "lifted", "changed"
Standing = Mapping[str, Sequence[Sequence[Any]]]
"""Of each bidder by its place: [listing id, version, certain] of what was found."""


@dataclass(frozen=True)
class Bidder:
    """One organisation, by its place in the project: group and member, both from 1."""

    group: int
    member: int
    name: str | None
    uscc: str | None

    @property
    def place(self) -> str:
        return f"{self.group}.{self.member}"


def bidders_of(groups: Iterable[Mapping[str, Any]]) -> list[Bidder]:
    return [
        Bidder(number, place, each.get("name"), each.get("uscc"))
        for number, group in enumerate(groups, start=1)
        for place, each in enumerate(group["members"], start=1)
    ]


def group_answer(number: int, name: str | None, members: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The group's verdict from its members' answers."""
    classes = [each["list_class"] for each in members if each["list_class"]]
    return {
        "number": number,
        "name": name,
        "verdict": min((each["verdict"] for each in members), key=VERDICTS.index),
        "barred": min((each["barred"] for each in members), key=BARRED.index),
        "list_class": min(classes, key=CLASSES.index, default=None),
        "members": list(members),
    }


def as_it_stands(
    groups: Iterable[Mapping[str, Any]], public: Collection[tuple[str, int]]
) -> list[dict[str, Any]]:
    """Stored answers without what is public no more as it was: such a member waits to be looked at again."""
    return [
        group_answer(
            group["number"],
            group["name"],
            [each if found_of(each) <= set(public) else _outdated(each) for each in group["members"]],
        )
        for group in groups
    ]


def outdated_places(groups: Iterable[Mapping[str, Any]], public: Collection[tuple[str, int]]) -> list[str]:
    """Whose stored answer names what is public no more as it was."""
    return [
        f"{group['number']}.{place}"
        for group in groups
        for place, each in enumerate(group["members"], start=1)
        if not found_of(each) <= set(public)
    ]


def found_of(member: Mapping[str, Any]) -> set[tuple[str, int]]:
    """The listings a member's answer names, with their versions."""
    return {(str(each["id"]), int(each["version"])) for each in member["listings"]}


def found_in(groups: Iterable[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Listings with their versions, each once."""
    return sorted({each for group in groups for member in group["members"] for each in found_of(member)})


def _outdated(member: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": member.get("name"), "uscc": member.get("uscc"), "listed": False, "verdict": "outdated",
        "list_class": None, "barred": "unclear", "listings": [], "measures": [],
    }  # fmt: skip


def replaced(
    groups: Iterable[Mapping[str, Any]], fresh: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Stored answers with newer ones in the places (`group.member`) they are for."""
    return [
        group_answer(
            group["number"],
            group["name"],
            [fresh.get(f"{group['number']}.{place}", each) for place, each in enumerate(group["members"], 1)],
        )
        for group in groups
    ]


def newer_answers(
    groups: Iterable[Mapping[str, Any]], exact: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Answers in which whatever was published or removed while likeness was asked stands as it is now."""
    kept = list(groups)
    old = {
        f"{group['number']}.{place}": each
        for group in kept
        for place, each in enumerate(group["members"], start=1)
    }
    named = {place: new for place, new in exact.items() if new["listings"] or old[place]["listed"]}
    return replaced(kept, named)


def standing_of(bidders: Iterable[Bidder], answers: Iterable[Mapping[str, Any]]) -> Standing:
    return {
        bidder.place: sorted([each["id"], each["version"], each["certain"]] for each in answer["listings"])
        for bidder, answer in zip(bidders, answers, strict=True)
    }


def differences(before: Standing, now: Standing) -> list[tuple[str, str]]:
    """Place of the bidder and what became of it; one word for each bidder, the gravest."""
    found: list[tuple[str, str]] = []
    for place, rows in now.items():
        old, new = _by_id(before.get(place, ())), _by_id(rows)
        fresh = [new[each] for each in new.keys() - old.keys()]
        if fresh:
            found.append((place, LISTED if any(certain for _, certain in fresh) else POSSIBLE))
        elif old.keys() - new.keys():
            found.append((place, LIFTED))
        elif old != new:
            found.append((place, CHANGED))
    return found


def _by_id(rows: Iterable[Sequence[Any]]) -> dict[str, tuple[int, bool]]:
    return {str(listing): (int(version), bool(certain)) for listing, version, certain in rows}
