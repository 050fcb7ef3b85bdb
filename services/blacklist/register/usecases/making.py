"""Lines of an import file made into the rows they become, without a database: work for a process of its own.

Whether a line is known already is not asked here; where it is, its rows are left alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cache
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

from services.blacklist.register.domain import CaseFacts, Kind, ListTerms, Organ, Subject
from services.blacklist.register.domain.lines import BadLine, ImportLine, read_line
from services.blacklist.register.domain.names import NameRecord, numbered_records
from services.blacklist.register.models import CHANGES, LISTINGS, NAMES, VERSIONS, Listing
from services.blacklist.register.publishes import queued_rows
from services.blacklist.register.usecases.publication import (
    Publication,
    new_listing,
    set_identity,
)
from services.blacklist.register.usecases.steps import Ledger, Step, take
from services.blacklist.rules.queries import list_rule, measure, trade_domains
from shared.clock import SHANGHAI, local_date
from shared.crypto import KeyRing
from shared.db import Columns, dump_json
from shared.errors import NotFound
from shared.identifiers import mask_id
from shared.ids import new_id

NEVER_GIVEN = (
    "case_id", "department_id", "annotation", "public_min_end", "actual_end", "removed_at", "revoked_at",
    "suspended_at", "shielded_at", "shield_code", "reason_code", "reason",
)  # fmt: skip
"""What an imported listing does not have: a third of the columns need not be written."""
_ALL = [column.key for column in LISTINGS.columns]
_GIVEN = tuple(name for name in _ALL if name not in NEVER_GIVEN)
LISTING = Columns(LISTINGS, _GIVEN, frozenset({"facts", "identity"}))
NAME = Columns(NAMES, ("listing_id", "ordinal", *NameRecord._fields))
VERSION = Columns(VERSIONS, tuple(column.key for column in VERSIONS.columns), frozenset({"facts"}))
CHANGE = Columns(CHANGES, ("listing_id", "version", "recorded_at"))
_listing_values, _version_values, _change_values = LISTING.values, VERSION.values, CHANGE.values
_EMPTY: dict[str, Any] = dict.fromkeys(_ALL)
Row = tuple[Any, ...]
Numbered = tuple[int, str | bytes]
NOT_LISTED_MEASURE = (
    "measures.code：第{}项不在全国失信惩戒措施基础清单内；"
    "请改用清单内的代码（见 /api/v1/measures），或者删去该项"
)


class OnList(NamedTuple):
    """What a list says of its listings, and whom it may name."""

    terms: ListTerms
    subject_types: tuple[str, ...]


RuleOn = Callable[[str, date, str], OnList]
Listed = Callable[[str, date], bool]


class Lines(NamedTuple):
    """Lines with their numbers, and when they go in; how many more are known already."""

    at: datetime
    numbered: list[Numbered]
    known: int = 0


@dataclass(frozen=True)
class Rejected:
    """A line that stayed out: its number in the file (from 1) and why."""

    number: int
    reason: str


class Made(NamedTuple):
    """The rows of a good line, as LISTING, NAME and so on have them, and what makes it the same next time."""

    origin: str
    listing: Row
    version: Row
    names: list[Row]
    changes: list[Row]
    queued: list[Row]


@dataclass
class Block:
    """Lines looked at together: how many, the good ones, what is wrong with others, and those passed over."""

    read: int
    known: int = 0
    good: list[Made] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


class Making:
    """Makes blocks of lines into rows; can be sent to another process."""

    def __init__(self, keyring: KeyRing, today: date, push: bool) -> None:
        self._keyring, self._today, self._push = keyring, today, push
        self._domains = frozenset(each.code for each in trade_domains())
        self._rule_on, self._listed = _cached_rules(today), _cached_measures(today)

    def __reduce__(self) -> tuple[type["Making"], tuple[KeyRing, date, bool]]:
        return Making, (self._keyring, self._today, self._push)

    def __call__(self, lines: Lines) -> Block:
        block = Block(len(lines.numbered) + lines.known, lines.known)
        today = local_date(lines.at)
        for number, text in lines.numbered:
            try:
                line = read_line(text, self._domains)
                _require_begun(line, today)
                block.good.append(self._made(line, self._lawful(line), lines.at, today))
            except BadLine as error:
                block.rejected.append(Rejected(number, str(error)))
        return block

    def _lawful(self, line: ImportLine) -> ListTerms:
        """The terms of its list, once the law lets that list name such a party and take such measures."""
        content, on = line.content, line.publicity.start
        terms, subject_types = self._rule_on(content["list_code"], on, content["region"])
        if content["subject"]["type"] not in subject_types:
            raise BadLine(f"subject.type：{terms.name}的依据不包括此类主体，请核对 list_code，无误的不要迁入")
        for number, each in enumerate(content["measures"], start=1):
            if not self._listed(each["code"], on):
                raise BadLine(NOT_LISTED_MEASURE.format(number))
        return terms

    def _made(self, line: ImportLine, terms: ListTerms, at: datetime, today: date) -> Made:
        listing, ledger = _listing(line, terms, self._keyring, at), Ledger()
        silent = not self._push or listing.public_until <= today
        take(ledger, self._keyring, Step(listing, Kind.PUBLISHED, at, replay=True, silent=silent))
        return Made(
            line.origin,
            *_said(listing, *ledger.versions),
            [(listing.id, ordinal, *each) for ordinal, each in _names(line.content)],
            [_change_values(each) for each in ledger.changes],
            queued_rows(ledger.exchange, ledger.public),
        )


def _require_begun(line: ImportLine, today: date) -> None:
    """What begins later would become public without a step that anybody who follows the register hears of."""
    if line.publicity.start > today:
        raise BadLine("published_on：不得晚于今天；尚未公示的，请到公示之日再导入")


def _cached_rules(today: date) -> RuleOn:
    """The list as it was on the day of publication, else (older than its rule here) as it is today."""

    @cache
    def rule_on(code: str, on: date, region: str) -> OnList:
        try:
            rule = list_rule(code, on)
            return OnList(ListTerms.of(rule, region), rule.subject_types)
        except NotFound as error:
            if on == today:
                raise BadLine(f"list_code:{error.title}") from error
            return rule_on(code, today, region)

    return rule_on


def _cached_measures(today: date) -> Listed:
    """Whether the closed list had the measure on the day of publication, else has it today."""

    @cache
    def listed(code: str, on: date) -> bool:
        return any(measure(code, day) is not None for day in (on, today))

    return listed


def _names(content: Mapping[str, Any]) -> list[tuple[int, NameRecord]]:
    """Persons are never in the name search."""
    subject = content["subject"]
    if subject["type"] != "organization":
        return []
    return numbered_records(subject["name"], content["former_names"], content["short_names"])


def _said(listing: Listing, version: dict[str, Any]) -> tuple[Row, Row]:
    """A listing and its first version say the same: what they share is turned into JSON once."""
    facts = dump_json(listing.facts)
    shown = {name: said for name, said in version["facts"].items() if name not in listing.facts}
    whole = f"{facts[:-1]},{dump_json(shown)[1:]}"
    row = vars(listing) | {"facts": facts, "identity": dump_json(listing.identity)}
    return _listing_values(row), _version_values(version | {"facts": whole})


def _blank(**given: Any) -> Listing:
    """A plain object with a listing's columns: rows that are only inserted need no tracking of changes."""
    return cast("Listing", SimpleNamespace(**_EMPTY | given))


