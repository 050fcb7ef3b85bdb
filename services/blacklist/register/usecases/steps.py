"""The one path every change of a listing takes: version, history row, exchange event, public event, feed.

Platforms are told only what changes what they show: a correction of a hidden listing waits for its
return, and a second withdrawal is never sent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.blacklist.register import publishes
from services.blacklist.register.domain import OPERATIONS, Kind, Status, status
from services.blacklist.register.models import CHANGES, UNLOGGED, VERSIONS, Listing
from services.blacklist.register.queries import standing
from shared.clock import local_date
from shared.contracts.envelope import Event
from shared.crypto import KeyRing
from shared.db import Columns, add_rows, wake
from shared.errors import Conflict, NotFound

LOG_CHANNEL = "transparency"
"""Whoever waits on it hears of new versions."""


@dataclass(frozen=True)
class Step:
    """One listing, already altered, and what happened to it."""

    listing: Listing
    kind: Kind
    at: datetime
    replay: bool = False
    silent: bool = False
    """History loaded from elsewhere: platforms are not told."""


def locked(session: Session, listing_id: str) -> Listing:
    """The listing under its row lock, as the database has it now."""
    listing = session.get(Listing, listing_id, with_for_update=True, populate_existing=True)
    if listing is None:
        raise NotFound("listing-not-found", "没有这条列入记录")
    return listing


def locked_in_force(session: Session, listing_id: str) -> Listing:
    """The locked listing, refused when it was removed or revoked."""
    listing = locked(session, listing_id)
    if listing.removed_at or listing.revoked_at:
        raise Conflict("listing-ended", "该列入记录已移出或撤销")
    return listing


@dataclass
class Ledger:
    """What a set of steps leaves behind beside the listings themselves."""

    versions: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    exchange: list[Event] = field(default_factory=list)
    public: list[Event] = field(default_factory=list)

    def write(self, session: Session) -> None:
        """The listings stand in the database by now."""
        add_rows(session, VERSIONS, self.versions)
        add_rows(session, CHANGES, self.changes)
        log_versions(session, ((row["listing_id"], row["version"]) for row in self.versions))
        publishes.send_exchange(session, self.exchange)
        publishes.send_public(session, self.public)


def log_versions(session: Session, versions: Iterable[tuple[str, int]]) -> None:
    """Leave them to the transparency log, by listing and number."""
    Columns(UNLOGGED, ("listing_id", "version")).add(session, versions)
    wake(session, LOG_CHANNEL)


def record(session: Session, keyring: KeyRing, steps: Sequence[Step]) -> None:
    """Write down the steps of different listings: one pass over the tables, however many there are."""
    ledger = taken(keyring, steps)
    session.flush()
    if steps:
        ledger.write(session)


def taken(keyring: KeyRing, steps: Sequence[Step]) -> Ledger:
    """Raise version and sequences of each listing, and say what has to be written."""
    ledger = Ledger()
    for step in steps:
        take(ledger, keyring, step)
    return ledger


def take(ledger: Ledger, keyring: KeyRing, step: Step) -> None:
    """The same for one step."""
    step.listing.version += 1
    step.listing.changed_at = step.at
    _tell_platforms(ledger, step, keyring)
    _tell_public(ledger, step)
    ledger.versions.append(_version(step))


def _version(step: Step) -> dict[str, Any]:
    listing = step.listing
    shown = {"publicity": publishes.publicity_data(listing), "annotation": listing.annotation}
    return {
        "listing_id": listing.id,
        "version": listing.version,
        "kind": step.kind,
        "at": step.at,
        "reason_code": listing.reason_code,
        "reason": listing.reason,
        "facts": listing.facts | shown,
    }


def _tell_platforms(ledger: Ledger, step: Step, keyring: KeyRing) -> None:
    kind = None if step.silent else exchange_kind(step.listing, step.kind, step.at)
    if kind is None:
        return
    listing = step.listing
    listing.sequence += 1
    listing.told = "withdraw" if OPERATIONS[kind] == "withdraw" else "list"
    event = publishes.exchange_event(
        listing, kind, keyring, occurred_at=step.at, recorded_at=step.at, replay=step.replay
    )
    ledger.exchange.append(event)


def exchange_kind(listing: Listing, kind: Kind, at: datetime) -> Kind | None:
    """What platforms hear of a change: nothing when what they show stays as it is.

    A migrated listing they never heard of from here is listed at its first correction, and withdrawn
    at its end because another system may have pushed it.
    """
    operation = OPERATIONS[kind]
    if operation == "withdraw":
        return kind if listing.told == "list" or (listing.told is None and listing.migrated) else None
    if status(standing(listing), local_date(at)) not in {Status.PUBLIC, Status.EXPIRED}:
        return None
    if operation == "list":
        return kind if listing.told != "list" else None
    return {"list": kind, None: Kind.PUBLISHED}.get(listing.told)


def _tell_public(ledger: Ledger, step: Step) -> None:
    listing = step.listing
    organisation = listing.subject_type != "individual"  # corrected into a person's, it ends for the public
    public = organisation and status(standing(listing), local_date(step.at)) is Status.PUBLIC
    if not (public or listing.public_sequence):
        return
    listing.public_sequence += 1
    ledger.public.append(publishes.public_event(listing, public=public, at=step.at))
    ledger.changes.append(
        {
            "position": None,
            "listing_id": listing.id,
            "version": listing.version,
            "recorded_at": step.at,
        }
    )
