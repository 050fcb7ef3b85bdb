"""The register's events: `blacklist.exchange.v1` for platforms, `blacklist.public.v1` for anyone.

An identity number leaves only as HPKE tokens, one per recipient, bound to listing, version and field.
"""

import base64
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.register.domain import EXPIRY, IDENTITY_FIELDS, OPERATIONS, Kind
from services.blacklist.register.models import Listing
from services.blacklist.store import SOURCE, outbox
from shared.contracts.envelope import Event, new_event
from shared.crypto import KeyRing, hpke_seal
from shared.outbox import add_queued, enqueue, queued

EXCHANGE = "blacklist.exchange.v1"
PUBLIC = "blacklist.public.v1"
PUBLIC_SUBJECT = ("name", "uscc", "former_names", "short_names")
HPKE_INFO = b"credit-blacklist exchange v1"


def storage_aad(listing_id: str, field: str) -> str:
    """What a sealed identity number of the register is bound to at rest."""
    return f"register.{field}.{listing_id}"


def exchange_aad(listing_id: str, version: int, field: str) -> bytes:
    """What an identity number on the exchange topic is bound to."""
    return f"{EXCHANGE}|{listing_id}|{version}|{field}".encode()


def send_exchange(session: Session, events: Sequence[Event]) -> None:
    if events:
        enqueue(session, outbox, EXCHANGE, events)


def send_public(session: Session, events: Sequence[Event]) -> None:
    if events:
        enqueue(session, outbox, PUBLIC, events)


def queued_rows(exchange: Sequence[Event], public: Sequence[Event]) -> list[tuple[Any, ...]]:
    """Both kinds of events as rows for `queue_rows`."""
    return [*queued(EXCHANGE, exchange), *queued(PUBLIC, public)]


def queue_rows(session: Session, rows: Iterable[tuple[Any, ...]]) -> None:
    add_queued(session, outbox, rows)


def exchange_event(
    listing: Listing,
    kind: Kind,
    keyring: KeyRing,
    *,
    occurred_at: datetime,
    recorded_at: datetime,
    replay: bool,
) -> Event:
    """The event of the listing's current version; the caller has raised `sequence` under the row lock."""
    data = exchange_data(listing, kind, keyring, occurred_at, recorded_at, replay)
    return new_event(
        f"listing.{kind}",
        source=SOURCE,
        subject=listing.id,
        sequence=listing.sequence,
        data=data,
        at=recorded_at,
    )


def exchange_data(
    listing: Listing, kind: Kind, keyring: KeyRing, occurred_at: datetime, recorded_at: datetime, replay: bool
) -> dict[str, Any]:
    facts = listing.facts
    return {
        "listing_id": listing.id,
        "case_id": listing.case_id,
        "sequence": listing.sequence,
        "version": listing.version,
        "operation": OPERATIONS[kind],
        "occurred_at": occurred_at,
        "recorded_at": recorded_at,
        "replay": replay,
        "migrated": listing.migrated,
        "list": facts["list"],
        "domain": listing.domain,
        "region": listing.region,
        "department_id": listing.department_id,
        "subject": facts["subject"] | {"identity": identity_tokens(listing, keyring)},
        "organ": facts["organ"],
        "source": facts["source"],
        "document": facts["document"],
        "misconduct": facts["misconduct"],
        "severity": facts["severity"],
        "measures": facts["measures"],
        "publicity": publicity_data(listing),
        "reason_code": listing.reason_code,
        "reason": listing.reason,
    }


def identity_tokens(listing: Listing, keyring: KeyRing) -> list[dict[str, str]]:
    """Each sealed identity number, opened and sealed again to every recipient's public keys."""
    return [
        token
        for field in IDENTITY_FIELDS
        if field in listing.identity
        for token in _sealed_to_all(listing, field, keyring)
    ]


def _sealed_to_all(listing: Listing, field: str, keyring: KeyRing) -> list[dict[str, str]]:
    plain = keyring.unseal(listing.identity[field], storage_aad(listing.id, field))
    aad = exchange_aad(listing.id, listing.version, field)
    return [
        {
            "field": field,
            "recipient": recipient,
            "key_id": key.key_id,
            "sealed": base64.b64encode(hpke_seal(key.public, plain, aad, HPKE_INFO)).decode(),
        }
        for recipient, keys in keyring.recipients().items()
        for key in keys
    ]


def public_event(listing: Listing, *, public: bool, at: datetime) -> Event:
    """The organisation's public form, or the tombstone that tells readers to drop it."""
    return new_event(
        "listing.current" if public else "listing.withdrawn",
        source=SOURCE,
        subject=listing.id,
        sequence=listing.public_sequence,
        data=_current(listing) if public else _tombstone(listing, at),
        at=at,
    )


def _current(listing: Listing) -> dict[str, Any]:
    facts = listing.facts
    return {
        "listing_id": listing.id,
        "version": listing.version,
        "list": {name: facts["list"][name] for name in ("code", "name", "class")},
        "domain": listing.domain,
        "region": listing.region,
        "subject": {name: said for name, said in facts["subject"].items() if name in PUBLIC_SUBJECT},
        "organ": facts["organ"],
        "document": {"number": facts["document"]["number"], "date": facts["document"]["date"]},
        "measures": facts["measures"],
        "publicity": publicity_data(listing),
    }


def _tombstone(listing: Listing, at: datetime) -> dict[str, Any]:
    """`by_date` where no case says that the listing ended: who acts upon listings hears it from here."""
    by_date = {"by_date": True} if listing.case_id is None and listing.reason_code == EXPIRY else {}
    return {"listing_id": listing.id, "version": listing.version, "recorded_at": at} | by_date


def publicity_data(listing: Listing) -> dict[str, str | None]:
    return {
        "start": listing.public_start.isoformat(),
        "min_end": listing.public_min_end.isoformat() if listing.public_min_end else None,
        "max_end": listing.public_max_end.isoformat(),
        "actual_end": listing.actual_end.isoformat() if listing.actual_end else None,
    }
