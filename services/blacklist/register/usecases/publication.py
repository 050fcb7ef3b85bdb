"""Publish, correct and annotate: a listing becomes and stays what its case says."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from services.blacklist.register.domain import (
    CODE_FIELDS,
    CaseFacts,
    Kind,
    ListTerms,
    NameRecord,
    Publicity,
    Subject,
    numbered_records,
    tail_value,
)
from services.blacklist.register.models import NAMES, Listing, ListingName
from services.blacklist.register.publishes import storage_aad
from services.blacklist.register.usecases.steps import Step, locked_in_force, record
from shared.crypto import KeyRing
from shared.db import add_rows

DOCUMENT_FIELDS = (
    "kind", "number", "organ", "date", "basis", "content", "fine_wan", "confiscated_wan", "licence",
    "penalty_category", "valid_until",
)  # fmt: skip
MISCONDUCT_FIELDS = ("category", "facts", "occurred_on")
MEASURE_FIELDS = ("code", "basis", "domain", "region", "from", "to", "organ")


@dataclass(frozen=True)
class Publication:
    """One case ready to be published under a listing id of its own."""

    listing_id: str
    case: CaseFacts
    terms: ListTerms
    publicity: Publicity


def publish_listing(session: Session, keyring: KeyRing, publication: Publication, *, at: datetime) -> Listing:
    """Make the case public and tell platforms and readers (公示)."""
    return publish_listings(session, keyring, [publication], at=at)[0]


def publish_listings(
    session: Session, keyring: KeyRing, publications: Sequence[Publication], *, at: datetime
) -> list[Listing]:
    """Publish hundreds in one pass; the answer is in the order asked."""
    listings = [new_listing(each, keyring, at) for each in publications]
    session.add_all(listings)
    session.flush()
    write_names(session, map(named, listings))
    record(session, keyring, [Step(listing, Kind.PUBLISHED, at) for listing in listings])
    return listings


def correct_listing(
    session: Session,
    keyring: KeyRing,
    listing_id: str,
    *,
    case: CaseFacts,
    terms: ListTerms,
    publicity: Publicity,
    reason: str,
    at: datetime,
) -> Listing:
    """Replace what the listing says by the corrected case (更正); the old version stays in the history."""
    listing = locked_in_force(session, listing_id)
    _fill(listing, Publication(listing_id, case, terms, publicity), keyring)
    listing.reason_code, listing.reason = "error", reason
    session.execute(delete(ListingName).where(ListingName.listing_id == listing_id))
    write_names(session, [named(listing)])
    record(session, keyring, [Step(listing, Kind.CORRECTED, at)])
    return listing


def annotate_listing(
    session: Session, keyring: KeyRing, listing_id: str, *, annotation: str | None, at: datetime
) -> Listing:
    """Put a note on the page, such as 异议处理中, or take it off with None."""
    listing = locked_in_force(session, listing_id)
    listing.annotation = annotation
    listing.reason_code, listing.reason = None, annotation
    record(session, keyring, [Step(listing, Kind.ANNOTATED, at)])
    return listing


def new_listing(
    publication: Publication, keyring: KeyRing, at: datetime, blank: Callable[..., Listing] = Listing
) -> Listing:
    """A listing at version 0: recording its first step makes it version 1."""
    listing = blank(
        id=publication.listing_id,
        version=0,
        sequence=0,
        public_sequence=0,
        published_at=at,
        changed_at=at,
        migrated=False,
    )
    _fill(listing, publication, keyring)
    return listing


def _fill(listing: Listing, publication: Publication, keyring: KeyRing) -> None:
    case, terms = publication.case, publication.terms
    listing.case_id = case.case_id
    listing.list_code, listing.list_class = terms.code, terms.list_class
    listing.domain, listing.region, listing.department_id = case.domain, case.region, case.department_id
    listing.subject_type, listing.subject_name = case.subject.type, case.subject.name
    listing.uscc = case.subject.uscc
    listing.document_number = case.document.get("number")
    listing.disclosure = case.disclosure
    listing.facts = listing_facts(case, terms)
    _fill_publicity(listing, publication.publicity)
    set_identity(listing, _opened(case.subject, keyring), keyring)


def _fill_publicity(listing: Listing, publicity: Publicity) -> None:
    listing.listed_on = publicity.start
    listing.public_start, listing.public_min_end = publicity.start, publicity.min_end
    listing.public_max_end, listing.actual_end = publicity.max_end, publicity.actual_end
    listing.public_until = publicity.until


def _opened(subject: Subject, keyring: KeyRing) -> dict[str, str]:
    return {each.field: keyring.unseal(each.sealed, each.aad).decode() for each in subject.identity}


def set_identity(listing: Listing, plain: Mapping[str, str], keyring: KeyRing) -> None:
    """Seal the identity numbers to this listing; a person's becomes findable by blind index."""
    listing.identity = {
        field: keyring.seal(number, storage_aad(listing.id, field)) for field, number in plain.items()
    }
    number = plain.get("id_number") if listing.subject_type == "individual" else None
    listing.id_blind = keyring.blind_index(number) if number else None
    listing.tail_blind = keyring.blind_index(tail_value(listing.subject_name, number)) if number else None


def listing_facts(case: CaseFacts, terms: ListTerms) -> dict[str, Any]:
    """The part of the exchange event that says what is listed, without identity numbers."""
    return {
        "list": {
            "code": terms.code,
            "name": terms.name,
            "class": terms.list_class,
            "basis": terms.basis,
            "rule_version": terms.rule_version,
        },
        "subject": _subject_facts(case.subject),
        "organ": {"name": case.organ.name, "uscc": case.organ.uscc},
        "source": {"name": case.source.name, "uscc": case.source.uscc},
        "document": _only(DOCUMENT_FIELDS, case.document),
        "misconduct": _only(MISCONDUCT_FIELDS, case.misconduct),
        "severity": case.severity,
        "measures": [_only(MEASURE_FIELDS, measure) for measure in case.measures],
    }


def _subject_facts(subject: Subject) -> dict[str, Any]:
    short = () if subject.is_person else subject.short_names
    return {
        "type": subject.type,
        "name": subject.name,
        "former_names": list(subject.former_names),
        **({"short_names": list(short)} if short else {}),
        "uscc": subject.uscc,
        "codes": _only(CODE_FIELDS, subject.codes),
        "legal_representative": subject.legal_representative,
        "legal_representative_id_type": subject.legal_representative_id_type,
        "id_type": subject.id_type,
        "id_masked": subject.id_masked,
    }


def _only(fields: Sequence[str], document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: document.get(name) for name in fields}


Named = tuple[Listing, Sequence[tuple[int, NameRecord]]]


def write_names(session: Session, named: Iterable[Named]) -> None:
    """The names organisations are found by."""
    add_rows(
        session,
        NAMES,
        (
            {"listing_id": listing.id, "ordinal": ordinal, **record._asdict()}
            for listing, records in named
            for ordinal, record in records
        ),
    )


def named(listing: Listing) -> Named:
    """With the names it is found by: persons are never in the name search."""
    if listing.subject_type != "organization":
        return listing, ()
    subject = listing.facts["subject"]
    return listing, numbered_records(
        listing.subject_name, subject["former_names"], subject.get("short_names") or ()
    )
