"""The kinds of letter and their texts, read from `data/templates/*.toml`: which step each tells of,
and per version the paragraphs with named variables. A changed law is a new version in the file.
"""

import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "data" / "templates"

NOTICE, HEARING, DECISION, REPAIR_NOTICE = "notice", "hearing-notice", "decision", "repair-notice"
REMOVAL, REVOCATION, OBJECTION_RESULT = "removal-notice", "revocation", "objection-result"
OBJECTION_REFUSED = "objection-refused"
REPAIR_ACCEPTED, REPAIR_REFUSED, REPAIR_RESULT = "repair-accepted", "repair-refused", "repair-result"
LABELLED = frozenset({DECISION, REMOVAL, REVOCATION, REPAIR_RESULT})
"""Results, which carry the case's 公开属性; what goes to the party on the way to one never does."""
ANSWER = "disclosure-answer"
"""答复书 of 依申请公开: no letter of a case, but numbered like one."""
KINDS = (
    NOTICE,
    HEARING,
    DECISION,
    REPAIR_NOTICE,
    REMOVAL,
    REVOCATION,
    OBJECTION_REFUSED,
    OBJECTION_RESULT,
    REPAIR_ACCEPTED,
    REPAIR_REFUSED,
    REPAIR_RESULT,
)


@dataclass(frozen=True)
class Piece:
    """A paragraph or heading of a template; `when` names the flag it depends on ("!x": its absence)."""

    text: str
    heading: bool = False
    when: str = ""


@dataclass(frozen=True)
class Text:
    """One version of a template, in force from `valid_from` until before `valid_to`."""

    version: str
    valid_from: date
    valid_to: date | None
    status: str
    source: str
    title: str
    body: tuple[Piece, ...]

    def variables(self) -> set[str]:
        """Every variable its text names."""
        texts = [self.title, *(piece.text for piece in self.body)]
        return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}

    def flags(self) -> set[str]:
        return {piece.when.removeprefix("!") for piece in self.body if piece.when}


@dataclass(frozen=True)
class Template:
    """A kind of letter."""

    kind: str
    name: str
    word: str
    actions: tuple[str, ...]
    """The steps it may tell of; empty means any that ends in one of `states`."""
    states: tuple[str, ...]
    procedures: tuple[str, ...]
    dated: str
    """"step": the day of the act itself; "issue": the day it is made out."""
    own_number: str
    """Where the case already holds the number ("notice", "decision", "document"), or empty."""
    versions: tuple[Text, ...]

    def tells_of(self, procedure: str, action: str, before: str | None, after: str) -> bool:
        """Whether a step of a case under this procedure calls for this letter."""
        if procedure not in self.procedures or (self.actions and action not in self.actions):
            return False
        return not self.states or (after in self.states and before != after)

    def on(self, day: date) -> Text | None:
        """The version in force on a day."""
        found = [
            each
            for each in self.versions
            if each.valid_from <= day and (each.valid_to is None or day < each.valid_to)
        ]
        return found[-1] if found else None


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables; KeyError names one that has no value."""
    return text.format_map(dict(values))


def filled(
    version: Text, values: Mapping[str, str], flags: Sequence[str] | set[str]
) -> list[tuple[str, bool]]:
    """(text, is heading) of every paragraph that applies."""
    return [
        (fill(piece.text, values), piece.heading) for piece in version.body if _applies(piece, set(flags))
    ]


def _applies(piece: Piece, flags: set[str]) -> bool:
    if not piece.when:
        return True
    return (piece.when.removeprefix("!") in flags) != piece.when.startswith("!")


@cache
def templates() -> Mapping[str, Template]:
    """Every kind, in the order of a case's life."""
    return {kind: _read(FOLDER / f"{kind}.toml") for kind in KINDS}


def series_kinds() -> Mapping[str, tuple[str, str]]:
    """Name and 文种代字 of every kind that is numbered."""
    cases = {each.kind: (each.name, each.word) for each in templates().values()}
    return {**cases, ANSWER: ("政府信息公开申请答复书", "公开答")}


def _read(path: Path) -> Template:
    data: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    return Template(
        kind=path.stem,
        name=data["name"],
        word=data["word"],
        actions=tuple(data.get("actions", ())),
        states=tuple(data.get("states", ())),
        procedures=tuple(data["procedures"]),
        dated=data["dated"],
        own_number=data.get("own_number", ""),
        versions=tuple(_version(each) for each in data["version"]),
    )


def _version(data: Mapping[str, Any]) -> Text:
    body = tuple(
        Piece(each.get("heading") or each["text"], "heading" in each, each.get("when", ""))
        for each in data["body"]
    )
    return Text(
        data["version"], data["valid_from"], data.get("valid_to"), data["status"], data["source"],
        data["title"], body,
    )  # fmt: skip