def _listing(line: ImportLine, terms: ListTerms, keyring: KeyRing, at: datetime) -> Listing:
    publication = Publication(new_id(), _facts(line), terms, line.publicity)
    listing = new_listing(publication, keyring, at, _blank)
    listing.migrated, listing.origin = True, line.origin
    listing.published_at = datetime.combine(line.publicity.start, time(), SHANGHAI)
    if number := line.content["subject"].get("id_number"):
        set_identity(listing, {"id_number": number}, keyring)
    return listing


def _facts(line: ImportLine) -> CaseFacts:
    content = line.content
    subject, document = content["subject"], content["document"]
    organ = Organ(**(content["organ"] or {"name": document["organ"] or "", "uscc": None}))
    return CaseFacts(
        case_id=None,
        list_code=content["list_code"],
        domain=content["domain"],
        region=content["region"],
        department_id=None,
        organ=organ,
        source=Organ(**content["source"]) if content["source"] else organ,
        subject=_subject(subject, content["former_names"], content["short_names"]),
        misconduct=content["misconduct"],
        document=document,
        severity=content["severity"],
        measures=tuple(content["measures"]),
    )


def _subject(
    given: dict[str, str | None], former_names: Sequence[str], short_names: Sequence[str]
) -> Subject:
    number = given["id_number"]
    return Subject(
        type=given["type"] or "",
        name=given["name"] or "",
        former_names=tuple(former_names),
        short_names=tuple(short_names),
        uscc=given["uscc"],
        codes=given,
        legal_representative=given["legal_representative"],
        id_type=given["id_type"],
        id_masked=mask_id(number) if number else None,
    )
