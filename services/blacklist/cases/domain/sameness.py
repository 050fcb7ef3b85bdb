"""When two filings are of one document about one subject on one list: by number, organ and subject."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from services.blacklist.cases.domain.likeness import folded_name

_BRACKETS = re.compile(r"[〔\[【（(［]([^〕\]】）)］]*)[〕\]】）)］]")


def folded_number(number: str) -> str:
    """A document number without blanks, its year in 〔〕 whatever brackets were typed."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", number)).upper()
    return _BRACKETS.sub(r"〔\1〕", text)


def writings(number: str) -> Iterable[str]:
    """The ways the same number is commonly written."""
    return {number, _BRACKETS.sub(r"〔\1〕", number), _BRACKETS.sub(r"[\1]", number)}


class Entry(NamedTuple):
    """What tells one entry on a list from another; `id` is the case or listing it was read from."""

    id: str
    list_code: str
    number: str | None
    organ: str
    name: str
    uscc: str | None
    blind: str | None
    """Blind index of a person's certificate."""

    @property
    def paper(self) -> tuple[str, str, str]:
        return self.list_code, folded_number(self.number or ""), folded_name(self.organ)

    @property
    def key(self) -> str | None:
        """One value for paper and subject, fit for a unique index; unnumbered papers have none."""
        if not self.number:
            return None
        subject = self.blind or self.uscc or folded_name(self.name)
        return hashlib.sha256(json.dumps((*self.paper, subject)).encode()).hexdigest()

    def same_subject(self, other: "Entry") -> bool:
        if self.blind and other.blind:
            return self.blind == other.blind
        if self.uscc and other.uscc:
            return self.uscc == other.uscc
        return folded_name(self.name) == folded_name(other.name)


class Entries:
    """Entries by document, to ask for another one of the same document and subject."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._by_paper: dict[tuple[str, str, str], list[Entry]] = {}
        for entry in entries:
            self.add(entry)

    def add(self, entry: Entry) -> None:
        self._by_paper.setdefault(entry.paper, []).append(entry)

    def twin_of(self, entry: Entry) -> str | None:
        """The id of another entry that says the same, if there is one; unnumbered papers have no twin."""
        if not entry.number:
            return None
        others = self._by_paper.get(entry.paper, ())
        return next((each.id for each in others if each.id != entry.id and entry.same_subject(each)), None)
