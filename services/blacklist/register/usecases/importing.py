"""`import listings`: history another system already published, read as a stream of JSON lines.

At most 500 rows a commit; a line seen before (by its source id, else its content) is passed over, so a
run that was cut short is simply run again. Platforms and departments hear nothing unless `push`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cache, partial
from itertools import islice
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.blacklist.register.domain import CaseFacts, Kind, ListTerms, Organ, Subject
from services.blacklist.register.domain.lines import BadLine, ImportLine, read_line
from services.blacklist.register.domain.names import NameRecord, name_records
from services.blacklist.register.models import LISTINGS, Listing
from services.blacklist.register.usecases.publication import (
    Named,
    Publication,
    new_listing,
    set_identity,
    write_names,
)
from services.blacklist.register.usecases.steps import Ledger, Step, take
from services.blacklist.rules.queries import list_rule, trade_domains
from shared.clock import SHANGHAI, Clock, local_date
from shared.crypto import KeyRing
from shared.db import Database, JsonText, add_rows, among, dump_json
from shared.errors import NotFound
from shared.identifiers import mask_id
from shared.ids import new_id

BATCH = 500
MOST_REASONS = 10_000
_EMPTY: dict[str, Any] = {column.key: None for column in LISTINGS.columns}
Progress = Callable[[int], None]
TermsOn = Callable[[str, date, str], ListTerms]


@dataclass(frozen=True)
class Rejected:
    """A line that stayed out: its number in the file (from 1) and why."""

    number: int
    reason: str


@dataclass
class ImportReport:
    """What became of the lines; `reasons` keeps the first ten thousand rejections."""

    read: int = 0
    imported: int = 0
    known: int = 0
    rejected: int = 0
    reasons: list[Rejected] = field(default_factory=list)

    def add(self, block: "Block", imported: int) -> None:
        self.read += block.read
        self.imported += imported
        self.known += len(block.good) - imported
        self.rejected += len(block.rejected)
        self.reasons += block.rejected[: MOST_REASONS - len(self.reasons)]


Numbered = tuple[int, str | bytes]


@dataclass(frozen=True, slots=True)
class Good:
    """A good line, the terms of its list, and the names it will be found by."""

    line: ImportLine
    terms: ListTerms
    names: list[NameRecord]


@dataclass
class Block:
    """Lines looked at together: how many, the good ones, and what is wrong with the others."""

    read: int
    good: list[Good] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def import_listings(
    db: Database,
    clock: Clock,
    keyring: KeyRing,
    lines: Iterable[str | bytes],
    *,
    push: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Take in every good line; the report names the bad ones. Empty lines are passed over."""
    report = ImportReport()
    domains = frozenset(each.code for each in trade_domains())
    terms_on = _cached_terms(clock.today())
    numbered = ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
    for block in _ahead(partial(_checked, domains, terms_on), _batched(numbered)):
        with db.write() as session:
            fresh = _fresh(session, block.good)
            _write(session, keyring, fresh, clock.now(), push=push)
        report.add(block, len(fresh))
        if progress:
            progress(report.read)
    return report


def _batched(numbered: Iterator[Numbered]) -> Iterator[list[Numbered]]:
    while block := list(islice(numbered, BATCH)):
        yield block


def _ahead(check: Callable[[list[Numbered]], Block], blocks: Iterable[list[Numbered]]) -> Iterator[Block]:
    """Blocks checked, one ahead of the caller: lines are read while the database takes in those before."""
    with ThreadPoolExecutor(1, "import") as reader:
        waiting: Future[Block] | None = None
        for block in blocks:
            following = reader.submit(check, block)
            if waiting:
                yield waiting.result()
            waiting = following
        if waiting:
            yield waiting.result()


def _cached_terms(today: date) -> TermsOn:
    """The list as it was on the day of publication, else (older than its rule here) as it is today."""

    @cache
    def terms_on(code: str, on: date, region: str) -> ListTerms:
        try:
            return ListTerms.of(list_rule(code, on), region)
        except NotFound as error:
            if on == today:
                raise BadLine(f"list_code:{error.title}") from error
            return terms_on(code, today, region)

    return terms_on


def _checked(domains: Collection[str], terms_on: TermsOn, numbered: list[Numbered]) -> Block:
    block = Block(len(numbered))
    for number, text in numbered:
        try:
            line = read_line(text, domains)
            content = line.content
            terms = terms_on(content["list_code"], line.publicity.start, content["region"])
            block.good.append(Good(line, terms, _names(content)))
        except BadLine as error:
            block.rejected.append(Rejected(number, str(error)))
    return block


def _names(content: Mapping[str, Any]) -> list[NameRecord]:
    """Persons are never in the name search."""
    subject = content["subject"]
    if subject["type"] != "organization":
        return []
    return name_records((subject["name"], *content["former_names"]))


def _fresh(session: Session, good: Sequence[Good]) -> list[Good]:
    """Lines that neither the register nor an earlier line of the block has."""
    found = select(LISTINGS.c.origin)
    found = found.where(among(session, LISTINGS.c.origin, [each.line.origin for each in good]))
    seen = set(session.scalars(found)) if good else set()
    fresh: list[Good] = []
    for each in good:
        if each.line.origin not in seen:
            seen.add(each.line.origin)
            fresh.append(each)
    return fresh


def _write(session: Session, keyring: KeyRing, fresh: Sequence[Good], at: datetime, *, push: bool) -> None:
    """Listings are made while the database takes in those before them."""
    today, ledger, named = local_date(at), Ledger(), list[Named]()

    def rows() -> Iterator[dict[str, Any]]:
        for each in fresh:
            listing = _listing(each.line, each.terms, keyring, at)
            silent = not push or listing.public_until <= today
            take(ledger, keyring, Step(listing, Kind.PUBLISHED, at, replay=True, silent=silent))
            named.append((listing, each.names))
            yield _row(listing, ledger.versions[-1])

    if fresh:
        add_rows(session, LISTINGS, rows())
        write_names(session, named)
        ledger.write(session)


def _row(listing: Listing, version: dict[str, Any]) -> dict[str, Any]:
    """A listing and its first version say the same: what they share is turned into JSON once."""
    facts = dump_json(listing.facts)
    shown = {name: said for name, said in version["facts"].items() if name not in listing.facts}
    version["facts"] = JsonText(f"{facts[:-1]},{dump_json(shown)[1:]}")
    return vars(listing) | {"facts": JsonText(facts)}


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
        subject=_subject(subject, content["former_names"]),
        misconduct=content["misconduct"],
        document=document,
        severity=content["severity"],
        measures=tuple(content["measures"]),
    )


def _subject(given: dict[str, str | None], former_names: Sequence[str]) -> Subject:
    number = given["id_number"]
    return Subject(
        type=given["type"] or "",
        name=given["name"] or "",
        former_names=tuple(former_names),
        uscc=given["uscc"],
        codes=given,
        legal_representative=given["legal_representative"],
        id_type=given["id_type"],
        id_masked=mask_id(number) if number else None,
    )
