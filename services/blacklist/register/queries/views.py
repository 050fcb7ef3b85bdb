"""The public form of a listing. Persons' names are masked unless the asker proved to know the person."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from services.blacklist.register.domain.redaction import FREE_TEXT, redact
from services.blacklist.register.models import Listing
from services.blacklist.register.publishes import publicity_data
from shared.identifiers import mask_person_name
from shared.regions import full_name


def listing_view(listing: Listing, *, name_known: bool = False) -> dict[str, Any]:
    """Everything public about one listing."""
    facts = redacted_facts(listing.facts) if name_known else masked_facts(listing.facts)
    return {
        "id": listing.id,
        "version": listing.version,
        "status": "public",
        "list_code": listing.list_code,
        "list_name": facts["list"]["name"],
        "list_class": listing.list_class,
        "legal_basis": facts["list"]["basis"],
        "rule_version": facts["list"]["rule_version"],
        "domain": listing.domain,
        "region": listing.region,
        "region_name": full_name(listing.region),
        "subject": facts["subject"],
        "organ": facts["organ"],
        "source": facts["source"],
        "document": facts["document"],
        "misconduct": facts["misconduct"],
        "severity": facts["severity"],
        "measures": facts["measures"],
        "publicity": publicity_data(listing),
        "annotation": listing.annotation,
        "listed_on": listing.listed_on,
        "published_at": listing.published_at,
        "changed_at": listing.changed_at,
        "migrated": listing.migrated,
    }


def masked_view(listing: Listing) -> dict[str, Any]:
    """The form for whoever only has the listing's address."""
    return listing_view(listing)


def redacted_facts(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts whose free text shows no identity number, telephone, account or home address."""
    shown = dict(facts)
    for group, name in FREE_TEXT:
        text = facts[group].get(name)
        if text:
            shown[group] = {**shown[group], name: redact(text).text}
    return shown


def masked_facts(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts with a person's name masked and the legal representative's certificate left out."""
    facts = redacted_facts(facts)
    subject = facts["subject"]
    shown = {key: value for key, value in subject.items() if key != "legal_representative_id_type"}
    if subject["type"] == "individual":
        shown |= {"name": mask_person_name(subject["name"]), "former_names": []}
    return facts | {"subject": shown}


def line_of(row: Sequence[Any]) -> dict[str, Any]:
    """A line of a search answer from the columns in `lines.py`; organisations only, so nothing is masked."""
    (
        listing_id, version, name, uscc, list_code, list_class, domain, region, list_name, organ_name,
        document_number, document_date, listed_on, until, note,
    ) = row  # fmt: skip
    return {
        "id": listing_id,
        "version": version,
        "subject": {"name": name, "uscc": uscc},
        "list_code": list_code,
        "list_name": list_name,
        "list_class": list_class,
        "domain": domain,
        "region": region,
        "region_name": _region_name(region),
        "organ_name": organ_name,
        "document_number": document_number,
        "document_date": document_date,
        "listed_on": _day(listed_on),
        "public_until": _day(until),
        "annotation": note,
    }


def _day(value: date | str) -> date:
    """SQLite keeps dates as text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


@lru_cache(8192)
def _region_name(region: str) -> str:
    return full_name(region)
