"""Which record of a platform is which migrated listing: by USCC, document number and list, all three exactly.

A platform that knows records by listing id is matched by that alone; a person has no USCC, so nobody is ever
matched by name without somebody's looking.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from services.credit_push.catalogue import Profile
from services.credit_push.domain import WITHDRAW, Record, record_from
from services.credit_push.formats import WITH_LISTING_ID, layout_of
from services.credit_push.models import Adoption, Delivery, DepartmentCopy, Holding, Listing, ListingVersion
from services.credit_push.queries import subtree
from services.credit_push.routing import Facts, takes
from services.credit_push.transports.base import LedgerRow
from shared.db import among

MOST = 10_000
Key = tuple[str, str, str]
"""USCC, document number, list (its code, or the sheet or table it lies in)."""


@dataclass(frozen=True)
class Wanted:
    """A migrated listing that the platform should hold, and of which we know nothing there."""

    listing_id: str
    record: Record
    layout: str

    @property
    def key(self) -> Key:
        """What it is matched by."""
        by_list = self.record.list_code if self.layout in WITH_LISTING_ID else self.layout
        return self.record.subject.uscc, self.record.document.number, by_list

    @property
    def shown_as(self) -> str:
        """How we would know it there."""
        if self.layout in WITH_LISTING_ID:
            return self.listing_id
        return f"{self.record.document.number}\n{self.record.subject.name}"


@dataclass
class Offers:
    """What the platform shows and we do not account for."""

    by_key: dict[Key, list[LedgerRow]] = field(default_factory=dict)
    by_name: dict[str, list[LedgerRow]] = field(default_factory=dict)
    rivals: Counter[Key] = field(default_factory=Counter)
    """How many listings of ours claim the same."""

    def candidates(self, one: Wanted) -> list[LedgerRow]:
        """The rows that may be this listing."""
        same = [row for row in self.by_name.get(one.shown_as, ()) if row.document_number == one.key[1]]
        if one.layout in WITH_LISTING_ID and same:
            return same
        return self.by_key.get(one.key, []) if one.key[0] else same

    def exact(self, profile: Profile, one: Wanted) -> LedgerRow | None:
        """The one row that is this listing, where nothing else can be meant and it can be changed later."""
        found = self.candidates(one)
        if len(found) != 1 or not one.key[0] or self.rivals[one.key] != 1:
            return None
        return found[0] if reachable(profile, one, found[0]) else None


def reachable(profile: Profile, one: Wanted, row: LedgerRow) -> bool:
    """Whether a later correction or withdrawal of ours would find this row."""
    if one.layout in WITH_LISTING_ID:
        return row.listing_id == one.listing_id and row.version == one.record.version
    by_content = profile.transport.kind == "exchange_db"
    return row.content is not None if by_content else row.match_key == one.shown_as


def offers_of(rows: Sequence[LedgerRow], wanted: Sequence[Wanted]) -> Offers:
    """Rows and claims, ready to be looked up."""
    made = Offers(rivals=Counter(one.key for one in wanted))
    for row in rows:
        made.by_key.setdefault((row.uscc, row.document_number, row.listed_in), []).append(row)
        made.by_name.setdefault(row.match_key, []).append(row)
    return made


def wanted_at(
    session: Session, profile: Profile, rows: Sequence[LedgerRow], *, complete: bool
) -> list[Wanted]:
    """Listings to be matched: those the rows may be; where all rows are known also those never sought."""
    numbers = sorted({row.document_number for row in rows if row.document_number})
    found = _load(session, profile, among(session, Listing.document_number, numbers)) if numbers else {}
    if complete:
        here = (Adoption.platform == profile.id) & (Adoption.listing_id == Listing.id)
        found |= _load(session, profile, ~exists().where(here))
    return list(found.values())


def _load(session: Session, profile: Profile, part: ColumnElement[bool]) -> dict[str, Wanted]:
    latest = (ListingVersion.listing_id == Listing.id) & (ListingVersion.sequence == Listing.sequence)
    query = (
        select(ListingVersion.payload, DepartmentCopy.level)
        .join(Listing, latest)
        .outerjoin(DepartmentCopy, DepartmentCopy.id == Listing.department_id)
        .where(Listing.migrated, Listing.operation != WITHDRAW, *unknown_at(profile.id), part, _near(profile))
        .order_by(Listing.id)
        .limit(MOST)
    )
    records = [(record_from(payload), level) for payload, level in session.execute(query)]
    return {
        record.listing_id: Wanted(record.listing_id, record, layout_of(profile, record))
        for record, level in records
        if takes(profile.takes, _facts(record, level))
    }


def unknown_at(platform: str) -> tuple[ColumnElement[bool], ...]:
    """Listings of which nothing is held there, and nothing was ever meant for it."""
    held = exists().where(Holding.platform == platform, Holding.listing_id == Listing.id)
    meant = exists().where(Delivery.platform == platform, Delivery.listing_id == Listing.id)
    return ~held, ~meant


def _near(profile: Profile) -> ColumnElement[bool]:
    parts = [Listing.region.startswith(subtree(code), autoescape=True) for code in profile.takes.regions]
    return or_(*parts)


def _facts(record: Record, level: str | None) -> Facts:
    return Facts(record.region, record.domain, record.list_class, record.subject.type, level)


def shown(row: LedgerRow) -> Mapping[str, object]:
    """A row as it is kept for a person to choose from."""
    names = ("match_key", "listing_id", "document_number", "subject_name", "version", "content_digest")
    told: dict[str, object] = {name: getattr(row, name) for name in (*names, "uscc", "listed_in")}
    return {**told, "content": dict(row.content) if row.content is not None else None}


def record_key(row: LedgerRow) -> str:
    """One record of a platform, by how it is known there and what it says."""
    return sha256(f"{row.match_key}\n{row.content_digest}".encode()).hexdigest()
